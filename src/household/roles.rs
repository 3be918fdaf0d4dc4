//! Who may open a chart: roles given, changed and taken away, and keys that follow them.

use super::{Household, SignedIn, usage};
use crate::record::{PartialDate, Precision, today};
use crate::vault::{Access, Act, Actor, Chart, Escrow, Event, Grant, InviteInfo, KeysNeed, MemberInfo, Place, Role, TokenInfo};
use crate::{Error, Kind, Result};
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// So long a change of keys waits for others to let go of the chart.
const PATIENCE: Duration = Duration::from_secs(3);

/// Makes those who hold a chart open let go of it: the web's sessions, given the chart's id.
pub type LetGo<'a> = &'a dyn Fn(&str);

/// The chart is held open: something is being read into it, or a page is being made.
fn held() -> Error {
    Error::new(
        Kind::Busy,
        "Somebody is using this chart just now, or files are being read into it. Nothing was changed. Wait a moment, then try again.",
    )
}

/// A chart that nobody may open until this is dropped.
pub(super) struct Closing<'a> {
    household: &'a Household,
    person: String,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        super::lock(&self.household.closing).remove(&self.person);
        self.household.reopened.notify_all();
    }
}

impl Household {
    /// The chart's owner, or nobody.
    pub(super) fn owns(&self, who: &SignedIn, person: &str) -> Result<()> {
        match self.role(who, person)? {
            Some(Role::Owner) => Ok(()),
            Some(_) => Err(Error::new(Kind::Denied, "Only an owner of this chart may do this. Nothing was changed.")),
            None => Err(Error::not_found()),
        }
    }

    /// What a member may do with a chart today: role, end and scope.
    ///
    /// # Errors
    /// NotFound when they may not open it.
    pub fn grant_of(&self, who: &SignedIn, person: &str) -> Result<Grant> {
        self.vault.register().grant(&who.member.id, person)?.ok_or_else(Error::not_found)
    }

    /// Everyone who may open a chart, for anyone who may.
    ///
    /// # Errors
    /// NotFound when this member may not open it.
    pub fn access(&self, who: &SignedIn, person: &str) -> Result<Vec<Access>> {
        self.grant_of(who, person)?;
        self.vault.register().access(person)
    }

    /// Gives a member a role on a chart, or another one: encrypts the chart's identity to them first.
    ///
    /// # Errors
    /// Denied when the one who gives it is not an owner; NotFound; Usage when the end is over; Refused when the chart would be
    /// left without an owner.
    pub fn give(&self, who: &SignedIn, person: &str, member: &str, grant: &Grant) -> Result<()> {
        self.owns(who, person)?;
        let grant = good_grant(grant)?;
        let recipient = self.vault.register().recipient(member)?.ok_or_else(Error::not_found)?;
        let _turn = super::lock(&self.changing);
        let mut recipients = self.recipients(person)?;
        if !recipients.contains(&recipient) {
            recipients.push(recipient);
            self.vault.register().begin_sealing(person)?;
            self.vault.seal_identity(person, &who.key, &recipients)?;
        }
        self.vault.register().give(member, person, &grant)
    }

    /// Takes a member off a chart. From the return on they may open it no longer; its new keys are made at once where nobody
    /// uses the chart, else when an owner opens it next. Gives whether they are made.
    ///
    /// # Errors
    /// Denied when the one who takes it is not an owner; NotFound; Refused when the chart would be left without an owner.
    pub fn take(&self, who: &SignedIn, person: &str, member: &str, let_go: LetGo<'_>) -> Result<bool> {
        self.owns(who, person)?;
        self.vault.register().take(member, person)?;
        if member == who.member.id {
            // No owner any more: the next one to open it makes the keys.
            let_go(person);
            return Ok(false);
        }
        self.renew(who, person, let_go)
    }

