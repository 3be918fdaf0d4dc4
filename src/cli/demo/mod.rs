//! `keepwell demo`: a throwaway vault with an invented household, and the server on it.

mod members;

use super::Ended;
use super::serve::listen;
use crate::config::Config;
use crate::demo::{DemoPerson, household};
use crate::household::{Beginning, Household, SignedIn};
use crate::import::Limits;
use crate::import::pipeline::{Options, Unwatched, import};
use crate::vault::{By, PersonInfo, Place, Vault};
use crate::{Error, Kind, Result};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The demo's sign-in: printed, and good for a vault of invented people only.
const MEMBER: &str = "Ruth";
const PASSPHRASE: &str = "a quiet well in the garden";

/// Runs it. The vault is removed at the end.
///
/// # Errors
/// Usage when the address is taken; Internal when the disk fails.
pub fn run(config: &Config) -> Result<Ended> {
    let folder = Throwaway::new()?;
    eprintln!("Making a household of four invented people…");
    let (home, invited) = furnish(&folder.0)?;
    listen(config, home, &|address, app| {
        eprintln!("\nKeepwell is ready: open this address in a browser, and sign in.\n");
        eprintln!("    {address}{}/\n    name:       {MEMBER}\n    passphrase: {PASSPHRASE}\n", app.prefix);
        eprintln!("Others sign in as well, and see what their roles let them see:\n");
        for member in &members::MEMBERS {
            eprintln!("    {:<8}{:<30}{}", member.name, member.passphrase, member.is);
        }
        eprintln!("\nAn invitation that nobody has taken up yet: {address}{}/join/{}\n", app.prefix, invited.as_str());
        eprintln!("Everything in it is invented. Ctrl-C ends it and removes it.");
        Ok(())
    })?;
    Ok(Ended::Done)
}

/// Makes the household's vault in a folder, through the same doors as real records. Gives the token of an open invitation too.
fn furnish(dir: &Path) -> Result<(Household, Zeroizing<String>)> {
    let today = jiff::Zoned::now().date();
    let everyone = household(today);
    let Some((first, others)) = everyone.split_first() else { return Err(Error::new(Kind::Internal, "The demo is empty.")) };
    let home = Household::new(Arc::new(Vault::create(&dir.join("vault"))?));
    let beginning = Beginning { member: MEMBER, passphrase: PASSPHRASE, person: first.name, birth_date: first.birth_date, sex: first.sex };
    let (who, _) = home.begin(&beginning)?;
    let mut people: Vec<PersonInfo> = home.charts(&who)?.into_iter().map(|(person, _)| person).collect();
    for other in others {
        people.push(home.add_person(&who, other.name, other.birth_date, other.sex)?);
    }
    // Each passphrase takes its time by design: the records come in meanwhile.
    let invited = std::thread::scope(|scope| {
        let members = scope.spawn(|| members::add(&home, &who, &people));
        let filled = people.iter().zip(&everyone).try_for_each(|(person, from)| fill(&home, &who, person, from));
        let added = members.join().map_err(|_| Error::internal("the demo's members panicked"))?;
        filled.and(added)
    })?;
    Ok((home, invited))
}

fn fill(home: &Household, who: &SignedIn, person: &PersonInfo, from: &DemoPerson) -> Result<()> {
    let chart = home.open(who, &person.id)?;
    let worker = std::env::current_exe().unwrap_or_else(|_| "keepwell".into());
    let options = Options { accept_identity: None, dry_run: false, by: By::new(who.actor(), Place::command_line()), worker };
    for file in &from.files {
        let mut staging = chart.stage()?;
        staging.write_all(&file.bytes)?;
        let done = import(&chart, staging.finish()?, &file.name, &Limits::default(), &options, &Unwatched)?;
        if let Some(error) = done.report.error {
            return Err(Error::new(Kind::Internal, format!("The demo's file {} was refused: {error}", file.name)));
        }
    }
    Ok(())
}

/// A folder that is removed when the demo ends.
struct Throwaway(PathBuf);

impl Throwaway {
    fn new() -> Result<Self> {
        let name = format!("keepwell-demo-{:016x}", rand::random::<u64>());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
