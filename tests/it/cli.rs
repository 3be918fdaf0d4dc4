//! The command line by its contract: exit codes, what stands on stdout, what stays as it was.

use crate::binary::{Home, PASSPHRASE, adds_up, bundle, files, ran};
use serde_json::{Value, json};
use std::path::Path;

fn condition(id: &str, words: &str, date: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/p1"}, "code": {"text": words},
        "clinicalStatus": {"coding": [{"code": "active"}]}, "onsetDateTime": date})
}

fn allergy(id: &str, words: &str) -> Value {
    json!({"resourceType": "AllergyIntolerance", "id": id, "patient": {"reference": "Patient/p1"}, "code": {"text": words}})
}

fn ruth(entries: &[Value]) -> Vec<u8> {
    bundle(("Ruth", "Carver"), "1954-03-14", entries)
}

/// All that a vault says about itself, and which originals lie in it.
fn contents(home: &Home) -> (Vec<Value>, Vec<Value>, Vec<String>) {
    let originals = files(&home.chart().join("originals")).iter().map(|p| p.to_string_lossy().into_owned()).collect();
    (home.records(&[]), home.sources(), originals)
}

#[test]
fn a_vault_begins_once() {
    let home = Home::bare();
    let init = ["init", "--member", "Ruth", "--person", "Ruth Carver", "--birth-date", "1954-03-14", "--sex", "female"];
    for (missing, words) in [(1, "--member"), (3, "--person")] {
        let mut args = init.to_vec();
        args.drain(missing..missing + 2);
        let ran = home.run(&args).ended(2);
        assert!(ran.err.contains(words) && ran.out.is_empty(), "{}", ran.err);
    }
    home.run(&init[..5]).ended(2);
    assert!(!home.vault().exists(), "what was refused made nothing");
    assert!(home.run(&["records"]).ended(1).err.contains("keepwell init"));

    let begun = home.run(&init).ended(0);
    let key = String::from_utf8(begun.out).unwrap();
    assert!(key.starts_with("AGE-SECRET-KEY-1") && key.lines().count() == 1, "{key}");
    assert!(!begun.err.contains(key.trim()));
    let before: Vec<_> = files(&home.vault()).iter().map(|f| (f.clone(), std::fs::read(f).unwrap())).collect();
    let again = home.run(&init).ended(2);
    assert!(again.err.contains("Nothing was changed") && again.out.is_empty(), "{}", again.err);
    let after: Vec<_> = files(&home.vault()).iter().map(|f| (f.clone(), std::fs::read(f).unwrap())).collect();
    assert!(before == after, "a second beginning changed the vault");
    home.run(&["records"]).ended(0);
    // A person of another name is asked for by the same flag.
    assert_eq!(home.run(&["records", "--person", "Ruth Carver"]).ended(0).out, b"");
    home.run(&["records", "--person", "Nobody"]).ended(1);
    for text in [key.trim(), "the wrong words of a thief"] {
        std::fs::write(home.path("key"), text).unwrap();
        home.run(&["sources"]).ended(i32::from(text != key.trim()));
    }
}

#[test]
fn a_passphrase_is_asked_for_and_never_an_argument() {
    let home = Home::new();
    for flag in ["--passphrase", "--password"] {
        home.run(&["sources", flag, PASSPHRASE]).ended(2);
    }
    let without = ran(home.command(&["sources"]).env_remove("KEEPWELL_PASSPHRASE_FILE")).ended(2);
    assert!(without.err.contains("no terminal") && without.err.contains("--passphrase-file"), "{}", without.err);
    let missing = home.run(&["sources", "--passphrase-file", "/nowhere"]).ended(2);
    assert!(missing.err.contains("/nowhere"), "{}", missing.err);
}

