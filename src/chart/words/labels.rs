//! Element names and codes of FHIR R4 in everyday words.

/// Elements whose name alone would not be understood; all others are split into their words.
const LABELS: [(&str, &str); 159] = [
    ("abatement", "Ended"),
    ("active", "In use"),
    ("actor", "Who"),
    ("adjudication", "What was decided"),
    ("allergyIntolerance", "Allergy"),
    ("amount", "Amount"),
    ("asNeeded", "Only when needed"),
    ("asserter", "Stated by"),
    ("author", "Written by"),
    ("authoredOn", "Written on"),
    ("authorString", "Written by"),
    ("authorReference", "Written by"),
    ("basedOn", "Asked for in"),
    ("beneficiary", "Insured person"),
    ("billablePeriod", "Time covered"),
    ("birthDate", "Born"),
    ("bodySite", "Where on the body"),
    ("careTeam", "Care team"),
    ("carrierHRF", "Barcode of the device (UDI)"),
    ("carrierAIDC", "Barcode of the device, for machines"),
    ("category", "Kind"),
    ("class", "Class"),
    ("clinicalStatus", "State"),
    ("code", "What"),
    ("comment", "Comment"),
    ("communication", "Languages"),
    ("component", "Parts"),
    ("conclusion", "Conclusion"),
    ("condition", "Condition"),
    ("contained", "Held inside this record"),
    ("content", "Content"),
    ("contentType", "File type"),
    ("costToBeneficiary", "What the insured person pays"),
    ("created", "Made on"),
    ("criticality", "How dangerous it could be"),
    ("custodian", "Kept by"),
    ("dateAsserted", "Stated on"),
    ("dateTime", "When"),
    ("daysSupply", "Lasts"),
    ("deceased", "Died"),
    ("definition", "Follows"),
    ("derivedFrom", "Worked out from"),
    ("description", "In words"),
    ("destination", "Went to"),
    ("detail", "Detail"),
    ("deviceName", "Name of the device"),
    ("diagnosis", "Diagnoses"),
    ("dischargeDisposition", "Left to"),
    ("dispenseRequest", "Filling"),
    ("distinctIdentifier", "Donation number"),
    ("doNotPerform", "Not to be done"),
    ("docStatus", "State of the document"),
    ("dosage", "Directions"),
    ("dosageInstruction", "Directions"),
    ("doseAndRate", "Dose"),
    ("doseNumber", "Dose number"),
    ("doseQuantity", "Dose"),
    ("effective", "When"),
    ("encounter", "Visit"),
    ("entry", "Entries"),
    ("event", "Times"),
    ("expirationDate", "Use by"),
    ("expressedBy", "Set by"),
    ("exposedDate", "Exposed on"),
    ("facility", "Place"),
    ("focus", "About"),
    ("format", "Format"),
    ("gender", "Sex"),
    ("generalPractitioner", "Doctor"),
    ("goal", "Goals"),
    ("hasMember", "Holds"),
    ("hospitalization", "Hospital stay"),
    ("id", "Number of the record at its source"),
    ("identifier", "Numbers"),
    ("indication", "What for"),
    ("individual", "Who"),
    ("informationSource", "Told by"),
    ("insurance", "Insurance"),
    ("insurer", "Insurer"),
    ("intent", "Meant as"),
    ("interpretation", "The source’s own mark"),
    ("issued", "Given out"),
    ("item", "Items"),
    ("lastOccurrence", "Last time"),
    ("lastUpdated", "Last changed at the source"),
    ("link", "Linked to"),
    ("location", "Place"),
    ("lotNumber", "Lot"),
    ("maintenance", "Care"),
    ("managingOrganization", "Kept by"),
    ("manifestation", "What happened"),
    ("manufactureDate", "Made on"),
    ("maritalStatus", "Married or not"),
    ("medication", "Medicine"),
    ("meta", "About the record itself"),
    ("method", "How"),
    ("modelNumber", "Model"),
    ("multipleBirth", "Twin or more"),
    ("note", "Notes"),
    ("numberOfRepeatsAllowed", "Refills allowed"),
    ("occurrence", "When"),
    ("onset", "Began"),
    ("organization", "Organization"),
    ("outcome", "Outcome"),
    ("outcomeReference", "Outcome"),
    ("participant", "People"),
    ("partOf", "Part of"),
    ("patient", "Person"),
    ("payee", "Paid to"),
    ("payload", "Content"),
    ("payment", "Payment"),
    ("payor", "Paid by"),
    ("performed", "When"),
    ("performer", "Done by"),
    ("period", "When"),
    ("policyHolder", "Holder of the policy"),
    ("position", "Place on the map"),
    ("practitioner", "Who"),
    ("preferred", "Preferred"),
    ("presentedForm", "The report as a file"),
    ("primarySource", "From the one who gave it"),
    ("priority", "How urgent"),
    ("procedure", "Procedure"),
    ("profile", "Follows the profile"),
    ("protocolApplied", "Vaccination plan"),
    ("provider", "Given by"),
    ("quantity", "Amount"),
    ("rank", "Rank"),
    ("reason", "Reason"),
    ("reasonCode", "Reason"),
    ("reasonReference", "Reason"),
    ("received", "Received"),
    ("recipient", "To"),
    ("recorded", "Recorded"),
    ("recordedDate", "Recorded"),
    ("recorder", "Recorded by"),
    ("referenceRange", "Range"),
    ("relatesTo", "Goes with"),
    ("requester", "Asked for by"),
    ("result", "Results"),
    ("route", "How it is taken"),
    ("sender", "From"),
    ("sent", "Sent"),
    ("serviceProvider", "Organization"),
    ("severity", "How severe"),
    ("specimen", "Specimen"),
    ("statusReason", "Why it stands so"),
    ("subject", "Person"),
    ("substance", "Substance"),
    ("telecom", "Phone and e-mail"),
    ("udiCarrier", "Device number (UDI)"),
    ("use", "Use"),
    ("validityPeriod", "Valid"),
    ("verificationStatus", "How certain"),
    ("versionId", "Version at the source"),
    ("whenHandedOver", "Handed over"),
    ("whenPrepared", "Prepared"),
    ("who", "Who"),
    ("tag", "Tags"),
];

