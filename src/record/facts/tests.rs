use super::*;
use serde_json::json;

fn stands(resource: &Value) -> Standing {
    facts(resource).standing
}

#[test]
fn what_one_does_not_have_never_stands_as_current() {
    let none = json!({"resourceType": "AllergyIntolerance", "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": systems::SNOMED, "code": "716186003", "display": "No known allergy"}]}});
    assert_eq!(stands(&none), Standing::Absent);
    assert_eq!(stands(&json!({"resourceType": "AllergyIntolerance", "code": {"text": "No Known Drug Allergies."}})), Standing::Absent);
    let refuted = json!({"resourceType": "Condition", "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "refuted"}]}, "code": {"text": "Asthma"}});
    assert_eq!(stands(&refuted), Standing::Absent);
    let error = json!({"resourceType": "Observation", "status": "entered-in-error", "code": {"text": "Weight"}});
    assert_eq!(stands(&error), Standing::Error);
    assert_eq!(stands(&json!({"resourceType": "Immunization", "status": "not-done", "vaccineCode": {"text": "Flu"}})), Standing::NotDone);
    assert_eq!(stands(&json!({"resourceType": "MedicationStatement", "status": "not-taken"})), Standing::NotDone);
}

#[test]
fn what_one_has_stands_as_current() {
    assert_eq!(stands(&json!({"resourceType": "AllergyIntolerance", "code": {"text": "Penicillin"}})), Standing::Current);
    assert_eq!(
        stands(&json!({"resourceType": "AllergyIntolerance", "code": {"text": "No known brand of latex gloves"}})),
        Standing::Current
    );
    let active = json!({"resourceType": "Condition", "clinicalStatus": {"coding": [{"code": "active"}]}, "code": {"text": "Asthma"}});
    assert_eq!(stands(&active), Standing::Current);
}

#[test]
fn a_visit_diagnosis_without_a_status_is_not_called_active() {
    let visit = json!({"resourceType": "Condition", "category": [{"coding": [{"code": "encounter-diagnosis"}]}], "code": {"text": "Cold"}});
    assert_eq!(stands(&visit), Standing::Past);
}

#[test]
fn the_same_test_is_one_group_across_sources() {
    let loinc = json!({"system": systems::LOINC, "code": "4548-4", "display": "Hemoglobin A1c"});
    let local = json!({"system": "urn:oid:1.2.3", "code": "A1C"});
    let one = facts(&json!({"resourceType": "Observation", "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [loinc, local.clone()], "text": "HbA1c"}}));
    let other = facts(&json!({"resourceType": "Observation", "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [local, loinc], "text": "A1c"}}));
    assert_eq!(one.group, other.group);
    assert_eq!(one.class, Class::Laboratory);
    assert_eq!(one.title, "HbA1c");
}

#[test]
fn text_holds_words_and_leaves_repeats_out() {
    let words = facts(&json!({"resourceType": "Condition", "text": {"status": "generated", "div": "<div>Asthma twice</div>"},
        "code": {"text": "Asthma", "coding": [{"display": "Asthma", "code": "195967001"}]}, "note": [{"text": "since <b>school</b>"}]}))
    .text;
    assert_eq!(words.matches("Asthma").count(), 1);
    assert!(words.contains("school") && words.contains("195967001"));
}

#[test]
fn tags_go_and_characters_stay() {
    assert_eq!(strip_tags("<p>caf&eacute; &amp; t&#233;a<br/>5 &lt; 6</p>"), "caf&eacute; & téa 5 < 6");
    assert_eq!(strip_tags("<unclosed"), "");
}
