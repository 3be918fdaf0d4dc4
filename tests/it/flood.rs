//! Tries side by side: a thousand get exactly the allowance, and the queue before the key derivation stays bounded.

use crate::binary::{Home, Server};
use crate::signin::{code, form, with_app, wrong_code};
use crate::web_world::PASSPHRASE;
use keepwell::household::Household;
use keepwell::vault::Vault;
use std::sync::{Arc, Barrier};

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
