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
use super::table;
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

impl Document {
    fn add(&mut self, url: String, resource: &Value) -> Result<()> {
        self.entries.push(Entry { url, json: serde_json::to_vec(resource).map_err(Error::internal)? });
        Ok(())
    }

    /// An item as an entry. Gives the address that its section names: that of the use of a device, for a device.
    fn item(
        &mut self,
        chart: &Chart,
        gathered: &Gathered,
        item: &Item,
        part: Part,
        mut resource: Value,
        targets: Vec<Target>,
    ) -> Result<String> {
        let url = gathered.address(gathered.target(item));
        files::carry(chart, gathered, item.first(), &mut resource)?;
        fit::fit(&mut resource, &url, part, &item.title());
        let device = type_of(&resource) == "Device";
        self.add(url.clone(), &resource)?;
        self.named.extend(targets.into_iter().filter(|t| matches!(t, Target::Beside(_))));
        self.records += item.rows.len() as u64;
        if !device {
            return Ok(url);
        }
        let using = urn(&format!("use\n{url}"));
        self.add(using.clone(), &fit::device_use(&using, &url, &item.title(), &gathered.address(Target::Person)))?;
        Ok(using)
    }

    /// Everything that the entries name and that stands beside them, and what that names in turn.
    fn beside(&mut self, gathered: &Gathered) -> Result<()> {
        let mut done = BTreeSet::new();
        while let Some(target) = self.named.iter().find(|t| !done.contains(*t)).copied() {
            done.insert(target);
            let Some((row, mut resource, targets)) = gathered.beside(target) else { continue };
            let url = gathered.address(target);
            fit::fit(&mut resource, &url, Part::CareTeam, &row.title);
            self.add(url, &resource)?;
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
        for item in section.items.iter().flat_map(Item::all).chain(&section.none) {
            let (resource, targets) = gathered.resource(item);
            let told = gathered.tell_of(item, &resource);
            let none = section.none.iter().any(|n| std::ptr::eq(n, item));
            let page = pages.page_for(&resource);
            if none {
                page.text.paragraph(&format!("{} ({})", told.title, item.sources.join("; ")));
            } else {
                page.text.row(*part, &table::cells(*part, &told, item));
            }
            let resource = if none { fit::known_absence(resource, *part) } else { resource };
            page.entries.push(document.item(chart, gathered, item, *part, resource, targets)?);
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
            let (resource, targets) = gathered.resource(item);
            text.paragraph(&format!("{}: {}", section.part.words(), table::line(gathered, item, &resource)));
            entries.push(document.item(chart, gathered, item, section.part, resource, targets)?);
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
