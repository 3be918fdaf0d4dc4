//! Vault to file. Everything that lies in the vault goes in, but for what [`is_left_out`] names; so a folder that comes with a
//! later version is not forgotten.
//!
//! The order keeps a backup that is made while the server works in step with itself: household.db before the logs (a log may
//! be ahead of its head, never behind), an inbox before the records (a file that is taken in meanwhile is there twice rather
//! than not at all), the records before the originals.

use super::manifest::{About, ChartOf, FileOf, HeadOf, MANIFEST, Manifest};
use super::pages::Snapshot;
use super::recipient::To;
use super::{Watch, stopped};
use crate::vault::{Chart, Vault, files, keys};
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

/// What keeps a chart closed until it is dropped.
pub(crate) trait Hold {}

/// What of the vault is open.
#[derive(Default)]
pub(crate) struct Parts<'a> {
    /// Charts that nobody has open, with what keeps them closed until they are copied.
    pub(crate) closed: Vec<(String, Box<dyn Hold + 'a>)>,
    /// Open charts whose databases go in as plain SQLite.
    pub(crate) plain: Vec<Arc<Chart>>,
    /// Open charts whose databases stay encrypted under their own keys.
    pub(crate) sealed: Vec<Arc<Chart>>,
}

/// Databases of a chart.
const DATABASES: [&str; 2] = ["records.db", "activity.db"];

/// What is in no backup: what is of this machine and moment alone, other backups, and what has not become a file yet.
pub(super) fn is_left_out(path: &str) -> bool {
    let (top, name) = (path.split('/').next().unwrap_or_default(), path.rsplit('/').next().unwrap_or_default());
    let ending = name.rsplit('.').next().unwrap_or_default();
    ["lock", "backups", "backups.json", "restoring", "restored", "upload.age"].contains(&top)
        || ["part", "new", "rekey", "proof"].contains(&ending)
        || path.starts_with("household.db-")
        || name.starts_with("incoming-")
        || ending == "db-shm"
        || path.strip_prefix("charts/").is_some_and(|p| p.starts_with("new-"))
}

/// Every file below a folder, `/` between the parts, in order.
pub(super) fn walk(dir: &Path, below: &str, out: &mut Vec<String>) -> Result<()> {
    let entries = match std::fs::read_dir(dir.join(below)) {
        Ok(entries) => entries,
        // Taken in, swept or removed meanwhile.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e.into()),
    };
    let mut here = Vec::new();
    for entry in entries {
        let entry = entry?;
        // A name that is no text was given by nobody here: an inbox passes over such files as well.
        let Ok(name) = entry.file_name().into_string() else { continue };
        here.push((name, entry.file_type()?));
    }
    here.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, kind) in here {
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if is_left_out(&path) {
            continue;
        }
        if kind.is_dir() {
            walk(dir, &path, out)?;
        } else if kind.is_file() {
            out.push(path);
        }
    }
    Ok(())
}

/// Writes a backup.
pub(super) fn write(vault: &Vault, parts: Parts<'_>, to: &[To], out: &mut dyn Write, watch: &Watch<'_>) -> Result<()> {
    let dir = vault.dir.as_path();
    let mut all = Vec::new();
    walk(dir, "", &mut all)?;
    let sizes = all.iter().filter_map(|p| std::fs::metadata(dir.join(p)).ok()).map(|m| m.len());
    let total = sizes.sum();
    let encryptor = age::Encryptor::with_recipients(to.iter().map(|t| t as &dyn age::Recipient)).map_err(Error::internal)?;
    let tar = tar::Builder::new(encryptor.wrap_output(out)?);
    let mut archive = Archive { dir, tar, files: Vec::new(), done: 0, total, watch };
    let about = About::now();
    archive.add_bytes(super::manifest::ABOUT, &serde_json::to_vec(&about).map_err(Error::internal)?)?;
    let household = Snapshot::plain(&dir.join("household.db"))?;
    archive.add_database("household.db", &household)?;
    let heads = household_heads(vault)?;
    drop(household);
    for path in all.iter().filter(|p| !p.starts_with("charts/") && *p != "household.db") {
        archive.add_file(path)?;
    }
    let mut charts = Vec::new();
    for (id, held) in parts.closed {
        archive.add_chart(&id, &|archive, name| {
            archive.add_file(name)?;
            // What a crash has left in the journal belongs to the database.
            archive.add_file(&format!("{name}-wal"))
        })?;
        charts.push(ChartOf { id, plain: false });
        drop(held);
    }
    for chart in &parts.plain {
        archive.add_chart(&chart.person().id, &|archive, name| archive.add_plain(chart, name))?;
        charts.push(ChartOf { id: chart.person().id.clone(), plain: true });
    }
    for chart in &parts.sealed {
        archive.add_chart(&chart.person().id, &|archive, name| archive.add_sealed(chart, name))?;
        charts.push(ChartOf { id: chart.person().id.clone(), plain: false });
    }
    let manifest = Manifest { about, charts, heads, files: std::mem::take(&mut archive.files) };
    archive.add_bytes(MANIFEST, &serde_json::to_vec_pretty(&manifest).map_err(Error::internal)?)?;
    let mut out = archive.tar.into_inner()?.finish()?;
    super::flush(&mut out)
}

