//! What a person reads when a FHIR file cannot be taken, or is something else.

use crate::{Error, Kind};
use serde_json::{Map, Value};

/// The text ends in the middle.
pub(super) fn cut_short() -> Error {
    Error::refused(
        "This file ends in the middle: the rest of it is missing. Nothing was added to the records. Download it again, then add it once more.",
    )
}

/// The text is not JSON at this byte.
pub(super) fn broken(at: u64) -> Error {
    Error::refused(format!(
        "This file is damaged: it cannot be read from byte {} on. Nothing was added to the records. Download it again, then add it once more.",
        at + 1
    ))
}

/// A value inside is nested beyond the limit.
pub(super) fn too_deep() -> Error {
    Error::new(
        Kind::TooMuch,
        "This file is nested more deeply than any health record is. Nothing was added to the records. If you trust it, raise the limit in the settings.",
    )
}

/// One record is larger than the limit.
pub(super) fn too_large() -> Error {
    Error::new(
        Kind::TooMuch,
        "A single record in this file is larger than the limit. Nothing was added to the records. If you trust it, raise the limit in the settings.",
    )
}

/// JSON that is no FHIR resource, with what it looks like where that can be told.
pub(super) fn not_fhir(what: Option<&str>) -> Error {
    Error::refused(match what {
        Some(what) => {
            format!("This file holds no health records in the FHIR format: it looks like {what}. Nothing was added to the records.")
        }
        None => {
            "This file holds no health records in the FHIR format: nothing in it says what kind of record it is. Nothing was added to the \
                 records. Ask the practice for a FHIR or C-CDA download."
                .to_owned()
        }
    })
}

/// Where `serde_json` stopped, without the text it stopped at: an error's source goes to the log.
pub(super) fn position(e: &serde_json::Error) -> String {
    format!("not JSON at line {} column {} of a value", e.line(), e.column())
}

/// What a JSON object that is not FHIR looks like.
pub(super) fn looks_like(fields: &Map<String, Value>) -> Option<&'static str> {
    let has = |name: &str| fields.contains_key(name);
    let mentions = |name: &str, part: &str| fields.get(name).is_some_and(|v| v.to_string().contains(part));
    if has("verifiableCredential") || mentions("type", "smarthealth.cards") || has("vc") {
        Some("a SMART Health Card, a signed card with a QR code")
    } else if (has("url") && has("key")) || has("shlink") {
        Some("a SMART Health Link, an address under which records can be fetched")
    } else if has("files") && fields.get("files").is_some_and(Value::is_array) {
        Some("the list of files behind a SMART Health Link, not the records themselves")
    } else if has("transactionTime") && has("output") {
        Some("the list of files of a bulk download, not the records themselves: add the files that it names")
    } else if has("access_token") || has("id_token") {
        Some("a sign-in answer of a server; keep it private")
    } else if has("authorization_endpoint") || has("token_endpoint") {
        Some("the description of a server, not records")
    } else if has("$schema") {
        Some("a description of a data format, not records")
    } else if has("type") && has("features") {
        Some("a map")
    } else {
        None
    }
}
