//! Through the command line: what is carried away and read into an empty vault is the same again.

use crate::binary::Home;
use keepwell::demo::household;
use serde_json::Value;
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

fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
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
