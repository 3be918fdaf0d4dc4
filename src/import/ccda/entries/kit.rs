//! What every kind of entry needs: which template it is, what it is called, how it stands, and its nested statements.

use super::super::context::Context;
use super::super::types::{self, Effective};
use super::super::xml::{Node, attr, child, children, path, sdtc};
use crate::record::{concept_text, systems};

use serde_json::{Value, json};

/// The OID under which C-CDA numbers its entry templates, and the commonest misspelling of it.
const TEMPLATE_ROOTS: [&str; 2] = ["2.16.840.1.113883.10.20.22.4.", "2.16.840.1.113883.10.22.4."];

/// The clinical statements of CDA R2 (4.3.6), pictures aside.
pub(super) const STATEMENTS: [&str; 7] = ["act", "encounter", "observation", "organizer", "procedure", "substanceAdministration", "supply"];

/// Codes that say "there is a problem of some kind" and nothing more (C-CDA Problem Type).
pub(super) const GENERIC_PROBLEMS: [&str; 12] = [
    "55607006",
    "64572001",
    "404684003",
    "409586006",
    "282291009",
    "418799008",
    "248536006",
    "373930000",
    "75326-9",
    "75323-6",
    "75321-0",
    "29308-4",
];

/// Whether a statement conforms to one of these templates: C-CDA's own by their number ("4" for
/// 2.16.840.1.113883.10.20.22.4.4), others by their whole OID. Extensions do not matter.
pub(super) fn is(node: Node<'_>, templates: &[&str]) -> bool {
    children(node, "templateId").filter_map(|t| attr(t, "root")).any(|root| {
        let root = root.trim();
        let short = TEMPLATE_ROOTS.iter().find_map(|p| root.strip_prefix(p)).unwrap_or(root);
        templates.contains(&short)
    })
}

/// The first clinical statement inside an entry, entryRelationship or component.
pub(super) fn statement<'a>(holder: Node<'a>) -> Option<Node<'a>> {
    holder.children().find(|n| n.is_element() && STATEMENTS.contains(&n.tag_name().name()))
}

/// The nested statements of a statement, each with the entryRelationship, component or sequence that holds it.
pub(super) fn nested<'a>(node: Node<'a>) -> impl Iterator<Item = (Node<'a>, Node<'a>)> {
    node.children()
        .filter(|n| n.is_element() && matches!(n.tag_name().name(), "entryRelationship" | "component"))
        .filter_map(|holder| Some((holder, statement(holder)?)))
}

/// The local name of an element.
pub(super) fn name<'a>(node: Node<'a>) -> &'a str {
    node.tag_name().name()
}

/// `moodCode`, "EVN" where missing.
pub(super) fn mood<'a>(node: Node<'a>) -> &'a str {
    attr(node, "moodCode").map(str::trim).filter(|m| !m.is_empty()).unwrap_or("EVN")
}

/// Whether the mood speaks of something that has not happened yet.
pub(super) fn planned(node: Node<'_>) -> bool {
    matches!(mood(node), "INT" | "RQO" | "PRP" | "PRMS" | "ARQ" | "APT" | "SLOT")
}

/// `negationInd` of the statement, or of the relationship that holds it (CDA R2, 4.3.8.1): both deny it, neither of
/// the two takes the other back.
pub(super) fn negated(node: Node<'_>) -> bool {
    let denies = |n: Node<'_>| attr(n, "negationInd").is_some_and(|v| v.eq_ignore_ascii_case("true") || v == "1");
    let holder = node.parent_element().filter(|p| name(*p) == "entryRelationship");
    denies(node) || holder.is_some_and(denies)
}

/// The code of a statement, or "".
pub(super) fn code<'a>(node: Node<'a>) -> &'a str {
    child(node, "code").and_then(|c| attr(c, "code")).map_or("", str::trim)
}

