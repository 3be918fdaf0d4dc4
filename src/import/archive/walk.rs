//! From entry to entry: what is junk, what is left out and why, what goes to its reader.

use super::entries::{Entry, Shape, Zip, open};
use super::guard::{Mended, Placed, head};
use super::junk::{Trees, by_content, by_name};
use super::{Dispatch, Member, ReadSeek};
use crate::import::Sink;
use crate::import::limits::{Bounded, Budget, check_ratio};
use crate::import::sniff::{Format, describe, sniff, why_not};
use crate::import::xdm::{About, read_metadata};
use crate::{Error, Kind, Result};
use flate2::read::MultiGzDecoder;
use std::cell::Cell;
use std::collections::HashMap;
use std::io::{Cursor, Read, SeekFrom};

/// Warnings about junk that are written out; the rest are summed up.
const NAMED: usize = 200;
/// Archives within archives are walked by recursion, whatever the settings say.
const DEEPEST: u32 = 16;
const UNKNOWN_PACKING: &str = "It is packed in a way that Keepwell cannot unpack. Unpack the archive, then add what is inside.";

pub(super) struct Walk<'a> {
    budget: &'a Budget,
    failed: &'a Cell<bool>,
    dispatch: &'a mut Dispatch<'a>,
    sink: &'a mut dyn Sink,
    base: u64,
    span: u64,
    named: usize,
    xdm: bool,
    /// It is what Keepwell gives as "everything".
    ours: bool,
    stopped: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new<'b: 'a>(
        budget: &'a Budget,
        failed: &'a Cell<bool>,
        dispatch: &'a mut Dispatch<'b>,
        sink: &'a mut dyn Sink,
    ) -> Walk<'a> {
        Walk { budget, failed, dispatch, sink, base: 0, span: 0, named: 0, xdm: false, ours: false, stopped: false }
    }

    pub(super) fn failed(&self) -> &'a Cell<bool> {
        self.failed
    }

    /// Walks one zip archive whose entries' paths begin with `prefix`.
    pub(super) fn zip(&mut self, input: &mut dyn ReadSeek, prefix: &str, depth: u32) -> Result<String> {
        let failed = self.failed;
        let (mut zip, entries) = open(input, self.budget, failed)?;
        refuse_documents(&entries)?;
        if zip.has_duplicate_names() {
            self.sink.warn(prefix, "Several files in the archive have the same name. Only the last of each could be read.");
        }
        let trees = Trees::find(entries.iter().map(|e| e.path.as_str()));
        self.xdm |= !trees.is_empty();
        self.ours |= depth == 1 && is_everything(&entries);
        let contents = self.contents(&mut zip, &entries, &trees, prefix);
        for entry in &entries {
            if depth == 1 {
                (self.base, self.span) = (entry.start, entry.packed);
                self.sink.progress(entry.start)?;
            }
            let path = format!("{prefix}{}", entry.path);
            if trees.is_contents(&entry.path) || entry.shape == Shape::Folder {
                continue;
            }
            if let Some(why) = self.ignored(entry, &trees).or_else(|| self.told_twice(&path, None)) {
                self.junk(&path, why);
            } else if let Some(why) = self.left_out(entry) {
                self.skip(&path, "a file in the archive", &why)?;
            } else {
                let about = contents.get(&entry.path.to_uppercase());
                let result = self.entry(&mut zip, entry, &path, &trees, about, depth);
                self.settle(result, &path, "a file in the archive")?;
            }
        }
        if depth == 1 && self.named > NAMED {
            let more = self.named - NAMED;
            self.sink.warn("", &format!("{more} more files without records were ignored in the same way."));
        }
        Ok(if self.xdm { "xdm" } else { "zip" }.to_owned())
    }

    /// What METADATA.XML files say, by the full path of each document in upper case.
    fn contents(&mut self, zip: &mut Zip<'_>, entries: &[Entry], trees: &Trees, prefix: &str) -> HashMap<String, About> {
        let mut all = HashMap::new();
        for entry in entries.iter().filter(|e| e.shape == Shape::File && !e.locked && trees.is_contents(&e.path)) {
            let folder = entry.path.rfind('/').and_then(|at| entry.path.get(..=at)).unwrap_or_default().to_uppercase();
            match self.bytes(zip, entry).and_then(|bytes| read_metadata(&bytes, self.budget.limits())) {
                Ok(found) => all.extend(found.into_iter().map(|(uri, about)| (format!("{folder}{uri}"), about))),
                Err(_) => self.sink.warn(
                    &format!("{prefix}{}", entry.path),
                    "The archive's table of contents could not be read. Its documents were read without it.",
                ),
            }
        }
        all
    }

    fn bytes(&self, zip: &mut Zip<'_>, entry: &Entry) -> Result<Vec<u8>> {
        const LARGEST: u64 = 16 << 20;
        let file = zip.by_index(entry.index).map_err(|e| unreadable(e, self.failed))?;
        let mut reader = Mended::new(Bounded::new(file, entry.packed, self.budget), self.failed).take(LARGEST);
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn ignored(&self, entry: &Entry, trees: &Trees) -> Option<&'static str> {
        if let Some(why) = by_name(&entry.path, trees) {
            return Some(why);
        }
        match entry.shape {
            Shape::Link => Some("A link to another file. Links in archives are not followed."),
            Shape::File if entry.size == 0 && !entry.locked => Some("The file is empty."),
            _ => None,
        }
    }

    /// In Keepwell's own "everything" all records stand in one file: the pages and tables say the same, and so does each
    /// original that records were read from. Originals that are documents are read: the records point to them.
    fn told_twice(&self, path: &str, format: Option<Format>) -> Option<&'static str> {
        if !self.ours {
            return None;
        }
        let document = format.is_none_or(|f| f.is_document() || f == Format::Zip);
        match path.split('/').next() {
            Some("README.txt" | "index.html" | "tables") => Some("A view of the records of this download. It was not read again."),
            Some("originals") if !document => Some("A file that records of this download came from. It was not read again."),
            _ => None,
        }
    }

    fn junk(&mut self, path: &str, why: &str) {
        self.named += 1;
        if self.named <= NAMED {
            self.sink.warn(path, why);
        }
    }

    fn left_out(&self, entry: &Entry) -> Option<String> {
        if entry.shape == Shape::Outside {
            return Some("Its name points to a place outside of the archive, as in files made to do harm. It was not read.".into());
        }
        if entry.locked {
            return Some("It is locked and needs a password. Unlock the archive, then add what is inside.".into());
        }
        if !entry.known {
            return Some(UNKNOWN_PACKING.into());
        }
        check_ratio(entry.size, entry.packed, self.budget.limits()).err().map(|e| e.words().to_owned())
    }

    fn entry(&mut self, zip: &mut Zip<'_>, entry: &Entry, path: &str, trees: &Trees, about: Option<&About>, depth: u32) -> Result<()> {
        let failed = self.failed;
        let file = zip.by_index(entry.index).map_err(|e| unreadable(e, failed))?;
        let mut reader = Mended::new(Bounded::new(file, entry.packed, self.budget), failed);
        let head = head(&mut reader)?;
        let format = sniff(&head);
        if let Some(why) = self.told_twice(path, Some(format)) {
            self.junk(path, why);
            return Ok(());
        }
        if let Some(why) = by_content(&entry.path, format, &head, trees, about.is_some()) {
            self.junk(path, why);
            return Ok(());
        }
        match format {
            Format::Zip if entry.plain => {
                drop(reader);
                let mut inside = zip.by_index_seek(entry.index).map_err(|e| unreadable(e, failed))?;
                self.nested(&mut inside, &head, path, about, depth)
            }
            Format::Zip => self.held(&head, reader, path, about, depth),
            Format::Gzip => {
                let packed = entry.size;
                let inner = MultiGzDecoder::new(Cursor::new(head).chain(reader));
                self.gzip(&mut Mended::new(Bounded::new(inner, packed, self.budget), failed), path, depth)
            }
            Format::Empty => {
                self.junk(path, "The file is empty.");
                Ok(())
            }
            Format::Xml | Format::Unknown(_) => self.skip(path, &describe(format, &head), &why_not(format, &head)),
            _ => self.member(path, format, entry.size, about, &mut Cursor::new(head).chain(reader)),
        }
    }

    /// A gzip file in an archive is what it holds, under the same path.
    fn gzip(&mut self, inner: &mut dyn Read, path: &str, depth: u32) -> Result<()> {
        let head = head(inner)?;
        let format = sniff(&head);
        match format {
            Format::Zip => self.held(&head, inner, path, None, depth),
            Format::Gzip | Format::Xml | Format::Empty | Format::Unknown(_) => {
                self.skip(path, &describe(format, &head), &why_not(format, &head))
            }
            _ => self.member(path, format, 0, None, &mut Cursor::new(head).chain(inner)),
        }
    }

    /// An archive within, unpacked into memory.
    fn held(&mut self, head: &[u8], inner: impl Read, path: &str, about: Option<&About>, depth: u32) -> Result<()> {
        let budget = self.budget;
        match budget.hold(&mut Cursor::new(head).chain(inner))? {
            Some((bytes, _held)) => self.nested(&mut Cursor::new(bytes), head, path, about, depth),
            None => self.skip(
                path,
                "a zip archive in the archive",
                "It is too large to be unpacked within another archive. Take it out, then add it by itself.",
            ),
        }
    }

    fn nested(&mut self, input: &mut dyn ReadSeek, head: &[u8], path: &str, about: Option<&About>, depth: u32) -> Result<()> {
        if let Some(format) = super::office(input, head, self.budget.limits()) {
            let size = input.seek(SeekFrom::End(0))?;
            input.seek(SeekFrom::Start(0))?;
            return self.member(path, format, size, about, &mut &mut *input);
        }
        if depth >= self.budget.limits().archive_depth.min(DEEPEST) {
            return self.skip(
                path,
                "a zip archive in the archive",
                "There are too many archives within archives. Take it out, then add it by itself.",
            );
        }
        let result = self.zip(input, &format!("{path}!/"), depth + 1).map(drop);
        self.settle(result, path, "a zip archive in the archive")
    }

    fn member(&mut self, path: &str, format: Format, size: u64, about: Option<&About>, input: &mut dyn Read) -> Result<()> {
        let result = self.leaf(path, format, size, about, input).map(drop);
        self.settle(result, path, &describe(format, &[]))
    }

    /// Hands one file to its reader.
    pub(super) fn leaf(&mut self, path: &str, format: Format, size: u64, about: Option<&About>, input: &mut dyn Read) -> Result<String> {
        let mut sink = Placed { sink: &mut *self.sink, path, base: self.base, span: self.span, stopped: false };
        let result = (self.dispatch)(Member { path, format, size, about, input }, &mut sink);
        self.stopped |= sink.stopped;
        result
    }

    fn skip(&mut self, path: &str, what: &str, why: &str) -> Result<()> {
        self.sink.skip(path, what, why).inspect_err(|_| self.stopped = true)
    }

    /// A file that its reader refused is left out and listed; what concerns the whole ends the walk.
    fn settle(&mut self, result: Result<()>, path: &str, what: &str) -> Result<()> {
        self.budget.verdict()?;
        match result {
            Err(e) if !self.failed.get() && !self.stopped && matches!(e.kind, Kind::Refused | Kind::TooMuch) => {
                self.skip(path, what, e.words())
            }
            other => other,
        }
    }
}

