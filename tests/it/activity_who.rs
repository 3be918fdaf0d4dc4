//! Every kind of entry of the activity log says who did it and from where: all of them are done here, one after another.

use crate::activity::{raw_key_of, tamper};
use crate::binary::bundle;
use crate::web_world::{PASSPHRASE, World, options, plain};
use axum::http::StatusCode;
use keepwell::household::Grant;
use keepwell::vault::{Act, ActorKind, Choice, Entry, Place, Role};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const ANOTHER: &str = "teapot gravel violin seventeen";
/// Acts of which no test can make the server the doer: a log that somebody tampered with, and what a newer version writes.
const NOT_HERE: [Act; 2] = [Act::Broken, Act::Unknown];

fn file(value: u32) -> Vec<u8> {
    let lab = json!({"resourceType": "Observation", "id": format!("o{value}"), "status": "final", "subject": {"reference": "Patient/p1"},
        "code": {"text": "Potassium"}, "effectiveDateTime": "2020-02-03", "valueQuantity": {"value": value, "unit": "g"}});
    bundle(("Ruth", "Carver"), "1954-03-14", &[lab])
}

/// All entries of the chart, oldest first. Nothing of this holds it open.
fn entries(world: &World) -> Vec<Entry> {
    let who = world.app.household.with_recovery_key("Ruth", &world.recovery).expect("the key");
    let chart = world.app.household.open(&who, &world.chart).expect("opens");
    let mut all = Vec::new();
    chart
        .each_activity(&Choice::default(), &mut |entry| {
            all.push(entry);
            Ok(())
        })
        .expect("the log");
    all
}

