//! Older (and newer) resources as FHIR R4.
//!
//! Three steps: the rules of the version (`assets/fhir/lift-*.txt`, after HL7's version maps) with the few maps that need code;
//! the systems of codes that moved with R4; and a walk along R4's element table that mends what only changed its shape and
//! moves what R4 has no place for into cross-version extensions. So nothing is lost, whatever the rules leave out.

mod dstu2;
mod fit;
mod keep;
mod r5;
mod rules;
mod shape;
mod stu3;
mod systems;
mod types;

use super::version::Version;
use serde_json::{Map, Value};

type Fields = Map<String, Value>;

/// The resource in R4. What is R4 already stays as it is.
pub(super) fn lift(resource: Value, version: Version) -> Value {
    match (version, resource) {
        (Version::R4 | Version::R4b, resource) => resource,
        (version, Value::Object(fields)) => Value::Object(lift_fields(fields, version)),
        (_, other) => other,
    }
}

fn lift_fields(mut fields: Fields, version: Version) -> Fields {
    let kind = fields.get("resourceType").and_then(Value::as_str).unwrap_or("").to_owned();
    match version {
        Version::Dstu2 => {
            rules::DSTU2.apply(&mut fields, &kind);
            let kind = fields.get("resourceType").and_then(Value::as_str).unwrap_or("").to_owned();
            rules::STU3.apply(&mut fields, &kind);
        }
        Version::Stu3 => rules::STU3.apply(&mut fields, &kind),
        Version::R5 => rules::R5.apply(&mut fields, &kind),
        Version::R4 | Version::R4b => {}
    }
    fit::resource(&mut fields, &kind, version);
    fields
}

/// A map that needs more than a rule, by the name that the rules call it.
fn call(name: &str) -> Option<fn(&mut Fields)> {
    stu3::call(name).or_else(|| dstu2::call(name)).or_else(|| r5::call(name))
}

/// The elements of a list under a key, or the one object there.
fn each<'a>(fields: &'a mut Fields, key: &str) -> impl Iterator<Item = &'a mut Fields> + use<'a> {
    let items = match fields.get_mut(key) {
        Some(Value::Array(items)) => items.as_mut_slice(),
        Some(one) => std::slice::from_mut(one),
        None => &mut [],
    };
    items.iter_mut().filter_map(Value::as_object_mut)
}

fn text<'a>(fields: &'a Fields, key: &str) -> Option<&'a str> {
    fields.get(key).and_then(Value::as_str)
}

/// Adds a value to the list under a key.
fn push(fields: &mut Fields, key: &str, value: Value) {
    match fields.get_mut(key) {
        Some(Value::Array(items)) => items.push(value),
        Some(one) => {
            let first = one.take();
            *one = Value::Array(vec![first, value]);
        }
        None => {
            fields.insert(key.to_owned(), Value::Array(vec![value]));
        }
    }
}

/// A concept of one code.
fn concept(system: &str, code: &str) -> Value {
    serde_json::json!({ "coding": [{ "system": system, "code": code }] })
}
