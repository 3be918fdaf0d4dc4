//! Ruth Carver: most of the household's records, from three providers who do not agree on everything.

mod care;
mod fernhill;
mod harbor;
mod health;
mod tests;

use super::alder;
use super::build::{Bundle, Clock, loinc, patient};
use super::{DemoFile, file, paper};

/// Days before today on which Alder Street drew blood. In between Harbor County did.
const DRAWS: [i64; 6] = [10, 200, 374, 563, 1109, 1291];

pub(super) fn files(clock: Clock) -> Vec<DemoFile> {
    vec![
        file("harbor-county-export.json", harbor::bundle(clock)),
        file(format!("AlderStreet-{}.json", clock.day(9)), first_download(clock)),
        file(format!("FernhillHeart_{}.xml", clock.day(47).replace('-', "")), fernhill::note(clock)),
        // A second download of the same portal: the laboratory changed one value.
        file(format!("AlderStreet-{}.json", clock.day(8)), corrected(clock)),
        file(
            "After your knee replacement.pdf",
            paper::pdf(
                "After your knee replacement",
                &[
                    "Harbor County Medical Center, Orthopedic Surgery",
                    "For Ruth Carver, born 14 March 1954",
                    "Walk with the frame for two weeks, then with a cane.",
                    "Bend and stretch the knee ten times, three times a day.",
                    "Call 555-0170 for fever, a hot calf, or fluid from the wound.",
                    "Blood thinner: finish all of the injections.",
                ],
            ),
        ),
        file("knee picture.png", paper::knee_picture()),
        file(
            "my questions.txt",
            "Questions for Dr. Raman\n\n1. My A1c went from 7.1 to 7.4. Is that a real change?\n2. Which metoprolol dose is right, 25 or 50 mg?\n"
                .as_bytes()
                .to_vec(),
        ),
    ]
}

fn begin(kind: &'static str) -> Bundle {
    Bundle::new(alder::BASE, kind, "carver-ruth", "Ruth Carver")
}

fn first_download(clock: Clock) -> Vec<u8> {
    let mut b = begin("searchset");
    let mut who = patient("Carver", &["Ruth", "Ann"], "1954-03-14", "female", (alder::MRN, "204417"));
    who["maritalStatus"] = super::build::concept("http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "M", "Married", "Married");
    who["contact"] = serde_json::json!([{"relationship": [{"text": "Husband"}], "name": {"family": "Carver", "given": ["Walter"]},
        "telecom": [{"system": "phone", "value": "555-0142"}]}]);
    who["generalPractitioner"] = serde_json::json!([super::build::to(alder::RAMAN.0, alder::RAMAN.1)]);
    who["managingOrganization"] = super::build::to("Organization/alder-street", alder::NAME);
    b.add("Patient", "carver-ruth", who);
    alder::places(&mut b);
    super::labs::write(&mut b, clock, &DRAWS, tests::PANELS);
    tests::urine(&mut b, clock, false);
    vitals(&mut b, clock);
    health::write(&mut b, clock);
    care::write(&mut b, clock);
    b.bytes()
}

fn corrected(clock: Clock) -> Vec<u8> {
    let mut b = begin("searchset");
    tests::urine(&mut b, clock, true);
    b.bytes()
}

fn vitals(b: &mut Bundle, clock: Clock) {
    let visits = [
        (10, "134", "78", "74.5", "68"),
        (200, "138", "80", "75.1", "70"),
        (374, "142", "84", "76.0", "72"),
        (563, "136", "82", "76.4", "66"),
        (1109, "148", "88", "78.2", "74"),
        (1291, "152", "90", "79.0", "76"),
    ];
    for (ago, upper, lower, weight, pulse) in visits {
        let (day, when, visit) = (clock.day(ago), clock.at(ago, "09:40"), format!("visit-{}", clock.day(ago)));
        let visit = Some(visit.as_str());
        alder::blood_pressure(b, &format!("bp-{day}"), &when, upper, lower, visit);
        alder::vital(b, &format!("weight-{day}"), loinc("29463-7", "Body weight", "Weight"), &when, weight, "kg", visit);
        alder::vital(b, &format!("pulse-{day}"), loinc("8867-4", "Heart rate", "Heart rate"), &when, pulse, "beats/minute", visit);
    }
    let (day, when) = (clock.day(10), clock.at(10, "09:40"));
    let visit = format!("visit-{day}");
    let visit = Some(visit.as_str());
    alder::vital(b, &format!("height-{day}"), loinc("8302-2", "Body height", "Height"), &when, "163", "cm", visit);
    alder::vital(
        b,
        &format!("bmi-{day}"),
        loinc("39156-5", "Body mass index (BMI) [Ratio]", "Body mass index"),
        &when,
        "28.0",
        "kg/m²",
        visit,
    );
    alder::vital(b, &format!("temp-{day}"), loinc("8310-5", "Body temperature", "Temperature"), &when, "36.6", "°C", visit);
    let oxygen = loinc("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", "Oxygen level");
    alder::vital(b, &format!("oxygen-{day}"), oxygen, &when, "97", "%", visit);
    // A slip of the keyboard, marked as such by the practice.
    let slip = clock.at(374, "09:38");
    alder::vital(b, "weight-slip", loinc("29463-7", "Body weight", "Weight"), &slip, "760", "kg", None);
    b.set_last("status", "entered-in-error".into());
}
