//! FHIR readers against our own samples: each file of `tests/data/fhir` has what comes out of it beside it, as `.golden`.
//! `KEEPWELL_BLESS=1` writes those anew, to be read through before they are committed.

use keepwell::import::sink::Collected;
use keepwell::import::{Limits, Origin, fhir};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fhir")
}

fn read_with(name: &str, bytes: &[u8], limits: &Limits) -> (keepwell::Result<String>, Collected) {
    let mut sink = Collected::default();
    let mut input = bytes;
    let format = match Path::new(name).extension().and_then(|e| e.to_str()) {
        Some("ndjson") => fhir::read_ndjson(&mut input, limits, &mut sink),
        Some("xml") => fhir::read_xml(std::str::from_utf8(bytes).unwrap(), limits, &mut sink),
        _ => fhir::read_json(&mut input, limits, &mut sink),
    };
    (format, sink)
}

fn read(name: &str, bytes: &[u8]) -> (keepwell::Result<String>, Collected) {
    read_with(name, bytes, &Limits::default())
}

fn sample(name: &str) -> (String, Collected) {
    let (format, sink) = read(name, &std::fs::read(folder().join(name)).unwrap());
    (format.unwrap(), sink)
}

fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::Server { base, named: None } => json!({ "server": base }),
        Origin::Server { base, named } => json!({ "server": base, "named": named }),
        Origin::Document { document, entry } => json!({ "document": document, "entry": entry }),
        Origin::Kept { key, former } => json!({ "kept": key, "former": former }),
        Origin::Content => json!("content"),
    }
}

#[test]
fn every_sample_gives_what_its_golden_file_says() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "golden") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (format, sink) = sample(&name);
        let found: Vec<Value> = sink
            .found
            .iter()
            .map(|f| json!({"place": f.place, "full_url": f.full_url, "origin": origin(&f.origin), "counted": f.counted, "resource": f.resource}))
            .collect();
        let golden = path.with_file_name(format!("{name}.golden"));
        let all = json!({ "format": format, "found": found, "skipped": sink.skipped, "warnings": sink.warnings });
        let text = serde_json::to_string_pretty(&all).unwrap() + "\n";
        if std::env::var_os("KEEPWELL_BLESS").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        if std::fs::read_to_string(&golden).unwrap_or_default() != text {
            wrong.push(name);
        }
        seen += 1;
    }
    assert!(seen >= 9, "the samples are there");
    assert!(wrong.is_empty(), "these no longer give what their golden files say: {wrong:?}");
}

fn by_id<'a>(sink: &'a Collected, id: &str) -> &'a Value {
    &sink.found.iter().find(|f| f.resource["id"] == id).unwrap().resource
}

#[test]
fn what_was_not_done_never_looks_done() {
    let (_, old) = sample("dstu2-bundle.json");
    assert_eq!(by_id(&old, "m2")["status"], "not-taken");
    assert_eq!(by_id(&old, "i1")["status"], "not-done");
    assert_eq!(by_id(&old, "pr1")["status"], "not-done");
    assert_eq!(by_id(&old, "a2")["verificationStatus"]["coding"][0]["code"], "refuted");
    assert_eq!(by_id(&old, "a2").get("clinicalStatus"), None);
    let (_, mid) = sample("stu3-bundle.json");
    assert_eq!(by_id(&mid, "m2")["status"], "not-taken");
    assert_eq!(by_id(&mid, "i1")["status"], "completed");
    assert_eq!(by_id(&mid, "i2")["status"], "entered-in-error", "an error outranks a negation");
    let text = serde_json::to_string(by_id(&mid, "i2")).unwrap();
    assert!(text.contains("extension-Immunization.notGiven"), "and the negation is kept: {text}");
}

#[test]
fn digits_and_precision_stay() {
    let (_, sink) = sample("dstu2-bundle.json");
    let weight = by_id(&sink, "o1");
    assert_eq!(weight["valueQuantity"]["value"].to_string(), "72.50");
    assert_eq!(weight["effectiveDateTime"], "2015");
    assert_eq!(by_id(&sink, "p1")["birthDate"], "1954-07");
    let (_, xml) = sample("r4-patient.xml");
    assert_eq!(xml.found[0].resource["extension"][0]["valueDecimal"].to_string(), "3.250");
}

