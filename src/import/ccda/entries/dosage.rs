//! How a medicine is to be taken: FHIR Dosage out of the parts of a substanceAdministration.

use super::super::context::Context;
use super::super::types::{self, Stamp};
use super::super::xml::{Node, attr, child, children, path};
use super::draft::Draft;
use super::kit::{code, concept, describe, is, name, nested, when, words};
use crate::record::concept_text;
use serde_json::{Map, Value, json};

/// The dosage of a substanceAdministration, if it says anything of one. Marks what it used of the nested statements.
pub(super) fn dosage<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) -> Option<Value> {
    let mut out = Map::new();
    for (_, inner) in nested(node) {
        if code(inner) == "76662-6" || is(inner, &["147"]) {
            if let Some(sig) = words(cx, inner) {
                out.insert("text".into(), sig.into());
            }
            draft.handled(inner);
        } else if name(inner) == "act" && is(inner, &["20", "2.16.840.1.113883.10.20.1.49", "1.3.6.1.4.1.19376.1.5.3.1.4.3"]) {
            instruction(cx, &mut out, inner);
            draft.handled(inner);
        }
    }
    if let Some(timing) = timing(node) {
        out.insert("timing".into(), timing);
    }
    as_needed(cx, draft, &mut out, node);
    for (key, element) in [("site", "approachSiteCode"), ("route", "routeCode")] {
        if let Some(concept) = concept(cx, child(node, element)) {
            out.insert(key.into(), concept);
        }
    }
    dose(cx, draft, &mut out, node);
    if let Some(most) = child(node, "maxDoseQuantity").and_then(types::ratio) {
        out.insert("maxDosePerPeriod".into(), most);
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

fn instruction<'a>(cx: &Context<'a>, out: &mut Map<String, Value>, act: Node<'a>) {
    let said = words(cx, act);
    let coded = concept(cx, child(act, "code"));
    let text = said.or_else(|| coded.as_ref().and_then(concept_text));
    if let Some(text) = text {
        let before = out.get("patientInstruction").and_then(Value::as_str).map(|b| format!("{b} ")).unwrap_or_default();
        if before.trim() != text {
            out.insert("patientInstruction".into(), format!("{before}{text}").into());
        }
    }
    if let Some(coded) = coded.filter(|c| c.get("coding").is_some())
        && let Value::Array(list) = out.entry("additionalInstruction").or_insert_with(|| Value::Array(Vec::new()))
    {
        list.push(coded);
    }
}

/// Bounds from the interval, repeat from the frequency (C-CDA on FHIR "Medication Timing and Frequency").
fn timing(node: Node<'_>) -> Option<Value> {
    let when = when(node);
    let (mut out, mut repeat) = (json!({}), json!({}));
    if let Some(point) = when.point.as_ref().and_then(Stamp::fhir) {
        types::push(&mut out, "event", point.into());
    } else {
        types::put(&mut repeat, "boundsPeriod", when.period());
    }
    for timing in when.timings {
        let Value::Object(timing) = timing else { continue };
        for (key, value) in timing {
            match value {
                Value::Object(inner) if key == "repeat" => inner.into_iter().for_each(|(k, v)| types::put(&mut repeat, &k, Some(v))),
                value => types::put(&mut out, &key, Some(value)),
            }
        }
    }
    let empty = |v: &Value| v.as_object().is_none_or(Map::is_empty);
    types::put(&mut out, "repeat", Some(repeat).filter(|r| !empty(r)));
    Some(out).filter(|o| !empty(o))
}

/// A precondition means "as needed", for what it names if it names something.
fn as_needed<'a>(cx: &Context<'a>, draft: &mut Draft, out: &mut Map<String, Value>, node: Node<'a>) {
    for condition in children(node, "precondition") {
        draft.handled(condition);
        let criterion = path(condition, "criterion").unwrap_or(condition);
        let named = concept(cx, child(criterion, "value")).or_else(|| describe(cx, criterion, 0).map(|text| json!({"text": text})));
        match named {
            Some(named) => out.insert("asNeededCodeableConcept".into(), named),
            None => out.insert("asNeededBoolean".into(), true.into()),
        };
    }
    if out.contains_key("asNeededCodeableConcept") {
        out.remove("asNeededBoolean");
    }
}

