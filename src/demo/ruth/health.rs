//! What Alder Street knows of Ruth's health: conditions, allergies, medicines, immunizations, history.

use crate::demo::alder;
use crate::demo::build::{Bundle, Clock, category, coding, concept, listed, loinc, quantity, snomed, status, to, words};
use crate::record::systems;
use serde_json::{Value, json};

pub(super) fn write(b: &mut Bundle, clock: Clock) {
    conditions(b);
    allergies(b);
    medicines(b, clock);
    vaccines(b, clock);
    background(b, clock);
}

fn conditions(b: &mut Bundle) {
    let problem = |snomed: (&str, &str), icd: (&str, &str), text: &str| {
        json!({"coding": [{"system": systems::SNOMED, "code": snomed.0, "display": snomed.1},
            {"system": systems::ICD10CM, "code": icd.0, "display": icd.1}], "text": text})
    };
    let diabetes = problem(
        ("44054006", "Diabetes mellitus type 2"),
        ("E11.22", "Type 2 diabetes mellitus with diabetic chronic kidney disease"),
        "Type 2 diabetes",
    );
    alder::condition(b, "diabetes", diabetes, "2011", "active");
    let pressure = problem(("59621000", "Essential hypertension"), ("I10", "Essential (primary) hypertension"), "High blood pressure");
    alder::condition(b, "hypertension", pressure, "2008", "active");
    let rhythm = problem(
        ("282825002", "Paroxysmal atrial fibrillation"),
        ("I48.0", "Paroxysmal atrial fibrillation"),
        "Irregular heartbeat (atrial fibrillation)",
    );
    alder::condition(b, "atrial-fibrillation", rhythm, "2022-03", "active");
    let kidney = problem(
        ("700378005", "Chronic kidney disease stage 3A"),
        ("N18.31", "Chronic kidney disease, stage 3a"),
        "Chronic kidney disease, stage 3a",
    );
    alder::condition(b, "kidney-disease", kidney, "2021", "active");
    let knees = problem(
        ("239873007", "Osteoarthritis of knee"),
        ("M17.0", "Bilateral primary osteoarthritis of knee"),
        "Worn joints, both knees (osteoarthritis)",
    );
    alder::condition(b, "osteoarthritis", knees, "2015", "active");
    alder::condition(b, "sinusitis", snomed("444814009", "Viral sinusitis", "Sinus infection"), "2024-02-12", "resolved");
    b.set_last("abatementDateTime", "2024-02-26".into());
    // Written into the wrong chart, and marked so.
    b.add(
        "Condition",
        "asthma-error",
        json!({"verificationStatus": status(systems::CONDITION_VERIFICATION, "entered-in-error"),
        "code": snomed("195967001", "Asthma", "Asthma"), "recordedDate": "2019-11-05"}),
    );
    b.add(
        "Condition",
        "health-concern",
        json!({"clinicalStatus": status(systems::CONDITION_CLINICAL, "active"),
        "category": [{"coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/condition-category", "code": "health-concern",
            "display": "Health Concern"}]}],
        "code": words("Worried about falling on the stairs"), "recordedDate": "2025-05-08"}),
    );
}

fn allergies(b: &mut Bundle) {
    let mut allergy = |id: &str, code: Value, category: &str, level: &str, onset: &str, signs: &[Value], severity: &str| {
        b.add(
            "AllergyIntolerance",
            id,
            json!({"clinicalStatus": status(systems::ALLERGY_CLINICAL, "active"),
            "verificationStatus": status(systems::ALLERGY_VERIFICATION, "confirmed"),
            "type": "allergy", "category": [category], "criticality": level, "code": code, "onsetDateTime": onset,
            "recorder": to(alder::RAMAN.0, alder::RAMAN.1),
            "reaction": [{"manifestation": signs, "severity": severity}]}),
        );
    };
    let penicillin = concept(systems::RXNORM, "70618", "Penicillin", "Penicillin");
    let breath = [snomed("267036007", "Dyspnea", "Trouble breathing"), snomed("65124004", "Swelling", "Swelling of the face")];
    allergy("penicillin", penicillin, "medication", "high", "2009", &breath, "severe");
    let sulfa = concept(systems::RXNORM, "10180", "sulfamethoxazole", "Sulfa antibiotics (sulfamethoxazole)");
    allergy("sulfa", sulfa, "medication", "low", "2014", &[snomed("271807003", "Eruption of skin", "Itchy rash")], "mild");
    let hives = [snomed("126485001", "Urticaria", "Hives")];
    allergy("contrast", words("Contrast dye with iodine"), "medication", "unable-to-assess", "2018", &hives, "moderate");
}

/// Name, RxNorm and how it is taken.
struct Medicine {
    id: &'static str,
    rxnorm: (&'static str, &'static str),
    text: &'static str,
    reason: &'static str,
    sig: &'static str,
    when: &'static [&'static str],
    started: &'static str,
}

