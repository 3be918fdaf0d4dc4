//! Invites: good once, for as long as the one who made them owns the chart; side by side, over changes of keys.

use crate::household::{ANOTHER, filled, member, nobody, register, viewer};
use crate::vault_world::{World, files};
use keepwell::Kind;
use keepwell::household::Grant;
use keepwell::vault::{Place, Role};
use std::sync::Arc;
use std::time::Duration;

fn here() -> Place {
    Place::command_line()
}

#[test]
fn an_invite_is_good_once() {
    let world = filled();
    let h = &world.household;
    let until = Some("2999-12-31".to_owned());
    let (invite, token) = h.invite(&world.who, &world.person, "Dana", &Grant { until: until.clone(), ..viewer() }).unwrap();
    let copy = world.chart_dir().join("invites").join(format!("{}.age", invite.id));
    assert!(copy.is_file());
    let invited = h.invited(&token).unwrap();
    assert_eq!((invited.person.name.as_str(), invited.invite.sender.as_str()), ("Ruth Carver", "Ruth"));
    // Neither the token nor a name that is taken, nor a weak passphrase.
    for bad in ["", "x", &token[1..], &token.to_uppercase(), &"q".repeat(58)] {
        assert_eq!(h.invited(bad).unwrap_err().kind, Kind::NotFound, "{bad}");
    }
    for (name, passphrase) in [("ruth", ANOTHER), ("", ANOTHER), ("Dana", "too short"), ("Dana", "passwordpassword")] {
        assert_eq!(h.join(&token, name, passphrase).unwrap_err().kind, Kind::Usage, "{name}");
    }
    // Half joined is nobody: no name, no file, no way in.
    let before = files(&world.dir);
    let joining = h.join(&token, "Dana", ANOTHER).unwrap();
    assert_eq!(files(&world.dir), before);
    assert_eq!(h.members().unwrap().len(), 1);
    assert_eq!(h.sign_in("Dana", ANOTHER).unwrap_err().kind, Kind::Denied);
    assert_eq!(h.sign_in("Dana", &joining.recovery).unwrap_err().kind, Kind::Denied);
    // Two who hold the same link: one gets in.
    let second = h.join(&token, "Mallory", ANOTHER).unwrap();
    let dana = h.joined(&joining, &here()).unwrap();
    for used in [h.joined(&second, &here()).unwrap_err(), h.joined(&joining, &here()).unwrap_err(), h.invited(&token).unwrap_err()] {
        assert!(matches!(used.kind, Kind::NotFound | Kind::Usage), "{used}");
    }
    assert!(!copy.exists());
    assert_eq!(h.members().unwrap().len(), 2);
    let grant = h.grant_of(&dana, &world.person).unwrap();
    assert_eq!((grant.role, grant.until), (Role::Viewer, until));
    assert!(h.open(&dana, &world.person).is_ok());
    assert!(h.open(&h.sign_in("dana", ANOTHER).unwrap(), &world.person).is_ok());
    assert!(h.open(&h.sign_in("dana", &joining.recovery).unwrap(), &world.person).is_ok());
    assert!(!h.is_due(&world.person).unwrap());
    assert_eq!(files(&world.dir.join("members")).len(), 2, "nothing of the one who came second");
}

#[test]
fn a_hundred_at_once_with_one_link() {
    let world = filled();
    let (_, token) = world.household.invite(&world.who, &world.person, "Dana", &viewer()).unwrap();
    let joining: Vec<_> = (0..3).map(|n| world.household.join(&token, &format!("Dana {n}"), ANOTHER).unwrap()).collect();
    let (h, joining) = (&world.household, &joining);
    let got = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..99).map(|n| scope.spawn(move || h.joined(&joining[n % 3], &here()).is_ok())).collect();
        tries.into_iter().map(|t| t.join().unwrap()).filter(|got| *got).count()
    });
    assert_eq!(got, 1);
    assert_eq!(world.household.members().unwrap().len(), 2);
    assert_eq!(files(&world.dir.join("members")).len(), 2);
    assert_eq!(world.household.access(&world.who, &world.person).unwrap().len(), 2);
}

