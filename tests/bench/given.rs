//! Summaries of a chart of 10,000 records: the International Patient Summary, the clinical document and a health link.

use super::world::World;
use super::{Scale, bundle, line, median, milliseconds};
use keepwell::export::{Choice, Format, export};
use keepwell::share::{Terms, create};
use std::path::Path;
use std::time::{Duration, Instant};

/// Runs of each; the median counts.
const RUNS: usize = 7;

pub(crate) fn measure(world: &World, dir: &Path, scale: Scale) {
    let file = dir.join("given.json");
    let records = scale.of(10_000);
    bundle(&file, records, 7);
    world.import(&file);
    std::fs::remove_file(&file).unwrap();
    for (format, name) in [(Format::Ips, "IPS"), (Format::Ccda, "C-CDA document")] {
        let mut size = 0;
        let took: Vec<Duration> = (0..RUNS)
            .map(|_| {
                let mut out = Vec::new();
                let begun = Instant::now();
                let summary = export(world.shared(), format, &Choice::everything(), &mut out).unwrap();
                let took = begun.elapsed();
                // The patient, and what stands beside the others, is no item of a summary.
                assert!(summary.records + 10 > records, "every record is given");
                size = out.len();
                took
            })
            .collect();
        let what = format!("{name} of {records} records, {:.1} MB", size as f64 / 1e6);
        line(&what, &milliseconds(median(took)), "under 300 ms");
    }
    let took: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            let made = create(world.household(), world.shared(), &Choice::everything(), &terms()).unwrap();
            let took = begun.elapsed();
            assert!(made.records + 10 > records, "every record is given");
            took
        })
        .collect();
    line(&format!("Health link of {records} records, encrypted and on disk"), &milliseconds(median(took)), "under 300 ms");
}

fn terms() -> Terms {
    Terms { base: "https://home.example".to_owned(), ..Terms::default() }
}
