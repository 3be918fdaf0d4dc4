//! Medications (C-CDA on FHIR "Medications"). What the person takes or took (moodCode EVN) is a MedicationStatement,
//! what is prescribed (INT and its like) a MedicationRequest, as the guide maps it; what was given during a visit a
//! MedicationAdministration.

use super::super::context::Context;
use super::super::types::{self, Stamp};
use super::super::xml::{Node, attr, child, children, path, text};
use super::Section;
use super::draft::Draft;
use super::kit::{absent, code, concept, is, mood, name, named, negated, nested, planned, status, when, words};
use super::{dosage, people, supply};
use crate::Result;
use crate::record::concept_text;
use serde_json::{Value, json};

/// Sections that tell what was given on the spot: medications administered, anesthesia.
const GIVEN: [&str; 2] = ["29549-3", "59774-0"];

/// One medication activity.
pub(super) fn medication<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    let denied = negated(node);
    let Some(product) = product(cx, node) else {
        // "No medications" is told by a negation around an empty product.
        if !denied {
            return cx.skip(node, "A medicine", "It names no medicine, neither by a code nor in words.");
        }
        return statement(cx, node, &json!({"text": words(cx, node).unwrap_or_else(|| "No medicine named".to_owned())}), true);
    };
    if super::kit::says_none(&product) {
        return statement(cx, node, &product, true);
    }
    if planned(node) {
        let plan = section.code == "18776-5" || is(node, &["42", "120"]) || matches!(mood(node), "PRP" | "PRMS");
        let intent = if plan { "plan" } else { "order" };
        return request(cx, node, &product, intent);
    }
    if GIVEN.contains(&section.code) { administration(cx, node, product) } else { statement(cx, node, &product, denied) }
}

/// The product by code, by name, or by the words that its code points to.
pub(super) fn product<'a>(cx: &Context<'a>, node: Node<'a>) -> Option<Value> {
    let made = path(node, "consumable/manufacturedProduct").or_else(|| path(node, "product/manufacturedProduct"))?;
    let material = child(made, "manufacturedMaterial").or_else(|| child(made, "manufacturedLabeledDrug"));
    let mut coded = concept(cx, material.and_then(|m| child(m, "code")));
    // The name that the sender gave stands in the words, where the code has none.
    let called = material.and_then(|m| child(m, "name")).and_then(text);
    if let (Some(coded), Some(name)) = (&mut coded, &called)
        && coded.get("text").is_none()
    {
        coded["text"] = name.clone().into();
    }
    coded.or_else(|| material.and_then(|m| child(m, "name")).and_then(text).or_else(|| words(cx, node)).map(|text| json!({"text": text})))
}

fn statement<'a>(cx: &mut Context<'a>, node: Node<'a>, product: &Value, denied: bool) -> Result<()> {
    let mut draft = Draft::new("MedicationStatement", node);
    let (state, said) = if denied { ("not-taken", None) } else { standing(cx, node) };
    draft.put("status", state);
    draft.push_some("statusReason", said.map(|text| json!({"text": text})));
    draft.put("medicationCodeableConcept", product.clone());
    draft.put("subject", cx.patient());
    draft.time("effective", &when(node));
    people::recorder(cx, &mut draft, node, None, "informationSource", "dateAsserted");
    common(cx, &mut draft, node);
    let taken = dosage::dosage(cx, &mut draft, node);
    draft.push_some("dosage", taken);
    let mut orders = Vec::new();
    for (_, inner) in nested(node).filter(|(_, n)| name(*n) == "supply") {
        draft.handled(inner);
        let link = supply::supply(cx, inner, Some(product), false)?;
        orders.extend(link.map(|l| (supply::is_order(inner), l)));
    }
    for (order, link) in orders {
        draft.push(if order { "basedOn" } else { "partOf" }, link);
    }
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}

fn request<'a>(cx: &mut Context<'a>, node: Node<'a>, product: &Value, intent: &str) -> Result<()> {
    let mut draft = Draft::new("MedicationRequest", node);
    let (state, said) = standing(cx, node);
    draft.put("status", if state == "not-taken" { "unknown" } else { state });
    draft.set("statusReason", said.map(|text| json!({"text": text})));
    draft.put("intent", intent);
    if negated(node) {
        draft.put("doNotPerform", true);
    }
    draft.put("medicationCodeableConcept", product.clone());
    draft.put("subject", cx.patient());
    people::recorder(cx, &mut draft, node, None, "requester", "authoredOn");
    common(cx, &mut draft, node);
    let taken = dosage::dosage(cx, &mut draft, node);
    draft.push_some("dosageInstruction", taken);
    let supplies: Vec<_> = nested(node).map(|(_, n)| n).filter(|n| name(*n) == "supply").collect();
    for inner in supplies.iter().filter(|n| supply::is_order(**n)) {
        if !draft.has("dispenseRequest") {
            draft.set("dispenseRequest", supply::dispense_request(cx, *inner));
            draft.handled(*inner);
            draft.leftovers(cx, *inner);
        }
    }
    if draft.get("dispenseRequest").is_none() {
        draft.set("dispenseRequest", supply::dispense_request(cx, node));
    }
    let dispensed: Vec<_> = supplies.into_iter().filter(|n| !supply::is_order(*n)).collect();
    dispensed.iter().for_each(|n| draft.handled(*n));
    draft.leftovers(cx, node);
    draft.emit(cx, node, true)?;
    for inner in dispensed {
        supply::supply(cx, inner, Some(product), false)?;
    }
    Ok(())
}

