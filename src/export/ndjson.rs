//! NDJSON: one FHIR R4 resource a line (FHIR Bulk Data, "application/fhir+ndjson"), all types in one file.

use super::Summary;
use super::select::Ready;
use crate::Result;
use crate::vault::{Chart, Order};
use std::io::Write;

pub(super) fn write(chart: &Chart, selection: &Ready, out: &mut dyn Write) -> Result<Summary> {
    let mut summary = Summary::default();
    selection.each(chart, selection.classes(), &[], Order::Oldest, &mut |row| {
        summary.records += 1;
        // Bodies are kept without line breaks; JSON has none outside its white space.
        out.write_all(&row.json)?;
        Ok(out.write_all(b"\n")?)
    })?;
    Ok(summary)
}
