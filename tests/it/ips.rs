//! The International Patient Summary against every rule of its profiles, by a check of our own and by validators of others.

use crate::export_world::World;
use keepwell::demo::household;
use keepwell::export::{Choice, Format, Profile, Selection};
use keepwell::import::pipeline::Accept;
use keepwell::record::{Class, type_of};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Everything that is wrong with a summary.
pub(crate) fn findings(bytes: &[u8]) -> Vec<String> {
    let bundle: Value = match serde_json::from_slice(bytes) {
        Ok(bundle) => bundle,
        Err(e) => return vec![format!("not JSON: {e}")],
    };
    let mut out = Vec::new();
    let mut wrong = |what: String| out.push(what);
    for (key, wanted) in [("resourceType", "Bundle"), ("type", "document")] {
        if bundle[key] != wanted {
            wrong(format!("{key} is {}", bundle[key]));
        }
    }
    for key in ["/identifier/system", "/identifier/value", "/timestamp"] {
        if bundle.pointer(key).and_then(Value::as_str).is_none_or(str::is_empty) {
            wrong(format!("Bundle{key} is missing"));
        }
    }
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let mut by_url: BTreeMap<&str, &Value> = BTreeMap::new();
    for entry in &entries {
        let (url, resource) = (entry["fullUrl"].as_str().unwrap_or(""), &entry["resource"]);
        if !url.starts_with("urn:uuid:") || resource["id"] != url.trim_start_matches("urn:uuid:") {
            wrong(format!("fullUrl {url} of {} {}", type_of(resource), resource["id"]));
        }
        if by_url.insert(url, resource).is_some() {
            wrong(format!("{url} twice"));
        }
        if entry.as_object().is_some_and(|o| o.keys().any(|k| !matches!(k.as_str(), "fullUrl" | "resource"))) {
            wrong(format!("{url} has more than fullUrl and resource"));
        }
        shape(resource, type_of(resource), &mut wrong);
        if let Some(div) = resource.pointer("/text/div").and_then(Value::as_str)
            && (roxmltree::Document::parse(div).is_err() || div.contains("<script"))
        {
            wrong(format!("{}: its narrative is not XHTML", type_of(resource)));
        }
        resource_rules(resource, &mut wrong);
    }
    let count = |kind: &str| entries.iter().filter(|e| type_of(&e["resource"]) == kind).count();
    if entries.first().is_none_or(|e| type_of(&e["resource"]) != "Composition") || count("Composition") != 1 || count("Patient") != 1 {
        wrong("not one Composition first, and one Patient".into());
    }
    let Some(composition) = entries.first().map(|e| &e["resource"]) else { return out };
    composition_rules(composition, &by_url, &mut wrong);
    // Every reference resolves inside, and every entry is reached from the Composition.
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&Value> = vec![composition];
    while let Some(resource) = open.pop() {
        let contained: BTreeSet<&str> = resource["contained"].as_array().into_iter().flatten().filter_map(|c| c["id"].as_str()).collect();
        let mut named = BTreeSet::new();
        each_reference(resource, &mut |reference| {
            if let Some(id) = reference.strip_prefix('#') {
                named.insert(id);
                if !contained.contains(id) {
                    wrong(format!("{}: #{id} is not contained", type_of(resource)));
                }
            } else if let Some((url, target)) = by_url.get_key_value(reference) {
                if reached.insert(url) {
                    open.push(target);
                }
            } else {
                wrong(format!("{}: {reference} leads out", type_of(resource)));
            }
        });
        if contained != named {
            wrong(format!("{}: contained and not named", type_of(resource)));
        }
    }
    for (url, resource) in &by_url {
        if !reached.contains(url) && type_of(resource) != "Composition" {
            wrong(format!("{} {url} is not reached from the Composition", type_of(resource)));
        }
    }
    out
}

fn each_reference<'a>(value: &'a Value, each: &mut impl FnMut(&'a str)) {
    match value {
        Value::Object(o) => {
            if let Some(Value::String(reference)) = o.get("reference") {
                each(reference);
            }
            o.values().for_each(|v| each_reference(v, each));
        }
        Value::Array(items) => items.iter().for_each(|v| each_reference(v, each)),
        _ => {}
    }
}

/// FHIR R4 JSON: nothing empty, no null but beside the extensions of a primitive.
fn shape(value: &Value, path: &str, wrong: &mut impl FnMut(String)) {
    match value {
        Value::Object(o) if o.is_empty() => wrong(format!("{path} is empty")),
        Value::Object(o) => o.iter().for_each(|(k, v)| shape(v, &format!("{path}.{k}"), wrong)),
        Value::Array(items) if items.is_empty() => wrong(format!("{path} is empty")),
        Value::Array(items) => items.iter().filter(|v| !v.is_null()).for_each(|v| shape(v, path, wrong)),
        Value::String(s) if s.is_empty() => wrong(format!("{path} is empty")),
        Value::Null => wrong(format!("{path} is null")),
        _ => {}
    }
    if path.ends_with("valueQuantity") && value["code"].is_string() && !value["system"].is_string() {
        wrong(format!("{path}: a code without its system"));
    }
}