#[test]
fn the_report_of_an_import() {
    let home = Home::new();
    let file = home.write("a.json", &ruth(&[condition("c1", "Gout", "2019"), allergy("a1", "Penicillin")]));
    let empty = contents(&home);
    let dry = home.import(0, &["--dry-run", &file]);
    assert_eq!(dry["totals"]["stored"], 3);
    assert_eq!(dry["files"][0]["source"], "");
    assert_eq!(contents(&home), empty, "a dry run left a trace");

    let report = home.import(0, &[&file]);
    let entry = &report["files"][0];
    assert_eq!((&entry["path"], &entry["format"]), (&json!(file), &json!("fhir-r4-bundle")));
    assert_eq!(entry["error"], Value::Null);
    assert_eq!(entry["sha256"].as_str().unwrap().len(), 64);
    let id = entry["source"].as_str().unwrap();
    assert_eq!(home.sources()[0]["id"], id);
    assert_eq!(home.sources()[0]["report"]["found"], 3);
    for record in home.records(&[]) {
        assert_eq!(record["meta"]["source"], id, "{record}");
    }

    let filled = contents(&home);
    let again = home.import(0, &[&file]);
    assert_eq!((&again["totals"]["stored"], &again["totals"]["duplicates"]), (&json!(0), &json!(3)));
    assert_eq!(again["files"][0]["source"], id);
    assert_eq!(contents(&home), filled, "the same file twice stored something");
    let dry = home.import(0, &["--dry-run", &file]);
    assert_eq!((&dry["totals"]["stored"], &dry["totals"]["duplicates"]), (&json!(0), &json!(3)));
    let reread = home.run(&["reimport", "--json"]).ended(0).json();
    adds_up(&reread);
    assert_eq!((&reread["totals"]["stored"], &reread["totals"]["duplicates"]), (&json!(0), &json!(3)));
    home.run(&["reimport", "0000000000000000"]).ended(1);

    // The original, byte for byte, on stdout and in a file that must be new.
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(home.run(&["original", id]).ended(0).out, bytes);
    let out = home.path("out.json");
    let to = out.to_str().unwrap();
    assert!(home.run(&["original", id, "--out", to]).ended(0).out.is_empty());
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
    std::fs::write(&out, "mine").unwrap();
    assert!(home.run(&["original", id, "--out", to]).ended(2).err.contains("exists already"));
    assert_eq!(std::fs::read(&out).unwrap(), b"mine");
    home.run(&["original", "0000000000000000"]).ended(1);
}

#[test]
fn part_of_it_and_none_of_it() {
    let home = Home::new();
    let good = home.write("good.json", &ruth(&[condition("c1", "Gout", "2019")]));
    let odd = home.write("odd.json", &ruth(&[condition("c2", "Asthma", "2018"), json!({"id": "no-type", "resourceType": ""})]));
    let bad = home.write("bad.json", b"{\"resourceType\":\"Bundle\",\"entry\":[");
    assert_eq!(home.import(1, &[&bad])["files"][0]["source"], "");
    assert!(home.sources().is_empty());
    let report = home.import(3, &[&bad, &good]);
    assert_eq!((&report["totals"]["failed"], &report["totals"]["stored"]), (&json!(1), &json!(2)));
    let report = home.import(3, &[&odd]);
    assert_eq!(report["totals"]["skipped"], 1);
    let skipped = &report["files"][0]["skipped"][0];
    assert!(["where", "what", "why"].iter().all(|k| skipped[k].as_str().is_some_and(|s| !s.is_empty())), "{skipped}");
    // A file that cannot be read stands in the report; what came before stays and what comes after is read.
    let more = home.write("more.json", &ruth(&[condition("c3", "Flu", "2017")]));
    let report = home.import(3, &[&good, "/proc/self/mem", &more]);
    assert_eq!(report["totals"]["failed"], 1);
    assert_eq!(report["totals"]["stored"], 1);
    // No such path: nothing is begun.
    assert!(home.run(&["import", "--json", &good, "/nowhere/x.json"]).ended(2).out.is_empty());
    home.run(&["import"]).ended(2);
    home.run(&["import", "--json", "--member", "Nobody", &good]).ended(1);
    use std::os::unix::ffi::OsStrExt as _;
    let strange = Path::new(std::ffi::OsStr::from_bytes(b"\xff.json"));
    std::fs::copy(&good, home.path("").join(strange)).unwrap();
    ran(home.command(&["import"]).arg(strange)).ended(0);
    // A folder, with folders in it.
    std::fs::create_dir_all(home.path("folder/deeper")).unwrap();
    std::fs::copy(&good, home.path("folder/deeper/one")).unwrap();
    std::os::unix::fs::symlink("/etc", home.path("folder/link")).unwrap();
    assert_eq!(home.import(0, &[home.path("folder").to_str().unwrap()])["totals"]["files"], 1);
}

