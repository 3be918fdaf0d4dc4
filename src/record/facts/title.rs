//! A record's name in words, and the concept that it is about.

use crate::record::Resource;
use crate::record::coding::concept_text;
use crate::record::people::{human_name, reference_words};
use crate::record::walk::{array, at, text_at};
use serde_json::Value;

/// The concept of a medicine's record: its own, or that of a contained Medication.
pub fn medication_concept(resource: &Resource) -> Option<&Value> {
    if let Some(own) = resource.get("medicationCodeableConcept") {
        return Some(own);
    }
    let target = at(resource, "medicationReference.reference").and_then(Value::as_str)?.strip_prefix('#')?;
    array(resource, "contained").iter().find(|c| c.get("id").and_then(Value::as_str) == Some(target))?.get("code")
}

/// The concept that a record is about.
pub(super) fn main_concept<'a>(kind: &str, resource: &'a Resource) -> Option<&'a Value> {
    let first = |key: &str| match resource.get(key) {
        Some(Value::Array(items)) => items.first(),
        other => other,
    };
    match kind {
        k if k.starts_with("Medication") && k != "Medication" => medication_concept(resource),
        "Immunization" => first("vaccineCode"),
        "ImmunizationRecommendation" => at(resource, "recommendation")
            .and_then(|r| if let Value::Array(a) = r { a.first() } else { Some(r) })
            .and_then(|r| first_of(r, "vaccineCode")),
        "Encounter" => first("type").or_else(|| first("serviceType")),
        "Goal" => first("description"),
        "Device" | "Composition" | "DocumentReference" | "Coverage" | "Specimen" | "Organization" | "Location" | "EpisodeOfCare" => {
            first("type")
        }
        "Appointment" => first("appointmentType").or_else(|| first("serviceType")),
        _ => first("code"),
    }
}

fn first_of<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value.get(key) {
        Some(Value::Array(items)) => items.first(),
        other => other,
    }
}

/// The name of a record in words. Never empty.
pub(super) fn title(kind: &str, resource: &Resource) -> String {
    let text = |path: &str| text_at(resource, path);
    let concept = |key: &str| resource.get(key).and_then(concept_text);
    let reference = |key: &str| {
        let value = resource.get(key)?;
        let value = if let Value::Array(items) = value { items.first()? } else { value };
        reference_words(resource, value)
    };
    let main = || main_concept(kind, resource).and_then(concept_text);
    let named = || match resource.get("name") {
        Some(Value::String(name)) => Some(name.clone()),
        Some(name) => human_name(name),
        None => None,
    };
    let found = match kind {
        "MedicationRequest" | "MedicationStatement" | "MedicationDispense" | "MedicationAdministration" => {
            main().or_else(|| reference("medicationReference"))
        }
        "Patient" | "Practitioner" | "RelatedPerson" | "Person" | "Organization" | "Location" | "HealthcareService" => named(),
        "PractitionerRole" => reference("practitioner").or_else(|| concept("code")).or_else(|| reference("organization")),
        "CareTeam" => named().or_else(|| concept("category")).or_else(|| reference("managingOrganization")),
        "Encounter" => encounter(resource),
        "DocumentReference" => text("description").or_else(|| concept("type")).or_else(|| text("content.attachment.title")),
        "Composition" => text("title").or_else(|| concept("type")),
        "Media" => text("content.title").or_else(|| concept("modality")).or_else(|| concept("type")),
        "CarePlan" => text("title").or_else(|| concept("category")).or_else(|| text("description")),
        "Coverage" => reference("payor").or_else(|| concept("type")).or_else(|| text("class.name")),
        "Claim" | "ExplanationOfBenefit" => concept("type").or_else(|| reference("provider")),
        "Device" => {
            text("deviceName.name").or_else(|| concept("type")).or_else(|| text("modelNumber")).or_else(|| text("distinctIdentifier"))
        }
        "DeviceUseStatement" => reference("device"),
        "Appointment" => text("description").or_else(main).or_else(|| concept("reasonCode")).or_else(|| concept("serviceType")),
        "Communication" | "CommunicationRequest" => {
            concept("topic").or_else(|| text("payload.contentString").map(|t| clip(&t))).or_else(|| concept("category"))
        }
        "ImagingStudy" => text("description").or_else(|| concept("procedureCode")).or_else(|| concept("modality")),
        "FamilyMemberHistory" => concept("relationship").or_else(|| text("name")),
        "QuestionnaireResponse" => text("questionnaire._display").or_else(|| text("text.div").map(|t| clip(&super::strip_tags(&t)))),
        "Consent" => concept("category").or_else(|| concept("scope")),
        "Goal" => concept("description"),
        "Provenance" => concept("activity").or_else(|| reference("target")),
        "Account" | "List" | "Questionnaire" | "ResearchStudy" => text("title").or_else(named),
        _ => None,
    };
    found
        .or_else(main)
        .or_else(|| text("title"))
        .or_else(named)
        .or_else(|| text("description").map(|t| clip(&t)))
        .or_else(|| concept("category"))
        .unwrap_or_else(|| type_words(kind))
}

fn encounter(resource: &Resource) -> Option<String> {
    let concept = |key: &str| resource.get(key).and_then(concept_text);
    let class = || {
        let words = concept("class")?;
        Some(match words.as_str() {
            "AMB" => "Office visit (ambulatory)".into(),
            "EMER" => "Emergency visit".into(),
            "IMP" | "ACUTE" | "NONAC" => "Hospital stay (inpatient)".into(),
            "OBSENC" => "Hospital observation".into(),
            "HH" => "Home visit".into(),
            "VR" => "Virtual visit".into(),
            "SS" => "Short stay".into(),
            "PRENC" => "Pre-admission visit".into(),
            _ => words,
        })
    };
    concept("type").or_else(|| concept("serviceType")).or_else(class).or_else(|| concept("reasonCode"))
}

/// "MedicationRequest" as "Medication request": the last resort of a title.
fn type_words(kind: &str) -> String {
    if kind.is_empty() {
        return "A record without a type".into();
    }
    let mut words = String::new();
    for (i, c) in kind.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            words.push(' ');
            words.extend(c.to_lowercase());
        } else {
            words.push(c);
        }
    }
    words
}

/// The first line of a longer text, at most about 120 characters, cut at a word.
fn clip(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("");
    if line.chars().count() <= 120 {
        return line.to_owned();
    }
    let cut: String = line.chars().take(118).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", &cut[..end])
}
