//! Signing in: second factors, fresh proofs, throttles, ways back in, sessions, unlock at boot.

use crate::binary::{Home, Server};
use crate::web_world::{Answer, PASSPHRASE, World, options, plain};
use axum::http::StatusCode;
use keepwell::household::{AppSetup, Household, RECOVERY_CODES, SignedIn};
use keepwell::vault::Vault;
use keepwell::web::{ASKS_AGAIN, Options, ROUTES, Who};
use std::sync::{Arc, Barrier};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use totp_rs::{Algorithm, Builder, Secret, Totp};

const NEW: &str = "seven slow barges upstream";

fn totp(secret: &str) -> Totp {
    let secret = Secret::try_from_base32(secret).expect("base 32");
    Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30).with_secret(secret).build().expect("an app")
}

/// The code that an app shows so many steps from now.
fn code(totp: &Totp, steps: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    totp.generate(now + 30 * steps).to_string()
}

/// A code that no step around now shows.
fn wrong_code(totp: &Totp) -> String {
    let near: Vec<String> = (0..4).map(|n| code(totp, n)).collect();
    (0..).map(|n| format!("{n:06}")).find(|c| !near.contains(c)).expect("a code")
}

/// Turns an app on; gives it, and ten recovery codes.
fn with_app(household: &Household, who: &SignedIn) -> (Totp, Vec<String>) {
    let setup = AppSetup::new().expect("random");
    let totp = totp(&setup.secret());
    household.add_app(who, &setup, &code(&totp, 0), "My phone").expect("on");
    (totp, household.new_recovery_codes(who).expect("codes"))
}

fn form(fields: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(fields).expect("a form")
}

/// The cookie of this name that an answer sets.
fn set(answer: &Answer, name: &str) -> String {
    let all = answer.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.filter_map(|v| v.split(';').next());
    pairs.find(|pair| pair.starts_with(&format!("{name}=")) && !pair.ends_with('=')).unwrap_or_default().to_owned()
}

/// Ruth, with an app and codes, and the passphrase given: between the doors.
struct Half {
    world: World,
    totp: Totp,
    codes: Vec<String>,
}

impl Half {
    fn new() -> Self {
        let world = World::new(options());
        let who = world.app.household.with_recovery_key("Ruth", &world.recovery).expect("the key");
        let (totp, codes) = with_app(&world.app.household, &who);
        Self { world, totp, codes }
    }

    /// The right passphrase: leads to the second page, and to no session. The recovery key in its place spares the second.
    async fn first(&self) -> String {
        let answer = self.world.post("/sign-in", "", &form(&[("name", "ruth"), ("passphrase", &self.world.recovery)])).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in/second"), "{}", answer.text());
        assert_eq!(set(&answer, "keepwell"), "", "no session yet");
        set(&answer, "keepwell-second")
    }

    async fn second(&self, cookie: &str, field: &str, value: &str) -> Answer {
        self.world.post("/sign-in/second", cookie, &form(&[(field, value)])).await
    }

    async fn enter(&self, field: &str, value: &str) -> Answer {
        let half = self.first().await;
        let answer = self.second(&half, field, value).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"), "{}", answer.text());
        answer
    }

