//! Maps from STU3 that need more than a rule.

use super::types::rename;
use super::{Fields, concept, each, push, text};
use serde_json::{Value, json};

const T: &str = "http://terminology.hl7.org/CodeSystem";

pub(super) fn call(name: &str) -> Option<fn(&mut Fields)> {
    Some(match name {
        "abatement_flag" => abatement_flag,
        "care_plan_authors" => care_plan_authors,
        "coverage_classes" => coverage_classes,
        "device_identifier" => device_identifier,
        "goal_status" => goal_status,
        "imaging_series" => imaging_series,
        "immunization_protocol" => immunization_protocol,
        "information_periods" => information_periods,
        "observation_related" => observation_related,
        "questionnaire_items" => questionnaire_items,
        "referral_services" => referral_services,
        "sequence_strand" => sequence_strand,
        "taken_code" => taken_code,
        "vision_prism" => vision_prism,
        _ => return None,
    })
}

/// `abatementBoolean` true becomes text, since R4 has no flag; false stays, to be kept.
fn abatement_flag(fields: &mut Fields) {
    if fields.get("abatementBoolean") == Some(&Value::Bool(true)) && !fields.contains_key("abatementString") {
        fields.shift_remove("abatementBoolean");
        fields.insert("abatementString".to_owned(), json!("true"));
    }
}

/// R4 has one author, the others contribute.
fn care_plan_authors(fields: &mut Fields) {
    if let Some(Value::Array(authors)) = fields.get_mut("author") {
        let others = authors.split_off(authors.len().min(1));
        others.into_iter().for_each(|a| push(fields, "contributor", a));
    }
}

/// Coverage.grouping and sequence became Coverage.class.
fn coverage_classes(fields: &mut Fields) {
    let mut classes = Vec::new();
    let mut class = |code: &str, value: Option<Value>, name: Option<Value>| {
        let Some(value) = value else { return name };
        let mut fields = Fields::new();
        fields.insert("type".to_owned(), concept(&format!("{T}/coverage-class"), code));
        fields.insert("value".to_owned(), value);
        fields.extend(name.map(|n| ("name".to_owned(), n)));
        classes.push(Value::Object(fields));
        None
    };
    if let Some(Value::Object(grouping)) = fields.get_mut("grouping") {
        for (key, code) in [
            ("group", "group"),
            ("subGroup", "subgroup"),
            ("plan", "plan"),
            ("subPlan", "subplan"),
            ("class", "class"),
            ("subClass", "subclass"),
        ] {
            let display = format!("{key}Display");
            let left = class(code, grouping.shift_remove(key), grouping.shift_remove(&display));
            grouping.extend(left.map(|name| (display, name)));
        }
        if grouping.is_empty() {
            fields.shift_remove("grouping");
        }
    }
    class("sequence", fields.shift_remove("sequence").map(scalar_text), None);
    classes.into_iter().for_each(|c| push(fields, "class", c));
}

fn scalar_text(value: Value) -> Value {
    if value.is_number() { Value::String(value.to_string()) } else { value }
}

/// Device.udi became a list of carriers; its name is one of the device's names.
fn device_identifier(fields: &mut Fields) {
    if let Some(Value::Object(mut udi)) = fields.shift_remove("udi") {
        if let Some(name) = udi.shift_remove("name") {
            push(fields, "deviceName", json!({ "name": name, "type": "udi-label-name" }));
        }
        if !udi.is_empty() {
            push(fields, "udiCarrier", Value::Object(udi));
        }
    }
}

