//! What is planned: requests for procedures, tests, visits and advice (C-CDA Planned Act, Procedure, Observation,
//! Encounter, Instruction, Nutrition Recommendation, Patient Referral Act, Planned Intervention).

use super::super::context::Context;
use super::super::xml::{Node, attr, child, children};
use super::draft::Draft;
use super::kit::{code_or_words, concept, is, mood, name, named, negated, nested, status, value_words, when, words};
use super::{Section, medication, people};
use crate::Result;
use crate::record::concept_text;
use serde_json::{Value, json};

/// The status of a request.
pub(super) fn request_status(node: Node<'_>) -> &'static str {
    match status(node).as_str() {
        "active" | "new" | "normal" => "active",
        "completed" => "completed",
        "aborted" | "cancelled" => "revoked",
        "held" | "suspended" => "on-hold",
        "nullified" => "entered-in-error",
        _ => "unknown",
    }
}

/// How firm a request is (HL7 V3 ActMood to FHIR RequestIntent).
fn intent(node: Node<'_>) -> &'static str {
    match mood(node) {
        "RQO" => "order",
        "PRP" | "PRMS" => "proposal",
        _ => "plan",
    }
}

/// A planned act, procedure, observation or encounter, an instruction, a referral.
pub(super) fn request<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    let said = named(cx, node);
    let value = children(node, "value").find_map(|v| super::super::types::value(v, cx));
    let time = when(node);
    // A visit of which only the day is known is a visit.
    let timed = time.start().is_some() || time.high.is_some();
    if said.is_none()
        && value.is_none()
        && !timed
        && !nested(node).any(|(_, n)| super::is_record(n) || super::kit::describe(cx, n, 2).is_some())
    {
        return cx.skip(node, what(node), "It names nothing that is planned, neither by a code nor in words.");
    }
    let mut draft = Draft::new("ServiceRequest", node);
    draft.put("status", request_status(node));
    draft.put("intent", intent(node));
    if negated(node) {
        draft.put("doNotPerform", true);
    }
    let category = match name(node) {
        _ if is(node, &["140"]) => Some(("3457005", "Patient referral")),
        _ if is(node, &["20"]) => Some(("409073007", "Education")),
        _ if is(node, &["130"]) => Some(("182922004", "Dietary regime")),
        "observation" => Some(("386053000", "Evaluation procedure")),
        _ => None,
    };
    if let Some((code, display)) = category {
        draft.push("category", super::kit::fixed(crate::record::systems::SNOMED, code, display));
    }
    draft.put("code", code_or_words(cx, node));
    draft.put("subject", cx.patient());
    draft.time("occurrence", &time);
    people::recorder(cx, &mut draft, node, None, "requester", "authoredOn");
    for actor in people::actors(cx, &mut draft, node, "performer") {
        draft.push("performer", actor);
    }
    for participant in children(node, "participant").filter(|p| !matches!(attr(*p, "typeCode"), Some("LOC" | "DST" | "ORG"))) {
        if let Some(actor) = cx.actor(draft.resource(), participant) {
            draft.push("performer", actor);
        }
    }
    for place in people::locations(cx, &mut draft, node) {
        draft.push("locationReference", place);
    }
    medication::reasons(cx, &mut draft, node);
    for site in children(node, "targetSiteCode") {
        draft.push_some("bodySite", concept(cx, Some(site)));
    }
    // The words of an instruction are what matters, its code is only its kind.
    let text = words(cx, node).filter(|t| draft.get("code").and_then(concept_text).as_ref() != Some(t));
    if let Some(text) = text {
        draft.put("patientInstruction", text);
    }
    if let Some(text) = value.and_then(|(_, v)| value_words(&v)) {
        draft.note(&text);
    }
    draft.set("priority", priority(node));
    finish(cx, draft, node)
}

fn finish<'a>(cx: &mut Context<'a>, mut draft: Draft, node: Node<'a>) -> Result<()> {
    let own: Vec<_> = nested(node).map(|(_, n)| n).filter(|n| super::is_record(*n)).collect();
    own.iter().for_each(|n| draft.handled(*n));
    if !draft.has("priority") {
        draft.priority_note(cx, node);
    }
    draft.leftovers(cx, node);
    draft.emit(cx, node, true)?;
    let section = Section::around(node);
    own.into_iter().try_for_each(|n| super::statement(cx, &section, n))
}

