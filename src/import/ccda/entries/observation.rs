//! Observations of every kind: results, vital signs, social history, status, findings, and all that is unknown.

use super::super::context::Context;
use super::super::types;
use super::super::xml::{Node, attr, child, children, path, text};
use super::draft::Draft;
use super::kit::{absent, code, concept, describe, fixed, is, name, named, negated, nested, status, value_words, when, words};
use super::{Section, people};
use crate::Result;
use crate::record::{concept_text, systems};
use serde_json::{Value, json};

/// Nested statements that are no measurement of their own but say something about the statement around them.
const ASIDES: [&str; 6] = ["64", "122", "19", "20", "8", "119"];

/// One observation as a record. `category` is a code of FHIR's observation-category.
pub(super) fn observation<'a>(
    cx: &mut Context<'a>,
    section: &Section<'a>,
    node: Node<'a>,
    category: &str,
    counted: bool,
) -> Result<Option<Value>> {
    if !speaks(cx, node) {
        if counted {
            cx.skip(node, "An observation", "It holds no code, no value and no words.")?;
        }
        return Ok(None);
    }
    let mut draft = Draft::new("Observation", node);
    draft.push("category", category_of(section, node, category));
    draft.push_some("category", concept(cx, super::kit::extension(node, "category")));
    draft.put("code", observation_code(cx, section, node));
    draft.put("subject", cx.patient());
    draft.time("effective", &when(node));
    value(cx, &mut draft, node);
    if !has_value(&draft) && !negated(node) {
        // Values that stand in the narrative only, beside an entry that points there.
        let called = draft.get("code").and_then(concept_text);
        if let Some(said) = words(cx, node).filter(|w| called.as_ref() != Some(w)) {
            draft.note(&said);
        }
    }
    draft.put("status", observation_status(node, draft.has("dataAbsentReason") || !has_value(&draft)));
    who(cx, &mut draft, node);
    for interpretation in types::interpretation(node, cx) {
        draft.push("interpretation", interpretation);
    }
    draft.set("bodySite", concept(cx, child(node, "targetSiteCode")));
    draft.set("method", concept(cx, child(node, "methodCode")));
    ranges(cx, &mut draft, node);
    specimen(cx, &mut draft, node);
    participants(cx, &mut draft, node);
    let own = inner(cx, &mut draft, node);
    draft.priority_note(cx, node);
    // Parts that are results or vital signs themselves are records of their own and belong to this one.
    for part in own {
        draft.handled(part);
        let link = observation(cx, section, part, category, true)?;
        draft.push_some("hasMember", link);
    }
    draft.leftovers(cx, node);
    draft.emit(cx, node, counted).map(Some)
}

/// Whether an observation says anything at all.
fn speaks<'a>(cx: &Context<'a>, node: Node<'a>) -> bool {
    named(cx, node).is_some()
        || children(node, "value").filter_map(|v| types::value(v, cx)).any(|(_, v)| value_words(&v).is_some())
        || nested(node).any(|(_, n)| describe(cx, n, 2).is_some())
}

fn category_of<'a>(section: &Section<'a>, node: Node<'a>, category: &str) -> Value {
    let category = match code(node) {
        "72166-2" | "11367-0" | "76689-9" | "76690-7" | "76691-5" | "82810-3" | "86645-9" => "social-history",
        _ => category,
    };
    category_for(section, category)
}

/// A category of FHIR's own where there is one, else the section's title.
pub(super) fn category_for(section: &Section<'_>, category: &str) -> Value {
    if category.is_empty() {
        return json!({"text": section.title.unwrap_or("Other")});
    }
    let display = match category {
        "vital-signs" => "Vital Signs",
        "laboratory" => "Laboratory",
        "imaging" => "Imaging",
        "social-history" => "Social History",
        "survey" => "Survey",
        "exam" => "Exam",
        "procedure" => "Procedure",
        "therapy" => "Therapy",
        "functional-status" | "cognitive-status" => {
            let display = if category == "functional-status" { "Functional Status" } else { "Cognitive Status" };
            return fixed("http://hl7.org/fhir/us/core/CodeSystem/us-core-category", category, display);
        }
        other => return json!({"text": other}),
    };
    fixed(systems::OBSERVATION_CATEGORY, category, display)
}

