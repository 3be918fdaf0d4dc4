//! From a [`Query`] to SQL. Everything that a person typed is a parameter; the SQL is made of our own words alone.

use super::columns::UNDATED;
use super::{Cursor, Order, Query, lens, lens::Lens, refs, search};
use crate::Result;
use crate::record::{Class, Standing};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use std::collections::HashSet;

/// Every standing but that of what was entered in error.
const SHOWN: [Standing; 5] = [Standing::Current, Standing::Past, Standing::Planned, Standing::Absent, Standing::NotDone];
/// Up to so many records, it is faster to look at each than to walk an index in order.
const FEW: usize = 4000;

/// How a query is answered: the same conditions over one or several parts, each of which an index keeps in order.
pub(super) struct Plan {
    parts: Vec<Part>,
    conditions: String,
    values: Vec<Value>,
}

struct Part {
    /// `records AS r` with its index, or a list of records.
    from: &'static str,
    condition: &'static str,
    values: Vec<Value>,
}

impl Plan {
    pub(super) fn of(conn: &Connection, scope: &Lens, query: &Query) -> Result<Self> {
        let mut plan = Self { parts: Vec::new(), conditions: String::new(), values: Vec::new() };
        let listed = plan.listed(conn, scope, query)?;
        plan.conditions.push_str(&lens::condition(scope, "r"));
        plan.filter(query);
        plan.divide(query, listed);
        Ok(plan)
    }

    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.conditions.push_str(" AND ");
        self.conditions.push_str(condition);
        self.values.extend(values);
    }

    /// The records to look at one by one, where text, encounter or source leave few of them.
    fn listed(&mut self, conn: &Connection, scope: &Lens, query: &Query) -> Result<Option<Vec<i64>>> {
        let mut listed: Option<HashSet<i64>> = None;
        let mut meet = |rids: Vec<i64>| {
            let rids: HashSet<i64> = rids.into_iter().collect();
            listed = Some(match listed.take() {
                Some(old) => old.intersection(&rids).copied().collect(),
                None => rids,
            });
        };
        if let Some(encounter) = query.encounter {
            meet(refs::belonging_to(conn, scope, encounter)?);
        }
        if let Some(text) = query.text.as_deref().filter(|t| !t.trim().is_empty()) {
            match search::expression(conn, scope, text, None)? {
                None => meet(Vec::new()),
                Some(words) => {
                    let rids = search::matching(conn, &words, FEW + 1)?;
                    if rids.len() <= FEW {
                        meet(rids);
                    } else {
                        self.and("r.rid IN (SELECT rowid FROM words WHERE words MATCH ?)", [Value::from(words)]);
                    }
                }
            }
        }
        if let Some(source) = &query.source {
            let sid: Option<i64> =
                conn.query_row("SELECT sid FROM sources WHERE id = ?1 AND removed IS NULL", [source], |r| r.get(0)).optional()?;
            let rids: Vec<i64> = conn
                .prepare_cached("SELECT DISTINCT rid FROM seen WHERE src = ?1 LIMIT ?2")?
                .query_map([sid.unwrap_or(-1), FEW as i64 + 1], |r| r.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            if rids.len() <= FEW {
                meet(rids);
            }
            let given = "EXISTS (SELECT 1 FROM seen e WHERE e.rid = r.rid AND e.src = ? AND e.gone = 0)";
            self.and(given, [Value::from(sid.unwrap_or(-1))]);
        }
        Ok(listed.map(|set| set.into_iter().collect()))
    }

    fn filter(&mut self, query: &Query) {
        if let Some(from) = query.from {
            self.and("r.sort >= ?", [Value::from(from)]);
        }
        if let Some(until) = query.until {
            self.and("r.sort < ?", [Value::from(until)]);
        }
        if query.from.is_some() || query.until.is_some() {
            self.and("r.sort > ?", [Value::from(UNDATED)]);
        }
        if query.outside {
            self.and("r.outside = 1", []);
        }
        if query.numeric {
            self.and("r.number IS NOT NULL", []);
        }
        if let Some(since) = query.added_since {
            self.and("r.added >= ?", [Value::from(since)]);
        }
    }

    fn divide(&mut self, query: &Query, listed: Option<Vec<i64>>) {
        let group = query.group.iter().map(|g| Value::from(g.clone()));
        if let Some(rids) = listed {
            self.of_standings(query);
            if let Some(group) = &query.group {
                self.and("r.grp = ?", [Value::from(group.clone())]);
            }
            self.of_classes(query);
            self.of_types(query);
            let json = serde_json::Value::from(rids).to_string();
            let from = "json_each(?) AS j CROSS JOIN records AS r ON r.rid = j.value";
            self.parts.push(Part { from, condition: "r.hidden = 0", values: vec![Value::from(json)] });
        } else if query.group.is_none() && !query.outside && !query.types.is_empty() {
            self.of_classes(query);
            for kind in &query.types {
                self.of_each_standing(
                    query,
                    "records AS r INDEXED BY records_kind",
                    "r.hidden = 0 AND r.kind = ? AND r.standing = ?",
                    || Value::from(kind.clone()),
                );
            }
        } else {
            self.of_types(query);
            let classes: &[Class] = if query.classes.is_empty() { &Class::ALL } else { &query.classes };
            if query.group.is_none() && !query.outside {
                for class in classes {
                    self.of_each_standing(
                        query,
                        "records AS r INDEXED BY records_class",
                        "r.hidden = 0 AND r.class = ? AND r.standing = ?",
                        || Value::from(class.number()),
                    );
                }
            } else {
                self.of_standings(query);
                let (from, condition) = if query.group.is_some() {
                    ("records AS r INDEXED BY records_group", "r.hidden = 0 AND r.grp IS NOT NULL AND r.class = ? AND r.grp = ?")
                } else {
                    ("records AS r INDEXED BY records_outside", "r.hidden = 0 AND r.outside = 1 AND r.class = ?")
                };
                for class in classes {
                    let values = std::iter::once(Value::from(class.number())).chain(group.clone()).collect();
                    self.parts.push(Part { from, condition, values });
                }
            }
        }
        // The same class or type asked for twice is one part.
        let mut met: Vec<Vec<Value>> = Vec::new();
        self.parts.retain(|part| {
            let new = !met.contains(&part.values);
            met.push(part.values.clone());
            new
        });
    }

    /// Standings as parts, each of which an index keeps in order.
    fn of_each_standing(&mut self, query: &Query, from: &'static str, condition: &'static str, first: impl Fn() -> Value) {
        let standings: &[Standing] = if query.standings.is_empty() { &SHOWN } else { &query.standings };
        let part = |standing: &Standing| Part { from, condition, values: vec![first(), Value::from(*standing as i64)] };
        self.parts.extend(standings.iter().map(part));
    }

    /// Standings as a condition.
    fn of_standings(&mut self, query: &Query) {
        if query.standings.is_empty() {
            self.and("r.standing <> 6", []);
        } else {
            let marks = marks(query.standings.len());
            self.and(&format!("r.standing IN ({marks})"), query.standings.iter().map(|s| Value::from(*s as i64)));
        }
    }

    fn of_classes(&mut self, query: &Query) {
        if !query.classes.is_empty() {
            let condition = format!("r.class IN ({})", marks(query.classes.len()));
            self.and(&condition, query.classes.iter().map(|c| Value::from(c.number())));
        }
    }

    fn of_types(&mut self, query: &Query) {
        if !query.types.is_empty() {
            let condition = format!("r.kind IN ({})", marks(query.types.len()));
            self.and(&condition, query.types.iter().map(|k| Value::from(k.clone())));
        }
    }

    pub(super) fn count(&self, conn: &Connection) -> Result<u64> {
        let mut sum = 0;
        for part in &self.parts {
            let sql = format!("SELECT count(*) FROM {} WHERE {}{}", part.from, part.condition, self.conditions);
            let values = part.values.iter().chain(&self.values);
            sum += conn.prepare_cached(&sql)?.query_row(params_from_iter(values), |r| r.get::<_, i64>(0))?.cast_unsigned();
        }
        Ok(sum)
    }

    /// The places of the next rows in an order.
    pub(super) fn page(&self, conn: &Connection, order: Order, after: Option<Cursor>, limit: usize) -> Result<Vec<Cursor>> {
        match order {
            Order::Newest => {
                let mut out = self.merged(conn, "r.sort", "(r.sort, r.rid) < (?, ?)", "r.sort DESC, r.rid DESC", after, limit)?;
                out.sort_by_key(|c| std::cmp::Reverse((c.sort, c.rid)));
                out.truncate(limit);
                Ok(out)
            }
            Order::Oldest => self.oldest(conn, after, limit),
            Order::Added => {
                let mut out = self.merged(conn, "r.rid", "(r.rid, r.rid) < (?, ?)", "r.rid DESC", after, limit)?;
                out.sort_by_key(|c| std::cmp::Reverse(c.rid));
                out.truncate(limit);
                Ok(out)
            }
            Order::Title => self.by_title(conn, after, limit),
        }
    }

    /// Dated ones first, oldest first; then those without a date.
    fn oldest(&self, conn: &Connection, after: Option<Cursor>, limit: usize) -> Result<Vec<Cursor>> {
        let order = "r.sort, r.rid";
        let mut out = Vec::new();
        if after.is_none_or(|c| c.sort != UNDATED) {
            let from = after.unwrap_or(Cursor { sort: UNDATED, rid: i64::MAX });
            out = self.merged(conn, "r.sort", "(r.sort, r.rid) > (?, ?)", order, Some(from), limit)?;
            out.sort_by_key(|c| (c.sort, c.rid));
            out.truncate(limit);
        }
        if out.len() < limit {
            let from = after.filter(|c| c.sort == UNDATED).unwrap_or(Cursor { sort: UNDATED, rid: i64::MIN });
            let mut undated = self.merged(conn, "r.sort", "r.sort = ? AND r.rid > ?", order, Some(from), limit)?;
            undated.sort_by_key(|c| c.rid);
            undated.truncate(limit - out.len());
            out.append(&mut undated);
        }
        Ok(out)
    }

    /// The first rows of every part; the caller puts them in order.
    fn merged(
        &self,
        conn: &Connection,
        sort: &str,
        after_sql: &str,
        order: &str,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Cursor>> {
        let mut out = Vec::new();
        let forward = !order.contains("DESC");
        for part in &self.parts {
            let (and, cursor) = match after {
                Some(c) => (" AND ", vec![Value::from(c.sort), Value::from(c.rid)]),
                None => ("", Vec::new()),
            };
            let after_sql = if after.is_some() { after_sql } else { "" };
            let sql = format!(
                "SELECT {sort}, r.rid FROM {} WHERE {}{}{and}{after_sql} ORDER BY {order} LIMIT {limit}",
                part.from, part.condition, self.conditions
            );
            let values = part.values.iter().chain(&self.values).chain(&cursor);
            let mut statement = conn.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(values), |r| Ok(Cursor { sort: r.get(0)?, rid: r.get(1)? }))?;
            // A part is read only as far as it can still reach the page: the parts before it may have filled that.
            let last = nth(&mut out, limit, forward);
            for row in rows {
                let row: Cursor = row?;
                if last.is_some_and(|last| if forward { row.sort > last } else { row.sort < last }) {
                    break;
                }
                out.push(row);
            }
        }
        Ok(out)
    }

    /// The cursor holds no title: it names the last row, whose title is looked up again.
    fn by_title(&self, conn: &Connection, after: Option<Cursor>, limit: usize) -> Result<Vec<Cursor>> {
        let mut out: Vec<(String, i64)> = Vec::new();
        let last: Option<String> = match after {
            Some(c) => conn.query_row("SELECT title FROM records WHERE rid = ?1", [c.rid], |r| r.get(0)).optional()?,
            None => None,
        };
        let last = last.zip(after);
        let (after_sql, cursor) = match &last {
            Some((title, c)) => (" AND (r.title COLLATE NOCASE, r.rid) > (?, ?)", vec![Value::from(title.clone()), Value::from(c.rid)]),
            None => ("", Vec::new()),
        };
        for part in &self.parts {
            let sql = format!(
                "SELECT r.title, r.rid FROM {} WHERE {}{}{after_sql} ORDER BY r.title COLLATE NOCASE, r.rid LIMIT {limit}",
                part.from, part.condition, self.conditions
            );
            let values = part.values.iter().chain(&self.values).chain(&cursor);
            let mut statement = conn.prepare_cached(&sql)?;
            for row in statement.query_map(params_from_iter(values), |r| Ok((r.get(0)?, r.get(1)?)))? {
                out.push(row?);
            }
        }
        out.sort_by_cached_key(|(title, rid)| (title.to_ascii_lowercase(), *rid));
        out.truncate(limit);
        Ok(out.into_iter().map(|(_, rid)| Cursor { sort: 0, rid }).collect())
    }
}

/// The sort value of the last row of a page, once there are rows enough for one.
fn nth(rows: &mut [Cursor], limit: usize, forward: bool) -> Option<i64> {
    if limit == 0 || rows.len() < limit {
        return None;
    }
    let by = |c: &Cursor| if forward { c.sort } else { c.sort.checked_neg().unwrap_or(i64::MAX) };
    Some(rows.select_nth_unstable_by_key(limit - 1, by).1.sort)
}

fn marks(n: usize) -> String {
    vec!["?"; n].join(",")
}
