//! Backups: one file of everything, back again with the passphrase or the recovery key, refused when a byte is not as it was.

use crate::binary::{Home, PASSPHRASE, files};
use crate::vault_stock::{age, tool};
use crate::vault_world::{World, import, potassium, served};
use keepwell::demo::large_bundle;
use keepwell::household::{Grant, Household, Opening, restore, verify};
use keepwell::vault::{Place, Query, Role};
use keepwell::{Error, Kind};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

const ANOTHER: &str = "teapot gravel violin seventeen";

/// A vault with records, an original, and something in every folder that there can be.
pub(crate) fn full() -> Home {
    let home = Home::new();
    let mut bundle = Vec::new();
    large_bundle(60, 1, &mut bundle).unwrap();
    home.import(0, &[&home.write("first.json", &bundle)]);
    for (path, bytes) in [
        ("invites/0011223344556677.age", "an invite"),
        ("shares/8899aabbccddeeff/0.jwe", "a share"),
        ("activity.damaged-1700000000", "what was left of a log"),
    ] {
        let file = home.chart().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    // Encrypted to somebody else: it waits there for good, so that all readings find the same.
    std::fs::write(home.chart().join("inbox/letter (1) \u{e9}.txt.age"), "not for this chart").unwrap();
    home
}

pub(crate) fn create(home: &Home) -> String {
    let file = home.path("backup.age").to_string_lossy().into_owned();
    home.run(&["backup", "create", "--out", &file]).ended(0);
    file
}

pub(crate) fn key(home: &Home) -> Opening {
    Opening::typed(&home.recovery)
}

pub(crate) fn told(_: u64, _: u64) -> bool {
    true
}

/// What stock age and tar make of a backup.
pub(crate) fn unpacked(home: &Home, file: &str) -> PathBuf {
    let dir = home.path("unpacked");
    std::fs::create_dir(&dir).unwrap();
    let plain = age(&home.path("key"), Path::new(file));
    tool("tar", &["-x", "-C", &dir.to_string_lossy()], &plain);
    dir
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn sha256(path: &Path) -> String {
    Sha256::digest(std::fs::read(path).unwrap()).iter().map(|b| format!("{b:02x}")).collect()
}

fn sql(database: &Path, sql: &str) -> String {
    String::from_utf8(tool("sqlite3", &[&database.to_string_lossy(), sql], b"")).unwrap().trim().to_owned()
}

/// Packs a folder again as a backup, with stock tools, after something in it was changed.
pub(crate) fn repacked(home: &Home, dir: &Path, name: &str) -> PathBuf {
    let mut manifest = json(&dir.join("manifest.json"));
    for file in manifest["files"].as_array_mut().unwrap() {
        let path = dir.join(file["path"].as_str().unwrap());
        file["size"] = path.metadata().unwrap().len().into();
        file["sha256"] = sha256(&path).into();
    }
    std::fs::write(dir.join("manifest.json"), manifest.to_string()).unwrap();
    let mut order = vec!["about.json".to_owned(), "household.db".to_owned()];
    let own = |p: PathBuf| p.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
    let rest: Vec<String> = files(dir).into_iter().map(own).filter(|p| !p.ends_with(".json") && p != "household.db").collect();
    // Keys before the databases that need them.
    order.extend(rest.iter().filter(|p| !p.ends_with(".db")).cloned());
    order.extend(rest.iter().filter(|p| p.ends_with(".db")).cloned());
    order.push("manifest.json".to_owned());
    let list = home.write("list", order.join("\n").as_bytes());
    let tar = tool("tar", &["-c", "--no-recursion", "-C", &dir.to_string_lossy(), "-T", &list], b"");
    sealed(home, &tar, name)
}

fn sealed(home: &Home, tar: &[u8], name: &str) -> PathBuf {
    let recipient = tool("age-keygen", &["-y", &home.path("key").to_string_lossy()], b"");
    let recipient = String::from_utf8(recipient).unwrap();
    PathBuf::from(home.write(name, &tool("age", &["-r", recipient.trim()], tar)))
}

/// Everything that can be read of a vault.
pub(crate) fn content(home: &Home, vault: &Path) -> BTreeMap<&'static str, Value> {
    let vault = vault.to_string_lossy().into_owned();
    let run = |args: &[&str]| home.run(&[args, &["--vault", &vault]].concat()).ended(0);
    let checked = run(&["check", "--deep"]);
    assert!(checked.out.is_empty(), "{}", String::from_utf8_lossy(&checked.out));
    let sources = run(&["sources", "--json"]).json();
    let id = sources["sources"][0]["id"].as_str().unwrap().to_owned();
    let original = run(&["original", &id]).out;
    assert!(!original.is_empty());
    run(&["audit", "verify"]);
    let original = Value::String(String::from_utf8(original).unwrap());
    BTreeMap::from([("records", run(&["records", "--json"]).json()), ("sources", sources), ("original", original)])
}

#[test]
fn it_comes_back_with_the_recovery_key_and_with_the_passphrase_alone() {
    let home = full();
    let file = create(&home);
    home.run(&["backup", "verify", &file]).ended(0);
    let before = content(&home, &home.vault());
    let passphrase = home.write("passphrase", PASSPHRASE.as_bytes());
    let recovery = home.path("key").to_string_lossy().into_owned();
    for (name, how) in [("new", ["--passphrase-file", &passphrase]), ("new2", ["--recovery-key-file", &recovery])] {
        let dir = home.path(name);
        let args = ["backup", "restore", &file, "--vault", &dir.to_string_lossy()];
        home.run(&[&args[..], &how].concat()).ended(0);
        assert!(content(&home, &dir) == before, "the records differ");
        let inbox = files(&dir).into_iter().filter(|p| p.to_string_lossy().contains("/inbox/")).count();
        assert_eq!(inbox, 1, "what waits in the inbox still waits");
        assert!(!dir.join("restored").exists() && !dir.join("restoring").exists());
        let log = home.run(&["audit", "list", "--json", "--vault", &dir.to_string_lossy()]).ended(0);
        let log = String::from_utf8(log.out).unwrap();
        for what in ["made", "restored"] {
            assert!(log.contains(&format!("\"{what}\"")), "{what}: {log}");
        }
        // The passphrase still signs in.
        home.run(&["records", "--vault", &dir.to_string_lossy(), "--passphrase-file", &passphrase]).ended(0);
        // There is a vault now: nothing is restored over it.
        home.run(&[&args[..], &how].concat()).ended(2);
    }
    let left: Vec<_> = files(home.dir.path()).into_iter().filter(|p| p.to_string_lossy().contains("proof")).collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "a scratch vault was left");
}

