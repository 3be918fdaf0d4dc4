//! Bytes to characters: byte order marks, XML declarations, UTF-8 where it is valid, Windows-1252 otherwise.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// Decodes text of unknown encoding: by its byte order mark, else UTF-8 where it is valid (a cut last character is
/// forgiven), else UTF-16 where it begins so, else Windows-1252. `None` when it is none of these.
pub fn decode_text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Some(encoding.decode(bytes).0);
    }
    if let Some(encoding) = bare_utf16(bytes) {
        return Some(encoding.decode_without_bom_handling(bytes).0);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(e) if e.error_len().is_none() => std::str::from_utf8(bytes.get(..e.valid_up_to())?).ok().map(Cow::Borrowed),
        Err(_) => {
            // Western text is mostly ASCII; text that is not would come out as nonsense.
            let high = bytes.iter().filter(|b| **b >= 0x80).count();
            (high * 2 <= bytes.len()).then(|| WINDOWS_1252.decode_without_bom_handling(bytes).0)
        }
    }
}

/// Decodes XML: by its byte order mark, else by its declaration (XML 1.0, appendix F), else UTF-8. Where the bytes are
/// not what they are declared to be, Windows-1252 stands in for UTF-8, since vendors mix these up. The second value
/// says so in words, for a warning.
pub fn decode_xml(bytes: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    const ODD: &str = "The file says it is written in one character encoding but holds another. \
                       It was read as Western European text; please compare accented letters.";
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        let (text, _, bad) = encoding.decode(bytes);
        return (text, bad.then_some("Some characters in the file are damaged and are shown as �."));
    }
    let declared = bare_utf16(bytes).or_else(|| {
        let head = bytes.get(..200.min(bytes.len()))?;
        let head = head.split(|b| *b == b'>').next()?;
        let at = head.windows(8).position(|w| w == b"encoding")? + 8;
        let rest = head.get(at..)?;
        let quote = rest.iter().position(|b| matches!(b, b'"' | b'\''))?;
        let label = rest.get(quote + 1..)?.split(|b| matches!(b, b'"' | b'\'')).next()?;
        // A declaration of UTF-16 that could be read as single bytes is not true.
        Encoding::for_label(label).filter(|e| *e != UTF_16LE && *e != UTF_16BE)
    });
    let encoding = declared.unwrap_or(UTF_8);
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        return (text, None);
    }
    (WINDOWS_1252.decode_without_bom_handling(bytes).0, Some(ODD))
}

fn bare_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'\t' | b'\n' | b'\r' | b' '..=b'~', 0, second, 0, ..] if *second != 0 => Some(UTF_16LE),
        [0, b'\t' | b'\n' | b'\r' | b' '..=b'~', 0, second, ..] if *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// Text that a person could have typed: no control characters but white space.
pub(super) fn is_plain(text: &str) -> bool {
    let text = text.trim_end_matches(['\u{1a}', '\0']);
    !text.is_empty() && text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | '\u{c}') || (!c.is_control() && c != '\u{fffd}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_decoded_by_mark_declaration_or_content() {
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>M\xfcller</a>";
        assert!(decode_xml(latin).0.contains("Müller") && decode_xml(latin).1.is_none());
        let lying = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>M\xfcller</a>";
        assert!(decode_xml(lying).0.contains("Müller") && decode_xml(lying).1.is_some());
        let wide = b"<?xml version=\"1.0\" encoding=\"utf-16\"?><a>plain</a>";
        assert!(decode_xml(wide).0.contains("<a>plain</a>"));
        let marked: Vec<u8> = "\u{feff}<a>ü</a>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode_xml(&marked).0, "<a>ü</a>");
    }
}
