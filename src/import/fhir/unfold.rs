//! Containers unfolded: Bundles in Bundles, Parameters, the server's messages.

use super::flow::{Flow, Item, name_of};
use super::origin;
use crate::Result;
use crate::import::Origin;
use crate::record::type_of;
use serde_json::{Map, Value};

const NO_TYPE: &str = "This entry does not say what kind of record it is (it has no resourceType), so it cannot be read.";

/// Takes whatever a file, an entry or a line holds.
pub(super) fn resource(flow: &mut Flow, mut resource: Value, full_url: Option<String>, place: String, bytes: usize) -> Result<()> {
    if let Some(line) = origin::line(&mut resource) {
        return kept(flow, resource, line, place);
    }
    match type_of(&resource) {
        "" => flow.skip(&place, "an entry without a kind", NO_TYPE),
        "OperationOutcome" => flow.skip(&place, &name_of(&resource), &outcome_words(&resource)),
        "Bundle" => bundle(flow, resource, &place),
        "Parameters" => parameters(flow, resource, place),
        _ => flow.take(Item { resource, full_url, place, counted: true }, bytes),
    }
}

/// A line of Keepwell's own NDJSON: its older versions first, which are no lines of their own and so are not counted.
fn kept(flow: &mut Flow, resource: Value, line: origin::Line, place: String) -> Result<()> {
    let full_url = line.address;
    let origin = |former| Origin::Kept { key: line.key.clone(), former };
    for older in line.older {
        flow.kept(Item { resource: older, full_url: full_url.clone(), place: place.clone(), counted: false }, origin(true))?;
    }
    flow.kept(Item { resource, full_url, place, counted: true }, origin(false))
}

fn bundle(flow: &mut Flow, mut bundle: Value, place: &str) -> Result<()> {
    let entries = match bundle.get_mut("entry").map(Value::take) {
        Some(Value::Array(entries)) => entries,
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    };
    for (i, e) in entries.into_iter().enumerate() {
        let at = if place == "/" { format!("entry[{i}]") } else { format!("{place}.entry[{i}]") };
        entry(flow, e, at, 0)?;
    }
    Ok(())
}

/// Takes one element of Bundle.entry. One without a resource is a link or the answer to a request: it is not counted.
pub(super) fn entry(flow: &mut Flow, entry: Value, place: String, bytes: usize) -> Result<()> {
    let Value::Object(mut fields) = entry else {
        return flow.skip(&place, "an entry that is not an object", NO_TYPE);
    };
    let full_url = fields.get("fullUrl").and_then(Value::as_str).map(str::to_owned);
    match fields.shift_remove("resource") {
        Some(inner @ Value::Object(_)) => match origin::kept(&fields) {
            Some(origin) if !type_of(&inner).is_empty() => flow.kept(Item { resource: inner, full_url, place, counted: true }, origin),
            _ => resource(flow, inner, full_url, place, bytes),
        },
        Some(Value::Null) | None if fields.contains_key("resourceType") => resource(flow, Value::Object(fields), None, place, bytes),
        Some(Value::Null) | None => {
            note_without_resource(flow, &fields, &place);
            Ok(())
        }
        Some(_) => flow.skip(&place, "an entry that is not an object", NO_TYPE),
    }
}

/// What an entry without a resource says that the person should know: a deletion, or the server's message.
fn note_without_resource(flow: &mut Flow, fields: &Map<String, Value>, place: &str) {
    let text = |path: [&str; 2]| fields.get(path[0]).and_then(|v| v.get(path[1])).and_then(Value::as_str);
    if text(["request", "method"]) == Some("DELETE") {
        flow.sink.warn(place, "The source says here that one of its records was deleted. Keepwell deletes nothing because of it.");
    }
    if let Some(outcome) = fields.get("response").and_then(|r| r.get("outcome")) {
        flow.sink.warn(place, &outcome_words(outcome));
    }
}

/// Parameters hold records (the answers of `$everything`, `$match`) and plain values. The records are taken out one by one;
/// the Parameters itself is a record where it holds plain values, counted only if it holds nothing else.
fn parameters(flow: &mut Flow, mut parameters: Value, place: String) -> Result<()> {
    let mut inner = Vec::new();
    collect(&mut parameters, &place, &mut inner);
    let alone = inner.is_empty();
    for (found, at) in inner {
        resource(flow, found, None, at, 0)?;
    }
    if alone || has_value(&parameters) {
        return flow.take(Item { resource: parameters, full_url: None, place, counted: alone }, 0);
    }
    Ok(())
}

fn collect(from: &mut Value, place: &str, into: &mut Vec<(Value, String)>) {
    for list in ["parameter", "part"] {
        let Some(Value::Array(items)) = from.get_mut(list) else { continue };
        for (i, item) in items.iter_mut().enumerate() {
            let at = if place == "/" { format!("{list}[{i}]") } else { format!("{place}.{list}[{i}]") };
            if let Some(found) = item.as_object_mut().and_then(|fields| fields.shift_remove("resource")) {
                into.push((found, at.clone()));
            }
            collect(item, &at, into);
        }
    }
}

fn has_value(parameters: &Value) -> bool {
    ["parameter", "part"].iter().filter_map(|list| parameters.get(list)?.as_array()).flatten().any(|item| {
        item.as_object().is_some_and(|fields| fields.keys().any(|k| k.trim_start_matches('_').starts_with("value"))) || has_value(item)
    })
}

/// What a server's message says, for the list of what was left out.
fn outcome_words(outcome: &Value) -> String {
    let issues = outcome.get("issue").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let said: Vec<&str> = issues.iter().filter_map(words_of_issue).collect();
    if said.is_empty() {
        "This is a message of the server, not a record.".to_owned()
    } else {
        format!("This is a message of the server, not a record. It says: {}", said.join("; "))
    }
}

fn words_of_issue(issue: &Value) -> Option<&str> {
    let details = issue.get("details");
    [
        issue.get("diagnostics"),
        details.and_then(|d| d.get("text")),
        details.and_then(|d| d.get("coding")?.get(0)?.get("display")),
        issue.get("code"),
    ]
    .into_iter()
    .filter_map(|v| v.and_then(Value::as_str).map(str::trim))
    .find(|s| !s.is_empty())
}
