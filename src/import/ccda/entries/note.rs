//! Notes (C-CDA Note Activity) as DocumentReference, with their words as the attachment.

use super::super::context::Context;
use super::super::types;
use super::super::xml::{Node, attr, child, children, path};
use super::draft::Draft;
use super::kit::{code_or_words, negated, nested, status, when, words};
use super::{Section, people};
use crate::Result;
use base64::Engine as _;
use serde_json::{Value, json};

/// One note.
pub(super) fn note<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    let text = child(node, "text");
    let inline = text.filter(|t| attr(*t, "representation") == Some("B64")).and_then(super::super::xml::text);
    let said = words(cx, node);
    let Some(content) = inline.clone().or_else(|| said.clone()) else {
        return cx.skip(node, "A note", "It holds no words.");
    };
    let mut draft = Draft::new("DocumentReference", node);
    let state = match status(node).as_str() {
        "nullified" => "entered-in-error",
        _ if negated(node) => "entered-in-error",
        _ => "current",
    };
    draft.put("status", state);
    let written = match status(node).as_str() {
        "completed" => Some("final"),
        "active" => Some("preliminary"),
        "nullified" => Some("entered-in-error"),
        _ => None,
    };
    draft.set("docStatus", written);
    draft.put("type", code_or_words(cx, node));
    draft.push(
        "category",
        super::kit::fixed("http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note", "Clinical Note"),
    );
    draft.put("subject", cx.patient());
    let when = when(node);
    // `date` is an instant in FHIR; a day has its place in the period of the context.
    let written_at = children(node, "author").find_map(|a| child(a, "time").and_then(types::stamp));
    draft.set("date", written_at.as_ref().or(when.start()).and_then(types::Stamp::instant));
    let mut context = json!({});
    for author in people::actors(cx, &mut draft, node, "author") {
        draft.push("author", author);
    }
    if let Some(person) =
        children(node, "participant").find(|p| attr(*p, "typeCode") == Some("LA")).and_then(|p| cx.actor(draft.resource(), p))
    {
        draft.put("authenticator", person);
    }
    let period = when.period().or_else(|| {
        let mut out = json!({});
        when.start().or(written_at.as_ref())?.put(&mut out, "start");
        Some(out)
    });
    types::put(&mut context, "period", period);
    for (_, inner) in nested(node).filter(|(_, n)| super::kit::name(*n) == "encounter") {
        draft.handled(inner);
        let identifier = types::identifiers(inner).into_iter().next();
        let display = super::kit::describe(cx, inner, 0);
        let mut link = json!({});
        types::put(&mut link, "identifier", identifier);
        types::put(&mut link, "display", display.map(Value::String));
        types::push(&mut context, "encounter", link);
    }
    if context.as_object().is_some_and(|c| !c.is_empty()) {
        draft.put("context", context);
    }
    let (kind, data) = match (inline, text.and_then(|t| attr(t, "mediaType"))) {
        (Some(data), Some(kind)) => (kind.to_owned(), data.split_whitespace().collect::<String>()),
        (Some(data), None) => ("application/octet-stream".to_owned(), data.split_whitespace().collect()),
        _ => ("text/plain; charset=utf-8".to_owned(), base64::engine::general_purpose::STANDARD.encode(content.as_bytes())),
    };
    let mut attachment = json!({"contentType": kind, "data": data});
    let title = draft.get("type").and_then(crate::record::concept_text).or_else(|| section.title.map(str::to_owned));
    types::put(&mut attachment, "title", title.map(Value::String));
    draft.push("content", json!({"attachment": attachment}));
    papers(cx, &mut draft, node);
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}

fn papers<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) {
    for reference in children(node, "reference") {
        let link = path(reference, "externalDocument/text/reference").and_then(|r| attr(r, "value"));
        let said = path(reference, "externalDocument").and_then(|d| super::kit::describe(cx, d, 0));
        if let Some(text) = link.map(str::to_owned).or(said) {
            draft.note(&format!("Document: {text}"));
        }
    }
}
