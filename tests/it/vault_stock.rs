//! Without Keepwell: stock tools recover a member's key, the chart's, the originals and every record.
//!
//! Debian 12 ships sqlcipher 3.4, which cannot read SQLCipher 4: `tests/tools/sqlcipher4` then unpacks the shell of Debian 13
//! beside it. The same pages are decrypted by `openssl` as well, after SQLCipher's published page format, and read by
//! Python's SQLite, so that the way in depends on no single program.

use crate::vault_world::{PASSPHRASE, World, potassium, served};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a stock tool with some input; what it printed.
pub(crate) fn tool(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{program} is needed for this test (apt install age zstd sqlcipher openssl python3): {e}"));
    let mut stdin = child.stdin.take().expect("its input");
    let input = input.to_owned();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let out = child.wait_with_output().expect("it ran");
    feeder.join().expect("fed");
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

/// `age -d` with an identity file.
pub(crate) fn age(identity: &Path, file: &Path) -> Vec<u8> {
    tool("age", &["-d", "-i", &identity.to_string_lossy(), &file.to_string_lossy()], b"")
}

/// age asks for a passphrase on a terminal only: Python gives it one.
const TYPE_PASSPHRASE: &str = r#"
import os, pty, sys
file, out, passphrase = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("age", ["age", "-d", "-o", out, file])
seen = b""
while b"passphrase" not in seen.lower():
    seen += os.read(terminal, 1024)
os.write(terminal, passphrase.encode() + b"\n")
try:
    while os.read(terminal, 1024):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

/// SQLCipher 4's pages: AES-256-CBC, IV and HMAC-SHA512 in 80 bytes at the end, the first 16 bytes of the file a salt.
pub(crate) const DECRYPT_PAGES: &str = r#"
import hashlib, hmac, struct, subprocess, sys
source, target, key = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3])
data = open(source, "rb").read()
salt, size, spare = data[:16], 4096, 80
assert len(data) % size == 0
mac_key = hashlib.pbkdf2_hmac("sha512", key, bytes(b ^ 0x3A for b in salt), 2, 32)
with open(target, "wb") as out:
    for number in range(1, len(data) // size + 1):
        page = data[(number - 1) * size : number * size]
        start = 16 if number == 1 else 0
        sealed, iv, mac = page[start : size - spare], page[size - spare : size - spare + 16], page[size - spare + 16 :]
        assert hmac.new(mac_key, sealed + iv + struct.pack("<I", number), "sha512").digest() == mac, number
        plain = subprocess.run(["openssl", "enc", "-d", "-aes-256-cbc", "-nopad", "-K", key.hex(), "-iv", iv.hex()],
                               input=sealed, capture_output=True, check=True).stdout
        out.write((b"SQLite format 3\0" if number == 1 else b"") + plain + bytes(spare))
"#;

/// Every body, as hex, one a line, and the dictionary that zstd needs for them.
const BODIES: &str = r#"
import sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "?immutable=1", uri=True)
with open(sys.argv[2], "wb") as out:
    out.write(db.execute("SELECT bytes FROM dictionaries WHERE id = 1").fetchone()[0])
for (body,) in db.execute("SELECT hex(b.body) FROM records r JOIN bodies b ON b.rid = r.rid WHERE r.hidden = 0 ORDER BY r.rid"):
    print(body)
"#;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).expect("hex")).collect()
}

#[test]
fn stock_tools_recover_everything() {
    let world = World::new();
    let founds: Vec<_> = (0..30).map(|n| served(potassium(&format!("k{n}"), "2024-05-01", "4.10"))).collect();
    let (source, _) = world.import("labs.json", &founds);
    let mut original = Vec::new();
    std::io::copy(&mut world.chart.original(&source).expect("kept"), &mut original).expect("read");
    let (dir, member) = (world.chart_dir(), world.who.member.id.clone());
    let recovery = world.recovery.clone();
    let keep = world.close();

    // The passphrase opens the member's identity, which is the recovery key.
    let tmp = tempfile::tempdir().expect("a folder");
    let identity = tmp.path().join("member.txt");
    let file = keep.1.join("members").join(format!("{member}.age"));
    tool("python3", &["-c", TYPE_PASSPHRASE, &file.to_string_lossy(), &identity.to_string_lossy(), PASSPHRASE], b"");
    assert_eq!(std::fs::read_to_string(&identity).expect("opened").trim(), recovery);

    // That one opens the chart's identity, and that the key of the database and the originals.
    let chart = tmp.path().join("chart.txt");
    std::fs::write(&chart, age(&identity, &dir.join("identity.age"))).expect("written");
    let recipient = tool("age-keygen", &["-y", &chart.to_string_lossy()], b"");
    assert_eq!(recipient, std::fs::read(dir.join("recipients.txt")).expect("recipients"));
    let key = String::from_utf8(age(&chart, &dir.join("records.key.age"))).expect("hex digits");
    let kept = crate::vault_world::files(&dir.join("originals"));
    assert_eq!(kept.len(), 1);
    assert_eq!(age(&chart, &kept[0]), original);

    // The key opens the database, and zstd the bodies.
    let plain = tmp.path().join("plain.db");
    let database = dir.join("records.db");
    tool("python3", &["-c", DECRYPT_PAGES, &database.to_string_lossy(), &plain.to_string_lossy(), &key], b"");
    let dictionary = tmp.path().join("dictionary").to_string_lossy().into_owned();
    let bodies = String::from_utf8(tool("python3", &["-c", BODIES, &plain.to_string_lossy(), &dictionary], b"")).expect("hex digits");
    assert_eq!(bodies.lines().count(), founds.len());
    for (body, found) in bodies.lines().zip(&founds) {
        let json = tool("zstd", &["-d", "-c", "-D", &dictionary], &unhex(body));
        assert_eq!(String::from_utf8(json).expect("text"), found.resource.to_string());
    }
    // The shell of SQLCipher 4 reads the very same from the file as it stands, and finds every page whole.
    let shell = sqlcipher();
    let ask = |sql: &str| {
        let sql = format!(".output /dev/null\nPRAGMA key = \"x'{key}'\";\n.output stdout\n{sql}");
        String::from_utf8(tool(&shell, &[&database.to_string_lossy()], sql.as_bytes())).expect("text")
    };
    let said = ask("SELECT hex(b.body) FROM records r JOIN bodies b ON b.rid = r.rid WHERE r.hidden = 0 ORDER BY r.rid;");
    assert_eq!(said.lines().collect::<Vec<_>>(), bodies.lines().collect::<Vec<_>>());
    assert_eq!(ask("PRAGMA cipher_integrity_check;"), "", "no page that fails its authentication");
    assert_eq!(ask("PRAGMA integrity_check;").trim(), "ok");
    let titles = ask("SELECT DISTINCT title FROM records;");
    assert!(titles.contains("Potassium"), "{titles}");
}

/// Where a shell of SQLCipher 4 or newer is: the installed one, or Debian's own of a newer release in the cache.
fn sqlcipher() -> String {
    let finder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/sqlcipher4");
    let path = String::from_utf8(tool(finder, &[], b"")).expect("a path").trim().to_owned();
    let version = String::from_utf8(tool(&path, &[":memory:"], b"PRAGMA cipher_version;")).expect("text");
    let major = version.split('.').next().and_then(|v| v.trim().parse::<u32>().ok());
    assert!(major.is_some_and(|v| v >= 4), "SQLCipher 4 or newer, not {version}");
    path
}
