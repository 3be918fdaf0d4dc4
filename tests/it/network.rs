//! No connection leaves the machine: every call that could make one is watched by strace while the program works.

use crate::binary::{Home, Server, bundle, ran};
use crate::files_made;
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};

/// strace before a command, or none where it may not be used.
fn watched(home: &Home, args: &[&str], to: &Path) -> Option<Command> {
    let probe = Command::new("strace").args(["-o", "/dev/null", "true"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|s| s.success()) {
        eprintln!("SKIPPED: strace is missing, or may not be used here");
        return None;
    }
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=connect,sendto,sendmsg,sendmmsg,socket", "-o"]).arg(to);
    command.arg(env!("CARGO_BIN_EXE_keepwell")).args(args).stdin(Stdio::null());
    home.around(&mut command);
    Some(command)
}

/// Lines that name an address beyond this machine, or a kind of socket that could reach one unasked.
fn outward(trace: &str) -> Vec<String> {
    let within = ["AF_UNIX", "inet_addr(\"127.", "\"::1\"", "AF_NETLINK"];
    let reaches = |l: &&str| {
        let addressed = l.contains("sa_family=") && !within.iter().any(|w| l.contains(w));
        let dialled = l.contains("connect(") && !within.iter().any(|w| l.contains(w));
        let raw = l.contains("socket(AF_PACKET") || l.contains("SOCK_RAW") || l.contains("SOCK_DGRAM, IPPROTO_IP");
        addressed || dialled || raw
    };
    trace.lines().filter(reaches).map(str::to_owned).collect()
}

#[test]
fn a_trace_that_leads_away_would_be_seen() {
    let away = "7 connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr(\"203.0.113.7\")}, 16) = 0\n\
                7 connect(4, {sa_family=AF_UNIX, sun_path=\"/run/x\"}, 110) = 0\n\
                7 sendto(3, \"x\", 1, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr(\"9.9.9.9\")}, 16) = 1\n";
    assert_eq!(outward(away).len(), 2);
}

#[test]
fn nothing_is_sent_away() {
    let home = Home::new();
    let note =
        "<div xmlns=\"http://www.w3.org/1999/xhtml\"><img src=\"http://203.0.113.7/x.png\"/><a href=\"http://203.0.113.7/\">x</a></div>";
    let entries = [
        json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": "Gout"},
            "text": {"status": "generated", "div": note}}),
        json!({"resourceType": "DocumentReference", "id": "d1", "status": "current", "subject": {"reference": "Patient/p1"},
            "content": [{"attachment": {"contentType": "application/pdf", "url": "http://203.0.113.7/letter.pdf"}}]}),
    ];
    let chart = home.write("a.json", &bundle(("Ruth", "Carver"), "1954-03-14", &entries));
    let page = b"<!doctype html><html><head><link rel=stylesheet href=http://203.0.113.7/x.css></head><body><img src=http://203.0.113.7/y></body></html>";
    let html = home.write("b.html", page);
    let entity = b"<?xml version=\"1.0\"?><!DOCTYPE Patient SYSTEM \"http://203.0.113.7/x.dtd\"><Patient xmlns=\"http://hl7.org/fhir\"/>";
    let xml = home.write("c.xml", entity);
    let pdf = home.write("d.pdf", &files_made::pdf(&["Visit note"]));
    let trace = home.path("trace");
    let Some(mut import) = watched(&home, &["import", &chart, &html, &xml, &pdf], &trace) else { return };
    assert_eq!(ran(&mut import).code, Some(3));
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    assert_eq!(outward(&read(&trace)), Vec::<String>::new());

    let trace = home.path("trace-of-the-server");
    let Some(serve) = watched(&home, &["serve", "--listen", "127.0.0.1:0"], &trace) else { return };
    let server = Server::begin(&home, serve, &[]);
    let cookie = server.sign_in(&home);
    let id = home.chart_id();
    for file in [&chart, &html, &pdf] {
        let upload = server.upload(&id, &cookie, "file", &std::fs::read(file).unwrap());
        server.ended(&upload, &cookie);
    }
    for (method, path, _) in keepwell::web::ROUTES.iter().chain(keepwell::web::routes::chart::ROUTES) {
        if *method == "GET" {
            for n in ["1", "2", "3", "4"] {
                server.get(&path.replace("{chart}", &id).replace("{rid}", n).replace("{source}", n), &cookie);
            }
        }
    }
    server.post(&format!("/charts/{id}/export"), &cookie, "format=everything");
    drop(server);
    let seen = read(&trace);
    assert!(seen.contains("socket(AF_INET"), "the trace saw nothing");
    assert_eq!(outward(&seen), Vec::<String>::new());
}
