//! Every file of the corpus, if there is one: what it is taken for, and that archives and documents in it are read.

use super::files::{take, worker};
use keepwell::import::archive::HEAD;
use keepwell::import::sniff::{Format, describe, sniff};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

#[test]
fn corpus_files_are_told_apart_and_survived() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS") else { return };
    let mut paths = Vec::new();
    files(Path::new(&corpus), &mut paths);
    let mut table: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let head = &bytes[..bytes.len().min(HEAD)];
        let format = sniff(head);
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        *table.entry(ending.clone()).or_default().entry(describe(format, head)).or_default() += 1;
        if std::env::var_os("KEEPWELL_VERBOSE").is_some() {
            eprintln!("{}\t{}", describe(format, head), path.display());
        }
        assert!(ending != "pdf" || format == Format::Pdf || bytes.len() < 100, "{}", path.display());
        if matches!(format, Format::Zip | Format::Gzip) || format.is_document() {
            let (result, sink) = take(&bytes, &path.to_string_lossy());
            let result = result.map_err(|e| e.words().to_owned());
            eprintln!(
                "{}: {result:?}, {} documents, {} skipped, {} warnings",
                path.display(),
                sink.found.len(),
                sink.skipped.len(),
                sink.warnings.len()
            );
            for (place, what, why) in &sink.skipped {
                eprintln!("   skipped {place}: {what}: {why}");
            }
            for (place, why) in &sink.warnings {
                eprintln!("   warned {place}: {why}");
            }
            if let (Some(out), Format::Pdf) = (std::env::var_os("KEEPWELL_PAGES"), format) {
                let page = worker().pdf_page(&bytes, 1, 800).unwrap();
                let name = path.file_name().unwrap().to_string_lossy().replace(' ', "_");
                std::fs::write(Path::new(&out).join(name).with_extension("png"), page).unwrap();
            }
        }
    }
    for (ending, kinds) in table {
        eprintln!(".{ending}: {kinds:?}");
    }
}
