//! The trusted contact, with clocks that the test moves; notices and the second channel.

use crate::vault_world::{World, condition, files, served};
use keepwell::Kind;
use keepwell::household::{Grant, Household, SignedIn};
use keepwell::vault::{Act, Choice, Clock, NoticeKind, Place, Query, Role, Vault};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ANOTHER: &str = "teapot gravel violin seventeen";
const DAY: i64 = 24 * 3600;
/// Some moment.
const BEGIN: Clock = Clock { wall: 1_800_000_000, steady: 1000 };

fn nobody(_: &str) {}

fn here() -> Place {
    Place { address: "192.168.1.7".into(), device: "Firefox on Linux".into() }
}

/// Ruth's chart with one record, and Dana, a member who may open another chart and not this one.
fn world() -> (World, SignedIn) {
    let world = World::new();
    world.import("a", &[served(condition("c1", "Gout", "2015-01-02"))]);
    let milo = world.household.add_person(&world.who, "Milo Carver", "2015-05-06", "male").unwrap();
    let recovery = world.household.add_member(&world.who, &milo.id, "Dana", ANOTHER, &Grant::of(Role::Viewer)).unwrap();
    let dana = world.household.sign_in("Dana", &recovery).unwrap();
    (world, dana)
}

/// The server counts every minute, for so many days.
fn run(household: &Household, mut clock: Clock, days: i64) -> Clock {
    for _ in 0..days * 24 {
        clock = Clock { wall: clock.wall + 3600, steady: clock.steady + 3600 };
        household.count_waits(clock).unwrap();
    }
    clock
}

fn acts(world: &World) -> Vec<Act> {
    world.chart.activity(&Choice::default()).unwrap().into_iter().rev().map(|e| e.event.act).collect()
}

#[test]
fn the_contact_asks_waits_and_reads() {
    let (world, dana) = world();
    let World { household, who, person, .. } = &world;
    let id = dana.member.id.as_str();
    household.name_contact(who, person, id, 3, &here()).unwrap();
    assert!(files(&world.chart_dir().join("contacts")).len() == 2);
    let mine = household.contact_of(&dana).unwrap();
    assert_eq!((mine.len(), mine[0].1.as_str(), mine[0].0.days), (1, "Ruth Carver", 3));
    assert_eq!(household.notices(&dana).unwrap()[0].1.kind, NoticeKind::ContactNamed);
    // Not before she asked, not before the wait is over.
    assert_eq!(household.take_access(&dana, person, BEGIN, &here()).unwrap_err().kind, Kind::Denied);
    household.ask_access(&dana, person, BEGIN, &here()).unwrap();
    let told = household.notices(who).unwrap();
    assert_eq!(
        (told[0].1.kind, told[0].1.details["who"].as_str(), told[0].1.details["days"].as_str()),
        (NoticeKind::ContactAsked, "Dana", "3")
    );
    let clock = run(household, BEGIN, 2);
    assert_eq!(household.take_access(&dana, person, clock, &here()).unwrap_err().kind, Kind::Denied);
    assert!(household.open(&dana, person).is_err());
    let clock = run(household, clock, 1);
    assert!(household.contacts(who, person).unwrap()[0].is_due());
    household.take_access(&dana, person, clock, &here()).unwrap();
    assert_eq!(household.role(&dana, person).unwrap(), Some(Role::Viewer));
    let chart = household.open(&dana, person).unwrap();
    assert_eq!(chart.count(&Query::default()).unwrap(), 1);
    assert_eq!(household.notices(who).unwrap()[0].1.kind, NoticeKind::ContactGiven);
    let acts = acts(&world);
    let of = |act| acts.iter().filter(|a| **a == act).count();
    assert_eq!((of(Act::ContactNamed), of(Act::ContactAsked), of(Act::ContactGiven)), (1, 1, 1));
    // What stood ready is gone, and the note that is left opens nothing.
    assert!(!world.chart_dir().join("contacts").join(format!("{id}.age")).exists());
}

