//! Search as a person types, and references between records.

use crate::vault_world::{World, condition, potassium, served};
use keepwell::import::{Found, Origin};
use keepwell::vault::{Query, Row};
use serde_json::json;

fn titles(world: &World, text: &str) -> Vec<String> {
    world.chart.search(text, 20).expect("a search").into_iter().map(|h| h.row.title).collect()
}

#[test]
fn search_forgives() {
    let world = World::new();
    let mut noted = condition("c4", "Back pain", "2022-01-01");
    noted["note"] = json!([{"text": "Worse since the asthma of last winter"}]);
    world.import(
        "a",
        &[
            served(condition("c1", "Ménière's disease", "2010-05-01")),
            served(condition("c2", "Asthma, allergic", "2001-01-01")),
            served(condition("c3", "Allergic rhinitis", "2015-01-01")),
            served(noted),
            served(potassium("k1", "2024-01-01", "4.1")),
        ],
    );
    for (typed, found) in [
        ("meniere", vec!["Ménière's disease"]),
        ("MÉNIÈRE", vec!["Ménière's disease"]),
        ("potas", vec!["Potassium"]),
        ("potassiums", vec!["Potassium"]),
        // A misspelt ending.
        ("potasium", vec!["Potassium"]),
        ("potassiun", vec!["Potassium"]),
        ("rhinittis", vec!["Allergic rhinitis"]),
        ("allergies", vec!["Allergic rhinitis", "Asthma, allergic"]),
        // Hits in the title come before newer ones in the text.
        ("asthma", vec!["Asthma, allergic", "Back pain"]),
        ("asthma winter", vec!["Back pain"]),
        ("winter asth", vec!["Back pain"]),
        ("xyzzy", vec![]),
        ("asthma xyzzy", vec![]),
        ("", vec![]),
        ("  \"*(-:^ ", vec![]),
        ("asthma\" OR \"", vec![]),
        ("title:asthma NOT NEAR(", vec![]),
    ] {
        assert_eq!(titles(&world, typed), found, "{typed:?}");
    }
    let hit = &world.chart.search("wint", 5).expect("a search")[0];
    assert!(hit.snippet.contains("\u{2}winter\u{3}"), "{}", hit.snippet);
    let listed = world.chart.list(&Query { text: Some("asth".into()), ..Query::default() }).expect("a list");
    assert_eq!(listed.rows.len(), 2);
}

/// A word that stands in very many records is answered by those; a list leaves nothing out, and one letter more finds the
/// longer word.
#[test]
fn a_very_common_word_stands_for_itself() {
    let world = World::new();
    let mut all: Vec<_> = (0..1500).map(|n| served(condition(&format!("g{n}"), "Gout", "2020-01-01"))).collect();
    all.push(served(condition("w", "Goutweed allergy", "2024-01-01")));
    world.import("a", &all);
    assert_eq!(titles(&world, "gout"), ["Gout"; 20]);
    for typed in ["gou", "goutw"] {
        assert_eq!(titles(&world, typed)[0], "Goutweed allergy", "{typed}");
    }
    let listed = world.chart.list(&Query { text: Some("gout".into()), ..Query::default() }).expect("a list");
    assert_eq!(listed.rows[0].title, "Goutweed allergy");
}

#[test]
fn references_lead_to_the_record_that_they_mean() {
    let world = World::new();
    let visit = |id: &str, words: &str| {
        json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"},
               "type": [{"text": words}], "period": {"start": "2024-01-01"}})
    };
    let with = |id: &str, encounter: &str| {
        let mut r = condition(id, &format!("Cough {id}"), "2024-01-01");
        r["encounter"] = json!({"reference": encounter});
        r
    };
    let south = |resource: serde_json::Value| {
        let url = format!("https://south.example/r4/{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        Found {
            origin: Origin::Server { base: Some("https://south.example/r4".into()), named: None },
            full_url: Some(url),
            ..served(resource)
        }
    };
    let urn = |resource: serde_json::Value, uuid: &str| Found {
        origin: Origin::Content,
        full_url: Some(format!("urn:uuid:{uuid}")),
        ..served(resource)
    };
    let one = "11111111-2222-4333-8444-555555555555";
    let (north, _) = world.import(
        "north",
        &[
            served(visit("1", "North visit")),
            served(with("n1", "Encounter/1")),
            served(with("n2", "https://north.example/fhir/Encounter/1/_history/3")),
            served(with("n3", "Encounter/2")),
        ],
    );
    world.import("south", &[south(visit("1", "South visit")), south(with("s1", "Encounter/1"))]);
    world.import(
        "urn",
        &[urn(visit("5", "Urn visit"), one), urn(with("u1", &format!("urn:uuid:{one}")), "99999999-2222-4333-8444-555555555555")],
    );
    // A second download of north: the visit itself is not in it.
    world.import("north again", &[served(with("n4", "Encounter/1"))]);
    let row = |id: &str| -> Row { world.all().into_iter().find(|r| r.fhir_id.as_deref() == Some(id) && r.kind == "Condition").expect(id) };
    for (from, reference, title) in [
        ("n1", "Encounter/1", Some("North visit")),
        ("n2", "https://north.example/fhir/Encounter/1", Some("North visit")),
        ("n2", "https://south.example/r4/Encounter/1", Some("South visit")),
        ("s1", "Encounter/1", Some("South visit")),
        ("n4", "Encounter/1", Some("North visit")),
        ("u1", &format!("urn:uuid:{one}"), Some("Urn visit")),
        // Somebody else's Encounter/1.
        ("u1", "Encounter/1", None),
        ("n3", "Encounter/2", None),
        ("n1", "Condition/1", None),
        ("n1", "#enc", None),
        ("n1", "Encounter?identifier=1", None),
        ("n1", "", None),
    ] {
        let found = world.chart.resolve(&row(from), reference).expect("resolved");
        assert_eq!(found.as_ref().map(|r| r.title.contains(title.unwrap_or("?"))), title.map(|_| true), "{from} {reference} {found:?}");
    }
    let visit_of = |words: &str| world.all().into_iter().find(|r| r.title.contains(words)).expect(words).rid;
    for (words, members) in [("North visit", vec!["n1", "n2", "n4"]), ("South visit", vec!["s1"]), ("Urn visit", vec!["u1"])] {
        let query = Query { encounter: Some(visit_of(words)), types: vec!["Condition".into()], ..Query::default() };
        let mut ids: Vec<_> = world.chart.list(&query).expect("a list").rows.into_iter().filter_map(|r| r.fhir_id).collect();
        ids.sort();
        assert_eq!(ids, members, "{words}");
    }
    world.chart.remove_source(&north).expect("removed");
    assert!(world.chart.resolve(&row("n4"), "Encounter/1").expect("resolved").is_none());
}
