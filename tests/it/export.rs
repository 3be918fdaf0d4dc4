//! What is carried away: all of it, none too much, and the same again in another vault.

use crate::export_world::World;
use keepwell::demo::{DemoPerson, household};
use keepwell::export::{Format, Selection};
use keepwell::import::pipeline::Accept;
use keepwell::record::{Class, type_of};
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};
use std::io::Read;

fn people() -> Vec<DemoPerson> {
    household(jiff::civil::date(2026, 11, 22))
}

fn everything() -> Selection {
    Selection::default()
}

/// The resources of an exported Bundle, older versions left aside.
fn resources(bundle: &[u8]) -> Vec<Value> {
    let mut bundle: Value = serde_json::from_slice(bundle).expect("JSON");
    let entries = bundle.get_mut("entry").map(Value::take).unwrap_or_default();
    let entries = entries.as_array().cloned().unwrap_or_default();
    entries.into_iter().map(|mut e| e["resource"].take()).filter(|r| type_of(r) != "Bundle").collect()
}

fn unpack(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).expect("a zip");
    (0..archive.len())
        .map(|n| {
            let mut file = archive.by_index(n).expect("an entry");
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("an entry");
            (file.name().expect("a name").into_owned(), bytes)
        })
        .collect()
}

#[test]
fn an_export_read_into_an_empty_vault_gives_the_same_records() {
    for person in people() {
        let (one, two) = (World::filled(&person), World::of(&person));
        let bundle = one.export(Format::Fhir, &everything());
        let report = two.import("records.fhir.json", &bundle);
        assert_eq!(report.error, None, "{}", person.name);
        assert!(report.skipped.is_empty(), "{:?}", report.skipped);
        let (before, after) = (one.records(), two.records());
        for (key, record) in &before {
            let again = after.get(key).unwrap_or_else(|| panic!("{}: {} is missing", person.name, String::from_utf8_lossy(&record.0)));
            assert_eq!(String::from_utf8_lossy(&record.0), String::from_utf8_lossy(&again.0));
            assert_eq!(record.1, again.1, "older versions");
        }
        assert_eq!(before.len(), after.len(), "{}", person.name);
        // The copy of the copy holds the same entries. History also tells when this vault learned of a correction.
        let entries = |bundle: &[u8]| -> BTreeSet<String> {
            let text = String::from_utf8_lossy(bundle).into_owned();
            text.lines().map(|l| l.trim_end_matches(',').to_owned()).filter(|l| !l.contains("\"type\":\"history\"")).collect()
        };
        assert!(entries(&bundle) == entries(&two.export(Format::Fhir, &everything())), "{}: the copy of the copy", person.name);
    }
}

#[test]
fn the_clinics_own_files_are_known_in_the_new_vault() {
    let ruth = &people()[0];
    let (one, two) = (World::filled(ruth), World::of(ruth));
    two.import("records.fhir.json", &one.export(Format::Fhir, &everything()));
    let count = two.records().len();
    for file in ruth.files.iter().filter(|f| f.name.ends_with(".json") || f.name.ends_with(".xml")) {
        let report = two.import(&file.name, &file.bytes);
        assert_eq!((report.stored, report.updated), (0, 0), "{}: {report:?}", file.name);
    }
    assert_eq!(two.records().len(), count);
}

#[test]
fn two_sources_with_the_same_short_ids_stay_apart() {
    let bundle = |number: &str, value: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[
            {{"resource":{{"resourceType":"Patient","id":"1","identifier":[{{"system":"https://{number}.example","value":"{number}"}}],
              "name":[{{"family":"Carver","given":["Ruth"]}}],"birthDate":"1954-03-14"}}}},
            {{"resource":{{"resourceType":"Observation","id":"1","status":"final","code":{{"text":"Weight"}},"subject":{{"reference":"Patient/1"}},
              "effectiveDateTime":"2020-01-01","valueQuantity":{{"value":{value},"unit":"kg"}}}}}}]}}"#
        )
    };
    let person = &people()[0];
    let (one, two) = (World::of(person), World::of(person));
    for (name, value) in [("first", "72.50"), ("second", "80.0")] {
        assert_eq!(one.import(name, bundle(name, value).as_bytes()).error, None);
    }
    let before = one.records();
    two.import("records.fhir.json", &one.export(Format::Fhir, &everything()));
    assert_eq!(before, two.records());
    for value in ["72.50", "80.0"] {
        assert!(before.values().any(|r| String::from_utf8_lossy(&r.0).contains(value)), "{value} is current");
    }
}

