//! Health concerns and risks (C-CDA Health Concern Act, Risk Concern Act): what is of concern is inside; a concern
//! that is told in words only is a Condition of its own.

use super::super::context::Context;
use super::super::xml::Node;
use super::Section;
use super::draft::{Draft, is_comment};
use super::kit::{is, name, negated, nested, status, when, words};
use super::people;
use super::problem::{self, is_problem};
use crate::Result;
use crate::record::systems;
use serde_json::json;

/// One concern act.
pub(super) fn concern<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    let mut made = !problem::within_of(cx, node, "health-concern", is_problem)?.is_empty();
    for (_, inner) in nested(node) {
        if is_problem(inner) || is_comment(inner) || is(inner, &["122", "143", "31", "119"]) {
            continue;
        }
        if name(inner) == "act" && nested(inner).any(|(_, n)| is_problem(n)) {
            made = true;
        } else if super::is_record(inner)
            || name(inner) == "organizer"
            || name(inner) == "observation" && !super::kit::code(inner).is_empty()
        {
            super::statement(cx, section, inner)?;
            made = true;
        }
    }
    if made {
        return Ok(());
    }
    let Some(text) = words(cx, node) else {
        // Its problem is listed as passed over already.
        if nested(node).any(|(_, n)| is_problem(n)) {
            return Ok(());
        }
        return cx.skip(node, "A health concern", "It names no concern, neither by a code nor in words.");
    };
    let mut draft = Draft::new("Condition", node);
    if negated(node) {
        draft.put("verificationStatus", json!({"coding": [{"system": systems::CONDITION_VERIFICATION, "code": "refuted"}]}));
    } else {
        let clinical = match status(node).as_str() {
            "active" => Some("active"),
            "completed" | "suspended" | "aborted" => Some("inactive"),
            _ => None,
        };
        draft.set("clinicalStatus", clinical.map(|c| json!({"coding": [{"system": systems::CONDITION_CLINICAL, "code": c}]})));
    }
    draft.push("category", problem::category_concept("health-concern"));
    let (code, absence) = problem::from_words(&text);
    if absence {
        draft.remove("clinicalStatus");
        draft.put("verificationStatus", json!({"coding": [{"system": systems::CONDITION_VERIFICATION, "code": "confirmed"}]}));
    }
    draft.put("code", code);
    draft.put("subject", cx.patient());
    let when = when(node);
    draft.stamp("onsetDateTime", when.start());
    draft.stamp("abatementDateTime", when.high.as_ref());
    people::recorder(cx, &mut draft, node, None, "recorder", "recordedDate");
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}
