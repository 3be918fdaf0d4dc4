//! Encounters (C-CDA on FHIR "Encounters"): visits and stays, with their diagnoses.

use super::super::context::{Context, contain};
use super::super::types::Stamp;
use super::super::xml::{Node, attr, child, children};
use super::draft::Draft;
use super::kit::{absent, concept, ended, extension, is, name, named, negated, nested, status, when};
use super::problem::{self, is_problem};
use super::{Section, medication};
use crate::Result;
use crate::record::systems;
use serde_json::{Value, json};

/// One encounter that took place.
pub(super) fn encounter<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    let kind = named(cx, node);
    let when = when(node);
    let has_time = when.start().is_some() || when.high.is_some();
    if kind.is_none() && !has_time && nested(node).next().is_none() && child(node, "participant").is_none() {
        return cx.skip(node, "A visit", "It says neither when nor where nor what it was.");
    }
    let mut draft = Draft::new("Encounter", node);
    let state = match status(node).as_str() {
        "nullified" => "entered-in-error",
        _ if negated(node) => "cancelled",
        "aborted" | "cancelled" => "cancelled",
        "completed" => "finished",
        "active" if !ended(&when) => "in-progress",
        // A visit of one moment, or with an end, is over (C-CDA on FHIR, effectiveTime to status).
        _ if when.point.is_some() || ended(&when) => "finished",
        _ => "unknown",
    };
    draft.put("status", state);
    class_and_type(&mut draft, kind);
    draft.put("subject", cx.patient());
    if let Some(period) = when.period().or_else(|| {
        when.start().map(|start| {
            let mut out = json!({});
            start.put(&mut out, "start");
            out
        })
    }) {
        draft.put("period", period);
    }
    for performer in children(node, "performer")
        .chain(children(node, "participant").filter(|p| !matches!(attr(*p, "typeCode"), Some("LOC" | "DST" | "ORG"))))
    {
        if let Some(actor) = cx.actor(draft.resource(), performer) {
            let mut one = json!({"individual": actor});
            let functions = cx.functions(performer);
            super::super::types::put_all(&mut one, "type", functions);
            draft.push("participant", one);
        }
    }
    for participant in children(node, "participant").filter(|p| matches!(attr(*p, "typeCode"), Some("LOC" | "DST" | "ORG"))) {
        let Some(place) = child(participant, "participantRole").and_then(|r| cx.location(r)) else { continue };
        let link = contain(draft.resource(), place);
        let mut one = json!({"location": link});
        let time = super::super::types::Effective::named(participant, "time");
        super::super::types::put(&mut one, "period", time.period());
        draft.push("location", one);
    }
    if let Some(disposition) = concept(cx, extension(node, "dischargeDispositionCode")) {
        draft.put("hospitalization", json!({"dischargeDisposition": disposition}));
    }
    if let Some(priority) = concept(cx, child(node, "priorityCode")) {
        draft.put("priority", priority);
    }
    medication::reasons(cx, &mut draft, node);
    diagnoses(cx, &mut draft, node)?;
    let own: Vec<_> = nested(node).map(|(_, n)| n).filter(|n| super::is_record(*n)).collect();
    own.iter().for_each(|n| draft.handled(*n));
    draft.leftovers(cx, node);
    draft.emit(cx, node, true)?;
    own.into_iter().try_for_each(|n| super::statement(cx, section, n))
}

/// The V3 ActCode among the codes is the class, the others are the type.
fn class_and_type(draft: &mut Draft, kind: Option<Value>) {
    let Some(mut kind) = kind else {
        draft.put("class", absent(None));
        return;
    };
    let class =
        crate::record::array(&kind, "coding").iter().find(|c| c.get("system").and_then(Value::as_str) == Some(systems::ACT_CODE)).cloned();
    if let (Some(class), Some(Value::Array(codings))) = (&class, kind.get_mut("coding")) {
        codings.retain(|c| c != class);
    }
    draft.put("class", class.unwrap_or_else(|| absent(None)));
    let rest = crate::record::array(&kind, "coding").is_empty();
    if rest && let Some(map) = kind.as_object_mut() {
        map.remove("coding");
    }
    if super::kit::says_something(&kind) {
        draft.push("type", kind);
    }
}

/// Diagnoses become Conditions of their own; they belong to the visit and are not counted beside it.
fn diagnoses<'a>(cx: &mut Context<'a>, draft: &mut Draft, node: Node<'a>) -> Result<()> {
    for (_, inner) in nested(node) {
        let links = if is_problem(inner) {
            problem::problem(cx, inner, None, "encounter-diagnosis", false)?.into_iter().collect()
        } else if name(inner) == "act" && (is(inner, &["80", "34", "33"]) || nested(inner).any(|(_, n)| is_problem(n))) {
            problem::within(cx, inner, "encounter-diagnosis", false)?
        } else {
            continue;
        };
        if !links.is_empty() {
            draft.handled(inner);
        }
        links.into_iter().for_each(|link| draft.push("diagnosis", json!({"condition": link})));
    }
    Ok(())
}

/// A planned encounter: an appointment where somebody agreed on it, else a request for a visit.
pub(super) fn planned<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    if !matches!(super::kit::mood(node), "ARQ" | "APT") {
        return super::plan::request(cx, node);
    }
    let mut draft = Draft::new("Appointment", node);
    let booked = super::kit::mood(node) == "APT";
    draft.put("status", if booked { "booked" } else { "proposed" });
    if let Some(kind) = named(cx, node) {
        draft.push("serviceType", kind);
    }
    let when = when(node);
    let moment = |s: Option<&Stamp>| s.and_then(Stamp::instant);
    match (moment(when.start()), moment(when.high.as_ref())) {
        (Some(start), Some(end)) => {
            draft.put("start", start);
            draft.put("end", end);
        }
        // FHIR wants both ends as moments; a day is a period that was asked for.
        _ => draft.push_some("requestedPeriod", when.period().or_else(|| when.start().and_then(Stamp::fhir).map(|s| json!({"start": s})))),
    }
    let status = if booked { "accepted" } else { "needs-action" };
    let patient = Some(cx.patient()).filter(|p| p.get("reference").is_some()).unwrap_or_else(|| absent(None));
    draft.push("participant", json!({"actor": patient, "status": status}));
    for performer in children(node, "performer") {
        if let Some(actor) = cx.actor(draft.resource(), performer) {
            draft.push("participant", json!({"actor": actor, "status": status}));
        }
    }
    medication::reasons(cx, &mut draft, node);
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}
