//! What the server holds of a share: its public part in `household.db`, and its encrypted files in
//! `charts/<id>/shares/<share>/<n>.jwe`. None of it says anything about anyone's health, and none of it opens anything:
//! the key, the words and the choice are in the chart's own database.

use super::{Register, Vault, files, keys};
use crate::Result;
use rusqlite::{OptionalExtension, Row, params};
use std::collections::HashSet;
use std::path::PathBuf;

/// The step of `household.db` that makes room for shares. `address`: the hash of what stands in the link, so that a copy of
/// this file leads nowhere. `tries`: how many wrong passcodes are left, for the whole life of the link.
pub(super) const STEP: &str = "
    CREATE TABLE shares(id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE, address TEXT NOT NULL UNIQUE,
      flags TEXT NOT NULL, reply INTEGER NOT NULL, passcode TEXT, tries INTEGER NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL,
      expires INTEGER, ended INTEGER, openings INTEGER NOT NULL DEFAULT 0, first INTEGER, last INTEGER,
      replies INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
    CREATE INDEX shares_person ON shares(person);";

const COLUMNS: &str =
    "id, person, address, flags, reply, passcode, tries, created, changed, expires, ended, openings, first, last, replies";

/// The public part of a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareRow {
    /// Random, in file names and addresses of pages.
    pub id: String,
    /// Whose chart.
    pub person: String,
    /// The hash of the secret part of the link's address.
    pub address: String,
    /// `L`, `P`, `U`, as in the link.
    pub flags: String,
    /// Whether whoever holds it may reply.
    pub reply: bool,
    /// The passcode, hashed.
    pub passcode: Option<String>,
    /// Wrong passcodes that are left.
    pub tries: u32,
    /// When it was made, seconds since 1970.
    pub created: i64,
    /// When its files last changed.
    pub changed: i64,
    /// When it ends by itself.
    pub expires: Option<i64>,
    /// When somebody stopped it, or its tries were used up.
    pub ended: Option<i64>,
    /// How often it was opened.
    pub openings: u64,
    /// When first.
    pub first: Option<i64>,
    /// When last.
    pub last: Option<i64>,
    /// How many replies came.
    pub replies: u64,
}

impl ShareRow {
    /// Whether it can be opened at a moment.
    pub fn is_open(&self, now: i64) -> bool {
        self.ended.is_none() && self.expires.is_none_or(|at| now < at) && (self.passcode.is_none() || self.tries > 0)
    }

    fn read(r: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: r.get(0)?,
            person: r.get(1)?,
            address: r.get(2)?,
            flags: r.get(3)?,
            reply: r.get(4)?,
            passcode: r.get(5)?,
            tries: r.get(6)?,
            created: r.get(7)?,
            changed: r.get(8)?,
            expires: r.get(9)?,
            ended: r.get(10)?,
            openings: r.get::<_, i64>(11)?.cast_unsigned(),
            first: r.get(12)?,
            last: r.get(13)?,
            replies: r.get::<_, i64>(14)?.cast_unsigned(),
        })
    }
}

impl Register {
    /// Adds a share: from now on it is answered.
    pub(crate) fn add_share(&self, share: &ShareRow) -> Result<()> {
        let sql = "INSERT INTO shares(id, person, address, flags, reply, passcode, tries, created, changed, expires)
                   VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let s = share;
        self.0.execute(sql, params![s.id, s.person, s.address, s.flags, s.reply, s.passcode, s.tries, s.created, s.changed, s.expires])?;
        Ok(())
    }

    /// The share whose link leads to this address.
    pub(crate) fn share_at(&self, address: &str) -> Result<Option<ShareRow>> {
        let sql = format!("SELECT {COLUMNS} FROM shares WHERE address = ?1");
        Ok(self.0.prepare_cached(&sql)?.query_row([address], ShareRow::read).optional()?)
    }

    /// All shares of a chart, newest first.
    pub(crate) fn shares_of(&self, person: &str) -> Result<Vec<ShareRow>> {
        let sql = format!("SELECT {COLUMNS} FROM shares WHERE person = ?1 ORDER BY created DESC, id");
        let mut statement = self.0.prepare_cached(&sql)?;
        Ok(statement.query_map([person], ShareRow::read)?.collect::<rusqlite::Result<_>>()?)
    }

    /// Ends a share, once.
    pub(crate) fn end_share(&self, id: &str, now: i64) -> Result<()> {
        self.0.execute("UPDATE shares SET ended = ?2 WHERE id = ?1 AND ended IS NULL", params![id, now])?;
        Ok(())
    }

