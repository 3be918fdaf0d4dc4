//! What a choice gathers: one line for one thing, and nothing that was not chosen.

use crate::export_world::World;
use keepwell::demo::{DemoPerson, household};
use keepwell::export::gather::{Gathered, Part};
use keepwell::export::{Choice, Profile, Selection, gather};
use keepwell::record::{Class, Standing};
use std::collections::BTreeSet;

fn people() -> Vec<DemoPerson> {
    household(jiff::civil::date(2026, 11, 22))
}

fn gathered(world: &World, choice: &Choice) -> Gathered {
    gather(&world.chart, choice, jiff::Timestamp::from_second(1_795_000_000).unwrap()).unwrap()
}

fn titles(gathered: &Gathered, part: Part) -> Vec<String> {
    gathered.section(part).items.iter().map(keepwell::export::gather::Item::title).collect()
}

#[test]
fn one_line_for_one_thing_with_all_its_sources() {
    let ruth = World::filled(&people()[0]);
    let all = gathered(&ruth, &Choice::everything());
    let allergies = titles(&all, Part::Allergies);
    let distinct: BTreeSet<_> = allergies.iter().map(|t| t.to_lowercase()).collect();
    assert_eq!(distinct.len(), allergies.len(), "{allergies:?}");
    let penicillin = all.section(Part::Allergies).items.iter().find(|i| i.title().contains("Penicillin")).unwrap();
    assert!(penicillin.sources.len() > 1, "{:?}", penicillin.sources);
    let told = all.tell(penicillin);
    assert!(told.detail("Reaction").is_some_and(|r| r.contains("Trouble breathing")), "{told:?}");
    // "No known allergies" beside a real one is not told as such.
    assert!(all.section(Part::Allergies).none.is_empty());
    // The newest value of a test leads.
    let results = all.section(Part::Results);
    let a1c = results.items.iter().find(|i| i.title() == "Hemoglobin A1c").unwrap();
    assert_eq!(all.tell(a1c).value_words.as_deref(), Some("7.4 %"));
    assert!(a1c.earlier.len() > 3);
    let dates: Vec<_> = a1c.all().filter_map(|i| i.date().map(|d| d.start)).collect();
    assert!(dates.is_sorted_by(|a, b| a >= b));
    for part in Part::ALL {
        let section = all.section(part);
        for item in section.items.iter().flat_map(keepwell::export::gather::Item::all) {
            assert!(!matches!(item.standing(), Standing::Absent | Standing::NotDone | Standing::Error), "{part:?}: {}", item.title());
            assert!(!item.sources.is_empty() && !item.title().is_empty());
        }
        assert!(section.not.iter().all(|i| matches!(i.standing(), Standing::Absent | Standing::NotDone)));
    }
}

#[test]
fn nothing_that_was_not_chosen_leaves() {
    let ruth = World::filled(&people()[0]);
    let all = gathered(&ruth, &Choice::everything());
    let conditions: BTreeSet<String> =
        [Part::Conditions, Part::PastConditions].iter().flat_map(|p| titles(&all, *p)).filter(|t| t.len() > 6).collect();
    assert!(!conditions.is_empty());
    let choice = Choice::from(Selection { include: vec![Class::Procedure, Class::Encounter], ..Selection::default() });
    let part = gathered(&ruth, &choice);
    assert!(part.left_out);
    let mut count = 0;
    for item in part.sections.iter().flat_map(keepwell::export::gather::Section::all) {
        let (resource, _) = part.resource(item);
        count += 1;
        let text = resource.to_string();
        assert!(!text.contains("\"Condition/") && !text.contains("\"Observation/") && !text.contains("\"Encounter/"), "{text}");
    }
    assert!(count > 5);
}

#[test]
fn profiles_and_single_records() {
    let ruth = World::filled(&people()[0]);
    let emergency = gathered(&ruth, &Choice::of(Profile::Emergency));
    assert!(emergency.left_out);
    assert!(emergency.section(Part::Results).items.iter().all(|i| i.earlier.is_empty()));
    assert!(emergency.section(Part::Documents).items.is_empty() && !emergency.section(Part::Medicines).items.is_empty());
    let one = emergency.section(Part::Allergies).items[0].rows.iter().map(|r| r.key.clone());
    let mut without = Choice::of(Profile::Emergency);
    without.without.extend(one.clone());
    let fewer = gathered(&ruth, &without);
    assert_eq!(fewer.section(Part::Allergies).items.len() + 1, emergency.section(Part::Allergies).items.len());
    let mut only = Choice::from(Selection { include: vec![Class::Immunization], ..Selection::default() });
    only.with.extend(one);
    let some = gathered(&ruth, &only);
    assert_eq!(some.section(Part::Allergies).items.len(), 1);
    assert!(some.section(Part::Medicines).items.is_empty() && !some.section(Part::Immunizations).items.is_empty());
}
