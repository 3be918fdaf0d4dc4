//! Which page a record stands on.

use crate::record::coding::{codes, concept_text, systems};
use crate::record::walk::array;
use crate::record::{Class, Resource};

/// The class of a resource by its type and, for the types that hold many things, by its category and code.
pub(super) fn class(kind: &str, resource: &Resource) -> Class {
    match kind {
        "AllergyIntolerance" => Class::Allergy,
        "CareTeam" | "Practitioner" | "PractitionerRole" | "RelatedPerson" => Class::CareTeam,
        "Composition" | "DocumentReference" | "DocumentManifest" | "Media" => Class::Note,
        "DiagnosticReport" => report(resource),
        "Observation" => observation(resource),
        "ImagingStudy" => Class::Imaging,
        "Encounter" | "EpisodeOfCare" => Class::Encounter,
        "Organization" | "Location" | "HealthcareService" | "Endpoint" => Class::Facility,
        "Goal" | "Consent" => Class::Goal,
        "Coverage"
        | "CoverageEligibilityRequest"
        | "CoverageEligibilityResponse"
        | "InsurancePlan"
        | "EnrollmentRequest"
        | "EnrollmentResponse" => Class::Insurance,
        "QuestionnaireResponse" | "RiskAssessment" | "Flag" | "AdverseEvent" | "DetectedIssue" => Class::HealthStatus,
        "Immunization" | "ImmunizationRecommendation" | "ImmunizationEvaluation" => Class::Immunization,
        "Specimen" | "MolecularSequence" => Class::Laboratory,
        "Device" | "DeviceUseStatement" | "DeviceRequest" | "DeviceMetric" | "DeviceDefinition" | "SupplyDelivery" | "SupplyRequest" => {
            Class::Device
        }
        "MedicationRequest" | "MedicationStatement" | "MedicationDispense" | "MedicationAdministration" => Class::Medication,
        "Patient" => Class::Demographics,
        "CarePlan" | "ServiceRequest" | "NutritionOrder" | "VisionPrescription" | "ClinicalImpression" | "RequestGroup" | "Task" => {
            Class::Plan
        }
        "Condition" => Class::Problem,
        "Procedure" => Class::Procedure,
        "Provenance" | "AuditEvent" => Class::Provenance,
        "FamilyMemberHistory" => Class::FamilyHistory,
        "Appointment" | "AppointmentResponse" => Class::Appointment,
        "Communication" | "CommunicationRequest" => Class::Message,
        "Claim"
        | "ClaimResponse"
        | "ExplanationOfBenefit"
        | "Invoice"
        | "Account"
        | "ChargeItem"
        | "PaymentNotice"
        | "PaymentReconciliation" => Class::Bill,
        _ => Class::Other,
    }
}

/// LOINC codes of vital signs (FHIR R4 Vital Signs profile and US Core), for observations that name no category.
const VITALS: [&str; 22] = [
    "85353-1", "9279-1", "8867-4", "2708-6", "59408-5", "8310-5", "8302-2", "9843-4", "29463-7", "39156-5", "85354-9", "8480-6", "8462-4",
    "8478-0", "3141-9", "8306-3", "8287-5", "59576-9", "77606-2", "8289-1", "8716-3", "3150-6",
];

/// LOINC codes of social history (US Core smoking status, sexual orientation and the like).
const SOCIAL: [&str; 14] = [
    "72166-2", "11367-0", "11366-2", "76689-9", "76690-7", "76691-5", "74013-4", "11331-6", "11343-1", "63512-8", "82589-3", "81229-7",
    "11341-5", "86645-9",
];

fn observation(resource: &Resource) -> Class {
    for category in array(resource, "category") {
        for (_, code, display) in codes(category) {
            let name = if code.is_empty() { display } else { code };
            match name.to_ascii_lowercase().as_str() {
                "laboratory" | "lab" => return Class::Laboratory,
                "vital-signs" | "vital signs" => return Class::VitalSign,
                "imaging" | "rad" => return Class::Imaging,
                "social-history" => return Class::SocialHistory,
                "survey"
                | "activity"
                | "functional-status"
                | "disability-status"
                | "cognitive-status"
                | "sdoh"
                | "functional-mental-status" => {
                    return Class::HealthStatus;
                }
                "exam" | "procedure" | "therapy" | "clinical-test" => return Class::ClinicalTest,
                "care-experience-preference" | "treatment-intervention-preference" => return Class::Goal,
                _ => {}
            }
        }
    }
    let code = resource.get("code").map(codes).unwrap_or_default();
    let is = |list: &[&str]| code.iter().any(|(system, code, _)| *system == systems::LOINC && list.contains(code));
    if is(&VITALS) {
        Class::VitalSign
    } else if is(&SOCIAL) {
        Class::SocialHistory
    } else {
        Class::ClinicalTest
    }
}

fn report(resource: &Resource) -> Class {
    let has = |key: &str| resource.get(key).is_some_and(|v| v.as_array().is_some_and(|a| !a.is_empty()));
    let mut class = None;
    for category in array(resource, "category") {
        for (_, code, _) in codes(category) {
            class = class.or(match code {
                "LAB" | "laboratory" | "HM" | "CH" | "MB" | "SP" | "PAT" | "CP" | "CY" | "GE" | "IMM" | "BLB" | "SR" | "TX"
                | "LP7839-6" | "26436-6" | "VR" | "MYC" | "PAR" | "BG" => Some(Class::Laboratory),
                "RAD" | "imaging" | "LP29684-5" | "18748-4" | "RX" | "CT" | "NMR" | "NMS" | "RUS" | "XRC" | "CUS" | "OUS" | "VUS"
                | "CTH" => Some(Class::Imaging),
                "LP29708-2" | "EC" | "EN" | "NRS" | "PF" => Some(Class::ClinicalTest),
                _ => None,
            });
        }
        class = class.or_else(|| match concept_text(category)?.to_lowercase().as_str() {
            "laboratory" | "lab" | "pathology" | "microbiology" => Some(Class::Laboratory),
            "radiology" | "imaging" => Some(Class::Imaging),
            "cardiology" => Some(Class::ClinicalTest),
            _ => None,
        });
    }
    class.unwrap_or_else(|| {
        if has("imagingStudy") || has("media") {
            Class::Imaging
        } else if has("presentedForm") && !has("result") {
            Class::Note
        } else {
            Class::Laboratory
        }
    })
}