#[test]
fn it_works_when_the_owner_never_comes_again_and_the_chart_is_locked() {
    let (world, dana) = world();
    world.household.name_contact(&world.who, &world.person, &dana.member.id, 1, &here()).unwrap();
    let person = world.person.clone();
    drop(dana);
    let (_tmp, dir) = world.close();
    let household = Household::new(Arc::new(Vault::open(&dir).unwrap()));
    let dana = household.sign_in("Dana", ANOTHER).unwrap();
    household.ask_access(&dana, &person, BEGIN, &here()).unwrap();
    let clock = run(&household, BEGIN, 1);
    household.take_access(&dana, &person, clock, &here()).unwrap();
    let chart = household.open(&dana, &person).unwrap();
    assert_eq!(chart.count(&Query::default()).unwrap(), 1);
    // What was done while it was locked is in the log now.
    let acts: Vec<_> = chart.activity(&Choice::default()).unwrap().into_iter().map(|e| e.event.act).collect();
    assert!(acts.contains(&Act::ContactAsked) && acts.contains(&Act::ContactGiven), "{acts:?}");
    assert_eq!(chart.verify_activity().unwrap().fault, None);
}

#[test]
fn only_owners_name_change_refuse_and_withdraw() {
    let (world, dana) = world();
    let World { household, who, person, .. } = &world;
    let id = dana.member.id.as_str();
    for days in [0, 31] {
        assert_eq!(household.name_contact(who, person, id, days, &here()).unwrap_err().kind, Kind::Usage);
    }
    assert_eq!(household.name_contact(&dana, person, id, 3, &here()).unwrap_err().kind, Kind::NotFound);
    household.name_contact(who, person, id, 3, &here()).unwrap();
    for denied in [
        household.set_wait(&dana, person, id, 1, &here()),
        household.refuse_contact(&dana, person, id, &here()),
        household.withdraw_contact(&dana, person, id, &here()),
    ] {
        assert_eq!(denied.unwrap_err().kind, Kind::NotFound);
    }
    household.ask_access(&dana, person, BEGIN, &here()).unwrap();
    let clock = run(household, BEGIN, 2);
    household.refuse_contact(who, person, id, &here()).unwrap();
    let clock = run(household, clock, 5);
    assert_eq!(household.take_access(&dana, person, clock, &here()).unwrap_err().kind, Kind::Denied, "a refused wish never ripens");
    // Asked again, the wait begins anew; the owner makes it longer meanwhile.
    household.ask_access(&dana, person, clock, &here()).unwrap();
    let clock = run(household, clock, 2);
    household.set_wait(who, person, id, 6, &here()).unwrap();
    let clock = run(household, clock, 2);
    assert_eq!(household.take_access(&dana, person, clock, &here()).unwrap_err().kind, Kind::Denied);
    household.withdraw_contact(who, person, id, &here()).unwrap();
    let clock = run(household, clock, 9);
    assert_eq!(household.take_access(&dana, person, clock, &here()).unwrap_err().kind, Kind::NotFound);
    assert!(files(&world.chart_dir().join("contacts")).is_empty());
    assert!(household.contact_of(&dana).unwrap().is_empty());
}

#[test]
fn a_clock_that_jumps_gives_nothing_early() {
    let (world, dana) = world();
    let World { household, who, person, .. } = &world;
    household.name_contact(who, person, &dana.member.id, 5, &here()).unwrap();
    household.ask_access(&dana, person, BEGIN, &here()).unwrap();
    let denied = |clock| household.take_access(&dana, person, clock, &here()).unwrap_err().kind == Kind::Denied;
    // A machine without a clock of its own that wakes up in 1970 and is then set right; and one that is set by hand.
    assert!(denied(Clock { wall: BEGIN.wall + 400 * DAY, steady: BEGIN.steady + 60 }));
    assert!(denied(Clock { wall: 100, steady: BEGIN.steady + 120 }));
    assert!(denied(Clock { wall: BEGIN.wall + 800 * DAY, steady: BEGIN.steady + 180 }));
    let clock = run(household, Clock { wall: BEGIN.wall + 800 * DAY, steady: BEGIN.steady + 180 }, 4);
    assert!(denied(clock));
    let clock = run(household, clock, 1);
    household.take_access(&dana, person, clock, &here()).unwrap();
}

