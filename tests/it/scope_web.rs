//! A viewer with a narrow scope walks through every page that there is, by every link and every address: no word of the rest.

use crate::scope::{Marked, marked};
use crate::vault_world::{import, served};
use crate::web_world::{PASSPHRASE, World, options, plain};
use axum::http::StatusCode;
use keepwell::household::Grant;
use keepwell::record::{Class, Sensitive, SensitiveSet};
use keepwell::vault::{Role, Scope};
use keepwell::web::ROUTES;
use std::collections::BTreeSet;
use std::io::Read;

/// Ruth's chart with the marked records, and Vera who sees some of them; her cookie.
async fn world(scope: &Scope, marked: &[Marked]) -> (World, String) {
    let world = World::new(options());
    let household = &world.app.household;
    let ruth = household.sign_in("Ruth", PASSPHRASE).unwrap();
    let chart = household.open(&ruth, &world.chart).unwrap();
    import(&chart, "qsecretname.json", &marked.iter().map(|m| served(m.resource.clone())).collect::<Vec<_>>());
    let grant = Grant { scope: Some(scope.clone()), ..Grant::of(Role::Viewer) };
    let key = household.add_member(&ruth, &world.chart, "Vera", "teapot gravel violin seventeen", &grant).unwrap();
    let answer = world.post("/sign-in", "", &format!("name=Vera&passphrase={}", key.as_str())).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let cookie = answer.cookie();
    (world, cookie)
}

/// Links to pages of the chart.
fn links(page: &str, chart: &str) -> Vec<String> {
    let own = format!("/charts/{chart}");
    let found = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    found.filter(|href| href.starts_with(&own)).map(|href| href.replace("&amp;", "&").split('#').next().unwrap_or("").to_owned()).collect()
}

/// A download as text: what a zip holds, or the bytes themselves.
fn inside(bytes: &[u8]) -> String {
    let Ok(mut zip) = zip::ZipArchive::new(std::io::Cursor::new(bytes)) else { return String::from_utf8_lossy(bytes).into_owned() };
    let mut out = String::new();
    for n in 0..zip.len() {
        let mut file = zip.by_index(n).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        out.push_str(&file.name().unwrap());
        out.push_str(&String::from_utf8_lossy(&bytes));
    }
    out
}

/// All that the pages say: by links from home, by every address with every number, by search, by a saved copy.
async fn walked(world: &World, cookie: &str, marked: &[Marked]) -> String {
    let chart = &world.chart;
    let mut todo = vec![format!("/charts/{chart}")];
    for (method, path, _) in ROUTES.iter().chain(keepwell::web::routes::chart::ROUTES).copied() {
        if method == "GET" && path.starts_with("/charts/{chart}") && !path.contains("/remove") {
            for rid in 1..=marked.len() + 2 {
                let parts = path.split('/').map(|part| match part {
                    "{chart}" => chart.clone(),
                    p if p.starts_with('{') => rid.to_string(),
                    p => p.to_owned(),
                });
                todo.push(parts.collect::<Vec<_>>().join("/"));
            }
        }
    }
    let mut said = String::new();
    let mut done = BTreeSet::new();
    while let Some(path) = todo.pop() {
        if !done.insert(path.clone()) {
            continue;
        }
        let answer = world.get(&path, cookie).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.status);
        let text = inside(&answer.body);
        todo.extend(links(&text, chart));
        said.push_str(&format!("{:?}{text}", answer.headers));
    }
    assert!(done.len() > 150, "{}", done.len());
    for m in marked {
        // Not the whole word: a page repeats what was typed.
        let typed = &m.word[..m.word.len() - 1];
        let mut live = plain("POST", &format!("/charts/{chart}/search"), cookie, &format!("words={typed}"));
        live.headers_mut().insert("x-keepwell", "live".parse().unwrap());
        said.push_str(&world.send(live).await.text());
        for list in ["conditions", "results", "timeline", "documents", "visits", "goals"] {
            let answer = world.post(&format!("/charts/{chart}/{list}"), cookie, &format!("words={typed}")).await;
            said.push_str(&answer.text());
            if answer.status == StatusCode::SEE_OTHER {
                said.push_str(&world.get(answer.header("location"), cookie).await.text());
            }
        }
    }
    for format in ["fhir", "ndjson", "csv", "everything"] {
        let answer = world.post(&format!("/charts/{chart}/export"), cookie, &format!("format={format}")).await;
        said.push_str(&inside(&answer.body));
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_says_a_word_of_what_is_left_out() {
    let classes = |of: &[Class]| Some(of.iter().copied().collect::<BTreeSet<_>>());
    let marked = marked();
    for scope in [
        Scope { classes: None, sensitive: SensitiveSet::NONE },
        Scope { classes: None, sensitive: SensitiveSet::ALL.without(Sensitive::MentalHealth.into()) },
        Scope { classes: classes(&[Class::Problem, Class::Encounter, Class::Note]), sensitive: Sensitive::Hiv.into() },
    ] {
        let (world, cookie) = world(&scope, &marked).await;
        let said = walked(&world, &cookie, &marked).await;
        for m in &marked {
            let allowed = scope.allows(m.class, m.kinds.iter().copied().collect());
            assert_eq!(said.contains(m.word), allowed, "{} in {scope:?}", m.word);
        }
        assert!(!said.contains("qsecretname"), "the name of a file");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_without_clutter_and_knows_that_there_may_be_more() {
    let (world, cookie) = world(&Scope { classes: Some(BTreeSet::from([Class::Problem])), sensitive: SensitiveSet::NONE }, &marked()).await;
    let to = |path: &str| format!("/charts/{}{path}", world.chart);
    let home = world.get(&to(""), &cookie).await.text();
    assert!(home.contains("You may see part of this chart."), "{home}");
    for (what, hint) in [("to add", "/add\""), ("to save a copy", "/export\""), ("sources", "/sources\"")] {
        assert!(!home.contains(&format!("{}{hint}", to(""))), "{what}");
    }
    // Nobody reads "no source says anything about allergies" who may not see allergies.
    assert!(!home.contains("No source says anything about allergies") && home.contains("Nothing here that you may see"), "{home}");
    let conditions = world.get(&to("/conditions"), &cookie).await.text();
    let gout = links(&conditions, &world.chart).into_iter().find(|l| l.contains("/records/")).expect("a record");
    let page = world.get(&gout, &cookie).await.text();
    assert!(page.contains("qgout") && page.contains("You may see part of this chart."));
    assert!(!page.contains("/sources") && !page.contains("Place in it") && !page.contains("/original"), "{page}");
    assert_eq!(world.get(&to("/sources"), &cookie).await.status, StatusCode::NOT_FOUND);
    let ruth = world.sign_in().await;
    let home = world.get(&to(""), &ruth).await.text();
    assert!(!home.contains("You may see part of this chart.") && home.contains("/add\""));
}
