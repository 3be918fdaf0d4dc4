//! The real server, asked by somebody who means no good: never a failure of its own, never somebody's chart, never a word
//! about its insides.

use crate::binary::{Home, Reply, Server, bundle};
use serde_json::json;

const SECRET: &str = "Xanthoblastoma";

fn filled() -> (Home, String) {
    let home = Home::new();
    let entries = [
        json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": SECRET}}),
        json!({"resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/p1"},
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
            "code": {"text": SECRET}, "effectiveDateTime": "2020-02-03", "valueQuantity": {"value": 7, "unit": "g"}}),
    ];
    home.import(0, &[&home.write("a.json", &bundle(("Ruth", "Carver"), "1954-03-14", &entries))]);
    let source = home.sources()[0]["id"].as_str().unwrap().to_owned();
    (home, source)
}

#[track_caller]
fn calm(reply: &Reply, what: &str) {
    assert!(reply.status < 500, "{what}: {}\n{}", reply.status, reply.text());
    for inside in ["panicked", "RUST_BACKTRACE", "src/", "rusqlite", "axum", "stack", "thread '"] {
        assert!(!reply.text().contains(inside), "{what}: {inside}");
    }
}

#[track_caller]
fn strange(reply: &Reply, what: &str) {
    calm(reply, what);
    for word in [SECRET, "Carver", "Ruth"] {
        assert!(!reply.text().contains(word) && !reply.head.contains(word), "{what} gave {word} to a stranger");
    }
}

fn routes(chart: &str, source: &str) -> Vec<(&'static str, String)> {
    let all = keepwell::web::ROUTES.iter().chain(keepwell::web::routes::chart::ROUTES);
    let fill = |path: &str| {
        let part = |part: &str| match part {
            "{chart}" => chart.to_owned(),
            "{source}" => source.to_owned(),
            p if p.starts_with('{') => "1".to_owned(),
            p => p.to_owned(),
        };
        path.split('/').map(part).collect::<Vec<_>>().join("/")
    };
    all.filter(|(_, path, _)| *path != "/sign-out").map(|(method, path, _)| (*method, fill(path))).collect()
}

fn quiet(server: &Server) {
    let said = server.said();
    assert!(!said.contains("panicked") && !said.contains("did not expect"), "{said}");
}

#[test]
fn forged_cookies_and_other_methods() {
    let (home, source) = filled();
    let server = home.serve(&[]);
    let cookie = server.sign_in(&home);
    let token = cookie.split_once('=').unwrap().1.to_owned();
    let altered: String = token.chars().rev().collect();
    let forged = [
        String::new(),
        "keepwell=".to_owned(),
        format!("keepwell={altered}"),
        format!("keepwell={}", "A".repeat(43)),
        format!("keepwell={}", &token[..42]),
        format!("keepwell={token}A"),
        format!("keepwell={}", token.to_lowercase()),
        format!("keepwell=\"{token} \""),
        format!("Keepwell={token}"),
        format!("keepwell={}; keepwell-idle=99999999999999999999; keepwell-look=<script>", "%00".repeat(14)),
        format!("keepwell={}", "B".repeat(9000)),
    ];
    for (method, path) in routes(&home.chart_id(), &source) {
        for cookie in &forged {
            let form = "content-type: application/x-www-form-urlencoded\r\n";
            let reply = server.send(method, &path, &format!("cookie: {cookie}\r\n{form}"), b"act=stop");
            strange(&reply, &format!("{method} {path} with {cookie:.60}"));
            if path.starts_with("/charts") || path == "/settings" {
                assert_eq!(reply.status, 303, "{method} {path} with {cookie:.60}");
                assert!(reply.header("location").starts_with("/sign-in"), "{}", reply.head);
            }
        }
        let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncookie: keepwell=");
        let bytes = [head.as_bytes(), b"\xff\xfe\x80\r\n\r\n"];
        strange(&server.raw(&bytes.concat()).unwrap(), path.as_str());
        for odd in ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X"] {
            let reply = server.send(odd, &path, "", b"");
            strange(&reply, &format!("{odd} {path}"));
            let reply = server.send(odd, &path, &format!("cookie: {cookie}\r\n"), b"");
            calm(&reply, &format!("{odd} {path}, signed in"));
            if odd == "HEAD" {
                assert!(reply.body.is_empty(), "HEAD {path} has a body");
            }
        }
    }
    // A header does not make a look into a change.
    let path = format!("/charts/{}/sources/{source}/remove", home.chart_id());
    for header in ["x-http-method-override: POST", "x-method-override: POST", "x-http-method: POST"] {
        server.send("GET", &format!("{path}?_method=POST"), &format!("cookie: {cookie}\r\n{header}\r\n"), b"");
    }
    quiet(&server);
    server.stop();
    assert_eq!(home.sources()[0]["removed"], serde_json::Value::Null);
}

