//! Who looks after Ruth, what is planned, what was written, and what it cost.

use crate::demo::alder::{self, BASE, NAME, RAMAN};
use crate::demo::build::{Bundle, Clock, attachment, category, coding, listed, loinc, money, quantity, snomed, status, to, words};
use crate::demo::paper;
use serde_json::{Value, json};

pub(super) fn write(b: &mut Bundle, clock: Clock) {
    visits(b, clock);
    team(b, clock);
    notes(b, clock);
    pictures(b);
    messages(b, clock);
    costs(b, clock);
}

fn visits(b: &mut Bundle, clock: Clock) {
    for (ago, reason) in [
        (10, "Diabetes check"),
        (200, "Diabetes check"),
        (374, "Diabetes check"),
        (563, "Diabetes check and yearly review"),
        (1109, "Diabetes check"),
        (1291, "Yearly review"),
    ] {
        alder::visit(b, &format!("visit-{}", clock.day(ago)), &clock.at(ago, "09:30"), &clock.at(ago, "10:00"), reason);
    }
    for (id, state, ago, from, until, what) in [
        ("next-visit", "booked", -9, "10:20", "10:50", "Diabetes check"),
        ("eye-check", "booked", -40, "14:00", "14:30", "Yearly eye check for diabetes"),
        ("missed-visit", "cancelled", 120, "11:00", "11:30", "Blood pressure check"),
    ] {
        b.add(
            "Appointment",
            id,
            json!({"status": state, "description": what, "appointmentType": words("Office visit"),
            "start": clock.at(ago, from), "end": clock.at(ago, until), "minutesDuration": 30,
            "patientInstruction": "Bring your meter and all your medicine boxes.",
            "participant": [
                {"actor": to("Patient/carver-ruth", "Ruth Carver"), "status": "accepted"},
                {"actor": to(RAMAN.0, RAMAN.1), "status": "accepted"},
                {"actor": to("Location/alder-clinic", NAME), "status": "accepted"}]}),
        );
    }
}

