//! II, EN, AD, TEL: who, where and how to reach them.

use super::systems::{is_uuid, root_uri};
use super::{extend, period, push, put, put_all};
use crate::import::ccda::xml::{Node, attr, child, children, fold, name, null_flavor, text};
use serde_json::{Value, json};
use std::collections::HashSet;

/// An II as an Identifier. One that is null or without a root and extension is not there.
pub(crate) fn identifier(node: Node) -> Option<Value> {
    if null_flavor(node).is_some() && attr(node, "extension").is_none() {
        return None;
    }
    let root = attr(node, "root");
    let mut out = match (root, attr(node, "extension")) {
        (Some("2.16.840.1.113883.4.6"), Some(value)) => json!({"system": "http://hl7.org/fhir/sid/us-npi", "value": value}),
        (Some("2.16.840.1.113883.4.1"), Some(value)) => json!({"system": "http://hl7.org/fhir/sid/us-ssn", "value": value}),
        (Some("2.16.840.1.113883.4.572"), Some(value)) => json!({"system": "http://hl7.org/fhir/sid/us-medicare", "value": value}),
        (Some(root), Some(value)) => json!({"system": root_uri(root), "value": value}),
        // The root of all such numbers, without a number.
        (Some("2.16.840.1.113883.4.6" | "2.16.840.1.113883.4.1" | "2.16.840.1.113883.4.572"), None) => return None,
        (Some(root), None) if is_uuid(root) || root.contains('.') => json!({"system": "urn:ietf:rfc:3986", "value": root_uri(root)}),
        (Some(value), None) | (None, Some(value)) => json!({"value": value}),
        (None, None) => return None,
    };
    if let Some(assigner) = attr(node, "assigningAuthorityName") {
        put(&mut out, "assigner", Some(json!({"display": assigner})));
    }
    Some(out)
}

/// Every usable `id` of an element.
pub(crate) fn identifiers(node: Node) -> Vec<Value> {
    let mut seen = HashSet::new();
    children(node, "id").filter_map(identifier).filter(|id| seen.insert(id.to_string())).collect()
}

/// A PN as a HumanName. Plain text is the name's text; parts keep their order; `validTime` is the period. What FHIR has
/// no place for, qualifiers of parts (CL: what one is called) and odd uses, stays in HL7's extensions.
pub(crate) fn human_name(node: Node) -> Option<Value> {
    let words = name_text(node)?;
    let mut out = json!({});
    let uses: Vec<&str> = attr(node, "use").unwrap_or("").split_whitespace().collect();
    match uses.iter().find_map(|u| name_use(u)) {
        Some(known) => put(&mut out, "use", Some(known.into())),
        None => {
            for code in uses {
                extend(&mut out, json!({"url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-use", "valueCode": code}));
            }
        }
    }
    let mut families: Vec<(String, Option<&str>)> = Vec::new();
    let mut qualified: [(&str, Vec<Value>); 3] = [("given", vec![]), ("prefix", vec![]), ("suffix", vec![])];
    for part in node.children().filter(Node::is_element) {
        let Some(words) = text(part).filter(|_| null_flavor(part).is_none()) else { continue };
        let qualifier = attr(part, "qualifier");
        if name(part) == "family" {
            families.push((words, qualifier));
        } else if let Some((key, beside)) = qualified.iter_mut().find(|(key, _)| *key == name(part)) {
            push(&mut out, key, words.into());
            beside.push(qualifier.map_or(Value::Null, |q| json!({"extension": [en_qualifier(q)]})));
        }
    }
    for (key, beside) in qualified {
        if beside.iter().any(|b| !b.is_null()) {
            put(&mut out, &format!("_{key}"), Some(Value::Array(beside)));
        }
    }
    family(&mut out, &families);
    let parts = ["given", "family", "prefix", "suffix"].iter().any(|k| out.get(k).is_some());
    if !parts || has_own_text(node) {
        put(&mut out, "text", Some(words.into()));
    }
    put(&mut out, "period", child(node, "validTime").and_then(period));
    Some(out)
}

fn en_qualifier(code: &str) -> Value {
    json!({"url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier", "valueCode": code})
}

/// FHIR has one family name. Of several, the one by birth (BR) stands beside it if there is another; the parts of a
/// double name belong together.
fn family(out: &mut Value, families: &[(String, Option<&str>)]) {
    let now: Vec<&str> = families.iter().filter(|(_, q)| *q != Some("BR")).map(|(w, _)| w.as_str()).collect();
    let born: Vec<&str> = families.iter().filter(|(_, q)| *q == Some("BR")).map(|(w, _)| w.as_str()).collect();
    let shown = if now.is_empty() { &born } else { &now };
    if shown.is_empty() {
        return;
    }
    put(out, "family", Some(shown.join(" ").into()));
    let mut beside = json!({});
    if !born.is_empty() && !now.is_empty() {
        let url = "http://hl7.org/fhir/StructureDefinition/humanname-own-name";
        extend(&mut beside, json!({"url": url, "valueString": born.join(" ")}));
    } else if let Some(code) = families.iter().find_map(|(_, q)| *q) {
        extend(&mut beside, en_qualifier(code));
    }
    put(out, "_family", Some(beside).filter(|b| b.get("extension").is_some()));
}

