//! Maps from DSTU2 that need more than a rule.

use super::{Fields, each, push, text};
use serde_json::{Value, json};

pub(super) fn call(name: &str) -> Option<fn(&mut Fields)> {
    Some(match name {
        "allergy_status" => allergy_status,
        "diagnostic_items" => diagnostic_items,
        "encounter_class" => encounter_class,
        "goal_outcomes" => goal_outcomes,
        "questionnaire_groups" => questionnaire_groups,
        "reported_flag" => reported_flag,
        "response_groups" => response_groups,
        "statusReason_text" => status_reason_text,
        _ => return None,
    })
}

/// One status told both whether an allergy holds and how sure that is.
fn allergy_status(fields: &mut Fields) {
    let (clinical, verification) = match text(fields, "status") {
        Some("active") => (Some("active"), None),
        Some("unconfirmed") => (Some("active"), Some("unconfirmed")),
        Some("confirmed") => (Some("active"), Some("confirmed")),
        Some("inactive") => (Some("inactive"), None),
        Some("resolved") => (Some("resolved"), None),
        Some("refuted") => (None, Some("refuted")),
        Some("entered-in-error") => (None, Some("entered-in-error")),
        _ => return,
    };
    fields.shift_remove("status");
    fields.extend(clinical.map(|c| ("clinicalStatus".to_owned(), json!(c))));
    fields.extend(verification.map(|v| ("verificationStatus".to_owned(), json!(v))));
}

/// The order's single item is what is ordered; of several the first, the others detail it, and all are kept.
fn diagnostic_items(fields: &mut Fields) {
    let Some(Value::Array(items)) = fields.get("item").cloned() else { return };
    for (i, item) in items.iter().enumerate() {
        if let Some(code) = item.get("code").cloned() {
            if i == 0 {
                fields.insert("code".to_owned(), code);
            } else {
                push(fields, "orderDetail", code);
            }
        }
        for specimen in item.get("specimen").and_then(Value::as_array).into_iter().flatten() {
            push(fields, "specimen", specimen.clone());
        }
        if let (0, Some(site)) = (i, item.get("bodySite").cloned()) {
            push(fields, "bodySite", site);
        }
    }
    let plain =
        |item: &Value| item.as_object().is_some_and(|f| f.keys().all(|k| matches!(k.as_str(), "code" | "specimen" | "bodySite" | "id")));
    if items.len() == 1 && items.iter().all(plain) {
        fields.shift_remove("item");
    }
}

/// Encounter.class was a code of its own; where v3 ActCode says less or nothing, the old code stays.
fn encounter_class(fields: &mut Fields) {
    let Some(class) = text(fields, "class") else { return };
    let code = match class {
        "inpatient" => "IMP",
        "ambulatory" => "AMB",
        "emergency" => "EMER",
        "home" => "HH",
        "field" => "FLD",
        "virtual" => "VR",
        "outpatient" => "AMB",
        _ => "",
    };
    let old = json!({ "system": "http://hl7.org/fhir/encounter-class", "code": class });
    if class == "outpatient" {
        super::keep::keep(fields, "http://hl7.org/fhir/1.0/StructureDefinition/extension-Encounter.class", old.clone());
    }
    let new = if code.is_empty() { old } else { json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code }) };
    fields.insert("class".to_owned(), new);
}

fn goal_outcomes(fields: &mut Fields) {
    let Some(Value::Array(outcomes)) = fields.shift_remove("outcome") else { return };
    for mut outcome in outcomes {
        for (old, new) in [("resultCodeableConcept", "outcomeCode"), ("resultReference", "outcomeReference")] {
            if let Some(value) = outcome.get_mut(old).map(Value::take) {
                push(fields, new, value);
            }
        }
    }
}

/// A concept where later versions have text. A coding that says more than its display is kept.
fn status_reason_text(fields: &mut Fields) {
    let Some(reason) = fields.get("statusReason").filter(|r| r.is_object()).cloned() else { return };
    let Some(words) = crate::record::concept_text(&reason) else { return };
    fields.insert("statusReason".to_owned(), Value::String(words));
    if reason.get("coding").is_some() {
        super::keep::keep(fields, "http://hl7.org/fhir/1.0/StructureDefinition/extension-Goal.statusReason", reason);
    }
}

/// Immunization.reported: told by someone else than who gave it, so not the primary source.
fn reported_flag(fields: &mut Fields) {
    if let Some(Value::Bool(reported)) = fields.get("reported").cloned() {
        fields.shift_remove("reported");
        fields.insert("primarySource".to_owned(), Value::Bool(!reported));
    }
}

/// Groups and questions of an answered form are items alike in later versions.
fn response_groups(fields: &mut Fields) {
    let Some(Value::Object(root)) = fields.shift_remove("group") else { return };
    push(fields, "item", Value::Object(item(root, &|_| {})));
}

fn questionnaire_groups(fields: &mut Fields) {
    let Some(Value::Object(mut root)) = fields.shift_remove("group") else { return };
    for (old, new) in [("title", "title"), ("concept", "code")] {
        if let Some(value) = root.shift_remove(old) {
            fields.insert(new.to_owned(), value);
        }
    }
    push(fields, "item", Value::Object(item(root, &question_type)));
}

fn question_type(item: &mut Fields) {
    if let Some(concept) = item.shift_remove("concept") {
        item.insert("code".to_owned(), concept);
    }
    let kind = match text(item, "type") {
        None => "group",
        Some("instant") => "dateTime",
        Some(_) => "",
    };
    if !kind.is_empty() {
        item.insert("type".to_owned(), json!(kind));
    }
    for option in item.get_mut("option").and_then(Value::as_array_mut).into_iter().flatten() {
        let coding = option.take();
        *option = json!({ "valueCoding": coding });
    }
}

/// Items may stand in items: as deep as the reader lets a file be.
fn item(mut fields: Fields, mend: &dyn Fn(&mut Fields)) -> Fields {
    mend(&mut fields);
    if let Some(title) = fields.shift_remove("title") {
        match fields.contains_key("text") {
            false => fields.insert("text".to_owned(), title),
            true => fields.insert("prefix".to_owned(), title),
        };
    }
    for answer in each(&mut fields, "answer") {
        for group in inner(answer, "group") {
            push(answer, "item", Value::Object(item(group, mend)));
        }
    }
    for key in ["group", "question"] {
        for child in inner(&mut fields, key) {
            push(&mut fields, "item", Value::Object(item(child, mend)));
        }
    }
    fields
}

fn inner(fields: &mut Fields, key: &str) -> Vec<Fields> {
    let found = match fields.shift_remove(key) {
        Some(Value::Array(items)) => items,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    found.into_iter().filter_map(|v| if let Value::Object(fields) = v { Some(fields) } else { None }).collect()
}
