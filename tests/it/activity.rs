//! The activity log: who looked, what left, what changed; and that nothing of it can be changed unnoticed.

use crate::vault_world::{World, potassium, served};
use keepwell::household::Household;
use keepwell::vault::{Act, Actor, ActorKind, Choice, Entry, Event, Place, Vault};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

fn dana() -> Actor {
    Actor::member("d1", "Dana")
}

fn look(rid: i64) -> Event {
    let place = Place { address: "203.0.113.7".into(), device: "Firefox on Linux".into() };
    Event::new(dana(), Act::LookedRecord).about(rid).from(place).with("what", "x")
}

fn entries(world: &World) -> Vec<Entry> {
    let mut all = world.chart.activity(&Choice::default()).expect("the log");
    all.reverse();
    all
}

/// The raw key of the chart's databases, by the way that stands in the contract: the recovery key opens the chart's identity,
/// and that the key.
pub(crate) fn raw_key(world_dir: &Path, person: &str, recovery: &str) -> String {
    let open = |key: &str, file: &str| {
        let identity: age::x25519::Identity = key.trim().parse().expect("an identity");
        let bytes = std::fs::read(world_dir.join("charts").join(person).join(file)).expect("a file");
        String::from_utf8(age::decrypt(&identity, &bytes).expect("opens")).expect("text")
    };
    open(&open(recovery, "identity.age"), "records.key.age")
}

pub(crate) fn tamper(path: &Path, raw: &str, sql: &str) {
    let conn = Connection::open(path).expect("opens");
    conn.execute_batch(&format!("PRAGMA key = \"x'{}'\";", raw.trim())).expect("the key");
    conn.execute_batch(sql).expect(sql);
}

/// The same with a member's passphrase, whoever's it is.
pub(crate) fn raw_key_of(vault: &Path, person: &str, passphrase: &str) -> String {
    let opened = std::fs::read_dir(vault.join("members")).expect("members").find_map(|file| {
        let identity = age::scrypt::Identity::new(passphrase.to_owned().into());
        age::decrypt(&identity, &std::fs::read(file.expect("a file").path()).expect("read")).ok()
    });
    raw_key(vault, person, &String::from_utf8(opened.expect("one opens")).expect("text"))
}

/// A closed vault with a log of about ten entries.
struct Closed {
    _tmp: tempfile::TempDir,
    dir: std::path::PathBuf,
    person: String,
    recovery: String,
    raw: String,
    count: i64,
}

impl Closed {
    fn new() -> Self {
        let world = World::new();
        for rid in 1..=8 {
            world.chart.log(&look(rid)).expect("written");
        }
        let count = entries(&world).len() as i64;
        let (person, recovery) = (world.person.clone(), world.recovery.clone());
        let raw = raw_key(&world.dir, &person, &recovery);
        let (tmp, dir) = world.close();
        Self { _tmp: tmp, dir, person, recovery, raw, count }
    }

    fn log(&self) -> std::path::PathBuf {
        self.dir.join("charts").join(&self.person).join("activity.db")
    }

    fn sql(&self, sql: &str) {
        tamper(&self.log(), &self.raw, sql);
    }

    /// What a walk over the log says at the next opening: the first bad entry and what is wrong with it.
    fn fault(&self) -> Option<(i64, String)> {
        let household = Household::new(Arc::new(Vault::open(&self.dir).expect("opens")));
        let who = household.sign_in("Ruth", &self.recovery).expect("signs in");
        let chart = household.open(&who, &self.person).expect("a chart opens whatever became of its log");
        // The log goes on, and says so itself.
        chart.log(&look(99)).expect("goes on");
        let verdict = chart.verify_activity().expect("walked");
        let findings = chart.check(false).expect("checked");
        assert_eq!(findings.iter().any(|f| f.contains("activity log")), verdict.fault.is_some(), "{findings:?}");
        verdict.fault.map(|f| (f.seq, f.what))
    }
}

#[test]
fn entries_are_numbered_dated_and_kept() {
    let world = World::new();
    let before = entries(&world).len();
    let seq = world.chart.log(&look(7).with("to", "Lakeside Urgent Care")).expect("written");
    let all = entries(&world);
    assert_eq!(all.len(), before + 1);
    assert_eq!(all.iter().map(|e| e.seq).collect::<Vec<_>>(), (1..=seq).collect::<Vec<_>>());
    assert_eq!(all[0].event.act, Act::Begun);
    assert_eq!((all[0].event.who.kind, all[0].event.who.name.as_str()), (ActorKind::System, "Keepwell"));
    let last = all.last().expect("the last");
    assert_eq!(last.event, look(7).with("to", "Lakeside Urgent Care"));
    let now = jiff::Timestamp::now().as_millisecond();
    assert!((now - last.at).abs() < 60_000, "{} is not now", last.at);
    let world = world.reopen();
    assert_eq!(entries(&world), all, "opening a chart adds nothing by itself");
    let verdict = world.chart.verify_activity().expect("walked");
    assert_eq!((verdict.entries, verdict.since, verdict.fault), (seq, Some(all[0].at), None));
}

