//! Passphrases of six plain words. 2,048 words are 11 bits each: 66 bits, and nobody chose them.

use crate::{Error, Result};
use std::sync::LazyLock;
use zeroize::Zeroizing;

const WORDS: usize = 6;

static LIST: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("../../assets/words.txt").split_whitespace().collect());

/// A new passphrase, such as "acorn river mellow tulip brisk canoe".
///
/// # Errors
/// Internal when there is no randomness.
pub fn passphrase() -> Result<Zeroizing<String>> {
    let mut out = Zeroizing::new(String::with_capacity(WORDS * 10));
    for pair in super::random::<{ 2 * WORDS }>()?.chunks_exact(2) {
        // 2,048 divides 65,536: no word is likelier than another.
        let n = usize::from(u16::from_le_bytes([pair[0], pair[1]])) % LIST.len();
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(LIST.get(n).ok_or_else(|| Error::internal("the word list is empty"))?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_list_holds_2048_plain_words() {
        assert_eq!(LIST.iter().collect::<HashSet<_>>().len(), 2048);
        assert!(LIST.iter().all(|w| (3..=9).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_lowercase())));
    }

    #[test]
    fn passphrases_are_six_words_and_differ() {
        let many: HashSet<String> = (0..500).map(|_| passphrase().expect("words").to_string()).collect();
        assert_eq!(many.len(), 500);
        assert!(many.iter().all(|p| p.split(' ').count() == WORDS && p.split(' ').all(|w| LIST.contains(&w))));
        let used: HashSet<&str> = many.iter().flat_map(|p| p.split(' ')).collect();
        assert!(used.len() > 1000, "{}", used.len());
    }
}