/// Goal.status told how far the goal is and how it goes; R4 tells the two apart. What the new pair does not say is kept.
fn goal_status(fields: &mut Fields) {
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

/// DICOM UIDs: `urn:oid:` goes, SOP classes are codings, a single performer is a reference no more.
fn imaging_series(fields: &mut Fields) {
    let bare = |fields: &mut Fields, key: &str| {
        if let Some(uid) = text(fields, key).and_then(|u| u.strip_prefix("urn:oid:")).map(str::to_owned) {
            fields.insert(key.to_owned(), Value::String(uid));
        }
    };
    for series in each(fields, "series") {
        bare(series, "uid");
        for instance in each(series, "instance") {
            bare(instance, "uid");
            if let Some(class) = text(instance, "sopClass") {
                let code = if class.starts_with("urn:") { class.to_owned() } else { format!("urn:oid:{class}") };
                instance.insert("sopClass".to_owned(), json!({ "system": "urn:ietf:rfc:3986", "code": code }));
            }
        }
    }
}

fn immunization_protocol(fields: &mut Fields) {
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

/// Periods of hospitalization and inability to work are supporting information in R4.
fn information_periods(fields: &mut Fields) {
    for (key, code) in [("hospitalization", "hospitalized"), ("employmentImpacted", "employmentimpacted")] {
        let Some(period @ Value::Object(_)) = fields.shift_remove(key) else { continue };
        let sequences = each(fields, "supportingInfo").filter_map(|i| i.get("sequence").and_then(Value::as_u64));
        let next = sequences.max().unwrap_or(0) + 1;
        let category = concept(&format!("{T}/claiminformationcategory"), code);
        push(fields, "supportingInfo", json!({ "sequence": next, "category": category, "timingPeriod": period }));
    }
}

/// Observation.related became hasMember and derivedFrom; other relations have no place.
fn observation_related(fields: &mut Fields) {
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

/// Items may stand in items: as deep as the reader lets a file be.
fn questionnaire_items(fields: &mut Fields) {
    for item in each(fields, "item") {
        rename(item, "option", "answerOption");
        rename(item, "options", "answerValueSet");
        let initial = item.keys().find(|k| k.starts_with("initial") && k.len() > "initial".len()).cloned();
        if let Some(key) = initial
            && let Some(value) = item.shift_remove(&key)
        {
            let name = key.replacen("initial", "value", 1);
            push(item, "initial", Value::Object(Fields::from_iter([(name, value)])));
        }
        for when in each(item, "enableWhen") {
            if let Some(Value::Bool(has)) = when.get("hasAnswer").cloned() {
                when.shift_remove("hasAnswer");
                when.insert("operator".to_owned(), json!("exists"));
                when.insert("answerBoolean".to_owned(), json!(has));
            } else {
                when.entry("operator").or_insert_with(|| json!("="));
            }
        }
        let several = item.get("enableWhen").and_then(Value::as_array).is_some_and(|w| w.len() > 1);
        if several {
            // STU3: the item is enabled if any of the conditions holds.
            item.entry("enableBehavior").or_insert_with(|| json!("any"));
        }
        questionnaire_items(item);
    }
}

/// R4 asks for one service a request: the first; the others detail it.
fn referral_services(fields: &mut Fields) {
    if let Some(Value::Array(services)) = fields.shift_remove("serviceRequested") {
        let mut services = services.into_iter();
        if let Some(first) = services.next() {
            fields.insert("code".to_owned(), first);
        }
        services.for_each(|s| push(fields, "orderDetail", s));
    }
}

fn sequence_strand(fields: &mut Fields) {
    for reference in each(fields, "referenceSeq") {
        let strand = match reference.get("strand").map(Value::to_string).as_deref() {
            Some("1") => "watson",
            Some("-1") => "crick",
            _ => continue,
        };
        reference.insert("strand".to_owned(), json!(strand));
    }
}

/// MedicationStatement.taken: `n` is the status of R4, `y` says nothing new.
fn taken_code(fields: &mut Fields) {
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
                super::keep::keep(fields, url, old);
            }
        }
        _ => {}
    }
}

/// Prism and base became a list of pairs.
fn vision_prism(fields: &mut Fields) {
    for lens in each(fields, "lensSpecification") {
        let amount = lens.get("prism").filter(|p| p.is_number()).cloned();
        let Some(amount) = amount else { continue };
        let mut pair = Fields::from_iter([("amount".to_owned(), amount)]);
        pair.extend(lens.shift_remove("base").map(|base| ("base".to_owned(), base)));
        lens.insert("prism".to_owned(), json!([pair]));
    }
}
