//! SMART Health Links against the real server: every rule of the standard that a holder of a link can see, and that the
//! server itself can read nothing of what it hands out.

use crate::binary::{Home, Reply, Server, bundle, files};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use keepwell::share::{Payload, decrypt};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SECRET: &str = "Xanthoblastoma";
const MOST: u64 = 64 << 20;

fn condition(id: &str, text: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/p1"}, "code": {"text": text}})
}

fn filled() -> Home {
    let home = Home::new();
    let pdf = base64::engine::general_purpose::STANDARD.encode(b"%PDF-1.4 a letter");
    let entries = [
        condition("c1", SECRET),
        json!({"resourceType": "DocumentReference", "id": "d1", "status": "current", "description": "A letter", "subject": {"reference": "Patient/p1"},
            "content": [{"attachment": {"contentType": "application/pdf", "data": pdf, "title": "A letter"}}]}),
    ];
    home.import(0, &[&home.write("a.json", &bundle(("Ruth", "Carver"), "1954-03-14", &entries))]);
    home
}

/// `share create --json --for Lakeside …`.
#[track_caller]
pub(crate) fn create(home: &Home, more: &[&str]) -> Value {
    home.run(&[&["share", "create", "--json", "--for", "Lakeside Urgent Care"], more].concat()).ended(0).json()
}

#[track_caller]
pub(crate) fn payload(made: &Value) -> Payload {
    Payload::parse(made["link"].as_str().unwrap()).unwrap()
}

/// The path of an address of the server.
pub(crate) fn path(url: &str) -> String {
    format!("/{}", url.splitn(4, '/').nth(3).unwrap())
}

pub(crate) fn ask(server: &Server, link: &Payload, body: &Value) -> Reply {
    server.send("POST", &path(&link.url), "content-type: application/json\r\n", body.to_string().as_bytes())
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_else(|e| panic!("{e}: {}\n{}", reply.head, reply.text()))
}

/// The bundle behind a link without a passcode.
#[track_caller]
fn opened(server: &Server, link: &Payload) -> Value {
    let reply = ask(server, link, &json!({"recipient": "Dr. Raman", "embeddedLengthMax": 10_000_000}));
    assert_eq!(reply.status, 200, "{}\n{}", reply.head, reply.text());
    let embedded = json_of(&reply)["files"][0]["embedded"].as_str().unwrap().to_owned();
    serde_json::from_slice(&decrypt(&link.key, &embedded, MOST).unwrap().plain).unwrap()
}

pub(crate) fn passcode(home: &Home, code: &str) -> String {
    home.write("passcode", format!("{code}\n").as_bytes())
}

#[test]
fn a_link_keeps_the_rules_of_its_payload() {
    let home = filled();
    let code = passcode(&home, "4711");
    let made = create(&home, &["--expires", "7d", "--long-term", "--passcode-file", &code, "--label", "For the visit"]);
    let link = made["link"].as_str().unwrap();
    let text = B64.decode(link.strip_prefix("shlink:/").unwrap()).unwrap();
    let json: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(text, json.to_string().as_bytes(), "minified");
    let url = json["url"].as_str().unwrap();
    assert!(url.len() <= 128, "{url}");
    let secret = url.rsplit('/').next().unwrap();
    assert_eq!(B64.decode(secret).unwrap().len(), 32, "256 bits of entropy");
    assert_eq!(B64.decode(json["key"].as_str().unwrap()).unwrap().len(), 32);
    assert_ne!(secret, json["key"].as_str().unwrap());
    assert_eq!((json["flag"].as_str(), json["label"].as_str(), json["v"].as_u64()), (Some("LP"), Some("For the visit"), Some(1)));
    let week = jiff::Timestamp::now().as_second() + 7 * 86_400;
    assert!((json["exp"].as_i64().unwrap() - week).abs() < 120, "{json}");
    assert_eq!(made["viewer"].as_str().unwrap(), format!("http://127.0.0.1:8787/view#{link}"));
    let other = create(&home, &[]);
    assert_ne!(payload(&other).url, url);
    for wrong in [
        &["--direct", "--passcode-file", &code][..],
        &["--expires", "yesterday"],
        &["--expires", "2001-01-01"],
        &["--label", &"x".repeat(81)],
        &["--direct", "--reply"],
        &["--profile", "nobody"],
        &["--base-url", &format!("https://{}.example", "x".repeat(80))],
        &["--passcode-file", &home.write("short", b"123")],
    ] {
        home.run(&[&["share", "create", "--for", "X"], wrong].concat()).ended(2);
    }
    let shares = home.run(&["share", "list", "--json"]).ended(0).json();
    assert_eq!(shares["shares"].as_array().unwrap().len(), 2);
}