/// Whether a coded element or one of its translations has one of these codes.
pub(super) fn coded(element: Option<Node<'_>>, codes: &[&str]) -> bool {
    let Some(element) = element else { return false };
    let one = |n: Node<'_>| attr(n, "code").is_some_and(|c| codes.contains(&c.trim()));
    one(element) || children(element, "translation").any(one)
}

/// `statusCode/@code` in lower case, or "".
pub(super) fn status(node: Node<'_>) -> String {
    child(node, "statusCode").and_then(|s| attr(s, "code")).unwrap_or("").trim().to_ascii_lowercase()
}

/// The words of a statement's own `text`, by reference into the narrative or inline.
pub(super) fn words<'a>(cx: &Context<'a>, node: Node<'a>) -> Option<String> {
    child(node, "text").and_then(|t| text_of(cx, t))
}

/// The words of an ED element: those its reference points to, else its own.
pub(super) fn text_of<'a>(cx: &Context<'a>, text: Node<'a>) -> Option<String> {
    cx.words(text)
}

/// A CodeableConcept out of a coded element, if it says anything at all.
pub(super) fn concept<'a>(cx: &Context<'a>, element: Option<Node<'a>>) -> Option<Value> {
    types::concept(element?, cx).filter(says_something)
}

/// Whether a CodeableConcept holds a code or words.
pub(super) fn says_something(concept: &Value) -> bool {
    concept_text(concept).is_some_and(|t| !t.trim().is_empty())
}

/// The concept of `code`, or the statement's words, or the reason why there is neither: for elements that FHIR requires.
pub(super) fn code_or_words<'a>(cx: &Context<'a>, node: Node<'a>) -> Value {
    named(cx, node).unwrap_or_else(|| absent(child(node, "code").and_then(|c| attr(c, "nullFlavor"))))
}

/// The concept of `code`, else the statement's words. `ASSERTION` names nothing.
pub(super) fn named<'a>(cx: &Context<'a>, node: Node<'a>) -> Option<Value> {
    let concept = concept(cx, child(node, "code")).filter(|_| code(node) != "ASSERTION");
    concept.or_else(|| words(cx, node).map(|text| json!({"text": text})))
}

/// Codes that say "none": SNOMED CT's for medicines, HL7's of the International Patient Summary for all kinds.
const NONE: [&str; 6] =
    ["182849000", "no-known-medications", "no-known-immunizations", "no-known-procedures", "no-known-devices", "no-known-allergies"];

/// Whether a concept says that there is nothing: by such a code, or without any code in words: "No medications
/// recorded", "None".
pub(super) fn says_none(concept: &Value) -> bool {
    if NONE.iter().any(|c| crate::record::has_code(concept, "", c)) {
        return true;
    }
    let text = concept_text(concept).unwrap_or_default().trim().to_ascii_lowercase();
    crate::record::codes(concept).is_empty()
        && (text.starts_with("no ") || text.trim_end_matches('.') == "none" || text.starts_with("none "))
}

/// An element that holds nothing but the reason for its absence (FHIR R4 data-absent-reason, C-CDA on FHIR
/// "NullFlavor to Data Absent Reason").
pub(super) fn absent(null_flavor: Option<&str>) -> Value {
    json!({"extension": [{"url": systems::ABSENT_REASON, "valueCode": absent_code(null_flavor)}]})
}

/// The data-absent-reason code of a nullFlavor.
pub(super) fn absent_code(null_flavor: Option<&str>) -> &'static str {
    match null_flavor.map(str::trim) {
        Some("NA") => "not-applicable",
        Some("ASKU") => "asked-unknown",
        Some("NASK") => "not-asked",
        Some("NAV") => "temp-unknown",
        Some("MSK") => "masked",
        Some("OTH" | "DER" | "UNC") => "unsupported",
        Some("NINF") => "negative-infinity",
        Some("PINF") => "positive-infinity",
        Some("NP") => "not-permitted",
        _ => "unknown",
    }
}

/// A coding of one of FHIR's own systems as a CodeableConcept.
pub(super) fn fixed(system: &str, code: &str, display: &str) -> Value {
    json!({"coding": [{"system": system, "code": code, "display": display}]})
}

