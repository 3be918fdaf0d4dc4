//! The entries of C-CDA: what each kind becomes, negations first; then every document of the corpus against an
//! independent count.

use keepwell::import::sink::Collected;
use keepwell::import::{Found, Limits, ccda};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn read(bytes: &[u8]) -> Collected {
    let mut sink = Collected::default();
    ccda::read(bytes, "file.xml", &Limits::default(), &mut sink).expect("the document is read");
    sink
}

fn negations() -> Collected {
    read(include_bytes!("../data/ccda/entries-negations.xml"))
}

fn core() -> Collected {
    read(include_bytes!("../data/ccda/entries-core.xml"))
}

fn more() -> Collected {
    read(include_bytes!("../data/ccda/entries-more.xml"))
}

fn all<'a>(sink: &'a Collected, kind: &str) -> Vec<&'a Value> {
    sink.found.iter().map(|f| &f.resource).filter(|r| r["resourceType"] == kind).collect()
}

/// The record whose JSON holds these words.
fn with<'a>(sink: &'a Collected, kind: &str, words: &str) -> &'a Value {
    let found: Vec<_> = all(sink, kind).into_iter().filter(|r| r.to_string().contains(words)).collect();
    assert_eq!(found.len(), 1, "{kind} with {words:?}: {found:#?}");
    found[0]
}

fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// Each `(pointer, value)` of a record.
fn holds(record: &Value, expected: &[(&str, Value)]) {
    for (pointer, want) in expected {
        assert_eq!(at(record, pointer), want, "{pointer} of {record:#}");
    }
}

#[test]
fn denied_conditions_are_never_had() {
    let sink = negations();
    let conditions = all(&sink, "Condition");
    assert_eq!(conditions.len(), 6);
    for condition in &conditions {
        assert!(condition.get("clinicalStatus").is_none(), "{condition:#}");
        let absent = at(condition, "/code/coding/0/code") == "160245001";
        let verified = at(condition, "/verificationStatus/coding/0/code");
        assert_eq!(verified, if absent { "confirmed" } else { "refuted" }, "{condition:#}");
    }
    let absences: Vec<_> = conditions.iter().filter(|c| at(c, "/code/coding/0/code") == "160245001").collect();
    // Negated "problem", free words "No known problems", and a health concern that says there is none.
    assert_eq!(absences.len(), 3);
    assert!(absences.iter().any(|c| at(c, "/code/text") == "No health concerns at this time"));
}

#[test]
fn known_absence_of_allergies_is_coded_and_a_denied_allergy_refuted() {
    let sink = negations();
    let allergies = all(&sink, "AllergyIntolerance");
    let told: Vec<_> =
        allergies.iter().map(|a| (at(a, "/code/coding/0/code").as_str(), at(a, "/verificationStatus/coding/0/code").as_str())).collect();
    let expected = [
        (Some("716186003"), Some("confirmed")),
        (Some("409137002"), Some("confirmed")),
        (Some("762952008"), Some("refuted")),
        (Some("1003774007"), Some("confirmed")),
        (Some("409137002"), Some("confirmed")),
        (Some("160244002"), Some("confirmed")),
    ];
    assert_eq!(told, expected);
    assert!(allergies.iter().all(|a| at(a, "/clinicalStatus/coding").is_null()));
}

#[test]
fn what_was_not_taken_given_or_done_says_so() {
    let sink = negations();
    assert!(all(&sink, "MedicationStatement").iter().all(|m| m["status"] == "not-taken"));
    // Two negated, and one that says in words that there is none.
    assert_eq!(all(&sink, "MedicationStatement").len(), 3);
    assert_eq!(with(&sink, "MedicationRequest", "Amlodipine")["doNotPerform"], true);
    holds(with(&sink, "Immunization", "Influenza"), &[("/status", json!("not-done")), ("/statusReason/coding/0/code", json!("PATOBJ"))]);
    let procedures = all(&sink, "Procedure");
    assert!(procedures.len() == 2 && procedures.iter().all(|p| p["status"] == "not-done"));
    assert!(all(&sink, "Device").is_empty(), "an implant that is denied is no device");
    let smoking = with(&sink, "Observation", "72166-2");
    holds(smoking, &[("/valueString", json!("Not: Smoker"))]);
    assert!(smoking.get("valueCodeableConcept").is_none());
    let mother = with(&sink, "FamilyMemberHistory", "Mother");
    assert!(mother.get("condition").is_none());
    assert_eq!(at(mother, "/note/0/text"), "Does not have: Breast cancer");
    assert_eq!(sink.skipped.len(), 1, "the empty instruction: {:?}", sink.skipped);
}

