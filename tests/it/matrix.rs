//! Who gets what at every address: each route × each role × own, foreign and missing ids, made from the routes' own tables. A
//! route with a kind of id that is not known here fails.

use super::web_world::{Answer, PASSPHRASE, World, options, plain};
use crate::binary::bundle;
use axum::http::StatusCode;
use keepwell::household::Grant;
use keepwell::record::{Class, Sensitive, SensitiveSet};
use keepwell::vault::{Role, Scope};
use keepwell::web::{ROUTES, Who};
use serde_json::json;
use std::collections::HashMap;
use std::time::{Duration, Instant};

const ANOTHER: &str = "teapot gravel violin seventeen";
/// A condition, a result, a condition of a sensitive kind, a foreign condition.
const PROBLEM: &str = "Xanthoblastoma";
const RESULT: &str = "Zinnwurzel";
const HIDDEN: &str = "Quorvexia";
const FOREIGN: &str = "Brumevald";

fn records(words: &[(&str, &str)]) -> Vec<serde_json::Value> {
    let one = |(n, (kind, word)): (usize, &(&str, &str))| match *kind {
        "Observation" => json!({"resourceType": kind, "id": format!("o{n}"), "status": "final", "subject": {"reference": "Patient/p1"},
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
            "code": {"text": word}, "effectiveDateTime": "2020-02-03", "valueQuantity": {"value": 7, "unit": "g"}}),
        _ => json!({"resourceType": kind, "id": format!("c{n}"), "subject": {"reference": "Patient/p1"}, "code": {"text": word}}),
    };
    words.iter().enumerate().map(one).collect()
}

/// Ids for the places in a route.
type Ids = HashMap<&'static str, String>;