/// Whether it is what Keepwell gives as "everything" (export/everything.rs).
fn is_everything(entries: &[Entry]) -> bool {
    let has = |path: &str| entries.iter().any(|e| e.path == path);
    ["README.txt", "index.html", "records.fhir.json"].into_iter().all(has) && entries.iter().any(|e| e.path.starts_with("tables/"))
}

fn unreadable(e: zip::result::ZipError, failed: &Cell<bool>) -> Error {
    use zip::result::ZipError as Z;
    match e {
        Z::Io(e) if failed.get() => e.into(),
        Z::UnsupportedArchive(_) | Z::CompressionMethodNotSupported(_) => Error::refused(UNKNOWN_PACKING),
        _ => Error::refused("Its place in the archive is damaged. It could not be read."),
    }
}

/// Office documents and e-books are zip archives too: they are named, not taken apart.
fn refuse_documents(entries: &[Entry]) -> Result<()> {
    let has = |path: &str| entries.iter().any(|e| e.path.eq_ignore_ascii_case(path));
    let what = match super::office::of(entries, &[]) {
        Some(format) => describe(format, &[]),
        None if has("mimetype") && has("META-INF/container.xml") => "an e-book".to_owned(),
        None => {
            let mut files = entries.iter().filter(|e| e.shape == Shape::File).peekable();
            if files.peek().is_some() && files.all(|e| e.locked) {
                return Err(Error::refused(
                    "The archive is locked with a password. Nothing was stored. Unpack it with its password, then add what is inside.",
                ));
            }
            return Ok(());
        }
    };
    Err(Error::refused(format!("This is {what}. Keepwell cannot read that kind of file yet. Save it as PDF, then add the PDF.")))
}
