//! The PDF, read back with poppler's tools: a first page that is one page, everything in it, the tag tree.

use crate::export_world::World;
use keepwell::demo::household;
use keepwell::export::gather::{Part, Section, gather};
use keepwell::export::{Choice, pdf};
use std::path::Path;
use std::process::Command;

fn read(tool: &str, args: &[&str], file: &Path) -> String {
    let out = Command::new(tool).args(args).arg(file).args((tool == "pdftotext").then_some("-")).output().unwrap();
    assert!(out.status.success(), "{tool}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Letters and digits alone: how lines break is the typesetter's business.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

#[test]
fn a_page_to_read_in_a_minute_then_everything_that_was_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let today = jiff::civil::date(2026, 11, 2);
    for person in household(today) {
        let world = World::filled(&person);
        let choice = Choice {
            addressee: Some("Dr. Raman".into()),
            note: Some("#set page(fill: red) \\ *not* markup".into()),
            ..Choice::new_clinic()
        };
        let made = "2026-11-02T12:00:00Z".parse().unwrap();
        let gathered = gather(&world.chart, &choice, made).unwrap();
        let file = dir.path().join("summary.pdf");
        std::fs::write(&file, pdf::pdf(&gathered).unwrap()).unwrap();
        let info = read("pdfinfo", &[], &file);
        assert!(info.contains("Tagged:          yes"), "{info}");
        assert!(info.contains(&format!("Health summary of {}", person.name)), "{info}");
        let pages: usize = info.lines().find_map(|l| l.strip_prefix("Pages:")).unwrap().trim().parse().unwrap();
        let first = read("pdftotext", &["-l", "1", "-layout"], &file);
        let second = read("pdftotext", &["-f", "2", "-l", "2", "-layout"], &file);
        assert!(second.contains("The detail"), "{} needs more than one page for the summary:\n{second}", person.name);
        // Allergies are never cut short, and what is not known is not "none".
        let on_first = plain(&first);
        for item in &gathered.section(Part::Allergies).items {
            assert!(on_first.contains(&plain(&item.title())), "{}: {}", person.name, item.title());
        }
        assert!(first.contains("#set page(fill: red)"), "{first}");
        let whole = plain(&read("pdftotext", &["-raw"], &file));
        for item in gathered.sections.iter().flat_map(Section::all) {
            let title = plain(&item.title());
            assert!(whole.contains(&title), "{}: {} is missing", person.name, item.title());
        }
        for page in 1..=pages {
            let text = read("pdftotext", &["-f", &page.to_string(), "-l", &page.to_string(), "-layout"], &file);
            assert!(text.contains(person.name) && text.contains(&format!("Page {page} of {pages}")), "page {page}:\n{text}");
        }
        let tree = read("pdfinfo", &["-struct-text"], &file);
        for tag in ["H1", "H2", "Table", "TH", "TD", "L (block)"] {
            assert!(tree.contains(tag), "{tag}");
        }
        let raw = std::fs::read(&file).unwrap();
        assert!(memchr::memmem::find(&raw, b"pdfuaid").is_some(), "it does not say PDF/UA-1");
    }
}

#[test]
fn letters_that_no_face_has_do_not_stop_it() {
    let world = World::new("李 小龍 Müller-Łącki", "1940-11-27", "male");
    let gathered = gather(&world.chart, &Choice::everything(), jiff::Timestamp::now()).unwrap();
    let bytes = pdf::pdf(&gathered).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("summary.pdf");
    std::fs::write(&file, bytes).unwrap();
    let text = read("pdftotext", &["-layout"], &file);
    assert!(text.contains("Müller-Łącki"), "{text}");
    assert!(text.contains("not known"), "an empty chart says what is not known:\n{text}");
}
