//! An import in one transaction: new records, duplicates, updates.

use super::body::Codec;
use super::columns::{COLUMNS, Columns};
use super::identity::{self, Hash, Stamp};
use super::{Act, Actor, Chart, Event, Staged, chart, db, files, keys, search, settle};
use crate::import::report::FileReport;
use crate::import::{Found, Origin};
use crate::record::Facts;
use crate::{Error, Result};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashSet;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Outcome {
    Stored,
    Updated,
    Duplicate,
}

/// An import in one transaction. Dropped without `commit`, nothing happened.
pub struct Import<'a> {
    chart: &'a Chart,
    /// Taken out at the end, when it goes back to the chart.
    conn: Option<Connection>,
    codec: Codec,
    buffer: Vec<u8>,
    sid: i64,
    id: String,
    scope: Option<String>,
    next_rid: i64,
    now: i64,
    insert: String,
    again: Option<Again>,
    by: String,
}

/// What a new reading of a source has given so far.
#[derive(Default)]
struct Again {
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

impl std::fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Import").field("source", &self.id).finish_non_exhaustive()
    }
}

impl Drop for Import<'_> {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            if !conn.is_autocommit() {
                // A connection whose rollback fails is not used again; the journal undoes the rest at the next open.
                _ = conn.execute_batch("ROLLBACK");
            }
            _ = conn.execute_batch(&format!("PRAGMA foreign_keys = ON; PRAGMA cache_size = -{}; PRAGMA shrink_memory;", db::IDLE_CACHE));
            self.chart.give_back(conn);
        }
    }
}

