//! The pages of the household: who reaches which, and what they do.

use super::web_world::{PASSPHRASE, World, options, plain};
use axum::http::StatusCode;
use keepwell::household::Grant;
use keepwell::vault::{Act, Choice, Role};
use keepwell::web::{ROUTES, Who};

const ANOTHER: &str = "teapot gravel violin seventeen";

/// A member with a role on Ruth's chart, signed in by their recovery key; their id and cookie.
async fn member(world: &World, name: &str, role: Role) -> (String, String) {
    let household = &world.app.household;
    let ruth = household.sign_in("Ruth", PASSPHRASE).unwrap();
    let key = household.add_member(&ruth, &world.chart, name, ANOTHER, &Grant::of(role)).unwrap();
    let answer = world.post("/sign-in", "", &format!("name={name}&passphrase={}", key.as_str())).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    (household.member_named(name).unwrap().unwrap().id, answer.cookie())
}

fn register(world: &World, sql: &str) {
    let conn = rusqlite::Connection::open(world.vault().join("household.db")).unwrap();
    assert!(conn.execute(sql, []).unwrap() > 0, "{sql}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_for_every_role() {
    let world = World::new(options());
    let (_, carer) = member(&world, "Cara", Role::Carer).await;
    let (_, viewer) = member(&world, "Vera", Role::Viewer).await;
    let (expired_id, expired) = member(&world, "Xena", Role::Owner).await;
    let (removed_id, removed) = member(&world, "Remo", Role::Owner).await;
    // Both had the chart open.
    for cookie in [&expired, &removed] {
        assert_eq!(world.get(&format!("/charts/{}", world.chart), cookie).await.status, StatusCode::OK);
    }
    let ruth = world.sign_in().await;
    register(&world, &format!("UPDATE roles SET until = '2020-01-01' WHERE member = '{expired_id}'"));
    let off = world.post(&format!("/charts/{}/people/{removed_id}/remove", world.chart), &ruth, "sure=yes").await;
    assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.text());
    let mut seen = 0;
    for (method, path, who) in ROUTES.iter().chain(keepwell::web::routes::chart::ROUTES).copied() {
        if !path.starts_with("/charts/{chart}") {
            continue;
        }
        seen += 1;
        let parts = path.split('/').map(|part| match part {
            "{chart}" => world.chart.as_str(),
            p if p.starts_with('{') => "1",
            p => p,
        });
        let own = parts.collect::<Vec<_>>().join("/");
        let form = if method == "POST" { "act=stop" } else { "" };
        let ask = |cookie: &str| world.send(plain(method, &own, cookie, form));
        let (carer, viewer) = (ask(&carer).await, ask(&viewer).await);
        for gone in [ask(&expired).await, ask(&removed).await] {
            assert_eq!(gone.status, StatusCode::NOT_FOUND, "{method} {path}");
            assert!(!gone.text().contains("Carver"), "{method} {path}");
        }
        let may = |least: Role| match who {
            Who::Owner => least >= Role::Owner,
            Who::Writer => least >= Role::Carer,
            _ => true,
        };
        for (answer, role) in [(carer, Role::Carer), (viewer, Role::Viewer)] {
            assert_eq!(answer.status != StatusCode::FORBIDDEN, may(role), "{method} {path} as {role:?}: {}", answer.status);
            assert!(!answer.status.is_server_error(), "{method} {path} as {role:?}: {}", answer.status);
        }
    }
    assert!(seen > 80, "only {seen} routes of a chart");
    // The household's own pages: only the keeper removes.
    for (path, form) in [
        (format!("/household/members/{expired_id}/remove"), "sure=yes".to_owned()),
        ("/household/keeper".to_owned(), format!("member={expired_id}")),
        (format!("/household/charts/{}/remove", world.chart), "sure=yes".to_owned()),
    ] {
        for cookie in [&carer, &viewer, &expired, &removed] {
            assert_eq!(world.post(&path, cookie, &form).await.status, StatusCode::FORBIDDEN, "{path}");
            assert_eq!(world.get(&path, cookie).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    let gone = world.post(&format!("/household/members/{removed_id}/remove"), &ruth, "sure=yes").await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", gone.text());
    let after = world.get("/household", &removed).await;
    assert!(after.header("location").starts_with("/sign-in"), "signed out at once: {}", after.status);
    assert_eq!(world.app.household.members().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_from_the_link_to_the_chart() {
    let world = World::new(options());
    let ruth = world.sign_in().await;
    let people = format!("/charts/{}/people", world.chart);
    let form = "to=&label=Dana&role=viewer&kind=allergies&kind=medicines&until=2999-12-31";
    let page = world.post(&format!("{people}/add"), &ruth, form).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let text = page.text();
    let link = text.split("http://localhost:8787").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let token = link.strip_prefix("/join/").unwrap().to_owned();
    assert!(
        world
            .get(&people, &ruth)
            .await
            .text()
            .contains("Viewer, until 31 December 2999. Sees allergies, medicines. Sensitive kinds are left out")
    );
    assert!(!world.get(&people, &ruth).await.text().contains(&token), "shown once");

    let there = world.get(&link, "").await;
    assert_eq!(there.status, StatusCode::OK);
    assert!(there.text().contains("Ruth Carver") && there.text().contains("You are invited"));
    let bad = world.post("/join", "", &format!("token={token}&name=Dana&passphrase=short")).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    let half = world.post("/join", "", &format!("token={token}&name=Dana&passphrase={}", ANOTHER.replace(' ', "+"))).await;
    assert_eq!((half.status, half.header("location")), (StatusCode::SEE_OTHER, "/join/recovery-key"), "{}", half.text());
    // Half joined: no page opens, and signing in does not work.
    let joining = half.cookie();
    for path in ["/charts", "/household", "/settings", people.as_str()] {
        assert!(world.get(path, &joining).await.header("location").starts_with("/sign-in"), "{path}");
        let pretend = joining.replacen("-join=", "=", 1);
        assert!(world.get(path, &pretend).await.header("location").starts_with("/sign-in"), "{path}");
    }
    let early = world.post("/sign-in", "", &format!("name=Dana&passphrase={}", ANOTHER.replace(' ', "+"))).await;
    assert_eq!(early.status, StatusCode::FORBIDDEN);
    let key = world.get("/join/recovery-key", &joining).await;
    assert!(key.text().contains("AGE-SECRET-KEY-1"));
    assert_eq!(world.post("/join/recovery-key", &joining, "").await.header("location"), "/join/recovery-key", "on purpose");
    assert_eq!(world.app.household.members().unwrap().len(), 1);
    let done = world.post("/join/recovery-key", &joining, "kept=no").await;
    assert_eq!(done.header("location"), format!("/charts/{}", world.chart), "{}", done.text());
    let dana = done.cookie();
    assert_eq!(world.get(&format!("/charts/{}", world.chart), &dana).await.status, StatusCode::OK);
    let seen = world.get(&people, &dana).await.text();
    assert!(seen.contains("Dana") && !seen.contains("Take off"), "a viewer sees who has access and changes nothing");
    assert!(seen.contains("Viewer, until 31 December 2999") && !seen.to_lowercase().contains("sensitive"), "and not what is left out");
    // The link is over, in the same words for every reason.
    let used = world.get(&link, "").await;
    let none = world.get("/join/nonsense", "").await;
    let again = world.post("/join", "", &format!("token={token}&name=Eve&passphrase={}", ANOTHER.replace(' ', "+"))).await;
    for answer in [&used, &none, &again] {
        assert_eq!(answer.status, StatusCode::GONE);
        assert_eq!(answer.body, none.body);
    }
    assert_eq!(world.get("/join/recovery-key", &joining).await.status, StatusCode::GONE);
    // Withdrawn on a page that asks first.
    let page = world.post(&format!("{people}/add"), &ruth, form).await.text();
    let link = page.split("http://localhost:8787").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let list = world.get(&people, &ruth).await.text();
    let ask = list.split("href=\"").find_map(|rest| rest.split('"').next().filter(|a| a.ends_with("/withdraw"))).unwrap().to_owned();
    assert!(world.get(&ask, &ruth).await.text().contains("Withdraw this invite?"));
    assert_eq!(world.post(&ask, &ruth, "sure=yes").await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.get(&link, "").await.body, none.body);
    // A member who is signed in accepts another one.
    let page = world.post(&format!("{people}/add"), &ruth, "to=&label=Dana&role=carer").await.text();
    let link = page.split("http://localhost:8787").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(world.get(&link, &dana).await.text().contains("Accept as Dana"));
    let token = link.strip_prefix("/join/").unwrap();
    assert_eq!(world.post("/join/accept", &dana, &format!("token={token}")).await.status, StatusCode::SEE_OTHER);
    assert!(world.get(&people, &dana).await.text().contains("Carer"));
    // Taken off by the owner: all of it is in the chart's log, unbroken over the change of keys.
    let dana_id = world.app.household.member_named("Dana").unwrap().unwrap().id;
    assert_eq!(world.post(&format!("{people}/{dana_id}/remove"), &ruth, "sure=yes").await.header("location"), people);
    assert_eq!(world.get(&people, &dana).await.status, StatusCode::NOT_FOUND);
    let who = world.app.household.sign_in("Ruth", PASSPHRASE).unwrap();
    let chart = world.app.household.open(&who, &world.chart).unwrap();
    assert!(!world.app.household.is_due(&world.chart).unwrap());
    let acts: Vec<Act> = chart.activity(&Choice::default()).unwrap().into_iter().map(|e| e.event.act).collect();
    for (act, times) in [(Act::InviteMade, 3), (Act::InviteUsed, 2), (Act::InviteWithdrawn, 1), (Act::RoleRemoved, 1), (Act::Rekeyed, 1)] {
        assert_eq!(acts.iter().filter(|a| **a == act).count(), times, "{act:?} in {acts:?}");
    }
    assert!(chart.verify_activity().unwrap().fault.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_added_corrected_and_removed() {
    let world = World::new(options());
    let ruth = world.sign_in().await;
    let bad = world.post("/household/people/new", &ruth, "person=Milo+Carver&birth_date=2999-01-01&sex=male").await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    assert!(bad.text().contains("value=\"Milo Carver\""));
    let made = world.post("/household/people/new", &ruth, "person=Milo+Carver&birth_date=2019-08-09&sex=male").await;
    let chart = made.header("location").to_owned();
    let page = world.get(&format!("{chart}/people"), &ruth).await.text();
    assert!(page.contains("band who-indigo") && page.contains("born 9 August 2019"), "whose chart, in name and colour");
    assert!(page.contains("print-head who-indigo"));
    let wrong = world.post(&format!("{chart}/person"), &ruth, "person=Milo&birth_date=x&sex=male&colour=pine").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let edited = world.post(&format!("{chart}/person"), &ruth, "person=Milo+Reed&birth_date=2019-08-10&sex=male&colour=pine").await;
    assert_eq!(edited.status, StatusCode::SEE_OTHER, "{}", edited.text());
    let page = world.get(&chart, &ruth).await.text();
    assert!(page.contains("band who-pine") && page.contains("Milo Reed") && page.contains("10 August 2019"));
    let ask = world.get(&format!("{chart}/person/remove"), &ruth).await.text();
    assert!(ask.contains("Remove Milo Reed and the chart?") && ask.contains("0 records") && ask.contains("0 files"));
    assert_eq!(world.post(&format!("{chart}/person/remove"), &ruth, "").await.header("location"), format!("{chart}/person/remove"));
    assert_eq!(world.get(&chart, &ruth).await.status, StatusCode::OK, "not without the answer");
    assert_eq!(world.post(&format!("{chart}/person/remove"), &ruth, "sure=yes").await.header("location"), "/household");
    assert_eq!(world.get(&chart, &ruth).await.status, StatusCode::NOT_FOUND);
    assert!(!world.get("/household", &ruth).await.text().contains("Milo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_members_asks_again_who_it_is() {
    let world = World::new(keepwell::web::Options { fresh: std::time::Duration::ZERO, ..options() });
    let ruth = world.sign_in().await;
    for path in
        [format!("/charts/{}/people/add", world.chart), format!("/charts/{}/person/remove", world.chart), "/household/keeper".into()]
    {
        let answer = world.post(&path, &ruth, "sure=yes").await;
        assert!(answer.header("location").starts_with("/confirm"), "{path}: {}", answer.status);
    }
    assert_eq!(world.app.household.charts(&world.app.household.sign_in("Ruth", PASSPHRASE).unwrap()).unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_taken_off_leaves_no_open_link_behind_unless_that_is_wished() {
    let world = World::new(options());
    let ruth = world.sign_in().await;
    let at = |rest: &str| format!("/charts/{}{rest}", world.chart);
    let open = || {
        let who = world.app.household.sign_in("Ruth", PASSPHRASE).unwrap();
        let chart = world.app.household.open(&who, &world.chart).unwrap();
        let all = keepwell::share::list(&world.app.household, &chart).unwrap();
        let open = all.into_iter().filter(|s| s.state == keepwell::share::State::Open);
        open.map(|s| s.by).collect::<Vec<_>>()
    };
    let form = "act=make&to=Dr+Vance&kind=conditions&form=link&until=week&profile=new-clinic";
    for (name, tick, left) in [("Remo", "", vec!["Remo", "Ruth"]), ("Cara", "&links=stop", vec!["Remo", "Ruth"])] {
        let (id, cookie) = member(&world, name, Role::Carer).await;
        for by in [&cookie, &ruth].iter().take(if name == "Remo" { 2 } else { 1 }) {
            let made = world.post(&at("/share"), by, form).await;
            assert!(made.status.is_success() || made.status == StatusCode::SEE_OTHER, "{}", made.text());
        }
        let page = world.get(&at(&format!("/people/{id}/remove")), &ruth).await.text();
        assert!(page.contains(&format!("Links that {name} made")) && page.contains("Dr Vance"), "{page}");
        let done = world.post(&at(&format!("/people/{id}/remove")), &ruth, &format!("sure=yes{tick}")).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let mut still = open();
        still.sort();
        assert_eq!(still, left, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_stand_on_the_list_of_charts_and_on_home_until_they_are_put_away() {
    let world = World::new(options());
    let ruth = world.sign_in().await;
    let household = &world.app.household;
    let (id, vera) = member(&world, "Vera", Role::Viewer).await;
    let today = jiff::Zoned::now().date();
    let soon = today.checked_add(jiff::Span::new().days(5)).unwrap();
    register(&world, &format!("UPDATE roles SET until = '{soon}', granted = 5 WHERE member = '{id}'"));
    household.tell_endings(today).unwrap();
    household.tell_all_owners(&keepwell::vault::Notice::new(keepwell::vault::NoticeKind::BackupOld)).unwrap();
    let home = format!("/charts/{}", world.chart);
    let said = |page: &str, words: &[&str]| {
        for words in words {
            assert!(page.contains(words), "{words}: {page}");
        }
    };
    for page in ["/charts", home.as_str()] {
        let own = world.get(page, &ruth).await.text();
        said(&own, &["Vera’s role on Ruth Carver’s chart ends after", &format!("{home}/people/{id}\""), "verified in the last 48 hours"]);
        let other = world.get(page, &vera).await.text();
        said(&other, &["Your role on Ruth Carver’s chart ends after"]);
        assert!(!other.contains("48 hours"), "a viewer keeps no backups");
    }
    for left in [1, 0] {
        let page = world.get("/charts", &ruth).await.text();
        let name = page.split("name=\"id\" value=\"").nth(1).and_then(|r| r.split('"').next()).expect("a notice").to_owned();
        assert_eq!(world.post("/notices", &ruth, &format!("id={name}&next=/charts")).await.header("location"), "/charts");
        assert_eq!(world.get("/charts", &ruth).await.text().matches("I have read this").count(), left);
    }
}