#[test]
fn problems() {
    let sink = core();
    let pneumonia = with(&sink, "Condition", "Lung infection");
    holds(
        pneumonia,
        &[
            ("/code/coding/0/code", json!("233604007")),
            ("/code/coding/1/code", json!("J18.9")),
            ("/code/text", json!("Lung infection, left")),
            ("/onsetDateTime", json!("2019")),
            // An end that nobody knows, as some write with every problem: the status that was written down says more.
            ("/clinicalStatus/coding/0/code", json!("active")),
            ("/category/0/coding/0/code", json!("problem-list-item")),
            ("/note/0/text", json!("The source also marks an end without a date.")),
            ("/note/1/text", json!("Seen on film.")),
            ("/note/1/authorString", json!("Ines Moreau")),
            ("/recordedDate", json!("2024-05-03")),
        ],
    );
    assert!(pneumonia.get("_abatementDateTime").is_none());
    let asthma = with(&sink, "Condition", "195967001");
    holds(
        asthma,
        &[
            ("/onsetAge/value", json!(57)),
            ("/clinicalStatus/coding/0/code", json!("active")),
            ("/note/0/text", json!("Health status: Alive and well")),
        ],
    );
}

#[test]
fn allergies() {
    holds(
        with(&core(), "AllergyIntolerance", "Penicillin"),
        &[
            ("/clinicalStatus/coding/0/code", json!("active")),
            ("/type", json!("allergy")),
            ("/category", json!(["medication"])),
            ("/criticality", json!("high")),
            ("/onsetDateTime", json!("2009")),
            ("/reaction/0/manifestation/0/coding/0/code", json!("247472004")),
            ("/reaction/0/severity", json!("severe")),
            ("/reaction/0/note/0/text", json!("Severity: Moderate to severe")),
        ],
    );
}

#[test]
fn medicines() {
    let sink = core();
    holds(
        with(&sink, "MedicationRequest", "Acetaminophen"),
        &[
            ("/status", json!("active")),
            ("/intent", json!("order")),
            ("/authoredOn", json!("2024-05-03")),
            ("/reasonCode/0/coding/0/code", json!("22253000")),
            ("/dosageInstruction/0/text", json!("One or two tablets every four to six hours for pain")),
            ("/dosageInstruction/0/timing/repeat/boundsPeriod/start", json!("2024-03-01")),
            ("/dosageInstruction/0/timing/repeat/periodMax", json!(6)),
            ("/dosageInstruction/0/asNeededCodeableConcept/coding/0/code", json!("22253000")),
            ("/dosageInstruction/0/doseAndRate/0/doseRange/high/value", json!(2)),
            ("/dosageInstruction/0/maxDosePerPeriod/numerator/value", json!(8)),
            ("/dispenseRequest/numberOfRepeatsAllowed", json!(2)),
            ("/dispenseRequest/quantity/value", json!(60)),
            ("/dispenseRequest/validityPeriod/end", json!("2025-03-01")),
        ],
    );
    // "completed" without an end: nobody said that it is over.
    let amlodipine = with(&sink, "MedicationStatement", "Amlodipine");
    holds(amlodipine, &[("/status", json!("unknown")), ("/effectivePeriod/start", json!("2021-01-01"))]);
    assert_eq!(at(amlodipine, "/dosage/0/doseAndRate/0/doseQuantity/value").to_string(), "2.50");
    let dispense = with(&sink, "MedicationDispense", "Amlodipine");
    assert_eq!(at(amlodipine, "/partOf/0/reference"), &json!(format!("MedicationDispense/{}", dispense["id"].as_str().expect("an id"))));
}

