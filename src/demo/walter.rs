//! Walter Carver: a worn knee, glaucoma, and a bill that asks for more than his plan says.

use super::alder::{self, RAMAN};
use super::build::{Bundle, Clock, concept, loinc, money, patient, snomed, status, to, words};
use super::labs::{self, Panel, Test, test};
use super::{DemoFile, file, paper};
use crate::record::systems;
use serde_json::{Value, json};

const PANELS: &[Panel] = &[Panel {
    id: "metabolic-report",
    code: "24321-2",
    display: "Basic metabolic 2000 panel - Serum or Plasma",
    text: "Basic metabolic panel",
    tests: &[
        test!(
            "glucose",
            "1558-6",
            "Fasting glucose [Mass/volume] in Serum or Plasma",
            "Glucose, fasting",
            "mg/dL",
            "70".."99",
            ["96", "102"]
        ),
        test!(
            "creatinine",
            "2160-0",
            "Creatinine [Mass/volume] in Serum or Plasma",
            "Creatinine",
            "mg/dL",
            "0.70".."1.20",
            ["0.98", "0.95"]
        ),
        test!(
            "psa",
            "2857-1",
            "Prostate specific Ag [Mass/volume] in Serum or Plasma",
            "Prostate test (PSA)",
            "ng/mL",
            "".."4.0",
            ["<0.1", "1.9"]
        ),
    ],
}];

pub(super) fn files(clock: Clock) -> Vec<DemoFile> {
    vec![
        file("AlderStreet-walter.json", practice(clock)),
        file("larkfield-plan.json", plan(clock)),
        file(
            "Bill 88213.pdf",
            paper::pdf(
                "Harbor County Medical Center: bill 88213",
                &[
                    "For Walter Carver, born 2 June 1951",
                    "Office visit                   $28.56",
                    "X-ray, right knee, 3 views     $12.50",
                    "Injection into the knee        $55.18",
                    "Please pay                     $96.24",
                    "Questions: 555-0199",
                ],
            ),
        ),
    ]
}

