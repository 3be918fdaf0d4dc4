//! Care teams (C-CDA Care Team Organizer).

use super::super::context::Context;
use super::super::xml::{Node, attr, child, children};
use super::draft::Draft;
use super::kit::{code, concept, describe, is, name, named, nested, status, when};
use crate::Result;
use serde_json::json;

/// One care team with its members.
pub(super) fn team<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    let mut draft = Draft::new("CareTeam", node);
    let state = match status(node).as_str() {
        "active" => Some("active"),
        "completed" => Some("inactive"),
        "suspended" | "held" => Some("suspended"),
        "new" => Some("proposed"),
        "nullified" => Some("entered-in-error"),
        _ => None,
    };
    draft.set("status", state);
    draft.set("name", named(cx, node).and_then(|n| crate::record::concept_text(&n)));
    draft.put("subject", cx.patient());
    draft.set("period", when(node).period());
    for (_, inner) in nested(node) {
        if name(inner) == "act" && (is(inner, &["500.1"]) || child(inner, "performer").is_some()) {
            member(cx, &mut draft, inner);
            draft.handled(inner);
        } else if is(inner, &["500.2"]) || code(inner) == "86744-0" {
            draft.push_some("category", concept(cx, child(inner, "value")));
            draft.handled(inner);
        }
    }
    for participant in children(node, "participant").chain(children(node, "performer")) {
        if let Some(actor) = cx.actor(draft.resource(), participant) {
            let mut one = json!({"member": actor});
            super::super::types::put_all(&mut one, "role", cx.functions(participant));
            if attr(participant, "typeCode") == Some("PPRF") {
                one["role"] = json!([{"text": "Lead"}]);
            }
            draft.push("participant", one);
        }
    }
    if !draft.has("participant") && !draft.has("name") {
        return cx.skip(node, "A care team", "It names neither a team nor a member.");
    }
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}

fn member<'a>(cx: &Context<'a>, draft: &mut Draft, act: Node<'a>) {
    for performer in children(act, "performer") {
        let Some(actor) = cx.actor(draft.resource(), performer) else { continue };
        let mut one = json!({"member": actor});
        super::super::types::put_all(&mut one, "role", cx.functions(performer));
        super::super::types::put(&mut one, "period", when(act).period());
        draft.push("participant", one);
    }
    for participant in children(act, "participant") {
        let role = child(participant, "participantRole").filter(|_| attr(participant, "typeCode") == Some("LOC"));
        if let Some(text) = role.and_then(|r| cx.location(r)).and_then(|l| crate::record::text_at(&l, "name")) {
            draft.note(&format!("Works at: {text}"));
        }
    }
    for (_, inner) in nested(act) {
        if let Some(line) = describe(cx, inner, 2) {
            draft.note(&line);
        }
    }
}
