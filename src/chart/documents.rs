//! Documents: what is in them, how each part can be shown, and what the household noted beside them.

use crate::import::Limits;
use crate::record::{PartialDate, array, concept_text, string, text_at, type_of};
use crate::vault::{Chart, Row};
use crate::{Error, Result};
use base64::Engine;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One part of a document: a file inside the record, or the original itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The title, if it has one.
    pub title: Option<String>,
    /// The media type, in lower case without parameters.
    pub media: String,
    /// The bytes in base64.
    data: Option<String>,
    /// Where the bytes are, if not here.
    url: Option<String>,
}

/// How a part is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Pictures of its pages, made by the server.
    Pdf,
    /// A picture.
    Picture,
    /// HTML, in a frame that may do nothing.
    Html,
    /// Plain text on the page.
    Text,
    /// It can only be saved.
    Other,
}

impl Part {
    /// How it is shown, by its media type.
    pub fn shape(&self) -> Shape {
        match self.media.as_str() {
            "application/pdf" => Shape::Pdf,
            "image/png" | "image/jpeg" | "image/jpg" | "image/gif" | "image/webp" | "image/bmp" | "image/tiff" => Shape::Picture,
            "text/html" | "application/xhtml+xml" => Shape::Html,
            "text/rtf" | "application/rtf" => Shape::Text,
            // Markup and style of others are kept, not shown.
            "text/xml" | "text/css" | "text/javascript" => Shape::Other,
            text if text.starts_with("text/") => Shape::Text,
            _ => Shape::Other,
        }
    }

    /// Whether there is anything to show or save.
    pub fn is_here(&self) -> bool {
        self.data.is_some() || self.url.is_some()
    }

    /// An address of a file that is not in this chart, as the source gave it.
    pub fn elsewhere(&self) -> Option<&str> {
        self.url.as_deref().filter(|u| self.data.is_none() && (u.starts_with("http://") || u.starts_with("https://")))
    }
}

/// The parts of a DocumentReference, DiagnosticReport, Media, Communication or Binary (FHIR R4 Attachment).
pub fn parts(resource: &Value) -> Vec<Part> {
    let attachments: Vec<&Value> = match type_of(resource) {
        "Binary" => {
            return vec![Part { media: media(text_at(resource, "contentType")), data: text_at(resource, "data"), ..Part::default() }];
        }
        "DocumentReference" => array(resource, "content").iter().filter_map(|c| c.get("attachment")).collect(),
        "DiagnosticReport" => array(resource, "presentedForm").iter().collect(),
        "Media" => resource.get("content").into_iter().collect(),
        "Communication" | "CommunicationRequest" => array(resource, "payload").iter().filter_map(|p| p.get("contentAttachment")).collect(),
        "Consent" => resource.get("sourceAttachment").into_iter().collect(),
        _ => Vec::new(),
    };
    attachments
        .into_iter()
        .map(|a| Part {
            title: text_at(a, "title"),
            media: media(text_at(a, "contentType")),
            data: text_at(a, "data"),
            url: text_at(a, "url"),
        })
        .filter(Part::is_here)
        .collect()
}

fn media(given: Option<String>) -> String {
    given.unwrap_or_default().split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// The bytes of a part, as many as the limits allow for one document.
///
/// # Errors
/// NotFound when they are not in this chart; TooMuch when there are more; Internal when the vault fails.
pub fn bytes(chart: &Chart, row: &Row, part: &Part, limits: &Limits) -> Result<Vec<u8>> {
    if let Some(data) = &part.data {
        return decode(data);
    }
    let url = part.url.as_deref().unwrap_or("");
    if let Some(path) = crate::record::original_path(url) {
        return chart.file_of(row, path.as_deref(), limits);
    }
    let held = chart.resolve(row, url)?.filter(|r| r.kind == "Binary").ok_or_else(|| {
        Error::new(crate::Kind::NotFound, "The source names a file here but did not send it along. Ask it for the file, then add it.")
    })?;
    decode(&text_at(&held.resource(), "data").unwrap_or_default())
}

fn decode(data: &str) -> Result<Vec<u8>> {
    let clean: String = data.chars().filter(|c| !c.is_whitespace()).collect();
    base64::engine::general_purpose::STANDARD
        .decode(clean.trim_end_matches('='))
        .or_else(|_| base64::engine::general_purpose::STANDARD_NO_PAD.decode(clean.trim_end_matches('=')))
        .map_err(|_| Error::refused("This part is damaged in the source’s file. The record is kept as it came. You can save the original."))
}

/// What the household noted beside a document: it never changes the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// A better title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The date it is about, in FHIR's form: 2015, 2015-03 or 2015-03-04.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What kind of document it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl Beside {
    /// What is noted beside a record.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn of(chart: &Chart, rid: i64) -> Result<Self> {
        let note = chart.note(&format!("document:{rid}"))?;
        Ok(note.and_then(|n| serde_json::from_str(&n).ok()).unwrap_or_default())
    }

    /// Keeps it.
    ///
    /// # Errors
    /// Usage when the date is none; Internal when the database fails.
    pub fn keep(&self, chart: &Chart, rid: i64) -> Result<()> {
        if let Some(date) = &self.date
            && PartialDate::parse(date).is_none()
        {
            return Err(Error::new(crate::Kind::Usage, "Write the date as 2015, 2015-03 or 2015-03-04. Nothing was changed."));
        }
        let text = serde_json::to_string(self).map_err(Error::internal)?;
        chart.set_note(&format!("document:{rid}"), &text)
    }

    /// The date in words.
    pub fn date_words(&self) -> Option<String> {
        self.date.as_deref().and_then(PartialDate::parse).map(|d| d.words())
    }
}

