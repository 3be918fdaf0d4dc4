//! Encrypted files of links: JWE in compact form (RFC 7516), `alg` dir, `enc` A256GCM, as SMART Health Links ask for.
//! `zip` DEF (RFC 1951) is optional; what it unpacks to is bounded.

use crate::export::parallel;
use crate::{Error, Result};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use serde::{Deserialize, Serialize};
use std::io::Read;
use zeroize::Zeroizing;

/// Bytes of a nonce (RFC 7518, 5.3).
const NONCE: usize = 12;
/// Bytes of a tag.
const TAG: usize = 16;

/// The key of a link: 32 random bytes. The server that hands out the files never has it.
#[derive(Clone)]
pub struct LinkKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

impl LinkKey {
    /// A new one from the system's generator.
    ///
    /// # Errors
    /// Internal when there is no randomness.
    pub fn generate() -> Result<Self> {
        super::random().map(Self)
    }

    /// From the 43 characters of a link.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(B64.decode(text).ok()?);
        let mut key = Zeroizing::new([0; 32]);
        (bytes.len() == key.len()).then(|| key.copy_from_slice(&bytes))?;
        Some(Self(key))
    }

    /// The 43 characters that stand in a link.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(B64.encode(self.0.as_slice()))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The protected header. What else stands in one is ignored.
#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    enc: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cty: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zip: Option<String>,
    /// Extensions that a reader must understand (RFC 7515, 4.1.11): we understand none.
    #[serde(default, skip_serializing)]
    crit: Option<serde_json::Value>,
}

/// Encrypts a file under a nonce that is used this once.
///
/// # Errors
/// Internal when there is no randomness.
pub fn encrypt(key: &LinkKey, content_type: &str, plain: &[u8], zip: bool) -> Result<String> {
    let header = Header {
        alg: "dir".to_owned(),
        enc: "A256GCM".to_owned(),
        cty: Some(content_type.to_owned()),
        zip: zip.then(|| "DEF".to_owned()),
        crit: None,
    };
    let packed = if zip { deflate(plain)? } else { Zeroizing::new(Vec::new()) };
    let plain = if zip { packed.as_slice() } else { plain };
    let protected = B64.encode(serde_json::to_vec(&header).map_err(Error::internal)?);
    let nonce = super::random::<NONCE>()?;
    let sealed = cipher(key)?
        .encrypt(&Nonce::from(*nonce), Payload { msg: plain, aad: protected.as_bytes() })
        .map_err(|_| Error::internal("a file of a link could not be encrypted"))?;
    let (text, tag) = sealed.split_at(sealed.len() - TAG);
    let mut out = String::with_capacity(protected.len() + sealed.len() / 3 * 4 + 64);
    out.push_str(&protected);
    out.push_str("..");
    B64.encode_string(nonce.as_slice(), &mut out);
    out.push('.');
    B64.encode_string(text, &mut out);
    out.push('.');
    B64.encode_string(tag, &mut out);
    Ok(out)
}

/// A decrypted file.
#[derive(Debug)]
pub struct Opened {
    /// `cty`, as the header has it.
    pub content_type: Option<String>,
    /// The file.
    pub plain: Zeroizing<Vec<u8>>,
}

