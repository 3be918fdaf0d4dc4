//! How a record is known again, and whether it says the same as before.

use crate::import::{Found, Origin};
use crate::record::{PartialDate, Resource, text_at, type_of};
use serde_json::Value;

/// A shortened BLAKE3 hash: 128 bits, chance collisions are out of reach for any household.
pub(super) type Hash = [u8; 16];

/// The hash of what a resource says: keys sorted, digits as given, without `meta.lastUpdated`, `meta.versionId` and
/// `meta.source` (FHIR R4 Resource.meta: the server's bookkeeping, which changes without a change of the record).
pub(super) fn content(resource: &Resource, buffer: &mut Vec<u8>) -> Hash {
    buffer.clear();
    canonical(resource, buffer, &mut Vec::with_capacity(64), true);
    short(&blake3::hash(buffer))
}

/// `room` holds the sorted fields of every object on the way: one list for all of them.
fn canonical<'a>(value: &'a Value, out: &mut Vec<u8>, room: &mut Vec<(&'a String, &'a Value)>, top: bool) {
    use std::io::Write;
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Number(n) => _ = write!(out, "{n}"),
        Value::String(s) => text(s, out),
        Value::Array(items) => {
            out.push(b'[');
            for item in items {
                canonical(item, out, room, false);
                out.push(b',');
            }
            out.push(b']');
        }
        Value::Object(map) => {
            out.push(b'{');
            let start = room.len();
            room.extend(map);
            room[start..].sort_unstable_by_key(|e| e.0);
            for n in start..room.len() {
                let (key, value) = room[n];
                if top && key == "meta" {
                    meta(value, out, room);
                    continue;
                }
                text(key, out);
                canonical(value, out, room, false);
                out.push(b',');
            }
            room.truncate(start);
            out.push(b'}');
        }
    }
}

fn meta<'a>(meta: &'a Value, out: &mut Vec<u8>, room: &mut Vec<(&'a String, &'a Value)>) {
    let Value::Object(map) = meta else { return canonical(meta, out, room, false) };
    let mut entries: Vec<_> = map.iter().filter(|(k, _)| !matches!(k.as_str(), "lastUpdated" | "versionId" | "source")).collect();
    entries.sort_unstable_by_key(|e| e.0);
    for (key, value) in entries {
        text("meta.", out);
        text(key, out);
        canonical(value, out, room, false);
    }
}

/// Length first, so that no text can be taken for structure.
fn text(s: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(&(s.len() as u64).to_le_bytes());
    out.extend_from_slice(s.as_bytes());
}

fn short(hash: &blake3::Hash) -> Hash {
    let mut out = [0; 16];
    out.copy_from_slice(&hash.as_bytes()[..16]);
    out
}

/// The key of a record. `scope` tells files of one patient from those of another where ids are short.
pub(super) fn key(found: &Found, scope: Option<&str>, content: &Hash) -> Hash {
    if let Origin::Kept { key, .. } = &found.origin
        && let Some(kept) = unhex(key)
    {
        return kept;
    }
    let kind = match &found.origin {
        Origin::Server { named: Some(named), .. } => named.as_str(),
        _ => type_of(&found.resource),
    };
    let id = found.resource.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let parts: Vec<&str> = match (&found.origin, id, scope) {
        (Origin::Server { base: Some(base), .. }, Some(id), _) => vec!["server", base.trim_end_matches('/'), kind, id],
        (Origin::Server { base: None, .. }, Some(id), _) if unique_in_shape(id) => vec!["id", kind, id],
        (Origin::Server { base: None, .. }, Some(id), Some(scope)) => vec!["scope", scope, kind, id],
        (Origin::Document { document, entry }, _, _) => vec!["document", document, entry, kind],
        _ => Vec::new(),
    };
    let mut hasher = blake3::Hasher::new();
    if parts.is_empty() {
        hasher.update(b"content").update(content);
    }
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    short(&hasher.finalize())
}

/// A key out of its 32 hex digits.
fn unhex(key: &str) -> Option<Hash> {
    let mut out = [0; 16];
    if key.len() != 32 {
        return None;
    }
    for (n, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(key.get(2 * n..2 * n + 2)?, 16).ok()?;
    }
    Some(out)
}

/// Whether an id can be taken for unique in the world: a UUID, or long with digits and letters.
pub(crate) fn unique_in_shape(id: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    let uuid = id.len() == 36 && id.bytes().enumerate().all(|(n, b)| if dashes.contains(&n) { b == b'-' } else { b.is_ascii_hexdigit() });
    uuid || id.len() >= 20 && id.bytes().any(|b| b.is_ascii_digit()) && id.bytes().any(|b| b.is_ascii_alphabetic())
}

/// The order of versions that the source itself states: `meta.lastUpdated` in seconds and a numeric `meta.versionId`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) updated: Option<i64>,
    pub(super) version: Option<i64>,
}

impl Stamp {
    pub(super) fn of(resource: &Resource) -> Self {
        let Some(meta) = resource.get("meta") else { return Self::default() };
        Self {
            updated: text_at(meta, "lastUpdated").and_then(|t| PartialDate::parse(&t)).map(|d| d.start),
            version: text_at(meta, "versionId").and_then(|v| v.parse().ok()),
        }
    }

    /// Whether this one is surely older (`Less`) or newer than another; `None` where the source does not tell.
    pub(super) fn against(self, other: Self) -> Option<std::cmp::Ordering> {
        let by = |a: Option<i64>, b: Option<i64>| Some(a?.cmp(&b?)).filter(|o| o.is_ne());
        by(self.updated, other.updated).or_else(|| by(self.version, other.version))
    }
}
