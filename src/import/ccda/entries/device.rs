//! Devices: implants and equipment with their UDI (C-CDA Product Instance, UDI Organizer).

use super::super::context::Context;
use super::super::types;
use super::super::xml::{Node, attr, child, children, path, text};
use super::draft::Draft;
use super::kit::{code, concept, is, named, negated, nested, status, when};
use super::people;
use crate::Result;
use crate::record::concept_text;
use serde_json::{Value, json};

/// The FDA's OID for Unique Device Identifiers.
const UDI: &str = "2.16.840.1.113883.3.3719";

/// The device of a participantRole as a record. `node` is the statement that it takes part in.
pub(super) fn device<'a>(cx: &mut Context<'a>, role: Node<'a>, node: Node<'a>, counted: bool) -> Result<Option<Value>> {
    let Some(kind) = kind(cx, role) else { return Ok(None) };
    let mut draft = Draft::new("Device", role);
    for id in children(role, "id").filter(|i| attr(*i, "root") == Some(UDI)) {
        if let Some(carrier) = attr(id, "extension") {
            let mut udi = json!({"carrierHRF": carrier});
            if let Some(number) = identifier_in(carrier) {
                udi = json!({"deviceIdentifier": number, "issuer": "http://hl7.org/fhir/NamingSystem/gs1-di", "carrierHRF": carrier});
            }
            draft.push("udiCarrier", udi);
        }
    }
    udi_parts(cx, &mut draft, node);
    if status(node) == "active" {
        draft.put("status", "active");
    } else if status(node) == "nullified" {
        draft.put("status", "entered-in-error");
    }
    if let Some(model) = path(role, "playingDevice/manufacturerModelName").and_then(text) {
        draft.push("deviceName", json!({"name": model, "type": "model-name"}));
    }
    let maker = child(role, "scopingEntity").and_then(|s| child(s, "desc")).and_then(text);
    if let Some(maker) = maker.filter(|_| !draft.has("manufacturer")) {
        draft.put("manufacturer", maker);
    }
    draft.put("type", kind);
    draft.put("patient", cx.patient());
    draft.emit(cx, role, counted).map(Some)
}

/// A non-medicinal supply: the device, and since when it is used.
pub(super) fn supply<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    let roles: Vec<_> =
        children(node, "participant").filter_map(|p| child(p, "participantRole")).filter(|r| kind(cx, *r).is_some()).collect();
    let product = super::medication::product(cx, node).or_else(|| named(cx, node));
    if roles.is_empty() && product.is_none() {
        return cx.skip(node, "A device or supply", "It names no device, neither by a code nor in words.");
    }
    let mut draft = Draft::new("DeviceUseStatement", node);
    let state = match status(node).as_str() {
        "nullified" => "entered-in-error",
        "active" => "active",
        "completed" => "completed",
        "aborted" | "cancelled" => "stopped",
        "suspended" | "held" => "on-hold",
        _ => "",
    };
    let link = match roles.first() {
        Some(role) if !negated(node) => device(cx, *role, node, false)?,
        Some(role) => Some(json!({"display": words_of(cx, *role)})),
        None => product.as_ref().and_then(concept_text).map(|t| json!({"display": t})),
    };
    if state.is_empty() {
        draft.put("_status", super::kit::absent(None));
    } else {
        draft.put("status", if negated(node) { "stopped" } else { state });
    }
    if negated(node) {
        draft.note("The source says that this was not used.");
    }
    draft.put("subject", cx.patient());
    draft.time("timing", &when(node));
    people::single(cx, &mut draft, node, "author", "source");
    draft.set("device", link);
    for role in roles.iter().skip(1) {
        if let Some(text) = words_of(cx, *role) {
            draft.note(&format!("Also: {text}"));
        }
    }
    if let Some(count) = super::medication::quantity(child(node, "quantity")).and_then(|q| super::kit::value_words(&q)) {
        draft.note(&format!("Quantity: {count}"));
    }
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}

/// What a device is called.
pub(super) fn words_of<'a>(cx: &Context<'a>, role: Node<'a>) -> Option<String> {
    kind(cx, role).and_then(|k| concept_text(&k))
}

fn kind<'a>(cx: &Context<'a>, role: Node<'a>) -> Option<Value> {
    let playing = child(role, "playingDevice").or_else(|| child(role, "playingEntity"))?;
    let coded = concept(cx, child(playing, "code"));
    let model =
        || child(playing, "manufacturerModelName").or_else(|| child(playing, "name")).and_then(text).map(|text| json!({"text": text}));
    let number = || {
        let id = children(role, "id").find(|i| attr(*i, "root") == Some(UDI)).and_then(|i| attr(i, "extension"))?;
        Some(json!({"text": format!("Device {id}")}))
    };
    coded.or_else(model).or_else(number)
}

/// The device identifier in a GS1 carrier: `(01)`, with or without its parentheses, and fourteen digits.
fn identifier_in(carrier: &str) -> Option<&str> {
    let number = carrier.strip_prefix("(01)").or_else(|| carrier.strip_prefix("01")).and_then(|rest| rest.get(..14))?;
    number.bytes().all(|b| b.is_ascii_digit()).then_some(number)
}

/// The parts of a UDI as a UDI Organizer (C-CDA 2.16.840.1.113883.10.20.22.4.311) tells them.
fn udi_parts<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    let organizers = nested(node).map(|(_, n)| n).filter(|n| is(*n, &["311"]) || code(*n) == "74711-3");
    for organizer in organizers {
        draft.handled(organizer);
        for (_, part) in nested(organizer) {
            let Some(said) = child(part, "value").and_then(|v| types::value(v, cx)).and_then(|(_, v)| super::kit::value_words(&v)) else {
                continue;
            };
            let key = match code(part) {
                "C101722" => "distinctIdentifier",
                "C101671" => "serialNumber",
                "C101672" => "lotNumber",
                "C101670" => "expirationDate",
                "C101669" => "manufactureDate",
                "C54131" => "manufacturer",
                "C99285" => "modelNumber",
                _ => {
                    if let Some(line) = super::kit::describe(cx, part, 1) {
                        draft.note(&line);
                    }
                    continue;
                }
            };
            draft.put(key, said);
        }
    }
}
