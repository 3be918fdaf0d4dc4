//! Duplicates, updates, versions, sources taken out and brought back, originals.

use crate::vault_world::{World, condition, files, potassium, put, served, stage};
use keepwell::Kind;
use keepwell::import::report::FileReport;
use keepwell::import::{Found, Origin};
use keepwell::record::{Class, Resource};
use keepwell::vault::{Outcome, Query};
use serde_json::json;
use std::io::Read;

fn with_meta(mut resource: Resource, updated: &str, version: &str) -> Resource {
    resource["meta"] = json!({"lastUpdated": updated, "versionId": version});
    resource
}

#[test]
fn digits_dates_and_text_come_back_as_given() {
    let world = World::new();
    let mut resource = potassium("k1", "2015", "4.50");
    resource["note"] = json!([{"text": "Häm\u{f6}lyse?\u{2003}\"x\" \\ \u{1F489}"}]);
    let found = served(resource.clone());
    world.import("one.json", std::slice::from_ref(&found));
    let row = &world.all()[0];
    assert_eq!(row.resource().to_string(), resource.to_string());
    assert!(String::from_utf8_lossy(&row.json).contains("4.50"));
    assert_eq!((row.class, row.kind.as_str(), row.fhir_id.as_deref()), (Class::Laboratory, "Observation", Some("k1")));
    assert_eq!(row.date.as_ref().map(|d| d.text.as_str()), Some("2015"));
    assert_eq!((row.full_url.clone(), row.place.clone()), (found.full_url, found.place));
}

#[test]
fn the_same_file_twice_stores_nothing_the_second_time() {
    let world = World::new();
    let founds = [
        served(potassium("k1", "2024-05-01", "4.1")),
        Found { origin: Origin::Content, full_url: None, ..served(condition("x", "Gout", "2020")) },
        Found {
            origin: Origin::Document { document: "2.16.1|doc".into(), entry: "2.16.1|e7".into() },
            full_url: None,
            ..served(condition("y", "Asthma", "2019"))
        },
        Found {
            origin: Origin::Server { base: None, named: None },
            full_url: None,
            ..served(condition("7", "Short id, no scope", "2019"))
        },
    ];
    let (first, outcomes) = world.import("one.json", &founds);
    assert_eq!(outcomes, [Outcome::Stored; 4]);
    let rids: Vec<i64> = world.all().iter().map(|r| r.rid).collect();
    let (second, outcomes) = world.import("one.json", &founds);
    assert_eq!(outcomes, [Outcome::Duplicate; 4]);
    assert_eq!(world.all().iter().map(|r| r.rid).collect::<Vec<_>>(), rids);
    for rid in rids {
        assert_eq!(world.chart.sources_of(rid).expect("sources"), [first.clone(), second.clone()]);
        assert_eq!(world.chart.record(rid).expect("a record").source, first);
        assert!(world.chart.versions(rid).expect("versions").is_empty());
    }
    // The same bytes are kept once.
    assert_eq!(files(&world.chart_dir().join("originals")).len(), 1);
}

#[test]
fn short_ids_are_the_same_only_within_one_patients_scope() {
    let world = World::new();
    let found =
        |words: &str| Found { origin: Origin::Server { base: None, named: None }, full_url: None, ..served(condition("1", words, "2020")) };
    let mut outcomes = Vec::new();
    for (scope, words) in [("Patient/1", "Gout"), ("Patient/2", "Asthma"), ("Patient/1", "Gout, left foot")] {
        let staged = stage(&world.chart, words.as_bytes());
        let mut import = world.chart.import(words, &crate::vault_world::by("Ruth"), None).expect("an import");
        import.scope(scope);
        outcomes.extend(put(&mut import, &[found(words)]));
        import.commit(Some(staged), FileReport::default()).expect("committed");
    }
    assert_eq!(outcomes, [Outcome::Stored, Outcome::Stored, Outcome::Updated]);
    // An id that is unique in the world needs no scope.
    let long = |words: &str| {
        let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
        Found { origin: Origin::Server { base: None, named: None }, full_url: None, ..served(condition(id, words, "2020")) }
    };
    assert_eq!(world.import("a", &[long("Angina")]).1, [Outcome::Stored]);
    assert_eq!(world.import("b", &[long("Angina, stable")]).1, [Outcome::Updated]);
}