#[test]
fn crooked_paths() {
    let (home, source) = filled();
    let server = home.serve(&[]);
    let cookie = server.sign_in(&home);
    let chart = home.chart_id();
    let long = "a".repeat(60_000);
    let inner = ["", "/records/1", "/results", "/sources", "/add", "/export", "/search"];
    let mut targets: Vec<Vec<u8>> = Vec::new();
    for rest in inner {
        for target in [
            format!("//charts/{chart}{rest}"),
            format!("/charts//{chart}{rest}"),
            format!("/charts/{chart}/{rest}"),
            format!("/charts/{chart}{rest}/"),
            format!("/./charts/{chart}{rest}"),
            format!("/help/../charts/{chart}{rest}"),
            format!("/assets/%2e%2e/charts/{chart}{rest}"),
            format!("/%2fcharts/{chart}{rest}"),
            format!("/charts%2f{chart}{rest}"),
            format!("/charts/{chart};a=b{rest}"),
            format!("/charts/{chart}%00{rest}"),
            format!("/charts/{chart}%20{rest}"),
            format!("/charts/{chart}.json{rest}"),
            format!("/charts/%{:02x}{}{rest}", chart.as_bytes()[0], &chart[1..]),
            format!("/CHARTS/{chart}{rest}"),
            format!("/charts/{}{rest}", chart.to_uppercase()),
            format!("/charts/*{rest}"),
            format!("/charts/{chart}{rest}?wait"),
            format!("/charts/{chart}/progress{rest}"),
            format!("http://127.0.0.1/charts/{chart}{rest}"),
            format!("/charts/{chart}{rest}#x"),
        ] {
            targets.push(target.into_bytes());
        }
    }
    for target in [
        "*",
        "/assets/../household.db",
        "/assets/..%2f..%2fhousehold.db",
        "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/help/..%2f..",
        "/%",
        "/%f",
        "/%ff%fe",
        "/charts/%ff",
        "/\\charts",
        "/charts/\u{e9}",
        "/help/\u{202e}",
        "http://evil.example/",
        "//evil.example/",
        "/sign-in?next=//evil.example",
        "/sign-in?next=%00",
        "/sign-in?next=%ff",
        "/sign-in?next=a&next=b",
    ] {
        targets.push(target.as_bytes().to_vec());
    }
    targets.push(format!("/{long}").into_bytes());
    targets.push(format!("/charts/{long}").into_bytes());
    targets.push(format!("/charts/{chart}/records/{long}").into_bytes());
    targets.push(format!("/?{long}").into_bytes());
    targets.push(b"/charts/\xff\xfe".to_vec());
    targets.push(b"/charts/\x00".to_vec());
    targets.push(b"/a b c".to_vec());
    for target in &targets {
        for cookie in ["", &cookie] {
            let head = format!("host: 127.0.0.1:{}\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n", server.port);
            let bytes = [b"GET ", target.as_slice(), b" HTTP/1.1\r\n", head.as_bytes()].concat();
            let Some(reply) = server.raw(&bytes) else { continue };
            let what = String::from_utf8_lossy(&target[..target.len().min(100)]).into_owned();
            if cookie.is_empty() {
                strange(&reply, &what);
            } else {
                calm(&reply, &what);
            }
            let to = reply.header("location");
            assert!(to.is_empty() || (to.starts_with('/') && !to.starts_with("//")), "{what} leads to {to}");
        }
    }
    // Numbers of records and names of sources that are none.
    for odd in ["0", "-1", "+1", "99999999999999999999", "9223372036854775807", "1e0", "1%2F..", "%D9%A1", "0x1", "1.0", "%00", "", "'"] {
        for path in [
            "records/{}",
            "records/{}/raw",
            "records/{}/fhir",
            "records/{}/content",
            "records/{}/picture",
            "records/{}/sheet",
            "results/{}",
            "documents/{}",
            "visits/{}",
            "bills/{}",
            "messages/{}",
            "sources/{}",
            "sources/{}/original",
            "add/{}",
            "add/{}/progress",
        ] {
            let target = format!("/charts/{chart}/{}", path.replace("{}", odd));
            let reply = server.get(&target, &cookie);
            calm(&reply, &target);
            let found = odd == "+1" || odd.is_empty();
            assert!(found || reply.status == 404 || reply.status == 400, "{target}: {}", reply.status);
        }
    }
    // Questions without sense.
    let (query, n) = ("q=".repeat(2000), "9".repeat(400));
    let odd = [
        query.as_str(),
        &format!("n={n}"),
        "n=-1",
        "n=0",
        "part=-1",
        "part=18446744073709551615",
        "part=1&part=2",
        "%ff=%fe",
        "%00",
        "kept=%00",
        "kept=../../x",
        "after=x",
        "after=1.2.3",
        "after=-9223372036854775808.1",
        "page=99999999999",
        "from=0000&to=9999-99-99",
        "&&&==&",
        "save=1&part=99",
        "done",
        "kept[]=1",
        "wait",
    ];
    for (method, path) in routes(&chart, &source) {
        for query in odd {
            let reply = server.send(method, &format!("{path}?{query}"), &format!("cookie: {cookie}\r\n"), b"");
            calm(&reply, &format!("{method} {path}?{query:.60}"));
        }
    }
    quiet(&server);
}

