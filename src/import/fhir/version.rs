//! Tells DSTU2, STU3, R4, R4B and R5 apart by what a resource holds.

use super::table::{self, Kind};
use crate::record::type_of;
use serde_json::{Map, Value};

/// A version of FHIR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Dstu2,
    Stu3,
    R4,
    R4b,
    R5,
}

impl Version {
    /// Every version, oldest first.
    pub(super) const ALL: [Self; 5] = [Self::Dstu2, Self::Stu3, Self::R4, Self::R4b, Self::R5];

    /// The bit of the version in the element table. R4B and R5 are read by R4's elements.
    pub(super) fn bit(self) -> u8 {
        match self {
            Self::Dstu2 => 1,
            Self::Stu3 => 2,
            Self::R4 | Self::R4b | Self::R5 => 4,
        }
    }

    pub(super) fn from_digit(digit: u8) -> Option<Self> {
        match digit {
            b'2' => Some(Self::Dstu2),
            b'3' => Some(Self::Stu3),
            b'4' => Some(Self::R4),
            _ => None,
        }
    }

    /// As format names write it.
    pub(super) fn slug(self) -> &'static str {
        match self {
            Self::Dstu2 => "dstu2",
            Self::Stu3 => "stu3",
            Self::R4 => "r4",
            Self::R4b => "r4b",
            Self::R5 => "r5",
        }
    }

    /// As cross-version extensions write it: `http://hl7.org/fhir/3.0/StructureDefinition/extension-…`.
    pub(super) fn number(self) -> &'static str {
        match self {
            Self::Dstu2 => "1.0",
            Self::Stu3 => "3.0",
            Self::R4 => "4.0",
            Self::R4b => "4.3",
            Self::R5 => "5.0",
        }
    }

    fn from_number(number: &str) -> Option<Self> {
        let mut parts = number.split('.');
        match (parts.next()?, parts.next()?) {
            ("0", "5") | ("1", "0" | "1" | "2") => Some(Self::Dstu2),
            ("1", _) | ("3", _) => Some(Self::Stu3),
            ("4", "0") => Some(Self::R4),
            ("4", "1" | "3") => Some(Self::R4b),
            ("4" | "5" | "6", _) => Some(Self::R5),
            _ => None,
        }
    }
}

/// What one resource shows of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// It says so, or only this version has what it holds.
    Sure(Version),
    /// Bits of the versions that have all it holds, or most of it.
    OneOf(u8),
}

/// The versions that fit best what the resource holds.
pub(super) fn evidence(resource: &Value) -> Evidence {
    let Some(fields) = resource.as_object() else { return Evidence::OneOf(0b111) };
    let kind = type_of(resource);
    if let Some(version) = stated(kind, fields) {
        return Evidence::Sure(version);
    }
    if is_r5(kind, fields) {
        return Evidence::Sure(Version::R5);
    }
    if R4B_TYPES.contains(&kind) {
        return Evidence::Sure(Version::R4b);
    }
    match best(fields, kind) {
        1 => Evidence::Sure(Version::Dstu2),
        2 => Evidence::Sure(Version::Stu3),
        4 => Evidence::Sure(Version::R4),
        bits => Evidence::OneOf(bits),
    }
}

const R4B_TYPES: [&str; 11] = [
    "AdministrableProductDefinition",
    "Citation",
    "ClinicalUseDefinition",
    "Ingredient",
    "ManufacturedItemDefinition",
    "MedicinalProductDefinition",
    "PackagedProductDefinition",
    "RegulatedAuthorization",
    "SubscriptionStatus",
    "SubscriptionTopic",
    "SubstanceDefinition",
];

/// Bits of the versions in which most of the fields have the shape that they have here.
fn best(fields: &Map<String, Value>, kind: &str) -> u8 {
    let Some(t) = table::get(kind) else { return 0b111 };
    let mut votes = [0_u32; 3];
    let mut inner = [0_u32; 3];
    for (name, value) in fields {
        if name.starts_with('_') || matches!(name.as_str(), "resourceType" | "id" | "meta" | "text" | "extension" | "contained") {
            continue;
        }
        for e in t.named(name).filter(|e| fits(e.many, e.kind, value)) {
            for (i, version) in [Version::Dstu2, Version::Stu3, Version::R4].into_iter().enumerate() {
                votes[i] += u32::from(e.is_in(version));
                if let Kind::Complex(child) = e.kind
                    && child.starts_with(kind)
                    && e.is_in(version)
                {
                    inner[i] += inner_votes(child, value, version);
                }
            }
        }
    }
    // Fields outrank what stands inside them: the shape inside only decides between versions that the fields leave open.
    let scores: [u64; 3] = std::array::from_fn(|i| (u64::from(votes[i]) << 32) + u64::from(inner[i]));
    let top = scores.iter().enumerate().filter(|(i, _)| t.versions() & (1 << i) != 0).map(|(_, s)| *s).max().unwrap_or(0);
    (0..3).filter(|i| scores[*i] == top && t.versions() & (1 << i) != 0).fold(0, |bits, i| bits | (1 << i))
}

