//! Alder Street Family Practice: the practice of the whole family, its people, and what it writes the same way for all.

use super::build::{Bundle, category, coding, concept, loinc, quantity, status, to, words};
use crate::record::systems;
use serde_json::{Value, json};

pub(super) const BASE: &str = "https://fhir.alderstreet.example/r4";
pub(super) const MRN: &str = "https://alderstreet.example/mrn";
pub(super) const NAME: &str = "Alder Street Family Practice";
pub(super) const RAMAN: (&str, &str) = ("Practitioner/raman", "Dr. Priya Raman");

/// The practice, its doctor, its place, and the laboratory that it sends blood to.
pub(super) fn places(b: &mut Bundle) {
    b.add(
        "Organization",
        "alder-street",
        json!({"active": true, "name": NAME,
        "type": listed_provider(),
        "telecom": [{"system": "phone", "value": "555-0110", "use": "work"}],
        "address": [{"line": ["220 Alder Street"], "city": "Harbor Falls", "state": "ME", "postalCode": "04099"}]}),
    );
    b.add(
        "Organization",
        "harbor-lab",
        json!({"active": true, "name": "Harbor County Medical Center Laboratory",
        "telecom": [{"system": "phone", "value": "555-0175", "use": "work"}],
        "address": [{"line": ["1 Harbor Way"], "city": "Harbor Falls", "state": "ME", "postalCode": "04099"}]}),
    );
    b.add(
        "Practitioner",
        "raman",
        json!({"active": true, "name": [{"family": "Raman", "given": ["Priya"], "prefix": ["Dr."], "suffix": ["MD"]}],
        "telecom": [{"system": "phone", "value": "555-0110", "use": "work"}],
        "qualification": [{"code": {"text": "Family medicine"}}]}),
    );
    b.add(
        "Location",
        "alder-clinic",
        json!({"status": "active", "name": NAME, "description": "Second floor, lift beside the pharmacy",
        "type": [{"text": "Family medicine clinic"}],
        "address": {"line": ["220 Alder Street"], "city": "Harbor Falls", "state": "ME", "postalCode": "04099"},
        "managingOrganization": to("Organization/alder-street", NAME)}),
    );
}

fn listed_provider() -> Value {
    super::build::listed("organization-type", "prov", "Healthcare Provider")
}

/// An office visit.
pub(super) fn visit(b: &mut Bundle, id: &str, start: &str, end: &str, reason: &str) {
    b.add(
        "Encounter",
        id,
        json!({"status": "finished", "class": coding(systems::ACT_CODE, "AMB", "ambulatory"),
        "type": [words("Office visit")],
        "participant": [{"individual": to(RAMAN.0, RAMAN.1)}],
        "period": {"start": start, "end": end},
        "reasonCode": [words(reason)],
        "location": [{"location": to("Location/alder-clinic", NAME)}],
        "serviceProvider": to("Organization/alder-street", NAME)}),
    );
}

/// A vital sign of one number.
pub(super) fn vital(b: &mut Bundle, id: &str, code: Value, when: &str, value: &str, unit: &str, encounter: Option<&str>) {
    let mut body = json!({"status": "final", "category": category("vital-signs"), "code": null,
        "effectiveDateTime": when, "performer": [to("Organization/alder-street", NAME)],
        "valueQuantity": quantity(value, unit)});
    body["code"] = code;
    if let Some(encounter) = encounter {
        body["encounter"] = json!({"reference": format!("Encounter/{encounter}")});
    }
    b.add("Observation", id, body);
}

/// A blood pressure with its two parts.
pub(super) fn blood_pressure(b: &mut Bundle, id: &str, when: &str, upper: &str, lower: &str, encounter: Option<&str>) {
    let part = |code: Value, value: &str| json!({"code": code, "valueQuantity": quantity(value, "mmHg")});
    let mut body = json!({"status": "final", "category": category("vital-signs"),
        "code": loinc("85354-9", "Blood pressure panel with all children optional", "Blood pressure"),
        "effectiveDateTime": when, "performer": [to("Organization/alder-street", NAME)],
        "component": [
            part(loinc("8480-6", "Systolic blood pressure", "Systolic blood pressure"), upper),
            part(loinc("8462-4", "Diastolic blood pressure", "Diastolic blood pressure"), lower)]});
    if let Some(encounter) = encounter {
        body["encounter"] = json!({"reference": format!("Encounter/{encounter}")});
    }
    b.add("Observation", id, body);
}

/// A vaccine that was given.
pub(super) fn vaccine(b: &mut Bundle, id: &str, cvx: (&str, &str), text: &str, when: &str, dose: Option<(u8, u8)>) {
    let mut body = json!({"status": "completed", "vaccineCode": concept(systems::CVX, cvx.0, cvx.1, text),
        "occurrenceDateTime": when, "primarySource": true,
        "site": words("Left upper arm"), "route": words("Into the muscle"),
        "performer": [{"actor": to("Organization/alder-street", NAME)}]});
    if let Some((number, of)) = dose {
        body["protocolApplied"] = json!([{"doseNumberPositiveInt": number, "seriesDosesPositiveInt": of}]);
    }
    b.add("Immunization", id, body);
}

/// A condition with its words, onset as given, and whether it is `active` or `resolved`.
pub(super) fn condition(b: &mut Bundle, id: &str, code: Value, onset: &str, clinical: &str) {
    let mut body = json!({"clinicalStatus": status(systems::CONDITION_CLINICAL, clinical),
        "verificationStatus": status(systems::CONDITION_VERIFICATION, "confirmed"),
        "category": [{"coding": [coding(systems::CONDITION_CATEGORY, "problem-list-item", "Problem List Item")]}],
        "code": null, "onsetDateTime": onset,
        "recorder": to(RAMAN.0, RAMAN.1)});
    body["code"] = code;
    b.add("Condition", id, body);
}

/// A statement about how the person lives (smoking, alcohol, pregnancy).
pub(super) fn history(b: &mut Bundle, id: &str, code: Value, when: &str, value: Value) {
    let mut body = json!({"status": "final", "category": category("social-history"), "code": null,
        "effectiveDateTime": when, "performer": [to("Organization/alder-street", NAME)]});
    body["code"] = code;
    body["valueCodeableConcept"] = value;
    b.add("Observation", id, body);
}
