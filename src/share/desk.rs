//! Answers whoever holds a link (SMART Health Links: manifest, files, direct file). It works from public parts and encrypted
//! files alone: the chart may be locked, and no key of a link is ever here.

use super::FHIR;
use super::give::address;
use super::passcode;
use super::payload::Flags;
use crate::household::Household;
use crate::vault::{Act, Actor, ActorKind, Event, Notice, NoticeKind, Place, ShareRow, now};
use crate::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A `location` is good for so long; the standard allows an hour.
const TICKET: i64 = 30 * 60;
/// One link is opened at most so often in a [`WINDOW`]: for those that ask again and again.
const OPENINGS: u32 = 20;
const WINDOW: Duration = Duration::from_secs(60);
/// Those who ask again for a long-term link should wait so long.
pub(super) const PAUSE: u64 = 60;
/// The longest name that is noted, in characters.
const NAME: usize = 200;

/// What stands between the links and those who hold them.
pub struct Desk {
    /// Makes tickets that nobody can make up; new at each start.
    tickets: [u8; 32],
    pace: Mutex<HashMap<String, (Instant, u32)>>,
    /// One passcode is looked at at a time: the cap of tries holds however many come at once, and each look takes memory.
    looking: Mutex<()>,
    /// Links that are over and were asked for: noted once, not each time.
    over: Mutex<HashSet<String>>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk(…)")
    }
}

/// What somebody asks.
#[derive(Clone, Debug, Default)]
pub struct Asked<'a> {
    /// Who asks, in their own words. Required.
    pub recipient: &'a str,
    /// The passcode they typed.
    pub passcode: Option<&'a str>,
    /// Files up to so many bytes may stand in the manifest itself.
    pub embedded_most: Option<u64>,
    /// From where they ask.
    pub from: Place,
}

/// A file of a manifest.
#[derive(Clone, Debug)]
pub struct FileEntry {
    /// One of the three media types of the standard.
    pub content_type: &'static str,
    /// The encrypted file itself.
    pub embedded: Option<String>,
    /// Or a ticket for [`Desk::file`].
    pub ticket: Option<String>,
    /// When it last changed, seconds since 1970.
    pub changed: i64,
}

/// What they get.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The files.
    Manifest {
        /// What is there.
        files: Vec<FileEntry>,
        /// Whether they may change, and after how many seconds to ask again.
        again: Option<u64>,
    },
    /// The one file of a direct link.
    File(Vec<u8>),
    /// The passcode is missing or wrong.
    Passcode {
        /// So many wrong ones are left in the life of the link.
        left: u32,
    },
    /// Asked too often.
    TooOften {
        /// How long to wait.
        seconds: u64,
    },
    /// No name was given.
    NoRecipient,
    /// There is no such link, or it is over: the two look the same.
    Gone,
}

impl Desk {
    /// A new one.
    ///
    /// # Errors
    /// Internal when there is no randomness.
    pub fn new() -> Result<Self> {
        Ok(Self { tickets: *super::random::<32>()?, pace: Mutex::default(), looking: Mutex::default(), over: Mutex::default() })
    }

    /// Answers a request for a manifest.
    ///
    /// # Errors
    /// Internal when the register, the log or the disk fails: nothing is given out then.
    pub fn manifest(&self, household: &Household, secret: &str, asked: &Asked<'_>) -> Result<Answer> {
        let recipient = name(asked.recipient);
        if recipient.is_empty() {
            return Ok(Answer::NoRecipient);
        }
        let Some(row) = self.open_at(household, secret, &recipient, &asked.from)?.filter(|r| !Flags::read(&r.flags).direct) else {
            return Ok(Answer::Gone);
        };
        if let Some(refused) = self.look(household, &row, asked.passcode, &recipient, &asked.from)? {
            return Ok(refused);
        }
        if let Some(wait) = self.too_often(&row.id) {
            return Ok(wait);
        }
        let vault = household.vault();
        let mut files = Vec::new();
        for (n, size) in vault.share_sizes(&row.person, &row.id)?.into_iter().enumerate() {
            let inside = asked.embedded_most.is_some_and(|most| size <= most);
            let bytes = if inside { vault.read_share(&row.person, &row.id, n)? } else { None };
            let embedded = bytes.map(String::from_utf8).transpose().map_err(Error::internal)?;
            let ticket = embedded.is_none().then(|| self.ticket(secret, n, now() + TICKET));
            files.push(FileEntry { content_type: FHIR, embedded, ticket, changed: row.changed });
        }
        if files.is_empty() {
            return Ok(Answer::Gone);
        }
        opened(household, &row, &recipient, &asked.from)?;
        Ok(Answer::Manifest { files, again: Flags::read(&row.flags).long_term.then_some(PAUSE) })
    }

    /// Answers a request for the file of a direct link.
    ///
    /// # Errors
    /// As [`Desk::manifest`].
    pub fn direct(&self, household: &Household, secret: &str, recipient: &str, from: &Place) -> Result<Answer> {
        let recipient = name(recipient);
        let Some(row) = self.open_at(household, secret, &recipient, from)?.filter(|r| Flags::read(&r.flags).direct) else {
            return Ok(Answer::Gone);
        };
        if recipient.is_empty() {
            return Ok(Answer::NoRecipient);
        }
        if let Some(wait) = self.too_often(&row.id) {
            return Ok(wait);
        }
        let Some(bytes) = household.vault().read_share(&row.person, &row.id, 0)? else { return Ok(Answer::Gone) };
        opened(household, &row, &recipient, from)?;
        Ok(Answer::File(bytes))
    }

