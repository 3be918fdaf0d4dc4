//! Maps from R5 that need more than a rule.

use super::{Fields, push, text};
use crate::import::fhir::table::{self, Kind};
use crate::import::fhir::version::Version;
use serde_json::Value;

pub(super) fn call(name: &str) -> Option<fn(&mut Fields)> {
    (name == "code_or_reference").then_some(code_or_reference)
}

/// R5 CodeableReference holds a concept, a reference or both under one name; R4 has an element for each: `reasonCode` and
/// `reasonReference`, `medicationCodeableConcept` and `medicationReference`, or only one of the two under the same name.
fn code_or_reference(fields: &mut Fields) {
    let Some(t) = text(fields, "resourceType").and_then(table::get) else { return };
    let names: Vec<String> = fields.iter().filter(|(_, v)| is_wrapped(v)).map(|(k, _)| k.clone()).collect();
    for name in names {
        let homes = |suffixes: [&str; 3], kind: Kind| {
            suffixes
                .into_iter()
                .map(|s| format!("{name}{s}"))
                .find_map(|n| t.find(&n, Version::R4).filter(|e| e.kind == kind).map(|e| (n, e.many)))
        };
        let code = homes(["CodeableConcept", "Code", ""], Kind::Complex("CodeableConcept"));
        let reference = homes(["Reference", "", ""], Kind::Complex("Reference"));
        let items = match fields.shift_remove(&name) {
            Some(Value::Array(items)) => items,
            Some(one) => vec![one],
            None => continue,
        };
        let mut rest = Vec::new();
        for mut item in items {
            for (part, home) in [("concept", &code), ("reference", &reference)] {
                let Some((home, many)) = home else { continue };
                let taken = !many && fields.contains_key(home);
                if let (false, Some(value)) = (taken, item.as_object_mut().and_then(|i| i.shift_remove(part))) {
                    if *many {
                        push(fields, home, value);
                    } else {
                        fields.insert(home.clone(), value);
                    }
                }
            }
            if item.as_object().is_some_and(|i| !i.is_empty()) {
                rest.push(item);
            }
        }
        if !rest.is_empty() {
            let url = super::keep::url(Version::R5, text(fields, "resourceType").unwrap_or(""), &name);
            super::keep::keep(fields, &url, Value::Array(rest));
        }
    }
}

fn is_wrapped(value: &Value) -> bool {
    let first = value.as_array().map_or(Some(value), |items| items.first());
    first.is_some_and(|v| v.get("concept").is_some_and(Value::is_object) || v.get("reference").is_some_and(Value::is_object))
}
