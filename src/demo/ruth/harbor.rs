//! Harbor County Medical Center: an older FHIR (STU3) export of a hospital stay, with its own ranges and its own view
//! of allergies.

use crate::demo::build::{Clock, coding, loinc, num, pretty, snomed, to, words};
use crate::record::systems;
use serde_json::{Map, Value, json};

const BASE: &str = "https://fhir.harborcounty.example/stu3";
const HOSPITAL: &str = "Harbor County Medical Center";
const STAY: &str = "Encounter/7001";

pub(super) fn bundle(clock: Clock) -> Vec<u8> {
    let mut entries = Vec::new();
    let mut add = |kind: &str, id: &str, body: Value| {
        let mut resource = Map::new();
        resource.insert("resourceType".into(), kind.into());
        resource.insert("id".into(), id.into());
        if let Value::Object(body) = body {
            resource.extend(body);
        }
        entries.push(json!({"fullUrl": format!("{BASE}/{kind}/{id}"), "resource": resource}));
    };
    people(&mut add);
    stay(&mut add);
    knee(&mut add);
    opinions(&mut add);
    tests(&mut add, clock);
    pretty(&json!({"resourceType": "Bundle", "meta": {"lastUpdated": "2024-11-20T09:00:00-05:00"}, "type": "collection",
        "entry": entries}))
}

type Add<'a> = &'a mut dyn FnMut(&str, &str, Value);

fn patient() -> Value {
    to("Patient/1", "CARVER, RUTH A")
}

fn people(add: Add<'_>) {
    add(
        "Patient",
        "1",
        json!({"identifier": [{"system": "https://harborcounty.example/mrn", "value": "HC-0093312"}], "active": true,
        "name": [{"use": "official", "family": "CARVER", "given": ["RUTH", "A"]}], "gender": "female", "birthDate": "1954-03-14",
        "address": [{"line": ["14 QUARRY RD"], "city": "HARBOR FALLS", "state": "ME"}],
        "managingOrganization": to("Organization/10", HOSPITAL)}),
    );
    add(
        "Organization",
        "10",
        json!({"active": true, "name": HOSPITAL, "telecom": [{"system": "phone", "value": "555-0170"}],
        "address": [{"line": ["1 Harbor Way"], "city": "Harbor Falls", "state": "ME", "postalCode": "04099"}]}),
    );
    add(
        "Practitioner",
        "20",
        json!({"active": true, "name": [{"family": "Whitfield", "given": ["Ana"], "prefix": ["Dr."]}],
        "qualification": [{"code": words("Orthopedic surgery")}]}),
    );
    add(
        "Location",
        "30",
        json!({"status": "active", "name": "Harbor County Medical Center, Ward 4 West", "managingOrganization": to("Organization/10", HOSPITAL)}),
    );
}

