//! A record's name in words, and the concept that it is about.

use super::naming::{bill, is_code, is_name, name, tidy};
use crate::record::Resource;
use crate::record::coding::{code_of, codes, concept_text, systems};
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
    let said = found(kind, resource).map(|t| tidy(&t)).filter(|t| !t.is_empty()).map(|t| everyday(kind, resource, t));
    match said {
        Some(said) if is_name(&said) || !said.contains(char::is_numeric) => said,
        // A number says too little alone.
        Some(said) => format!("{} {said}", type_words(kind)),
        None => type_words(kind),
    }
}

/// The long name of a LOINC test as people say it: the everyday name of its code, else the name without the property in
/// brackets, which the unit says too. "Potassium [Moles/volume] in Serum or Plasma" is "Potassium".
fn everyday(kind: &str, resource: &Resource, said: String) -> String {
    if !matches!(kind, "Observation" | "DiagnosticReport" | "ServiceRequest") {
        return said;
    }
    let coded = main_concept(kind, resource).map(codes).unwrap_or_default();
    // The source's own words stay: only the long name out of LOINC is said in another way.
    if !["[", " in Blood", " in Serum", " in Urine"].iter().any(|sign| said.contains(sign)) {
        return said;
    }
    let known = coded
        .iter()
        .filter(|(system, _, display)| *system == systems::LOINC && tidy(display) == said)
        .find_map(|(_, code, _)| super::loinc::name(code));
    if let Some(known) = known {
        return known.to_owned();
    }
    match said.split_once(" [").and_then(|(before, rest)| Some((before, rest.split_once(']')?))) {
        Some((before, (property, after))) if super::loinc::is_property(property) => format!("{before}{after}"),
        _ => said,
    }
}

fn found(kind: &str, resource: &Resource) -> Option<String> {
    let text = |path: &str| text_at(resource, path);
    let concept = |key: &str| resource.get(key).and_then(|c| name(c, &[]));
    let reference = |key: &str| {
        let value = resource.get(key)?;
        let value = if let Value::Array(items) = value { items.first()? } else { value };
        reference_words(resource, value)
    };
    let main = || main_concept(kind, resource).and_then(|c| name(c, &instead(kind, resource)));
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
        "DocumentReference" => {
            let known = |words: &String| !words.eq_ignore_ascii_case("unknown");
            let type_words = || concept("type").filter(known);
            return text("description").or_else(type_words).or_else(|| text("content.attachment.title")).or_else(|| concept("category"));
        }
        "Composition" => text("title").or_else(|| concept("type")),
        "Media" => text("content.title").or_else(|| concept("modality")).or_else(|| concept("type")),
        "CarePlan" => text("title").or_else(|| plan(resource)).or_else(|| text("description")),
        "NutritionOrder" => ["oralDiet.type", "enteralFormula.baseFormulaType"].iter().find_map(|p| name(at(resource, p)?, &[])),
        "SupplyDelivery" => at(resource, "suppliedItem.itemCodeableConcept").and_then(|c| name(c, &[])).or_else(|| concept("type")),
        "Coverage" => reference("payor").or_else(|| concept("type")).or_else(|| text("class.name")),
        "Claim" | "ExplanationOfBenefit" => {
            services(resource).or_else(|| resource.get("type").and_then(bill)).or_else(|| reference("provider"))
        }
        "Invoice" => charges(resource).or_else(|| reference("issuer").map(|by| format!("Bill from {by}"))),
        "Device" => {
            text("deviceName.name").or_else(|| concept("type")).or_else(|| text("modelNumber")).or_else(|| text("distinctIdentifier"))
        }
        "DeviceUseStatement" => reference("device"),
        "Appointment" => {
            let named = || [main(), concept("serviceType"), concept("reasonCode")].into_iter().flatten().find(|w| !is_code(w));
            text("description").or_else(named)
        }
        "Communication" | "CommunicationRequest" => {
            concept("topic").or_else(|| text("payload.contentString").map(|t| clip(&t))).or_else(|| concept("category"))
        }
        "ImagingStudy" => text("description").or_else(|| concept("procedureCode")).or_else(|| modality(resource)),
        "FamilyMemberHistory" => concept("relationship").or_else(|| text("name")),
        "QuestionnaireResponse" => questionnaire(resource).or_else(|| text("text.div").map(|t| clip(&super::strip_tags(&t)))),
        "Consent" => consent(resource).or_else(|| concept("scope")),
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
}

/// Words that cannot be the name: what an allergy does is not what it is an allergy to, and how a medicine is taken is not
/// what it is called.
fn instead(kind: &str, resource: &Resource) -> Vec<String> {
    let directions = || {
        let all = array(resource, "dosage").iter().chain(array(resource, "dosageInstruction"));
        all.flat_map(|d| [text_at(d, "text"), text_at(d, "patientInstruction")]).flatten().map(|t| tidy(&t)).collect()
    };
    match kind {
        "AllergyIntolerance" => {
            array(resource, "reaction").iter().flat_map(|r| array(r, "manifestation")).filter_map(concept_text).collect()
        }
        "MedicationRequest" | "MedicationStatement" | "MedicationDispense" | "MedicationAdministration" => directions(),
        _ => Vec::new(),
    }
}

