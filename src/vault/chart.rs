//! One person's chart, open: the encrypted database and the originals beside it.

use super::{Added, Group, Hit, Listing, Original, PersonInfo, Query, Row, SourceInfo, Staged, Staging};
use crate::Result;
use crate::import::Found;
use crate::import::report::FileReport;
use crate::record::{Class, Facts};
use std::collections::BTreeMap;

/// An open chart. Cheap to share; reading goes on while an import writes.
#[derive(Debug)]
pub struct Chart {}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Outcome {
    Stored,
    Updated,
    Duplicate,
}

/// An import in one transaction. Dropped without `commit`, nothing happened.
#[derive(Debug)]
pub struct Import<'a> {
    _chart: &'a Chart,
}

impl Import<'_> {
    /// Stores one record, or links it as a duplicate, or updates it keeping the old version.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn put(&mut self, found: &Found, facts: &Facts) -> Result<Outcome> {
        let _ = (found, facts);
        unimplemented!()
    }

    /// What makes a short id unique: the file's patient. Holds for the records put from now on.
    pub fn scope(&mut self, scope: &str) {
        let _ = scope;
        unimplemented!()
    }

    /// As [`Chart::set_note`], within the transaction.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn set_note(&self, name: &str, value: &str) -> Result<()> {
        let _ = (name, value);
        unimplemented!()
    }

    /// Makes it durable: the file becomes a source with this report (its `source` is filled in) and is kept.
    ///
    /// # Errors
    /// Internal when the disk fails; nothing happened then.
    pub fn commit(self, staged: Option<Staged>, report: FileReport) -> Result<FileReport> {
        let _ = (staged, report);
        unimplemented!()
    }
}

impl Chart {
    /// Whose chart.
    pub fn person(&self) -> &PersonInfo {
        unimplemented!()
    }

    // ---- writing

    /// A file begins to arrive.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn stage(&self) -> Result<Staging> {
        unimplemented!()
    }

    /// Begins an import; one at a time, a second waits. `again` names the source that is read again by `reimport`.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn import(&self, name: &str, by: &str, again: Option<&str>) -> Result<Import<'_>> {
        let _ = (name, by, again);
        unimplemented!()
    }

    /// Takes a source and its records out; they can be brought back for 30 days.
    ///
    /// # Errors
    /// NotFound.
    pub fn remove_source(&self, id: &str) -> Result<()> {
        let _ = id;
        unimplemented!()
    }

    /// Brings a removed source back.
    ///
    /// # Errors
    /// NotFound, also when 30 days have passed.
    pub fn restore_source(&self, id: &str) -> Result<()> {
        let _ = id;
        unimplemented!()
    }

    /// A small value kept in the chart (accepted identities, last visit, settings): JSON text under a name.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn set_note(&self, name: &str, value: &str) -> Result<()> {
        let _ = (name, value);
        unimplemented!()
    }

    // ---- reading

    /// A value kept by [`Chart::set_note`].
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn note(&self, name: &str) -> Result<Option<String>> {
        let _ = name;
        unimplemented!()
    }

    /// Sources, newest first, removed ones included.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn sources(&self) -> Result<Vec<SourceInfo>> {
        unimplemented!()
    }

    /// The imported file, byte for byte.
    ///
    /// # Errors
    /// NotFound; Internal when the file is damaged.
    pub fn original(&self, source: &str) -> Result<Original> {
        let _ = source;
        unimplemented!()
    }

    /// A page of records.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn list(&self, query: &Query) -> Result<Listing> {
        let _ = query;
        unimplemented!()
    }

    /// Every record that a query meets, one by one, in flat memory (`limit` and `after` are ignored). For exports.
    ///
    /// # Errors
    /// Internal when the database fails; whatever `each` returns.
    pub fn each(&self, query: &Query, each: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
        let _ = (query, each);
        unimplemented!()
    }

    /// How many records a query meets.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn count(&self, query: &Query) -> Result<u64> {
        let _ = query;
        unimplemented!()
    }

    /// One record.
    ///
    /// # Errors
    /// NotFound.
    pub fn record(&self, rid: i64) -> Result<Row> {
        let _ = rid;
        unimplemented!()
    }

    /// The record that a reference in `from` points to (FHIR R4 Bundle, "Resolving references in Bundles"):
    /// `urn:uuid:…`, absolute and relative ones.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn resolve(&self, from: &Row, reference: &str) -> Result<Option<Row>> {
        let _ = (from, reference);
        unimplemented!()
    }

    /// Older versions of a record, newest first, each with the time at which it was replaced.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn versions(&self, rid: i64) -> Result<Vec<(i64, Row)>> {
        let _ = rid;
        unimplemented!()
    }

    /// All sources that gave a record, first one first.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn sources_of(&self, rid: i64) -> Result<Vec<String>> {
        let _ = rid;
        unimplemented!()
    }

    /// The groups of some classes, each with its newest record, sorted by title.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn groups(&self, classes: &[Class]) -> Result<Vec<Group>> {
        let _ = classes;
        unimplemented!()
    }

    /// How many records there are of each class (entered in error left aside).
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn counts(&self) -> Result<BTreeMap<Class, u64>> {
        unimplemented!()
    }

    /// What came in since a moment, by source and class, newest first.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn added_since(&self, moment: i64) -> Result<Vec<Added>> {
        let _ = moment;
        unimplemented!()
    }

    /// Full-text search as a person types it: the last word may be unfinished, endings and accents are forgiven,
    /// and a word that meets nothing is tried shorter.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>> {
        let _ = (text, limit);
        unimplemented!()
    }

    /// Integrity of the database and the originals; `deep` decrypts and hashes all. The findings in words.
    ///
    /// # Errors
    /// Internal when it cannot be checked at all.
    pub fn check(&self, deep: bool) -> Result<Vec<String>> {
        let _ = deep;
        unimplemented!()
    }
}
