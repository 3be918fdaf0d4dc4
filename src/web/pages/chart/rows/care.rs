//! Rows of care around the person: visits, teams, places, plans, devices, insurance, bills, appointments.

use super::{coded, dated, plain, said};
use crate::chart::{money, people, units};
use crate::record::{PartialDate, array, at, concept_text, reference_words, text_at, untagged};
use crate::vault::Row;
use crate::web::pages::chart::ui::{joined, span};
use serde_json::Value;

fn first(resource: &Value, key: &str) -> Option<String> {
    array(resource, key).iter().find_map(concept_text)
}

/// Reference words of the items of a list, each found under a path ("" for the item itself).
fn names(resource: &Value, key: &str, path: &str) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    array(resource, key)
        .iter()
        .filter_map(|item| {
            let reference = if path.is_empty() { Some(item) } else { at(item, path) };
            let role = item.get("role").or_else(|| item.get("type")).and_then(concept_text).and_then(|r| people::role(&r));
            let name = reference_words(resource, reference?)?;
            Some(role.map_or(name.clone(), |r| format!("{name} ({r})")))
        })
        .filter(|name| seen.insert(name.clone()))
        .take(6)
        .collect()
}

fn some(list: &[String]) -> Option<String> {
    (!list.is_empty()).then(|| list.join(", "))
}

/// When, where, with whom, why.
pub(super) fn visit(row: &Row, resource: &Value) -> Vec<String> {
    let place = names(resource, "location", "location");
    let people = names(resource, "participant", "individual");
    let organization = resource.get("serviceProvider").and_then(|p| reference_words(resource, p));
    vec![
        joined([span(row), some(&place), organization, some(&people)]),
        joined([first(resource, "reasonCode")
            .filter(|r| !r.eq_ignore_ascii_case("unknown") && !r.eq_ignore_ascii_case(&row.title))
            .map(|r| format!("reason: {r}"))]),
    ]
}

/// Members and roles of a team; telephone and address of a person or place.
pub(super) fn team(row: &Row, resource: &Value) -> Vec<String> {
    let members = names(resource, "participant", "member");
    let roles = first(resource, "specialty")
        .or_else(|| first(resource, "code"))
        .or_else(|| first(resource, "type"))
        .or_else(|| array(resource, "qualification").iter().find_map(|q| q.get("code").and_then(concept_text)));
    let of = ["organization", "managingOrganization", "partOf"].iter().find_map(|k| reference_words(resource, resource.get(k)?));
    let mut out = vec![
        joined([roles, first(resource, "relationship"), of, (row.kind == "CareTeam").then(|| since(row)).flatten()]),
        members.join("; "),
    ];
    out.extend(people::contact(resource));
    out
}

/// What it aims at, until when, how far it is.
pub(super) fn plan(row: &Row, resource: &Value) -> Vec<String> {
    let targets: Vec<String> = array(resource, "target")
        .iter()
        .map(|t| {
            let detail = t.as_object().and_then(|o| o.iter().find(|(k, _)| k.starts_with("detail"))).map(|(_, v)| v);
            let detail = detail.and_then(|d| concept_text(d).or_else(|| units::quantity(d)).or_else(|| reach(d)));
            let due =
                text_at(t, "dueDate").and_then(|d| PartialDate::parse(&d)).filter(|d| row.end.as_ref().is_none_or(|e| e.text != d.text));
            let due = due.map(|d| format!("by {}", d.day_words()));
            joined([t.get("measure").and_then(concept_text), detail, due])
        })
        .collect();
    let activities: Vec<String> = array(resource, "activity")
        .iter()
        .filter_map(|a| at(a, "detail.code").and_then(concept_text).or_else(|| text_at(a, "detail.description")))
        .map(|words| untagged(&words).to_owned())
        .take(8)
        .collect();
    let state = coded(resource, "lifecycleStatus", "").or_else(|| coded(resource, "status", "")).filter(|s| s != "unknown");
    vec![
        joined([state, span(row), said(resource, "achievementStatus", ""), said(resource, "priority", "priority:"), people::by(resource)]),
        targets.join("; "),
        activities.join("; "),
        joined([first(resource, "reasonCode").map(|r| format!("reason: {r}"))]),
    ]
}

