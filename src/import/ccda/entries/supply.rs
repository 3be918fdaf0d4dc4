//! Supplies: an order of medicines is a MedicationRequest or part of one, what the pharmacy gave a MedicationDispense,
//! anything else a device (device.rs) or a plan.

use super::super::context::Context;
use super::super::types;
use super::super::xml::{Node, child, path};
use super::draft::Draft;
use super::kit::{absent, is, mood, nested, status, when};
use super::{dosage, medication, people};
use crate::Result;
use serde_json::{Value, json};

/// Whether a supply is an order (Medication Supply Order), not what was handed over.
pub(super) fn is_order(node: Node<'_>) -> bool {
    is(node, &["17"]) || !is(node, &["18"]) && mood(node) != "EVN"
}

/// A supply of medicines as a record of its own. `product` is the medicine of the statement around it, for a supply
/// that names none itself. Gives the reference to the record.
pub(super) fn supply<'a>(cx: &mut Context<'a>, node: Node<'a>, product: Option<&Value>, counted: bool) -> Result<Option<Value>> {
    let Some(product) = medication::product(cx, node).or_else(|| product.cloned()) else {
        if counted {
            cx.skip(node, "A supply", "It names nothing that was supplied.")?;
        }
        return Ok(None);
    };
    if is_order(node) { order(cx, node, product, counted) } else { dispense(cx, node, product, counted) }.map(Some)
}

fn order<'a>(cx: &mut Context<'a>, node: Node<'a>, product: Value, counted: bool) -> Result<Value> {
    let mut draft = Draft::new("MedicationRequest", node);
    let state = match status(node).as_str() {
        "active" => "active",
        "completed" => "completed",
        "aborted" => "stopped",
        "cancelled" => "cancelled",
        "suspended" | "held" => "on-hold",
        "nullified" => "entered-in-error",
        _ => "unknown",
    };
    draft.put("status", state);
    draft.put("intent", "order");
    draft.put("medicationCodeableConcept", product);
    draft.put("subject", cx.patient());
    people::recorder(cx, &mut draft, node, None, "requester", "authoredOn");
    let told = dosage::instructions(cx, &mut draft, node);
    draft.push_some("dosageInstruction", told);
    draft.set("dispenseRequest", dispense_request(cx, node));
    draft.leftovers(cx, node);
    draft.emit(cx, node, counted)
}

fn dispense<'a>(cx: &mut Context<'a>, node: Node<'a>, product: Value, counted: bool) -> Result<Value> {
    let mut draft = Draft::new("MedicationDispense", node);
    let state = match status(node).as_str() {
        "completed" => "completed",
        "active" => "in-progress",
        "aborted" => "stopped",
        "cancelled" => "cancelled",
        "suspended" | "held" => "on-hold",
        "nullified" => "entered-in-error",
        _ => "unknown",
    };
    draft.put("status", state);
    draft.put("medicationCodeableConcept", product);
    draft.put("subject", cx.patient());
    for actor in people::actors(cx, &mut draft, node, "performer") {
        draft.push("performer", json!({"actor": actor}));
    }
    draft.set("quantity", medication::quantity(child(node, "quantity")));
    draft.stamp("whenHandedOver", when(node).start());
    if let Some(number) = child(node, "repeatNumber").and_then(|r| medication::whole(Some(r))) {
        draft.note(&format!("Fill number: {number}"));
    }
    let told = dosage::instructions(cx, &mut draft, node);
    draft.push_some("dosageInstruction", told);
    for (_, inner) in nested(node).filter(|(_, n)| is(*n, &["17"])) {
        // The order that it fills stands beside it in the same medication activity, as a rule.
        draft.handled(inner);
        let order = dispense_request(cx, inner).and_then(|o| super::kit::value_words(o.get("quantity")?));
        if let Some(order) = order {
            draft.note(&format!("Ordered: {order}"));
        }
    }
    draft.leftovers(cx, node);
    draft.emit(cx, node, counted)
}

/// The dispense part of a request. In CDA `repeatNumber` counts all fills, in FHIR those after the first (C-CDA on
/// FHIR, "Caution").
pub(super) fn dispense_request<'a>(_cx: &Context<'a>, node: Node<'a>) -> Option<Value> {
    let mut out = json!({});
    if super::kit::name(node) == "supply" {
        types::put(&mut out, "validityPeriod", when(node).period());
        types::put(&mut out, "quantity", medication::quantity(child(node, "quantity")));
    }
    let fills = child(node, "repeatNumber").and_then(|r| medication::whole(Some(r)));
    types::put(&mut out, "numberOfRepeatsAllowed", fills.and_then(|n| n.checked_sub(1)).map(Value::from));
    out.as_object().is_some_and(|o| !o.is_empty()).then_some(out)
}

/// A planned supply: something to be got (C-CDA Planned Supply), as a request for a device.
pub(super) fn planned_supply<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    if path(node, "product/manufacturedProduct/manufacturedMaterial/code").is_some() && is(node, &["17"]) {
        return supply(cx, node, None, true).map(|_| ());
    }
    let mut draft = Draft::new("SupplyRequest", node);
    draft.put("status", super::plan::request_status(node));
    let item = medication::product(cx, node).or_else(|| super::kit::named(cx, node));
    draft.put("itemCodeableConcept", item.unwrap_or_else(|| absent(None)));
    draft.put("quantity", medication::quantity(child(node, "quantity")).unwrap_or_else(|| absent(None)));
    draft.time("occurrence", &when(node));
    people::recorder(cx, &mut draft, node, None, "requester", "authoredOn");
    draft.put("deliverTo", cx.patient());
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}
