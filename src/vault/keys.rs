//! Keys: members' and charts' age identities, and what is encrypted to them. All zeroised when dropped.

use super::files;
use crate::{Error, Kind, Result};
use age::secrecy::{ExposeSecret, SecretString};
use age::x25519;
use rand::TryRngCore;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::str::FromStr;
use std::sync::Mutex;
use zeroize::Zeroizing;

/// age's scrypt work factor, N = 2^17: about a second and 128 MiB on a small machine. Set, since age's own choice varies by machine.
const WORK: u8 = 17;
/// The highest accepted when reading: a file made elsewhere must not hold the server for minutes.
const WORK_ACCEPTED: u8 = 20;
/// One key derivation at a time: each takes 128 MiB.
static DERIVING: Mutex<()> = Mutex::new(());

/// An age identity: a member's or a chart's. A chart whose keys were made anew keeps the older ones with it, to read what is
/// not encrypted anew yet; nothing is written with those.
pub(crate) struct Key {
    newest: x25519::Identity,
    older: Vec<x25519::Identity>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// A new one from the system's generator.
    pub(crate) fn generate() -> Self {
        Self { newest: x25519::Identity::generate(), older: Vec::new() }
    }

    /// `AGE-SECRET-KEY-1…`, blanks and letter case forgiven since it may have been typed from paper.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let tidy: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect::<String>().to_uppercase());
        x25519::Identity::from_str(&tidy).ok().map(|newest| Self { newest, older: Vec::new() })
    }

    /// The same key once more.
    pub(crate) fn twin(&self) -> Self {
        Self { newest: self.newest.clone(), older: self.older.clone() }
    }

    /// The same key, which also reads what was encrypted to older ones.
    pub(super) fn with_older(mut self, older: Vec<Self>) -> Self {
        for key in older {
            self.older.push(key.newest);
            self.older.extend(key.older);
        }
        self
    }

    /// All of its secrets, the newest first, one a line.
    pub(super) fn secrets(&self) -> Zeroizing<String> {
        let mut lines = Zeroizing::new(String::new());
        for identity in std::iter::once(&self.newest).chain(&self.older) {
            lines.push_str(identity.to_string().expose_secret());
            lines.push('\n');
        }
        lines
    }

    /// `age1…`: anyone who has it may encrypt to this key.
    pub(crate) fn recipient(&self) -> String {
        self.newest.to_public().to_string()
    }

    /// `AGE-SECRET-KEY-1…`.
    pub(crate) fn secret(&self) -> Zeroizing<String> {
        Zeroizing::new(self.newest.to_string().expose_secret().to_owned())
    }

    /// Opens a small age file that was encrypted to this key.
    pub(crate) fn open_file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
        let mut plain = Zeroizing::new(Vec::new());
        self.reader(path)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    /// Opens a small age file in memory.
    pub(super) fn open_bytes(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let all = std::iter::once(&self.newest).chain(&self.older).map(|i| i as &dyn age::Identity);
        let mut plain = Zeroizing::new(Vec::new());
        age::Decryptor::new_buffered(sealed).and_then(|d| d.decrypt(all)).map_err(Error::internal)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    /// Reads an age file that was encrypted to this key, decrypting as it goes.
    pub(crate) fn reader(&self, path: &Path) -> Result<age::stream::StreamReader<BufReader<File>>> {
        let all = std::iter::once(&self.newest).chain(&self.older).map(|i| i as &dyn age::Identity);
        let file = BufReader::with_capacity(1 << 16, File::open(path)?);
        age::Decryptor::new_buffered(file).and_then(|d| d.decrypt(all)).map_err(Error::internal)
    }

    /// The key of a file, out of the stanzas of its header (age v1).
    pub(super) fn unwrap(&self, stanzas: &[age_core::format::Stanza]) -> Option<Result<age_core::format::FileKey, age::DecryptError>> {
        std::iter::once(&self.newest).chain(&self.older).find_map(|identity| age::Identity::unwrap_stanzas(identity, stanzas))
    }

    /// Whether an age file is encrypted to the newest of its keys: looks at the header alone.
    pub(super) fn fits(&self, path: &Path) -> Result<bool> {
        let file = BufReader::new(File::open(path)?);
        match age::Decryptor::new_buffered(file).and_then(|d| d.decrypt(std::iter::once(&self.newest as &dyn age::Identity))) {
            Ok(_) => Ok(true),
            Err(age::DecryptError::Io(e)) => Err(e.into()),
            Err(_) => Ok(false),
        }
    }
}

