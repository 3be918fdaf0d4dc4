//! One walk through a resource: its labels, its codings, what the search text leaves out, and what nobody can read.

use super::{SensitiveSet, codes, labels, words};
use crate::record::original::ORIGINAL;
use crate::record::{Resource, extracted_text};
use base64::Engine as _;
use serde_json::{Map, Value};

/// A text as long as this may have been cut.
const LONG: usize = 1 << 20;
/// Deeper than this, nothing has been read for the search either.
const DEEP: u32 = 60;

pub(super) fn of(resource: &Resource, text: &str) -> SensitiveSet {
    let mut walk = Walk { found: SensitiveSet::NONE, extracted: false };
    if text.len() >= LONG {
        walk.found = SensitiveSet::ALL;
    }
    if let Value::Object(object) = resource {
        walk.extracted = object.contains_key("extension") && extracted_text(resource).is_some();
        walk.object("", object, 0);
    }
    walk.found
}

struct Walk {
    found: SensitiveSet,
    /// Whether the text of the original stands in the record.
    extracted: bool,
}

impl Walk {
    fn value(&mut self, key: &str, value: &Value, depth: u32) {
        match value {
            Value::Object(object) => self.object(key, object, depth + 1),
            Value::Array(items) => items.iter().for_each(|item| self.value(key, item, depth + 1)),
            Value::String(text) if !is_read(key) => self.found.add(words::of_short(text)),
            _ => {}
        }
    }

    fn object(&mut self, key: &str, object: &Map<String, Value>, depth: u32) {
        if depth > DEEP {
            self.found = SensitiveSet::ALL;
            return;
        }
        // Compared rather than looked up: an object has few fields, and hashing a name costs more.
        let text = |key: &str| object.iter().find(|(k, _)| *k == key).and_then(|(_, v)| v.as_str());
        if let Some(code) = text("code") {
            self.found.add(if key == "security" { labels::of(code) } else { codes::of(text("system").unwrap_or(""), code) });
        }
        if let Some(kind) = text("contentType")
            && key != "photo"
        {
            self.attachment(kind, text("data"), text("url"), depth);
        }
        for (key, value) in object {
            self.value(key, value, depth);
        }
    }

    /// A file that is not read as text may say anything.
    fn attachment(&mut self, kind: &str, data: Option<&str>, url: Option<&str>, depth: u32) {
        let markup = kind.contains("html");
        let plain = kind.starts_with("text/") && !kind.contains("xml") && !kind.contains("rtf") || markup;
        let unread = match (data, url) {
            // The search text of a Binary leaves its content out.
            (Some(data), _) if plain && depth == 0 => match base64::engine::general_purpose::STANDARD.decode(data) {
                Ok(bytes) => {
                    self.found.add(words::of(&String::from_utf8_lossy(&bytes)));
                    false
                }
                Err(_) => true,
            },
            (Some(data), _) => !plain || data.len() > 2 * LONG,
            (None, Some(url)) => url.starts_with(ORIGINAL) && !self.extracted,
            (None, None) => false,
        };
        if unread {
            self.found = SensitiveSet::ALL;
        }
    }
}

/// Keys whose strings are no words, or words that the search text holds already.
fn is_read(key: &str) -> bool {
    matches!(
        key,
        "data"
            | "system"
            | "url"
            | "reference"
            | "id"
            | "resourceType"
            | "status"
            | "profile"
            | "lastUpdated"
            | "versionId"
            | "source"
            | "contentType"
            | "hash"
            | "unit"
            | "display"
            | "text"
            | "title"
            | "description"
            | "conclusion"
            | "name"
            | "family"
            | "given"
            | "valueString"
            | "contentString"
            | "note"
            | "summary"
    )
}