fn practice(clock: Clock) -> Vec<u8> {
    let mut b = Bundle::new(alder::BASE, "searchset", "carver-walter", "Walter Carver");
    b.add("Patient", "carver-walter", patient("Carver", &["Walter"], "1951-06-02", "male", (alder::MRN, "204416")));
    alder::places(&mut b);
    labs::write(&mut b, clock, &[30, 395], PANELS);
    let glaucoma = snomed("77075001", "Primary open angle glaucoma", "Raised eye pressure (glaucoma), both eyes");
    alder::condition(&mut b, "glaucoma", glaucoma, "2017-09", "active");
    alder::condition(
        &mut b,
        "knee",
        snomed("239873007", "Osteoarthritis of knee", "Worn joint, right knee (osteoarthritis)"),
        "2018",
        "active",
    );
    alder::condition(&mut b, "pressure", snomed("59621000", "Essential hypertension", "High blood pressure"), "2013", "active");
    b.add(
        "AllergyIntolerance",
        "lisinopril-cough",
        json!({"clinicalStatus": status(systems::ALLERGY_CLINICAL, "active"), "type": "intolerance",
        "verificationStatus": status(systems::ALLERGY_VERIFICATION, "confirmed"), "category": ["medication"], "criticality": "low",
        "code": words("Lisinopril"), "onsetDateTime": "2014", "reaction": [{"manifestation": [snomed("49727002", "Cough", "Dry cough")]}]}),
    );
    for (id, code, text, sig, when) in [
        (
            "amlodipine",
            concept(systems::RXNORM, "197361", "amlodipine 5 MG Oral Tablet", "Amlodipine 5 mg tablet"),
            "High blood pressure",
            "Take 1 tablet by mouth in the morning",
            "MORN",
        ),
        ("latanoprost", words("Latanoprost 0.005 % eye drops"), "Glaucoma", "1 drop into each eye at bedtime", "HS"),
    ] {
        b.add(
            "MedicationRequest",
            id,
            json!({"status": "active", "intent": "order", "medicationCodeableConcept": code, "authoredOn": clock.day(30),
            "requester": to(RAMAN.0, RAMAN.1), "reasonCode": [words(text)],
            "dosageInstruction": [{"text": sig, "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": [when]}}}]}),
        );
    }
    b.add(
        "VisionPrescription",
        "glasses",
        json!({"status": "active", "created": clock.day(120), "dateWritten": clock.day(120), "prescriber": {"display": "Dr. Mei Sato, Harbor Eye Clinic"},
        "lensSpecification": [
            {"product": words("Lens"), "eye": "right", "sphere": super::build::num("-1.25"), "add": super::build::num("2.00")},
            {"product": words("Lens"), "eye": "left", "sphere": super::build::num("-0.75"), "add": super::build::num("2.00")}]}),
    );
    for (eye, value) in [("right", "17"), ("left", "19")] {
        let code = words(&format!("Eye pressure, {eye} eye"));
        alder::vital(&mut b, &format!("eye-pressure-{eye}"), code, &clock.at(120, "10:10"), value, "mmHg", None);
        b.set_last("category", super::build::category("exam"));
    }
    alder::vaccine(&mut b, "flu", ("135", "Influenza, high-dose, trivalent, PF"), "Flu, high dose", &clock.day(50), None);
    alder::vaccine(&mut b, "shingles", ("187", "zoster recombinant"), "Shingles", "2021-03", Some((1, 2)));
    let (start, end) = (clock.at(30, "09:00"), clock.at(30, "09:30"));
    alder::visit(&mut b, "visit", &start, &end, "Yearly review");
    alder::blood_pressure(&mut b, "bp", &clock.at(30, "09:05"), "128", "74", Some("visit"));
    alder::vital(&mut b, "weight", loinc("29463-7", "Body weight", "Weight"), &clock.at(30, "09:05"), "82.0", "kg", Some("visit"));
    let smoking = loinc("72166-2", "Tobacco smoking status", "Smoking");
    alder::history(&mut b, "smoking", smoking, &clock.day(30), snomed("266919005", "Never smoked tobacco", "Never smoked"));
    b.add(
        "Basic",
        "donor-card",
        json!({"code": words("Organ donor card"), "created": "2016-04-02", "author": to("Patient/carver-walter", "Walter Carver")}),
    );
    b.add(
        "Appointment",
        "review",
        json!({"status": "booked", "description": "Eye pressure check", "start": clock.at(-24, "09:00"), "end": clock.at(-24, "09:20"),
        "participant": [{"actor": to("Patient/carver-walter", "Walter Carver"), "status": "accepted"},
            {"actor": {"display": "Dr. Mei Sato, Harbor Eye Clinic"}, "status": "accepted"}]}),
    );
    b.bytes()
}