#[test]
fn stock_tools_read_all_of_it_and_nothing_of_the_vault_is_missing() {
    let home = full();
    let file = create(&home);
    let raw = std::fs::read(&file).unwrap();
    assert!(!raw.windows(6).any(|w| w == b"Carver"));
    let dir = unpacked(&home, &file);
    let manifest = json(&dir.join("manifest.json"));
    let mut listed = Vec::new();
    for entry in manifest["files"].as_array().unwrap() {
        let path = entry["path"].as_str().unwrap();
        assert_eq!(sha256(&dir.join(path)), entry["sha256"].as_str().unwrap(), "{path}");
        listed.push(path.to_owned());
    }
    let chart = dir.join("charts").join(home.chart_id());
    for database in [dir.join("household.db"), chart.join("records.db"), chart.join("activity.db")] {
        assert_eq!(sql(&database, "PRAGMA integrity_check"), "ok");
    }
    let records = home.run(&["records", "--json"]).ended(0).json()["records"].as_array().unwrap().len();
    assert_eq!(sql(&chart.join("records.db"), "SELECT count(*) FROM records WHERE hidden = 0"), records.to_string());
    // The head of the log of then is in it.
    let entries: i64 = sql(&chart.join("activity.db"), "SELECT max(seq) FROM entries").parse().unwrap();
    let head = manifest["heads"][0]["count"].as_i64().unwrap();
    assert!(head > 0 && head <= entries, "{head} of {entries}");
    for file in files(&home.vault()) {
        let path = file.strip_prefix(home.vault()).unwrap().to_string_lossy().into_owned();
        if path.contains("/activity/") {
            continue; // That the backup was proven is written after it is made.
        }
        let machine = path == "lock" || path.ends_with("-wal") || path.ends_with("-shm");
        assert!(listed.contains(&path) != machine, "{path} is in neither or in both: the backup, what is left out");
    }
}

