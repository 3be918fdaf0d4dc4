//! Code systems: the OIDs that CDA writes and the addresses that FHIR R4 gives them (FHIR R4, "Code Systems";
//! terminology.hl7.org).

const SYSTEMS: &[(&str, &str)] = &[
    ("2.16.840.1.113883.6.1", "http://loinc.org"),
    ("2.16.840.1.113883.6.96", "http://snomed.info/sct"),
    ("2.16.840.1.113883.6.88", "http://www.nlm.nih.gov/research/umls/rxnorm"),
    ("2.16.840.1.113883.6.90", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("2.16.840.1.113883.6.3", "http://hl7.org/fhir/sid/icd-10"),
    ("2.16.840.1.113883.6.4", "http://www.cms.gov/Medicare/Coding/ICD10"),
    ("2.16.840.1.113883.6.2", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("2.16.840.1.113883.6.103", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("2.16.840.1.113883.6.104", "http://hl7.org/fhir/sid/icd-9-cm"),
    ("2.16.840.1.113883.6.12", "http://www.ama-assn.org/go/cpt"),
    ("2.16.840.1.113883.6.69", "http://hl7.org/fhir/sid/ndc"),
    ("2.16.840.1.113883.12.292", "http://hl7.org/fhir/sid/cvx"),
    ("2.16.840.1.113883.6.59", "http://hl7.org/fhir/sid/cvx"),
    ("2.16.840.1.113883.12.227", "http://hl7.org/fhir/sid/mvx"),
    ("2.16.840.1.113883.6.60", "http://hl7.org/fhir/sid/mvx"),
    ("2.16.840.1.113883.4.9", "http://fdasis.nlm.nih.gov"),
    ("2.16.840.1.113883.3.26.1.1", "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"),
    ("2.16.840.1.113883.3.26.1.5", "http://hl7.org/fhir/ndfrt"),
    ("2.16.840.1.113883.6.209", "http://hl7.org/fhir/ndfrt"),
    ("2.16.840.1.113883.6.345", "http://terminology.hl7.org/CodeSystem/MED-RT"),
    ("2.16.840.1.113883.6.101", "http://nucc.org/provider-taxonomy"),
    ("2.16.840.1.113883.6.238", "urn:oid:2.16.840.1.113883.6.238"),
    ("2.16.840.1.113883.6.259", "https://www.cdc.gov/nhsn/cdaportal/terminology/codesystem/hsloc.html"),
    ("2.16.840.1.113883.6.285", "http://terminology.hl7.org/CodeSystem/HCPCS"),
    ("2.16.840.1.113883.6.14", "http://terminology.hl7.org/CodeSystem/HCPCS"),
    ("2.16.840.1.113883.6.13", "http://terminology.hl7.org/CodeSystem/CD2"),
    ("2.16.840.1.113883.6.8", "http://unitsofmeasure.org"),
    ("2.16.840.1.113883.6.24", "urn:iso:std:iso:11073:10101"),
    ("2.16.840.1.113883.6.50", "https://www.usps.com/"),
    (
        "2.16.840.1.113883.6.301.3",
        "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/AcuteInpatientPPS/MS-DRG-Classifications-and-Software",
    ),
    ("2.16.840.1.113883.6.301.5", "http://www.nubc.org/patient-discharge"),
    ("2.16.840.1.113883.6.254", "http://hl7.org/fhir/sid/icf-nl"),
    ("2.16.840.1.113883.6.73", "http://www.whocc.no/atc"),
    ("2.16.840.1.113883.3.221.5", "https://nahdo.org/sopt"),
    ("2.16.840.1.113883.6.256", "http://radlex.org"),
    ("1.2.840.10008.2.16.4", "http://dicom.nema.org/resources/ontology/DCM"),
    ("2.16.840.1.113883.6.121", "urn:ietf:bcp:47"),
    ("2.16.840.1.113883.6.99", "urn:ietf:bcp:47"),
    ("1.0.3166.1.2.2", "urn:iso:std:iso:3166"),
    ("2.16.840.1.113883.5.1", "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender"),
    ("2.16.840.1.113883.5.2", "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"),
    ("2.16.840.1.113883.5.4", "http://terminology.hl7.org/CodeSystem/v3-ActCode"),
    ("2.16.840.1.113883.5.6", "http://terminology.hl7.org/CodeSystem/v3-ActClass"),
    ("2.16.840.1.113883.5.7", "http://terminology.hl7.org/CodeSystem/v3-ActPriority"),
    ("2.16.840.1.113883.5.8", "http://terminology.hl7.org/CodeSystem/v3-ActReason"),
    ("2.16.840.1.113883.5.14", "http://terminology.hl7.org/CodeSystem/v3-ActStatus"),
    ("2.16.840.1.113883.5.25", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"),
    ("2.16.840.1.113883.5.43", "http://terminology.hl7.org/CodeSystem/v3-EntityNamePartQualifier"),
    ("2.16.840.1.113883.5.60", "http://terminology.hl7.org/CodeSystem/v3-LanguageAbilityMode"),
    ("2.16.840.1.113883.5.61", "http://terminology.hl7.org/CodeSystem/v3-LanguageAbilityProficiency"),
    ("2.16.840.1.113883.5.83", "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"),
    ("2.16.840.1.113883.5.84", "http://terminology.hl7.org/CodeSystem/v3-ObservationMethod"),
    ("2.16.840.1.113883.5.88", "http://terminology.hl7.org/CodeSystem/v3-ParticipationFunction"),
    ("2.16.840.1.113883.5.90", "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"),
    ("2.16.840.1.113883.5.110", "http://terminology.hl7.org/CodeSystem/v3-RoleClass"),
    ("2.16.840.1.113883.5.111", "http://terminology.hl7.org/CodeSystem/v3-RoleCode"),
    ("2.16.840.1.113883.5.112", "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"),
    ("2.16.840.1.113883.5.139", "http://terminology.hl7.org/CodeSystem/v3-TimingEvent"),
    ("2.16.840.1.113883.5.1001", "http://terminology.hl7.org/CodeSystem/v3-ActMood"),
    ("2.16.840.1.113883.5.1002", "http://terminology.hl7.org/CodeSystem/v3-ActRelationshipType"),
    ("2.16.840.1.113883.5.1008", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"),
    ("2.16.840.1.113883.5.1063", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"),
    ("2.16.840.1.113883.5.1070", "http://terminology.hl7.org/CodeSystem/v3-SubstanceAdminSubstitution"),
    ("2.16.840.1.113883.5.1076", "http://terminology.hl7.org/CodeSystem/v3-ReligiousAffiliation"),
    ("2.16.840.1.113883.5.1119", "http://terminology.hl7.org/CodeSystem/v3-AddressUse"),
    ("2.16.840.1.113883.12.1", "http://terminology.hl7.org/CodeSystem/v2-0001"),
    ("2.16.840.1.113883.12.2", "http://terminology.hl7.org/CodeSystem/v2-0002"),
    ("2.16.840.1.113883.12.112", "http://terminology.hl7.org/CodeSystem/v2-0112"),
    ("2.16.840.1.113883.12.443", "http://terminology.hl7.org/CodeSystem/v2-0443"),
    ("2.16.840.1.113883.4.642.4.1048", "http://terminology.hl7.org/CodeSystem/discharge-disposition"),
    ("2.16.840.1.113883.4.642.1.1130", "http://terminology.hl7.org/CodeSystem/goal-achievement"),
    ("2.16.840.1.113883.4.642.4.1373", "http://hl7.org/fhir/us/core/CodeSystem/careteam-provider-roles"),
];

/// The FHIR address of a code system's OID; `urn:oid:…` or `urn:uuid:…` where FHIR has no other.
pub(crate) fn oid_system(oid: &str) -> String {
    let oid = oid.trim();
    if let Some((_, uri)) = SYSTEMS.iter().find(|(known, _)| *known == oid) {
        return (*uri).to_owned();
    }
    root_uri(oid)
}

/// The OID of a code system by its FHIR address, for writing CDA.
pub(crate) fn system_oid(address: &str) -> Option<&'static str> {
    SYSTEMS.iter().find(|(_, uri)| *uri == address).map(|(oid, _)| *oid)
}

/// The URI of an II root or an unknown code system: an OID, a UUID, or whatever the vendor wrote.
pub(super) fn root_uri(root: &str) -> String {
    let is_oid = root.contains('.') && root.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_oid {
        format!("urn:oid:{root}")
    } else if is_uuid(root) {
        format!("urn:uuid:{}", root.to_ascii_lowercase())
    } else if root.contains(':') {
        root.to_owned()
    } else {
        format!("urn:keepwell:cda:root:{root}")
    }
}

pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::oid_system;

    #[test]
    fn names_systems() {
        assert_eq!(oid_system(" 2.16.840.1.113883.6.1 "), "http://loinc.org");
        assert_eq!(oid_system("1.2.3"), "urn:oid:1.2.3");
        assert_eq!(oid_system("A1B2C3D4-0000-1111-2222-333344445555"), "urn:uuid:a1b2c3d4-0000-1111-2222-333344445555");
        assert_eq!(oid_system("LOINC local"), "urn:keepwell:cda:root:LOINC local");
    }
}
