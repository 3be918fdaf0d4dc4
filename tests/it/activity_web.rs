//! The activity log over the web: what each address writes, the page, the table, and the command.

use crate::binary::{Home, bundle};
use crate::web_world::{PASSPHRASE, World, options, plain};
use axum::http::StatusCode;
use keepwell::vault::{Act, ActorKind, Chart, Choice, Entry};
use keepwell::web::looks::{Logged, logged};
use serde_json::json;
use std::sync::Arc;

fn labs() -> Vec<u8> {
    let lab = |n: u32| {
        json!({"resourceType": "Observation", "id": format!("o{n}"), "status": "final", "subject": {"reference": "Patient/p1"},
            "code": {"text": "Potassium"}, "effectiveDateTime": "2020-02-03", "valueQuantity": {"value": n, "unit": "g"}})
    };
    bundle(("Ruth", "Carver"), "1954-03-14", &[lab(1), lab(2), lab(3)])
}

fn chart(world: &World) -> Arc<Chart> {
    let who = world.app.household.sign_in("Ruth", PASSPHRASE).expect("signs in");
    world.app.household.open(&who, &world.chart).expect("opens")
}

fn newest(chart: &Chart) -> Vec<Entry> {
    chart.activity(&Choice::default()).expect("the log")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_writes_what_the_table_says() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let chart = chart(&world);
    world.upload(&cookie, "labs.json", &labs()).await;
    let source = chart.sources().expect("sources")[0].id.clone();
    let routes: Vec<_> = keepwell::web::ROUTES
        .iter()
        .chain(keepwell::web::routes::chart::ROUTES)
        .filter(|(_, path, _)| path.starts_with("/charts/{chart}"))
        .map(|(method, path, _)| (*method, *path))
        .collect();
    assert!(routes.len() > 60);
    // Looks first: what takes records out comes last.
    let (gets, posts): (Vec<_>, Vec<_>) = routes.into_iter().partition(|(method, _)| *method == "GET");
    for (method, template) in gets.into_iter().chain(posts) {
        let path = template.replace("{chart}", &world.chart).replace("{rid}", "1").replace("{source}", &source);
        let path = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect::<Vec<_>>().join("/");
        let before = newest(&chart).len();
        let answer = if method == "GET" { world.get(&path, &cookie).await } else { world.post(&path, &cookie, "").await };
        assert_ne!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        let written = newest(&chart);
        // An import that a POST began ends when it ends.
        let written: Vec<_> = written[..written.len() - before].iter().filter(|e| e.event.act != Act::Imported).collect();
        match logged(method, template) {
            None => panic!("{method} {template} is not in the table"),
            Some(Logged::As(act, _)) => {
                assert_eq!(written.iter().map(|e| e.event.act).collect::<Vec<_>>(), [act], "{method} {template}");
                assert_eq!(written[0].event.who.name, "Ruth");
                assert_eq!(written[0].event.records, if template.contains("{rid}") { vec![1] } else { vec![] }, "{template}");
                assert_eq!(written[0].event.from.address, "127.0.0.1");
            }
            // Record 1 was looked at above; a bare search form has nothing to show.
            Some(Logged::Nothing | Logged::Part | Logged::PartOr(_) | Logged::Search) => {
                assert!(written.is_empty(), "{method} {template}: {written:?}");
            }
            Some(Logged::Itself) => {}
        }
    }
    assert_eq!(chart.verify_activity().expect("walked").fault, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_without_its_page_is_a_look_and_a_saved_one_a_download() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let chart = chart(&world);
    let at = |rest: &str| format!("/charts/{}/{rest}", world.chart);
    world.upload(&cookie, "labs.json", &labs()).await;
    let last = || newest(&chart).remove(0).event;
    world.get(&at("records/2/picture"), &cookie).await;
    assert_eq!((last().act, last().records), (Act::LookedDocument, vec![2]));
    let count = newest(&chart).len();
    world.get(&at("records/2/sheet"), &cookie).await;
    assert_eq!(newest(&chart).len(), count);
    world.get(&at("records/2/content?save=1"), &cookie).await;
    assert_eq!((last().act, last().records), (Act::Downloaded, vec![2]));
    let found = world.post(&at("search"), &cookie, "words=potassium").await;
    world.get(found.header("location"), &cookie).await;
    assert_eq!(last().act, Act::Searched);
    assert!(!format!("{:?}", last()).contains("otassium"), "the words searched for are not kept");
    let answer = world.post(&at("export"), &cookie, "format=ndjson").await;
    assert!(answer.text().contains("Potassium"));
    let (ended, began) = (newest(&chart).remove(0).event, newest(&chart).remove(1).event);
    assert_eq!((began.act, began.details["format"].as_str()), (Act::Exported, "ndjson"));
    assert_eq!(ended.act, Act::ExportEnded);
    assert!(ended.details["count"].parse::<u64>().expect("a number") >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_attempts_are_told() {
    let world = World::new(options());
    let chart = chart(&world);
    let wrong = world.post("/sign-in", "", "name=ruth&passphrase=not+the+right+one+at+all").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    for _ in 0..100 {
        if newest(&chart)[0].event.act == Act::WrongPassphrase {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let told = newest(&chart).remove(0).event;
    assert_eq!((told.act, told.who.kind, told.details["for"].as_str()), (Act::WrongPassphrase, ActorKind::Unknown, "Ruth"));
    let cookie = world.sign_in().await;
    assert_eq!(newest(&chart)[0].event.act, Act::SignedIn);
    assert_eq!(world.get("/charts/0123456789abcdef", &cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_the_table_and_the_check() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let chart = chart(&world);
    world.upload(&cookie, "labs.json", &labs()).await;
    let at = |rest: &str| format!("/charts/{}/{rest}", world.chart);
    for page in ["results", "results", "medicines"] {
        world.get(&at(page), &cookie).await;
    }
    let page = world.get(&at("activity"), &cookie).await.text();
    for words in ["Added labs.json", "Signed in", "This list begins", "results", "this machine", "Not checked since"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("Looked at medicines, results and this list"), "looks in a row share a line");
    let page = world.get(&at("activity?check=1"), &cookie).await.text();
    assert!(page.contains("The list is whole"));
    let checked = chart.verified_activity().expect("a verdict").1.entries;
    let later = world.get(&at("activity"), &cookie).await.text();
    assert!(later.contains(&format!("{checked} entries since")), "only what was walked is called whole");
    let page = world.get(&at("activity?what=changes"), &cookie).await.text();
    assert!(page.contains("Added labs.json") && !page.contains("Looked at"));
    let tomorrow = jiff::Zoned::now().date().tomorrow().expect("a day");
    let page = world.get(&at(&format!("activity?from={tomorrow}")), &cookie).await.text();
    assert!(page.contains("Nothing here"));
    let who = page
        .split("<option value=\"")
        .skip(1)
        .find(|o| o.contains(">Ruth"))
        .and_then(|o| o.split('"').next())
        .expect("an option")
        .to_owned();
    let page = world.get(&at(&format!("activity?who={who}")), &cookie).await.text();
    assert!(page.contains("Signed in") && !page.contains("This list begins"));
    // Packed on its way, it still arrives whole.
    let mut request = plain("GET", &at("activity/table"), &cookie, "");
    request.headers_mut().insert("accept-encoding", "gzip".parse().unwrap());
    let packed = world.send(request).await;
    assert_eq!((packed.status, packed.header("content-encoding")), (StatusCode::OK, "gzip"));
    let table = world.get(&at("activity/table"), &cookie).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    let rows = table.text();
    assert_eq!(rows.lines().count(), newest(&chart).len() + 1, "a line an entry, and the heading");
    assert!(rows.contains("\"imported\"") && rows.contains("\"Ruth\""));
}

#[test]
fn the_command_lists_and_verifies() {
    let home = Home::new();
    home.import(0, &[&home.write("labs.json", &labs())]);
    let listed = home.run(&["audit", "list", "--json"]).ended(0).json();
    let acts: Vec<_> = listed["entries"].as_array().unwrap().iter().map(|e| e["act"].as_str().unwrap().to_owned()).collect();
    assert!(
        acts.contains(&"imported".to_owned()) && acts.contains(&"signed-in".to_owned()) && acts.contains(&"begun".to_owned()),
        "{acts:?}"
    );
    let text = home.run(&["audit", "list"]).ended(0);
    assert!(String::from_utf8_lossy(&text.out).contains("command line"));
    let verified = home.run(&["audit", "verify", "--json"]).ended(0).json();
    assert_eq!((verified["whole"].as_bool(), verified["first_bad"].is_null()), (Some(true), true));
    std::fs::remove_file(home.chart().join("activity.db")).unwrap();
    let verified = home.run(&["audit", "verify", "--json"]).ended(1).json();
    assert_eq!((verified["whole"].as_bool(), verified["first_bad"]["entry"].as_i64()), (Some(false), Some(1)));
    let told = home.run(&["audit", "verify"]).ended(1);
    assert!(String::from_utf8_lossy(&told.out).starts_with("Entry 1: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_what_they_did_and_what_cannot_be_written_is_not_shown() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    world.upload(&cookie, "labs.json", &labs()).await;
    let ruth = world.app.household.sign_in("Ruth", PASSPHRASE).expect("signs in");
    let viewer = keepwell::household::Grant::of(keepwell::vault::Role::Viewer);
    world.app.household.add_member(&ruth, &world.chart, "Dana", "teapot gravel violin seventeen", &viewer).expect("a viewer");
    let dana = world.post("/sign-in", "", "name=Dana&passphrase=teapot+gravel+violin+seventeen").await.cookie();
    let at = |rest: &str| format!("/charts/{}/{rest}", world.chart);
    world.get(&at("results"), &dana).await;
    let page = world.get(&at("activity"), &dana).await.text();
    assert!(page.contains("What you did with this chart") && page.contains("results"));
    assert!(!page.contains("labs.json") && !page.contains("This list begins"));
    let table = world.get(&at("activity/table"), &dana).await.text();
    assert!(table.lines().skip(1).all(|l| l.contains("\"Dana\"")), "{table}");
    // The owner sees her look too.
    assert!(world.get(&at("activity"), &cookie).await.text().contains("Dana"));
    // A change that a viewer tries is refused, and told.
    assert_eq!(world.post(&at("inbox"), &dana, "act=discard&file=x").await.status, StatusCode::FORBIDDEN);
    let chart = chart(&world);
    for _ in 0..100 {
        if newest(&chart)[0].event.act == Act::Denied {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!((newest(&chart)[0].event.act, newest(&chart)[0].event.who.name.as_str()), (Act::Denied, "Dana"));
    // The log cannot be written: neither the page nor a word of it.
    let before = newest(&chart).len();
    let raw = crate::activity::raw_key_of(&world.vault(), &world.chart, "teapot gravel violin seventeen");
    crate::activity::tamper(
        &world.vault().join("charts").join(&world.chart).join("activity.db"),
        &raw,
        "CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT raise(ABORT, 'full'); END;",
    );
    let refused = world.get(&at("results"), &cookie).await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(refused.text().contains("activity log") && !refused.text().contains("Potassium"));
    assert_eq!(newest(&chart).len(), before);
}