/// Everything that the times of a statement say.
pub(super) fn when(node: Node<'_>) -> Effective {
    Effective::of(node)
}

/// When the document was written.
pub(super) fn written(cx: &Context<'_>) -> Option<String> {
    child(cx.root, "effectiveTime").and_then(types::stamp).and_then(|s| s.fhir())
}

/// Whether an interval is over: it has an end, or the nullFlavor that says "it has ended, nobody knows when".
pub(super) fn ended(when: &Effective) -> bool {
    when.high.is_some() || when.high_null.as_deref() == Some("UNK")
}

/// What a nested statement says, in one line: for notes about what has no place of its own.
pub(super) fn describe<'a>(cx: &Context<'a>, node: Node<'a>, depth: u8) -> Option<String> {
    let generic = code(node) == "ASSERTION" || GENERIC_PROBLEMS.contains(&code(node)) && child(node, "value").is_some();
    let label = concept(cx, child(node, "code")).filter(|_| !generic).and_then(|c| concept_text(&c));
    let mut said: Vec<String> = children(node, "value").filter_map(|v| types::value(v, cx)).filter_map(|(_, v)| value_words(&v)).collect();
    let product = path(node, "consumable/manufacturedProduct/manufacturedMaterial/code")
        .or_else(|| path(node, "product/manufacturedProduct/manufacturedMaterial/code"));
    said.extend(concept(cx, product).and_then(|c| concept_text(&c)));
    said.extend(words(cx, node).filter(|w| Some(w) != label.as_ref() && !said.contains(w)).into_iter().collect::<Vec<_>>());
    let when = when(node);
    if !said.is_empty() || label.is_some() {
        // A date that cannot be (31 of month 30) is told as the source wrote it.
        let date = when.start().or(when.high.as_ref()).map(|s| s.fhir().unwrap_or_else(|| s.raw().to_owned()));
        said.extend(date.filter(|_| !said.is_empty()).map(|d| format!("({d})")));
    }
    if depth > 0 {
        let inner: Vec<String> = nested(node).filter_map(|(_, n)| describe(cx, n, depth - 1)).collect();
        said.extend(inner);
    }
    let said = said.join(" ");
    let line = match (label, said.is_empty()) {
        (Some(label), true) => label,
        (Some(label), false) => format!("{label}: {said}"),
        (None, false) => said,
        (None, true) => return None,
    };
    Some(if negated(node) { format!("Not so: {line}") } else { line })
}

/// A FHIR value in words.
pub(super) fn value_words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        // UCUM's "a" is no word for a year.
        Value::Object(o) if o.get("unit").is_some_and(|u| u == "a") => crate::record::text_at(value, "value").map(|n| format!("{n} years")),
        Value::Object(o) if o.contains_key("value") => Some(crate::record::quantity_text(value)),
        Value::Object(o) if o.contains_key("low") || o.contains_key("high") => {
            let ends: Vec<String> = ["low", "high"].iter().filter_map(|k| o.get(*k)).map(crate::record::quantity_text).collect();
            Some(ends.join(" to "))
        }
        Value::Object(o) if o.contains_key("start") || o.contains_key("end") => {
            let ends: Vec<&str> = ["start", "end"].iter().filter_map(|k| o.get(*k)).filter_map(Value::as_str).collect();
            Some(ends.join(" to "))
        }
        Value::Object(o) if o.contains_key("numerator") => {
            let ends: Vec<String> =
                ["numerator", "denominator"].iter().filter_map(|k| o.get(*k)).map(crate::record::quantity_text).collect();
            Some(ends.join(" / "))
        }
        other => concept_text(other),
    }
    .filter(|t| !t.trim().is_empty())
}

/// The dispositionCode and its like, in whatever namespace it stands.
pub(super) fn extension<'a>(node: Node<'a>, local: &str) -> Option<Node<'a>> {
    sdtc(node, local).or_else(|| child(node, local))
}
