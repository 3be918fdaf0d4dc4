//! Tables for a spreadsheet: a zip of CSV files (RFC 4180), one a kind of record, one row a record.
//!
//! UTF-8 with a byte order mark, since spreadsheets take it for another encoding without. A cell that a spreadsheet
//! would run as a formula gets an apostrophe in front (OWASP, "CSV Injection"); plain numbers keep their minus sign.

use super::Summary;
use super::line::Line;
use super::select::Ready;
use crate::Result;
use crate::record::Class;
use crate::vault::{Chart, Order};
use std::collections::HashMap;
use std::io::Write;
use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

/// A zip that is sent while it is made.
pub(super) type Zip<'a> = ZipWriter<StreamWriter<&'a mut dyn Write>>;

const HEAD: [&str; 14] = [
    "Date",
    "End",
    "Name",
    "Value",
    "Unit",
    "Range of the source",
    "State",
    "Status in the source",
    "Details",
    "From",
    "File",
    "Codes",
    "Type",
    "Id",
];

pub(super) fn write(chart: &Chart, selection: &Ready, out: &mut dyn Write) -> Result<Summary> {
    let mut zip = ZipWriter::new_stream(out);
    let records = tables(chart, selection, "", &mut zip)?;
    zip.finish().map_err(crate::Error::internal)?;
    Ok(Summary { records, ..Summary::default() })
}

/// The name of a kind's table.
pub(super) fn table_name(class: Class) -> String {
    let slug = if class == Class::Laboratory { "results" } else { class.slug() };
    format!("{slug}.csv")
}

/// Writes every table that has a row into a zip, below a folder. Returns how many records.
pub(super) fn tables(chart: &Chart, selection: &Ready, folder: &str, zip: &mut Zip<'_>) -> Result<u64> {
    let sources: HashMap<String, String> = chart.sources()?.into_iter().map(|s| (s.id, s.name)).collect();
    let mut records = 0;
    for &class in selection.classes() {
        let mut begun = false;
        selection.each(chart, &[class], &[], Order::Newest, &mut |row| {
            if !begun {
                begun = true;
                zip.start_file(format!("{folder}{}", table_name(class)), packed()).map_err(crate::Error::internal)?;
                zip.write_all("\u{feff}".as_bytes())?;
                zip.write_all(csv_line(&HEAD).as_bytes())?;
            }
            records += 1;
            let file = sources.get(&row.source).map_or("", String::as_str);
            let l = Line::of(&row);
            let id = row.fhir_id.as_deref().unwrap_or("");
            let cells = [
                &l.date, &l.end, &l.name, &l.value, &l.unit, &l.range, &l.state, &l.status, &l.details, &l.from, file, &l.codes, &row.kind,
                id,
            ];
            Ok(zip.write_all(csv_line(&cells).as_bytes())?)
        })?;
    }
    Ok(records)
}

pub(super) fn packed() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).large_file(true)
}

fn csv_line(cells: &[&str]) -> String {
    let mut out = cells.iter().map(|c| cell(c)).collect::<Vec<_>>().join(",");
    out.push_str("\r\n");
    out
}

fn cell(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let risky = plain.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || plain.starts_with(['\t', '\n']);
    let guarded = if risky && !is_number(&plain) { format!("'{plain}") } else { plain };
    let quoted = guarded.contains(['"', ',', '\n', '\t', ';', '\'']) || guarded != guarded.trim();
    if quoted { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_their_text_and_never_run() {
        for (given, written) in [
            ("7.40", "7.40"),
            ("-1.25", "-1.25"),
            ("one, two", "\"one, two\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("  @SUM(A1)", "\"'  @SUM(A1)\""),
            ("+1 555 0142", "\"'+1 555 0142\""),
            ("-2+3", "\"'-2+3\""),
            ("\tx", "\"'\tx\""),
            ("\r=1", "\"'=1\""),
            ("＝1", "\"'＝1\""),
            ("< 0.1", "< 0.1"),
            ("", ""),
        ] {
            assert_eq!(cell(given), written, "{given:?}");
        }
    }

    #[test]
    fn each_kind_has_its_own_table() {
        let names: std::collections::BTreeSet<_> = Class::ALL.into_iter().map(table_name).collect();
        assert_eq!(names.len(), Class::ALL.len());
        assert!(names.contains("results.csv") && names.contains("vital-signs.csv") && names.contains("medicines.csv"));
    }
}
