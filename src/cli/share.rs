//! `keepwell share`: health links that others open.

use super::chosen::{Chosen, read};
use super::{Ended, ListArgs, open, print_json, print_line};
use crate::config::Config;
use crate::export::{Choice, Profile};
use crate::household::Household;
use crate::share::{Made, Reach, Share, Terms, create, hosted, list, reach, stop};
use crate::vault::{Act, Role};
use crate::{Error, Kind, Result};
use clap::Subcommand;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// What is to be done with links.
#[derive(Subcommand, Debug)]
pub enum Args {
    /// Make a health link: whoever has it can read what you chose, until it ends or you stop it
    Create(Box<CreateArgs>),
    /// List the links that were made, and how often each was opened
    List(ListArgs),
    /// Stop a link for good
    Revoke(RevokeArgs),
}

/// What `share create` is told.
#[derive(clap::Args, Debug)]
pub struct CreateArgs {
    /// Whom it is for: one link for each
    #[arg(long = "for", value_name = "NAME")]
    pub addressee: String,
    /// What to start from: new-clinic, emergency, family or everything
    #[arg(long, value_name = "P", default_value = "new-clinic")]
    pub profile: String,
    /// What of it
    #[command(flatten)]
    pub chosen: Chosen,
    /// A few words on the link itself; the name of --for otherwise
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// A file with the passcode that is asked for at each opening; ten wrong ones close the link
    #[arg(long, value_name = "FILE")]
    pub passcode_file: Option<PathBuf>,
    /// When it ends: a day such as 2026-12-31 (at its end), or 24h, 7d
    #[arg(long, value_name = "WHEN")]
    pub expires: Option<String>,
    /// Renew it when the chart changes
    #[arg(long)]
    pub long_term: bool,
    /// One file without a manifest; no passcode
    #[arg(long)]
    pub direct: bool,
    /// With --direct: the folder of a web host where you put the file yourself; --out says where to write it now
    #[arg(long, value_name = "URL", requires = "out")]
    pub host: Option<String>,
    /// The folder to write the file for --host into
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Whoever holds the link may leave a note and files
    #[arg(long)]
    pub reply: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What `share revoke` is told.
#[derive(clap::Args, Debug)]
pub struct RevokeArgs {
    /// The share, as `keepwell share list` names it
    #[arg(value_name = "SHARE")]
    pub share: String,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
///
/// # Errors
/// Usage when the terms contradict each other or a word means nothing; Denied; NotFound; Internal when the vault fails.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    match args {
        Args::Create(args) => make(config, args),
        Args::List(args) => show(config, args.json),
        Args::Revoke(args) => end(config, args),
    }
}

fn make(config: &Config, args: &CreateArgs) -> Result<Ended> {
    let mut choice = args.chosen.over(Choice::of(Profile::from_name(&args.profile)?))?;
    choice.addressee = Some(args.addressee.clone());
    let terms = terms(config, args)?;
    let opened = open(config)?;
    let chart = opened.chart(config, None)?;
    may_share(opened.household.role(&opened.who, &chart.person().id)?)?;
    args.chosen.singles(&chart, &mut choice)?;
    let terms = Terms { event: opened.event(Act::ShareMade), ..terms };
    let made = create(&opened.household, &chart, &choice, &terms)?;
    let file = args.out.as_ref().filter(|_| args.host.is_some()).map(|folder| {
        let (name, jwe) = hosted(&opened.household, &chart, &made.share.id)?;
        let mut file = super::sources::create(&folder.join(&name))?;
        file.write_all(&jwe)?;
        file.sync_all()?;
        Ok(name)
    });
    if let Some(Err(e)) = file {
        // A link whose file is nowhere leads nowhere.
        stop(&opened.household, &chart, &made.share.id, &opened.event(Act::ShareRevoked))?;
        return Err(e);
    }
    let file = file.transpose()?;
    told(&made, &terms, args, file.as_deref())?;
    Ok(Ended::Done)
}

fn told(made: &Made, terms: &Terms, args: &CreateArgs, file: Option<&str>) -> Result<()> {
    if terms.host.is_none() {
        match reach(&terms.base) {
            Reach::Anyone => {}
            Reach::Home => eprintln!(
                "Only those in your home network can open this link: the server’s address is {}. Give --base-url an address that others can reach, or give a file instead.",
                terms.base
            ),
            Reach::Machine => eprintln!(
                "Only this machine can open this link: the server’s address is {}. Give --base-url an address that others can reach, or give a file instead.",
                terms.base
            ),
        }
    }
    if args.json {
        let mut value = as_json(&made.share);
        value["records"] = json!(made.records);
        if let Some(name) = file {
            value["file"] = json!(name);
        }
        return print_json(&value);
    }
    eprintln!(
        "{} records for {}. Whoever has this link can read them. Stop it with `keepwell share revoke {}`.",
        made.records, made.share.to, made.share.id
    );
    if let Some(links) = &made.share.link {
        print_line(&links.viewer)?;
        print_line(&links.shlink)?;
    }
    Ok(())
}

