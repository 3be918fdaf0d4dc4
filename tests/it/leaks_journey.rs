//! One whole journey on a machine of its own: every temporary folder that there is, the vault, the backups, the log, what other
//! programs are told and what the system shows of the processes, watched while the work goes on and searched after it.

use crate::binary::{Home, Server, bundle, copy, files};
use crate::hostile::{self, endless_deflate};
use crate::leaks::{WORDS, found_in, holds, nothing_in, papers};
use crate::leaks_crash::limit;
use crate::{files_made, share};
use serde_json::json;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Where programs put what they do not want to keep, beside TMPDIR.
const ELSEWHERE: [&str; 3] = ["tmp", "var/tmp", "dev/shm"];

/// Folders of ELSEWHERE that are empty and nobody else's; the home stays where it is. Then the server, which asks for cores.
const ALONE: &str = "set -e
    mount -t tmpfs none /var/tmp; mount -t tmpfs none /dev/shm
    mkdir /var/tmp/home; mount --bind \"$0\" /var/tmp/home
    mount -t tmpfs none /tmp; mkdir -p \"$0\"; mount --move /var/tmp/home \"$0\"; rmdir /var/tmp/home
    cd \"$0\"; ulimit -c unlimited; exec \"$@\"";

/// A server whose temporary folders are its own, or one as it is where the system does not allow that.
fn serve_alone(home: &Home, args: &[&str]) -> (Server, bool) {
    let built = env!("CARGO_BIN_EXE_keepwell");
    let args = [&["serve", "--listen", "127.0.0.1:0", "--verbose"], args].concat();
    let apart: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];
    let may = |how: &&&[&str]| {
        Command::new("unshare").args(**how).args(["mount", "-t", "tmpfs", "none", "/var/tmp"]).status().is_ok_and(|s| s.success())
    };
    let how = apart.iter().find(may).filter(|_| !built.starts_with("/tmp/"));
    let mut command = match how {
        Some(how) => {
            let mut command = Command::new("unshare");
            command.args(*how).args(["sh", "-c", ALONE]).arg(home.dir.path()).arg(built).args(args).stdin(Stdio::null());
            home.around(&mut command);
            command
        }
        None => {
            eprintln!("SKIPPED: temporary folders beside TMPDIR (mounting is not allowed here)");
            home.command(&args)
        }
    };
    command.stdin(Stdio::null());
    (Server::begin(home, command, &[]), how.is_some())
}

/// The processes that a process has begun, and itself.
fn family(process: u32) -> Vec<u32> {
    let mut all = vec![process];
    for task in std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(family));
    }
    all
}

fn readers(server: u32) -> Vec<u32> {
    let is = |process: &u32| std::fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|line| holds(&line, b"__worker"));
    family(server).into_iter().filter(is).collect()
}

/// Whoever looks over a server's shoulder, from its first request to its end.
struct Watcher<'a> {
    home: &'a Home,
    server: u32,
    alone: bool,
    /// What is wrong, each once.
    found: BTreeSet<String>,
    looks: u32,
    processes: BTreeSet<u32>,
}

impl Watcher<'_> {
    fn until(mut self, done: &AtomicBool) -> Self {
        while !done.load(Ordering::Relaxed) {
            self.look();
            std::thread::sleep(Duration::from_millis(5));
        }
        self
    }

    fn judge(&mut self, place: &str, bytes: &[u8]) {
        for word in found_in(bytes, &WORDS) {
            self.found.insert(format!("{word} in {place}"));
        }
    }

    fn look(&mut self) {
        self.looks += 1;
        let home = self.home;
        for name in ["tmp", "vault", "backups"] {
            for file in files(&home.path(name)) {
                self.judge("a file's name", file.to_string_lossy().as_bytes());
                // One that is gone again held nothing for longer than this look took.
                if let Ok(bytes) = std::fs::read(&file) {
                    self.judge(&file.to_string_lossy(), &bytes);
                }
            }
        }
        for process in family(self.server) {
            self.processes.insert(process);
            for what in ["cmdline", "environ", "comm"] {
                let bytes = std::fs::read(format!("/proc/{process}/{what}")).unwrap_or_default();
                self.judge(what, &bytes);
            }
            self.open_files(process);
        }
        if self.alone {
            let root = PathBuf::from(format!("/proc/{}/root", self.server));
            let own = root.join(home.dir.path().strip_prefix("/").unwrap());
            for file in ELSEWHERE.iter().flat_map(|place| files(&root.join(place))).filter(|file| !file.starts_with(&own)) {
                self.found.insert(format!("a file outside its folders: {}", file.display()));
            }
        }
    }

    /// A file that was deleted while it is open lies on the disk all the same.
    fn open_files(&mut self, process: u32) {
        for open in std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten() {
            let Ok(place) = std::fs::read_link(open.path()) else { continue };
            let deleted = place.to_string_lossy().ends_with(" (deleted)");
            if deleted && std::fs::metadata(open.path()).is_ok_and(|m| m.is_file()) {
                let bytes = std::fs::read(open.path()).unwrap_or_default();
                self.judge(&place.to_string_lossy(), &bytes);
            }
        }
    }
}