#[test]
fn addresses_in_a_bundle_are_its_own() {
    let ruth = World::filled(&people()[0]);
    let bundle: Value = serde_json::from_slice(&ruth.export(Format::Fhir, &everything())).expect("JSON");
    let mut seen = HashSet::new();
    for entry in bundle["entry"].as_array().expect("entries") {
        let url = entry["fullUrl"].as_str().expect("a fullUrl");
        assert!(url.starts_with("https://") || url.starts_with("urn:"), "{url}");
        assert!(seen.insert(url.to_owned()), "{url} twice");
        if type_of(&entry["resource"]) == "Bundle" {
            assert_eq!(entry["resource"]["type"], "history");
        }
    }
    assert!(seen.len() > 200);
}

#[test]
fn dates_and_kinds_are_kept_to() {
    let ruth = World::filled(&people()[0]);
    let kinds = Selection { include: vec![Class::Allergy, Class::Immunization], ..everything() };
    let types: BTreeSet<String> = resources(&ruth.export(Format::Fhir, &kinds)).iter().map(|r| type_of(r).to_owned()).collect();
    assert_eq!(types, BTreeSet::from(["AllergyIntolerance".to_owned(), "Immunization".to_owned()]));
    let without = Selection { exclude: vec![Class::Allergy], ..everything() };
    assert!(!resources(&ruth.export(Format::Fhir, &without)).iter().any(|r| type_of(r) == "AllergyIntolerance"));
    let stay = Selection { from: Some("2019-06-12".into()), to: Some("2019-06-12".into()), ..everything() };
    let ids: BTreeSet<String> =
        resources(&ruth.export(Format::Fhir, &stay)).iter().filter_map(|r| r["id"].as_str().map(str::to_owned)).collect();
    // The ultrasound of that day and the stay around it, and nothing of Alder Street's.
    assert!(ids.contains("9402") && ids.contains("7001"), "{ids:?}");
    assert!(!ids.contains("9201") && !ids.iter().any(|id| id.starts_with("a1c")), "{ids:?}");
    // Undated records come along only where no dates are asked for.
    assert!(!ids.contains("team") && resources(&ruth.export(Format::Fhir, &everything())).iter().any(|r| r["id"] == "alder-clinic"));
}

#[test]
fn an_empty_selection_is_still_a_bundle() {
    let ruth = World::filled(&people()[0]);
    let none = Selection { from: Some("1900".into()), to: Some("1900".into()), ..everything() };
    let bundle: Value = serde_json::from_slice(&ruth.export(Format::Fhir, &none)).expect("JSON");
    assert_eq!(bundle["type"], "collection");
    assert_eq!(bundle.get("entry"), None);
}

#[test]
fn ndjson_has_a_record_a_line() {
    let dana = World::filled(&people()[2]);
    let text = String::from_utf8(dana.export(Format::Ndjson, &everything())).expect("UTF-8");
    for line in text.lines() {
        assert!(!type_of(&serde_json::from_str::<Value>(line).expect("JSON")).is_empty());
    }
    assert_eq!(text.lines().count(), dana.records().len());
}

#[test]
fn tables_hold_every_record_once() {
    let ruth = World::filled(&people()[0]);
    let files = unpack(&ruth.export(Format::Csv, &everything()));
    let names: BTreeSet<&str> = files.iter().map(|f| f.0.as_str()).collect();
    for name in [
        "results.csv",
        "vital-signs.csv",
        "medicines.csv",
        "conditions.csv",
        "allergies.csv",
        "immunizations.csv",
        "procedures.csv",
        "visits.csv",
        "documents.csv",
    ] {
        assert!(names.contains(name), "{name} in {names:?}");
    }
    let mut rows = 0;
    for (name, bytes) in &files {
        let text = std::str::from_utf8(bytes).expect("UTF-8");
        let text = text.strip_prefix('\u{feff}').unwrap_or_else(|| panic!("{name} has no byte order mark"));
        let table = parse_csv(text);
        assert!(table.iter().all(|r| r.len() == 14), "{name}");
        rows += table.len() - 1;
    }
    assert_eq!(rows, ruth.records().len());
    let results = &files.iter().find(|f| f.0 == "results.csv").expect("results").1;
    let results = parse_csv(std::str::from_utf8(results).expect("UTF-8").trim_start_matches('\u{feff}'));
    let a1c = results.iter().find(|r| r[2] == "Hemoglobin A1c" && r[3] == "7.4").expect("the newest A1c");
    assert_eq!((a1c[4].as_str(), a1c[5].as_str(), a1c[6].as_str()), ("%", "4.0 to 5.6", "Above range"));
    assert!(a1c[11].contains("http://loinc.org 4548-4"));
}

