//! The demo household goes through the real pipeline and fills every page.

use crate::export_world::World;
use keepwell::demo::{DemoPerson, household};
use keepwell::record::{Class, Standing};
use keepwell::vault::{Query, Row};

fn people() -> Vec<DemoPerson> {
    household(jiff::civil::date(2026, 11, 22))
}

fn rows(world: &World, class: Class, standing: Standing) -> Vec<Row> {
    let query = Query { classes: vec![class], standings: vec![standing], limit: 500, ..Query::default() };
    world.chart.list(&query).expect("a list").rows
}

#[test]
fn every_file_is_taken_whole() {
    for person in people() {
        let world = World::filled(&person);
        for source in world.chart.sources().expect("sources") {
            assert!(source.report.skipped.is_empty(), "{}: {:?}", source.name, source.report.skipped);
            assert!(source.report.stored + source.report.updated > 0, "{}: {:?}", source.name, source.report);
        }
    }
}

#[test]
fn every_page_has_a_record() {
    let worlds: Vec<World> = people().iter().map(World::filled).collect();
    let missing: Vec<Class> = Class::ALL
        .into_iter()
        .filter(|c| !worlds.iter().any(|w| w.chart.counts().expect("counts").get(c).is_some_and(|n| *n > 0)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_is_not_so_is_not_among_what_is() {
    let ruth = World::filled(&people()[0]);
    let titles = |class, standing| rows(&ruth, class, standing).iter().map(|r| r.title.to_lowercase()).collect::<Vec<_>>();
    let conditions = titles(Class::Problem, Standing::Current);
    assert!(conditions.iter().any(|t| t.contains("diabetes")), "{conditions:?}");
    for wrong in ["clot", "asthma"] {
        assert!(!conditions.iter().any(|t| t.contains(wrong)), "{wrong} in {conditions:?}");
    }
    assert!(titles(Class::Problem, Standing::Absent).iter().any(|t| t.contains("clot")));
    assert!(titles(Class::Problem, Standing::Error).iter().any(|t| t.contains("asthma")));
    let allergies = titles(Class::Allergy, Standing::Current);
    assert!(allergies.iter().any(|t| t.contains("penicillin")), "{allergies:?}");
    assert!(!allergies.iter().any(|t| t.contains("no known")), "{allergies:?}");
    assert!(titles(Class::Allergy, Standing::Absent).iter().any(|t| t.contains("no known")));
    assert!(titles(Class::Immunization, Standing::NotDone).iter().any(|t| t.contains("rsv")));
    assert!(!titles(Class::Immunization, Standing::Current).iter().any(|t| t.contains("rsv")));
}

#[test]
fn the_corrected_result_is_current_and_the_first_one_is_kept() {
    let ruth = World::filled(&people()[0]);
    let urine: Vec<Row> = rows(&ruth, Class::Laboratory, Standing::Current)
        .into_iter()
        .filter(|r| r.kind == "Observation" && r.title.contains("Urine albumin"))
        .collect();
    assert_eq!(urine.len(), 1);
    assert_eq!(urine[0].number, Some(42.0));
    let older = ruth.chart.versions(urine[0].rid).expect("versions");
    assert_eq!(older.iter().map(|(_, v)| v.number).collect::<Vec<_>>(), [Some(24.0)]);
}

#[test]
fn two_providers_disagree_about_metoprolol() {
    let ruth = World::filled(&people()[0]);
    let mut doses: Vec<String> = rows(&ruth, Class::Medication, Standing::Current)
        .into_iter()
        .map(|r| r.title.to_lowercase())
        .filter(|t| t.contains("metoprolol"))
        .collect();
    doses.sort();
    assert_eq!(doses.len(), 2, "{doses:?}");
    assert!(doses[0].contains("25 mg") && doses[1].contains("50 mg"), "{doses:?}");
}
