//! Data types that changed with R4, mended wherever they stand.

use super::{Fields, systems};
use serde_json::{Value, json};

/// Mends one object of an R4 data type.
pub(super) fn mend(kind: &str, fields: &mut Fields) {
    match kind {
        "Coding" | "Identifier" | "Quantity" | "Age" | "Duration" => {
            if let Some(Value::String(system)) = fields.get_mut("system") {
                systems::rename(system);
            }
        }
        "Reference" => reference(fields),
        "Dosage" => dosage(fields),
        "Money" => money(fields),
        "HumanName" => name(fields),
        "TimingRepeat" => {
            rename(fields, "periodUnits", "periodUnit");
            rename(fields, "durationUnits", "durationUnit");
            rename(fields, "boundsQuantity", "boundsDuration");
        }
        "Signature" => {
            for (old, new) in [("whoReference", "who"), ("whoUri", "who"), ("onBehalfOfReference", "onBehalfOf")] {
                rename(fields, old, new);
            }
            for (old, new) in [("onBehalfOfUri", "onBehalfOf"), ("contentType", "sigFormat"), ("blob", "data")] {
                rename(fields, old, new);
            }
        }
        _ => {}
    }
}

pub(super) fn rename(fields: &mut Fields, old: &str, new: &str) {
    if fields.contains_key(new) {
        return;
    }
    if let Some(value) = fields.shift_remove(old) {
        fields.insert(new.to_owned(), value);
    }
    if let Some(beside) = fields.shift_remove(&format!("_{old}")) {
        fields.insert(format!("_{new}"), beside);
    }
}

/// What used to be `{agent, onBehalfOf}` or `{actor, role}` is a reference in R4. Its address stays as given, also where it
/// names a type that R4 has renamed: three old types are a ServiceRequest now, and `ReferralRequest/1` means one of them.
fn reference(fields: &mut Fields) {
    for key in ["agent", "actor", "ref", "pReference"] {
        if !fields.contains_key("reference")
            && let Some(Value::Object(inner)) = fields.get(key).cloned()
        {
            fields.shift_remove(key);
            for (name, value) in inner {
                fields.entry(name).or_insert(value);
            }
        }
    }
}

/// STU3 Dosage.dose[x] and rate[x] stand in doseAndRate.
fn dosage(fields: &mut Fields) {
    let keys = ["doseQuantity", "doseRange", "rateQuantity", "rateRange", "rateRatio"];
    let moved: Fields = keys.iter().filter_map(|k| fields.shift_remove(*k).map(|v| ((*k).to_owned(), v))).collect();
    if !moved.is_empty() {
        super::push(fields, "doseAndRate", Value::Object(moved));
    }
}

/// STU3 Money is a Quantity with the currency as its code.
fn money(fields: &mut Fields) {
    if fields.contains_key("currency") {
        return;
    }
    let currency = |v: Option<&Value>| {
        v.and_then(Value::as_str).filter(|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase())).map(str::to_owned)
    };
    if let Some(code) = currency(fields.get("code")).or_else(|| currency(fields.get("unit"))) {
        fields.insert("currency".to_owned(), Value::String(code.clone()));
        for key in ["code", "unit"] {
            if fields.get(key).and_then(Value::as_str) == Some(&code) {
                fields.shift_remove(key);
            }
        }
        if fields.get("system").and_then(Value::as_str).is_some_and(|s| s.contains("4217")) {
            fields.shift_remove("system");
        }
    }
}

/// DSTU2 has a list of family names.
fn name(fields: &mut Fields) {
    if let Some(Value::Array(parts)) = fields.get("family") {
        let joined: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
        let joined = json!(joined.join(" "));
        fields.insert("family".to_owned(), joined);
        if let Some(Value::Array(beside)) = fields.get_mut("_family") {
            let first = beside.iter_mut().map(Value::take).find(|v| !v.is_null());
            fields.insert("_family".to_owned(), first.unwrap_or(Value::Null));
        }
    }
}