fn priority(node: Node<'_>) -> Option<&'static str> {
    match attr(child(node, "priorityCode")?, "code")? {
        "R" => Some("routine"),
        "UR" => Some("urgent"),
        "A" => Some("asap"),
        "S" | "EM" => Some("stat"),
        _ => None,
    }
}

fn what(node: Node<'_>) -> &'static str {
    match name(node) {
        "encounter" => "A planned visit",
        "procedure" => "A planned procedure",
        "observation" => "A planned test",
        _ if is(node, &["20"]) => "An instruction",
        _ => "Something planned",
    }
}

/// A goal, with how it goes and how far it got.
pub(super) fn goal<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    let value = children(node, "value").find_map(|v| super::super::types::value(v, cx));
    let said = words(cx, node).map(|text| json!({"text": text}));
    let coded = named(cx, node);
    let text_value = value.as_ref().filter(|(k, _)| matches!(*k, "valueString" | "valueCodeableConcept"));
    let goal = coded
        .clone()
        .or_else(|| said.clone())
        .or_else(|| text_value.map(|(_, v)| if v.is_string() { json!({"text": v}) } else { v.clone() }));
    let Some(description) = goal else {
        return cx.skip(node, "A goal", "It names no goal, neither by a code nor in words.");
    };
    let mut draft = Draft::new("Goal", node);
    draft.put(
        "lifecycleStatus",
        match status(node).as_str() {
            "active" => "active",
            "completed" => "completed",
            "aborted" | "cancelled" => "cancelled",
            "held" | "suspended" => "on-hold",
            "nullified" => "entered-in-error",
            _ => "proposed",
        },
    );
    if negated(node) {
        draft.put("lifecycleStatus", "rejected");
    }
    draft.put("description", description);
    draft.put("subject", cx.patient());
    let when = when(node);
    draft.set("startDate", when.start().and_then(super::super::types::Stamp::date));
    let due = when.high.as_ref().and_then(super::super::types::Stamp::date);
    if value.is_some() || due.is_some() {
        let mut target = json!({});
        if let Some((key, value)) = &value {
            let key = match *key {
                "valueQuantity" => "detailQuantity",
                "valueRange" => "detailRange",
                "valueCodeableConcept" => "detailCodeableConcept",
                "valueBoolean" => "detailBoolean",
                "valueInteger" => "detailInteger",
                "valueRatio" => "detailRatio",
                _ => "detailString",
            };
            let value = if key == "detailString" { value_words(value).map(Value::String) } else { Some(value.clone()) };
            super::super::types::put(&mut target, "measure", coded.filter(|_| value.is_some()));
            super::super::types::put(&mut target, key, value);
        }
        super::super::types::put(&mut target, "dueDate", due.map(Value::String));
        draft.push("target", target);
    }
    people::single(cx, &mut draft, node, "author", "expressedBy");
    for (_, inner) in nested(node) {
        let about = code(inner);
        if is(inner, &["110"]) || about == "ASSERTION" && coded_progress(inner) {
            if let Some(progress) = concept(cx, child(inner, "value")) {
                draft.put("achievementStatus", progress);
                draft.handled(inner);
            }
        } else if let Some(rank) = concept(cx, child(inner, "value")).filter(|_| is(inner, &["143"]) && !draft.has("priority")) {
            draft.put("priority", rank);
            draft.handled(inner);
        }
    }
    if let Some(rank) = concept(cx, child(node, "priorityCode")).filter(|_| !draft.has("priority")) {
        draft.put("priority", rank);
    }
    let own: Vec<_> = nested(node).map(|(_, n)| n).filter(|n| super::is_record(*n)).collect();
    own.iter().for_each(|n| draft.handled(*n));
    draft.leftovers(cx, node);
    draft.emit(cx, node, true)?;
    let section = Section::around(node);
    own.into_iter().try_for_each(|n| super::statement(cx, &section, n))
}

fn code<'a>(node: Node<'a>) -> &'a str {
    super::kit::code(node)
}

fn coded_progress(node: Node<'_>) -> bool {
    super::kit::coded(child(node, "value"), &["390801001", "390802008", "706905005", "706906006"])
}