#[test]
fn the_wrong_secret_opens_nothing_and_leaves_nothing() {
    let home = full();
    let file = create(&home);
    let wrong = home.write("wrong", b"four other words of mine");
    let foreign = home.write("foreign", &tool("age-keygen", &[], b""));
    let new = home.path("new").to_string_lossy().into_owned();
    for how in [["--passphrase-file", &wrong], ["--recovery-key-file", &foreign]] {
        for args in [vec!["backup", "restore", &file, "--vault", &new], vec!["backup", "verify", &file]] {
            let ran = home.run(&[&args[..], &how].concat()).ended(1);
            assert!(ran.err.contains("does not open this backup"), "{}", ran.err);
            assert!(!Path::new(&new).exists());
        }
    }
    for (name, bytes) in [("none", &b""[..]), ("text", b"hello"), ("json", b"{\"resourceType\":\"Bundle\"}")] {
        let ran = home.run(&["backup", "restore", &home.write(name, bytes), "--vault", &new]).ended(1);
        assert!(ran.err.contains("no backup of Keepwell"), "{}", ran.err);
    }
    home.run(&["backup", "restore", "missing", "--vault", &new]).ended(2);
    assert!(!Path::new(&new).exists());
}

#[test]
fn a_byte_altered_or_an_end_cut_off_is_refused_wherever_it_is() {
    let home = full();
    let file = create(&home);
    let whole = std::fs::read(&file).unwrap();
    let (bad, dir) = (home.path("bad.age"), home.path("new"));
    let refused = |bytes: &[u8], what: &str| {
        std::fs::write(&bad, bytes).unwrap();
        let e: Error = restore(&bad, &key(&home), &dir, &told).expect_err(what);
        assert!(matches!(e.kind, Kind::Refused | Kind::Denied), "{what}: {e}");
        assert!(!dir.exists(), "{what} left a folder");
    };
    let places: Vec<usize> = (0..40).map(|n| n * (whole.len() - 1) / 39).chain([30, 80, 150, 300, 420, whole.len() - 20]).collect();
    for at in places {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        refused(&bytes, &format!("byte {at} of {} altered", whole.len()));
        refused(&whole[..at], &format!("cut off at {at}"));
    }
    refused(&[&whole[..], b"x"].concat(), "something at its end");
    assert!(verify(Path::new(&file), &key(&home), &home.path("scratch"), &told).is_ok());
    assert!(!home.path("scratch").exists());
}

