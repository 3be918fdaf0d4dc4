//! Documents that are not data: PDF, pictures, office documents, RTF, HTML and plain text, each kept as a DocumentReference that points to
//! the original, with what text can be had for search.

mod rtf;

use super::archive::office_words;
use super::sniff::{Format, decode_text};
use super::worker::{TEXT_BYTES, Trouble, Worker};
use super::xdm::{About, Code};
use super::{Found, Limits, Origin, Sink};
use crate::record::{EXTRACTED_TEXT, Resource, html, original_url};
use crate::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sha2::Digest;

/// One document, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// What it is: a format of which [`Format::is_document`] holds.
    pub format: Format,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The name of its file, for a title where nothing better is said.
    pub name: &'a str,
    /// Its path inside the original, `None` where it is the original itself.
    pub path: Option<&'a str>,
    /// What an archive's table of contents says about it.
    pub about: Option<&'a About>,
}

/// Characters of one FHIR string (R4 datatypes: a string shall not exceed one megabyte).
const STRING_BYTES: usize = 1 << 20;

/// Reads one document into a DocumentReference. Its identity is the SHA-256 of its bytes, so the same document twice is
/// a duplicate. A document that cannot be opened is kept all the same, with a warning.
///
/// # Errors
/// Too much when it is larger than [`Limits::document_bytes`]; refused when it is of another format; whatever the sink
/// returns.
pub fn read(document: &Document<'_>, worker: &Worker, limits: &Limits, sink: &mut dyn Sink) -> Result<()> {
    let Some(media_type) = document.format.media_type() else {
        return Err(Error::refused("This is not a document that can be shown."));
    };
    if document.bytes.len() as u64 > limits.document_bytes {
        let most = super::limits::size_words(limits.document_bytes);
        return Err(Error::new(crate::Kind::TooMuch, format!("It is larger than {most}, the most that is read of one document.")));
    }
    let seen = look(document, worker, limits, sink);
    let resource = resource(document, media_type, &seen);
    let sha256 = hex(&sha2::Sha256::digest(document.bytes));
    sink.found(Found {
        resource,
        origin: Origin::Document { document: format!("sha256:{sha256}"), entry: "document".into() },
        full_url: None,
        place: "document".into(),
        counted: true,
    })
}

/// A document as HTML that may stand in a page, for RTF, HTML and plain text; `None` for other formats.
pub fn as_html(format: Format, bytes: &[u8]) -> Option<String> {
    match format {
        Format::Html => Some(html::clean_document(&decode_text(bytes)?)),
        Format::Rtf => Some(html::text_to_html(&rtf::to_text(bytes))),
        Format::Text => Some(html::text_to_html(&decode_text(bytes)?)),
        _ => None,
    }
}

/// What can be learned from the bytes.
#[derive(Default)]
struct Seen {
    text: String,
    created: Option<String>,
}

fn look(document: &Document<'_>, worker: &Worker, limits: &Limits, sink: &mut dyn Sink) -> Seen {
    let bytes = document.bytes;
    match document.format {
        Format::Pdf => pdf(bytes, worker, sink),
        Format::Image(media @ ("image/heic" | "image/avif" | "image/jp2")) => {
            let kind = media.trim_start_matches("image/").to_uppercase();
            let kind = if kind == "JP2" { "JPEG 2000".to_owned() } else { kind };
            sink.warn(
                "document",
                &format!("The picture is kept as it came. Keepwell cannot show pictures of this kind ({kind}). You can save it."),
            );
            Seen::default()
        }
        Format::Kept(media, words) => {
            sink.warn("document", &format!("This is {words}. It is kept as it came. Keepwell cannot show it. You can save it."));
            let (text, created) = office_words(media, bytes, limits);
            Seen { text, created }
        }
        Format::Image(_) => match worker.picture_info(bytes) {
            Ok(info) => Seen { created: info.created, ..Seen::default() },
            Err(trouble) => {
                sink.warn("document", &format!("The picture is kept, but it cannot be shown here. {}", trouble.words()));
                Seen::default()
            }
        },
        Format::Rtf => Seen { text: rtf::to_text(bytes), created: None },
        Format::Html => Seen { text: decode_text(bytes).map(|t| html::to_text(&t)).unwrap_or_default(), created: None },
        _ => Seen { text: decode_text(bytes).map(std::borrow::Cow::into_owned).unwrap_or_default(), created: None },
    }
}

fn pdf(bytes: &[u8], worker: &Worker, sink: &mut dyn Sink) -> Seen {
    let created = worker.pdf_info(bytes).ok().and_then(|info| info.created);
    let text = match worker.pdf_text(bytes) {
        Ok(text) => text,
        Err(Trouble::Locked) => {
            sink.warn("document", "The PDF is locked with a password. It is kept as it is, but its text cannot be searched.");
            String::new()
        }
        Err(trouble) => {
            let why = trouble.words();
            sink.warn("document", &format!("The PDF is kept, but its text could not be read for search. {why}"));
            String::new()
        }
    };
    Seen { text, created }
}