#[test]
fn results_and_vital_signs() {
    let sink = core();
    let potassium = with(&sink, "Observation", "2823-3");
    assert_eq!(at(potassium, "/valueQuantity/value").to_string(), "4.10");
    assert_eq!(at(potassium, "/referenceRange/0/low/value").to_string(), "3.50");
    holds(
        potassium,
        &[
            ("/status", json!("final")),
            ("/category/0/coding/0/code", json!("laboratory")),
            ("/interpretation/0/coding/0/code", json!("N")),
            ("/effectiveDateTime", json!("2024-05-02T08:30:00-05:00")),
            // The range for the critical values is no normal range.
            ("/referenceRange/1/type/coding/0/code", json!("LL")),
            ("/referenceRange/1/text", json!("critical low")),
            ("/specimen/display", json!("Serum specimen")),
        ],
    );
    holds(with(&sink, "Observation", "1920-8"), &[("/valueQuantity/comparator", json!("<")), ("/valueQuantity/value", json!(5))]);
    holds(with(&sink, "Observation", "600-7"), &[("/status", json!("registered")), ("/dataAbsentReason/coding/0/code", json!("unknown"))]);
    holds(with(&sink, "Observation", "5778-6"), &[("/valueString", json!("Amber, clear")), ("/note/0/text", json!("Repeat in a week."))]);
    let report = with(&sink, "DiagnosticReport", "24323-8");
    assert_eq!(report["result"].as_array().map(Vec::len), Some(4));
    assert_eq!(report["effectiveDateTime"], "2024-05-02T08:30:00-05:00", "from its results");
    let panel = with(&sink, "Observation", "46680005");
    assert_eq!(panel["hasMember"].as_array().map(Vec::len), Some(2));
    assert_eq!(at(with(&sink, "Observation", "29463-7"), "/valueQuantity/value").to_string(), "72.50");
    let counted = |r: &Value| sink.found.iter().find(|f| f.resource["id"] == r["id"]).map(|f| f.counted);
    assert_eq!((counted(report), counted(panel), counted(potassium)), (Some(false), Some(false), Some(true)));
}

#[test]
fn vaccines_procedures_devices_visits() {
    let sink = core();
    let given = with(&sink, "Immunization", "Influenza");
    holds(
        given,
        &[
            ("/status", json!("completed")),
            ("/occurrenceDateTime", json!("2023-10-04")),
            ("/lotNumber", json!("AB12")),
            ("/reaction/0/detail/display", json!("Rash")),
        ],
    );
    holds(with(&sink, "ImmunizationRecommendation", "Influenza"), &[("/recommendation/0/forecastStatus/text", json!("Planned"))]);
    holds(
        with(&sink, "Procedure", "Appendectomy"),
        &[
            ("/status", json!("completed")),
            ("/performedPeriod", json!({"start": "2020-02-03", "end": "2020-02-04"})),
            ("/bodySite/0/text", json!("Appendix")),
            ("/performer/0/actor/display", json!("Ola Berg")),
        ],
    );
    let device = with(&sink, "Device", "pacemaker");
    holds(
        device,
        &[
            ("/udiCarrier/0/deviceIdentifier", json!("00643169007222")),
            ("/udiCarrier/0/carrierHRF", json!("(01)00643169007222(17)160128(21)BLC200461H")),
        ],
    );
    holds(with(&sink, "DeviceUseStatement", "pacemaker"), &[("/status", json!("active")), ("/timingPeriod/start", json!("2018-06-05"))]);
    let visit = with(&sink, "Encounter", "99213");
    holds(
        visit,
        &[
            ("/status", json!("finished")),
            ("/class/code", json!("AMB")),
            ("/type/0/coding/0/code", json!("99213")),
            ("/period/start", json!("2024-05-03")),
            ("/location/0/location/display", json!("Harbour Clinic")),
            ("/hospitalization/dischargeDisposition/text", json!("Home")),
        ],
    );
    let link = at(visit, "/diagnosis/0/condition/reference").as_str().expect("a diagnosis");
    let diagnosis = sink.found.iter().find(|f| f.full_url.as_deref() == Some(link)).expect("its condition");
    assert!(!diagnosis.counted);
    assert_eq!(at(&diagnosis.resource, "/category/0/coding/0/code"), "encounter-diagnosis");
}

