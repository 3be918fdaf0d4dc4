//! Files that records came from: staged while they arrive, kept byte for byte, encrypted throughout.

use crate::Result;
use crate::import::report::FileReport;
use std::io::{Read, Seek, Write};

/// A source: an imported file and its report.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// Random id.
    pub id: String,
    /// The name the file had.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it came in, seconds since 1970.
    pub imported: i64,
    /// The member who brought it in, by name.
    pub by: String,
    /// The last report on it.
    pub report: FileReport,
    /// When it was removed, if it was; it can be brought back for 30 days.
    pub removed: Option<i64>,
}

/// A file that is arriving: what is written goes to disk encrypted.
#[derive(Debug)]
pub struct Staging {}

impl Write for Staging {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = bytes;
        unimplemented!()
    }
    fn flush(&mut self) -> std::io::Result<()> {
        unimplemented!()
    }
}

impl Staging {
    /// All of it is here.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn finish(self) -> Result<Staged> {
        unimplemented!()
    }
}

/// A file that has arrived and is not yet a source. Dropped without becoming one, it is deleted.
#[derive(Debug)]
pub struct Staged {}

impl Staged {
    /// SHA-256 in hex.
    pub fn sha256(&self) -> &str {
        unimplemented!()
    }
    /// Bytes.
    pub fn size(&self) -> u64 {
        unimplemented!()
    }
    /// Reads it, decrypting as it goes.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn open(&self) -> Result<Original> {
        unimplemented!()
    }
}

/// A kept file, decrypted as it is read.
#[derive(Debug)]
pub struct Original {}

impl Read for Original {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let _ = out;
        unimplemented!()
    }
}

impl Seek for Original {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        let _ = to;
        unimplemented!()
    }
}
