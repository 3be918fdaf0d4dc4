//! Every limit of the settings takes effect, on the command line and on the page; an upload leaves memory flat.

use crate::binary::{Home, bundle, ran};
use crate::hostile;
use clap::Parser as _;
use keepwell::cli::Cli;
use keepwell::web::Options;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::time::Duration;

fn observation(n: usize, words: &str) -> Value {
    json!({"resourceType": "Observation", "id": format!("o{n}"), "status": "final", "subject": {"reference": "Patient/p1"},
        "code": {"text": words}, "note": [{"text": words}]})
}

/// A setting, a file that it lets in by default, the value that keeps it out.
fn cases() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let ruth = |entries: &[Value]| bundle(("Ruth", "Carver"), "1954-03-14", entries);
    let small = ruth(&[observation(1, "Weight")]);
    let words = String::from_utf8_lossy(&hostile::noise(1_500_000)).replace(|c: char| !c.is_ascii_alphanumeric(), "a");
    let large = ruth(&[observation(2, &words)]);
    let dull = ruth(&[observation(3, &"well ".repeat(400_000))]);
    let inner = hostile::zip(&[hostile::Raw::new("a.json", &small)]);
    let mut deep = observation(4, "Weight");
    deep["extension"] = (0..20).fold(json!([]), |inner, _| json!([{"url": "https://north.example/x", "extension": inner}]));
    let xml = "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"p1\"/><name><family value=\"Carver\"/><given value=\"Ruth\"/></name>\
               <birthDate value=\"1954-03-14\"/><contact><name><period><start value=\"2001\"/></period></name></contact></Patient>";
    vec![
        ("KEEPWELL_MAX_FILE_MIB", "1", large.clone()),
        ("KEEPWELL_MAX_ARCHIVE_ENTRIES", "1", hostile::zip(&[hostile::Raw::new("a.json", &small), hostile::Raw::new("b.json", &small)])),
        ("KEEPWELL_MAX_ARCHIVE_DEPTH", "1", hostile::zip(&[hostile::Raw::new("inner.zip", &inner)])),
        ("KEEPWELL_MAX_UNPACKED_MIB", "1", hostile::zip(&[hostile::Raw::packed("a.json", &large)])),
        ("KEEPWELL_MAX_RATIO", "2", hostile::zip(&[hostile::Raw::packed("a.json", &dull[..])])),
        ("KEEPWELL_MAX_DOCUMENT_MIB", "1", words.into_bytes()),
        ("KEEPWELL_MAX_XML_DEPTH", "3", xml.as_bytes().to_vec()),
        ("KEEPWELL_MAX_JSON_DEPTH", "12", ruth(&[deep])),
    ]
}

#[test]
fn each_limit_keeps_something_out() {
    let home = Home::new();
    for (setting, value, bytes) in cases() {
        let file = home.write("file", &bytes);
        let flag = format!("--{}", setting.trim_start_matches("KEEPWELL_").to_lowercase().replace('_', "-"));
        let bounds: &[(&str, &str)] = if setting == "KEEPWELL_MAX_RATIO" { &[("KEEPWELL_MAX_RATIO", "100000")] } else { &[] };
        let free = ran(home.command(&["import", "--json", "--dry-run", &file]).envs(bounds.iter().copied())).ended(0).json();
        assert!(free["totals"]["stored"].as_u64().unwrap() > 0, "{setting}: {free}");
        let bound = ran(home.command(&["import", "--json", &file]).env(setting, value));
        assert!([1, 3].contains(&bound.code.unwrap()), "{setting}: {}", bound.err);
        let report = bound.json();
        crate::binary::adds_up(&report);
        let entry = &report["files"][0];
        let told = format!("{} {}", entry["error"], entry["skipped"]).to_lowercase();
        assert!(["larger", "more than", "deep", "nested", "within", "times"].iter().any(|w| told.contains(w)), "{setting}: {told}");
        // The flag says the same, and wins over the variable.
        let flagged = ran(home.command(&["import", "--json", &flag, value, &file]).env(setting, "100000")).json();
        assert_eq!(flagged["files"][0]["error"], entry["error"], "{setting}");
    }
}

