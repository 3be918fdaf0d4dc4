//! Bounds on decompression: what one upload may unpack to, in sum and in ratio, checked while it is read.

use super::{Limits, size_words};
use crate::{Error, Kind, Result};
use std::cell::{Cell, RefCell};
use std::io::Read;

/// Below this size a high ratio is harmless and common.
const RATIO_FROM: u64 = 1 << 20;

/// What one upload may still unpack. Shared by all archives within it.
#[derive(Debug)]
pub struct Budget {
    unpacked: Cell<u64>,
    entries: Cell<u64>,
    held: Cell<u64>,
    spent: RefCell<Option<String>>,
    limits: Limits,
}

impl Budget {
    /// A fresh budget for one upload.
    pub fn new(limits: &Limits) -> Self {
        Self {
            unpacked: Cell::new(limits.unpacked_bytes),
            entries: Cell::new(limits.archive_entries),
            held: Cell::new(limits.document_bytes),
            spent: RefCell::new(None),
            limits: limits.clone(),
        }
    }

    /// The limits that it was made of.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether a limit on the whole upload was passed: the upload is refused then, not one entry of it.
    ///
    /// # Errors
    /// Too much, with the limit.
    pub fn verdict(&self) -> Result<()> {
        match self.spent.borrow().as_ref() {
            Some(words) => Err(Error::new(Kind::TooMuch, words.clone())),
            None => Ok(()),
        }
    }

    /// Takes the entries of one more archive.
    ///
    /// # Errors
    /// Too much when the sum over all archives passes the limit.
    pub fn take_entries(&self, count: u64) -> Result<()> {
        match self.entries.get().checked_sub(count) {
            Some(left) => {
                self.entries.set(left);
                Ok(())
            }
            None => Err(self.spend(format!(
                "The archive holds more than {} files. Nothing was stored. Add it in smaller parts.",
                self.limits.archive_entries
            ))),
        }
    }

    /// Checks sizes that an archive states, before any of it is unpacked.
    ///
    /// # Errors
    /// Too much when they would pass what is left.
    pub fn check_stated(&self, bytes: u128) -> Result<()> {
        if bytes > u128::from(self.unpacked.get()) { Err(self.too_large()) } else { Ok(()) }
    }

    /// Reads an archive within an archive into memory, if all that are open together fit there. It counts until the
    /// guard is dropped.
    ///
    /// # Errors
    /// Whatever the reader returns.
    pub(crate) fn hold(&self, input: &mut dyn Read) -> Result<Option<(Vec<u8>, Held<'_>)>> {
        let (mut bytes, left) = (Vec::new(), self.held.get());
        input.take(left.saturating_add(1)).read_to_end(&mut bytes)?;
        let Some(rest) = left.checked_sub(bytes.len() as u64) else { return Ok(None) };
        self.held.set(rest);
        let held = Held { budget: self, bytes: bytes.len() as u64 };
        Ok(Some((bytes, held)))
    }

    fn take(&self, bytes: u64) -> Result<()> {
        match self.unpacked.get().checked_sub(bytes) {
            Some(left) => {
                self.unpacked.set(left);
                Ok(())
            }
            None => Err(self.too_large()),
        }
    }

    fn too_large(&self) -> Error {
        self.spend(format!(
            "Unpacked, the file would be larger than {}. Nothing was stored. Add it in smaller parts.",
            size_words(self.limits.unpacked_bytes)
        ))
    }

    /// Remembers that the upload as a whole is refused, even if a reader forgives the error that says so.
    pub(crate) fn spend(&self, words: String) -> Error {
        self.spent.replace(Some(words.clone()));
        Error::new(Kind::TooMuch, words)
    }

    /// Entries that may still come.
    pub(crate) fn entries_left(&self) -> u64 {
        self.entries.get()
    }
}

/// Memory held by an unpacked archive.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.budget.held.set(self.budget.held.get() + self.bytes);
    }
}

/// A reader of unpacked bytes that stops at the ratio and at the budget. Its errors are Keepwell's own, carried through
/// `std::io`.
#[derive(Debug)]
pub struct Bounded<'a, R> {
    inner: R,
    budget: &'a Budget,
    packed: u64,
    read: u64,
}

impl<'a, R: Read> Bounded<'a, R> {
    /// Bounds a reader whose bytes were unpacked from `packed` bytes.
    pub fn new(inner: R, packed: u64, budget: &'a Budget) -> Self {
        Self { inner, budget, packed, read: 0 }
    }
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(out)?;
        self.read += n as u64;
        self.budget.take(n as u64)?;
        check_ratio(self.read, self.packed, self.budget.limits())?;
        Ok(n)
    }
}

/// Whether so many bytes out of so few are believable.
///
/// # Errors
/// Refused beyond the ratio, for what is above one megabyte.
pub(crate) fn check_ratio(unpacked: u64, packed: u64, limits: &Limits) -> Result<()> {
    if unpacked > RATIO_FROM && unpacked / packed.max(1) > limits.ratio {
        return Err(Error::refused(format!(
            "It unpacks to more than {} times its size, as files made to do harm do. It was not read.",
            limits.ratio
        )));
    }
    Ok(())
}

/// Reads a whole document into memory, up to [`Limits::document_bytes`].
///
/// # Errors
/// Too much beyond it; whatever the reader returns.
pub fn read_whole(input: &mut dyn Read, limits: &Limits) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limits.document_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limits.document_bytes {
        let most = size_words(limits.document_bytes);
        return Err(Error::new(Kind::TooMuch, format!("It is larger than {most}, the most that is read of one document.")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_ratio_and_budget() {
        let limits = Limits { unpacked_bytes: 4 << 20, ratio: 10, ..Limits::default() };
        let budget = Budget::new(&limits);
        let mut bomb = Bounded::new(std::io::repeat(0), 100, &budget);
        let e = Error::from(std::io::copy(&mut bomb, &mut std::io::sink()).unwrap_err());
        assert!(e.words().contains("10 times") && budget.verdict().is_ok());
        let mut large = Bounded::new(std::io::repeat(0), 1 << 30, &budget);
        let e = Error::from(std::io::copy(&mut large, &mut std::io::sink()).unwrap_err());
        assert!(e.kind == Kind::TooMuch && e.words().contains("4 MB") && budget.verdict().is_err());
    }

    #[test]
    fn memory_held_is_given_back() {
        let budget = Budget::new(&Limits { document_bytes: 100, ..Limits::default() });
        let held = budget.hold(&mut [1u8; 80].as_slice()).unwrap();
        assert!(held.is_some() && budget.hold(&mut [1u8; 30].as_slice()).unwrap().is_none());
        drop(held);
        assert!(budget.hold(&mut [1u8; 100].as_slice()).unwrap().is_some());
    }
}
