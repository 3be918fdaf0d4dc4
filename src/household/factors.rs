//! Second factors: codes of an authenticator app (TOTP, RFC 6238), passkeys (WebAuthn level 2), recovery codes. Their secrets
//! are encrypted to the member, so that only who has the passphrase gets as far as being asked for one.

use super::{Household, SignedIn, usage};
use crate::vault::{FactorInfo, FactorKind, Place, Vault};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::PoisonError;
use totp_rs::{Algorithm, Builder, Secret, Totp};
use webauthn_rs::prelude::Passkey;
use zeroize::{Zeroize, Zeroizing};

/// Seconds that a code is good for; one step before and after is taken too (RFC 6238, 5.2; OWASP ASVS 5.0, 6.5.5).
const STEP: u64 = 30;
/// How many recovery codes are made at once.
pub const RECOVERY_CODES: usize = 10;
/// Letters of recovery codes: none that can be taken for another (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Factors that one member may have.
const MOST: usize = 20;

/// What `members/<id>.factors.age` holds, by the factor's id.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Secrets {
    #[serde(default)]
    apps: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) passkeys: BTreeMap<String, KeptPasskey>,
}

/// A passkey and the site that it belongs to.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptPasskey {
    pub(super) site: String,
    pub(super) passkey: Passkey,
}

impl Drop for Secrets {
    fn drop(&mut self) {
        self.apps.values_mut().for_each(Zeroize::zeroize);
    }
}

/// An authenticator app that is being set up: its secret, until a code has proved that the app has it.
pub struct AppSetup(Zeroizing<[u8; 20]>);

impl std::fmt::Debug for AppSetup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppSetup(…)")
    }
}

impl AppSetup {
    /// A new secret of 160 bits.
    ///
    /// # Errors
    /// Internal when the system has no randomness to give.
    pub fn new() -> Result<Self> {
        Ok(Self(crate::vault::random()?))
    }

    /// The secret as an app takes it typed (base 32).
    pub fn secret(&self) -> Zeroizing<String> {
        Zeroizing::new(Secret::new_stack(*self.0).to_base32())
    }

    /// The secret as an app takes it scanned (Key URI format).
    pub fn uri(&self, member: &str) -> Zeroizing<String> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        let name: String = member.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
        let secret = self.secret();
        let text =
            format!("otpauth://totp/Keepwell:{name}?secret={}&issuer=Keepwell&algorithm=SHA1&digits=6&period={STEP}", secret.as_str());
        Zeroizing::new(text)
    }
}

fn totp(secret: Secret) -> Result<Totp> {
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(1).with_step_duration(STEP).with_secret(secret);
    builder.build().map_err(|_| Error::internal("the secret of an authenticator app does not fit"))
}