/// How many fields of the first element inside have the shape that the version gives them.
fn inner_votes(kind: &str, value: &Value, version: Version) -> u32 {
    let first = value.as_array().map_or(Some(value), |items| items.first());
    let (Some(t), Some(fields)) = (table::get(kind), first.and_then(Value::as_object)) else { return 0 };
    let fits_here = |(name, value): &(&String, &Value)| t.find(name, version).is_some_and(|e| fits(e.many, e.kind, value));
    fields.iter().filter(fits_here).count() as u32
}

fn fits(many: bool, kind: Kind, value: &Value) -> bool {
    match value {
        Value::Array(items) => many && items.first().is_none_or(|first| fits(false, kind, first)),
        _ if many => false,
        Value::Object(_) => matches!(kind, Kind::Complex(_) | Kind::Resource),
        Value::Null => true,
        _ => !matches!(kind, Kind::Complex(_) | Kind::Resource),
    }
}

/// The version that the resource names: `fhirVersion` of a statement of conformance, or a profile of one version.
fn stated(kind: &str, fields: &Map<String, Value>) -> Option<Version> {
    if matches!(kind, "CapabilityStatement" | "Conformance" | "StructureDefinition" | "ImplementationGuide")
        && let Some(number) = fields.get("fhirVersion").and_then(Value::as_str)
    {
        return Version::from_number(number);
    }
    let profiles = fields.get("meta")?.get("profile")?.as_array()?;
    profiles.iter().filter_map(Value::as_str).find_map(of_profile)
}

const PROFILES: [(&str, Version); 12] = [
    ("/DSTU2/", Version::Dstu2),
    ("/dstu2/", Version::Dstu2),
    ("hl7.org/fhir/us/daf", Version::Dstu2),
    ("hl7.org/fhir/DSTU2", Version::Dstu2),
    ("/STU3/", Version::Stu3),
    ("/stu3/", Version::Stu3),
    ("hl7.org/fhir/3.0/", Version::Stu3),
    ("hl7.org/fhir/us/carin", Version::R4),
    ("hl7.org/fhir/us/davinci", Version::R4),
    ("hl7.org/fhir/uv/ips", Version::R4),
    ("hl7.org/fhir/4.0/", Version::R4),
    ("hl7.org/fhir/5.0/", Version::R5),
];

fn of_profile(profile: &str) -> Option<Version> {
    PROFILES.iter().find(|(part, _)| profile.contains(part)).map(|(_, version)| *version)
}

/// Shapes that only R5 has, of the types that a patient's record holds.
fn is_r5(kind: &str, fields: &Map<String, Value>) -> bool {
    let has = |name: &str| fields.contains_key(name);
    let is_list = |name: &str| fields.get(name).is_some_and(Value::is_array);
    let is_object = |name: &str| fields.get(name).is_some_and(Value::is_object);
    let is_wrapped = |name: &str| {
        let first = fields.get(name).and_then(|v| v.as_array().map_or(Some(v), |items| items.first()));
        first.is_some_and(|v| v.get("concept").is_some() || v.get("reference").is_some_and(Value::is_object))
    };
    match kind {
        "MedicationRequest" | "MedicationStatement" | "MedicationAdministration" | "MedicationDispense" | "DeviceUsage" => {
            has("medication") || kind == "DeviceUsage"
        }
        "Encounter" => is_list("class") || has("actualPeriod") || has("plannedStartDate") || has("admission"),
        "Procedure" => fields.keys().any(|k| k.starts_with("occurrence")) || is_wrapped("reason"),
        "AllergyIntolerance" => is_object("type"),
        "Condition" | "CarePlan" | "CareTeam" => is_wrapped("evidence") || is_wrapped("addresses") || is_wrapped("reason"),
        "Observation" => has("triggeredBy") || has("bodyStructure"),
        "Immunization" | "ServiceRequest" | "Appointment" | "FamilyMemberHistory" | "RiskAssessment" => {
            is_wrapped("reason") || is_wrapped("code")
        }
        "Coverage" => has("kind") || has("paymentBy"),
        "Composition" => is_list("subject"),
        "DocumentReference" => has("attester") || is_list("context"),
        "GenomicStudy" | "Transport" | "InventoryItem" | "BiologicallyDerivedProductDispense" | "FormularyItem" => true,
        _ => false,
    }
}