    /// Makes the keys of a chart fit its roles, if they do not. Gives whether they do now.
    ///
    /// # Errors
    /// Denied when this member is not an owner; Internal when the disk fails: the next time goes on with it.
    pub fn renew(&self, who: &SignedIn, person: &str, let_go: LetGo<'_>) -> Result<bool> {
        self.owns(who, person)?;
        if !self.is_due(person)? {
            return Ok(true);
        }
        match self.closed(person, let_go, || self.fit_keys(who, person, &super::lock(&self.changing))) {
            Ok(()) => Ok(true),
            Err(e) if e.kind == Kind::Busy => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Whether the keys of a chart do not fit its roles: somebody was taken off, or the last day of a role is over.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn is_due(&self, person: &str) -> Result<bool> {
        Ok(self.vault.register().keys_need(person)? != KeysNeed::Nothing)
    }

    /// Encrypts the files of an open chart anew where its keys have changed, on a thread of its own; once at a time.
    pub fn reseal_later(&self, chart: &Arc<Chart>) {
        let Some(work) = chart.resealing() else { return };
        let person = chart.person().id.clone();
        if !super::lock(&self.resealing).insert(person.clone()) {
            return;
        }
        let resealing = Arc::clone(&self.resealing);
        let spawned = std::thread::Builder::new().name("reseal".into()).spawn(move || {
            if let Err(e) = work() {
                tracing::warn!(kind = ?e.kind, "the files of a chart could not all be encrypted anew; the next opening goes on with it");
            }
            super::lock(&resealing).remove(&person);
        });
        if spawned.is_err() {
            tracing::warn!("no thread to encrypt the files of a chart anew");
        }
    }

    /// Does something with a chart that nobody has open meanwhile.
    pub(super) fn closed<T>(&self, person: &str, let_go: LetGo<'_>, work: impl FnOnce() -> Result<T>) -> Result<T> {
        if !super::lock(&self.closing).insert(person.to_owned()) {
            return Err(held());
        }
        let _closing = Closing { household: self, person: person.to_owned() };
        let began = Instant::now();
        while super::lock(&self.open).get(person).is_some_and(|chart| Weak::strong_count(chart) > 0) {
            let_go(person);
            if began.elapsed() > PATIENCE {
                return Err(held());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        work()
    }

    /// Keeps a chart closed that nobody has open. None: somebody has, or its keys are being changed.
    pub(super) fn keep_closed(&self, person: &str) -> Option<Closing<'_>> {
        if !super::lock(&self.closing).insert(person.to_owned()) {
            return None;
        }
        let closing = Closing { household: self, person: person.to_owned() };
        let open = super::lock(&self.open).get(person).is_some_and(|chart| Weak::strong_count(chart) > 0);
        (!open).then_some(closing)
    }

    /// Waits while a chart is closed by force. The guard is held while one is opened.
    pub(super) fn admitted(&self, person: &str) -> std::sync::MutexGuard<'_, std::collections::HashSet<String>> {
        let mut closing = super::lock(&self.closing);
        while closing.contains(person) {
            closing = self.reopened.wait(closing).unwrap_or_else(PoisonError::into_inner);
        }
        closing
    }

    /// Makes the keys fit the roles; nobody has the chart open, and `who` owns it. `_turn`: the one change of roles at a time.
    pub(super) fn fit_keys(&self, who: &SignedIn, person: &str, _turn: &MutexGuard<'_, ()>) -> Result<()> {
        let need = self.vault.register().keys_need(person)?;
        match need {
            KeysNeed::Nothing => {}
            KeysNeed::Seal => self.vault.seal_identity(person, &who.key, &self.recipients(person)?)?,
            KeysNeed::Renew => {
                for ended in self.vault.register().access(person)?.iter().filter(|a| a.grant.is_over()) {
                    let event = Event::new(Actor::system(), Act::RoleEnded).from(Place::server()).with("to", &ended.member.name);
                    self.vault.note_locked(person, &event)?;
                }
                self.vault.note_locked(person, &Event::new(Actor::system(), Act::Rekeyed).from(Place::server()))?;
                self.vault.register().end_roles(person)?;
                self.vault.register().drop_dead_tokens(person)?;
                let mut copies: Vec<Escrow> = self.vault.register().invites(person)?.iter().map(escrow).collect();
                copies.extend(self.vault.contact_copies(person)?);
                copies.extend(self.vault.register().tokens(person)?.iter().map(TokenInfo::escrow));
                self.vault.renew_chart(person, &who.key, &self.recipients(person)?, &copies)?;
            }
        }
        if need != KeysNeed::Nothing {
            self.vault.register().keys_fit(person)?;
        }
        self.vault.sweep_contacts(person)?;
        self.sweep_invites(person)?;
        self.sweep_tokens(person)
    }

    /// What the identity of a chart is encrypted to: everyone who may open it today, and nobody else.
    pub(super) fn recipients(&self, person: &str) -> Result<Vec<String>> {
        let access = self.vault.register().access(person)?;
        Ok(access.into_iter().filter(|a| !a.grant.is_over()).map(|a| a.recipient).collect())
    }

    // ---- members

    /// Whether a member keeps the household: may remove members, and people too.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn is_keeper(&self, member: &MemberInfo) -> Result<bool> {
        Ok(self.vault.register().keeper()?.is_some_and(|id| id == member.id))
    }

    /// Passes the keeping of the household on.
    ///
    /// # Errors
    /// Denied when this member does not keep it; NotFound when there is no such other member.
    pub fn pass_on(&self, who: &SignedIn, member: &str) -> Result<()> {
        self.keeps(who)?;
        self.vault.register().set_keeper(member)
    }

    fn keeps(&self, who: &SignedIn) -> Result<()> {
        if self.is_keeper(&who.member)? {
            return Ok(());
        }
        Err(Error::new(Kind::Denied, "Only the member who keeps this household may do this. Nothing was changed."))
    }

    /// Takes a member out of the household: they cannot sign in any more, and every chart that they could open gets new keys,
    /// at once where the keeper owns it, else when its owner opens it next.
    ///
    /// # Errors
    /// Denied when it is not the keeper who does it; Refused when they alone own a chart, or keep the household.
    pub fn remove_member(&self, who: &SignedIn, member: &str, let_go: LetGo<'_>) -> Result<()> {
        self.keeps(who)?;
        if member == who.member.id {
            return Err(Error::refused("You keep this household. Nothing was changed. Pass that on to another member first."));
        }
        let charts = self.vault.register().roles(member)?;
        self.vault.register().remove_member(member)?;
        self.vault.clear_gone()?;
        for (person, _) in charts {
            if self.role(who, &person)? == Some(Role::Owner) {
                self.renew(who, &person, let_go)?;
            }
        }
        Ok(())
    }

    /// The roles of a member on the charts that another may open as well.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn roles_of(&self, who: &SignedIn, member: &str) -> Result<Vec<(String, Role)>> {
        let register = self.vault.register();
        let mine: Vec<String> = register.roles(&who.member.id)?.into_iter().map(|(id, _)| id).collect();
        Ok(register.roles(member)?.into_iter().filter(|(id, _)| mine.contains(id)).collect())
    }
}

/// The copy of a chart's identity that an invite holds.
pub(super) fn escrow(invite: &InviteInfo) -> Escrow {
    Escrow { path: PathBuf::from("invites").join(format!("{}.age", invite.id)), recipient: invite.recipient.clone(), outer: None }
}

/// A grant whose end is a date to come; only a viewer's is narrowed.
pub(super) fn good_grant(grant: &Grant) -> Result<Grant> {
    let until = match grant.until.as_deref().map(str::trim).filter(|d| !d.is_empty()) {
        None => None,
        Some(text) => {
            let date = PartialDate::parse(text).filter(|d| d.precision == Precision::Day);
            let date = date.ok_or_else(|| usage("The last day is not a date. Write it as year, month, day: 2027-03-14."))?;
            if date.text < today() {
                return Err(usage("The last day is over already. Choose today or a later day, or leave it empty."));
            }
            Some(date.text)
        }
    };
    let scope = grant.scope.clone().filter(|_| grant.role == Role::Viewer);
    Ok(Grant { role: grant.role, until, scope })
}