fn resource_rules(resource: &Value, wrong: &mut impl FnMut(String)) {
    let kind = type_of(resource);
    let has = |stem: &str| resource.as_object().is_some_and(|o| o.keys().any(|k| k.trim_start_matches('_').starts_with(stem)));
    let required: &[&str] = match kind {
        "Patient" => &["name", "gender", "birthDate"],
        "AllergyIntolerance" => &["patient", "code", "clinicalStatus"],
        "Condition" => &["subject", "code"],
        "MedicationStatement" => &["subject", "status", "medication", "effective"],
        "MedicationRequest" => &["subject", "status", "intent", "medication"],
        "Immunization" => &["patient", "status", "vaccineCode", "occurrence"],
        "Procedure" => &["subject", "status", "code", "performed"],
        "DeviceUseStatement" => &["subject", "status", "timing", "device"],
        "DiagnosticReport" => &["subject", "status", "category", "code", "effective"],
        "Observation" => &["status", "code"],
        "Encounter" => &["status", "class"],
        "Goal" => &["lifecycleStatus", "description", "subject"],
        "Consent" => &["status", "scope", "category"],
        "Coverage" => &["status", "beneficiary", "payor"],
        "DocumentReference" => &["status", "content"],
        _ => &[],
    };
    for key in required {
        if !has(key) {
            wrong(format!("{kind} without {key}"));
        }
    }
    for key in ["subject", "patient", "beneficiary"] {
        if let Some(reference) = resource.get(key)
            && required.contains(&key)
            && !reference["reference"].is_string()
        {
            wrong(format!("{kind}.{key} names nobody"));
        }
    }
    for key in ["/status", "/verificationStatus/coding/0/code", "/docStatus", "/lifecycleStatus"] {
        if resource.pointer(key).is_some_and(|s| s == "entered-in-error") {
            wrong(format!("{kind} entered in error"));
        }
    }
    let profiles: Vec<&str> =
        resource.pointer("/meta/profile").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if profiles.iter().any(|p| p.contains("results-laboratory-pathology"))
        && !(has("effective") && has("performer") && (has("value") || has("hasMember")))
    {
        wrong("a laboratory result without time, performer or value".into());
    }
    if kind == "Condition" && has("abatement") {
        let status = resource.pointer("/clinicalStatus/coding/0/code").and_then(Value::as_str);
        if !matches!(status, Some("inactive" | "resolved" | "remission")) {
            wrong(format!("con-4: an end and {status:?}"));
        }
    }
    if ["meta.lastUpdated", "meta.versionId"].iter().any(|k| keepwell::record::at(resource, k).is_some()) && kind != "Composition" {
        wrong(format!("{kind} brings what is its source's own"));
    }
}

/// Which kinds of resource each section of the profile takes.
const SECTIONS: [(&str, &[&str]); 16] = [
    ("10160-0", &["MedicationStatement", "MedicationRequest", "MedicationAdministration", "MedicationDispense", "DocumentReference"]),
    ("48765-2", &["AllergyIntolerance", "DocumentReference"]),
    ("11450-4", &["Condition", "DocumentReference"]),
    ("47519-4", &["Procedure", "DocumentReference"]),
    ("11369-6", &["Immunization", "DocumentReference"]),
    ("46264-8", &["DeviceUseStatement", "DocumentReference"]),
    ("30954-2", &["Observation", "DiagnosticReport", "Media", "DocumentReference"]),
    ("8716-3", &["Observation", "DocumentReference"]),
    ("11348-0", &["Condition", "DocumentReference"]),
    ("47420-5", &["Condition", "ClinicalImpression", "DocumentReference"]),
    ("18776-5", &["CarePlan", "DocumentReference"]),
    ("29762-2", &["Observation", "DocumentReference"]),
    ("10162-6", &["Observation", "DocumentReference"]),
    ("42348-3", &["Consent", "DocumentReference"]),
    ("104605-1", &["Flag", "DocumentReference"]),
    ("81338-6", &[]),
];

