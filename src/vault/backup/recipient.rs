//! Who opens a backup: age recipients, each with a second stanza beside it that holds the member's own key under their
//! passphrase. So one file restores with the recovery key, and with the passphrase alone. Stock age passes over stanzas that it
//! does not know (age v1, "Recipient stanza").

use crate::vault::keys::{self, Key};
use crate::{Error, Kind, Result};
use age::{DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};
use std::collections::HashSet;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// `-> keepwell-member <id>`, and `members/<id>.age` as its body.
const TAG: &str = "keepwell-member";
/// Each costs about a second to try: a file made elsewhere must not hold the server for minutes.
const MOST_TRIED: usize = 8;

/// Somebody who can open a backup.
#[derive(Clone, Debug)]
pub(crate) struct To {
    recipient: String,
    /// The member's id and their key under their passphrase.
    member: Option<(String, Vec<u8>)>,
}

impl To {
    /// Who has this key.
    pub(crate) fn key(recipient: String) -> Self {
        Self { recipient, member: None }
    }

    /// A member, by recovery key or passphrase.
    pub(crate) fn member(recipient: String, id: &str, sealed: Vec<u8>) -> Self {
        Self { recipient, member: Some((id.to_owned(), sealed)) }
    }
}

impl age::Recipient for To {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let key = age::x25519::Recipient::from_str(&self.recipient).map_err(|e| EncryptError::Io(std::io::Error::other(e)))?;
        let (mut stanzas, labels) = key.wrap_file_key(file_key)?;
        if let Some((id, sealed)) = &self.member {
            stanzas.push(Stanza { tag: TAG.to_owned(), args: vec![id.clone()], body: sealed.clone() });
        }
        Ok((stanzas, labels))
    }
}

/// What somebody has to open a backup with.
#[derive(Debug)]
pub(crate) struct Opener {
    /// Ways of writing the one passphrase.
    passphrases: Vec<Zeroizing<String>>,
    /// The key, given or found.
    key: Mutex<Option<Key>>,
    by_key: bool,
}

impl Opener {
    /// The recovery key, or any other that it was encrypted to.
    pub(crate) fn key(key: Key) -> Self {
        Self { passphrases: Vec::new(), key: Mutex::new(Some(key)), by_key: true }
    }

    /// A passphrase, in the ways that it may have been written.
    pub(crate) fn passphrase(passphrases: Vec<Zeroizing<String>>) -> Self {
        Self { passphrases, key: Mutex::default(), by_key: false }
    }

    /// The key that opened it.
    pub(super) fn opened(&self) -> Option<Key> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Key::twin)
    }

    pub(super) fn denied(&self) -> Error {
        let what = if self.by_key { "key" } else { "passphrase" };
        let words = format!(
            "That {what} does not open this backup. Nothing was changed. A backup opens with the passphrase as it was on the day it \
             was made, or the recovery key, of the member who keeps the household or who made it."
        );
        Error::new(Kind::Denied, words)
    }

    fn find(&self, stanzas: &[Stanza]) -> Option<Result<(Key, FileKey), DecryptError>> {
        for stanza in stanzas.iter().filter(|s| s.tag == TAG).take(MOST_TRIED) {
            for passphrase in &self.passphrases {
                let Ok(key) = keys::open_sealed(&stanza.body, passphrase) else { continue };
                match key.unwrap(stanzas) {
                    Some(Ok(file_key)) => return Some(Ok((key, file_key))),
                    Some(Err(e)) => return Some(Err(e)),
                    None => {}
                }
            }
        }
        None
    }
}

impl age::Identity for Opener {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.opened()?.unwrap(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        if let Some(key) = self.opened() {
            return key.unwrap(stanzas);
        }
        Some(self.find(stanzas)?.map(|(key, file_key)| {
            *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
            file_key
        }))
    }
}
