//! What real records have shown to go wrong on pages, each with records written here that do the same.

use crate::web_world::{World, options};
use axum::http::StatusCode;
use base64::Engine;
use serde_json::{Value, json};

const CCDA: &str = include_str!("../data/ccda/frame-visit.xml");

struct Reader {
    world: World,
    cookie: String,
}

impl Reader {
    async fn of(records: Vec<Value>) -> Self {
        let world = World::new(options());
        let cookie = world.sign_in().await;
        let patient =
            json!({"resourceType": "Patient", "id": "1", "name": [{"family": "Carver", "given": ["Ruth"]}], "birthDate": "1954-03-14"});
        let entry: Vec<Value> = std::iter::once(patient).chain(records).map(|r| json!({"resource": r})).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entry});
        world.upload(&cookie, "linden.json", bundle.to_string().as_bytes()).await;
        Self { world, cookie }
    }

    /// The main part of a page, below the chart.
    async fn page(&self, path: &str) -> String {
        let place = if path.is_empty() { String::new() } else { format!("/{path}") };
        let answer = self.world.get(&format!("/charts/{}{place}", self.world.chart), &self.cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let text = answer.text();
        let main = text.split_once("<main").map_or(text.as_str(), |(_, rest)| rest);
        main.split_once("</main>").map_or(main, |(m, _)| m).to_owned()
    }

    /// The page of the record with this name in a list.
    async fn open(&self, list: &str, name: &str) -> String {
        let page = self.page(list).await;
        let (before, _) = page.split_once(&format!(">{name}</a>")).unwrap_or_else(|| panic!("{name} is not on {list}: {page}"));
        let href = before.rsplit_once("href=\"").expect("a link").1.trim_end_matches('"');
        self.page(href.split_once(&format!("/charts/{}/", self.world.chart)).expect("a page of the chart").1).await
    }
}

fn about_ruth(mut record: Value, id: &str, who: &str) -> Value {
    record["id"] = id.into();
    record[who] = json!({"reference": "Patient/1"});
    record
}

fn allergy(id: &str, code: &Value, category: &str) -> Value {
    let active = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]});
    about_ruth(json!({"resourceType": "AllergyIntolerance", "clinicalStatus": active, "code": code, "category": [category]}), id, "patient")
}

