//! What the hash of an entry covers: the hash before it and every field, each with its length, in one fixed order. Neither
//! the order of JSON nor two fields that run into each other can make two entries one.

use super::Event;
use sha2::{Digest, Sha256};

/// SHA-256.
pub(super) type Hash = [u8; 32];

/// Says what is hashed, and in which form.
const FORM: &[u8] = b"keepwell activity 1";

/// An entry as it lies in the database, text for text.
pub(super) struct Written<'a> {
    pub(super) seq: i64,
    pub(super) at: i64,
    pub(super) act: &'a str,
    pub(super) who_kind: &'a str,
    pub(super) event: &'a Event,
}

/// Before the first entry: each chart has its own beginning.
pub(super) fn beginning(person: &str) -> Hash {
    let mut hasher = Sha256::new();
    text(&mut hasher, FORM);
    text(&mut hasher, person.as_bytes());
    hasher.finalize().into()
}

/// The hash of an entry that follows another.
pub(super) fn next(before: &Hash, entry: &Written<'_>) -> Hash {
    let mut hasher = Sha256::new();
    text(&mut hasher, FORM);
    hasher.update(before);
    number(&mut hasher, entry.seq);
    number(&mut hasher, entry.at);
    let event = entry.event;
    for part in [entry.act, entry.who_kind, &event.who.id, &event.who.name, &event.from.address, &event.from.device] {
        text(&mut hasher, part.as_bytes());
    }
    number(&mut hasher, event.records.len() as i64);
    event.records.iter().for_each(|rid| number(&mut hasher, *rid));
    number(&mut hasher, event.details.len() as i64);
    for (name, value) in &event.details {
        text(&mut hasher, name.as_bytes());
        text(&mut hasher, value.as_bytes());
    }
    hasher.finalize().into()
}

fn number(hasher: &mut Sha256, n: i64) {
    hasher.update(n.to_le_bytes());
}

fn text(hasher: &mut Sha256, bytes: &[u8]) {
    number(hasher, bytes.len() as i64);
    hasher.update(bytes);
}
