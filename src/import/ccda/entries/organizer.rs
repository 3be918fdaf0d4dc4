//! Organizers: a panel of results is a DiagnosticReport (C-CDA on FHIR "Results"), any other an Observation with
//! members. What counts is each statement inside, not the organizer.

use super::super::context::Context;
use super::super::types;
use super::super::xml::{Node, attr, child, children};
use super::draft::{Draft, is_comment};
use super::kit::{code, code_or_words, concept, fixed, is, name, named, nested, status, when};
use super::observation::{observation, specimen};
use super::{Section, people};
use crate::Result;
use crate::record::{concept_text, has_code};
use serde_json::Value;

/// A panel of results.
pub(super) fn results<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    let category = result_category(cx, section, node);
    let mut links = Vec::new();
    let mut draft = Draft::new("DiagnosticReport", node);
    for (_, inner) in nested(node) {
        match name(inner) {
            "observation" => links.extend(observation(cx, section, inner, category, true)?),
            // How the specimen was taken belongs to the specimen.
            "procedure" if code(inner) == "17636008" || named(cx, inner).is_none() => {}
            // Senders repeat the order beside every result: that is the report itself.
            "procedure" if called(cx, inner) == called(cx, node) => {}
            _ if is_comment(inner) => continue,
            _ => super::statement(cx, section, inner)?,
        }
        draft.handled(inner);
    }
    let said = named(cx, node);
    if links.is_empty() && said.is_none() {
        // What it held is listed already, each by itself.
        if nested(node).any(|(_, n)| !is_comment(n)) {
            return Ok(());
        }
        return cx.skip(node, "A group of results", "It holds no result and has no name.");
    }
    let counted = nested(node).next().is_none();
    let state = match status(node).as_str() {
        "completed" => "final",
        "active" if links.is_empty() => "registered",
        "active" => "partial",
        "aborted" | "cancelled" => "cancelled",
        "held" | "suspended" | "new" => "registered",
        "nullified" => "entered-in-error",
        _ => "unknown",
    };
    draft.put("status", state);
    draft.push_some("category", report_category(cx, node, category));
    draft.put("code", code_or_words(cx, node));
    draft.put("subject", cx.patient());
    if !draft.time("effective", &when(node)) {
        let around = span(node);
        draft.time("effective", &around);
    }
    for actor in people::actors(cx, &mut draft, node, "performer") {
        draft.push("performer", actor);
    }
    specimen(cx, &mut draft, node);
    draft.put_all("result", links);
    draft.leftovers(cx, node);
    draft.emit(cx, node, counted).map(|_| ())
}

/// What a statement is called, for comparison.
fn called<'a>(cx: &Context<'a>, node: Node<'a>) -> Option<String> {
    named(cx, node).as_ref().and_then(concept_text).map(|t| t.to_lowercase())
}

/// The time of a panel without one: from its earliest to its latest result.
fn span(node: Node<'_>) -> types::Effective {
    let inner = nested(node).filter(|(_, n)| name(*n) == "observation").map(|(_, n)| when(n));
    let stamps = inner.flat_map(|w| [w.start().cloned(), w.high]).flatten();
    let mut dated: Vec<_> = stamps.filter_map(|s| Some((s.fhir()?, s))).collect();
    dated.sort_by(|a, b| a.0.cmp(&b.0));
    let low = dated.first().map(|(_, s)| s.clone());
    let high = dated.last().map(|(_, s)| s.clone());
    types::Effective { low, high, ..Default::default() }
}

fn report_category<'a>(cx: &Context<'a>, node: Node<'a>, category: &str) -> Option<Value> {
    let given = concept(cx, super::kit::extension(node, "category"));
    given.or_else(|| match category {
        "laboratory" => Some(fixed("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB", "Laboratory")),
        "imaging" => Some(fixed("http://terminology.hl7.org/CodeSystem/v2-0074", "RAD", "Radiology")),
        _ => None,
    })
}

/// What kind of result it is: by the category given (LOINC part), by its name, by its section.
pub(super) fn result_category<'a>(cx: &Context<'a>, section: &Section<'a>, node: Node<'a>) -> &'static str {
    let given = concept(cx, super::kit::extension(node, "category"));
    if given.as_ref().is_some_and(|g| has_code(g, "", "LP29684-5")) {
        return "imaging";
    }
    let said = named(cx, node).and_then(|n| concept_text(&n)).unwrap_or_default().to_ascii_lowercase();
    let pictures = [
        "x-ray",
        "xray",
        "radiograph",
        "ultrasound",
        "mammogra",
        "echocardiogra",
        "tomograph",
        "mri ",
        "ct scan",
        "magnetic resonance",
        "radiolog",
    ];
    if pictures.iter().any(|p| said.contains(p)) || said.starts_with("xr ") || said.starts_with("ct ") {
        return "imaging";
    }
    match section.code {
        "30954-2" | "26436-6" | "" => "laboratory",
        "18748-4" | "121070" | "18726-0" => "imaging",
        _ => "laboratory",
    }
}

/// Any other group: vital signs, functional and mental status, whatever has components.
pub(super) fn panel<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>, category: &str) -> Result<()> {
    let mut links = Vec::new();
    let mut draft = Draft::new("Observation", node);
    for (_, inner) in nested(node) {
        if is_comment(inner) {
            continue;
        }
        if name(inner) == "observation" && !is(inner, &["4", "7", "48", "121", "44"]) {
            links.extend(observation(cx, section, inner, category, true)?);
        } else {
            super::statement(cx, section, inner)?;
        }
        draft.handled(inner);
    }
    let Some(said) = named(cx, node) else {
        if nested(node).next().is_none() {
            return cx.skip(node, "A group of observations", "It holds nothing.");
        }
        return Ok(());
    };
    if links.is_empty() && nested(node).next().is_some() {
        return Ok(());
    }
    draft.put(
        "status",
        match status(node).as_str() {
            "completed" => "final",
            "active" => "preliminary",
            "aborted" | "cancelled" => "cancelled",
            "nullified" => "entered-in-error",
            _ => "unknown",
        },
    );
    draft.push("category", super::observation::category_for(section, category));
    draft.put("code", said);
    draft.put("subject", cx.patient());
    draft.time("effective", &when(node));
    for participation in children(node, "performer").chain(children(node, "author")) {
        let actor = cx.actor(draft.resource(), participation);
        draft.push_some("performer", actor);
    }
    let counted = links.is_empty();
    draft.put_all("hasMember", links);
    draft.leftovers(cx, node);
    draft.emit(cx, node, counted).map(|_| ())
}

/// Family history, care team, directives: organizers that are something else are told apart in mod.rs; this one lists
/// the parts of an organizer that is only a wrapper.
pub(super) fn wrapper<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    let mut any = false;
    for (_, inner) in nested(node).filter(|(_, n)| !is_comment(*n)) {
        any = true;
        super::statement(cx, section, inner)?;
    }
    if any {
        return Ok(());
    }
    match concept(cx, child(node, "code")).filter(|_| attr(node, "nullFlavor").is_none()) {
        Some(_) => panel(cx, section, node, ""),
        None => cx.skip(node, "A group of entries", "It holds nothing."),
    }
}
