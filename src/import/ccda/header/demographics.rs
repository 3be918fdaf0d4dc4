//! Race, ethnicity, birth sex, gender identity, religion: the extensions of US Core and FHIR for a Patient.

use crate::import::ccda::context::Context;
use crate::import::ccda::types::{coding, concept};
use crate::import::ccda::xml::{Node, attr, child, children, has_template, null_flavor, sdtc, sdtc_all};
use serde_json::{Value, json};

const US_CORE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/";

/// The categories of the U.S. Office of Management and Budget; every other code is a detailed one.
const RACES: [&str; 5] = ["1002-5", "2028-9", "2054-5", "2076-8", "2106-3"];
const ETHNICITIES: [&str; 2] = ["2135-2", "2186-5"];

/// What the header and the social history say about the person that FHIR keeps in extensions.
pub(super) fn extensions(patient: Node, cx: &Context) -> Vec<Value> {
    let race: Vec<Node> = children(patient, "raceCode").chain(sdtc_all(patient, "raceCode")).collect();
    let ethnicity = children(patient, "ethnicGroupCode").chain(sdtc_all(patient, "ethnicGroupCode")).collect::<Vec<_>>();
    let religion = child(patient, "religiousAffiliationCode").and_then(|c| concept(c, cx));
    let religion = religion.map(|c| json!({"url": "http://hl7.org/fhir/StructureDefinition/patient-religion", "valueCodeableConcept": c}));
    [
        category("us-core-race", &race, &RACES),
        category("us-core-ethnicity", &ethnicity, &ETHNICITIES),
        religion,
        birth_sex(cx),
        observed(cx, "76691-5", "2.16.840.1.113883.10.20.34.3.45")
            .and_then(|v| concept(v, cx))
            .map(|c| json!({"url": format!("{US_CORE}us-core-genderIdentity"), "valueCodeableConcept": c})),
        sdtc(patient, "desc")
            .and_then(crate::import::ccda::xml::text)
            .map(|words| crate::import::ccda::types::own_extension("description", &words)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn category(name: &str, nodes: &[Node], categories: &[&str]) -> Option<Value> {
    let mut parts = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for node in nodes {
        let coding = coding(*node).filter(|c| c.get("code").is_some());
        if let Some(coding) = coding {
            let code = attr(*node, "code").unwrap_or("");
            words.push(crate::record::text_at(&coding, "display").unwrap_or_else(|| code.to_owned()));
            let url = if categories.contains(&code) { "ombCategory" } else { "detailed" };
            parts.push(json!({"url": url, "valueCoding": coding}));
        } else if let Some(flavor) = null_flavor(*node).filter(|f| matches!(*f, "UNK" | "ASKU")) {
            let said = attr(*node, "displayName").unwrap_or(if flavor == "UNK" { "Unknown" } else { "Asked but not known" });
            words.push(said.to_owned());
            parts.push(json!({"url": "ombCategory", "valueCoding": {"system": crate::record::systems::NULL_FLAVOR, "code": flavor}}));
        } else if let Some(said) =
            child(*node, "originalText").and_then(crate::import::ccda::xml::text).or_else(|| attr(*node, "displayName").map(str::to_owned))
        {
            words.push(said);
        }
    }
    words.dedup();
    if words.is_empty() {
        return None;
    }
    parts.push(json!({"url": "text", "valueString": words.join(", ")}));
    Some(json!({"url": format!("{US_CORE}{name}"), "extension": parts}))
}

/// The Birth Sex Observation of the social history (C-CDA R2.1 companion guide).
fn birth_sex(cx: &Context) -> Option<Value> {
    let value = observed(cx, "76689-9", "2.16.840.1.113883.10.20.22.4.200")?;
    let code = match (attr(value, "code"), null_flavor(value)) {
        (Some(code @ ("M" | "F")), _) => code,
        (_, Some(flavor @ ("UNK" | "OTH"))) => flavor,
        _ => return None,
    };
    Some(json!({"url": format!("{US_CORE}us-core-birthsex"), "valueCode": code}))
}

/// The value of the observation with this code and template that is not negated, wherever it stands.
fn observed<'a>(cx: &Context<'a>, code: &str, template: &str) -> Option<Node<'a>> {
    let denies = |n: Node| attr(n, "negationInd").is_some_and(|v| matches!(v, "true" | "1"));
    let told = |n: &Node<'a>| {
        n.is_element()
            && n.tag_name().name() == "observation"
            && !denies(*n)
            && !n.parent_element().is_some_and(denies)
            && !matches!(child(*n, "statusCode").and_then(|s| attr(s, "code")), Some("nullified" | "cancelled" | "aborted"))
    };
    let coded = |n: &Node<'a>| child(*n, "code").and_then(|c| attr(c, "code")) == Some(code);
    // Either names it well enough; those with the template come first.
    let all = || cx.root.descendants().filter(told);
    all()
        .find(|n| has_template(*n, template) && coded(n))
        .or_else(|| all().find(|n| coded(n) && child(*n, "value").is_some()))
        .and_then(|n| child(n, "value"))
}