fn digits(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

impl Household {
    /// A member's second factors: empty when the passphrase alone opens the door.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn factors(&self, member: &str) -> Result<Vec<FactorInfo>> {
        self.vault.register().factors(member)
    }

    /// Adds an authenticator app, if `code` shows that it has the secret.
    ///
    /// # Errors
    /// Usage when the code is another.
    pub fn add_app(&self, who: &SignedIn, setup: &AppSetup, code: &str, label: &str, from: &Place) -> Result<()> {
        let Some(step) = totp(Secret::new_stack(*setup.0))?.check(&digits(code), now()) else {
            return Err(usage(
                "That code does not fit. Nothing was turned on. Wait for the next code, and see that the clock of your phone is right.",
            ));
        };
        self.record_factor(who, "authenticator app added", from)?;
        let secret = setup.secret();
        self.add_factor(who, FactorKind::App, label, step, |id, secrets| _ = secrets.apps.insert(id, secret.to_string()))
    }

    /// Whether `code` is what one of the member's apps shows now. Each code counts once.
    ///
    /// # Errors
    /// Internal when the secrets or the register cannot be read.
    pub fn check_app(&self, who: &SignedIn, code: &str) -> Result<bool> {
        let (code, secrets) = (digits(code), self.secrets(who)?);
        for factor in self.factors(&who.member.id)?.iter().filter(|f| f.kind == FactorKind::App) {
            let Some(secret) = secrets.apps.get(&factor.id) else { continue };
            let secret =
                Secret::try_from_base32(secret).map_err(|_| Error::internal("the secret of an authenticator app does not read"))?;
            if let Some(step) = totp(secret)?.check(&code, now()) {
                return self.vault.register().take_step(&factor.id, step);
            }
        }
        Ok(false)
    }

    /// Takes a second factor off.
    ///
    /// # Errors
    /// NotFound when the member has none of that id.
    pub fn remove_factor(&self, who: &SignedIn, id: &str, from: &Place) -> Result<()> {
        self.record_factor(who, "second factor removed", from)?;
        let _one = self.factoring.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.vault.register().remove_factor(&who.member.id, id)? {
            return Err(Error::not_found());
        }
        let mut secrets = self.secrets(who)?;
        secrets.passkeys.remove(id);
        if let Some(mut secret) = secrets.apps.remove(id) {
            secret.zeroize();
        }
        self.keep_secrets(who, &secrets)
    }

    /// Makes ten new recovery codes in place of all earlier ones. They are shown once: only their hashes are kept.
    ///
    /// # Errors
    /// Internal when they cannot be kept.
    pub fn new_recovery_codes(&self, who: &SignedIn, from: &Place) -> Result<Vec<String>> {
        let codes = (0..RECOVERY_CODES).map(|_| recovery_code()).collect::<Result<Vec<_>>>()?;
        let hashes: Vec<String> = codes.iter().map(|code| hash(&who.member.id, code)).collect();
        self.record_factor(who, "new recovery codes", from)?;
        self.vault.register().set_recovery_codes(&who.member.id, &hashes)?;
        Ok(codes)
    }

    /// Whether `code` is one of the member's recovery codes; it is used up with this.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn take_recovery_code(&self, member: &str, code: &str) -> Result<bool> {
        self.vault.register().take_recovery_code(member, &hash(member, code))
    }

    /// How many recovery codes are left, and how many were made.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn recovery_codes(&self, member: &str) -> Result<(usize, usize)> {
        self.vault.register().recovery_codes(member)
    }

    pub(super) fn add_factor(
        &self,
        who: &SignedIn,
        kind: FactorKind,
        label: &str,
        step: u64,
        put: impl FnOnce(String, &mut Secrets),
    ) -> Result<()> {
        let _one = self.factoring.lock().unwrap_or_else(PoisonError::into_inner);
        if self.factors(&who.member.id)?.len() >= MOST {
            return Err(usage("You have as many second factors as Keepwell keeps. Take one off first."));
        }
        let standard = if kind == FactorKind::App { "Authenticator app" } else { "Passkey" };
        let label: String = label.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(60).collect();
        let label = if label.is_empty() { standard.to_owned() } else { label };
        let factor = FactorInfo { id: Vault::new_id()?, kind, label, added: now().cast_signed(), used: None };
        let mut secrets = self.secrets(who)?;
        put(factor.id.clone(), &mut secrets);
        // The secret first: a factor without one would shut its owner out.
        self.keep_secrets(who, &secrets)?;
        self.vault.register().add_factor(&who.member.id, &factor, step)
    }

    pub(super) fn secrets(&self, who: &SignedIn) -> Result<Secrets> {
        let Some(text) = self.vault.open_factors(&who.member.id, &who.key)? else { return Ok(Secrets::default()) };
        serde_json::from_slice(&text).map_err(|_| Error::internal("the secrets of a member's factors do not read"))
    }

    pub(super) fn keep_secrets(&self, who: &SignedIn, secrets: &Secrets) -> Result<()> {
        let text = Zeroizing::new(serde_json::to_vec(secrets).map_err(Error::internal)?);
        self.vault.seal_factors(&who.member.id, &[who.key.recipient()], &text)
    }
}

/// Four groups of four: 80 bits.
fn recovery_code() -> Result<String> {
    let bytes = crate::vault::random::<16>()?;
    let letters: Vec<char> = bytes.iter().map(|b| char::from(LETTERS[usize::from(b % 32)])).collect();
    Ok(letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// The hash of a recovery code as it may have been typed. A code holds 80 bits, so that a fast hash does.
fn hash(member: &str, code: &str) -> String {
    let tidy: Zeroizing<String> = Zeroizing::new(
        code.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            })
            .collect(),
    );
    let mut hasher = blake3::Hasher::new_derive_key("keepwell 2026 recovery code of a member");
    hasher.update(member.as_bytes()).update(b"|").update(tidy.as_bytes());
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_read_as_they_are_typed() {
        let code = recovery_code().expect("random");
        assert_eq!((code.len(), code.matches('-').count()), (19, 3), "{code}");
        assert_ne!(code, recovery_code().expect("random"));
        let typed = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(hash("a", &code), hash("a", &typed));
        assert_ne!(hash("a", &code), hash("b", &code));
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B: the secret "12345678901234567890" at 59 s gives 94287082, of which six digits are asked.
        let totp = totp(Secret::new_stack(*b"12345678901234567890")).expect("a secret of 160 bits");
        assert_eq!(totp.check("287082", 59), Some(1));
        assert_eq!(totp.check("287082", 59 + 30), Some(1), "one step late");
        assert_eq!(totp.check("287082", 59 + 61), None, "two steps late");
        assert_eq!(totp.check("287083", 59), None);
    }
}