/// Maker, model, lot, serial number, use by, device number.
pub(super) fn device(row: &Row, resource: &Value) -> Vec<String> {
    let udi = array(resource, "udiCarrier").iter().find_map(|u| text_at(u, "carrierHRF").or_else(|| text_at(u, "deviceIdentifier")));
    let date =
        |key: &str, words: &str| text_at(resource, key).and_then(|d| PartialDate::parse(&d)).map(|d| format!("{words} {}", d.day_words()));
    vec![
        joined([
            first(resource, "type").or_else(|| said(resource, "type", "")),
            said(resource, "bodySite", ""),
            span(row),
            coded(resource, "status", ""),
        ]),
        joined([plain(resource, "manufacturer", "made by"), plain(resource, "modelNumber", "model"), date("manufactureDate", "made on")]),
        joined([plain(resource, "lotNumber", "lot"), plain(resource, "serialNumber", "serial number"), date("expirationDate", "use by")]),
        udi.map(|u| format!("Device number (UDI) {u}")).unwrap_or_default(),
    ]
}

/// Insurer, plan, member number, time covered.
pub(super) fn coverage(row: &Row, resource: &Value) -> Vec<String> {
    let payors = names(resource, "payor", "");
    let classes: Vec<String> = array(resource, "class")
        .iter()
        .filter_map(|c| Some(format!("{} {}", c.get("type").and_then(concept_text)?, text_at(c, "name").or_else(|| text_at(c, "value"))?)))
        .collect();
    vec![
        joined([
            some(&payors),
            said(resource, "relationship", "as").filter(|r| !r.eq_ignore_ascii_case("as self")),
            since(row),
            coded(resource, "status", ""),
        ]),
        joined([plain(resource, "subscriberId", "member number"), plain(resource, "identifier.value", "number")]),
        classes.join(" · "),
    ]
}

/// When, with whom, and how it stands.
pub(super) fn appointment(row: &Row, resource: &Value) -> Vec<String> {
    let people = names(resource, "participant", "actor");
    let when = row.date.as_ref().map(PartialDate::words);
    vec![
        joined([when, some(&people)]),
        joined([
            coded(resource, "status", ""),
            first(resource, "reasonCode"),
            plain(resource, "comment", ""),
            plain(resource, "patientInstruction", ""),
        ]),
    ]
}

/// Who did what when to which records.
pub(super) fn provenance(row: &Row, resource: &Value) -> Vec<String> {
    let agents = names(resource, "agent", "who");
    let targets = array(resource, "target").len();
    vec![joined([
        dated(row),
        some(&agents),
        (targets > 0).then(|| format!("about {targets} {}", if targets == 1 { "record" } else { "records" })),
    ])]
}

/// "Since 1 January 2026" for what goes on, else from when to when.
fn since(row: &Row) -> Option<String> {
    match (&row.date, &row.end) {
        (Some(from), None) => Some(format!("since {}", from.day_words())),
        _ => span(row),
    }
}

/// A Range in words: "up to 7.0 %", "60 to 80 mL" (FHIR R4 Range).
fn reach(range: &Value) -> Option<String> {
    match (range.get("low").and_then(units::quantity), range.get("high").and_then(units::quantity)) {
        (None, None) => None,
        (None, Some(high)) => Some(format!("up to {high}")),
        (Some(low), None) => Some(format!("at least {low}")),
        (Some(low), Some(high)) => Some(format!("{low} to {high}")),
    }
}

/// Charged, paid, owed, as the source's own totals say.
pub(super) fn bill(row: &Row, resource: &Value) -> Vec<String> {
    let (totals, others) = money::totals(resource);
    let amounts = money::COLUMNS.iter().zip(totals).filter_map(|(name, amount)| Some(format!("{name} {}", amount?)));
    let mut amounts: Vec<String> = amounts.collect();
    if amounts.is_empty() {
        amounts.extend(others.into_iter().map(|(name, amount)| format!("{name} {amount}")));
    }
    // That a claim is a claim, its heading says.
    let used = coded(resource, "use", "").filter(|u| u != "claim");
    vec![joined([span(row), people::by(resource), used]), amounts.join(" · ")]
}
