//! The list of contents of a zip archive, with names made fit to be shown and checks on what it states.

use super::ReadSeek;
use super::guard::Source;
use crate::import::limits::Budget;
use crate::{Error, Result};
use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;
use zip::{CompressionMethod as Packing, ZipArchive};

/// Bytes of the list of contents that one entry may take on average.
const PER_ENTRY: u64 = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    File,
    Folder,
    Link,
    /// Its name points out of the archive.
    Outside,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) index: usize,
    pub(super) path: String,
    pub(super) shape: Shape,
    pub(super) size: u64,
    pub(super) packed: u64,
    pub(super) start: u64,
    pub(super) locked: bool,
    /// Packed in a way that can be unpacked here.
    pub(super) known: bool,
    /// Stored without compression, so that it can be read in place.
    pub(super) plain: bool,
}

pub(super) type Zip<'a> = ZipArchive<Source<'a>>;

/// Opens an archive and lists it in the order in which the entries stand, which reads forward.
///
/// # Errors
/// Refused when its end is missing or its parts overlap; too much beyond the limits.
pub(super) fn open<'a>(input: &'a mut dyn ReadSeek, budget: &Budget, failed: &'a Cell<bool>) -> Result<(Zip<'a>, Vec<Entry>)> {
    let allowance = Rc::new(Cell::new((1 << 20) + budget.entries_left().saturating_mul(PER_ENTRY)));
    let source = Source::with_allowance(input, failed, Rc::clone(&allowance));
    let zip = ZipArchive::new(source).map_err(|e| opening(e, budget, failed))?;
    // It was for the list alone.
    allowance.set(u64::MAX);
    // An archive that was cut off may end within an archive that it holds, whose end would pass for its own.
    if zip.offset() != 0 {
        return Err(incomplete());
    }
    budget.take_entries(zip.len() as u64)?;
    let entries = list(&zip);
    budget.check_stated(entries.iter().map(|e| u128::from(e.size)).sum())?;
    if overlap(&entries) {
        return Err(Error::refused("The parts of the archive lie on top of each other, as in files made to do harm. It was not unpacked."));
    }
    Ok((zip, entries))
}

fn list(zip: &Zip<'_>) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let Ok(file) = zip.by_index_data(index) else { continue };
        let given = file.name().map_or_else(|_| String::from_utf8_lossy(file.name_raw()).into_owned(), std::borrow::Cow::into_owned);
        let (path, outside) = shown(&given);
        let shape = match () {
            () if outside => Shape::Outside,
            () if file.is_symlink() => Shape::Link,
            () if file.is_dir() || given.ends_with('\\') => Shape::Folder,
            () => Shape::File,
        };
        entries.push(Entry {
            index,
            path,
            shape,
            size: file.size(),
            packed: file.compressed_size(),
            start: file.header_start(),
            locked: file.encrypted(),
            known: matches!(file.compression(), Packing::Stored | Packing::Deflated | Packing::DEFLATE64),
            plain: file.compression() == Packing::Stored && !file.encrypted(),
        });
    }
    entries.sort_by_key(|e| (e.start, e.index));
    // A path names one entry: it is the address under which a document is found again.
    let mut seen = HashSet::new();
    for entry in entries.iter_mut().filter(|e| e.shape == Shape::File) {
        let mut path = entry.path.clone();
        for n in 2.. {
            if seen.insert(path.clone()) {
                break;
            }
            path = format!("{} ({n})", entry.path);
        }
        entry.path = path;
    }
    entries
}

/// A name as it can be shown: forward slashes, no leading ones, no control characters, not endless. The second value
/// says whether it climbs out of the archive.
fn shown(given: &str) -> (String, bool) {
    let clean: String = given.chars().take(1000).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let clean = clean.replace('\\', "/");
    let parts: Vec<&str> = clean.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    (parts.join("/"), parts.contains(&".."))
}

/// Whether any entry's packed bytes reach into the next one's: one block unpacked many times over.
fn overlap(entries: &[Entry]) -> bool {
    entries.windows(2).any(|pair| match pair {
        [a, b] => a.start.saturating_add(30).saturating_add(a.packed) > b.start,
        _ => false,
    })
}

fn opening(e: zip::result::ZipError, budget: &Budget, failed: &Cell<bool>) -> Error {
    match e {
        e if failed.get() => Error::internal(e),
        zip::result::ZipError::Io(e) => match Error::from(e) {
            own if own.kind == crate::Kind::TooMuch => budget.spend(own.words().to_owned()),
            _ => incomplete(),
        },
        _ => incomplete(),
    }
}

fn incomplete() -> Error {
    Error::refused(
        "The zip archive is not complete: its list of contents is missing or damaged, as after a download that stopped \
         early. Nothing of it was stored. Download it again.",
    )
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn names_are_only_shown() {
        let cases = [
            ("IHE_XDM/SUBSET01/DOC.XML", "IHE_XDM/SUBSET01/DOC.XML", false),
            ("a\\b\\c.pdf", "a/b/c.pdf", false),
            ("/etc/passwd", "etc/passwd", false),
            ("../../etc/passwd", "../../etc/passwd", true),
            ("a\\..\\..\\b", "a/../../b", true),
            ("a..b/c", "a..b/c", false),
            ("x\0\n.xml", "x\u{fffd}\u{fffd}.xml", false),
        ];
        for (given, path, outside) in cases {
            assert_eq!(shown(given), (path.to_owned(), outside));
        }
    }
}
