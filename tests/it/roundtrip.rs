//! Through the command line: what is carried away and read into an empty vault is the same again.

use crate::binary::{Home, bundle};
use keepwell::demo::household;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The records of a chart, without the name of the source, which is each vault's own.
fn records(home: &Home) -> BTreeSet<String> {
    let plain = |mut record: Value| {
        if let Some(meta) = record["meta"].as_object_mut() {
            meta.remove("source");
        }
        record.to_string()
    };
    let given = home.records(&[]);
    let all: BTreeSet<String> = given.iter().cloned().map(plain).collect();
    // `meta` may have been empty but for the source.
    all.into_iter().map(|r| r.replace(",\"meta\":{}", "")).collect()
}

fn carried(home: &Home, name: &str) -> (String, BTreeSet<String>) {
    let out = home.path(name).to_str().unwrap().to_owned();
    home.run(&["export", "--format", "fhir", "--out", &out]).ended(0);
    let text = std::fs::read_to_string(&out).unwrap();
    // Keys, bodies and older versions all stand in the entries. History also tells when this vault learned of a correction.
    let lines = text.lines().filter(|l| !l.contains("\"type\":\"history\"")).map(|l| l.trim_end_matches(',').to_owned());
    (out, lines.collect())
}

#[track_caller]
fn there_and_back(one: &Home, two: &Home) {
    let (file, entries) = carried(one, "carried.json");
    let report = two.import(0, &["--accept-identity", &file]);
    assert_eq!(report["totals"]["skipped"], 0);
    let (before, after) = (records(one), records(two));
    let missing: Vec<_> = before.difference(&after).take(2).collect();
    let added: Vec<_> = after.difference(&before).take(2).collect();
    assert!(missing.is_empty() && added.is_empty(), "missing {missing:#?}\nadded {added:#?}");
    let again = carried(two, "again.json").1;
    assert!(entries == again, "the copy of the copy: {:#?}", entries.symmetric_difference(&again).take(4).collect::<Vec<_>>());
    let twice = two.import(0, &["--accept-identity", &file]);
    assert_eq!((&twice["totals"]["stored"], &twice["totals"]["updated"]), (&Value::from(0), &Value::from(0)));
    two.run(&["check", "--deep"]).ended(0);
}

#[test]
fn the_demo_household() {
    for person in household(jiff::civil::date(2026, 11, 22)) {
        let (one, two) = (Home::of(person.name, person.birth_date, person.sex), Home::of(person.name, person.birth_date, person.sex));
        for file in &person.files {
            let report = one.import(0, &[&one.write(&file.name, &file.bytes)]);
            let source = report["files"][0]["source"].as_str().unwrap().to_owned();
            assert!(one.run(&["original", &source]).ended(0).out == file.bytes, "{}", file.name);
        }
        there_and_back(&one, &two);
    }
}

#[test]
fn a_chart_with_a_file_under_another_name() {
    let (one, two, other) = (Home::new(), Home::new(), Home::of("Walter Rowe", "1951-06-02", "male"));
    let gout = |id: &str| json!({"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/p1"}, "code": {"text": "Gout"}});
    one.import(0, &[&one.write("a.json", &bundle(("Ruth", "Carver"), "1954-03-14", &[gout("c1")]))]);
    one.import(0, &["--accept-identity", &one.write("b.json", &bundle(("Rut", "Alder"), "1954-04-13", &[gout("c2")]))]);
    // It is one chart, so all of it goes into a chart of the same person, unasked.
    let file = carried(&one, "asked.json").0;
    let report = two.import(0, &["--dry-run", &file]);
    assert_eq!(report["totals"]["stored"], one.records(&[]).len());
    there_and_back(&one, &two);
    // And none of it into somebody else's.
    other.import(1, &[&file]);
    assert!(other.records(&[]).is_empty());
}

