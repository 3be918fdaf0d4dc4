//! Single records in or out: put in, a record goes along whatever kinds, dates and sensitive kinds say, and nothing beside it
//! does; through the library, the page and the command line alike.

use crate::binary::{Home, bundle};
use crate::export_world::World;
use crate::web_world::{World as Web, options};
use axum::http::StatusCode;
use keepwell::export::bundle::{Seal, sealed};
use keepwell::export::{Choice, Format, Profile, export, gather};
use keepwell::record::SensitiveSet;
use keepwell::share::{Told, content};
use keepwell::vault::{Query, Row};
use serde_json::{Value, json};

/// Two of a sensitive kind, one without a kind, one old, one of a kind for which no summary has room.
const PUT_IN: &str = "HIV disease Quorvexia";
const BESIDE: &str = "HIV disease Brumevald";
const OLD: &str = "Zinnwurzel";
const MESSAGE: &str = "Psoralith";

fn entries() -> Vec<Value> {
    let patient = json!({"reference": "Patient/p1"});
    vec![
        json!({"resourceType": "Condition", "id": "c1", "subject": patient, "code": {"text": PUT_IN}, "recorder": {"reference": "Practitioner/w1"}}),
        json!({"resourceType": "Condition", "id": "c2", "subject": patient, "code": {"text": BESIDE}}),
        json!({"resourceType": "Condition", "id": "c3", "subject": patient, "code": {"text": OLD}, "onsetDateTime": "1999-05-02"}),
        json!({"resourceType": "Condition", "id": "c4", "subject": patient, "code": {"text": "Gout"}, "onsetDateTime": "2020-05-02"}),
        json!({"resourceType": "Communication", "id": "m1", "status": "completed", "subject": patient, "sent": "2021-01-05T10:00:00Z",
               "payload": [{"contentString": MESSAGE}], "topic": {"text": MESSAGE}}),
    ]
}

fn world() -> World {
    let world = World::new("Ruth Carver", "1954-03-14", "female");
    assert_eq!(world.import("a.json", &bundle(("Ruth", "Carver"), "1954-03-14", &entries())).error, None);
    world
}

fn row(world: &World, words: &str) -> Row {
    world.chart.list(&Query::default()).unwrap().rows.into_iter().find(|r| r.title.contains(words)).unwrap_or_else(|| panic!("{words}"))
}

/// Everything that a choice gives in each form, as text.
fn given(world: &World, choice: &Choice) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for format in [Format::Fhir, Format::Ndjson, Format::Ips, Format::Ccda] {
        let mut out = Vec::new();
        export(&world.chart, format, choice, &mut out).unwrap();
        all.push((format.name(), String::from_utf8(out).unwrap()));
    }
    let link = content(&world.chart, choice, Told::default()).unwrap();
    all.push(("link", link.files.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect()));
    let mut out = Vec::new();
    sealed(&world.chart, choice, Seal::Plain, &mut out).unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(out)).unwrap();
    let mut start = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("START-HERE.html").unwrap(), &mut start).unwrap();
    all.push(("bundle", start));
    all
}

#[test]
fn a_record_that_is_put_in_goes_alone() {
    let world = world();
    let mut choice = Choice::of(Profile::NewClinic);
    choice.selection.from = Some("2015".into());
    for (form, text) in given(&world, &choice) {
        assert!(text.contains("Gout"), "{form}");
        for word in ["Quorvexia", "Brumevald", OLD, MESSAGE] {
            assert!(!text.contains(word), "{form}: {word} without being put in");
        }
    }
    // Sensitive, and older than the dates.
    choice.with = [PUT_IN, OLD].map(|words| row(&world, words).key).into();
    let view = gather(&world.chart, &choice, jiff::Timestamp::now()).unwrap();
    assert!(view.left_out);
    for (form, text) in given(&world, &choice) {
        for word in ["Gout", "Quorvexia", OLD] {
            assert!(text.contains(word), "{form}: {word} is not there");
        }
        assert!(!text.contains("Brumevald") && !text.contains(MESSAGE), "{form}");
    }
    // A kind for which no summary has room stands beside it in a link.
    choice.with = [row(&world, MESSAGE).key].into();
    let all = given(&world, &choice);
    let with: Vec<&str> = all.iter().filter(|(_, text)| text.contains(MESSAGE)).map(|(form, _)| *form).collect();
    assert_eq!(with, ["fhir", "ndjson", "link"]);
    // Left out wins over put in; a key that no record has adds nothing.
    choice.without = [row(&world, "Gout").key].into();
    choice.with = [row(&world, "Gout").key, "0".repeat(32), "no key".into()].into();
    assert!(given(&world, &choice).iter().all(|(_, text)| !text.contains("Gout")));
}

