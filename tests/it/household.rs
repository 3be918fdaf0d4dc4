//! Roles, keys that follow them, people: in the library, with stock tools, by the program, and over kills.

use crate::binary::{Home, Ran, bundle};
use crate::vault_stock::{DECRYPT_PAGES, age};
use crate::vault_world::{World, condition, files, served};
use keepwell::Kind;
use keepwell::household::{Correction, Grant, SignedIn};
use keepwell::record::{Class, SensitiveSet};
use keepwell::vault::{Role, Scope};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

pub(crate) const ANOTHER: &str = "teapot gravel violin seventeen";

pub(crate) fn nobody(_: &str) {}

pub(crate) fn viewer() -> Grant {
    Grant::of(Role::Viewer)
}

/// A new member with a role on Ruth's chart, signed in; and their recovery key.
pub(crate) fn member(world: &World, name: &str, grant: &Grant) -> (SignedIn, String) {
    let recovery = world.household.add_member(&world.who, &world.person, name, ANOTHER, grant).unwrap();
    (world.household.sign_in(name, &recovery).unwrap(), recovery.to_string())
}

pub(crate) fn register(world: &World, sql: &str) {
    let conn = rusqlite::Connection::open(world.dir.join("household.db")).unwrap();
    assert!(conn.execute(sql, []).unwrap() > 0, "{sql}");
}

/// A world whose chart holds two files and one that waits in the inbox.
pub(crate) fn filled() -> World {
    let world = World::new();
    world.import("a", &[served(condition("c1", "Gout", "2015-01-02"))]);
    world.import("b", &[served(condition("c2", "Asthma", "2016-01-02"))]);
    let about = keepwell::vault::inbox::About { name: "c".into(), ..Default::default() };
    keepwell::vault::inbox::seal(&world.dir, &world.person, &about, &mut b"waits".as_slice()).unwrap();
    world
}