#[test]
fn what_only_the_server_keeps_for_itself_makes_no_update() {
    let world = World::new();
    world.import("a", &[served(with_meta(potassium("k1", "2024-05-01", "4.1"), "2024-05-02T10:00:00Z", "1"))]);
    let (_, outcomes) = world.import("b", &[served(with_meta(potassium("k1", "2024-05-01", "4.1"), "2024-06-02T10:00:00Z", "2"))]);
    assert_eq!(outcomes, [Outcome::Duplicate]);
    // Another order of keys is the same content; another digit is not.
    let reordered: Resource =
        serde_json::from_str(r#"{"code":{"text":"Gout"},"id":"c","resourceType":"Condition","onsetAge":{"value":50,"unit":"a"}}"#)
            .expect("json");
    let first: Resource =
        serde_json::from_str(r#"{"resourceType":"Condition","id":"c","onsetAge":{"unit":"a","value":50},"code":{"text":"Gout"}}"#)
            .expect("json");
    world.import("c", &[served(first)]);
    assert_eq!(world.import("d", &[served(reordered)]).1, [Outcome::Duplicate]);
    assert_eq!(world.import("e", &[served(potassium("k1", "2024-05-01", "4.10"))]).1, [Outcome::Updated]);
}

#[test]
fn an_update_replaces_everywhere_and_keeps_the_old_version() {
    let world = World::new();
    world.import("a", &[served(condition("c1", "Suspected sarcoidosis", "2020-01-01"))]);
    let (_, outcomes) = world.import("b", &[served(condition("c1", "Tuberculosis", "2021-01-01"))]);
    assert_eq!(outcomes, [Outcome::Updated]);
    let row = &world.all()[0];
    assert_eq!((row.title.as_str(), row.versions), ("Tuberculosis", 1));
    assert_eq!(row.date.as_ref().map(|d| d.text.as_str()), Some("2021-01-01"));
    let old = world.chart.versions(row.rid).expect("versions");
    assert_eq!(old.len(), 1);
    assert_eq!(old[0].1.title, "Suspected sarcoidosis");
    assert!(old[0].0 > 1_700_000_000);
    assert!(world.chart.search("sarcoidosis", 10).expect("a search").is_empty());
    assert_eq!(world.chart.search("tuberculosis", 10).expect("a search").len(), 1);
    // The old file once more changes nothing.
    assert_eq!(world.import("a", &[served(condition("c1", "Suspected sarcoidosis", "2020-01-01"))]).1, [Outcome::Duplicate]);
    assert_eq!(world.all()[0].title, "Tuberculosis");
}

#[test]
fn a_history_in_any_order_ends_at_the_newest_version() {
    let version = |n: usize| {
        let words = ["Cough", "Pneumonia suspected", "Pneumonia"][n - 1];
        served(with_meta(condition("c1", words, "2020"), &format!("2020-0{n}-01T00:00:00Z"), &n.to_string()))
    };
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1], [1, 3, 2], [3, 1, 2]] {
        let world = World::new();
        let (_, outcomes) = world.import("history", &order.map(version));
        assert_eq!(outcomes, [Outcome::Stored, Outcome::Updated, Outcome::Updated]);
        let row = &world.all()[0];
        assert_eq!((row.title.as_str(), row.versions), ("Pneumonia", 2), "{order:?}");
        assert_eq!(world.chart.search("pneumonia", 10).expect("a search").len(), 1);
        assert!(world.chart.search("cough", 10).expect("a search").is_empty());
    }
}

/// All that a chart shows, as text.
fn picture(world: &World) -> String {
    let mut out = format!("{:?}\n", world.chart.counts().expect("counts"));
    for row in world.all() {
        let versions = world.chart.versions(row.rid).expect("versions");
        let sources = world.chart.sources_of(row.rid).expect("sources");
        out += &format!("{row:?} {versions:?} {sources:?}\n");
    }
    for word in ["gout", "asthma", "potassium", "left", "tophus"] {
        let hits = world.chart.search(word, 10).expect("a search");
        out += &format!("{word}: {:?}\n", hits.iter().map(|h| (h.row.rid, &h.snippet)).collect::<Vec<_>>());
    }
    out
}

#[test]
fn taking_a_source_out_and_bringing_it_back_gives_exactly_the_former_state() {
    let world = World::new();
    let gout = |words: &str| served(condition("gout", words, "2020"));
    let k = |n: u32| served(potassium(&format!("k{n}"), "2024-05-01", "4.1"));
    let (a, _) = world.import("a", &[gout("Gout"), k(1), k(2)]);
    let only_a = picture(&world);
    let (b, outcomes) = world.import("b", &[gout("Gout, left foot"), k(2), k(3)]);
    assert_eq!(outcomes, [Outcome::Updated, Outcome::Duplicate, Outcome::Stored]);
    let (c, _) = world.import("c", &[gout("Gout with tophus"), served(condition("as", "Asthma", "1990"))]);
    let full = picture(&world);
    for id in [&a, &b, &c] {
        world.chart.remove_source(id).expect("removed");
        let without = picture(&world);
        assert_ne!(without, full);
        assert!(!without.contains(id.as_str()), "nothing names the removed source: {without}");
        assert_eq!(world.chart.remove_source(id).expect_err("it is gone").kind, Kind::NotFound);
        world.chart.restore_source(id).expect("restored");
        assert_eq!(picture(&world), full);
        assert_eq!(world.chart.restore_source(id).expect_err("it is here").kind, Kind::NotFound);
    }
    // Every way to take out two of them, in either order.
    for (x, y) in [(&a, &b), (&b, &a), (&b, &c), (&c, &a)] {
        world.chart.remove_source(x).expect("removed");
        world.chart.remove_source(y).expect("removed");
        world.chart.restore_source(x).expect("restored");
        world.chart.restore_source(y).expect("restored");
        assert_eq!(picture(&world), full);
    }
    // Without the later two it is as it was after the first, but for the number of versions kept.
    world.chart.remove_source(&c).expect("removed");
    world.chart.remove_source(&b).expect("removed");
    let blur = |p: &str| p.replace("versions: 2", "versions: 0");
    assert_eq!(blur(&picture(&world)), only_a);
    assert_eq!(world.chart.sources().expect("sources").iter().filter(|s| s.removed.is_some()).count(), 2);
    // Originals of removed sources can still be fetched.
    let mut bytes = Vec::new();
    world.chart.original(&b).expect("kept").read_to_end(&mut bytes).expect("read");
    assert!(!bytes.is_empty());
}

