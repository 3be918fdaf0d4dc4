//! Procedures (C-CDA on FHIR "Procedures") and interventions.

use super::super::context::Context;
use super::super::xml::{Node, attr, child, children};
use super::draft::Draft;
use super::kit::{absent, code_or_words, concept, named, negated, nested, status, value_words, when, words};
use super::{Section, device, medication, people};
use crate::Result;
use crate::record::concept_text;
use serde_json::json;

/// A procedure, act or observation that was done, or was not.
pub(super) fn procedure<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>, counted: bool) -> Result<()> {
    if named(cx, node).is_none() && words(cx, node).is_none() && !children(node, "participant").any(is_device) {
        let inner: Vec<_> = nested(node).map(|(_, n)| n).collect();
        if inner.is_empty() {
            return cx.skip(node, "A procedure", "It names no procedure, neither by a code nor in words.");
        }
        for part in inner {
            super::statement(cx, section, part)?;
        }
        return Ok(());
    }
    let mut draft = Draft::new("Procedure", node);
    let state = match status(node).as_str() {
        "nullified" => "entered-in-error",
        _ if negated(node) || super::kit::says_none(&code_or_words(cx, node)) => "not-done",
        "completed" => "completed",
        "active" => "in-progress",
        "aborted" => "stopped",
        "cancelled" => "not-done",
        "held" | "suspended" => "on-hold",
        "new" => "preparation",
        _ => "unknown",
    };
    draft.put("status", state);
    draft.put("code", code_or_words(cx, node));
    draft.put("subject", cx.patient());
    let when = when(node);
    if !draft.time("performed", &when) {
        draft.put("_performedDateTime", absent(when.null.as_deref()));
    }
    people::recorder(cx, &mut draft, node, None, "recorder", "");
    performers(cx, &mut draft, node);
    for place in people::locations(cx, &mut draft, node).into_iter().take(1) {
        draft.put("location", place);
    }
    reason_not_done(cx, &mut draft, node, state);
    medication::reasons(cx, &mut draft, node);
    for site in children(node, "targetSiteCode").chain(children(node, "approachSiteCode")) {
        draft.push_some("bodySite", concept(cx, Some(site)));
    }
    if let Some(method) = concept(cx, child(node, "methodCode")).and_then(|c| concept_text(&c)) {
        draft.note(&format!("Method: {method}"));
    }
    for value in children(node, "value").filter_map(|v| super::super::types::value(v, cx)) {
        if let Some(text) = value_words(&value.1) {
            draft.note(&format!("Finding: {text}"));
        }
    }
    draft.priority_note(cx, node);
    others(cx, &mut draft, node);
    devices(cx, &mut draft, node)?;
    specimens(cx, &mut draft, node);
    let own: Vec<_> = nested(node).map(|(_, n)| n).filter(|n| super::is_record(*n)).collect();
    own.iter().for_each(|n| draft.handled(*n));
    draft.leftovers(cx, node);
    draft.emit(cx, node, counted)?;
    for part in own {
        super::statement(cx, section, part)?;
    }
    Ok(())
}

fn performers<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    for performer in children(node, "performer") {
        if let Some(actor) = cx.actor(draft.resource(), performer) {
            let mut one = json!({"actor": actor});
            if let Some(function) = cx.functions(performer).into_iter().next() {
                one["function"] = function;
            }
            draft.push("performer", one);
        }
    }
}

fn reason_not_done<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>, state: &str) {
    if state != "not-done" {
        return;
    }
    for (holder, inner) in nested(node) {
        let said = || concept(cx, child(inner, "value")).or_else(|| named(cx, inner));
        let reason = attr(holder, "typeCode") == Some("RSON") && !draft.has("statusReason");
        if let Some(reason) = reason.then(said).flatten() {
            draft.put("statusReason", reason);
            draft.handled(inner);
        }
    }
}

/// Others who took part, as notes: the receiver of a handoff, an observer.
fn others<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    for participant in
        children(node, "participant").filter(|p| !is_device(*p) && !matches!(attr(*p, "typeCode"), Some("LOC" | "DST" | "ORG")))
    {
        if let Some(name) = cx.actor(draft.resource(), participant).as_ref().and_then(|a| crate::record::text_at(a, "display")) {
            let label = if attr(participant, "typeCode") == Some("IRCP") { "Receiver" } else { "Took part" };
            draft.note(&format!("{label}: {name}"));
        }
    }
}

/// What was taken, in words: a Procedure has no place for a specimen.
fn specimens<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    for role in children(node, "specimen").filter_map(|s| child(s, "specimenRole")) {
        let entity = child(role, "specimenPlayingEntity");
        let said = entity.and_then(|e| {
            concept(cx, child(e, "code"))
                .and_then(|c| concept_text(&c))
                .or_else(|| child(e, "name").or_else(|| child(e, "desc")).and_then(super::super::xml::text))
        });
        let ids = super::super::types::identifiers(role).into_iter().filter_map(|i| crate::record::text_at(&i, "value"));
        let said = said.unwrap_or_else(|| ids.collect::<Vec<_>>().join(", "));
        if !said.is_empty() {
            draft.note(&format!("Specimen: {said}"));
        }
    }
}

/// Whether a participant is a device, whatever part it is said to take: senders write "location" for a colonoscope.
fn is_device(participant: Node<'_>) -> bool {
    let kind = attr(participant, "typeCode");
    let role = child(participant, "participantRole");
    matches!(kind, Some("DEV" | "PRD")) || role.is_some_and(|r| child(r, "playingDevice").is_some() || super::kit::is(r, &["37"]))
}

/// Devices that were put in or used. One that was not put in is words, never a device of the person.
fn devices<'a>(cx: &mut Context<'a>, draft: &mut Draft, node: Node<'a>) -> Result<()> {
    for participant in children(node, "participant").filter(|p| is_device(*p)) {
        let Some(role) = child(participant, "participantRole") else { continue };
        if negated(node) {
            if let Some(text) = device::words_of(cx, role) {
                draft.note(&format!("Device: {text}"));
            }
        } else if let Some(link) = device::device(cx, role, node, false)? {
            draft.push("focalDevice", json!({"manipulated": link}));
        }
    }
    Ok(())
}
