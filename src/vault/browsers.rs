//! Browsers that a member has signed in with before: known by the hash of a random mark that only the browser's cookie holds.

use super::{Register, Vault, files};
use crate::{Error, Result};
use rusqlite::{OptionalExtension, params};

/// The register's step that makes room for them.
pub(super) const STEP: &str = "
    CREATE TABLE browsers(id TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES members(id) ON DELETE CASCADE, mark TEXT NOT NULL UNIQUE,
      device TEXT NOT NULL, address TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX browsers_member ON browsers(member);";

/// A browser is known for so long after its last sign-in, in seconds: a year.
pub(crate) const KNOWN: i64 = 365 * 24 * 60 * 60;
/// So many are known of one member; the one that was longest away makes room.
const MOST: i64 = 50;

/// A browser that a member has signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserInfo {
    /// Random; opens nothing.
    pub id: String,
    /// In words: "Firefox on Linux".
    pub device: String,
    /// From where it signed in last.
    pub address: String,
    /// Its first sign-in, seconds since 1970.
    pub first: i64,
    /// Its last sign-in, seconds since 1970.
    pub last: i64,
}

fn hash(mark: &str) -> String {
    blake3::hash(mark.as_bytes()).to_hex().to_string()
}

impl Register {
    /// The id of a member's browser that has this mark.
    pub(crate) fn browser(&self, member: &str, mark: &str) -> Result<Option<String>> {
        let sql = "SELECT id FROM browsers WHERE mark = ?1 AND member = ?2 AND last > ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row(params![hash(mark), member, files::now() - KNOWN], |r| r.get(0)).optional()?)
    }

    /// A member has signed in with a browser: one that is known by its mark, or a new one.
    pub(crate) fn saw_browser(&mut self, member: &str, mark: &str, device: &str, address: &str) -> Result<()> {
        let (tx, now) = (self.0.transaction()?, files::now());
        tx.execute("DELETE FROM browsers WHERE last <= ?1", [now - KNOWN])?;
        let sql = "UPDATE browsers SET device = ?3, address = ?4, last = ?5 WHERE mark = ?1 AND member = ?2";
        if tx.execute(sql, params![hash(mark), member, device, address, now])? == 0 {
            let sql = "INSERT INTO browsers(id, member, mark, device, address, first, last) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?6)";
            tx.execute(sql, params![Vault::new_id()?, member, hash(mark), device, address, now])?;
            let sql =
                "DELETE FROM browsers WHERE id IN (SELECT id FROM browsers WHERE member = ?1 ORDER BY last DESC, id LIMIT -1 OFFSET ?2)";
            tx.execute(sql, params![member, MOST])?;
        }
        Ok(tx.commit()?)
    }

    /// The browsers of a member that are known, the latest used first.
    pub(crate) fn browsers(&self, member: &str) -> Result<Vec<BrowserInfo>> {
        let sql = "SELECT id, device, address, first, last FROM browsers WHERE member = ?1 AND last > ?2 ORDER BY last DESC, id";
        let mut statement = self.0.prepare_cached(sql)?;
        let read = |r: &rusqlite::Row<'_>| {
            Ok(BrowserInfo { id: r.get(0)?, device: r.get(1)?, address: r.get(2)?, first: r.get(3)?, last: r.get(4)? })
        };
        Ok(statement.query_map(params![member, files::now() - KNOWN], read)?.collect::<rusqlite::Result<_>>()?)
    }

    /// Forgets a browser of a member.
    pub(crate) fn forget_browser(&self, member: &str, id: &str) -> Result<()> {
        if self.0.execute("DELETE FROM browsers WHERE member = ?1 AND id = ?2", [member, id])? == 0 {
            return Err(Error::not_found());
        }
        Ok(())
    }
}
