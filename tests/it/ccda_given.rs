//! The C-CDA document and the XDM archive around it: well-formed, pointing into its own narrative, valid by the schema and the
//! Schematron where they are at hand, and listed as it is.

use crate::export_world::World;
use keepwell::demo::household;
use keepwell::export::{Choice, Format, Profile, export};
use keepwell::import::Limits;
use keepwell::import::pipeline::Accept;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

fn given(world: &World, format: Format, choice: &Choice) -> Vec<u8> {
    let mut out = Vec::new();
    export(&world.chart, format, choice, &mut out).unwrap();
    out
}

/// What can be told without the schema: ids, references into the narrative, templates with their versions.
fn findings(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).unwrap();
    let tree = match roxmltree::Document::parse(text) {
        Ok(tree) => tree,
        Err(e) => return vec![format!("not XML: {e}")],
    };
    let mut out = Vec::new();
    let mut ids = BTreeSet::new();
    for id in tree.descendants().filter_map(|n| n.attribute("ID")) {
        if !ids.insert(id) {
            out.push(format!("ID {id} twice"));
        }
    }
    for reference in tree.descendants().filter(|n| n.tag_name().name() == "reference") {
        let to = reference.attribute("value").and_then(|v| v.strip_prefix('#')).unwrap_or("");
        if !ids.contains(to) {
            out.push(format!("#{to} is not in the narrative"));
        }
    }
    let versioned = |root: &str, version: &str| {
        tree.root_element().children().any(|n| n.attribute("root") == Some(root) && n.attribute("extension") == Some(version))
    };
    for root in ["2.16.840.1.113883.10.20.22.1.1", "2.16.840.1.113883.10.20.22.1.2"] {
        if !versioned(root, "2015-08-01") {
            out.push(format!("the header lacks {root} of 2015-08-01"));
        }
    }
    let codes: Vec<_> = tree
        .descendants()
        .filter(|n| n.tag_name().name() == "section")
        .filter_map(|s| s.children().find(|c| c.tag_name().name() == "code")?.attribute("code"))
        .collect();
    for required in ["48765-2", "10160-0", "11450-4", "47519-4", "30954-2", "29762-2", "8716-3"] {
        if codes.iter().filter(|c| **c == required).count() != 1 {
            out.push(format!("section {required} is not there once: {codes:?}"));
        }
    }
    let mut seen = BTreeSet::new();
    for entry in tree.descendants().filter(|n| n.tag_name().name() == "entry") {
        for id in entry.descendants().filter(|n| n.tag_name().name() == "id") {
            let key = (id.attribute("root"), id.attribute("extension"), id.parent().map(|p| p.tag_name().name()));
            let own = id.attribute("root").is_some_and(|r| r.len() == 36) && id.attribute("extension").is_none();
            if own && !seen.insert(key) {
                out.push(format!("id {key:?} twice"));
            }
        }
    }
    out
}

#[test]
fn the_demo_household_in_every_profile() {
    for person in household(jiff::civil::date(2026, 11, 22)) {
        let world = World::filled(&person);
        for profile in Profile::ALL {
            let mut choice = Choice::of(profile);
            choice.note = Some("Please call <me> & not the clinic.".into());
            choice.addressee = Some("Dr. O’Neil".into());
            let found = findings(&given(&world, Format::Ccda, &choice));
            assert!(found.is_empty(), "{} {}: {found:#?}", person.name, profile.name());
        }
    }
    let empty = World::new("Ruth Carver", "1954-03-14", "female");
    let bytes = given(&empty, Format::Ccda, &Choice::everything());
    assert_eq!(findings(&bytes), Vec::<String>::new());
    assert_eq!(String::from_utf8(bytes).unwrap().matches("<section nullFlavor=\"NI\">").count(), 7);
}

