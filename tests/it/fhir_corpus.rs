//! Every FHIR file of a corpus of real samples (`KEEPWELL_CORPUS`): none makes the reader panic, and every resource that an
//! independent count finds comes out or is listed with a reason.

use keepwell::import::sink::Collected;
use keepwell::import::{Limits, fhir};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// How a file is read, told by its name: the corpus is known, sniffing is another room's.
fn read(path: &Path, bytes: &[u8], sink: &mut Collected) -> Option<keepwell::Result<String>> {
    let limits = Limits::default();
    let mut input = bytes;
    let name = path.file_name()?.to_str()?;
    Some(match path.extension()?.to_str()? {
        "json" => fhir::read_json(&mut input, &limits, sink),
        "ndjson" | "phr" => fhir::read_ndjson(&mut input, &limits, sink),
        "xml" if !name.contains("ccda") => fhir::read_xml(std::str::from_utf8(bytes).ok()?, &limits, sink),
        _ => return None,
    })
}

/// Resources as a reader of the standard counts them: Bundles and Parameters opened, contained ones not.
fn count(value: &Value) -> usize {
    match value.get("resourceType").and_then(Value::as_str) {
        Some("Bundle") => {
            let entries = value.get("entry").and_then(Value::as_array);
            entries.into_iter().flatten().filter_map(|e| e.get("resource")).map(count).sum()
        }
        Some("Parameters") => inside(value).max(1),
        Some(_) => 1,
        // One entry of a Bundle alone.
        None => value.get("resource").map_or(0, count),
    }
}

fn inside(parameters: &Value) -> usize {
    let lists = ["parameter", "part"].into_iter().filter_map(|list| parameters.get(list)?.as_array());
    lists.flatten().map(|p| p.get("resource").map_or(0, count) + inside(p)).sum()
}

fn counted(path: &Path, bytes: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}');
    match path.extension()?.to_str()? {
        "json" => match serde_json::from_str(text).ok()? {
            Value::Array(items) => Some(items.iter().map(count).sum()),
            one => Some(count(&one)),
        },
        "ndjson" | "phr" => text.lines().filter(|l| !l.trim().is_empty()).map(|l| Some(count(&serde_json::from_str(l).ok()?))).sum(),
        "xml" if !text.contains("http://hl7.org/fhir") => None,
        "xml" => match text.matches("<resource>").count() {
            0 => Some(1),
            n => Some(n),
        },
        _ => None,
    }
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// Every text and number of a value, except what has another name in R4: codes, systems, references.
fn telling(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|v| telling(v, into)),
        Value::Object(fields) => fields.values().for_each(|v| telling(v, into)),
        Value::String(text) if (text.contains(' ') || text.chars().count() > 24) && !text.contains("http://hl7.org/fhir/") => {
            into.push(text.clone());
        }
        Value::Number(number) => into.push(number.to_string()),
        _ => {}
    }
}

/// The texts and numbers of a Bundle's entries that its records no longer hold.
fn lost(bytes: &[u8], sink: &Collected) -> Vec<String> {
    let Ok(source) = serde_json::from_slice::<Value>(bytes) else { return Vec::new() };
    let mut gone = Vec::new();
    for found in &sink.found {
        let index = found.place.strip_prefix("entry[").and_then(|p| p.strip_suffix(']')).and_then(|n| n.parse::<usize>().ok());
        let Some(before) = index.and_then(|i| source.get("entry")?.get(i)?.get("resource")) else { continue };
        let mut leaves = Vec::new();
        telling(before, &mut leaves);
        let after: HashSet<String> = {
            let mut all = Vec::new();
            every(&found.resource, &mut all);
            all.into_iter().collect()
        };
        gone.extend(leaves.into_iter().filter(|leaf| !after.contains(leaf)).map(|leaf| format!("{}: {leaf}", found.place)));
    }
    gone
}

fn every(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|v| every(v, into)),
        Value::Object(fields) => fields.values().for_each(|v| every(v, into)),
        Value::String(text) => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        _ => {}
    }
}

#[test]
fn every_file_of_the_corpus_is_read_or_refused_in_words() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS").map(PathBuf::from) else { return };
    let mut paths = Vec::new();
    for folder in ["fhir-r4", "fhir-stu3", "fhir-dstu2", "ips", "eob", "gen", "provider"] {
        files(&corpus.join(folder), &mut paths);
    }
    assert!(paths.len() > 100, "the corpus is there");
    let mut formats: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    let mut refused = Vec::new();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let mut sink = Collected::default();
        let Some(outcome) = read(&path, &bytes, &mut sink) else { continue };
        match outcome {
            Ok(format) => {
                let came = sink.found.iter().filter(|f| f.counted).count() + sink.skipped.len();
                assert_eq!(Some(came), counted(&path, &bytes), "{} {format} {:?}", path.display(), sink.skipped);
                assert_eq!(lost(&bytes, &sink), Vec::<String>::new(), "{}", path.display());
                for found in &sink.found {
                    assert!(found.resource.get("resourceType").is_some_and(Value::is_string), "{} {}", path.display(), found.place);
                }
                let row = formats.entry(format).or_default();
                *row = (row.0 + 1, row.1 + sink.found.len(), row.2 + sink.skipped.len());
            }
            Err(e) => {
                assert!(e.words().contains("records"), "{}: {e}", path.display());
                refused.push((path, e.to_string()));
            }
        }
    }
    for (format, (files, found, skipped)) in formats {
        eprintln!("{format:24} {files:5} files {found:7} found {skipped:5} skipped");
    }
    for (path, why) in refused {
        eprintln!("refused {}: {why}", path.strip_prefix(&corpus).unwrap_or(&path).display());
        assert_eq!(counted(&path, &std::fs::read(&path).unwrap()).unwrap_or(0), 0, "{} holds FHIR", path.display());
    }
}