#[test]
fn somebody_elses_file() {
    let home = Home::new();
    let dana = |id| bundle(("Dana", "Quill"), "1989-04-21", &[condition(id, "Migraine", "2020")]);
    let (first, second) = (home.write("first.json", &dana("d1")), home.write("second.json", &dana("d2")));
    let other = home.write("other.json", &bundle(("Walter", "Rowe"), "1951-06-02", &[condition("w1", "Gout", "2020")]));
    let before = contents(&home);
    let refused = home.import(1, &[&first]);
    let words = refused["files"][0]["error"].as_str().unwrap();
    for part in ["Dana Quill", "Ruth Carver", "1989", "1954"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert_eq!(contents(&home), before);
    assert_eq!(home.import(0, &["--accept-identity", &first])["totals"]["stored"], 2);
    assert_eq!(home.sources()[0]["report"]["identity_accepted"], true);
    // It is remembered for the same person, and for nobody else.
    assert_eq!(home.import(0, &[&second])["totals"]["stored"], 1);
    assert_eq!(home.sources()[0]["report"]["identity_accepted"], true);
    home.import(1, &[&other]);
    // A dry run accepts nothing for later.
    home.import(0, &["--dry-run", "--accept-identity", &other]);
    home.import(1, &[&other]);
}

#[test]
fn records_are_chosen() {
    let home = Home::new();
    let entries = [condition("c1", "Gout of the left foot", "2019-05-02"), condition("c2", "Asthma", "2015"), allergy("a1", "Penicillin")];
    home.import(0, &[&home.write("a.json", &ruth(&entries))]);
    let ids = |args: &[&str]| {
        let mut ids: Vec<String> = home.records(args).iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&[]), ["a1", "c1", "c2", "p1"]);
    assert_eq!(ids(&["--type", "Condition"]), ["c1", "c2"]);
    assert_eq!(ids(&["--from", "2019"]), ["c1"]);
    assert_eq!(ids(&["--from", "2019-05-03"]), [""; 0]);
    assert_eq!(ids(&["--to", "2015"]), ["c2"]);
    assert_eq!(ids(&["--from", "2015-06", "--to", "2019-05-02"]), ["c1", "c2"], "a year reaches to its end");
    assert_eq!(ids(&["--search", "left foot"]), ["c1"]);
    assert_eq!(ids(&["--search", "penicilin"]), ["a1"], "a slip of the pen is forgiven");
    assert_eq!(ids(&["--search", "xylophone"]), [""; 0]);
    assert_eq!(ids(&["--type", "Nonsense"]), [""; 0]);
    assert_eq!(ids(&["--search", "\" OR * NEAR("]), [""; 0]);
    home.run(&["records", "--from", "yesterday"]).ended(2);
    let plain = String::from_utf8(home.run(&["records"]).ended(0).out).unwrap();
    assert!(plain.lines().count() == 4 && plain.contains("Gout of the left foot"), "{plain}");
}

