//! What the profiles ask of each resource: required elements, codes for absence, UCUM. What a source does not tell is marked
//! as not known (R4 data-absent-reason), never made up.

use super::person::absent;
use crate::export::gather::Part;
use crate::export::markup::escape_into;
use crate::export::ucum;
use crate::record::{EXTRACTED_TEXT, array, codes, concept_text, has_code, string, systems, text_at, type_of};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The code system of IPS for known absence and for what is not known.
const ABSENT_UNKNOWN: &str = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";

/// Makes a resource an entry of the summary.
pub(super) fn fit(resource: &mut Value, url: &str, part: Part, title: &str) {
    let kind = type_of(resource).to_owned();
    let Value::Object(object) = resource else { return };
    let words = narrative(object, &kind);
    frame(object, url, &kind);
    if let Some(words) = words {
        object.insert("text".into(), words);
    }
    let held = contained(object);
    tidy(resource, Some(&held), 0);
    let Value::Object(object) = resource else { return };
    match kind.as_str() {
        "AllergyIntolerance" => allergy(object, title),
        "Condition" => condition(object, title),
        "MedicationStatement" | "MedicationRequest" | "MedicationDispense" | "MedicationAdministration" => medicine(object, &kind, title),
        "Immunization" => {
            named(object, "vaccineCode", title);
            timed(object, "occurrence", "DateTime");
        }
        "Procedure" => {
            named(object, "code", title);
            timed(object, "performed", "DateTime");
        }
        "Observation" => {
            named(object, "code", title);
            observation(object);
        }
        "DiagnosticReport" => {
            named(object, "code", title);
            timed(object, "effective", "DateTime");
            if !object.contains_key("category") {
                object.insert("category".into(), json!([{"text": part.words()}]));
            }
        }
        "DeviceUseStatement" => {
            timed(object, "timing", "DateTime");
            object.entry("device").or_insert_with(|| json!({"display": title}));
        }
        "Encounter" => {
            object.entry("class").or_insert_with(|| absent("unknown"));
        }
        "Coverage" => {
            object.entry("payor").or_insert_with(|| json!([{"display": title}]));
        }
        "Consent" => {
            object.entry("scope").or_insert_with(|| absent("unknown"));
            object.entry("category").or_insert_with(|| json!([{"text": title}]));
            if !object.contains_key("policy") {
                object.entry("policyRule").or_insert_with(|| absent("unknown"));
            }
        }
        "DocumentReference" => {
            object.entry("content").or_insert_with(|| json!([{"attachment": {"title": title}}]));
        }
        "Goal" => named(object, "description", title),
        "FamilyMemberHistory" => named(object, "relationship", title),
        "Flag" => named(object, "code", title),
        _ => {}
    }
    profile(object, &kind);
}

