//! Advance directives (C-CDA Advance Directive Observation): a Consent that names what was decided, by whom it was
//! verified, who decides, and which paper says so.

use super::super::context::Context;
use super::super::types;
use super::super::xml::{Node, attr, child, children, path};
use super::draft::Draft;
use super::kit::{absent, concept, describe, fixed, is, named, negated, says_something, status, value_words, when, words};
use super::people;
use crate::Result;
use crate::record::{concept_text, systems};
use serde_json::{Value, json};

/// One directive.
pub(super) fn directive<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    let kind = named(cx, node);
    let value = children(node, "value").find_map(|v| types::value(v, cx));
    if kind.as_ref().is_none_or(|k| !says_something(k)) && value.is_none() {
        return cx.skip(node, "An advance directive", "It names no directive, neither by a code nor in words.");
    }
    let mut draft = Draft::new("Consent", node);
    draft.put(
        "status",
        match status(node).as_str() {
            "completed" | "active" => "active",
            "aborted" | "cancelled" => "inactive",
            "nullified" => "entered-in-error",
            _ => "proposed",
        },
    );
    if negated(node) {
        draft.put("status", "rejected");
    }
    draft.put("scope", fixed("http://terminology.hl7.org/CodeSystem/consentscope", "adr", "Advanced Care Directive"));
    draft.push("category", fixed(systems::LOINC, "42348-3", "Advance directives"));
    draft.push_some("category", kind.clone());
    draft.put("patient", cx.patient());
    people::recorder(cx, &mut draft, node, None, "", "dateTime");
    // FHIR wants a policy (ppc-1); the source gives none but the law of the place.
    draft.put("policyRule", json!({"text": "Advance directive"}));
    let mut provision = json!({});
    types::put(&mut provision, "period", when(node).period());
    let decided = value.as_ref().map(|(key, v)| if *key == "valueCodeableConcept" { v.clone() } else { json!({"text": value_words(v)}) });
    let said = [kind.as_ref().and_then(concept_text), decided.as_ref().and_then(concept_text)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(": ");
    types::put_all(&mut provision, "code", decided.into_iter().collect());
    custodians(cx, &mut draft, &mut provision, node);
    if provision.as_object().is_some_and(|p| !p.is_empty()) {
        draft.put("provision", provision);
    }
    if negated(node) {
        draft.note(&format!("The source denies this: {said}"));
    } else if !said.is_empty() {
        draft.note(&said);
    }
    papers(cx, &mut draft, node);
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}

/// Who verified it and who is named to decide.
fn custodians<'a>(cx: &Context<'a>, draft: &mut Draft, provision: &mut Value, node: Node<'a>) {
    for participant in children(node, "participant") {
        let Some(actor) = cx.actor(draft.resource(), participant) else { continue };
        if attr(participant, "typeCode") == Some("VRF") {
            let mut one = json!({"verified": true, "verifiedWith": actor});
            if let Some(time) = child(participant, "time").and_then(|t| types::Effective::one(t).start().cloned()) {
                time.put(&mut one, "verificationDate");
            }
            draft.push("verification", one);
        } else {
            let role = path(participant, "participantRole/code").and_then(|c| concept(cx, Some(c)));
            let role = role.unwrap_or_else(|| absent(None));
            types::push(provision, "actor", json!({"role": role, "reference": actor}));
        }
    }
}

/// The document that the directive refers to.
fn papers<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    for paper in children(node, "reference").filter_map(|r| child(r, "externalDocument")) {
        let link = child(paper, "text").and_then(|t| child(t, "reference")).and_then(|r| attr(r, "value"));
        let kind = concept(cx, child(paper, "code")).and_then(|c| concept_text(&c));
        let id = types::identifiers(paper).into_iter().next();
        let title = kind.or_else(|| words(cx, paper)).or_else(|| link.map(str::to_owned)).or_else(|| describe(cx, paper, 0));
        let mut out = json!({});
        types::put(&mut out, "identifier", id);
        types::put(&mut out, "display", title.map(Value::String));
        if out.as_object().is_some_and(|o| !o.is_empty()) && !draft.has("sourceReference") {
            draft.put("sourceReference", out);
        }
        if let Some(link) = link {
            draft.note(&format!("Document: {link}"));
        }
    }
}

/// Whether a statement is a directive.
pub(super) fn is_directive(node: Node<'_>) -> bool {
    is(node, &["48", "2.16.840.1.113883.10.20.1.17"])
}
