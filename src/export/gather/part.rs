//! The parts of a summary, in the order in which a reader meets them, and which of them a record belongs to.

use crate::record::{Class, Standing, has_code, systems};
use crate::vault::Row;
use serde_json::Value;

/// A part of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it; words() gives the long form")]
pub enum Part {
    Allergies,
    Alerts,
    Conditions,
    Medicines,
    AdvanceDirectives,
    Devices,
    Immunizations,
    Results,
    Reports,
    VitalSigns,
    PastConditions,
    PastMedicines,
    Fills,
    Procedures,
    Visits,
    Plans,
    Pregnancy,
    SocialHistory,
    FamilyHistory,
    Functional,
    CareTeam,
    Insurance,
    Documents,
}

impl Part {
    /// Every part, in reading order.
    pub const ALL: [Self; 23] = [
        Self::Allergies,
        Self::Alerts,
        Self::Conditions,
        Self::Medicines,
        Self::AdvanceDirectives,
        Self::Devices,
        Self::Immunizations,
        Self::Results,
        Self::Reports,
        Self::VitalSigns,
        Self::PastConditions,
        Self::PastMedicines,
        Self::Fills,
        Self::Procedures,
        Self::Visits,
        Self::Plans,
        Self::Pregnancy,
        Self::SocialHistory,
        Self::FamilyHistory,
        Self::Functional,
        Self::CareTeam,
        Self::Insurance,
        Self::Documents,
    ];

    /// The heading.
    pub fn words(self) -> &'static str {
        match self {
            Self::Allergies => "Allergies",
            Self::Alerts => "Alerts",
            Self::Conditions => "Conditions",
            Self::Medicines => "Medicines",
            Self::AdvanceDirectives => "Advance directives and wishes",
            Self::Devices => "Devices and implants",
            Self::Immunizations => "Immunizations",
            Self::Results => "Results",
            Self::Reports => "Reports",
            Self::VitalSigns => "Vital signs",
            Self::PastConditions => "Past conditions",
            Self::PastMedicines => "Past medicines",
            Self::Fills => "Medicines dispensed and given",
            Self::Procedures => "Procedures",
            Self::Visits => "Visits and stays",
            Self::Plans => "Plans and goals",
            Self::Pregnancy => "Pregnancy",
            Self::SocialHistory => "Social history",
            Self::FamilyHistory => "Family history",
            Self::Functional => "Health status and function",
            Self::CareTeam => "Care team and contacts",
            Self::Insurance => "Insurance",
            Self::Documents => "Documents",
        }
    }

    /// Whether its items are measured again and again: the newest value of each test leads, earlier ones follow.
    pub fn measures(self) -> bool {
        matches!(self, Self::Results | Self::VitalSigns)
    }
}

/// LOINC codes about a pregnancy (IPS Pregnancy Status, Expected Delivery Date, Outcome).
const PREGNANCY: [&str; 16] = [
    "82810-3", "11778-8", "11779-6", "11780-4", "11636-8", "11637-6", "11638-4", "11639-2", "11640-0", "11612-9", "11613-7", "11614-5",
    "33065-4", "49051-6", "18185-9", "57714-8",
];

/// Where a record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Into a part.
    In(Part),
    /// It has no line of its own: others name it (who, where, which specimen).
    Beside,
    /// The person.
    Person,
    /// About how records came here, or the frame of a document: nothing about anyone's health.
    Frame,
    /// No summary has room for it.
    Outside,
}

/// The place of a record.
pub(super) fn place(row: &Row) -> Place {
    use Place::{Beside, Frame, In, Outside, Person};
    match row.kind.as_str() {
        "Patient" => return Person,
        "Practitioner" | "PractitionerRole" | "Organization" | "Location" | "HealthcareService" | "Medication" | "Specimen"
        | "Endpoint" | "Binary" => return Beside,
        "Composition" | "Provenance" | "AuditEvent" | "DocumentManifest" => return Frame,
        "DeviceRequest" | "SupplyRequest" | "ImmunizationRecommendation" | "Appointment" => return In(Part::Plans),
        "DeviceMetric" | "DeviceDefinition" | "AppointmentResponse" => return Outside,
        "DiagnosticReport" | "ImagingStudy" => return In(Part::Reports),
        "MedicationDispense" | "MedicationAdministration" => return In(Part::Fills),
        "Flag" => return In(Part::Alerts),
        "Consent" => return In(Part::AdvanceDirectives),
        _ => {}
    }
    if row.kind == "Observation" && row.code.as_deref().is_some_and(about_pregnancy) {
        return In(Part::Pregnancy);
    }
    match row.class {
        Class::Allergy => In(Part::Allergies),
        Class::Problem if row.standing == Standing::Past => In(Part::PastConditions),
        Class::Problem => In(Part::Conditions),
        Class::Medication => In(match row.standing {
            Standing::Past | Standing::NotDone => Part::PastMedicines,
            _ => Part::Medicines,
        }),
        Class::Immunization => In(Part::Immunizations),
        Class::Laboratory | Class::ClinicalTest | Class::Imaging if row.kind == "Observation" => In(Part::Results),
        Class::VitalSign => In(Part::VitalSigns),
        Class::Procedure => In(Part::Procedures),
        Class::Device => In(Part::Devices),
        Class::Encounter => In(Part::Visits),
        Class::Goal if row.kind == "Observation" => In(Part::AdvanceDirectives),
        Class::Goal | Class::Plan => In(Part::Plans),
        Class::SocialHistory => In(Part::SocialHistory),
        Class::FamilyHistory => In(Part::FamilyHistory),
        Class::HealthStatus => In(Part::Functional),
        Class::CareTeam => In(Part::CareTeam),
        Class::Insurance if row.kind == "Coverage" => In(Part::Insurance),
        Class::Note => In(Part::Documents),
        _ => Outside,
    }
}

fn about_pregnancy(code: &str) -> bool {
    code.strip_prefix(systems::LOINC).and_then(|c| c.strip_prefix('|')).is_some_and(|c| PREGNANCY.contains(&c))
}

/// What a record without code or status of absence says of "none": used beside [`Standing::Absent`].
pub(crate) fn is_refuted(resource: &Value) -> bool {
    resource.get("verificationStatus").is_some_and(|v| has_code(v, "", "refuted"))
}