/// Decrypts a file that unpacks to at most `most` bytes.
///
/// # Errors
/// Refused when it is no such file, of another kind, altered, encrypted under another key, or larger than `most`.
pub fn decrypt(key: &LinkKey, jwe: &str, most: u64) -> Result<Opened> {
    let parts: Vec<&str> = jwe.trim().split('.').collect();
    let [protected, wrapped, nonce, text, tag] = parts.as_slice() else { return Err(broken("five parts")) };
    let header: Header = decoded(protected).and_then(|h| serde_json::from_slice(&h).ok()).ok_or_else(|| broken("the header"))?;
    if header.alg != "dir" || header.enc != "A256GCM" || !wrapped.is_empty() || header.crit.is_some() {
        return Err(Error::refused("This file is encrypted in a way that health links do not use. Nothing was opened."));
    }
    let zip = match header.zip.as_deref() {
        None => false,
        Some("DEF") => true,
        Some(_) => return Err(Error::refused("This file is packed in a way that health links do not use. Nothing was opened.")),
    };
    let nonce: [u8; NONCE] = decoded(nonce).and_then(|n| n.try_into().ok()).ok_or_else(|| broken("the nonce"))?;
    let mut sealed = decoded(text).ok_or_else(|| broken("the text"))?;
    let tag = decoded(tag).filter(|t| t.len() == TAG).ok_or_else(|| broken("the tag"))?;
    sealed.extend_from_slice(&tag);
    let plain =
        cipher(key)?.decrypt(&Nonce::from(nonce), Payload { msg: &sealed, aad: protected.as_bytes() }).map(Zeroizing::new).map_err(
            |_| Error::refused("This file does not open with this link: it was altered, or belongs to another link. Nothing was opened."),
        )?;
    let plain = if zip { inflate(&plain, most)? } else { plain };
    if plain.len() as u64 > most {
        return Err(too_large());
    }
    Ok(Opened { content_type: header.cty, plain })
}

/// Packs a file, its pieces on all cores: each but the last ends at a byte (RFC 1951, an empty block), so that they can stand
/// one behind the other.
fn deflate(plain: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    const PIECE: usize = 1 << 20;
    let end = plain.as_ptr_range().end.addr();
    let piece = |piece: &[u8]| -> Result<Zeroizing<Vec<u8>>> {
        let flush = if piece.as_ptr_range().end.addr() == end { FlushCompress::Finish } else { FlushCompress::Sync };
        let mut packer = Compress::new(Compression::fast(), false);
        let mut out = Zeroizing::new(Vec::with_capacity(piece.len() / 4 + 1024));
        loop {
            let taken = packer.total_in() as usize;
            let status = packer.compress_vec(piece.get(taken..).unwrap_or_default(), &mut out, flush).map_err(Error::internal)?;
            let whole = packer.total_in() as usize == piece.len() && out.len() < out.capacity();
            if status == Status::StreamEnd || whole && matches!(flush, FlushCompress::Sync) {
                return Ok(out);
            }
            let more = out.capacity().max(1024);
            out.reserve(more);
        }
    };
    if plain.is_empty() {
        return piece(plain);
    }
    let mut packed = Zeroizing::new(Vec::new());
    for one in parallel::pieces(plain, PIECE, piece) {
        packed.extend_from_slice(&one?);
    }
    Ok(packed)
}

fn inflate(packed: &[u8], most: u64) -> Result<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(Vec::new());
    let read = DeflateDecoder::new(packed).take(most.saturating_add(1)).read_to_end(&mut plain);
    read.map_err(|e| broken("what is packed in it").because(e))?;
    if plain.len() as u64 > most { Err(too_large()) } else { Ok(plain) }
}

fn cipher(key: &LinkKey) -> Result<Aes256Gcm> {
    Aes256Gcm::new_from_slice(key.bytes()).map_err(|_| Error::internal("a link's key has another length"))
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    B64.decode(part).ok()
}

fn broken(what: &'static str) -> Error {
    Error::refused("This is not a whole encrypted file of a health link. Nothing was opened.").because(what)
}

