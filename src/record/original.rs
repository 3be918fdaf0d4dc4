//! How a DocumentReference points to the bytes that it was made of, and where the text found in them stands.

use super::Resource;

/// The address of an attachment whose bytes are the imported file itself: the vault keeps them once, as the original of
/// the record's source. `urn:keepwell:original#<path>` is a file inside that original (a zip archive), the path being
/// percent-encoded; an empty path is what an original in gzip holds.
pub const ORIGINAL: &str = "urn:keepwell:original";

/// The extension that holds text found in a document (PDF, RTF, HTML, plain text), for search. Long text is cut into
/// several, in order, since a FHIR string ends at one megabyte.
pub const EXTRACTED_TEXT: &str = "https://keepwell.health/fhir/StructureDefinition/extracted-text";

/// The address of the original (`None`) or of a file inside it.
pub fn original_url(path: Option<&str>) -> String {
    let Some(path) = path else { return ORIGINAL.to_owned() };
    let mut url = format!("{ORIGINAL}#");
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'!' => url.push(char::from(byte)),
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}

/// What such an address points to: `None` if it is another address, `Some(None)` the original, `Some(Some(path))` a file
/// inside it.
pub fn original_path(url: &str) -> Option<Option<String>> {
    let rest = url.strip_prefix(ORIGINAL)?;
    if rest.is_empty() {
        return Some(None);
    }
    let mut bytes = Vec::new();
    let mut rest = rest.strip_prefix('#')?.bytes();
    while let Some(byte) = rest.next() {
        let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        match byte {
            b'%' => bytes.push((digit(rest.next())? * 16 + digit(rest.next())?) as u8),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok().map(Some)
}

/// The text found in a document, if any.
pub fn extracted_text(resource: &Resource) -> Option<String> {
    let parts = super::array(resource, "extension").iter().filter(|e| e.get("url").and_then(Resource::as_str) == Some(EXTRACTED_TEXT));
    let text: String = parts.filter_map(|e| e.get("valueString")?.as_str()).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_there_and_back() {
        for path in [None, Some(""), Some("IHE_XDM/SUBSET01/DOC 1.PDF"), Some("a.zip!/Brief 100% für Ärzte#1.pdf")] {
            let url = original_url(path);
            assert!(url.is_ascii() && !url.contains(' '), "{url}");
            assert_eq!(original_path(&url), Some(path.map(str::to_owned)));
        }
        for other in ["https://example.org/x", "urn:keepwell:original2", "urn:keepwell:original#%4", "urn:keepwell:original#%zz"] {
            assert_eq!(original_path(other), None, "{other}");
        }
    }
}
