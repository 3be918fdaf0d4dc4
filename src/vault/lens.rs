//! What a reader is held to: a scope and single records beside it; as SQL, and what is taken off a record that somebody sees who may not see everything.
//!
//! Every statement that reads records for a page holds [`condition`], so that a record outside of the scope is not there:
//! not in a list, not in a count, not as the target of a reference, not as a reason to answer a search differently.

use super::{Chart, Row, Scope, SourceInfo, columns};
use crate::import::report::FileReport;
use crate::import::{Limits, archive};
use crate::record::{Class, PartialDate, Resource, SensitiveSet, Standing, list, original_url, sensitive_words};
use crate::{Error, Kind, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rusqlite::Connection;
use sha1::Digest;
use std::collections::BTreeSet;
use std::io::Read;

/// What a view of a chart lets be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lens {
    scope: Scope,
    /// Single records, by rid, that are seen whether or not the scope takes them.
    also: BTreeSet<i64>,
}

impl Lens {
    pub(super) fn new(scope: Scope, also: BTreeSet<i64>) -> Self {
        Self { scope, also }
    }
}

impl std::ops::Deref for Lens {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}

/// ` AND …` for the table with this alias; nothing where everything may be seen. All of it is made of numbers.
pub(super) fn condition(lens: &Lens, alias: &str) -> String {
    let mut out = String::new();
    let mut none = String::new();
    let also = lens.also.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let denied = SensitiveSet::ALL.without(lens.sensitive);
    if !denied.is_empty() {
        let denied = denied.number();
        out.push_str(&format!(" AND ({alias}.sensitive & {denied}) = 0"));
        // "No known allergies" is no comfort to give where an allergy is kept back. It goes without a word of why.
        let (allergy, absent, current) = (Class::Allergy.number(), Standing::Absent as i64, Standing::Current as i64);
        none = format!(
            " AND NOT ({alias}.class = {allergy} AND {alias}.standing = {absent} AND EXISTS (SELECT 1 FROM records k WHERE k.hidden = 0
               AND k.class = {allergy} AND k.standing = {current} AND (k.sensitive & {denied}) <> 0 AND k.rid NOT IN ({also})))"
        );
    }
    if let Some(classes) = &lens.classes {
        // No class has the number 0: the list is never empty, which no index could answer.
        let numbers: String = classes.iter().map(|c| format!(",{}", c.number())).collect();
        out.push_str(&format!(" AND {alias}.class IN (0{numbers})"));
    }
    if let (Some(narrow), false) = (out.strip_prefix(" AND "), also.is_empty()) {
        return format!(" AND ({alias}.rid IN ({also}) OR {narrow}){none}");
    }
    out.push_str(&none);
    out
}

/// A row as the scope lets it be seen: without the place in its file, which may name another file or section, and with
/// the number of those older versions that may be seen.
pub(super) fn narrowed(conn: &Connection, scope: &Lens, row: Row) -> Result<Row> {
    let mut row = without_place(scope, row);
    if row.versions > 0 && !scope.is_everything() {
        let sql = format!("SELECT count(*) FROM versions v WHERE v.rid = ?1{}", condition(scope, "v"));
        row.versions = conn.prepare_cached(&sql)?.query_row([row.rid], |r| r.get(0))?;
    }
    Ok(row)
}

/// The same without asking for versions.
pub(super) fn without_place(scope: &Lens, mut row: Row) -> Row {
    if !scope.is_everything() {
        row.place.clear();
    }
    row
}

/// Whether a note is of the member who reads, and not of the chart.
pub(super) fn is_own_note(name: &str) -> bool {
    name.starts_with("last-visit/")
}

/// The person's photograph: like their name, for everyone who may open the chart.
const PHOTO: &str = "photo";

/// Whether a note may be read: one beside a document that may be seen, if it tells of nothing that may not.
pub(super) fn shows_note(conn: &Connection, scope: &Lens, name: &str, value: &str) -> bool {
    let beside = || {
        let rid = name.strip_prefix("document:")?.parse().ok()?;
        let row = columns::row_of(conn, scope, rid).ok().flatten()?;
        Some(scope.also.contains(&rid) || scope.allows(row.class, sensitive_words(value)))
    };
    is_own_note(name) || name == PHOTO || beside().unwrap_or(false)
}

/// The sources that gave something that may be seen, by their day.
pub(super) fn sources(conn: &Connection, scope: &Lens) -> Result<Vec<SourceInfo>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT s.id, s.imported, s.member FROM sources s WHERE s.removed IS NULL AND EXISTS
           (SELECT 1 FROM seen e JOIN records r ON r.rid = e.rid WHERE e.src = s.sid AND e.gone = 0 AND r.hidden = 0{})
         ORDER BY s.imported DESC, s.sid DESC",
        condition(scope, "r")
    ))?;
    let sources = statement.query_map([], |r| {
        let imported = r.get(1)?;
        Ok(SourceInfo {
            id: r.get(0)?,
            name: file_of(imported),
            size: 0,
            imported,
            by: r.get(2)?,
            report: FileReport::default(),
            reread: None,
            removed: None,
        })
    })?;
    Ok(sources.collect::<rusqlite::Result<_>>()?)
}

fn file_of(imported: i64) -> String {
    let day = jiff::Timestamp::from_second(imported).map(|t| t.to_zoned(jiff::tz::TimeZone::system()).date().to_string());
    let day = day.ok().and_then(|day| PartialDate::parse(&day));
    day.map_or_else(|| "A file".to_owned(), |day| format!("File of {}", day.words()))
}

impl Chart {
    /// The file that a document was made of: the original of its source, or the file at a path inside that, as many bytes as
    /// the limits allow for one document. Who may not see everything gets it only if it is the very file whose text
    /// stands in the record: an original may hold far more than the record that names it.
    ///
    /// # Errors
    /// NotFound; TooMuch; Internal when the original is damaged.
    pub fn file_of(&self, row: &Row, path: Option<&str>, limits: &Limits) -> Result<Vec<u8>> {
        // Asked again: the row may be older than the scope.
        let row = self.record(row.rid)?;
        let mut original = self.original_of(&row.source)?;
        let bytes = match path {
            Some(path) => archive::extract(&mut original, path, limits)?,
            None => {
                let mut bytes = Vec::new();
                original.take(limits.document_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
                if bytes.len() as u64 > limits.document_bytes {
                    let words = "This part is too large to show here. It is kept. You can save the original.";
                    return Err(Error::new(Kind::TooMuch, words));
                }
                bytes
            }
        };
        if self.is_limited() && !is_named_by(&row.resource(), path, &bytes) {
            return Err(Error::not_found());
        }
        Ok(bytes)
    }
}

/// Whether a document names these bytes by their hash (FHIR R4 Attachment.hash: SHA-1 in base64).
fn is_named_by(resource: &Resource, path: Option<&str>, bytes: &[u8]) -> bool {
    let (url, hash) = (original_url(path), BASE64_STANDARD.encode(sha1::Sha1::digest(bytes)));
    let is = |attachment: &Resource, key: &str, value: &str| attachment.get(key).and_then(Resource::as_str) == Some(value);
    list(resource, "content.attachment").into_iter().any(|a| is(a, "url", &url) && is(a, "hash", &hash))
}
