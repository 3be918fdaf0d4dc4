//! The trusted contact: a member whom an owner names for emergencies. They ask; the owners are told by every channel; unless
//! one of them refuses within the wait, the contact may read the chart. Works after the owner can no longer sign in.
//!
//! See `vault/contacts.rs` for what stands ready on the disk, and for the honest limit.

use super::{Household, SignedIn, lock, usage};
use crate::vault::{Act, Clock, ContactInfo, Event, Grant, Notice, NoticeKind, Place, Role, Vault};
use crate::{Error, Kind, Result};

/// The wait, in days.
pub const WAIT: std::ops::RangeInclusive<u32> = 1..=30;

fn good_wait(days: u32) -> Result<u32> {
    if WAIT.contains(&days) { Ok(days) } else { Err(usage("The wait is 1 to 30 days. Nothing was changed.")) }
}

impl Household {
    /// The trusted contacts of a chart, for its owners.
    ///
    /// # Errors
    /// Denied when this member is not an owner; NotFound.
    pub fn contacts(&self, who: &SignedIn, person: &str) -> Result<Vec<ContactInfo>> {
        self.owns(who, person)?;
        self.vault.register().contacts(person)
    }

    /// The charts whose trusted contact this member is, each with the name of the person.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn contact_of(&self, who: &SignedIn) -> Result<Vec<(ContactInfo, String)>> {
        let all = self.vault.register().contact_of(&who.member.id)?;
        // Without its note the wish can be made all the same.
        let name = |c: &ContactInfo| self.vault.told_contact(&c.person, &who.member.id, &who.key).unwrap_or_else(|_| "somebody".to_owned());
        Ok(all.into_iter().map(|c| (c.clone(), name(&c))).collect())
    }

    /// Names a member who may not open the chart yet.
    ///
    /// # Errors
    /// Denied when it is not an owner who does it; Usage when the wait will not do, or the member may open the chart already.
    pub fn name_contact(&self, who: &SignedIn, person: &str, member: &str, days: u32, from: &Place) -> Result<()> {
        self.owns(who, person)?;
        let days = good_wait(days)?;
        let member = self.vault.register().member(member)?.ok_or_else(Error::not_found)?;
        if self.vault.register().roles(&member.id)?.iter().any(|(id, _)| id == person) {
            return Err(usage("This member may open the chart already. Nothing was changed."));
        }
        if self.vault.register().contact(person, &member.id)?.is_some() {
            return Err(usage("This member is named already. Nothing was changed."));
        }
        let name = self.vault.person(person, &who.key)?.name;
        self.say(who, person, Act::ContactNamed, from, &[("to", &member.name), ("days", &days.to_string())])?;
        let _turn = lock(&self.changing);
        self.vault.tell_contact(person, &member.id, &name)?;
        let contact = ContactInfo { person: person.to_owned(), member, days, named: 0, asked: None, waited: 0, given: None };
        self.vault.seal_copy(person, &who.key, &self.vault.contact_copy(&contact)?)?;
        self.vault.register().set_contact(person, &contact.member.id, days)?;
        self.tell_member(&contact.member.id, &Notice::new(NoticeKind::ContactNamed).with("who", &who.member.name))
    }

    /// Changes the wait, of a wish that is open too. Only an owner can.
    ///
    /// # Errors
    /// Denied; NotFound; Usage when the wait will not do.
    pub fn set_wait(&self, who: &SignedIn, person: &str, member: &str, days: u32, from: &Place) -> Result<()> {
        let (contact, days) = (self.own_contact(who, person, member)?, good_wait(days)?);
        self.say(who, person, Act::ContactChanged, from, &[("to", &contact.member.name), ("days", &days.to_string())])?;
        self.vault.register().set_contact(person, member, days)
    }

    /// Takes the trust back: what stood ready is deleted. A role that was given already stays until it is taken away.
    ///
    /// # Errors
    /// Denied; NotFound.
    pub fn withdraw_contact(&self, who: &SignedIn, person: &str, member: &str, from: &Place) -> Result<()> {
        let contact = self.own_contact(who, person, member)?;
        self.say(who, person, Act::ContactRemoved, from, &[("to", &contact.member.name)])?;
        let _turn = lock(&self.changing);
        self.vault.register().remove_contact(person, member)?;
        self.vault.sweep_contacts(person)
    }

    /// Refuses an open wish. The contact may ask again.
    ///
    /// # Errors
    /// Denied; NotFound.
    pub fn refuse_contact(&self, who: &SignedIn, person: &str, member: &str, from: &Place) -> Result<()> {
        let contact = self.own_contact(who, person, member)?;
        self.say(who, person, Act::ContactRefused, from, &[("to", &contact.member.name)])?;
        let _turn = lock(&self.changing);
        self.vault.register().set_asked(person, member, None)
    }

    fn own_contact(&self, who: &SignedIn, person: &str, member: &str) -> Result<ContactInfo> {
        self.owns(who, person)?;
        self.vault.register().contact(person, member)?.ok_or_else(Error::not_found)
    }

    /// The contact asks for access: the wait begins, and every owner is told.
    ///
    /// # Errors
    /// NotFound when this member is no contact of the chart.
    pub fn ask_access(&self, who: &SignedIn, person: &str, clock: Clock, from: &Place) -> Result<()> {
        let contact = self.vault.register().contact(person, &who.member.id)?.ok_or_else(Error::not_found)?;
        if contact.asked.is_some() || contact.given.is_some() {
            return Ok(());
        }
        self.say(who, person, Act::ContactAsked, from, &[("days", &contact.days.to_string())])?;
        // The owners first: a wait of which nobody was told must not begin.
        let notice = Notice::new(NoticeKind::ContactAsked).with("person", person).with("who", &who.member.name);
        self.tell_owners(person, &notice.with("days", contact.days.to_string()))?;
        self.count_waits(clock)?;
        self.vault.register().set_asked(person, &who.member.id, Some(clock.wall))
    }

    /// The contact takes the wish back.
    ///
    /// # Errors
    /// NotFound when this member is no contact of the chart.
    pub fn take_back(&self, who: &SignedIn, person: &str, from: &Place) -> Result<()> {
        self.vault.register().contact(person, &who.member.id)?.ok_or_else(Error::not_found)?;
        self.say(who, person, Act::ContactRefused, from, &[("what", "taken back")])?;
        self.vault.register().set_asked(person, &who.member.id, None)
    }

    /// Counts open waits on. The server calls it every minute; so it is told when the time passes, and a clock that jumps gives
    /// nothing early.
    ///
    /// # Errors
    /// Internal when the register cannot be written.
    pub fn count_waits(&self, clock: Clock) -> Result<()> {
        let mut counted = lock(&self.counted);
        let running = counted.map(|last| clock.steady - last);
        self.vault.register().count_waits(clock.wall, running)?;
        *counted = Some(clock.steady);
        Ok(())
    }

    /// The wait is over, nobody refused: the contact may read the chart from now on.
    ///
    /// # Errors
    /// NotFound when this member is no contact of the chart; Denied while the wait is not over.
    pub fn take_access(&self, who: &SignedIn, person: &str, clock: Clock, from: &Place) -> Result<()> {
        self.count_waits(clock)?;
        let _turn = lock(&self.changing);
        let contact = self.vault.register().contact(person, &who.member.id)?.ok_or_else(Error::not_found)?;
        if !contact.is_due() {
            return Err(Error::new(Kind::Denied, "The wait is not over yet. Nothing was changed."));
        }
        let copy = self.vault.open_contact_copy(person, &who.member.id, &who.key)?;
        self.say(who, person, Act::ContactGiven, from, &[])?;
        let mut recipients = self.recipients(person)?;
        recipients.push(who.key.recipient());
        self.vault.register().begin_sealing(person)?;
        self.vault.seal_identity_by_copy(person, &copy, &recipients)?;
        self.vault.register().give(&who.member.id, person, &Grant::of(Role::Viewer))?;
        self.vault.register().set_given(person, &who.member.id, Vault::now())?;
        self.vault.sweep_contacts(person)?;
        self.tell_owners(person, &Notice::new(NoticeKind::ContactGiven).with("person", person).with("who", &who.member.name))
    }

    fn say(&self, who: &SignedIn, person: &str, act: Act, from: &Place, details: &[(&str, &str)]) -> Result<()> {
        let event = Event::new(who.actor(), act).from(from.clone());
        self.record(person, &details.iter().fold(event, |event, (name, value)| event.with(name, *value)))
    }
}
