//! The clinic bundle: what is in it, and the three ways in which it is closed.

use crate::export_world::World;
use keepwell::demo::household;
use keepwell::export::bundle::{Seal, sealed};
use keepwell::export::{Choice, Profile};
use std::collections::BTreeMap;
use std::io::Read;

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
