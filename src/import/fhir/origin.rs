//! Where a resource's identity comes from.

use crate::import::{Found, Origin};
use crate::record::type_of;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

/// The extension of a Bundle entry in Keepwell's own exports that holds the key by which a vault knew the record.
pub const KEY_EXTENSION: &str = "https://github.com/keepwell/keepwell/record-key";

/// The origin of an entry out of Keepwell's own export; an entry of a history is an older version.
pub(super) fn kept(entry: &Map<String, Value>) -> Option<Origin> {
    let extensions = entry.get("extension")?.as_array()?;
    let ours = extensions.iter().find(|e| e.get("url").and_then(Value::as_str) == Some(KEY_EXTENSION))?;
    let key = ours.get("valueString").and_then(Value::as_str).filter(|k| is_key(k))?;
    Some(Origin::Kept { key: key.to_owned(), former: entry.contains_key("response") })
}

fn is_key(key: &str) -> bool {
    key.len() == 32 && key.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The extension of a resource's `meta` in Keepwell's own NDJSON: the record's key, its address, its older versions.
pub const LINE_EXTENSION: &str = "https://github.com/keepwell/keepwell/record-line";

/// What Keepwell's own NDJSON says about a line.
pub(super) struct Line {
    /// The key by which the vault knew the record.
    pub(super) key: String,
    /// The address by which others refer to it.
    pub(super) address: Option<String>,
    /// Versions that were no longer current, oldest first.
    pub(super) older: Vec<Value>,
}

/// Takes the extension of Keepwell's own NDJSON off a resource, which is then as it was kept.
pub(super) fn line(resource: &mut Value) -> Option<Line> {
    let extensions = resource.get("meta")?.get("extension")?.as_array()?;
    let at = extensions.iter().rposition(|e| e.get("url").and_then(Value::as_str) == Some(LINE_EXTENSION))?;
    let line = read_line(extensions.get(at)?)?;
    let meta = resource.get_mut("meta")?.as_object_mut()?;
    let left = meta.get_mut("extension")?.as_array_mut()?;
    left.remove(at);
    if left.is_empty() {
        meta.shift_remove("extension");
    }
    if meta.is_empty() {
        resource.as_object_mut()?.shift_remove("meta");
    }
    Some(line)
}

fn read_line(ours: &Value) -> Option<Line> {
    let parts = ours.get("extension")?.as_array()?;
    let named = |name: &'static str| parts.iter().filter(move |p| p.get("url").and_then(Value::as_str) == Some(name));
    let text = |name, kind: &str| named(name).find_map(|p| p.get(kind)?.as_str()).map(str::to_owned);
    let bytes = |p: &Value| BASE64_STANDARD.decode(p.get("valueBase64Binary")?.as_str()?).ok();
    let older = named("older").filter_map(bytes).filter_map(|b| serde_json::from_slice(&b).ok()).filter(|v: &Value| !type_of(v).is_empty());
    Some(Line { key: text("key", "valueString").filter(|k| is_key(k))?, address: text("address", "valueUri"), older: older.collect() })
}

/// The origin of a resource: its server and id where it has an id of its own, else its content.
pub(super) fn of(resource: &Value, full_url: Option<&str>) -> Origin {
    let id = resource.get("id").and_then(Value::as_str).filter(|id| !id.trim().is_empty());
    if id.is_some() { Origin::Server { base: full_url.and_then(base), named: None } } else { Origin::Content }
}

/// Notes the type by which the source named a record that is of another type in R4. One without an address is then referred
/// to by that type and its id.
pub(super) fn rename(found: &mut Found, old: &str) {
    let Some(id) = found.resource.get("id").and_then(Value::as_str).filter(|_| !old.is_empty() && type_of(&found.resource) != old) else {
        return;
    };
    if let Origin::Server { named, .. } = &mut found.origin {
        *named = Some(old.to_owned());
        if found.full_url.is_none() {
            found.full_url = Some(format!("{old}/{id}"));
        }
    }
}

/// `https://host/fhir` out of `https://host/fhir/Type/id` or `…/Type/id/_history/1` (FHIR R4, Bundle.entry.fullUrl).
fn base(full_url: &str) -> Option<String> {
    if !(full_url.starts_with("http://") || full_url.starts_with("https://")) {
        return None;
    }
    let url = full_url.split(['?', '#']).next()?;
    let url = url.split_once("/_history").map_or(url, |(before, _)| before);
    let (rest, id) = url.trim_end_matches('/').rsplit_once('/')?;
    let (base, kind) = rest.rsplit_once('/')?;
    let names_type = kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.chars().all(|c| c.is_ascii_alphanumeric());
    (!id.is_empty() && names_type && base.contains("://")).then(|| base.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_is_32_hex_digits_or_nothing() {
        let entry = |key: &str| json!({"extension": [{"url": "https://x.example"}, {"url": KEY_EXTENSION, "valueString": key}]});
        let of = |entry: Value| kept(entry.as_object().expect("an object"));
        let key = "0123456789abcdef0123456789abcdef";
        assert_eq!(of(entry(key)), Some(Origin::Kept { key: key.into(), former: false }));
        let mut older = entry(key);
        older["response"] = json!({"status": "200"});
        assert_eq!(of(older), Some(Origin::Kept { key: key.into(), former: true }));
        for wrong in ["", "0123", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg"] {
            assert_eq!(of(entry(wrong)), None, "{wrong}");
        }
        assert_eq!(of(json!({})), None);
    }

    #[test]
    fn the_base_is_what_stands_before_type_and_id() {
        assert_eq!(base("https://host/fhir/Patient/1").as_deref(), Some("https://host/fhir"));
        assert_eq!(base("https://host/fhir/Patient/1/_history/3").as_deref(), Some("https://host/fhir"));
        assert_eq!(base("https://host/Observation/a.b-c").as_deref(), Some("https://host"));
        for other in ["urn:uuid:1", "Patient/1", "https://host", "https://host/x/1", "http://Patient/1"] {
            assert_eq!(base(other), None, "{other}");
        }
    }
}
