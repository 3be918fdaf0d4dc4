//! Is everything there, whole, and readable?

use super::{Chart, Vault, body};
use crate::{Error, Result};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::io::Read;

impl Vault {
    /// Integrity of the register of the household. The findings in words.
    ///
    /// # Errors
    /// Internal when it cannot be checked at all.
    pub fn check(&self) -> Result<Vec<String>> {
        let mut findings = Vec::new();
        if !self.register().is_whole()? {
            findings.push("The list of members is damaged. Restore a backup.".to_owned());
        }
        Ok(findings)
    }
}

impl Chart {
    /// Integrity of the database and the originals; `deep` decrypts and hashes all. The findings in words.
    ///
    /// # Errors
    /// Internal when it cannot be checked at all.
    pub fn check(&self, deep: bool) -> Result<Vec<String>> {
        self.whole()?;
        let conn = self.reader()?;
        let mut findings = Vec::new();
        pragma(&conn, "PRAGMA cipher_integrity_check", |_| {
            findings.push("A page of the database was changed or damaged on the disk. Restore a backup.".to_owned());
        })?;
        let structure = pragma(&conn, "PRAGMA integrity_check", |answer| {
            if answer != "ok" {
                findings.push(DAMAGED.to_owned());
            }
        });
        noted(&structure, &mut findings);
        let keys = pragma(&conn, "PRAGMA foreign_key_check", |_| {
            findings.push("A record in the database has lost its source. Restore a backup.".to_owned());
        });
        noted(&keys, &mut findings);
        let log = self.check_activity(&mut findings);
        noted(&log, &mut findings);
        let originals = self.check_originals(&conn, deep, &mut findings);
        noted(&originals, &mut findings);
        if deep {
            for table in ["bodies", "versions"] {
                let bodies = check_bodies(&conn, &format!("SELECT rid, body FROM {table}"), &mut findings);
                noted(&bodies, &mut findings);
            }
        }
        let mut told = std::collections::HashSet::new();
        findings.retain(|finding| told.insert(finding.clone()));
        Ok(findings)
    }

    fn check_activity(&self, findings: &mut Vec<String>) -> Result<()> {
        if self.activity.get().is_some()
            && let Some(fault) = self.verify_activity()?.fault
        {
            findings.push(format!("The activity log is not as it was written. Entry {}: {}.", fault.seq, fault.what));
        }
        Ok(())
    }

    fn check_originals(&self, conn: &Connection, deep: bool, findings: &mut Vec<String>) -> Result<()> {
        let mut statement = conn.prepare("SELECT id, original, sha256, size FROM sources")?;
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            let (id, original, sha256, size): (String, String, String, i64) = (r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?);
            if !self.shelf().path_of(&original).is_file() {
                findings.push(format!(
                    "The original of source {id} is missing. Its records are here. Restore a backup, or import the file again."
                ));
            } else if deep && hash_of(&mut self.shelf().open(&original)) != Some((sha256, size.cast_unsigned())) {
                findings.push(format!(
                    "The original of source {id} is damaged. Its records are here. Restore a backup, or import the file again."
                ));
            }
        }
        Ok(())
    }
}

const DAMAGED: &str = "The database is damaged. Restore a backup.";

/// A database that cannot be read to its end is itself a finding: the rest is looked at all the same.
fn noted(done: &Result<()>, findings: &mut Vec<String>) {
    if done.is_err() {
        findings.push(DAMAGED.to_owned());
    }
}

fn pragma(conn: &Connection, sql: &str, mut each: impl FnMut(&str)) -> Result<()> {
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        each(r.get_ref(0)?.as_str().unwrap_or_default());
    }
    Ok(())
}

/// The SHA-256 and the size of an original, or `None` where it does not decrypt to its end.
fn hash_of(original: &mut Result<super::Original>) -> Option<(String, u64)> {
    let original = original.as_mut().ok()?;
    let (mut hasher, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        match original.read(&mut buffer).ok()? {
            0 => return Some((super::keys::hex(&hasher.finalize()), size)),
            n => {
                hasher.update(&buffer[..n]);
                size += n as u64;
            }
        }
    }
}

fn check_bodies(conn: &Connection, sql: &str, findings: &mut Vec<String>) -> Result<()> {
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let rid: i64 = r.get(0)?;
        let body = r.get_ref(1)?.as_blob().map_err(Error::internal)?;
        let reads = body::grow(body).is_ok_and(|json| serde_json::from_slice::<serde::de::IgnoredAny>(&json).is_ok());
        if !reads {
            findings.push(format!("Record {rid} does not read. Its original is kept: run \"keepwell reimport\"."));
        }
    }
    Ok(())
}
