//! The table of hostile files through the whole import: a refused file changes nothing, a file in which something was
//! left out says so, and every report adds up.

use super::hostile::{Case, Fate, cases};
use super::vault_world::{World, stage};
use keepwell::import::Limits;
use keepwell::import::pipeline::{Accept, Options, Unwatched, import};
use std::path::PathBuf;
use std::time::Instant;

fn options() -> Options {
    Options {
        accept_identity: Some(Accept::Anyone),
        dry_run: false,
        by: "Ruth".into(),
        worker: PathBuf::from(env!("CARGO_BIN_EXE_keepwell")),
    }
}

#[test]
fn hostile_files_leave_the_vault_as_it_was() {
    let world = World::new();
    let within = |text: &str, words: &[&str]| words.iter().any(|w| text.to_lowercase().contains(&w.to_lowercase()));
    let mut wrong = Vec::new();
    for Case { name, bytes, fate, words, .. } in cases() {
        let (records, sources) = (world.all().len(), world.chart.sources().unwrap().len());
        let started = Instant::now();
        let imported = match import(&world.chart, stage(&world.chart, &bytes), name, &Limits::default(), &options(), &Unwatched) {
            Ok(imported) => imported,
            Err(e) => {
                wrong.push(format!("{name}: {e:?}"));
                continue;
            }
        };
        let report = imported.report;
        let seen = format!("{name}: {:?} skipped {:?} warned {:?}", report.error, report.skipped, report.warnings);
        assert!(report.adds_up(), "{seen}");
        eprintln!("{:?} {name}", started.elapsed());
        let (after, sources_after) = (world.all().len(), world.chart.sources().unwrap().len());
        let refused = report.error.is_some();
        let untouched = (after, sources_after) == (records, sources);
        let right = match fate {
            Fate::Refused => report.error.as_deref().is_some_and(|e| within(e, words)),
            Fate::LeftOut => !refused && report.skipped.iter().any(|s| within(&s.why, words)),
            Fate::Kept => !refused && report.stored == 1 && report.warnings.iter().any(|w| within(&w.why, words)),
            Fate::Survived => true,
        };
        if !right || (refused && !untouched) {
            wrong.push(seen);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
