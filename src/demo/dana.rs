//! Dana Carver: 24 weeks pregnant with her second child.

use super::alder::{self, RAMAN};
use super::build::{Bundle, Clock, attachment, category, listed, loinc, patient, snomed, status, to, words};
use super::labs::{self, Panel, Test, test};
use super::{DemoFile, file};
use crate::record::systems;
use serde_json::json;

const PANELS: &[Panel] = &[
    Panel {
        id: "blood-count-report",
        code: "58410-2",
        display: "CBC panel - Blood by Automated count",
        text: "Blood count",
        tests: &[
            test!("hemoglobin", "718-7", "Hemoglobin [Mass/volume] in Blood", "Hemoglobin", "g/dL", "11.0".."15.0", ["11.4", "12.8"]),
            test!(
                "platelets",
                "777-3",
                "Platelets [#/volume] in Blood by Automated count",
                "Platelets",
                "10³/µL",
                "150".."400",
                ["210", "238"]
            ),
        ],
    },
    Panel {
        id: "glucose-report",
        code: "2345-7",
        display: "Glucose [Mass/volume] in Serum or Plasma",
        text: "Glucose",
        tests: &[test!("glucose", "2345-7", "Glucose [Mass/volume] in Serum or Plasma", "Glucose", "mg/dL", "70".."140", ["112", "86"])],
    },
];

pub(super) fn files(clock: Clock) -> Vec<DemoFile> {
    let mut b = Bundle::new(alder::BASE, "searchset", "carver-dana", "Dana Carver");
    b.add("Patient", "carver-dana", patient("Carver", &["Dana"], "1989-04-21", "female", (alder::MRN, "311876")));
    alder::places(&mut b);
    labs::write(&mut b, clock, &[7, 105], PANELS);
    pregnancy(&mut b, clock);
    background(&mut b, clock);
    vec![file("AlderStreet-dana.json", b.bytes())]
}

fn pregnancy(b: &mut Bundle, clock: Clock) {
    // 24 weeks today: 168 days gone, 112 to go.
    alder::condition(b, "pregnancy", snomed("77386006", "Pregnant", "Pregnancy, second child"), &clock.day(168), "active");
    let state = loinc("82810-3", "Pregnancy status", "Pregnancy");
    alder::history(b, "pregnancy-status", state, &clock.day(7), snomed("77386006", "Pregnant", "Pregnant"));
    b.add(
        "Observation",
        "due-date",
        json!({"status": "final", "category": category("social-history"),
        "code": loinc("11778-8", "Delivery date Estimated", "Due date"), "effectiveDateTime": clock.day(105),
        "valueDateTime": clock.day(-112)}),
    );
    for (ago, weeks, upper, lower, weight, heart) in [
        (7, "23", "116", "70", "71.2", "148"),
        (35, "19", "114", "68", "69.5", "150"),
        (70, "14", "112", "70", "67.8", "154"),
        (105, "9", "118", "72", "66.9", ""),
    ] {
        let (day, when) = (clock.day(ago), clock.at(ago, "14:10"));
        let visit = format!("prenatal-{day}");
        alder::visit(b, &visit, &clock.at(ago, "14:00"), &clock.at(ago, "14:25"), &format!("Prenatal visit, week {weeks}"));
        alder::blood_pressure(b, &format!("bp-{day}"), &when, upper, lower, Some(&visit));
        alder::vital(b, &format!("weight-{day}"), loinc("29463-7", "Body weight", "Weight"), &when, weight, "kg", Some(&visit));
        let age = loinc("18185-9", "Gestational age", "Weeks of pregnancy");
        alder::vital(b, &format!("weeks-{day}"), age, &when, weeks, "weeks", Some(&visit));
        b.set_last("category", category("exam"));
        if !heart.is_empty() {
            alder::vital(b, &format!("heartbeat-{day}"), words("Baby's heart rate"), &when, heart, "beats/minute", Some(&visit));
            b.set_last("category", category("exam"));
        }
    }
    let report = "Ultrasound at 19 weeks.\n\nOne baby, moving well. Heart rate 150 per minute.\n\
        Growth in keeping with the dates. Head, heart, spine, kidneys and limbs seen and as expected.\n\
        Placenta at the back, clear of the opening of the womb.\n";
    let code = loinc("11525-3", "US Pelvis Fetus for pregnancy", "Ultrasound of the baby, week 19");
    b.add(
        "DiagnosticReport",
        "ultrasound",
        json!({"status": "final", "category": listed("v2-0074", "RUS", "Radiology Ultrasound"), "code": code,
        "effectiveDateTime": clock.at(33, "10:30"), "issued": clock.at(33, "12:00"),
        "performer": [{"display": "Harbor County Medical Center Imaging"}],
        "conclusion": "One baby, growing in keeping with the dates.",
        "presentedForm": [attachment("text/plain", "Ultrasound report", report.as_bytes())[0]["attachment"]]}),
    );
    b.add(
        "Appointment",
        "next-prenatal",
        json!({"status": "booked", "description": "Prenatal visit, week 27", "start": clock.at(-21, "14:00"), "end": clock.at(-21, "14:25"),
        "participant": [{"actor": to("Patient/carver-dana", "Dana Carver"), "status": "accepted"},
            {"actor": to(RAMAN.0, RAMAN.1), "status": "accepted"}]}),
    );
    b.add(
        "CarePlan",
        "birth-plan",
        json!({"status": "active", "intent": "plan", "title": "Birth plan", "created": clock.day(7),
        "description": "Harbor County Medical Center. Walter or Ruth stays with Milo.",
        "activity": [{"detail": {"status": "scheduled", "description": "Whooping cough vaccine (Tdap) between weeks 27 and 36"}}]}),
    );
}