const MEDICINES: [Medicine; 5] = [
    Medicine {
        id: "apixaban",
        rxnorm: ("1364445", "apixaban 5 MG Oral Tablet"),
        text: "Apixaban 5 mg tablet",
        reason: "Irregular heartbeat",
        sig: "Take 1 tablet by mouth in the morning and 1 in the evening",
        when: &["MORN", "EVE"],
        started: "2022-03-21",
    },
    Medicine {
        id: "lisinopril",
        rxnorm: ("314077", "lisinopril 20 MG Oral Tablet"),
        text: "Lisinopril 20 mg tablet",
        reason: "High blood pressure",
        sig: "Take 1 tablet by mouth in the morning",
        when: &["MORN"],
        started: "2008",
    },
    Medicine {
        id: "metformin",
        rxnorm: ("861007", "metformin hydrochloride 500 MG Oral Tablet"),
        text: "Metformin 500 mg tablet",
        reason: "Type 2 diabetes",
        sig: "Take 1 tablet by mouth in the morning and 1 in the evening, with food",
        when: &["MORN", "EVE"],
        started: "2011",
    },
    Medicine {
        id: "metoprolol",
        rxnorm: ("866436", "24 HR metoprolol succinate 50 MG Extended Release Oral Tablet"),
        text: "Metoprolol succinate 50 mg extended-release tablet",
        reason: "Heart rate",
        sig: "Take 1 tablet by mouth in the morning. Swallow whole",
        when: &["MORN"],
        started: "2022-03-21",
    },
    Medicine {
        id: "atorvastatin",
        rxnorm: ("617311", "atorvastatin 40 MG Oral Tablet"),
        text: "Atorvastatin 40 mg tablet",
        reason: "Cholesterol",
        sig: "Take 1 tablet by mouth at bedtime",
        when: &["HS"],
        started: "2012",
    },
];

