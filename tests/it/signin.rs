//! Signing in: second factors, fresh proofs, passphrases of before, unlock at boot. Ways back in, floods and sessions have rooms
//! of their own.

use crate::binary::Home;
use crate::web_world::{Answer, PASSPHRASE, World, options, plain};
use axum::http::StatusCode;
use keepwell::household::{AppSetup, Household, RECOVERY_CODES, SignedIn};
use keepwell::web::{ASKS_AGAIN, Options, ROUTES, Who};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use totp_rs::{Algorithm, Builder, Secret, Totp};

pub(crate) const NEW: &str = "seven slow barges upstream";

pub(crate) fn totp(secret: &str) -> Totp {
    let secret = Secret::try_from_base32(secret).expect("base 32");
    Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30).with_secret(secret).build().expect("an app")
}

/// The code that an app shows so many steps from now.
pub(crate) fn code(totp: &Totp, steps: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    totp.generate(now + 30 * steps).to_string()
}

/// A code that no step around now shows.
pub(crate) fn wrong_code(totp: &Totp) -> String {
    let near: Vec<String> = (0..4).map(|n| code(totp, n)).collect();
    (0..).map(|n| format!("{n:06}")).find(|c| !near.contains(c)).expect("a code")
}

/// Turns an app on; gives it, and ten recovery codes.
pub(crate) fn with_app(household: &Household, who: &SignedIn) -> (Totp, Vec<String>) {
    let setup = AppSetup::new().expect("random");
    let totp = totp(&setup.secret());
    household.add_app(who, &setup, &code(&totp, 0), "My phone", &keepwell::vault::Place::command_line()).expect("on");
    (totp, household.new_recovery_codes(who, &keepwell::vault::Place::command_line()).expect("codes"))
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(fields).expect("a form")
}

/// The cookie of this name that an answer sets.
pub(crate) fn set(answer: &Answer, name: &str) -> String {
    let all = answer.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.filter_map(|v| v.split(';').next());
    pairs.find(|pair| pair.starts_with(&format!("{name}=")) && !pair.ends_with('=')).unwrap_or_default().to_owned()
}

/// Ruth, with an app and codes, and the passphrase given: between the doors.
pub(crate) struct Half {
    pub(crate) world: World,
    pub(crate) totp: Totp,
    pub(crate) codes: Vec<String>,
}

impl Half {
    pub(crate) fn new() -> Self {
        let world = World::new(options());
        let who = world.app.household.with_recovery_key("Ruth", &world.recovery).expect("the key");
        let (totp, codes) = with_app(&world.app.household, &who);
        Self { world, totp, codes }
    }

    /// The right passphrase: leads to the second page, and to no session. The recovery key in its place spares the second.
    pub(crate) async fn first(&self) -> String {
        let answer = self.world.post("/sign-in", "", &form(&[("name", "ruth"), ("passphrase", &self.world.recovery)])).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in/second"), "{}", answer.text());
        assert_eq!(set(&answer, "keepwell"), "", "no session yet");
        set(&answer, "keepwell-second")
    }

    pub(crate) async fn second(&self, cookie: &str, field: &str, value: &str) -> Answer {
        self.world.post("/sign-in/second", cookie, &form(&[(field, value)])).await
    }

    pub(crate) async fn enter(&self, field: &str, value: &str) -> Answer {
        let half = self.first().await;
        let answer = self.second(&half, field, value).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"), "{}", answer.text());
        answer
    }

    pub(crate) async fn in_with(&self, field: &str, value: &str) -> String {
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
    world
        .app
        .household
        .remove_factor(&who, &world.app.household.factors(&who.member.id).expect("factors")[0].id, &keepwell::vault::Place::command_line())
        .expect("off");
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
    world.household.change_passphrase(&world.who, typed, &keepwell::vault::Place::command_line()).unwrap();
    for same in [typed, "über den sieben bergen"] {
        assert!(world.household.sign_in("Ruth", same).is_ok(), "{same}");
    }
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
