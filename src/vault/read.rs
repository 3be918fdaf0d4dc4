//! Reading lists of records: each page of a list costs what it shows, however large the chart.

use super::columns::{self, ROW, ROW_WITHOUT_PLACE, UNDATED};
use super::select::Plan;
use super::{Added, Chart, Cursor, Group, Listing, Order, Query, Row, lens, lens::Lens, settle};
use crate::record::Class;
use crate::{Error, Result};
use rusqlite::{CachedStatement, Connection, OptionalExtension};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Places of records that [`Chart::each`] holds at a time: few enough for any machine, enough that finding them costs nothing.
const STRIDE: usize = 10_000;

impl Chart {
    /// A page of records.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn list(&self, query: &Query) -> Result<Listing> {
        let conn = self.reader()?;
        let plan = Plan::of(&conn, &self.scope, query)?;
        let limit = if query.limit == 0 { 50 } else { query.limit };
        page(&conn, &self.scope, &plan, query.order, query.after, limit)
    }

    /// Every record that a query meets, one by one, in flat memory (`limit` and `after` are ignored). For exports.
    ///
    /// # Errors
    /// Internal when the database fails; whatever `each` returns.
    pub fn each(&self, query: &Query, each: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
        let conn = self.reader()?;
        // One read transaction: an import that ends meanwhile does not show.
        let tx = conn.unchecked_transaction()?;
        let plan = Plan::of(&tx, &self.scope, query)?;
        let mut after = None;
        loop {
            let found = plan.page(&tx, query.order, after, STRIDE)?;
            let mut rows = Rows::of(&tx, &self.scope)?;
            found.iter().try_for_each(|c| each(rows.at(c.rid)?))?;
            after = found.last().filter(|_| found.len() == STRIDE).copied();
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// The numbers of the records that a query meets, in its order (`limit` and `after` are ignored).
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn rids(&self, query: &Query) -> Result<Vec<i64>> {
        let conn = self.reader()?;
        let plan = Plan::of(&conn, &self.scope, query)?;
        Ok(plan.page(&conn, query.order, None, i64::MAX as usize)?.into_iter().map(|c| c.rid).collect())
    }

    /// Records by their numbers, without the places in their files; one that is no longer there is left out. Rising numbers are
    /// read fastest: each page of the database is deciphered once.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn records(&self, rids: &[i64]) -> Result<Vec<Row>> {
        let conn = self.reader()?;
        let tx = conn.unchecked_transaction()?;
        let condition = lens::condition(&self.scope, "r");
        let mut statement = tx.prepare_cached(&format!("{ROW_WITHOUT_PLACE} WHERE r.rid = ?1 AND r.hidden = 0{condition}"))?;
        let mut one = |rid: &i64| -> Result<Option<Row>> {
            let row = statement.query_row([rid], |r| Ok(columns::row(r))).optional()?.transpose()?;
            row.map(|row| lens::narrowed(&tx, &self.scope, row)).transpose()
        };
        rids.iter().filter_map(|rid| one(rid).transpose()).collect()
    }

    /// How many records a query meets.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn count(&self, query: &Query) -> Result<u64> {
        let conn = self.reader()?;
        Plan::of(&conn, &self.scope, query)?.count(&conn)
    }

    /// One record.
    ///
    /// # Errors
    /// NotFound.
    pub fn record(&self, rid: i64) -> Result<Row> {
        columns::row_of(&*self.reader()?, &self.scope, rid)?.ok_or_else(Error::not_found)
    }

    /// Older versions of a record, newest first, each with the time at which it was replaced.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn versions(&self, rid: i64) -> Result<Vec<(i64, Row)>> {
        settle::versions(&*self.reader()?, &self.scope, rid)
    }

    /// All sources that gave a record, first one first.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn sources_of(&self, rid: i64) -> Result<Vec<String>> {
        let conn = self.reader()?;
        let mut statement = conn.prepare_cached(&format!(
            "SELECT s.id FROM seen e JOIN sources s ON s.sid = e.src JOIN records r ON r.rid = e.rid
             WHERE e.rid = ?1 AND e.gone = 0 AND s.removed IS NULL{} GROUP BY s.sid ORDER BY min(e.seq)",
            lens::condition(&self.scope, "r")
        ))?;
        Ok(statement.query_map([rid], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// The sources of each record that more than one gave, by rid, first one first. One scan, for exports.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn given_again(&self) -> Result<HashMap<i64, Vec<String>>> {
        let conn = self.reader()?;
        let mut statement = conn.prepare_cached(&format!(
            "SELECT e.rid, s.id FROM seen e JOIN sources s ON s.sid = e.src JOIN records r ON r.rid = e.rid
             WHERE e.gone = 0 AND s.removed IS NULL{} GROUP BY e.rid, s.sid ORDER BY e.rid, min(e.seq)",
            lens::condition(&self.scope, "r")
        ))?;
        let mut rows = statement.query([])?;
        let mut out: HashMap<i64, Vec<String>> = HashMap::new();
        let mut last: Option<(i64, String)> = None;
        while let Some(r) = rows.next()? {
            let (rid, source): (i64, String) = (r.get(0)?, r.get(1)?);
            match &last {
                Some((before, first)) if *before == rid => out.entry(rid).or_insert_with(|| vec![first.clone()]).push(source),
                _ => last = Some((rid, source)),
            }
        }
        Ok(out)
    }

    /// The groups of some classes, each with its newest record, sorted by title.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn groups(&self, classes: &[Class]) -> Result<Vec<Group>> {
        let change = {
            let remembered = self.remembered();
            if let Some(groups) = remembered.groups.get(classes) {
                return Ok(Vec::clone(groups));
            }
            remembered.change
        };
        let conn = self.reader()?;
        let mut out = Vec::new();
        // The index alone tells each group's number and newest date; only the newest record itself is fetched.
        let mut statement = conn.prepare_cached(&format!(
            "SELECT grp, count(*), max(sort), rid FROM records AS r INDEXED BY records_group
             WHERE hidden = 0 AND grp IS NOT NULL AND class = ?1 AND standing <> 6{} GROUP BY grp",
            lens::condition(&self.scope, "r")
        ))?;
        for class in classes {
            let found: Vec<(String, i64, i64)> =
                statement.query_map([class.number()], |r| Ok((r.get(0)?, r.get(1)?, r.get(3)?)))?.collect::<rusqlite::Result<_>>()?;
            for (key, count, rid) in found {
                if let Some(latest) = columns::row_of(&conn, &self.scope, rid)? {
                    out.push(Group { key, count: count.cast_unsigned(), latest });
                }
            }
        }
        // The same group in two of the classes is one.
        out.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| order_of(&b.latest).cmp(&order_of(&a.latest))));
        out.dedup_by(|later, kept| {
            later.key == kept.key && {
                kept.count += later.count;
                true
            }
        });
        out.sort_by_cached_key(|g| (g.latest.title.to_lowercase(), g.key.clone()));
        let mut remembered = self.remembered();
        if remembered.change == change {
            remembered.groups.insert(classes.to_vec(), Arc::new(out.clone()));
        }
        Ok(out)
    }

    /// How many records there are of each class (entered in error left aside).
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn counts(&self) -> Result<BTreeMap<Class, u64>> {
        let change = {
            let remembered = self.remembered();
            if let Some(counts) = &remembered.counts {
                return Ok(counts.clone());
            }
            remembered.change
        };
        let conn = self.reader()?;
        let counts: BTreeMap<Class, u64> = conn
            .prepare_cached(&format!(
                "SELECT class, count(*) FROM records AS r WHERE hidden = 0 AND standing <> 6{} GROUP BY class",
                lens::condition(&self.scope, "r")
            ))?
            .query_map([], |r| Ok((Class::from_number(r.get(0)?), r.get::<_, i64>(1)?.cast_unsigned())))?
            .collect::<rusqlite::Result<_>>()?;
        let mut remembered = self.remembered();
        if remembered.change == change {
            remembered.counts = Some(counts.clone());
        }
        Ok(counts)
    }

    /// What came in since a moment, by source and class, newest first.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn added_since(&self, moment: i64) -> Result<Vec<Added>> {
        let change = {
            let remembered = self.remembered();
            if let Some((_, added)) = remembered.added.as_ref().filter(|(since, _)| *since == moment) {
                return Ok(added.clone());
            }
            remembered.change
        };
        let conn = self.reader()?;
        // A single max() makes SQLite give the other columns of the row that holds it. Sources are numbered as they come.
        let mut statement = conn.prepare_cached(&format!(
            "SELECT src, class, count(*), max(sort), rid FROM records AS r INDEXED BY records_added
             WHERE hidden = 0 AND added >= ?1 AND standing <> 6{} GROUP BY src, class ORDER BY src DESC, class",
            lens::condition(&self.scope, "r")
        ))?;
        let found: Vec<(Class, i64, i64)> = statement
            .query_map([moment], |r| Ok((Class::from_number(r.get(1)?), r.get(2)?, r.get(4)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut out = Vec::new();
        for (class, count, rid) in found {
            if let Some(latest) = columns::row_of(&conn, &self.scope, rid)? {
                out.push(Added { source: latest.source.clone(), class, count: count.cast_unsigned(), latest });
            }
        }
        let mut remembered = self.remembered();
        if remembered.change == change {
            remembered.added = Some((moment, out.clone()));
        }
        Ok(out)
    }
}

fn order_of(row: &Row) -> (i64, i64) {
    (row.date.as_ref().map_or(UNDATED, |d| d.start), row.rid)
}

fn page(conn: &Connection, scope: &Lens, plan: &Plan, order: Order, after: Option<Cursor>, limit: usize) -> Result<Listing> {
    let mut found = plan.page(conn, order, after, limit + 1)?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).copied();
    let mut rows = Rows::of(conn, scope)?;
    let rows = found.iter().map(|c| rows.at(c.rid)).collect::<Result<_>>()?;
    Ok(Listing { rows, next })
}

/// Reads rows whose places were found in the same transaction.
struct Rows<'a> {
    conn: &'a Connection,
    scope: &'a Lens,
    statement: CachedStatement<'a>,
}

impl<'a> Rows<'a> {
    fn of(conn: &'a Connection, scope: &'a Lens) -> Result<Self> {
        Ok(Self { conn, scope, statement: conn.prepare_cached(&format!("{ROW} WHERE r.rid = ?1"))? })
    }

    fn at(&mut self, rid: i64) -> Result<Row> {
        let row = self.statement.query_row([rid], |r| Ok(columns::row(r)))??;
        lens::narrowed(self.conn, self.scope, row)
    }
}