#[test]
fn what_stands_ready_follows_new_keys_and_opens_for_nobody_alone() {
    let (world, dana) = world();
    let id = dana.member.id.clone();
    world.household.name_contact(&world.who, &world.person, &id, 1, &here()).unwrap();
    let copy = world.chart_dir().join("contacts").join(format!("{id}.age"));
    let before = std::fs::read(&copy).unwrap();
    // Somebody else comes and goes: the chart gets new keys, and so does the copy.
    let recovery = world.household.add_member(&world.who, &world.person, "Nora", ANOTHER, &Grant::of(Role::Viewer)).unwrap();
    let nora = world.household.sign_in("Nora", &recovery).unwrap().member.id;
    let (person, dir) = (world.person.clone(), world.dir.clone());
    drop(world.chart);
    assert!(world.household.take(&world.who, &person, &nora, &nobody).unwrap(), "new keys are made at once");
    assert_ne!(std::fs::read(&copy).unwrap(), before);
    // With the disk alone, or the contact's key alone, the copy does not open.
    let server = std::fs::read_to_string(dir.join("household.escrow.key")).unwrap();
    assert_eq!(std::fs::metadata(dir.join("household.escrow.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let outer: age::x25519::Identity = server.trim().parse().unwrap();
    let inner = age::decrypt(&outer, &std::fs::read(&copy).unwrap()).unwrap();
    assert!(inner.starts_with(b"age-encryption.org/v1"), "under the outer layer is another");
    assert!(age::decrypt(&outer, &inner).is_err());
    world.household.ask_access(&dana, &person, BEGIN, &here()).unwrap();
    let clock = run(&world.household, BEGIN, 1);
    world.household.take_access(&dana, &person, clock, &here()).unwrap();
    assert_eq!(world.household.open(&dana, &person).unwrap().count(&Query::default()).unwrap(), 1);
}

#[test]
fn notices_wait_sealed_until_they_are_put_away() {
    let (world, dana) = world();
    let World { household, who, person, dir, .. } = &world;
    household.name_contact(who, person, &dana.member.id, 2, &here()).unwrap();
    household.ask_access(&dana, person, BEGIN, &here()).unwrap();
    for file in files(&dir.join("notices")) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1"));
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Wrong tries are told once an hour, not each.
    for _ in 0..5 {
        household.record_wrong("Ruth", "passphrase", &here()).unwrap();
    }
    let told = household.notices(who).unwrap();
    assert_eq!(told.iter().map(|(_, n)| n.kind).collect::<Vec<_>>(), [NoticeKind::ContactAsked, NoticeKind::Denied]);
    household.dismiss(who, &told[0].0).unwrap();
    assert_eq!(household.notices(who).unwrap().len(), 1);
    for odd in ["", "..", "../../household", "a/b"] {
        assert!(household.dismiss(who, odd).is_err(), "{odd}");
    }
    // Another member's notices are not reached by their names.
    household.dismiss(&dana, &told[1].0).unwrap();
    assert_eq!(household.notices(who).unwrap().len(), 1);
}

#[test]
fn the_second_channel_is_told_without_names() {
    let (world, dana) = world();
    world.household.name_contact(&world.who, &world.person, &dana.member.id, 2, &here()).unwrap();
    let (person, member) = (world.person.clone(), "Dana");
    drop(dana);
    let (tmp, dir) = world.close();
    let (program, out) = (tmp.path().join("tell"), tmp.path().join("told"));
    std::fs::write(&program, format!("#!/bin/sh\n{{ cat; echo \"args $#\"; env; }} > {0}.part\nmv {0}.part {0}\n", out.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let household = Household::new(Arc::new(Vault::open(&dir).unwrap())).with_notify_command(Some(program));
    let dana = household.sign_in(member, ANOTHER).unwrap();
    household.ask_access(&dana, &person, BEGIN, &here()).unwrap();
    let began = Instant::now();
    while !out.exists() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let told = std::fs::read_to_string(&out).unwrap();
    assert!(told.starts_with("Keepwell: someone asks for access. Sign in to see, and to refuse if you wish.\nargs 0\n"), "{told}");
    for word in ["Ruth", "Carver", "Dana", "KEEPWELL", "Gout", person.as_str()] {
        assert!(!told.contains(word), "{word} in {told}");
    }
}

#[test]
fn a_contact_with_a_new_recovery_key_still_gets_in() {
    let (world, dana) = world();
    let World { household, who, person, .. } = &world;
    household.name_contact(who, person, &dana.member.id, 1, &here()).unwrap();
    household.ask_access(&dana, person, BEGIN, &here()).unwrap();
    let (renewed, _) = household.new_recovery_key(&dana, ANOTHER, &here()).unwrap();
    assert_eq!(household.contact_of(&renewed).unwrap()[0].1, "Ruth Carver");
    assert_eq!(household.notices(&renewed).unwrap()[0].1.kind, NoticeKind::ContactNamed);
    assert!(household.notices(&dana).unwrap().is_empty(), "the old key opens nothing any more");
    let clock = run(household, BEGIN, 1);
    household.take_access(&renewed, person, clock, &here()).unwrap();
    assert_eq!(household.open(&renewed, person).unwrap().count(&Query::default()).unwrap(), 1);
}
