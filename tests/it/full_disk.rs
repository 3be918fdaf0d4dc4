//! A disk that is full: what cannot be written into the activity log is not shown and not done.

use crate::binary::{Home, Server, bundle, copy};
use crate::kill::Mount;
use serde_json::json;
use std::io::Write;

/// Writes until nothing more fits, then gives so many bytes back.
fn fill(file: &std::path::Path, room: u64) {
    let mut out = std::fs::File::create(file).unwrap();
    for size in [1 << 16, 4096, 1] {
        while out.write_all(&vec![7; size]).is_ok() {}
    }
    out.set_len(out.metadata().unwrap().len() - room).unwrap();
}

/// Entries of a sort in the log, as its owner sees them.
fn entries(server: &Server, cookie: &str, chart: &str, words: &str) -> usize {
    let table = server.get(&format!("/charts/{chart}/activity/table"), cookie);
    assert_eq!(table.status, 200, "{}", table.text());
    table.text().lines().filter(|line| line.contains(words)).count()
}

#[test]
fn what_cannot_be_logged_on_a_full_disk_does_not_happen() {
    let home = Home::new();
    let entry =
        json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": "Xanthoblastoma"}});
    home.import(0, &[&home.write("first.json", &bundle(("Ruth", "Carver"), "1954-03-14", &[entry]))]);
    let (aside, place) = (home.path("aside"), home.vault());
    copy(&place, &aside);
    let Some(_mount) = Mount::of(&place, "16m") else {
        eprintln!("SKIPPED: a full disk (mounting a tmpfs is not allowed here)");
        return;
    };
    copy(&aside, &place);
    let (chart, source) = (home.chart_id(), home.sources()[0]["id"].as_str().unwrap().to_owned());
    let server = home.serve(&[]);
    let cookie = server.sign_in(&home);
    let at = |rest: &str| format!("/charts/{chart}/{rest}");
    let download = || server.get(&at(&format!("sources/{source}/original")), &cookie);
    let saved = || entries(&server, &cookie, &chart, "Saved a file that records came from");
    let before = saved();
    assert!(download().status == 200 && saved() == before + 1, "a download is an entry");

    let filler = place.join("filler");
    fill(&filler, 256 << 10);
    // What there is room for still goes in; from then on, nothing.
    let (mut given, mut refused) = (1, 0);
    while refused < 10 {
        let reply = download();
        match reply.status {
            200 => given += 1,
            500 => {
                refused += 1;
                let text = reply.text();
                assert!(text.contains("not done") && !text.contains("Xanthoblastoma"), "{text}");
            }
            other => panic!("{other}: {}", reply.text()),
        }
        assert!(given < 5000, "the disk never fills");
    }
    assert!(given > 2, "there was no room for any of them");
    let link = "act=make&to=Dr+Raman&kind=conditions&form=link&until=week&profile=new-clinic";
    for (what, path, form) in [
        ("a look", at("conditions"), None),
        ("a search", at("search"), Some("words=Xanthoblastoma")),
        ("an export", at("export"), Some("format=fhir")),
        ("a link", at("share"), Some(link)),
        ("a removal", at(&format!("sources/{source}/remove")), Some("sure=yes")),
        ("a token", at("tools"), Some("name=Brumevald&until=2027-01-01&kind=conditions")),
    ] {
        let reply = form.map_or_else(|| server.get(&path, &cookie), |form| server.post(&path, &cookie, form));
        let reply = if reply.status == 303 { server.get(&reply.header("location"), &cookie) } else { reply };
        assert_eq!(reply.status, 500, "{what}: {}", reply.text());
        assert!(!reply.text().contains("Xanthoblastoma"), "{what}");
    }
    std::fs::remove_file(&filler).unwrap();

    // Every download that was given stands in the log; of those that were not, at most the one at which the disk was full.
    let logged = saved() - before;
    assert!((given..=given + 1).contains(&logged), "{given} given, {logged} in the log");
    println!("{given} downloads while there was room, {refused} refused, {logged} in the log");
    assert!(server.get(&at("conditions"), &cookie).text().contains("Xanthoblastoma"), "it goes on where there is room");
    assert!(!server.get(&at("share"), &cookie).text().contains("Dr Raman"), "a link was made");
    assert!(!server.get(&at("tools"), &cookie).text().contains("Brumevald"), "a token was made");
    server.stop();
    assert_eq!(home.sources().len(), 1);
    home.run(&["audit", "verify"]).ended(0);
    home.run(&["check", "--deep"]).ended(0);
}
