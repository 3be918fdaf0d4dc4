//! The emergency card: what is on it, drawn and read back; the code on it, opened and stopped.

use crate::export_world::World as Filled;
use crate::web_world::{World, options};
use axum::http::StatusCode;
use keepwell::demo::household;
use keepwell::share::card::{Card, Face, Field, Line, lock_screen, wallet};
use keepwell::vault::{Act, Actor, Event};
use std::process::Command;

fn text(pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("card.pdf");
    std::fs::write(&file, pdf).unwrap();
    let out = Command::new("pdftotext").arg("-raw").arg(&file).arg("-").output().unwrap();
    String::from_utf8_lossy(&out.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn face() -> Face {
    Face {
        name: "Ruth Carver".into(),
        born: "14 March 1954".into(),
        language: "speaks English".into(),
        allergies: vec!["Penicillin: trouble breathing (severe)".into(), "Sulfa antibiotics: rash".into()],
        no_allergies: String::new(),
        conditions: vec!["Irregular heartbeat (atrial fibrillation)".into(), "Type 2 diabetes".into()],
        implants: vec!["Right knee, 2019".into()],
        medicines: vec!["Apixaban 5 mg: 1 in the morning, 1 in the evening (for the heartbeat)".into()],
        contacts: vec!["Dana (daughter) 555-0142".into()],
        lines: vec![Line { label: "Blood type", words: "A+ (told by Ruth)".into() }],
        made: "22 November 2026".into(),
        code: String::new(),
        photo: Vec::new(),
    }
}

#[test]
fn what_does_not_fit_is_counted_and_never_cut_off() {
    let all = text(&wallet(&face(), "#6a2c60").unwrap());
    for words in ["Penicillin: trouble breathing (severe)", "Type 2 diabetes", "555-0142", "A+ (told by Ruth)", "Apixaban 5 mg"] {
        assert!(all.contains(words), "{words} is not on the card: {all}");
    }
    assert!(!all.contains("more"), "{all}");
    let mut crowded = face();
    crowded.medicines =
        (1..=40).map(|n| format!("Medicine number {n}, 20 mg tablet: take 1 tablet by mouth in the morning (for something)")).collect();
    crowded.conditions = (1..=40).map(|n| format!("A condition with a long name, number {n}")).collect();
    let pdf = wallet(&crowded, "#6a2c60").unwrap();
    let all = text(&pdf);
    let shown = (1..=40).filter(|n| all.contains(&format!("Medicine number {n},"))).count();
    assert!(shown > 0 && all.contains(&format!("{} more that did not fit", 40 - shown)), "{shown} shown: {all}");
    assert!(all.contains("Penicillin: trouble breathing (severe)"), "an allergy gave way to a medicine: {all}");
    assert!(text(&lock_screen(&crowded, "#6a2c60").unwrap()).contains("Penicillin"));
    let mut endless = face();
    endless.name = "Long ".repeat(400);
    assert!(wallet(&endless, "#6a2c60").is_err(), "a card on which nothing fits was made");
}

#[test]
fn it_holds_what_was_chosen_and_says_what_is_not_known() {
    let ruth = &household(jiff::civil::date(2026, 11, 2))[0];
    let filled = Filled::filled(ruth);
    let card = Card::of(&filled.chart).unwrap();
    assert!(card.said.contains_key(&Field::Contacts), "the chart knows whom to call");
    let event = Event::new(Actor::system(), Act::Changed);
    let off = Card { fields: [Field::Allergies, Field::BloodType].into(), said: [(Field::BloodType, "A+".into())].into(), ..card };
    off.keep(&filled.chart, &event).unwrap();
    assert_eq!(Card::of(&filled.chart).unwrap(), off);
    let face = off.face(filled.household(), &filled.chart).unwrap();
    // Known since long, and named first: it may kill.
    assert!(face.allergies.first().is_some_and(|a| a.contains("Penicillin") && a.contains("High risk")), "{:?}", face.allergies);
    assert!(face.medicines.is_empty() && face.conditions.is_empty() && face.contacts.is_empty());
    assert_eq!(face.lines, [Line { label: "Blood type", words: "A+ (told by Ruth)".into() }]);
    let empty = Filled::new("Nobody Known", "1990-01-01", "unknown");
    let face = Card::of(&empty.chart).unwrap().face(empty.household(), &empty.chart).unwrap();
    assert_eq!(face.no_allergies, "Not known. This is not the same as none.");
}

#[tokio::test]
async fn the_page_saves_makes_a_code_and_stops_it() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let to = |path: &str| format!("/charts/{}/card{path}", world.chart);
    let page = world.get(&to(""), &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    let saved = world.post(&to(""), &cookie, "field=allergies&field=contacts&contacts=Dana+%28daughter%29+555-0142&blood-type=A%2B").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let text = world.get(&to(""), &cookie).await.text();
    assert!(text.contains("Dana (daughter) 555-0142") && text.contains("No code yet"), "{text}");
    let too_long = world.post(&to(""), &cookie, &format!("field=directive&directive={}", "x".repeat(300))).await;
    assert_eq!(too_long.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.post(&to("/code"), &cookie, "act=make").await.status, StatusCode::SEE_OTHER);
    let text = world.get(&to(""), &cookie).await.text();
    assert!(text.contains("Works") && text.contains("Emergency card. Call Dana (daughter) 555-0142"), "{text}");
    let pdf = world.get(&to("/wallet"), &cookie).await;
    assert_eq!((pdf.status, pdf.header("content-type")), (StatusCode::OK, "application/pdf"));
    assert_eq!(world.post(&to("/code"), &cookie, "act=stop").await.status, StatusCode::SEE_OTHER);
    assert!(world.get(&to(""), &cookie).await.text().contains("Stopped"));
}
