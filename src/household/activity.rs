//! The activity logs of the household's charts, open or locked.

use super::{Household, SignedIn};
use crate::Result;
use crate::vault::{Act, Actor, Event, Notice, NoticeKind, Place};
use std::sync::{PoisonError, Weak};

impl SignedIn {
    /// This member as the log names them.
    pub fn actor(&self) -> Actor {
        Actor::member(&self.member.id, &self.member.name)
    }
}

impl Household {
    /// Writes an entry into the activity log of a chart, durable when this returns: into its log where the chart is open,
    /// else as a sealed entry that its log takes in at the next opening. Called before the thing is done.
    ///
    /// # Errors
    /// NotFound when there is no such chart; Internal when it cannot be written: then the thing must not be done.
    pub fn record(&self, person: &str, event: &Event) -> Result<()> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).get(person).and_then(Weak::upgrade);
        match open {
            Some(chart) => chart.log(event).map(drop),
            None => self.vault.note_locked(person, event),
        }
    }

    /// The same for every chart on which a member has a role.
    ///
    /// # Errors
    /// Internal when one cannot be written.
    pub fn record_for(&self, member: &str, event: &Event) -> Result<()> {
        let roles = self.vault.register().roles(member)?;
        roles.iter().try_for_each(|(person, _)| self.record(person, event))
    }

    /// Somebody tried a wrong passphrase or code under a name: told to every chart that the name could open.
    ///
    /// # Errors
    /// Internal when it cannot be written.
    pub fn record_wrong(&self, name: &str, what: &str, from: &Place) -> Result<()> {
        let known = self.vault.register().member_named(name)?;
        let Some((member, _)) = known else { return Ok(()) };
        let event = Event::new(Actor::unknown(), Act::WrongPassphrase).from(from.clone()).with("for", &member.name).with("what", what);
        self.record_for(&member.id, &event)?;
        let from = [from.address.as_str(), from.device.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", ");
        self.tell_member(&member.id, &Notice::new(NoticeKind::Denied).with("from", from))
    }

    /// How a member signs in is about to change: told to every chart that this opens.
    pub(super) fn record_factor(&self, who: &SignedIn, what: &str, from: &Place) -> Result<()> {
        self.record_for(&who.member.id, &Event::new(who.actor(), Act::FactorChanged).from(from.clone()).with("what", what))
    }

    /// A member tried what they have no right to, perhaps on a chart of which they know nothing. `page` is a part of a route
    /// template. A chart that does not exist has no log.
    ///
    /// # Errors
    /// Internal when it cannot be written.
    pub fn record_denied(&self, who: &Actor, person: &str, page: &str, from: &Place) -> Result<()> {
        if !self.vault.has_chart(person) {
            return Ok(());
        }
        self.record(person, &Event::new(who.clone(), Act::Denied).from(from.clone()).with("what", page))
    }
}