#[test]
fn the_log_is_narrowed_by_who_what_and_when() {
    let world = World::new();
    world.chart.log(&look(1)).expect("written");
    world.chart.log(&Event::new(Actor::new(ActorKind::Link, "l1", "Lakeside"), Act::ShareOpened)).expect("written");
    world.chart.log(&Event::new(Actor::member("r1", "Ruth"), Act::Denied)).expect("written");
    let seqs = |choice: Choice| world.chart.activity(&choice).expect("a list").iter().map(|e| e.event.act).collect::<Vec<_>>();
    let all = entries(&world);
    assert_eq!(seqs(Choice { who: Some((ActorKind::Link, "Lakeside".into())), ..Choice::default() }), [Act::ShareOpened]);
    assert_eq!(seqs(Choice { member: Some("d1".into()), ..Choice::default() }), [Act::LookedRecord]);
    assert_eq!(seqs(Choice { acts: vec![Act::Denied, Act::ShareOpened], ..Choice::default() }), [Act::Denied, Act::ShareOpened]);
    assert_eq!(seqs(Choice { limit: 1, ..Choice::default() }), [Act::Denied]);
    assert_eq!(seqs(Choice { before: Some(all[1].seq), ..Choice::default() }), [Act::Begun]);
    let middle = all.last().expect("one").at + 1;
    assert_eq!(seqs(Choice { from: Some(middle), ..Choice::default() }), []);
    assert_eq!(seqs(Choice { until: Some(middle), ..Choice::default() }).len(), all.len());
    let counted = world.chart.count_activity().expect("counted");
    assert_eq!(counted.entries, all.len() as i64);
    assert_eq!(counted.actors[&(ActorKind::Link, "Lakeside".to_owned())], 1);
}

#[test]
fn an_import_is_in_the_log_before_it_is_in_the_chart() {
    let world = World::new();
    world.import("labs.json", &[served(potassium("k1", "2024-05-01", "4.1"))]);
    let last = entries(&world).pop().expect("the last");
    assert_eq!((last.event.act, last.event.who.name.as_str()), (Act::Imported, "Ruth"));
    assert_eq!(last.event.details["name"], "labs.json");
    assert_eq!(last.event.details["source"], world.chart.sources().expect("sources")[0].id);
}

#[test]
fn a_long_import_does_not_delay_a_look() {
    let world = World::new();
    let import = world.chart.import("long.json", &crate::vault_world::by("Ruth"), None).expect("an import holds the writer");
    world.chart.log(&look(1)).expect("and a look is written all the same");
    drop(import);
    assert_eq!(entries(&world).last().expect("the last").event, look(1));
}

#[test]
fn every_tampering_is_found_and_named() {
    let rewrite = |seq: i64, set: &str| format!("UPDATE entries SET {set} WHERE seq = {seq}");
    let cases: [(&str, String, i64); 16] = [
        ("another name", rewrite(4, "who_name = 'Ruth'"), 4),
        ("another member", rewrite(4, "who_id = 'r1'"), 4),
        ("another sort of actor", rewrite(4, "who_kind = 'system'"), 4),
        ("another act", rewrite(5, "act = 'looked-home'"), 5),
        ("another moment", rewrite(5, "at = at + 1"), 5),
        ("another record", rewrite(5, "records = '77'"), 5),
        ("a record added", rewrite(5, "records = records || ',x'"), 5),
        ("another address", rewrite(6, "address = '198.51.100.1'"), 6),
        ("text moved between fields", rewrite(6, "address = address || 'F', device = substr(device, 2)"), 6),
        ("another detail", rewrite(6, "details = '{\"what\":\"y\"}'"), 6),
        ("a detail that reads the same", rewrite(6, "details = '{ \"what\":\"x\"}'"), 6),
        ("a field of another type", rewrite(6, "at = 'soon'"), 6),
        ("the first deleted", "DELETE FROM entries WHERE seq = 1".into(), 1),
        ("one in the middle deleted", "DELETE FROM entries WHERE seq = 5".into(), 5),
        (
            "one in the middle deleted and the rest moved up",
            "DELETE FROM entries WHERE seq = 5; UPDATE entries SET seq = seq - 1 WHERE seq > 5;".into(),
            5,
        ),
        (
            "two in each other's place",
            "UPDATE entries SET seq = 1000 WHERE seq = 3; UPDATE entries SET seq = 3 WHERE seq = 4; UPDATE entries SET seq = 4 WHERE seq = 1000;"
                .into(),
            3,
        ),
    ];
    for (what, sql, seq) in cases {
        let closed = Closed::new();
        closed.sql(&sql);
        let (found, words) = closed.fault().unwrap_or_else(|| panic!("{what} was not found"));
        assert_eq!(found, seq, "{what}: {words}");
    }
}