/// What was observed. `ASSERTION` and nullFlavors give way to what the template means, then to the statement's words.
fn observation_code<'a>(cx: &Context<'a>, section: &Section<'a>, node: Node<'a>) -> Value {
    let loinc = |code: &str, display: &str| fixed(systems::LOINC, code, display);
    if code(node) == "ASSERTION" || child(node, "code").is_none_or(|c| concept(cx, Some(c)).is_none()) {
        if is(node, &["2.16.840.1.113883.10.20.15.3.8"]) {
            return loinc("82810-3", "Pregnancy status");
        }
        if is(node, &["78"]) {
            return loinc("72166-2", "Tobacco smoking status");
        }
        if is(node, &["5"]) {
            return loinc("11323-3", "Health status");
        }
    }
    named(cx, node)
        // The words may be the value's own ("Use of cane"): then the section tells what kind of thing it is.
        .filter(|n| {
            child(node, "code").is_some_and(|c| concept(cx, Some(c)).is_some())
                || child(node, "value").is_none()
                || n.get("coding").is_some()
        })
        .or_else(|| section.title.map(|t| json!({"text": t})))
        .or_else(|| words(cx, node).map(|t| json!({"text": t})))
        .unwrap_or_else(|| absent(child(node, "code").and_then(|c| attr(c, "nullFlavor"))))
}

fn has_value(draft: &Draft) -> bool {
    [
        "valueQuantity",
        "valueCodeableConcept",
        "valueString",
        "valueBoolean",
        "valueInteger",
        "valueRange",
        "valueRatio",
        "valueDateTime",
        "valuePeriod",
    ]
    .iter()
    .any(|k| draft.has(k))
}

/// The first value as value[x]; more of them as components, so that none is lost. A negated one becomes words:
/// FHIR has no negation here, and a denied value must not look like a value.
fn value<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    let values: Vec<_> = children(node, "value").collect();
    let read = values.iter().filter_map(|v| types::value(*v, cx));
    let mut read: Vec<(&'static str, Value)> = read.filter(|(_, v)| value_words(v).is_some()).collect();
    if negated(node) {
        let said: Vec<String> = read.iter().filter_map(|(_, v)| value_words(v)).collect();
        if said.is_empty() {
            draft.put(
                "dataAbsentReason",
                fixed("http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-performed", "Not Performed"),
            );
        } else {
            draft.put("valueString", format!("Not: {}", said.join(", ")));
            for coding in read.iter().flat_map(|(_, v)| crate::record::codes(v)) {
                draft.note(&format!("The source denies {} ({}|{}).", coding.2, coding.0, coding.1));
            }
        }
        return;
    }
    if read.is_empty() {
        let reason = values.first().and_then(|v| types::absent(*v, cx));
        draft.set("dataAbsentReason", reason);
        return;
    }
    let (key, first) = read.remove(0);
    draft.put(key, first);
    let code = draft.get("code").cloned().unwrap_or_else(|| absent(None));
    for (key, value) in read {
        draft.push("component", json!({"code": code, key: value}));
    }
}

/// C-CDA on FHIR CF-ResultStatus; an active result that has a value already is preliminary.
fn observation_status(node: Node<'_>, empty: bool) -> &'static str {
    match status(node).as_str() {
        "completed" if negated(node) && empty => "cancelled",
        "completed" => "final",
        "active" if empty => "registered",
        "active" => "preliminary",
        "aborted" | "cancelled" => "cancelled",
        "held" | "suspended" | "new" => "registered",
        "nullified" => "entered-in-error",
        "corrected" => "corrected",
        "amended" => "amended",
        _ => "unknown",
    }
}

/// Those who performed it, else those who wrote it down.
fn who<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    let mut people: Vec<Value> = Vec::new();
    for performer in cx.performers(node) {
        people.extend(cx.actor(draft.resource(), performer));
    }
    if people.is_empty() {
        people = people::actors(cx, draft, node, "author");
    }
    people.into_iter().for_each(|p| draft.push("performer", p));
    if let Some(time) = children(node, "author").find_map(|a| child(a, "time").and_then(types::stamp)).and_then(|s| s.instant()) {
        draft.put("issued", time);
    }
}

/// Reference ranges with their digits and words. The one for normal stands first; others say what they are for.
fn ranges<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    let mut all: Vec<(bool, Value)> = Vec::new();
    for range in children(node, "referenceRange").filter_map(|r| child(r, "observationRange")) {
        let mut out = json!({});
        let value = child(range, "value");
        let ends = value.and_then(types::range);
        for end in ["low", "high"] {
            let limit = ends.as_ref().and_then(|e| e.get(end)).filter(|q| q.get("value").is_some()).cloned();
            types::put(&mut out, end, limit);
        }
        let told = child(range, "text").and_then(|t| cx.words(t));
        let plain = value
            .filter(|_| out.as_object().is_some_and(serde_json::Map::is_empty))
            .and_then(|v| types::value(v, cx))
            .and_then(|(_, v)| value_words(&v));
        types::put(&mut out, "text", told.or(plain).map(Value::String));
        let kind = concept(cx, child(range, "interpretationCode"));
        let normal = kind.as_ref().is_none_or(|k| crate::record::has_code(k, "", "N"));
        types::put(&mut out, "type", kind.filter(|_| !normal));
        let about = concept(cx, child(range, "code"));
        types::put_all(&mut out, "appliesTo", about.into_iter().collect());
        if ["low", "high", "text"].iter().any(|k| out.get(k).is_some()) {
            all.push((normal, out));
        }
    }
    all.sort_by_key(|(normal, _)| !normal);
    all.into_iter().for_each(|(_, r)| draft.push("referenceRange", r));
}

