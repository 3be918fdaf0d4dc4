//! What is served, and what it can be searched by: the parameters and includes of US Core, as far as a chart has the elements.

/// How a parameter is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `code`, `system|code`, `|code`, `system|`.
    Token,
    /// With a prefix: `ge2020-01`.
    Date,
    /// The beginning of a word, in any case.
    Text,
    /// An address, with or without its version.
    Uri,
    /// The person: whichever of their Patient records is named, since a chart is one person's.
    Patient,
    /// A visit.
    Encounter,
    /// Another record: `Practitioner/12` or `12`. What it points to can be asked for with it (`_include`).
    Reference,
}

/// A parameter, how it is compared, and the elements that it looks at.
pub(super) type Param = (&'static str, Kind, &'static [&'static str]);

const fn token(name: &'static str, elements: &'static [&'static str]) -> Param {
    (name, Kind::Token, elements)
}

const fn date(name: &'static str, elements: &'static [&'static str]) -> Param {
    (name, Kind::Date, elements)
}

const fn text(name: &'static str, elements: &'static [&'static str]) -> Param {
    (name, Kind::Text, elements)
}

const fn reference(name: &'static str, elements: &'static [&'static str]) -> Param {
    (name, Kind::Reference, elements)
}

/// When something was so, whichever way a record says it.
const EFFECTIVE: &[&str] = &["effectiveDateTime", "effectivePeriod", "effectiveInstant"];

const PATIENT: Param = ("patient", Kind::Patient, &[]);
const SUBJECT: Param = ("subject", Kind::Patient, &[]);
const ENCOUNTER: Param = ("encounter", Kind::Encounter, &[]);
const STATUS: Param = token("status", &["status"]);
const CODE: Param = token("code", &["code"]);
const CATEGORY: Param = token("category", &["category"]);
const IDENTIFIER: Param = token("identifier", &["identifier"]);
const INTENT: Param = token("intent", &["intent"]);
const TYPE: Param = token("type", &["type"]);
const CLINICAL_STATUS: Param = token("clinical-status", &["clinicalStatus"]);
const VERIFICATION_STATUS: Param = token("verification-status", &["verificationStatus"]);
/// A medicine named in the record itself, and one that has a record of its own.
const DRUG: Param = token("code", &["medicationCodeableConcept"]);
const MEDICATION: Param = reference("medication", &["medicationReference"]);
const CREATED: Param = date("created", &["created"]);
const DATE: Param = date("date", &["date"]);
const PERIOD: Param = date("date", &["period"]);
const NAME: Param = text("name", &["name"]);
const ADDRESS: Param = text("address", &["address"]);
const CITY: Param = text("address-city", &["address.city"]);
const STATE: Param = text("address-state", &["address.state"]);
const POSTAL_CODE: Param = text("address-postalcode", &["address.postalCode"]);

/// Every type that is served, with its parameters beside those of all ([`ALL`]).
pub(super) const TYPES: &[(&str, &[Param])] = &[
    ("Account", &[PATIENT, STATUS]),
    (
        "AllergyIntolerance",
        &[
            PATIENT,
            CODE,
            CATEGORY,
            CLINICAL_STATUS,
            VERIFICATION_STATUS,
            token("criticality", &["criticality"]),
            date("date", &["recordedDate"]),
        ],
    ),
    ("Appointment", &[PATIENT, STATUS, date("date", &["start"])]),
    ("Binary", &[]),
    ("CarePlan", &[PATIENT, SUBJECT, ENCOUNTER, CATEGORY, STATUS, PERIOD]),
    (
        "CareTeam",
        &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            CATEGORY,
            STATUS,
            token("role", &["participant.role"]),
            reference("participant", &["participant.member"]),
        ],
    ),
    ("Claim", &[PATIENT, STATUS, CREATED]),
    ("Communication", &[PATIENT, SUBJECT, STATUS, CATEGORY, date("sent", &["sent"])]),
    ("Composition", &[PATIENT, SUBJECT, STATUS, TYPE, DATE]),
    (
        "Condition",
        &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            CATEGORY,
            CODE,
            CLINICAL_STATUS,
            VERIFICATION_STATUS,
            date("onset-date", &["onsetDateTime", "onsetPeriod"]),
            date("abatement-date", &["abatementDateTime", "abatementPeriod"]),
            date("recorded-date", &["recordedDate"]),
        ],
    ),
    ("Consent", &[PATIENT, STATUS, CATEGORY, date("date", &["dateTime"])]),
    ("Coverage", &[PATIENT, ("beneficiary", Kind::Patient, &[]), STATUS, TYPE, IDENTIFIER]),
    ("Device", &[PATIENT, STATUS, TYPE]),
    ("DeviceRequest", &[PATIENT, SUBJECT, ENCOUNTER, STATUS, token("code", &["codeCodeableConcept"])]),
    ("DeviceUseStatement", &[PATIENT, SUBJECT]),
    ("DiagnosticReport", &[PATIENT, SUBJECT, ENCOUNTER, CATEGORY, CODE, STATUS, date("date", EFFECTIVE), date("issued", &["issued"])]),
    ("DocumentReference", &[PATIENT, SUBJECT, CATEGORY, STATUS, TYPE, IDENTIFIER, DATE, date("period", &["context.period"])]),
    (
        "Encounter",
        &[
            PATIENT,
            SUBJECT,
            STATUS,
            TYPE,
            IDENTIFIER,
            token("class", &["class"]),
            PERIOD,
            token("discharge-disposition", &["hospitalization.dischargeDisposition"]),
            reference("location", &["location.location"]),
        ],
    ),
    ("EpisodeOfCare", &[PATIENT, STATUS, PERIOD]),
    ("ExplanationOfBenefit", &[PATIENT, STATUS, CREATED]),
    ("FamilyMemberHistory", &[PATIENT, STATUS, token("code", &["condition.code"]), token("relationship", &["relationship"])]),
    (
        "Goal",
        &[
            PATIENT,
            SUBJECT,
            CATEGORY,
            token("lifecycle-status", &["lifecycleStatus"]),
            token("description", &["description"]),
            date("start-date", &["startDate"]),
            date("target-date", &["target.dueDate"]),
        ],
    ),
    ("Group", &[]),
    ("HealthcareService", &[NAME]),
    ("ImagingStudy", &[PATIENT, SUBJECT, STATUS, date("started", &["started"])]),
    ("Immunization", &[PATIENT, STATUS, date("date", &["occurrenceDateTime"]), token("vaccine-code", &["vaccineCode"])]),
    ("ImmunizationRecommendation", &[PATIENT, DATE]),
    ("List", &[PATIENT, SUBJECT, STATUS, CODE]),
    ("Location", &[NAME, IDENTIFIER, ADDRESS, CITY, STATE, POSTAL_CODE]),
    ("Media", &[PATIENT, SUBJECT, STATUS]),
    ("Medication", &[CODE, STATUS]),
    ("MedicationAdministration", &[PATIENT, SUBJECT, STATUS, DRUG, MEDICATION, date("effective-time", EFFECTIVE)]),
    ("MedicationDispense", &[PATIENT, SUBJECT, STATUS, TYPE, DRUG, MEDICATION, date("whenhandedover", &["whenHandedOver"])]),
    ("MedicationRequest", &[PATIENT, SUBJECT, ENCOUNTER, STATUS, CATEGORY, INTENT, DRUG, MEDICATION, date("authoredon", &["authoredOn"])]),
    ("MedicationStatement", &[PATIENT, SUBJECT, STATUS, DRUG, MEDICATION, date("effective", EFFECTIVE)]),
    ("NutritionOrder", &[PATIENT, STATUS]),
    (
        "Observation",
        &[PATIENT, SUBJECT, ENCOUNTER, CATEGORY, CODE, STATUS, date("date", EFFECTIVE), token("value-concept", &["valueCodeableConcept"])],
    ),
    ("Organization", &[NAME, IDENTIFIER, ADDRESS]),
    (
        "Patient",
        &[
            NAME,
            IDENTIFIER,
            text("family", &["name.family"]),
            text("given", &["name.given"]),
            date("birthdate", &["birthDate"]),
            date("death-date", &["deceasedDateTime"]),
            token("gender", &["gender"]),
        ],
    ),
    ("Practitioner", &[NAME, IDENTIFIER]),
    (
        "PractitionerRole",
        &[token("specialty", &["specialty"]), reference("practitioner", &["practitioner"]), reference("organization", &["organization"])],
    ),
    ("Procedure", &[PATIENT, SUBJECT, ENCOUNTER, STATUS, CODE, CATEGORY, date("date", &["performedDateTime", "performedPeriod"])]),
    ("Provenance", &[reference("target", &["target"]), date("recorded", &["recorded"])]),
    ("Questionnaire", &[]),
    (
        "QuestionnaireResponse",
        &[PATIENT, SUBJECT, STATUS, date("authored", &["authored"]), ("questionnaire", Kind::Uri, &["questionnaire"])],
    ),
    ("RelatedPerson", &[PATIENT, NAME]),
    ("RiskAssessment", &[PATIENT, SUBJECT]),
    ("ServiceRequest", &[PATIENT, SUBJECT, ENCOUNTER, STATUS, CODE, CATEGORY, INTENT, date("authored", &["authoredOn"])]),
    ("Specimen", &[PATIENT, SUBJECT, TYPE]),
    ("Substance", &[CODE]),
];

/// Of every type.
pub(super) const ALL: &[(&str, &str)] = &[("_id", "token"), ("_lastUpdated", "date")];

/// The one `_revinclude`: where the records that are found came from (US Core, "Basic Provenance").
pub(super) const PROVENANCE: &str = "Provenance:target";

pub(super) fn is_known(kind: &str) -> bool {
    of(kind).is_some()
}

pub(super) fn of(kind: &str) -> Option<&'static [Param]> {
    TYPES.iter().find(|(k, _)| *k == kind).map(|(_, params)| *params)
}
