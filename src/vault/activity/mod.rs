//! The activity log of a chart: who did what, when, with which records, from where. Written before the thing is done: what
//! cannot be written is not done (ONC §170.315(d)(2), (d)(3), (d)(10), (d)(11)).
//!
//! ```text
//! charts/<id>/activity.db      log.rs     the entries, encrypted under the chart's database key, each chained to the last
//! household.db                 heads.rs   how many there are and the hash of the last: outside the chart
//! charts/<id>/activity/*.age   locked.rs  entries left while the chart was locked
//! ```
//! `chain.rs` says what the hash covers; `verify.rs` walks the chain and names the first entry that is not as it was.

mod act;
mod chain;
mod heads;
mod locked;
mod log;
mod verify;

pub use act::{Act, Group};
pub(super) use heads::Heads;
pub use log::{Choice, Counted};
pub(super) use log::{Log, steps};
pub use verify::{Fault, Verdict};

use super::{Chart, Vault};
use crate::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What sort of actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// Someone who signs in.
    Member,
    /// Whoever opened a share link or card.
    Link,
    /// A program with a token of the read-only FHIR server.
    Token,
    /// A care contact: a practice, clinician or payer.
    Clinic,
    /// Keepwell itself.
    System,
    /// Somebody who did not prove who they are.
    Unknown,
}

impl ActorKind {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Member, "member"),
        (Self::Link, "link"),
        (Self::Token, "token"),
        (Self::Clinic, "clinic"),
        (Self::System, "system"),
        (Self::Unknown, "unknown"),
    ];

    /// `member`, `link`, `token`, `clinic`, `system` or `unknown`.
    pub fn slug(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("unknown", |(_, slug)| slug)
    }

    fn from_slug(slug: &str) -> Self {
        Self::ALL.iter().find(|(_, s)| *s == slug).map_or(Self::Unknown, |(kind, _)| *kind)
    }
}

/// Who did something, under the name that they had then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What sort.
    pub kind: ActorKind,
    /// The id of the member, link or token; "" where there is none.
    pub id: String,
    /// The name as of then.
    pub name: String,
}

impl Actor {
    /// Anyone.
    pub fn new(kind: ActorKind, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, id: id.into(), name: name.into() }
    }

    /// A member.
    pub fn member(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(ActorKind::Member, id, name)
    }

    /// Keepwell itself.
    pub fn system() -> Self {
        Self::new(ActorKind::System, "", "Keepwell")
    }

    /// Somebody who did not prove who they are.
    pub fn unknown() -> Self {
        Self::new(ActorKind::Unknown, "", "Unknown")
    }
}

/// From where something was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The network address; "" where there is none.
    pub address: String,
    /// The browser or program in words: "Firefox on Linux", "command line".
    pub device: String,
}

impl Place {
    /// The command line of this machine.
    pub fn command_line() -> Self {
        Self { address: String::new(), device: "command line".to_owned() }
    }

    /// Keepwell by itself, without anybody asking.
    pub fn server() -> Self {
        Self { address: String::new(), device: "this server".to_owned() }
    }
}

/// Something that is about to be done, for the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Who does it.
    pub who: Actor,
    /// What.
    pub act: Act,
    /// Numbers of the records that it is about.
    #[serde(default)]
    pub records: Vec<i64>,
    /// From where.
    #[serde(default)]
    pub from: Place,
    /// What else there is to know, such as `format`, `to` (the addressee), `count`, `name`. Encrypted like all of it.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
}

impl Event {
    /// Somebody does something.
    pub fn new(who: Actor, act: Act) -> Self {
        Self { who, act, records: Vec::new(), from: Place::default(), details: BTreeMap::new() }
    }

    /// The same from a place.
    #[must_use]
    pub fn from(mut self, place: Place) -> Self {
        self.from = place;
        self
    }

    /// The same about a record.
    #[must_use]
    pub fn about(mut self, rid: i64) -> Self {
        self.records.push(rid);
        self
    }

    /// The same with a detail; an empty one is left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.details.insert(name.to_owned(), value);
        }
        self
    }
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 1, 2, 3 … without gaps.
    pub seq: i64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What was done.
    pub event: Event,
}

/// The words where an entry cannot be written: then nothing is done and nothing is shown.
fn unwritten(e: Error) -> Error {
    let words = "This could not be written into the activity log, so it was not done and nothing is shown. Your records are safe. \
                 The disk may be full, or Keepwell may not write to it. Tell whoever runs this server, then try again.";
    Error::new(Kind::Internal, words).because(e)
}

impl Chart {
    fn kept_log(&self) -> Result<&Log> {
        self.activity.get().ok_or_else(|| Error::internal("a chart was opened without its activity log"))
    }

    /// Writes an entry into the activity log, durable when this returns. Called before the thing is done. Gives its number.
    ///
    /// # Errors
    /// Internal when it cannot be written: then the thing must not be done.
    pub fn log(&self, event: &Event) -> Result<i64> {
        self.kept_log().and_then(|log| log.append(event)).map_err(unwritten)
    }

    /// Entries of the activity log, newest first.
    ///
    /// # Errors
    /// Internal when the log cannot be read.
    pub fn activity(&self, choice: &Choice) -> Result<Vec<Entry>> {
        self.kept_log()?.list(choice)
    }

    /// One entry after another, oldest first, without holding them all.
    ///
    /// # Errors
    /// Internal when the log cannot be read; whatever `each` returns.
    pub fn each_activity(&self, choice: &Choice, each: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
        self.kept_log()?.each(choice, each)
    }

    /// How many entries there are of each actor and each act.
    ///
    /// # Errors
    /// Internal when the log cannot be read.
    pub fn count_activity(&self) -> Result<Counted> {
        self.kept_log()?.count()
    }

    /// Walks the whole chain of the activity log.
    ///
    /// # Errors
    /// Internal when the log cannot be read at all.
    pub fn verify_activity(&self) -> Result<Verdict> {
        self.kept_log()?.verify()
    }

    /// What the latest [`Chart::verify_activity`] of this open chart found, and when (seconds since 1970).
    pub fn verified_activity(&self) -> Option<(i64, Verdict)> {
        self.activity.get().and_then(Log::verified)
    }
}

impl Vault {
    /// Leaves an entry for a chart that is locked: encrypted to it, taken into its log at the next opening.
    ///
    /// # Errors
    /// NotFound when there is no such chart; Internal when the disk fails: then the thing must not be done.
    pub(crate) fn note_locked(&self, person: &str, event: &Event) -> Result<()> {
        locked::leave(self, person, event).map_err(|e| if e.kind == Kind::NotFound { e } else { unwritten(e) })
    }
}
