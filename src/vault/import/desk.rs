//! The part of an import that writes: records one by one into the open transaction.

use super::ready::Ready;
use super::{Outcome, inner};
use crate::record::Facts;
use crate::vault::body::Codec;
use crate::vault::columns::{COLUMNS, Columns};
use crate::vault::identity::{Hash, Stamp};
use crate::vault::{db, keys, search, settle};
use crate::{Error, Result};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashSet;

/// What a new reading of a source has given so far.
#[derive(Default)]
pub(super) struct Again {
    rids: HashSet<i64>,
    places: HashSet<String>,
}

/// A record that is here already.
struct Known {
    rid: i64,
    ver: i64,
    vers: i64,
    hidden: bool,
    content: Hash,
}

/// A transaction in which one source is being stored.
pub(super) struct Desk {
    pub(super) conn: Connection,
    pub(super) sid: i64,
    pub(super) next_rid: i64,
    pub(super) again: Option<Again>,
    now: i64,
    insert: String,
    codec: Codec,
}

impl Desk {
    /// A desk at which the transaction of [`begin`] is open.
    pub(super) fn new(conn: Connection, codec: Codec, source: &Source, again: bool, now: i64) -> Self {
        let insert = format!(
            "INSERT INTO records(rid, key, hidden, added, src, vers, {COLUMNS}) VALUES(?,?,0,?,?,1{})",
            ",?".repeat(COLUMNS.split(',').count())
        );
        Self { conn, sid: source.sid, next_rid: source.next_rid, again: again.then(Again::default), now, insert, codec }
    }

    /// Stores one record, or links it as a duplicate, or updates it keeping the old version.
    pub(super) fn write(&mut self, record: &Ready) -> Result<Outcome> {
        let known = self
            .conn
            .prepare_cached("SELECT rid, ver, vers, hidden, content FROM records WHERE key = ?1")?
            .query_row([record.key.as_slice()], |r| {
                Ok(Known { rid: r.get(0)?, ver: r.get(1)?, vers: r.get(2)?, hidden: r.get(3)?, content: r.get(4)? })
            })
            .optional()?;
        let (rid, outcome) = match known {
            None => (self.insert(record)?, Outcome::Stored),
            Some(known) => (known.rid, self.meet(record, &known)?),
        };
        if let Some(again) = &mut self.again {
            again.rids.insert(rid);
            again.places.insert(record.place.clone());
        }
        Ok(outcome)
    }

    fn insert(&mut self, record: &Ready) -> Result<i64> {
        let rid = self.next_rid;
        self.next_rid += 1;
        let body = self.codec.shrink(&record.json)?;
        let conn = &self.conn;
        let own: [&dyn rusqlite::ToSql; 4] = [&rid, &record.key.as_slice(), &self.now, &self.sid];
        Columns::of(record).write(conn, &self.insert, &own, 1)?;
        conn.prepare_cached("INSERT INTO bodies(rid, body) VALUES(?1, ?2)")?.execute(params![rid, body])?;
        self.saw_at(rid, 0, 1, record)?;
        search::index(conn, rid, &record.facts.title, &record.facts.text)?;
        Ok(rid)
    }

    /// A record that is here already, perhaps in another version.
    fn meet(&mut self, record: &Ready, known: &Known) -> Result<Outcome> {
        let ver = if known.content == record.content { Some(known.ver) } else { self.older(known.rid, &record.content)? };
        let fresh = ver.is_none();
        let ver = match ver {
            Some(ver) => ver,
            None => {
                // Versions of a purged source leave gaps: the number follows the highest there is.
                let sql = "SELECT max(?2, coalesce((SELECT max(ver) FROM versions WHERE rid = ?1), 0)) + 1";
                let ver = self.conn.prepare_cached(sql)?.query_row([known.rid, known.ver], |r| r.get(0))?;
                let body = self.codec.shrink(&record.json)?;
                let own: [&dyn rusqlite::ToSql; 4] = [&known.rid, &self.sid, &self.now, &body];
                let marks = ",?".repeat(COLUMNS.split(',').count());
                let sql = format!("INSERT INTO versions(rid, src, replaced, body, {COLUMNS}) VALUES(?,?,?,?{marks})");
                Columns::of(record).write(&self.conn, &sql, &own, ver)?;
                self.conn.prepare_cached("UPDATE records SET vers = ?2 WHERE rid = ?1")?.execute([known.rid, known.vers + 1])?;
                ver
            }
        };
        self.saw(known.rid, ver, record)?;
        if fresh || known.hidden || known.vers > 1 {
            let facts: &Facts = &record.facts;
            settle::settle(&self.conn, known.rid, Some((ver, facts, self.now)))?;
        }
        if known.hidden {
            // It was out of sight, so for the reader of the report it is new.
            self.conn.prepare_cached("UPDATE records SET added = ?2 WHERE rid = ?1")?.execute([known.rid, self.now])?;
            return Ok(Outcome::Stored);
        }
        Ok(if fresh { Outcome::Updated } else { Outcome::Duplicate })
    }

    fn older(&self, rid: i64, content: &Hash) -> Result<Option<i64>> {
        let mut statement = self.conn.prepare_cached("SELECT ver FROM versions WHERE rid = ?1 AND content = ?2")?;
        Ok(statement.query_row(params![rid, content.as_slice()], |r| r.get(0)).optional()?)
    }

