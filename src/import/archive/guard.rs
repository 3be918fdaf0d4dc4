//! What stands between an archive and its readers: errors told apart, and places with the member's path.

use super::{HEAD, ReadSeek};
use crate::import::{Found, Sink};
use crate::{Error, Result};
use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// The uploaded file. Remembers when *it* fails, so that a broken disk does not pass for a damaged archive, and bounds
/// what is read while the list of contents is taken in.
pub(super) struct Source<'a> {
    inner: &'a mut dyn ReadSeek,
    failed: &'a Cell<bool>,
    allowance: Rc<Cell<u64>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(inner: &'a mut dyn ReadSeek, failed: &'a Cell<bool>) -> Self {
        Self::with_allowance(inner, failed, Rc::new(Cell::new(u64::MAX)))
    }

    pub(super) fn with_allowance(inner: &'a mut dyn ReadSeek, failed: &'a Cell<bool>, allowance: Rc<Cell<u64>>) -> Self {
        Self { inner, failed, allowance }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out).inspect_err(|e| self.failed.set(self.failed.get() | is_foreign(e)))?;
        if self.allowance.get() != u64::MAX {
            self.allowance.set(self.allowance.get().checked_sub(n as u64).ok_or_else(too_long)?);
        }
        Ok(n)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // An offset out of range is the archive's doing, not the disk's.
        self.inner.seek(to)
    }
}

/// The list of contents is longer than the entries that are allowed could make it.
fn too_long() -> io::Error {
    let words = "The archive's list of contents is longer than is allowed. Nothing was stored. Add it in smaller parts.";
    Error::new(crate::Kind::TooMuch, words).into()
}

fn is_foreign(e: &io::Error) -> bool {
    !matches!(e.get_ref(), Some(inner) if inner.is::<Error>())
}

/// The bytes of a member. Errors of unpacking become words about damage; Keepwell's own pass.
pub(super) struct Mended<'a, R> {
    inner: R,
    failed: &'a Cell<bool>,
}

impl<'a, R: Read> Mended<'a, R> {
    pub(super) fn new(inner: R, failed: &'a Cell<bool>) -> Self {
        Self { inner, failed }
    }
}

impl<R: Read> Read for Mended<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.inner.read(out).map_err(|e| {
            if self.failed.get() || !is_foreign(&e) || e.kind() == io::ErrorKind::Interrupted {
                return e;
            }
            Error::refused("Its packed bytes are damaged or incomplete. It could not be read to the end.").into()
        })
    }
}

/// The first bytes of a member, as far as they can be had.
pub(super) fn head(input: &mut dyn Read) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    input.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// A sink that puts the member's path before every place, and knows when the outer sink said stop.
pub(super) struct Placed<'a> {
    pub(super) sink: &'a mut dyn Sink,
    pub(super) path: &'a str,
    pub(super) base: u64,
    pub(super) span: u64,
    pub(super) stopped: bool,
}

impl Placed<'_> {
    fn place(&self, place: &str) -> String {
        match (self.path, place) {
            ("", place) => place.to_owned(),
            (path, "") => path.to_owned(),
            (path, place) => format!("{path}: {place}"),
        }
    }

    fn watch(&mut self, result: Result<()>) -> Result<()> {
        self.stopped |= result.is_err();
        result
    }
}

impl Sink for Placed<'_> {
    fn found(&mut self, mut found: Found) -> Result<()> {
        found.place = self.place(&found.place);
        let result = self.sink.found(found);
        self.watch(result)
    }
    fn skip(&mut self, place: &str, what: &str, why: &str) -> Result<()> {
        let result = self.sink.skip(&self.place(place), what, why);
        self.watch(result)
    }
    fn warn(&mut self, place: &str, why: &str) {
        self.sink.warn(&self.place(place), why);
    }
    fn mark(&mut self) -> Result<()> {
        let result = self.sink.mark();
        self.watch(result)
    }
    fn undo(&mut self) -> Result<()> {
        let result = self.sink.undo();
        self.watch(result)
    }
    fn progress(&mut self, bytes: u64) -> Result<()> {
        let result = self.sink.progress(self.base + bytes.min(self.span));
        self.watch(result)
    }
}
