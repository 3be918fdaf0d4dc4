//! Files that records came from: staged while they arrive, kept byte for byte, encrypted throughout.

use super::files;
use super::keys::{self, Key};
use crate::import::report::FileReport;
use crate::{Error, Kind, Result};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

/// Files that have not become a source begin with this.
pub(super) const INCOMING: &str = "incoming-";

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
    /// The report of the day it came in.
    pub report: FileReport,
    /// The report of the latest time that it was read again, if it was.
    pub reread: Option<FileReport>,
    /// When it was removed, if it was; it can be brought back for 30 days.
    pub removed: Option<i64>,
}

/// What originals are encrypted to, read with and named by.
pub(super) struct Shelf {
    /// `charts/<id>/originals`.
    pub(super) dir: PathBuf,
    pub(super) key: Key,
    /// The key of their names lives in the encrypted database alone: nobody can tell from a name whether a known file is here.
    pub(super) naming: Zeroizing<[u8; 32]>,
}

impl Shelf {
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.dir.join(name.get(..2).unwrap_or("")).join(format!("{name}.age"))
    }

    pub(super) fn open(&self, name: &str) -> Result<Original> {
        Original::open(&self.key, &self.path_of(name)).map_err(|e| damaged().because(e))
    }
}

/// The words for an original that is not what was kept.
fn damaged() -> Error {
    let words =
        "The original of this source is missing or damaged on the disk. Its records are here. Restore a backup, or import the file again.";
    Error::new(Kind::Internal, words)
}

/// A file that is arriving: what is written goes to disk encrypted.
pub struct Staging {
    shelf: Arc<Shelf>,
    file: Incoming,
    out: age::stream::StreamWriter<File>,
    sha256: Sha256,
    named: blake3::Hasher,
    size: u64,
}

/// A file that is deleted unless it was kept.
struct Incoming(PathBuf);

/// Those of this process: one may wait for a decision while its chart is closed and opened again.
static ARRIVING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Whether nobody waits for this file any more: a crash has left it.
pub(super) fn is_left_over(path: &Path) -> bool {
    !super::chart::lock(&ARRIVING).contains(path)
}

impl Incoming {
    fn new(path: PathBuf) -> Self {
        super::chart::lock(&ARRIVING).insert(path.clone());
        Self(path)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        super::chart::lock(&ARRIVING).remove(&self.0);
        // What cannot be deleted now is swept when the vault is opened again.
        _ = std::fs::remove_file(&self.0);
    }
}

impl std::fmt::Debug for Staging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staging").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Write for Staging {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.sha256.update(&bytes[..taken]);
        self.named.update(&bytes[..taken]);
        self.size += taken as u64;
        Ok(taken)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

impl Staging {
    pub(super) fn begin(shelf: Arc<Shelf>) -> Result<Self> {
        let path = shelf.dir.join(format!("{INCOMING}{}", keys::random_id()?));
        let file = files::private_file(&path)?;
        let incoming = Incoming::new(path);
        let out = keys::writer(&[shelf.key.recipient()], file)?;
        let named = blake3::Hasher::new_keyed(&shelf.naming);
        Ok(Self { shelf, file: incoming, out, sha256: Sha256::new(), named, size: 0 })
    }

    /// All of it is here. It is read while it goes to the disk; [`Staged::keep`] waits for that.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn finish(self) -> Result<Staged> {
        let file = self.out.finish()?;
        let synced = std::thread::Builder::new().name("disk".to_owned()).spawn(move || file.sync_all())?;
        Ok(Staged {
            synced,
            shelf: self.shelf,
            file: self.file,
            sha256: keys::hex(&self.sha256.finalize()),
            name: self.named.finalize().to_hex().to_string(),
            size: self.size,
        })
    }
}

/// A file that has arrived and is not yet a source. Dropped without becoming one, it is deleted.
pub struct Staged {
    shelf: Arc<Shelf>,
    synced: std::thread::JoinHandle<std::io::Result<()>>,
    file: Incoming,
    sha256: String,
    pub(super) name: String,
    size: u64,
}

impl std::fmt::Debug for Staged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staged").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Staged {
    /// SHA-256 in hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
    /// Reads it, decrypting as it goes.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn open(&self) -> Result<Original> {
        Original::open(&self.shelf.key, &self.file.0)
    }

    /// Moves it to its place among the originals. An identical one that is there already is replaced by this copy,
    /// which also heals a damaged one.
    pub(super) fn keep(self, shelf: &Shelf) -> Result<()> {
        self.synced.join().map_err(|_| Error::internal("writing a file to the disk ended early"))??;
        let place = shelf.path_of(&self.name);
        let folder = place.parent().ok_or_else(|| Error::internal("an original without a folder"))?;
        files::private_dir(folder)?;
        if self.shelf.key.recipient() != shelf.key.recipient() {
            // The chart got new keys while this file waited for a decision.
            super::rekey::encrypt_anew(&self.shelf.key, &self.file.0, &shelf.key.recipient())?;
        }
        std::fs::rename(&self.file.0, &place)?;
        files::sync_dir(folder)?;
        files::sync_dir(&self.shelf.dir)
    }
}

/// A kept file, decrypted as it is read.
pub struct Original {
    reader: age::stream::StreamReader<BufReader<File>>,
    size: u64,
    /// Where the next read is; it may lie behind the end, as with any file.
    here: u64,
}

impl std::fmt::Debug for Original {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Original").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Original {
    fn open(key: &Key, path: &Path) -> Result<Self> {
        let mut reader = key.reader(path)?;
        // Decrypts the last chunk: a file that was cut off is found out before the first byte is used.
        let size = reader.seek(SeekFrom::End(0))?;
        reader.rewind()?;
        Ok(Self { reader, size, here: 0 })
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Read for Original {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.here >= self.size {
            return Ok(0);
        }
        // A chunk that does not decrypt is the only thing that age calls invalid: the words travel through std::io.
        let taken = self.reader.read(out).map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidData => damaged().because(e).into(),
            _ => e,
        })?;
        self.here += taken as u64;
        Ok(taken)
    }
}

impl Seek for Original {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let target = match to {
            SeekFrom::Start(n) => Some(n),
            SeekFrom::Current(n) => self.here.checked_add_signed(n),
            SeekFrom::End(n) => self.size.checked_add_signed(n),
        };
        let target = target.ok_or(std::io::ErrorKind::InvalidInput)?;
        // age's reader must not be led behind the end.
        if target < self.size {
            self.reader.seek(SeekFrom::Start(target))?;
        }
        self.here = target;
        Ok(target)
    }
}