/// Every text and number of the source, as long as it is no code that has another name in R4.
fn leaves(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|v| leaves(v, into)),
        Value::Object(fields) => fields.values().for_each(|v| leaves(v, into)),
        Value::String(text) => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        _ => {}
    }
}

#[test]
fn lifting_loses_no_text_and_no_number() {
    for name in ["dstu2-bundle.json", "stu3-bundle.json", "r5-bundle.json"] {
        let (_, sink) = sample(name);
        let source: Value = serde_json::from_slice(&std::fs::read(folder().join(name)).unwrap()).unwrap();
        for (found, entry) in sink.found.iter().zip(source["entry"].as_array().unwrap()) {
            let (mut before, mut after) = (Vec::new(), Vec::new());
            leaves(&entry["resource"], &mut before);
            leaves(&found.resource, &mut after);
            let telling = |s: &String| s.contains(' ') || s.parse::<f64>().is_ok() || s.chars().count() > 24;
            for leaf in before.iter().filter(|s| telling(s) && !s.contains("http://hl7.org/fhir/")) {
                let kept = after.iter().any(|a| a.contains(leaf.as_str()));
                assert!(kept, "{name} {}: {leaf:?} is gone from {}", found.place, found.resource);
            }
        }
    }
}

fn refusal(name: &str, bytes: &[u8]) -> String {
    let (outcome, _) = read(name, bytes);
    outcome.expect_err("refused").words().to_owned()
}

#[test]
fn hostile_and_foreign_files_are_refused_in_words() {
    let cases: [(&str, &[u8], &str); 14] = [
        ("x.json", b"", "empty"),
        ("x.json", b"   \n", "empty"),
        ("x.json", b"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\"", "ends in the middle"),
        ("x.json", b"{\"resourceType\":\"Patient\"} {\"resourceType\":\"Patient\"}", "damaged"),
        ("x.json", b"{\"resourceType\":\"Patient\",}", "damaged"),
        ("x.json", b"\x00\x01\x02\xff\xfe binary", "records"),
        ("x.json", b"{\"resourceType\":\"Patient\",\"name\":\"\xe9\"}", "damaged"),
        ("x.json", b"{\"verifiableCredential\":[\"eyJ\"]}", "SMART Health Card"),
        ("x.json", b"{\"url\":\"https://x\",\"flag\":\"U\",\"key\":\"k\"}", "SMART Health Link"),
        ("x.json", b"[1,2,3]", "FHIR"),
        ("x.ndjson", b"{\n\"resourceType\": \"Patient\"\n}", "FHIR"),
        ("x.xml", b"<!DOCTYPE x [<!ENTITY a \"b\">]><Patient xmlns=\"http://hl7.org/fhir\"/>", "DTD"),
        ("x.xml", b"<Patient xmlns=\"http://hl7.org/fhir\"><id>", "damaged"),
        ("x.xml", b"<html/>", "FHIR"),
    ];
    for (name, bytes, part) in cases {
        let words = refusal(name, bytes);
        assert!(words.contains(part), "{}: {words}", String::from_utf8_lossy(bytes));
        assert!(words.contains("Nothing was added"), "{words}");
    }
}