#[test]
fn a_cut_off_end_is_found_also_after_the_log_has_gone_on() {
    let closed = Closed::new();
    closed.sql(&format!("DELETE FROM entries WHERE seq > {}", closed.count - 2));
    let (seq, what) = closed.fault().expect("found");
    assert_eq!(seq, closed.count - 1, "{what}");
    assert!(what.contains("removed"), "{what}");
    // Nothing that is written later hides it.
    assert_eq!(closed.fault().expect("found again").0, closed.count - 1);
}

#[test]
fn an_older_copy_or_an_empty_place_is_found() {
    // An older copy of the file in its place.
    let world = World::new();
    world.chart.log(&look(1)).expect("written");
    let world = world.reopen();
    let (file, count) = (world.chart_dir().join("activity.db"), entries(&world).len() as i64);
    let (person, recovery) = (world.person.clone(), world.recovery.clone());
    let raw = raw_key(&world.dir, &person, &recovery);
    let (tmp, dir) = world.close();
    let older = std::fs::read(&file).expect("the file");
    let closed = Closed { _tmp: tmp, dir, person, recovery, raw, count };
    assert_eq!(closed.fault(), None);
    std::fs::write(&file, older).expect("put back");
    assert_eq!(closed.fault().expect("found").0, count + 1);

    let closed = Closed::new();
    std::fs::remove_file(closed.log()).expect("deleted");
    let (seq, what) = closed.fault().expect("found");
    assert_eq!(seq, 1, "{what}");

    // No database at all any more: the records stay in reach.
    let closed = Closed::new();
    std::fs::write(closed.log(), vec![7; 20_000]).expect("overwritten");
    assert_eq!(closed.fault().expect("found").0, 1);
}

#[test]
fn a_log_written_anew_is_found_by_its_head() {
    // Somebody with the key makes a whole new log with as many entries.
    let (closed, other) = (Closed::new(), Closed::new());
    let conn = Connection::open(other.log()).expect("opens");
    conn.execute_batch(&format!("PRAGMA key = \"x'{}'\"; PRAGMA rekey = \"x'{}'\";", other.raw.trim(), closed.raw.trim()))
        .expect("rekeyed");
    drop(conn);
    std::fs::copy(other.log(), closed.log()).expect("put in place");
    assert!(closed.fault().is_some());

    // The head itself taken away.
    let closed = Closed::new();
    Connection::open(closed.dir.join("household.db")).expect("opens").execute_batch("DELETE FROM activity_heads").expect("deleted");
    assert_eq!(closed.fault().expect("found").0, 1);
}

#[test]
fn a_crash_between_the_entry_and_its_head_is_no_alarm() {
    let closed = Closed::new();
    let conn = Connection::open(closed.dir.join("household.db")).expect("opens");
    let old: (i64, Vec<u8>) = conn.query_row("SELECT count, hash FROM activity_heads", [], |r| Ok((r.get(0)?, r.get(1)?))).expect("a head");
    drop(conn);
    assert_eq!(closed.fault(), None);
    // The head as it was before the last entries: a loss of power may take several back.
    let conn = Connection::open(closed.dir.join("household.db")).expect("opens");
    conn.execute("UPDATE activity_heads SET count = ?1, hash = ?2", rusqlite::params![old.0, old.1]).expect("set back");
    drop(conn);
    assert_eq!(closed.fault(), None);
    // From then on the end is guarded again.
    closed.sql("DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)");
    assert!(closed.fault().is_some());
}

#[test]
fn a_vault_from_before_the_log_gets_one() {
    let closed = Closed::new();
    std::fs::remove_file(closed.log()).expect("deleted");
    Connection::open(closed.dir.join("household.db")).expect("opens").execute_batch("DELETE FROM activity_heads").expect("deleted");
    assert_eq!(closed.fault(), None);
}

