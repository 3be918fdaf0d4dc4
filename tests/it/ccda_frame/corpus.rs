//! Every clinical document of the corpus, where there is one.

use super::{all, check, divs, read, words_of};
use keepwell::import::sink::Collected;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every clinical document of the corpus, if there is one: read, harmless, and none of its narrative lost.
#[test]
fn corpus() {
    let Ok(corpus) = std::env::var("KEEPWELL_CORPUS") else { return };
    let mut files = Vec::new();
    for folder in ["ccda", "converter", "xdm"] {
        gather(&Path::new(&corpus).join(folder), &mut files);
    }
    let (mut documents, mut pieces) = (0, 0);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused = Vec::new();
    let mut lost = Vec::new();
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for file in &files {
        let bytes = std::fs::read(file).expect("a readable file");
        let sink = match read(&bytes) {
            Ok(sink) => sink,
            Err(e) => {
                if String::from_utf8_lossy(&bytes).contains("<ClinicalDocument") {
                    refused.push(format!("{}: {e}", file.display()));
                } else {
                    pieces += 1;
                }
                continue;
            }
        };
        documents += 1;
        check(&sink);
        let named = String::from_utf8_lossy(&bytes).contains("<patientRole") || bytes.contains(&0);
        assert_eq!(all(&sink, "Patient").len(), usize::from(named), "{}", file.display());
        assert_eq!(sink.found.iter().filter(|f| f.place.ends_with("/ClinicalDocument") && f.counted).count(), 1, "{}", file.display());
        for f in &sink.found {
            *kinds.entry(format!("{}{}", f.resource["resourceType"], if f.counted { "" } else { " (beside)" })).or_default() += 1;
        }
        for (_, what, why) in &sink.skipped {
            *left.entry(format!("{what}: {why}")).or_default() += 1;
        }
        lost.extend(narrative_lost(&bytes, &sink).map(|words| format!("{}: {words}", file.display())));
    }
    eprintln!("{documents} documents, {pieces} other files, records: {kinds:#?}\nskipped: {left:#?}\nrefused: {refused:#?}");
    assert!(lost.is_empty(), "narrative lost: {lost:#?}");
    assert!(documents > 0);
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|e| matches!(e.to_string_lossy().to_ascii_lowercase().as_str(), "xml" | "ccda" | "cda")) {
            files.push(path);
        }
    }
}

/// The words of the document's sections, in their order, that are not in what was made of them, in its order.
fn narrative_lost(bytes: &[u8], sink: &Collected) -> Option<String> {
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    let tree = roxmltree::Document::parse(text.trim_start_matches('\u{FEFF}')).ok()?;
    let mut kept = String::new();
    for document in all(sink, "Composition") {
        divs(&document["section"], &mut |div| kept.push_str(&(words_of(div) + " ")));
    }
    let mut kept = kept.split_whitespace();
    let narrative =
        |n: &roxmltree::Node| n.tag_name().name() == "text" && n.parent_element().is_some_and(|p| p.tag_name().name() == "section");
    let sections = tree.descendants().filter(narrative);
    let words = sections.flat_map(|s| s.descendants()).filter(roxmltree::Node::is_text).filter_map(|n| n.text());
    let missing: Vec<&str> = words.flat_map(str::split_whitespace).filter(|w| !kept.any(|k| k == *w)).take(8).collect();
    (!missing.is_empty()).then(|| missing.join(" "))
}
