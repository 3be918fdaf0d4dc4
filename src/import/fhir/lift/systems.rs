//! Code systems that moved to terminology.hl7.org with R4.

use std::collections::HashSet;
use std::sync::LazyLock;

const OLD: &str = "http://hl7.org/fhir/";
const NEW: &str = "http://terminology.hl7.org/CodeSystem/";

/// Names that kept their last part, one a word.
static MOVED: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("../../../../assets/fhir/systems.txt").split_whitespace().collect());

/// Names that changed.
const RENAMED: [(&str, &str); 9] = [
    ("marital-status", "v3-MaritalStatus"),
    ("identifier-type", "v2-0203"),
    ("claim-careteamrole", "claimcareteamrole"),
    ("ex-claimtype", "claim-type"),
    ("type-link", "claim-type"),
    ("contract-security-classification", "contract-security-classification"),
    ("patient-contact-relationship", "v2-0131"),
    ("provenance-agent-role", "provenance-participant-type"),
    ("provenance-participant-role", "provenance-participant-type"),
];

/// Gives a code system the address that R4 knows it by; others stay.
pub(super) fn rename(system: &mut String) {
    let Some(name) = system.strip_prefix(OLD) else { return };
    let new = match name.split_once('/') {
        Some((family @ ("v2" | "v3"), table)) => Some(format!("{NEW}{family}-{table}")),
        Some(_) => None,
        None => RENAMED
            .iter()
            .find(|(old, _)| *old == name)
            .map(|(_, new)| format!("{NEW}{new}"))
            .or_else(|| MOVED.contains(name).then(|| format!("{NEW}{name}"))),
    };
    if let Some(new) = new {
        *system = new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_move() {
        for (old, new) in [
            ("http://hl7.org/fhir/v3/ActCode", "http://terminology.hl7.org/CodeSystem/v3-ActCode"),
            ("http://hl7.org/fhir/v2/0203", "http://terminology.hl7.org/CodeSystem/v2-0203"),
            ("http://hl7.org/fhir/observation-category", "http://terminology.hl7.org/CodeSystem/observation-category"),
            ("http://hl7.org/fhir/marital-status", "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"),
            ("http://hl7.org/fhir/administrative-gender", "http://hl7.org/fhir/administrative-gender"),
            ("http://hl7.org/fhir/sid/us-npi", "http://hl7.org/fhir/sid/us-npi"),
            ("http://loinc.org", "http://loinc.org"),
        ] {
            let mut system = old.to_owned();
            rename(&mut system);
            assert_eq!(system, new);
        }
    }
}