fn composition_rules(composition: &Value, by_url: &BTreeMap<&str, &Value>, wrong: &mut impl FnMut(String)) {
    if composition.pointer("/type/coding/0/code").is_none_or(|c| c != "60591-5")
        || composition["type"]["coding"][0]["system"] != "http://loinc.org"
    {
        wrong("Composition.type is not LOINC 60591-5".into());
    }
    for key in ["status", "subject", "date", "author", "title", "section", "text"] {
        if composition.get(key).is_none() {
            wrong(format!("Composition without {key}"));
        }
    }
    let sections = composition["section"].as_array().cloned().unwrap_or_default();
    let code = |s: &Value| s.pointer("/code/coding/0/code").and_then(Value::as_str).unwrap_or("").to_owned();
    for required in ["11450-4", "48765-2", "10160-0"] {
        if sections.iter().filter(|s| code(s) == required).count() != 1 {
            wrong(format!("section {required} is not there once"));
        }
    }
    for (known, _) in SECTIONS {
        if sections.iter().filter(|s| code(s) == known).count() > 1 {
            wrong(format!("section {known} twice"));
        }
    }
    for section in &sections {
        let name = format!("section {}", code(section));
        if section["title"].as_str().is_none_or(str::is_empty)
            || code(section).is_empty()
            || section["code"]["coding"][0]["system"] != "http://loinc.org"
        {
            wrong(format!("{name} without title or code"));
        }
        let div = section["text"]["div"].as_str().unwrap_or("");
        match roxmltree::Document::parse(div) {
            Err(e) => wrong(format!("{name}: its narrative is not XHTML: {e}")),
            Ok(tree) => {
                let words: String = tree.descendants().filter_map(|n| n.text()).collect();
                if words.trim().is_empty() || tree.root_element().tag_name().namespace() != Some("http://www.w3.org/1999/xhtml") {
                    wrong(format!("{name} says nothing"));
                }
                const HARMLESS: [&str; 9] = ["div", "p", "table", "caption", "thead", "tbody", "tr", "th", "td"];
                if let Some(odd) = tree.descendants().find(|n| n.is_element() && !HARMLESS.contains(&n.tag_name().name())) {
                    wrong(format!("{name}: {}", odd.tag_name().name()));
                }
            }
        }
        if section.get("section").is_some() {
            wrong(format!("{name} holds a section"));
        }
        let entries = section["entry"].as_array().cloned().unwrap_or_default();
        if entries.is_empty() == section.get("emptyReason").is_none() && code(section) != "81338-6" {
            wrong(format!("{name}: entries or a reason why there are none"));
        }
        for entry in entries {
            let target = entry["reference"].as_str().and_then(|r| by_url.get(r)).map_or("", |r| type_of(r));
            if SECTIONS.iter().any(|(known, kinds)| *known == code(section) && !kinds.contains(&target)) {
                wrong(format!("{name} takes no {target}"));
            }
        }
    }
}

fn ips(world: &World, choice: &Choice) -> Vec<u8> {
    let mut out = Vec::new();
    keepwell::export::export(&world.chart, Format::Ips, choice, &mut out).unwrap();
    out
}

#[track_caller]
fn sound(name: &str, bytes: &[u8]) {
    let found = findings(bytes);
    assert!(found.is_empty(), "{name}: {} findings\n{}", found.len(), found.iter().take(20).cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_demo_household_in_every_profile() {
    for person in household(jiff::civil::date(2026, 11, 22)) {
        let world = World::filled(&person);
        for profile in Profile::ALL {
            let mut choice = Choice::of(profile);
            choice.note = Some("Please call <me> & not the clinic.".into());
            choice.addressee = Some("Dr. O’Neil".into());
            sound(&format!("{} {}", person.name, profile.name()), &ips(&world, &choice));
        }
    }
}

#[test]
fn an_empty_chart_says_that_nothing_is_known() {
    let world = World::new("Ruth Carver", "1954-03-14", "female");
    let bytes = ips(&world, &Choice::everything());
    sound("empty", &bytes);
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("emptyReason").count(), 3);
    assert!(text.contains("This does not mean “none”"));
}

#[test]
fn known_absence_is_coded_and_what_is_ruled_out_stands_apart() {
    let world = World::new("Ruth Carver", "1954-03-14", "female");
    let record = |kind: &str, id: &str, more: &str| {
        format!(
            r#"{{"resource":{{"resourceType":"{kind}","id":"{id}",{more},"{}":{{"reference":"Patient/p"}}}}}}"#,
            if kind == "AllergyIntolerance" { "patient" } else { "subject" }
        )
    };
    let snomed =
        |code: &str, text: &str| format!(r#""code":{{"coding":[{{"system":"http://snomed.info/sct","code":"{code}"}}],"text":"{text}"}}"#);
    let refuted =
        r#""verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"refuted"}]},"#;
    let error = r#""verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]},"#;
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{},{},{},{},
        {{"resource":{{"resourceType":"Patient","id":"p","name":[{{"family":"Carver","given":["Ruth"]}}],"birthDate":"1954-03-14"}}}}]}}"#,
        record("AllergyIntolerance", "a", &snomed("716186003", "No known allergies")),
        record("Condition", "b", &format!("{refuted}{}", snomed("195967001", "Asthma"))),
        record("Condition", "c", &format!("{error}{}", snomed("38341003", "Hypertension"))),
        record("MedicationStatement", "d", r#""status":"active","medicationCodeableConcept":{"text":"Metformin 500 mg"}"#),
    );
    assert_eq!(world.import("a.json", bundle.as_bytes()).error, None);
    let bytes = ips(&world, &Choice::everything());
    sound("absence", &bytes);
    let bundle: Value = serde_json::from_slice(&bytes).unwrap();
    let sections = bundle["entry"][0]["resource"]["section"].as_array().unwrap().clone();
    let of = |title: &str| sections.iter().find(|s| s["title"] == title).cloned().unwrap_or_default();
    assert!(of("Problems").get("entry").is_none(), "a refuted condition is no problem");
    assert!(of("Ruled out, refused or not done").to_string().contains("Asthma"));
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("no-known-allergies") && !text.contains("Hypertension"), "{text}");
    assert!(text.contains("_effectiveDateTime"));
}