#[test]
fn what_is_carried_away() {
    let home = Home::new();
    let entries = [condition("c1", "Gout", "2019-05-02"), condition("c2", "Asthma", "2015"), allergy("a1", "Penicillin")];
    home.import(0, &[&home.write("a.json", &ruth(&entries))]);
    let export = |name: &str, args: &[&str]| {
        let out = home.path(name);
        let ran = home.run(&[&["export", "--out", out.to_str().unwrap()], args].concat()).ended(0);
        assert!(ran.out.is_empty() && ran.err.contains("not encrypted"), "{}", ran.err);
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::read(out).unwrap()
    };
    let types = |bundle: &[u8]| {
        let bundle: Value = serde_json::from_slice(bundle).unwrap();
        assert_eq!(bundle["resourceType"], "Bundle");
        let mut ids: Vec<_> =
            bundle["entry"].as_array().unwrap().iter().map(|e| e["resource"]["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(types(&export("all.json", &["--format", "fhir"])), ["a1", "c1", "c2", "p1"]);
    assert_eq!(types(&export("some.json", &["--format", "fhir", "--include", "conditions"])), ["c1", "c2"]);
    assert_eq!(types(&export("less.json", &["--format", "fhir", "--exclude", "conditions"])), ["a1", "p1"]);
    let dated = types(&export("dated.json", &["--format", "fhir", "--from", "2019", "--to", "2019", "--include", "conditions"]));
    assert!(dated.contains(&"c1".to_owned()) && !dated.contains(&"c2".to_owned()), "{dated:?}");
    let lines = String::from_utf8(export("all.ndjson", &["--format", "ndjson"])).unwrap();
    assert_eq!(lines.lines().filter(|l| serde_json::from_str::<Value>(l).unwrap().is_object()).count(), 4);
    let tables = export("all.zip", &["--format", "csv"]);
    let archive = zip::ZipArchive::new(std::io::Cursor::new(&tables)).unwrap();
    assert!(archive.file_names().any(|n| n.as_ref().is_ok_and(|n| n.contains("conditions"))), "no table of conditions");

    let there = std::fs::read(home.path("all.json")).unwrap();
    let refused = home.run(&["export", "--format", "ndjson", "--out", home.path("all.json").to_str().unwrap()]).ended(2);
    assert!(refused.err.contains("exists already"), "{}", refused.err);
    assert_eq!(std::fs::read(home.path("all.json")).unwrap(), there);
    for wrong in [["--format", "docx"], ["--from", "soon"], ["--include", "wishes"]] {
        let mut args = vec!["export", "--out", "new.json"];
        args.extend(wrong);
        if wrong[0] != "--format" {
            args.extend(["--format", "fhir"]);
        }
        home.run(&args).ended(2);
        assert!(!home.path("new.json").exists());
    }
}

#[test]
fn settings_are_told_apart_from_what_is_none() {
    let home = Home::new();
    let odd = ran(home.command(&["sources", "--json"]).env("KEEPWELL_IDLE", "5").env("KEEPWELL_VERBOSE", "0")).ended(0);
    assert!(odd.err.contains("KEEPWELL_IDLE is not a setting"), "{}", odd.err);
    odd.json();
    let well = home.run(&["config", "check"]).ended(0);
    assert!(well.out.is_empty(), "{:?}", well.out);
    let wrong = [
        ("KEEPWELL_IDLE", "5", "KEEPWELL_IDLE"),
        ("KEEPWELL_BASE_URL", "home.example", "KEEPWELL_BASE_URL"),
        ("KEEPWELL_LISTEN", "0.0.0.0:8787", "listens beyond this machine"),
        ("KEEPWELL_PASSPHRASE_FILE", "/nowhere", "/nowhere"),
    ];
    for (name, value, words) in wrong {
        let found = ran(home.command(&["config", "check"]).env(name, value)).ended(1);
        let out = String::from_utf8(found.out).unwrap();
        assert!(out.contains(words) && out.lines().count() == 1, "{name}: {out}");
    }
    ran(home.command(&["config", "check"]).env("KEEPWELL_LISTEN", "everywhere")).ended(2);
}

#[test]
fn one_process_owns_a_vault() {
    let home = Home::new();
    let server = home.serve(&[]);
    for command in [&["records"][..], &["check"], &["serve", "--listen", "127.0.0.1:0"], &["import", "--dry-run", "key"]] {
        let refused = home.run(command).ended(1);
        assert!(refused.err.contains("already running") && refused.err.contains(&server.id().to_string()), "{}", refused.err);
    }
    // `init` beside it neither waits nor harms.
    home.run(&["init", "--member", "A", "--person", "A B", "--birth-date", "1990-01-01"]).ended(2);
    let status = std::process::Command::new("kill").args(["-9", &server.id().to_string()]).status().unwrap();
    assert!(status.success());
    drop(server);
    home.run(&["check", "--deep"]).ended(0);
    home.serve(&[]).stop();
    home.run(&["check"]).ended(0);
    let taken = home.serve(&[]);
    let other = Home::new();
    let refused = other.run(&["serve", "--listen", &format!("127.0.0.1:{}", taken.port)]).ended(2);
    assert!(refused.err.contains("--listen"), "{}", refused.err);
}

#[test]
fn check_finds_what_was_changed_on_the_disk() {
    let whole = Home::new();
    let entries: Vec<Value> = (0..60).map(|n| condition(&format!("c{n}"), &format!("Gout {n}"), "2019")).collect();
    whole.import(0, &[&whole.write("a.json", &ruth(&entries))]);
    for deep in [&["check"][..], &["check", "--deep"]] {
        assert!(whole.run(deep).ended(0).out.is_empty());
    }
    let flip = |path: &Path, at: usize| {
        let mut bytes = std::fs::read(path).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let size = std::fs::metadata(whole.chart().join("records.db")).unwrap().len() as usize;
    // The first page, its salt, one in the middle, the last byte.
    for at in [3, 100, 4096 * 3 + 7, size / 2, size - 1] {
        let home = whole.copy();
        flip(&home.chart().join("records.db"), at);
        let found = home.run(&["check"]).ended(1);
        let out = String::from_utf8(found.out).unwrap();
        assert!(out.contains("damaged") && out.contains("backup"), "byte {at}: {out:?} {}", found.err);
    }
    let original = |home: &Home| files(&home.chart().join("originals")).remove(0);
    let source = whole.sources()[0]["id"].as_str().unwrap().to_owned();
    for at in [5, 230, 4000, usize::MAX] {
        let home = whole.copy();
        flip(&original(&home), at);
        let out = String::from_utf8(home.run(&["check", "--deep"]).ended(1).out).unwrap();
        assert!(out.contains(&source) && out.contains("damaged"), "byte {at}: {out}");
        // And nobody is handed half a file.
        let ran = home.run(&["original", &source, "--out", "back.json"]).ended(1);
        assert!(ran.err.contains("damaged") && !home.path("back.json").exists(), "{}", ran.err);
        // Importing the file again heals it.
        home.import(0, &[whole.path("a.json").to_str().unwrap()]);
        assert_eq!(home.run(&["check", "--deep"]).code, Some(0), "byte {at}");
    }
    let home = whole.copy();
    std::fs::remove_file(original(&home)).unwrap();
    let out = String::from_utf8(home.run(&["check"]).ended(1).out).unwrap();
    assert!(out.contains(&source) && out.contains("missing"), "{out}");
    let home = whole.copy();
    let register = home.vault().join("household.db");
    let bytes = std::fs::read(&register).unwrap();
    std::fs::write(&register, [&bytes[..4096], &vec![0x5a; bytes.len() - 4096]].concat()).unwrap();
    let ran = home.run(&["check"]).ended(1);
    assert!(!ran.err.contains("safe"), "{}", ran.err);
}