#[test]
fn an_archive_lists_what_it_holds() {
    use sha1::Digest;
    let world = World::filled(&household(jiff::civil::date(2026, 11, 22))[0]);
    let bytes = given(&world, Format::Xdm, &Choice::everything());
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
    let mut files = std::collections::BTreeMap::new();
    for n in 0..zip.len() {
        let mut file = zip.by_index(n).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.insert(file.name().unwrap().into_owned(), content);
    }
    for name in ["README.TXT", "INDEX.HTM", "IHE_XDM/SUBSET01/METADATA.XML", "IHE_XDM/SUBSET01/CCDA.XSL", "IHE_XDM/SUBSET01/DOC00001.XML"] {
        assert!(files.contains_key(name), "{name} in {:?}", files.keys());
    }
    for name in files.keys() {
        let last = name.rsplit('/').next().unwrap();
        let (stem, end) = last.split_once('.').unwrap();
        assert!(stem.len() <= 8 && end.len() <= 3 && *name == name.to_uppercase(), "{name}");
    }
    let metadata = std::str::from_utf8(&files["IHE_XDM/SUBSET01/METADATA.XML"]).unwrap();
    let tree = roxmltree::Document::parse(metadata).unwrap();
    let documents: Vec<_> = tree.descendants().filter(|n| n.tag_name().name() == "ExtrinsicObject").collect();
    assert_eq!(documents.len(), files.len() - 4, "every document is listed");
    assert!(documents.len() > 3, "the chart has documents");
    for document in documents {
        let slot = |name: &str| {
            let slot = document.children().find(|n| n.attribute("name") == Some(name)).unwrap_or_else(|| panic!("no {name}"));
            slot.descendants().find(|n| n.tag_name().name() == "Value").and_then(|v| v.text()).unwrap().to_owned()
        };
        let content = &files[&format!("IHE_XDM/SUBSET01/{}", slot("URI"))];
        assert_eq!(slot("size"), content.len().to_string());
        let sum: String = sha1::Sha1::digest(content).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(slot("hash"), sum);
        let schemes = document.children().filter_map(|n| n.attribute("classificationScheme")).count();
        let identifiers = document.children().filter(|n| n.tag_name().name() == "ExternalIdentifier").count();
        assert_eq!((schemes, identifiers), (7, 2));
    }
    let about = keepwell::import::xdm::read_metadata(metadata.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(about["DOC00001.XML"].title.as_deref(), Some("Health summary of Ruth Carver"));
    let index = std::str::from_utf8(&files["INDEX.HTM"]).unwrap();
    assert!(index.contains("Penicillin") && index.contains("Trouble breathing") && !index.contains("<script"));
    for link in index.split("href=\"").skip(1).filter_map(|l| l.split('"').next()).filter(|l| !l.starts_with('#')) {
        assert!(files.contains_key(link), "{link}");
    }
}

/// With KEEPWELL_VALIDATE_CCDA (a program that prints "NAME: N finding(s)" for each file): the schema and the Schematron.
#[test]
fn the_schema_and_the_schematron_find_nothing() {
    let Some(validator) = std::env::var_os("KEEPWELL_VALIDATE_CCDA") else {
        println!("KEEPWELL_VALIDATE_CCDA is not set: no schema, no Schematron");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    let mut write = |name: String, bytes: Vec<u8>| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        files.push(path);
    };
    for (n, person) in household(jiff::civil::date(2026, 11, 22)).iter().enumerate() {
        let world = World::filled(person);
        for profile in [Profile::Everything, Profile::Emergency] {
            write(format!("{n}-{}.xml", profile.name()), given(&world, Format::Ccda, &Choice::of(profile)));
        }
    }
    write("empty.xml".into(), given(&World::new("Ruth Carver", "1954-03-14", "female"), Format::Ccda, &Choice::everything()));
    if let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS") {
        for (n, path) in crate::ips::sample(Path::new(&corpus), 5).into_iter().enumerate() {
            let world = World::new("Ruth Carver", "1954-03-14", "female");
            if world.import_as("file", &std::fs::read(&path).unwrap(), Some(Accept::Anyone)).error.is_none() {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().replace(' ', "-");
                write(format!("{n}-{name}.xml"), given(&world, Format::Ccda, &Choice::everything()));
            }
        }
    }
    let run = std::process::Command::new(validator).args(&files).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{said}");
    assert_eq!(said.matches(": 0 finding(s)").count(), files.len(), "{said}");
}