#[test]
fn ndjson_gives_the_same_records_and_their_older_versions() {
    let gout = |version: &str, text: &str| {
        json!({"resourceType": "Condition", "id": "c1", "meta": {"versionId": version, "lastUpdated": format!("2024-0{version}-01T00:00:00Z")},
               "subject": {"reference": "Patient/p1"}, "code": {"text": text}, "onsetDateTime": "2015"})
    };
    let weight = json!({"resourceType": "Observation", "status": "final", "code": {"text": "Weight"}, "subject": {"reference": "Patient/p1"},
                        "valueQuantity": {"value": 72, "unit": "kg"}});
    let (one, two, three) = (Home::new(), Home::new(), Home::new());
    one.import(0, &[&one.write("a.json", &bundle(("Ruth", "Carver"), "1954-03-14", &[gout("1", "Gout?"), weight]))]);
    one.import(0, &[&one.write("b.json", &bundle(("Ruth", "Carver"), "1954-03-14", &[gout("2", "Gout")]))]);
    let out = one.path("all.ndjson").to_str().unwrap().to_owned();
    one.run(&["export", "--format", "ndjson", "--out", &out]).ended(0);
    let lines = std::fs::read_to_string(&out).unwrap();
    assert_eq!(lines.lines().count(), one.records(&[]).len(), "one record a line");
    let report = two.import(0, &[&out]);
    assert_eq!(report["totals"]["found"], lines.lines().count(), "older versions are no lines of their own");
    assert_eq!(records(&one), records(&two));
    assert_eq!(carried(&one, "a.fhir").1, carried(&two, "b.fhir").1, "keys, addresses and all");
    let former = |home: &Home, name: &str| std::fs::read_to_string(carried(home, name).0).unwrap().matches("\"type\":\"history\"").count();
    assert_eq!((former(&one, "c.fhir"), former(&two, "d.fhir")), (1, 1), "the older version");
    let twice = two.import(0, &[&out]);
    assert_eq!((&twice["totals"]["stored"], &twice["totals"]["updated"]), (&json!(0), &json!(0)));
    // A line by itself is no different.
    let line = three.write("line.json", lines.lines().next().unwrap().as_bytes());
    three.import(0, &[&line]);
    assert!(records(&one).is_superset(&records(&three)));
}

#[test]
fn everything_gives_the_same_records_and_documents_that_open() {
    let (one, two) = (Home::new(), Home::new());
    let weight = json!({"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "Weight"}, "subject": {"reference": "Patient/p1"}});
    one.import(0, &[&one.write("a.json", &bundle(("Ruth", "Carver"), "1954-03-14", std::slice::from_ref(&weight)))]);
    one.import(0, &["--accept-identity", &one.write("b.json", &bundle(("Rut", "Alder"), "1954-04-13", &[weight]))]);
    one.import(0, &[&one.write("note.txt", b"Feels well. Walks daily.")]);
    let out = one.path("all.zip").to_str().unwrap().to_owned();
    one.run(&["export", "--format", "everything", "--out", &out]).ended(0);
    two.import(0, &[&out]);
    let plain = |home: &Home| -> BTreeSet<String> { records(home).into_iter().map(|r| r.replace("#originals/note.txt", "")).collect() };
    assert_eq!(plain(&one), plain(&two));
    let url = two.records(&["--type", "DocumentReference"])[0]["content"][0]["attachment"]["url"].clone();
    assert_eq!(url, "urn:keepwell:original#originals/note.txt", "where the document stands in this vault");
    let twice = two.import(0, &[&out]);
    assert_eq!((&twice["totals"]["stored"], &twice["totals"]["updated"]), (&json!(0), &json!(0)));
}

/// Every file under a folder, in order.
pub(crate) fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { walk(&path, out) } else { out.push(path) }
    }
}

#[test]
fn a_sample_of_the_corpus() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS").map(PathBuf::from) else {
        println!("KEEPWELL_CORPUS is not set: no corpus to carry");
        return;
    };
    let (one, two) = (Home::of("Nobody In The Corpus", "1900-01-01", "unknown"), Home::of("Nobody In The Corpus", "1900-01-01", "unknown"));
    let mut sample = Vec::new();
    let mut folders: Vec<_> = std::fs::read_dir(&corpus).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    for folder in folders {
        let mut files = Vec::new();
        walk(&folder, &mut files);
        files.retain(|f| std::fs::metadata(f).is_ok_and(|m| m.len() < 3 << 20));
        // A few of each kind, spread over the folder.
        let step = (files.len() / 8).max(1);
        sample.extend(files.into_iter().step_by(step).map(|f| f.to_str().unwrap().to_owned()));
    }
    let args: Vec<&str> = std::iter::once("--accept-identity").chain(sample.iter().map(String::as_str)).collect();
    let report = one.import(3, &args);
    println!("{} files of the corpus: {}", sample.len(), report["totals"]);
    assert!(report["totals"]["stored"].as_u64().unwrap() > 500);
    there_and_back(&one, &two);
}