#[test]
fn a_source_is_named_where_its_name_tells_of_nothing_that_stays_here() {
    let world = World::new("Ruth Carver", "1954-03-14", "female");
    for (n, file) in ["AlderStreet.json", "HIV clinic.json"].into_iter().enumerate() {
        let gout = json!({"resourceType": "Condition", "id": format!("g{n}"), "subject": {"reference": "Patient/p1"}, "code": {"text": format!("Gout {n}")}});
        assert_eq!(world.import(file, &bundle(("Ruth", "Carver"), "1954-03-14", &[gout])).error, None);
    }
    let names = |choice: &Choice| -> Vec<String> {
        let gathered = gather(&world.chart, choice, jiff::Timestamp::now()).unwrap();
        gathered.sections.iter().flat_map(keepwell::export::gather::Section::all).flat_map(|i| i.sources.clone()).collect()
    };
    let some = names(&Choice::of(Profile::NewClinic));
    assert!(some.iter().any(|n| n.contains("AlderStreet")) && !some.iter().any(|n| n.contains("HIV")), "{some:?}");
    assert!(names(&Choice::everything()).iter().any(|n| n.contains("HIV")));
}

#[test]
fn profiles_leave_sensitive_kinds_out_until_they_are_allowed() {
    for profile in [Profile::NewClinic, Profile::Emergency, Profile::Family] {
        assert_eq!(Choice::of(profile).sensitive, SensitiveSet::NONE, "{profile:?}");
    }
    assert_eq!(Choice::of(Profile::Everything).sensitive, SensitiveSet::ALL);
}

#[test]
fn an_earlier_value_that_is_put_in_stands_under_the_newest() {
    let world = World::new("Ruth Carver", "1954-03-14", "female");
    let value = |n: u32| {
        json!({"resourceType": "Observation", "id": format!("o{n}"), "status": "final", "subject": {"reference": "Patient/p1"},
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "Hemoglobin A1c"},
            "effectiveDateTime": format!("20{n}-02-03"), "valueQuantity": {"value": n, "unit": "%"}})
    };
    let entries: Vec<Value> = (10..20).map(value).collect();
    assert_eq!(world.import("a.json", &bundle(("Ruth", "Carver"), "1954-03-14", &entries)).error, None);
    let mut choice = Choice::of(Profile::Emergency);
    let years = |choice: &Choice| -> Vec<String> {
        let gathered = gather(&world.chart, choice, jiff::Timestamp::now()).unwrap();
        let items = &gathered.section(keepwell::export::gather::Part::Results).items;
        items.iter().flat_map(keepwell::export::gather::Item::all).map(|i| i.date().unwrap().text[..4].to_owned()).collect()
    };
    assert_eq!(years(&choice), ["2019"]);
    choice.with.insert(world.chart.list(&Query::default()).unwrap().rows.into_iter().find(|r| r.number == Some(13.0)).unwrap().key);
    assert_eq!(years(&choice), ["2019", "2013"]);
}