#[test]
fn the_page_keeps_to_the_same_limits() {
    let home = Home::new();
    let settings: Vec<(&str, &str)> = cases().iter().map(|(setting, value, _)| (*setting, *value)).collect();
    let server = home.serve(&settings);
    let cookie = server.sign_in(&home);
    for (setting, _, bytes) in cases() {
        let reply = server.upload(&home.chart_id(), &cookie, "file", &bytes);
        if reply.status == 413 {
            assert!(reply.text().contains("Nothing was stored"), "{setting}");
            continue;
        }
        let page = server.ended(&reply, &cookie).1.text();
        assert!(page.contains("Nothing was added") || page.contains("Done in part") || page.contains("left out"), "{setting}: {page}");
    }
    drop(server);
    let stored: u64 = home.sources().iter().map(|s| s["report"]["stored"].as_u64().unwrap()).sum();
    assert!(stored <= 2, "{:?}", home.sources());
}

#[test]
fn settings_reach_the_server() {
    let args = [
        "keepwell",
        "--idle-minutes",
        "7",
        "--max-file-mib",
        "3",
        "--max-archive-entries",
        "4",
        "--max-archive-depth",
        "5",
        "--max-unpacked-mib",
        "6",
        "--max-ratio",
        "7",
        "--max-document-mib",
        "8",
        "--max-xml-depth",
        "9",
        "--max-json-depth",
        "10",
        "--base-url",
        "https://home.example/health",
        "--trusted-proxies",
        "10.0.0.0/8,fd00::/8",
        "serve",
    ];
    let options = Options::new(&Cli::parse_from(args).config, "keepwell".into());
    let l = &options.limits;
    assert_eq!(options.idle, Duration::from_secs(7 * 60));
    assert_eq!((l.file_bytes, l.archive_entries, l.archive_depth, l.unpacked_bytes), (3 << 20, 4, 5, 6 << 20));
    assert_eq!((l.ratio, l.document_bytes, l.xml_depth, l.json_depth), (7, 8 << 20, 9, 10));
    assert_eq!((options.base_url.as_deref(), options.trusted_proxies.len()), (Some("https://home.example/health"), 2));
}

/// The most memory that a process has held, in MiB.
fn most_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() >> 10
}

#[test]
fn a_large_upload_leaves_memory_flat() {
    const PIECES: usize = 300;
    let home = Home::new();
    let server = home.serve(&[]);
    let cookie = server.sign_in(&home);
    let before = most_memory(server.id());
    let piece = hostile::noise(1 << 20);
    let head = b"--X\r\ncontent-disposition: form-data; name=\"files\"; filename=\"large\"\r\n\r\n";
    let tail = b"\r\n--X--\r\n";
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    write!(
        stream,
        "POST /charts/{}/add HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncookie: {cookie}\r\n\
         content-type: multipart/form-data; boundary=X\r\ncontent-length: {}\r\n\r\n",
        home.chart_id(),
        head.len() + PIECES * piece.len() + tail.len()
    )
    .unwrap();
    stream.write_all(head).unwrap();
    for _ in 0..PIECES {
        stream.write_all(&piece).unwrap();
    }
    stream.write_all(tail).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let most = most_memory(server.id());
    println!("300 MB uploaded: at most {most} MiB, {before} MiB before");
    assert!(most < 250, "{most} MiB");
    // And an upload that breaks off leaves nothing behind.
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let begun = format!(
        "POST /charts/{}/add HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\ncontent-type: multipart/form-data; boundary=X\r\n\
         content-length: 99999999\r\n\r\n",
        home.chart_id()
    );
    stream.write_all(&[begun.as_bytes(), head, &piece[..]].concat()).unwrap();
    drop(stream);
    drop(server);
    home.run(&["check", "--deep"]).ended(0);
    let originals = crate::binary::files(&home.chart().join("originals"));
    assert_eq!(originals.len(), home.sources().len(), "{originals:?}");
}
