//! The pieces that the household's files are put together from.

use crate::record::{Resource, systems};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

/// The day on which the demo plays. Recent events are told as days before it, old ones by their year.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) today: Date,
}

impl Clock {
    /// So many days ago (negative: in the future), as a FHIR date.
    pub(super) fn day(self, ago: i64) -> String {
        self.date(ago).to_string()
    }

    /// So many days ago at a time of day, as a FHIR dateTime in the offset of Harbor County.
    pub(super) fn at(self, ago: i64, clock: &str) -> String {
        format!("{}T{clock}:00-05:00", self.date(ago))
    }

    /// The same as HL7 v3 writes it: `20261006140000-0500`.
    pub(super) fn hl7(self, ago: i64, clock: &str) -> String {
        format!("{}{}00-0500", self.day(ago).replace('-', ""), clock.replace(':', ""))
    }

    pub(super) fn date(self, ago: i64) -> Date {
        self.today.saturating_sub(jiff::Span::new().days(ago))
    }
}

/// A FHIR R4 Bundle as a portal gives it, about one patient.
#[derive(Debug)]
pub(super) struct Bundle {
    base: &'static str,
    kind: &'static str,
    patient: Value,
    entries: Vec<Value>,
}

impl Bundle {
    pub(super) fn new(base: &'static str, kind: &'static str, patient: &str, name: &str) -> Self {
        let patient = json!({"reference": format!("Patient/{patient}"), "display": name});
        Self { base, kind, patient, entries: Vec::new() }
    }

    /// Adds a resource: type, id, and what it says. The patient is filled in where the type names one.
    pub(super) fn add(&mut self, kind: &str, id: &str, body: Value) {
        let mut resource = Map::new();
        resource.insert("resourceType".into(), kind.into());
        resource.insert("id".into(), id.into());
        if let Some(key) = subject_key(kind) {
            resource.insert(key.into(), self.patient.clone());
        }
        if let Value::Object(body) = body {
            resource.extend(body);
        }
        let url = format!("{}/{kind}/{id}", self.base);
        self.entries.push(json!({"fullUrl": url, "resource": resource}));
    }

    /// Sets an element of the resource added last.
    pub(super) fn set_last(&mut self, key: &str, value: Value) {
        if let Some(last) = self.entries.last_mut() {
            last["resource"][key] = value;
        }
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        let mut bundle = json!({"resourceType": "Bundle", "type": self.kind});
        if self.kind == "searchset" {
            bundle["total"] = json!(self.entries.len());
        }
        bundle["entry"] = Value::Array(self.entries);
        pretty(&bundle)
    }
}

/// Which element of a type names the patient (FHIR R4).
fn subject_key(kind: &str) -> Option<&'static str> {
    match kind {
        "Patient" | "Organization" | "Practitioner" | "PractitionerRole" | "Location" | "Appointment" | "Provenance" | "Medication"
        | "Binary" => None,
        "AllergyIntolerance"
        | "Immunization"
        | "Claim"
        | "ExplanationOfBenefit"
        | "FamilyMemberHistory"
        | "Device"
        | "Consent"
        | "RelatedPerson"
        | "VisionPrescription"
        | "ImmunizationRecommendation"
        | "NutritionOrder" => Some("patient"),
        "Coverage" => Some("beneficiary"),
        _ => Some("subject"),
    }
}

pub(super) fn pretty(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("a JSON value can always be written")
}

/// A decimal with exactly these digits.
pub(super) fn num(digits: &str) -> Value {
    serde_json::from_str(digits).unwrap_or(Value::Null)
}

/// A UCUM quantity.
pub(super) fn quantity(value: &str, unit: &str) -> Value {
    json!({"value": num(value), "unit": unit, "system": systems::UCUM, "code": ucum(unit)})
}

fn ucum(unit: &str) -> &str {
    match unit {
        "mL/min/1.73 m²" => "mL/min/{1.73_m2}",
        "beats/minute" | "breaths/minute" => "/min",
        "°C" => "Cel",
        "weeks" => "wk",
        "kg/m²" => "kg/m2",
        "mmHg" => "mm[Hg]",
        "10³/µL" => "10*3/uL",
        "score" => "{score}",
        "percentile" => "{percentile}",
        "mIU/L" => "m[IU]/L",
        other => other,
    }
}

pub(super) fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({"system": system, "code": code, "display": display})
}

/// A CodeableConcept of one coding and the words of the source.
pub(super) fn concept(system: &str, code: &str, display: &str, text: &str) -> Value {
    json!({"coding": [coding(system, code, display)], "text": text})
}

pub(super) fn loinc(code: &str, display: &str, text: &str) -> Value {
    concept(systems::LOINC, code, display, text)
}

pub(super) fn snomed(code: &str, display: &str, text: &str) -> Value {
    concept(systems::SNOMED, code, display, text)
}

/// Only words: the source gave no code.
pub(super) fn words(text: &str) -> Value {
    json!({"text": text})
}

/// A reference with the words for it.
pub(super) fn to(reference: &str, display: &str) -> Value {
    json!({"reference": reference, "display": display})
}

/// A status as a concept of one of FHIR's own code systems.
pub(super) fn status(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}

/// The category of an Observation.
pub(super) fn category(code: &str) -> Value {
    json!([{"coding": [{"system": systems::OBSERVATION_CATEGORY, "code": code}]}])
}

/// A category of another resource, in a code system of terminology.hl7.org.
pub(super) fn listed(system: &str, code: &str, display: &str) -> Value {
    json!([{"coding": [coding(&format!("http://terminology.hl7.org/CodeSystem/{system}"), code, display)]}])
}

pub(super) fn money(value: &str) -> Value {
    json!({"value": num(value), "currency": "USD"})
}

/// A Patient resource; extra elements are laid over it.
pub(super) fn patient(family: &str, given: &[&str], birth: &str, sex: &str, number: (&str, &str)) -> Resource {
    json!({
        "identifier": [{
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}], "text": "Medical record number"},
            "system": number.0, "value": number.1
        }],
        "active": true,
        "name": [{"use": "official", "family": family, "given": given}],
        "telecom": [{"system": "phone", "value": "555-0142", "use": "home"}],
        "gender": sex,
        "birthDate": birth,
        "address": [{"use": "home", "line": ["14 Quarry Road"], "city": "Harbor Falls", "state": "ME", "postalCode": "04099", "country": "US"}],
        "communication": [{"language": concept("urn:ietf:bcp:47", "en", "English", "English"), "preferred": true}]
    })
}

/// A text document inside the record.
pub(super) fn attachment(kind: &str, title: &str, bytes: &[u8]) -> Value {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    json!([{"attachment": {"contentType": kind, "title": title, "data": STANDARD.encode(bytes)}}])
}