fn has_own_text(node: Node) -> bool {
    node.children().any(|c| c.is_text() && c.text().is_some_and(|t| t.chars().any(char::is_alphanumeric)))
}

/// An EN, ON or PN as one line of text.
pub(crate) fn name_text(node: Node) -> Option<String> {
    let words: Vec<String> = node
        .children()
        .filter(|c| c.is_text() || (c.is_element() && name(*c) != "validTime"))
        .filter_map(|c| if c.is_text() { c.text().map(fold) } else { text(c) })
        .filter(|t| !t.is_empty())
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn name_use(code: &str) -> Option<&'static str> {
    Some(match code {
        "L" => "usual",
        "C" | "OR" => "official",
        "P" | "A" => "nickname",
        "ASGN" | "PHON" | "SYL" => return None,
        "BR" => "maiden",
        "TMP" | "T" => "temp",
        "ANON" => "anonymous",
        _ => return None,
    })
}

/// An AD as an Address. What has no place of its own stays in the lines, in order.
pub(crate) fn address(node: Node) -> Option<Value> {
    let mut out = json!({});
    for code in attr(node, "use").unwrap_or("").split_whitespace() {
        let (key, value) = match code {
            "H" | "HP" | "HV" => ("use", "home"),
            "WP" | "DIR" | "PUB" => ("use", "work"),
            "TMP" => ("use", "temp"),
            "OLD" | "BAD" => ("use", "old"),
            "PST" => ("type", "postal"),
            "PHYS" => ("type", "physical"),
            _ => continue,
        };
        put(&mut out, key, Some(value.into()));
    }
    let mut found = false;
    for part in node.children().filter(|c| c.is_element() || c.is_text()) {
        let words = if part.is_text() { part.text().map(fold).filter(|t| !t.is_empty()) } else { text(part) };
        let Some(words) = words.filter(|_| null_flavor(part).is_none()) else { continue };
        let key = match name(part) {
            "city" => "city",
            "state" => "state",
            "county" => "district",
            "postalCode" => "postalCode",
            "country" => "country",
            "useablePeriod" => continue,
            _ if part.is_text() && !words.chars().any(char::is_alphanumeric) => continue,
            _ => {
                found = true;
                push(&mut out, "line", words.into());
                continue;
            }
        };
        found = true;
        put(&mut out, key, Some(words.into()));
    }
    put(&mut out, "period", child(node, "useablePeriod").and_then(period));
    found.then_some(out)
}

/// A TEL as a ContactPoint: the scheme tells what it is.
pub(crate) fn telecom(node: Node) -> Option<Value> {
    let value = attr(node, "value").map(str::to_owned).or_else(|| text(node))?;
    let (scheme, rest) = value.split_once(':').unwrap_or(("", &value));
    let (system, shown) = match scheme.to_ascii_lowercase().as_str() {
        "tel" => ("phone", rest),
        "fax" => ("fax", rest),
        "mailto" => ("email", rest),
        "sms" => ("sms", rest),
        "http" | "https" | "ftp" => ("url", value.as_str()),
        "" if value.contains('@') => ("email", value.as_str()),
        "" if value.contains(|c: char| c.is_ascii_digit()) => ("phone", value.as_str()),
        _ => ("other", value.as_str()),
    };
    let shown = shown.trim().trim_start_matches("//");
    if shown.is_empty() {
        return None;
    }
    let mut out = json!({"system": system, "value": shown});
    for code in attr(node, "use").unwrap_or("").split_whitespace() {
        let of_use = match code {
            "H" | "HP" | "HV" => "home",
            "WP" | "DIR" | "PUB" => "work",
            "MC" => "mobile",
            "TMP" => "temp",
            "BAD" | "OLD" => "old",
            _ => continue,
        };
        put(&mut out, "use", Some(of_use.into()));
    }
    put(&mut out, "period", child(node, "useablePeriod").and_then(period));
    Some(out)
}

/// The names, addresses and telecoms of an element, put where FHIR's people have them.
pub(crate) fn reachable(out: &mut Value, node: Node) {
    put_all(out, "telecom", children(node, "telecom").filter_map(telecom).collect());
    put_all(out, "address", children(node, "addr").filter_map(address).collect());
}