/// Elements that a source gives in one of several types (FHIR R4, "Choice of datatypes"): the type is not part of the name.
const CHOICES: [&str; 26] = [
    "doseNumber",
    "seriesDoses",
    "value",
    "effective",
    "onset",
    "abatement",
    "performed",
    "occurrence",
    "deceased",
    "multipleBirth",
    "medication",
    "reported",
    "timing",
    "serviced",
    "born",
    "age",
    "asNeeded",
    "content",
    "allowed",
    "used",
    "dose",
    "rate",
    "location",
    "diagnosis",
    "procedure",
    "product",
];

/// Elements that hold codes of FHIR's own small lists.
const CODES: [&str; 20] = [
    "status",
    "intent",
    "gender",
    "use",
    "priority",
    "criticality",
    "mode",
    "type",
    "severity",
    "category",
    "participationStatus",
    "rank",
    "docStatus",
    "lifecycleStatus",
    "periodUnit",
    "when",
    "outcome",
    "comparator",
    "relationship",
    "action",
];

/// The words of an element's name.
pub(super) fn label(key: &str) -> String {
    let base = CHOICES
        .iter()
        .find(|c| key.len() > c.len() && key.starts_with(**c) && key.as_bytes()[c.len()].is_ascii_uppercase() && is_type(&key[c.len()..]))
        .map_or(key, |c| *c);
    let found = LABELS.iter().find(|(k, _)| *k == base).or_else(|| LABELS.iter().find(|(k, _)| *k == key));
    found.map_or_else(|| split_words(base), |(_, words)| (*words).to_owned())
}

fn is_type(text: &str) -> bool {
    const TYPES: [&str; 26] = [
        "Quantity",
        "CodeableConcept",
        "String",
        "Boolean",
        "Integer",
        "Decimal",
        "Range",
        "Ratio",
        "SampledData",
        "Time",
        "DateTime",
        "Date",
        "Period",
        "Age",
        "Reference",
        "Attachment",
        "Timing",
        "Money",
        "Coding",
        "Code",
        "Uri",
        "Url",
        "Identifier",
        "PositiveInt",
        "Address",
        "Instant",
    ];
    TYPES.contains(&text)
}

/// Whether an element holds a code of a small list.
pub(super) fn is_code(key: &str) -> bool {
    CODES.contains(&key)
}

/// "in-progress" as "In progress"; what is no such code stays as it is.
pub fn words_of_code(code: &str) -> String {
    match code {
        "entered-in-error" => return "Entered in error".into(),
        "not-done" => return "Not done".into(),
        "nullified" => return "Withdrawn by the source".into(),
        _ => {}
    }
    let simple = !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if simple { capital(&code.replace('-', " ")) } else { code.to_owned() }
}

