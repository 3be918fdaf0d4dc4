//! Insurance: one Coverage for each policy activity (C-CDA Coverage Activity, Policy Activity).

use super::super::context::{Context, contain};
use super::super::types;
use super::super::xml::{Node, attr, child, children, path};
use super::draft::Draft;
use super::kit::{absent, concept, describe, is, name, named, negated, nested, status, words};
use crate::Result;
use serde_json::{Value, json};

/// Templates of a policy activity, C-CDA and CCD of 2007.
const POLICY: [&str; 2] = ["61", "2.16.840.1.113883.10.20.1.26"];

/// Whether a statement is a policy activity.
pub(super) fn is_policy(node: Node<'_>) -> bool {
    name(node) == "act" && is(node, &POLICY)
}

/// The policies of a coverage activity; an act without any is read as a policy itself.
pub(super) fn coverage<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    let policies: Vec<_> = nested(node).map(|(_, n)| n).filter(|n| name(*n) == "act").collect();
    if is_policy(node) || policies.is_empty() {
        return policy(cx, node);
    }
    policies.into_iter().try_for_each(|p| policy(cx, p))
}

fn policy<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    let kind = named(cx, node);
    let mut draft = Draft::new("Coverage", node);
    let payer = children(node, "performer").find_map(|p| {
        let role = child(p, "assignedEntity")?;
        let organization = child(role, "representedOrganization").and_then(|o| cx.organization(o));
        match organization {
            Some(organization) => Some(contain(draft.resource(), organization)),
            None => cx.actor(draft.resource(), p),
        }
    });
    let covered = participant(node, "COV");
    let holder = participant(node, "HLD");
    let plan = nested(node).find(|(h, n)| attr(*h, "typeCode") == Some("REFR") && matches!(super::kit::mood(*n), "DEF"));
    if kind.is_none() && payer.is_none() && plan.is_none() {
        return cx.skip(node, "An insurance", "It names neither an insurer nor a kind of insurance.");
    }
    draft.put(
        "status",
        match status(node).as_str() {
            "nullified" => "entered-in-error",
            "aborted" | "cancelled" => "cancelled",
            _ if negated(node) => "cancelled",
            // The schema allows "completed" only: the policy was recorded, it did not end.
            _ => "active",
        },
    );
    draft.set("type", kind);
    draft.put("beneficiary", cx.patient());
    if let Some(role) = covered {
        let member = path(role, "id").and_then(|i| attr(i, "extension").or_else(|| attr(i, "root")));
        draft.set("subscriberId", member);
        draft.set("relationship", concept(cx, child(role, "code")));
        for id in types::identifiers(role) {
            draft.push("identifier", id);
        }
    }
    let period = children(node, "participant")
        .filter(|p| attr(*p, "typeCode") == Some("COV"))
        .find_map(|p| child(p, "time").and_then(types::period));
    draft.set("period", period.or_else(|| super::kit::when(node).period()));
    if let Some(holder) = children(node, "participant").find(|p| attr(*p, "typeCode") == Some("HLD")) {
        let person = cx.actor(draft.resource(), holder);
        draft.set("policyHolder", person);
    }
    let number = holder.and_then(|h| child(h, "id")).and_then(|i| attr(i, "extension"));
    if let Some(number) = number.filter(|_| !draft.has("subscriberId")) {
        draft.put("subscriberId", number);
    }
    draft.push("payor", payer.unwrap_or_else(|| absent(None)));
    if let Some((_, plan)) = plan {
        draft.handled(plan);
        let said = words(cx, plan).or_else(|| describe(cx, plan, 0));
        let group = child(plan, "id").and_then(|i| attr(i, "extension"));
        for (code, value, name) in [("group", group.map(str::to_owned), None), ("plan", said.clone(), said)] {
            if let Some(value) = value {
                let mut class = json!({"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/coverage-class", "code": code}]}, "value": value});
                types::put(&mut class, "name", name.map(Value::String));
                draft.push("class", class);
            }
        }
    }
    if let Some(order) =
        child(node.parent_element().unwrap_or(node), "sequenceNumber").and_then(|s| attr(s, "value")).and_then(|v| v.parse::<u32>().ok())
    {
        if order > 0 {
            draft.put("order", order);
        }
    }
    draft.leftovers(cx, node);
    draft.emit(cx, node, true).map(|_| ())
}

fn participant<'a>(node: Node<'a>, kind: &str) -> Option<Node<'a>> {
    children(node, "participant").find(|p| attr(*p, "typeCode") == Some(kind)).and_then(|p| child(p, "participantRole"))
}