fn household_heads(vault: &Vault) -> Result<Vec<HeadOf>> {
    let heads = vault.heads.all()?;
    Ok(heads.into_iter().map(|(chart, count, hash)| HeadOf { chart, count, hash: keys::hex(&hash) }).collect())
}

struct Archive<'a, W: Write> {
    dir: &'a Path,
    tar: tar::Builder<age::stream::StreamWriter<W>>,
    files: Vec<FileOf>,
    done: u64,
    total: u64,
    watch: &'a Watch<'a>,
}

impl<W: Write> Archive<'_, W> {
    fn add(&mut self, path: &str, size: u64, input: &mut dyn Read, tables: BTreeMap<String, i64>) -> Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(files::now().unsigned_abs());
        let mut counted =
            Counted { input: input.take(size), hasher: Sha256::new(), size: 0, before: self.done, total: self.total, watch: self.watch };
        self.tar.append_data(&mut header, path, &mut counted)?;
        if counted.size != size {
            return Err(Error::internal("a file of the vault grew shorter while it was read"));
        }
        self.done += size;
        let sha256 = keys::hex(&counted.hasher.finalize());
        if path != MANIFEST && path != super::manifest::ABOUT {
            self.files.push(FileOf { path: path.to_owned(), size, sha256, tables });
        }
        Ok(())
    }

    fn add_bytes(&mut self, path: &str, mut bytes: &[u8]) -> Result<()> {
        self.add(path, bytes.len() as u64, &mut bytes, BTreeMap::new())
    }

    /// A file as it lies there. One that has gone meanwhile is no longer of the vault.
    fn add_file(&mut self, path: &str) -> Result<()> {
        match File::open(self.dir.join(path)) {
            Ok(mut file) => {
                let size = file.metadata()?.len();
                self.add(path, size, &mut file, BTreeMap::new())
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    fn add_database(&mut self, path: &str, snapshot: &Snapshot) -> Result<()> {
        let tables = snapshot.tables()?;
        snapshot.stream(|pages| self.add(path, snapshot.size, pages, tables))
    }

    fn add_plain(&mut self, chart: &Chart, path: &str) -> Result<()> {
        let file = self.dir.join(path);
        if !file.exists() {
            return Ok(());
        }
        self.add_database(path, &Snapshot::encrypted(&file, chart.raw())?)
    }

    /// A copy of an open database, under the same key, that stands still.
    fn add_sealed(&mut self, chart: &Chart, path: &str) -> Result<()> {
        let (file, copy) = (self.dir.join(path), self.dir.join(format!("{path}.part")));
        if !file.exists() {
            return Ok(());
        }
        files::remove(&copy)?;
        let done = crate::vault::db::copy(&file, &copy, chart.raw()).and_then(|()| {
            let mut input = File::open(&copy)?;
            let size = input.metadata()?.len();
            self.add(path, size, &mut input, BTreeMap::new())
        });
        files::remove(&copy)?;
        done
    }

    /// A chart: what is small first, then its databases, then the originals.
    fn add_chart(&mut self, id: &str, database: &dyn Fn(&mut Self, &str) -> Result<()>) -> Result<()> {
        let below = format!("charts/{id}");
        let mut all = Vec::new();
        walk(self.dir, &below, &mut all)?;
        let originals = format!("{below}/originals/");
        let of_database =
            |path: &str| DATABASES.iter().any(|d| path.strip_prefix(&format!("{below}/{d}")).is_some_and(|r| r.is_empty() || r == "-wal"));
        for path in all.iter().filter(|p| !p.starts_with(&originals) && !of_database(p)) {
            self.add_file(path)?;
        }
        for name in DATABASES {
            database(self, &format!("{below}/{name}"))?;
        }
        // Listed anew: the records that were just written name those of now.
        let mut all = Vec::new();
        walk(self.dir, &format!("{below}/originals"), &mut all)?;
        all.iter().try_for_each(|path| self.add_file(path))
    }
}

/// Counts and hashes what passes.
struct Counted<'a, R> {
    input: R,
    hasher: Sha256,
    size: u64,
    before: u64,
    total: u64,
    watch: &'a Watch<'a>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(out)?;
        self.hasher.update(&out[..read]);
        self.size += read as u64;
        if !(self.watch)((self.before + self.size).min(self.total), self.total) {
            return Err(stopped().into());
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::is_left_out;

    #[test]
    fn what_is_left_out() {
        for (path, out) in [
            ("lock", true),
            ("backups/keepwell-2024-05-01.age", true),
            ("household.db", false),
            ("household.db-wal", true),
            ("household.new", true),
            ("members/0a.age", false),
            ("members/0a.factors.age", false),
            ("charts/new-1f/records.db", true),
            ("charts/1f/records.db", false),
            ("charts/1f/records.db-wal", false),
            ("charts/1f/records.db-shm", true),
            ("charts/1f/originals/incoming-3", true),
            ("charts/1f/originals/ab/cd.age", false),
            ("charts/1f/inbox/3.part", true),
            ("charts/1f/inbox/3.age", false),
            ("charts/1f/invites/3.age", false),
            ("charts/1f/shares/3/0.jwe", false),
            ("charts/1f/activity/3.age", false),
            ("charts/1f/identity.older.age", false),
            ("charts/1f/something-of-later", false),
        ] {
            assert_eq!(is_left_out(path), out, "{path}");
        }
    }
}