/// "performedPeriod" as "Performed period", "favourite-colour" as "Favourite colour".
pub(super) fn split_words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    let mut last_lower = false;
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            out.push(' ');
            last_lower = false;
            continue;
        }
        if c.is_uppercase() && last_lower {
            out.push(' ');
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
        last_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    capital(out.trim())
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The short name of a code system; its address's last part when it is not one of the great ones.
pub(super) fn system_words(system: &str) -> &str {
    use crate::record::systems as s;
    match system {
        s::LOINC => "LOINC",
        s::SNOMED => "SNOMED CT",
        s::RXNORM => "RxNorm",
        s::ICD10CM => "ICD-10-CM",
        "http://hl7.org/fhir/sid/icd-10" => "ICD-10",
        s::ICD9CM => "ICD-9-CM",
        s::CVX => "CVX",
        s::NDC => "NDC",
        s::CPT => "CPT",
        "http://www.ada.org/cdt" => "CDT",
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets" | "urn:oid:2.16.840.1.113883.6.285" => "HCPCS",
        "http://fdasis.nlm.nih.gov" => "UNII",
        NCIT | "urn:oid:2.16.840.1.113883.3.26.1.1" => "NCI",
        "" => "",
        other => other.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or(other),
    }
}

const NCIT: &str = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl";

/// Words for codes that senders of C-CDA leave without any: routes (NCI Thesaurus, the value set of FDA's routes of
/// administration) and kinds of problems (SNOMED CT, value set "Problem Type").
pub(super) fn known(system: &str, code: &str) -> Option<&'static str> {
    use crate::record::systems as s;
    Some(match (system, code) {
        (NCIT | "urn:oid:2.16.840.1.113883.3.26.1.1", code) => match code {
            "C38288" => "By mouth",
            "C38276" => "Into a vein",
            "C28161" => "Into a muscle",
            "C38299" => "Under the skin",
            "C38238" => "Into the skin",
            "C38304" => "On the skin",
            "C38305" => "Through the skin (patch)",
            "C38216" => "Breathed in",
            "C38284" => "Into the nose",
            "C38287" => "Into the eye",
            "C38192" => "Into the ear",
            "C38300" => "Under the tongue",
            "C38295" => "Into the rectum",
            "C38313" => "Into the vagina",
            _ => return None,
        },
        (s::SNOMED, "55607006") => "Problem",
        (s::SNOMED, "282291009") => "Diagnosis",
        (s::SNOMED, "404684003") => "Finding",
        (s::SNOMED, "409586006") => "Complaint",
        (s::SNOMED, "418799008") => "Symptom",
        (s::SNOMED, "64572001") => "Condition",
        ("urn:ietf:bcp:47", code) => match code.split('-').next().unwrap_or(code) {
            "ar" => "Arabic",
            "de" => "German",
            "en" => "English",
            "es" => "Spanish",
            "fr" => "French",
            "hi" => "Hindi",
            "it" => "Italian",
            "ja" => "Japanese",
            "ko" => "Korean",
            "pl" => "Polish",
            "pt" => "Portuguese",
            "ru" => "Russian",
            "tl" => "Tagalog",
            "vi" => "Vietnamese",
            "zh" => "Chinese",
            _ => return None,
        },
        (s::LOINC, "75326-9") => "Problem",
        (s::LOINC, "29308-4") => "Diagnosis",
        _ => return None,
    })
}

/// FHIR types in the words of the pages.
pub fn type_words(kind: &str) -> String {
    match kind {
        "AllergyIntolerance" => "Allergy",
        "MedicationRequest" => "Prescription",
        "MedicationStatement" => "Medicine taken",
        "MedicationDispense" => "Medicine handed over",
        "MedicationAdministration" => "Medicine given",
        "Medication" => "Medicine",
        "Condition" => "Condition",
        "Observation" => "Result or observation",
        "DiagnosticReport" => "Report",
        "DocumentReference" => "Document",
        "Composition" => "Document",
        "Encounter" => "Visit",
        "Immunization" => "Immunization",
        "ImagingStudy" => "Pictures (imaging study)",
        "ExplanationOfBenefit" => "Plan’s statement (EOB)",
        "ServiceRequest" => "Order or referral",
        "FamilyMemberHistory" => "Family history",
        "Practitioner" => "Clinician",
        "PractitionerRole" => "Clinician at a place",
        "Organization" => "Organization",
        "Location" => "Place",
        "Patient" => "About this person",
        "RelatedPerson" => "Related person",
        "QuestionnaireResponse" => "Answers to questions",
        "Communication" => "Message",
        "Provenance" => "Where it came from",
        "Media" => "Picture or recording",
        "Binary" => "File",
        "Coverage" => "Insurance",
        "Goal" => "Goal",
        "Procedure" => "Procedure",
        "Device" => "Device",
        "DeviceUseStatement" => "Use of a device",
        "CarePlan" => "Care plan",
        "CareTeam" => "Care team",
        other => return split_words(other),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes() {
        for (key, words) in [
            ("authoredOn", "Written on"),
            ("effectiveDateTime", "When"),
            ("medicationCodeableConcept", "Medicine"),
            ("valueQuantity", "Value"),
            ("someNewElement", "Some new element"),
            ("valueSet", "Value set"),
        ] {
            assert_eq!(label(key), words);
        }
        assert_eq!(words_of_code("in-progress"), "In progress");
        assert_eq!(words_of_code("Left arm"), "Left arm");
        assert_eq!(system_words("http://terminology.hl7.org/CodeSystem/v3-ActCode"), "v3-ActCode");
    }
}