fn stay(add: Add<'_>) {
    add(
        "Encounter",
        "7001",
        json!({"status": "finished", "class": coding("http://hl7.org/fhir/v3/ActCode", "IMP", "inpatient encounter"),
        "type": [words("Hospital stay")], "subject": patient(),
        "participant": [{"individual": to("Practitioner/20", "Dr. Ana Whitfield")}],
        "period": {"start": "2019-06-10T06:45:00-05:00", "end": "2019-06-14T11:30:00-05:00"},
        "reason": [words("Right knee replacement")],
        "diagnosis": [{"condition": {"reference": "Condition/8001"}, "role": words("Admission diagnosis"), "rank": 1}],
        "hospitalization": {"admitSource": words("From home"), "dischargeDisposition": words("Home, with visits by a nurse"),
            "destination": {"display": "Home"}},
        "location": [{"location": to("Location/30", "Ward 4 West"), "period": {"start": "2019-06-10", "end": "2019-06-14"}}],
        "serviceProvider": to("Organization/10", HOSPITAL)}),
    );
    let summary = "DISCHARGE SUMMARY\n\nAdmitted 10 June 2019, discharged 14 June 2019.\nReason: osteoarthritis of the right knee.\n\
        Operation: right total knee replacement, 10 June 2019, no complications.\n\
        Second day: swollen calf, ultrasound showed no clot.\n\
        Instructions: walk with the frame, stitches out on day 14, blood thinner injections for 4 weeks.\n\
        Call 555-0170 for fever or fluid from the wound.\n";
    add(
        "DocumentReference",
        "9001",
        json!({"status": "current", "docStatus": "final", "type": loinc("18842-5", "Discharge summary", "Discharge summary"),
        "subject": patient(), "created": "2019-06-14T10:00:00-05:00", "indexed": "2019-06-14T10:05:00-05:00",
        "author": [to("Practitioner/20", "Dr. Ana Whitfield")], "description": "Discharge summary",
        "content": crate::demo::build::attachment("text/plain", "Discharge summary", summary.as_bytes()),
        "context": {"encounter": {"reference": STAY}}}),
    );
    add(
        "MedicationAdministration",
        "9101",
        json!({"status": "completed", "medicationCodeableConcept": words("Cefazolin 2 g by vein, before the operation"),
        "subject": patient(), "context": {"reference": STAY}, "effectiveDateTime": "2019-06-10T07:50:00-05:00",
        "dosage": {"text": "2 g once", "dose": {"value": 2, "unit": "g", "system": systems::UCUM, "code": "g"}}}),
    );
    add(
        "MedicationStatement",
        "9102",
        json!({"status": "completed", "medicationCodeableConcept": words("Enoxaparin 40 mg injection"), "subject": patient(),
        "taken": "y", "effectivePeriod": {"start": "2019-06-11", "end": "2019-07-09"},
        "dosage": [{"text": "40 mg under the skin once a day for 4 weeks"}],
        "reasonCode": [words("To prevent clots after the operation")]}),
    );
    add(
        "MedicationRequest",
        "9103",
        json!({"status": "completed", "intent": "order", "subject": patient(), "authoredOn": "2019-06-14",
        "context": {"reference": STAY},
        "medicationCodeableConcept": {"coding": [coding(systems::RXNORM, "1049621", "oxycodone hydrochloride 5 MG Oral Tablet")],
            "text": "Oxycodone 5 mg tablet"},
        "requester": {"agent": to("Practitioner/20", "Dr. Ana Whitfield")},
        "dosageInstruction": [{"text": "1 tablet every 6 hours when needed for pain, for 5 days"}]}),
    );
}

fn knee(add: Add<'_>) {
    add(
        "Procedure",
        "9201",
        json!({"status": "completed", "code": snomed("609588000", "Total knee replacement", "Right total knee replacement"),
        "subject": patient(), "context": {"reference": STAY},
        "performedPeriod": {"start": "2019-06-10T08:10:00-05:00", "end": "2019-06-10T09:45:00-05:00"},
        "performer": [{"actor": to("Practitioner/20", "Dr. Ana Whitfield"), "onBehalfOf": to("Organization/10", HOSPITAL)}],
        "bodySite": [words("Right knee")], "outcome": words("No complications"),
        "focalDevice": [{"action": words("Implanted"), "manipulated": {"reference": "Device/9301"}}],
        "reasonReference": [{"reference": "Condition/8001"}]}),
    );
    add(
        "Device",
        "9301",
        json!({"status": "active", "patient": patient(), "type": words("Knee prosthesis, cemented"),
        "udi": {"deviceIdentifier": "09521234000013", "name": "Meadow Total Knee System, size 4",
            "carrierHRF": "(01)09521234000013(11)190105(17)290104(10)K19-0614(21)88213",
            "jurisdiction": "http://hl7.org/fhir/NamingSystem/fda-udi", "issuer": "http://hl7.org/fhir/NamingSystem/gs1-di", "entryType": "barcode"},
        "lotNumber": "K19-0614", "manufacturer": "Meadow Orthopedics", "manufactureDate": "2019-01-05", "expirationDate": "2029-01-04",
        "model": "MTK-4"}),
    );
    add(
        "DiagnosticReport",
        "9401",
        json!({"status": "amended", "category": coding_of("PAT", "Pathology (gross & histopath, not surgical)"),
        "code": loinc("11526-1", "Pathology study", "Pathology: right knee joint"), "subject": patient(), "context": {"reference": STAY},
        "effectiveDateTime": "2019-06-10", "issued": "2019-06-17T15:00:00-05:00",
        "performer": [{"actor": to("Organization/10", HOSPITAL)}],
        "conclusion": "Worn cartilage, in keeping with osteoarthritis. No sign of infection or tumor. \
            Amended 17 June 2019: the side was first given as left; it is the right knee."}),
    );
    add(
        "DiagnosticReport",
        "9402",
        json!({"status": "final", "category": coding_of("RAD", "Radiology"), "code": words("Ultrasound of the veins of the right leg"),
        "subject": patient(), "context": {"reference": STAY}, "effectiveDateTime": "2019-06-12T14:20:00-05:00",
        "issued": "2019-06-12T15:05:00-05:00", "performer": [{"actor": to("Organization/10", HOSPITAL)}],
        "conclusion": "No clot in the deep veins."}),
    );
}

