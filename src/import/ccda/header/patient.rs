//! recordTarget: the Patient.

use super::demographics;
use crate::Result;
use crate::import::ccda::context::{Context, contain, display_of};
use crate::import::ccda::types::{
    address, concept, extend, human_name, identifiers, name_text, push, put, put_all, reachable, stamp, telecom,
};
use crate::import::ccda::xml::{Node, attr, child, children, path, sdtc, sdtc_all};
use crate::record::Resource;
use serde_json::{Value, json};

/// Hands over the Patient that the document is about; not counted.
///
/// # Errors
/// What the sink returns.
pub(in crate::import::ccda) fn patient(cx: &mut Context) -> Result<()> {
    let root = cx.root;
    let mut targets = children(root, "recordTarget").filter_map(|t| child(t, "patientRole"));
    let Some(role) = targets.next() else {
        cx.warn(root, "The document does not say who it is about.");
        return Ok(());
    };
    let others = targets.count();
    if others > 0 {
        cx.warn(root, &format!("The document names {others} more people. It was read as the first one's."));
    }
    let resource = resource(role, cx);
    let name = display_of(&resource);
    let reference = cx.reference_to(role, "Patient");
    cx.about(reference, name);
    cx.emit(role, resource, false)?;
    Ok(())
}

fn resource(role: Node, cx: &Context) -> Resource {
    let mut out = json!({"resourceType": "Patient"});
    put_all(&mut out, "identifier", identifiers(role));
    reachable(&mut out, role);
    if let Some(patient) = child(role, "patient").or_else(|| child(role, "patientPatient")) {
        put_all(&mut out, "name", children(patient, "name").filter_map(human_name).collect());
        put(&mut out, "gender", gender(patient).map(Value::from));
        born(&mut out, patient);
        died(&mut out, patient);
        put(&mut out, "maritalStatus", child(patient, "maritalStatusCode").and_then(|c| concept(c, cx)));
        put_all(&mut out, "communication", children(patient, "languageCommunication").filter_map(|l| language(l, cx)).collect());
        put_all(&mut out, "contact", children(patient, "guardian").filter_map(|g| guardian(g, cx, &mut json!({}))).collect());
        if let Some(place) = path(patient, "birthplace/place/addr").and_then(address) {
            extend(&mut out, json!({"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": place}));
        }
        for extension in demographics::extensions(patient, cx) {
            extend(&mut out, extension);
        }
    }
    for contact in supporters(cx) {
        push(&mut out, "contact", contact);
    }
    if let Some(organization) = child(role, "providerOrganization").and_then(|o| cx.organization(o)) {
        let reference = contain(&mut out, organization);
        put(&mut out, "managingOrganization", Some(reference));
    }
    out
}

/// AdministrativeGender of HL7 V3 (M, F, UN) as FHIR's; a nullFlavor UNK is an unknown that somebody stated.
fn gender(patient: Node) -> Option<&'static str> {
    let node = child(patient, "administrativeGenderCode")?;
    match attr(node, "code").map(str::to_ascii_uppercase).as_deref() {
        Some("M") => Some("male"),
        Some("F") => Some("female"),
        Some("UN" | "X" | "O") => Some("other"),
        Some("UNK" | "U") => Some("unknown"),
        _ => match (attr(node, "displayName").map(str::to_ascii_lowercase).as_deref(), attr(node, "nullFlavor")) {
            (Some("male"), _) => Some("male"),
            (Some("female"), _) => Some("female"),
            (_, Some("UNK" | "ASKU")) => Some("unknown"),
            (_, Some("OTH")) => Some("other"),
            _ => None,
        },
    }
}

fn born(out: &mut Value, patient: Node) {
    let Some(birth) = child(patient, "birthTime").and_then(stamp) else { return };
    match (birth.instant(), birth.date()) {
        (Some(instant), Some(date)) => {
            put(out, "birthDate", Some(date.into()));
            let time = json!({"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime", "valueDateTime": instant});
            put(out, "_birthDate", Some(json!({"extension": [time]})));
        }
        _ => birth.put(out, "birthDate"),
    }
    let order = sdtc(patient, "multipleBirthOrderNumber").and_then(|n| attr(n, "value")?.parse::<u32>().ok());
    match (order, truth(sdtc(patient, "multipleBirthInd"))) {
        (Some(n), _) => put(out, "multipleBirthInteger", Some(n.into())),
        (None, known) => put(out, "multipleBirthBoolean", known.map(Value::Bool)),
    }
}