    /// Its files are new.
    pub(crate) fn share_changed(&self, id: &str, now: i64) -> Result<()> {
        self.0.execute("UPDATE shares SET changed = ?2 WHERE id = ?1", params![id, now])?;
        Ok(())
    }

    /// Takes one try before a passcode is looked at. None: there is none left.
    pub(crate) fn take_try(&self, id: &str) -> Result<Option<u32>> {
        let sql = "UPDATE shares SET tries = tries - 1 WHERE id = ?1 AND tries > 0 AND ended IS NULL RETURNING tries";
        Ok(self.0.query_row(sql, [id], |r| r.get(0)).optional()?)
    }

    /// The passcode was right: the try is given back.
    pub(crate) fn give_try_back(&self, id: &str) -> Result<()> {
        self.0.execute("UPDATE shares SET tries = tries + 1 WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Counts an opening. Gives whether it was the first.
    pub(crate) fn share_opened(&self, id: &str, now: i64) -> Result<bool> {
        let sql = "UPDATE shares SET openings = openings + 1, first = coalesce(first, ?2), last = ?2 WHERE id = ?1 RETURNING openings = 1";
        Ok(self.0.query_row(sql, params![id, now], |r| r.get(0))?)
    }

    /// Counts a reply before it is taken. False: it would be one too many, or too large with those before it.
    pub(crate) fn count_reply(&self, id: &str, size: u64, most: u32, most_bytes: u64) -> Result<bool> {
        let sql = "UPDATE shares SET replies = replies + 1, bytes = bytes + ?2 WHERE id = ?1 AND ended IS NULL
                   AND replies < ?3 AND bytes + ?2 <= ?4";
        Ok(self.0.execute(sql, params![id, size.cast_signed(), most, most_bytes.cast_signed()])? == 1)
    }
}

impl Vault {
    fn share_dir(&self, person: &str, share: &str) -> PathBuf {
        self.chart_dir(person).join("shares").join(share)
    }

    /// Writes the files of a share; a reader sees the old or the new of each.
    pub(crate) fn write_share(&self, person: &str, share: &str, jwes: &[String]) -> Result<()> {
        let dir = self.share_dir(person, share);
        files::private_dir(&dir)?;
        for (n, jwe) in jwes.iter().enumerate() {
            files::replace(&dir.join(format!("{n}.jwe")), jwe.as_bytes())?;
        }
        for n in jwes.len().. {
            let more = dir.join(format!("{n}.jwe"));
            if !more.exists() {
                break;
            }
            files::remove(&more)?;
        }
        files::sync_dir(&dir)
    }

    /// One file of a share; None when there is none of that number.
    pub(crate) fn read_share(&self, person: &str, share: &str, n: usize) -> Result<Option<Vec<u8>>> {
        match std::fs::read(self.share_dir(person, share).join(format!("{n}.jwe"))) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// The sizes of the files of a share, in order.
    pub(crate) fn share_sizes(&self, person: &str, share: &str) -> Result<Vec<u64>> {
        let mut out = Vec::new();
        loop {
            match std::fs::metadata(self.share_dir(person, share).join(format!("{}.jwe", out.len()))) {
                Ok(about) => out.push(about.len()),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(out),
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Deletes the files of a share.
    pub(crate) fn drop_share(&self, person: &str, share: &str) -> Result<()> {
        match std::fs::remove_dir_all(self.share_dir(person, share)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// Deletes files of shares of a chart that are over, or that a crash left without their public part.
    pub(crate) fn sweep_shares(&self, person: &str) -> Result<()> {
        let now = files::now();
        let open: HashSet<String> = self.register().shares_of(person)?.into_iter().filter(|s| s.is_open(now)).map(|s| s.id).collect();
        let entries = match std::fs::read_dir(self.chart_dir(person).join("shares")) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e.into()),
        };
        for entry in entries {
            let name = entry?.file_name();
            if let Some(name) = name.to_str().filter(|n| !open.contains(*n)) {
                self.drop_share(person, name)?;
            }
        }
        Ok(())
    }
}

impl super::Chart {
    /// Values kept by [`super::Chart::set_note`] whose names begin with `prefix`, by name.
    ///
    /// # Errors
    /// NotFound for who may not see everything; Internal when the database fails.
    pub fn notes(&self, prefix: &str) -> Result<Vec<(String, String)>> {
        self.whole()?;
        let conn = self.reader()?;
        let mut statement = conn.prepare_cached("SELECT name, value FROM notes WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name")?;
        let notes = statement.query_map([prefix], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(notes.collect::<rusqlite::Result<_>>()?)
    }
}

/// A random id for a share.
pub(crate) fn new_id() -> Result<String> {
    keys::random_id()
}

/// The moment, seconds since 1970.
pub(crate) fn now() -> i64 {
    files::now()
}
