//! What stands between an archive and its readers: errors told apart, and places with the member's path.

use super::{HEAD, ReadSeek};
use crate::import::{Found, Sink};
use crate::{Error, Result};
use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// Bytes read at once: what an encrypted original opens in one piece.
const WINDOW: usize = 64 << 10;

/// The uploaded file. Remembers when *it* fails, so that a broken disk does not pass for a damaged archive; bounds what
/// is read while the list of contents is taken in; and keeps what it has read across seeks, since a list of contents is
/// read by seeking from entry to entry, and each seek in an encrypted file opens a piece anew.
pub(super) struct Source<'a> {
    inner: &'a mut dyn ReadSeek,
    failed: &'a Cell<bool>,
    allowance: Rc<Cell<u64>>,
    at: u64,
    inner_at: Option<u64>,
    length: Option<u64>,
    window: Vec<u8>,
    window_at: u64,
}

impl<'a> Source<'a> {
    pub(super) fn new(inner: &'a mut dyn ReadSeek, failed: &'a Cell<bool>) -> Self {
        Self::with_allowance(inner, failed, Rc::new(Cell::new(u64::MAX)))
    }

    pub(super) fn with_allowance(inner: &'a mut dyn ReadSeek, failed: &'a Cell<bool>, allowance: Rc<Cell<u64>>) -> Self {
        Self { inner, failed, allowance, at: 0, inner_at: None, length: None, window: Vec::new(), window_at: 0 }
    }

    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|e| self.failed.set(self.failed.get() | is_foreign(e)))
    }

    fn length(&mut self) -> io::Result<u64> {
        if let Some(length) = self.length {
            return Ok(length);
        }
        let end = self.inner.seek(SeekFrom::End(0));
        let length = self.note(end)?;
        (self.length, self.inner_at) = (Some(length), Some(length));
        Ok(length)
    }

    fn fetch(&mut self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        if self.inner_at != Some(at) {
            self.inner_at = None;
            let moved = self.inner.seek(SeekFrom::Start(at));
            self.note(moved)?;
        }
        let read = self.inner.read(out);
        let n = self.note(read)?;
        self.inner_at = Some(at + n as u64);
        Ok(n)
    }

    /// What the window holds from here on.
    fn held(&self) -> &[u8] {
        let skip = self.at.checked_sub(self.window_at).and_then(|skip| usize::try_from(skip).ok());
        skip.and_then(|skip| self.window.get(skip..)).unwrap_or_default()
    }
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // An offset beyond the end is the archive's doing, not the disk's.
        if self.at >= self.length()? {
            return Ok(0);
        }
        let n = if self.held().is_empty() && out.len() >= WINDOW {
            self.fetch(self.at, out)?
        } else {
            if self.held().is_empty() {
                let mut window = std::mem::take(&mut self.window);
                window.resize(WINDOW, 0);
                let n = self.fetch(self.at, &mut window)?;
                window.truncate(n);
                (self.window, self.window_at) = (window, self.at);
            }
            let held = self.held();
            let n = held.len().min(out.len());
            for (to, from) in out.iter_mut().zip(held) {
                *to = *from;
            }
            n
        };
        self.at += n as u64;
        if self.allowance.get() != u64::MAX {
            self.allowance.set(self.allowance.get().checked_sub(n as u64).ok_or_else(too_long)?);
        }
        Ok(n)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length()?.checked_add_signed(by),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
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
