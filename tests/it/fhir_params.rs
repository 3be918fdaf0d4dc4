//! The FHIR server keeps what its CapabilityStatement says: every parameter of every type finds what it should and nothing else,
//! by itself and together with the others; so do `_include`, `_revinclude`, paging, and a question sent as a form.

use crate::binary::bundle;
use crate::fhir_server::{Tool, by_token, make};
use crate::web_world::plain;
use axum::body::Body;
use axum::http::StatusCode;
use keepwell::record::Class;
use keepwell::vault::{Act, Choice};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A parameter, what finds the record, and what does not.
type Try = (&'static str, &'static str, &'static str);

/// One record of a type, with every element that its parameters look at, and another of the type without them.
fn records() -> Vec<(Value, Vec<Try>)> {
    let coded = |code: &str| json!({"coding": [{"system": "http://example.org/codes", "code": code}], "text": "Words"});
    let period = json!({"start": "2021-03-01", "end": "2021-03-04"});
    let address = json!([{"line": ["12 Larch Lane"], "city": "Riverton", "state": "VT", "postalCode": "05001"}]);
    let identifier = json!([{"system": "urn:oid:1.2.3", "value": "N-17"}]);
    let name = json!([{"family": "Raman", "given": ["Asha"]}]);
    // What a code, a day and a period are found by.
    const CODE: (&str, &str) = ("http://example.org/codes|c-1", "http://example.org/other|c-1");
    const DAY: (&str, &str) = ("ge2021-03-01", "lt2021-03-01");
    const IDENTIFIER: (&str, &str) = ("urn:oid:1.2.3|N-17", "urn:oid:1.2.4|N-17");
    let status = |status: &'static str| -> Try { ("status", status, "unknown-one") };
    let code = |name: &'static str| -> Try { (name, CODE.0, CODE.1) };
    let day = |name: &'static str| -> Try { (name, DAY.0, DAY.1) };
    let identified: Try = ("identifier", IDENTIFIER.0, IDENTIFIER.1);
    let called: Try = ("name", "raman", "aman");
    vec![
        (
            json!({"resourceType": "Account", "status": "active", "subject": [{"reference": "Patient/p1"}], "name": "Bill"}),
            vec![status("active")],
        ),
        (
            json!({"resourceType": "AllergyIntolerance", "code": coded("c-1"), "category": ["food"], "clinicalStatus": coded("c-1"),
                "verificationStatus": coded("c-1"), "criticality": "high", "recordedDate": "2021-03-02"}),
            vec![
                code("code"),
                ("category", "food", "medication"),
                code("clinical-status"),
                code("verification-status"),
                ("criticality", "high", "low"),
                day("date"),
            ],
        ),
        (
            json!({"resourceType": "Appointment", "status": "booked", "start": "2021-03-02T10:00:00Z", "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}]}),
            vec![status("booked"), day("date")],
        ),
        (json!({"resourceType": "Binary", "contentType": "text/plain", "data": "aGVsbG8="}), vec![]),
        (
            json!({"resourceType": "CarePlan", "status": "active", "intent": "plan", "category": [coded("c-1")], "period": period, "title": "Plan"}),
            vec![status("active"), code("category"), day("date")],
        ),
        (
            json!({"resourceType": "CareTeam", "status": "active", "category": [coded("c-1")], "name": "Team",
                "participant": [{"role": [coded("c-1")], "member": {"reference": "Practitioner/practitioner"}}]}),
            vec![status("active"), code("category"), code("role"), ("participant", "@Practitioner", "Practitioner/nobody")],
        ),
        (
            json!({"resourceType": "Claim", "status": "active", "created": "2021-03-02", "use": "claim"}),
            vec![status("active"), day("created")],
        ),
        (
            json!({"resourceType": "Communication", "status": "completed", "category": [coded("c-1")], "sent": "2021-03-02T10:00:00Z", "payload": [{"contentString": "Hello"}]}),
            vec![status("completed"), code("category"), day("sent")],
        ),
        (
            json!({"resourceType": "Composition", "status": "final", "type": coded("c-1"), "date": "2021-03-02", "title": "Summary"}),
            vec![status("final"), code("type"), day("date")],
        ),
        (
            json!({"resourceType": "Condition", "category": [coded("c-1")], "code": coded("c-1"), "clinicalStatus": coded("c-1"), "verificationStatus": coded("c-1"),
                "onsetDateTime": "2021-03-02", "abatementDateTime": "2021-03-03", "recordedDate": "2021-03-04"}),
            vec![
                code("category"),
                code("code"),
                code("clinical-status"),
                code("verification-status"),
                day("onset-date"),
                day("abatement-date"),
                day("recorded-date"),
            ],
        ),
        (
            json!({"resourceType": "Consent", "status": "active", "category": [coded("c-1")], "dateTime": "2021-03-02", "scope": coded("c-1")}),
            vec![status("active"), code("category"), day("date")],
        ),
        (
            json!({"resourceType": "Coverage", "status": "active", "type": coded("c-1"), "identifier": identifier, "beneficiary": {"reference": "Patient/p1"}, "payor": [{"display": "North"}]}),
            vec![status("active"), code("type"), identified],
        ),
        (json!({"resourceType": "Device", "status": "active", "type": coded("c-1")}), vec![status("active"), code("type")]),
        (
            json!({"resourceType": "DeviceRequest", "status": "active", "intent": "order", "codeCodeableConcept": coded("c-1")}),
            vec![status("active"), code("code")],
        ),
        (json!({"resourceType": "DeviceUseStatement", "status": "active", "device": {"display": "Brace"}}), vec![]),
        (
            json!({"resourceType": "DiagnosticReport", "status": "final", "category": [coded("c-1")], "code": coded("c-1"), "effectivePeriod": period, "issued": "2021-03-05T10:00:00Z"}),
            vec![status("final"), code("category"), code("code"), day("date"), day("issued")],
        ),
        (
            json!({"resourceType": "DocumentReference", "status": "current", "type": coded("c-1"), "category": [coded("c-1")], "identifier": identifier,
                "date": "2021-03-05T10:00:00Z", "context": {"period": period}, "description": "Letter", "content": [{"attachment": {"contentType": "text/plain", "data": "aGVsbG8="}}]}),
            vec![status("current"), code("type"), code("category"), identified, day("date"), day("period")],
        ),
        (
            json!({"resourceType": "Encounter", "status": "finished", "class": {"system": "http://example.org/codes", "code": "c-1"}, "type": [coded("c-1")],
                "identifier": identifier, "period": period, "hospitalization": {"dischargeDisposition": coded("c-1")}, "location": [{"location": {"reference": "Location/location"}}]}),
            vec![
                status("finished"),
                code("class"),
                code("type"),
                identified,
                day("date"),
                code("discharge-disposition"),
                ("location", "@Location", "Location/nowhere"),
            ],
        ),
        (json!({"resourceType": "EpisodeOfCare", "status": "active", "period": period}), vec![status("active"), day("date")]),
        (
            json!({"resourceType": "ExplanationOfBenefit", "status": "active", "created": "2021-03-02", "use": "claim", "outcome": "complete"}),
            vec![status("active"), day("created")],
        ),
        (
            json!({"resourceType": "FamilyMemberHistory", "status": "completed", "relationship": coded("c-1"), "condition": [{"code": coded("c-1")}]}),
            vec![status("completed"), code("relationship"), code("code")],
        ),
        (
            json!({"resourceType": "Goal", "lifecycleStatus": "active", "category": [coded("c-1")], "description": coded("c-1"), "startDate": "2021-03-02", "target": [{"dueDate": "2021-09-02"}]}),
            vec![code("category"), ("lifecycle-status", "active", "completed"), code("description"), day("start-date"), day("target-date")],
        ),
        (json!({"resourceType": "Group", "type": "person", "actual": true, "name": "Household"}), vec![]),
        (json!({"resourceType": "HealthcareService", "name": "Raman Clinic"}), vec![called]),
        (
            json!({"resourceType": "ImagingStudy", "status": "available", "started": "2021-03-02", "description": "Knee"}),
            vec![status("available"), day("started")],
        ),
        (
            json!({"resourceType": "Immunization", "status": "completed", "occurrenceDateTime": "2021-03-02", "vaccineCode": coded("c-1")}),
            vec![status("completed"), day("date"), code("vaccine-code")],
        ),
        (
            json!({"resourceType": "ImmunizationRecommendation", "date": "2021-03-02", "recommendation": [{"vaccineCode": [coded("c-1")], "forecastStatus": coded("c-1")}]}),
            vec![day("date")],
        ),
        (
            json!({"resourceType": "List", "status": "current", "mode": "working", "code": coded("c-1"), "title": "Medicines"}),
            vec![status("current"), code("code")],
        ),
        (
            json!({"resourceType": "Location", "name": "Raman House", "identifier": identifier, "address": address[0]}),
            vec![
                called,
                identified,
                ("address", "larch", "oak"),
                ("address-city", "river", "town"),
                ("address-state", "vt", "ny"),
                ("address-postalcode", "05001", "9"),
            ],
        ),
        (
            json!({"resourceType": "Media", "status": "completed", "content": {"contentType": "text/plain", "data": "aGVsbG8="}}),
            vec![status("completed")],
        ),
        (json!({"resourceType": "Medication", "status": "active", "code": coded("c-1")}), vec![status("active"), code("code")]),
        (
            json!({"resourceType": "MedicationAdministration", "status": "completed", "medicationCodeableConcept": coded("c-1"), "medicationReference": {"reference": "Medication/medication"}, "effectivePeriod": period}),
            vec![status("completed"), code("code"), ("medication", "@Medication", "nothing"), day("effective-time")],
        ),
        (
            json!({"resourceType": "MedicationDispense", "status": "completed", "type": coded("c-1"), "medicationCodeableConcept": coded("c-1"), "medicationReference": {"reference": "Medication/medication"}, "whenHandedOver": "2021-03-02T10:00:00Z"}),
            vec![status("completed"), code("type"), code("code"), ("medication", "@Medication", "nothing"), day("whenhandedover")],
        ),
        (
            json!({"resourceType": "MedicationRequest", "status": "active", "intent": "order", "category": [coded("c-1")], "medicationCodeableConcept": coded("c-1"), "medicationReference": {"reference": "Medication/medication"}, "authoredOn": "2021-03-02"}),
            vec![
                status("active"),
                ("intent", "order", "plan"),
                code("category"),
                code("code"),
                ("medication", "@Medication", "Practitioner/nobody"),
                day("authoredon"),
            ],
        ),
        (
            json!({"resourceType": "MedicationStatement", "status": "active", "medicationCodeableConcept": coded("c-1"), "medicationReference": {"reference": "Medication/medication"}, "effectiveDateTime": "2021-03-02"}),
            vec![status("active"), code("code"), ("medication", "@Medication", "nothing"), day("effective")],
        ),
        (
            json!({"resourceType": "NutritionOrder", "status": "active", "intent": "order", "dateTime": "2021-03-02"}),
            vec![status("active")],
        ),
        (
            json!({"resourceType": "Observation", "status": "final", "category": [coded("c-1")], "code": coded("c-1"), "effectiveInstant": "2021-03-02T10:00:00Z", "valueCodeableConcept": coded("c-1")}),
            vec![status("final"), code("category"), code("code"), day("date"), code("value-concept")],
        ),
        (
            json!({"resourceType": "Organization", "name": "Raman Group", "identifier": identifier, "address": address}),
            vec![called, identified, ("address", "12 larch", "oak")],
        ),
        (json!({"resourceType": "Practitioner", "name": name, "identifier": identifier}), vec![called, identified]),
        (
            json!({"resourceType": "PractitionerRole", "specialty": [coded("c-1")], "practitioner": {"reference": "Practitioner/practitioner"}, "organization": {"reference": "Organization/organization"}}),
            vec![code("specialty"), ("practitioner", "@Practitioner", "@Organization"), ("organization", "@Organization", "@Practitioner")],
        ),
        (
            json!({"resourceType": "Procedure", "status": "completed", "code": coded("c-1"), "category": coded("c-1"), "performedPeriod": period}),
            vec![status("completed"), code("code"), code("category"), day("date")],
        ),
        (
            json!({"resourceType": "Provenance", "target": [{"reference": "Observation/observation"}], "recorded": "2021-03-02T10:00:00Z", "agent": [{"who": {"reference": "Organization/organization"}}]}),
            vec![("target", "@Observation", "@Procedure"), day("recorded")],
        ),
        (json!({"resourceType": "Questionnaire", "status": "active", "title": "How are you", "url": "http://example.org/q"}), vec![]),
        (
            json!({"resourceType": "QuestionnaireResponse", "status": "completed", "authored": "2021-03-02", "questionnaire": "http://example.org/q|2"}),
            vec![status("completed"), day("authored"), ("questionnaire", "http://example.org/q", "http://example.org/other")],
        ),
        (json!({"resourceType": "RelatedPerson", "name": name}), vec![called]),
        (json!({"resourceType": "RiskAssessment", "status": "final"}), vec![]),
        (
            json!({"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": coded("c-1"), "category": [coded("c-1")], "authoredOn": "2021-03-02"}),
            vec![status("active"), ("intent", "order", "plan"), code("code"), code("category"), day("authored")],
        ),
        (json!({"resourceType": "Specimen", "type": coded("c-1")}), vec![code("type")]),
        (json!({"resourceType": "Substance", "code": coded("c-1")}), vec![code("code")]),
    ]
}

/// About the patient and the visit, wherever a type says that, and with an id of its own.
fn whole(mut record: Value) -> Value {
    let kind = record["resourceType"].as_str().unwrap().to_owned();
    let patient = json!({"reference": "Patient/p1"});
    for element in ["subject", "patient"] {
        if record[element].is_null() {
            record[element] = patient.clone();
        }
    }
    record["id"] = kind.to_lowercase().into();
    if kind != "Encounter" {
        record["encounter"] = json!({"reference": "Encounter/encounter"});
    }
    record
}

/// All kinds of records.
fn kinds() -> String {
    Class::ALL.iter().map(|class| format!("kind={}", class.slug())).collect::<Vec<_>>().join("&")
}

async fn everything(more: Vec<Value>) -> Tool {
    let all: Vec<Value> = records().into_iter().map(|(record, _)| whole(record)).chain(more).collect();
    Tool::with(&kinds(), &bundle(("Ruth", "Carver"), "1954-03-14", &all)).await
}

/// A value as it stands in an address.
fn encoded(value: &str) -> String {
    serde_urlencoded::to_string([("v", value)]).unwrap().split_off(2)
}

fn ids(entries: &[Value]) -> BTreeSet<String> {
    entries.iter().map(|e| e["resource"]["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_that_is_claimed_is_kept() {
    // A second one of a few types, of another day and code: what finds one does not find both.
    let other = |kind: &str, n: u32| {
        json!({"resourceType": kind, "id": format!("other{n}"), "status": "entered-in-error", "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://example.org/codes", "code": "c-2"}], "text": "Other"}, "effectiveDateTime": "2019-01-01", "performedDateTime": "2019-01-01"})
    };
    let mut tool = everything(vec![other("Observation", 1), other("DiagnosticReport", 2), other("Procedure", 3)]).await;
    let statement: Value = serde_json::from_slice(&tool.world.get("/fhir/metadata", "").await.body).unwrap();
    let claimed = statement["rest"][0]["resource"].as_array().unwrap();
    let mut table: BTreeMap<String, Vec<Try>> =
        records().into_iter().map(|(r, tries)| (r["resourceType"].as_str().unwrap().to_owned(), tries)).collect();
    table.insert(
        "Patient".into(),
        vec![
            ("name", "ruth", "uth"),
            ("identifier", "urn:oid:1.2.36.146.595|MRN-Carver", "x|MRN-Carver"),
            ("family", "carv", "ruth"),
            ("given", "ruth", "carver"),
            ("birthdate", "1954-03-14", "1954-03-15"),
            ("gender", "", "male"),
            ("death-date", "", "ge1900"),
        ],
    );
    // The ids by which this server knows the one record of each type.
    let mut own = BTreeMap::new();
    for kind in claimed.iter().map(|r| r["type"].as_str().unwrap()) {
        let all = tool.found(&format!("/fhir/{kind}")).await;
        let told = |e: &&Value| {
            kind == "Patient"
                || e["resource"]["meta"]["extension"].as_array().unwrap().iter().any(|x| x["valueString"] == kind.to_lowercase())
        };
        let one = all.iter().find(told).unwrap_or_else(|| panic!("no {kind} is served"));
        own.insert(kind.to_owned(), one["resource"]["id"].as_str().unwrap().to_owned());
    }
    let id_of = |value: &str| value.strip_prefix('@').map_or_else(|| value.to_owned(), |kind| format!("{kind}/{}", own[kind]));
    let mut tried = 0;
    for (n, resource) in claimed.iter().enumerate() {
        let kind = resource["type"].as_str().unwrap();
        // One token may ask so often in a minute, and no more.
        if n % 10 == 0 {
            tool.token = make(&tool.world, &tool.cookie, &kinds()).await;
        }
        let mut tries = table[kind].clone();
        tries.extend([
            ("_lastUpdated", "ge2020", "lt2020"),
            ("patient", "@Patient", "nobody"),
            ("subject", "Patient/1", "nobody"),
            ("beneficiary", "@Patient", "nobody"),
            ("encounter", "@Encounter", "nothing"),
        ]);
        let mut hits = vec![format!("_id={}", own[kind])];
        let mut misses = vec!["_id=00000000000000000000000000000000".to_owned()];
        for param in resource["searchParam"].as_array().unwrap() {
            let name = param["name"].as_str().unwrap();
            let Some((_, hit, miss)) = tries.iter().find(|(n, ..)| *n == name) else {
                assert_eq!(name, "_id", "{kind}: {name} is claimed and not tried");
                continue;
            };
            let hit = if name == "subject" { "@Patient" } else { hit };
            // "": no record here has the element.
            if !hit.is_empty() {
                hits.push(format!("{name}={}", encoded(&id_of(hit))));
            }
            misses.push(format!("{name}={}", encoded(&id_of(miss))));
        }
        // What is in the table is claimed.
        let names: Vec<&str> = resource["searchParam"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
        assert!(table[kind].iter().all(|(n, ..)| names.contains(n)), "{kind}: {names:?}");
        for hit in &hits {
            assert!(ids(&tool.found(&format!("/fhir/{kind}?{hit}")).await).contains(&own[kind]), "{kind}?{hit}");
        }
        for miss in &misses {
            assert!(!ids(&tool.found(&format!("/fhir/{kind}?{miss}")).await).contains(&own[kind]), "{kind}?{miss}");
        }
        // Together: all of them find it, and any miss among them does not. In a form, the same.
        let all = hits.join("&");
        assert_eq!(ids(&tool.found(&format!("/fhir/{kind}?{all}")).await), BTreeSet::from([own[kind].clone()]), "{kind}?{all}");
        let miss = misses.last().unwrap();
        assert_eq!(tool.found(&format!("/fhir/{kind}?{all}&{miss}")).await.len(), 0, "{kind}?{all}&{miss}");
        let (status, page) = posted(&tool, &format!("/fhir/{kind}/_search"), &all).await;
        assert_eq!((status, page["total"].as_u64()), (StatusCode::OK, Some(1)), "{kind}: {page}");
        tried += names.len();
    }
    assert!(tried > 250, "{tried}");
    // What is not claimed is refused.
    for resource in claimed {
        let kind = resource["type"].as_str().unwrap();
        assert_eq!(tool.ask(&format!("/fhir/{kind}?colour=red")).await.0, StatusCode::BAD_REQUEST, "{kind}");
    }
    // One of two days and codes.
    for (query, found) in
        [("code=c-1,c-2", 2), ("code=c-2", 1), ("date=lt2020", 1), ("date=ge2019&date=lt2020", 1), ("date=2019-01-01", 1), ("_count=1", 2)]
    {
        assert_eq!(tool.found(&format!("/fhir/Observation?{query}")).await.len(), found, "{query}");
    }
}

async fn posted(tool: &Tool, path: &str, form: &str) -> (StatusCode, Value) {
    let mut request = plain("POST", path, "", form);
    request.headers_mut().insert("authorization", format!("Bearer {}", tool.token).parse().unwrap());
    let answer = tool.world.send(request).await;
    assert_eq!(answer.header("content-type"), "application/fhir+json", "{path}");
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

/// The types beside those that were found.
fn beside(page: &Value) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for entry in page["entry"].as_array().into_iter().flatten().filter(|e| e["search"]["mode"] == "include") {
        *out.entry(entry["resource"]["resourceType"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_the_records_comes_with_them() {
    let second = json!({"resourceType": "MedicationRequest", "id": "second", "status": "active", "intent": "order", "subject": {"reference": "Patient/p1"}, "medicationReference": {"reference": "Medication/medication"}});
    let member = json!({"resourceType": "CareTeam", "id": "team2", "subject": {"reference": "Patient/p1"}, "participant": [
        {"member": {"reference": "Practitioner/practitioner"}}, {"member": {"reference": "Organization/organization"}}, {"member": {"reference": "Practitioner/gone"}}]});
    let tool = everything(vec![second, member]).await;
    let count = |pairs: &[(&str, usize)]| -> BTreeMap<String, usize> { pairs.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect() };
    for (query, expected) in [
        ("MedicationRequest?_include=MedicationRequest:medication", count(&[("Medication", 1)])),
        ("MedicationDispense?_include=MedicationDispense:medication", count(&[("Medication", 1)])),
        ("PractitionerRole?_include=PractitionerRole:practitioner", count(&[("Practitioner", 1)])),
        ("CareTeam?_include=CareTeam:participant", count(&[("Practitioner", 1), ("Organization", 1)])),
        ("CareTeam?_include=CareTeam:participant:Practitioner", count(&[("Practitioner", 1)])),
        ("CareTeam?_include=CareTeam:participant:RelatedPerson", count(&[])),
        ("Encounter?_include=Encounter:location", count(&[("Location", 1)])),
        ("Observation?_revinclude=Provenance:target", count(&[("Provenance", 1)])),
        ("Procedure?_revinclude=Provenance:target", count(&[])),
        ("Provenance?_include=Provenance:target&_revinclude=Provenance:target", count(&[("Observation", 1)])),
        ("MedicationRequest?_include=MedicationRequest:medication&_summary=count", count(&[])),
        ("MedicationRequest?status=completed&_include=MedicationRequest:medication", count(&[])),
    ] {
        let (status, page) = tool.ask(&format!("/fhir/{query}")).await;
        assert_eq!((status, beside(&page)), (StatusCode::OK, expected), "{query}: {page}");
        let (kind, form) = query.split_once('?').unwrap();
        let (_, same) = posted(&tool, &format!("/fhir/{kind}/_search"), form).await;
        assert_eq!(same, page, "{query} as a form");
    }
    // The count is of what was found, a page takes what belongs to its own, and all of it is in the log.
    let (_, page) = tool.ask("/fhir/MedicationRequest?_include=MedicationRequest:medication&_count=1").await;
    assert_eq!((page["total"].as_u64(), page["entry"].as_array().unwrap().len(), beside(&page)), (Some(2), 2, count(&[("Medication", 1)])));
    let ruth = tool.world.app.household.sign_in("Ruth", &tool.world.recovery).unwrap();
    let chart = tool.world.app.household.open(&ruth, &tool.world.chart).unwrap();
    let event = chart.activity(&Choice::default()).unwrap().remove(0).event;
    assert_eq!((event.act, event.records.len()), (Act::ReadFhir, 2));
    // What the statement names is taken, for each type; nothing else is.
    let statement: Value = serde_json::from_slice(&tool.world.get("/fhir/metadata", "").await.body).unwrap();
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let kind = resource["type"].as_str().unwrap();
        for (how, list) in [("_include", &resource["searchInclude"]), ("_revinclude", &resource["searchRevInclude"])] {
            for named in list.as_array().into_iter().flatten() {
                let path = format!("/fhir/{kind}?{how}={}", named.as_str().unwrap());
                assert_eq!(tool.ask(&path).await.0, StatusCode::OK, "{path}");
            }
        }
    }
    for query in [
        "MedicationRequest?_include=*",
        "MedicationRequest?_include=MedicationRequest:status",
        "MedicationRequest?_include=MedicationDispense:medication",
        "MedicationRequest?_include=MedicationRequest:medication:Nothing",
        "MedicationRequest?_include:iterate=MedicationRequest:medication",
        "MedicationRequest?_revinclude=Observation:subject",
        "Patient/$everything?_include=MedicationRequest:medication",
        "Patient/$everything?_revinclude=Provenance:target",
    ] {
        let (status, outcome) = tool.ask(&format!("/fhir/{query}")).await;
        assert_eq!((status, outcome["issue"][0]["code"].as_str()), (StatusCode::BAD_REQUEST, Some("not-supported")), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_with_a_record_that_the_token_may_not_read() {
    let observation = json!({"resourceType": "Provenance", "id": "p2", "target": [{"reference": "Condition/condition"}], "recorded": "2021-03-02T10:00:00Z"});
    let tool = everything(vec![observation]).await;
    let narrow = make(&tool.world, &tool.cookie, "kind=laboratory&kind=care-team").await;
    let all = |answer: &crate::web_world::Answer| serde_json::from_slice::<Value>(&answer.body).unwrap();
    let page = all(&by_token(&tool.world, "GET", "/fhir/CareTeam?_include=CareTeam:participant", &narrow).await);
    let (_, whole) = tool.ask("/fhir/CareTeam?_include=CareTeam:participant").await;
    assert_eq!(whole["entry"].as_array().unwrap().len(), 2);
    for entry in page["entry"].as_array().unwrap().iter().filter(|e| e["search"]["mode"] == "include") {
        let (kind, id) = (entry["resource"]["resourceType"].as_str().unwrap(), entry["resource"]["id"].as_str().unwrap());
        let alone = by_token(&tool.world, "GET", &format!("/fhir/{kind}/{id}"), &narrow).await;
        assert_eq!(alone.status, StatusCode::OK, "{kind}/{id} came with another, and is not to be read by itself");
    }
    // Medicines are not among its kinds: neither they nor what belongs to them.
    for query in ["MedicationRequest?_include=MedicationRequest:medication", "Condition?_revinclude=Provenance:target"] {
        let page = all(&by_token(&tool.world, "GET", &format!("/fhir/{query}"), &narrow).await);
        assert_eq!(page.get("entry"), None, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_as_a_form_is_held_to_the_same_rules() {
    let tool = everything(Vec::new()).await;
    // In both places, it is one question.
    let (status, page) = posted(&tool, "/fhir/Observation/_search?status=final", "code=c-1&_count=1").await;
    assert_eq!((status, page["total"].as_u64()), (StatusCode::OK, Some(1)), "{page}");
    assert_eq!(posted(&tool, "/fhir/Observation/_search?status=draft", "code=c-1").await.1["total"], 0);
    let send = |path: &str, kind: &str, authorization: &str, cookie: &str, body: Vec<u8>| {
        let mut request = plain("POST", path, cookie, "");
        request.headers_mut().insert("content-type", kind.parse().unwrap());
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
        *request.body_mut() = Body::from(body);
        tool.world.send(request)
    };
    let (form, bearer) = ("application/x-www-form-urlencoded", format!("Bearer {}", tool.token));
    for (path, kind, authorization, cookie, body, status) in [
        ("/fhir/Observation/_search", "application/x-www-form-urlencoded; charset=UTF-8", bearer.as_str(), "", b"code=c-1".to_vec(), 200),
        ("/fhir/Observation/_search", "application/json", bearer.as_str(), "", b"{}".to_vec(), 415),
        ("/fhir/Observation/_search", "", bearer.as_str(), "", b"code=c-1".to_vec(), 415),
        ("/fhir/Observation/_search", form, bearer.as_str(), "", vec![b'a'; 70_000], 413),
        ("/fhir/Observation/_search", form, bearer.as_str(), "", b"colour=red".to_vec(), 400),
        ("/fhir/Observation/_search", form, bearer.as_str(), "", b"%ff=%fe".to_vec(), 400),
        ("/fhir/Nothing/_search", form, bearer.as_str(), "", b"".to_vec(), 404),
        ("/fhir/_search", form, bearer.as_str(), "", b"".to_vec(), 404),
        // A page of another site could send a form, but no token; and a cookie is not looked at.
        ("/fhir/Observation/_search", form, "", tool.cookie.as_str(), b"code=c-1".to_vec(), 401),
        ("/fhir/Observation/_search", form, "", "", vec![b'a'; 70_000], 401),
        ("/fhir/Observation", form, bearer.as_str(), "", b"code=c-1".to_vec(), 405),
        ("/fhir/Patient/$everything", form, bearer.as_str(), "", b"".to_vec(), 405),
    ] {
        let answer = send(path, kind, authorization, cookie, body).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {kind} {authorization:.10}: {}", answer.text());
        assert!(status == 200 || answer.text().contains("OperationOutcome"), "{path}: {}", answer.text());
    }
}
