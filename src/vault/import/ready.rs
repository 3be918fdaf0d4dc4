//! A record made ready for the database: all that is written of it, without the tree that it was read from.

use crate::import::{Found, Origin};
use crate::record::{Facts, type_of};
use crate::vault::identity::{self, Hash, Stamp};
use crate::{Error, Result};
use serde_json::Value;

/// A record as it goes to the database.
pub(in crate::vault) struct Ready {
    pub(in crate::vault) key: Hash,
    pub(in crate::vault) content: Hash,
    pub(in crate::vault) stamp: Stamp,
    pub(in crate::vault) kind: String,
    pub(in crate::vault) fhir_id: Option<String>,
    pub(in crate::vault) full_url: Option<String>,
    pub(in crate::vault) place: String,
    /// Compact JSON of the resource.
    pub(in crate::vault) json: Vec<u8>,
    pub(in crate::vault) facts: Facts,
    pub(in crate::vault) counted: bool,
}

impl Ready {
    /// Makes a record ready; `scope` as in [`super::Import::scope`], `buffer` is room for its canonical text.
    pub(super) fn of(found: Found, facts: Facts, scope: Option<&str>, buffer: &mut Vec<u8>) -> Result<Self> {
        let content = identity::content(&found.resource, buffer);
        // An older version out of our own export is followed by the one that was current, whatever the server's stamps say.
        let former = matches!(found.origin, Origin::Kept { former: true, .. });
        Ok(Self {
            key: identity::key(&found, scope, &content),
            content,
            stamp: if former { Stamp::default() } else { Stamp::of(&found.resource) },
            kind: type_of(&found.resource).to_owned(),
            fhir_id: found.resource.get("id").and_then(Value::as_str).map(str::to_owned),
            json: serde_json::to_vec(&found.resource).map_err(Error::internal)?,
            full_url: found.full_url,
            place: found.place,
            facts,
            counted: found.counted,
        })
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        self.json.len() + self.facts.text.len() + 1024
    }
}
