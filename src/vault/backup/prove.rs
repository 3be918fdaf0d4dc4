//! Is a restored folder what its manifest says? Read again from the disk.

use super::damaged;
use super::manifest::Manifest;
use super::pages::Snapshot;
use super::unpack::Images;
use crate::Result;
use crate::vault::db::RawKey;
use crate::vault::keys;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Every file by its hash; every database that was plain by SQLite's own check, the rows of its tables and its whole content.
pub(super) fn prove(dir: &Path, manifest: &Manifest, images: &Images, raw: &dyn Fn(&Path) -> Result<RawKey>) -> Result<()> {
    for file in &manifest.files {
        let path = dir.join(&file.path);
        let Some(image) = images.get(&file.path) else {
            if hash(&path)? != file.sha256 {
                return Err(damaged());
            }
            continue;
        };
        let snapshot = Snapshot::encrypted(&path, &raw(path.parent().ok_or_else(damaged)?)?)?;
        if !snapshot.is_whole()? || snapshot.image()? != *image || snapshot.tables()? != file.tables {
            return Err(damaged());
        }
    }
    // Looked at last: opening it writes to it.
    let household = manifest.files.iter().find(|f| f.path == "household.db").ok_or_else(damaged)?;
    let snapshot = Snapshot::plain(&dir.join("household.db"))?;
    if !snapshot.is_whole()? || snapshot.tables()? != household.tables {
        return Err(damaged());
    }
    Ok(())
}

fn hash(path: &Path) -> Result<String> {
    let (mut file, mut hasher, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(keys::hex(&hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}
