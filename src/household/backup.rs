//! Backups of the whole household: which charts go in as what, who can open the file, and what the logs say of it.
//!
//! A chart's databases go in as plain SQLite where it is open and everybody whom the file is encrypted to may open the chart.
//! Else they stay encrypted under the chart's own keys: a backup never opens a chart to somebody who has no role on it.

use super::roles::Closing;
use super::{Household, SignedIn, lock, passphrase};
use crate::vault::backup::{self, Hold, Opener, Parts, To, Watch};
use crate::vault::{Act, Actor, BackupSummary, Chart, Event, Key, Notice, Place, Role, Vault};
use crate::{Error, Kind, Result};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// So long a change of a chart's keys is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What somebody has to open a backup with.
#[derive(Clone)]
pub enum Opening {
    /// The passphrase of the member who kept the household, or who made it, as it was on that day.
    Passphrase(Zeroizing<String>),
    /// Their recovery key.
    RecoveryKey(Zeroizing<String>),
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opening(…)")
    }
}

impl Opening {
    /// What somebody typed: a recovery key if it looks like one, else a passphrase.
    pub fn typed(text: &str) -> Self {
        let text = Zeroizing::new(text.to_owned());
        if Key::parse(&text).is_some() { Self::RecoveryKey(text) } else { Self::Passphrase(text) }
    }

    fn opener(&self) -> Result<Opener> {
        match self {
            Self::RecoveryKey(text) => {
                let words = "That is no recovery key. It begins with AGE-SECRET-KEY-1. Nothing was changed. Check it and try again.";
                Ok(Opener::key(Key::parse(text).ok_or_else(|| Error::new(Kind::Denied, words))?))
            }
            Self::Passphrase(text) => {
                let mut ways = vec![passphrase::normal(text)];
                if ways.first() != Some(text) {
                    ways.push(text.clone());
                }
                Ok(Opener::passphrase(ways))
            }
        }
    }
}

/// Restores a backup into a new folder. Nothing appears there under its own name before all of it is proven.
///
/// # Errors
/// Usage when there is something in the folder; Denied when it does not open; Refused when it is damaged, or of a newer Keepwell.
pub fn restore(file: &Path, opening: &Opening, dir: &Path, watch: &Watch<'_>) -> Result<BackupSummary> {
    let summary = Vault::restore(dir, file, &opening.opener()?, watch)?;
    // The first opening moves everything into its place and tells the logs.
    drop(Vault::open(dir)?);
    Ok(summary)
}

/// Restores a backup into a scratch folder under keys that are thrown away, compares, and removes the folder.
///
/// # Errors
/// Denied when it does not open; Refused when it is damaged, or of a newer Keepwell.
pub fn verify(file: &Path, opening: &Opening, scratch: &Path, watch: &Watch<'_>) -> Result<BackupSummary> {
    backup::verify(file, &opening.opener()?, scratch, watch)
}

impl Household {
    /// Makes a backup file and proves it before it gets its name. `who` makes it; None for the server by itself, for which only
    /// charts that are open anyway are.
    ///
    /// # Errors
    /// Usage when there is a file of the name; Refused when there is nobody yet; Busy while a chart's keys are changed; Internal
    /// when the disk fails. Nothing is left behind then.
    pub fn back_up(&self, who: Option<&SignedIn>, from: &Place, file: &Path, watch: &Watch<'_>) -> Result<BackupSummary> {
        let (to, members) = self.openers(who)?;
        let actor = who.map_or_else(Actor::system, SignedIn::actor);
        let people = self.vault.register().everyone()?;
        let event = Event::new(actor.clone(), Act::Backup).from(from.clone()).with("what", "made");
        let event = event.with("name", file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default());
        people.iter().try_for_each(|person| self.record(person, &event))?;
        let mut parts = Parts::default();
        for person in &people {
            let everybody = {
                let register = self.vault.register();
                members.iter().try_fold(true, |all, m| Ok::<_, Error>(all && register.grant(m, person)?.is_some()))?
            };
            match self.opened_or_closed(who, person)? {
                Held::Open(chart) if everybody => parts.plain.push(chart),
                Held::Open(chart) => parts.sealed.push(chart),
                Held::Closed(closing) => parts.closed.push((person.clone(), Box::new(closing))),
            }
        }
        let summary = backup::create(&self.vault, parts, &to, file, watch)?;
        let proven = Event::new(actor, Act::Backup).from(from.clone()).with("what", "verified");
        for person in &people {
            if self.record(person, &proven).is_err() {
                tracing::error!("a proof of a backup could not be written into an activity log");
            }
        }
        Ok(summary)
    }

