//! Problems: each problem observation is a Condition (C-CDA on FHIR "Problems").

use super::super::context::Context;
use super::super::types::{self, Stamp};
use super::super::xml::{Node, attr, child, children};
use super::Section;
use super::draft::Draft;
use super::kit::{GENERIC_PROBLEMS, absent, code, coded, concept, ended, fixed, is, name, negated, nested, status, when, words};
use super::people;
use crate::Result;
use crate::record::{concept_text, systems};
use serde_json::{Value, json};

/// Templates of a problem observation: C-CDA, IHE PCC and CCD of 2007.
const OBSERVATION: [&str; 4] = ["4", "1.3.6.1.4.1.19376.1.5.3.1.4.5", "2.16.840.1.113883.10.20.1.28", "2.16.840.1.113883.10.20.24.3.137"];

/// Whether a statement is a problem observation.
pub(super) fn is_problem(node: Node<'_>) -> bool {
    name(node) == "observation" && is(node, &OBSERVATION)
}

/// An act around problem observations: a concern, an encounter or hospital diagnosis, a preoperative diagnosis.
/// Gives the references to its conditions; none where it holds none.
pub(super) fn within<'a>(cx: &mut Context<'a>, act: Node<'a>, category: &str, counted: bool) -> Result<Vec<Value>> {
    let any =
        |n: Node<'_>| name(n) == "observation" && !is(n, &["31", "8", "5", "6", "64"]) && (is_problem(n) || child(n, "value").is_some());
    conditions(cx, act, category, counted, any)
}

/// The counted conditions of an act whose observations may be something else.
pub(super) fn within_of<'a>(cx: &mut Context<'a>, act: Node<'a>, category: &str, wanted: fn(Node<'_>) -> bool) -> Result<Vec<Value>> {
    conditions(cx, act, category, true, wanted)
}

fn conditions<'a>(cx: &mut Context<'a>, act: Node<'a>, category: &str, counted: bool, wanted: fn(Node<'_>) -> bool) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for (_, inner) in nested(act) {
        if wanted(inner) {
            out.extend(problem(cx, inner, Some(act), category, counted)?);
        } else if name(inner) == "act" && nested(inner).any(|(_, n)| is_problem(n)) {
            out.extend(conditions(cx, inner, category, counted, wanted)?);
        }
    }
    Ok(out)
}

/// The category that a section gives its conditions (C-CDA on FHIR CF-ProblemCategory).
pub(super) fn category(section: &Section<'_>) -> &'static str {
    match section.code {
        "75310-3" => "health-concern",
        "46240-8" | "46241-6" | "11535-2" | "C-CDAV2-DDN" | "10219-4" | "10218-6" | "59769-0" | "59768-2" | "55109-3" | "42347-5" => {
            "encounter-diagnosis"
        }
        _ => "problem-list-item",
    }
}

/// One problem observation.
pub(super) fn problem<'a>(
    cx: &mut Context<'a>,
    node: Node<'a>,
    concern: Option<Node<'a>>,
    category: &str,
    counted: bool,
) -> Result<Option<Value>> {
    let denied = negated(node) || concern.is_some_and(negated);
    let Some(code) = problem_code(cx, node, denied) else {
        if counted {
            cx.skip(node, "A condition", "It names no condition, neither by a code nor in words.")?;
        }
        return Ok(None);
    };
    let mut draft = Draft::new("Condition", node);
    let nobody_has_it = is_known_absence(&code);
    let when = when(node);
    // Some write an unknown end with every problem: a status that was written down says more than that.
    let over = when.high.is_some() || ended(&when) && !is_said_to_go_on(node);
    let state = standing(node, concern, over);
    match state {
        Standing::Error => draft.put("verificationStatus", verification("entered-in-error")),
        _ if nobody_has_it => draft.put("verificationStatus", verification("confirmed")),
        _ if denied || state == Standing::KnownAbsent => draft.put("verificationStatus", verification("refuted")),
        Standing::Suspected => draft.put("verificationStatus", verification("provisional")),
        Standing::Clinical(clinical) => {
            draft.put("clinicalStatus", json!({"coding": [{"system": systems::CONDITION_CLINICAL, "code": clinical}]}));
        }
        Standing::KnownAbsent | Standing::Silent => {}
    }
    draft.push("category", category_concept(category));
    if !coded(child(node, "code"), &["ASSERTION"]) {
        draft.push_some("category", concept(cx, child(node, "code")));
    }
    draft.put("code", code);
    for site in children(node, "targetSiteCode") {
        draft.push_some("bodySite", concept(cx, Some(site)));
    }
    draft.put("subject", cx.patient());
    draft.stamp("onsetDateTime", when.start());
    draft.stamp("abatementDateTime", when.high.as_ref());
    if when.high.is_none() && over {
        draft.put("_abatementDateTime", absent(Some("UNK")));
    } else if ended(&when) && !over {
        draft.note("The source also marks an end without a date.");
    }
    inner(cx, &mut draft, node);
    if let Some(concern) = concern {
        draft.handled(node);
        comments_of_concern(cx, &mut draft, concern);
    }
    people::recorder(cx, &mut draft, node, concern, "recorder", "recordedDate");
    people::single(cx, &mut draft, node, "performer", "asserter");
    draft.priority_note(cx, node);
    draft.leftovers(cx, node);
    draft.emit(cx, node, counted).map(Some)
}