#[tokio::test]
async fn the_page_finds_puts_in_and_remembers() {
    let web = Web::new(options());
    let cookie = web.sign_in().await;
    web.upload(&cookie, "a.json", &bundle(("Ruth", "Carver"), "1954-03-14", &entries())).await;
    let to = format!("/charts/{}/share", web.chart);
    let start = web.get(&to, &cookie).await.text();
    // What stays here is listed and can be put in; a sensitive record is marked.
    let stays = start.split("See what stays here").nth(1).unwrap();
    let tick = |page: &str, words: &str| {
        let at = page.find(words).unwrap_or_else(|| panic!("{words}"));
        let label = &page[page[..at].rfind("<label").unwrap()..];
        let label = &label[..label.find("</label>").unwrap()];
        let key = label.split("value=\"").nth(1).unwrap()[..32].to_owned();
        (key, label.contains("name=\"with\""), label.contains("checked"), label.contains("HIV</"), label.contains("Put in: "))
    };
    let (key, with, checked, marked, said) = tick(stays, "Quorvexia");
    assert!(with && !checked && marked && said, "{stays}");
    assert!(!stays.contains("Gout"));
    let form = "profile=new-clinic&to=Dr+Vance&kind=conditions&form=link&until=week";
    let found = web.post(&to, &cookie, &format!("{form}&act=look&find=brumev")).await;
    assert_eq!(found.status, StatusCode::OK);
    let found = found.text();
    let hits = found.split("Tick, then look again.").nth(1).unwrap();
    assert!(tick(hits.split("</fieldset>").next().unwrap(), "Brumevald").1);
    let nothing = web.post(&to, &cookie, &format!("{form}&act=look&find=nowhere")).await.text();
    assert!(nothing.contains("Nothing found."));
    // Put in: it stands under 2, ticked, and goes out.
    let page = web.post(&to, &cookie, &format!("{form}&act=look&with={key}")).await.text();
    let listed = page.split("Put in, whatever else you choose").nth(1).unwrap();
    let (again, with, checked, marked, _) = tick(listed, "Quorvexia (goes out)");
    assert!(again == key && with && checked && marked);
    assert!(!page.split("See what stays here").nth(1).unwrap().contains("Quorvexia"));
    assert!(page.contains("1 sensitive"), "counted among what goes out");
    // Given so, it is remembered so.
    let made = web.post(&to, &cookie, &format!("{form}&act=make&with={key}")).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text());
    let page = web.get(&to, &cookie).await.text();
    let id = page.split("share?as=").nth(1).unwrap().split('"').next().unwrap();
    assert!(web.get(&format!("{to}?as={id}"), &cookie).await.text().contains("Quorvexia (goes out)"));
    // From its own page, alone.
    let record = web.get(&format!("/charts/{}/search", web.chart), &cookie).await;
    assert_eq!(record.status, StatusCode::OK);
    let alone = web.get(&format!("{to}?with={key}"), &cookie).await.text();
    assert!(alone.contains("Quorvexia (goes out)") && !alone.contains("Leave out: </span>Gout"), "{alone}");
    assert_eq!(web.get(&format!("{to}?with={}", "0".repeat(32)), &cookie).await.status, StatusCode::NOT_FOUND);
}

#[test]
fn the_command_line_takes_numbers() {
    let home = Home::new();
    home.import(0, &[&home.write("a.json", &bundle(("Ruth", "Carver"), "1954-03-14", &entries()))]);
    let listed = home.run(&["records", "--numbers", "--json"]).ended(0).json();
    let number = |words: &str| {
        let at = listed["records"].as_array().unwrap().iter().position(|r| r.to_string().contains(words)).unwrap();
        listed["numbers"][at].to_string()
    };
    let lines = String::from_utf8(home.run(&["records", "--numbers"]).ended(0).out).unwrap();
    let line = lines.lines().find(|l| l.contains("Quorvexia")).unwrap();
    assert_eq!(line.split_whitespace().next().unwrap(), number("Quorvexia"));
    let out = home.path("a.fhir").to_str().unwrap().to_owned();
    let (with, without) = (number("Quorvexia"), number("Gout"));
    home.run(&["export", "--format", "fhir", "--profile", "new-clinic", "--with", &with, "--without", &without, "--out", &out]).ended(0);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("Quorvexia") && text.contains(OLD) && !text.contains("Brumevald") && !text.contains("Gout"), "{text}");
    let made = home.run(&["share", "create", "--json", "--for", "Lakeside", "--with", &with, "--include", "allergies"]).ended(0).json();
    assert_eq!(made["records"], 1, "{made}");
    for wrong in [["--with", "9999"], ["--without", "9999"], ["--with", "Quorvexia"], ["--sensitive", "colds"]] {
        let none = home.path("none.fhir").to_str().unwrap().to_owned();
        home.run(&[&["export", "--format", "fhir", "--out", &none], &wrong[..]].concat()).ended(2);
        assert!(!std::path::Path::new(&none).exists(), "{wrong:?} left a file behind");
    }
}
