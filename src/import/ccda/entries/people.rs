//! Who recorded, did, stated, and where: participations of a statement as references to contained resources.

use super::super::context::{Context, contain};
use super::super::types;
use super::super::xml::{Node, attr, child, children};
use super::draft::Draft;
use serde_json::Value;

/// The author as `who` and their earliest time as `at`; where the statement names nobody, those of the concern around
/// it (C-CDA on FHIR: the last author is the recorder, the earliest time the date). An empty key is left out. The
/// author of the whole document stands at the document.
pub(super) fn recorder<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>, concern: Option<Node<'a>>, who: &str, at: &str) {
    let mut authors: Vec<Node<'_>> = children(node, "author").collect();
    if authors.is_empty() {
        authors = concern.into_iter().flat_map(|c| children(c, "author")).collect();
    }
    let stamps = authors.iter().filter_map(|a| child(*a, "time").and_then(types::stamp));
    let first = stamps.filter_map(|s| Some((s.fhir()?, s))).min_by(|a, b| a.0.cmp(&b.0)).map(|(_, s)| s);
    if !at.is_empty() {
        draft.stamp(at, first.as_ref());
    }
    if !who.is_empty() {
        let person = authors.iter().rev().find_map(|a| cx.actor(draft.resource(), *a));
        draft.set(who, person);
    }
}

/// The first participation of this name as one reference.
pub(super) fn single<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>, element: &str, key: &str) {
    let person = children(node, element).find_map(|p| cx.actor(draft.resource(), p));
    draft.set(key, person);
}

/// Every participation of this name as references.
pub(super) fn actors<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>, element: &str) -> Vec<Value> {
    children(node, element).filter_map(|p| cx.actor(draft.resource(), p)).collect()
}

/// An organisation as a contained resource.
pub(super) fn organization<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) -> Option<Value> {
    cx.organization(node).map(|o| contain(draft.resource(), o))
}

/// The locations of a statement.
pub(super) fn locations<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) -> Vec<Value> {
    let at = children(node, "participant").filter(|p| matches!(attr(*p, "typeCode"), Some("LOC" | "DST" | "ORG")));
    at.filter_map(|p| child(p, "participantRole")).filter_map(|r| cx.location(r)).map(|l| contain(draft.resource(), l)).collect()
}
