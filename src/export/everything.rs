//! "Download everything": one zip, sent while it is made.
//!
//! ```text
//! README.txt             what this is and how to use it
//! index.html             reads in any browser, without a network
//! records.fhir.json      every record, for other programs and for Keepwell
//! tables/*.csv           for a spreadsheet
//! originals/*            the imported files, byte for byte, under their own names
//! ```
//! With a selection of dates or kinds the originals stay behind: a file cannot be cut, and it may hold what was left out.

use super::csv::{self, Zip, packed};
use super::html::{self, Kept};
use super::select::Ready;
use super::{Summary, fhir, readme};
use crate::vault::{Chart, SourceInfo};
use crate::{Error, Result};
use std::collections::HashSet;
use std::io::{Read, Write};
use zip::ZipWriter;

/// How much of a file is in memory at a time.
const PIECE: usize = 64 << 10;

pub(super) fn write(chart: &Chart, selection: &Ready, out: &mut dyn Write) -> Result<Summary> {
    let mut zip = ZipWriter::new_stream(out);
    // The files as they came hold what somebody with a narrow scope may not see.
    let everything = selection.everything && !chart.is_limited();
    let kept = if everything { originals(chart)? } else { Vec::new() };
    start(&mut zip, "README.txt")?;
    zip.write_all(readme::text(chart.person(), kept.len(), everything).as_bytes())?;
    start(&mut zip, "index.html")?;
    html::write(chart, selection, &kept, &mut zip)?;
    start(&mut zip, "records.fhir.json")?;
    let mut summary = fhir::write(chart, selection, &mut zip)?;
    csv::tables(chart, selection, "tables/", &mut zip)?;
    let mut piece = vec![0; PIECE];
    for Kept { source, path } in &kept {
        start(&mut zip, path)?;
        let mut original = chart.original(&source.id)?;
        loop {
            let n = original.read(&mut piece)?;
            if n == 0 {
                break;
            }
            zip.write_all(piece.get(..n).unwrap_or_default())?;
        }
        summary.originals += 1;
    }
    zip.finish().map_err(Error::internal)?;
    Ok(summary)
}

fn start(zip: &mut Zip<'_>, path: &str) -> Result<()> {
    zip.start_file(path, packed()).map_err(Error::internal)
}

/// The sources that were not removed, oldest first, each with its path in the zip.
fn originals(chart: &Chart) -> Result<Vec<Kept>> {
    let mut sources: Vec<SourceInfo> = chart.sources()?.into_iter().filter(|s| s.removed.is_none()).collect();
    sources.reverse();
    let mut taken = HashSet::new();
    Ok(sources
        .into_iter()
        .map(|source| {
            let path = format!("originals/{}", unique(&safe(&source.name), &mut taken));
            Kept { source, path }
        })
        .collect())
}

/// A file name that every system takes and that leads nowhere else.
fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let plain: String =
        last.chars().map(|c| if c.is_control() || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c }).collect();
    let plain: String = plain.trim_matches(['.', ' ']).chars().take(120).collect();
    let stem = plain.split('.').next().unwrap_or("").to_ascii_uppercase();
    let device = ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
        || stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")) && stem.ends_with(|c: char| c.is_ascii_digit());
    if plain.is_empty() {
        "file".to_owned()
    } else if device {
        format!("_{plain}")
    } else {
        plain
    }
}

/// The name, with a number where it is taken already; capitals do not tell names apart on every system.
fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let (stem, end) = match name.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() => (stem, format!(".{end}")),
        _ => (name, String::new()),
    };
    let mut number = 1;
    let mut out = name.to_owned();
    while !taken.insert(out.to_lowercase()) {
        number += 1;
        out = format!("{stem} ({number}){end}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for (given, name) in [
            ("AlderStreet-2026.json", "AlderStreet-2026.json"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ruth\\a.pdf", "a.pdf"),
            ("..", "file"),
            ("", "file"),
            ("a:b?.txt", "a_b_.txt"),
            ("nul.txt", "_nul.txt"),
            ("com1", "_com1"),
            ("comet.txt", "comet.txt"),
            ("línea \u{7}.xml", "línea _.xml"),
        ] {
            assert_eq!(safe(given), name, "{given:?}");
        }
    }

    #[test]
    fn no_two_files_share_a_name() {
        let mut taken = HashSet::new();
        let names: Vec<_> = ["a.pdf", "A.pdf", "a (2).pdf", "a", "a"].iter().map(|n| unique(n, &mut taken)).collect();
        assert_eq!(names, ["a.pdf", "A (2).pdf", "a (2) (2).pdf", "a", "a (2)"]);
    }
}
