//! One thin file a command. Words for people go to stderr, results to stdout.

pub mod audit;
pub mod backup;
pub mod check;
pub mod chosen;
pub mod demo;
pub mod export;
pub mod import;
pub mod init;
pub mod member;
pub mod person;
mod progress;
pub mod records;
pub mod recover;
pub mod serve;
pub mod share;
pub mod sources;
pub mod worker;

use crate::config::Config;
use crate::household::{Household, SignedIn};
use crate::import::inbox;
use crate::import::pipeline::{Options, Unwatched};
use crate::vault::{Act, By, Chart, Event, PersonInfo, Place, Role, Vault};
use crate::{Error, Kind, Result};
use clap::{Parser, Subcommand};
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A personal health record vault.
#[derive(Parser, Debug)]
#[command(
    name = "keepwell",
    version,
    about = "Keeps your health records in one place of your own: encrypted, readable, yours to carry away"
)]
pub struct Cli {
    /// Settings that every command shares.
    #[command(flatten)]
    pub config: Config,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands of the contract.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the server: the web pages of this vault
    Serve,
    /// Try it out: a throwaway vault with an invented household, and the server on it
    Demo,
    /// Make a new vault with its first member and person
    Init(init::Args),
    /// Bring records in: files, folders and archives of any kind that can be read. While the server has the vault open, the
    /// files are left in the chart's encrypted inbox instead, which it empties by itself; the exit status is then 3
    Import(import::Args),
    /// Read kept originals again with today's readers
    Reimport(import::AgainArgs),
    /// List the records of a chart
    Records(records::Args),
    /// List what was imported from where
    Sources(sources::Args),
    /// Write an imported file out again, byte for byte
    Original(sources::OriginalArgs),
    /// Carry records away in an open format
    Export(Box<export::Args>),
    /// The members of the household
    Member(member::Args),
    /// The people whose charts are kept: add, list
    Person(person::Args),
    /// Give records to others by health links
    #[command(subcommand)]
    Share(share::Args),
    /// Make, verify and restore backups of the whole household
    Backup(backup::Args),
    /// Check that every database and file of the vault is whole
    Check(check::Args),
    /// The activity log of a chart: who looked, what left, what changed
    Audit(audit::Args),
    /// Look at the settings
    Config(check::ConfigArgs),
}

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All of it is done.
    Done,
    /// Something was skipped and listed.
    InPart,
    /// It ran, and found that things are not well.
    Failed,
}

/// Prepares the process: nobody else reads its files, no core dump, logs for the operator, unknown settings named.
pub fn prepare(config: &Config) {
    crate::vault::harden();
    std::panic::set_hook(Box::new(|info| {
        use std::io::Write as _;
        // Nothing is left to tell it to if stderr is gone.
        _ = writeln!(std::io::stderr(), "{}", place(info.location()));
    }));
    let filter = tracing_subscriber::EnvFilter::new(if config.verbose { "keepwell=debug" } else { "keepwell=info" });
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    for name in crate::config::unknown_variables() {
        eprintln!("Warning: {name} is not a setting of Keepwell. `keepwell --help` lists them.");
    }
}

/// What is told of a panic: where, never what. The message of a panic quotes what it choked on, and that may be a record.
fn place(location: Option<&std::panic::Location<'_>>) -> String {
    let at = location.map_or_else(|| "an unknown place".to_owned(), |l| format!("{}:{}", l.file(), l.line()));
    format!("Keepwell met something that it did not expect, at {at}. Please report this place.")
}

/// The exit status of the contract: 0 done, 1 failed, 2 wrong usage, 3 done in part.
pub fn exit(done: Result<Ended>) -> ExitCode {
    match done {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::InPart) => ExitCode::from(3),
        Ok(Ended::Failed) => ExitCode::from(1),
        // Whoever read the results has seen enough: `keepwell records | head`.
        Err(e) if broken_pipe(&e) => ExitCode::from(1),
        Err(e) => {
            eprintln!("{}", e.words());
            if let Some(cause) = std::error::Error::source(&e) {
                tracing::debug!(%cause, kind = ?e.kind, "failed");
            }
            ExitCode::from(if e.kind == Kind::Usage { 2 } else { 1 })
        }
    }
}

fn broken_pipe(e: &Error) -> bool {
    let source = std::error::Error::source(e).and_then(|s| s.downcast_ref::<std::io::Error>());
    source.is_some_and(|s| s.kind() == std::io::ErrorKind::BrokenPipe)
}

/// What a command that lists something is told.
#[derive(clap::Args, Debug)]
pub struct ListArgs {
    /// Print them as JSON
    #[arg(long)]
    pub json: bool,
}

/// An open vault with its member signed in.
pub(crate) struct Opened {
    pub(crate) household: Household,
    pub(crate) who: SignedIn,
}

