//! Ways back in: the recovery key with a code, the key alone at the console, and a new key in place of a lost one.

use crate::binary::Home;
use crate::signin::{Half, NEW, code, form, set, with_app, wrong_code};
use crate::web_world::PASSPHRASE;
use axum::http::StatusCode;
use keepwell::household::Household;
use keepwell::vault::Vault;
use std::sync::Arc;

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
