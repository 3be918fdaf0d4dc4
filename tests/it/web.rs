//! Who may go where, and what every answer carries.

use super::web_world::{Answer, PASSPHRASE, World, options, plain};
use axum::http::{HeaderValue, StatusCode, header};
use keepwell::web::{ROUTES, Who};
use std::collections::BTreeSet;
use std::time::Duration;

fn all_routes() -> Vec<(&'static str, &'static str, Who)> {
    ROUTES.iter().chain(keepwell::web::routes::chart::ROUTES).copied().collect()
}

/// A path with something in its places; `chart` where the chart goes.
fn filled(path: &str, chart: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{chart}" => chart,
        p if p.starts_with('{') => "1",
        p => p,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Whether an address of the table is served by the router's "and whatever follows" of another one.
fn within(path: &str, other: &str) -> bool {
    other.strip_suffix("{*rest}").is_some_and(|stem| path != other && path.starts_with(stem))
}

#[test]
fn the_table_and_the_router_name_the_same_addresses() {
    let debug = format!("{:?}", keepwell::web::router::addresses());
    let served: BTreeSet<&str> = debug.split('"').filter(|part| part.starts_with('/') && !part.contains("__private")).collect();
    let all: BTreeSet<&str> = all_routes().into_iter().map(|(_, path, _)| path).collect();
    let listed: BTreeSet<&str> =
        all.iter().copied().filter(|path| served.contains(path) || !all.iter().any(|other| within(path, other))).collect();
    assert_eq!(served, listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_that_are_not_in_the_table_are_refused() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let routes = all_routes();
    let paths: BTreeSet<&str> = routes.iter().map(|(_, path, _)| *path).collect();
    for path in paths {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let listed = routes.iter().any(|(m, p, _)| *m == method && (*p == path || within(path, p)));
            let answer = world.send(plain(method, &filled(path, &world.chart), &cookie, "")).await;
            assert_eq!(answer.status != StatusCode::METHOD_NOT_ALLOWED, listed, "{method} {path}: {}", answer.status);
            assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{method} {path}");
            if path == "/sign-out" && method == "POST" {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_matrix() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    // A chart that exists, in another household: as good as none.
    let other = World::new(options());
    for (method, path, who) in all_routes() {
        if path == "/sign-out" {
            continue;
        }
        let own = filled(path, &world.chart);
        let form = if method == "POST" { "act=stop" } else { "" };
        let stranger = world.send(plain(method, &own, "", form)).await;
        let member = world.send(plain(method, &own, &cookie, form)).await;
        let stale = world.send(plain(method, &own, &format!("keepwell={}", "A".repeat(43)), form)).await;
        match who {
            Who::Anyone => assert_ne!(stranger.status, StatusCode::FORBIDDEN, "{method} {path}"),
            Who::FirstRun => assert_eq!(stranger.status, StatusCode::GONE, "{method} {path}"),
            // A program's token, and no cookie in its place.
            Who::Token => {
                for answer in [&stranger, &member, &stale] {
                    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
                    assert_eq!(answer.header("www-authenticate"), "Bearer", "{method} {path}");
                }
            }
            Who::Member | Who::Reader | Who::Writer | Who::Owner => {
                for answer in [&stranger, &stale] {
                    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{method} {path}");
                    assert!(answer.header("location").starts_with("/sign-in"), "{method} {path}: {}", answer.header("location"));
                    assert!(answer.body.is_empty(), "{method} {path}");
                }
                assert!(!member.header("location").starts_with("/sign-in"), "{method} {path}");
            }
        }
        if matches!(who, Who::Reader | Who::Writer | Who::Owner) {
            let nonsense = world.send(plain(method, &filled(path, "nonsense"), &cookie, form)).await;
            let foreign = world.send(plain(method, &filled(path, &other.chart), &cookie, form)).await;
            let missing = world.send(plain(method, &filled(path, "0000000000000000"), &cookie, form)).await;
            for answer in [&nonsense, &foreign, &missing] {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
                assert_eq!(answer.body, nonsense.body, "{method} {path}: a foreign chart answers like none at all");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let mut paths: Vec<(&str, String)> = all_routes().into_iter().map(|(m, p, _)| (m, filled(p, &world.chart))).collect();
    paths.retain(|(_, path)| path != "/sign-out");
    paths.push(("GET", "/nothing/here".into()));
    paths.push(("PUT", "/settings".into()));
    for (method, path) in &paths {
        for cookie in ["", cookie.as_str()] {
            let answer = world.send(plain(method, path, cookie, "")).await;
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("default-src 'none'") && policy.contains("base-uri 'none'"), "{method} {path}: {policy}");
            // The viewer of health links asks the server that a link names; nobody else asks any other.
            let asked = if path == "/view" { policy.replace("connect-src 'self' https:", "") } else { policy.to_owned() };
            assert!(!asked.contains("unsafe") && !asked.contains('*') && !asked.contains("http"), "{method} {path}: {policy}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{method} {path}");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{method} {path}");
            let link = path.starts_with("/shl/") && !path.ends_with("/reply");
            let resource = if link { "cross-origin" } else { "same-origin" };
            assert_eq!(answer.header("cross-origin-resource-policy"), resource, "{method} {path}");
            assert!(answer.header("permissions-policy").contains("camera=()"), "{method} {path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{method} {path}");
            let text = answer.text();
            assert!(!text.contains(" style=") && !text.contains("<style") && !text.contains(" onclick="), "{method} {path}: inline");
            for (at, _) in text.match_indices("<script") {
                assert!(text[at..].starts_with("<script src="), "{method} {path}: a script inline");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_are_kept_for_ever_by_their_hash() {
    let world = World::new(options());
    let page = world.get("/sign-in", "").await.text();
    let assets: BTreeSet<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(assets.len(), 4, "{assets:?}");
    for asset in assets {
        let answer = world.get(asset, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{asset}");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable", "{asset}");
        assert!(!answer.body.is_empty(), "{asset}");
    }
    assert_eq!(world.get("/assets/keepwell-0000000000000000.css", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_and_foreign_names_change_nothing() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let send = |name: &'static str, value: &str| {
        let mut request = plain("POST", "/settings", &cookie, "look=dark&idle=5");
        request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a value"));
        world.send(request)
    };
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example"), ("origin", "null")]
    {
        let answer = send(name, value).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert_eq!(answer.header("set-cookie"), "");
    }
    for (name, value) in [("sec-fetch-site", "same-origin"), ("origin", "http://localhost:8787")] {
        assert_eq!(send(name, value).await.status, StatusCode::SEE_OTHER, "{name}: {value}");
    }
    assert_eq!(send("host", "evil.example").await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_cookie_and_the_way_back() {
    let world = World::new(options());
    let wanted = format!("/charts/{}/sources", world.chart);
    let sent = world.get(&wanted, "").await;
    assert_eq!(sent.header("location"), format!("/sign-in?next={wanted}"));
    let form = format!("name=ruth&passphrase={}&next=", PASSPHRASE.replace(' ', "+"));
    let there = world.post("/sign-in", "", &format!("{form}{wanted}")).await;
    assert_eq!(there.header("location"), wanted);
    let cookie = there.header("set-cookie");
    assert!(cookie.starts_with("keepwell=") && cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/"), "{cookie}");
    assert_eq!(world.get(&wanted, &there.cookie()).await.status, StatusCode::OK);
    let away = world.post("/sign-in", &there.cookie(), &format!("{form}//evil.example/")).await;
    assert_eq!(away.header("location"), "/");
    assert_ne!(away.cookie(), there.cookie(), "a new token at every sign-in");
    assert_eq!(world.get(&wanted, &there.cookie()).await.status, StatusCode::SEE_OTHER, "the old token is over");
    let out = world.post("/sign-out", &away.cookie(), "").await;
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(world.get(&wanted, &away.cookie()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tls_the_cookie_is_bound_to_the_host_and_the_prefix_is_everywhere() {
    let tls = keepwell::web::Options { base_url: Some("https://home.example/health".into()), ..options() };
    let world = World::new(tls);
    let form = format!("name=Ruth&passphrase={}", PASSPHRASE.replace(' ', "+"));
    let there = world.post("/health/sign-in", "", &form).await;
    let cookie = there.header("set-cookie");
    assert!(cookie.starts_with("__Host-keepwell=") && cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/; Secure"), "{cookie}");
    assert_eq!(there.header("location"), "/health/");
    // A proxy that keeps the prefix and one that takes it away reach the same page.
    for path in [format!("/health/charts/{}", world.chart), format!("/charts/{}", world.chart)] {
        let page = world.get(&path, &there.cookie()).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for address in page.text().split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(address.starts_with("/health/") || address.starts_with('#'), "{address}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_side_by_side_cannot_beat_the_wait() {
    let world = World::new(options());
    let wrong = "name=Ruth&passphrase=not+the+right+words";
    let tries = (0..20).map(|_| world.post("/sign-in", "", wrong));
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|a| a.status == StatusCode::FORBIDDEN).count();
    let refused = answers.iter().filter(|a| a.status == StatusCode::TOO_MANY_REQUESTS).count();
    assert_eq!((looked_at, refused), (5, 15));
    assert!(answers.iter().any(|a| a.text().contains("You have 4 tries left before a short wait.")));
    assert!(answers.iter().filter(|a| a.status == StatusCode::TOO_MANY_REQUESTS).all(|a| !a.header("retry-after").is_empty()));
    let right = world.post("/sign-in", "", &format!("name=Ruth&passphrase={}", PASSPHRASE.replace(' ', "+"))).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "even the right one has to wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_needs_its_code_and_happens_once() {
    let world = World::empty(options());
    assert_eq!(world.get("/", "").await.header("location"), "/welcome");
    let path = world.app.welcome_path().expect("a code");
    let code = path.rsplit('=').next().expect("a code").to_owned();
    for bad in ["/welcome", "/welcome?code=", "/welcome?code=nonsense"] {
        assert_eq!(world.get(bad, "").await.status, StatusCode::FORBIDDEN, "{bad}");
    }
    assert_eq!(world.get(&path, "").await.status, StatusCode::OK);
    let fields = "name=Ruth&person=Ruth+Carver&birth_date=1954-03-14&sex=female";
    assert_eq!(world.post("/welcome", "", &format!("{fields}&passphrase=four+words+make+one")).await.status, StatusCode::FORBIDDEN);
    let short = world.post("/welcome", "", &format!("code={code}&{fields}&passphrase=too+short")).await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    assert!(
        short.text().contains("value=\"Ruth Carver\"") && !short.text().contains("too short\""),
        "fields stay, the passphrase does not"
    );
    let begun = world.post("/welcome", "", &format!("code={code}&{fields}&passphrase=four+words+make+one")).await;
    assert_eq!(begun.header("location"), "/welcome/recovery-key", "{}", begun.text());
    let cookie = begun.cookie();
    assert!(world.get("/welcome/recovery-key", &cookie).await.text().contains("Your recovery key"));
    assert_eq!(world.get("/welcome/recovery-key", "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.post("/welcome/recovery-key", &cookie, "kept=yes").await.header("location"), "/");
    assert_eq!(world.get("/welcome/recovery-key", &cookie).await.status, StatusCode::NOT_FOUND, "shown once");
    let home = world.get("/", &cookie).await.header("location").to_owned();
    assert!(world.get(&home, &cookie).await.text().contains("Your chart is ready"));
    assert_eq!(world.get(&path, "").await.status, StatusCode::GONE);
    assert_eq!(world.post("/welcome", "", &format!("code={code}&{fields}&passphrase=four+words+make+one")).await.status, StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_left_alone_locks_and_what_was_typed_is_kept() {
    let world = World::new(keepwell::web::Options { idle: Duration::from_millis(300), ..options() });
    let cookie = world.sign_in().await;
    let search = format!("/charts/{}/search", world.chart);
    assert_eq!(world.get(&search, &cookie).await.status, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(world.post(&search, &cookie, "words=apixaban").await.header("location"), "/sign-in");
    let page = world.get("/sign-in", &cookie).await.text();
    assert!(page.contains("so the chart is locked.") && page.contains("What you typed is kept."), "{page}");
    assert!(!page.contains("apixaban"), "not shown before the sign-in");
    let form = format!("name=Ruth&passphrase={}", PASSPHRASE.replace(' ', "+"));
    let back = world.post("/sign-in", &cookie, &form).await;
    assert!(back.text().contains("name=\"words\" value=\"apixaban\"") && back.text().contains(&format!("action=\"{search}\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_typed_into_search_never_stand_in_an_address() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let search = format!("/charts/{}/search", world.chart);
    let kept = world.post(&search, &cookie, "words=hypertension").await;
    let to = kept.header("location").to_owned();
    assert!(to.starts_with(&format!("{search}?kept=")) && !to.contains("hyper"), "{to}");
    assert!(world.get(&to, &cookie).await.text().contains("value=\"hypertension\""));
    let other = world.sign_in().await;
    assert!(!world.get(&to, &other).await.text().contains("hypertension"), "only in the session that typed it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_too_large_is_refused_in_words() {
    let world = World::new(options());
    let answer = world.post("/sign-in", "", &format!("name={}", "a".repeat(600_000))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().contains("<h1>That is too large</h1>"));
    assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY));
}

// ---- adding records

const RUTH: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
 {"resource":{"resourceType":"Patient","id":"p1","name":[{"given":["Ruth"],"family":"Carver"}],"birthDate":"1954-03-14"}},
 {"resource":{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"Potassium"},"subject":{"reference":"Patient/p1"},
  "effectiveDateTime":"2026-11-20","valueQuantity":{"value":5.60,"unit":"mmol/L"},"referenceRange":[{"low":{"value":3.5},"high":{"value":5.1}}]}}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_in_and_comes_out_byte_for_byte() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let job = world.upload(&cookie, "my \u{fc}ber chart.json", RUTH.as_bytes()).await;
    let to = world.get(&job, &cookie).await.header("location").to_owned();
    let report = world.get(&to, &cookie).await.text();
    assert!(report.contains("<h1>Done: your file is in</h1>") && report.contains("<dd>2</dd><dt>records found</dt>"), "{report}");
    let home = world.get(&format!("/charts/{}", world.chart), &cookie).await.text();
    assert!(home.contains("Potassium") && home.contains("5.60") && home.contains("Above range"), "digits stay: {home}");
    let source = to.trim_end_matches("?done");
    let original: Answer = world.get(&format!("{source}/original"), &cookie).await;
    assert_eq!(original.body, RUTH.as_bytes());
    assert!(original.header("content-disposition").starts_with("attachment; "));
    assert_eq!(original.header("cache-control"), "no-store");
    // The same file again: nothing is stored.
    let job = world.upload(&cookie, "again.json", RUTH.as_bytes()).await;
    let page = world.get(&job, &cookie).await.text();
    assert!(page.contains("Nothing new in it") && page.contains("2 found: 2 already here."), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_about_somebody_else_is_asked_about_and_may_be_left_or_taken() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let rita = RUTH.replace("Ruth", "Rita").replace("1954-03-14", "1945-01-02");
    let sources = format!("/charts/{}/sources", world.chart);
    let job = world.upload(&cookie, "rita.json", rita.as_bytes()).await;
    let page = world.get(&job, &cookie).await.text();
    assert!(page.contains("This file is about Rita Carver, born 2 January 1945.") && page.contains("Nothing was stored."), "{page}");
    assert!(world.get(&sources, &cookie).await.text().contains("No sources yet"));
    world.post(&job, &cookie, "act=leave&file=0").await;
    assert!(world.get(&job, &cookie).await.text().contains("You chose not to add it."));
    world.post(&job, &cookie, "act=accept&file=0").await;
    assert!(world.get(&sources, &cookie).await.text().contains("No sources yet"), "a file that was left is gone");
    let job = world.upload(&cookie, "rita.json", rita.as_bytes()).await;
    world.post(&job, &cookie, "act=accept&file=0").await;
    for _ in 0..200 {
        if world.get(&format!("{job}/progress"), &cookie).await.status == StatusCode::NO_CONTENT {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let to = world.get(&job, &cookie).await.header("location").to_owned();
    assert!(world.get(&to, &cookie).await.text().contains("accepted all the same"), "{to}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_taken_out_and_brought_back() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let job = world.upload(&cookie, "ruth.json", RUTH.as_bytes()).await;
    let source = world.get(&job, &cookie).await.header("location").trim_end_matches("?done").to_owned();
    let home = format!("/charts/{}", world.chart);
    assert!(world.get(&format!("{source}/remove"), &cookie).await.text().contains("Take this file out?"));
    assert_eq!(world.post(&format!("{source}/remove"), &cookie, "").await.header("location"), source);
    assert!(!world.get(&home, &cookie).await.text().contains("Potassium"));
    assert!(world.get(&source, &cookie).await.text().contains("It can be brought back until"));
    world.post(&format!("{source}/restore"), &cookie, "").await;
    assert!(world.get(&home, &cookie).await.text().contains("Potassium"));
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_have_a_limit_of_their_own() {
    let limits = keepwell::import::Limits { file_bytes: 8 << 20, ..keepwell::import::Limits::default() };
    let world = World::new(keepwell::web::Options { limits, ..options() });
    let cookie = world.sign_in().await;
    // Above the limit of forms, below that of uploads: it arrives, and the reader says what it is.
    let job = world.upload(&cookie, "noise.bin", &vec![0x9d; 7 << 20]).await;
    let page = world.get(&job, &cookie).await.text();
    assert!(page.contains("Nothing was added") && page.contains("noise.bin"), "{page}");
    let refused = world.send_file(&cookie, "large.bin", &vec![0x9d; 9 << 20]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.text().contains("Nothing was stored."));
    let empty = world.send_file(&cookie, "", b"").await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    assert!(empty.text().contains("Choose a file first."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_saved_from_the_page() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    world.upload(&cookie, "ruth.json", RUTH.as_bytes()).await;
    let path = format!("/charts/{}/export", world.chart);
    let copy = world.post(&path, &cookie, "format=fhir").await;
    assert_eq!(copy.status, StatusCode::OK);
    assert!(copy.text().contains("Potassium") && copy.text().contains("5.60"), "{}", copy.text());
    assert!(copy.header("content-disposition").starts_with("attachment; "));
    assert_eq!(world.post(&path, &cookie, "format=nonsense").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.post(&path, &cookie, "format=csv&from=yesterday").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_answers_and_stops() {
    let world = World::new(options());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let app = std::sync::Arc::clone(&world.app);
    let server = tokio::spawn(keepwell::web::serve(app, listener, None, async {
        let _ = stopped.await;
    }));
    let asked = tokio::task::spawn_blocking(move || {
        let agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().new_agent();
        let alive = agent.get(format!("http://{address}/healthz")).call().expect("an answer");
        let ready = agent.get(format!("http://{address}/readyz")).call().expect("an answer");
        let start = agent.get(format!("http://{address}/")).call().expect("an answer");
        (alive.status().as_u16(), ready.status().as_u16(), start.status().as_u16())
    });
    assert_eq!(asked.await.expect("asked"), (200, 200, 303));
    stop.send(()).expect("running");
    server.await.expect("no panic").expect("a clean end");
    assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens any more");
}