impl<'a> Import<'a> {
    pub(super) fn begin(chart: &'a Chart, name: &str, by: &str, again: Option<&str>) -> Result<Self> {
        let conn = chart.take_writer();
        let codec = Codec::new()?;
        let insert = format!(
            "INSERT INTO records(rid, key, hidden, added, src, vers, {COLUMNS}) VALUES(?,?,0,?,?,1{})",
            ",?".repeat(COLUMNS.split(',').count())
        );
        let mut import = Self {
            chart,
            conn: Some(conn),
            codec,
            buffer: Vec::new(),
            sid: 0,
            id: String::new(),
            scope: None,
            next_rid: 0,
            now: files::now(),
            insert,
            again: None,
            by: by.to_owned(),
        };
        let conn = import.conn()?;
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
                    params![id, name, by, import.now],
                )?;
                (conn.last_insert_rowid(), id)
            }
        };
        import.next_rid = highest.max(ever).unwrap_or(0) + 1;
        (import.sid, import.id) = (sid, id);
        import.again = again.map(|_| Again::default());
        Ok(import)
    }

    fn conn(&self) -> Result<&Connection> {
        self.conn.as_ref().ok_or_else(ended)
    }

    /// Tells apart patients whose servers use short ids: records that name themselves only within their file are known
    /// again within this scope. Set before the first `put`; the identity of the file's patient serves.
    pub fn scope(&mut self, scope: &str) {
        self.scope = Some(scope.to_owned());
    }

    /// The id of the source that the file becomes.
    pub fn source(&self) -> &str {
        &self.id
    }

    /// Stores one record, or links it as a duplicate, or updates it keeping the old version.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn put(&mut self, found: &Found, facts: &Facts) -> Result<Outcome> {
        let content = identity::content(&found.resource, &mut self.buffer);
        let key = identity::key(found, self.scope.as_deref(), &content);
        // An older version out of our own export is followed by the one that was current, whatever the server's stamps say.
        let former = matches!(found.origin, Origin::Kept { former: true, .. });
        let stamp = if former { Stamp::default() } else { Stamp::of(&found.resource) };
        let conn = self.conn()?;
        let known = conn
            .prepare_cached("SELECT rid, ver, vers, hidden, content FROM records WHERE key = ?1")?
            .query_row([key.as_slice()], |r| {
                Ok(Known { rid: r.get(0)?, ver: r.get(1)?, vers: r.get(2)?, hidden: r.get(3)?, content: r.get(4)? })
            })
            .optional()?;
        let (rid, outcome) = match known {
            None => (self.insert(found, facts, &key, &content, stamp)?, Outcome::Stored),
            Some(known) => (known.rid, self.meet(found, facts, &known, &content, stamp)?),
        };
        if let Some(again) = &mut self.again {
            again.rids.insert(rid);
            again.places.insert(found.place.clone());
        }
        Ok(outcome)
    }

    fn insert(&mut self, found: &Found, facts: &Facts, key: &Hash, content: &Hash, stamp: Stamp) -> Result<i64> {
        let rid = self.next_rid;
        self.next_rid += 1;
        let body = self.codec.shrink(&found.resource)?;
        let conn = self.conn.as_ref().ok_or_else(ended)?;
        let own: [&dyn rusqlite::ToSql; 4] = [&rid, &key.as_slice(), &self.now, &self.sid];
        Columns::of(found, facts).write(conn, &self.insert, &own, 1, content)?;
        conn.prepare_cached("INSERT INTO bodies(rid, body) VALUES(?1, ?2)")?.execute(params![rid, body])?;
        self.saw_at(rid, 0, 1, stamp, &found.place)?;
        search::index(conn, rid, &facts.title, &facts.text)?;
        Ok(rid)
    }

    /// A record that is here already, perhaps in another version.
    fn meet(&mut self, found: &Found, facts: &Facts, known: &Known, content: &Hash, stamp: Stamp) -> Result<Outcome> {
        let ver = if known.content == *content { Some(known.ver) } else { self.older(known.rid, content)? };
        let fresh = ver.is_none();
        let ver = match ver {
            Some(ver) => ver,
            None => {
                // Versions of a purged source leave gaps: the number follows the highest there is.
                let sql = "SELECT max(?2, coalesce((SELECT max(ver) FROM versions WHERE rid = ?1), 0)) + 1";
                let ver = self.conn()?.prepare_cached(sql)?.query_row([known.rid, known.ver], |r| r.get(0))?;
                let body = self.codec.shrink(&found.resource)?;
                let conn = self.conn.as_ref().ok_or_else(ended)?;
                let own: [&dyn rusqlite::ToSql; 4] = [&known.rid, &self.sid, &self.now, &body];
                let marks = ",?".repeat(COLUMNS.split(',').count());
                let sql = format!("INSERT INTO versions(rid, src, replaced, body, {COLUMNS}) VALUES(?,?,?,?{marks})");
                Columns::of(found, facts).write(conn, &sql, &own, ver, content)?;
                conn.prepare_cached("UPDATE records SET vers = ?2 WHERE rid = ?1")?.execute([known.rid, known.vers + 1])?;
                ver
            }
        };
        self.saw(known.rid, ver, stamp, &found.place)?;
        let conn = self.conn()?;
        if fresh || known.hidden || known.vers > 1 {
            settle::settle(conn, known.rid, Some((ver, facts, self.now)))?;
        }
        if known.hidden {
            // It was out of sight, so for the reader of the report it is new.
            conn.prepare_cached("UPDATE records SET added = ?2 WHERE rid = ?1")?.execute([known.rid, self.now])?;
            return Ok(Outcome::Stored);
        }
        Ok(if fresh { Outcome::Updated } else { Outcome::Duplicate })
    }

    fn older(&self, rid: i64, content: &Hash) -> Result<Option<i64>> {
        let mut statement = self.conn()?.prepare_cached("SELECT ver FROM versions WHERE rid = ?1 AND content = ?2")?;
        Ok(statement.query_row(params![rid, content.as_slice()], |r| r.get(0)).optional()?)
    }

    /// Notes that this source gave a version. A new reading of the source takes the place of the former reading, so that
    /// it does not overtake what other sources said since.
    fn saw(&self, rid: i64, ver: i64, stamp: Stamp, place: &str) -> Result<()> {
        let conn = self.conn()?;
        if self.again.as_ref().is_some_and(|again| !again.rids.contains(&rid)) {
            let sql = "UPDATE seen SET ver = ?3, stamp = ?4, vno = ?5, place = ?6, gone = 0 WHERE rid = ?1 AND seq =
                         (SELECT min(seq) FROM seen WHERE rid = ?1 AND src = ?2)";
            let values = params![rid, self.sid, ver, stamp.updated, stamp.version, place];
            if conn.prepare_cached(sql)?.execute(values)? > 0 {
                conn.prepare_cached(
                    "UPDATE seen SET gone = 1 WHERE rid = ?1 AND src = ?2 AND seq >
                       (SELECT min(seq) FROM seen WHERE rid = ?1 AND src = ?2)",
                )?
                .execute([rid, self.sid])?;
                return Ok(());
            }
        }
        let sql = "SELECT 1 FROM seen WHERE rid = ?1 AND src = ?2 AND ver = ?3 AND stamp IS ?4 AND vno IS ?5 AND gone = 0";
        if conn.prepare_cached(sql)?.exists(params![rid, self.sid, ver, stamp.updated, stamp.version])? {
            return Ok(());
        }
        let sql = "SELECT coalesce(max(seq) + 1, 0) FROM seen WHERE rid = ?1";
        let seq = conn.prepare_cached(sql)?.query_row([rid], |r| r.get(0))?;
        self.saw_at(rid, seq, ver, stamp, place)
    }

    /// One row and no more: a statement that may write several opens a savepoint of its own, and within [`Import::mark`]
    /// SQLite then walks, for every record, through all pages changed since.
    fn saw_at(&self, rid: i64, seq: i64, ver: i64, stamp: Stamp, place: &str) -> Result<()> {
        let sql = "INSERT INTO seen(rid, seq, src, ver, stamp, vno, place) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        self.conn()?.prepare_cached(sql)?.execute(params![rid, seq, self.sid, ver, stamp.updated, stamp.version, place])?;
        Ok(())
    }

    /// What the former reading of this source gave and the new one does not. It stays, unless this source alone gave it
    /// and the new reading gave another record from the very same place: then that record stands for it.
    fn supersede(&self, again: &Again) -> Result<()> {
        let conn = self.conn()?;
        let old: Vec<(i64, String)> = conn
            .prepare("SELECT rid, place FROM seen WHERE src = ?1 AND gone = 0")?
            .query_map([self.sid], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (rid, place) in old {
            if again.rids.contains(&rid) || !again.places.contains(&place) {
                continue;
            }
            let others = "SELECT 1 FROM seen WHERE rid = ?1 AND src <> ?2";
            if !conn.prepare_cached(others)?.exists([rid, self.sid])? {
                conn.prepare_cached("UPDATE seen SET gone = 1 WHERE rid = ?1 AND src = ?2")?.execute([rid, self.sid])?;
                settle::settle(conn, rid, None)?;
            }
        }
        Ok(())
    }

    /// A part begins that [`Import::undo`] can take back.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn mark(&self) -> Result<()> {
        // A mark of before is of no more use; there may be none.
        let conn = self.conn()?;
        let _ = conn.execute_batch("RELEASE part");
        Ok(conn.execute_batch("SAVEPOINT part")?)
    }

    /// Takes back everything put since [`Import::mark`].
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn undo(&self) -> Result<()> {
        Ok(self.conn()?.execute_batch("ROLLBACK TO part; RELEASE part")?)
    }

    /// As [`Chart::set_note`], in the same transaction.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn set_note(&self, name: &str, value: &str) -> Result<()> {
        chart::set_note(self.conn()?, name, value)
    }

    /// Makes it durable: the file becomes a source with this report (its `source` is filled in) and is kept. Only a new
    /// reading of a source comes without a file: its original is here, and its report stands beside the first one.
    ///
    /// # Errors
    /// Internal when the disk fails; nothing happened then.
    pub fn commit(mut self, staged: Option<Staged>, mut report: FileReport) -> Result<FileReport> {
        report.source.clone_from(&self.id);
        let again = self.again.take();
        if let Some(again) = &again {
            self.supersede(again)?;
        }
        let conn = self.conn()?;
        let json = serde_json::to_string(&report).map_err(Error::internal)?;
        // A new reading finds what the first one stored, so its counts stand beside the first ones and not in their place.
        let column = if again.is_some() { "reread" } else { "report" };
        conn.execute(&format!("UPDATE sources SET {column} = ?2 WHERE sid = ?1"), params![self.sid, json])?;
        set_inner(conn, "last_rid", &(self.next_rid - 1))?;
        match staged {
            Some(staged) => {
                conn.execute(
                    "UPDATE sources SET size = ?2, original = ?3, sha256 = ?4 WHERE sid = ?1",
                    params![self.sid, staged.size().cast_signed(), staged.name, staged.sha256()],
                )?;
                // The file first: a source without its original must not be, while a file without a source is swept.
                staged.keep(self.chart.shelf())?;
            }
            None if again.is_some() => {}
            None => return Err(Error::internal("a new source came without its file")),
        }
        self.write_down(&report, again.is_some())?;
        conn.execute_batch("COMMIT")?;
        self.chart.changed();
        // The journal has grown with the import; what is in the database already need not lie on the disk twice. A reader
        // may hold it for now: it then shrinks later.
        _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        Ok(report)
    }

    /// The entry in the activity log: what cannot be written there is not stored.
    fn write_down(&self, report: &FileReport, again: bool) -> Result<()> {
        if self.chart.activity.get().is_none() {
            return Ok(());
        }
        // What nobody brought in by hand came out of the inbox.
        let who = if self.by.is_empty() { Actor::system() } else { Actor::member("", &self.by) };
        let event = Event::new(who, Act::Imported)
            .with("source", &self.id)
            .with("name", &report.path)
            .with("found", report.found.to_string())
            .with("stored", report.stored.to_string())
            .with("updated", report.updated.to_string())
            .with("skipped", report.skipped.len().to_string())
            .with("again", if again { "yes" } else { "" });
        self.chart.log(&event).map(drop)
    }
}

fn ended() -> Error {
    Error::internal("an import was used after its end")
}

/// A value of the vault's own.
pub(super) fn inner<T: rusqlite::types::FromSql>(conn: &Connection, name: &str) -> Result<Option<T>> {
    Ok(conn.query_row("SELECT value FROM inner_notes WHERE name = ?1", [name], |r| r.get(0)).optional()?)
}

/// Keeps a value of the vault's own.
pub(super) fn set_inner(conn: &Connection, name: &str, value: &dyn rusqlite::ToSql) -> Result<()> {
    conn.execute(
        "INSERT INTO inner_notes(name, value) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value",
        params![name, value],
    )?;
    Ok(())
}
