//! NDJSON: one FHIR R4 resource a line (FHIR Bulk Data, "application/fhir+ndjson"), all types in one file.
//!
//! Reading it into an empty vault gives the same records (invariant 4). A line has no entry around it that could tell how a
//! vault knew the record, so that stands in an extension of its `meta` ([`LINE_EXTENSION`]): the key, the address by which
//! others refer to it, and its older versions, oldest first, as bytes. Other readers see the current version alone.

use super::Summary;
use super::fhir::{Addresses, FIRST};
use super::select::Ready;
use crate::import::fhir::LINE_EXTENSION;
use crate::vault::{Chart, Order, Row};
use crate::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::io::Write;

pub(super) fn write(chart: &Chart, selection: &Ready, out: &mut dyn Write) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut addresses = Addresses::default();
    for first in [true, false] {
        let types: &[&str] = if first { &FIRST } else { &[] };
        selection.each(chart, selection.classes(), types, Order::Oldest, &mut |row| {
            if !first && FIRST.contains(&row.kind.as_str()) {
                return Ok(());
            }
            let url = addresses.of(&row);
            let mut older = if row.versions > 0 { chart.versions(row.rid)? } else { Vec::new() };
            older.reverse();
            summary.versions += older.len() as u64;
            summary.records += 1;
            let mut line = serde_json::from_slice(&row.json).map_err(Error::internal)?;
            mark(&mut line, &row, &url, older.iter().map(|(_, version)| version));
            serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
            Ok(out.write_all(b"\n")?)
        })?;
    }
    Ok(summary)
}

/// Adds the extension at the end of `meta`, which is taken off again when the line is read.
fn mark<'r>(line: &mut Value, row: &Row, url: &str, older: impl Iterator<Item = &'r Row>) {
    let mut parts = vec![json!({"url": "key", "valueString": row.key}), json!({"url": "address", "valueUri": url})];
    parts.extend(older.map(|version| json!({"url": "older", "valueBase64Binary": BASE64_STANDARD.encode(&version.json)})));
    let ours = json!({"url": LINE_EXTENSION, "extension": parts});
    let meta = line.as_object_mut().map(|fields| fields.entry("meta").or_insert_with(|| json!({})));
    let Some(Value::Object(meta)) = meta else { return };
    if let Value::Array(extensions) = meta.entry("extension").or_insert_with(|| json!([])) {
        extensions.push(ours);
    }
}
