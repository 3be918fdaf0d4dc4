//! The real program in a folder of its own: its commands, its server, and a client that sends exactly what it is told to.

use keepwell::household::{Beginning, Household};
use keepwell::vault::Vault;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) const PASSPHRASE: &str = "four words make a good one";

/// A vault of Ruth Carver's, whose member is Ruth, and a folder for everything else.
pub(crate) struct Home {
    pub(crate) dir: tempfile::TempDir,
    /// The recovery key: it signs in without the second that a passphrase takes.
    pub(crate) recovery: String,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Ran {
    /// The one JSON object on stdout.
    pub(crate) fn json(&self) -> Value {
        let text = std::str::from_utf8(&self.out).unwrap();
        let value: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text:?}; {}", self.err));
        assert!(value.is_object() && text.ends_with('\n'), "{text}");
        value
    }

    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", String::from_utf8_lossy(&self.out), self.err);
        self
    }
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::of("Ruth Carver", "1954-03-14", "female")
    }

    pub(crate) fn of(person: &str, birth_date: &str, sex: &str) -> Self {
        let home = Self::bare();
        let household = Household::new(Arc::new(Vault::create(&home.vault()).unwrap()));
        let beginning = Beginning { member: "Ruth", passphrase: PASSPHRASE, person, birth_date, sex };
        let (_, recovery) = household.begin(&beginning).unwrap();
        home.with_key(recovery)
    }

    /// No vault yet.
    pub(crate) fn bare() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("tmp")).unwrap();
        Self { dir, recovery: String::new() }.with_key(PASSPHRASE.to_owned())
    }

    fn with_key(mut self, key: String) -> Self {
        let file = self.path("key");
        std::fs::write(&file, format!("{key}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        self.recovery = key;
        self
    }

    /// A copy in another folder.
    pub(crate) fn copy(&self) -> Self {
        let home = Self::bare();
        copy(&self.vault(), &home.vault());
        home.with_key(self.recovery.clone())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.path("vault")
    }

    /// The folder of the one chart.
    pub(crate) fn chart(&self) -> PathBuf {
        std::fs::read_dir(self.vault().join("charts")).unwrap().next().unwrap().unwrap().path()
    }

    pub(crate) fn chart_id(&self) -> String {
        self.chart().file_name().unwrap().to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keepwell"));
        command.args(args).stdin(Stdio::null());
        self.around(&mut command);
        command
    }

    /// The settings of this home, and nothing of the tests' own environment.
    pub(crate) fn around(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.dir.path())
            .env("TMPDIR", self.path("tmp"))
            .env("KEEPWELL_VAULT", self.vault())
            .env("KEEPWELL_PASSPHRASE_FILE", self.path("key"))
            .current_dir(self.dir.path());
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.command(args))
    }

    /// `import --json` with the exit code it must have; gives the report.
    #[track_caller]
    pub(crate) fn import(&self, code: i32, args: &[&str]) -> Value {
        let ran = self.run(&[&["import", "--json"], args].concat()).ended(code);
        let report = ran.json();
        adds_up(&report);
        report
    }

    /// The records of the chart, as `records --json` gives them.
    pub(crate) fn records(&self, args: &[&str]) -> Vec<Value> {
        let ran = self.run(&[&["records", "--json"], args].concat()).ended(0);
        ran.json()["records"].as_array().unwrap().clone()
    }

    pub(crate) fn sources(&self) -> Vec<Value> {
        self.run(&["sources", "--json"]).ended(0).json()["sources"].as_array().unwrap().clone()
    }

    pub(crate) fn serve(&self, settings: &[(&str, &str)]) -> Server {
        Server::begin(self, self.command(&["serve", "--listen", "127.0.0.1:0", "--verbose"]), settings)
    }
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran { code: output.status.code(), out: output.stdout, err: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// The sum rule of the contract, for each file and in all.
#[track_caller]
pub(crate) fn adds_up(report: &Value) {
    let n = |v: &Value, name: &str| v[name].as_u64().unwrap_or_else(|| panic!("{name} in {v}"));
    let mut sums = [0; 5];
    let files = report["files"].as_array().unwrap();
    for file in files {
        let skipped = file["skipped"].as_array().unwrap().len() as u64;
        let counts = [n(file, "found"), n(file, "stored"), n(file, "updated"), n(file, "duplicates"), skipped];
        assert_eq!(counts[0], counts[1..].iter().sum::<u64>(), "{file}");
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let totals = &report["totals"];
    let names = ["found", "stored", "updated", "duplicates", "skipped"];
    assert_eq!(names.map(|name| n(totals, name)), sums, "{totals}");
    assert_eq!(n(totals, "files"), files.len() as u64);
    assert_eq!(n(totals, "failed"), files.iter().filter(|f| !f["error"].is_null()).count() as u64);
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// Every file below a folder. One that is gone by the time it is looked at is left aside.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => out.extend(files(&entry.path())),
            _ => out.push(entry.path()),
        }
    }
    out.sort();
    out
}

