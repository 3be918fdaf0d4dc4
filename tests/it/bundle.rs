//! The clinic bundle: what is in it, and the three ways in which it is closed.

use crate::binary::Home;
use crate::export_world::World;
use crate::give_roundtrip::{chosen, missing};
use keepwell::demo::{DemoPerson, household};
use keepwell::export::bundle::{Seal, sealed};
use keepwell::export::{Choice, Format, Profile};
use keepwell::household::Household;
use keepwell::vault::Vault;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

fn bundle(world: &World, choice: &Choice, seal: Seal<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    sealed(&world.chart, choice, seal, &mut out).unwrap();
    out
}

fn unpack(bytes: &[u8], passphrase: Option<&str>) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut out = BTreeMap::new();
    for n in 0..zip.len() {
        let mut file = match passphrase {
            Some(passphrase) => zip.by_index_decrypt(n, passphrase.as_bytes()).unwrap(),
            None => zip.by_index(n).unwrap(),
        };
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        out.insert(file.name().unwrap().into_owned(), content);
    }
    out
}

#[test]
fn a_bundle_holds_every_form_and_the_originals() {
    let ruth = &household(jiff::civil::date(2026, 11, 22))[0];
    let world = World::filled(ruth);
    let files = unpack(&bundle(&world, &Choice::everything(), Seal::Plain), None);
    for name in ["START-HERE.html", "HealthSummary.pdf", "HealthSummary.json", "README.TXT", "INDEX.HTM", "IHE_XDM/SUBSET01/METADATA.XML"] {
        assert!(files.contains_key(name), "{name} in {:?}", files.keys());
    }
    assert!(files["HealthSummary.pdf"].starts_with(b"%PDF-"));
    assert_eq!(crate::ips::findings(&files["HealthSummary.json"]), Vec::<String>::new());
    for file in &ruth.files {
        assert!(files.iter().any(|(name, bytes)| name.starts_with("originals/") && *bytes == file.bytes), "{}", file.name);
    }
    let start = std::str::from_utf8(&files["START-HERE.html"]).unwrap();
    for link in start.split("href=\"").skip(1).filter_map(|l| l.split('"').next()).filter(|l| !l.starts_with('#')) {
        assert!(files.contains_key(link), "{link}");
    }
    // A part of the chart never brings whole files.
    let part = unpack(&bundle(&world, &Choice::of(Profile::Emergency), Seal::Plain), None);
    assert!(!part.keys().any(|name| name.starts_with("originals/")));
}

#[test]
fn under_a_passphrase_no_file_and_no_name_tells_anything() {
    let ruth = &household(jiff::civil::date(2026, 11, 22))[0];
    let world = World::filled(ruth);
    let bytes = bundle(&world, &Choice::everything(), Seal::Passphrase("acorn river mellow tulip brisk canoe"));
    let plain = unpack(&bytes, Some("acorn river mellow tulip brisk canoe"));
    assert!(std::str::from_utf8(&plain["START-HERE.html"]).unwrap().contains("Penicillin"));
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
    for n in 0..zip.len() {
        assert!(zip.by_index(n).is_err(), "a file opens without the passphrase");
    }
    assert!(zip.by_index_decrypt(0, b"acorn river mellow tulip brisk canoes").is_err());
    for word in ["Ruth", "Penicillin", "AlderStreet"] {
        assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word}");
    }
}

#[test]
fn one_age_file_opens_for_its_recipient_alone() {
    let world = World::filled(&household(jiff::civil::date(2026, 11, 22))[3]);
    let (key, other) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
    let bytes = bundle(&world, &Choice::everything(), Seal::Recipient(&key.to_public().to_string()));
    assert!(age::decrypt(&other, &bytes).is_err());
    let files = unpack(&age::decrypt(&key, &bytes).unwrap(), None);
    assert!(files.contains_key("START-HERE.html"));
    let mut none = Vec::new();
    let wrong = sealed(&world.chart, &Choice::everything(), Seal::Recipient("ssh-rsa AAAA"), &mut none).unwrap_err();
    assert_eq!(wrong.kind, keepwell::Kind::Usage);
    assert!(none.is_empty());
}

/// The chart of a person of the demo in a vault of the program's, and what to compare it with.
fn filled(person: &DemoPerson) -> (Home, World) {
    let home = Home::of(person.name, person.birth_date, person.sex);
    for file in &person.files {
        home.import(0, &[&home.write(&file.name, &file.bytes)]);
    }
    (home, World::filled(person))
}

/// Takes what somebody unpacked with tools of their own into an empty vault: everything chosen is there.
#[track_caller]
fn taken_in(person: &DemoPerson, world: &World, choice: &Choice, path: &Path) {
    let two = Home::of(person.name, person.birth_date, person.sex);
    // Taken out of its archive, what only an archive needs (its table of contents, a stylesheet) is named and left.
    let report = two.import(if path.is_dir() { 3 } else { 0 }, &[path.to_str().unwrap()]);
    for file in report["files"].as_array().unwrap().iter().filter(|file| !file["error"].is_null()) {
        let name = file["path"].as_str().unwrap();
        assert!(path.is_dir() && (name.ends_with("/METADATA.XML") || name.ends_with("/CCDA.XSL")), "{file}");
    }
    let household = Household::new(Arc::new(Vault::open(&two.vault()).unwrap()));
    let who = household.sign_in("Ruth", &two.recovery).unwrap();
    let chart = household.open(&who, &two.chart_id()).unwrap();
    let lost = missing(&chosen(&world.chart, choice), &chosen(&chart, &Choice::everything()), Format::Bundle);
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn stock_tools_open_what_the_command_line_seals() {
    let person = &household(jiff::civil::date(2026, 11, 22))[0];
    let (home, world) = filled(person);
    // Under six words, with 7-Zip.
    let out = home.path("sealed.zip");
    let ran = home.run(&["export", "--format", "bundle", "--encrypt", "--out", out.to_str().unwrap()]).ended(0);
    let words = String::from_utf8(ran.out).unwrap().trim().to_owned();
    let unzip = |words: &str, to: &Path| {
        let to = format!("-o{}", to.display());
        Command::new("7z").args(["x", "-y", &format!("-p{words}"), &to]).arg(&out).output().expect("7-Zip (p7zip-full)")
    };
    assert!(!unzip("acorn river mellow tulip brisk canoe", &home.path("wrong")).status.success());
    let folder = home.path("opened");
    let done = unzip(&words, &folder);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    taken_in(person, &world, &Choice::everything(), &folder);
    // To a recipient, with age.
    let key = home.path("recipient.key");
    assert!(Command::new("age-keygen").arg("-o").arg(&key).output().expect("age-keygen").status.success());
    let public = std::fs::read_to_string(&key).unwrap();
    let public = public.lines().find_map(|l| l.strip_prefix("# public key: ")).unwrap();
    let out = home.path("bundle.age");
    let choice = Choice::of(Profile::NewClinic);
    home.run(&["export", "--format", "bundle", "--profile", "new-clinic", "--recipient", public, "--out", out.to_str().unwrap()]).ended(0);
    let opened = home.path("bundle.zip");
    let done = Command::new("age").arg("-d").arg("-i").arg(&key).arg("-o").arg(&opened).arg(&out).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    taken_in(person, &world, &choice, &opened);
}