/// A stream that encrypts to some recipients.
pub(crate) fn writer<W: Write>(recipients: &[String], out: W) -> Result<age::stream::StreamWriter<W>> {
    let keys: Vec<x25519::Recipient> = recipients
        .iter()
        .map(|r| x25519::Recipient::from_str(r).map_err(|e| Error::internal(format!("a recipient does not read: {e}"))))
        .collect::<Result<_>>()?;
    let encryptor = age::Encryptor::with_recipients(keys.iter().map(|k| k as &dyn age::Recipient)).map_err(Error::internal)?;
    Ok(encryptor.wrap_output(out)?)
}

/// Writes a small age file, encrypted to some recipients.
pub(crate) fn seal_file(path: &Path, recipients: &[String], plain: &[u8]) -> Result<()> {
    files::replace(path, &seal(recipients, plain)?)
}

/// A small age file in memory.
pub(super) fn seal(recipients: &[String], plain: &[u8]) -> Result<Vec<u8>> {
    let mut sealed = Vec::new();
    let mut out = writer(recipients, &mut sealed)?;
    out.write_all(plain)?;
    out.finish()?;
    Ok(sealed)
}

/// A member's key, encrypted with their passphrase: an age file.
pub(crate) fn sealed_with_passphrase(passphrase: &str, key: &Key) -> Result<Vec<u8>> {
    let _one = DERIVING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(WORK);
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).map_err(Error::internal)?;
    let mut sealed = Vec::new();
    let mut out = encryptor.wrap_output(&mut sealed)?;
    out.write_all(key.secret().as_bytes())?;
    out.write_all(b"\n")?;
    out.finish()?;
    Ok(sealed)
}

/// Opens a member's key with their passphrase.
pub(crate) fn open_with_passphrase(path: &Path, passphrase: &str) -> Result<Key> {
    open_sealed(&std::fs::read(path)?, passphrase)
}

/// Opens a member's key, as it stands in its file, with their passphrase.
pub(crate) fn open_sealed(sealed: &[u8], passphrase: &str) -> Result<Key> {
    let _one = DERIVING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
    identity.set_max_work_factor(WORK_ACCEPTED);
    let mut plain = Zeroizing::new(String::new());
    let opened = age::Decryptor::new_buffered(sealed).and_then(|d| d.decrypt(std::iter::once(&identity as &dyn age::Identity)));
    match opened {
        Ok(mut reader) => reader.read_to_string(&mut plain)?,
        Err(age::DecryptError::Io(e)) => return Err(e.into()),
        Err(e @ age::DecryptError::ExcessiveWork { .. }) => return Err(Error::internal(e)),
        Err(_) => return Err(denied()),
    };
    Key::parse(&plain).ok_or_else(|| Error::internal("a member's key file holds no age key"))
}

/// The same words for a wrong name and a wrong passphrase.
pub(crate) fn denied() -> Error {
    Error::new(Kind::Denied, "That passphrase does not match this name. Nothing was opened. Check both and try again.")
}

/// Random bytes from the system's generator.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::rngs::OsRng.try_fill_bytes(bytes.as_mut_slice()).map_err(Error::internal)?;
    Ok(bytes)
}

/// A random name for files and addresses: 16 hex digits hold 64 bits.
pub(crate) fn random_id() -> Result<String> {
    Ok(hex(random::<8>()?.as_slice()))
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|d| char::from(DIGITS[usize::from(d)])).collect()
}