/// Waits for an entry that is written aside.
async fn wait_for(world: &World, act: Act) {
    for _ in 0..200 {
        if entries(world).iter().any(|e| e.event.act == act) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no entry says {act:?}");
}

fn register(world: &World, sql: &str) {
    let conn = rusqlite::Connection::open(world.vault().join("household.db")).expect("opens");
    assert!(conn.execute(sql, []).expect(sql) > 0, "{sql}");
}

fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    page.split(before).nth(1).and_then(|rest| rest.split(after).next()).unwrap_or_else(|| panic!("no {before} in {page}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_and_from_where_stand_in_every_entry() {
    let world = World::new(options());
    let household = &world.app.household;
    let ruth = world.sign_in().await;
    let at = |rest: &str| format!("/charts/{}{rest}", world.chart);
    let done = async |path: &str, cookie: &str, form: &str| {
        let answer = world.post(path, cookie, form).await;
        assert!(answer.status.is_success() || answer.status == StatusCode::SEE_OTHER, "{path} {form}: {} {}", answer.status, answer.text());
        answer
    };

    // Records, and looks at them.
    world.upload(&ruth, "labs.json", &file(1)).await;
    world.upload(&ruth, "more.json", &file(2)).await;
    let seen = async |path: String| world.get(&path, &ruth).await;
    for page in ["", "/results", "/records/1", "/documents/1", "/sources", "/activity", "/people", "/records/1/fhir?save=1"] {
        assert_eq!(seen(at(page)).await.status, StatusCode::OK, "{page}");
    }
    let found = done(&at("/search"), &ruth, "words=potassium").await;
    seen(found.header("location").to_owned()).await;
    done(&at("/export"), &ruth, "format=ndjson").await;
    done(&at("/person"), &ruth, "person=Ruth+Carver&birth_date=1954-03-14&sex=female&colour=pine").await;

    // A link: made, opened, stopped, tried again. A program's token.
    let form = "act=make&to=Dr+Vance&kind=laboratory&form=link&until=week&profile=new-clinic";
    let page = done(&at("/share"), &ruth, form).await;
    let page = if page.status == StatusCode::SEE_OTHER { seen(page.header("location").to_owned()).await } else { page };
    let page = page.text();
    let link = between(&page, "shlink:/", "\"").split(['<', '&']).next().expect("a link").to_owned();
    let text = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, &link).expect("base64");
    let payload: serde_json::Value = serde_json::from_slice(&text).expect("json");
    let url = payload["url"].as_str().expect("a url");
    let manifest = url.split_once("/shl/").expect("an address").1.to_owned();
    let open = async || {
        let mut request = plain("POST", &format!("/shl/{manifest}"), "", "");
        request.headers_mut().insert("content-type", "application/json".parse().expect("a header"));
        *request.body_mut() = axum::body::Body::from(r#"{"recipient":"Dr Vance"}"#);
        world.send(request).await.status
    };
    assert_eq!(open().await, StatusCode::OK);
    let shares = seen(at("/share")).await.text();
    let share = between(&shares, &format!("{}/", at("/share")), "\"").split('/').next().expect("an id").to_owned();
    done(&at(&format!("/share/{share}")), &ruth, "act=stop").await;
    assert_eq!(open().await, StatusCode::NOT_FOUND);
    let until = jiff::Zoned::now().date().tomorrow().expect("a day");
    let page = done(&at("/tools"), &ruth, &format!("name=script&until={until}&kind=laboratory")).await.text();
    let token = format!("keepwell_{}", between(&page, "keepwell_", "<"));
    let mut request = plain("GET", "/fhir/Observation", "", "");
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    assert_eq!(world.send(request).await.status, StatusCode::OK);
    let tools = seen(at("/tools")).await.text();
    let tool = between(&tools, &format!("{}/", at("/tools")), "/").to_owned();
    done(&at(&format!("/tools/{tool}/withdraw")), &ruth, "sure=yes").await;

    // Peter: first a member of another chart, then a trusted contact, then somebody with a role.
    let who = household.with_recovery_key("Ruth", &world.recovery).expect("the key");
    let milo = household.add_person(&who, "Milo Carver", "2015-05-06", "male").expect("added");
    let key = household.add_member(&who, &milo.id, "Peter", ANOTHER, &Grant::of(Role::Viewer)).expect("added");
    let peter_id = household.member_named("Peter").expect("read").expect("a member").id;
    let peter = world.post("/sign-in", "", &format!("name=Peter&passphrase={}", key.as_str())).await.cookie();
    assert_eq!(world.get(&at(""), &peter).await.status, StatusCode::NOT_FOUND);
    wait_for(&world, Act::Denied).await;
    world.post("/sign-in", "", "name=ruth&passphrase=not+the+right+one+at+all").await;
    wait_for(&world, Act::WrongPassphrase).await;
    done(&at("/contact"), &ruth, &format!("act=name&member={peter_id}&days=2")).await;
    done(&at("/contact"), &ruth, &format!("act=wait&member={peter_id}&days=1")).await;
    let wish = format!("chart={}", world.chart);
    done("/contact", &peter, &format!("{wish}&act=ask")).await;
    done(&at("/contact/stop"), &ruth, &format!("act=refuse&member={peter_id}")).await;
    done("/contact", &peter, &format!("{wish}&act=ask")).await;
    register(&world, "UPDATE contacts SET waited = 86400");
    done("/contact", &peter, &format!("{wish}&act=open")).await;
    done(&at("/contact/stop"), &ruth, &format!("act=withdraw&member={peter_id}")).await;
    let role = |role: &str, until: &str| format!("role={role}&until={until}&kind=laboratory");
    done(&at(&format!("/people/{peter_id}")), &ruth, &role("carer", "")).await;
    done(&at(&format!("/people/{peter_id}/remove")), &ruth, "sure=yes").await;
    done(&at("/people/add"), &ruth, &format!("to={peter_id}&{}", role("viewer", ""))).await;
    let page = done(&at("/people/add"), &ruth, &format!("label=Peter&{}", role("carer", ""))).await.text();
    let invite = between(&page, "/join/", "<").split(['"', '&']).next().expect("a token").to_owned();
    done("/join/accept", &peter, &format!("token={invite}")).await;
    done(&at("/people/add"), &ruth, &format!("label=Vera&{}", role("viewer", ""))).await;
    let people = seen(at("/people")).await.text();
    let invite = between(&people, "/invites/", "/").to_owned();
    done(&at(&format!("/invites/{invite}/withdraw")), &ruth, "sure=yes").await;
    // A role whose last day is over: the chart gets new keys while its owner reads on.
    register(&world, &format!("UPDATE roles SET until = '2020-01-01' WHERE member = '{peter_id}' AND person = '{}'", world.chart));
    seen(at("/results")).await;
    wait_for(&world, Act::RoleEnded).await;

    // Keys and sessions, backups.
    done("/settings/keys/codes", &ruth, "sure=yes").await;
    done("/settings/sessions", &ruth, "others=yes").await;
    done("/settings/backups", &ruth, "act=make").await;
    wait_for(&world, Act::Backup).await;
    for _ in 0..200 {
        if !seen("/settings/backups".to_owned()).await.text().contains("is being made") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    // Taken out, brought back, taken out again and, 30 days later, gone for good.
    let sources = seen(at("/sources")).await.text();
    let source = between(&sources, &format!("{}/", at("/sources")), "\"").split(['/', '?']).next().expect("an id").to_owned();
    for act in ["remove", "restore", "remove"] {
        done(&at(&format!("/sources/{source}/{act}")), &ruth, "sure=yes").await;
    }
    done("/sign-out", &ruth, "").await;
    wait_for(&world, Act::SignedOut).await;
    let raw = raw_key_of(&world.vault(), &world.chart, PASSPHRASE);
    let sql = "UPDATE sources SET removed = removed - 31 * 86400 WHERE removed IS NOT NULL";
    tamper(&world.vault().join("charts").join(&world.chart).join("records.db"), &raw, sql);
    world.app.unlock(Some("Ruth"), &world.recovery).expect("unlocked");
    wait_for(&world, Act::Purged).await;

    let all = entries(&world);
    let members: BTreeSet<String> = household.members().expect("members").into_iter().map(|m| m.id).collect();
    for Entry { seq, event, .. } in &all {
        let (who, from) = (&event.who, &event.from);
        let told = format!("entry {seq}, {:?} by {who:?} from {from:?}", event.act);
        assert!(!who.name.is_empty(), "{told}");
        match who.kind {
            ActorKind::Member => assert!(members.contains(&who.id) && from.address == "127.0.0.1", "{told}"),
            ActorKind::Token | ActorKind::Link => assert!(!who.id.is_empty() && from.address == "127.0.0.1", "{told}"),
            ActorKind::System => assert_eq!(*from, Place::server(), "{told}"),
            ActorKind::Unknown | ActorKind::Clinic => assert_eq!(from.address, "127.0.0.1", "{told}"),
        }
    }
    let met: BTreeSet<Act> = all.iter().map(|e| e.event.act).collect();
    let missing: Vec<Act> = Act::ALL.iter().map(|(act, ..)| *act).filter(|act| !met.contains(act) && !NOT_HERE.contains(act)).collect();
    assert!(missing.is_empty(), "nothing here makes an entry of {missing:?}");
}
