//! An import in one transaction: new records, duplicates, updates.

mod desk;
mod lane;
mod ready;

use super::body::Codec;
use super::{Act, By, Chart, Event, Staged, chart, files};
use crate::import::Found;
use crate::import::report::FileReport;
use crate::record::Facts;
use crate::{Error, Result};
use desk::Desk;
use lane::Lane;
use rusqlite::{Connection, OptionalExtension, params};

pub use lane::Tally;
pub(super) use ready::Ready;

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
    /// Taken out at the end, when its connection goes back to the chart.
    lane: Option<Lane>,
    buffer: Vec<u8>,
    id: String,
    scope: Option<String>,
    by: By,
}

impl std::fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Import").field("source", &self.id).finish_non_exhaustive()
    }
}

impl Drop for Import<'_> {
    fn drop(&mut self) {
        if let Some(desk) = self.lane.take().and_then(Lane::close) {
            desk::leave(&desk.conn);
            self.chart.give_back(desk.conn);
        }
    }
}

impl<'a> Import<'a> {
    pub(super) fn begin(chart: &'a Chart, name: &str, by: &By, again: Option<&str>) -> Result<Self> {
        let codec = Codec::new()?;
        let (conn, now) = (chart.take_writer(), files::now());
        match desk::begin(&conn, name, &by.name, again, now) {
            Ok(source) => {
                let lane = Lane::new(Desk::new(conn, codec, &source, again.is_some(), now));
                Ok(Self { chart, lane: Some(lane), buffer: Vec::new(), id: source.id, scope: None, by: by.clone() })
            }
            Err(e) => {
                desk::leave(&conn);
                chart.give_back(conn);
                Err(e)
            }
        }
    }

    fn lane(&mut self) -> Result<&mut Lane> {
        self.lane.as_mut().ok_or_else(ended)
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

    /// Stores one record, or links it as a duplicate, or updates it keeping the old version, and tells which.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn put(&mut self, found: &Found, facts: &Facts) -> Result<Outcome> {
        let record = Ready::of(found.clone(), facts.clone(), self.scope.as_deref(), &mut self.buffer)?;
        self.lane()?.rest()?.write(&record)
    }

    /// The same, but it may be stored a little later: [`Import::tally`] tells what became of it.
    ///
    /// # Errors
    /// Internal when the database fails, with this record or with one handed over before it.
    pub fn hand(&mut self, found: Found, facts: Facts) -> Result<()> {
        let record = Ready::of(found, facts, self.scope.as_deref(), &mut self.buffer)?;
        self.lane()?.hand(record)
    }

    /// What became of the records handed over since this was last asked. Waits until they are stored.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn tally(&mut self) -> Result<Tally> {
        self.lane()?.tally()
    }

    /// A part begins that [`Import::undo`] can take back.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn mark(&mut self) -> Result<()> {
        let conn = &self.lane()?.rest()?.conn;
        // A mark of before is of no more use; there may be none.
        let _ = conn.execute_batch("RELEASE part");
        Ok(conn.execute_batch("SAVEPOINT part")?)
    }

    /// Takes back everything put since [`Import::mark`].
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn undo(&mut self) -> Result<()> {
        Ok(self.lane()?.rest()?.conn.execute_batch("ROLLBACK TO part; RELEASE part")?)
    }

    /// As [`Chart::set_note`], in the same transaction, once everything handed over is tallied.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn set_note(&self, name: &str, value: &str) -> Result<()> {
        chart::set_note(&self.lane.as_ref().ok_or_else(ended)?.at_rest()?.conn, name, value)
    }

    /// Makes it durable: the file becomes a source with this report (its `source` is filled in) and is kept. Only a new
    /// reading of a source comes without a file: its original is here, and its report stands beside the first one.
    ///
    /// # Errors
    /// Internal when the disk fails; nothing happened then.
    pub fn commit(mut self, staged: Option<Staged>, mut report: FileReport) -> Result<FileReport> {
        report.source.clone_from(&self.id);
        let desk = self.lane()?.rest()?;
        let again = desk.again.take();
        if let Some(again) = &again {
            desk.supersede(again)?;
        }
        let (sid, last) = (desk.sid, desk.next_rid - 1);
        let conn = &self.lane.as_ref().ok_or_else(ended)?.at_rest()?.conn;
        let json = serde_json::to_string(&report).map_err(Error::internal)?;
        // A new reading finds what the first one stored, so its counts stand beside the first ones and not in their place.
        let column = if again.is_some() { "reread" } else { "report" };
        conn.execute(&format!("UPDATE sources SET {column} = ?2 WHERE sid = ?1"), params![sid, json])?;
        set_inner(conn, "last_rid", &last)?;
        match staged {
            Some(staged) => {
                conn.execute(
                    "UPDATE sources SET size = ?2, original = ?3, sha256 = ?4 WHERE sid = ?1",
                    params![sid, staged.size().cast_signed(), staged.name, staged.sha256()],
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
        let event = Event::new(self.by.who.clone(), Act::Imported)
            .from(self.by.from.clone())
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
