//! Codes and the words for them (FHIR R4 Coding, CodeableConcept).

use super::walk::{array, string};
use serde_json::Value;

/// Code system addresses, as FHIR R4 names them.
#[expect(missing_docs, reason = "the names say it")]
pub mod systems {
    pub const LOINC: &str = "http://loinc.org";
    pub const SNOMED: &str = "http://snomed.info/sct";
    pub const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
    pub const ICD10CM: &str = "http://hl7.org/fhir/sid/icd-10-cm";
    pub const ICD9CM: &str = "http://hl7.org/fhir/sid/icd-9-cm";
    pub const CVX: &str = "http://hl7.org/fhir/sid/cvx";
    pub const NDC: &str = "http://hl7.org/fhir/sid/ndc";
    pub const CPT: &str = "http://www.ama-assn.org/go/cpt";
    pub const UCUM: &str = "http://unitsofmeasure.org";
    pub const OBSERVATION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
    pub const CONDITION_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    pub const CONDITION_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
    pub const CONDITION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
    pub const ALLERGY_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
    pub const ALLERGY_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
    pub const ABSENT_REASON: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
    pub const NULL_FLAVOR: &str = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor";
    pub const INTERPRETATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
    pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
}

/// The codings of a CodeableConcept, a bare Coding or a bare code, as (system, code, display); "" where not given.
pub fn codes(concept: &Value) -> Vec<(&str, &str, &str)> {
    match concept {
        Value::String(code) => vec![("", code.as_str(), "")],
        Value::Object(o) if o.contains_key("coding") => array(concept, "coding").iter().map(triple_of).collect(),
        Value::Object(o) if o.contains_key("code") => vec![triple_of(concept)],
        _ => Vec::new(),
    }
}

fn triple_of(coding: &Value) -> (&str, &str, &str) {
    let part = |key: &str| coding.get(key).and_then(Value::as_str).unwrap_or("").trim();
    (part("system"), part("code"), part("display"))
}

/// The first code under a key of a resource, whatever its system: for status-like elements.
pub fn code_of<'a>(resource: &'a Value, key: &str) -> Option<&'a str> {
    let value = resource.get(key)?;
    let value = if let Value::Array(items) = value { items.first()? } else { value };
    codes(value).into_iter().map(|(_, code, _)| code).find(|c| !c.is_empty())
}

/// Whether a CodeableConcept (or any of a list of them) has this code. An empty `system` means any.
pub fn has_code(concept: &Value, system: &str, code: &str) -> bool {
    match concept {
        Value::Array(items) => items.iter().any(|c| has_code(c, system, code)),
        one => codes(one).iter().any(|(s, c, _)| *c == code && (system.is_empty() || *s == system)),
    }
}

/// The words of a CodeableConcept, Coding or code: its text, else the first display, else the first code.
pub fn concept_text(concept: &Value) -> Option<String> {
    if let Value::Array(items) = concept {
        let words: Vec<_> = items.iter().filter_map(concept_text).collect();
        return (!words.is_empty()).then(|| words.join(", "));
    }
    if let Some(text) = concept.get("text").and_then(string) {
        return Some(text);
    }
    let codes = codes(concept);
    let display = codes.iter().map(|c| c.2).find(|d| !d.is_empty());
    display.or_else(|| codes.iter().map(|c| c.1).find(|c| !c.is_empty())).map(str::to_owned)
}
