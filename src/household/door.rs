//! What the door keeps beside the members: its own keys and the counts of wrong tries, and the ways back in for who has lost a
//! passphrase.

use super::{Household, SignedIn, passphrase, usage};
use crate::Result;
use crate::vault::{BrowserInfo, Key, Place, Tries, Vault};

impl Household {
    /// A key of this server's own, by its name: made when first asked for, and kept.
    pub(crate) fn server_key(&self, name: &str) -> Result<[u8; 32]> {
        self.vault.register().server_key(name)
    }

    /// The id of a member's browser that has this mark, if it is known.
    pub(crate) fn browser(&self, member: &str, mark: &str) -> Result<Option<String>> {
        self.vault.register().browser(member, mark)
    }

    /// A member has signed in with the browser of this mark; from now on it is known.
    pub(crate) fn saw_browser(&self, member: &str, mark: &str, from: &Place) -> Result<()> {
        self.vault.register().saw_browser(member, mark, &from.device, &from.address)
    }

    /// The browsers that a member has signed in with, the latest used first.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn browsers(&self, who: &SignedIn) -> Result<Vec<BrowserInfo>> {
        self.vault.register().browsers(&who.member.id)
    }

    /// Forgets one of them: it is a new browser again, with no tries of its own.
    ///
    /// # Errors
    /// NotFound when this member has none of that id; Internal when it cannot be written.
    pub fn forget_browser(&self, who: &SignedIn, id: &str, from: &Place) -> Result<()> {
        if !self.browsers(who)?.iter().any(|browser| browser.id == id) {
            return Err(crate::Error::not_found());
        }
        self.record_factor(who, "browser forgotten", from)?;
        self.vault.register().forget_browser(&who.member.id, id)
    }

    /// The wrong tries that are remembered, since a moment in seconds since 1970.
    pub(crate) fn tries(&self, since: i64) -> Result<Vec<Tries>> {
        self.vault.register().tries(since)
    }

    /// Keeps counts of wrong tries over a restart, and forgets those from before `since`.
    pub(crate) fn keep_tries(&self, tries: &[Tries], since: i64) -> Result<()> {
        self.vault.register().keep_tries(tries, since)
    }

    /// Forgets the wrong tries of who got it right.
    pub(crate) fn forget_tries(&self, who: &[String]) -> Result<()> {
        self.vault.register().forget_tries(who)
    }

    /// Opens a member's key with the recovery key alone, for a new passphrase: for the server's console, and for the web together
    /// with a recovery code (OWASP ASVS 5.0, 6.4.3: a reset never goes around the second factor).
    ///
    /// # Errors
    /// Denied when name and key do not match.
    pub fn with_recovery_key(&self, name: &str, recovery_key: &str) -> Result<SignedIn> {
        let known = self.vault.register().member_named(name)?;
        let key = Key::parse(recovery_key).ok_or_else(no_key)?;
        let (member, _) = known.filter(|(_, recipient)| *recipient == key.recipient()).ok_or_else(no_key)?;
        Ok(SignedIn::new(member, key))
    }

    /// Opens a member's key with what an unlock file holds: the member's recovery key, or their passphrase. Without a name the
    /// key tells whose it is; a passphrase needs the name, unless there is one member only.
    ///
    /// # Errors
    /// Usage when nobody is named and it is no key of a member; Denied when it does not match.
    pub fn unlock(&self, name: Option<&str>, secret: &str) -> Result<SignedIn> {
        if let Some(name) = name {
            return self.sign_in(name, secret);
        }
        let members = self.members()?;
        if Key::parse(secret).is_some() {
            let mut opened = members.iter().filter_map(|m| self.with_recovery_key(&m.name, secret).ok());
            return opened.next().ok_or_else(Vault::denied);
        }
        match members.as_slice() {
            [only] => self.sign_in(&only.name, secret),
            _ => Err(usage("Say whose passphrase the unlock file holds: --member NAME.")),
        }
    }

    /// Takes all second factors and recovery codes of a member off: for the server's console, when they are lost.
    ///
    /// # Errors
    /// Internal when the register cannot be written.
    pub fn reset_factors(&self, who: &SignedIn, from: &Place) -> Result<()> {
        self.record_factor(who, "all second factors taken off at the console", from)?;
        self.vault.register().reset_factors(&who.member.id)?;
        self.vault.forget_factors(&who.member.id)
    }

    /// Whether a passphrase would be good for this member ([`super::good_passphrase`]).
    ///
    /// # Errors
    /// Usage when it would not.
    pub fn check_passphrase(&self, who: &SignedIn, text: &str) -> Result<passphrase::Strength> {
        let about = self.names(who)?;
        passphrase::good_passphrase(text, &about.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

fn no_key() -> crate::Error {
    crate::Error::new(crate::Kind::Denied, "That recovery key does not match this name. Nothing was changed. Check both and try again.")
}
