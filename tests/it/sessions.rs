//! The page of sessions and of known browsers.

use crate::signin::{form, set};
use crate::web_world::{PASSPHRASE, World, options, plain};
use axum::http::StatusCode;
use keepwell::vault::NoticeKind;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended() {
    let world = World::new(options());
    let at = |agent: &str| {
        let mut request = plain("POST", "/sign-in", "", &form(&[("name", "Ruth"), ("passphrase", &world.recovery)]));
        request.headers_mut().insert("user-agent", agent.parse().expect("a header"));
        request
    };
    let here = world.send(at("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).await.cookie();
    let there = world.send(at("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1 <script>")).await.cookie();
    let third = world.send(at("curl/8")).await.cookie();
    let page = world.get("/settings/sessions", &here).await.text();
    assert!(page.contains("Firefox on Linux") && page.contains("Safari on an iPhone") && !page.contains("<script>"), "{page}");
    assert_eq!(page.matches("this browser").count(), 1);
    for cookie in [&here, &there, &third] {
        let token = cookie.split_once('=').expect("a cookie").1;
        assert!(!page.contains(token), "the list opens nothing");
    }
    // Each id ends one of the member's own, and only that.
    let ids: Vec<&str> = page.split("name=\"id\" value=\"").skip(1).filter_map(|r| r.split('"').next()).collect();
    assert_eq!(ids.len(), 2, "{page}");
    assert_eq!(world.post("/settings/sessions", &here, &form(&[("id", ids[0])])).await.header("location"), "/settings/sessions");
    let open = [world.get("/settings", &there).await.status, world.get("/settings", &third).await.status];
    assert_eq!(open.iter().filter(|status| **status == StatusCode::OK).count(), 1);
    assert_eq!(world.post("/settings/sessions", &here, "others=yes").await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.get("/settings", &there).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.get("/settings", &third).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.get("/settings", &here).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn known_browsers_are_listed_and_forgotten_one_by_one() {
    let world = World::new(options());
    let sign_in = async |cookie: &str, agent: &str| {
        let mut request = plain("POST", "/sign-in", cookie, &form(&[("name", "Ruth"), ("passphrase", &world.recovery)]));
        request.headers_mut().insert("user-agent", agent.parse().expect("a header"));
        let answer = world.send(request).await;
        (set(&answer, "keepwell"), set(&answer, "keepwell-known"))
    };
    let new_browsers = || {
        let who = world.app.household.with_recovery_key("Ruth", &world.recovery).expect("the key");
        world.app.household.notices(&who).expect("notices").iter().filter(|(_, n)| n.kind == NoticeKind::NewDevice).count()
    };
    let (session, known) = sign_in("", FIREFOX).await;
    let (_, phone) = sign_in("", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1").await;
    assert_eq!(new_browsers(), 1, "the first of all is no news");
    let (_, again) = sign_in(&known, FIREFOX).await;
    assert_eq!((again.as_str(), new_browsers()), (known.as_str(), 1), "it is known, and stays the same one");
    // A mark that nobody gave out, and one of another member, are no browser of Ruth's.
    let (member, random) = known.split_once('=').expect("a cookie").1.split_once('.').expect("a mark");
    for forged in [format!("keepwell-known={member}.{}", "A".repeat(random.len())), format!("keepwell-known=0123456789abcdef.{random}")] {
        let (_, given) = sign_in(&forged, FIREFOX).await;
        assert!(given != forged && !given.contains(&"A".repeat(22)), "{given}");
    }
    assert_eq!(new_browsers(), 3);
    let list = async || world.send(plain("GET", "/settings/sessions", &format!("{session}; {known}"), "")).await.text();
    let page = list().await;
    let known_of = |page: &str| page.split("id=\"known\"").nth(1).expect("a section").to_owned();
    let part = known_of(&page);
    assert_eq!((part.matches("Forget it").count(), part.matches("this browser").count()), (4, 1), "{part}");
    assert!(part.contains("Safari on an iPhone") && !part.contains(random), "the list opens nothing");
    // The phone is lost: its browser is a new one again, and has no tries of its own.
    let row = part.split("<li>").find(|row| row.contains("iPhone")).expect("a row");
    let id = row.split("name=\"forget\" value=\"").nth(1).and_then(|r| r.split('"').next()).expect("an id").to_owned();
    let forget = form(&[("forget", &id)]);
    assert_eq!(world.post("/settings/sessions", &session, &forget).await.header("location"), "/settings/sessions");
    assert_eq!(world.post("/settings/sessions", &session, &forget).await.status, StatusCode::NOT_FOUND, "it is gone");
    assert_eq!((known_of(&list().await).matches("Forget it").count(), known_of(&list().await).matches("iPhone").count()), (3, 0));
    assert_eq!(world.get("/settings", &session).await.status, StatusCode::OK, "no session has ended");
    let wrong = form(&[("name", "Ruth"), ("passphrase", "not the right one at all")]);
    for _ in 0..5 {
        assert_eq!(world.post("/sign-in", "", &wrong).await.status, StatusCode::FORBIDDEN);
    }
    let right = form(&[("name", "Ruth"), ("passphrase", PASSPHRASE)]);
    assert_eq!(world.post("/sign-in", &phone, &right).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(world.post("/sign-in", &known, &right).await.status, StatusCode::SEE_OTHER);
}
