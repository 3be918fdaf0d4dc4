//! Pages of records, newest first.

use super::params::{self, either};
use super::resource::Out;
use super::types::{self, Kind, PROVENANCE, Param};
use super::{Asking, Problem};
use crate::record::{PartialDate, Standing};
use crate::vault::{Cursor, Order, Query, Row};
use serde_json::{Value, json};

/// Records of a page: unless asked otherwise, and at most.
const PAGE: usize = 50;
const LARGEST: usize = 500;
/// Rows that are looked at in one go.
pub(super) const STRIDE: usize = 200;
/// All of them: a program is given what is stored, also what was entered in error.
pub(super) const EVERY: [Standing; 6] =
    [Standing::Current, Standing::Past, Standing::Planned, Standing::Absent, Standing::NotDone, Standing::Error];

/// What was asked for.
pub(super) struct Wanted {
    query: Query,
    count: usize,
    /// The number alone.
    only_count: bool,
    /// Nothing can meet it.
    none: bool,
    ids: Option<Vec<String>>,
    updated: Vec<params::Asked>,
    filters: Vec<(&'static Param, Vec<String>)>,
    /// What the records that are found point to: the elements, and the type where only that one is wanted.
    pub(super) includes: Vec<(&'static Param, Option<String>)>,
    /// Where the records that are found came from.
    pub(super) provenance: bool,
}

impl Asking {
    pub(super) fn search(&self, kind: &str, pairs: &[(String, String)]) -> Result<Value, Problem> {
        let wanted = self.wanted(Some(kind), pairs, &|query| query.types = vec![kind.to_owned()]);
        self.page(kind, pairs, wanted)
    }

    /// R4 Patient-everything: every record of the chart that the token may read.
    pub(super) fn everything(&self, patient: Option<&str>, pairs: &[(String, String)]) -> Result<Value, Problem> {
        if patient.is_some_and(|id| !self.is_patient(id)) {
            self.log("Patient", &[])?;
            return Err(Problem::not_found());
        }
        let pairs: Vec<_> =
            pairs.iter().map(|(n, v)| (if n == "_since" { "_lastUpdated".to_owned() } else { n.clone() }, v.clone())).collect();
        let (types, rest): (Vec<_>, Vec<_>) = pairs.iter().cloned().partition(|(name, _)| name == "_type");
        let types: Vec<String> = types.iter().flat_map(|(_, value)| either(value)).collect();
        // Since a moment: at or after it.
        let rest: Vec<_> = rest
            .into_iter()
            .map(|(n, v)| if n == "_lastUpdated" && v.starts_with(|c: char| c.is_ascii_digit()) { (n, format!("ge{v}")) } else { (n, v) })
            .collect();
        let wanted = self.wanted(None, &rest, &|query| query.types.clone_from(&types));
        let path = patient.map_or_else(|| "Patient/$everything".to_owned(), |id| format!("Patient/{id}/$everything"));
        self.page(&path, &pairs, wanted)
    }

    fn is_patient(&self, id: &str) -> bool {
        self.chart.record_by_key(id).is_ok_and(|row| row.kind == "Patient")
    }

    fn wanted(&self, kind: Option<&str>, pairs: &[(String, String)], narrow: &dyn Fn(&mut Query)) -> Result<Wanted, Problem> {
        let known = kind.and_then(types::of).unwrap_or_default();
        let mut query = Query { standings: EVERY.to_vec(), order: Order::Newest, limit: STRIDE, ..Query::default() };
        narrow(&mut query);
        let mut wanted = Wanted {
            query,
            count: PAGE,
            only_count: false,
            none: false,
            ids: None,
            updated: Vec::new(),
            filters: Vec::new(),
            includes: Vec::new(),
            provenance: false,
        };
        for (name, value) in pairs {
            match name.as_str() {
                "_count" => {
                    let count: usize = value.parse().map_err(|_| Problem::invalid("_count is not a number."))?;
                    wanted.only_count |= count == 0;
                    wanted.count = count.clamp(1, LARGEST);
                }
                "_summary" if value == "count" => wanted.only_count = true,
                "_summary" if value == "false" => {}
                "_format" if ["json", "application/json", "application/fhir+json", "application/fhir json"].contains(&value.as_str()) => {}
                "_format" => {
                    return Err(Problem::new(axum::http::StatusCode::NOT_ACCEPTABLE, "not-supported", "This server speaks JSON only."));
                }
                "_total" => {}
                "_sort" if value == "-date" => {}
                "_sort" if value == "date" => wanted.query.order = Order::Oldest,
                "_cursor" => wanted.query.after = Some(cursor(value).ok_or_else(|| Problem::invalid("_cursor is none of this server's."))?),
                // Either of several, and all of those that are repeated.
                "_id" => {
                    let ids = either(value);
                    wanted.ids = Some(match wanted.ids.take() {
                        Some(before) => before.into_iter().filter(|id| ids.contains(id)).collect(),
                        None => ids,
                    });
                }
                "_lastUpdated" => wanted.updated.push(params::Asked::read(value)?),
                "_include" => wanted.includes.push(include(kind, known, value).ok_or_else(unknown)?),
                "_revinclude" if value == PROVENANCE && kind.is_some() => wanted.provenance = true,
                name => self.own(&mut wanted, known, name, value)?,
            }
        }
        Ok(wanted)
    }

    /// A parameter of the type. One that is not known is an error: a filter that is passed over gives more than was asked for.
    fn own(&self, wanted: &mut Wanted, known: &'static [Param], name: &str, value: &str) -> Result<(), Problem> {
        let param = known.iter().find(|(n, ..)| *n == name).ok_or_else(unknown)?;
        let ids = || either(value).into_iter().map(|v| v.rsplit('/').next().unwrap_or_default().to_owned()).collect::<Vec<_>>();
        match param.1 {
            Kind::Patient => wanted.none |= !ids().iter().any(|id| self.is_patient(id)),
            Kind::Encounter => match ids().as_slice() {
                [id] => match self.chart.record_by_key(id).ok().filter(|row| row.kind == "Encounter") {
                    Some(row) => wanted.query.encounter = Some(row.rid),
                    None => wanted.none = true,
                },
                _ => return Err(Problem::invalid("Name one encounter.")),
            },
            Kind::Date => {
                either(value).iter().try_for_each(|date| params::Asked::read(date).map(drop))?;
                wanted.filters.push((param, either(value)));
            }
            Kind::Token | Kind::Text | Kind::Uri | Kind::Reference => wanted.filters.push((param, either(value))),
        }
        Ok(())
    }

    fn page(&self, path: &str, pairs: &[(String, String)], wanted: Result<Wanted, Problem>) -> Result<Value, Problem> {
        let what = path.split('/').next().unwrap_or_default();
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(problem) => {
                self.log(what, &[])?;
                return Err(problem);
            }
        };
        let (rows, more, total) = self.found(&wanted)?;
        let beside = self.beside(&wanted, &rows)?;
        self.log(what, &rows.iter().chain(&beside).map(|row| row.rid).collect::<Vec<_>>())?;
        let mut out = Out::new(&self.chart);
        let mut entries = Vec::with_capacity(rows.len() + beside.len());
        for (mode, rows) in [("match", &rows), ("include", &beside)] {
            for row in rows {
                let url = format!("{}/{}/{}", self.base, row.kind, row.key);
                entries.push(json!({"fullUrl": url, "resource": out.of(row)?, "search": {"mode": mode}}));
            }
        }
        let mut bundle = json!({"resourceType": "Bundle", "type": "searchset"});
        if let Some(total) = total {
            bundle["total"] = json!(total);
        }
        let mut links = vec![json!({"relation": "self", "url": self.link(path, pairs, None)})];
        if let Some(last) = rows.last().filter(|_| more) {
            links.push(json!({"relation": "next", "url": self.link(path, pairs, Some(last))}));
        }
        bundle["link"] = Value::Array(links);
        // An empty array is not FHIR.
        if !entries.is_empty() {
            bundle["entry"] = Value::Array(entries);
        }
        Ok(bundle)
    }

    /// The rows of a page, whether there are more, and how many there are in all where that is known.
    fn found(&self, wanted: &Wanted) -> Result<(Vec<Row>, bool, Option<u64>), Problem> {
        if wanted.none {
            return Ok((Vec::new(), false, Some(0)));
        }
        let plain = wanted.filters.is_empty() && wanted.updated.is_empty() && wanted.ids.is_none();
        let mut total = if plain { Some(self.chart.count(&wanted.query)?) } else { None };
        let (mut rows, mut query, mut met) = (Vec::new(), wanted.query.clone(), 0);
        if plain && wanted.only_count {
            return Ok((rows, false, total));
        }
        if let Some(ids) = &wanted.ids {
            // Few, and each of them known by its key.
            for id in ids.iter().take(LARGEST) {
                let row = self.chart.record_by_key(id).ok();
                let fits = |row: &Row| query.types.is_empty() || query.types.contains(&row.kind);
                if let Some(row) = row.filter(fits)
                    && self.meets(wanted, &row)?
                    && !rows.iter().any(|r: &Row| r.rid == row.rid)
                {
                    rows.push(row);
                }
            }
            let total = rows.len() as u64;
            return Ok((if wanted.only_count { Vec::new() } else { rows }, false, Some(total)));
        }
        loop {
            let listing = self.chart.list(&query)?;
            for row in listing.rows {
                if !self.meets(wanted, &row)? {
                    continue;
                }
                if wanted.only_count {
                    met += 1;
                } else if rows.len() == wanted.count {
                    return Ok((rows, true, total));
                } else {
                    rows.push(row);
                }
            }
            query.after = listing.next;
            if query.after.is_none() {
                break;
            }
        }
        if wanted.only_count {
            total = Some(met);
        } else if wanted.query.after.is_none() {
            // The one page holds them all.
            total = Some(rows.len() as u64);
        }
        Ok((rows, false, total))
    }

    fn link(&self, path: &str, pairs: &[(String, String)], after: Option<&Row>) -> String {
        let mut kept: Vec<(&str, String)> =
            pairs.iter().filter(|(name, _)| after.is_none() || name != "_cursor").map(|(n, v)| (n.as_str(), v.clone())).collect();
        if let Some(row) = after {
            kept.push(("_cursor", format!("{}.{}", row.date.as_ref().map_or(i64::MIN, |d: &PartialDate| d.start), row.rid)));
        }
        let query = serde_urlencoded::to_string(&kept).unwrap_or_default();
        if query.is_empty() { format!("{}/{path}", self.base) } else { format!("{}/{path}?{query}", self.base) }
    }

    fn meets(&self, wanted: &Wanted, row: &Row) -> Result<bool, Problem> {
        if !wanted.updated.iter().all(|asked| asked.is_met((row.added, row.added + 1))) {
            return Ok(false);
        }
        if wanted.filters.is_empty() {
            return Ok(true);
        }
        let resource = row.resource();
        for ((_, kind, paths), values) in &wanted.filters {
            let mut met = false;
            for value in values {
                met = met
                    || match kind {
                        Kind::Reference => self.points(row, &resource, paths, value)?,
                        _ => params::meets(&resource, *kind, paths, value)?,
                    };
            }
            if !met {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn unknown() -> Problem {
    Problem::new(
        axum::http::StatusCode::BAD_REQUEST,
        "not-supported",
        "This server does not search by one of these parameters. Its CapabilityStatement names those that it knows.",
    )
}

/// `MedicationRequest:medication`, or with the type that is wanted, `CareTeam:participant:Practitioner`.
fn include(kind: Option<&str>, known: &'static [Param], text: &str) -> Option<(&'static Param, Option<String>)> {
    let mut parts = text.split(':');
    let (from, name) = (parts.next()?, parts.next()?);
    let (only, more) = (parts.next(), parts.next());
    let param = known.iter().find(|(n, how, _)| *n == name && *how == Kind::Reference)?;
    let fits = Some(from) == kind && only.is_none_or(types::is_known) && more.is_none();
    fits.then(|| (param, only.map(str::to_owned)))
}

/// A place in a listing: numbers, nothing about health.
fn cursor(text: &str) -> Option<Cursor> {
    let (sort, rid) = text.split_once('.')?;
    Some(Cursor { sort: sort.parse().ok()?, rid: rid.parse().ok()? })
}