/// What the observations inside say of the condition: severity, age, date of diagnosis.
fn inner<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    for (_, inner) in nested(node) {
        if is_status(inner) {
            draft.handled(inner);
        } else if code(inner) == "SEV" || is(inner, &["8"]) {
            if let Some(severity) = concept(cx, child(inner, "value")).filter(|_| !draft.has("severity")) {
                draft.put("severity", severity);
                draft.handled(inner);
            }
        } else if code(inner) == "445518008" || is(inner, &["31"]) {
            // Only one kind of onset is allowed; beside a date the age stays as a note.
            if let Some((_, age)) = child(inner, "value")
                .and_then(|v| types::value(v, cx))
                .filter(|(k, _)| *k == "valueQuantity" && !draft.has("onsetDateTime"))
            {
                draft.put("onsetAge", age);
                draft.handled(inner);
            }
        } else if code(inner) == "77975-1"
            && let Some(date) = when(inner).start().and_then(Stamp::fhir)
        {
            draft.extend("http://hl7.org/fhir/StructureDefinition/condition-assertedDate", "valueDateTime", &date);
            draft.handled(inner);
        }
    }
}

/// Comments on the concern belong to every condition in it.
fn comments_of_concern<'a>(cx: &Context<'a>, draft: &mut Draft, concern: Node<'a>) {
    for (_, other) in nested(concern) {
        if name(other) == "observation" || nested(other).any(|(_, n)| is_problem(n)) {
            draft.handled(other);
        }
    }
    draft.leftovers(cx, concern);
}

fn problem_code<'a>(cx: &Context<'a>, node: Node<'a>, denied: bool) -> Option<Value> {
    let value = child(node, "value");
    let read = value.and_then(|v| types::value(v, cx)).and_then(|(kind, v)| match kind {
        "valueCodeableConcept" => Some(v).filter(super::kit::says_something),
        "valueString" => Some(json!({"text": v})),
        _ => None,
    });
    let said = words(cx, node);
    let uncoded = value.is_none_or(|v| attr(v, "code").is_none() && !children(v, "translation").any(|t| attr(t, "code").is_some()));
    let text = said.clone().or_else(|| read.as_ref().and_then(concept_text));
    let nothing = text.as_deref().is_some_and(says_none);
    let generic = coded(value, &GENERIC_PROBLEMS) || uncoded && (text.is_none() || nothing);
    if coded(value, &["160245001"]) || denied && generic || uncoded && nothing {
        return Some(known_absence(text.as_deref().unwrap_or("No known problems")));
    }
    read.or_else(|| said.map(|text| json!({"text": text})))
}