fn background(b: &mut Bundle, clock: Clock) {
    b.add(
        "AllergyIntolerance",
        "latex",
        json!({"clinicalStatus": status(systems::ALLERGY_CLINICAL, "active"),
        "verificationStatus": status(systems::ALLERGY_VERIFICATION, "unconfirmed"), "category": ["environment"],
        "code": words("Latex gloves"), "reaction": [{"manifestation": [snomed("418290006", "Itching", "Itchy hands")], "severity": "mild"}]}),
    );
    b.add(
        "MedicationStatement",
        "vitamins",
        json!({"status": "active", "medicationCodeableConcept": words("Prenatal vitamin with iron and folic acid"),
        "effectivePeriod": {"start": clock.day(140)}, "dosage": [{"text": "1 tablet a day"}],
        "informationSource": to("Patient/carver-dana", "Dana Carver")}),
    );
    let birth = snomed("48782003", "Delivery normal", "Birth of Milo");
    b.add(
        "Procedure",
        "birth-2019",
        json!({"status": "completed", "code": birth, "performedDateTime": "2019-08-09",
        "location": {"display": "Harbor County Medical Center"}}),
    );
    alder::vaccine(b, "flu", ("140", "Influenza, split virus, trivalent, PF"), "Flu", &clock.day(35), None);
    alder::vaccine(b, "tdap", ("115", "Tdap"), "Tetanus, diphtheria and whooping cough (Tdap)", "2019-06", None);
    alder::vaccine(b, "mmr-1", ("03", "MMR"), "Measles, mumps and rubella (MMR)", "1990-05", Some((1, 2)));
    alder::vaccine(b, "mmr-2", ("03", "MMR"), "Measles, mumps and rubella (MMR)", "1994", Some((2, 2)));
    let smoking = loinc("72166-2", "Tobacco smoking status", "Smoking");
    alder::history(b, "smoking", smoking, &clock.day(105), snomed("266919005", "Never smoked tobacco", "Never smoked"));
    b.add(
        "Coverage",
        "employer-plan",
        json!({"status": "active", "type": words("Plan through work"), "subscriberId": "BHM-20931", "payor": [{"display": "Bell Harbor Mutual"}],
        "relationship": words("Self"), "period": {"start": "2023-01-01"}}),
    );
    b.add(
        "Goal",
        "walk",
        json!({"lifecycleStatus": "active", "description": words("Walk or swim three times a week"), "startDate": clock.day(105)}),
    );
}