#[test]
fn a_locked_chart_gives_what_was_chosen_and_nothing_it_can_read() {
    let home = filled();
    // The letter is a scan: no profile but this one gives what may tell of anything.
    let made = create(&home, &["--expires", "24h", "--profile", "everything"]);
    let link = payload(&made);
    let server = home.serve(&[]);
    // The one required field.
    for body in [json!({}), json!({"recipient": "  "}), json!({"recipient": 7})] {
        assert_eq!(ask(&server, &link, &body).status, 400, "{body}");
    }
    assert_eq!(server.send("POST", &path(&link.url), "", b"no JSON").status, 400);
    let reply = ask(&server, &link, &json!({"recipient": "Dr. Raman"}));
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").starts_with("application/json"));
    assert_eq!(reply.header("cache-control"), "no-store");
    let manifest = json_of(&reply);
    let file = &manifest["files"][0];
    assert_eq!(file["contentType"], "application/fhir+json");
    assert_eq!((file.get("embedded"), manifest["status"].as_str()), (None, Some("finalized")));
    assert!(file["lastUpdated"].as_str().is_some_and(|t| t.ends_with('Z')));
    // The location needs no further right, for an hour at most.
    let location = file["location"].as_str().unwrap();
    let until: i64 = location.rsplit('/').next().unwrap().split('.').next().unwrap().parse().unwrap();
    assert!((1..=3600).contains(&(until - jiff::Timestamp::now().as_second())));
    let got = server.send("GET", &path(location), "", b"");
    assert_eq!((got.status, got.header("content-type").as_str()), (200, "application/jose"));
    let plain = decrypt(&link.key, &got.text(), MOST).unwrap();
    assert_eq!(plain.content_type.as_deref(), Some("application/fhir+json"));
    let text = String::from_utf8(plain.plain.to_vec()).unwrap();
    assert!(text.contains(SECRET) && text.contains("A letter"), "{text}");
    // A small file stands in the manifest where the asker takes it so.
    for (most, inside) in [(1_u64, false), (10_000_000, true)] {
        let files = json_of(&ask(&server, &link, &json!({"recipient": "x", "embeddedLengthMax": most})))["files"].clone();
        assert_eq!(files[0].get("embedded").is_some(), inside);
        assert_eq!(files[0].get("location").is_some(), !inside);
    }
    // No ticket can be made up or carried over.
    for wrong in
        [format!("{location}x"), location.replace(".0.", ".1."), location.replacen(&until.to_string(), &(until + 1).to_string(), 1)]
    {
        assert_eq!(server.send("GET", &path(&wrong), "", b"").status, 404, "{wrong}");
    }
    for wrong in ["/shl/x", "/shl/", &format!("/shl/{}", "A".repeat(43))] {
        assert_eq!(server.send("POST", wrong, "content-type: application/json\r\n", br#"{"recipient":"x"}"#).status, 404, "{wrong}");
    }
    // It is no direct file.
    assert_eq!(server.send("GET", &format!("{}?recipient=x", path(&link.url)), "", b"").status, 404);
    // What lies on the disk opens nothing, and the log names nobody.
    let secret = link.url.rsplit('/').next().unwrap();
    let said = server.said();
    for word in [SECRET, secret, "Raman", "Lakeside"] {
        assert!(!said.contains(word), "the log says {word}");
    }
    server.stop();
    // Who opened it stands in the chart's own log, left there while the chart was locked.
    let log = home.run(&["audit", "list", "--json"]).ended(0).json();
    let opened: Vec<&Value> = log["entries"].as_array().unwrap().iter().filter(|e| e["act"] == "share-opened").collect();
    assert_eq!(opened.len(), 3, "{log}");
    assert!(opened.iter().any(|e| e.to_string().contains("Dr. Raman")));
    assert!(log.to_string().contains("share-made") && log.to_string().contains("Lakeside"));
    home.run(&["audit", "verify"]).ended(0);
    let key = link.key.text();
    for file in files(&home.vault()) {
        let bytes = std::fs::read(&file).unwrap();
        for word in [key.as_str(), secret, SECRET, "Lakeside", "Raman"] {
            assert!(memchr::memmem::find(&bytes, word.as_bytes()).is_none(), "{} in {}", &word[..4], file.display());
        }
    }
}

#[test]
fn viewers_of_other_hosts_may_ask() {
    let home = filled();
    let link = payload(&create(&home, &[]));
    let server = home.serve(&[]);
    let foreign = "origin: https://viewer.example\r\nsec-fetch-site: cross-site\r\n";
    let before = server.send(
        "OPTIONS",
        &path(&link.url),
        &format!("{foreign}access-control-request-method: POST\r\naccess-control-request-headers: content-type\r\n"),
        b"",
    );
    assert!(before.status < 300, "{}", before.head);
    assert_eq!(before.header("access-control-allow-origin"), "*");
    assert!(before.header("access-control-allow-methods").contains("POST"));
    assert!(before.header("access-control-allow-headers").contains("content-type"));
    let reply = server.send("POST", &path(&link.url), &format!("{foreign}content-type: application/json\r\n"), br#"{"recipient":"x"}"#);
    assert_eq!((reply.status, reply.header("access-control-allow-origin").as_str()), (200, "*"));
    let location = json_of(&reply)["files"][0]["location"].as_str().unwrap().to_owned();
    let file = server.send("GET", &path(&location), foreign, b"");
    assert_eq!((file.status, file.header("access-control-allow-origin").as_str()), (200, "*"));
    assert_eq!(file.header("cross-origin-resource-policy"), "cross-origin");
    let gone = server.send("POST", &format!("/shl/{}", "B".repeat(43)), foreign, br#"{"recipient":"x"}"#);
    assert_eq!((gone.status, gone.header("access-control-allow-origin").as_str()), (404, "*"));
    // And nothing else is open to them.
    for other in ["/", "/view", "/sign-in", &format!("/charts/{}", home.chart_id())] {
        assert_eq!(server.send("GET", other, foreign, b"").header("access-control-allow-origin"), "", "{other}");
    }
    let reply = server.send("POST", &format!("{}/reply", path(&link.url)), foreign, b"");
    assert_eq!((reply.status, reply.header("access-control-allow-origin").as_str()), (403, ""));
}

#[test]
fn a_hundred_wrong_passcodes_at_once_use_exactly_the_cap() {
    let home = filled();
    let made = create(&home, &["--passcode-file", &passcode(&home, "4711")]);
    let link = payload(&made);
    let server = home.serve(&[]);
    let with = |code: &str| ask(&server, &link, &json!({"recipient": "x", "passcode": code}));
    // Without one nothing is used up; with the right one neither.
    for _ in 0..3 {
        let none = ask(&server, &link, &json!({"recipient": "x"}));
        assert_eq!((none.status, json_of(&none)["remainingAttempts"].as_u64()), (401, Some(10)));
        assert_eq!(with(" 4711 ").status, 200);
    }
    let one = with("0000");
    assert_eq!((one.status, json_of(&one)["remainingAttempts"].as_u64()), (401, Some(9)));
    let mut left: Vec<(u16, Option<u64>)> = std::thread::scope(|scope| {
        let with = &with;
        let asked: Vec<_> = (0..100)
            .map(|n| {
                scope.spawn(move || {
                    let reply = with(&format!("wrong {n}"));
                    (reply.status, json_of(&reply)["remainingAttempts"].as_u64())
                })
            })
            .collect();
        asked.into_iter().map(|t| t.join().unwrap()).collect()
    });
    left.sort_unstable();
    let refused: Vec<u64> = left.iter().filter(|(status, _)| *status == 401).filter_map(|(_, n)| *n).collect();
    assert_eq!(refused, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(left.iter().filter(|(status, _)| *status == 404).count(), 91);
    assert_eq!(with("4711").status, 404, "closed for good");
    server.stop();
    let listed = home.run(&["share", "list", "--json"]).ended(0).json();
    assert_eq!((listed["shares"][0]["state"].as_str(), listed["shares"][0]["openings"].as_u64()), (Some("closed"), Some(3)));
    // Also after a new start.
    let server = home.serve(&[]);
    assert_eq!(ask(&server, &link, &json!({"recipient": "x", "passcode": "4711"})).status, 404);
}

#[test]
fn a_stopped_link_is_gone_with_its_files() {
    let home = filled();
    let (made, other) = (create(&home, &[]), create(&home, &[]));
    let link = payload(&made);
    let server = home.serve(&[]);
    let location = json_of(&ask(&server, &link, &json!({"recipient": "x"})))["files"][0]["location"].as_str().unwrap().to_owned();
    server.stop();
    let kept = || files(&home.chart().join("shares")).len();
    assert_eq!(kept(), 2);
    let ended = home.run(&["share", "revoke", "--json", made["id"].as_str().unwrap()]).ended(0).json();
    assert_eq!((ended["state"].as_str(), ended["link"].as_str(), ended["openings"].as_u64()), (Some("stopped"), None, Some(1)));
    assert_eq!(kept(), 1);
    home.run(&["share", "revoke", "0000000000000000"]).ended(1);
    let server = home.serve(&[]);
    assert_eq!(ask(&server, &link, &json!({"recipient": "x"})).status, 404);
    assert_eq!(server.send("GET", &path(&location), "", b"").status, 404);
    assert_eq!(ask(&server, &payload(&other), &json!({"recipient": "x"})).status, 200);
}

#[test]
fn a_long_term_link_is_renewed_and_not_to_be_asked_too_often() {
    let home = filled();
    let (long, once) = (payload(&create(&home, &["--long-term"])), payload(&create(&home, &[])));
    let first = files(&home.chart().join("shares")).iter().map(|f| std::fs::read(f).unwrap()).collect::<Vec<_>>();
    home.import(0, &[&home.write("b.json", &bundle(("Ruth", "Carver"), "1954-03-14", &[condition("c2", "Brumevald")]))]);
    let second = files(&home.chart().join("shares")).iter().map(|f| std::fs::read(f).unwrap()).collect::<Vec<_>>();
    assert_eq!(first.iter().zip(&second).filter(|(a, b)| a == b).count(), 1, "one of the two is new");
    let server = home.serve(&[]);
    assert!(opened(&server, &long).to_string().contains("Brumevald"));
    assert!(!opened(&server, &once).to_string().contains("Brumevald"));
    let reply = ask(&server, &long, &json!({"recipient": "x"}));
    assert_eq!(json_of(&reply)["status"], "can-change");
    assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|n| n > 0));
    let late = (0..40).map(|_| ask(&server, &long, &json!({"recipient": "x"}))).find(|r| r.status != 200).unwrap();
    assert_eq!(late.status, 429);
    assert!(late.header("retry-after").parse::<u64>().is_ok_and(|n| (1..=60).contains(&n)), "{}", late.head);
    // A chart that changes while it is open in the server renews its links too.
    let cookie = server.sign_in(&home);
    let chart = home.chart_id();
    let upload = server.upload(&chart, &cookie, "c.json", &bundle(("Ruth", "Carver"), "1954-03-14", &[condition("c3", "Psoralith")]));
    server.ended(&upload, &cookie);
    let began = Instant::now();
    let fresh = || {
        let all = files(&home.chart().join("shares"));
        all.iter().any(|f| {
            decrypt(&long.key, &std::fs::read_to_string(f).unwrap(), MOST)
                .is_ok_and(|o| memchr::memmem::find(&o.plain, b"Psoralith").is_some())
        })
    };
    while !fresh() {
        assert!(began.elapsed() < Duration::from_secs(30), "it is not renewed");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_direct_link_is_one_file_here_or_on_another_host() {
    let home = filled();
    let made = create(&home, &["--direct"]);
    let link = payload(&made);
    assert_eq!(made["flag"], "U");
    let folder = home.path("web");
    std::fs::create_dir(&folder).unwrap();
    let hosted = create(&home, &["--direct", "--host", "https://files.example/shared/", "--out", folder.to_str().unwrap()]);
    let there = payload(&hosted);
    let name = hosted["file"].as_str().unwrap();
    assert_eq!(there.url, format!("https://files.example/shared/{name}"));
    assert_eq!(B64.decode(name.strip_suffix(".jwe").unwrap()).unwrap().len(), 32);
    let jwe = std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(memchr::memmem::find(&decrypt(&there.key, &jwe, MOST).unwrap().plain, SECRET.as_bytes()).is_some());
    home.run(&["share", "create", "--for", "X", "--direct", "--host", "http://files.example", "--out", folder.to_str().unwrap()]).ended(2);
    assert_eq!(files(&folder).len(), 1);
    let server = home.serve(&[]);
    let get = |query: &str| server.send("GET", &format!("{}{query}", path(&link.url)), "", b"");
    assert_eq!((get("").status, get("?recipient=").status), (400, 400));
    let reply = get("?recipient=Dr.%20Raman");
    assert_eq!((reply.status, reply.header("content-type").as_str()), (200, "application/jose"));
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert!(memchr::memmem::find(&decrypt(&link.key, &reply.text(), MOST).unwrap().plain, SECRET.as_bytes()).is_some());
    // It has no manifest.
    assert_eq!(ask(&server, &link, &json!({"recipient": "x"})).status, 404);
}

fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|f| format!("; filename=\"{f}\"")).unwrap_or_default();
        body.extend_from_slice(format!("--X\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--X--\r\n");
    body
}

pub(crate) fn answer(server: &Server, link: &Payload, parts: &[(&str, Option<&str>, &[u8])]) -> Reply {
    server.send("POST", &format!("{}/reply", path(&link.url)), "content-type: multipart/form-data; boundary=X\r\n", &form(parts))
}

#[test]
fn a_reply_waits_encrypted_until_somebody_takes_it() {
    let home = filled();
    let code = passcode(&home, "4711");
    let link = payload(&create(&home, &["--reply", "--passcode-file", &code]));
    let silent = payload(&create(&home, &[]));
    let server = home.serve(&[]);
    let visit = bundle(("Ruth", "Carver"), "1954-03-14", &[condition("v1", "Brumevald")]);
    let who: (&str, Option<&str>, &[u8]) = ("recipient", None, b"Lakeside Urgent Care");
    let good: (&str, Option<&str>, &[u8]) = ("passcode", None, b"4711");
    let note: (&str, Option<&str>, &[u8]) = ("note", None, b"Please come back in March. Psoralith.");
    let files_in = |name: &str| files(&home.chart().join("inbox")).iter().filter(|f| f.to_string_lossy().ends_with(name)).count();
    for (parts, status) in
        [(&[note, good][..], 400), (&[who, note], 401), (&[who, note, ("passcode", None, &b"0000"[..])], 401), (&[who, good], 400)]
    {
        let reply = answer(&server, &link, parts);
        assert_eq!(reply.status, status, "{}", reply.text());
    }
    assert_eq!(answer(&server, &silent, &[who, note]).status, 404);
    let many: Vec<_> = [who, good].into_iter().chain((0..11).map(|_| ("files", Some("a.txt"), &b"x"[..]))).collect();
    assert_eq!(answer(&server, &link, &many).status, 413);
    let large = vec![b'x'; 30 << 20];
    assert_eq!(answer(&server, &link, &[who, good, ("files", Some("a.txt"), &large)]).status, 413);
    assert_eq!(files_in(".age"), 0);
    let reply = answer(&server, &link, &[who, good, note, ("files", Some("visit.json"), &visit)]);
    assert_eq!(reply.status, 202, "{}", reply.text());
    assert_eq!(files_in(".about.age"), 2);
    for file in files(&home.chart().join("inbox")) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1"));
        assert!(!file.to_string_lossy().contains("visit"));
    }
    // Signed in, with time enough for the inbox: it is looked at, and does not enter by itself.
    let (cookie, chart) = (server.sign_in(&home), home.chart_id());
    let sources = || server.get(&format!("/charts/{chart}/sources"), &cookie).text();
    server.get(&format!("/charts/{chart}"), &cookie);
    let began = Instant::now();
    while !sources().contains("A reply from") {
        assert!(began.elapsed() < Duration::from_secs(30), "{}", sources());
        std::thread::sleep(Duration::from_millis(200));
    }
    std::thread::sleep(Duration::from_secs(5));
    let page = sources();
    assert!(page.contains("Lakeside Urgent Care") && page.contains("visit.json") && page.contains("Take it into the chart"), "{page}");
    let conditions = || server.get(&format!("/charts/{chart}/conditions"), &cookie).text();
    assert!(!conditions().contains("Brumevald"));
    let names: Vec<String> = page.split("name=\"file\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    let (mut taken, mut seen) = (0, std::collections::BTreeSet::new());
    for name in names.iter().filter(|n| seen.insert((*n).clone())) {
        assert!(name.starts_with("reply-"), "{name}");
        let reply = server.post(&format!("/charts/{chart}/inbox"), &cookie, &format!("act=take&file={name}&patient="));
        assert_eq!(reply.status, 303);
        taken += 1;
    }
    assert_eq!(taken, 2);
    assert!(conditions().contains("Brumevald"));
    assert_eq!(files_in(".age"), 0);
    // The command line takes nothing by itself either.
    assert_eq!(
        answer(
            &server,
            &link,
            &[who, good, ("files", Some("more.json"), &bundle(("Ruth", "Carver"), "1954-03-14", &[condition("v2", "Grumbledore")]))]
        )
        .status,
        202
    );
    server.stop();
    let listed = home.run(&["share", "list", "--json"]).ended(0).json();
    assert_eq!(listed["shares"].as_array().unwrap().iter().map(|s| s["replies"].as_u64().unwrap()).sum::<u64>(), 2);
    assert!(!home.records(&[]).iter().any(|r| r.to_string().contains("Grumbledore")));
    assert_eq!(files_in(".about.age"), 1);
}

#[test]
fn a_link_that_has_ended_says_no_more() {
    use keepwell::export::Choice;
    use keepwell::household::Household;
    use keepwell::share::{Answer, Asked, Desk, Terms, create};
    let home = filled();
    let household = Household::new(std::sync::Arc::new(keepwell::vault::Vault::open(&home.vault()).unwrap()));
    let who = household.sign_in("Ruth", &home.recovery).unwrap();
    let chart = household.open(&who, &home.chart_id()).unwrap();
    let soon = jiff::Timestamp::now().as_second() + 2;
    let terms = Terms { expires: Some(soon), base: "https://home.example".into(), ..Terms::default() };
    let made = create(&household, &chart, &Choice { addressee: Some("X".into()), ..Choice::default() }, &terms).unwrap();
    let link = Payload::parse(&made.share.link.as_ref().unwrap().shlink).unwrap();
    assert_eq!(link.exp, Some(soon));
    let (desk, secret) = (Desk::new().unwrap(), link.url.rsplit('/').next().unwrap());
    let asked = Asked { recipient: "x", ..Asked::default() };
    assert!(matches!(desk.manifest(&household, secret, &asked).unwrap(), Answer::Manifest { .. }));
    while jiff::Timestamp::now().as_second() < soon {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(matches!(desk.manifest(&household, secret, &asked).unwrap(), Answer::Gone));
    keepwell::share::renew(&household, &chart).unwrap();
    assert_eq!(files(&home.chart().join("shares")).len(), 0);
}

#[test]
fn the_encrypted_page_opens_with_its_words_alone() {
    use aes_gcm::aead::{Aead, KeyInit, Payload as Sealed};
    let home = filled();
    let out = home.path("page.html");
    let ran = home.run(&["export", "--format", "html", "--out", out.to_str().unwrap()]).ended(0);
    let words = String::from_utf8(ran.out).unwrap().trim().to_owned();
    assert_eq!(words.split(' ').count(), 6);
    assert!(!ran.err.contains(&words));
    let html = std::fs::read_to_string(&out).unwrap();
    assert!(!html.contains(SECRET) && !html.contains("Carver"));
    // As WebCrypto does it: PBKDF2-SHA-256, AES-256-GCM, raw deflate.
    let sealed: Value = serde_json::from_str(html.split("id=\"sealed\">").nth(1).unwrap().split("</script>").next().unwrap()).unwrap();
    let bytes = |name: &str| base64::engine::general_purpose::STANDARD.decode(sealed[name].as_str().unwrap()).unwrap();
    let rounds = sealed["rounds"].as_u64().unwrap();
    assert!(rounds >= 600_000 && bytes("salt").len() == 16 && bytes("iv").len() == 12);
    let open = |words: &str| {
        let mut key = [0; 32];
        pbkdf2::pbkdf2_hmac::<pbkdf2::sha2::Sha256>(words.as_bytes(), &bytes("salt"), rounds as u32, &mut key);
        let nonce: [u8; 12] = bytes("iv").try_into().unwrap();
        let cipher = aes_gcm::Aes256Gcm::new_from_slice(&key).unwrap();
        cipher.decrypt(&nonce.into(), Sealed { msg: &bytes("data"), aad: sealed["about"].as_str().unwrap().as_bytes() })
    };
    assert!(open("one two three four five six").is_err());
    let mut plain = String::new();
    std::io::Read::read_to_string(&mut flate2::read::DeflateDecoder::new(open(&words).unwrap().as_slice()), &mut plain).unwrap();
    let plain: Value = serde_json::from_str(&plain).unwrap();
    let summary: Value = serde_json::from_str(plain["texts"][0].as_str().unwrap()).unwrap();
    assert_eq!(
        (summary["type"].as_str(), summary["entry"][0]["resource"]["resourceType"].as_str()),
        (Some("document"), Some("Composition"))
    );
    assert!(plain["texts"][0].as_str().unwrap().contains(SECRET));
    let names: Vec<&str> = plain["files"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["summary.ccda.xml", "summary.pdf"]);
    home.run(&["export", "--format", "html", "--out", out.to_str().unwrap()]).ended(2);
}
