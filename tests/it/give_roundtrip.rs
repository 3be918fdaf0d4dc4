//! What is given can be taken in again: every chosen item of a summary stands in an empty vault after its import.

use crate::export_world::World;
use keepwell::chart::link::folded;
use keepwell::demo::{DemoPerson, household};
use keepwell::export::gather::{Gathered, Item, Part, Section};
use keepwell::export::{Choice, Format, Profile, export, gather};
use keepwell::import::pipeline::Accept;
use keepwell::vault::Chart;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

fn gathered(world: &World) -> Gathered {
    chosen(&world.chart, &Choice::everything())
}

pub(crate) fn chosen(chart: &Arc<Chart>, choice: &Choice) -> Gathered {
    gather(chart, choice, jiff::Timestamp::from_second(1_795_000_000).unwrap()).unwrap()
}

/// What a reader would miss: the name, the day and the value of an item. Words of units differ by spelling alone.
fn marks(gathered: &Gathered, section: &Section, item: &Item) -> (String, String, String) {
    let told = gathered.tell(item);
    let day = item.date().map(|d| d.date_text().to_owned()).unwrap_or_default();
    let value = told.value.as_ref().map(|v| v.reading.text.clone()).unwrap_or_default();
    let measured = section.part.measures();
    (folded(&told.title), if measured { day } else { String::new() }, if measured { folded(&value) } else { String::new() })
}

/// Items of one that the other has not, by name (and in a part that measures by day and value).
pub(crate) fn missing(before: &Gathered, after: &Gathered, format: Format) -> Vec<String> {
    let all: BTreeSet<_> = after.sections.iter().flat_map(|s| s.all().map(move |i| (s, i))).map(|(s, i)| marks(after, s, i)).collect();
    let names: BTreeSet<&String> = all.iter().map(|(name, ..)| name).collect();
    let mut out = Vec::new();
    for section in &before.sections {
        for item in section.all() {
            let mark = marks(before, section, item);
            // C-CDA has no blood pressure as one thing: its two values are.
            let parts = before.tell(item).value.map(|v| v.parts).unwrap_or_default();
            let by_parts = format != Format::Ips && format != Format::Fhir && !parts.is_empty();
            let found = if by_parts {
                parts.iter().all(|(name, r)| all.contains(&(folded(name), mark.1.clone(), folded(&r.text))))
            } else if section.part.measures() && !mark.2.is_empty() {
                all.contains(&mark)
            } else {
                names.contains(&mark.0)
            };
            if !found {
                out.push(format!("{:?}: {mark:?} {}", section.part, item.first().kind));
            }
        }
    }
    out
}

fn around(world: &World, empty: &World, format: Format, name: &str) {
    let mut bytes = Vec::new();
    let summary = export(&world.chart, format, &Choice::everything(), &mut bytes).unwrap();
    let report = empty.import_as("given", &bytes, Some(Accept::Anyone));
    assert_eq!(report.error, None, "{name} {format:?}");
    assert!(report.adds_up() && summary.records > 0, "{name} {format:?}");
    assert!(report.skipped.is_empty(), "{name} {format:?}: {:?}", report.skipped.iter().take(5).collect::<Vec<_>>());
    let lost = missing(&gathered(world), &gathered(empty), format);
    assert!(lost.is_empty(), "{name} {format:?}: {} lost\n{}", lost.len(), lost.iter().take(25).cloned().collect::<Vec<_>>().join("\n"));
}

fn people() -> Vec<DemoPerson> {
    household(jiff::civil::date(2026, 11, 22))
}

#[test]
fn the_demo_household_as_fhir_and_ips() {
    for person in people() {
        let world = World::filled(&person);
        for format in [Format::Fhir, Format::Ips] {
            around(&world, &World::of(&person), format, person.name);
        }
    }
}

#[test]
fn the_demo_household_as_a_clinical_document() {
    for person in people() {
        around(&World::filled(&person), &World::of(&person), Format::Ccda, person.name);
    }
}

#[test]
fn the_demo_household_as_an_archive() {
    for person in people() {
        around(&World::filled(&person), &World::of(&person), Format::Xdm, person.name);
    }
}

#[test]
fn the_demo_household_as_a_clinic_bundle() {
    for person in people() {
        let world = World::filled(&person);
        // The whole chart brings its originals; a part of it does not.
        for choice in [Choice::everything(), Choice::of(Profile::NewClinic)] {
            let (mut bytes, empty) = (Vec::new(), World::of(&person));
            export(&world.chart, Format::Bundle, &choice, &mut bytes).unwrap();
            let report = empty.import_as("for-the-clinic.zip", &bytes, None);
            assert_eq!(report.error, None, "{}", person.name);
            assert!(report.adds_up() && report.skipped.is_empty(), "{}: {:?}", person.name, report.skipped);
            let lost = missing(&chosen(&world.chart, &choice), &gathered(&empty), Format::Bundle);
            assert!(lost.is_empty(), "{} {:?}: {lost:#?}", person.name, choice.profile);
        }
    }
}

#[test]
fn a_summary_never_says_what_a_person_has_not() {
    for person in people() {
        let world = World::filled(&person);
        let before = gathered(&world);
        let had = |g: &Gathered, part: Part| -> BTreeSet<String> { g.section(part).items.iter().map(|i| folded(&i.title())).collect() };
        for format in [Format::Ips, Format::Ccda] {
            let empty = World::of(&person);
            around(&world, &empty, format, person.name);
            let after = gathered(&empty);
            for part in [Part::Allergies, Part::Conditions, Part::Immunizations, Part::Procedures] {
                let new: Vec<_> = had(&after, part).difference(&had(&before, part)).cloned().collect();
                assert!(new.is_empty(), "{} {format:?} {part:?}: {new:?}", person.name);
            }
        }
    }
}

/// With KEEPWELL_CORPUS: the same of what real systems write.
#[test]
fn charts_made_from_the_corpus() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS") else { return };
    let mut count = 0;
    for path in crate::ips::sample(Path::new(&corpus), 8) {
        let world = World::new("Ruth Carver", "1954-03-14", "female");
        let bytes = std::fs::read(&path).unwrap();
        if world.import_as("file", &bytes, Some(Accept::Anyone)).error.is_some()
            || gathered(&world).sections.iter().all(|s| s.all().next().is_none())
        {
            continue;
        }
        count += 1;
        around(&world, &World::new("Ruth Carver", "1954-03-14", "female"), Format::Ips, &path.display().to_string());
    }
    assert!(count > 5, "{count} files");
}
