//! A restored folder takes its place. It waits under `restored/` from the moment that all of it is proven; then one name after
//! the other is moved, household.db last, and after a kill the next opening of the vault goes on with it.

use crate::vault::files;
use crate::{Error, Kind, Result};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Being unpacked; worth nothing after a crash.
pub(super) const RESTORING: &str = "restoring";
/// Whole and proven.
const RESTORED: &str = "restored";

/// From now on it will take its place.
pub(super) fn wait(vault: &Path, restoring: &Path) -> Result<()> {
    for name in ["household.db-wal", "household.db-shm"] {
        files::remove(&restoring.join(name))?;
    }
    files::private_dir(&restoring.join("members"))?;
    files::private_dir(&restoring.join("charts"))?;
    // A tar of files has no empty folders.
    for chart in std::fs::read_dir(restoring.join("charts"))? {
        let chart = chart?.path();
        files::private_dir(&chart.join("originals"))?;
        files::private_dir(&chart.join("inbox"))?;
    }
    files::sync_dir(restoring)?;
    std::fs::rename(restoring, vault.join(RESTORED))?;
    files::sync_dir(vault)
}

/// Whether a restored folder waits in this one.
pub(in crate::vault) fn is_waiting(vault: &Path) -> bool {
    vault.join(RESTORED).is_dir()
}

/// Moves it in. Gives whether there was one. The caller holds the vault's lock.
pub(in crate::vault) fn adopt(vault: &Path) -> Result<bool> {
    super::clear(&vault.join(RESTORING))?;
    // What a browser sent on the first day, left by a crash.
    files::remove(&vault.join("upload.age"))?;
    let restored = vault.join(RESTORED);
    if !restored.is_dir() {
        return Ok(false);
    }
    if restored.join("household.db").is_file() {
        if has_members(&vault.join("household.db"))? {
            let words = "There is a household in this folder already, and a restored backup waits beside it in \"restored\". \
                         Nothing was changed. Move one of the two into another folder, then start again.";
            return Err(Error::new(Kind::Refused, words));
        }
        for entry in std::fs::read_dir(&restored)? {
            let name = entry?.file_name();
            if name == "household.db" {
                continue;
            }
            // The empty folder of a vault that was only begun goes; one with something in it stops this.
            match std::fs::remove_dir(vault.join(&name)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
                _ => std::fs::rename(restored.join(&name), vault.join(&name))?,
            }
        }
        for name in ["household.db-wal", "household.db-shm", "household.db-journal"] {
            files::remove(&vault.join(name))?;
        }
        files::sync_dir(vault)?;
        std::fs::rename(restored.join("household.db"), vault.join("household.db"))?;
        files::sync_dir(vault)?;
    }
    super::clear(&restored)?;
    Ok(true)
}

fn has_members(household: &Path) -> Result<bool> {
    if !household.is_file() {
        return Ok(false);
    }
    let conn = Connection::open_with_flags(household, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    Ok(conn.prepare("SELECT 1 FROM members")?.exists([])?)
}
