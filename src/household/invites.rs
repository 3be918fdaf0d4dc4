//! Invites: a one-time link that gives somebody a role on a chart.
//!
//! The link's token is the secret of an age identity of its own. The server keeps a hash of it, and the chart's identity
//! encrypted to it: whoever has the link can open the chart's key and give it to the one who joins; the server alone cannot.

use super::passphrase::normal;
use super::roles::{escrow, good_grant};
use super::{Household, SignedIn, good_name, good_passphrase, usage};
use crate::vault::{Act, Actor, Event, Grant, InviteInfo, Key, MemberInfo, PersonInfo, Place, Vault};
use crate::{Error, Kind, Result};
use zeroize::Zeroizing;

/// An invite is good for so long, in seconds: five days.
const GOOD_FOR: i64 = 5 * 24 * 3600;
/// What every secret of an age identity begins with; the token is the rest of it, in small letters.
const SECRET: &str = "AGE-SECRET-KEY-1";

/// An invite that was opened with its token.
#[derive(Debug)]
pub struct Invited {
    /// What it gives.
    pub invite: InviteInfo,
    /// On whose chart.
    pub person: PersonInfo,
    copy: Key,
}

/// Somebody who has accepted an invite and has not yet confirmed or declined their recovery key. Kept in memory only: they are
/// no member, and nothing of them is on the disk.
pub struct Joining {
    /// Under which name they will sign in.
    pub name: String,
    /// To be shown once.
    pub recovery: Zeroizing<String>,
    invited: Invited,
    id: String,
    key: Key,
    sealed: Vec<u8>,
}

impl Joining {
    /// The chart that they are invited to.
    pub fn person_id(&self) -> &str {
        &self.invited.person.id
    }
}

impl std::fmt::Debug for Joining {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Joining(…)")
    }
}

/// One answer for every link that is good no longer, whatever the reason.
fn over() -> Error {
    let words = "This link is not good any more. It was used, it was withdrawn, or its five days are over. Nothing was changed. \
                 Ask the one who sent it for a new one.";
    Error::new(Kind::NotFound, words)
}

fn used(member: &MemberInfo, invite: &InviteInfo, from: &Place) -> Event {
    Event::new(Actor::member(&member.id, &member.name), Act::InviteUsed).from(from.clone()).with("role", invite.grant.role.slug())
}

fn hash(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().to_string()
}

impl Household {
    /// Makes an invite to a chart. Gives it with the token for the link, which is kept nowhere.
    ///
    /// # Errors
    /// Denied when the one who invites is not an owner; Usage when a field will not do.
    pub fn invite(&self, who: &SignedIn, person: &str, label: &str, grant: &Grant) -> Result<(InviteInfo, Zeroizing<String>)> {
        self.owns(who, person)?;
        let grant = good_grant(grant)?;
        let label = good_name(label, "who the invite is for")?;
        let holder = Key::generate();
        let token = Zeroizing::new(holder.secret().trim_start_matches(SECRET).to_lowercase());
        let created = Vault::now();
        let invite = InviteInfo {
            id: Vault::new_id()?,
            person: person.to_owned(),
            grant,
            label,
            sender: who.member.name.clone(),
            maker: who.member.id.clone(),
            created,
            expires: created + GOOD_FOR,
            recipient: holder.recipient(),
        };
        let _turn = super::lock(&self.changing);
        self.vault.seal_copy(person, &who.key, &escrow(&invite))?;
        self.vault.register().add_invite(&invite, &hash(&token))?;
        Ok((invite, token))
    }

    /// The invites to a chart that are good now, for its owners.
    ///
    /// # Errors
    /// Denied when this member is not an owner; NotFound.
    pub fn invites(&self, who: &SignedIn, person: &str) -> Result<Vec<InviteInfo>> {
        self.owns(who, person)?;
        self.vault.register().invites(person)
    }

    /// Withdraws an invite: its link is good no longer, and the copy of the chart's identity goes.
    ///
    /// # Errors
    /// Denied when this member is not an owner; NotFound when it was used, withdrawn or is over.
    pub fn withdraw(&self, who: &SignedIn, person: &str, invite: &str) -> Result<()> {
        self.owns(who, person)?;
        let known = self.vault.register().invites(person)?.into_iter().find(|i| i.id == invite).ok_or_else(Error::not_found)?;
        let _turn = super::lock(&self.changing);
        self.vault.register().withdraw(person, invite)?;
        self.vault.forget_copy(person, &escrow(&known).path)
    }

    /// Deletes the copies of a chart's identity whose invites are good no longer.
    pub(super) fn sweep_invites(&self, person: &str) -> Result<()> {
        let live: Vec<_> = self.vault.register().invites(person)?.iter().map(|i| escrow(i).path).collect();
        self.vault.keep_copies(person, &live)
    }

    /// What a link's token opens.
    ///
    /// # Errors
    /// NotFound, with the same words for every link that is good no longer.
    pub fn invited(&self, token: &str) -> Result<Invited> {
        let holder = Key::parse(&format!("{SECRET}{token}")).ok_or_else(over)?;
        let invite = self.vault.register().invite_of(&hash(token))?.ok_or_else(over)?;
        let copy = self.vault.open_copy(&invite.person, &escrow(&invite).path, &holder)?;
        let person = self.vault.person_by_copy(&invite.person, &copy)?;
        Ok(Invited { invite, person, copy })
    }