/// The narrative of the kinds that often say what they say in it alone: its words, without its markup.
fn narrative(object: &Map<String, Value>, kind: &str) -> Option<Value> {
    if !matches!(kind, "QuestionnaireResponse" | "CarePlan" | "ClinicalImpression") {
        return None;
    }
    let text = crate::record::html::to_text(object.get("text")?.get("div")?.as_str()?);
    let mut div = String::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        div.push_str("<p>");
        escape_into(&mut div, line);
        div.push_str("</p>");
    }
    (!div.is_empty()).then(|| json!({"status": "additional", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{div}</div>")}))
}

/// The id is the entry's own; narrative and versions of the source stay there; its security labels go along.
fn frame(object: &mut Map<String, Value>, url: &str, kind: &str) {
    let security = object.get("meta").and_then(|m| m.get("security")).cloned();
    for key in ["meta", "text", "implicitRules", "id"] {
        object.shift_remove(key);
    }
    let mut out = Map::new();
    out.insert("resourceType".into(), kind.into());
    out.insert("id".into(), url.trim_start_matches("urn:uuid:").into());
    if let Some(security) = security {
        out.insert("meta".into(), json!({"security": security}));
    }
    object.shift_remove("resourceType");
    out.append(object);
    if let Some(Value::Array(extensions)) = out.get_mut("extension") {
        extensions.retain(|e| text_at(e, "url").as_deref() != Some(EXTRACTED_TEXT));
        if extensions.is_empty() {
            out.shift_remove("extension");
        }
    }
    *object = out;
}

/// Contained resources that nothing points to any more go (R4 dom-3), and the metadata of the others (dom-4). Gives the ids of
/// those that stay.
fn contained(object: &mut Map<String, Value>) -> BTreeSet<String> {
    let Some(Value::Array(list)) = object.shift_remove("contained") else { return BTreeSet::new() };
    let mut named = BTreeSet::new();
    object.values().for_each(|v| local(v, &mut named));
    let mut kept = BTreeSet::new();
    loop {
        let before = kept.len();
        for inner in &list {
            let id = text_at(inner, "id").unwrap_or_default();
            if named.contains(&id) && kept.insert(id) {
                local(inner, &mut named);
            }
        }
        if kept.len() == before {
            break;
        }
    }
    let held: Vec<Value> = list
        .into_iter()
        .filter(|c| text_at(c, "id").is_some_and(|id| kept.contains(&id)))
        .map(|mut c| {
            if let Value::Object(inner) = &mut c {
                inner.shift_remove("meta");
                inner.shift_remove("text");
            }
            c
        })
        .collect();
    if !held.is_empty() {
        object.insert("contained".into(), Value::Array(held));
    }
    kept
}

fn local(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(o) => {
            if let Some(id) = o.get("reference").and_then(Value::as_str).and_then(|r| r.strip_prefix('#')) {
                out.insert(id.to_owned());
            }
            o.values().for_each(|v| local(v, out));
        }
        Value::Array(items) => items.iter().for_each(|v| local(v, out)),
        _ => {}
    }
}

/// UCUM for quantities that have only words; what is empty goes (FHIR R4 ele-1); a pointer to a contained resource that the
/// source did not send keeps its words alone.
fn tidy(value: &mut Value, held: Option<&BTreeSet<String>>, depth: usize) {
    if depth > 40 {
        return;
    }
    match value {
        Value::Object(object) => {
            let local = object.get("reference").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
            if local.zip(held).is_some_and(|(id, held)| !held.contains(id)) {
                object.shift_remove("reference");
            }
            let mut empty = false;
            for (key, v) in object.iter_mut() {
                // What a contained resource points to was looked at when it was kept.
                tidy(v, held.filter(|_| key != "contained"), depth + 1);
                empty |= is_empty(v);
            }
            if empty {
                object.retain(|_, v| !is_empty(v));
            }
            unit(object);
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|v| tidy(v, held, depth + 1));
            // A null holds the place of a primitive beside its extensions.
            if !items.iter().any(Value::is_null) {
                items.retain(|v| !is_empty(v));
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(o) => o.is_empty(),
        Value::Array(a) => a.is_empty() || a.iter().all(Value::is_null),
        Value::String(s) => s.is_empty(),
        Value::Null => true,
        _ => false,
    }
}

fn unit(object: &mut Map<String, Value>) {
    let quantity = object.get("value").is_some_and(Value::is_number)
        && object.keys().all(|k| matches!(k.as_str(), "value" | "unit" | "system" | "code" | "comparator" | "extension" | "id"));
    let system = object.get("system").and_then(Value::as_str);
    if !quantity || object.contains_key("code") && system.is_some() {
        return;
    }
    let written = object.get("unit").or_else(|| object.get("code")).and_then(Value::as_str);
    if let Some(code) = written.and_then(ucum::code) {
        object.insert("system".into(), systems::UCUM.into());
        object.insert("code".into(), code.into());
    } else if object.contains_key("code") && !object.contains_key("system") {
        // A code needs a system (R4 qty-3).
        if let Some(code) = object.shift_remove("code") {
            object.entry("unit").or_insert(code);
        }
    }
}

fn has(object: &Map<String, Value>, stem: &str) -> bool {
    object.keys().any(|k| k.trim_start_matches('_').starts_with(stem))
}

/// A concept that the profile requires.
fn named(object: &mut Map<String, Value>, key: &str, title: &str) {
    object.entry(key).or_insert_with(|| json!({"text": title}));
}

/// A time that the profile requires.
fn timed(object: &mut Map<String, Value>, stem: &str, kind: &str) {
    if !has(object, stem) {
        object.insert(format!("_{stem}{kind}"), absent("unknown"));
    }
}

fn allergy(object: &mut Map<String, Value>, title: &str) {
    named(object, "code", title);
    // R4 ait-1 wants a status; without one given it is not known.
    object.entry("clinicalStatus").or_insert_with(|| absent("unknown"));
    if let Some(Value::Array(reactions)) = object.get_mut("reaction") {
        for reaction in reactions {
            let told = text_at(reaction, "description");
            if let Value::Object(reaction) = reaction {
                reaction.entry("manifestation").or_insert_with(|| match told {
                    Some(text) => json!([{"text": text}]),
                    None => json!([absent("unknown")]),
                });
            }
        }
    }
}

fn condition(object: &mut Map<String, Value>, title: &str) {
    named(object, "code", title);
    if !has(object, "abatement") {
        return;
    }
    let status = object.get("clinicalStatus").map(codes).and_then(|c| c.first().map(|(_, code, _)| (*code).to_owned()));
    match status.as_deref() {
        Some("inactive" | "resolved" | "remission") => {}
        // An end is given, and no status: R4 con-4 wants the word for that.
        None => {
            object.insert("clinicalStatus".into(), json!({"coding": [{"system": systems::CONDITION_CLINICAL, "code": "resolved"}]}));
        }
        // Active with an end contradicts con-4: both stay, the end in words.
        Some(_) => {
            let ends: Vec<String> = object.keys().filter(|k| k.trim_start_matches('_').starts_with("abatement")).cloned().collect();
            for key in ends {
                let end = object.shift_remove(&key);
                if let (Some(end), Value::Array(notes)) = (end.as_ref().and_then(string), object.entry("note").or_insert_with(|| json!([])))
                {
                    notes.push(json!({"text": format!("The source gives an end: {end}")}));
                }
            }
            if object.get("note").is_some_and(is_empty) {
                object.shift_remove("note");
            }
        }
    }
}

fn medicine(object: &mut Map<String, Value>, kind: &str, title: &str) {
    if !has(object, "medication") {
        object.insert("medicationCodeableConcept".into(), json!({"text": title}));
    }
    if matches!(kind, "MedicationStatement" | "MedicationAdministration") {
        timed(object, "effective", "DateTime");
    }
    if kind == "MedicationRequest" {
        object.entry("intent").or_insert_with(|| "order".into());
    }
}

fn observation(object: &mut Map<String, Value>) {
    if !is_laboratory(object) {
        return;
    }
    if !has(object, "effective") {
        object.insert("_effectiveDateTime".into(), absent("unknown"));
    }
    object.entry("performer").or_insert_with(|| json!([absent("unknown")]));
}

fn is_laboratory(object: &Map<String, Value>) -> bool {
    let Some(Value::Array(categories)) = object.get("category") else { return false };
    categories.iter().filter(|c| has_code(c, systems::OBSERVATION_CATEGORY, "laboratory")).count() == 1
}

/// The profile that a resource conforms to, named only where it does.
fn profile(object: &mut Map<String, Value>, kind: &str) {
    let value = object.keys().any(|k| k.starts_with("value")) || object.contains_key("hasMember");
    let one_category = object.get("category").is_none_or(|c| c.as_array().is_none_or(|a| a.len() == 1));
    let name = match kind {
        "AllergyIntolerance" => "AllergyIntolerance",
        "Condition" => "Condition",
        "MedicationStatement" => "MedicationStatement",
        "MedicationRequest" => "MedicationRequest",
        "Immunization" => "Immunization",
        "Procedure" => "Procedure",
        "DeviceUseStatement" => "DeviceUseStatement",
        "Medication" => "Medication",
        "Practitioner" => "Practitioner",
        "Organization" => "Organization",
        "PractitionerRole" => "PractitionerRole",
        "DiagnosticReport" if one_category && (object.contains_key("effectiveDateTime") || has(object, "effective")) => "DiagnosticReport",
        "Observation" if is_laboratory(object) && value && !object.contains_key("effectiveInstant") => {
            "Observation-results-laboratory-pathology"
        }
        _ => return,
    };
    let conforms = match kind {
        "Practitioner" => object.contains_key("name"),
        "Organization" => object.get("name").is_some_and(Value::is_string),
        "PractitionerRole" => object.contains_key("practitioner") || object.contains_key("organization"),
        "Medication" => object.contains_key("code"),
        _ => true,
    };
    if !conforms {
        return;
    }
    let url = format!("http://hl7.org/fhir/uv/ips/StructureDefinition/{name}-uv-ips");
    match object.get_mut("meta") {
        Some(Value::Object(meta)) => {
            meta.insert("profile".into(), json!([url]));
        }
        // After the id, where a reader looks for it.
        _ => {
            object.shift_insert(2.min(object.len()), "meta".into(), json!({"profile": [url]}));
        }
    }
}

/// The use of a device that a source lists by itself: the section of devices speaks of their use.
pub(super) fn device_use(url: &str, device: &str, title: &str, person: &str) -> Value {
    json!({
        "resourceType": "DeviceUseStatement",
        "id": url.trim_start_matches("urn:uuid:"),
        "meta": {"profile": ["http://hl7.org/fhir/uv/ips/StructureDefinition/DeviceUseStatement-uv-ips"]},
        "status": "active",
        "subject": {"reference": person},
        "_timingDateTime": absent("unknown"),
        "device": {"reference": device, "display": title},
    })
}

/// A statement of absence with the code of IPS beside the source's own.
pub(super) fn known_absence(mut resource: Value, part: Part) -> Value {
    let key = match type_of(&resource) {
        "Immunization" => "vaccineCode",
        kind if kind.starts_with("Medication") => "medicationCodeableConcept",
        _ => "code",
    };
    let words = resource.get(key).and_then(concept_text).unwrap_or_default().to_lowercase();
    let coded = |list: &[&str]| resource.get(key).is_some_and(|c| list.iter().any(|code| has_code(c, "", code)));
    let (code, display) = match part {
        Part::Allergies if coded(&["409137002"]) || words.contains("drug") || words.contains("medication") || words == "nkda" => {
            ("no-known-medication-allergies", "No known medication allergies")
        }
        Part::Allergies if coded(&["429625007"]) || words.contains("food") => ("no-known-food-allergies", "No known food allergies"),
        Part::Allergies if coded(&["428607008"]) || words.contains("environment") => {
            ("no-known-environmental-allergies", "No known environmental allergies")
        }
        Part::Allergies if words.contains("latex") => return resource,
        Part::Allergies => ("no-known-allergies", "No known allergies"),
        Part::Conditions => ("no-known-problems", "No known problems"),
        Part::Medicines => ("no-known-medications", "No known medications"),
        Part::Immunizations => ("no-known-immunizations", "No known immunizations"),
        Part::Procedures => ("no-known-procedures", "No known procedures"),
        Part::Devices => ("no-known-devices", "No known devices in use"),
        _ => return resource,
    };
    if resource.get(key).is_some_and(|c| array(c, "coding").iter().any(|c| text_at(c, "system").as_deref() == Some(ABSENT_UNKNOWN))) {
        return resource;
    }
    if let Some(Value::Object(concept)) = resource.get_mut(key)
        && let Value::Array(list) = concept.entry("coding").or_insert_with(|| json!([]))
    {
        list.insert(0, json!({"system": ABSENT_UNKNOWN, "code": code, "display": display}));
    }
    resource
}
