//! The heads: of each chart's log, how many entries there are and the hash of the last. They lie in `household.db`, outside the
//! chart and in every backup, so that cutting the end off a log shows.
//!
//! An entry is durable before its head is written, so after a crash a log may be ahead of its head and never behind it. Heads
//! are written without waiting for the disk (the entry was): a loss of power may take the last few heads back, which is no
//! alarm either.

use super::chain::Hash;
use crate::vault::chart::lock;
use crate::{Error, Result};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::path::Path;
use std::sync::Mutex;

/// The end of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) count: i64,
    pub(super) hash: Hash,
}

/// The heads of all charts.
#[derive(Debug)]
pub(crate) struct Heads(Mutex<Connection>);

impl Heads {
    /// A connection of its own to `household.db`, whose register has made the tables.
    pub(in crate::vault) fn open(path: &Path) -> Result<Self> {
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        conn.busy_timeout(std::time::Duration::from_secs(30))?;
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;",
        )?;
        Ok(Self(Mutex::new(conn)))
    }

    pub(super) fn get(&self, person: &str) -> Result<Option<Head>> {
        let sql = "SELECT count, hash FROM activity_heads WHERE person = ?1";
        let found: Option<(i64, Vec<u8>)> =
            lock(&self.0).prepare_cached(sql)?.query_row([person], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
        found
            .map(|(count, hash)| Ok(Head { count, hash: hash.try_into().map_err(|_| Error::internal("a head without its hash"))? }))
            .transpose()
    }

    /// All of them: chart, count, hash.
    pub(in crate::vault) fn all(&self) -> Result<Vec<(String, i64, Vec<u8>)>> {
        let conn = lock(&self.0);
        let mut statement = conn.prepare_cached("SELECT person, count, hash FROM activity_heads ORDER BY person")?;
        let heads = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        Ok(heads.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn set(&self, person: &str, head: Head) -> Result<()> {
        let sql = "INSERT INTO activity_heads(person, count, hash) VALUES(?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET count = excluded.count, hash = excluded.hash";
        let conn = lock(&self.0);
        conn.prepare_cached(sql)?.execute(params![person, head.count, head.hash.as_slice()])?;
        if head.count <= 1 {
            // The first one reaches the disk at once: from now on a chart without a head is one whose head was taken away.
            conn.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// What once did not fit is not forgotten when the log goes on.
    pub(super) fn fault(&self, person: &str, found: i64, seq: i64, what: &str) -> Result<()> {
        let sql = "INSERT INTO activity_faults(person, found, seq, what) VALUES(?1, ?2, ?3, ?4)";
        lock(&self.0).execute(sql, params![person, found, seq, what])?;
        Ok(())
    }

    /// What did not fit at some opening: the first entry concerned, and what is wrong with it.
    pub(super) fn faults(&self, person: &str) -> Result<Vec<(i64, String)>> {
        let conn = lock(&self.0);
        let mut statement = conn.prepare_cached("SELECT seq, what FROM activity_faults WHERE person = ?1 ORDER BY seq, found")?;
        let faults = statement.query_map([person], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(faults.collect::<rusqlite::Result<_>>()?)
    }

    /// An entry was left for a locked chart; its file is durable.
    pub(super) fn left(&self, person: &str, name: &str) -> Result<()> {
        lock(&self.0).execute("INSERT INTO activity_left(person, name) VALUES(?1, ?2) ON CONFLICT DO NOTHING", [person, name])?;
        Ok(())
    }

    /// It is in the log now.
    pub(super) fn taken(&self, person: &str, name: &str) -> Result<()> {
        lock(&self.0).execute("DELETE FROM activity_left WHERE person = ?1 AND name = ?2", [person, name])?;
        Ok(())
    }

    /// Those that were left and not yet taken in.
    pub(super) fn waiting(&self, person: &str) -> Result<Vec<String>> {
        let conn = lock(&self.0);
        let mut statement = conn.prepare_cached("SELECT name FROM activity_left WHERE person = ?1 ORDER BY name")?;
        let names = statement.query_map([person], |r| r.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    }
}
