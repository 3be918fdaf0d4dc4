//! Backups by the pages: one now, saved after a fresh proof, told to the logs; and a household back on the first day.

use crate::binary::{Home, PASSPHRASE as KNOWN};
use crate::web_world::{PASSPHRASE, World, options, plain};
use axum::http::StatusCode;
use keepwell::household::{Grant, Opening, verify};
use keepwell::vault::Role;
use keepwell::web::Options;
use std::time::{Duration, Instant};

const ANOTHER: &str = "teapot gravel violin seventeen";

async fn made(world: &World, cookie: &str) -> String {
    assert_eq!(world.post("/settings/backups", cookie, "act=make").await.status, StatusCode::SEE_OTHER);
    for _ in 0..300 {
        let page = world.get("/settings/backups", cookie).await.text();
        if !page.contains("is being made") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the backup does not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_made_listed_and_saved() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let page = world.get("/settings/backups", &cookie).await.text();
    assert!(page.contains("There is no verified backup"), "{page}");
    assert!(page.contains("same disk as the records"));
    world.post("/settings/backups", &cookie, "act=stop").await;
    assert!(!world.vault().join("backups").exists(), "nothing was asked for");
    let page = made(&world, &cookie).await;
    assert!(page.contains("The last verified backup is from"), "{page}");
    let address = page.split("href=\"").find(|p| p.starts_with("/settings/backups/keepwell-")).expect("a link").split('"').next().unwrap();
    let file = world.get(address, &cookie).await;
    assert_eq!(file.status, StatusCode::OK);
    assert!(file.header("content-disposition").contains("attachment"));
    let on_disk = std::fs::read(world.vault().join("backups").join(address.rsplit('/').next().unwrap())).unwrap();
    assert!(file.body == on_disk && file.header("content-length") == on_disk.len().to_string());
    let tmp = tempfile::tempdir().unwrap();
    let saved = tmp.path().join("saved.age");
    std::fs::write(&saved, &file.body).unwrap();
    let summary = verify(&saved, &Opening::typed(PASSPHRASE), &tmp.path().join("scratch"), &|_, _| true).unwrap();
    assert_eq!((summary.charts, summary.sealed), (1, 0));
    let log = world.get(&format!("/charts/{}/activity", world.chart), &cookie).await.text();
    for words in ["Began a backup", "Verified a backup", "Saved a backup"] {
        assert!(log.contains(words), "{words}: {log}");
    }
    for name in ["lock", "..%2fhousehold.db", "keepwell-none.age"] {
        assert_eq!(world.get(&format!("/settings/backups/{name}"), &cookie).await.status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_asks_again_before_it_is_saved_and_is_not_for_those_who_own_nothing() {
    let world = World::new(Options { fresh: Duration::ZERO, ..options() });
    let cookie = world.sign_in().await;
    let answer = world.send(plain("GET", "/settings/backups/keepwell-none.age", &cookie, "")).await;
    assert!(answer.header("location").contains("/confirm"), "{}", answer.header("location"));
    let household = &world.app.household;
    let ruth = household.sign_in("Ruth", PASSPHRASE).unwrap();
    let key = household.add_member(&ruth, &world.chart, "Vera", ANOTHER, &Grant::of(Role::Viewer)).unwrap();
    let vera = world.post("/sign-in", "", &format!("name=Vera&passphrase={}", key.as_str())).await.cookie();
    for (method, path) in [("GET", "/settings/backups"), ("POST", "/settings/backups")] {
        assert_eq!(world.send(plain(method, path, &vera, "act=make")).await.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    assert!(!world.vault().join("backups").exists());
}

#[test]
fn a_household_comes_back_on_the_first_day() {
    let home = Home::new();
    let file = home.path("backup.age");
    home.run(&["backup", "create", "--out", &file.to_string_lossy()]).ended(0);
    let bytes = std::fs::read(file).unwrap();
    let new = Home::bare();
    let server = new.serve(&[]);
    let code = server.said().split("/welcome?code=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let target = format!("/welcome/restore?code={code}");
    let send = |target: &str, secret: &str, bytes: &[u8]| {
        let head = format!(
            "--X\r\ncontent-disposition: form-data; name=\"secret\"\r\n\r\n{secret}\r\n\
             --X\r\ncontent-disposition: form-data; name=\"file\"; filename=\"b.age\"\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, b"\r\n--X--\r\n"].concat();
        server.send("POST", target, "content-type: multipart/form-data; boundary=X\r\n", &body)
    };
    let wait = |words: &str| {
        let began = Instant::now();
        loop {
            let page = server.get(&target, "").text();
            if page.contains(words) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{words}: {page}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    // Not without the code.
    assert_eq!(server.get("/welcome/restore", "").status, 403);
    assert_eq!(send("/welcome/restore?code=no", KNOWN, &bytes).status, 403);
    assert!(!new.vault().join("upload.age").exists());
    assert!(server.get(&format!("/welcome?code={code}"), "").text().contains("Restore a backup"));
    assert_eq!(send(&target, "not the passphrase at all", &bytes).status, 303);
    wait("does not open this backup");
    assert_eq!(send(&target, KNOWN, b"no backup").status, 303);
    wait("no backup of Keepwell");
    assert_eq!(send(&target, KNOWN, &bytes[..bytes.len() / 2]).status, 303);
    wait("damaged");
    assert_eq!(send(&target, KNOWN, &bytes).status, 303);
    wait("Your household is back");
    // The server opens the vault anew, by itself.
    let began = Instant::now();
    while !server.said().contains("Keepwell is ready at ") {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", server.said());
        std::thread::sleep(Duration::from_millis(100));
    }
    server.stop();
    assert!(!new.vault().join("upload.age").exists() && !new.vault().join("restored").exists());
    std::fs::write(new.path("key"), KNOWN).unwrap();
    assert!(new.run(&["check", "--deep"]).ended(0).out.is_empty());
    assert_eq!(new.run(&["records", "--json"]).ended(0).out, home.run(&["records", "--json"]).ended(0).out);
}