/// A reader of RFC 4180 of its own, so that the writer is not its own judge.
fn parse_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(cell.is_empty() && row.is_empty() && !quoted, "the last line ends");
    rows
}

#[test]
fn everything_holds_the_originals_byte_for_byte() {
    let ruth = &people()[0];
    let files = unpack(&World::filled(ruth).export(Format::Everything, &everything()));
    for file in &ruth.files {
        let path = format!("originals/{}", file.name);
        let kept = files.iter().find(|f| f.0 == path).unwrap_or_else(|| panic!("{path} is missing"));
        assert!(kept.1 == file.bytes, "{path} differs");
    }
    let find = |name: &str| String::from_utf8(files.iter().find(|f| f.0 == name).expect(name).1.clone()).expect("UTF-8");
    let page = find("index.html");
    for words in ["Ruth Carver", "14 March 1954", "Penicillin", "Trouble breathing", "Hemoglobin A1c", "4.0 to 5.6", "Entered in error"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("<script") && !page.contains("src=\"http") && !page.contains("href=\"http"));
    for link in page.split("href=\"").skip(1).filter_map(|l| l.split('"').next()) {
        let plain = link.replace("%20", " ").replace("%28", "(").replace("%29", ")");
        assert!(files.iter().any(|f| f.0 == plain), "{link} leads nowhere");
    }
    assert!(find("README.txt").contains("NOT ENCRYPTED"));
    assert!(!resources(find("records.fhir.json").as_bytes()).is_empty());
}

#[test]
fn a_part_of_the_chart_never_brings_whole_files() {
    let ruth = World::filled(&people()[0]);
    let part = Selection { exclude: vec![Class::Message], ..everything() };
    let files = unpack(&ruth.export(Format::Everything, &part));
    assert!(!files.iter().any(|f| f.0.starts_with("originals/")));
    let all: String = files.iter().map(|f| String::from_utf8_lossy(&f.1).into_owned()).collect();
    assert!(!all.contains("ankles are thick"));
    assert!(all.contains("Download everything to have them"));
}

/// With KEEPWELL_CORPUS: what real systems write goes around without loss too.
#[test]
fn the_corpus_goes_around() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS") else { return };
    let mut files = Vec::new();
    walk(std::path::Path::new(&corpus), &mut files);
    files.sort();
    let mut tried = 0;
    // A sample spread over the folders keeps the run short.
    let step = (files.len() / 60).max(1);
    for path in files.iter().step_by(step) {
        let bytes = std::fs::read(path).expect("a file");
        let (one, two) = (World::new("Ruth Carver", "1954-03-14", "female"), World::new("Ruth Carver", "1954-03-14", "female"));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if one.import_as(&name, &bytes, Some(Accept::Anyone)).error.is_some() {
            continue;
        }
        let report = two.import_as("records.fhir.json", &one.export(Format::Fhir, &everything()), Some(Accept::Anyone));
        assert_eq!(report.error, None, "{}", path.display());
        assert!(one.records() == two.records(), "{} differs", path.display());
        tried += 1;
    }
    assert!(tried > 0, "no file of the corpus could be read");
}

fn walk(dir: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let small = entry.metadata().is_ok_and(|m| m.len() < 2_000_000);
        match path.extension().and_then(|e| e.to_str()) {
            _ if path.is_dir() => walk(&path, files),
            Some("json" | "xml" | "ndjson") if small => files.push(path),
            _ => {}
        }
    }
}