fn resource(document: &Document<'_>, media_type: &str, seen: &Seen) -> Resource {
    let about = document.about;
    let stem = stem(document.name);
    let title = about.and_then(|a| a.title.clone()).unwrap_or_else(|| stem.to_owned());
    let mut attachment = json!({
        "contentType": media_type,
        "url": original_url(document.path),
        "size": document.bytes.len(),
        "hash": BASE64_STANDARD.encode(sha1::Sha1::digest(document.bytes)),
    });
    set(&mut attachment, "title", (!stem.is_empty()).then(|| stem.into()));
    let created = about.and_then(|a| a.created.clone()).or_else(|| seen.created.clone());
    set(&mut attachment, "creation", created.map(Value::String));
    let mut resource = json!({ "resourceType": "DocumentReference" });
    if let Some(patient) = about.and_then(|a| a.patient.clone()) {
        let mut subject = json!({ "reference": "#patient" });
        set(&mut subject, "display", crate::record::human_name(&patient["name"]).map(Value::String));
        set(&mut resource, "contained", Some(json!([patient])));
        set(&mut resource, "subject", Some(subject));
    }
    let text: Vec<Value> = chunks(&seen.text).map(|part| json!({ "url": EXTRACTED_TEXT, "valueString": part })).collect();
    set(&mut resource, "extension", (!text.is_empty()).then_some(Value::Array(text)));
    set(&mut resource, "status", Some("current".into()));
    set(&mut resource, "type", about.and_then(|a| a.kind.as_ref()).map(concept));
    set(&mut resource, "category", about.and_then(|a| a.class.as_ref()).map(|c| json!([concept(c)])));
    let authors: Vec<Value> = about.into_iter().flat_map(|a| &a.authors).map(|name| json!({ "display": name })).collect();
    set(&mut resource, "author", (!authors.is_empty()).then_some(Value::Array(authors)));
    set(&mut resource, "description", (!title.trim().is_empty()).then(|| title.trim().into()));
    set(&mut resource, "content", Some(json!([{ "attachment": attachment }])));
    resource
}

fn set(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(map), Some(value)) = (object.as_object_mut(), value) {
        map.insert(key.to_owned(), value);
    }
}

/// A code with its system is a coding; one without says something only as text.
fn concept(code: &Code) -> Value {
    match (&code.system, &code.display) {
        (Some(system), Some(display)) => json!({ "coding": [{ "system": system, "code": code.code, "display": display }] }),
        (Some(system), None) => json!({ "coding": [{ "system": system, "code": code.code }] }),
        (None, Some(display)) => json!({ "coding": [{ "code": code.code, "display": display }], "text": display }),
        (None, None) => json!({ "coding": [{ "code": code.code }], "text": code.code }),
    }
}

/// The name of a file without folders and ending.
fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).trim();
    let bare = name.strip_suffix(".gz").unwrap_or(name);
    match bare.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 5 && ending.bytes().all(|b| b.is_ascii_alphanumeric()) => stem,
        _ => bare,
    }
}

/// Text in parts that FHIR strings can hold: no control characters but white space, up to [`TEXT_BYTES`] in all.
fn chunks(text: &str) -> impl Iterator<Item = String> {
    let clean: String = text
        .char_indices()
        .take_while(|(at, c)| at + c.len_utf8() <= TEXT_BYTES)
        .map(|(_, c)| c)
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let mut rest = clean.trim().to_owned();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let cut = (0..=STRING_BYTES.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at))?;
        let tail = rest.split_off(cut);
        Some(std::mem::replace(&mut rest, tail))
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_titles() {
        let cases = [
            ("Letter from Dr. Okafor.pdf", "Letter from Dr. Okafor"),
            ("scans/hand.jpeg", "hand"),
            ("notes.txt.gz", "notes"),
            ("Visit 3.2.2020", "Visit 3.2"),
            (".hidden", ".hidden"),
            ("README", "README"),
            ("Dr. Smith", "Dr. Smith"),
            ("", ""),
        ];
        for (name, title) in cases {
            assert_eq!(stem(name), title);
        }
    }

    #[test]
    fn long_text_is_cut_into_strings_that_fhir_allows() {
        let text = "ü".repeat(3 << 20);
        let parts: Vec<String> = chunks(&text).collect();
        assert!(parts.iter().all(|p| p.len() <= STRING_BYTES) && parts.len() == 2);
        assert_eq!(parts.concat().len(), TEXT_BYTES);
        assert_eq!(chunks("a\u{0}b\u{7}\n").collect::<Vec<_>>(), ["ab"]);
        assert_eq!(chunks(" \n ").count(), 0);
    }
}