    /// Somebody new takes an invite up, under a name and a passphrase of their own. Takes about a second and 128 MiB.
    ///
    /// # Errors
    /// NotFound when the link is good no longer; Usage when the name is taken or a field will not do.
    pub fn join(&self, token: &str, name: &str, passphrase: &str) -> Result<Joining> {
        let invited = self.invited(token)?;
        let name = good_name(name, "the name you sign in with")?;
        good_passphrase(passphrase, &[&name, &invited.person.name, &invited.person.birth_date, &invited.invite.sender])?;
        self.free_name(&name)?;
        let key = Key::generate();
        let sealed = Vault::sealed_member(&normal(passphrase), &key)?;
        Ok(Joining { name, recovery: key.secret(), invited, id: Vault::new_id()?, key, sealed })
    }

    fn free_name(&self, name: &str) -> Result<()> {
        if self.vault.register().member_named(name)?.is_some() {
            return Err(usage(
                "Somebody here signs in under this name already. Choose another one: a second name or a letter more will do.",
            ));
        }
        Ok(())
    }

    /// They have confirmed or declined their recovery key: now they are a member with a role.
    ///
    /// # Errors
    /// NotFound when the link is good no longer; Usage when the name was taken meanwhile; Refused when the chart's keys are
    /// being changed.
    pub fn joined(&self, joining: &Joining, from: &Place) -> Result<SignedIn> {
        let Joining { invited, key, .. } = joining;
        let member = MemberInfo { id: joining.id.clone(), name: joining.name.clone() };
        let _turn = super::lock(&self.changing);
        self.free_name(&member.name)?;
        self.still_good(invited)?;
        self.record(&invited.invite.person, &used(&member, &invited.invite, from))?;
        self.vault.put_member(&member.id, &joining.sealed)?;
        let done = self.seal_with(invited, &key.recipient()).and_then(|()| {
            let used = self.vault.register().accept(&invited.invite, &member, Some(&key.recipient()))?;
            if used { Ok(()) } else { Err(over()) }
        });
        if let Err(e) = done {
            self.vault.forget_member(&member.id);
            return Err(e);
        }
        self.vault.forget_copy(&invited.invite.person, &escrow(&invited.invite).path)?;
        Ok(SignedIn::new(member, joining.key.twin()))
    }

    /// A member who is here already takes an invite up.
    ///
    /// # Errors
    /// NotFound when the link is good no longer; Refused when they may do as much already.
    pub fn accept(&self, who: &SignedIn, token: &str, from: &Place) -> Result<PersonInfo> {
        let invited = self.invited(token)?;
        let _turn = super::lock(&self.changing);
        self.still_good(&invited)?;
        let now = self.vault.register().grant(&who.member.id, &invited.invite.person)?;
        if now.is_some_and(|now| now.role >= invited.invite.grant.role) {
            return Err(Error::refused(
                "You may open this chart already, with no less than this invite gives. Nothing was changed, and the link stays good.",
            ));
        }
        self.record(&invited.invite.person, &used(&who.member, &invited.invite, from))?;
        self.seal_with(&invited, &who.key.recipient())?;
        if !self.vault.register().accept(&invited.invite, &who.member, None)? {
            return Err(over());
        }
        self.vault.forget_copy(&invited.invite.person, &escrow(&invited.invite).path)?;
        Ok(invited.person)
    }

    /// Under the lock: another may have used the same link since it was opened.
    fn still_good(&self, invited: &Invited) -> Result<()> {
        let live = self.vault.register().invites(&invited.invite.person)?;
        if live.iter().any(|i| i.id == invited.invite.id) { Ok(()) } else { Err(over()) }
    }

    fn seal_with(&self, invited: &Invited, recipient: &str) -> Result<()> {
        let person = &invited.invite.person;
        let mut recipients = self.recipients(person)?;
        if recipients.iter().any(|r| r == recipient) {
            return Ok(());
        }
        recipients.push(recipient.to_owned());
        self.vault.register().begin_sealing(person)?;
        self.vault.seal_identity_by_copy(person, &invited.copy, &recipients)
    }

    /// A new member at once, with a passphrase that somebody chose for them: for the command line. Gives their recovery key.
    ///
    /// # Errors
    /// Denied when the one who adds them is not an owner; Usage when the name is taken or a field will not do.
    pub fn add_member(&self, who: &SignedIn, person: &str, name: &str, passphrase: &str, grant: &Grant) -> Result<Zeroizing<String>> {
        self.owns(who, person)?;
        let grant = good_grant(grant)?;
        let name = good_name(name, "the name of the new member")?;
        good_passphrase(passphrase, &[&name, &who.member.name])?;
        let key = Key::generate();
        let sealed = Vault::sealed_member(&normal(passphrase), &key)?;
        let member = MemberInfo { id: Vault::new_id()?, name };
        let _turn = super::lock(&self.changing);
        self.free_name(&member.name)?;
        let mut recipients = self.recipients(person)?;
        recipients.push(key.recipient());
        self.vault.register().begin_sealing(person)?;
        let done = self
            .vault
            .put_member(&member.id, &sealed)
            .and_then(|()| self.vault.seal_identity(person, &who.key, &recipients))
            .and_then(|()| self.vault.register().add_with_role(&member, &key.recipient(), person, &grant));
        if let Err(e) = done {
            self.vault.forget_member(&member.id);
            return Err(e);
        }
        Ok(key.secret())
    }
}
