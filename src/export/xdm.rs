//! An IHE XDM archive (ITI TF-2, 3.32): the clinical document with its stylesheet, the chosen documents beside it, a table of
//! contents for programs (METADATA.XML, ebRIM) and a page for people (INDEX.HTM) that opens in any browser.

mod index;
mod metadata;

use super::bundle::Pack;
use super::gather::{Gathered, Item, Part};
use super::{Summary, ccda};
use crate::chart::documents::{bytes, parts};
use crate::import::Limits;
use crate::record::{concept_text, text_at};
use crate::vault::Chart;
use crate::{Error, Result};
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::io::Write;
use zip::ZipWriter;

/// The folder of the one submission.
const SUBSET: &str = "IHE_XDM/SUBSET01";

/// A document of the archive.
pub(super) struct Held {
    /// Its name within the submission's folder, 8.3 and upper case.
    name: String,
    title: String,
    media: String,
    /// LOINC code and words of its kind.
    kind: (String, String),
    /// HL7 DTM in UTC, if it is known.
    created: Option<String>,
    author: Option<String>,
    size: usize,
    sha1: String,
    clinical: bool,
}

/// Writes the archive. The same chart, choice and moment give the same bytes.
///
/// # Errors
/// Internal when the chart cannot be read or the sink fails.
pub fn write(chart: &Chart, gathered: &Gathered, out: &mut dyn Write) -> Result<Summary> {
    let mut zip = ZipWriter::new_stream(out);
    let summary = tree(chart, gathered, &mut Pack::plain(&mut zip))?;
    zip.finish().map_err(Error::internal)?;
    Ok(summary)
}

/// The page of a larger archive that holds this one, with what else is in it: an address and words for each.
pub(super) fn start_here(gathered: &Gathered, files: &[(String, String)]) -> String {
    index::page(gathered, files)
}

/// The same at the root of a larger archive.
pub(super) fn tree(chart: &Chart, gathered: &Gathered, pack: &mut Pack<'_, '_>) -> Result<Summary> {
    let mut document = Vec::new();
    let mut summary = ccda::write(gathered, Some("CCDA.XSL"), &mut document)?;
    let mut held = vec![Held {
        name: "DOC00001.XML".into(),
        title: format!("Health summary of {}", gathered.person.name),
        media: "text/xml".into(),
        kind: ("34133-9".into(), "Summarization of Episode Note".into()),
        created: Some(stamp(gathered.made)),
        author: Some(gathered.person.name.clone()),
        size: document.len(),
        sha1: sha1(&document),
        clinical: true,
    }];
    pack.put(&format!("{SUBSET}/DOC00001.XML"), &document)?;
    drop(document);
    pack.put(&format!("{SUBSET}/CCDA.XSL"), ccda::STYLESHEET.as_bytes())?;
    if gathered.choice.documents {
        for item in gathered.section(Part::Documents).items.iter().chain(&gathered.section(Part::Reports).items) {
            documents(chart, item, pack, &mut held)?;
        }
    }
    summary.originals = held.len() as u64 - 1;
    pack.put(&format!("{SUBSET}/METADATA.XML"), metadata::write(gathered, &held).as_bytes())?;
    pack.put("README.TXT", index::readme(gathered, &held).as_bytes())?;
    let links: Vec<(String, String)> = held.iter().map(|one| (format!("{SUBSET}/{}", one.name), one.title.clone())).collect();
    pack.put("INDEX.HTM", index::page(gathered, &links).as_bytes())?;
    Ok(summary)
}

/// The parts of a document that have bytes in this chart, each as a file.
fn documents(chart: &Chart, item: &Item, pack: &mut Pack<'_, '_>, held: &mut Vec<Held>) -> Result<()> {
    let row = item.first();
    let resource = row.resource();
    for part in parts(&resource) {
        // What the source did not send along, or is damaged, is listed in the document and has no file.
        let Ok(content) = bytes(chart, row, &part, &Limits::default()) else { continue };
        let name = format!("DOC{:05}.{}", held.len() + 1, ending(&part.media));
        pack.put(&format!("{SUBSET}/{name}"), &content)?;
        held.push(Held {
            name,
            title: part.title.clone().unwrap_or_else(|| item.title()),
            media: if part.media.is_empty() { "application/octet-stream".into() } else { part.media.clone() },
            kind: kind(&resource),
            created: row.date.as_ref().and_then(|d| created(&d.text)),
            author: crate::chart::people::by(&resource),
            size: content.len(),
            sha1: sha1(&content),
            clinical: false,
        });
    }
    Ok(())
}

/// Three letters that every system knows the kind by.
fn ending(media: &str) -> &'static str {
    match media {
        "application/pdf" => "PDF",
        "image/png" => "PNG",
        "image/jpeg" | "image/jpg" => "JPG",
        "image/gif" => "GIF",
        "image/tiff" => "TIF",
        "text/html" | "application/xhtml+xml" => "HTM",
        "text/rtf" | "application/rtf" => "RTF",
        "text/xml" | "application/xml" | "application/hl7-v3+xml" => "XML",
        text if text.starts_with("text/") => "TXT",
        _ => "BIN",
    }
}

/// The kind of a document in LOINC: its own code, else the one that says least.
fn kind(resource: &Value) -> (String, String) {
    let concept = resource.get("type").or_else(|| resource.get("code"));
    let coded = concept.map(crate::record::codes).unwrap_or_default();
    let loinc = coded.iter().find(|(system, code, _)| *system == "http://loinc.org" && !code.is_empty());
    let words = concept.and_then(concept_text);
    match loinc {
        Some((_, code, display)) if !display.is_empty() => ((*code).to_owned(), (*display).to_owned()),
        Some((_, code, _)) => ((*code).to_owned(), words.unwrap_or_else(|| (*code).to_owned())),
        None => ("34109-9".to_owned(), words.or_else(|| text_at(resource, "description")).unwrap_or_else(|| "Note".to_owned())),
    }
}

/// A FHIR date as HL7 DTM in UTC, no more exact than given.
fn created(date: &str) -> Option<String> {
    let parsed = crate::record::PartialDate::parse(date)?;
    if parsed.precision == crate::record::Precision::Time {
        return Some(stamp(jiff::Timestamp::from_second(parsed.start).ok()?));
    }
    Some(parsed.date_text().chars().filter(char::is_ascii_digit).collect())
}

fn stamp(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y%m%d%H%M%S").to_string()
}

fn sha1(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_dates_and_sums() {
        assert_eq!(sha1(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(created("2015-06").as_deref(), Some("201506"));
        assert_eq!(created("2015-06-22T13:04:00+02:00").as_deref(), Some("20150622110400"));
        assert_eq!((ending("text/markdown"), ending("application/dicom"), ending("application/pdf")), ("TXT", "BIN", "PDF"));
    }
}