    /// Notes that this source gave a version. A new reading of the source takes the place of the former reading, so that
    /// it does not overtake what other sources said since.
    fn saw(&self, rid: i64, ver: i64, record: &Ready) -> Result<()> {
        let (conn, Stamp { updated, version }) = (&self.conn, record.stamp);
        if self.again.as_ref().is_some_and(|again| !again.rids.contains(&rid)) {
            let sql = "UPDATE seen SET ver = ?3, stamp = ?4, vno = ?5, place = ?6, gone = 0 WHERE rid = ?1 AND seq =
                         (SELECT min(seq) FROM seen WHERE rid = ?1 AND src = ?2)";
            if conn.prepare_cached(sql)?.execute(params![rid, self.sid, ver, updated, version, record.place])? > 0 {
                conn.prepare_cached(
                    "UPDATE seen SET gone = 1 WHERE rid = ?1 AND src = ?2 AND seq >
                       (SELECT min(seq) FROM seen WHERE rid = ?1 AND src = ?2)",
                )?
                .execute([rid, self.sid])?;
                return Ok(());
            }
        }
        let sql = "SELECT 1 FROM seen WHERE rid = ?1 AND src = ?2 AND ver = ?3 AND stamp IS ?4 AND vno IS ?5 AND gone = 0";
        if conn.prepare_cached(sql)?.exists(params![rid, self.sid, ver, updated, version])? {
            return Ok(());
        }
        let sql = "SELECT coalesce(max(seq) + 1, 0) FROM seen WHERE rid = ?1";
        let seq = conn.prepare_cached(sql)?.query_row([rid], |r| r.get(0))?;
        self.saw_at(rid, seq, ver, record)
    }

    /// One row and no more: a statement that may write several opens a savepoint of its own, and within
    /// [`super::Import::mark`] SQLite then walks, for every record, through all pages changed since.
    fn saw_at(&self, rid: i64, seq: i64, ver: i64, record: &Ready) -> Result<()> {
        let sql = "INSERT INTO seen(rid, seq, src, ver, stamp, vno, place) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let values = params![rid, seq, self.sid, ver, record.stamp.updated, record.stamp.version, record.place];
        self.conn.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// What the former reading of this source gave and the new one does not. It stays, unless this source alone gave it
    /// and the new reading gave another record from the very same place: then that record stands for it.
    pub(super) fn supersede(&self, again: &Again) -> Result<()> {
        let old: Vec<(i64, String)> = self
            .conn
            .prepare("SELECT rid, place FROM seen WHERE src = ?1 AND gone = 0")?
            .query_map([self.sid], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (rid, place) in old {
            if again.rids.contains(&rid) || !again.places.contains(&place) {
                continue;
            }
            let others = "SELECT 1 FROM seen WHERE rid = ?1 AND src <> ?2";
            if !self.conn.prepare_cached(others)?.exists([rid, self.sid])? {
                self.conn.prepare_cached("UPDATE seen SET gone = 1 WHERE rid = ?1 AND src = ?2")?.execute([rid, self.sid])?;
                settle::settle(&self.conn, rid, None)?;
            }
        }
        Ok(())
    }
}

/// The source that is being stored.
pub(super) struct Source {
    sid: i64,
    pub(super) id: String,
    next_rid: i64,
}

/// Begins the transaction, with a row for the source, or with the row that is there for a new reading.
pub(super) fn begin(conn: &Connection, name: &str, by: &str, again: Option<&str>, now: i64) -> Result<Source> {
    // Rows that belong together are written together here, so they need not be looked up once more for each.
    conn.execute_batch(&format!("PRAGMA cache_size = -{}; PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE;", db::IMPORT_CACHE))?;
    let highest: Option<i64> = conn.query_row("SELECT max(rid) FROM records", [], |r| r.get(0))?;
    let ever: Option<i64> = inner(conn, "last_rid")?;
    let (sid, id) = match again {
        Some(id) => {
            let sql = "SELECT sid FROM sources WHERE id = ?1 AND removed IS NULL";
            let sid = conn.query_row(sql, [id], |r| r.get(0)).optional()?.ok_or_else(Error::not_found)?;
            (sid, id.to_owned())
        }
        None => {
            let id = keys::random_id()?;
            conn.execute(
                "INSERT INTO sources(id, name, member, size, imported, original, sha256, report) VALUES(?1, ?2, ?3, 0, ?4, '', '', '{}')",
                params![id, name, by, now],
            )?;
            (conn.last_insert_rowid(), id)
        }
    };
    Ok(Source { sid, id, next_rid: highest.max(ever).unwrap_or(0) + 1 })
}

/// Takes back whatever is not committed, and the memory of an import with it.
pub(super) fn leave(conn: &Connection) {
    if !conn.is_autocommit() {
        // A connection whose rollback fails is not used again; the journal undoes the rest at the next open.
        _ = conn.execute_batch("ROLLBACK");
    }
    _ = conn.execute_batch(&format!("PRAGMA foreign_keys = ON; PRAGMA cache_size = -{}; PRAGMA shrink_memory;", db::IDLE_CACHE));
}
