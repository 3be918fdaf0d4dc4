//! What goes out beside the records that were found: those that they point to, and those that tell where they came from
//! (FHIR R4 Search, "Including other resources in result").

use super::search::{EVERY, STRIDE, Wanted};
use super::{Asking, Problem};
use crate::record::{Resource, list};
use crate::vault::{Query, Row};
use serde_json::Value;
use std::collections::HashSet;

impl Asking {
    /// Each once, and none that was found itself. A token that may not read a record is not given it by this way either.
    pub(super) fn beside(&self, wanted: &Wanted, found: &[Row]) -> Result<Vec<Row>, Problem> {
        let mut out = Vec::new();
        let mut given: HashSet<i64> = found.iter().map(|row| row.rid).collect();
        for row in found.iter().filter(|_| !wanted.includes.is_empty()) {
            let resource = row.resource();
            for ((_, _, paths), only) in &wanted.includes {
                for text in references(&resource, paths) {
                    if let Some(there) = self.chart.resolve(row, text)?
                        && only.as_ref().is_none_or(|kind| *kind == there.kind)
                        && given.insert(there.rid)
                    {
                        out.push(there);
                    }
                }
            }
        }
        if wanted.provenance && !found.is_empty() {
            self.provenance(found, &mut |row| {
                if given.insert(row.rid) {
                    out.push(row);
                }
            })?;
        }
        Ok(out)
    }

    fn provenance(&self, found: &[Row], give: &mut dyn FnMut(Row)) -> Result<(), Problem> {
        let rids: HashSet<i64> = found.iter().map(|row| row.rid).collect();
        // There may be one for every record of the chart: only a target whose end is known is looked up.
        let ends: HashSet<&str> =
            found.iter().flat_map(|row| [row.fhir_id.as_deref(), row.full_url.as_deref()]).flatten().map(end).collect();
        let mut query = Query { types: vec!["Provenance".to_owned()], standings: EVERY.to_vec(), limit: STRIDE, ..Query::default() };
        loop {
            let listing = self.chart.list(&query)?;
            for row in listing.rows {
                let resource = row.resource();
                let mut tells = false;
                for text in references(&resource, &["target"]).filter(|text| ends.contains(end(text))) {
                    tells = tells || self.chart.resolve(&row, text)?.is_some_and(|there| rids.contains(&there.rid));
                }
                if tells {
                    give(row);
                }
            }
            query.after = listing.next;
            if query.after.is_none() {
                return Ok(());
            }
        }
    }

    /// Whether a record points to the one that is named: `Type/id` or `id`, as this server gives them.
    pub(super) fn points(&self, row: &Row, resource: &Resource, paths: &[&str], named: &str) -> Result<bool, Problem> {
        let mut parts = named.rsplit('/');
        let (id, kind) = (parts.next().unwrap_or_default(), parts.next());
        for text in references(resource, paths) {
            let there = self.chart.resolve(row, text)?;
            if there.is_some_and(|there| there.key == id && kind.is_none_or(|kind| kind == there.kind)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn references<'a>(resource: &'a Resource, paths: &'a [&str]) -> impl Iterator<Item = &'a str> {
    paths.iter().flat_map(|path| list(resource, path)).filter_map(|v| v.get("reference").and_then(Value::as_str))
}

/// The id in a reference, whatever stands before it and whichever version it names.
fn end(reference: &str) -> &str {
    let whole = reference.split("/_history/").next().unwrap_or(reference);
    whole.rsplit('/').next().unwrap_or(whole)
}