    /// The file that a ticket is good for; None when it is over, or never was.
    ///
    /// # Errors
    /// Internal when the register or the disk fails.
    pub fn file(&self, household: &Household, secret: &str, ticket: &str) -> Result<Option<Vec<u8>>> {
        let mut parts = ticket.split('.');
        let (until, n) = (parts.next().and_then(|p| p.parse().ok()), parts.next().and_then(|p| p.parse().ok()));
        let (Some(until), Some(n)) = (until, n) else { return Ok(None) };
        // Both hashed before they are compared: the time taken tells nothing.
        let same = blake3::hash(self.ticket(secret, n, until).as_bytes()) == blake3::hash(ticket.as_bytes());
        if !same || until <= now() {
            return Ok(None);
        }
        let Some(row) = share_at(household, secret)?.filter(|row| row.is_open(now())) else { return Ok(None) };
        household.vault().read_share(&row.person, &row.id, n)
    }

    fn ticket(&self, secret: &str, n: usize, until: i64) -> String {
        let mac = blake3::keyed_hash(&self.tickets, format!("{until}.{n}.{secret}").as_bytes());
        format!("{until}.{n}.{}", B64.encode(mac.as_bytes()))
    }

    /// Looks at a passcode where one is asked for. Some: what to answer instead of the files.
    pub(super) fn look(
        &self,
        household: &Household,
        row: &ShareRow,
        given: Option<&str>,
        who: &str,
        from: &Place,
    ) -> Result<Option<Answer>> {
        let Some(hashed) = &row.passcode else { return Ok(None) };
        let _one = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let register = || household.vault().register();
        let Some(given) = given.filter(|g| !g.trim().is_empty()) else {
            return Ok(Some(Answer::Passcode { left: row.tries }));
        };
        // The try is taken before the look: should the machine stop meanwhile, it stays taken.
        let Some(left) = register().take_try(&row.id)? else { return Ok(Some(Answer::Gone)) };
        if passcode::fits(given, hashed)? {
            register().give_try_back(&row.id)?;
            return Ok(None);
        }
        household.record(&row.person, &event(Act::ShareRefused, row, who, from).with("what", "passcode"))?;
        if left == 0 {
            // Closed for good: its files go at the next unlock at the latest.
            tracing::warn!("a link was closed after too many wrong passcodes");
        }
        Ok(Some(Answer::Passcode { left }))
    }

    /// The share behind a link, if it can be opened now.
    pub(super) fn open_at(&self, household: &Household, secret: &str, who: &str, from: &Place) -> Result<Option<ShareRow>> {
        let Some(row) = share_at(household, secret)? else { return Ok(None) };
        if row.is_open(now()) {
            return Ok(Some(row));
        }
        if self.over.lock().unwrap_or_else(PoisonError::into_inner).insert(row.id.clone()) {
            household.record(&row.person, &event(Act::ShareRefused, &row, who, from).with("what", "over"))?;
        }
        Ok(None)
    }

    pub(super) fn too_often(&self, id: &str) -> Option<Answer> {
        let now = Instant::now();
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
        let (since, count) = pace.entry(id.to_owned()).or_insert((now, 0));
        *count += 1;
        let rest = WINDOW.saturating_sub(now.duration_since(*since));
        (*count > OPENINGS).then(|| Answer::TooOften { seconds: rest.as_secs().max(1) })
    }
}

/// The share behind a link.
fn share_at(household: &Household, secret: &str) -> Result<Option<ShareRow>> {
    // 32 bytes have 43 characters: anything else was never given out.
    if secret.len() != 43 {
        return Ok(None);
    }
    household.vault().register().share_at(&address(secret))
}

/// What whoever holds a link does, for the activity log.
pub(super) fn event(act: Act, row: &ShareRow, who: &str, from: &Place) -> Event {
    Event::new(Actor::new(ActorKind::Link, row.id.as_str(), who), act).from(from.clone()).with("share", row.id.as_str())
}

/// Who asks, fit to be noted.
pub(super) fn name(given: &str) -> String {
    let plain: String = given.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Notes an opening before anything is given out, and tells the owners of the first.
fn opened(household: &Household, row: &ShareRow, recipient: &str, from: &Place) -> Result<()> {
    household.record(&row.person, &event(Act::ShareOpened, row, recipient, from))?;
    let first = household.vault().register().share_opened(&row.id, now())?;
    if first {
        let notice = Notice::new(NoticeKind::ShareOpened).with("person", row.person.as_str()).with("share", row.id.as_str());
        if let Err(e) = household.tell_owners(&row.person, &notice.with("who", recipient)) {
            // The opening itself is in the log.
            tracing::warn!(kind = ?e.kind, "the owners could not be told of an opening");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_bound_to_link_file_and_time() {
        let (desk, other) = (Desk::new().expect("a desk"), Desk::new().expect("a desk"));
        let ticket = desk.ticket("a", 0, 7);
        assert_eq!(ticket, desk.ticket("a", 0, 7));
        for wrong in [desk.ticket("b", 0, 7), desk.ticket("a", 1, 7), desk.ticket("a", 0, 8), other.ticket("a", 0, 7)] {
            assert_ne!(ticket, wrong);
        }
    }

    #[test]
    fn who_asks_too_often_waits() {
        let desk = Desk::new().expect("a desk");
        let refused = (0..OPENINGS + 5).filter(|_| desk.too_often("x").is_some()).count();
        assert_eq!(refused, 5);
        assert!(desk.too_often("y").is_none());
    }

    #[test]
    fn names_are_one_plain_line() {
        assert_eq!(name("  Dr.\u{0}\r\nWho\t "), "Dr. Who");
        assert_eq!(name(&"x".repeat(500)).len(), NAME);
        assert_eq!(name("\n"), "");
    }
}
