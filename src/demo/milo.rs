//! Milo Carver: a child's growth and vaccines; somebody asked about allergies and there are none.

use super::alder;
use super::build::{Bundle, Clock, loinc, patient, snomed, status, to, words};
use super::{DemoFile, file};
use crate::record::systems;
use serde_json::json;

/// Date, weight in kg and its percentile, height in cm and its percentile, as the practice gave them.
const GROWTH: [(&str, &str, &str, &str, &str); 9] = [
    ("2019-08-09", "3.42", "55", "50.5", "61"),
    ("2019-10-11", "5.6", "52", "58.0", "48"),
    ("2020-02-10", "7.9", "50", "67.5", "51"),
    ("2020-08-12", "9.7", "51", "76.0", "54"),
    ("2021-08-16", "12.3", "49", "87.5", "55"),
    ("2022-08-15", "14.5", "53", "96.0", "57"),
    ("2023-08-14", "16.4", "50", "103.0", "52"),
    ("2024-08-12", "18.6", "51", "110.0", "55"),
    ("2025-08-18", "20.9", "50", "116.0", "54"),
];

/// CVX code, its name, plain name, the day given, dose and doses.
type Vaccine = (&'static str, &'static str, &'static str, &'static str, Option<(u8, u8)>);

const VACCINES: [Vaccine; 22] = [
    ("08", "Hep B, adolescent or pediatric", "Hepatitis B", "2019-08-10", Some((1, 3))),
    ("110", "DTaP-Hep B-IPV", "Diphtheria, tetanus, whooping cough, hepatitis B and polio", "2019-10-11", Some((1, 3))),
    ("110", "DTaP-Hep B-IPV", "Diphtheria, tetanus, whooping cough, hepatitis B and polio", "2019-12-10", Some((2, 3))),
    ("110", "DTaP-Hep B-IPV", "Diphtheria, tetanus, whooping cough, hepatitis B and polio", "2020-02-10", Some((3, 3))),
    ("48", "Hib (PRP-T)", "Hib", "2019-10-11", Some((1, 4))),
    ("48", "Hib (PRP-T)", "Hib", "2019-12-10", Some((2, 4))),
    ("48", "Hib (PRP-T)", "Hib", "2020-02-10", Some((3, 4))),
    ("48", "Hib (PRP-T)", "Hib", "2020-11-09", Some((4, 4))),
    ("133", "Pneumococcal conjugate PCV 13", "Pneumococcal (PCV13)", "2019-10-11", Some((1, 4))),
    ("133", "Pneumococcal conjugate PCV 13", "Pneumococcal (PCV13)", "2019-12-10", Some((2, 4))),
    ("133", "Pneumococcal conjugate PCV 13", "Pneumococcal (PCV13)", "2020-02-10", Some((3, 4))),
    ("133", "Pneumococcal conjugate PCV 13", "Pneumococcal (PCV13)", "2020-08-12", Some((4, 4))),
    ("119", "rotavirus, monovalent", "Rotavirus", "2019-10-11", Some((1, 2))),
    ("119", "rotavirus, monovalent", "Rotavirus", "2019-12-10", Some((2, 2))),
    ("03", "MMR", "Measles, mumps and rubella (MMR)", "2020-08-12", Some((1, 2))),
    ("21", "varicella", "Chickenpox", "2020-08-12", Some((1, 2))),
    ("83", "Hep A, ped/adol, 2 dose", "Hepatitis A", "2020-08-12", Some((1, 2))),
    ("83", "Hep A, ped/adol, 2 dose", "Hepatitis A", "2021-02-15", Some((2, 2))),
    ("20", "DTaP", "Diphtheria, tetanus and whooping cough (DTaP)", "2020-11-09", None),
    ("130", "DTaP-IPV", "Diphtheria, tetanus, whooping cough and polio", "2023-08-14", None),
    ("94", "MMRV", "Measles, mumps, rubella and chickenpox (MMRV)", "2023-08-14", Some((2, 2))),
    ("150", "Influenza, split virus, quadrivalent, PF", "Flu", "2023-10-20", None),
];

pub(super) fn files(clock: Clock) -> Vec<DemoFile> {
    let mut b = Bundle::new(alder::BASE, "searchset", "carver-milo", "Milo Carver");
    let mut who = patient("Carver", &["Milo"], "2019-08-09", "male", (alder::MRN, "377020"));
    who["contact"] = json!([{"relationship": [words("Mother")], "name": {"family": "Carver", "given": ["Dana"]},
        "telecom": [{"system": "phone", "value": "555-0163"}]}]);
    b.add("Patient", "carver-milo", who);
    alder::places(&mut b);
    // Nothing after the day on which the demo plays.
    let today = clock.today.to_string();
    for (n, (day, weight, weight_part, height, height_part)) in GROWTH.iter().enumerate().filter(|(_, g)| g.0 <= today.as_str()) {
        let visit = format!("well-child-{n}");
        if n > 0 {
            alder::visit(&mut b, &visit, day, day, "Well-child visit");
        }
        let seen = (n > 0).then_some(visit.as_str());
        alder::vital(&mut b, &format!("weight-{day}"), loinc("29463-7", "Body weight", "Weight"), day, weight, "kg", seen);
        let part = loinc("8336-0", "Body weight [Percentile] Per age", "Weight percentile");
        alder::vital(&mut b, &format!("weight-percentile-{day}"), part, day, weight_part, "percentile", seen);
        alder::vital(&mut b, &format!("height-{day}"), loinc("8302-2", "Body height", "Height"), day, height, "cm", seen);
        let part = loinc("8303-0", "Body height [Percentile]", "Height percentile");
        alder::vital(&mut b, &format!("height-percentile-{day}"), part, day, height_part, "percentile", seen);
    }
    for (n, (code, display, text, day, dose)) in VACCINES.iter().enumerate().filter(|(_, v)| v.3 <= today.as_str()) {
        alder::vaccine(&mut b, &format!("vaccine-{n}"), (code, display), text, day, *dose);
        b.set_last("site", words("Thigh"));
    }
    alder::vaccine(&mut b, "flu-now", ("140", "Influenza, split virus, trivalent, PF"), "Flu", &clock.day(35), None);
    b.add(
        "AllergyIntolerance",
        "none-known",
        json!({"clinicalStatus": status(systems::ALLERGY_CLINICAL, "active"),
        "verificationStatus": status(systems::ALLERGY_VERIFICATION, "confirmed"),
        "code": snomed("716186003", "No known allergy", "No known allergies"), "recordedDate": "2025-08-18"}),
    );
    alder::condition(&mut b, "ear", snomed("65363002", "Otitis media", "Ear infection"), "2022-01-17", "resolved");
    b.set_last("abatementDateTime", "2022-01".into());
    b.add(
        "MedicationRequest",
        "amoxicillin",
        json!({"status": "completed", "intent": "order", "medicationCodeableConcept": words("Amoxicillin 400 mg in 5 mL, liquid"),
        "authoredOn": "2022-01-17", "requester": to(alder::RAMAN.0, alder::RAMAN.1),
        "dosageInstruction": [{"text": "6 mL by mouth in the morning and in the evening for 10 days"}]}),
    );
    b.add(
        "Appointment",
        "well-child",
        json!({"status": "booked", "description": "Well-child visit", "start": clock.at(-30, "15:30"), "end": clock.at(-30, "16:00"),
        "participant": [{"actor": to("Patient/carver-milo", "Milo Carver"), "status": "accepted"},
            {"actor": to(alder::RAMAN.0, alder::RAMAN.1), "status": "accepted"}]}),
    );
    vec![file("AlderStreet-milo.json", b.bytes())]
}