#[test]
fn what_another_tool_has_packed_is_held_to_the_same_rules() {
    let home = full();
    let file = create(&home);
    let dir = unpacked(&home, &file);
    let new = home.path("new");
    let refuse = |file: &Path, words: &str| {
        let e: Error = restore(file, &key(&home), &new, &told).expect_err(words);
        assert!(e.kind == Kind::Refused && e.words().contains(words), "{e}");
        assert!(!new.exists());
    };
    // Packed again as it was, it is a backup like any other.
    let same = repacked(&home, &dir, "same.age");
    restore(&same, &key(&home), &home.path("same"), &told).unwrap();
    // A file that the manifest does not know, and one that leads elsewhere.
    std::fs::write(dir.join("extra"), "x").unwrap();
    refuse(&repacked(&home, &dir, "extra.age"), "damaged");
    std::fs::remove_file(dir.join("extra")).unwrap();
    std::os::unix::fs::symlink("/etc", dir.join("members/link")).unwrap();
    refuse(&repacked(&home, &dir, "link.age"), "damaged");
    std::fs::remove_file(dir.join("members/link")).unwrap();
    let about = home.path("about.json");
    std::fs::copy(dir.join("about.json"), &about).unwrap();
    let tar = tool("tar", &["-c", "-P", "-C", &dir.to_string_lossy(), "about.json", "../about.json"], b"");
    refuse(&sealed(&home, &tar, "out.age"), "damaged");
    // Rows that are not those of then.
    let records = dir.join("charts").join(home.chart_id()).join("records.db");
    let kept = std::fs::read(&records).unwrap();
    sql(&records, "PRAGMA journal_mode = DELETE; DELETE FROM notes; DELETE FROM seen; PRAGMA journal_mode = WAL;");
    refuse(&repacked(&home, &dir, "rows.age"), "damaged");
    std::fs::write(&records, kept).unwrap();
    // A newer Keepwell.
    for name in ["format", "household", "records", "activity"] {
        let mut newer = json(&about);
        let place = if name == "format" { &mut newer[name] } else { &mut newer["schemas"][name] };
        *place = 99.into();
        std::fs::write(dir.join("about.json"), newer.to_string()).unwrap();
        refuse(&repacked(&home, &dir, "newer.age"), "newer version of Keepwell");
    }
    std::fs::copy(&about, dir.join("about.json")).unwrap();
    sql(&records, "PRAGMA user_version = 99");
    refuse(&repacked(&home, &dir, "newer.age"), "newer version of Keepwell");
}

#[test]
fn a_backup_of_the_first_version_restores_into_this_one() {
    let home = full();
    let file = create(&home);
    let before = content(&home, &home.vault());
    let dir = unpacked(&home, &file);
    let household = dir.join("household.db");
    let row = |what: &str| sql(&household, what);
    let (member, person) = (
        row("SELECT quote(id)||','||quote(name)||','||quote(folded)||','||quote(recipient)||',5' FROM members"),
        row("SELECT quote(id) FROM people"),
    );
    let id = row("SELECT quote(id) FROM members");
    std::fs::remove_file(&household).unwrap();
    sql(
        &household,
        &format!(
            "CREATE TABLE members(id TEXT PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, created INTEGER NOT NULL);
             CREATE TABLE people(id TEXT PRIMARY KEY, created INTEGER NOT NULL);
             CREATE TABLE roles(member TEXT NOT NULL REFERENCES members(id), person TEXT NOT NULL REFERENCES people(id), role TEXT NOT NULL,
               PRIMARY KEY(member, person)) WITHOUT ROWID;
             INSERT INTO members VALUES({member}); INSERT INTO people VALUES({person}, 5); INSERT INTO roles VALUES({id}, {person}, 'owner');
             PRAGMA user_version = 1;"
        ),
    );
    let mut manifest = json(&dir.join("manifest.json"));
    // In those days there was no activity log.
    let log = format!("charts/{}/activity.db", home.chart_id());
    std::fs::remove_file(dir.join(&log)).unwrap();
    let all = manifest["files"].as_array_mut().unwrap();
    all.retain(|f| f["path"] != log.as_str());
    let own = all.iter_mut().find(|f| f["path"] == "household.db").unwrap();
    own["tables"] = serde_json::json!({"members": 1, "people": 1, "roles": 1});
    std::fs::write(dir.join("manifest.json"), manifest.to_string()).unwrap();
    let old = repacked(&home, &dir, "old.age");
    let new = home.path("new");
    restore(&old, &key(&home), &new, &told).unwrap();
    assert!(content(&home, &new) == before, "the records differ");
    assert!(sql(&new.join("household.db"), "PRAGMA user_version").parse::<u32>().unwrap() > 1);
}