#[test]
fn invites_end_and_are_withdrawn() {
    let world = filled();
    let h = &world.household;
    let (withdrawn, token) = h.invite(&world.who, &world.person, "Dana", &viewer()).unwrap();
    let joining = h.join(&token, "Dana", ANOTHER).unwrap();
    h.withdraw(&world.who, &world.person, &withdrawn.id).unwrap();
    assert_eq!(h.withdraw(&world.who, &world.person, &withdrawn.id).unwrap_err().kind, Kind::NotFound);
    assert_eq!(h.joined(&joining, &here()).unwrap_err().kind, Kind::NotFound, "also for who is half way in");
    let (_, late) = h.invite(&world.who, &world.person, "Dana", &viewer()).unwrap();
    let joining = h.join(&late, "Dana", ANOTHER).unwrap();
    register(&world, "UPDATE invites SET expires = 5 WHERE withdrawn IS NULL");
    assert_eq!(h.joined(&joining, &here()).unwrap_err().kind, Kind::NotFound);
    assert_eq!(h.invited(&late).unwrap_err().words(), h.invited(&token).unwrap_err().words());
    assert_eq!(h.members().unwrap().len(), 1);
    // The copies of the chart's identity go: at once, or when the owner opens the chart next.
    let folder = world.chart_dir().join("invites");
    assert_eq!(files(&folder).len(), 1);
    drop(world.reopen());
    assert!(!folder.exists() || files(&folder).is_empty());
}

#[test]
fn an_invite_outlives_a_change_of_keys_and_a_member_may_take_it_up() {
    let world = filled();
    let (walter, _) = member(&world, "Walter", &viewer());
    let (_, token) = world.household.invite(&world.who, &world.person, "Dana", &Grant::of(Role::Carer)).unwrap();
    let World { household, who, person, chart, dir, _tmp, .. } = world;
    drop(chart);
    assert!(household.take(&who, &person, &walter.member.id, &nobody).unwrap());
    assert_eq!(household.accept(&walter, &token, &here()).unwrap().name, "Ruth Carver");
    assert_eq!(household.role(&walter, &person).unwrap(), Some(Role::Carer));
    let chart = household.open(&walter, &person).unwrap();
    assert_eq!(chart.check(true).unwrap(), Vec::<String>::new());
    // With as much in hand already, the link stays good for another.
    let (_, token) = household.invite(&who, &person, "Dana", &viewer()).unwrap();
    assert_eq!(household.accept(&walter, &token, &here()).unwrap_err().kind, Kind::Refused);
    assert!(household.invited(&token).is_ok());
    drop((dir, _tmp));
}

#[test]
fn an_invite_ends_with_the_ownership_of_who_made_it() {
    let world = World::new();
    let (walter, _) = member(&world, "Walter", &Grant::of(Role::Owner));
    let (dana, _) = member(&world, "Dana", &viewer());
    let World { _tmp, household, who, person, chart, .. } = world;
    drop(chart);
    let (who, person) = (&who, person.as_str());
    let invited = |role| household.invite(&walter, person, "somebody", &Grant::of(role)).unwrap().1;
    let (first, second) = (invited(Role::Owner), invited(Role::Carer));
    assert_eq!(household.invites(who, person).unwrap().len(), 2);
    let joining = household.join(&first, "Wally", "seven slow barges upstream").unwrap();
    // Made a viewer, or taken off: he does not come back, or in, by a link of before.
    household.give(who, person, &walter.member.id, &viewer()).unwrap();
    assert_eq!(household.accept(&dana, &second, &here()).unwrap_err().kind, Kind::NotFound);
    assert_eq!(household.joined(&joining, &here()).unwrap_err().kind, Kind::NotFound, "nor who is half way in");
    assert_eq!(household.invites(who, person).unwrap().len(), 0);
    household.take(who, person, &walter.member.id, &nobody).unwrap();
    assert_eq!(household.invited(&first).unwrap_err().kind, Kind::NotFound);
    household.remove_member(who, &walter.member.id, &nobody).unwrap();
    for token in [&first, &second] {
        assert_eq!(household.invited(token).unwrap_err().kind, Kind::NotFound);
    }
    assert_eq!(household.members().unwrap().len(), 2);
}

#[test]
fn an_invite_is_taken_up_while_the_owner_opens_the_chart() {
    let world = World::new();
    let (dana, _) = member(&world, "Dana", &viewer());
    let World { _tmp, household, who, person, chart, .. } = world;
    drop(chart);
    let shared = Arc::new((household, who, dana, person));
    let (done, ended) = std::sync::mpsc::channel();
    for opens in [true, false] {
        let (shared, done) = (Arc::clone(&shared), done.clone());
        std::thread::spawn(move || {
            let (household, who, dana, person) = &*shared;
            for _ in 0..100 {
                if opens {
                    drop(household.open(who, person).unwrap());
                    continue;
                }
                household.give(who, person, &dana.member.id, &viewer()).unwrap();
                let (_, token) = household.invite(who, person, "Dana", &Grant::of(Role::Carer)).unwrap();
                household.accept(dana, &token, &here()).unwrap();
            }
            done.send(()).unwrap();
        });
    }
    for _ in 0..2 {
        ended.recv_timeout(Duration::from_secs(120)).expect("neither waits for the other for ever");
    }
}