/// The name of a file as people write it: "After_your_operation" is "After your operation".
pub fn spaced(title: &str) -> String {
    let one = !title.contains(char::is_whitespace) && title.contains('_');
    if one { title.replace('_', " ").trim().to_owned() } else { title.to_owned() }
}

/// The kind of a document in words: its type or category.
pub fn kind(resource: &Value) -> String {
    ["type", "code", "category"]
        .iter()
        .find_map(|k| {
            resource.get(k).and_then(concept_text).filter(|w| w.chars().any(char::is_alphabetic) && !w.eq_ignore_ascii_case("unknown"))
        })
        .unwrap_or_else(|| super::words::type_words(type_of(resource)))
}

/// One section of a Composition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// The narrative as it came, to be sanitised.
    pub narrative: Option<String>,
    /// References of its entries.
    pub entries: Vec<String>,
    /// Why there is nothing in it, as the source says.
    pub empty: Option<String>,
    /// How deep it lies: 0 for a section of the document itself.
    pub depth: usize,
}

/// The sections of a Composition in reading order, sub-sections after their section.
pub fn sections(composition: &Value) -> Vec<Section> {
    let mut out = Vec::new();
    walk(composition, 0, &mut out);
    out
}

fn walk(holder: &Value, depth: usize, out: &mut Vec<Section>) {
    if depth > 8 {
        return;
    }
    for section in array(holder, "section") {
        let title = text_at(section, "title").or_else(|| section.get("code").and_then(concept_text));
        out.push(Section {
            title: title.unwrap_or_else(|| "Section without a heading".into()),
            narrative: section.get("text").and_then(|t| t.get("div")).and_then(string),
            entries: array(section, "entry").iter().filter_map(|e| text_at(e, "reference")).collect(),
            empty: section.get("emptyReason").and_then(concept_text),
            depth,
        });
        walk(section, depth + 1, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parts_are_told_by_their_type() {
        let document = json!({"resourceType": "DocumentReference", "content": [
            {"attachment": {"contentType": "application/pdf; charset=x", "data": "aGk="}},
            {"attachment": {"contentType": "text/plain", "url": "urn:keepwell:original"}},
            {"attachment": {"contentType": "image/svg+xml", "url": "https://x.example/a.svg"}},
            {"attachment": {"contentType": "text/plain"}}]});
        let parts = parts(&document);
        assert_eq!(parts.iter().map(Part::shape).collect::<Vec<_>>(), [Shape::Pdf, Shape::Text, Shape::Other]);
        assert_eq!(parts[2].elsewhere(), Some("https://x.example/a.svg"));
        assert_eq!(parts[1].elsewhere(), None);
        assert_eq!(decode(parts[0].data.as_deref().expect("data")).expect("bytes"), b"hi");
        assert!(decode("%%%").is_err());
        assert_eq!(decode("aG\n k").expect("bytes"), b"hi");
    }

    #[test]
    fn sections_in_reading_order() {
        let composition = json!({"section": [
            {"title": "Allergies", "text": {"div": "<div>none</div>"}, "section": [{"code": {"text": "Food"}}]}, {"emptyReason": {"text": "Not asked"}}]});
        let read: Vec<_> = sections(&composition).into_iter().map(|s| (s.title, s.depth, s.empty)).collect();
        assert_eq!(
            read,
            [("Allergies".into(), 0, None), ("Food".into(), 1, None), ("Section without a heading".into(), 0, Some("Not asked".into()))]
        );
    }
}