/// Letters that break the reader of PDFs: its words, then a page that unpacks without end.
fn breaking_pdf() -> Vec<u8> {
    let page =
        |n: u32| format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 8 0 R>>>>/Contents {n} 0 R>>").into_bytes();
    files_made::pdf_objects(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 2/Kids[3 0 R 5 0 R]>>".to_vec(),
        page(6),
        b"<</Title(Psoralith of Zephyrine Quillonbeck)>>".to_vec(),
        page(7),
        files_made::stream("", b"BT /F1 24 Tf 60 700 Td (Zephyrine Quillonbeck, Psoralith) Tj ET"),
        files_made::stream("/Filter/FlateDecode", &endless_deflate()),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec(),
    ])
}

/// More kinds of files than those of `papers`.
fn more_papers() -> Vec<(&'static str, Vec<u8>)> {
    let line = |v: serde_json::Value| format!("{v}\n");
    let patient = json!({"resourceType": "Patient", "id": "p1", "birthDate": "1954-03-14", "name": [{"family": "Quillonbeck", "given": ["Zephyrine"]}]});
    let condition =
        json!({"resourceType": "Condition", "id": "n1", "subject": {"reference": "Patient/p1"}, "code": {"text": "Xanthoblastoma"}});
    let visit = include_str!("../data/ccda/frame-visit.xml");
    let name = visit.split("<name").nth(1).unwrap().split("</name>").next().unwrap();
    let own = visit
        .replacen(name, "><given>Zephyrine</given><family>Quillonbeck</family>", 1)
        .replacen("195203041015-0500", "19540314", 1)
        .replacen("Summary of care", "Brumevald", 1);
    vec![
        ("Brumevald.ndjson", [line(patient), line(condition)].concat().into_bytes()),
        ("Brumevald.html", b"<!doctype html><title>Brumevald</title><h1>Xanthoblastoma</h1><p>Psoralith".to_vec()),
        ("Brumevald.rtf", br"{\rtf1 Xanthoblastoma of Zephyrine Quillonbeck}".to_vec()),
        ("oncovellum.xml", own.into_bytes()),
        ("Psoralith.ndjson.gz", hostile::gzip(b"{\"resourceType\":\"Condition\",\"code\":{\"text\":\"Brumevald\"}}")),
        ("Wrackspurt.pdf", breaking_pdf()),
    ]
}