fn dose<'a>(cx: &Context<'a>, draft: &mut Draft, out: &mut Map<String, Value>, node: Node<'a>) {
    let mut rate = Map::new();
    let form = concept(cx, child(node, "administrationUnitCode"));
    let unit = form.as_ref().and_then(concept_text);
    let mut unit_said = false;
    for (key, element) in [("dose", "doseQuantity"), ("rate", "rateQuantity")] {
        let Some(element) = child(node, element) else { continue };
        if let Some(range) = types::range(element) {
            rate.insert(format!("{key}Range"), range);
        } else if let Some(mut quantity) = types::quantity(element) {
            let unitless = quantity.get("unit").is_none() && quantity.get("code").is_none();
            if let Some(unit) = unit.as_ref().filter(|_| unitless && key == "dose") {
                quantity["unit"] = unit.clone().into();
                unit_said = true;
                if let Some((system, code, _)) =
                    form.as_ref().and_then(|f| crate::record::codes(f).into_iter().next()).filter(|c| !c.0.is_empty())
                {
                    quantity["system"] = system.into();
                    quantity["code"] = code.into();
                }
            }
            rate.insert(format!("{key}Quantity"), quantity);
        } else if let Some(text) = super::super::xml::text(element).or_else(|| attr(element, "value").map(str::to_owned)) {
            // "1-2 tablets" is no quantity; the words go with the instruction.
            let before = out.get("text").and_then(Value::as_str).map(|b| format!("{b}; ")).unwrap_or_default();
            out.insert("text".into(), format!("{before}{text}").into());
        }
    }
    // Beside a dose with a unit of its own the form is what is taken: "2.5 mg", "tablet".
    if let Some(unit) = unit.filter(|_| !unit_said) {
        draft.note(&format!("Given as: {unit}"));
    }
    if !rate.is_empty() {
        out.insert("doseAndRate".into(), json!([Value::Object(rate)]));
    }
}

/// A dosage as MedicationAdministration writes it; what has no place there becomes a note.
pub(super) fn as_given(dosage: Value, draft: &mut Draft) -> Option<Value> {
    let Value::Object(mut dosage) = dosage else { return None };
    let mut out = Map::new();
    for key in ["text", "site", "route"] {
        out.extend(dosage.remove_entry(key));
    }
    let rates = dosage.remove("doseAndRate").unwrap_or_default();
    let first = rates.get(0);
    for (from, to) in [("doseQuantity", "dose"), ("rateQuantity", "rateQuantity")] {
        if let Some(value) = first.and_then(|f| f.get(from)) {
            out.insert(to.into(), value.clone());
        }
    }
    for (key, label) in [("doseRange", "Dose"), ("rateRange", "Rate")] {
        if let Some(text) = first.and_then(|f| f.get(key)).and_then(super::kit::value_words) {
            draft.note(&format!("{label}: {text}"));
        }
    }
    if let Some(text) = dosage.get("patientInstruction").and_then(Value::as_str) {
        draft.note(text);
    }
    if let Some(text) = dosage.get("asNeededCodeableConcept").and_then(concept_text) {
        draft.note(&format!("As needed: {text}"));
    }
    if let Some(text) = dosage.get("maxDosePerPeriod").and_then(super::kit::value_words) {
        draft.note(&format!("At most: {text}"));
    }
    // FHIR R4 mad-1: a dosage here needs a dose or a rate; words alone go to a note.
    if out.contains_key("dose") || out.contains_key("rateQuantity") {
        return Some(Value::Object(out));
    }
    for key in ["text", "site", "route"] {
        if let Some(text) = out.get(key).and_then(|v| v.as_str().map(str::to_owned).or_else(|| concept_text(v))) {
            draft.note(&text);
        }
    }
    None
}

/// The instructions alone, of a supply.
pub(super) fn instructions<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) -> Option<Value> {
    let mut out = Map::new();
    for (_, inner) in nested(node).filter(|(_, n)| name(*n) == "act" && is(*n, &["20", "2.16.840.1.113883.10.20.1.49"])) {
        instruction(cx, &mut out, inner);
        draft.handled(inner);
    }
    (!out.is_empty()).then_some(Value::Object(out))
}
