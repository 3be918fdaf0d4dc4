//! `keepwell check` and `keepwell config check`.

use super::{Ended, open};
use crate::Result;
use crate::config::{Config, unknown_variables};
use clap::Subcommand;

/// What `check` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Decrypt and hash everything
    #[arg(long)]
    pub deep: bool,
}

/// What `config` is told.
#[derive(clap::Args, Debug)]
pub struct ConfigArgs {
    /// What to do with the settings.
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// Actions on the settings.
#[derive(Subcommand, Debug)]
pub enum ConfigAction {
    /// Name unknown, contradictory or unsafe settings
    Check,
}

/// Runs `check` over every chart that the member may open.
///
/// # Errors
/// Denied; Internal when a chart cannot be opened at all.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    let opened = open(config)?;
    let mut well = true;
    for finding in opened.household.check()? {
        super::print_line(&finding)?;
        well = false;
    }
    for (person, _) in opened.household.charts(&opened.who)? {
        // A chart that cannot be opened is a finding, and the others are looked at all the same.
        let findings = opened.household.open(&opened.who, &person.id).and_then(|chart| chart.check(args.deep));
        let findings = findings.unwrap_or_else(|e| vec![e.words().to_owned()]);
        if findings.is_empty() {
            eprintln!("Chart {}: whole.", person.id);
        }
        for finding in &findings {
            super::print_line(&format!("Chart {}: {finding}", person.id))?;
        }
        well &= findings.is_empty();
    }
    Ok(if well { Ended::Done } else { Ended::Failed })
}

/// Runs `config check`.
///
/// # Errors
/// None but a broken stdout.
pub fn config(config: &Config, args: &ConfigArgs) -> Result<Ended> {
    let ConfigAction::Check = args.action;
    let mut findings: Vec<String> = unknown_variables().into_iter().map(|n| format!("{n} is not a setting of Keepwell.")).collect();
    findings.extend(config.contradictions());
    for finding in &findings {
        super::print_line(finding)?;
    }
    if findings.is_empty() {
        eprintln!("The settings are in order.");
    }
    Ok(if findings.is_empty() { Ended::Done } else { Ended::Failed })
}