/// Everything that a vault or a backup folder holds is what it says that it is: packed or encoded text would pass the search.
fn only_sealed(dir: &Path) {
    for file in files(dir) {
        let (name, bytes) = (file.strip_prefix(dir).unwrap().to_string_lossy().into_owned(), std::fs::read(&file).unwrap());
        let sealed = match file.extension().and_then(|e| e.to_str()).unwrap_or_default() {
            "age" => bytes.starts_with(b"age-encryption.org/v1\n"),
            "jwe" => bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b)) && bytes.split(|b| *b == b'.').count() == 5,
            // Pages under a key begin with their salt, a journal with its own mark.
            "db" => name == "household.db" || !bytes.starts_with(b"SQLite format 3"),
            "db-wal" | "db-shm" => true,
            "txt" => name.ends_with("recipients.txt") && bytes.starts_with(b"age1"),
            _ => name == "lock" && bytes.len() < 16,
        };
        assert!(sealed, "{name}: {:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(64)]));
    }
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a member and those around them do in a browser, in a hurry.
fn journey(home: &Home, server: &Server, link: &keepwell::share::Payload) {
    for _ in 0..2 {
        assert_eq!(server.post("/sign-in", "", "name=Ruth&passphrase=Wrackspurt+is+Grumbledore").status, 403);
    }
    let cookie = server.sign_in(home);
    let chart = home.chart_id();
    let at = |rest: &str| format!("/charts/{chart}/{rest}");
    for (name, bytes) in papers().into_iter().chain(more_papers()) {
        let upload = server.upload(&chart, &cookie, name, &bytes);
        let (job, _) = server.ended(&upload, &cookie);
        server.post(&job, &cookie, "act=leave&file=0");
    }
    let sources = server.get(&at("sources"), &cookie).text();
    for name in ["oncovellum.json", "Brumevald.html", "Wrackspurt.pdf", "oncovellum.xml"] {
        assert!(sources.contains(name), "{name} is not among the sources");
    }
    // The reader of PDFs is ended in the middle of its work, the way a crash ends it.
    let upload = server.upload(&chart, &cookie, "Grumbledore.pdf", &[breaking_pdf(), b"% again".to_vec()].concat());
    wait_for("no reader of documents", || readers(server.id()).iter().any(|r| limit(*r) == Some(["0".into(), "0".into()])));
    for reader in readers(server.id()) {
        _ = Command::new("kill").args(["-ABRT", &reader.to_string()]).stderr(Stdio::null()).status();
    }
    server.ended(&upload, &cookie);
    let found = server.post(&at("search"), &cookie, "words=Xanthoblastoma");
    assert!(server.get(&found.header("location"), &cookie).text().contains("Xanthoblastoma"));
    for document in 1..=12 {
        for page in ["", "/content", "/picture", "/pages/1"] {
            server.get(&at(&format!("documents/{document}{page}")), &cookie);
        }
    }
    for format in keepwell::export::Format::ALL {
        let reply = server.post(&at("export"), &cookie, &format!("format={}", format.name()));
        assert!(reply.status == 200 && reply.body.len() > 500, "{}: {} of {}", format.name(), reply.status, reply.body.len());
    }
    let shared = server.post(
        &at("share"),
        &cookie,
        "act=make&to=Dr+Brumevald&note=Psoralith&kind=conditions&form=link&until=week&profile=new-clinic&ask=yes&passcode=Wrackspurt",
    );
    assert_eq!(shared.status, 303, "{}", shared.text());
    // Strangers: one who opens the link, and answers; one who guesses.
    assert_eq!(share::ask(server, link, &json!({"recipient": "Dr Brumevald", "passcode": "Grumbledore"})).status, 401);
    assert_eq!(share::ask(server, link, &json!({"recipient": "Dr Brumevald", "passcode": "Wrackspurt"})).status, 200);
    let visit = bundle(("Zephyrine", "Quillonbeck"), "1954-03-14", &[]);
    let answer: [(&str, Option<&str>, &[u8]); 4] = [
        ("recipient", None, b"Dr Brumevald"),
        ("passcode", None, b"Wrackspurt"),
        ("note", None, b"Psoralith again"),
        ("files", Some("Brumevald.json"), &visit),
    ];
    assert_eq!(share::answer(server, link, &answer).status, 202);
    assert_eq!(server.post("/settings/backups", &cookie, "act=make").status, 303);
    wait_for("the backup does not end", || !server.get("/settings/backups", &cookie).text().contains("is being made"));
    assert!(server.get("/settings/backups", &cookie).text().contains("The last verified backup is from"));
}

/// A large import with the words in it, which the caller breaks off.
fn begin_large(home: &Home, server: &Server) {
    let cookie = server.sign_in(home);
    let many: Vec<_> = (0..20_000)
        .map(|n| json!({"resourceType": "Condition", "id": format!("m{n}"), "subject": {"reference": "Patient/p1"}, "code": {"text": format!("Xanthoblastoma Brumevald {n}")}}))
        .collect();
    let upload = server.upload(&home.chart_id(), &cookie, "Psoralith.json", &bundle(("Zephyrine", "Quillonbeck"), "1954-03-14", &many));
    assert_eq!(upload.status, 303, "{}", upload.text());
}

