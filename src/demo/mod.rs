//! A synthetic household, written by code: three generations of the Carver family, their providers and their files.
//!
//! Everyone and everything here is invented. The demo imports these files by the same way as anyone's own, so every
//! reader and every page is exercised: years of results from two providers who disagree, a corrected report, a refused
//! vaccine, a refuted diagnosis, "no known allergies" beside a real allergy, a hospital stay with an implant,
//! a pregnancy, a child's growth, claims and a bill that asks for more.
//!
//! [`large_bundle`] and [`large_archive`] scale the same kind of data up for measurements.

mod alder;
mod build;
mod dana;
mod labs;
mod large;
mod milo;
mod paper;
mod random;
mod ruth;
mod walter;

pub use large::{large_archive, large_bundle};

use build::Clock;

/// A file as a portal, a clinic or a scanner would give it.
#[derive(Clone, Debug)]
pub struct DemoFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A person of the household and the files that make the chart.
#[derive(Clone, Debug)]
pub struct DemoPerson {
    /// Full name.
    pub name: &'static str,
    /// `YYYY-MM-DD`.
    pub birth_date: &'static str,
    /// FHIR administrative gender.
    pub sex: &'static str,
    /// In the order in which they are to be imported: later ones correct earlier ones.
    pub files: Vec<DemoFile>,
}

/// The household as of a day. The same day gives the same bytes.
pub fn household(today: jiff::civil::Date) -> Vec<DemoPerson> {
    let clock = Clock { today };
    vec![
        DemoPerson { name: "Ruth Carver", birth_date: "1954-03-14", sex: "female", files: ruth::files(clock) },
        DemoPerson { name: "Walter Carver", birth_date: "1951-06-02", sex: "male", files: walter::files(clock) },
        DemoPerson { name: "Dana Carver", birth_date: "1989-04-21", sex: "female", files: dana::files(clock) },
        DemoPerson { name: "Milo Carver", birth_date: "2019-08-09", sex: "male", files: milo::files(clock) },
    ]
}

fn file(name: impl Into<String>, bytes: Vec<u8>) -> DemoFile {
    DemoFile { name: name.into(), bytes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn day(text: &str) -> jiff::civil::Date {
        text.parse().expect("a date")
    }

    #[test]
    fn the_same_day_gives_the_same_bytes() {
        let (one, two) = (household(day("2026-11-22")), household(day("2026-11-22")));
        for (a, b) in one.iter().zip(&two) {
            assert_eq!(a.files.len(), b.files.len());
            for (a, b) in a.files.iter().zip(&b.files) {
                assert_eq!((&a.name, &a.bytes), (&b.name, &b.bytes));
            }
        }
    }

    /// Every reference inside the FHIR files leads to an entry of the same file, or to one of an earlier download.
    #[test]
    fn references_lead_somewhere() {
        for person in household(day("2027-03-01")) {
            let mut known = BTreeSet::new();
            for file in person.files.iter().filter(|f| f.name.ends_with(".json")) {
                let bundle: Value = serde_json::from_slice(&file.bytes).expect("JSON");
                let entries = bundle["entry"].as_array().expect("entries");
                let mut fresh = BTreeSet::new();
                for entry in entries {
                    let resource = &entry["resource"];
                    let id = resource["id"].as_str().expect("an id");
                    assert!(id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.'), "{id}");
                    let name = format!("{}/{id}", resource["resourceType"].as_str().expect("a type"));
                    assert!(fresh.insert(name.clone()), "{name} twice in {}", file.name);
                    known.insert(name);
                }
                for entry in entries {
                    check(entry, &known, &file.name);
                }
            }
        }
    }

    fn check(value: &Value, known: &BTreeSet<String>, file: &str) {
        match value {
            Value::Object(o) => {
                if let Some(Value::String(r)) = o.get("reference") {
                    assert!(known.contains(r), "{r} in {file} leads nowhere");
                }
                o.values().for_each(|v| check(v, known, file));
            }
            Value::Array(items) => items.iter().for_each(|v| check(v, known, file)),
            _ => {}
        }
    }

    #[test]
    fn every_class_of_uscdi_has_a_record() {
        use crate::record::{Class, facts};
        let mut seen = BTreeSet::new();
        for person in household(day("2026-11-22")) {
            for file in person.files.iter().filter(|f| f.name.ends_with(".json")) {
                let bundle: Value = serde_json::from_slice(&file.bytes).expect("JSON");
                for entry in bundle["entry"].as_array().expect("entries") {
                    seen.insert(facts(&entry["resource"]).class);
                }
            }
        }
        let missing: Vec<_> = Class::ALL.iter().filter(|c| !seen.contains(c)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn the_clinical_document_is_well_formed() {
        for person in household(day("2026-11-22")) {
            for file in person.files.iter().filter(|f| f.name.ends_with(".xml")) {
                let text = std::str::from_utf8(&file.bytes).expect("UTF-8");
                let document = roxmltree::Document::parse(text).expect("XML");
                let ids: BTreeSet<_> = document.descendants().filter_map(|n| n.attribute("ID")).collect();
                for node in document.descendants().filter(|n| n.has_tag_name(("urn:hl7-org:v3", "reference"))) {
                    let to = node.attribute("value").and_then(|v| v.strip_prefix('#')).expect("a reference into the text");
                    assert!(ids.contains(to), "{to}");
                }
            }
        }
    }
}