/// What a bill is for: its first service that has a name, and how many others there are.
fn services(resource: &Resource) -> Option<String> {
    several(array(resource, "item"), "productOrService")
}

/// The same for an invoice (FHIR R4 Invoice.lineItem).
fn charges(resource: &Resource) -> Option<String> {
    several(array(resource, "lineItem"), "chargeItemCodeableConcept")
}

fn several(items: &[Value], key: &str) -> Option<String> {
    let says = |words: &String| !is_code(words) && !matches!(words.to_lowercase().as_str(), "not applicable" | "unknown" | "none");
    let named = |item: &Value| item.get(key).and_then(|c| name(c, &[])).filter(says);
    let mut all: Vec<String> = Vec::new();
    for service in items.iter().filter_map(named) {
        if !all.contains(&service) {
            all.push(service);
        }
    }
    let first = all.first()?;
    Some(if all.len() > 1 { format!("{first} and {} more", all.len() - 1) } else { first.clone() })
}

fn encounter(resource: &Resource) -> Option<String> {
    let concept = |key: &str| resource.get(key).and_then(|c| name(c, &[]));
    let says = |words: &String| {
        let plain = words.to_lowercase();
        // One letter is a code; the last ones say the class alone, which has better words below.
        plain.chars().count() > 2
            && !matches!(
                plain.trim_matches(['[', ']']),
                "encounter" | "patient encounter" | "unknown" | "other" | "visit" | "ambulatory" | "inpatient" | "inpatient encounter"
            )
    };
    // HL7 v3 ActCode and the patient class of HL7 version 2, table 0004.
    let class = || {
        Some(match code_of(resource, "class")?.to_uppercase().as_str() {
            "AMB" | "AMBULATORY" => "Office visit (ambulatory)".into(),
            "O" | "OUTPATIENT" => "Outpatient visit".into(),
            "EMER" | "E" | "EMERGENCY" => "Emergency visit".into(),
            "IMP" | "ACUTE" | "NONAC" | "I" | "INPATIENT" => "Hospital stay (inpatient)".into(),
            "OBSENC" => "Hospital observation".into(),
            "HH" | "HOME" => "Home visit".into(),
            "VR" | "VIRTUAL" => "Virtual visit".into(),
            "FLD" | "FIELD" => "Visit in the field".into(),
            "SS" => "Short stay".into(),
            "PRENC" | "P" => "Pre-admission visit".into(),
            _ => concept("class").filter(says)?,
        })
    };
    concept("type").filter(says).or_else(|| concept("serviceType").filter(says)).or_else(class).or_else(|| Some("Visit".into()))
}

/// A plan by its category; the category that every plan of US Core has says nothing beside another one.
fn plan(resource: &Resource) -> Option<String> {
    let all = array(resource, "category");
    let own = all.iter().filter(|c| !crate::record::has_code(c, "", "assess-plan"));
    let names: Vec<String> = own.filter_map(|c| name(c, &[])).collect();
    if names.is_empty() { name(all.first()?, &[]) } else { Some(names.join(", ")) }
}

/// A consent by its category; that every directive is a directive says nothing beside another one.
fn consent(resource: &Resource) -> Option<String> {
    let all = array(resource, "category");
    let own = all.iter().filter(|c| !["42348-3", "59284-0"].iter().any(|code| crate::record::has_code(c, "", code)));
    let names: Vec<String> = own.filter_map(|c| name(c, &[])).collect();
    if names.is_empty() { name(all.first()?, &[]) } else { Some(names.join(", ")) }
}

/// Kinds of pictures with the part of the body, where no one has named the study.
fn modality(resource: &Resource) -> Option<String> {
    let series = array(resource, "series");
    let kind = resource.get("modality").or_else(|| series.first()?.get("modality")).and_then(|c| name(c, &[]))?;
    let site = series.iter().find_map(|s| s.get("bodySite").and_then(|c| name(c, &[])));
    Some(site.map_or(kind.clone(), |site| format!("{kind}: {site}")))
}

/// The questionnaire that was answered: its title within the record, its display, else the last part of its address.
fn questionnaire(resource: &Resource) -> Option<String> {
    let beside = at(resource, "_questionnaire").map(|q| array(q, "extension")).unwrap_or_default();
    let display = beside.iter().find(|e| text_at(e, "url").is_some_and(|u| u.ends_with("/display")));
    let inner = array(resource, "contained").iter().find(|c| c.get("resourceType").and_then(Value::as_str) == Some("Questionnaire"));
    let address = || {
        let canonical = text_at(resource, "questionnaire")?;
        let last = canonical.split(['|', '#']).find(|p| !p.is_empty())?.rsplit('/').next()?;
        (is_name(last) && last.len() > 2).then(|| format!("Questionnaire {}", last.replace(['-', '_'], " ")))
    };
    text_at(resource, "questionnaire._display")
        .or_else(|| text_at(display?, "valueString"))
        .or_else(|| text_at(inner?, "title"))
        .or_else(address)
}

/// "MedicationRequest" as "Medication request": the last resort of a title.
fn type_words(kind: &str) -> String {
    match kind {
        "" => return "A record without a type".into(),
        "Binary" => return "A file".into(),
        "DocumentReference" => return "Document".into(),
        "Provenance" => return "Where it came from".into(),
        "Parameters" => return "Technical settings".into(),
        "Basic" => return "Other record".into(),
        _ => {}
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