fn show(config: &Config, as_one: bool) -> Result<Ended> {
    let opened = open(config)?;
    let shares = list(&opened.household, &*opened.chart(config, Some(opened.event(Act::LookedList).with("what", "share")))?)?;
    if as_one {
        print_json(&json!({"shares": shares.iter().map(as_json).collect::<Vec<_>>()}))?;
        return Ok(Ended::Done);
    }
    for s in &shares {
        let until = s.expires.map(|at| format!(", until {}", moment(at))).unwrap_or_default();
        print_line(&format!("{}  {}  for {}{until}: opened {} times, {} replies", s.id, s.state.word(), s.to, s.openings, s.replies))?;
    }
    if shares.is_empty() {
        eprintln!("Nothing was given out yet. `keepwell share create --for NAME` makes a link.");
    }
    Ok(Ended::Done)
}

fn end(config: &Config, args: &RevokeArgs) -> Result<Ended> {
    let opened = open(config)?;
    let chart = opened.chart(config, None)?;
    may_share(opened.household.role(&opened.who, &chart.person().id)?)?;
    let share = stop(&opened.household, &chart, &args.share, &opened.event(Act::ShareRevoked))?;
    if args.json {
        print_json(&as_json(&share))?;
    } else if share.host.is_some() {
        eprintln!("Noted. The file lies on another web host: delete it there, or the link still opens.");
    } else {
        eprintln!("Stopped. {} can no longer open this link.", share.to);
    }
    Ok(Ended::Done)
}

fn may_share(role: Option<Role>) -> Result<()> {
    if role.is_some_and(|r| r >= Role::Carer) {
        return Ok(());
    }
    Err(Error::new(Kind::Denied, "You may read this chart, and not give it to others. Nothing was changed. Its owner can."))
}

fn terms(config: &Config, args: &CreateArgs) -> Result<Terms> {
    let base = config.base_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    let passcode = args.passcode_file.as_ref().map(read).transpose()?.map(|p| Zeroizing::new(p.trim().to_owned()));
    Ok(Terms {
        label: args.label.clone().unwrap_or_default(),
        passcode,
        expires: args.expires.as_deref().map(until).transpose()?,
        long_term: args.long_term,
        direct: args.direct,
        host: args.host.clone(),
        reply: args.reply,
        base,
        event: Terms::default().event,
    })
}

/// `24h`, `7d`, or a day, at its end in the zone of this machine.
fn until(text: &str) -> Result<i64> {
    let wrong = || Error::new(Kind::Usage, format!("“{text}” is no end. Write a day such as 2026-12-31, or 24h, 7d. Nothing was made."));
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let span = match (number.parse::<i64>(), unit) {
        (Ok(n), "h") if (1..=87_600).contains(&n) => Some(n * 3600),
        (Ok(n), "d") if (1..=3650).contains(&n) => Some(n * 86_400),
        _ => None,
    };
    if let Some(span) = span {
        return Ok(jiff::Timestamp::now().as_second() + span);
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    let end = day.at(23, 59, 59, 0).to_zoned(jiff::tz::TimeZone::system()).map_err(|_| wrong())?;
    Ok(end.timestamp().as_second())
}

fn as_json(s: &Share) -> Value {
    json!({
        "id": s.id, "state": s.state.word(), "for": s.to, "label": s.label, "by": s.by, "flag": s.flags.text(), "reply": s.reply,
        "link": s.link.as_ref().map(|l| l.shlink.as_str()), "viewer": s.link.as_ref().map(|l| l.viewer.as_str()),
        "created": moment(s.created), "changed": moment(s.changed), "expires": s.expires.map(moment), "ended": s.ended.map(moment),
        "openings": s.openings, "first": s.first.map(moment), "last": s.last.map(moment), "replies": s.replies,
        "tries": s.flags.passcode.then_some(s.tries),
    })
}

fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |t| t.to_string())
}

/// Renews long-term links after the chart has changed. The change itself stands whatever becomes of it.
pub(crate) fn renew_after(household: &Household, chart: &std::sync::Arc<crate::vault::Chart>) {
    match crate::share::renew(household, chart) {
        Ok(0) => {}
        Ok(n) => eprintln!("{n} long-term links give the new records now."),
        Err(e) => eprintln!("A long-term link could not be renewed: it gives what it gave. {}", e.words()),
    }
}
