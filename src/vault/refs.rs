//! References between records (FHIR R4 Bundle, "Resolving references in Bundles").

use super::columns::{self, last_segment, ref_hash};
use super::identity::unique_in_shape;
use super::lens::Lens;
use super::{Chart, Row};
use crate::Result;
use rusqlite::{Connection, params};

impl Chart {
    /// The record that a reference in `from` points to (FHIR R4 Bundle, "Resolving references in Bundles"):
    /// `urn:uuid:…`, absolute and relative ones. A relative one is looked for on the server of `from`, then among what its
    /// sources gave, and beyond only where its id is unique in the world: `Patient/1` of another file is somebody else.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn resolve(&self, from: &Row, reference: &str) -> Result<Option<Row>> {
        let conn = self.reader()?;
        let Some(reference) = Reference::parse(reference) else { return Ok(None) };
        let hash = ref_hash(last_segment(reference.text));
        let candidates: Vec<i64> = conn
            .prepare_cached(
                "SELECT rid FROM records WHERE ref = ?1 AND hidden = 0 UNION SELECT rid FROM records WHERE ref2 = ?1 AND hidden = 0",
            )?
            .query_map([hash], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut best: Option<(u8, Row)> = None;
        for rid in candidates {
            let Some(row) = columns::row_of(&conn, &self.scope, rid)? else { continue };
            let rank = reference.rank(&Target::of(&row), from.full_url.as_deref(), || share_source(&conn, from.rid, rid))?;
            if rank > best.as_ref().map_or(0, |b| b.0) {
                best = Some((rank, row));
            }
        }
        Ok(best.map(|b| b.1))
    }
}

/// What a reference may mean.
struct Target<'a> {
    kind: &'a str,
    id: Option<&'a str>,
    url: Option<&'a str>,
}

impl<'a> Target<'a> {
    fn of(row: &'a Row) -> Self {
        Self { kind: &row.kind, id: row.fhir_id.as_deref(), url: row.full_url.as_deref() }
    }

    /// Whether the record goes by this type; sure, if its address says so or does not say otherwise. R4 has renamed types,
    /// and an older source still calls its `ReferralRequest/1` by that name.
    fn is_called(&self, kind: &str) -> Option<bool> {
        let names_type = |k: &&str| k.starts_with(|c: char| c.is_ascii_uppercase()) && k.bytes().all(|b| b.is_ascii_alphanumeric());
        let named = self.url.and_then(|url| {
            let (rest, id) = url.rsplit_once('/')?;
            rest.rsplit('/').next().filter(names_type).filter(|_| self.id == Some(id))
        });
        match named.unwrap_or(self.kind) == kind {
            true => Some(true),
            false if self.kind == kind => Some(false),
            false => None,
        }
    }
}

/// A literal reference, without the part that names a version.
struct Reference<'a> {
    text: &'a str,
    /// Type and id, as far as it names them.
    named: Option<(&'a str, &'a str)>,
    absolute: bool,
}

impl<'a> Reference<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        // Contained resources stand in the record itself; a search is no literal reference.
        if text.is_empty() || text.starts_with('#') || text.contains('?') {
            return None;
        }
        let text = text.split_once("/_history/").map_or(text, |(before, _)| before);
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let urn = text.starts_with("urn:");
        let mut parts = text.rsplit('/');
        let id = parts.next().filter(|id| !id.is_empty());
        let named = if urn { None } else { parts.next().filter(|k| !k.is_empty()).zip(id) };
        Some(Self { text, named, absolute: urn || text.contains("://") })
    }

    /// How surely the reference means this record: 0 is not at all. `near` tells whether both came in one source.
    fn rank(&self, target: &Target<'_>, from: Option<&str>, near: impl FnOnce() -> Result<bool>) -> Result<u8> {
        if self.absolute {
            if target.url == Some(self.text) {
                return Ok(if near()? { 10 } else { 8 });
            }
            // A resource that gives no address of its own can only be known by its id, and only within its file.
            let bare = target.url.is_none_or(|url| !url.contains(':'))
                && match self.named {
                    Some((kind, id)) => target.is_called(kind).is_some() && target.id == Some(id),
                    None => target.id == Some(last_segment(self.text)),
                };
            return Ok(u8::from(bare && near()?));
        }
        let Some((kind, id)) = self.named else { return Ok(0) };
        // A resource without an id is known by the end of its address.
        let known = target.id == Some(id) || target.id.is_none() && target.url.map(last_segment) == Some(id);
        let Some(sure) = target.is_called(kind).filter(|_| known) else { return Ok(0) };
        let (here, there) = (from.and_then(base), target.url.and_then(base));
        let rank = if here.is_some() && here == there {
            8
        } else if near()? {
            6
        } else {
            2 * u8::from(unique_in_shape(id))
        };
        Ok(if rank > 0 { rank + u8::from(sure) } else { 0 })
    }
}

/// The server's address in `https://host/fhir/Type/id`.
fn base(url: &str) -> Option<&str> {
    let (rest, _id) = url.rsplit_once('/')?;
    let (base, _kind) = rest.rsplit_once('/')?;
    base.contains("://").then_some(base)
}

/// Whether one source gave both records.
fn share_source(conn: &Connection, a: i64, b: i64) -> Result<bool> {
    let sql = "SELECT 1 FROM seen a JOIN seen b ON b.src = a.src WHERE a.rid = ?1 AND b.rid = ?2";
    Ok(conn.prepare_cached(sql)?.exists([a, b])?)
}

/// The records that say of themselves that they belong to an encounter.
pub(super) fn belonging_to(conn: &Connection, scope: &Lens, encounter: i64) -> Result<Vec<i64>> {
    let Some(row) = columns::row_of(conn, scope, encounter)? else { return Ok(Vec::new()) };
    let target = Target::of(&row);
    let hash = |text: Option<&str>| text.map(|t| ref_hash(last_segment(t)));
    let mut statement =
        conn.prepare_cached("SELECT rid, encounter, full_url FROM records WHERE enc IN (?1, ?2) AND hidden = 0 AND encounter IS NOT NULL")?;
    let mut rows = statement.query(params![hash(target.id), hash(target.url)])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let (rid, reference, from): (i64, String, Option<String>) = (r.get(0)?, r.get(1)?, r.get(2)?);
        if let Some(reference) = Reference::parse(&reference)
            && reference.rank(&target, from.as_deref(), || share_source(conn, rid, encounter))? > 0
        {
            out.push(rid);
        }
    }
    Ok(out)
}