struct House {
    world: World,
    own: Ids,
    foreign: Ids,
    /// Role, cookie.
    roles: Vec<(&'static str, String)>,
    token: String,
}

async fn sign_in(world: &World, name: &str, key: &str) -> String {
    let answer = world.post("/sign-in", "", &format!("name={name}&passphrase={key}")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name}: {}", answer.text());
    answer.cookie()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let at = text.find(before).unwrap_or_else(|| panic!("{before} in {text}")) + before.len();
    &text[at..at + text[at..].find(after).unwrap()]
}

impl House {
    async fn new() -> Self {
        let mut world = World::new(options());
        let ruth = world.sign_in().await;
        let entries = records(&[("Condition", PROBLEM), ("Observation", RESULT), ("Condition", &format!("HIV disease {HIDDEN}"))]);
        let job = world.upload(&ruth, "ruth.json", &bundle(("Ruth", "Carver"), "1954-03-14", &entries)).await;
        let (mut own, mut foreign) = (Ids::new(), Ids::new());
        own.insert("{chart}", world.chart.clone());
        own.insert("{job}", job.rsplit('/').next().unwrap().to_owned());
        let household = &world.app.household;
        let who = household.sign_in("Ruth", PASSPHRASE).unwrap();
        let scoped = |class: Class| Grant {
            scope: Some(Scope { classes: Some([class].into_iter().collect()), sensitive: SensitiveSet::NONE }),
            ..Grant::of(Role::Viewer)
        };
        let mut roles = vec![("anonymous", String::new())];
        let mut ids = HashMap::new();
        for (role, name, grant) in [
            ("viewer", "Vera", scoped(Class::Problem)),
            ("viewer of other kinds", "Vito", scoped(Class::Allergy)),
            ("carer", "Cara", Grant::of(Role::Carer)),
            ("expired", "Xena", Grant::of(Role::Owner)),
            ("removed", "Remo", Grant::of(Role::Owner)),
            ("other", "Otto", Grant::of(Role::Viewer)),
        ] {
            let key = household.add_member(&who, &world.chart, name, ANOTHER, &grant).unwrap();
            let cookie = sign_in(&world, name, &key).await;
            // All of them have had it open.
            assert_eq!(world.get(&format!("/charts/{}", world.chart), &cookie).await.status, StatusCode::OK, "{role}");
            roles.push((role, cookie));
            ids.insert(role, household.member_named(name).unwrap().unwrap().id);
        }
        own.insert("{member}", ids["carer"].clone());
        own.insert("{rid}", "2".to_owned());
        let chart = household.open(&who, &world.chart).unwrap();
        own.insert("{source}", chart.sources().unwrap()[0].id.clone());
        drop(chart);
        // Otto's own chart, with the same sorts of things in it.
        let otto = roles.iter().find(|r| r.0 == "other").unwrap().1.clone();
        let made = world.post("/household/people/new", &otto, "person=Milo+Quist&birth_date=2019-08-09&sex=male").await;
        let milo = made.header("location").rsplit('/').next().unwrap().to_owned();
        let own_chart = std::mem::replace(&mut world.chart, milo.clone());
        let entries = records(&[("Condition", FOREIGN), ("Observation", FOREIGN), ("Condition", FOREIGN)]);
        let job = world.upload(&otto, "milo.json", &bundle(("Milo", "Quist"), "2019-08-09", &entries)).await;
        foreign.insert("{chart}", milo.clone());
        foreign.insert("{job}", job.rsplit('/').next().unwrap().to_owned());
        let sources = world.get(&format!("/charts/{milo}/sources"), &otto).await.text();
        foreign.insert("{source}", between(&sources, &format!("/charts/{milo}/sources/"), "\"").to_owned());
        foreign.insert("{rid}", "2".to_owned());
        foreign.insert("{member}", ids["other"].clone());
        world.chart = own_chart;
        let mut token = String::new();
        for (ids, cookie) in [(&mut own, &ruth), (&mut foreign, &otto)] {
            let at = |rest: &str| format!("/charts/{}/{rest}", ids["{chart}"]);
            world.post(&at("people/add"), cookie, "to=&label=Dana&role=viewer&kind=allergies").await;
            let people = world.get(&at("people"), cookie).await.text();
            let invite = between(&people, "/invites/", "/withdraw").to_owned();
            let made = world.post(&at("tools"), cookie, &format!("name=script&until={}&kind=conditions", soon())).await;
            let text = made.text();
            assert_eq!(made.status, StatusCode::OK, "{text}");
            if token.is_empty() {
                token = format!("keepwell_{}", between(&text, "keepwell_", "<"));
            }
            let tools = world.get(&at("tools"), cookie).await.text();
            let tool = between(&tools, "/tools/", "/withdraw").to_owned();
            let form = "act=make&to=Dr+Vance&kind=conditions&form=link&until=week&profile=new-clinic";
            let made = world.post(&at("share"), cookie, form).await;
            assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text());
            let share = made.header("location").split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
            ids.extend([("{invite}", invite), ("{tool}", tool), ("{share}", share)]);
        }
        // Somebody who has given a name and not yet confirmed the recovery key.
        let page = world.post(&format!("/charts/{}/people/add", world.chart), &ruth, "to=&label=Hal&role=owner").await.text();
        let join = between(&page, "/join/", "<").to_owned();
        let half = world.post("/join", "", &format!("token={join}&name=Hal&passphrase={}", ANOTHER.replace(' ', "+"))).await;
        assert_eq!(half.header("location"), "/join/recovery-key", "{}", half.text());
        roles.push(("half joined", half.cookie()));
        roles.push(("half joined, as if signed in", half.cookie().replacen("-join=", "=", 1)));
        roles.push(("a token as a cookie", format!("keepwell={}", &token[token.len() - 43..])));
        for id in [&ids["removed"], &ids["other"]] {
            let off = world.post(&format!("/charts/{}/people/{id}/remove", world.chart), &ruth, "sure=yes").await;
            assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.text());
        }
        let conn = rusqlite::Connection::open(world.vault().join("household.db")).unwrap();
        conn.busy_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(conn.execute("UPDATE roles SET until = '2020-01-01' WHERE member = ?1", [&ids["expired"]]).unwrap(), 1);
        roles.push(("owner", ruth));
        Self { world, own, foreign, roles, token }
    }

    async fn ask(&self, method: &str, path: &str, cookie: &str) -> Answer {
        self.world.send(plain(method, path, cookie, if method == "POST" { "act=none" } else { "" })).await
    }
}

fn soon() -> String {
    jiff::Zoned::now().date().checked_add(jiff::Span::new().days(30)).unwrap().to_string()
}