/// A condition that is told in words only, and whether the words say that there is none.
pub(super) fn from_words(text: &str) -> (Value, bool) {
    if says_none(text) {
        return (known_absence(text), true);
    }
    (json!({"text": text}), false)
}

fn known_absence(text: &str) -> Value {
    json!({
        "coding": [{"system": systems::SNOMED, "code": "160245001", "display": "No current problems or disability"}],
        "text": text,
    })
}

/// Whether free words say that there are no problems, rather than name one.
fn says_none(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let begins = ["no known", "no current", "no active", "no problem", "no diagnos", "none known", "no health concern"];
    matches!(text.trim_end_matches('.'), "none" | "no") || begins.iter().any(|b| text.starts_with(b))
}

/// Whether a condition's code says that there is none.
fn is_known_absence(concept: &Value) -> bool {
    ["160245001", "no-problem-info", "no-known-problems"].iter().any(|c| crate::record::has_code(concept, "", c))
}

fn verification(code: &str) -> Value {
    json!({"coding": [{"system": systems::CONDITION_VERIFICATION, "code": code}]})
}

/// The category as a concept.
pub(super) fn category_concept(code: &str) -> Value {
    match code {
        "health-concern" => fixed("http://hl7.org/fhir/us/core/CodeSystem/condition-category", code, "Health Concern"),
        "encounter-diagnosis" => fixed(systems::CONDITION_CATEGORY, code, "Encounter Diagnosis"),
        _ => fixed(systems::CONDITION_CATEGORY, "problem-list-item", "Problem List Item"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Clinical(&'static str),
    Suspected,
    KnownAbsent,
    Error,
    Silent,
}

fn is_status(node: Node<'_>) -> bool {
    name(node) == "observation"
        && (code(node) == "33999-4"
            || is(node, &["6", "28", "2.16.840.1.113883.10.20.1.50", "2.16.840.1.113883.10.20.1.39", "2.16.840.1.113883.10.20.24.3.94"]))
}

/// Whether the status observation says that it is there now.
fn is_said_to_go_on(node: Node<'_>) -> bool {
    matches!(status_given(node), Some("55561003" | "90734009" | "7087005" | "246455001" | "255227004" | "263855007"))
}

/// The code of the status observation.
fn status_given(node: Node<'_>) -> Option<&str> {
    nested(node).filter(|(_, n)| is_status(*n)).find_map(|(_, n)| child(n, "value")).and_then(|v| attr(v, "code"))
}

/// The status observation first, then the concern's own status and the date of resolution (C-CDA on FHIR
/// CF-ProblemStatus, CF-ConditionClinicalStatus; C-CDA general guidance on the status of a clinical statement).
fn standing(node: Node<'_>, concern: Option<Node<'_>>, ended: bool) -> Standing {
    let of_concern = concern.map(status).unwrap_or_default();
    if status(node) == "nullified" || of_concern == "nullified" {
        return Standing::Error;
    }
    match status_given(node) {
        // What has ended is not active (FHIR R4 con-4), whatever else is said.
        Some("55561003" | "90734009" | "7087005") => Standing::Clinical(if ended { "inactive" } else { "active" }),
        Some("246455001" | "255227004") => Standing::Clinical(if ended { "inactive" } else { "recurrence" }),
        Some("263855007") => Standing::Clinical(if ended { "inactive" } else { "relapse" }),
        Some("73425007" | "392521001") => Standing::Clinical("inactive"),
        Some("413322009") => Standing::Clinical("resolved"),
        Some("277022003") => Standing::Clinical("remission"),
        Some("410516002") => Standing::KnownAbsent,
        Some("415684004") => Standing::Suspected,
        _ if ended => Standing::Clinical("resolved"),
        _ => match of_concern.as_str() {
            "active" => Standing::Clinical("active"),
            "completed" | "suspended" | "aborted" => Standing::Clinical("inactive"),
            _ => Standing::Silent,
        },
    }
}
