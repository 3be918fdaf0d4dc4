//! What happened to the person, and what is planned.

use super::super::{Fields, concept, each, push, text};
use serde_json::{Value, json};

const T: &str = "http://terminology.hl7.org/CodeSystem";

/// `abatementBoolean` true becomes text that a reader understands, since R4 has no flag; false stays, to be kept.
pub(super) fn abatement_flag(fields: &mut Fields) {
    if fields.get("abatementBoolean") == Some(&Value::Bool(true)) && !fields.contains_key("abatementString") {
        fields.shift_remove("abatementBoolean");
        fields.insert("abatementString".to_owned(), json!("yes"));
    }
}

/// R4 has one author, the others contribute.
pub(super) fn care_plan_authors(fields: &mut Fields) {
    if let Some(Value::Array(authors)) = fields.get_mut("author") {
        let others = authors.split_off(authors.len().min(1));
        others.into_iter().for_each(|a| push(fields, "contributor", a));
    }
}

/// Goal.status told how far the goal is and how it goes; R4 tells the two apart. What the new pair does not say is kept.
pub(super) fn goal_status(fields: &mut Fields) {
    let Some(status) = text(fields, "status").map(str::to_owned) else { return };
    let (lifecycle, achievement, whole) = match status.as_str() {
        "in-progress" => ("active", Some("in-progress"), true),
        "on-target" | "ahead-of-target" | "behind-target" => ("active", Some("in-progress"), false),
        "sustaining" => ("active", Some("sustaining"), true),
        "achieved" => ("completed", Some("achieved"), true),
        other => (other, None, true),
    };
    fields.insert("lifecycleStatus".to_owned(), json!(lifecycle));
    if let Some(code) = achievement {
        fields.entry("achievementStatus").or_insert_with(|| concept(&format!("{T}/goal-achievement"), code));
    }
    if whole {
        fields.shift_remove("status");
    }
}

pub(super) fn immunization_protocol(fields: &mut Fields) {
    for recommendation in each(fields, "recommendation") {
        let Some(Value::Object(mut protocol)) = recommendation.shift_remove("protocol") else { continue };
        for key in ["description", "series"] {
            if let Some(value) = protocol.shift_remove(key) {
                recommendation.insert(key.to_owned(), value);
            }
        }
        if !protocol.is_empty() {
            recommendation.insert("protocol".to_owned(), Value::Object(protocol));
        }
    }
}

/// Observation.related became hasMember and derivedFrom; other relations have no place.
pub(super) fn observation_related(fields: &mut Fields) {
    let Some(Value::Array(related)) = fields.shift_remove("related") else { return };
    let mut rest = Vec::new();
    for mut item in related {
        let key = match item.get("type").and_then(Value::as_str) {
            Some("has-member" | "has-component") => "hasMember",
            Some("derived-from") => "derivedFrom",
            _ => "",
        };
        match item.get_mut("target").map(Value::take) {
            Some(target) if !key.is_empty() => push(fields, key, target),
            target => {
                if let (Some(fields), Some(target)) = (item.as_object_mut(), target) {
                    fields.insert("target".to_owned(), target);
                }
                rest.push(item);
            }
        }
    }
    if !rest.is_empty() {
        fields.insert("related".to_owned(), Value::Array(rest));
    }
}

/// R4 asks for one service a request: the first; the others detail it.
pub(super) fn referral_services(fields: &mut Fields) {
    if let Some(Value::Array(services)) = fields.shift_remove("serviceRequested") {
        let mut services = services.into_iter();
        if let Some(first) = services.next() {
            fields.insert("code".to_owned(), first);
        }
        services.for_each(|s| push(fields, "orderDetail", s));
    }
}

/// MedicationStatement.taken: `n` is the status of R4, `y` says nothing new.
pub(super) fn taken_code(fields: &mut Fields) {
    match text(fields, "taken") {
        Some("y") => {
            fields.shift_remove("taken");
        }
        Some("n") => {
            let in_error = text(fields, "status") == Some("entered-in-error");
            if in_error {
                return;
            }
            fields.shift_remove("taken");
            let old = fields.insert("status".to_owned(), json!("not-taken"));
            if let Some(old) = old {
                let url = "http://hl7.org/fhir/3.0/StructureDefinition/extension-MedicationStatement.status";
                super::super::keep::keep(fields, url, old);
            }
        }
        _ => {}
    }
}