fn team(b: &mut Bundle, clock: Clock) {
    b.add(
        "CareTeam",
        "team",
        json!({"status": "active", "name": "Ruth Carver's care team", "period": {"start": "2022-03"},
        "participant": [
            {"role": [words("Family doctor")], "member": to(RAMAN.0, RAMAN.1)},
            {"role": [words("Heart doctor")], "member": {"display": "Dr. Tomas Eklund, Fernhill Heart Clinic"}},
            {"role": [words("Diabetes nurse")], "member": {"display": "Joan Pell, RN"}},
            {"role": [words("Husband, helps at home")], "member": {"display": "Walter Carver"}}]}),
    );
    b.add(
        "RelatedPerson",
        "daughter",
        json!({"active": true, "name": [{"family": "Carver", "given": ["Dana"]}], "birthDate": "1989-04-21",
        "relationship": [{"coding": [coding("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "DAU", "natural daughter")], "text": "Daughter"}],
        "telecom": [{"system": "phone", "value": "555-0163"}]}),
    );
    let aim = |text: &str, measure: Value, high: Value, start: &str| {
        json!({"lifecycleStatus": "active", "description": words(text), "startDate": start, "expressedBy": to(RAMAN.0, RAMAN.1),
            "achievementStatus": status("http://terminology.hl7.org/CodeSystem/goal-achievement", "in-progress"),
            "target": [{"measure": measure, "detailRange": {"high": high}}]})
    };
    let a1c = loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "Hemoglobin A1c");
    b.add("Goal", "goal-a1c", aim("Hemoglobin A1c under 7.0 %", a1c, quantity("7.0", "%"), &clock.day(563)));
    let upper = loinc("8480-6", "Systolic blood pressure", "Upper blood pressure");
    b.add("Goal", "goal-pressure", aim("Upper blood pressure under 140", upper, quantity("140", "mmHg"), &clock.day(1109)));
    b.add(
        "Goal",
        "goal-stairs",
        json!({"lifecycleStatus": "active", "description": words("Walk up the stairs to the bedroom without stopping"),
        "expressedBy": to("Patient/carver-ruth", "Ruth Carver"), "startDate": clock.day(374)}),
    );
    b.add(
        "CarePlan",
        "plan",
        json!({"status": "active", "intent": "plan", "title": "Diabetes and kidney plan", "created": clock.day(10),
        "category": [{"coding": [coding("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan",
            "Assessment and Plan of Treatment")]}],
        "text": {"status": "additional", "div":
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>A1c up a little. Keep metformin. Walk 20 minutes on most days. \
             Blood tests again in three months.</p></div>"},
        "addresses": [{"reference": "Condition/diabetes"}, {"reference": "Condition/kidney-disease"}],
        "goal": [{"reference": "Goal/goal-a1c"}, {"reference": "Goal/goal-pressure"}],
        "activity": [
            {"detail": {"status": "in-progress", "description": "Walk 20 minutes on most days"}},
            {"detail": {"status": "scheduled", "description": "Blood tests in three months"}}]}),
    );
    b.add(
        "ServiceRequest",
        "order-bloods",
        json!({"status": "active", "intent": "order", "authoredOn": clock.day(10),
        "code": loinc("24321-2", "Basic metabolic 2000 panel - Serum or Plasma", "Basic metabolic panel"),
        "occurrenceDateTime": clock.day(-80), "requester": to(RAMAN.0, RAMAN.1)}),
    );
    b.add(
        "NutritionOrder",
        "diet",
        json!({"status": "active", "intent": "order", "dateTime": clock.day(374),
        "oralDiet": {"type": [words("Less salt, steady amounts of starch")], "instruction": "Under 2 g of sodium a day"}}),
    );
    b.add(
        "Consent",
        "advance-directive",
        json!({"status": "active", "dateTime": "2023-05-11",
        "scope": status("http://terminology.hl7.org/CodeSystem/consentscope", "adr"),
        "category": [status("http://terminology.hl7.org/CodeSystem/consentcategorycodes", "acd")],
        "sourceAttachment": {"title": "Advance directive: where it is kept", "contentType": "text/plain",
            "data": "VGhlIGdyZWVuIGZvbGRlciBpbiB0aGUga2l0Y2hlbiBkZXNrLg=="}}),
    );
    b.add(
        "Observation",
        "falls",
        json!({"status": "final", "category": category("survey"), "code": words("Falls in the last year"),
        "effectiveDateTime": clock.at(10, "09:32"), "valueInteger": 1}),
    );
}

fn notes(b: &mut Bundle, clock: Clock) {
    let note = |code: Value, title: &str, ago: i64, content: Value| {
        json!({"status": "current", "docStatus": "final", "type": code, "description": title,
            "category": [{"coding": [coding("http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note",
                "Clinical Note")]}],
            "date": clock.at(ago, "11:15"), "author": [to(RAMAN.0, RAMAN.1)], "custodian": to("Organization/alder-street", NAME),
            "content": content, "context": {"encounter": [{"reference": format!("Encounter/visit-{}", clock.day(ago))}]}})
    };
    let text = "Diabetes check.\n\nRuth feels well. Two low readings at home, both before lunch. Ankles a little swollen in the evening.\n\
        Assessment: A1c 7.4, up from 7.1. Kidney function steady. Mild anemia.\n\
        Plan: no change of tablets today. Iron studies with the next blood draw. See again in three weeks.\n";
    let progress = loinc("11506-3", "Progress note", "Progress note");
    b.add(
        "DocumentReference",
        "note-now",
        note(progress, "Diabetes check", 10, attachment("text/plain", "Diabetes check", text.as_bytes())),
    );
    let letter = "<html><body><h1>Your yearly review</h1><p>Dear Ruth,</p><p>Your blood pressure and cholesterol are better than last year. \
        Please keep walking.</p><table><tr><th>Test</th><th>Value</th></tr><tr><td>A1c</td><td>7.0 %</td></tr></table></body></html>";
    let review = loinc("51847-2", "Evaluation + Plan note", "Yearly review");
    b.add(
        "DocumentReference",
        "note-review",
        note(review, "Yearly review", 563, attachment("text/html", "Yearly review", letter.as_bytes())),
    );
    let pdf = paper::pdf("Letter to the eye clinic", &["Please see Ruth Carver for her yearly diabetic eye check.", "Priya Raman, MD"]);
    let referral = loinc("57133-1", "Referral note", "Referral to the eye clinic");
    b.add(
        "DocumentReference",
        "referral",
        note(referral, "Referral to the eye clinic", 200, attachment("application/pdf", "Letter", &pdf)),
    );
    b.add(
        "Provenance",
        "written-by",
        json!({"target": [{"reference": "DocumentReference/note-now"}, {"reference": "CarePlan/plan"}],
        "recorded": clock.at(10, "11:15"),
        "agent": [{"type": {"coding": [coding("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "author", "Author")]},
            "who": to(RAMAN.0, RAMAN.1), "onBehalfOf": to("Organization/alder-street", NAME)}]}),
    );
}

fn pictures(b: &mut Bundle) {
    b.add(
        "DiagnosticReport",
        "mammogram",
        json!({"status": "final", "category": listed("v2-0074", "RAD", "Radiology"),
        "code": loinc("24606-6", "MG Breast Screening", "Mammogram (screening)"),
        "effectiveDateTime": "2024-10-02", "issued": "2024-10-03T09:00:00-05:00",
        "performer": [{"display": "Harbor County Medical Center Imaging"}],
        "conclusion": "No sign of cancer. Next screening in two years."}),
    );
    b.add(
        "ImagingStudy",
        "mammogram-study",
        json!({"status": "available", "started": "2024-10-02T10:10:00-05:00", "numberOfSeries": 1, "numberOfInstances": 4,
        "description": "Mammogram (screening), both sides",
        "modality": [coding("http://dicom.nema.org/resources/ontology/DCM", "MG", "Mammography")],
        "series": [{"uid": "2.25.1", "modality": coding("http://dicom.nema.org/resources/ontology/DCM", "MG", "Mammography"),
            "numberOfInstances": 4, "bodySite": snomed("76752008", "Breast structure", "Breast")["coding"][0]}]}),
    );
    b.add(
        "Procedure",
        "colonoscopy",
        json!({"status": "completed", "code": snomed("73761001", "Colonoscopy", "Colonoscopy"), "performedDateTime": "2019-02",
        "outcome": words("No polyps"), "performer": [{"actor": {"display": "Harbor County Medical Center"}}]}),
    );
    b.add(
        "Procedure",
        "appendix",
        json!({"status": "completed", "code": snomed("80146002", "Excision of appendix", "Appendix removed"), "performedDateTime": "1971"}),
    );
    b.add(
        "Procedure",
        "left-knee",
        json!({"status": "not-done", "statusReason": words("Ruth wants to wait"), "performedDateTime": "2023-06",
        "code": snomed("609588000", "Total knee replacement", "Left knee replacement")}),
    );
}

fn messages(b: &mut Bundle, clock: Clock) {
    let ask = "My ankles are thick in the evening. Is that from my tablets?";
    let answer = "Thank you for asking. Put your feet up for half an hour and weigh yourself each morning. \
        Call us the same day if you gain more than 1 kg in a day or get short of breath. We will look at them at your next visit.";
    for (id, from, whom, ago, text, before) in [
        ("ask-ankles", to("Patient/carver-ruth", "Ruth Carver"), to(RAMAN.0, RAMAN.1), 12, ask, None),
        ("answer-ankles", to(RAMAN.0, RAMAN.1), to("Patient/carver-ruth", "Ruth Carver"), 11, answer, Some("Communication/ask-ankles")),
    ] {
        let mut body = json!({"status": "completed", "topic": words("Swollen ankles"), "sent": clock.at(ago, "08:05"),
            "received": clock.at(ago, "08:05"), "sender": from, "recipient": [whom], "payload": [{"contentString": text}]});
        if let Some(before) = before {
            body["inResponseTo"] = json!([{"reference": before}]);
        }
        b.add("Communication", id, body);
    }
}

fn costs(b: &mut Bundle, clock: Clock) {
    b.add(
        "Coverage",
        "plan-2026",
        json!({"status": "active", "type": words("Medicare Advantage plan"), "subscriberId": "LSP-4471-02", "relationship": words("Self"),
        "payor": [{"display": "Larkfield Senior Plan"}], "period": {"start": format!("{}-01-01", clock.today.year())},
        "class": [{"type": {"coding": [coding("http://terminology.hl7.org/CodeSystem/coverage-class", "plan", "Plan")]}, "value": "LSP-100",
            "name": "Larkfield Senior Plan Basic"}]}),
    );
    let day = clock.day(200);
    let line = |n: u8, text: &str, amount: &str| json!({"sequence": n, "productOrService": words(text), "servicedDate": day, "net": money(amount)});
    b.add(
        "Claim",
        "claim-1",
        json!({"status": "active", "type": status("http://terminology.hl7.org/CodeSystem/claim-type", "professional"), "use": "claim",
        "created": clock.day(198), "provider": to("Organization/alder-street", NAME), "priority": words("Normal"),
        "insurance": [{"sequence": 1, "focal": true, "coverage": {"reference": "Coverage/plan-2026"}}],
        "item": [line(1, "Office visit", "185.00"), line(2, "Blood tests", "96.00")], "total": money("281.00")}),
    );
    let paid = |kind: &str, amount: &str| json!({"category": status("http://terminology.hl7.org/CodeSystem/adjudication", kind), "amount": money(amount)});
    b.add(
        "ExplanationOfBenefit",
        "eob-1",
        json!({"status": "active", "type": status("http://terminology.hl7.org/CodeSystem/claim-type", "professional"), "use": "claim",
        "identifier": [{"system": "https://larkfield.example/claims", "value": "5517-3302"}], "outcome": "complete",
        "created": clock.day(180), "insurer": {"display": "Larkfield Senior Plan"}, "provider": to("Organization/alder-street", NAME),
        "claim": {"reference": "Claim/claim-1"}, "insurance": [{"focal": true, "coverage": {"reference": "Coverage/plan-2026"}}],
        "billablePeriod": {"start": day, "end": day},
        "item": [
            {"sequence": 1, "productOrService": words("Office visit"), "net": money("185.00"),
             "adjudication": [paid("submitted", "185.00"), paid("eligible", "110.00"), paid("benefit", "90.00"), paid("copay", "20.00")]},
            {"sequence": 2, "productOrService": words("Blood tests"), "net": money("96.00"),
             "adjudication": [paid("submitted", "96.00"), paid("eligible", "41.50"), paid("benefit", "41.50")]}],
        "total": [paid("submitted", "281.00"), paid("eligible", "151.50"), paid("benefit", "131.50"), paid("copay", "20.00")],
        "payment": {"amount": money("131.50"), "date": clock.day(176)}}),
    );
    b.add(
        "Invoice",
        "bill-1",
        json!({"status": "issued", "identifier": [{"system": format!("{BASE}/bills"), "value": "77140"}], "date": clock.at(150, "12:00"),
        "issuer": to("Organization/alder-street", NAME), "recipient": to("Patient/carver-ruth", "Ruth Carver"),
        "totalGross": money("20.00"), "paymentTerms": "Due in 30 days"}),
    );
    b.add(
        "Observation",
        "ecg-alder",
        json!({"status": "final", "category": category("procedure"), "code": loinc("11524-6", "EKG study", "Electrocardiogram (ECG)"),
        "effectiveDateTime": clock.at(563, "09:50"), "valueString": "Sinus rhythm, 70 per minute. No change from before.",
        "performer": [to(RAMAN.0, RAMAN.1)]}),
    );
    b.add(
        "Flag",
        "bleeding-flag",
        json!({"status": "active", "code": words("Takes a blood thinner"), "period": {"start": "2022-03-21"},
        "category": listed("flag-category", "clinical", "Clinical")}),
    );
}