/// What the plan and the hospital say about the same knee visit.
fn plan(clock: Clock) -> Vec<u8> {
    const HOSPITAL: &str = "Harbor County Medical Center";
    let mut b = Bundle::new("https://fhir.larkfield.example/r4", "collection", "lsp-4471-01", "Walter Carver");
    let visit = clock.day(65);
    b.add(
        "Patient",
        "lsp-4471-01",
        patient("Carver", &["Walter"], "1951-06-02", "male", ("https://larkfield.example/members", "LSP-4471-01")),
    );
    b.add(
        "Coverage",
        "senior-plan",
        json!({"status": "active", "type": words("Medicare Advantage plan"), "subscriberId": "LSP-4471-01", "relationship": words("Self"),
        "payor": [{"display": "Larkfield Senior Plan"}], "period": {"start": format!("{}-01-01", clock.today.year())}}),
    );
    b.add(
        "Encounter",
        "knee-visit",
        json!({"status": "finished", "class": super::build::coding(systems::ACT_CODE, "AMB", "ambulatory"), "type": [words("Office visit")],
        "participant": [{"individual": {"display": "Dr. Ana Whitfield"}}], "period": {"start": visit, "end": visit},
        "reasonCode": [words("Knee pain, right")], "serviceProvider": {"display": HOSPITAL}}),
    );
    let lines = [
        ("Office visit", "285.00", "142.80", "114.24", "28.56", "28.56"),
        ("X-ray, right knee, 3 views", "190.00", "62.50", "50.00", "12.50", "12.50"),
        ("Injection into the knee", "140.00", "98.40", "78.72", "19.68", "55.18"),
    ];
    let number = |n: usize| json!(n + 1);
    let claimed: Vec<Value> = lines
        .iter()
        .enumerate()
        .map(|(n, l)| json!({"sequence": number(n), "productOrService": words(l.0), "servicedDate": visit, "net": money(l.1)}))
        .collect();
    let part = |kind: &str, amount: &str| json!({"category": status("http://terminology.hl7.org/CodeSystem/adjudication", kind), "amount": money(amount)});
    // FHIR has no code of its own for what the patient owes; CARIN's code system has.
    let owed = |amount: &str| {
        json!({"category": {"coding": [super::build::coding("http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBAdjudication", "memberliability",
            "Member liability")], "text": "You owe"}, "amount": money(amount)})
    };
    let judged: Vec<Value> = lines
        .iter()
        .enumerate()
        .map(|(n, l)| {
            json!({"sequence": number(n), "productOrService": words(l.0), "servicedDate": visit, "net": money(l.1),
            "adjudication": [part("submitted", l.1), part("eligible", l.2), part("benefit", l.3), owed(l.4)]})
        })
        .collect();
    let kind = status("http://terminology.hl7.org/CodeSystem/claim-type", "professional");
    let insured = json!([{"focal": true, "coverage": {"reference": "Coverage/senior-plan"}}]);
    b.add(
        "Claim",
        "knee-claim",
        json!({"status": "active", "type": kind, "use": "claim", "created": clock.day(60), "provider": {"display": HOSPITAL},
        "priority": words("Normal"), "insurance": [{"sequence": 1, "focal": true, "coverage": {"reference": "Coverage/senior-plan"}}],
        "item": claimed, "total": money("615.00")}),
    );
    b.add(
        "ExplanationOfBenefit",
        "knee-eob",
        json!({"status": "active", "type": kind, "use": "claim", "outcome": "complete", "created": clock.day(44),
        "identifier": [{"system": "https://larkfield.example/claims", "value": "5520-7781"}],
        "insurer": {"display": "Larkfield Senior Plan"}, "provider": {"display": HOSPITAL}, "claim": {"reference": "Claim/knee-claim"},
        "billablePeriod": {"start": visit, "end": visit}, "insurance": insured, "item": judged,
        "total": [part("submitted", "615.00"), part("eligible", "303.70"), part("benefit", "242.96"), owed("60.74")],
        "payment": {"amount": money("242.96"), "date": clock.day(42)},
        "benefitBalance": [{"category": words("Medical"), "financial": [
            {"type": words("Deductible"), "allowedMoney": money("240.00"), "usedMoney": money("240.00")},
            {"type": words("Out of pocket"), "allowedMoney": money("3400.00"), "usedMoney": money("1120.50")}]}]}),
    );
    let asked: Vec<Value> = lines
        .iter()
        .enumerate()
        .map(|(n, l)| {
            json!({"sequence": number(n), "chargeItemCodeableConcept": words(l.0), "priceComponent": [{"type": "base", "amount": money(l.5)}]})
        })
        .collect();
    b.add(
        "Invoice",
        "bill-88213",
        json!({"status": "issued", "identifier": [{"system": "https://harborcounty.example/bills", "value": "88213"}],
        "date": clock.at(33, "12:00"), "issuer": {"display": HOSPITAL}, "recipient": to("Patient/lsp-4471-01", "Walter Carver"),
        "lineItem": asked, "totalNet": money("96.24"), "totalGross": money("96.24"),
        "paymentTerms": format!("Due {}. Questions: 555-0199", clock.day(-13))}),
    );
    b.bytes()
}
