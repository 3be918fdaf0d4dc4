//! A FHIR R4 Bundle of type `collection` with every record, made so that reading it into an empty vault gives the same
//! records (invariant 4).
//!
//! - A record's body is written as it is kept, digit for digit.
//! - `fullUrl` is the source's own where it gave an absolute one. A record without one gets an address below
//!   `https://keepwell.invalid/`, apart for each source: relative references resolve among the records of their own source
//!   by FHIR's rules (R4 Bundle, "Resolving references in Bundles"), also where two sources both have a `Patient/1`.
//!   The top-level domain `invalid` leads nowhere (RFC 2606), and the address says nothing about anyone.
//! - A record's key travels as an extension of its entry ([`KEY_EXTENSION`]), so that records that came out of documents, or
//!   under short ids, are known again too: the clinic's file, imported later on, is a duplicate and not a second copy.
//! - Older versions of a corrected record stand before it, oldest first, each in a `history` Bundle of its own. A reader that
//!   knows nothing of Keepwell sees that these are history and not what holds now.

use super::Summary;
use super::select::Ready;
use crate::Result;
use crate::import::fhir::KEY_EXTENSION;
use crate::vault::{Chart, Order, Row};
use std::collections::HashSet;
use std::io::Write;

/// What others lean on comes first: the patients, and the medicines that prescriptions point to.
pub(super) const FIRST: [&str; 2] = ["Patient", "Medication"];

pub(super) fn write(chart: &Chart, selection: &Ready, out: &mut dyn Write) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut addresses = Addresses::default();
    out.write_all(b"{\"resourceType\":\"Bundle\",\"type\":\"collection\"")?;
    let mut begun = false;
    for first in [true, false] {
        let types: &[&str] = if first { &FIRST } else { &[] };
        selection.each(chart, selection.classes(), types, Order::Oldest, &mut |row| {
            if !first && FIRST.contains(&row.kind.as_str()) {
                return Ok(());
            }
            let url = addresses.of(&row);
            if row.versions > 0 {
                let mut older = chart.versions(row.rid)?;
                older.reverse();
                for (n, (replaced, version)) in older.iter().enumerate() {
                    next(out, &mut begun)?;
                    former(out, &url, n, *replaced, version)?;
                    summary.versions += 1;
                }
            }
            next(out, &mut begun)?;
            entry(out, &url, &row, None)?;
            summary.records += 1;
            Ok(())
        })?;
    }
    // An empty array is not FHIR: without records there is no `entry`.
    out.write_all(if begun { b"\n]}\n" } else { b"}\n" })?;
    Ok(summary)
}

fn next(out: &mut dyn Write, begun: &mut bool) -> Result<()> {
    out.write_all(if *begun { b",\n" } else { b",\"entry\":[\n" })?;
    *begun = true;
    Ok(())
}

fn entry(out: &mut dyn Write, url: &str, row: &Row, history: Option<&str>) -> Result<()> {
    write!(out, r#"{{"extension":[{{"url":"{KEY_EXTENSION}","valueString":"{}"}}],"fullUrl":"#, row.key)?;
    text(out, url)?;
    out.write_all(b",\"resource\":")?;
    out.write_all(&row.json)?;
    if let Some(history) = history {
        out.write_all(history.as_bytes())?;
    }
    Ok(out.write_all(b"}")?)
}

/// An older version, in a history Bundle of its own.
fn former(out: &mut dyn Write, url: &str, number: usize, replaced: i64, row: &Row) -> Result<()> {
    let place = match &row.fhir_id {
        Some(id) => format!("{}/{id}", row.kind),
        None => row.kind.clone(),
    };
    let moment = jiff::Timestamp::from_second(replaced).unwrap_or_default();
    let history = serde_json::json!({"method": "PUT", "url": place});
    let history = format!(r#","request":{history},"response":{{"status":"200","lastModified":"{moment}"}}"#);
    out.write_all(b"{\"fullUrl\":")?;
    text(out, &urn(&format!("{url}\n{}\n{number}", row.key)))?;
    out.write_all(b",\"resource\":{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":[")?;
    entry(out, url, row, Some(&history))?;
    Ok(out.write_all(b"]}}")?)
}

fn text(out: &mut dyn Write, text: &str) -> Result<()> {
    serde_json::to_writer(out, text).map_err(|e| std::io::Error::from(e).into())
}

/// The addresses given so far: no two records may share one (R4 Bundle, bdl-7).
#[derive(Default)]
pub(super) struct Addresses(HashSet<[u8; 16]>);

impl Addresses {
    /// The address of a record, the same for no other.
    pub(super) fn of(&mut self, row: &Row) -> String {
        let url = address(row);
        if self.fresh(&url) {
            return url;
        }
        // Two sources gave two records the same address.
        let other = urn(&row.key);
        self.fresh(&other);
        other
    }

    fn fresh(&mut self, url: &str) -> bool {
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::hash(url.as_bytes()).as_bytes()[..16]);
        self.0.insert(short)
    }
}

fn address(row: &Row) -> String {
    if let Some(url) = row.full_url.as_deref().filter(|u| ["http://", "https://", "urn:"].iter().any(|s| u.starts_with(s))) {
        return url.to_owned();
    }
    match row.fhir_id.as_deref().filter(|id| is_id(id)) {
        Some(id) => {
            // An older source calls a record by a type that R4 has renamed, and so do its references.
            let named = row.full_url.as_deref().and_then(|u| u.split_once('/')).filter(|(_, rest)| *rest == id).map(|(kind, _)| kind);
            let named = named.filter(|k| k.bytes().all(|b| b.is_ascii_alphabetic()));
            format!("https://keepwell.invalid/{}/{}/{id}", row.source, named.unwrap_or(&row.kind))
        }
        None => urn(&row.key),
    }
}

/// FHIR R4 id: letters, digits, `-` and `.`, at most 64.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

/// A `urn:uuid:` that is always the same for the same words (RFC 9562, version 8).
pub(super) fn urn(words: &str) -> String {
    let mut b = [0; 16];
    b.copy_from_slice(&blake3::hash(words.as_bytes()).as_bytes()[..16]);
    b[6] = (b[6] & 0x0f) | 0x80;
    b[8] = (b[8] & 0x3f) | 0x80;
    let hex = |range: std::ops::Range<usize>| b[range].iter().map(|x| format!("{x:02x}")).collect::<String>();
    format!("urn:uuid:{}-{}-{}-{}-{}", hex(0..4), hex(4..6), hex(6..8), hex(8..10), hex(10..16))
}

#[cfg(test)]
mod tests {
    use super::urn;

    #[test]
    fn an_urn_is_a_uuid_and_stays() {
        let one = urn("Patient/1");
        assert_eq!(one, urn("Patient/1"));
        assert_ne!(one, urn("Patient/2"));
        let shape: Vec<usize> = one.trim_start_matches("urn:uuid:").split('-').map(str::len).collect();
        assert_eq!(shape, [8, 4, 4, 4, 12]);
        assert_eq!(one.as_bytes()["urn:uuid:".len() + 14], b'8');
    }
}
