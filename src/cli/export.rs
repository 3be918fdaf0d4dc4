//! `keepwell export`: carry records away.

use super::chosen::Chosen;
use super::{Ended, open};
use crate::config::Config;
use crate::export::bundle::{self, Seal};
use crate::export::{Choice, Format, Profile, export};
use crate::share::{page_of, passphrase};
use crate::vault::{Act, Event};
use crate::{Error, Kind, Result};
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

/// The encrypted page.
const HTML: &str = "html";

/// What `export` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// fhir (a Bundle of everything, without loss), ndjson, csv (a zip of tables), everything (one zip of all), ips (a
    /// patient summary), ccda (a clinical document), xdm (a zip for a clinic), pdf (on paper), bundle (all of these in a
    /// zip) or html (an encrypted page that opens in any browser; its six words are printed)
    #[arg(long, value_name = "F")]
    pub format: String,
    /// What of it
    #[command(flatten)]
    pub chosen: Chosen,
    /// What to start from: new-clinic, emergency, family or everything
    #[arg(long, value_name = "P")]
    pub profile: Option<String>,
    /// Who it is for, in your words
    #[arg(long = "for", value_name = "WHO")]
    pub addressee: Option<String>,
    /// A bundle whose files are encrypted (AES-256); the six words that open it are printed
    #[arg(long)]
    pub encrypt: bool,
    /// A bundle as one age file, to this recipient
    #[arg(long, value_name = "AGE1…", conflicts_with = "encrypt")]
    pub recipient: Option<String>,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Runs it.
///
/// # Errors
/// Usage when a word or date means nothing, or the file exists; Denied; Internal when the disk fails: no half-written
/// file stays behind.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    // The encrypted page is no format of ours: it is a sheet around several of them.
    let format = if args.format == HTML { None } else { Some(Format::from_name(&args.format)?) };
    let choice = choice(args)?;
    let sealed = args.encrypt || args.recipient.is_some();
    if sealed && format != Some(Format::Bundle) {
        let words = "Only a bundle can be encrypted this way: use --format bundle. Nothing was written.";
        return Err(Error::new(Kind::Usage, words));
    }
    let Some(format) = format else { return page(config, args, choice) };
    let words = args.encrypt.then(passphrase).transpose()?;
    let seal = match (&args.recipient, &words) {
        (Some(recipient), _) => Seal::Recipient(recipient),
        (None, Some(words)) => Seal::Passphrase(words),
        (None, None) => Seal::Plain,
    };
    let opened = open(config)?;
    let mut out = BufWriter::new(super::sources::create(&args.out)?);
    let chart = opened.chart(config, Some(exported(&opened, args))).inspect_err(|_| _ = std::fs::remove_file(&args.out))?;
    let mut choice = choice;
    let done = args.chosen.singles(&chart, &mut choice).and_then(|()| {
        let made = if sealed { bundle::sealed(&chart, &choice, seal, &mut out) } else { export(&chart, format, &choice, &mut out) };
        let summary = made?;
        out.flush()?;
        out.get_ref().sync_all()?;
        chart.log(&opened.event(Act::ExportEnded).with("format", format.name()).with("count", summary.records.to_string()))?;
        Ok(summary)
    });
    match done {
        Ok(summary) => {
            let (file, records) = (args.out.display(), summary.records);
            match &words {
                Some(words) => {
                    eprintln!("{file}: {records} records. Its files open with these six words. They are not kept: write them down.");
                    super::print_line(words)?;
                }
                None if sealed => eprintln!("{file}: {records} records, encrypted to the recipient."),
                None => eprintln!("{file}: {records} records. This file is not encrypted: keep it where only you can read it."),
            }
            Ok(Ended::Done)
        }
        Err(e) => {
            let _ = std::fs::remove_file(&args.out);
            Err(e)
        }
    }
}

/// Writes the encrypted page, and prints the words that open it.
fn page(config: &Config, args: &Args, mut choice: Choice) -> Result<Ended> {
    let opened = open(config)?;
    let mut out = super::sources::create(&args.out)?;
    let made = opened.chart(config, Some(exported(&opened, args))).and_then(|chart| {
        args.chosen.singles(&chart, &mut choice)?;
        let words = passphrase()?;
        out.write_all(page_of(&chart, &choice, &words)?.as_bytes())?;
        out.sync_all()?;
        chart.log(&opened.event(Act::ExportEnded).with("format", HTML))?;
        Ok(words)
    });
    match made {
        Ok(words) => {
            eprintln!("{}: it opens in any browser with these six words. They are not kept: write them down.", args.out.display());
            super::print_line(&words)?;
            Ok(Ended::Done)
        }
        Err(e) => {
            let _ = std::fs::remove_file(&args.out);
            Err(e)
        }
    }
}

/// This export, as the activity log says it before it begins.
fn exported(opened: &super::Opened, args: &Args) -> Event {
    let event = args.chosen.said(opened.event(Act::Exported).with("format", args.format.as_str()));
    let (profile, to) = (args.profile.clone().unwrap_or_default(), args.addressee.clone().unwrap_or_default());
    event.with("profile", profile).with("to", to)
}

/// A profile, and what the other flags say in its place.
fn choice(args: &Args) -> Result<Choice> {
    let profile = args.profile.as_deref().map(Profile::from_name).transpose()?;
    let mut choice = args.chosen.over(profile.map_or_else(Choice::everything, Choice::of))?;
    choice.addressee.clone_from(&args.addressee);
    Ok(choice)
}
