//! `keepwell sources` and `keepwell original`.

use super::{Ended, open, print_json};
use crate::config::Config;
use crate::vault::{Act, SourceInfo};
use crate::{Error, Kind, Result};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::path::PathBuf;

/// What `sources` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Print them as JSON
    #[arg(long)]
    pub json: bool,
}

/// What `original` is told.
#[derive(clap::Args, Debug)]
pub struct OriginalArgs {
    /// The source, as `keepwell sources` lists it
    #[arg(value_name = "SOURCE-ID")]
    pub source: String,
    /// Where to write it; stdout otherwise
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Runs `sources`.
///
/// # Errors
/// Denied; Internal when the vault fails.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    let opened = open(config)?;
    let sources = opened.chart(config, Some(opened.event(Act::LookedSources)))?.sources()?;
    if args.json {
        print_json(&json!({"sources": sources.iter().map(as_json).collect::<Vec<_>>()}))?;
        return Ok(Ended::Done);
    }
    for s in &sources {
        let state = if s.removed.is_some() { ", taken out" } else { "" };
        super::print_line(&format!(
            "{}  {}  {} ({}, {} bytes): {} found, {} left out{state}",
            s.id,
            moment(s.imported),
            s.name,
            s.report.format,
            s.size,
            s.report.found,
            s.report.skipped.len()
        ))?;
    }
    if sources.is_empty() {
        eprintln!("Nothing was imported yet. `keepwell import FILE` brings records in.");
    }
    Ok(Ended::Done)
}

/// Runs `original`.
///
/// # Errors
/// NotFound; Denied; Usage when the file to write exists; Internal when the original is damaged.
pub fn original(config: &Config, args: &OriginalArgs) -> Result<Ended> {
    let opened = open(config)?;
    let saved = opened.event(Act::Downloaded).with("what", "original").with("source", &args.source);
    let mut original = opened.chart(config, Some(saved))?.original(&args.source)?;
    match &args.out {
        None => {
            std::io::copy(&mut original, &mut std::io::stdout().lock())?;
        }
        Some(path) => {
            let mut file = create(path)?;
            let written = std::io::copy(&mut original, &mut file).and_then(|_| file.sync_all());
            if let Err(e) = written {
                // Half a file must not look like a whole one. The failure itself is what is told.
                _ = std::fs::remove_file(path);
                return Err(e.into());
            }
        }
    }
    Ok(Ended::Done)
}

/// A new file that only its owner may read; one that exists is never overwritten.
pub(super) fn create(path: &std::path::Path) -> Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|e| {
        let words = if e.kind() == std::io::ErrorKind::AlreadyExists {
            format!("{} exists already. It was left as it is. Choose another name.", path.display())
        } else {
            format!("{} cannot be written.", path.display())
        };
        Error::new(Kind::Usage, words).because(e)
    })
}

fn as_json(s: &SourceInfo) -> Value {
    json!({
        "id": s.id, "name": s.name, "size": s.size, "imported": moment(s.imported), "by": s.by,
        "removed": s.removed.map(moment), "report": s.report, "reread": s.reread,
    })
}

pub(super) fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |t| t.to_string())
}
