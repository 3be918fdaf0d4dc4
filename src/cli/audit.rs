//! `keepwell audit`: the activity log.

use super::{Ended, open, print_json, print_line};
use crate::Result;
use crate::config::Config;
use crate::vault::{Act, Choice, Entry};
use clap::Subcommand;
use serde_json::{Value, json};

/// What `audit` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What to do with the log.
    #[command(subcommand)]
    pub action: Action,
}

/// Actions on the log.
#[derive(Subcommand, Debug)]
pub enum Action {
    /// List its entries, newest first
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Walk its chain, and name the first entry altered, removed or moved
    Verify {
        /// Print what was found as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs it.
///
/// # Errors
/// Denied; Internal when the log cannot be read.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    match args.action {
        Action::List { json } => list(config, json),
        Action::Verify { json } => verify(config, json),
    }
}

fn list(config: &Config, as_json: bool) -> Result<Ended> {
    let opened = open(config)?;
    let chart = opened.chart(config, Some(opened.event(Act::LookedActivity)))?;
    // A viewer is shown what they did themselves, as on the page.
    let own = opened.household.role(&opened.who, &chart.person().id)?.is_none_or(|role| role < crate::vault::Role::Carer);
    let choice = Choice { member: own.then(|| opened.who.member.id.clone()), ..Choice::default() };
    let entries = chart.activity(&choice)?;
    if as_json {
        print_json(&json!({"entries": entries.iter().map(as_value).collect::<Vec<_>>()}))?;
        return Ok(Ended::Done);
    }
    for entry in &entries {
        let event = &entry.event;
        let details: Vec<String> = event.details.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let place = [event.from.address.as_str(), event.from.device.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>();
        print_line(&format!(
            "{:>6}  {}  {:<20} {:<18} {} {}",
            entry.seq,
            moment(entry.at),
            event.who.name,
            event.act.slug(),
            details.join(" "),
            place.join(", ")
        ))?;
    }
    Ok(Ended::Done)
}

fn verify(config: &Config, as_json: bool) -> Result<Ended> {
    let opened = open(config)?;
    let chart = opened.chart(config, None)?;
    let verdict = chart.verify_activity()?;
    let fault = verdict.fault.as_ref();
    if as_json {
        let fault = fault.map(|f| json!({"entry": f.seq, "what": f.what}));
        print_json(&json!({"entries": verdict.entries, "since": verdict.since.map(moment), "whole": fault.is_none(), "first_bad": fault}))?;
    } else if let Some(fault) = fault {
        print_line(&format!("Entry {}: {}.", fault.seq, fault.what))?;
    } else {
        eprintln!("The activity log is whole: {} entries.", verdict.entries);
    }
    Ok(if verdict.fault.is_none() { Ended::Done } else { Ended::Failed })
}

fn as_value(entry: &Entry) -> Value {
    let event = &entry.event;
    json!({
        "entry": entry.seq, "at": moment(entry.at), "act": event.act.slug(),
        "who": {"kind": event.who.kind.slug(), "id": event.who.id, "name": event.who.name},
        "records": event.records, "address": event.from.address, "device": event.from.device, "details": event.details,
    })
}

/// The moment in UTC (RFC 3339).
pub(crate) fn moment(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |t| t.to_string())
}
