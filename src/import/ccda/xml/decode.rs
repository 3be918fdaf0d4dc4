//! The encoding of an XML document (XML 1.0, appendix F), read as leniently as vendors write it.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The text of a document, and what was odd about its bytes.
///
/// A byte order mark wins, then the shape of the first bytes, then the declared encoding. What is called UTF-8 and is
/// not is read as Windows-1252, where every byte has a meaning.
pub(crate) fn decode(bytes: &[u8]) -> (String, Vec<String>) {
    let mut notes = Vec::new();
    let (encoding, skip) = match bytes {
        [0xEF, 0xBB, 0xBF, ..] => (UTF_8, 3),
        [0xFF, 0xFE, ..] => (UTF_16LE, 2),
        [0xFE, 0xFF, ..] => (UTF_16BE, 2),
        [b'<', 0, ..] => (UTF_16LE, 0),
        [0, b'<', ..] => (UTF_16BE, 0),
        _ => (declared(bytes), 0),
    };
    let body = bytes.get(skip..).unwrap_or_default();
    let text = match encoding.decode_without_bom_handling_and_without_replacement(body) {
        Some(text) => text.into_owned(),
        None if encoding == UTF_8 => {
            notes.push("The file says that it is UTF-8, but it is not. It was read as Windows-1252.".to_owned());
            WINDOWS_1252.decode_without_bom_handling(body).0.into_owned()
        }
        None => {
            notes.push(format!("Some characters are not valid in {} and show as \u{FFFD}.", encoding.name()));
            encoding.decode_without_bom_handling(body).0.into_owned()
        }
    };
    let text = if text.contains(forbidden) {
        notes.push("Control characters that XML does not allow were read as blanks.".to_owned());
        text.replace(forbidden, " ")
    } else {
        text
    };
    // A declaration must stand at the very start; some files have line ends or a second mark before it.
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    let text = if start.len() == text.len() { text } else { start.to_owned() };
    (text, notes)
}

/// Characters outside XML 1.0's `Char`.
fn forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// The encoding that the XML declaration names. A wide one cannot be right where the declaration reads as ASCII.
fn declared(bytes: &[u8]) -> &'static Encoding {
    let head = bytes.get(..bytes.len().min(256)).unwrap_or_default();
    let head = head.split(|b| *b == b'>').next().unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let label = head
        .split_once("encoding")
        .and_then(|(_, rest)| rest.trim_start().strip_prefix('='))
        .map(str::trim_start)
        .and_then(|rest| rest.get(1..)?.split(['"', '\'']).next());
    match label.and_then(|l| Encoding::for_label(l.as_bytes())) {
        Some(e) if e == UTF_16LE || e == UTF_16BE => UTF_8,
        Some(e) => e,
        None => UTF_8,
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn reads_what_vendors_write() {
        let wide =
            |be: bool| -> Vec<u8> { "<a>é</a>".encode_utf16().flat_map(|u| if be { u.to_be_bytes() } else { u.to_le_bytes() }).collect() };
        let marked = [vec![0xFF, 0xFE], wide(false)].concat();
        let cases: [(&[u8], &str, usize); 8] = [
            (b"\xEF\xBB\xBF<a>\xC3\xA9</a>", "<a>é</a>", 0),
            (b"\r\n <a>\xC3\xA9</a>", "<a>é</a>", 0),
            (b"<a>\xE9</a>", "<a>é</a>", 1),
            (b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>", "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>", 0),
            (b"<?xml encoding = \"UTF-16\"?><a>\xC3\xA9</a>", "<?xml encoding = \"UTF-16\"?><a>é</a>", 0),
            (&wide(true), "<a>é</a>", 0),
            (&marked, "<a>é</a>", 0),
            (b"<a>\x01</a>", "<a> </a>", 1),
        ];
        for (bytes, text, notes) in cases {
            let (got, why) = decode(bytes);
            assert_eq!((got.as_str(), why.len()), (text, notes), "{bytes:?}");
        }
    }
}
