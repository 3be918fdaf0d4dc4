//! Summaries of a chart of 10,000 records: the International Patient Summary, the clinical document, the PDF and a health link;
//! of the whole chart, and of what a new clinic is given.

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
    for (choice, words) in [(Choice::everything(), "everything"), (Choice::new_clinic(), "new clinic")] {
        // The patient, and what stands beside the others, is no item of a summary.
        let all = choice.is_everything().then_some(records);
        let whole = |given: u64| assert!(all.is_none_or(|all| given + 10 > all) && given > 0, "{given} of {records} records are given");
        for (format, name) in [(Format::Ips, "IPS"), (Format::Ccda, "C-CDA document"), (Format::Pdf, "PDF")] {
            let mut size = 0;
            let took: Vec<Duration> = (0..RUNS)
                .map(|_| {
                    let mut out = Vec::new();
                    let begun = Instant::now();
                    let summary = export(world.shared(), format, &choice, &mut out).unwrap();
                    let took = begun.elapsed();
                    whole(summary.records);
                    size = out.len();
                    took
                })
                .collect();
            let what = format!("{name} of a chart of {records} records, {words}, {:.1} MB", size as f64 / 1e6);
            line(&what, &milliseconds(median(took)), "under 300 ms");
        }
        let took: Vec<Duration> = (0..RUNS)
            .map(|_| {
                let begun = Instant::now();
                let made = create(world.household(), world.shared(), &choice, &terms()).unwrap();
                let took = begun.elapsed();
                whole(made.records);
                took
            })
            .collect();
        let what = format!("Health link of a chart of {records} records, {words}, encrypted and on disk");
        line(&what, &milliseconds(median(took)), "under 300 ms");
    }
}

fn terms() -> Terms {
    Terms { base: "https://home.example".to_owned(), ..Terms::default() }
}