/// Weak signs, for a file whose resources leave the version open: code systems moved to terminology.hl7.org with R4.
/// Positive is R4, negative an older version.
pub(super) fn leaning(value: &Value) -> i64 {
    match value {
        Value::String(s) => leaning_of(s),
        Value::Array(items) => items.iter().map(leaning).sum(),
        Value::Object(fields) => fields.values().map(leaning).sum(),
        _ => 0,
    }
}

fn leaning_of(uri: &str) -> i64 {
    const MOVED: [&str; 5] = ["v2/", "v3/", "observation-category", "identifier-type", "condition-category"];
    if uri.starts_with("http://terminology.hl7.org/") {
        1
    } else if let Some(rest) = uri.strip_prefix("http://hl7.org/fhir/") {
        -i64::from(MOVED.iter().any(|m| rest.starts_with(m)))
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shapes_tell_versions_apart() {
        use Evidence::{OneOf, Sure};
        let cases = [
            (json!({"resourceType": "MedicationOrder"}), Sure(Version::Dstu2)),
            (json!({"resourceType": "Condition", "clinicalStatus": "active"}), OneOf(0b011)),
            (json!({"resourceType": "Condition", "clinicalStatus": "active", "patient": {}}), Sure(Version::Dstu2)),
            (json!({"resourceType": "Condition", "clinicalStatus": "active", "assertedDate": "2015"}), Sure(Version::Stu3)),
            (json!({"resourceType": "Condition", "clinicalStatus": {"text": "active"}}), Sure(Version::R4)),
            (json!({"resourceType": "Encounter", "status": "finished", "class": "inpatient"}), Sure(Version::Dstu2)),
            (json!({"resourceType": "Encounter", "class": {"code": "AMB"}}), OneOf(0b110)),
            (json!({"resourceType": "Encounter", "class": [{"text": "AMB"}]}), Sure(Version::R5)),
            (json!({"resourceType": "Immunization", "wasNotGiven": false}), Sure(Version::Dstu2)),
            (json!({"resourceType": "Immunization", "notGiven": false}), Sure(Version::Stu3)),
            (json!({"resourceType": "Immunization", "occurrenceDateTime": "2020"}), Sure(Version::R4)),
            (json!({"resourceType": "Observation", "comments": "x"}), Sure(Version::Dstu2)),
            (json!({"resourceType": "Observation", "comment": "x"}), Sure(Version::Stu3)),
            (json!({"resourceType": "Observation", "note": [{"text": "x"}]}), Sure(Version::R4)),
            (json!({"resourceType": "Patient", "birthDate": "1950"}), OneOf(0b111)),
            (json!({"resourceType": "Patient", "meta": {"profile": ["https://x.example/STU3/Patient"]}}), Sure(Version::Stu3)),
            (json!({"resourceType": "Citation"}), Sure(Version::R4b)),
            (json!({"resourceType": "CapabilityStatement", "fhirVersion": "3.0.1"}), Sure(Version::Stu3)),
            (json!({"resourceType": "CapabilityStatement", "fhirVersion": "4.3.0"}), Sure(Version::R4b)),
            (json!({"resourceType": "SomethingOfAVendor", "x": 1}), OneOf(0b111)),
            (json!([]), OneOf(0b111)),
        ];
        for (resource, expected) in cases {
            assert_eq!(evidence(&resource), expected, "{resource}");
        }
    }

    #[test]
    fn old_code_systems_lean_to_old_versions() {
        assert_eq!(leaning(&json!({"a": [{"system": "http://hl7.org/fhir/v3/ActCode"}, "http://hl7.org/fhir/v2/0078"]})), -2);
        assert_eq!(leaning(&json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode"})), 1);
    }
}
