//! What senders put elsewhere than the guides say: denials on the relationship, substances in the words of a kind,
//! devices as places, values in the narrative. Each becomes what it says, and nothing denied becomes something had.

use keepwell::import::sink::Collected;
use keepwell::import::{Limits, ccda};
use keepwell::record::{Standing, facts};
use serde_json::{Value, json};

fn document() -> Collected {
    let mut sink = Collected::default();
    let bytes = include_bytes!("../data/ccda/entries-elsewhere.xml");
    ccda::read(bytes, "file.xml", &Limits::default(), &mut sink).expect("the document is read");
    assert_eq!(sink.skipped.len(), 0, "{:?}", sink.skipped);
    sink
}

fn all<'a>(sink: &'a Collected, kind: &str, words: &str) -> Vec<&'a Value> {
    sink.found.iter().map(|f| &f.resource).filter(|r| r["resourceType"] == kind && r.to_string().contains(words)).collect()
}

fn one<'a>(sink: &'a Collected, kind: &str, words: &str) -> &'a Value {
    let found = all(sink, kind, words);
    assert_eq!(found.len(), 1, "{kind} with {words:?}: {found:#?}");
    found[0]
}

fn notes(record: &Value) -> Vec<&str> {
    record["note"].as_array().into_iter().flatten().filter_map(|n| n["text"].as_str()).collect()
}

#[test]
fn a_denial_on_the_relationship_denies() {
    let sink = document();
    let none = one(&sink, "AllergyIntolerance", "716186003");
    assert_eq!(none["verificationStatus"]["coding"][0]["code"], "confirmed");
    let penicillin = one(&sink, "AllergyIntolerance", "Penicillin");
    assert_eq!(penicillin["verificationStatus"]["coding"][0]["code"], "refuted");
    for record in [none, penicillin] {
        assert_eq!(facts(record).standing, Standing::Absent, "{record:#}");
    }
    let medicine = one(&sink, "MedicationStatement", "182849000");
    assert_eq!(medicine["status"], "not-taken");
    assert_ne!(facts(medicine).standing, Standing::Current);
}

#[test]
fn a_substance_in_the_words_of_its_kind_is_the_allergy() {
    let sink = document();
    let ampicillin = one(&sink, "AllergyIntolerance", "Ampicillin powder");
    assert_eq!(ampicillin["code"], json!({"text": "Ampicillin powder"}));
    assert_eq!(
        (&ampicillin["type"], &ampicillin["category"], &ampicillin["onsetDateTime"]),
        (&Value::Null, &json!(["medication"]), &json!("1980-05-01"))
    );
    assert_eq!(facts(ampicillin).standing, Standing::Current);
    let unnamed = one(&sink, "AllergyIntolerance", "Anaphylaxis");
    assert_eq!(unnamed["code"]["text"], "Propensity to adverse reactions to drug");
    // The same without what it did is an empty form, not an allergy.
    let text = include_str!("../data/ccda/entries-elsewhere.xml");
    let empty = text.replace("code=\"39579001\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Anaphylaxis\"", "nullFlavor=\"NI\"");
    assert_ne!(empty, text);
    let mut sink = Collected::default();
    ccda::read(empty.as_bytes(), "file.xml", &Limits::default(), &mut sink).expect("the document is read");
    assert_eq!((sink.skipped.len(), all(&sink, "AllergyIntolerance", "Propensity").len()), (1, 0));
}

#[test]
fn medicines_keep_what_their_sender_wrote() {
    let sink = document();
    let metformin = one(&sink, "MedicationStatement", "860975");
    let dose = &metformin["dosage"][0]["doseAndRate"][0]["doseQuantity"];
    assert_eq!(
        dose,
        &json!({"value": 1, "unit": "Tablet", "system": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "code": "C42998"})
    );
    assert_eq!(metformin["dosage"][0]["timing"]["repeat"]["extension"][0]["valueString"], "TWICE A DAY");
    assert_eq!(notes(metformin), ["Product: HOME MEDS METFORMIN 500", "Told by: Mina Carver"]);
}

#[test]
fn copies_in_two_sections_are_one_record() {
    let sink = document();
    let gout = all(&sink, "Condition", "90560007");
    assert_eq!(gout.len(), 2, "both are counted");
    assert_eq!(gout[0], gout[1]);
    let goal = one(&sink, "Goal", "Fewer attacks");
    assert_eq!(notes(goal), ["See also: Gout (2019-03-01)"]);
}

#[test]
fn procedures_and_results() {
    let sink = document();
    let colonoscopy = one(&sink, "Procedure", "Colonoscopy");
    assert_eq!(notes(colonoscopy), ["Specimen: Colonic polyp sample"]);
    assert_eq!(colonoscopy["focalDevice"][0]["manipulated"]["display"], "Colonoscope");
    assert_eq!(one(&sink, "Device", "90412006")["type"]["text"], "Colonoscope");
    let role = colonoscopy["contained"].as_array().expect("contained").iter().find(|c| c["resourceType"] == "PractitionerRole");
    assert_eq!(role.expect("the performer")["identifier"][0]["value"], "1234567893");
    assert_eq!(colonoscopy["performer"][0]["actor"]["display"], "Harbor Clinic");
    // FHIR cannot say a time of day without an offset: the record holds the day, its facts the time as well.
    assert_eq!(colonoscopy["performedDateTime"], "2012-05-12");
    assert_eq!(facts(colonoscopy).date.expect("a date").words(), "12 May 2012, 14:30");

    let rate = one(&sink, "Observation", "4537-7");
    assert_eq!(notes(rate), ["14 mm in the first hour"]);
    assert!(rate.get("valueString").is_none(), "words beside a test are not made its value");
    assert_eq!(rate["contained"][0]["note"][0]["text"], "BLOOD, VENOUS");
    let white = one(&sink, "Observation", "26464-8");
    assert_eq!(white["valueQuantity"]["value"].to_string(), "6.70");
    assert_eq!(white["valueQuantity"]["extension"][0]["valueString"], "6.7 billion per liter");
    assert_eq!(notes(one(&sink, "Observation", "11948-7")), ["This is about natural child."]);
}

#[test]
fn relatives_and_the_person() {
    let sink = document();
    let father = one(&sink, "FamilyMemberHistory", "Father");
    assert_eq!(father["condition"][0]["onsetAge"]["value"], 57);
    assert_eq!(father["condition"][0]["note"][0]["text"], "Date given: 1967");
    let birth_sex = one(&sink, "Patient", "Carver")["extension"].as_array().expect("extensions").clone();
    assert!(birth_sex.iter().any(|e| e["url"].as_str().is_some_and(|u| u.ends_with("us-core-birthsex")) && e["valueCode"] == "F"));
    assert_eq!(one(&sink, "Observation", "76689-9")["valueCodeableConcept"]["coding"][0]["code"], "F");
}