fn medicines(b: &mut Bundle, clock: Clock) {
    let order = |text: &str, code: Value, status: &str, on: &str, dosage: Value| {
        json!({"status": status, "intent": "order", "medicationCodeableConcept": code, "authoredOn": on,
            "category": listed("medicationrequest-category", "community", "Community"),
            "requester": to(alder::RAMAN.0, alder::RAMAN.1), "dosageInstruction": dosage, "note": [{"text": text}]})
    };
    for m in &MEDICINES {
        let code = concept(systems::RXNORM, m.rxnorm.0, m.rxnorm.1, m.text);
        let dosage = json!([{"text": m.sig, "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": m.when}},
            "route": snomed("26643006", "Oral route", "By mouth"), "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]}]);
        let mut body = order(&format!("Since {}", m.started), code, "active", &clock.day(10), dosage);
        body["reasonCode"] = json!([words(m.reason)]);
        body["dispenseRequest"] = json!({"numberOfRepeatsAllowed": 2, "quantity": {"value": 30 * m.when.len(), "unit": "tablet"},
            "expectedSupplyDuration": quantity("30", "d")});
        b.add("MedicationRequest", m.id, body);
    }
    let needed = json!([{"text": "Take 1 or 2 tablets by mouth when needed for knee pain, at most 6 tablets in one day",
        "asNeededCodeableConcept": words("Knee pain"), "doseAndRate": [{"doseRange": {"low": {"value": 1, "unit": "tablet"},
        "high": {"value": 2, "unit": "tablet"}}}],
        "maxDosePerPeriod": {"numerator": {"value": 6, "unit": "tablet"}, "denominator": quantity("1", "d")}}]);
    let acetaminophen = concept(systems::RXNORM, "198440", "acetaminophen 500 MG Oral Tablet", "Acetaminophen 500 mg tablet");
    b.add("MedicationRequest", "acetaminophen", order("Knee pain", acetaminophen, "active", &clock.day(10), needed));
    let water = concept(systems::RXNORM, "429503", "hydrochlorothiazide 12.5 MG Oral Tablet", "Hydrochlorothiazide 12.5 mg tablet");
    let mut stopped = order("Low sodium", water, "stopped", "2019-01-15", json!([{"text": "Take 1 tablet by mouth in the morning"}]));
    stopped["statusReason"] = words("Stopped in June 2024: low sodium");
    b.add("MedicationRequest", "hydrochlorothiazide", stopped);
    let ibuprofen = concept(systems::RXNORM, "197805", "ibuprofen 400 MG Oral Tablet", "Ibuprofen 400 mg tablet");
    b.add(
        "MedicationStatement",
        "ibuprofen",
        json!({"status": "stopped", "statusReason": [words("With a blood thinner it can cause bleeding")],
        "medicationCodeableConcept": ibuprofen, "effectivePeriod": {"start": "2015", "end": "2022-03"},
        "dosage": [{"text": "1 tablet when needed for knee pain"}]}),
    );
    for (id, text, ago, count, days) in
        [("fill-apixaban", "Apixaban 5 mg tablet", 20, 60, "30"), ("fill-metformin", "Metformin 500 mg tablet", 36, 180, "90")]
    {
        let order = id.strip_prefix("fill-").unwrap_or(id);
        b.add(
            "MedicationDispense",
            id,
            json!({"status": "completed", "medicationCodeableConcept": words(text),
            "performer": [{"actor": {"display": "Union Lane Pharmacy"}}],
            "authorizingPrescription": [{"reference": format!("MedicationRequest/{order}")}],
            "quantity": {"value": count, "unit": "tablet"}, "daysSupply": quantity(days, "d"), "whenHandedOver": clock.at(ago, "15:20")}),
        );
    }
}

fn vaccines(b: &mut Bundle, clock: Clock) {
    alder::vaccine(b, "flu-now", ("135", "Influenza, high-dose, trivalent, PF"), "Flu, high dose", &clock.day(50), None);
    alder::vaccine(b, "flu-before", ("135", "Influenza, high-dose, trivalent, PF"), "Flu, high dose", &clock.day(410), None);
    alder::vaccine(b, "covid", ("309", "COVID-19, mRNA, LNP-S, PF, 30 mcg/0.3 mL"), "COVID-19", &clock.day(50), None);
    alder::vaccine(
        b,
        "pneumococcal",
        ("216", "Pneumococcal conjugate PCV20, polysaccharide CRM197 conjugate, adjuvant, PF"),
        "Pneumococcal (PCV20)",
        "2023-05",
        None,
    );
    alder::vaccine(b, "shingles-1", ("187", "zoster recombinant"), "Shingles", "2020-11", Some((1, 2)));
    alder::vaccine(b, "shingles-2", ("187", "zoster recombinant"), "Shingles", "2021", Some((2, 2)));
    alder::vaccine(b, "tdap", ("115", "Tdap"), "Tetanus, diphtheria and whooping cough (Tdap)", "2017-08-30", None);
    b.add(
        "Immunization",
        "rsv-refused",
        json!({"status": "not-done",
        "statusReason": concept("http://terminology.hl7.org/CodeSystem/v3-ActReason", "PATOBJ", "patient objection", "Ruth said no, for now"),
        "vaccineCode": concept(systems::CVX, "305",
            "RSV, bivalent, protein subunit RSV prefusion F, diluent reconstituted, 0.5 mL, PF", "RSV"),
        "occurrenceDateTime": clock.day(50), "primarySource": true,
        "performer": [{"actor": {"display": "Union Lane Pharmacy"}}]}),
    );
}

fn background(b: &mut Bundle, clock: Clock) {
    let smoking = loinc("72166-2", "Tobacco smoking status", "Smoking");
    alder::history(b, "smoking", smoking, &clock.day(10), snomed("8517006", "Ex-smoker", "Stopped smoking in 1988"));
    alder::history(b, "work", words("Work"), &clock.day(563), words("Retired school librarian"));
    alder::history(b, "living", words("Living arrangement"), &clock.day(10), words("Lives with her husband, stairs to the bedroom"));
    for (id, code, word, note, deceased) in [
        ("mother", "MTH", "Mother", "Stroke at 81", true),
        ("father", "FTH", "Father", "Type 2 diabetes", true),
        ("sister", "SIS", "Sister", "Breast cancer at 58", false),
    ] {
        b.add(
            "FamilyMemberHistory",
            id,
            json!({"status": "completed", "date": "2023-05-11",
            "relationship": concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", code, &word.to_lowercase(), word),
            "deceasedBoolean": deceased, "condition": [{"code": words(note)}]}),
        );
    }
    let asked = |link: &str, text: &str, answer: (&str, &str)| json!({"linkId": link, "text": text, "answer": [{"valueCoding": coding(systems::LOINC, answer.0, answer.1)}]});
    b.add(
        "QuestionnaireResponse",
        "mood",
        json!({"status": "completed", "authored": clock.at(10, "09:30"),
        "questionnaire": "https://fhir.alderstreet.example/r4/Questionnaire/phq-2",
        "_questionnaire": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/display", "valueString": "Mood questions (PHQ-2)"}]},
        "item": [asked("44250-9", "Little interest or pleasure in doing things in last 2 weeks", ("LA6568-5", "Not at all")),
            asked("44255-8", "Feeling down, depressed, or hopeless in last 2 weeks", ("LA6569-3", "Several days"))]}),
    );
    b.add(
        "Observation",
        "mood-score",
        json!({"status": "final", "category": category("survey"),
        "code": loinc("55758-7", "Patient Health Questionnaire 2 item (PHQ-2) total score [Reported]", "Mood questions (PHQ-2), total"),
        "effectiveDateTime": clock.at(10, "09:30"), "valueQuantity": quantity("1", "{score}"),
        "derivedFrom": [{"reference": "QuestionnaireResponse/mood"}]}),
    );
}