    async fn in_with(&self, field: &str, value: &str) -> String {
        set(&self.enter(field, value).await, "keepwell")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_once_and_its_step_never_again() {
    let half = Half::new();
    let cookie = half.first().await;
    let page = half.world.get("/sign-in/second", &cookie).await.text();
    assert!(page.contains("Code from your app") && !page.contains("Carver"), "{page}");
    // The code that turned the app on is used up, and so is every step before it.
    let again = half.second(&cookie, "code", &code(&half.totp, 0)).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN, "replayed");
    assert_eq!(half.second(&cookie, "code", &wrong_code(&half.totp)).await.status, StatusCode::FORBIDDEN);
    let next = code(&half.totp, 1);
    let session = half.second(&cookie, "code", &format!("{} {}", &next[..3], &next[3..])).await;
    assert_eq!(session.header("location"), "/", "{}", session.text());
    let session = set(&session, "keepwell");
    assert_eq!(half.world.get("/settings", &session).await.status, StatusCode::OK);
    // The door is used up: neither the cookie nor the code opens it again.
    assert_eq!(half.second(&cookie, "code", &next).await.header("location"), "/sign-in");
    let other = half.first().await;
    assert_eq!(half.second(&other, "code", &next).await.status, StatusCode::FORBIDDEN, "replayed in another sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_code_side_by_side_opens_one_session() {
    let half = Arc::new(Half::new());
    let mut tries = tokio::task::JoinSet::new();
    let next = code(&half.totp, 1);
    for _ in 0..4 {
        let (half, next) = (Arc::clone(&half), next.clone());
        let cookie = half.first().await;
        tries.spawn(async move { set(&half.second(&cookie, "code", &next).await, "keepwell") });
    }
    let sessions = tries.join_all().await;
    assert_eq!(sessions.iter().filter(|cookie| !cookie.is_empty()).count(), 1, "{sessions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_signed_in_reaches_no_page() {
    let half = Half::new();
    let cookie = half.first().await;
    let token = cookie.split_once('=').expect("a cookie").1;
    for (method, path, who) in ROUTES.iter().chain(keepwell::web::routes::chart::ROUTES) {
        if matches!(who, Who::Anyone | Who::FirstRun | Who::Token) {
            continue;
        }
        let path = path.replace("{chart}", &half.world.chart);
        let path: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
        for cookie in [cookie.clone(), format!("keepwell={token}"), format!("{cookie}; keepwell={token}")] {
            let answer = half.world.send(plain(method, &path.join("/"), &cookie, "")).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{method} {path:?}");
            assert!(answer.header("location").starts_with("/sign-in") && answer.body.is_empty(), "{method} {path:?}");
        }
    }
    let start = half.world.get("/", &cookie).await;
    assert!(!start.text().contains("Carver") && !start.header("location").contains("charts"), "{}", start.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_let_in_once_each() {
    let half = Half::new();
    assert_eq!(half.codes.len(), RECOVERY_CODES);
    let session = half.in_with("recovery", &half.codes[0].to_lowercase().replace('-', " ")).await;
    let page = half.world.get("/settings/keys", &session).await.text();
    assert!(page.contains("9 codes"), "{page}");
    let cookie = half.first().await;
    assert_eq!(half.second(&cookie, "recovery", &half.codes[0]).await.status, StatusCode::FORBIDDEN, "used");
    // Nothing of them stands on the disk.
    let register = std::fs::read(half.world.vault().join("household.db")).expect("the register");
    for code in &half.codes {
        assert!(memchr::memmem::find(&register, code.as_bytes()).is_none());
        assert!(memchr::memmem::find(&register, code.replace('-', "").as_bytes()).is_none());
    }
    // New ones take the place of the old ones, are shown once, and end other sessions.
    let other = half.in_with("recovery", &half.codes[1]).await;
    let made = half.world.post("/settings/keys/codes", &session, "sure=yes").await.text();
    assert_eq!(made.matches("<code>").count(), RECOVERY_CODES, "{made}");
    assert!(!half.world.get("/settings/keys/codes", &session).await.text().contains("<code>"));
    assert_eq!(half.world.get("/settings", &other).await.status, StatusCode::SEE_OTHER);
    let cookie = half.first().await;
    assert_eq!(half.second(&cookie, "recovery", &half.codes[2]).await.status, StatusCode::FORBIDDEN, "replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_counts_from_its_first_code_and_a_change_ends_the_other_sessions() {
    let world = World::new(options());
    let (here, there) = (world.sign_in().await, world.sign_in().await);
    let page = world.get("/settings/keys/app", &here).await.text();
    let (secret, rest) = page.split_once("class=\"secret\">").expect("a secret").1.split_once("</p>").expect("its end");
    let secret: String = secret.replace("<span>", "").replace("</span>", "");
    assert!(page.contains("<svg class=\"qr\"") && rest.contains("Turn it on"), "{page}");
    let totp = totp(&secret);
    assert!(world.get("/settings/keys/app", &here).await.text().contains("<span>"), "a second look");
    let wrong = world.post("/settings/keys/app", &here, &form(&[("code", &wrong_code(&totp))])).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.get("/settings", &there).await.status, StatusCode::OK, "nothing has changed yet");
    let direct = world.post("/sign-in", "", &form(&[("name", "Ruth"), ("passphrase", &world.recovery)])).await;
    assert_eq!(direct.header("location"), "/", "it does not count yet");
    let on = world.post("/settings/keys/app", &here, &form(&[("code", &code(&totp, 0)), ("label", "<b>My phone")])).await;
    assert_eq!(on.text().matches("<code>").count(), RECOVERY_CODES, "{}", on.text());
    assert_eq!(world.get("/settings", &there).await.status, StatusCode::SEE_OTHER, "ended");
    let list = world.get("/settings/keys", &here).await.text();
    assert!(list.contains("&lt;b&gt;My phone") && list.contains("10 codes"), "{list}");
    // The secret is on the disk for its member alone.
    for file in crate::binary::files(&world.vault()) {
        let bytes = std::fs::read(&file).expect("a file");
        assert!(memchr::memmem::find(&bytes, secret.as_bytes()).is_none(), "{}", file.display());
    }
    // Off again: a half-open door closes with it.
    let half = world.post("/sign-in", "", &form(&[("name", "Ruth"), ("passphrase", &world.recovery)])).await;
    assert_eq!(half.header("location"), "/sign-in/second");
    let id = list.split("name=\"id\" value=\"").nth(1).and_then(|r| r.split('"').next()).expect("an id").to_owned();
    assert_eq!(world.post("/settings/keys/remove", &here, "id=0000000000000000").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.post("/settings/keys/remove", &here, &form(&[("id", &id)])).await.header("location"), "/settings/keys");
    let late = world.post("/sign-in/second", &set(&half, "keepwell-second"), &form(&[("code", &code(&totp, 1))])).await;
    assert_eq!(late.header("location"), "/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_goes_stale_and_what_was_typed_is_kept() {
    assert!(ASKS_AGAIN.iter().all(|(method, path)| ROUTES.iter().any(|(m, p, _)| m == method && p == path)), "a row for nothing");
    let world = World::new(Options { fresh: Duration::from_millis(400), ..options() });
    let cookie = world.sign_in().await;
    assert_eq!(world.get("/settings/keys/app", &cookie).await.status, StatusCode::OK, "fresh from sign-in");
    tokio::time::sleep(Duration::from_millis(450)).await;
    for (method, path) in ASKS_AGAIN {
        let path = path.replace("{chart}", &world.chart);
        let path: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
        let answer = world.send(plain(method, &path.join("/"), &cookie, "")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{method} {path:?}");
        assert!(answer.header("location").starts_with("/confirm"), "{method} {path:?}: {}", answer.header("location"));
    }
    assert_eq!(world.get("/settings/keys", &cookie).await.status, StatusCode::OK, "looking asks nothing");
    let export = format!("/charts/{}/export", world.chart);
    assert_eq!(world.post(&export, &cookie, "format=fhir&from=2001-02-03").await.header("location"), "/confirm");
    let wrong = world.post("/confirm", &cookie, &form(&[("passphrase", "not the right one at all")])).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    let by_key = world.post("/confirm", &cookie, &form(&[("passphrase", &world.recovery)])).await;
    assert_eq!(by_key.status, StatusCode::FORBIDDEN, "the recovery key is no passphrase");
    let right = world.post("/confirm", &cookie, &form(&[("passphrase", PASSPHRASE)])).await;
    assert!(right.text().contains("2001-02-03") && right.text().contains(&export), "{}", right.text());
    assert_eq!(world.post(&export, &cookie, "format=fhir&from=2001-02-03").await.status, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(450)).await;
    let again = world.get("/settings/keys/app", &cookie).await;
    assert_eq!(again.header("location"), "/confirm?next=/settings/keys/app");
    let back = world.post("/confirm", &cookie, &form(&[("passphrase", PASSPHRASE), ("next", "/settings/keys/app")])).await;
    assert_eq!(back.header("location"), "/settings/keys/app");
    let away = world.post("/confirm", &cookie, &form(&[("passphrase", PASSPHRASE), ("next", "//evil.example/")])).await;
    assert_eq!(away.header("location"), "/settings/keys");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_changes_with_the_old_one_and_the_second_factor() {
    let half = Half::new();
    let world = &half.world;
    let here = half.in_with("code", &code(&half.totp, 1)).await;
    let there = half.in_with("recovery", &half.codes[0]).await;
    let change = |old: &str, new: &str, again: &str| form(&[("old", old), ("new", new), ("again", again)]);
    for (body, words) in [
        (change(PASSPHRASE, NEW, "another one entirely"), "differ"),
        (change(PASSPHRASE, "fourteen signs", "fourteen signs"), "at least 15"),
        (change(PASSPHRASE, "passwordpassword", "passwordpassword"), "easy to guess"),
        (change(PASSPHRASE, "Ruth Carver 1954-03-14", "Ruth Carver 1954-03-14"), "easy to guess"),
        (change(PASSPHRASE, &world.recovery, &world.recovery), "recovery key cannot"),
        (change(&world.recovery, NEW, NEW), "old passphrase is another"),
        (change("not the right one at all", NEW, NEW), "old passphrase is another"),
    ] {
        let answer = world.post("/settings/passphrase", &here, &body).await;
        assert!(answer.status.is_client_error() && answer.text().contains(words), "{words}: {}", answer.text());
    }
    let done = world.post("/settings/passphrase", &here, &change(PASSPHRASE, NEW, NEW)).await;
    assert!(done.status == StatusCode::OK && done.text().contains("strong"), "{}", done.text());
    assert_eq!(world.get("/settings", &here).await.status, StatusCode::OK);
    assert_eq!(world.get("/settings", &there).await.status, StatusCode::SEE_OTHER, "ended");
    assert!(world.app.household.sign_in("Ruth", PASSPHRASE).is_err());
    assert!(world.app.household.sign_in("Ruth", NEW).is_ok());
    // A session that has shown no second factor shows it first.
    let who = Arc::new(world.app.household.with_recovery_key("Ruth", &world.recovery).expect("the key"));
    world.app.household.remove_factor(&who, &world.app.household.factors(&who.member.id).expect("factors")[0].id).expect("off");
    let plain = world.post("/sign-in", "", &form(&[("name", "Ruth"), ("passphrase", &world.recovery)])).await;
    with_app(&world.app.household, &who);
    for answer in [
        world.get("/settings/passphrase", &plain.cookie()).await,
        world.post("/settings/passphrase", &plain.cookie(), &change(NEW, PASSPHRASE, PASSPHRASE)).await,
    ] {
        assert_eq!(answer.header("location"), "/confirm?second=1&next=/settings/passphrase");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_passphrase_gets_no_more_tries_at_codes_with_it() {
    let half = Half::new();
    let entered = half.enter("recovery", &half.codes[0]).await;
    let (session, known) = (set(&entered, "keepwell"), set(&entered, "keepwell-known"));
    let (wrong, right) = (wrong_code(&half.totp), form(&[("name", "Ruth"), ("passphrase", &half.world.recovery)]));
    for cookie in ["", known.as_str()] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            let first = half.world.post("/sign-in", cookie, &right).await;
            // Codes that fail count for the address too: a stranger cannot even begin again.
            if first.status == StatusCode::TOO_MANY_REQUESTS {
                statuses.push(first.status);
                continue;
            }
            let cookies = format!("{cookie}; {}", set(&first, "keepwell-second"));
            statuses.push(half.second(&cookies, "code", &wrong).await.status);
        }
        let looked_at = statuses.iter().filter(|s| **s == StatusCode::FORBIDDEN).count();
        assert_eq!((looked_at, statuses.last()), (5, Some(&StatusCode::TOO_MANY_REQUESTS)), "{cookie}: {statuses:?}");
    }
    // Nor within a session.
    let mut looked_at = 0;
    for _ in 0..6 {
        let code = half.world.post("/confirm", &session, &form(&[("code", &wrong)])).await;
        looked_at += usize::from(code.status == StatusCode::FORBIDDEN);
        let passphrase = half.world.post("/confirm", &session, &form(&[("passphrase", PASSPHRASE)])).await;
        assert_eq!(passphrase.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(looked_at, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_passphrase_takes_the_key_and_a_code() {
    let half = Half::new();
    let world = &half.world;
    let entered = half.enter("recovery", &half.codes[0]).await;
    let (session, known) = (set(&entered, "keepwell"), set(&entered, "keepwell-known"));
    let (key, code) = (world.recovery.as_str(), half.codes[1].as_str());
    let recover =
        |key: &str, code: &str, new: &str| form(&[("name", "Ruth"), ("key", key), ("recovery", code), ("new", new), ("again", new)]);
    for (body, status) in [
        (recover(key, "", NEW), StatusCode::BAD_REQUEST),
        (recover(key, code, "passwordpassword"), StatusCode::BAD_REQUEST),
        (recover(key, &half.codes[0], NEW), StatusCode::FORBIDDEN),
        (recover(key, "0000-0000-0000-0000", NEW), StatusCode::FORBIDDEN),
        (recover(PASSPHRASE, code, NEW), StatusCode::FORBIDDEN),
        (recover(&format!("{key}Q"), code, NEW), StatusCode::FORBIDDEN),
        (recover(&key[..70], code, NEW), StatusCode::FORBIDDEN),
    ] {
        let answer = world.post("/recover", "", &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    // That was the allowance of a stranger; the browser that Ruth has signed in with has its own.
    assert_eq!(world.post("/recover", "", &recover(key, code, NEW)).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(world.app.household.sign_in("Ruth", PASSPHRASE).is_ok(), "nothing was changed");
    let done = world.post("/recover", &known, &recover(&key.to_lowercase(), code, NEW)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(world.get("/settings", &session).await.status, StatusCode::SEE_OTHER, "every session has ended");
    assert!(world.app.household.sign_in("Ruth", PASSPHRASE).is_err());
    let signed = world.post("/sign-in", &known, &form(&[("name", "Ruth"), ("passphrase", NEW)])).await;
    assert_eq!(signed.header("location"), "/sign-in/second", "the second factor stays");
}

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

#[test]
fn a_vault_of_before_opens_with_what_was_typed_then() {
    let world = crate::vault_world::World::new();
    let file = world.dir.join("members").join(format!("{}.age", world.who.member.id));
    // As an earlier version kept it: an ü of two signs, as some keyboards give it.
    let typed = "u\u{308}ber den sieben bergen";
    let mut recipient = age::scrypt::Recipient::new(age::secrecy::SecretString::from(typed.to_owned()));
    recipient.set_work_factor(10);
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
    let mut sealed = Vec::new();
    let mut out = encryptor.wrap_output(&mut sealed).unwrap();
    std::io::Write::write_all(&mut out, format!("{}\n", world.recovery).as_bytes()).unwrap();
    out.finish().unwrap();
    std::fs::write(&file, sealed).unwrap();
    assert!(world.household.sign_in("Ruth", typed).is_ok());
    assert!(world.household.sign_in("Ruth", "über den sieben tälern").is_err());
    // From the next change on it is kept in one way, and opens however it is typed.
    world.household.change_passphrase(&world.who, typed).unwrap();
    for same in [typed, "über den sieben bergen"] {
        assert!(world.household.sign_in("Ruth", same).is_ok(), "{same}");
    }
}

/// So many requests side by side against a real server; gives their statuses.
fn flood(server: &Server, n: usize, target: &str, cookie: &str, body: &str) -> Vec<u16> {
    let start = Barrier::new(n);
    std::thread::scope(|scope| {
        let one = || {
            start.wait();
            server.post(target, cookie, body).status
        };
        let all: Vec<_> = (0..n).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn count(statuses: &[u16], wanted: u16) -> usize {
    statuses.iter().filter(|status| **status == wanted).count()
}

fn cookie_of(reply: &crate::binary::Reply, name: &str) -> String {
    let lines = reply.head.lines().filter_map(|l| l.strip_prefix("set-cookie: "));
    lines.filter_map(|l| l.split(';').next()).find(|pair| pair.starts_with(&format!("{name}="))).unwrap_or_default().to_owned()
}

#[test]
fn a_thousand_wrong_passphrases_side_by_side_get_five_looks_also_over_a_restart() {
    let home = Home::new();
    let right = form(&[("name", "Ruth"), ("passphrase", PASSPHRASE)]);
    let wrong = form(&[("name", "Ruth"), ("passphrase", "not the right one at all")]);
    let server = home.serve(&[]);
    let known = cookie_of(&server.post("/sign-in", "", &right), "keepwell-known");
    assert!(!known.is_empty());
    let statuses = flood(&server, 1000, "/sign-in", "", &wrong);
    assert_eq!((count(&statuses, 403), count(&statuses, 429)), (5, 995), "{statuses:?}");
    let reply = server.post("/sign-in", "", &right);
    assert_eq!(reply.status, 429, "the right one waits too, so that nothing is learnt");
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    // The owner's own browser is not held outside by others; a mark that was tampered with is worth nothing.
    assert_eq!(server.post("/sign-in", &known, &right).status, 303);
    let forged = format!("{}A", &known[..known.len() - 1]);
    let forged = if forged == known { format!("{}B", &known[..known.len() - 1]) } else { forged };
    assert_eq!(server.post("/sign-in", &forged, &right).status, 429);
    server.stop();
    // A new start of the server is no new allowance, and the browser is still known.
    let server = home.serve(&[]);
    assert_eq!(server.post("/sign-in", "", &wrong).status, 429);
    assert_eq!(server.post("/sign-in", &known, &right).status, 303);
    // A stolen mark has one allowance, not an endless one.
    let statuses = flood(&server, 20, "/sign-in", &known, &wrong);
    assert_eq!((count(&statuses, 403), count(&statuses, 429)), (5, 15), "{statuses:?}");
    let said = server.said();
    assert!(!said.contains("not the right one") && !said.contains(PASSPHRASE), "{said}");
}

#[test]
fn a_thousand_wrong_codes_side_by_side_get_five_looks() {
    let home = Home::new();
    let (totp, codes) = {
        let household = Household::new(Arc::new(Vault::open(&home.vault()).unwrap()));
        let who = household.with_recovery_key("Ruth", &home.recovery).unwrap();
        with_app(&household, &who)
    };
    let server = home.serve(&[]);
    let first = server.post("/sign-in", "", &form(&[("name", "Ruth"), ("passphrase", &home.recovery)]));
    assert_eq!(first.header("location"), "/sign-in/second");
    let cookie = cookie_of(&first, "keepwell-second");
    let statuses = flood(&server, 1000, "/sign-in/second", &cookie, &form(&[("code", &wrong_code(&totp))]));
    assert_eq!((count(&statuses, 403), count(&statuses, 429)), (5, 995), "{statuses:?}");
    // The other ways share the allowance, and another sign-in does not give a new one.
    assert_eq!(server.post("/sign-in/second", &cookie, &form(&[("recovery", &codes[0])])).status, 429);
    let again = server.post("/sign-in", "", &form(&[("name", "Ruth"), ("passphrase", &home.recovery)]));
    assert_eq!(again.status, 429, "nor does the address");
    server.stop();
    // Nothing was used up by being refused.
    let household = Household::new(Arc::new(Vault::open(&home.vault()).unwrap()));
    let who = household.with_recovery_key("Ruth", &home.recovery).unwrap();
    assert!(household.take_recovery_code(&who.member.id, &codes[0]).unwrap());
    assert!(household.check_app(&who, &code(&totp, 1)).unwrap());
}

#[test]
fn the_console_sets_a_passphrase_with_the_key_alone_and_says_what_stays() {
    let home = Home::new();
    {
        let household = Household::new(Arc::new(Vault::open(&home.vault()).unwrap()));
        let who = household.with_recovery_key("Ruth", &home.recovery).unwrap();
        with_app(&household, &who);
    }
    let key = home.write("paper", home.recovery.as_bytes());
    let new = home.write("new", NEW.as_bytes());
    let bad = home.write("bad", b"passwordpassword");
    let other = home.write("other", format!("{PASSPHRASE}\n").as_bytes());
    home.run(&["member", "recover", "--recovery-key-file", &key, "--passphrase-file", &bad]).ended(2);
    home.run(&["member", "recover", "--recovery-key-file", &other, "--passphrase-file", &new]).ended(1);
    let kept = home.run(&["member", "recover", "--recovery-key-file", &key, "--passphrase-file", &new]).ended(0);
    assert!(kept.err.contains("second factors stay") && !kept.err.contains(NEW), "{}", kept.err);
    assert!(home.vault().join("members").read_dir().unwrap().count() == 2);
    home.run(&["records", "--passphrase-file", &new]).ended(0);
    home.run(&["records", "--passphrase-file", &other]).ended(1);
    let reset = home.run(&["member", "recover", "--reset-factors", "--recovery-key-file", &key, "--passphrase-file", &new]).ended(0);
    assert!(reset.err.contains("Taken off: 1"), "{}", reset.err);
    let server = home.serve(&[]);
    let ran = home.run(&["member", "recover", "--recovery-key-file", &key, "--passphrase-file", &new]).ended(1);
    assert!(ran.err.contains("already running"), "{}", ran.err);
    assert_eq!(server.post("/sign-in", "", &form(&[("name", "Ruth"), ("passphrase", NEW)])).header("location"), "/");
}

#[test]
fn locked_it_says_so_and_unlocked_at_boot_it_takes_in_what_waits() {
    let home = Home::new();
    let entry =
        serde_json::json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": "Gout"}});
    let file = home.write("a.json", &crate::binary::bundle(("Ruth", "Carver"), "1954-03-14", &[entry]));
    let inbox = || {
        std::fs::read_dir(home.chart().join("inbox"))
            .map_or(0, |dir| dir.flatten().filter(|e| e.path().extension().is_some_and(|x| x == "age")).count())
    };
    let server = home.serve(&[]);
    assert!(server.get("/readyz", "").text().starts_with("ready\nlocked"));
    assert!(server.get("/sign-in", "").text().contains("The charts are locked."));
    home.import(3, &[&file]);
    std::thread::sleep(Duration::from_secs(6));
    assert!(inbox() > 0, "nobody can read it yet");
    server.stop();
    let wrong = home.write("wrong", b"not the right one at all");
    let mut refused = home.command(&["serve", "--listen", "127.0.0.1:0", "--unlock-file", &wrong]);
    let refused = crate::binary::ran(&mut refused).ended(1);
    assert!(refused.err.contains("unlock the server at boot") && refused.err.contains("take it away"), "{}", refused.err);
    // The credential of systemd, and the setting.
    std::fs::create_dir(home.path("credentials")).unwrap();
    std::fs::write(home.path("credentials").join("keepwell-unlock"), format!("# of Ruth\n{}\n", home.recovery)).unwrap();
    let credentials = home.path("credentials");
    let server = home.serve(&[("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap())]);
    assert_eq!(server.get("/readyz", "").text(), "ready\n");
    assert!(server.get("/sign-in", "").text().contains("was unlocked when it was started"));
    let began = std::time::Instant::now();
    while inbox() > 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "it is not taken in: {}", server.said());
        std::thread::sleep(Duration::from_millis(50));
    }
    // It shows nobody anything.
    let page = format!("/charts/{}/conditions", home.chart_id());
    assert_eq!(server.get(&page, "").status, 303);
    let cookie = server.sign_in(&home);
    assert!(server.get(&page, &cookie).text().contains("Gout"));
    assert!(server.get("/settings/unlock", &cookie).text().contains("holds the charts of <b>Ruth</b>"));
}

#[test]
fn who_finds_the_queue_full_is_told_so_and_the_memory_stays_bounded() {
    const MANY: usize = 60;
    let home = Home::new();
    let server = home.serve(&[("KEEPWELL_TRUSTED_PROXIES", "127.0.0.0/8")]);
    let start = Barrier::new(MANY);
    // From as many networks and in as many names, so that none of them has used up its tries.
    let one = |n: usize| {
        let headers = format!("content-type: application/x-www-form-urlencoded\r\nx-forwarded-for: 10.0.{n}.1\r\n");
        let body = form(&[("name", &format!("name {n}")), ("passphrase", "not the right one at all")]);
        start.wait();
        server.send("POST", "/sign-in", &headers, body.as_bytes())
    };
    let replies: Vec<_> = std::thread::scope(|scope| {
        let one = &one;
        let all: Vec<_> = (0..MANY).map(|n| scope.spawn(move || one(n))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let statuses: Vec<u16> = replies.iter().map(|r| r.status).collect();
    let (looked_at, busy) = (count(&statuses, 403), count(&statuses, 503));
    assert!(looked_at >= 16 && busy > 0 && looked_at + busy == MANY, "{statuses:?}");
    let told = replies.iter().find(|r| r.status == 503).unwrap().text();
    assert!(told.contains("This try did not count"), "{told}");
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let most = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    let most: u64 = most.trim().trim_end_matches(" kB").trim().parse().unwrap();
    assert!(most < 450 * 1024, "{most} KiB: one derivation at a time takes 128 MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_recovery_key_opens_everything_and_the_old_one_nothing() {
    let half = Half::new();
    let world = &half.world;
    let session = half.in_with("code", &code(&half.totp, 1)).await;
    let other = half.in_with("recovery", &half.codes[0]).await;
    let child = {
        let who = world.app.household.with_recovery_key("Ruth", &world.recovery).expect("the key");
        world.app.household.add_person(&who, "Milo Carver", "2019-05-06", "male").expect("a child").id
    };
    let wrong = world.post("/settings/recovery-key", &session, "passphrase=not+the+right+one+at+all").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(world.app.household.with_recovery_key("Ruth", &world.recovery).is_ok(), "nothing has changed");
    let done = world.post("/settings/recovery-key", &session, &form(&[("passphrase", PASSPHRASE)])).await;
    assert_eq!(done.header("location"), "/welcome/recovery-key", "{}", done.text());
    for old in [&session, &other] {
        assert_eq!(world.get("/settings", old).await.status, StatusCode::SEE_OTHER, "ended");
    }
    let page = world.get("/welcome/recovery-key", &done.cookie()).await.text();
    let key = page.split_once("class=\"secret\">").and_then(|(_, r)| r.split_once("</p>")).expect("a key").0;
    let key = key.replace("<span>", "").replace("</span>", "");
    assert_ne!(key, world.recovery);
    for chart in [&world.chart, &child] {
        assert_eq!(world.get(&format!("/charts/{chart}"), &done.cookie()).await.status, StatusCode::OK);
    }
    // The second factor is still asked for, and still fits.
    let half_in = world.post("/sign-in", "", &form(&[("name", "Ruth"), ("passphrase", &key)])).await;
    assert_eq!(half_in.header("location"), "/sign-in/second", "{}", half_in.text());
    let inside = world.post("/sign-in/second", &set(&half_in, "keepwell-second"), &form(&[("recovery", &half.codes[1])])).await;
    assert_eq!(inside.header("location"), "/");
    let household = &world.app.household;
    for secret in [&key, PASSPHRASE] {
        let who = household.sign_in("Ruth", secret).expect("opens");
        assert_eq!(household.charts(&who).expect("charts").len(), 2);
        assert!(!household.check_app(&who, &wrong_code(&half.totp)).expect("the secrets read"));
    }
    assert!(household.with_recovery_key("Ruth", &world.recovery).is_err() && household.sign_in("Ruth", &world.recovery).is_err());
    // And by itself the old key decrypts no file of the vault.
    let old: age::x25519::Identity = world.recovery.parse().expect("a key");
    for file in crate::binary::files(&world.vault()).iter().filter(|f| f.extension().is_some_and(|e| e == "age")) {
        let input = std::io::BufReader::new(std::fs::File::open(file).expect("a file"));
        let opened = age::Decryptor::new_buffered(input).and_then(|d| d.decrypt(std::iter::once(&old as &dyn age::Identity)).map(drop));
        assert!(opened.is_err(), "{} still opens", file.display());
    }
}