#[test]
fn plans_and_goals() {
    let sink = more();
    holds(
        with(&sink, "ServiceRequest", "Cholesterol"),
        &[("/intent", json!("order")), ("/status", json!("active")), ("/occurrenceDateTime", json!("2024-11-01"))],
    );
    holds(with(&sink, "ServiceRequest", "Check up"), &[("/intent", json!("plan")), ("/occurrenceDateTime", json!("2024-08"))]);
    holds(with(&sink, "ServiceRequest", "Education"), &[("/patientInstruction", json!("Drink plenty of water"))]);
    holds(with(&sink, "MedicationRequest", "Amlodipine"), &[("/intent", json!("plan"))]);
    let goal = with(&sink, "Goal", "Body weight");
    holds(goal, &[("/lifecycleStatus", json!("active")), ("/target/0/dueDate", json!("2024-12-31"))]);
    assert_eq!(at(goal, "/target/0/detailQuantity/value").to_string(), "68.0");
}

#[test]
fn people_papers_and_money() {
    let sink = more();
    holds(
        with(&sink, "Observation", "72166-2"),
        &[("/category/0/coding/0/code", json!("social-history")), ("/valueCodeableConcept/text", json!("Ex-smoker"))],
    );
    holds(
        with(&sink, "Observation", "82810-3"),
        &[("/valueCodeableConcept/text", json!("Pregnant")), ("/component/0/valueDateTime", json!("2024-10-20"))],
    );
    holds(with(&sink, "Observation", "Use of cane"), &[("/category/0/coding/0/code", json!("functional-status"))]);
    holds(
        with(&sink, "FamilyMemberHistory", "Father"),
        &[
            ("/sex/coding/0/code", json!("male")),
            ("/bornDate", json!("1910")),
            ("/deceasedBoolean", json!(true)),
            ("/condition/0/code/text", json!("Myocardial infarction")),
            ("/condition/0/onsetAge/value", json!(57)),
        ],
    );
    holds(
        with(&sink, "Consent", "resuscitation"),
        &[
            ("/status", json!("active")),
            ("/provision/code/0/text", json!("Not for resuscitation")),
            ("/verification/0/verificationDate", json!("2022-02-01")),
        ],
    );
    holds(
        with(&sink, "Coverage", "Harbour Mutual"),
        &[
            ("/status", json!("active")),
            ("/subscriberId", json!("M-4711")),
            ("/payor/0/display", json!("Harbour Mutual")),
            ("/period/start", json!("2024-01-01")),
            ("/class/0/value", json!("G-12")),
            ("/class/1/name", json!("Family plan")),
        ],
    );
    let team = with(&sink, "CareTeam", "Primary care physician");
    holds(team, &[("/status", json!("active")), ("/participant/0/member/display", json!("Ines Moreau"))]);
    let note = with(&sink, "DocumentReference", "Progress note");
    holds(note, &[("/status", json!("current")), ("/content/0/attachment/data", json!("RmVlbHMgd2VsbC4gV2Fsa3MgZGFpbHku"))]);
    holds(
        with(&sink, "Condition", "Worried about falling"),
        &[("/clinicalStatus/coding/0/code", json!("active")), ("/category/0/coding/0/code", json!("health-concern"))],
    );
}

#[test]
fn what_nobody_knows_is_kept_and_what_says_nothing_is_listed() {
    let sink = more();
    holds(with(&sink, "Observation", "Plays the cello"), &[("/category/0/text", json!("Hobbies")), ("/valueBoolean", json!(true))]);
    holds(with(&sink, "Procedure", "Home visit by neighbour"), &[("/status", json!("completed"))]);
    assert_eq!(sink.skipped.len(), 1, "{:?}", sink.skipped);
    assert!(sink.skipped[0].0.contains("section") && sink.skipped[0].2.contains("no code, no value and no words"));
}

#[test]
fn every_record_of_ours_has_what_fhir_requires() {
    for sink in [negations(), core(), more()] {
        sink.found.iter().for_each(required);
    }
}

