//! Imaging reports: the DICOM study that a report is about (C-CDA Study Act, Series Act, SOP Instance Observation).

use super::super::context::Context;
use super::super::types;
use super::super::xml::{Node, attr, child, children};
use super::draft::Draft;
use super::kit::{absent, coded, nested, when, words};
use crate::Result;
use serde_json::{Value, json};

/// A study with its series and images.
pub(super) fn study<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    let mut draft = Draft::new("ImagingStudy", node);
    if let Some(uid) = child(node, "id").and_then(|i| attr(i, "root")) {
        draft.put("identifier", json!([{"system": "urn:dicom:uid", "value": format!("urn:oid:{uid}")}]));
    }
    // Whether the pictures can be had, a report does not say.
    draft.put("status", "unknown");
    draft.put("subject", cx.patient());
    draft.stamp("started", when(node).start());
    draft.set("description", words(cx, node));
    for (_, inner) in nested(node) {
        if coded(child(inner, "code"), &["113015"]) {
            let one = series(cx, &mut draft, inner);
            draft.push("series", one);
            draft.handled(inner);
        }
    }
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}

fn series<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>) -> Value {
    let mut out = json!({});
    let uid = child(node, "id").and_then(|i| attr(i, "root"));
    types::put(&mut out, "uid", uid.map(Value::from));
    let kind = child(node, "code").into_iter().flat_map(|c| children(c, "qualifier")).find(|q| coded(child(*q, "name"), &["121139"]));
    let modality = kind.and_then(|q| child(q, "value")).and_then(types::coding);
    types::put(&mut out, "modality", Some(modality.unwrap_or_else(|| absent(None))));
    if let Some(start) = when(node).start() {
        start.put(&mut out, "started");
    }
    for (_, image) in nested(node) {
        let mut one = json!({});
        types::put(&mut one, "uid", child(image, "id").and_then(|i| attr(i, "root")).map(Value::from));
        let class = child(image, "code");
        let code = class.and_then(|c| attr(c, "code")).map(|c| format!("urn:oid:{c}"));
        let mut sop = json!({"system": "urn:ietf:rfc:3986"});
        types::put(&mut sop, "code", code.map(Value::String));
        types::put(&mut sop, "display", class.and_then(|c| attr(c, "displayName")).map(Value::from));
        types::put(&mut one, "sopClass", Some(sop));
        types::push(&mut out, "instance", one);
        // Where the picture was to be had, as the report says.
        if let Some(link) = child(image, "text").and_then(|t| child(t, "reference")).and_then(|r| attr(r, "value")) {
            draft.note(&format!("Image: {link}"));
        }
        for (_, part) in nested(image) {
            if let Some(line) = super::kit::describe(cx, part, 3) {
                draft.note(&line);
            }
        }
    }
    out
}