#[test]
fn the_same_choice_gives_the_same_bytes_but_for_the_moment() {
    let world = World::filled(&household(jiff::civil::date(2026, 11, 22))[3]);
    let made = jiff::Timestamp::from_second(1_795_000_000).unwrap();
    let write = || {
        let mut out = Vec::new();
        keepwell::export::export_at(&world.chart, Format::Ips, &Choice::everything(), made, &mut out).unwrap();
        out
    };
    assert!(write() == write());
}

#[test]
fn what_was_left_out_is_not_named() {
    let world = World::filled(&household(jiff::civil::date(2026, 11, 22))[0]);
    let all = String::from_utf8(ips(&world, &Choice::everything())).unwrap();
    let choice = Choice::from(Selection { exclude: vec![Class::Problem], ..Selection::default() });
    let bytes = ips(&world, &choice);
    sound("without conditions", &bytes);
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains("\"resourceType\":\"Condition\"") && all.contains("\"resourceType\":\"Condition\""));
    assert!(text.contains("Not everything in this person’s records is here"));
}

/// With KEEPWELL_CORPUS: charts made of what real systems write.
#[test]
fn charts_made_from_the_corpus() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS") else { return };
    let mut count = 0;
    for path in sample(Path::new(&corpus), 24) {
        let world = World::new("Ruth Carver", "1954-03-14", "female");
        let bytes = std::fs::read(&path).unwrap();
        if world.import_as("file", &bytes, Some(Accept::Anyone)).error.is_some() {
            continue;
        }
        count += 1;
        sound(&path.display().to_string(), &ips(&world, &Choice::everything()));
    }
    assert!(count > 10, "{count} files");
}

/// A few files of each kind, spread over the folders.
pub(crate) fn sample(corpus: &Path, each: usize) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for folder in ["fhir-r4", "ccda", "gen", "converter"] {
        let mut files = Vec::new();
        walk(&corpus.join(folder), &mut files);
        files.sort();
        let step = (files.len() / each).max(1);
        out.extend(files.into_iter().step_by(step));
    }
    out
}

fn walk(dir: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let small = entry.metadata().is_ok_and(|m| m.len() < 2_000_000);
        match path.extension().and_then(|e| e.to_str()) {
            _ if path.is_dir() => walk(&path, files),
            Some("json" | "xml") if small => files.push(path),
            _ => {}
        }
    }
}

#[test]
fn validators_of_others_find_nothing() {
    let summaries: Vec<_> =
        household(jiff::civil::date(2026, 11, 22)).iter().map(|person| ips(&World::filled(person), &Choice::everything())).collect();
    judged_by_others(&summaries);
}

/// With KEEPWELL_OUTSIDE (a Python with fhirkit-rs and fhir.resources, made by tests/all): what validators of others say.
#[track_caller]
#[expect(clippy::print_stdout, reason = "who runs the tests is to know what was not run")]
pub(crate) fn judged_by_others(summaries: &[Vec<u8>]) {
    let Some(python) = std::env::var_os("KEEPWELL_OUTSIDE") else {
        println!("KEEPWELL_OUTSIDE is not set: no validators of others");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..summaries.len()).map(|n| dir.path().join(format!("{n}.json"))).collect();
    files.iter().zip(summaries).for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/outside/check_fhir.py");
    let run = std::process::Command::new(python).arg(script).args(&files).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{said}");
    assert_eq!(said.matches("no findings").count(), files.len(), "{said}");
}
