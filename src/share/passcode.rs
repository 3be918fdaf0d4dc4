//! Passcodes of links: few letters, so kept as a slow hash (scrypt, RFC 7914) and with a cap of tries for the whole life of
//! the link.

use crate::{Error, Kind, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Wrong passcodes in the whole life of a link.
pub const TRIES: u32 = 10;
/// The fewest characters.
pub const SHORTEST: usize = 4;
/// The most that are looked at.
const LONGEST: usize = 200;
/// scrypt's N = 2^14, r = 8: 16 MiB and some hundredths of a second.
const WORK: u8 = 14;

/// The hash of a new passcode.
///
/// # Errors
/// Usage when it is too short or too long; Internal when there is no randomness.
pub(super) fn hash(passcode: &str) -> Result<String> {
    let tidy = passcode.trim();
    let letters = tidy.chars().count();
    if letters < SHORTEST || tidy.len() > LONGEST {
        let words = format!("A passcode needs at least {SHORTEST} letters or digits, and at most {LONGEST}. Nothing was made.");
        return Err(Error::new(Kind::Usage, words));
    }
    let salt = super::random::<16>()?;
    Ok(format!("{}${}", B64.encode(salt.as_slice()), B64.encode(derive(tidy, salt.as_slice())?.as_slice())))
}

/// Whether a passcode is the one that was hashed. The time taken tells nothing.
pub(super) fn fits(passcode: &str, hashed: &str) -> Result<bool> {
    let tidy = passcode.trim();
    let parts = hashed.split_once('$').and_then(|(salt, hash)| Some((B64.decode(salt).ok()?, B64.decode(hash).ok()?)));
    let (salt, hash) = parts.ok_or_else(|| Error::internal("the hash of a passcode does not read"))?;
    if tidy.len() > LONGEST {
        return Ok(false);
    }
    Ok(derive(tidy, &salt)?.ct_eq(&hash).into())
}

fn derive(passcode: &str, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    let params = Params::new(WORK, 8, 1).map_err(Error::internal)?;
    let mut out = Zeroizing::new([0; 32]);
    scrypt(passcode.as_bytes(), salt, &params, out.as_mut_slice()).map_err(Error::internal)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passcode_fits_its_own_hash_only() {
        let one = hash(" 4711 ").expect("a hash");
        assert!(fits("4711", &one).expect("a look") && !fits("4712", &one).expect("a look"));
        assert!(!fits("", &one).expect("a look") && !fits(&"4".repeat(10_000), &one).expect("a look"));
        assert_ne!(one, hash("4711").expect("another salt"));
        assert!(!one.contains("4711"));
        for wrong in ["", "123", "   1   ", &"1".repeat(201)] {
            assert!(hash(wrong).is_err(), "{wrong}");
        }
        assert!(fits("4711", "nonsense").is_err());
    }
}
