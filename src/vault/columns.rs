//! The columns of a record: what the index keeps, from facts to SQL and back to a [`Row`].

use super::body;
use super::import::Ready;
use super::query::Row;
use super::{lens, lens::Lens};
use crate::Result;
use crate::record::{Class, Flag, PartialDate, SensitiveSet, Standing};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, Params, ToSql, params};

/// Sort value of a record without a date: before every date.
pub(super) const UNDATED: i64 = i64::MIN;

/// The columns that a version carries, in `records` and in `versions` alike.
pub(super) const COLUMNS: &str = "ver, content, class, kind, fhir_id, title, code, grp, sort, date, until, standing, flag, \
     outside, number, unit, encounter, enc, full_url, ref, ref2, sensitive";

macro_rules! row {
    ($place:literal) => {
        concat!(
            "SELECT r.rid, r.class, r.kind, r.fhir_id, r.title, r.code, r.grp, r.date, r.until, r.standing, r.flag, r.number, r.unit, ",
            "r.full_url, r.added, r.vers, b.body, s.id, ",
            $place,
            ", lower(hex(r.key)), r.sensitive FROM records r JOIN bodies b ON b.rid = r.rid JOIN sources s ON s.sid = r.src"
        )
    };
}

/// What a row is read from: the record with alias `r`, its body `b.body`, the id of its source and its place.
pub(super) const ROW: &str = row!("(SELECT place FROM seen e WHERE e.rid = r.rid AND e.src = r.src ORDER BY e.gone, e.seq LIMIT 1)");
/// The same without the place: half as many pages of the database have to be deciphered.
pub(super) const ROW_WITHOUT_PLACE: &str = row!("NULL");

/// The columns of a record that is about to be written.
pub(super) struct Columns<'a>(&'a Ready);

impl<'a> Columns<'a> {
    pub(super) fn of(record: &'a Ready) -> Self {
        Self(record)
    }

    /// Runs a statement that ends in the columns of [`COLUMNS`], after some of its own.
    pub(super) fn write(&self, conn: &Connection, sql: &str, own: &[&dyn ToSql], ver: i64) -> Result<()> {
        let Ready { facts, content, kind, fhir_id, full_url: url, .. } = self.0;
        let last = url.as_deref().map(last_segment).filter(|l| Some(*l) != fhir_id.as_deref());
        let reference = fhir_id.as_deref().or(last).map(ref_hash);
        let second = fhir_id.as_deref().and(last).map(ref_hash);
        let text = |d: &'a Option<PartialDate>| d.as_ref().map(|d| d.text.as_str());
        let columns: [&dyn ToSql; 22] = [
            &ver,
            &content.as_slice(),
            &facts.class.number(),
            kind,
            fhir_id,
            &facts.title,
            &facts.code,
            &facts.group,
            &facts.date.as_ref().map_or(UNDATED, |d| d.start),
            &text(&facts.date),
            &text(&facts.end),
            &(facts.standing as i64),
            &facts.flag.map(flag_name),
            &outside(facts.flag),
            &facts.number,
            &facts.unit,
            &facts.encounter,
            &facts.encounter.as_deref().map(|e| ref_hash(last_segment(e))),
            url,
            &reference,
            &second,
            &facts.sensitive.number(),
        ];
        conn.prepare_cached(sql)?.execute(rusqlite::params_from_iter(own.iter().copied().chain(columns).map(Bound)))?;
        Ok(())
    }
}

/// A borrowed parameter among others of other types.
struct Bound<'a>(&'a dyn ToSql);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

fn outside(flag: Option<Flag>) -> bool {
    matches!(flag, Some(Flag::Below | Flag::Above | Flag::Outside))
}

fn flag_name(flag: Flag) -> &'static str {
    match flag {
        Flag::Below => "below",
        Flag::InRange => "in",
        Flag::Above => "above",
        Flag::Outside => "outside",
    }
}

fn flag_of(name: &str) -> Option<Flag> {
    [Flag::Below, Flag::InRange, Flag::Above, Flag::Outside].into_iter().find(|f| flag_name(*f) == name)
}

fn standing_of(n: i64) -> Standing {
    use Standing::{Absent, Current, Error, NotDone, Past, Planned};
    [Past, Planned, Absent, NotDone, Error].into_iter().find(|s| *s as i64 == n).unwrap_or(Current)
}

/// The part of a reference by which its target is looked up: what follows the last slash or colon, history left off.
pub(super) fn last_segment(reference: &str) -> &str {
    let whole = reference.split_once("/_history/").map_or(reference, |(before, _)| before);
    whole.rsplit(['/', ':']).next().unwrap_or(whole)
}

/// The number under which a segment is indexed.
pub(super) fn ref_hash(segment: &str) -> i64 {
    let hash = blake3::hash(segment.as_bytes());
    let mut eight = [0; 8];
    eight.copy_from_slice(&hash.as_bytes()[..8]);
    i64::from_le_bytes(eight)
}

/// Reads one row of a statement that begins as [`ROW`] does.
pub(super) fn row(r: &rusqlite::Row<'_>) -> Result<Row> {
    let date = |text: Option<String>| text.as_deref().and_then(PartialDate::parse);
    let flag: Option<String> = r.get(10)?;
    Ok(Row {
        rid: r.get(0)?,
        class: Class::from_number(r.get(1)?),
        kind: r.get(2)?,
        fhir_id: r.get(3)?,
        title: r.get(4)?,
        code: r.get(5)?,
        group: r.get(6)?,
        date: date(r.get(7)?),
        end: date(r.get(8)?),
        standing: standing_of(r.get(9)?),
        flag: flag.as_deref().and_then(flag_of),
        number: r.get(11)?,
        unit: r.get(12)?,
        full_url: r.get(13)?,
        added: r.get(14)?,
        versions: r.get::<_, u32>(15)?.saturating_sub(1),
        json: body::grow(r.get_ref(16)?.as_blob().map_err(|_| crate::Error::internal("a body is no blob"))?)?,
        source: r.get(17)?,
        place: r.get::<_, Option<String>>(18)?.unwrap_or_default(),
        key: r.get(19)?,
        sensitive: SensitiveSet::from_number(r.get(20)?),
    })
}

/// One row by its rid, as far as it is not hidden and the scope lets it be seen.
pub(super) fn row_of(conn: &Connection, scope: &Lens, rid: i64) -> Result<Option<Row>> {
    let sql = format!("{ROW} WHERE r.rid = ?1 AND r.hidden = 0{}", lens::condition(scope, "r"));
    match first(conn, &sql, params![rid])? {
        Some(row) => lens::narrowed(conn, scope, row).map(Some),
        None => Ok(None),
    }
}

/// The first row of a statement that begins as [`ROW`] does.
pub(super) fn first(conn: &Connection, sql: &str, params: impl Params) -> Result<Option<Row>> {
    conn.prepare_cached(sql)?.query_row(params, |r| Ok(row(r))).optional()?.transpose()
}
