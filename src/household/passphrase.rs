//! What makes a passphrase good enough to guard a chart.

use crate::vault::Key;
use crate::{Error, Kind, Result};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

/// The shortest passphrase, in characters; blanks count (OWASP ASVS 5.0, 6.2.1; NIST SP 800-63B-4: 15 where it stands alone).
pub const PASSPHRASE: usize = 15;
/// The longest, in characters: more is a mistake, and work for nothing.
const LONGEST: usize = 1000;

/// So many signs must be left of a passphrase without the names and dates that others know.
const REST: usize = 8;

/// How hard a passphrase is to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Among the common ones, or made of them: refused.
    Weak,
    /// Good.
    Good,
    /// Better still.
    Strong,
}

impl Strength {
    /// In words for the member.
    pub fn words(self) -> &'static str {
        match self {
            Self::Weak => "Too easy to guess",
            Self::Good => "Good",
            Self::Strong => "Strong: nobody will guess it",
        }
    }
}

/// How hard a passphrase is to guess for somebody who knows `about`: the names of the household, birth dates. Common
/// passphrases, names, keyboard rows, dates and repetitions count for as little as they are worth.
pub fn strength(passphrase: &str, about: &[&str]) -> Strength {
    let parts = about.iter().flat_map(|a| a.split(|c: char| !c.is_alphanumeric())).map(str::to_owned);
    let joined = about.iter().map(|a| a.chars().filter(|c| c.is_alphanumeric()).collect::<String>());
    let known: Vec<String> = about.iter().map(|a| (*a).to_owned()).chain(joined).chain(parts).filter(|p| p.len() > 1).collect();
    if left_without(passphrase, &known) < REST {
        return Strength::Weak;
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    match zxcvbn(passphrase, &known).score() {
        Score::Zero | Score::One | Score::Two => Strength::Weak,
        Score::Three => Strength::Good,
        _ => Strength::Strong,
    }
}

/// How many signs are left of a passphrase without what is known, the longest taken out first.
fn left_without(passphrase: &str, known: &[String]) -> usize {
    let mut known: Vec<String> = known.iter().map(|k| k.to_lowercase()).collect();
    known.sort_by_key(|k| std::cmp::Reverse(k.len()));
    let mut rest = Zeroizing::new(passphrase.to_lowercase());
    for word in &known {
        rest = Zeroizing::new(rest.replace(word.as_str(), " "));
    }
    rest.chars().filter(|c| !c.is_whitespace()).count()
}

/// Whether a passphrase may guard a member's key: at least [`PASSPHRASE`] characters, not a common one, not made of `about`
/// (the names of the household), no recovery key.
///
/// # Errors
/// Usage, with words that say what is wrong with it and never the passphrase itself.
pub fn good_passphrase(passphrase: &str, about: &[&str]) -> Result<Strength> {
    let passphrase = normal(passphrase);
    let letters = passphrase.chars().count();
    let usage = |words: String| Err(Error::new(Kind::Usage, words));
    if letters < PASSPHRASE {
        return usage(format!(
            "This passphrase is too short: it has {letters} characters and needs at least {PASSPHRASE}. Four or five words that you can remember are good."
        ));
    }
    if letters > LONGEST {
        return usage(format!("This passphrase is too long: {LONGEST} characters are the most."));
    }
    if Key::parse(&passphrase).is_some() {
        return usage("A recovery key cannot be the passphrase. Choose words that you can remember.".into());
    }
    let strength = strength(&passphrase, about);
    if strength == Strength::Weak {
        return usage(
            "This passphrase is too easy to guess: it is a common one, repeats itself, or is made of names that others know. Take four or five words that have nothing to do with each other.".into(),
        );
    }
    Ok(strength)
}

/// One way to write what looks the same: an ü of one sign or of two (Unicode NFC).
pub(super) fn normal(passphrase: &str) -> Zeroizing<String> {
    Zeroizing::new(passphrase.nfc().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: [&str; 3] = ["Ruth", "Ruth Carver", "1954-03-14"];

    #[test]
    fn short_common_and_known_ones_are_refused() {
        for bad in [
            "fourteen signs",
            "password",
            "passwordpassword",
            "aaaaaaaaaaaaaaaaaaaa",
            "123456789012345678",
            "qwertyuiopasdfghjkl",
            "ruthcarver19540314",
            "Ruth Carver Ruth Carver",
            "Carver, Ruth: 14.03.1954!",
            "abcabcabcabcabcabcabc",
            &"x".repeat(1001),
            "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
        ] {
            let refused = good_passphrase(bad, &ABOUT).expect_err(bad);
            assert_eq!(refused.kind, Kind::Usage, "{bad}");
            assert!(!refused.words().contains(bad));
        }
    }

    #[test]
    fn four_words_are_good_in_any_script_and_blanks_count() {
        for good in [
            "four words make a good one",
            "three herons by the mill",
            "a quiet well in the garden",
            "über den sieben bergen",
            "七つの山の向こうの小さな青い家の庭",
        ] {
            assert!(good_passphrase(good, &ABOUT).is_ok(), "{good}");
        }
        // Blanks at the ends are characters like others.
        assert!(good_passphrase(" plum tin owl x ", &ABOUT).is_ok());
    }

    #[test]
    fn one_way_to_write_what_looks_the_same() {
        assert_eq!(normal("u\u{308}ber den sieben bergen").as_str(), "über den sieben bergen");
    }
}
