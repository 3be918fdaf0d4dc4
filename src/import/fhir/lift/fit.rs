//! The walk along R4's element table: mends what only changed its shape, keeps what R4 does not know.

use super::shape::{self, Fitted};
use super::{Fields, keep, lift_fields, systems, types};
use crate::import::fhir::table::{self, Kind, Type};
use crate::import::fhir::version::Version;
use serde_json::Value;

/// Fits a resource; `old` is the name that its type had in its own version.
pub(super) fn resource(fields: &mut Fields, old: &str, version: Version) {
    let kind = fields.get("resourceType").and_then(Value::as_str).unwrap_or("").to_owned();
    let r4 = table::get(&kind).filter(|t| t.versions() & Version::R4.bit() != 0);
    let walk = Walk { version };
    match r4 {
        Some(t) => walk.object(fields, &kind, t, old),
        // A type that R4 does not have, or the table does not: it passes as it is, but for the names of code systems.
        None => fields.values_mut().for_each(walk_systems),
    }
}

fn walk_systems(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(walk_systems),
        Value::Object(fields) => {
            if let Some(Value::String(system)) = fields.get_mut("system") {
                systems::rename(system);
            }
            fields.values_mut().for_each(walk_systems);
        }
        _ => {}
    }
}

struct Walk {
    version: Version,
}

impl Walk {
    /// Depth is bounded: the reader refused what is nested too deeply.
    fn object(&self, fields: &mut Fields, kind: &str, t: &'static Type, path: &str) {
        types::mend(kind, fields);
        let mut rest = Vec::new();
        // Of a choice, such as value[x], R4 takes one.
        let mut chosen: Vec<(&str, String)> = Vec::new();
        let mut taken = std::mem::take(fields);
        let names: Vec<String> = taken.keys().cloned().collect();
        for name in names {
            let plain = name.strip_prefix('_').unwrap_or(&name).to_owned();
            let Some(value) = taken.shift_remove(&name) else { continue };
            if name == "resourceType" && t.is_resource() {
                fields.insert(name, value);
                continue;
            }
            // A primitive and what stands beside it go together, whichever of the two comes first.
            let (value, beside) = if name.starts_with('_') {
                (taken.shift_remove(&plain), Some(value))
            } else {
                (Some(value), taken.shift_remove(&format!("_{plain}")))
            };
            match t.find(&plain, Version::R4) {
                None => rest.push((plain, value, beside)),
                Some(e) if e.is_choice() && chosen.iter().any(|(of, name)| *of == e.name && *name != plain) => {
                    rest.push((plain, value, beside));
                }
                Some(e) => {
                    if e.is_choice() {
                        chosen.push((e.name, plain.clone()));
                    }
                    if let Some(value) = value {
                        let here = format!("{path}.{plain}");
                        let Fitted { value, over } = shape::fit(value, &e);
                        if let Some(over) = over {
                            rest.push((plain.clone(), Some(over), None));
                        }
                        if let Some(mut value) = value {
                            self.inside(&mut value, e.kind, &here);
                            fields.insert(plain.clone(), value);
                        }
                    }
                    if let Some(beside) = beside {
                        let mut beside = if e.many && !beside.is_array() { Value::Array(vec![beside]) } else { beside };
                        self.comments(&mut beside);
                        fields.insert(format!("_{plain}"), beside);
                    }
                }
            }
        }
        for (name, value, beside) in rest {
            self.keep(fields, path, &name, value, beside);
        }
    }

    /// Comments on a primitive, which DSTU2 wrote beside it.
    fn comments(&self, beside: &mut Value) {
        match beside {
            Value::Array(items) => items.iter_mut().for_each(|item| self.comments(item)),
            Value::Object(fields) => {
                if let Some(comments) = fields.shift_remove("fhir_comments") {
                    keep::keep(fields, &keep::url(self.version, "Element", "fhir_comments"), comments);
                }
            }
            _ => {}
        }
    }

    fn inside(&self, value: &mut Value, kind: Kind, path: &str) {
        match (kind, value) {
            (kind, Value::Array(items)) => items.iter_mut().for_each(|item| self.inside(item, kind, path)),
            (Kind::Complex(name), Value::Object(fields)) => {
                if let Some(t) = table::get(name) {
                    // What stood around a reference, as in `requester.onBehalfOf`, belongs to the element and not to its type.
                    let path = if t.is_data_type() && name != "Reference" { name } else { path };
                    self.object(fields, name, t, path);
                }
            }
            (Kind::Resource, Value::Object(fields)) => *fields = lift_fields(std::mem::take(fields), self.version),
            _ => {}
        }
    }

    fn keep(&self, fields: &mut Fields, path: &str, name: &str, value: Option<Value>, beside: Option<Value>) {
        let url = format!("http://hl7.org/fhir/{}/StructureDefinition/extension-{path}.{name}", self.version.number());
        let mut value = value.unwrap_or(Value::Null);
        walk_systems(&mut value);
        match beside {
            None => keep::keep(fields, &url, value),
            Some(beside) => {
                let mut extension = keep::extension(&url, value);
                if let Some(typed) = extension.as_object_mut() {
                    let key = typed.keys().find(|k| k.starts_with("value")).map_or("_value".to_owned(), |k| format!("_{k}"));
                    if key == "_value" {
                        let inner = beside.get("extension").cloned().unwrap_or(beside);
                        typed.insert("extension".to_owned(), if inner.is_array() { inner } else { Value::Array(vec![]) });
                    } else {
                        typed.insert(key, beside);
                    }
                }
                super::push(fields, "extension", extension);
            }
        }
    }
}
