//! CDA datatypes (HL7 V3 Datatypes R1) as FHIR R4 JSON. Each gives `None` where the source gave nothing, and never
//! more than the source gave.

mod codes;
mod names;
mod quantities;
mod systems;
#[cfg(test)]
mod tests;
mod time;
mod timing;
mod values;

pub(crate) use codes::{coding, concept, concept_or_absent, interpretation, null_concept, null_words};
pub(crate) use names::{address, human_name, identifier, identifiers, name_text, reachable, telecom};
pub(crate) use quantities::{number, quantity, range, ratio};
pub(crate) use systems::{oid_system, system_oid};
pub(crate) use time::{Effective, Stamp, period, stamp};
pub(crate) use values::{absent, value};

use serde_json::{Value, json};

/// An extension of our own, for what FHIR has no place for.
pub(crate) fn own_extension(name: &str, text: &str) -> Value {
    json!({"url": format!("urn:keepwell:cda:{name}"), "valueString": text})
}

/// Adds an extension to an element or resource.
pub(crate) fn extend(element: &mut Value, extension: Value) {
    push(element, "extension", extension);
}

/// Adds to the list under a key.
pub(crate) fn push(object: &mut Value, key: &str, item: Value) {
    if let Value::Object(map) = object {
        match map.entry(key).or_insert_with(|| json!([])) {
            Value::Array(items) => items.push(item),
            other => *other = json!([other.take(), item]),
        }
    }
}

/// Sets a key where there is something to set.
pub(crate) fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Value::Object(map), Some(value)) = (object, value) {
        map.insert(key.to_owned(), value);
    }
}

/// Sets a key to a list where the list is not empty.
pub(crate) fn put_all(object: &mut Value, key: &str, values: Vec<Value>) {
    if !values.is_empty() {
        put(object, key, Some(Value::Array(values)));
    }
}