fn too_large() -> Error {
    Error::refused("This file unpacks to more than Keepwell takes at once. Nothing was opened.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u64 = 1 << 20;

    fn header(jwe: &str) -> serde_json::Value {
        serde_json::from_slice(&decoded(jwe.split('.').next().expect("a part")).expect("base64")).expect("JSON")
    }

    #[test]
    fn files_go_there_and_back_packed_or_not() {
        let key = LinkKey::generate().expect("a key");
        for zip in [false, true] {
            // Larger than the pieces in which it is packed, and hard to pack.
            let large: Vec<u8> = (0..600_000u64).flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect();
            for plain in [&b""[..], b"{}", &[b'x'; 100_000], &large, &[0; 1 << 20], &[7; 3 << 20]] {
                let jwe = encrypt(&key, "application/fhir+json", plain, zip).expect("sealed");
                let opened = decrypt(&key, &jwe, 8 << 20).expect("opened");
                assert_eq!((opened.plain.as_slice(), opened.content_type.as_deref()), (plain, Some("application/fhir+json")));
            }
        }
    }

    #[test]
    fn the_header_is_what_the_standard_asks_for_and_each_nonce_is_fresh() {
        let key = LinkKey::generate().expect("a key");
        let jwes: Vec<String> = (0..200).map(|_| encrypt(&key, "application/fhir+json", b"same", true).expect("sealed")).collect();
        let nonces: std::collections::HashSet<&str> = jwes.iter().map(|j| j.split('.').nth(2).expect("a nonce")).collect();
        assert_eq!(nonces.len(), jwes.len());
        let expected = serde_json::json!({"alg": "dir", "enc": "A256GCM", "cty": "application/fhir+json", "zip": "DEF"});
        assert_eq!(header(&jwes[0]), expected);
        assert!(header(&encrypt(&key, "a/b", b"", false).expect("sealed")).get("zip").is_none());
        assert_eq!(jwes[0].split('.').nth(1), Some(""));
        assert_eq!(key.text().len(), 43);
    }

    #[test]
    fn what_was_touched_does_not_open() {
        let key = LinkKey::generate().expect("a key");
        let jwe = encrypt(&key, "a/b", b"Penicillin", false).expect("sealed");
        let parts: Vec<&str> = jwe.split('.').collect();
        let other = |h: serde_json::Value| B64.encode(h.to_string());
        let with = |n: usize, part: &str| {
            let mut parts = parts.clone();
            parts[n] = part;
            parts.join(".")
        };
        let cases = [
            with(0, &other(serde_json::json!({"alg": "dir", "enc": "A256GCM"}))),
            with(0, &other(serde_json::json!({"alg": "none", "enc": "A256GCM"}))),
            with(0, &other(serde_json::json!({"alg": "dir", "enc": "A128GCM"}))),
            with(0, &other(serde_json::json!({"alg": "dir", "enc": "A256GCM", "zip": "GZ"}))),
            with(0, &other(serde_json::json!({"alg": "dir", "enc": "A256GCM", "crit": ["b64"]}))),
            with(1, "AAAA"),
            with(2, "AAAA"),
            with(2, ""),
            with(3, &B64.encode(b"Penicilliz")),
            with(4, &B64.encode([0; 16])),
            with(4, "AAAA"),
            with(3, "%%%"),
            String::new(),
            "....".to_owned(),
            format!("{jwe}.x"),
            jwe.chars().take(jwe.len() / 2).collect(),
        ];
        for case in cases {
            let error = decrypt(&key, &case, MOST).expect_err(&case);
            assert_eq!(error.kind, crate::Kind::Refused, "{case}");
        }
        let error = decrypt(&LinkKey::generate().expect("a key"), &jwe, MOST).expect_err("another key");
        assert_eq!(error.kind, crate::Kind::Refused);
    }

    #[test]
    fn unpacking_is_bounded() {
        let key = LinkKey::generate().expect("a key");
        let jwe = encrypt(&key, "a/b", &vec![0; 50 << 20], true).expect("sealed");
        assert!(jwe.len() < 1 << 20);
        assert!(decrypt(&key, &jwe, MOST).expect_err("a bomb").words().contains("more than"));
        let plain = encrypt(&key, "a/b", &[0; 11], false).expect("sealed");
        assert!(decrypt(&key, &plain, 10).is_err() && decrypt(&key, &plain, 11).is_ok());
    }

    #[test]
    fn keys_have_32_bytes() {
        for wrong in ["", "AAAA", "rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7", "rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q=", "!"] {
            assert!(LinkKey::parse(wrong).is_none(), "{wrong}");
        }
        let key = LinkKey::parse("rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q").expect("a key");
        assert_eq!(key.text().as_str(), "rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q");
        assert_eq!(format!("{key:?}"), "LinkKey(…)");
    }
}
