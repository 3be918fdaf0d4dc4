//! Passkeys and security keys as a second factor (Web Authentication, level 2). The browser's answers are checked here; the
//! challenge is kept by whoever asked for it, and is good for one answer.

use super::factors::KeptPasskey;
use super::{Household, SignedIn, usage};
use crate::vault::{FactorKind, Place};
use crate::{Error, Result};
use std::sync::PoisonError;
use webauthn_rs::prelude::{Passkey, PasskeyAuthentication, PasskeyRegistration, Url, Uuid};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// What a passkey is bound to: the host's name, and the address of the pages (`https://home.example`). Browsers want https, or
/// this very machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Site {
    pub host: String,
    pub origin: String,
}

/// A passkey that is being made.
#[derive(Debug)]
pub struct PasskeySetup(PasskeyRegistration);

/// A passkey that is being asked for.
#[derive(Debug)]
pub struct PasskeyAsked(PasskeyAuthentication);

impl Site {
    fn checker(&self) -> Result<Webauthn> {
        let origin = Url::parse(&self.origin).map_err(|_| Error::internal("the address of this server does not read"))?;
        let builder = WebauthnBuilder::new(&self.host, &origin).map_err(Error::internal)?;
        builder.rp_name("Keepwell").build().map_err(Error::internal)
    }
}

impl Household {
    /// Begins a new passkey: what the browser is told (`publicKey` of `navigator.credentials.create`, as JSON).
    ///
    /// # Errors
    /// Internal when the site or the member's factors cannot be read.
    pub fn begin_passkey(&self, who: &SignedIn, site: &Site) -> Result<(String, PasskeySetup)> {
        let have = self.secrets(who)?.passkeys.values().map(|k| k.passkey.cred_id().clone()).collect();
        let name = &who.member.name;
        let begun = site.checker()?.start_passkey_registration(handle(&who.member.id), name, name, Some(have));
        let (asked, state) = begun.map_err(Error::internal)?;
        Ok((serde_json::to_string(&asked).map_err(Error::internal)?, PasskeySetup(state)))
    }

    /// Adds the passkey that the browser has made.
    ///
    /// # Errors
    /// Usage when the browser's answer does not fit what was asked.
    pub fn add_passkey(&self, who: &SignedIn, site: &Site, begun: &PasskeySetup, answer: &str, label: &str, from: &Place) -> Result<()> {
        let wrong = || usage("The passkey could not be made. Nothing was turned on. Try again.");
        let answer = serde_json::from_str(answer).map_err(|_| wrong())?;
        let passkey: Passkey = site.checker()?.finish_passkey_registration(&answer, &begun.0).map_err(|_| wrong())?;
        if self.secrets(who)?.passkeys.values().any(|k| k.passkey == passkey) {
            return Err(usage("This passkey is here already. Nothing was changed."));
        }
        self.record_factor(who, "passkey added", from)?;
        let kept = KeptPasskey { site: site.host.clone(), passkey };
        self.add_factor(who, FactorKind::Passkey, label, 0, |id, secrets| _ = secrets.passkeys.insert(id, kept))
    }

    /// Asks for one of the member's passkeys of this site: what the browser is told (`publicKey` of
    /// `navigator.credentials.get`, as JSON). None when there is none.
    ///
    /// # Errors
    /// Internal when the site or the member's factors cannot be read.
    pub fn ask_passkey(&self, who: &SignedIn, site: &Site) -> Result<Option<(String, PasskeyAsked)>> {
        let secrets = self.secrets(who)?;
        let listed = self.factors(&who.member.id)?;
        let here = secrets.passkeys.iter().filter(|(id, k)| k.site == site.host && listed.iter().any(|f| f.id == **id));
        let keys: Vec<Passkey> = here.map(|(_, k)| k.passkey.clone()).collect();
        if keys.is_empty() {
            return Ok(None);
        }
        let (asked, state) = site.checker()?.start_passkey_authentication(&keys).map_err(Error::internal)?;
        Ok(Some((serde_json::to_string(&asked).map_err(Error::internal)?, PasskeyAsked(state))))
    }

    /// Whether the browser's answer is by one of the passkeys that were asked for.
    ///
    /// # Errors
    /// Internal when the member's factors cannot be kept.
    pub fn check_passkey(&self, who: &SignedIn, site: &Site, asked: &PasskeyAsked, answer: &str) -> Result<bool> {
        let Ok(answer) = serde_json::from_str(answer) else { return Ok(false) };
        let Ok(result) = site.checker()?.finish_passkey_authentication(&answer, &asked.0) else { return Ok(false) };
        let _one = self.factoring.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secrets = self.secrets(who)?;
        let found = secrets.passkeys.iter_mut().find(|(_, k)| k.passkey.cred_id() == result.cred_id());
        let Some((id, kept)) = found.map(|(id, kept)| (id.clone(), kept)) else { return Ok(false) };
        // Taken off since it was asked for: it no longer counts.
        if !self.factors(&who.member.id)?.iter().any(|f| f.id == id) {
            return Ok(false);
        }
        if kept.passkey.update_credential(&result) == Some(true) {
            self.keep_secrets(who, &secrets)?;
        }
        self.vault.register().used_factor(&id)?;
        Ok(true)
    }
}

/// The same handle for the same member, so that a browser replaces and does not gather passkeys; it says nothing about them.
fn handle(member: &str) -> Uuid {
    let hash = blake3::derive_key("keepwell 2026 passkey handle of a member", member.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(bytes)
}
