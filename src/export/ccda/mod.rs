//! A Continuity of Care Document (HL7 C-CDA R2.1): header, narrative for people, entries for programs that point into it.
//!
//! - [`xml`]: writing CDA and its data types · [`header`]: whose, when, by whom, for whom
//! - [`page`]: a section while it is made · [`plan`]: which sections, with which templates
//! - [`entries`]: one file a kind of clinical statement

mod entries;
mod header;
mod page;
mod plan;
mod xml;

use super::Summary;
use super::fhir::urn;
use super::gather::{Gathered, Item, Part};
use super::parallel;
use super::table::LEFT_OUT;
use crate::Result;
use crate::record::{Standing, type_of};
use entries::Entry;
use page::Page;
use std::io::Write;
use xml::Xml;

/// The stylesheet that a browser shows the document with: our own, in the same folder.
pub(super) const STYLESHEET: &str = include_str!("../../../assets/ccda.xsl");

/// Writes the document. The same chart, choice and moment give the same bytes. `stylesheet` is the address of the style sheet
/// beside it, if there is one.
///
/// # Errors
/// Internal when the sink fails.
pub fn write(gathered: &Gathered, stylesheet: Option<&str>, out: &mut dyn Write) -> Result<Summary> {
    let mut summary = Summary::default();
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    if let Some(address) = stylesheet {
        writeln!(out, "<?xml-stylesheet type=\"text/xsl\" href=\"{address}\"?>")?;
    }
    let mut x = Xml::default();
    x.open(
        "ClinicalDocument",
        &[("xmlns", "urn:hl7-org:v3"), ("xmlns:sdtc", "urn:hl7-org:sdtc"), ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")],
    );
    header::write(&mut x, gathered, document_id(gathered).trim_start_matches("urn:uuid:"));
    x.raw("\n<component><structuredBody>\n");
    note(&mut x, gathered);
    out.write_all(x.into_text().as_bytes())?;
    let mut groups = entries::Groups::of(gathered);
    for (n, planned) in plan::ORDER.iter().enumerate() {
        let mut page = Page::new(planned, n);
        let mut items = Vec::new();
        for part in planned.parts {
            let section = gathered.section(*part);
            items.extend(section.items.iter().flat_map(Item::all).chain(&section.none).map(|item| (*part, item)));
            for item in &section.contradicted {
                page.paragraph(&format!("Another source says: {} ({})", item.title(), item.sources.join("; ")));
            }
        }
        summary.records += fill(gathered, &mut page, &items, &mut groups);
        out.write_all(page.finish().as_bytes())?;
    }
    let mut page = Page::new(&plan::NOT_SO, plan::ORDER.len());
    let items: Vec<_> = gathered.sections.iter().flat_map(|s| s.not.iter().map(|item| (s.part, item))).collect();
    summary.records += fill(gathered, &mut page, &items, &mut groups);
    out.write_all(page.finish().as_bytes())?;
    out.write_all(b"</structuredBody></component></ClinicalDocument>\n")?;
    Ok(summary)
}

/// Writes the items of a section, each with its row and its entry. Gives how many records they are.
fn fill(gathered: &Gathered, page: &mut Page, items: &[(Part, &Item)], groups: &mut entries::Groups) -> u64 {
    let numbered: Vec<(String, Part, &Item)> = items.iter().enumerate().map(|(n, (part, item))| (page.row_id(n), *part, *item)).collect();
    for (part, row, piece) in parallel::map(&numbered, |(id, part, item)| make(gathered, id, *part, item)) {
        page.row(part, &row);
        groups.take(piece, page);
    }
    groups.done(page);
    items.iter().map(|(_, item)| item.rows.len() as u64).sum()
}

fn document_id(gathered: &Gathered) -> String {
    let chosen = serde_json::to_string(&gathered.choice).unwrap_or_default();
    urn(&format!("ccd\n{}\n{}\n{chosen}", gathered.person.id, gathered.made))
}

/// One item: its row, and its entry.
fn make(gathered: &Gathered, id: &str, part: Part, item: &Item) -> (Part, String, entries::Piece) {
    let (resource, targets) = gathered.resource(item);
    let told = gathered.tell_of(item, &resource);
    let medication = type_of(&resource).starts_with("Medication").then(|| gathered.medication(&resource, &targets)).flatten();
    let entry = Entry {
        gathered,
        item,
        part,
        told: &told,
        resource: &resource,
        medication: medication.as_ref(),
        id,
        address: gathered.address(gathered.target(item)),
        denied: matches!(item.standing(), Standing::Absent | Standing::NotDone),
    };
    (part, page::row(id, part, &told, item), entries::write(&entry))
}

/// The note of the person, and the words that not everything is here.
fn note(x: &mut Xml, gathered: &Gathered) {
    let lines: Vec<&str> = gathered.choice.note.iter().flat_map(|n| n.lines()).map(str::trim).filter(|l| !l.is_empty()).collect();
    if lines.is_empty() && !gathered.left_out {
        return;
    }
    x.open("component", &[]);
    x.open("section", &[]);
    x.code("code", "51855-5", xml::LOINC, "Patient Note");
    x.words("title", &[], "From the person");
    x.open("text", &[]);
    for line in lines.into_iter().chain(gathered.left_out.then_some(LEFT_OUT)) {
        x.words("paragraph", &[], line);
    }
    x.close("text");
    x.close("section");
    x.close("component");
    x.raw("\n");
}