#[test]
fn a_look_that_cannot_be_written_does_not_happen() {
    let world = World::new();
    let file = world.chart_dir().join("activity.db");
    let before = entries(&world).len();
    // Another process holds the file for good: as little can be written as on a full disk, also for root.
    let conn = Connection::open(&file).expect("opens");
    let raw = raw_key(&world.dir, &world.person, &world.recovery);
    conn.execute_batch(&format!(
        "PRAGMA key = \"x'{}'\"; CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT raise(ABORT, 'full'); END;",
        raw.trim()
    ))
    .expect("a trigger");
    let e = world.chart.log(&look(1)).expect_err("not written");
    assert!(e.words().contains("activity log") && e.words().contains("not done"), "{}", e.words());
    let staged = crate::vault_world::stage(&world.chart, b"a file");
    let import = world.chart.import("labs.json", &crate::vault_world::by("Ruth"), None).expect("an import begins");
    assert!(import.commit(Some(staged), keepwell::import::report::FileReport::default()).is_err());
    assert!(world.chart.sources().expect("sources").is_empty(), "what cannot be logged is not stored");
    conn.execute_batch("DROP TRIGGER full").expect("dropped");
    world.chart.log(&look(1)).expect("written again");
    assert_eq!(entries(&world).len(), before + 1);
    assert_eq!(world.chart.verify_activity().expect("walked").fault, None);
}

#[test]
fn entries_for_a_locked_chart_wait_encrypted_and_come_in_in_order() {
    let closed = Closed::new();
    let folder = closed.dir.join("charts").join(&closed.person).join("activity");
    let files = || std::fs::read_dir(&folder).map_or_else(|_| Vec::new(), |d| d.map(|e| e.expect("an entry").path()).collect::<Vec<_>>());
    let leave = |words: &[&str]| {
        let household = Household::new(Arc::new(Vault::open(&closed.dir).expect("opens")));
        for word in words {
            let event = Event::new(Actor::unknown(), Act::WrongPassphrase).with("for", *word);
            household.record(&closed.person, &event).expect("left");
        }
        assert_eq!(
            household.record("0123456789abcdef", &Event::new(Actor::unknown(), Act::Denied)).expect_err("no chart").kind,
            keepwell::Kind::NotFound
        );
        assert!(household.record("../../members", &Event::new(Actor::unknown(), Act::Denied)).is_err());
    };
    let told = || {
        let household = Household::new(Arc::new(Vault::open(&closed.dir).expect("opens")));
        let who = household.sign_in("Ruth", &closed.recovery).expect("signs in");
        let chart = household.open(&who, &closed.person).expect("opens");
        let choice = Choice { acts: vec![Act::WrongPassphrase, Act::Broken], ..Choice::default() };
        let list: Vec<_> =
            chart.activity(&choice).expect("a list").into_iter().map(|e| e.event.details.get("for").cloned().unwrap_or_default()).collect();
        (list, chart.verify_activity().expect("walked").fault)
    };
    leave(&["one", "two", "Zweizahnfieber"]);
    assert_eq!(files().len(), 3);
    for file in files() {
        let bytes = std::fs::read(file).expect("a file");
        assert!(bytes.starts_with(b"age-encryption.org/v1") && !bytes.windows(14).any(|w| w == b"Zweizahnfieber"));
    }
    assert_eq!(told(), (vec!["Zweizahnfieber".into(), "two".into(), "one".into()], None));
    assert!(files().is_empty());
    // A crash after one came in and before its file and its note went: not twice, and nothing is missed.
    leave(&["three"]);
    let name = files()[0].file_stem().expect("a name").to_str().expect("text").to_owned();
    closed.sql(&format!("INSERT INTO taken(name) VALUES('{name}')"));
    assert_eq!(told(), (vec!["Zweizahnfieber".into(), "two".into(), "one".into()], None));
    assert!(files().is_empty());
    // And one whose file had gone as well.
    leave(&["three"]);
    let name = files()[0].file_stem().expect("a name").to_str().expect("text").to_owned();
    closed.sql(&format!("INSERT INTO taken(name) VALUES('{name}')"));
    std::fs::remove_file(&files()[0]).expect("deleted");
    assert_eq!(told().1, None);
    // One that is deleted, or spoilt, is missed; what somebody else puts there is not an entry.
    std::fs::write(folder.join("000000000000001-00.age"), b"junk").expect("written");
    assert_eq!(told().1, None);
    leave(&["four"]);
    std::fs::remove_file(&files()[0]).expect("deleted");
    let (_, fault) = told();
    assert!(fault.expect("found").what.contains("removed"));
}

#[test]
fn a_wrong_passphrase_is_told_to_the_charts_it_was_for() {
    let world = World::new();
    let place = Place { address: "203.0.113.77".into(), device: String::new() };
    world.household.record_wrong(" RUTH ", "passphrase", &place).expect("written");
    world.household.record_wrong("Nobody", "passphrase", &place).expect("nobody to tell");
    let last = entries(&world).pop().expect("the last");
    assert_eq!(
        (last.event.act, last.event.who.kind, last.event.details["for"].as_str()),
        (Act::WrongPassphrase, ActorKind::Unknown, "Ruth")
    );
    assert_eq!(last.event.from, place);
    assert_eq!(entries(&world).iter().filter(|e| e.event.act == Act::WrongPassphrase).count(), 1);
}
