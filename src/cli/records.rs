//! `keepwell records`: what a chart holds.

use super::{Ended, open};
use crate::config::Config;
use crate::export::Selection;
use crate::record::{PartialDate, Resource, Standing};
use crate::vault::{Act, Event, Query, Row};
use crate::{Error, Kind, Result};
use serde_json::{Map, Value};
use std::io::{BufWriter, Write};

/// What `records` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Only this FHIR type, such as Observation
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// From this date on: 2020, 2020-03 or 2020-03-14
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Up to and with this date
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
    /// Only records with these words
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Print the number of each, by which `--with` and `--without` of an export know it
    #[arg(long)]
    pub numbers: bool,
    /// Print them as FHIR R4 JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
///
/// # Errors
/// Usage when a date is none; Denied; Internal when the vault fails.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    let query = Query {
        types: args.kind.iter().cloned().collect(),
        standings: (1..=6).map(Standing::from_number).collect(),
        text: args.search.clone(),
        ..Query::default()
    };
    for text in args.from.iter().chain(&args.to) {
        date(text)?;
    }
    // The dates choose as they do in an export: by the days that a record may mean, on the clock of its source.
    let takes = Selection { from: args.from.clone(), to: args.to.clone(), ..Selection::default() }.by_date()?;
    let opened = open(config)?;
    let chart = opened.chart(config, Some(looked(&opened, args)))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut first, mut numbers) = (true, Vec::new());
    if args.json {
        out.write_all(b"{\"records\":[")?;
    }
    chart.each(&query, &mut |row| {
        if !takes(&row) {
            return Ok(());
        }
        if args.numbers && args.json {
            numbers.push(row.rid);
        } else if args.numbers {
            write!(out, "{:>7}  ", row.rid)?;
        }
        if args.json {
            if !std::mem::take(&mut first) {
                out.write_all(b",\n")?;
            }
            serde_json::to_writer(&mut out, &with_source(&row)).map_err(std::io::Error::from)?;
        } else {
            let date = row.date.as_ref().map_or_else(|| "no date".to_owned(), PartialDate::words);
            writeln!(out, "{date:<26} {:<24} {}", row.kind, row.title)?;
        }
        Ok(())
    })?;
    if args.json {
        out.write_all(b"]")?;
        if args.numbers {
            write!(out, ",\"numbers\":{}", Value::from(numbers))?;
        }
        out.write_all(b"}\n")?;
    }
    out.flush()?;
    Ok(Ended::Done)
}

/// This look, as the activity log says it; the words searched for are not kept.
fn looked(opened: &super::Opened, args: &Args) -> Event {
    let act = if args.search.is_some() { Act::Searched } else { Act::LookedList };
    opened.event(act).with("what", "records").with("kinds", args.kind.clone().unwrap_or_default())
}

/// A partial date of the command line.
pub(super) fn date(text: &str) -> Result<PartialDate> {
    PartialDate::parse(text).ok_or_else(|| Error::new(Kind::Usage, format!("\"{text}\" is not a date. Write 2020, 2020-03 or 2020-03-14.")))
}

/// The resource with `meta.source` naming its source (FHIR R4 Resource.meta.source).
fn with_source(row: &Row) -> Resource {
    let mut resource = row.resource();
    if let Some(object) = resource.as_object_mut() {
        let meta = object.entry("meta").or_insert_with(|| Value::Object(Map::new()));
        if let Some(meta) = meta.as_object_mut() {
            meta.insert("source".to_owned(), Value::String(row.source.clone()));
        }
    }
    resource
}