/// A path with ids in its places.
fn filled(path: &str, ids: &Ids) -> String {
    // Addresses that are no chart's have places of their own: what stands there is nothing.
    let open = ["{name}", "{topic}", "{link}", "{file}", "{token}", "{closed}", "{kind}", "{*rest}"];
    let part = |part: &str| match ids.get(part) {
        Some(id) => id.clone(),
        None if open.contains(&part) => "1".to_owned(),
        None => {
            assert!(!part.starts_with('{'), "{path}: the matrix knows no id for {part}. Give it one, own and foreign.");
            part.to_owned()
        }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The answer without the ids that were asked for.
fn plainly(answer: &Answer, ids: &Ids) -> String {
    let mut text = answer.text();
    for id in ids.values().filter(|id| id.len() > 4) {
        text = text.replace(id.as_str(), "ID");
    }
    format!("{} {} {text}", answer.status, answer.header("content-type"))
}

/// What a role is to a chart: None for nobody, Err for a stranger who is signed in.
fn standing(role: &str) -> Option<Result<Role, ()>> {
    match role {
        "owner" => Some(Ok(Role::Owner)),
        "carer" => Some(Ok(Role::Carer)),
        "viewer" | "viewer of other kinds" => Some(Ok(Role::Viewer)),
        "other" | "removed" | "expired" => Some(Err(())),
        _ => None,
    }
}

fn needs(who: Who) -> Option<Role> {
    match who {
        Who::Reader => Some(Role::Viewer),
        Who::Writer => Some(Role::Carer),
        Who::Owner => Some(Role::Owner),
        Who::Anyone | Who::FirstRun | Who::Member | Who::Token => None,
    }
}

/// Words that somebody may never be told.
fn secrets(role: &str) -> Vec<&'static str> {
    match role {
        "owner" | "carer" => vec![FOREIGN, "Quist"],
        "viewer" => vec![FOREIGN, "Quist", RESULT, HIDDEN],
        "viewer of other kinds" => vec![FOREIGN, "Quist", PROBLEM, RESULT, HIDDEN],
        "other" => vec![PROBLEM, RESULT, HIDDEN],
        _ => vec![PROBLEM, RESULT, HIDDEN, FOREIGN, "Quist", "1954"],
    }
}

fn missing(ids: &Ids) -> Ids {
    ids.iter().map(|(place, id)| (*place, if *place == "{rid}" { "99999".to_owned() } else { "0".repeat(id.len()) })).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_for_every_role_with_every_id() {
    let house = House::new().await;
    let none = missing(&house.own);
    let owner = house.roles.last().unwrap().1.clone();
    let before = house.world.get(&format!("/charts/{}/kinds", house.world.chart), &owner).await.text();
    let (mut cells, mut routes) = (0, 0);
    for (method, path, who) in ROUTES.iter().chain(keepwell::web::routes::chart::ROUTES).copied() {
        if path == "/sign-out" {
            continue;
        }
        routes += 1;
        let own = filled(path, &house.own);
        // Whoever may do it does it to something that is not there, so that the matrix does not eat its own records.
        let mut harmless = none.clone();
        harmless.insert("{chart}", house.world.chart.clone());
        let harmless = filled(path, &harmless);
        for (role, cookie) in &house.roles {
            let what = format!("{method} {path} as {role}");
            let may = |least: Role| matches!(standing(role), Some(Ok(has)) if has >= least);
            let target = if method == "POST" && needs(who).is_some_and(may) { &harmless } else { &own };
            let answer = house.ask(method, target, cookie).await;
            cells += 1;
            assert!(!answer.status.is_server_error(), "{what}: {}", answer.status);
            let text = answer.text() + answer.header("location");
            for word in secrets(role) {
                assert!(!text.contains(word), "{what} was told {word}");
            }
            match (who, standing(role)) {
                (Who::Anyone, _) => {}
                (Who::FirstRun, _) => assert_eq!(answer.status, StatusCode::GONE, "{what}"),
                (Who::Token, _) => assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}"),
                (_, None) => {
                    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{what}");
                    assert!(answer.header("location").starts_with("/sign-in") && answer.body.is_empty(), "{what}");
                }
                (Who::Member, Some(_)) => assert!(!answer.header("location").starts_with("/sign-in"), "{what}"),
                (_, Some(Err(()))) => {
                    let like = house.ask(method, &filled(path, &none), cookie).await;
                    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{what}");
                    assert_eq!(plainly(&answer, &house.own), plainly(&like, &none), "{what}: unlike one that is not there");
                }
                (_, Some(Ok(has))) => {
                    let least = needs(who).unwrap();
                    assert_eq!(answer.status == StatusCode::FORBIDDEN, has < least, "{what}: {}", answer.status);
                }
            }
            if needs(who).is_none() || standing(role).is_none() {
                continue;
            }
            // A foreign chart, then foreign things below one's own chart.
            let mut below = house.foreign.clone();
            below.insert("{chart}", house.world.chart.clone());
            let mut none_below = none.clone();
            none_below.insert("{chart}", house.world.chart.clone());
            let stranger = *role != "other";
            // Numbers of records begin anew in each chart, and members of a household know of each other.
            let inner = path.matches('{').count() > 1 && !path.contains("{rid}") && !path.contains("{member}");
            for (ids, missing, asked) in [(&house.foreign, &none, stranger), (&below, &none_below, inner)] {
                if !asked {
                    continue;
                }
                let (there, not) =
                    (house.ask(method, &filled(path, ids), cookie).await, house.ask(method, &filled(path, missing), cookie).await);
                cells += 2;
                assert_eq!(plainly(&there, ids), plainly(&not, missing), "{what}: foreign is told from missing");
            }
        }
        // By the token, everywhere but where it belongs, one is nobody; where it belongs, it reads what it may.
        let mut request = plain(method, &own, "", "");
        request.headers_mut().insert("authorization", format!("Bearer {}", house.token).parse().unwrap());
        let answer = house.world.send(request).await;
        cells += 1;
        for word in [RESULT, HIDDEN, FOREIGN] {
            assert!(!answer.text().contains(word), "{method} {path} by token was told {word}");
        }
        match who {
            Who::Member | Who::Reader | Who::Writer | Who::Owner => {
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{method} {path} by token");
            }
            Who::Token => assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path} by token"),
            Who::Anyone | Who::FirstRun => {}
        }
    }
    assert!(routes > 130 && cells > 3000, "{routes} routes, {cells} cells");
    let after = house.world.get(&format!("/charts/{}/kinds", house.world.chart), &owner).await.text();
    assert_eq!(before, after, "nobody has changed the records");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_out_of_scope_answers_like_none_in_body_and_in_time() {
    let house = House::new().await;
    let cookie = |role: &str| house.roles.iter().find(|r| r.0 == role).unwrap().1.clone();
    let (viewer, owner) = (cookie("viewer"), cookie("owner"));
    let chart = &house.world.chart;
    let mut hidden = Vec::new();
    for rid in 1..=4 {
        let page = house.world.get(&format!("/charts/{chart}/records/{rid}"), &owner).await;
        if [RESULT, HIDDEN].iter().any(|word| page.text().contains(word)) && !page.text().contains(PROBLEM) {
            hidden.push(rid);
        }
    }
    assert_eq!(hidden.len(), 2, "one by its kind, one since it is sensitive");
    for rid in hidden {
        for place in
            ["records/{}", "records/{}/raw", "records/{}/fhir", "records/{}/content", "records/{}/picture", "results/{}", "documents/{}"]
        {
            let ask = |rid: &str| format!("/charts/{chart}/{}", place.replace("{}", rid));
            let (there, none) = (house.world.get(&ask(&rid.to_string()), &viewer).await, house.world.get(&ask("99999"), &viewer).await);
            assert_eq!((there.status, &there.body), (StatusCode::NOT_FOUND, &none.body), "{place}");
        }
    }
    // Time: foreign and missing charts by turns, the medians side by side.
    let other = cookie("removed");
    let zeros = "0".repeat(chart.len());
    let (mut there, mut none) = (Vec::new(), Vec::new());
    for _ in 0..61 {
        for (times, id) in [(&mut there, chart), (&mut none, &zeros)] {
            let began = Instant::now();
            let answer = house.world.get(&format!("/charts/{id}/records/2"), &other).await;
            times.push(began.elapsed());
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let (there, none) = (median(&mut there), median(&mut none));
    let apart = there.abs_diff(none);
    assert!(apart < Duration::from_millis(2).max(there.max(none) / 2), "there {there:?}, not there {none:?}");
}

#[test]
fn the_sensitive_word_is_told_for_one() {
    let kinds = keepwell::record::sensitive_words(&format!("HIV disease {HIDDEN}"));
    assert!(kinds.contains(Sensitive::Hiv), "else the matrix would test nothing");
}