/// Whether `age` opens a file with an identity.
fn opens(identity: &Path, file: &Path) -> bool {
    Command::new("age")
        .args(["-d", "-i", &identity.to_string_lossy(), &file.to_string_lossy()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

fn sealed(dir: &Path) -> Vec<PathBuf> {
    files(dir).into_iter().filter(|p| p.extension().is_some_and(|e| e == "age")).collect()
}

#[test]
fn who_is_taken_off_opens_nothing_any_more_even_with_stock_tools() {
    let World { _tmp, dir, household, who, person, chart, .. } = filled();
    let chart_dir = dir.join("charts").join(&person);
    let recovery = household.add_member(&who, &person, "Walter", ANOTHER, &Grant::of(Role::Carer)).unwrap();
    let walter = household.sign_in("walter", &recovery).unwrap();
    let held = household.open(&walter, &person).unwrap();
    assert_eq!(household.role(&walter, &person).unwrap(), Some(Role::Carer));
    drop((held, chart));

    // What Walter could have kept: his key, the chart's identity, the database key.
    let keys = tempfile::tempdir().unwrap();
    let (own, old) = (keys.path().join("walter"), keys.path().join("chart"));
    std::fs::write(&own, format!("{}\n", recovery.as_str())).unwrap();
    std::fs::write(&old, age(&own, &chart_dir.join("identity.age"))).unwrap();
    let raw = String::from_utf8(age(&old, &chart_dir.join("records.key.age"))).unwrap();
    let before = sealed(&chart_dir);
    assert!(before.len() >= 7, "{before:?}");
    for file in before.iter().filter(|f| !f.ends_with("identity.age")) {
        assert!(opens(&old, file), "{}", file.display());
    }

    let walter_id = walter.member.id.clone();
    assert!(household.take(&who, &person, &walter_id, &nobody).unwrap(), "nobody has it open: new keys at once");
    assert_eq!(household.open(&walter, &person).unwrap_err().kind, Kind::NotFound);
    assert_eq!(household.charts(&walter).unwrap(), []);
    let chart = household.open(&who, &person).unwrap();
    assert!(chart.reseal().unwrap());
    assert_eq!(chart.check(true).unwrap(), Vec::<String>::new());
    assert_eq!(chart.inbox().unwrap().len(), 1);
    for file in sealed(&chart_dir) {
        for key in [&own, &old] {
            assert!(!opens(key, &file), "{} still opens", file.display());
        }
    }
    let plain = keys.path().join("plain.db");
    let pages = ["-c", DECRYPT_PAGES, &chart_dir.join("records.db").to_string_lossy(), &plain.to_string_lossy(), &raw].map(str::to_owned);
    drop(chart);
    let decrypted = Command::new("python3").args(&pages).stderr(Stdio::null()).status().unwrap();
    assert!(!decrypted.success(), "the old database key still opens the pages");
}

#[test]
fn roles_are_given_changed_and_taken() {
    let world = filled();
    let (walter, _) = member(&world, "Walter", &viewer());
    let h = &world.household;
    let id = walter.member.id.clone();
    assert_eq!(h.role(&walter, &world.person).unwrap(), Some(Role::Viewer));
    // A viewer and a carer change nothing of it.
    for role in [Role::Viewer, Role::Carer] {
        h.give(&world.who, &world.person, &id, &Grant::of(role)).unwrap();
        for kind in [
            h.give(&walter, &world.person, &id, &Grant::of(Role::Owner)).unwrap_err().kind,
            h.take(&walter, &world.person, &world.who.member.id, &nobody).unwrap_err().kind,
            h.invite(&walter, &world.person, "Dana", &viewer()).unwrap_err().kind,
            h.invites(&walter, &world.person).unwrap_err().kind,
            h.remove_person(&walter, &world.person, &nobody).unwrap_err().kind,
            h.remove_member(&walter, &world.who.member.id, &nobody).unwrap_err().kind,
            h.pass_on(&walter, &id).unwrap_err().kind,
        ] {
            assert_eq!(kind, Kind::Denied);
        }
        assert_eq!(h.access(&walter, &world.person).unwrap().len(), 2, "but sees who may see it");
    }
    // A chart keeps an owner for good.
    let own = world.who.member.id.clone();
    for grant in [viewer(), Grant { until: Some("2999-01-01".into()), ..Grant::of(Role::Owner) }] {
        assert_eq!(h.give(&world.who, &world.person, &own, &grant).unwrap_err().kind, Kind::Refused);
    }
    assert_eq!(h.take(&world.who, &world.person, &own, &nobody).unwrap_err().kind, Kind::Refused);
    assert_eq!(h.role(&world.who, &world.person).unwrap(), Some(Role::Owner));
    // With a second one it may go on without the first.
    h.give(&world.who, &world.person, &id, &Grant::of(Role::Owner)).unwrap();
    h.take(&world.who, &world.person, &own, &nobody).unwrap();
    assert_eq!(h.open(&world.who, &world.person).unwrap_err().kind, Kind::NotFound);
    let World { household, person, chart, .. } = world;
    drop(chart);
    let chart = household.open(&walter, &person).unwrap();
    assert!(!household.is_due(&person).unwrap(), "the next owner to open it made the keys");
    assert_eq!(chart.check(true).unwrap(), Vec::<String>::new());
}

#[test]
fn a_viewer_sees_what_was_ticked() {
    let world = filled();
    let seen = |name: &str, scope: Scope| {
        let (who, _) = member(&world, name, &Grant { scope: Some(scope), ..viewer() });
        let chart = world.household.open(&who, &world.person).unwrap();
        chart.counts().unwrap().values().sum::<u64>()
    };
    let only = |class: Class| Scope { classes: Some([class].into_iter().collect()), sensitive: SensitiveSet::NONE };
    assert_eq!(seen("Vera", Scope { classes: None, sensitive: SensitiveSet::NONE }), 2);
    assert_eq!(seen("Dana", only(Class::Problem)), 2);
    assert_eq!(seen("Eve", only(Class::Allergy)), 0);
    // A scope that this version cannot read opens nothing.
    register(&world, "UPDATE roles SET scope = '[' WHERE scope LIKE '%allergies%'");
    let eve = world.household.sign_in("Eve", ANOTHER).unwrap();
    assert_eq!(world.household.open(&eve, &world.person).unwrap_err().kind, Kind::NotFound);
}

#[test]
fn ends_that_will_not_do_are_refused() {
    let world = World::new();
    for until in ["yesterday", "2020-01-01", "2999-02-30", "2999"] {
        let grant = Grant { until: Some(until.into()), ..viewer() };
        let e = world.household.invite(&world.who, &world.person, "Dana", &grant).unwrap_err();
        assert_eq!(e.kind, Kind::Usage, "{until}");
    }
    assert_eq!(world.household.invites(&world.who, &world.person).unwrap(), []);
}

#[test]
fn a_role_whose_last_day_is_over_opens_nothing_and_the_owner_makes_new_keys() {
    let world = filled();
    let today = keepwell::record::today();
    let (walter, recovery) = member(&world, "Walter", &Grant { until: Some(today), ..viewer() });
    assert!(world.household.open(&walter, &world.person).is_ok(), "its last day still counts");
    register(&world, "UPDATE roles SET until = '2020-01-01' WHERE role = 'viewer'");
    assert_eq!(world.household.open(&walter, &world.person).unwrap_err().kind, Kind::NotFound);
    assert_eq!(world.household.role(&walter, &world.person).unwrap(), None);
    let access = world.household.access(&world.who, &world.person).unwrap();
    assert!(access.iter().any(|a| a.member.name == "Walter" && a.grant.is_over()));
    let identity = world.chart_dir().join("identity.age");
    let own = world.dir.join("walter");
    std::fs::write(&own, recovery).unwrap();
    assert!(opens(&own, &identity), "until an owner comes");
    assert!(world.household.is_due(&world.person).unwrap());
    // Held open by somebody, it waits; and goes on at the next opening.
    assert!(!world.household.renew(&world.who, &world.person, &nobody).unwrap());
    let world = world.reopen();
    assert!(!world.household.is_due(&world.person).unwrap());
    assert!(!opens(&own, &identity));
    assert_eq!(world.household.access(&world.who, &world.person).unwrap().len(), 1);
    assert!(world.chart.reseal().unwrap());
    assert_eq!(world.chart.check(true).unwrap(), Vec::<String>::new());
    // Given anew, it opens anew.
    world.household.give(&world.who, &world.person, &walter.member.id, &viewer()).unwrap();
    assert!(world.household.open(&walter, &world.person).is_ok());
}

#[test]
pub(crate) fn members_go_and_the_keeper_passes_it_on() {
    let world = filled();
    let h = &world.household;
    let (walter, recovery) = member(&world, "Walter", &Grant::of(Role::Carer));
    let milo = h.add_person(&walter, "Milo Carver", "2019-08-09", "male").unwrap();
    assert!(h.is_keeper(&world.who.member).unwrap());
    let e = h.remove_member(&world.who, &walter.member.id, &nobody).unwrap_err();
    assert_eq!(e.kind, Kind::Refused, "he alone owns a chart");
    assert_eq!(h.closed_charts(&world.who).unwrap().len(), 1);
    assert_eq!(h.remove_member(&world.who, &world.who.member.id, &nobody).unwrap_err().kind, Kind::Refused);
    h.remove_person(&world.who, &milo.id, &nobody).unwrap();
    assert!(!world.dir.join("charts").join(&milo.id).exists());
    h.remove_member(&world.who, &walter.member.id, &nobody).unwrap();
    assert_eq!(h.members().unwrap().len(), 1);
    assert_eq!(files(&world.dir.join("members")).len(), 1);
    assert_eq!(h.sign_in("Walter", &recovery).unwrap_err().kind, Kind::Denied);
    assert_eq!(h.open(&walter, &world.person).unwrap_err().kind, Kind::NotFound);
    // The name is free again, and the keeping goes on.
    let (again, _) = member(&world, "Walter", &viewer());
    h.pass_on(&world.who, &again.member.id).unwrap();
    assert!(h.is_keeper(&again.member).unwrap() && !h.is_keeper(&world.who.member).unwrap());
    assert_eq!(h.pass_on(&world.who, &world.who.member.id).unwrap_err().kind, Kind::Denied);
}

#[test]
fn a_person_is_corrected_and_what_stood_there_is_kept() {
    let world = filled();
    let World { household, who, person, dir, recovery, .. } = &world;
    let to = Correction { name: "Ruth Ann Carver", birth_date: "1954-03-15", sex: "female", colour: "pine" };
    let e = household.edit_person(who, person, &to, &nobody).unwrap_err();
    assert_eq!(e.kind, Kind::Busy, "somebody has the chart open");
    for bad in [
        Correction { name: " ", ..to.clone() },
        Correction { birth_date: "1954", ..to.clone() },
        Correction { colour: "red", ..to.clone() },
    ] {
        assert_eq!(household.edit_person(who, person, &bad, &nobody).unwrap_err().kind, Kind::Usage);
    }
    let key = dir.join("ruth");
    std::fs::write(&key, recovery).unwrap();
    let World { household, who, person, chart, dir, _tmp, .. } = world;
    drop(chart);
    household.edit_person(&who, &person, &to, &nobody).unwrap();
    assert_eq!(household.charts(&who).unwrap()[0].0.name, "Ruth Ann Carver", "no old name is remembered");
    assert_eq!(household.open(&who, &person).unwrap().person().colour, "pine");
    let chart_dir = dir.join("charts").join(&person);
    let identity = dir.join("identity");
    std::fs::write(&identity, age(&key, &chart_dir.join("identity.age"))).unwrap();
    let about: serde_json::Value = serde_json::from_slice(&age(&identity, &chart_dir.join("person.age"))).unwrap();
    assert_eq!(about["before"][0]["name"], "Ruth Carver");
    assert_eq!(about["before"][0]["birth_date"], "1954-03-14");
    assert!(about["before"][0]["until"].as_i64().unwrap() > 1_700_000_000);
}

// ---- the program

/// What a command does for Ruth.
fn ruth(home: &Home, args: &[&str]) -> Ran {
    home.run(&[args, &["--member", "Ruth"]].concat())
}

fn new_passphrase(home: &Home) -> String {
    home.write("new-passphrase", format!("{ANOTHER}\n").as_bytes())
}

#[test]
pub(crate) fn members_and_people_by_the_command_line() {
    let home = Home::new();
    let made = home
        .run(&[
            "member",
            "add",
            "Walter",
            "--role",
            "viewer",
            "--until",
            "2999-01-01",
            "--include",
            "allergies,medicines",
            "--sensitive",
            "hiv",
            "--new-passphrase-file",
            &new_passphrase(&home),
        ])
        .ended(0);
    assert!(made.out.starts_with(b"AGE-SECRET-KEY-1"), "his recovery key and nothing else");
    let link = ruth(&home, &["member", "add", "Dana", "--role", "carer"]).ended(0);
    let link = String::from_utf8(link.out).unwrap();
    assert!(link.starts_with("http://127.0.0.1:8787/join/") && link.trim().len() > 80, "{link}");
    let list = ruth(&home, &["member", "list", "--json"]).ended(0).json();
    let walter = list["members"].as_array().unwrap().iter().find(|m| m["name"] == "Walter").unwrap().clone();
    assert_eq!(walter["roles"][0]["role"], "viewer");
    assert_eq!(walter["roles"][0]["until"], "2999-01-01");
    assert_eq!(walter["roles"][0]["scope"], json!({"classes": ["allergies", "medicines"], "sensitive": ["hiv"]}));
    assert_eq!(list["members"][0]["keeper"], true);
    assert_eq!(list["invites"][0]["for"], "Dana");
    assert!(!list.to_string().contains(link.trim().rsplit('/').next().unwrap()), "the link is told once");
    ruth(&home, &["member", "role", "Walter", "carer"]).ended(0);
    assert_eq!(ruth(&home, &["member", "list", "--json"]).ended(0).json()["members"][1]["roles"][0]["role"], "carer");
    for (args, code) in [
        (vec!["member", "add", "Eve", "--role", "carer", "--include", "allergies"], 2),
        (vec!["member", "add", "Eve", "--role", "viewer", "--include", "nonsense"], 2),
        (vec!["member", "add", "Eve", "--role", "viewer", "--until", "2020-01-01"], 2),
        (vec!["member", "add", "Eve", "--role", "boss"], 2),
        (vec!["member", "role", "Nobody", "viewer"], 1),
        (vec!["member", "remove", "Nobody"], 1),
        (vec!["member", "role", "Ruth", "viewer"], 1),
        (vec!["person", "add", "Milo Carver", "--birth-date", "2019-13-09"], 2),
    ] {
        ruth(&home, &args).ended(code);
    }
    ruth(&home, &["member", "remove", "Walter", "--person", "Ruth Carver"]).ended(0);
    let list = ruth(&home, &["member", "list", "--json"]).ended(0).json();
    assert_eq!(list["members"][1]["roles"], json!([]), "a member still, and nothing to open");
    ruth(&home, &["member", "remove", "Walter"]).ended(0);
    assert_eq!(ruth(&home, &["member", "list", "--json"]).ended(0).json()["members"].as_array().unwrap().len(), 1);
    let milo = ruth(&home, &["person", "add", "Milo Carver", "--birth-date", "2019-08-09", "--sex", "male"]).ended(0);
    let people = ruth(&home, &["person", "list", "--json"]).ended(0).json();
    assert_eq!(people["people"][1]["id"], String::from_utf8(milo.out).unwrap().trim());
    assert_eq!(people["people"][1]["role"], "owner");
    ruth(&home, &["check", "--deep"]).ended(0);
}

#[test]
fn a_kill_at_any_moment_of_a_change_of_keys_leaves_a_chart_that_opens() {
    let start = Home::new();
    let entries: Vec<_> = (0..300)
        .map(|n| json!({"resourceType": "Condition", "id": format!("c{n}"), "subject": {"reference": "Patient/p1"}, "code": {"text": format!("Gout {n}")}}))
        .collect();
    start.import(0, &[&start.write("first.json", &bundle(("Ruth", "Carver"), "1954-03-14", &entries))]);
    for n in 0..12 {
        let note = json!({"resourceType": "Condition", "id": format!("d{n}"), "subject": {"reference": "Patient/p1"}, "code": {"text": format!("Asthma {n}")}});
        start.import(0, &[&start.write(&format!("more{n}.json"), &bundle(("Ruth", "Carver"), "1954-03-14", &[note]))]);
    }
    ruth(&start, &["member", "add", "Walter", "--role", "carer", "--new-passphrase-file", &new_passphrase(&start)]).ended(0);
    let records = ruth(&start, &["records"]).ended(0).out;
    let remove = ["member", "remove", "Walter", "--person", "Ruth Carver"];
    let began = Instant::now();
    ruth(&start.copy(), &remove).ended(0);
    let all = began.elapsed();
    let (mut unfinished, moments) = (0, 40);
    for moment in 0..moments {
        let home = start.copy();
        let mut child =
            home.command(&[remove.as_slice(), &["--member", "Ruth"]].concat()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(all * moment / (moments - 2));
        child.kill().unwrap();
        child.wait().unwrap();
        let older = home.chart().join("identity.older.age");
        unfinished += u32::from(older.exists());
        // The next opening by the owner goes on; nothing is lost.
        assert_eq!(ruth(&home, &["records"]).ended(0).out, records, "killed at moment {moment}");
        ruth(&home, &["check", "--deep"]).ended(0);
        assert!(!older.exists(), "killed at moment {moment}");
        let left: Vec<_> = files(&home.vault()).into_iter().filter(|p| p.to_string_lossy().contains("rekey")).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
        ruth(&home, &remove);
        assert_eq!(ruth(&home, &["member", "list", "--json"]).ended(0).json()["members"][1]["roles"], json!([]));
        ruth(&home, &["check", "--deep"]).ended(0);
    }
    println!("killed at {moments} moments of {} ms, {unfinished} of them in the middle of the change", all.as_millis());
    assert!(unfinished >= 3, "the kills missed the change of keys: {unfinished}");
}
