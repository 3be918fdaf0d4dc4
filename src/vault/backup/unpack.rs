//! File to folder. What is in the tar is believed of nothing: names, sizes and kinds are checked before anything is written.

use super::manifest::{ABOUT, About, MANIFEST, Manifest, Schemas};
use super::{Source, damaged, pages};
use crate::vault::db::RawKey;
use crate::vault::{files, keys};
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read, Write};
use std::path::Path;

/// No small file of ours is larger.
const SMALL: u64 = 256 << 20;

/// The hashes of the content of the databases that were plain, by path.
pub(super) type Images = BTreeMap<String, [u8; 32]>;

/// Writes everything below a folder, plain databases encrypted under the key that `raw` gives for a chart's folder, and holds it
/// to the manifest.
pub(super) fn unpack(input: &mut Source<'_>, dir: &Path, raw: &dyn Fn(&Path) -> Result<RawKey>) -> Result<(Manifest, Images)> {
    let mut tar = tar::Archive::new(&mut *input);
    let (mut images, mut found) = (Images::new(), HashMap::new());
    let mut about: Option<About> = None;
    let mut manifest: Option<Manifest> = None;
    for entry in tar.entries().map_err(|_| damaged())? {
        let mut entry = entry.map_err(|_| damaged())?;
        let path = String::from_utf8(entry.path_bytes().into_owned()).map_err(|_| damaged())?;
        let size = entry.size();
        if entry.header().entry_type() != tar::EntryType::Regular || manifest.is_some() {
            return Err(damaged());
        }
        match (path.as_str(), &about) {
            (ABOUT, None) => {
                let said: About = serde_json::from_slice(&small(&mut entry, size)?).map_err(|_| damaged())?;
                said.check()?;
                about = Some(said);
            }
            (MANIFEST, Some(_)) => manifest = Some(Manifest::read(&small(&mut entry, size)?)?),
            (_, Some(_)) if is_ours(&path) => {
                let file = write(&mut entry, dir, &path, size, raw)?;
                images.extend(file.image.map(|image| (path.clone(), image)));
                if found.insert(path, (size, file.sha256)).is_some() {
                    return Err(damaged());
                }
            }
            _ => return Err(damaged()),
        }
    }
    // To the very end: only then is it sure that nothing was cut off.
    std::io::copy(input, &mut std::io::sink())?;
    let manifest = manifest.ok_or_else(damaged)?;
    let same = manifest.files.len() == found.len()
        && manifest.files.iter().all(|f| found.get(&f.path).is_some_and(|(size, sha256)| *size == f.size && *sha256 == f.sha256));
    let whole = |chart: &str| {
        found.contains_key(&format!("charts/{chart}/records.db")) && found.contains_key(&format!("charts/{chart}/records.key.age"))
    };
    if !same || !found.contains_key("household.db") || !manifest.charts.iter().all(|c| whole(&c.id)) {
        return Err(damaged());
    }
    Ok((manifest, images))
}

fn small(entry: &mut impl Read, size: u64) -> Result<Vec<u8>> {
    if size > SMALL {
        return Err(damaged());
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A path as a backup has them: nothing leads out of the folder, and nothing is there that no backup holds.
fn is_ours(path: &str) -> bool {
    let part = |p: &str| !matches!(p, "" | "." | "..") && !p.chars().any(|c| c.is_control() || c == '\\');
    path.len() < 4096 && path.split('/').all(part) && !super::make::is_left_out(path)
}

struct Written {
    sha256: String,
    image: Option<[u8; 32]>,
}

fn write(entry: &mut dyn Read, dir: &Path, path: &str, size: u64, raw: &dyn Fn(&Path) -> Result<RawKey>) -> Result<Written> {
    let target = dir.join(path);
    if let Some(folder) = target.parent() {
        files::private_dir(folder)?;
    }
    let mut head = vec![0; usize::try_from(size.min(100)).map_err(Error::internal)?];
    entry.read_exact(&mut head)?;
    let is_plain = head.starts_with(pages::MAGIC);
    let mut hashed = Hashed { input: Cursor::new(head.clone()).chain(entry), hasher: Sha256::new() };
    let known = Schemas::own();
    let newest = match path.rsplit('/').next() {
        Some("records.db") => Some(known.records),
        Some("activity.db") => Some(known.activity),
        _ => None,
    };
    let image = match (newest.filter(|_| path.split('/').count() == 3), is_plain) {
        (Some(newest), true) => {
            let chart = target.parent().ok_or_else(damaged)?;
            Some(pages::write_encrypted(&target, &raw(chart)?, size, newest, &mut hashed)?)
        }
        (None, true) if path == "household.db" => {
            pages::fits(&head, known.household)?;
            copy(&mut hashed, &target)?;
            None
        }
        (_, false) if path != "household.db" => {
            copy(&mut hashed, &target)?;
            None
        }
        // Nothing else in a vault is plain.
        _ => return Err(damaged()),
    };
    Ok(Written { sha256: keys::hex(&hashed.hasher.finalize()), image })
}

fn copy(input: &mut dyn Read, target: &Path) -> Result<()> {
    let mut out = files::private_file(target)?;
    std::io::copy(input, &mut out)?;
    out.flush()?;
    Ok(out.sync_all()?)
}

struct Hashed<R> {
    input: R,
    hasher: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(out)?;
        self.hasher.update(&out[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn no_path_leads_out_of_the_vault() {
        for (path, ours) in [
            ("household.db", true),
            ("members/0a.age", true),
            ("charts/1f/records.db", true),
            ("charts/1f/originals/ab/cd.age", true),
            ("charts/1f/inbox/my lab (2).pdf.age", true),
            ("../household.db", false),
            ("charts/../household.db", false),
            ("charts/1f/../../x", false),
            ("/etc/passwd", false),
            ("charts//x", false),
            ("later/0a/b.age", true),
            ("lock", false),
            ("backups/x.age", false),
            ("charts/1f/a\\b", false),
        ] {
            assert_eq!(is_ours(path), ours, "{path}");
        }
    }
}
