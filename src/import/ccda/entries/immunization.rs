//! Immunizations (C-CDA on FHIR "Immunizations").

use super::super::context::Context;
use super::super::types;
use super::super::xml::{Node, attr, child, children, path, text};
use super::draft::Draft;
use super::kit::{absent, concept, fixed, is, name, named, negated, nested, planned, status, when, words};
use super::{medication, people};
use crate::Result;
use crate::record::concept_text;
use serde_json::{Value, json};

/// One immunization activity: given, refused, or (INT) planned.
pub(super) fn immunization<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    let Some(vaccine) = medication::product(cx, node).or_else(|| negated(node).then(|| absent(Some("NI")))) else {
        return cx.skip(node, "An immunization", "It names no vaccine, neither by a code nor in words.");
    };
    if planned(node) && !negated(node) {
        return recommendation(cx, node, vaccine);
    }
    let mut draft = Draft::new("Immunization", node);
    let state = match status(node).as_str() {
        "nullified" => "entered-in-error",
        "aborted" | "cancelled" | "suspended" | "held" => "not-done",
        _ if negated(node) => "not-done",
        _ => "completed",
    };
    draft.put("status", state);
    for (_, inner) in nested(node).filter(|(h, n)| is(*n, &["53"]) || state == "not-done" && attr(*h, "typeCode") == Some("RSON")) {
        let reason = named(cx, inner).or_else(|| concept(cx, child(inner, "value")));
        if let Some(reason) = reason.filter(|_| !draft.has("statusReason")) {
            draft.put("statusReason", reason);
            draft.handled(inner);
        }
    }
    draft.put("vaccineCode", vaccine);
    draft.put("patient", cx.patient());
    let when = when(node);
    match when.start().or(when.high.as_ref()) {
        Some(start) => draft.stamp("occurrenceDateTime", Some(start)),
        None => draft.put("_occurrenceDateTime", absent(when.null.as_deref())),
    }
    let made = path(node, "consumable/manufacturedProduct");
    if let Some(maker) = made.and_then(|m| child(m, "manufacturerOrganization")).and_then(|m| people::organization(cx, &mut draft, m)) {
        draft.put("manufacturer", maker);
    }
    let material = made.and_then(|m| child(m, "manufacturedMaterial"));
    draft.set("lotNumber", material.and_then(|m| child(m, "lotNumberText")).and_then(text));
    let expires = material.and_then(|m| super::kit::extension(m, "expirationTime")).and_then(types::stamp).and_then(|s| s.date());
    draft.set("expirationDate", expires);
    draft.set("site", concept(cx, child(node, "approachSiteCode")));
    draft.set("route", concept(cx, child(node, "routeCode")));
    draft.set("doseQuantity", medication::quantity(child(node, "doseQuantity")));
    for place in people::locations(cx, &mut draft, node).into_iter().take(1) {
        draft.put("location", place);
    }
    performers(cx, &mut draft, node);
    medication::reasons(cx, &mut draft, node);
    people::recorder(cx, &mut draft, node, None, "", "recorded");
    for (holder, inner) in nested(node) {
        if is(inner, &["9"]) || attr(holder, "typeCode") == Some("MFST") {
            reaction(cx, &mut draft, inner);
        } else if is(inner, &["118"]) || name(inner) == "act" && super::kit::code(inner) == "416118004" {
            // The antigen that was given: in words, since a vaccine has one code.
            draft.handled(inner);
            let antigen = path(inner, "participant/participantRole/playingEntity/code");
            let said = concept(cx, antigen).and_then(|c| concept_text(&c));
            if let Some(said) = said {
                draft.note(&format!("Substance given: {said}"));
            }
        }
    }
    doses(cx, &mut draft, node);
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}

fn performers<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    for actor in people::actors(cx, draft, node, "performer") {
        let function = fixed("http://terminology.hl7.org/CodeSystem/v2-0443", "AP", "Administering Provider");
        draft.push("performer", json!({"function": function, "actor": actor}));
    }
    if let Some(author) = children(node, "author").last().and_then(|a| cx.actor(draft.resource(), a)) {
        let function = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0443", "code": "EP"}], "text": "Entered by"});
        draft.push("performer", json!({"function": function, "actor": author}));
    }
}

/// The dose number: `repeatNumber`, or IHE's own observation.
fn doses<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    let mut number = child(node, "repeatNumber").and_then(|r| medication::whole(Some(r)));
    for (holder, _) in nested(node).filter(|(_, n)| is(*n, &["118"])) {
        number = number.or_else(|| medication::whole(child(holder, "sequenceNumber")));
    }
    for (_, inner) in nested(node).filter(|(_, n)| super::kit::code(*n) == "30973-2") {
        let told = child(inner, "value").and_then(|v| types::value(v, cx)).and_then(|(_, v)| super::kit::value_words(&v));
        if let Some(told) = told.and_then(|t| t.trim().parse().ok()) {
            number = number.or(Some(told));
            draft.handled(inner);
        }
    }
    if let Some(number) = number.filter(|n| *n > 0) {
        draft.push("protocolApplied", json!({"doseNumberPositiveInt": number}));
    }
}

/// A reaction: FHIR wants an Observation for its detail.
fn reaction<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    let what = concept(cx, child(node, "value")).or_else(|| words(cx, node).map(|text| json!({"text": text})));
    let Some(what) = what.filter(|_| !negated(node)) else { return };
    let shown = concept_text(&what);
    let mut detail = json!({"resourceType": "Observation", "status": "final", "code": what});
    let begin = when(node);
    begin.put(&mut detail, "effective");
    let mut out = json!({});
    if let Some(start) = begin.start() {
        start.put(&mut out, "date");
    }
    let notes: Vec<Value> = nested(node).filter_map(|(_, n)| super::kit::describe(cx, n, 2)).map(|text| json!({"text": text})).collect();
    types::put_all(&mut detail, "note", notes);
    let mut link = draft.contain(detail);
    types::put(&mut link, "display", shown.map(Value::String));
    types::put(&mut out, "detail", Some(link));
    draft.push("reaction", out);
    draft.handled(node);
}

/// A planned immunization. FHIR wants a forecast; the source only says that it is planned, in those words.
fn recommendation<'a>(cx: &mut Context<'a>, node: Node<'a>, vaccine: Value) -> Result<()> {
    let mut draft = Draft::new("ImmunizationRecommendation", node);
    draft.put("patient", cx.patient());
    people::recorder(cx, &mut draft, node, None, "", "date");
    if !draft.has("date") && !draft.has("_date") {
        match super::kit::written(cx) {
            Some(date) => draft.put("date", date),
            None => draft.put("_date", absent(None)),
        }
    }
    let mut one = json!({"vaccineCode": [vaccine], "forecastStatus": {"text": "Planned"}});
    let when = when(node);
    if let Some(start) = when.start() {
        let mut criterion = json!({"code": {"text": "Planned for"}});
        start.put(&mut criterion, "value");
        types::push(&mut one, "dateCriterion", criterion);
    }
    draft.push("recommendation", one);
    medication::reasons(cx, &mut draft, node);
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}