#[test]
fn forms_hosts_and_ranges() {
    let (home, source) = filled();
    let server = home.serve(&[]);
    let cookie = server.sign_in(&home);
    let chart = home.chart_id();
    let (form, multi) = ("application/x-www-form-urlencoded", "multipart/form-data");
    let large = "words=".to_owned() + &"x".repeat(300_000);
    let bodies: [(&str, &[u8]); 12] = [
        (form, b""),
        (form, b"\xff\xfe\x00"),
        (form, b"=&=&=%"),
        (form, b"words=%ff%fe&act=accept&file=18446744073709551615&patient=x&kind=x&format=x&from=x"),
        (form, b"format=fhir&from=9999-99-99&to=0000"),
        (form, b"file=-1&act=accept"),
        (form, large.as_bytes()),
        ("application/json", b"{\"words\":[[[["),
        (multi, b"--X\r\n"),
        ("multipart/form-data; boundary=X", b"--X\r\ncontent-disposition: form-data; name=\"files\"; filename=\"\r\n\r\n"),
        ("multipart/form-data; boundary=X", b"--X\r\n\r\n\r\n--X--"),
        ("text/plain", b"words=x"),
    ];
    for (method, path) in routes(&chart, &source).iter().filter(|(method, path)| *method == "POST" && !path.contains("/sources/")) {
        for (kind, body) in bodies {
            let headers = format!("cookie: {cookie}\r\ncontent-type: {kind}\r\n");
            let reply = server.send(method, path, &headers, body);
            calm(&reply, &format!("{method} {path} with {kind}, {} bytes", body.len()));
        }
    }
    // Names of other servers, and no name.
    let page = format!("/charts/{chart}");
    for host in [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "evil.example:8787",
        "localhost:8787:1",
        "",
        " ",
        "[",
        "\u{e9}.local",
    ] {
        let bytes = format!("GET {page} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n");
        if let Some(reply) = server.raw(bytes.as_bytes()) {
            strange(&reply, host);
            assert!([400, 421].contains(&reply.status), "{host}: {}", reply.status);
        }
    }
    for head in [
        format!("GET {page} HTTP/1.1\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n"),
        format!("GET {page} HTTP/1.0\r\ncookie: {cookie}\r\n\r\n"),
        format!("GET {page} HTTP/1.1\r\nhost: evil.example\r\nhost: localhost\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n"),
        format!("GET {page}\r\n\r\n"),
        format!("GET {page} HTTP/9.9\r\nhost: localhost\r\n\r\n"),
        "GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n"
            .to_owned(),
        "POST /sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\nconnection: close\r\n\r\n".to_owned(),
        "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
    ] {
        if let Some(reply) = server.raw(head.as_bytes()) {
            strange(&reply, &head);
        }
    }
    // A part of an original: the part that was asked for, or the whole and no pretence.
    let bytes = std::fs::read(home.path("a.json")).unwrap();
    let target = format!("/charts/{chart}/sources/{source}/original");
    for range in [
        "bytes=0-0",
        "bytes=-5",
        "bytes=5-2",
        "bytes=999999999-",
        "bytes=0-99999999999999999999999",
        "bytes=0-1,3-4,0-",
        "lines=1-2",
        "bytes=a",
    ] {
        let reply = server.send("GET", &target, &format!("cookie: {cookie}\r\nrange: {range}\r\nif-range: \"x\"\r\n"), b"");
        calm(&reply, range);
        assert_eq!(reply.status, 200, "{range}");
        assert!(reply.body == bytes, "{range}");
    }
    let head = server.send("HEAD", &target, &format!("cookie: {cookie}\r\n"), b"");
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, bytes.len().to_string(), 0));
    quiet(&server);
}
