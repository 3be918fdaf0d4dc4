//! Every file of a folder of sample records through the real pipeline: no panic, the sum rule holds, refusals change
//! nothing. Runs when KEEPWELL_CORPUS names the folder; prints a table of what each format gave.

use crate::export_world::World;
use keepwell::import::pipeline::Accept;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Default)]
struct Line {
    files: u64,
    refused: u64,
    found: u64,
    stored: u64,
    updated: u64,
    duplicates: u64,
    skipped: u64,
    warnings: u64,
}

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

#[test]
fn every_file_of_the_corpus_adds_up() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS").map(PathBuf::from) else {
        println!("KEEPWELL_CORPUS is not set: no corpus to import");
        return;
    };
    let mut paths = Vec::new();
    files(&corpus, &mut paths);
    assert!(!paths.is_empty(), "the corpus is empty");
    let world = World::new("Nobody In The Corpus", "1900-01-01", "unknown");
    let mut table: BTreeMap<String, Line> = BTreeMap::new();
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for path in &paths {
        let name = path.strip_prefix(&corpus).unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(path).unwrap();
        let before = world.chart.counts().unwrap().values().sum::<u64>();
        let report = world.import_as(&name, &bytes, Some(Accept::Anyone));
        assert!(report.adds_up(), "{name}: {report:?}");
        for skipped in &report.skipped {
            assert!(!skipped.place.is_empty() && !skipped.why.is_empty(), "{name}: {skipped:?}");
        }
        if report.error.is_some() {
            let after = world.chart.counts().unwrap().values().sum::<u64>();
            assert_eq!(before, after, "{name} was refused and left something behind");
            assert!(report.source.is_empty(), "{name}");
        }
        let line = table.entry(report.format.clone()).or_default();
        line.files += 1;
        line.refused += u64::from(report.error.is_some());
        line.found += report.found;
        line.stored += report.stored;
        line.updated += report.updated;
        line.duplicates += report.duplicates;
        line.skipped += report.skipped.len() as u64;
        line.warnings += report.warnings.len() as u64;
        for skipped in &report.skipped {
            *reasons.entry(skipped.why.chars().take(90).collect()).or_default() += 1;
        }
        if let Some(error) = &report.error {
            *reasons.entry(format!("REFUSED {}", error.chars().take(80).collect::<String>())).or_default() += 1;
        }
    }
    println!(
        "{:<22}{:>6}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}",
        "format", "files", "refused", "found", "stored", "updated", "dupl.", "skipped", "notes"
    );
    for (format, l) in &table {
        println!(
            "{format:<22}{:>6}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}",
            l.files, l.refused, l.found, l.stored, l.updated, l.duplicates, l.skipped, l.warnings
        );
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    for (why, n) in reasons.into_iter().take(40) {
        println!("{n:>6}  {why}");
    }
    assert!(table.values().map(|l| l.stored).sum::<u64>() > 0, "nothing of the corpus was stored");
    assert_eq!(world.chart.check(true).unwrap(), Vec::<String>::new());
}