    /// Whom a backup is encrypted to: the keeper of the household, and who makes it.
    fn openers(&self, who: Option<&SignedIn>) -> Result<(Vec<To>, Vec<String>)> {
        let keeper = self.vault.register().keeper()?;
        let nobody = || Error::refused("There is nobody here yet, so there is nothing to back up.");
        let mut members = vec![keeper.ok_or_else(nobody)?];
        members.extend(who.map(|w| w.member.id.clone()).filter(|id| !members.contains(id)));
        let mut to = Vec::new();
        for member in &members {
            let recipient = self.vault.register().recipient(member)?.ok_or_else(nobody)?;
            to.push(To::member(recipient, member, self.vault.sealed_key(member)?));
        }
        Ok((to, members))
    }

    /// A chart that is open, or that this member opens; else one that stays closed for as long as the guard lives.
    fn opened_or_closed(&self, who: Option<&SignedIn>, person: &str) -> Result<Held<'_>> {
        let began = Instant::now();
        loop {
            if let Some(chart) = lock(&self.open).get(person).and_then(Weak::upgrade) {
                return Ok(Held::Open(chart));
            }
            let role: Option<Role> = who.map(|w| self.role(w, person)).transpose()?.flatten();
            if let (Some(who), Some(role)) = (who, role) {
                return Ok(Held::Open(self.open_whole(who, person, role)?));
            }
            match self.keep_closed(person) {
                Some(closing) => return Ok(Held::Closed(closing)),
                None if began.elapsed() > PATIENCE => {
                    let words = "The keys of a chart are being changed just now. No backup was made. Try again in a few minutes.";
                    return Err(Error::new(Kind::Busy, words));
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Restores a backup into this vault, in which nobody has begun. It takes its place when the vault is opened next.
    ///
    /// # Errors
    /// As [`restore`].
    pub fn restore_here(&self, file: &Path, opening: &Opening, watch: &Watch<'_>) -> Result<BackupSummary> {
        self.vault.restore_here(file, &opening.opener()?, watch)
    }

    /// The folder of the vault.
    pub fn dir(&self) -> &Path {
        self.vault.dir()
    }

    /// Whether a member may see and make backups: the keeper of the household, and who owns a chart.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn may_back_up(&self, who: &SignedIn) -> Result<bool> {
        let owns = self.vault.register().roles(&who.member.id)?.iter().any(|(_, role)| *role == Role::Owner);
        Ok(owns || self.is_keeper(&who.member)?)
    }

    /// When somebody first began here, seconds since 1970; None where nobody has.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn first_day(&self) -> Result<Option<i64>> {
        self.vault.register().first_day()
    }

    /// Tells the owners of every chart, each of them once.
    ///
    /// # Errors
    /// Internal when a notice cannot be left.
    pub fn tell_all_owners(&self, notice: &Notice) -> Result<()> {
        let (people, mut all) = (self.vault.register().everyone()?, Vec::new());
        for person in &people {
            all.extend(self.vault.register().owners(person)?);
        }
        all.sort();
        all.dedup();
        all.iter().try_for_each(|(member, recipient)| self.tell(member, recipient, notice))
    }

    /// Tells every chart's log of something about backups.
    ///
    /// # Errors
    /// Internal when it cannot be written.
    pub fn record_for_all(&self, event: &Event) -> Result<()> {
        let people = self.vault.register().everyone()?;
        people.iter().try_for_each(|person| self.record(person, event))
    }
}

impl Hold for Closing<'_> {}

enum Held<'a> {
    Open(Arc<Chart>),
    Closed(Closing<'a>),
}
