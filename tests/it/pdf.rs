//! The PDF, read back with poppler's tools: a first page that is one page, everything in it, the tag tree.

use crate::export_world::World;
use keepwell::demo::household;
use keepwell::export::gather::{Gathered, Item, Part, Section, gather};
use keepwell::export::{Choice, Profile, pdf};
use keepwell::share::card::{Card, lock_screen, wallet};
use std::path::{Path, PathBuf};
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
        // A value stands with its day, but for one that a page's end may cut in two.
        let said = |words: &String| whole.contains(&plain(words));
        let cut: Vec<[String; 2]> = values(&gathered).into_iter().filter(|forms| !forms.iter().any(said)).collect();
        assert!(cut.len() < pages, "{}: {cut:?} are missing", person.name);
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

/// Every measured value with its day, as the detail writes it: alone with its unit, among others of that unit without.
fn values(gathered: &Gathered) -> Vec<[String; 2]> {
    let items = [Part::Results, Part::VitalSigns].into_iter().flat_map(|part| gathered.section(part).items.iter().flat_map(Item::all));
    let value = |item| {
        let told = gathered.tell(item);
        let reading = &told.value.as_ref()?.reading;
        let mark = told.flag_words().filter(|w| *w != "In range").unwrap_or_default().trim_end_matches(" range");
        let (when, year) = (told.when.as_ref()?, item.date()?.parts().0.to_string());
        let form = |unit: &str| format!("{} {unit} {mark} {}", reading.text, when.trim_end_matches(&year));
        (told.state.is_none() && !reading.text.is_empty()).then(|| [form(&reading.unit), form("")])
    };
    items.filter_map(value).collect()
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
    assert!(text.contains("□ □□ Müller") && text.contains("Each □ stands for a letter"), "letters vanish:\n{text}");
    assert!(memchr::memmem::find(&std::fs::read(&file).unwrap(), b"pdfuaid").is_some(), "it does not say PDF/UA-1");
    assert!(text.contains("not known"), "an empty chart says what is not known:\n{text}");
}

/// With KEEPWELL_OUTSIDE (a Python with outloud and pdfua, made by tests/all): what readers of others say of the tags.
#[test]
fn readers_of_others_find_nothing_wrong_with_the_tags() {
    let Some(python) = std::env::var_os("KEEPWELL_OUTSIDE") else {
        println!("KEEPWELL_OUTSIDE is not set: no readers of others");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut files: Vec<PathBuf> = Vec::new();
    let mut write = |name: String, bytes: Vec<u8>| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        files.push(path);
    };
    let summary = |world: &World, profile| pdf::pdf(&gather(&world.chart, &Choice::of(profile), jiff::Timestamp::now()).unwrap()).unwrap();
    for (n, person) in household(jiff::civil::date(2026, 11, 22)).iter().enumerate() {
        let world = World::filled(person);
        for profile in [Profile::Everything, Profile::Emergency] {
            write(format!("{n}-{}.pdf", profile.name()), summary(&world, profile));
        }
        let face = Card::of(&world.chart).unwrap().face(world.household(), &world.chart).unwrap();
        write(format!("{n}-wallet.pdf"), wallet(&face, "#6a2c60").unwrap());
        write(format!("{n}-lock.pdf"), lock_screen(&face, "#6a2c60").unwrap());
    }
    write("empty.pdf".into(), summary(&World::new("Ruth Carver", "1954-03-14", "female"), Profile::Everything));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/outside/check_pdf.py");
    let run = Command::new(python).arg(script).args(&files).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{said}");
    assert_eq!(said.matches(": no findings").count(), files.len(), "{said}");
}
