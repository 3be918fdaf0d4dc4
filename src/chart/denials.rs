//! What "none known" denies, and what only says that its source knows nothing. The two are never the same.

use super::link::folded;
use crate::record::{Class, codes, list, string};
use crate::vault::Row;
use serde_json::Value;

/// Codes by which a source says that it has no information or that nobody asked (IPS "Absent and Unknown Data"; SNOMED CT).
const KNOWS_NOTHING: [&str; 7] = [
    "no-allergy-info",
    "no-medication-info",
    "no-problem-info",
    "no-procedure-info",
    "no-immunization-info",
    "no-device-info",
    // "Patient not asked".
    "1631000175102",
];

/// Whether a record states no absence but only that its source knows nothing.
pub fn knows_nothing(row: &Row, resource: &Value) -> bool {
    // A visit or a place without a name is still a visit or a place.
    if !matches!(row.class, Class::Allergy | Class::Problem | Class::Medication | Class::Immunization | Class::Procedure | Class::Device) {
        return false;
    }
    let title = folded(&row.title);
    let said = ["no information", "not on file", "not asked", "patient not asked", "not known", "unknown", "no data available"];
    said.iter().any(|s| title == *s || (*s == "no information" && title.starts_with(s)))
        || ["code", "medicationCodeableConcept", "vaccineCode"]
            .iter()
            .filter_map(|key| resource.get(key))
            .flat_map(codes)
            .any(|(_, code, _)| KNOWS_NOTHING.contains(&code))
}

/// Whether "no known … allergies" contradicts an allergy that another record names: "no known food allergies" says nothing
/// about penicillin.
pub fn denies(none: &Row, some: &Row) -> bool {
    let title = folded(&none.title);
    let kinds: Vec<String> = list(&some.resource(), "category").into_iter().filter_map(string).collect();
    let of_kind = |kind: &str| kinds.is_empty() || kinds.iter().any(|k| k == kind);
    let speaks_of = |words: &[&str]| title.split(' ').any(|word| words.contains(&word));
    if speaks_of(&["food"]) {
        of_kind("food")
    } else if speaks_of(&["drug", "medication", "medications", "medicine", "medicines"]) {
        of_kind("medication")
    } else if speaks_of(&["environmental", "environment"]) {
        of_kind("environment")
    } else {
        ["no known allerg", "no allerg", "none", "nka", "nkda", "no known"].iter().any(|start| title.starts_with(start))
            && (title.contains("allerg") || title.split(' ').count() < 3)
            && !title.contains("latex")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::link::tests::row;
    use serde_json::json;

    #[test]
    fn no_information_is_no_absence() {
        let of = |title: &str, resource: &Value| knows_nothing(&row(1, title, None, resource), resource);
        assert!(of("No information about allergies", &json!({"code": {"coding": [{"code": "no-allergy-info"}]}})));
        assert!(of("Not on File", &json!({"code": {"coding": [{"system": "http://snomed.info/sct", "code": "1631000175102"}]}})));
        assert!(!of("No known allergies", &json!({"code": {"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}})));
        assert!(!of("Latex", &json!({"code": {"text": "Latex"}})));
    }

    #[test]
    fn a_denial_reaches_as_far_as_its_words() {
        let penicillin = row(1, "Penicillin", None, &json!({"category": ["medication"]}));
        let says = |title: &str| denies(&row(2, title, None, &Value::Null), &penicillin);
        assert!(says("No known allergies") && says("No Known Drug Allergies") && says("NKA"));
        assert!(!says("No known food allergies") && !says("No latex allergy") && !says("Aspirin"));
    }
}
