//! Office documents that are zip archives inside: told by their list of contents, kept whole, read for search.

use super::ReadSeek;
use super::entries::{Entry, open};
use super::extract::extract;
use crate::import::Limits;
use crate::import::limits::{Budget, check_xml};
use crate::import::sniff::{Format, decode_xml};
use crate::record::PartialDate;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::cell::Cell;
use std::io::{Cursor, SeekFrom};

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const EXCEL: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const SLIDES: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const TEXT: &str = "application/vnd.oasis.opendocument.text";
/// The part of a document whose words are read; a novel has less.
const MOST: u64 = 32 << 20;

/// Which office document an archive is, by its list of contents (ECMA-376 part 2; ODF 1.3 part 2). `head` is how it begins:
/// other archives need no second look.
pub(super) fn kind(input: &mut dyn ReadSeek, head: &[u8], limits: &Limits) -> Option<Format> {
    let first = head.get(30..).unwrap_or_default();
    let begins =
        ["[Content_Types].xml", "_rels/", "docProps/", "word/", "xl/", "ppt/", "customXml/", "mimetype", "META-INF/", "content.xml"];
    if !begins.iter().any(|b| first.starts_with(b.as_bytes())) {
        return None;
    }
    let failed = Cell::new(false);
    let budget = Budget::new(limits);
    let found = open(input, &budget, &failed).ok().and_then(|(_, entries)| of(&entries, head));
    input.seek(SeekFrom::Start(0)).ok()?;
    found
}

/// The office document that these entries make, if any.
pub(super) fn of(entries: &[Entry], head: &[u8]) -> Option<Format> {
    let has = |path: &str| entries.iter().any(|e| e.path.eq_ignore_ascii_case(path));
    let under = |folder: &str| entries.iter().any(|e| e.path.starts_with(folder));
    if has("[Content_Types].xml") {
        return Some(match () {
            () if under("word/") => Format::Kept(WORD, "a Microsoft Word document"),
            () if under("xl/") => Format::Kept(EXCEL, "a Microsoft Excel table"),
            () if under("ppt/") => Format::Kept(SLIDES, "a Microsoft PowerPoint presentation"),
            () => Format::Kept("application/vnd.openxmlformats-officedocument", "a Microsoft Office document"),
        });
    }
    if !(has("mimetype") && has("META-INF/manifest.xml") && has("content.xml")) {
        return None;
    }
    // The first entry is stored as it is: the media type itself.
    let says = |media: &str| head.windows(media.len()).any(|w| w == media.as_bytes());
    Some(match () {
        () if says("application/vnd.oasis.opendocument.spreadsheet") => {
            Format::Kept("application/vnd.oasis.opendocument.spreadsheet", "an OpenDocument table")
        }
        () if says("application/vnd.oasis.opendocument.presentation") => {
            Format::Kept("application/vnd.oasis.opendocument.presentation", "an OpenDocument presentation")
        }
        () => Format::Kept(TEXT, "an OpenDocument text"),
    })
}

/// The words of an office document for search, and the day on which it was made, as far as they can be had.
pub fn words(media_type: &str, bytes: &[u8], limits: &Limits) -> (String, Option<String>) {
    let limits = Limits { document_bytes: limits.document_bytes.min(MOST), ..limits.clone() };
    let part = |path: &str| extract(&mut Cursor::new(bytes), path, &limits).ok();
    let (body, about, made) = match media_type {
        WORD => ("word/document.xml", "docProps/core.xml", "created"),
        EXCEL => ("xl/sharedStrings.xml", "docProps/core.xml", "created"),
        media if media.starts_with("application/vnd.oasis.opendocument") => ("content.xml", "meta.xml", "creation-date"),
        _ => return (String::new(), None),
    };
    let text = part(body).map(|xml| text_of(&xml, None, &limits)).unwrap_or_default();
    let created = part(about).map(|xml| text_of(&xml, Some(made), &limits));
    let day = created.and_then(|c| c.trim().get(..10).map(str::to_owned)).filter(|d| PartialDate::parse(d).is_some());
    (text, day)
}

/// The text of an XML part with a line for each paragraph, or of the first element of one name alone.
fn text_of(xml: &[u8], only: Option<&str>, limits: &Limits) -> String {
    let (xml, _) = decode_xml(xml);
    if check_xml(&xml, limits).is_err() {
        return String::new();
    }
    let mut reader = Reader::from_str(&xml);
    let (mut out, mut inside) = (String::new(), only.is_none());
    loop {
        match reader.read_event() {
            Ok(Event::Start(e)) if only.is_some_and(|o| e.local_name().into_inner() == o) => inside = true,
            Ok(Event::Text(t)) if inside => out.push_str(&t),
            Ok(Event::GeneralRef(r)) if inside => out.push_str(&named(&r)),
            Ok(Event::Empty(e)) => match e.local_name().into_inner() {
                "tab" | "s" => out.push(' '),
                "br" | "line-break" | "cr" => out.push('\n'),
                _ => {}
            },
            Ok(Event::End(e)) => match e.local_name().into_inner() {
                end if only.is_some_and(|o| end == o) => return out,
                "p" | "h" | "si" => out.push('\n'),
                _ => {}
            },
            Ok(Event::Eof) | Err(_) => return out,
            Ok(_) => {}
        }
    }
}

/// A character that is written as a reference: `&amp;`, `&#233;`.
fn named(reference: &str) -> String {
    quick_xml::escape::unescape(&format!("&{reference};")).map(std::borrow::Cow::into_owned).unwrap_or_default()
}
