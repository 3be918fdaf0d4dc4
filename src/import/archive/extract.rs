//! One file out of an archive again, by the path under which it was found.

use super::entries::{Shape, open};
use super::guard::{Mended, Source};
use super::{HEAD, ReadSeek};
use crate::import::Limits;
use crate::import::limits::{Bounded, Budget, check_ratio, read_whole};
use crate::import::sniff::{Format, sniff};
use crate::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::cell::Cell;
use std::io::{Cursor, Read, SeekFrom};

/// The bytes of a member by its [`super::Member::path`], up to [`Limits::document_bytes`].
///
/// # Errors
/// Not found when there is no such member; refused when it is damaged; too much beyond the limits.
pub fn extract(input: &mut dyn ReadSeek, path: &str, limits: &Limits) -> Result<Vec<u8>> {
    let budget = Budget::new(limits);
    let failed = Cell::new(false);
    let mut head = Vec::new();
    let packed = input.seek(SeekFrom::End(0))?;
    input.seek(SeekFrom::Start(0))?;
    Read::take(&mut *input, HEAD as u64).read_to_end(&mut head)?;
    input.seek(SeekFrom::Start(0))?;
    let mut source = Source::new(input, &failed);
    if sniff(&head) != Format::Gzip {
        return find(&mut source, path, &budget, &failed, 1);
    }
    let bytes = gunzip(&mut source, packed, &budget, &failed)?;
    if path.is_empty() { Ok(bytes) } else { find(&mut Cursor::new(bytes), path, &budget, &failed, 2) }
}

fn gunzip(input: &mut dyn Read, packed: u64, budget: &Budget, failed: &Cell<bool>) -> Result<Vec<u8>> {
    let inner = Bounded::new(MultiGzDecoder::new(input), packed, budget);
    read_whole(&mut Mended::new(inner, failed), budget.limits())
}

fn find(input: &mut dyn ReadSeek, path: &str, budget: &Budget, failed: &Cell<bool>, depth: u32) -> Result<Vec<u8>> {
    if depth > budget.limits().archive_depth.min(16) {
        return Err(Error::not_found());
    }
    let (mut zip, entries) = open(input, budget, failed)?;
    // A folder's name may end in "!" too, so the longest match wins.
    let fits = |e: &&super::entries::Entry| {
        e.shape == Shape::File && path.strip_prefix(e.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with("!/"))
    };
    let entry = entries.iter().filter(fits).max_by_key(|e| e.path.len()).ok_or_else(Error::not_found)?;
    check_ratio(entry.size, entry.packed, budget.limits())?;
    let damaged = |_| Error::refused("Its place in the archive is damaged. It could not be read.");
    let file = zip.by_index(entry.index).map_err(damaged)?;
    let mut bytes = read_whole(&mut Mended::new(Bounded::new(file, entry.packed, budget), failed), budget.limits())?;
    if sniff(bytes.get(..HEAD.min(bytes.len())).unwrap_or_default()) == Format::Gzip {
        let packed = bytes.len() as u64;
        bytes = gunzip(&mut Cursor::new(bytes), packed, budget, failed)?;
    }
    match path.get(entry.path.len()..).and_then(|rest| rest.strip_prefix("!/")) {
        Some(inner) => find(&mut Cursor::new(bytes), inner, budget, failed, depth + 1),
        None => Ok(bytes),
    }
}