#[test]
fn a_kill_while_it_is_made_or_restored_leaves_a_whole_one_or_none() {
    let home = full();
    let began = Instant::now();
    let file = create(&home);
    let all = began.elapsed();
    for moment in 0..12_u32 {
        let out = home.path(&format!("killed-{moment}.age"));
        let mut child = home.command(&["backup", "create", "--out", &out.to_string_lossy()]).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(all * moment / 10);
        _ = child.kill();
        child.wait().unwrap();
        if out.exists() {
            verify(&out, &key(&home), &home.path("scratch"), &told).unwrap();
        }
    }
    assert!(home.run(&["check", "--deep"]).ended(0).out.is_empty());
    let began = Instant::now();
    home.run(&["backup", "restore", &file, "--vault", &home.path("timed").to_string_lossy()]).ended(0);
    let all = began.elapsed();
    let mut none = 0;
    for moment in 0..12_u32 {
        let dir = home.path(&format!("killed-{moment}"));
        let args = ["backup", "restore", &file, "--vault", &dir.to_string_lossy()];
        let mut child = home.command(&args).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(all * moment / 10);
        _ = child.kill();
        child.wait().unwrap();
        let vault = dir.to_string_lossy().into_owned();
        if !dir.join("household.db").exists() && !dir.join("restored").exists() {
            none += 1;
            home.run(&args).ended(0);
        }
        assert!(home.run(&["check", "--deep", "--vault", &vault]).ended(0).out.is_empty());
    }
    assert!(none > 0, "the kills came too late to test anything");
}

#[test]
fn a_backup_opens_no_chart_to_who_has_no_role_on_it() {
    let world = World::new();
    let dana = world.household.add_member(&world.who, &world.person, "Dana", ANOTHER, &Grant::of(Role::Viewer)).unwrap().to_string();
    let dana = world.household.sign_in("Dana", &dana).unwrap();
    let own = world.household.add_person(&dana, "Dana Carver", "1980-01-02", "female").unwrap().id;
    let tmp = tempfile::tempdir().unwrap();
    let key = tmp.path().join("key");
    std::fs::write(&key, format!("{}\n", world.recovery)).unwrap();
    let place = Place::command_line();
    // Dana's own chart, closed and open; Ruth keeps the household, and has no role on it.
    for (name, open) in [("closed", false), ("open", true)] {
        let held = open.then(|| world.household.open(&dana, &own).unwrap());
        if let Some(chart) = &held {
            import(chart, "labs", &[served(potassium("k1", "2024-05-01", "4.10"))]);
        }
        let rows = held.as_ref().map_or(0, |chart| chart.list(&Query::default()).unwrap().rows.len());
        let file = tmp.path().join(format!("{name}.age"));
        let summary = world.household.back_up(Some(&world.who), &place, &file, &told).unwrap();
        assert_eq!((summary.charts, summary.sealed), (2, 1), "{name}");
        let dir = tmp.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        tool("tar", &["-x", "-C", &dir.to_string_lossy()], &age(&key, &file));
        let plain = |chart: &str| std::fs::read(dir.join("charts").join(chart).join("records.db")).unwrap().starts_with(b"SQLite format 3");
        assert!(plain(&world.person), "{name}: Ruth's own is plain inside");
        assert!(!plain(&own), "{name}: Dana's stays under its own key");
        // All of it comes back, each for who may open it.
        let new = tmp.path().join(format!("new-{name}"));
        restore(&file, &Opening::typed(&world.recovery), &new, &told).unwrap();
        let household = Household::new(std::sync::Arc::new(keepwell::vault::Vault::open(&new).unwrap()));
        let (ruth, dana) = (household.sign_in("Ruth", &world.recovery).unwrap(), household.sign_in("Dana", ANOTHER).unwrap());
        assert_eq!(household.open(&ruth, &own).unwrap_err().kind, Kind::NotFound);
        let chart = household.open(&dana, &own).unwrap();
        assert_eq!(chart.check(true).unwrap(), Vec::<String>::new());
        assert_eq!(chart.list(&Query::default()).unwrap().rows.len(), rows, "{name}");
        assert_eq!(chart.verify_activity().unwrap().fault, None);
        drop(held);
    }
    // The server by itself makes one as well: what is open is plain inside, the rest as it lies on the disk.
    let World { household, recovery, .. } = &world;
    let file = tmp.path().join("night.age");
    let summary = household.back_up(None, &Place::default(), &file, &told).unwrap();
    assert_eq!(summary.charts, 2);
    verify(&file, &Opening::typed(recovery), &tmp.path().join("scratch"), &told).unwrap();
}
