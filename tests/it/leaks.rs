//! Nothing that anyone's records say leaves memory in the clear: not into the vault, a temporary file, the log, a header
//! or an address, whatever is done and however it ends.

use crate::binary::{Home, Reply, Server, bundle, files};
use crate::{files_made, hostile};
use base64::Engine as _;
use keepwell::demo::large_bundle;
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// The name, a diagnosis, a note, the text of a PDF, a file's name, what is searched for, a wrong passphrase.
pub(crate) const WORDS: [&str; 8] =
    ["Quillonbeck", "Zephyrine", "Xanthoblastoma", "Brumevald", "Psoralith", "oncovellum", "Wrackspurt", "Grumbledore"];

/// A word in the forms in which it could lie on a disk.
fn forms(word: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![word.as_bytes().to_vec(), word.to_lowercase().into_bytes(), word.to_uppercase().into_bytes()];
    forms.push(word.encode_utf16().flat_map(u16::to_le_bytes).collect());
    forms.push(word.encode_utf16().flat_map(u16::to_be_bytes).collect());
    forms.push(word.bytes().map(|b| format!("{b:02x}")).collect::<String>().into_bytes());
    for shift in 0..3 {
        // The middle of its base64, which depends on where in the text it stands.
        let padded = [vec![b' '; shift], word.as_bytes().to_vec()].concat();
        let text = base64::engine::general_purpose::STANDARD.encode(padded);
        forms.extend(text.as_bytes().get(4..text.len() - 4).filter(|middle| middle.len() >= 6).map(<[u8]>::to_vec));
    }
    forms
}

pub(crate) fn found_in(bytes: &[u8], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for word in words {
        let finders = forms(word);
        if finders.iter().any(|form| holds(bytes, form)) {
            found.push((*word).to_owned());
        }
    }
    found
}

pub(crate) fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}

#[track_caller]
pub(crate) fn nothing_in(dir: &Path, words: &[&str]) -> usize {
    let files = files(dir);
    for file in &files {
        let name = file.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
        assert_eq!(found_in(name.as_bytes(), words), Vec::<String>::new(), "the name {name}");
        let Ok(bytes) = std::fs::read(file) else { continue };
        assert_eq!(found_in(&bytes, words), Vec::<String>::new(), "{name}");
    }
    files.len()
}

pub(crate) fn papers() -> Vec<(&'static str, Vec<u8>)> {
    let note = base64::engine::general_purpose::STANDARD.encode("She coughs at night. Brumevald.");
    let entries = [
        json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": "Xanthoblastoma"}}),
        json!({"resourceType": "DocumentReference", "id": "d1", "subject": {"reference": "Patient/p1"}, "description": "Brumevald",
            "status": "current", "content": [{"attachment": {"contentType": "text/plain", "data": note}}]}),
    ];
    let chart = bundle(("Zephyrine", "Quillonbeck"), "1954-03-14", &entries);
    let pdf = files_made::pdf(&["Zephyrine Quillonbeck", "Psoralith seen on the left"]);
    let zipped = hostile::zip(&[hostile::Raw::packed("IHE_XDM/Brumevald.json", &chart), hostile::Raw::new("Psoralith.pdf", &pdf)]);
    let mut picture = Vec::new();
    let image = image::DynamicImage::new_rgb8(24, 24);
    image.write_to(&mut std::io::Cursor::new(&mut picture), image::ImageFormat::Png).unwrap();
    let broken = chart[..chart.len() / 2].to_vec();
    let other = bundle(("Wrackspurt", "Grumbledore"), "1970-01-01", &[]);
    vec![
        ("oncovellum.json", chart),
        ("oncovellum.pdf", pdf),
        ("Psoralith.zip", zipped),
        ("Xanthoblastoma.png", picture),
        ("Quillonbeck.txt", b"Xanthoblastoma, written by hand".to_vec()),
        ("broken Brumevald.json", broken),
        ("Grumbledore.json", other),
        ("Quillonbeck.bin", hostile::noise(3000)),
    ]
}

#[test]
fn nothing_plain_from_the_command_line() {
    let home = Home::of("Zephyrine Quillonbeck", "1954-03-14", "female");
    for (name, bytes) in papers() {
        let file = home.write(name, &bytes);
        for args in [&["import", "--dry-run", "--verbose", &file][..], &["import", "--json", "--verbose", &file]] {
            home.run(args);
        }
        std::fs::remove_file(file).unwrap();
        nothing_in(&home.vault(), &WORDS);
    }
    assert_eq!(home.sources().len(), 5);
    home.run(&["records", "--search", "Xanthoblastoma", "--verbose"]).ended(0);
    home.run(&["reimport", "--verbose"]);
    home.run(&["check", "--deep", "--verbose"]).ended(0);
    let source = home.sources()[0]["id"].as_str().unwrap().to_owned();
    home.run(&["original", &source]).ended(0);
    assert!(nothing_in(&home.vault(), &WORDS) > 8);
    assert_eq!(files(&home.path("tmp")), Vec::<std::path::PathBuf>::new(), "something stayed in the temporary folder");
    // The register knows who signs in, and nobody's name but theirs.
    let register = std::fs::read(home.vault().join("household.db")).unwrap();
    assert!(holds(&register, b"Ruth"));
}