pub(crate) fn open(config: &Config) -> Result<Opened> {
    let dir = config.vault_dir()?;
    if !Vault::exists(&dir) {
        return Err(Error::new(
            Kind::NotFound,
            format!("There is no vault in {}. Make one with `keepwell init`, or name another folder with --vault.", dir.display()),
        ));
    }
    let household = Household::new(Arc::new(Vault::open(&dir)?));
    let name = match &config.member {
        Some(name) => name.clone(),
        None => only_member(&household)?,
    };
    let place = Place::command_line();
    let who = household.sign_in(&name, &passphrase(config, "Passphrase: ")?).inspect_err(|e| {
        if e.kind == Kind::Denied && household.record_wrong(&name, "passphrase", &place).is_err() {
            tracing::error!("a refusal could not be written into an activity log");
        }
    })?;
    household.record_for(&who.member.id, &Event::new(who.actor(), Act::SignedIn).from(place))?;
    Ok(Opened { household, who })
}

/// Takes in what came into the inbox while the chart was locked. The command goes on whatever becomes of it.
fn take_in(config: &Config, chart: &Chart) {
    let worker = std::env::current_exe().unwrap_or_else(|_| "keepwell".into());
    let options = Options { accept_identity: None, dry_run: false, by: By::system(Place::command_line()), worker };
    match inbox::take_in(chart, &config.limits(), &options, &Unwatched) {
        Ok(files) => {
            for file in &files {
                match &file.error {
                    None => eprintln!("From the inbox: {} is in the chart now, {} found.", file.path, file.found),
                    Some(why) => eprintln!("From the inbox: {} stays there. {why}", file.path),
                }
            }
        }
        Err(e) => eprintln!("The inbox could not be read. What is in it stays there. {}", e.words()),
    }
}

fn only_member(household: &Household) -> Result<String> {
    let mut members = household.members()?;
    match members.len() {
        1 => Ok(members.remove(0).name),
        _ => Err(Error::new(Kind::Usage, "Say who signs in: --member NAME.")),
    }
}

impl Opened {
    /// Something that this member is about to do, for the activity log.
    pub(crate) fn event(&self, act: Act) -> Event {
        Event::new(self.who.actor(), act).from(Place::command_line())
    }

    /// The person whom the settings name, or the only one.
    pub(crate) fn person(&self, config: &Config) -> Result<(PersonInfo, Role)> {
        let mut charts = self.household.charts(&self.who)?;
        let wanted = config.person.as_deref().map(str::to_lowercase);
        charts.retain(|(p, _)| wanted.as_ref().is_none_or(|w| p.id == *w || p.name.to_lowercase() == *w));
        match charts.len() {
            1 => Ok(charts.remove(0)),
            0 => Err(Error::new(Kind::NotFound, "There is no chart of that name that this member may open.")),
            _ => {
                let names: Vec<_> = charts.iter().map(|(p, _)| p.name.as_str()).collect();
                Err(Error::new(Kind::Usage, format!("Say whose chart: --person NAME, one of: {}.", names.join(", "))))
            }
        }
    }

    /// The chart that the settings name, or the only one. What is about to be done with it is in its activity log when this
    /// returns; None where the doing writes its own entry.
    pub(crate) fn chart(&self, config: &Config, doing: Option<Event>) -> Result<Arc<Chart>> {
        let (person, role) = self.person(config)?;
        let chart = self.household.open(&self.who, &person.id)?;
        if role == Role::Owner {
            finish_keys(&chart)?;
        }
        if role >= Role::Carer {
            take_in(config, &chart);
        }
        doing.map(|event| chart.log(&event)).transpose()?;
        Ok(chart)
    }
}

/// Goes on with what is left of a change of keys.
fn finish_keys(chart: &Arc<Chart>) -> Result<()> {
    if !chart.reseal()? {
        eprintln!("Some files of this chart are still encrypted under older keys. Opening the chart goes on with it.");
    }
    Ok(())
}

/// The passphrase: from the file of the settings, else asked on the terminal. Never an argument.
pub(crate) fn passphrase(config: &Config, prompt: &str) -> Result<Zeroizing<String>> {
    if let Some(path) = &config.passphrase_file {
        let text = Zeroizing::new(
            std::fs::read_to_string(path)
                .map_err(|e| Error::new(Kind::Usage, format!("The passphrase file {} cannot be read.", path.display())).because(e))?,
        );
        return Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()));
    }
    if !std::io::stdin().is_terminal() {
        return Err(Error::new(Kind::Usage, "There is no terminal to ask for the passphrase. Name a file with --passphrase-file."));
    }
    rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(Error::from)
}

/// Prints one JSON value on stdout and nothing else.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, value).map_err(Error::internal)?;
    std::io::Write::write_all(&mut out, b"\n")?;
    Ok(())
}

/// One line of result on stdout.
pub(crate) fn print_line(text: &str) -> Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout().lock(), "{text}").map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_tells_its_place_and_not_its_words() {
        let told = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let to = std::sync::Arc::clone(&told);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if let Ok(mut to) = to.lock() {
                *to += &place(info.location());
            }
        }));
        let done: std::thread::Result<()> = std::panic::catch_unwind(|| panic!("Penicillin"));
        std::panic::set_hook(before);
        assert!(done.is_err());
        let told = told.lock().expect("told").clone();
        assert!(told.contains("src/cli/mod.rs:") && !told.contains("Penicillin"), "{told}");
        assert!(place(None).contains("unknown"));
    }
}