fn coding_of(code: &str, display: &str) -> Value {
    json!({"coding": [coding("http://hl7.org/fhir/v2/0074", code, display)]})
}

fn opinions(add: Add<'_>) {
    add(
        "Condition",
        "8001",
        json!({"clinicalStatus": "active", "verificationStatus": "confirmed", "subject": patient(), "onsetDateTime": "2015",
        "category": [{"coding": [coding("http://hl7.org/fhir/condition-category", "encounter-diagnosis", "Encounter Diagnosis")]}],
        "code": snomed("239873007", "Osteoarthritis of knee", "Osteoarthritis of right knee"), "context": {"reference": STAY}}),
    );
    // Suspected, looked for, and not so.
    add(
        "Condition",
        "8002",
        json!({"clinicalStatus": "inactive", "verificationStatus": "refuted", "subject": patient(), "assertedDate": "2019-06-12",
        "code": snomed("128053003", "Deep venous thrombosis", "Clot in a deep vein of the leg"), "context": {"reference": STAY},
        "note": [{"text": "Ultrasound showed no clot."}]}),
    );
    // The hospital asked on the day of the operation and wrote none down.
    add(
        "AllergyIntolerance",
        "8101",
        json!({"clinicalStatus": "active", "verificationStatus": "confirmed", "patient": patient(), "assertedDate": "2019-06-10",
        "code": snomed("716186003", "No known allergy", "No known allergies")}),
    );
    add(
        "Immunization",
        "8201",
        json!({"status": "completed", "notGiven": false, "patient": patient(), "date": "2019-10-08", "primarySource": true,
        "vaccineCode": {"coding": [coding(systems::CVX, "135", "Influenza, high-dose, trivalent, PF")], "text": "Flu, high dose"},
        "lotNumber": "HD-2207", "practitioner": [{"actor": {"display": "Harbor County Medical Center, nurse clinic"}}]}),
    );
}

fn tests(add: Add<'_>, clock: Clock) {
    // LOINC, LOINC's name, the hospital's name, unit, range, values 738 and 920 days before today.
    type Row = (&'static str, &'static str, &'static str, &'static str, (&'static str, &'static str), [&'static str; 2]);
    let rows: [Row; 6] = [
        ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "HbA1c", "%", ("4.0", "6.0"), ["6.9", "7.1"]),
        ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "Creatinine", "mg/dL", ("0.60", "1.10"), ["1.02", "1.00"]),
        ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "Potassium", "mmol/L", ("3.4", "5.0"), ["4.20", "4.10"]),
        ("718-7", "Hemoglobin [Mass/volume] in Blood", "Hemoglobin", "g/dL", ("12.0", "16.0"), ["12.5", "12.60"]),
        ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "Sodium", "mmol/L", ("136", "146"), ["132", "131"]),
        ("1989-3", "25-hydroxyvitamin D3 [Mass/volume] in Serum or Plasma", "Vitamin D, 25-hydroxy", "ng/mL", ("30", "100"), ["", "21"]),
    ];
    for (column, ago) in [738, 920].into_iter().enumerate() {
        let mut members = Vec::new();
        for (n, (code, display, text, unit, (low, high), values)) in rows.iter().enumerate() {
            let Some(value) = values.get(column).filter(|v| !v.is_empty()) else { continue };
            let amount = |v: &str| json!({"value": num(v), "unit": unit, "system": systems::UCUM, "code": unit});
            let id = format!("{}", 9500 + 100 * column + n);
            members.push(json!({"reference": format!("Observation/{id}")}));
            add(
                "Observation",
                &id,
                json!({"status": "final", "category": [{"coding": [coding("http://hl7.org/fhir/observation-category", "laboratory", "Laboratory")]}], "code": loinc(code, display, text), "subject": patient(),
                "effectiveDateTime": clock.at(ago, "07:30"), "issued": clock.at(ago, "13:10"),
                "performer": [to("Organization/10", HOSPITAL)], "valueQuantity": amount(value),
                "referenceRange": [{"low": amount(low), "high": amount(high)}]}),
            );
        }
        add(
            "DiagnosticReport",
            &format!("{}", 9590 + 100 * column),
            json!({"status": "final", "category": coding_of("LAB", "Laboratory"), "code": words("Blood tests"), "subject": patient(),
            "effectiveDateTime": clock.at(ago, "07:30"), "issued": clock.at(ago, "13:10"),
            "performer": [{"actor": to("Organization/10", HOSPITAL)}], "result": members}),
        );
    }
}