/// The specimen of the observation, else that of the organizer around it (C-CDA on FHIR "Specimen").
pub(super) fn specimen<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    let around = node.ancestors().find(|n| name(*n) == "organizer" && n.id() != node.id());
    let holder = std::iter::once(node).chain(around).find(|n| child(*n, "specimen").is_some());
    let collected = around.unwrap_or(node);
    let taken = |n: &Node<'_>| name(*n) == "procedure" && (code(*n) == "17636008" || child(*n, "specimen").is_some());
    let collection = nested(collected).map(|(_, n)| n).find(taken);
    let role = holder.or(collection).and_then(|h| path(h, "specimen/specimenRole"));
    if let Some(out) = specimen_of(cx, role, collection) {
        let link = draft.contain(out);
        if draft.get("resourceType").and_then(Value::as_str) == Some("DiagnosticReport") {
            draft.push("specimen", link);
        } else {
            draft.put("specimen", link);
        }
    }
}

fn specimen_of<'a>(cx: &Context<'a>, role: Option<Node<'a>>, collection: Option<Node<'a>>) -> Option<Value> {
    let mut out = json!({"resourceType": "Specimen"});
    let entity = role.and_then(|r| child(r, "specimenPlayingEntity"));
    let called = entity.and_then(|e| child(e, "name")).and_then(text);
    let kind = entity.and_then(|e| concept(cx, child(e, "code")));
    types::put_all(&mut out, "identifier", role.map(types::identifiers).unwrap_or_default());
    types::put(&mut out, "type", kind.or_else(|| called.map(|text| json!({"text": text}))));
    let note = entity.and_then(|e| child(e, "desc")).and_then(text);
    types::put_all(&mut out, "note", note.map(|text| json!({"text": text})).into_iter().collect());
    let mut how = json!({});
    if let Some(collection) = collection {
        when(collection).put(&mut how, "collected");
        types::put(&mut how, "bodySite", concept(cx, child(collection, "targetSiteCode")));
        types::put(&mut how, "method", concept(cx, child(collection, "methodCode")));
    }
    if how.as_object().is_some_and(|h| !h.is_empty()) {
        types::put(&mut out, "collection", Some(how));
    }
    out.as_object().is_some_and(|o| o.len() > 1).then_some(out)
}

/// People and things that take part without a place of their own in FHIR, as notes.
fn participants<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    for participant in children(node, "participant") {
        let Some(role) = child(participant, "participantRole") else { continue };
        let entity = child(role, "playingEntity").or_else(|| child(role, "playingDevice"));
        let said = entity
            .and_then(|e| {
                child(e, "name").and_then(types::name_text).or_else(|| concept(cx, child(e, "code")).and_then(|c| concept_text(&c)))
            })
            .or_else(|| concept(cx, child(role, "code")).and_then(|c| concept_text(&c)));
        if let Some(said) = said {
            let label = match attr(participant, "typeCode") {
                Some("LOC") => "Place",
                Some("DEV" | "PRD") => "Device",
                Some("SPC") => "Specimen",
                Some("VRF") => "Verified by",
                Some("RESP") => "Responsible",
                Some("AUT") => "Author",
                _ => "Also named",
            };
            draft.note(&format!("{label}: {said}"));
        }
    }
}

/// Nested observations that measure become components; those that are results or vital signs themselves are given
/// back, to become records.
fn inner<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) -> Vec<Node<'a>> {
    let mut own = Vec::new();
    for (_, inner) in nested(node).filter(|(_, n)| name(*n) == "observation" && !is(*n, &ASIDES) && code(*n) != "SEV") {
        if is(inner, &["2", "27"]) {
            own.push(inner);
            continue;
        }
        let values: Vec<_> = children(inner, "value").filter_map(|v| types::value(v, cx)).collect();
        let deeper = nested(inner).next().is_some();
        let (Some(code), [(key, value)], false, false) = (component_code(cx, inner), values.as_slice(), negated(inner), deeper) else {
            continue;
        };
        let mut part = json!({"code": code});
        types::put(&mut part, key, Some(value.clone()));
        types::put_all(&mut part, "interpretation", types::interpretation(inner, cx));
        draft.push("component", part);
        draft.handled(inner);
    }
    own
}

fn component_code<'a>(cx: &Context<'a>, node: Node<'a>) -> Option<Value> {
    concept(cx, child(node, "code")).filter(|_| code(node) != "ASSERTION")
}