#[test]
fn nothing_plain_while_a_large_import_runs_nor_after_it_is_killed() {
    let words = ["Carver", "Hemoglobin", "metformin", "Harbor County", "Raman", "alderstreet"];
    let home = Home::new();
    let mut bytes = Vec::new();
    large_bundle(6000, 5, &mut bytes).unwrap();
    assert_eq!(found_in(&bytes, &words).len(), words.len(), "the words are not in the file");
    let file = home.write("large.json", &bytes);
    let mut child = home.command(&["import", &file]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let journal = || std::fs::metadata(home.chart().join("records.db-wal")).map_or(0, |m| m.len());
    let (mut looked, mut largest) = (0, 0);
    while child.try_wait().unwrap().is_none() {
        let arrived = files(&home.chart().join("originals")).iter().any(|f| std::fs::metadata(f).is_ok_and(|m| m.len() > 1 << 20));
        if arrived && looked < 3 {
            nothing_in(&home.vault(), &words);
            assert!(files(&home.path("tmp")).is_empty());
            looked += 1;
        }
        largest = largest.max(journal());
        // In the middle of the commit, if it is met.
        if largest > 64 << 10 {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("looked {looked} times while it ran; the journal had up to {largest} bytes");
    assert!(looked > 0, "the import was over before anyone looked");
    nothing_in(&home.vault(), &words);
    home.import(0, &[&file]);
    nothing_in(&home.vault(), &words);
}

/// A server, and every head of an answer of it.
struct Watched {
    server: Server,
    heads: String,
}

impl Watched {
    fn saw(&mut self, reply: Reply) -> Reply {
        self.heads.push_str(&reply.head);
        self.heads.push('\n');
        reply
    }

    fn get(&mut self, path: &str, cookie: &str) -> Reply {
        let reply = self.server.get(path, cookie);
        self.saw(reply)
    }

    fn post(&mut self, path: &str, cookie: &str, form: &str) -> Reply {
        let reply = self.server.post(path, cookie, form);
        self.saw(reply)
    }
}

#[test]
fn nothing_plain_from_the_server() {
    let home = Home::of("Zephyrine Quillonbeck", "1954-03-14", "female");
    let mut watched = Watched { server: home.serve(&[]), heads: String::new() };
    for (name, passphrase) in [("Ruth", "Wrackspurt is wrong"), ("Zephyrine Quillonbeck", "Xanthoblastoma"), ("", "Brumevald")] {
        let form = format!("name={}&passphrase={}", name.replace(' ', "+"), passphrase.replace(' ', "+"));
        let reply = watched.post("/sign-in?next=/charts/Xanthoblastoma", "", &form);
        assert!([400, 403].contains(&reply.status), "{}", reply.status);
        assert!(!reply.text().contains(passphrase), "a passphrase came back");
    }
    let cookie = watched.server.sign_in(&home);
    let chart = home.chart_id();
    for (name, bytes) in papers() {
        let reply = watched.server.upload(&chart, &cookie, name, &bytes);
        let reply = watched.saw(reply);
        let (job, page) = watched.server.ended(&reply, &cookie);
        watched.saw(page);
        watched.post(&job, &cookie, "act=leave&file=0");
        nothing_in(&home.vault(), &WORDS);
    }
    // Every page, with what is typed into it.
    let routes = keepwell::web::ROUTES.iter().chain(keepwell::web::routes::chart::ROUTES);
    let mut pages = 0;
    for (method, path, _) in routes.filter(|(_, path, _)| *path != "/sign-out") {
        for place in ["1", "2", "3", "4", "Xanthoblastoma"] {
            let target: Vec<&str> = path
                .split('/')
                .map(|part| match part {
                    "{chart}" => chart.as_str(),
                    p if p.starts_with('{') => place,
                    p => p,
                })
                .collect();
            let (target, form) = (target.join("/"), "words=Xanthoblastoma&text=Xanthoblastoma&q=Xanthoblastoma&act=Brumevald");
            let reply = if *method == "GET" { watched.get(&target, &cookie) } else { watched.post(&target, &cookie, form) };
            assert!(reply.status < 500, "{method} {target}: {}", reply.status);
            pages += 1;
            if !path.contains("{") {
                break;
            }
        }
    }
    assert!(pages > 100);
    let found = watched.post(&format!("/charts/{chart}/search"), &cookie, "words=Xanthoblastoma");
    let shown = watched.get(&found.header("location"), &cookie);
    assert!(shown.status == 200 && shown.text().contains("Xanthoblastoma"));
    for format in ["fhir", "ndjson", "csv", "everything"] {
        let reply = watched.post(&format!("/charts/{chart}/export"), &cookie, &format!("format={format}"));
        assert!(reply.status == 200 && reply.body.len() > 1000, "{format}");
    }
    // Failures do not say back what was asked for.
    for odd in ["/charts/Xanthoblastoma", "/Brumevald", "/charts/Xanthoblastoma/records/Psoralith", "/assets/Brumevald"] {
        let reply = watched.get(odd, &cookie);
        assert_eq!((reply.status, found_in(&reply.body, &WORDS)), (404, Vec::new()), "{odd}");
    }
    let odd = watched.server.send("POST", &format!("/charts/{chart}/add"), &format!("cookie: {cookie}\r\n"), b"Xanthoblastoma");
    assert_eq!(found_in(&watched.saw(odd).body, &["Xanthoblastoma"]), Vec::<String>::new());
    let sources = watched.get(&format!("/charts/{chart}/sources"), &cookie).text();
    let source = sources.split(&format!("/charts/{chart}/sources/")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    // The one header with a name in it: the download gives a file back under the name that it had.
    let original = watched.server.get(&format!("/charts/{chart}/sources/{source}/original"), &cookie);
    assert!(original.status == 200 && original.header("content-disposition").starts_with("attachment"));
    // What is taken out stands in the journal until that is folded in.
    assert_eq!(watched.post(&format!("/charts/{chart}/sources/{source}/remove"), &cookie, "").status, 303);
    assert!(std::fs::metadata(home.chart().join("records.db-wal")).unwrap().len() > 4096);
    assert_eq!(found_in(watched.heads.as_bytes(), &WORDS), Vec::<String>::new(), "in a header");

    nothing_in(&home.vault(), &WORDS);
    assert!(files(&home.path("tmp")).is_empty());
    let Watched { server, .. } = watched;
    let log = server.log.clone();
    server.stop();
    let said = std::fs::read(&log).unwrap();
    assert!(holds(&said, b"/charts/{chart}/search"), "the log names routes");
    assert_eq!(found_in(&said, &WORDS), Vec::<String>::new(), "in the log");
    assert!(!holds(&said, chart.as_bytes()) && !holds(&said, home.recovery.as_bytes()) && !holds(&said, cookie.as_bytes()));
    nothing_in(&home.vault(), &WORDS);
}

/// What the system shows of a process to everyone on the machine, and of those that it has started.
fn shown_of(process: u32) -> Vec<u8> {
    let mut out = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    for task in std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
        out.extend(std::fs::read(task.path().join("comm")).unwrap_or_default());
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        out.extend(children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(shown_of));
    }
    out
}

#[test]
fn nothing_plain_of_what_is_given_and_of_what_is_on_its_way() {
    let home = Home::of("Zephyrine Quillonbeck", "1954-03-14", "female");
    let mut watched = Watched { server: home.serve(&[]), heads: String::new() };
    let cookie = watched.server.sign_in(&home);
    let chart = home.chart_id();
    let at = |rest: &str| format!("/charts/{chart}/{rest}");
    let (_, first) = papers().remove(0);
    let reply = watched.server.upload(&chart, &cookie, "oncovellum.json", &first);
    watched.server.ended(&reply, &cookie);
    // Given: an invite, a link, a token that reads, a copy with an addressee, a search; and the log that tells of them all.
    let until = jiff::Zoned::now().date().checked_add(jiff::Span::new().days(30)).unwrap();
    let invited = watched.post(&at("people/add"), &cookie, "to=&label=Dana&role=viewer&kind=conditions");
    assert_eq!(invited.status, 200);
    let shared = watched.post(
        &at("share"),
        &cookie,
        "act=make&to=Dr+Brumevald&note=Psoralith&kind=conditions&form=link&until=week&profile=new-clinic&ask=yes&passcode=Wrackspurt",
    );
    assert_eq!(shared.status, 303, "{}", shared.text());
    let made = watched.post(&at("tools"), &cookie, &format!("name=script&until={until}&kind=conditions&kind=about")).text();
    let token = format!("keepwell_{}", made.split("keepwell_").nth(1).unwrap().split('<').next().unwrap());
    let read = watched.server.send(
        "GET",
        "/fhir/Condition?code=Xanthoblastoma,Brumevald&_count=1",
        &format!("authorization: Bearer {token}\r\n"),
        b"",
    );
    assert_eq!(watched.saw(read).status, 200);
    let all = watched.server.send("GET", "/fhir/Patient/$everything", &format!("authorization: Bearer {token}\r\n"), b"");
    assert!(all.text().contains("Xanthoblastoma"), "{}", all.text());
    watched.saw(all);
    let found = watched.post(&at("search"), &cookie, "words=Xanthoblastoma");
    watched.get(&found.header("location"), &cookie);
    let table = watched.get(&at("activity/table"), &cookie);
    assert!(table.status == 200 && table.text().contains("Brumevald"), "the log tells its owner to whom it was given");
    // On its way: an upload that stops in the middle, looked at while it waits.
    let body = [
        b"--X\r\ncontent-disposition: form-data; name=\"files\"; filename=\"Grumbledore.txt\"\r\n\r\n".as_slice(),
        &b"Xanthoblastoma Psoralith ".repeat(200_000),
    ]
    .concat();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncookie: {cookie}\r\ncontent-type: multipart/form-data; boundary=X\r\ncontent-length: {}\r\n\r\n",
        at("add"),
        watched.server.port,
        body.len() + 8
    );
    let mut upload = std::net::TcpStream::connect(("127.0.0.1", watched.server.port)).unwrap();
    std::io::Write::write_all(&mut upload, &[head.as_bytes(), &body].concat()).unwrap();
    let arrived = || files(&home.chart()).iter().filter_map(|f| std::fs::metadata(f).ok()).map(|m| m.len()).max().unwrap_or(0) > 1 << 20;
    assert!(
        (0..500).any(|_| arrived() || {
            std::thread::sleep(Duration::from_millis(10));
            false
        }),
        "nothing has arrived"
    );
    nothing_in(&home.vault(), &WORDS);
    assert!(files(&home.path("tmp")).is_empty());
    assert_eq!(found_in(&shown_of(watched.server.id()), &WORDS), Vec::<String>::new(), "in what ps shows");
    drop(upload);
    // Refusals of every sort: no answer says back what came.
    let port = watched.server.port;
    for request in [
        format!("GET /charts/{chart}/Xanthoblastoma HTTP/1.1\r\nhost: Brumevald.example\r\nconnection: close\r\n\r\n"),
        format!(
            "GET /fhir/Xanthoblastoma/Brumevald HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        ),
        format!(
            "GET /fhir/Condition?Xanthoblastoma=Brumevald HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        ),
        format!("XANTHOBLASTOMA / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n"),
        format!(
            "POST /sign-in HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\norigin: http://Brumevald.example\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ),
        format!("POST /shl/Xanthoblastoma HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-length: 10\r\nconnection: close\r\n\r\nBrumevald!"),
    ] {
        let Some(reply) = watched.server.raw(request.as_bytes()) else { continue };
        assert!((400..500).contains(&reply.status), "{request}: {}", reply.status);
        assert_eq!(found_in(&reply.body, &WORDS), Vec::<String>::new(), "{request}");
        watched.saw(reply);
    }
    assert_eq!(found_in(watched.heads.as_bytes(), &WORDS), Vec::<String>::new(), "in a header");
    let Watched { server, .. } = watched;
    let log = server.log.clone();
    server.stop();
    let said = std::fs::read(&log).unwrap();
    assert!(holds(&said, b"/fhir/{*rest}"), "the log names routes");
    assert_eq!(found_in(&said, &WORDS), Vec::<String>::new(), "in the log");
    assert!(!holds(&said, token.as_bytes()) && !holds(&said, &token.as_bytes()[..24]));
    nothing_in(&home.vault(), &WORDS);
    assert!(files(&home.path("tmp")).is_empty());
}

#[test]
fn a_chart_is_closed_when_the_last_one_signs_out() {
    let home = Home::new();
    let server = home.serve(&[]);
    let chart = home.chart_id();
    // An open database has a journal beside it; the last connection takes it away.
    let open = || home.chart().join("records.db-wal").exists();
    let soon = |wanted: bool| {
        (0..500).any(|_| {
            open() == wanted || {
                std::thread::sleep(Duration::from_millis(10));
                false
            }
        })
    };
    assert!(!open());
    let (one, two) = (server.sign_in(&home), server.sign_in(&home));
    for cookie in [&one, &two] {
        assert_eq!(server.get(&format!("/charts/{chart}"), cookie).status, 200);
    }
    // An import that has ended, and one that waits for an answer which never comes.
    for name in [("Ruth", "Carver"), ("Dana", "Quill")] {
        let reply = server.upload(&chart, &one, "a.json", &bundle(name, "1954-03-14", &[]));
        server.ended(&reply, &one);
    }
    server.post("/sign-out", &one, "");
    std::thread::sleep(Duration::from_millis(100));
    assert!(open(), "somebody else is still here");
    server.post("/sign-out", &two, "");
    assert!(soon(false), "the chart stays open when everyone has signed out");
    assert_eq!(server.get(&format!("/charts/{chart}"), &one).status, 303);
}