#[test]
fn a_whole_journey_leaves_no_word_anywhere() {
    let home = Home::of("Zephyrine Quillonbeck", "1954-03-14", "female");
    let (tell, told, backups) = (home.path("tell"), home.path("told"), home.path("backups"));
    std::fs::create_dir(&backups).unwrap();
    let script = format!("#!/bin/sh\n{{ cat; echo \"args $# $*\"; env; tr '\\0' ' ' </proc/$$/cmdline; echo; }} >> {}\n", told.display());
    std::fs::write(&tell, script).unwrap();
    std::fs::set_permissions(&tell, std::fs::Permissions::from_mode(0o700)).unwrap();
    let code = home.write("code", b"Wrackspurt\n");
    let made =
        home.run(&["share", "create", "--json", "--for", "Dr Brumevald", "--label", "Psoralith", "--reply", "--passcode-file", &code]);
    let link = share::payload(&made.ended(0).json());

    let settings = ["--notify-command", &tell.to_string_lossy(), "--backup-dir", &backups.to_string_lossy()].map(str::to_owned);
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let (server, alone) = serve_alone(&home, &settings);
    assert_eq!(limit(server.id()), Some(["0".into(), "0".into()]), "cores");
    let done = AtomicBool::new(false);
    let watcher = Watcher { home: &home, server: server.id(), alone, found: BTreeSet::new(), looks: 0, processes: BTreeSet::new() };
    let watched = std::thread::scope(|scope| {
        let watching = scope.spawn(|| watcher.until(&done));
        let walked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            journey(&home, &server, &link);
            begin_large(&home, &server);
            std::thread::sleep(Duration::from_millis(100));
            assert!(Command::new("kill").args(["-9", &server.id().to_string()]).status().unwrap().success());
        }));
        done.store(true, Ordering::Relaxed);
        let watched = watching.join().unwrap();
        walked.unwrap_or_else(|e| std::panic::resume_unwind(e));
        watched
    });
    println!("{} looks at {} processes; alone: {alone}", watched.looks, watched.processes.len());
    assert!(watched.looks > 20 && watched.processes.len() > 2);
    assert_eq!(watched.found, BTreeSet::new());
    // Killed in the middle: what lies there now is what a thief of the disk would have.
    let log = std::fs::read(&server.log).unwrap();
    drop(server);
    nothing_in(&home.vault(), &WORDS);
    assert!(files(&home.path("tmp")).is_empty(), "{:?}", files(&home.path("tmp")));
    assert!(!holds(&std::fs::read(home.chart().join("records.db")).unwrap(), b"SQLite format 3"));
    assert!(!home.run(&["sources"]).ended(0).out.windows(14).any(|w| w == b"Psoralith.json"), "the import was over before the end");
    assert!(holds(&log, b"/charts/{chart}/search"), "the log names routes");
    assert_eq!(found_in(&log, &WORDS), Vec::<String>::new(), "in the log");

    // From the command line: the backup of the server, and one of its own, verified and restored.
    let own = backups.join("own.age").to_string_lossy().into_owned();
    home.run(&["backup", "create", "--out", &own, "--verbose"]).ended(0);
    for (n, file) in files(&backups).into_iter().enumerate() {
        let (file, new) = (file.to_string_lossy().into_owned(), home.path(&format!("restored-{n}")));
        home.run(&["backup", "verify", &file]).ended(0);
        home.run(&["backup", "restore", &file, "--vault", &new.to_string_lossy()]).ended(0);
        home.run(&["check", "--deep", "--vault", &new.to_string_lossy()]).ended(0);
        assert!(nothing_in(&new, &WORDS) > 8);
        only_sealed(&new);
    }
    assert_eq!(nothing_in(&backups, &WORDS), 2);
    only_sealed(&backups);
    only_sealed(&home.vault());
    nothing_in(&home.vault(), &WORDS);
    assert!(files(&home.path("tmp")).is_empty(), "{:?}", files(&home.path("tmp")));
    let said = std::fs::read(&told).unwrap();
    for line in ["a link was opened", "somebody tried to sign in", "a new browser"] {
        assert!(holds(&said, line.as_bytes()), "nobody was told that {line}: {}", String::from_utf8_lossy(&said));
    }
    for word in WORDS.iter().chain(&["Ruth", &home.chart_id(), "KEEPWELL"]) {
        assert!(!holds(&said, word.as_bytes()), "{word} was told: {}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn the_search_would_find_a_word_in_every_form() {
    let home = Home::of("Zephyrine Quillonbeck", "1954-03-14", "female");
    let word = "Xanthoblastoma";
    let packed = |bytes: Vec<u8>| [b"some bytes before ".to_vec(), bytes, b" and after".to_vec()].concat();
    let forms = [
        word.as_bytes().to_vec(),
        word.to_uppercase().into_bytes(),
        word.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        word.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        word.bytes().map(|b| format!("{b:02x}")).collect::<String>().into_bytes(),
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("a {word}")).into_bytes(),
    ];
    for form in forms {
        assert_eq!(found_in(&packed(form), &WORDS), [word]);
    }
    // And the one that watches, in a temporary folder, and in a file that is deleted while it is open.
    let mut watcher =
        Watcher { home: &home, server: std::process::id(), alone: false, found: BTreeSet::new(), looks: 0, processes: BTreeSet::new() };
    watcher.look();
    let before = watcher.found.clone();
    std::fs::write(home.path("tmp").join("draft"), word).unwrap();
    let open = home.path("gone");
    std::fs::write(&open, word).unwrap();
    let held = std::fs::File::open(&open).unwrap();
    std::fs::remove_file(&open).unwrap();
    watcher.look();
    drop(held);
    let new: Vec<&String> = watcher.found.difference(&before).collect();
    assert!(new.iter().any(|f| f.contains("tmp/draft")) && new.iter().any(|f| f.contains("gone (deleted)")), "{new:?}");
    // What is plain or packed in a vault is not sealed.
    for (name, bytes) in [("charts/x/records.db", &b"SQLite format 3\0"[..]), ("charts/x/a.age", b"PK\x03\x04"), ("notes.gz", b"\x1f\x8b")]
    {
        let aside = home.path("aside");
        copy(&home.vault(), &aside);
        only_sealed(&aside);
        let file = aside.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
        assert!(std::panic::catch_unwind(|| only_sealed(&aside)).is_err(), "{name}");
        std::fs::remove_dir_all(&aside).unwrap();
    }
}