/// `sdtc:deceasedInd` and `sdtc:deceasedTime`; a time says it too.
fn died(out: &mut Value, patient: Node) {
    match sdtc(patient, "deceasedTime").and_then(stamp) {
        Some(time) if time.fhir().is_some() => time.put(out, "deceasedDateTime"),
        _ => put(out, "deceasedBoolean", truth(sdtc(patient, "deceasedInd")).map(Value::Bool)),
    }
}

fn truth(node: Option<Node>) -> Option<bool> {
    match attr(node?, "value")? {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn language(node: Node, cx: &Context) -> Option<Value> {
    let code = child(node, "languageCode")?;
    let language = match attr(code, "code") {
        // CDA binds language codes to RFC 5646 without writing a code system.
        Some(tag) => json!({"coding": [{"system": "urn:ietf:bcp:47", "code": tag}]}),
        None => concept(code, cx)?,
    };
    let mut out = json!({ "language": language });
    put(&mut out, "preferred", truth(child(node, "preferenceInd")).map(Value::Bool));
    let mut parts = Vec::new();
    for (name, url) in [("proficiencyLevelCode", "level"), ("modeCode", "type")] {
        let coding = child(node, name).and_then(crate::import::ccda::types::coding);
        parts.extend(coding.map(|c| json!({"url": url, "valueCoding": c})));
    }
    if !parts.is_empty() {
        extend(&mut out, json!({"url": "http://hl7.org/fhir/StructureDefinition/patient-proficiency", "extension": parts}));
    }
    Some(out)
}

/// A guardian as a contact of the patient.
fn guardian(node: Node, cx: &Context, out: &mut Value) -> Option<Value> {
    let role =
        json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleClass", "code": "GUARD", "display": "guardian"}]});
    let mut relations = vec![role];
    relations.extend(child(node, "code").and_then(|c| concept(c, cx)));
    put_all(out, "relationship", relations);
    person(out, node, child(node, "guardianPerson"));
    let organization = path(node, "guardianOrganization/name").and_then(name_text);
    put(out, "organization", organization.map(|name| json!({ "display": name })));
    let known = ["name", "telecom", "address", "organization"].iter().any(|k| out.get(k).is_some());
    known.then(|| out.take())
}

fn person(out: &mut Value, role: Node, person: Option<Node>) {
    let mut names = person.into_iter().flat_map(|p| children(p, "name")).filter_map(human_name);
    put(out, "name", names.next());
    put_all(out, "telecom", children(role, "telecom").filter_map(telecom).collect());
    put(out, "address", children(role, "addr").filter_map(address).next());
}

/// Next of kin, emergency contacts and caregivers, whom the header names as participants.
fn supporters(cx: &Context) -> Vec<Value> {
    let mut out = Vec::new();
    for entity in children(cx.root, "participant").filter_map(|p| child(p, "associatedEntity")) {
        let class = attr(entity, "classCode").unwrap_or("");
        let words = match class {
            "NOK" => "next of kin",
            "ECON" => "emergency contact",
            "CAREGIVER" => "caregiver",
            "GUARD" => "guardian",
            "PRS" => "personal relationship",
            "AGNT" => "agent",
            _ => continue,
        };
        let mut contact = json!({});
        let role = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleClass", "code": class, "display": words}]});
        let mut relations = vec![role];
        relations.extend(child(entity, "code").and_then(|c| concept(c, cx)));
        relations.extend(sdtc_all(entity, "code").filter_map(|c| concept(c, cx)));
        put_all(&mut contact, "relationship", relations);
        person(&mut contact, entity, child(entity, "associatedPerson"));
        if contact.get("name").is_some() || contact.get("telecom").is_some() {
            out.push(contact);
        }
    }
    out
}
