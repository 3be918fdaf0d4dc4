//! How a record stands, by its own status elements.

use super::Standing;
use crate::record::coding::{code_of, codes, concept_text, has_code};
use crate::record::{Resource, type_of};
use serde_json::Value;

/// Codes that say that there is none of something: SNOMED CT situations and the IPS code system "absent-unknown".
const ABSENT: [&str; 24] = [
    "716186003",
    "409137002",
    "429625007",
    "428607008",
    "428197003",
    "716184000",
    "716185004",
    "716220001",
    "1003774007",
    "160244002",
    "160245001",
    "787481004",
    "182849000",
    "1286954003",
    "no-known-allergies",
    "no-known-medication-allergies",
    "no-known-environmental-allergies",
    "no-known-food-allergies",
    "no-allergy-info",
    "no-known-problems",
    "no-problem-info",
    "no-known-medications",
    "no-medication-info",
    "no-known-procedures",
];

/// Whether a concept says "none known", by code or by its words.
pub(super) fn says_none(concept: &Value) -> bool {
    if codes(concept).iter().any(|(_, code, _)| ABSENT.contains(code) || *code == "no-known-immunizations" || *code == "no-known-devices") {
        return true;
    }
    let words = concept_text(concept).unwrap_or_default().to_lowercase();
    let words = words.trim().trim_end_matches('.');
    let none = ["no known ", "no current ", "no active ", "not on any "].iter().any(|p| words.starts_with(p));
    none && ["allerg", "problem", "condition", "medication", "drug", "immunization", "procedure", "intolerance", "device"]
        .iter()
        .any(|noun| words.contains(noun))
        || matches!(words, "nka" | "nkda" | "nkfa" | "none" | "none known" | "none recorded" | "none reported" | "not on file")
        // "No latex allergy": of one thing, but still of none.
        || words.starts_with("no ") && [" allergy", " allergies", " intolerance"].iter().any(|end| words.ends_with(end))
}

/// The standing of a resource.
pub(super) fn standing(kind: &str, resource: &Resource) -> Standing {
    debug_assert_eq!(kind, type_of(resource));
    let status = code_of(resource, "status").unwrap_or("");
    let verified = |code: &str| resource.get("verificationStatus").is_some_and(|v| has_code(v, "", code));
    if status == "entered-in-error" || verified("entered-in-error") || code_of(resource, "docStatus") == Some("entered-in-error") {
        return Standing::Error;
    }
    let none = |key: &str| resource.get(key).is_some_and(says_none);
    if verified("refuted") || none("code") || none("medicationCodeableConcept") || none("vaccineCode") {
        return Standing::Absent;
    }
    match kind {
        "AllergyIntolerance" => match code_of(resource, "clinicalStatus") {
            Some("inactive" | "resolved") => Standing::Past,
            _ => Standing::Current,
        },
        "Condition" => condition(resource),
        "MedicationRequest" | "MedicationStatement" => medicine(resource, status),
        "MedicationDispense" | "MedicationAdministration" => match status {
            "cancelled" | "declined" | "not-done" | "stopped" if kind == "MedicationDispense" || status == "not-done" => Standing::NotDone,
            "preparation" => Standing::Planned,
            _ => Standing::Past,
        },
        "Immunization" if status == "not-done" => Standing::NotDone,
        "ImmunizationRecommendation" => Standing::Planned,
        "Goal" => match code_of(resource, "lifecycleStatus") {
            Some("entered-in-error") => Standing::Error,
            Some("proposed" | "planned") => Standing::Planned,
            Some("completed") => Standing::Past,
            Some("cancelled" | "rejected") => Standing::NotDone,
            _ => Standing::Current,
        },
        "Appointment" => match status {
            "fulfilled" | "checked-in" => Standing::Past,
            "cancelled" | "noshow" => Standing::NotDone,
            _ => Standing::Planned,
        },
        "DeviceUseStatement" => match status {
            "completed" | "stopped" => Standing::Past,
            "intended" => Standing::Planned,
            _ => Standing::Current,
        },
        _ => by_status(kind, status),
    }
}

fn condition(resource: &Resource) -> Standing {
    match code_of(resource, "clinicalStatus") {
        Some("inactive" | "remission" | "resolved") => Standing::Past,
        Some("active" | "recurrence" | "relapse") => Standing::Current,
        _ => {
            let ended = resource.as_object().is_some_and(|o| o.keys().any(|k| k.starts_with("abatement")));
            // A diagnosis made at a visit says nothing about today unless a status does.
            let visit = resource.get("category").is_some_and(|c| has_code(c, "", "encounter-diagnosis"));
            if ended || visit { Standing::Past } else { Standing::Current }
        }
    }
}

fn medicine(resource: &Resource, status: &str) -> Standing {
    if resource.get("doNotPerform").and_then(Value::as_bool) == Some(true) {
        return Standing::NotDone;
    }
    match status {
        "completed" | "stopped" | "ended" => Standing::Past,
        "cancelled" | "not-taken" => Standing::NotDone,
        "draft" | "intended" => Standing::Planned,
        _ if matches!(code_of(resource, "intent"), Some("proposal" | "plan")) => Standing::Planned,
        _ => Standing::Current,
    }
}

fn by_status(kind: &str, status: &str) -> Standing {
    let request = kind.ends_with("Request") || matches!(kind, "NutritionOrder" | "Task" | "VisionPrescription" | "RequestGroup");
    match status {
        "not-done" | "cancelled" | "rejected" | "revoked" | "failed" => Standing::NotDone,
        "planned" | "proposed" | "preparation" | "booked" | "pending" => Standing::Planned,
        "draft" if request || kind == "CarePlan" => Standing::Planned,
        "active" | "requested" | "on-hold" if request => Standing::Planned,
        "completed" | "inactive" | "suspended" | "superseded"
            if request || matches!(kind, "CarePlan" | "CareTeam" | "Flag" | "Coverage" | "EpisodeOfCare" | "Device" | "SupplyDelivery") =>
        {
            Standing::Past
        }
        "finished" if kind == "EpisodeOfCare" => Standing::Past,
        _ => Standing::Current,
    }
}