fn administration<'a>(cx: &mut Context<'a>, node: Node<'a>, product: Value) -> Result<()> {
    let mut draft = Draft::new("MedicationAdministration", node);
    let state = match status(node).as_str() {
        _ if negated(node) => "not-done",
        "completed" => "completed",
        "active" => "in-progress",
        "aborted" => "stopped",
        "suspended" | "held" => "on-hold",
        "cancelled" => "not-done",
        "nullified" => "entered-in-error",
        _ => "unknown",
    };
    draft.put("status", state);
    draft.put("medicationCodeableConcept", product);
    draft.put("subject", cx.patient());
    if !draft.time("effective", &when(node)) {
        draft.put("_effectiveDateTime", absent(None));
    }
    for actor in people::actors(cx, &mut draft, node, "performer") {
        draft.push("performer", json!({"actor": actor}));
    }
    common(cx, &mut draft, node);
    if let Some(given) = dosage::dosage(cx, &mut draft, node) {
        let given = dosage::as_given(given, &mut draft);
        draft.set("dosage", given);
    }
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}

/// Reasons, vehicle, maker and lot: alike for all three.
fn common<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    reasons(cx, draft, node);
    for (_, inner) in nested(node).filter(|(_, n)| is_status(*n)) {
        draft.handled(inner);
    }
    for participant in children(node, "participant").filter(|p| attr(*p, "typeCode") == Some("CSM")) {
        let vehicle = path(participant, "participantRole/playingEntity");
        let said =
            vehicle.and_then(|v| concept(cx, child(v, "code")).and_then(|c| concept_text(&c)).or_else(|| child(v, "name").and_then(text)));
        if let Some(said) = said {
            draft.note(&format!("Drug vehicle: {said}"));
        }
    }
    let made = path(node, "consumable/manufacturedProduct");
    let shown = draft.get("medicationCodeableConcept").and_then(concept_text);
    if let Some(name) = made.and_then(|m| path(m, "manufacturedMaterial/name")).and_then(text).filter(|n| shown.as_ref() != Some(n)) {
        draft.note(&format!("Product: {name}"));
    }
    if let Some(maker) = made.and_then(|m| path(m, "manufacturerOrganization/name")).and_then(text) {
        draft.note(&format!("Manufacturer: {maker}"));
    }
    if let Some(lot) = made.and_then(|m| path(m, "manufacturedMaterial/lotNumberText")).and_then(text) {
        draft.note(&format!("Lot number: {lot}"));
    }
    draft.priority_note(cx, node);
}

/// Indications become `reasonCode`.
pub(super) fn reasons<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    for (holder, inner) in nested(node) {
        let indication = is(inner, &["19", "2.16.840.1.113883.10.20.1.28"]) && name(inner) == "observation";
        // How much it matters to somebody (Priority Preference) is no reason, though it stands where reasons stand.
        let reason = indication || attr(holder, "typeCode") == Some("RSON") && !is(inner, &["143"]);
        if !reason || negated(inner) {
            continue;
        }
        let problems = std::iter::once(inner).chain(nested(inner).map(|(_, n)| n));
        let found: Vec<Value> = problems
            .filter(|n| name(*n) == "observation" && code(*n) != "SEV")
            .filter_map(|n| concept(cx, child(n, "value")).or_else(|| named(cx, n)))
            .collect();
        if !found.is_empty() {
            draft.handled(inner);
            let said = words(cx, inner).filter(|w| !found.iter().any(|f| concept_text(f).as_ref() == Some(w)));
            found.into_iter().for_each(|reason| draft.push("reasonCode", reason));
            if let Some(said) = said {
                draft.note(&format!("Reason: {said}"));
            }
        } else if let Some(reason) = named(cx, inner).filter(|_| name(inner) != "observation") {
            draft.push("reasonCode", reason);
            draft.handled(inner);
        }
    }
}

fn is_status(node: Node<'_>) -> bool {
    name(node) == "observation" && (code(node) == "33999-4" || is(node, &["2.16.840.1.113883.10.20.1.47"]))
}

/// The status, and the source's own word where FHIR has none that is as careful.
///
/// Many senders write "completed" for a prescription that was written, not for a course that is over (C-CDA on FHIR,
/// "Medication Status"): an end after the document's date then means active, no end at all means that nobody said.
fn standing<'a>(cx: &Context<'a>, node: Node<'a>) -> (&'static str, Option<String>) {
    let told = nested(node).map(|(_, n)| n).filter(|n| is_status(*n)).find_map(|n| child(n, "value")).and_then(|v| attr(v, "code"));
    match told {
        Some("55561003") => return ("active", None),
        Some("421139008") => return ("on-hold", None),
        Some("73425007") => return ("stopped", None),
        Some("392521001") => return ("completed", None),
        _ => {}
    }
    match status(node).as_str() {
        "active" | "normal" | "ordered" => ("active", None),
        "completed" => {
            let when = when(node);
            match (when.high.as_ref().and_then(Stamp::fhir), when.point.is_some(), super::kit::written(cx)) {
                (Some(end), _, Some(written)) if end.get(..10) > written.get(..10) => ("active", None),
                (None, false, _) => ("unknown", Some("The source says \"completed\" and gives no end.".to_owned())),
                _ => ("completed", None),
            }
        }
        "aborted" => ("stopped", None),
        "cancelled" => ("stopped", Some("cancelled".to_owned())),
        "suspended" | "held" => ("on-hold", None),
        "nullified" => ("entered-in-error", None),
        "" => ("unknown", None),
        other => ("unknown", Some(other.to_owned())),
    }
}

/// A number as the source wrote it, if it is a whole one.
pub(super) fn whole(element: Option<Node<'_>>) -> Option<u32> {
    let element = element?;
    attr(element, "value").or_else(|| child(element, "high").and_then(|h| attr(h, "value")))?.parse().ok()
}

/// The quantity of an element that states one.
pub(super) fn quantity(element: Option<Node<'_>>) -> Option<Value> {
    element.and_then(types::quantity)
}
