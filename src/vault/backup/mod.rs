//! Backups: one age file around a tar of plain SQLite databases and of everything else as it lies in the vault.
//!
//! ```text
//! about.json           which Keepwell made it, when, which schemas: first, so that a newer one is refused at once
//! household.db         plain SQLite
//! members/*.age        as they are
//! charts/<id>/…        as they are; records.db and activity.db as plain SQLite where everybody whom the backup is encrypted to
//!                      may open the chart, else encrypted as on the disk
//! manifest.json        size and SHA-256 of every file, rows of every table, the heads of the activity logs: last
//! ```
//! recipient.rs: who opens it · make.rs: vault to file · pages.rs: a database as a stream and back · unpack.rs: file to folder ·
//! prove.rs: is the folder what the manifest says · place.rs: a restored folder takes its place.
//!
//! Nothing plain touches the disk on either way. `age -d -i recovery.key FILE | tar x` and `sqlite3` read it without Keepwell.

mod make;
mod manifest;
mod pages;
mod place;
mod prove;
mod recipient;
mod unpack;

pub(crate) use make::{Hold, Parts};
pub use manifest::Summary;
pub(super) use place::{adopt, is_waiting};
pub(crate) use recipient::{Opener, To};

use super::Vault;
use super::chart::lock;
use super::db::RawKey;
use super::keys::{self, Key};
use super::{chart, files, rekey};
use crate::{Error, Kind, Result};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Told of bytes done and bytes in all. False: the person wishes to stop.
pub(crate) type Watch<'a> = dyn Fn(u64, u64) -> bool + 'a;

/// A folder that is removed unless it was kept.
struct Scratch(PathBuf);

impl Scratch {
    fn new(path: PathBuf) -> Result<Self> {
        clear(&path)?;
        files::private_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be deleted now is deleted before the next one.
        _ = std::fs::remove_dir_all(&self.0);
    }
}

fn clear(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

/// Makes a backup file, proves it, and only then gives it its name. What fails leaves nothing behind.
pub(crate) fn create(vault: &Vault, parts: Parts<'_>, to: &[To], file: &Path, watch: &Watch<'_>) -> Result<Summary> {
    let _one = lock(&vault.backing_up);
    if file.exists() {
        return Err(Error::new(Kind::Usage, "There is a file of this name already. Nothing was written. Choose another name."));
    }
    let part = with_ending(file, "part");
    let made = (|| {
        files::remove(&part)?;
        // Nobody's key is needed to read it once right now: this one is forgotten after.
        let glance = Key::generate();
        let mut all: Vec<To> = to.to_vec();
        all.push(To::key(glance.recipient()));
        let mut out = BufWriter::with_capacity(1 << 18, files::private_file(&part)?);
        make::write(vault, parts, &all, &mut out, &|done, total| watch(done / 2, total))?;
        let out = out.into_inner().map_err(|e| Error::from(e.into_error()))?;
        out.sync_all()?;
        let summary = verify(&part, &Opener::key(glance), &with_ending(file, "proof"), &|done, total| watch((done + total) / 2, total))?;
        // A hard link fails where somebody has put a file of this name there meanwhile; a rename would write over it.
        std::fs::rename(&part, file)?;
        folder(file).map_or(Ok(()), files::sync_dir)?;
        Ok(summary)
    })();
    if made.is_err() {
        // The error is what the person is told; what cannot be deleted is no backup by its name.
        _ = std::fs::remove_file(&part);
    }
    made
}

/// Restores a backup into a scratch folder under keys that are thrown away, compares, and removes the folder.
pub(crate) fn verify(file: &Path, opener: &Opener, scratch: &Path, watch: &Watch<'_>) -> Result<Summary> {
    let scratch = Scratch::new(scratch.to_owned())?;
    let raw: RawKey = Zeroizing::new(keys::hex(keys::random::<32>()?.as_slice()));
    let (manifest, images) = open(file, opener, |input| unpack::unpack(input, &scratch.0, &|_| Ok(raw.clone())), watch)?;
    prove::prove(&scratch.0, &manifest, &images, &|_| Ok(raw.clone()))?;
    Ok(manifest.summary(file.metadata()?.len()))
}

/// Restores a backup so that it waits in a vault's folder, proven, to take its place ([`adopt`]).
pub(crate) fn restore(file: &Path, opener: &Opener, vault: &Path, watch: &Watch<'_>) -> Result<Summary> {
    let scratch = Scratch::new(vault.join(place::RESTORING))?;
    let raw = |chart: &Path| {
        let member = opener.opened().ok_or_else(|| Error::internal("a backup that nobody opened"))?;
        rekey::database_key(chart, &chart::chart_key(chart, &member)?)
    };
    let (manifest, images) = open(file, opener, |input| unpack::unpack(input, &scratch.0, &raw), watch)?;
    prove::prove(&scratch.0, &manifest, &images, &raw)?;
    place::wait(vault, &scratch.0)?;
    Ok(manifest.summary(file.metadata()?.len()))
}

/// Decrypts a backup to its very end for `work`.
fn open<T>(file: &Path, opener: &Opener, work: impl FnOnce(&mut Source<'_>) -> Result<T>, watch: &Watch<'_>) -> Result<T> {
    let missing = |e| Error::new(Kind::Usage, "This backup file cannot be read. Nothing was changed. Check its name.").because(e);
    let mut input = File::open(file).map_err(missing)?;
    let total = input.metadata()?.len();
    let mut head = [0; 21];
    if input.read_exact(&mut head).is_err() || &head != b"age-encryption.org/v1" {
        return Err(Error::refused("This file is no backup of Keepwell: it is not an age file. Nothing was changed."));
    }
    std::io::Seek::rewind(&mut input)?;
    let decryptor = age::Decryptor::new_buffered(BufReader::with_capacity(1 << 18, input)).map_err(|e| damaged().because(e))?;
    let plain = match decryptor.decrypt(std::iter::once(opener as &dyn age::Identity)) {
        Ok(plain) => plain,
        Err(age::DecryptError::NoMatchingKeys | age::DecryptError::KeyDecryptionFailed) => return Err(opener.denied()),
        Err(e) => return Err(damaged().because(e)),
    };
    let mut source = Source { plain: Box::new(plain), failed: false, done: 0, total, watch, stopped: false };
    let done = work(&mut source);
    match done {
        Err(_) if source.stopped => Err(stopped()),
        Err(e) if source.failed => Err(damaged().because(e)),
        other => other,
    }
}

/// The decrypted stream. Remembers whether it was the file that failed, rather than the disk that is written to.
struct Source<'a> {
    plain: Box<dyn Read>,
    failed: bool,
    done: u64,
    total: u64,
    watch: &'a Watch<'a>,
    stopped: bool,
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.plain.read(out).inspect_err(|e| self.failed |= e.kind() != std::io::ErrorKind::Interrupted)?;
        self.done += read as u64;
        if !(self.watch)(self.done.min(self.total), self.total) {
            self.stopped = true;
            return Err(stopped().into());
        }
        Ok(read)
    }
}

fn stopped() -> Error {
    Error::new(Kind::Cancelled, "Stopped, as you wished. Nothing was kept of it, and nothing was changed.")
}

/// The backup file is not what was written.
fn damaged() -> Error {
    Error::refused(
        "This backup is damaged, cut off, or was not made by Keepwell. Nothing was changed, and nothing of it was kept. Use another backup.",
    )
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn folder(file: &Path) -> Option<&Path> {
    file.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p })
}

/// Finishes writing through.
fn flush(out: &mut dyn Write) -> Result<()> {
    Ok(out.flush()?)
}
