//! Family history: one FamilyMemberHistory for each relative.

use super::super::context::Context;
use super::super::types;
use super::super::xml::{Node, child, children, path, sdtc};
use super::draft::Draft;
use super::kit::{absent, code, concept, is, name, named, negated, nested, status, when, words};
use super::people;
use crate::Result;
use crate::record::concept_text;
use serde_json::{Value, json};

/// One relative with their conditions.
pub(super) fn relative<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    let role = path(node, "subject/relatedSubject");
    let person = role.and_then(|r| child(r, "subject"));
    let observations: Vec<_> =
        if name(node) == "observation" { vec![node] } else { nested(node).map(|(_, n)| n).filter(|n| name(*n) == "observation").collect() };
    if role.is_none() && observations.is_empty() {
        return cx.skip(node, "Family history", "It names neither a relative nor a condition.");
    }
    let mut draft = Draft::new("FamilyMemberHistory", node);
    draft.put(
        "status",
        match status(node).as_str() {
            "completed" => "completed",
            "active" => "partial",
            "nullified" => "entered-in-error",
            _ => "health-unknown",
        },
    );
    draft.put("patient", cx.patient());
    people::recorder(cx, &mut draft, node, None, "", "date");
    draft.put("relationship", role.and_then(|r| concept(cx, child(r, "code"))).unwrap_or_else(|| absent(None)));
    if let Some(person) = person {
        draft.set("name", child(person, "name").and_then(types::name_text));
        draft.set("sex", sex(cx, person));
        if let Some(born) = child(person, "birthTime").and_then(types::stamp) {
            draft.set("bornDate", born.date());
        }
        died(&mut draft, person);
        for id in children(person, "id").chain(super::super::xml::sdtc_all(person, "id")).filter_map(types::identifier) {
            if !crate::record::array(draft.resource(), "identifier").contains(&id) {
                draft.push("identifier", id);
            }
        }
    }
    let mut found = false;
    for observation in observations {
        found |= condition(cx, &mut draft, observation);
        draft.handled(observation);
    }
    // "health-unknown" is for a relative of whom nothing is told.
    if found && draft.get("status").and_then(Value::as_str) == Some("health-unknown") {
        draft.put("status", "partial");
    }
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}

fn sex<'a>(cx: &Context<'a>, person: Node<'a>) -> Option<Value> {
    let given = child(person, "administrativeGenderCode")?;
    let mut out = concept(cx, Some(given))?;
    let code = match super::super::xml::attr(given, "code") {
        Some("M") => ("male", "Male"),
        Some("F") => ("female", "Female"),
        Some("UN") => ("other", "Other"),
        _ => return Some(out),
    };
    let coding = json!({"system": "http://hl7.org/fhir/administrative-gender", "code": code.0, "display": code.1});
    match out.get_mut("coding") {
        Some(Value::Array(list)) => list.insert(0, coding),
        _ => types::put(&mut out, "coding", Some(json!([coding]))),
    }
    Some(out)
}

fn died(draft: &mut Draft, person: Node<'_>) {
    let time = sdtc(person, "deceasedTime").and_then(types::stamp).and_then(|s| s.date());
    let said = sdtc(person, "deceasedInd").and_then(|d| super::super::xml::attr(d, "value"));
    match (time, said) {
        (Some(date), _) => draft.put("deceasedDate", date),
        (None, Some("true")) => draft.put("deceasedBoolean", true),
        (None, Some("false")) => draft.put("deceasedBoolean", false),
        _ => {}
    }
}

/// One condition of the relative, or that they do not have it, or that they died.
fn condition<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) -> bool {
    let read = child(node, "value").and_then(|v| types::value(v, cx));
    let what = read
        .and_then(
            |(key, v)| if key == "valueCodeableConcept" { Some(v) } else { super::kit::value_words(&v).map(|text| json!({"text": text})) },
        )
        .filter(super::kit::says_something)
        .or_else(|| words(cx, node).map(|text| json!({"text": text})))
        .or_else(|| named(cx, node));
    let Some(what) = what else { return false };
    if negated(node) {
        // FHIR R4 has no way to deny one condition of a relative: the words say it, no condition is made of it.
        if let Some(text) = concept_text(&what) {
            draft.note(&format!("Does not have: {text}"));
        }
        return true;
    }
    let mut out = json!({"code": what});
    let mut notes = Vec::new();
    for (_, inner) in nested(node) {
        let value = child(inner, "value").and_then(|v| types::value(v, cx));
        if code(inner) == "445518008" || code(inner) == "397659008" || is(inner, &["31"]) {
            if let Some(("valueQuantity", age)) = value {
                types::put(&mut out, "onsetAge", Some(age));
                continue;
            }
        } else if is(inner, &["47"]) {
            types::put(&mut out, "contributedToDeath", Some(true.into()));
            types::put(&mut out, "outcome", concept(cx, child(inner, "value")));
            if !["deceasedBoolean", "deceasedDate"].iter().any(|k| draft.has(k)) {
                draft.put("deceasedBoolean", true);
            }
            continue;
        }
        notes.extend(super::kit::describe(cx, inner, 2));
    }
    // When it was noted and when it began are not told apart in the source.
    let when = when(node);
    if let Some(start) = when.start().map(|s| s.fhir().unwrap_or_else(|| s.raw().to_owned())) {
        if out.get("onsetAge").is_none() {
            types::put(&mut out, "onsetString", Some(start.into()));
        } else {
            notes.push(format!("Date given: {start}"));
        }
    }
    types::put_all(&mut out, "note", notes.into_iter().map(|text| json!({"text": text})).collect());
    draft.push("condition", out);
    true
}
