//! The International Patient Summary (HL7 IPS 2.0): a FHIR R4 document Bundle. The Composition comes first; every reference
//! resolves inside; each section has its narrative; what is not known is said so.
//!
//! - [`plan`]: which sections, with which codes and kinds of resource · [`narrative`]: a section in words
//! - [`fit`]: what the profiles ask of each resource · [`person`]: the Patient · [`files`]: what is in a document

mod files;
mod fit;
mod narrative;
mod person;
mod plan;

use super::Summary;
use super::fhir::urn;
use super::gather::{Gathered, Item, Part, Target};
use super::{parallel, table};
use crate::record::{systems, type_of};
use crate::vault::Chart;
use crate::{Error, Result};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;

/// LOINC's code for a patient summary document (IPS Composition.type).
pub const DOCUMENT_TYPE: &str = "60591-5";

/// Writes the summary. The same chart, choice and moment give the same bytes.
///
/// # Errors
/// Internal when the chart cannot be read or the sink fails.
pub fn write(chart: &Chart, gathered: &Gathered, out: &mut dyn Write) -> Result<Summary> {
    let mut document = Document::default();
    let mut sections = Vec::new();
    sections.extend(narrative::note(gathered));
    for heading in &plan::ORDER {
        part_of(chart, gathered, heading, &mut document, &mut sections)?;
    }
    sections.extend(not_so(chart, gathered, &mut document)?);
    let patient = person::patient(gathered);
    document.beside(gathered)?;
    let composition = composition(gathered, &sections);
    let identity = urn(&format!("summary\n{}\n{}\n{}", gathered.person.id, gathered.made, document.entries.len()));
    let head = json!({
        "resourceType": "Bundle",
        "id": identity.trim_start_matches("urn:uuid:"),
        "meta": {"profile": ["http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": identity},
        "type": "document",
        "timestamp": gathered.made.to_string(),
    });
    let head = head.to_string();
    out.write_all(head.strip_suffix('}').unwrap_or(&head).as_bytes())?;
    out.write_all(b",\"entry\":[\n")?;
    entry(out, &composition_url(gathered), composition.to_string().as_bytes())?;
    out.write_all(b",\n")?;
    entry(out, &gathered.address(Target::Person), patient.to_string().as_bytes())?;
    for one in &document.entries {
        out.write_all(b",\n")?;
        entry(out, &one.url, &one.json)?;
    }
    out.write_all(b"\n]}\n")?;
    Ok(Summary { records: document.records, ..Summary::default() })
}

fn entry(out: &mut dyn Write, url: &str, json: &[u8]) -> Result<()> {
    write!(out, "{{\"fullUrl\":\"{url}\",\"resource\":")?;
    out.write_all(json)?;
    Ok(out.write_all(b"}")?)
}

fn composition_url(gathered: &Gathered) -> String {
    urn(&format!("composition\n{}\n{}", gathered.person.id, gathered.made))
}

/// The entries, made as the sections are.
#[derive(Default)]
struct Document {
    entries: Vec<Entry>,
    named: BTreeSet<Target>,
    records: u64,
}

struct Entry {
    url: String,
    json: Vec<u8>,
}

impl Entry {
    fn of(url: String, resource: &Value) -> Result<Self> {
        Ok(Self { url, json: serde_json::to_vec(resource).map_err(Error::internal)? })
    }
}

/// An item, made into what stands in its section and in the Bundle.
struct Made {
    kind: String,
    words: Words,
    /// What its section names: for a device the use of it.
    url: String,
    entries: Vec<Entry>,
    named: Vec<Target>,
    records: u64,
}

enum Words {
    Row(table::Cells),
    Paragraph(String),
}

/// How an item stands in its section.
#[derive(Clone, Copy, PartialEq)]
enum Stands {
    Held,
    NoneKnown,
    NotSo,
}

fn make(chart: &Chart, gathered: &Gathered, part: Part, item: &Item, stands: Stands) -> Result<Made> {
    let (mut resource, targets) = gathered.resource(item);
    let told = gathered.tell_of(item, &resource);
    let words = match stands {
        Stands::Held => Words::Row(table::cells(part, &told, item)),
        Stands::NoneKnown => Words::Paragraph(format!("{} ({})", told.title, item.sources.join("; "))),
        Stands::NotSo => Words::Paragraph(format!("{}: {}", part.words(), table::line(&told, item))),
    };
    if stands == Stands::NoneKnown {
        resource = fit::known_absence(resource, part);
    }
    let own = gathered.address(gathered.target(item));
    files::carry(chart, gathered, item.first(), &mut resource)?;
    fit::fit(&mut resource, &own, part, &told.title);
    let kind = type_of(&resource).to_owned();
    let mut entries = vec![Entry::of(own.clone(), &resource)?];
    let mut url = own;
    if kind == "Device" {
        let using = urn(&format!("use\n{url}"));
        entries.push(Entry::of(using.clone(), &fit::device_use(&using, &url, &told.title, &gathered.address(Target::Person)))?);
        url = using;
    }
    let named = targets.into_iter().filter(|t| matches!(t, Target::Beside(_))).collect();
    Ok(Made { kind, words, url, entries, named, records: item.rows.len() as u64 })
}

impl Document {
    /// Takes in an item. Gives the address that its section names.
    fn take(&mut self, made: Made) -> String {
        self.entries.extend(made.entries);
        self.named.extend(made.named);
        self.records += made.records;
        made.url
    }

    /// Everything that the entries name and that stands beside them, and what that names in turn.
    fn beside(&mut self, gathered: &Gathered) -> Result<()> {
        let mut done = BTreeSet::new();
        while let Some(target) = self.named.iter().find(|t| !done.contains(*t)).copied() {
            done.insert(target);
            let Some((row, mut resource, targets)) = gathered.beside(target) else { continue };
            let url = gathered.address(target);
            fit::fit(&mut resource, &url, Part::CareTeam, &row.title);
            self.entries.push(Entry::of(url, &resource)?);
            self.named.extend(targets.into_iter().filter(|t| matches!(t, Target::Beside(_))));
        }
        Ok(())
    }
}

/// The sections of one heading: its own, and one more for each kind of resource that the profile keeps out of it.
fn part_of(chart: &Chart, gathered: &Gathered, planned: &plan::Heading, document: &mut Document, out: &mut Vec<Value>) -> Result<()> {
    let mut pages = plan::Pages::of(planned);
    for part in planned.parts {
        let section = gathered.section(*part);
        let held = section.items.iter().flat_map(Item::all).map(|i| (i, Stands::Held));
        let items: Vec<(&Item, Stands)> = held.chain(section.none.iter().map(|i| (i, Stands::NoneKnown))).collect();
        for made in parallel::map(&items, |(item, stands)| make(chart, gathered, *part, item, *stands)) {
            let mut made = made?;
            let page = pages.page_for(&made.kind);
            match std::mem::replace(&mut made.words, Words::Row(Vec::new())) {
                Words::Row(cells) => page.text.row(*part, &cells),
                Words::Paragraph(words) => page.text.paragraph(&words),
            }
            page.entries.push(document.take(made));
        }
        for item in &section.contradicted {
            pages.first().text.paragraph(&format!("Another source says: {} ({})", item.title(), item.sources.join("; ")));
        }
    }
    if planned.required && pages.is_empty() {
        let first = pages.first();
        first.text.paragraph(&table::nothing(first.title));
    }
    out.extend(pages.sections(planned.required));
    Ok(())
}

/// What was ruled out, refused or not done stands apart, so that no reader takes it for something that the person has.
fn not_so(chart: &Chart, gathered: &Gathered, document: &mut Document) -> Result<Option<Value>> {
    let mut text = narrative::Text::default();
    let mut entries = Vec::new();
    for section in &gathered.sections {
        for item in &section.not {
            let made = make(chart, gathered, section.part, item, Stands::NotSo)?;
            if let Words::Paragraph(words) = &made.words {
                text.paragraph(words);
            }
            entries.push(document.take(made));
        }
    }
    Ok((!entries.is_empty()).then(|| plan::section("Ruled out, refused or not done", "11503-0", "Medical records", &text.div(), &entries)))
}

fn composition(gathered: &Gathered, sections: &[Value]) -> Value {
    let url = composition_url(gathered);
    json!({
        "resourceType": "Composition",
        "id": url.trim_start_matches("urn:uuid:"),
        "meta": {"profile": ["http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips"]},
        "language": "en",
        "text": {"status": "generated", "div": narrative::opening(gathered)},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": url},
        "status": "final",
        "type": {"coding": [{"system": systems::LOINC, "code": DOCUMENT_TYPE, "display": "Patient summary Document"}]},
        "subject": {"reference": gathered.address(Target::Person), "display": gathered.person.name},
        "date": gathered.made.to_string(),
        "author": [{"reference": gathered.address(Target::Person), "display": gathered.person.name}],
        "title": "International Patient Summary",
        "section": sections,
    })
}