/// A Bundle about somebody, with these entries.
pub(crate) fn bundle(name: (&str, &str), birth_date: &str, entries: &[Value]) -> Vec<u8> {
    let patient = serde_json::json!({"resourceType": "Patient", "id": "p1", "name": [{"family": name.1, "given": [name.0]}],
        "birthDate": birth_date, "identifier": [{"system": "urn:oid:1.2.36.146.595", "value": format!("MRN-{}", name.1)}]});
    let entries: Vec<Value> = std::iter::once(&patient)
        .chain(entries)
        .map(|r| {
            let address = format!("https://north.example/fhir/{}/{}", r["resourceType"].as_str().unwrap(), r["id"].as_str().unwrap_or("x"));
            serde_json::json!({"fullUrl": address, "resource": r})
        })
        .collect();
    serde_json::to_vec(&serde_json::json!({"resourceType": "Bundle", "type": "collection", "entry": entries})).unwrap()
}

/// A running server; it ends when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    /// What it says, on both of its streams.
    pub(crate) log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Server {
    pub(crate) fn begin(home: &Home, mut command: Command, settings: &[(&str, &str)]) -> Self {
        let log = home.path("server.log");
        let to = std::fs::File::create(&log).unwrap();
        let child = command.envs(settings.iter().copied()).stdout(to.try_clone().unwrap()).stderr(to).spawn().unwrap();
        let mut server = Self { child, port: 0, log };
        let began = Instant::now();
        while server.port == 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "no address: {}", server.said());
            assert!(server.child.try_wait().unwrap().is_none(), "the server ended: {}", server.said());
            std::thread::sleep(Duration::from_millis(10));
            let said = server.said();
            let port = said.split("://127.0.0.1:").nth(1).and_then(|rest| rest.split_once('/')).map(|(port, _)| port.to_owned());
            server.port = port.and_then(|p| p.parse().ok()).unwrap_or(0);
        }
        server
    }

    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// A polite signal to the server, and its end.
    pub(crate) fn stop(mut self) {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success() && self.child.wait().unwrap().success(), "{}", self.said());
    }

    /// Bytes as they are, answered as they come.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Option<Reply> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A server that refuses early may close before it has read all: what it answered still counts.
        _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        _ = stream.read_to_end(&mut answer);
        Reply::of(&answer)
    }

    pub(crate) fn send(&self, method: &str, target: &str, headers: &str, body: &[u8]) -> Reply {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
            self.port,
            body.len()
        );
        self.raw(&[head.as_bytes(), body].concat()).unwrap_or_else(|| panic!("no answer to {method} {target}: {}", self.said()))
    }

    pub(crate) fn get(&self, target: &str, cookie: &str) -> Reply {
        self.send("GET", target, &format!("cookie: {cookie}\r\n"), b"")
    }

    pub(crate) fn post(&self, target: &str, cookie: &str, form: &str) -> Reply {
        let headers = format!("cookie: {cookie}\r\ncontent-type: application/x-www-form-urlencoded\r\n");
        self.send("POST", target, &headers, form.as_bytes())
    }

    pub(crate) fn sign_in(&self, home: &Home) -> String {
        let reply = self.post("/sign-in", "", &format!("name=Ruth&passphrase={}", home.recovery));
        assert_eq!(reply.status, 303, "{}", reply.head);
        reply.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    pub(crate) fn upload(&self, chart: &str, cookie: &str, name: &str, bytes: &[u8]) -> Reply {
        let head = format!("--X\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n");
        let body = [head.as_bytes(), bytes, b"\r\n--X--\r\n"].concat();
        let headers = format!("cookie: {cookie}\r\ncontent-type: multipart/form-data; boundary=X\r\n");
        self.send("POST", &format!("/charts/{chart}/add"), &headers, &body)
    }

    /// Waits until the import that an upload began has ended; gives its page.
    pub(crate) fn ended(&self, upload: &Reply, cookie: &str) -> (String, Reply) {
        assert_eq!(upload.status, 303, "{}\n{}", upload.head, upload.text());
        let job = upload.header("location");
        let began = Instant::now();
        while self.get(&format!("{job}/progress"), cookie).status != 204 {
            assert!(began.elapsed() < Duration::from_secs(120), "the import does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        (job.clone(), self.get(&job, cookie))
    }
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The status line and the headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn of(answer: &[u8]) -> Option<Self> {
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let mut reply = Self { status, head, body: answer[end + 4..].to_vec() };
        if reply.header("transfer-encoding") == "chunked" {
            reply.body = unchunked(&reply.body);
        }
        Some(reply)
    }

    pub(crate) fn header(&self, name: &str) -> String {
        let mut lines = self.head.lines().filter_map(|l| l.split_once(':'));
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(line) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line]).ok().and_then(|s| usize::from_str_radix(s.trim(), 16).ok()).unwrap_or(0);
        let Some(piece) = rest.get(line + 2..line + 2 + size).filter(|p| !p.is_empty()) else { break };
        out.extend_from_slice(piece);
        rest = rest.get(line + 4 + size..).unwrap_or_default();
    }
    out
}
