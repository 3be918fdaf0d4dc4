//! The date that a reader expects beside a record, and its end.

use crate::record::walk::list;
use crate::record::{PartialDate, Resource, date_at};

/// Paths in order of preference; the first that holds a date counts.
fn paths(kind: &str) -> &'static [&'static str] {
    match kind {
        "AllergyIntolerance" => &["onsetDateTime", "onsetPeriod.start", "recordedDate", "lastOccurrence"],
        "Condition" => &["onsetDateTime", "onsetPeriod.start", "recordedDate", "abatementDateTime", "abatementPeriod.start"],
        "Observation" => &["effectiveDateTime", "effectivePeriod.start", "effectiveInstant", "effectiveTiming.event", "issued"],
        "DiagnosticReport" => &["effectiveDateTime", "effectivePeriod.start", "issued"],
        "Procedure" => &["performedDateTime", "performedPeriod.start", "performedPeriod.end"],
        "Immunization" => &["occurrenceDateTime", "recorded"],
        "ImmunizationRecommendation" => &["recommendation.dateCriterion.value", "date"],
        "MedicationRequest" => {
            &["authoredOn", "dosageInstruction.timing.repeat.boundsPeriod.start", "dispenseRequest.validityPeriod.start"]
        }
        "MedicationStatement" => &["effectiveDateTime", "effectivePeriod.start", "dateAsserted"],
        "MedicationDispense" => &["whenHandedOver", "whenPrepared"],
        "MedicationAdministration" => &["effectiveDateTime", "effectivePeriod.start"],
        "Encounter" | "EpisodeOfCare" | "CarePlan" | "CareTeam" | "Coverage" | "PractitionerRole" | "Flag" => &["period.start", "created"],
        "Goal" => &["startDate", "statusDate"],
        "Appointment" => &["start", "requestedPeriod.start", "created"],
        "AppointmentResponse" => &["start"],
        "Composition" => &["date"],
        "DocumentReference" => &["context.period.start", "date", "content.attachment.creation"],
        "Media" => &["createdDateTime", "createdPeriod.start", "issued"],
        "ImagingStudy" => &["started", "series.started"],
        "Specimen" => &["collection.collectedDateTime", "collection.collectedPeriod.start", "receivedTime"],
        "DeviceUseStatement" => &["timingPeriod.start", "timingDateTime", "recordedOn"],
        "Claim" | "ExplanationOfBenefit" => &["billablePeriod.start", "item.servicedPeriod.start", "item.servicedDate", "created"],
        "Invoice" => &["date"],
        "Account" => &["servicePeriod.start"],
        "ChargeItem" => &["occurrenceDateTime", "occurrencePeriod.start", "enteredDate"],
        "Communication" => &["sent", "received"],
        "ServiceRequest" | "DeviceRequest" | "SupplyRequest" | "SupplyDelivery" | "CommunicationRequest" => {
            &["occurrenceDateTime", "occurrencePeriod.start", "authoredOn"]
        }
        "NutritionOrder" | "Consent" => &["dateTime"],
        "VisionPrescription" => &["dateWritten", "created"],
        "QuestionnaireResponse" => &["authored"],
        "ClinicalImpression" => &["effectiveDateTime", "effectivePeriod.start", "date"],
        "RiskAssessment" => &["occurrenceDateTime", "occurrencePeriod.start"],
        "DetectedIssue" => &["identifiedDateTime", "identifiedPeriod.start"],
        "Provenance" => &["recorded", "occurredDateTime", "occurredPeriod.start"],
        "FamilyMemberHistory" | "List" | "AdverseEvent" => &["date"],
        // When a device was made is nothing that happened to the person.
        "Patient" | "Practitioner" | "Organization" | "Location" | "Medication" | "RelatedPerson" | "Binary" | "Device" => &[],
        _ => &["date", "created", "authoredOn", "authored", "recorded", "issued", "period.start", "occurrenceDateTime"],
    }
}

/// The date of a record.
pub(super) fn date(kind: &str, resource: &Resource) -> Option<PartialDate> {
    first(resource, paths(kind))
}

/// The end of a record that lasts.
pub(super) fn end(kind: &str, resource: &Resource) -> Option<PartialDate> {
    let paths: &[&str] = match kind {
        "Condition" => &["abatementDateTime", "abatementPeriod.end"],
        "Observation" | "MedicationAdministration" => &["effectivePeriod.end"],
        "MedicationStatement" => &["effectivePeriod.end", "dosage.timing.repeat.boundsPeriod.end"],
        "MedicationRequest" => &["dosageInstruction.timing.repeat.boundsPeriod.end"],
        "Procedure" => &["performedPeriod.end"],
        "Encounter" | "EpisodeOfCare" | "CarePlan" | "CareTeam" | "Coverage" | "Flag" | "PractitionerRole" => &["period.end"],
        "Goal" => &["target.dueDate"],
        "Appointment" => &["end"],
        "Claim" | "ExplanationOfBenefit" => &["billablePeriod.end", "item.servicedPeriod.end"],
        "DeviceUseStatement" => &["timingPeriod.end"],
        "DocumentReference" => &["context.period.end"],
        _ => &[],
    };
    first(resource, paths)
}

fn first(resource: &Resource, paths: &[&str]) -> Option<PartialDate> {
    paths.iter().find_map(|path| match path.rsplit_once('.') {
        // Of a list, any element may be the one that holds the date.
        Some((owners, key)) => list(resource, owners).into_iter().find_map(|owner| date_at(owner, key)),
        None => date_at(resource, path),
    })
}
