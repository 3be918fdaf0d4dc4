//! The hostile files of `hostile.rs` through the import as a whole: each refused, left out or kept with a warning, and the
//! vault as it was where it was refused.

use crate::export_world::World;
use crate::hostile::{Fate, cases};
use keepwell::import::report::FileReport;

/// All that the person is told about a file.
fn told(report: &FileReport) -> String {
    let skipped = report.skipped.iter().map(|s| format!("{} {}", s.place, s.why));
    let warned = report.warnings.iter().map(|w| format!("{} {}", w.place, w.why));
    report.error.iter().cloned().chain(skipped).chain(warned).collect::<Vec<_>>().join("\n").to_lowercase()
}

#[test]
fn every_hostile_file_meets_its_fate() {
    let world = World::new("Nora Vale", "1951-04-12", "female");
    let mut wrong = Vec::new();
    for case in cases() {
        let before = world.records();
        let report = world.import(case.name, &case.bytes);
        let unchanged = world.records() == before;
        let words = told(&report);
        let said = case.words.is_empty() || case.words.iter().any(|w| words.contains(&w.to_lowercase()));
        let met = match case.fate {
            Fate::Refused => report.error.is_some() && unchanged && said,
            Fate::LeftOut => report.error.is_none() && !report.skipped.is_empty() && said,
            Fate::Kept => report.error.is_none() && report.stored == 1 && said,
            Fate::Survived => report.error.is_none() || unchanged,
        };
        if !met || !report.adds_up() {
            wrong.push(format!("{} ({:?}): {report:?}", case.name, case.fate));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(world.chart.check(true).unwrap(), Vec::<String>::new());
}