/// The elements that FHIR R4 requires; "a|b" means one of them. An element may be there with a reason for its absence.
fn required(found: &Found) {
    // The header's records are the frame's affair.
    if !found.place.contains("/section") {
        return;
    }
    let r = &found.resource;
    let kind = r["resourceType"].as_str().expect("a type");
    let need: &[&str] = match kind {
        "AllergyIntolerance" => &["patient", "code", "clinicalStatus|verificationStatus"],
        "Condition" => &["subject", "code"],
        "Observation" => &["status", "code", "subject", "category"],
        "DiagnosticReport" => &["status", "code", "subject"],
        "MedicationStatement" | "MedicationDispense" => &["status", "medicationCodeableConcept", "subject"],
        "MedicationRequest" => &["status", "intent", "medicationCodeableConcept", "subject"],
        "MedicationAdministration" => &["status", "medicationCodeableConcept", "subject", "effectiveDateTime|effectivePeriod"],
        "Immunization" => &["status", "vaccineCode", "patient", "occurrenceDateTime|occurrenceString"],
        "ImmunizationRecommendation" => &["patient", "date", "recommendation"],
        "Procedure" => &["status", "code", "subject"],
        "Encounter" => &["status", "class", "subject"],
        "ServiceRequest" => &["status", "intent", "code", "subject"],
        "Goal" => &["lifecycleStatus", "description", "subject"],
        "FamilyMemberHistory" => &["status", "patient", "relationship"],
        "DeviceUseStatement" => &["status", "subject", "device"],
        "Device" => &["patient", "type"],
        "Consent" => &["status", "scope", "category", "patient", "policyRule"],
        "Coverage" => &["status", "beneficiary", "payor"],
        "CareTeam" => &["subject"],
        "DocumentReference" => &["status", "content"],
        "ImagingStudy" => &["status", "subject"],
        "SupplyRequest" => &["itemCodeableConcept", "quantity"],
        "Appointment" => &["status", "participant"],
        _ => &[],
    };
    for element in need {
        let there = element.split('|').any(|e| r.get(e).is_some() || r.get(format!("_{e}")).is_some());
        assert!(there, "{kind} at {} without {element}: {r:#}", found.place);
    }
    assert_eq!(hole(r), None, "{kind} at {}: {r:#}", found.place);
}

/// Where a record holds a null or something empty, which FHIR does not allow.
fn hole(value: &Value) -> Option<String> {
    let inside = |key: String, value: &Value| hole(value).map(|rest| format!("/{key}{rest}"));
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => text.is_empty().then(String::new),
        Value::Array(items) if items.is_empty() => Some(String::new()),
        Value::Array(items) => items.iter().enumerate().find_map(|(i, v)| inside(i.to_string(), v)),
        Value::Object(map) if map.is_empty() => Some(String::new()),
        // Beside a list of primitives nulls keep the places (FHIR R4 JSON, "repeating primitive elements").
        Value::Object(map) => map.iter().filter(|(k, v)| !(k.starts_with('_') && v.is_array())).find_map(|(k, v)| inside(k.clone(), v)),
        _ => None,
    }
}

// ---- the corpus, against a count made here with nothing but the tree ----

type Node<'a> = roxmltree::Node<'a, 'a>;

const TEMPLATE: &str = "2.16.840.1.113883.10.20.22.4.";
const STATEMENTS: [&str; 7] = ["act", "observation", "organizer", "procedure", "encounter", "substanceAdministration", "supply"];

fn named<'a>(node: Node<'a>, name: &'a str) -> impl Iterator<Item = Node<'a>> {
    node.children().filter(move |n| n.is_element() && n.tag_name().name() == name)
}

fn statements<'a>(node: Node<'a>, holder: &'a str) -> Vec<Node<'a>> {
    named(node, holder).filter_map(|h| h.children().find(|n| STATEMENTS.contains(&n.tag_name().name()))).collect()
}

fn template(node: Node<'_>, short: &str) -> bool {
    named(node, "templateId").any(|t| t.attribute("root") == Some(&format!("{TEMPLATE}{short}")))
}

/// How many statements an independent reader counts in one entry.
fn expected(node: Node<'_>) -> usize {
    let inside = |kind: &str, short: &[&str]| {
        statements(node, "entryRelationship")
            .into_iter()
            .filter(|n| n.tag_name().name() == kind && short.iter().any(|s| template(*n, s)))
            .count()
    };
    match node.tag_name().name() {
        "organizer" if template(node, "1") || template(node, "26") => {
            statements(node, "component").iter().filter(|n| n.tag_name().name() == "observation").count().max(1)
        }
        "act" if ["3", "33", "34", "51", "65"].iter().any(|t| template(node, t)) => inside("observation", &["4"]).max(1),
        "act" if template(node, "30") => inside("observation", &["7"]).max(1),
        "act" if template(node, "60") => inside("act", &["61"]).max(1),
        "act" if template(node, "35") || template(node, "36") => inside("substanceAdministration", &["16"]).max(1),
        _ => 1,
    }
}