#[test]
fn limits_hold_before_the_work_is_done() {
    let deep = format!("{{\"resourceType\":\"Patient\",\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(refusal("x.json", deep.as_bytes()).contains("nested more deeply"));
    let limits = Limits { resource_bytes: 2000, ..Limits::default() };
    let big = format!("{{\"resourceType\":\"Patient\",\"x\":\"{}\"}}", "a".repeat(10_000));
    assert!(read_with("x.json", big.as_bytes(), &limits).0.expect_err("too large").words().contains("larger than the limit"));
    let lines = format!("{big}\n{{\"resourceType\":\"Patient\",\"id\":\"small\"}}\n");
    let (format, sink) = read_with("x.ndjson", lines.as_bytes(), &limits);
    assert_eq!((format.unwrap().as_str(), sink.found.len(), sink.skipped.len()), ("fhir-ndjson", 1, 1));
    let nested = format!("<Patient xmlns=\"http://hl7.org/fhir\">{}{}</Patient>", "<contact>".repeat(5000), "</contact>".repeat(5000));
    assert!(refusal("x.xml", nested.as_bytes()).contains("nested more deeply"));
}

#[test]
fn a_cut_file_is_refused_wherever_it_is_cut() {
    let whole = std::fs::read(folder().join("r4-searchset.json")).unwrap();
    let end = whole.iter().rposition(|b| *b == b'}').unwrap();
    for cut in (0..end).step_by(7) {
        assert!(read("x.json", &whole[..cut]).0.is_err(), "cut at byte {cut}");
    }
}

#[test]
fn odd_encodings_and_namespaces_are_read() {
    let text = "{\"resourceType\":\"Patient\",\"id\":\"p\",\"name\":[{\"family\":\"Ångström\"}]}";
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let marked = format!("\u{feff}\r\n {text}\n");
    for (name, bytes) in
        [("x.json", utf16.as_slice()), ("x.json", marked.as_bytes()), ("x.ndjson", utf16.as_slice()), ("x.ndjson", marked.as_bytes())]
    {
        let (format, sink) = read(name, bytes);
        assert!(format.unwrap().starts_with("fhir-"), "{name}");
        assert_eq!(sink.found[0].resource["name"][0]["family"], "Ångström");
        assert_eq!(sink.skipped, [], "{name}");
    }
    let xml = "<f:Patient xmlns:f=\"http://hl7.org/fhir/wrong\"><f:id value=\"p\"/><f:deceasedBoolean value=\"false\"/></f:Patient>";
    let (format, sink) = read("x.xml", xml.as_bytes());
    assert_eq!(format.unwrap(), "fhir-r4-resource");
    assert_eq!(sink.found[0].resource, json!({"resourceType": "Patient", "id": "p", "deceasedBoolean": false}));
    assert_eq!(sink.warnings.len(), 1);
}

#[test]
fn cancelling_stops_the_reader() {
    struct Impatient(usize);
    impl keepwell::import::Sink for Impatient {
        fn found(&mut self, _: keepwell::import::Found) -> keepwell::Result<()> {
            self.0 += 1;
            Ok(())
        }
        fn skip(&mut self, _: &str, _: &str, _: &str) -> keepwell::Result<()> {
            Ok(())
        }
        fn warn(&mut self, _: &str, _: &str) {}
        fn progress(&mut self, _: u64) -> keepwell::Result<()> {
            Err(keepwell::Error::new(keepwell::Kind::Cancelled, "Stopped."))
        }
    }
    let note = "x".repeat(10_000);
    let one =
        json!({"resource": {"resourceType": "Condition", "clinicalStatus": {"text": "active"}, "note": [{"text": note}]}}).to_string();
    let all = format!("{{\"resourceType\":\"Bundle\",\"entry\":[{}]}}", vec![one; 500].join(","));
    let mut sink = Impatient(0);
    let outcome = fhir::read_json(&mut all.as_bytes(), &Limits::default(), &mut sink);
    assert_eq!(outcome.expect_err("stopped").kind, keepwell::Kind::Cancelled);
    assert!(sink.0 < 200, "{} records after the person said stop", sink.0);
}

#[test]
fn noise_never_panics() {
    // A small generator of our own: the same noise at every run.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for name in ["dstu2-bundle.json", "stu3-bundle.json", "r4-searchset.json", "bulk.ndjson", "r4-patient.xml", "stu3-bundle.xml"] {
        let whole = std::fs::read(folder().join(name)).unwrap();
        for _ in 0..150 {
            let mut bytes = whole.clone();
            for _ in 0..=next() % 4 {
                let at = (next() % bytes.len() as u64) as usize;
                match next() % 3 {
                    0 => bytes[at] = b"{}[]\",:0 <>&"[(next() % 12) as usize],
                    1 => drop(bytes.remove(at)),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            if std::str::from_utf8(&bytes).is_ok() {
                let (outcome, sink) = read(name, &bytes);
                assert!(outcome.is_err() || sink.found.len() + sink.skipped.len() + sink.warnings.len() < 1000);
            }
        }
    }
}