fn observation(id: &str, category: &str, code: &Value, rest: &Value) -> Value {
    let kind = json!([{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}]}]);
    let mut record = json!({"resourceType": "Observation", "status": "final", "category": kind, "code": code});
    for (key, value) in rest.as_object().expect("elements") {
        record[key] = value.clone();
    }
    about_ruth(record, id, "subject")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_known_is_not_none_known() {
    let unasked = json!({"text": "Not on File", "coding": [{"system": "http://snomed.info/sct", "code": "1631000175102"}]});
    let reader = Reader::of(vec![allergy("a", &unasked, "medication")]).await;
    for (path, there, not_there) in
        [("", "Not known yet", "Ruled out"), ("allergies", "That is not the same as “none”", "Someone asked or checked")]
    {
        let page = reader.page(path).await;
        assert!(page.contains(there) && page.contains("Not on File") && !page.contains(not_there), "{path}: {page}");
    }
    let unknown =
        json!({"resourceType": "Condition", "code": {"text": "No Information"}, "clinicalStatus": {"coding": [{"code": "active"}]}});
    let other = Reader::of(vec![about_ruth(unknown, "c", "subject")]).await;
    assert!(other.page("conditions").await.contains("“<a") && !other.page("").await.contains("No Information"));
    let record = reader.open("allergies", "Not on File").await;
    assert!(record.contains("Not known.") && !record.contains("Not so."), "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_food_allergy_does_not_deny_penicillin() {
    let none = json!({"text": "No known food allergies", "coding": [{"system": "http://snomed.info/sct", "code": "429625007"}]});
    let reader = Reader::of(vec![allergy("a", &json!({"text": "Penicillin"}), "medication"), allergy("b", &none, "food")]).await;
    let home = reader.page("").await;
    assert!(home.contains("Penicillin") && !home.contains("The sources differ"), "{home}");
}

#[tokio::test(flavor = "multi_thread")]
async fn medicines_are_called_by_name_and_taken_in_words() {
    let rxnorm = |text: &str| json!({"text": text, "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "209459", "display": "acetaminophen 500 mg tablet"}]});
    let order = |id: &str, text: &str, dosage: Value, quantity: Value| {
        let record = json!({"resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": "2026-03-01",
            "medicationCodeableConcept": rxnorm(text), "dosageInstruction": [dosage], "dispenseRequest": {"quantity": quantity}});
        about_ruth(record, id, "subject")
    };
    let daily =
        json!({"doseAndRate": [{"doseQuantity": {"value": 1}}], "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}});
    let reader = Reader::of(vec![
        order(
            "m1",
            "as needed, for 10 days",
            json!({"patientInstruction": "as needed, for 10 days"}),
            json!({"value": 60, "unit": "tablet"}),
        ),
        order("m2", "Lasix 40mg", daily, json!({"value": 1, "unit": "tablet"})),
    ])
    .await;
    let page = reader.page("medicines").await;
    for words in ["Acetaminophen 500 mg tablet", "60 tablets", "1 each time, once a day", "1 tablet<"] {
        assert!(page.contains(words), "{words} is missing: {page}");
    }
    // Two of one day are one line of the timeline, and lead to the list of that day.
    assert!(reader.open("timeline", "2 prescriptions").await.contains("Lasix 40mg"));
    let record = reader.open("medicines", "Prescription, 1 March 2026").await;
    assert!(record.contains("Prescription, written 1 March 2026."), "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_have_names_and_states_only_where_there_is_something_to_say() {
    let urine = |display: Value| json!({"coding": [{"system": "http://loinc.org", "code": "5767-9", "display": display}]});
    let weight = |id: &str, value: f64| {
        let rest = json!({"effectiveDateTime": "2026-03-01", "valueQuantity": {"value": value, "unit": "kg"}});
        observation(id, "vital-signs", &json!({"text": "Weight", "coding": [{"system": "http://loinc.org", "code": "29463-7"}]}), &rest)
    };
    let panel = json!({"effectiveDateTime": "2026-03-01", "hasMember": [{"reference": "Observation/w1"}]});
    let reader = Reader::of(vec![
        observation("u", "laboratory", &urine(Value::Null), &json!({"valueString": "Clear", "effectiveDateTime": "2026-03-01"})),
        observation("v", "laboratory", &urine("null".into()), &json!({"valueString": "Cloudy", "effectiveDateTime": "2025-03-01"})),
        weight("w1", 74.5),
        weight("w2", 74.5),
        observation("p", "vital-signs", &json!({"text": "Vital signs panel"}), &panel),
        observation(
            "z",
            "laboratory",
            &json!({"text": "Anion gap"}),
            &json!({"valueQuantity": {"value": 9, "unit": "mmol/L"}, "referenceRange": [{"low": {"value": 0}, "high": {"value": 0}}]}),
        ),
    ])
    .await;
    let results = reader.page("results").await;
    assert!(results.contains("Appearance of urine") && !results.contains("LOINC code") && !results.contains(">null"), "{results}");
    assert!(!results.contains("Above range"), "a range from 0 to 0 is none: {results}");
    let urine = reader.open("results", "Appearance of urine").await;
    assert!(!urine.contains("No range given") && urine.contains("LOINC 5767-9"), "{urine}");
    let timeline = reader.page("timeline").await;
    assert!(timeline.contains("Vital signs, 2 measurements"), "{timeline}");
    assert_eq!(timeline.matches("Weight: 74.5 kg").count(), 1, "{timeline}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clinical_document_inside_fhir_is_read_on_its_page() {
    let data = base64::engine::general_purpose::STANDARD.encode(CCDA);
    let content = json!([{"attachment": {"contentType": "application/xml", "data": data}}]);
    let document = json!({"resourceType": "DocumentReference", "status": "current", "description": "Visit summary", "content": content});
    let reader = Reader::of(vec![about_ruth(document, "d", "subject")]).await;
    let page = reader.open("documents", "Visit summary").await;
    assert!(page.contains("In this document") || page.contains("These are the authors’ own words"), "{page}");
    assert!(!page.contains("cannot be shown here"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_says_when_it_began_and_ended_and_who_did_what() {
    let part = |code: &str, name: &str| json!({"type": [{"coding": [{"code": code}]}], "individual": {"display": name}});
    let stay = json!({"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}, "type": [{"text": "Heart failure"}],
        "period": {"start": "2026-01-02", "end": "2026-01-09"}, "participant": [part("ATND", "Dr. Seven"), part("XYZ", "Ann Dunn")],
        "hospitalization": {"dischargeDisposition": {"text": "Home with a nurse"}}});
    let reader = Reader::of(vec![about_ruth(stay, "e", "subject")]).await;
    let list = reader.page("visits").await;
    assert!(list.contains("Dr. Seven (attending)") && !list.contains("XYZ"), "{list}");
    let page = reader.open("visits", "Heart failure").await;
    for words in ["Admitted", "2 January 2026", "Discharged", "9 January 2026", "Attending", "Home with a nurse"] {
        assert!(page.contains(words), "{words} is missing: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_shows_its_answer() {
    let letter = |id: &str, text: &str, sent: &str, answers: Value| {
        let record = json!({"resourceType": "Communication", "status": "completed", "topic": {"text": "Swollen ankles"}, "sent": sent,
            "payload": [{"contentString": text}], "inResponseTo": answers});
        about_ruth(record, id, "subject")
    };
    let reader = Reader::of(vec![
        letter("l1", "My ankles are thick.", "2026-11-10T09:12:00Z", json!([])),
        letter("l2", "Please come on Thursday.", "2026-11-11T16:05:00Z", json!([{"reference": "Communication/l1"}])),
    ])
    .await;
    let page = reader.open("messages", "Swollen ankles").await;
    let place = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words} is missing: {page}"));
    assert!(place("My ankles are thick.") < place("Please come on Thursday."));
}