/// The XPath of an element, written here on its own.
fn path(node: Node<'_>) -> String {
    let step = |n: Node<'_>| {
        let name = n.tag_name().name();
        let alike = |m: &Node<'_>| m.is_element() && m.tag_name().name() == name;
        let all: Vec<_> = n.parent().into_iter().flat_map(|p| p.children().filter(alike).collect::<Vec<_>>()).collect();
        let index = all.iter().position(|m| *m == n).map_or(1, |i| i + 1);
        if all.len() > 1 { format!("{name}[{index}]") } else { name.to_owned() }
    };
    let mut steps: Vec<_> = node.ancestors().filter(Node::is_element).map(step).collect();
    steps.reverse();
    format!("/{}", steps.join("/"))
}

fn within(place: &str, holder: &str) -> bool {
    place.strip_prefix(holder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Never active, never given, never done.
fn denied(found: &Found) {
    let r = &found.resource;
    let text = format!("{} {r:#}", found.place);
    match r["resourceType"].as_str() {
        Some("Condition") => assert!(at(r, "/clinicalStatus/coding").is_null(), "{text}"),
        Some("AllergyIntolerance") => assert!(at(r, "/clinicalStatus/coding").is_null(), "{text}"),
        Some("Immunization" | "Procedure") => assert!(r["status"] == "not-done" || r["status"] == "entered-in-error", "{text}"),
        Some("MedicationStatement") => assert_eq!(r["status"], "not-taken", "{text}"),
        Some("MedicationRequest" | "ServiceRequest") => assert_eq!(r["doNotPerform"], true, "{text}"),
        Some("Observation") => assert!(r.get("valueCodeableConcept").is_none() && r.get("valueQuantity").is_none(), "{text}"),
        Some("Goal") => assert_eq!(r["lifecycleStatus"], "rejected", "{text}"),
        _ => {}
    }
}

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut entries: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| ["xml", "ccda", "cda"].iter().any(|x| e.eq_ignore_ascii_case(x))) {
            out.push(path);
        }
    }
}

#[test]
fn the_corpus_is_read_statement_by_statement() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS") else { return };
    let mut all = Vec::new();
    for part in ["ccda", "converter", "xdm"] {
        files(&Path::new(&corpus).join(part), &mut all);
    }
    let (mut documents, mut counted, mut skipped) = (0, 0, 0);
    for file in all {
        let bytes = std::fs::read(&file).expect("a file");
        let mut sink = Collected::default();
        // Stylesheets, metadata and pieces of documents are refused: the frame's tests speak of them.
        if ccda::read(&bytes, "file.xml", &Limits::default(), &mut sink).is_err() {
            continue;
        }
        sink.found.iter().for_each(required);
        documents += 1;
        counted += sink.found.iter().filter(|f| f.counted).count();
        skipped += sink.skipped.len();
        // Documents that had to be repaired stand elsewhere in the tree; they are counted by the frame alone.
        let Ok(text) = std::str::from_utf8(&bytes) else { continue };
        let Ok(tree) = roxmltree::Document::parse(text.trim_start_matches('\u{feff}')) else { continue };
        for entry in tree.descendants().filter(|n| n.is_element() && n.tag_name().name() == "entry") {
            let Some(statement) = entry.children().find(|n| STATEMENTS.contains(&n.tag_name().name())) else { continue };
            if entry.parent().is_none_or(|p| p.tag_name().name() != "section") {
                continue;
            }
            let place = path(entry);
            let found = sink.found.iter().filter(|f| f.counted && within(&f.place, &place)).count();
            let listed = sink.skipped.iter().filter(|s| within(&s.0, &place)).count();
            assert!(
                found + listed >= expected(statement),
                "{}: {place}: {found} found, {listed} skipped, {} expected",
                file.display(),
                expected(statement)
            );
        }
        for node in tree.descendants().filter(|n| n.attribute("negationInd") == Some("true")) {
            let place = path(node);
            sink.found.iter().filter(|f| f.place == place).for_each(denied);
        }
    }
    assert!(documents > 100, "only {documents} documents of the corpus were read");
    println!("C-CDA corpus: {documents} documents, {counted} records counted, {skipped} statements skipped");
}
