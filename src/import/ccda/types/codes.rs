//! CD, CE, CV, CO, CS: codes and the words for them.

use super::oid_system;
use crate::import::ccda::context::Context;
use crate::import::ccda::xml::{self, Node, attr, child, children, null_flavor};
use crate::record::Resource;
use serde_json::{Value, json};

/// The words of a nullFlavor (HL7 V3 NullFlavor), for where FHIR wants a text.
pub(crate) fn null_words(flavor: &str) -> &str {
    match flavor {
        "NI" => "No information",
        "UNK" => "Unknown",
        "ASKU" => "Asked but not known",
        "NAV" => "Temporarily not available",
        "NASK" => "Not asked",
        "NA" => "Not applicable",
        "OTH" => "Other",
        "MSK" => "Masked",
        "PINF" => "Positive infinity",
        "NINF" => "Negative infinity",
        "TRC" => "Trace",
        "QS" => "Sufficient quantity",
        "INV" => "Invalid",
        "DER" => "Derived",
        "UNC" => "Unencoded",
        "NP" => "Not present",
        other => other,
    }
}

/// The code of one CD element as a Coding, its translations left aside.
pub(crate) fn coding(node: Node) -> Option<Value> {
    let code = attr(node, "code");
    let display = attr(node, "displayName");
    let system = attr(node, "codeSystem").map(oid_system);
    let mut out = serde_json::Map::new();
    if let Some(system) = system.filter(|_| code.is_some() || display.is_some()) {
        out.insert("system".into(), system.into());
    } else if let Some(named) = attr(node, "codeSystemName").filter(|_| code.is_some()) {
        // Known by name only: the common ones are told apart, others are left without a system.
        if let Some(uri) = by_name(named) {
            out.insert("system".into(), uri.into());
        }
    }
    if let Some(version) = attr(node, "codeSystemVersion").filter(|_| code.is_some()) {
        out.insert("version".into(), version.into());
    }
    if let Some(code) = code {
        out.insert("code".into(), code.into());
    }
    if let Some(display) = display {
        out.insert("display".into(), xml::fold(display).into());
    }
    (code.is_some() || display.is_some()).then_some(Value::Object(out))
}

fn by_name(name: &str) -> Option<&'static str> {
    let bare: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    Some(match bare.as_str() {
        "loinc" => "http://loinc.org",
        "snomed" | "snomedct" => "http://snomed.info/sct",
        "rxnorm" => "http://www.nlm.nih.gov/research/umls/rxnorm",
        "icd10" | "icd10cm" => "http://hl7.org/fhir/sid/icd-10-cm",
        "icd9" | "icd9cm" => "http://hl7.org/fhir/sid/icd-9-cm",
        "cpt" | "cpt4" => "http://www.ama-assn.org/go/cpt",
        "cvx" => "http://hl7.org/fhir/sid/cvx",
        "ndc" => "http://hl7.org/fhir/sid/ndc",
        _ => return None,
    })
}

/// A CD with its translations as a CodeableConcept. The text is the words that the author wrote: `originalText`, or
/// what its reference points to in the narrative, else the display name. A nullFlavor alone gives `None`; see
/// [`concept_or_absent`]. Qualifiers and the nullFlavor beside a translation are kept as extensions.
pub(crate) fn concept(node: Node, cx: &Context) -> Option<Value> {
    let mut out = json!({});
    let mut codings: Vec<Value> = coding(node).into_iter().collect();
    codings.extend(children(node, "translation").filter_map(coding));
    let text = original_text(node, cx)
        .or_else(|| attr(node, "displayName").map(xml::fold))
        .or_else(|| children(node, "translation").find_map(|t| original_text(t, cx).or_else(|| attr(t, "displayName").map(xml::fold))));
    if codings.is_empty() && text.is_none() {
        return None;
    }
    if let Some(flavor) = null_flavor(node).filter(|_| attr(node, "code").is_none()) {
        super::extend(&mut out, json!({"url": "http://hl7.org/fhir/StructureDefinition/iso21090-nullFlavor", "valueCode": flavor}));
    }
    for qualifier in children(node, "qualifier") {
        let part = |name| child(qualifier, name).and_then(|n| concept(n, cx)).and_then(|c| crate::record::concept_text(&c));
        if let Some(value) = part("value") {
            let words = part("name").map_or(value.clone(), |name| format!("{name}: {value}"));
            super::extend(&mut out, super::own_extension("qualifier", &words));
        }
    }
    super::put_all(&mut out, "coding", codings);
    super::put(&mut out, "text", text.map(Value::String));
    Some(out)
}

/// The words that the author of a code wrote, or pointed to.
fn original_text(node: Node, cx: &Context) -> Option<String> {
    let original = child(node, "originalText")?;
    let pointed = child(original, "reference").and_then(|r| attr(r, "value")).and_then(|v| cx.narrative(v));
    // A reference may point to a whole paragraph that goes on about other things: that is still what was written.
    xml::text(original).or(pointed.map(|p| xml::fold(&p))).filter(|t| !t.is_empty())
}

/// Like [`concept`]; a nullFlavor alone gives a CodeableConcept that says so, for elements that FHIR requires.
pub(crate) fn concept_or_absent(node: Node, cx: &Context) -> Option<Value> {
    concept(node, cx).or_else(|| null_flavor(node).map(null_concept))
}

/// A CodeableConcept that says why there is no code.
pub(crate) fn null_concept(flavor: &str) -> Resource {
    let words = null_words(flavor);
    json!({
        "coding": [{"system": crate::record::systems::NULL_FLAVOR, "code": flavor, "display": words}],
        "text": words,
    })
}

/// The `interpretationCode`s of an observation, for `Observation.interpretation`.
pub(crate) fn interpretation(observation: Node, cx: &Context) -> Vec<Value> {
    let read = |n| {
        let mut concept = concept(n, cx)?;
        // Vendors leave out the code system, which the schema fixes.
        if let Some(Value::Object(first)) = concept.get_mut("coding").and_then(|c| c.get_mut(0)) {
            first.entry("system").or_insert_with(|| crate::record::systems::INTERPRETATION.into());
        }
        Some(concept)
    };
    children(observation, "interpretationCode").filter_map(read).collect()
}