#[test]
fn a_record_that_comes_again_after_its_source_was_taken_out_is_there_again() {
    let world = World::new();
    let founds = [served(condition("c1", "Gout", "2020"))];
    let (a, _) = world.import("a", &founds);
    world.chart.remove_source(&a).expect("removed");
    assert!(world.all().is_empty());
    let (b, outcomes) = world.import("b", &founds);
    assert_eq!(outcomes, [Outcome::Stored]);
    assert_eq!(world.all()[0].source, b);
}

#[test]
fn notes_are_kept_and_go_with_their_import() {
    let world = World::new();
    assert_eq!(world.chart.note("visit").expect("a note"), None);
    world.chart.set_note("visit", "1").expect("set");
    {
        let import = world.chart.import("a", &crate::vault_world::by("Ruth"), None).expect("an import");
        import.set_note("visit", "2").expect("set");
    }
    assert_eq!(world.chart.note("visit").expect("a note").as_deref(), Some("1"));
    world.chart.set_note("visit", "3").expect("set");
    let world = world.reopen();
    assert_eq!(world.chart.note("visit").expect("a note").as_deref(), Some("3"));
}

#[test]
fn a_new_reading_of_a_source_changes_what_it_gave_and_overtakes_no_other() {
    let world = World::new();
    let by_place = |words: &str, place: &str| Found {
        origin: Origin::Content,
        full_url: None,
        place: place.into(),
        ..served(condition("x", words, "2020"))
    };
    let (a, _) = world.import("a", &[served(condition("c1", "Gout", "2020")), by_place("Astma", "entry[1]"), by_place("Flu", "entry[2]")]);
    world.import("b", &[served(condition("c1", "Gout, left foot", "2020"))]);
    let mut import = world.chart.import("a", &crate::vault_world::by("Ruth"), Some(&a)).expect("an import");
    let outcomes = put(&mut import, &[served(condition("c1", "Gout (read better)", "2020")), by_place("Asthma", "entry[1]")]);
    assert_eq!(outcomes, [Outcome::Updated, Outcome::Stored]);
    let report = import.commit(None, FileReport { path: "again".into(), ..FileReport::default() }).expect("committed");
    assert_eq!(report.source, a);
    let mut titles: Vec<String> = world.all().into_iter().map(|r| r.title).collect();
    titles.sort();
    // What b said later stands; the better reading took the place of the old one; what was not read again stays.
    assert_eq!(titles, ["Asthma", "Flu", "Gout, left foot"]);
    let sources = world.chart.sources().expect("sources");
    assert_eq!(sources.len(), 2);
    let read = sources.iter().find(|s| s.id == a).expect("a");
    assert_eq!((read.report.path.as_str(), read.reread.as_ref().map(|r| r.path.as_str())), ("a", Some("again")));
    // The same reading once more changes nothing.
    let mut import = world.chart.import("a", &crate::vault_world::by("Ruth"), Some(&a)).expect("an import");
    let outcomes = put(&mut import, &[served(condition("c1", "Gout (read better)", "2020")), by_place("Asthma", "entry[1]")]);
    assert_eq!(outcomes, [Outcome::Duplicate; 2]);
    import.commit(None, FileReport::default()).expect("committed");
    assert_eq!(world.all().len(), 3);
}

#[test]
fn check_finds_what_is_missing_or_damaged() {
    let world = World::new();
    let (a, _) = world.import("a", &[served(condition("c1", "Gout", "2020"))]);
    let (b, _) = world.import("b", &[served(condition("c2", "Asthma", "2020"))]);
    assert_eq!(world.chart.check(true).expect("checked"), Vec::<String>::new());
    let originals = files(&world.chart_dir().join("originals"));
    assert_eq!(originals.len(), 2);
    std::fs::remove_file(&originals[0]).expect("removed");
    let mut bytes = std::fs::read(&originals[1]).expect("read");
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    std::fs::write(&originals[1], bytes).expect("written");
    assert_eq!(world.chart.check(false).expect("checked").len(), 1);
    let findings = world.chart.check(true).expect("checked").join("\n");
    assert!(findings.contains("missing") && findings.contains("damaged"), "{findings}");
    assert!(findings.contains(&a) && findings.contains(&b), "{findings}");
    assert_eq!(world.chart.count(&Query::default()).expect("a count"), 2);
}
