//! One clean chart out of the chosen records, for everything that is read by people outside: a summary in any form.
//!
//! - [`part`]: where a record belongs · [`link`]: records that say the same · [`item`]: one line and its records
//! - [`refs`]: what records point to, so that nothing unchosen leaves by a reference · [`told`]: an item in words
//!
//! Entered-in-error records are never here. What was ruled out or not done stands apart from what a person has or had; known
//! absence ("no known allergies") is told where nothing contradicts it. That something was left out is said, never what.

pub mod item;
mod link;
pub mod part;
mod refs;
mod told;

pub use item::Item;
pub use part::Part;
pub(crate) use part::is_refuted;
pub use refs::Target;
pub use told::Told;

use super::choice::Choice;
use super::fhir::urn;
use super::parallel;
use super::select::{Ready, says_none};
use crate::Result;
use crate::chart::sources::Sources;
use crate::record::{Class, SensitiveSet, Standing, array, concept_text, has_code, sensitive_words, text_at};
use crate::vault::{Chart, Order, PersonInfo, Query, Row};
use part::Place;
use refs::{Cleaned, Goes, Refs};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A part of a summary with its items.
#[derive(Clone, Debug)]
pub struct Section {
    /// Which part.
    pub part: Part,
    /// What the person has or had, what was measured, done or planned. In a part that measures, one item a test.
    pub items: Vec<Item>,
    /// Known absence: "no known allergies". Empty where an item contradicts it.
    pub none: Vec<Item>,
    /// What somebody ruled out, and what was not done. Never to be shown as something that the person has or had.
    pub not: Vec<Item>,
    /// Statements of absence that an item contradicts: one source knows of none, another of one.
    pub contradicted: Vec<Item>,
}

impl Section {
    /// Whether nothing is known: neither items nor known absence.
    pub fn is_unknown(&self) -> bool {
        self.items.is_empty() && self.none.is_empty()
    }

    /// Every item, each with its earlier values, then known absence, then what is not so.
    pub fn all(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().flat_map(Item::all).chain(&self.none).chain(&self.not)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.items.iter_mut().chain(&mut self.none).chain(&mut self.not).chain(&mut self.contradicted)
    }
}

/// One clean chart out of the chosen records.
#[derive(Debug)]
pub struct Gathered {
    /// Whose.
    pub person: PersonInfo,
    /// What sources say about the person, newest first; empty when that kind was not chosen.
    pub patients: Vec<Row>,
    /// Every part in reading order, empty ones too.
    pub sections: Vec<Section>,
    /// What was chosen.
    pub choice: Choice,
    /// Whether something of the chart was left out. What it was is not told.
    pub left_out: bool,
    /// When this was gathered.
    pub made: jiff::Timestamp,
    beside: Vec<Row>,
    refs: Refs,
    addresses: HashMap<i64, usize>,
    urns: Vec<String>,
    beside_urns: Vec<String>,
    person_urn: String,
}

/// Kinds of record that stand beside others in a summary.
const BESIDE: [&str; 7] = ["Practitioner", "PractitionerRole", "Organization", "Location", "HealthcareService", "Medication", "Specimen"];

/// Standings of everything but what was entered in error.
const SOUND: [Standing; 5] = [Standing::Current, Standing::Past, Standing::Planned, Standing::Absent, Standing::NotDone];

/// Gathers what a choice takes of a chart.
///
/// # Errors
/// Usage when a date of the choice cannot be read; Internal when the chart cannot be read.
pub fn gather(chart: &Arc<Chart>, choice: &Choice, made: jiff::Timestamp) -> Result<Gathered> {
    let ready = choice.ready()?;
    let whole = chart;
    let chart = &choice.view(whole)?;
    let mut read = read(chart, &ready)?;
    let sources = Sources::of(chart)?;
    let again = if sources.here().count() > 1 { chart.given_again()? } else { HashMap::new() };
    let mut left_out = whole.is_limited()
        || read.left_out
        || unchosen(chart, &ready)?
        || choice.sensitive != SensitiveSet::ALL && whole.counts()? != chart.counts()?;
    let devices = named_devices(&read);
    let mut sections = Vec::with_capacity(Part::ALL.len());
    for part in Part::ALL {
        let mut section = Section { part, items: Vec::new(), none: Vec::new(), not: Vec::new(), contradicted: Vec::new() };
        let (mut items, mut apart) = (Vec::new(), Vec::new());
        for row in read.parts.remove(&part).unwrap_or_default() {
            match row.standing {
                _ if part == Part::Devices && devices.contains(&row.rid) => read.beside.push(row),
                Standing::Absent | Standing::NotDone => apart.push(row),
                _ => items.push(row),
            }
        }
        let (mut tests, cut) = link::by_test(part, link::items(part, items), choice.earlier, &choice.with);
        left_out |= cut;
        item::weigh(part, &mut tests);
        section.items = tests;
        for item in link::items(part, apart) {
            let resource = item.first().resource();
            if item.standing() == Standing::NotDone || part::is_refuted(&resource) {
                section.not.push(item);
            } else if contradicts(&item, &resource, &section.items) {
                section.contradicted.push(item);
            } else {
                section.none.push(item);
            }
        }
        sections.push(section);
    }
    // A view keeps the names of files from whoever sees part of a chart. Whoever gives it away gives them too, where they tell
    // of nothing that stays here.
    let named = Sources::of(whole)?;
    let called = |id: &str| {
        let name = named.name(id);
        if sensitive_words(name).without(choice.sensitive).is_empty() { name.to_owned() } else { sources.name(id).to_owned() }
    };
    let name = |row: &Row| {
        let ids = again.get(&row.rid).cloned().unwrap_or_else(|| vec![row.source.clone()]);
        ids.iter().map(|id| called(id)).collect::<Vec<_>>()
    };
    for item in sections.iter_mut().flat_map(Section::all_mut) {
        for one in item.earlier.iter_mut() {
            one.sources = distinct(one.rows.iter().flat_map(&name));
        }
        item.sources = distinct(item.rows.iter().flat_map(&name));
    }
    let documents = sections.iter().any(|s| s.part == Part::Documents && !s.items.is_empty());
    left_out |= documents && !choice.documents;
    let mut out = Gathered {
        person: chart.person().clone(),
        patients: read.patients,
        sections,
        choice: choice.clone(),
        left_out,
        made,
        beside: read.beside,
        refs: Refs::default(),
        addresses: HashMap::new(),
        urns: Vec::new(),
        beside_urns: Vec::new(),
        person_urn: urn(&format!("person\n{}", chart.person().id)),
    };
    out.index(&ready);
    Ok(out)
}

fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in names {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// The rows of a chart by their places.
#[derive(Default)]
struct Read {
    parts: BTreeMap<Part, Vec<Row>>,
    patients: Vec<Row>,
    beside: Vec<Row>,
    left_out: bool,
}

/// Records that are read at a time by one of several readers.
const PIECE: usize = 500;

fn read(chart: &Chart, ready: &Ready) -> Result<Read> {
    let mut out = Read::default();
    let classes = ready.classes();
    let left = ready.leaves_an_allergy(chart)?;
    if !classes.is_empty() {
        for row in rows(chart, classes, &[])? {
            let takes = ready.takes(&row) && !(left && says_none(&row));
            match (part::place(&row), takes) {
                (Place::In(part), true) => out.parts.entry(part).or_default().push(row),
                // About the person there is no date to choose by.
                (Place::Person, taken) if taken || ready.takes_class(row.class) => out.patients.push(row),
                (Place::In(_) | Place::Outside, _) => out.left_out = true,
                _ => {}
            }
        }
    }
    out.beside = rows(chart, &[], &BESIDE)?;
    Ok(out)
}

/// All sound records of some classes or types, newest first. They are read in the order in which they lie in the database, by
/// several readers.
fn rows(chart: &Chart, classes: &[Class], types: &[&str]) -> Result<Vec<Row>> {
    let classes = classes.to_vec();
    let types = types.iter().map(|t| (*t).to_owned()).collect();
    let mut rids = chart.rids(&Query { classes, types, standings: SOUND.to_vec(), order: Order::Newest, ..Query::default() })?;
    rids.sort_unstable();
    let mut out = Vec::with_capacity(rids.len());
    for piece in parallel::pieces(&rids, PIECE, |rids| chart.records(rids)) {
        // Another version may have come since its number was read.
        out.extend(piece?.into_iter().filter(|row| SOUND.contains(&row.standing)));
    }
    out.sort_by_cached_key(|row| std::cmp::Reverse((row.date.as_ref().map_or(i64::MIN, |d| d.start), row.rid)));
    Ok(out)
}

/// Whether a kind that was not asked for holds anything about the person.
fn unchosen(chart: &Chart, ready: &Ready) -> Result<bool> {
    let silent = |c: &Class| matches!(c, Class::Provenance | Class::Facility | Class::Demographics);
    Ok(chart.counts()?.iter().any(|(class, count)| *count > 0 && !silent(class) && !ready.classes().contains(class)))
}

/// Devices that a statement of use names: the statement is the line, the device is told with it.
fn named_devices(read: &Read) -> BTreeSet<i64> {
    let Some(rows) = read.parts.get(&Part::Devices) else { return BTreeSet::new() };
    let mut refs = Refs::default();
    let devices: Vec<&Row> = rows.iter().filter(|r| r.kind == "Device").collect();
    devices.iter().enumerate().for_each(|(n, row)| refs.add(Target::Beside(n), Goes::Along, row));
    let mut found = Vec::new();
    for row in rows.iter().filter(|r| r.kind == "DeviceUseStatement" && !matches!(r.standing, Standing::Absent | Standing::NotDone)) {
        let mut resource = row.resource();
        let mut cleaned = Cleaned { address: &|_| String::new(), targets: Vec::new() };
        refs.clean(row, &mut resource, &mut cleaned);
        found.extend(cleaned.targets);
    }
    found.iter().filter_map(|t| if let Target::Beside(n) = t { devices.get(*n).map(|r| r.rid) } else { None }).collect()
}

/// Whether an item says that there is something where a statement says that there is nothing.
fn contradicts(none: &Item, resource: &Value, items: &[Item]) -> bool {
    let words = none.title().to_lowercase();
    let coded = |codes: &[&str]| resource.get("code").is_some_and(|c| codes.iter().any(|code| has_code(c, "", code)));
    let category = if coded(&["409137002", "no-known-medication-allergies"]) || words.contains("drug") || words.contains("medication all") {
        "medication"
    } else if coded(&["429625007", "no-known-food-allergies"]) || words.contains("food") {
        "food"
    } else if coded(&["428607008", "no-known-environmental-allergies"]) || words.contains("environment") {
        "environment"
    } else {
        ""
    };
    let latex = words.contains("latex");
    items.iter().any(|item| {
        let held: Vec<String> = array(&item.first().resource(), "category").iter().filter_map(|c| c.as_str().map(str::to_owned)).collect();
        match category {
            _ if latex => item.title().to_lowercase().contains("latex"),
            "" => true,
            category => held.is_empty() || held.iter().any(|c| c == category),
        }
    })
}

impl Gathered {
    /// Gives every item and everything beside them an address.
    fn index(&mut self, ready: &Ready) {
        for (number, item) in self.sections.iter().flat_map(Section::all).enumerate() {
            self.urns.push(urn(&format!("given\n{}", item.first().key)));
            for row in &item.rows {
                self.refs.add(Target::Item(number), Goes::Along, row);
                self.addresses.insert(row.rid, number);
            }
        }
        for (n, row) in self.beside.iter().enumerate() {
            self.beside_urns.push(urn(&format!("given\n{}", row.key)));
            let along = matches!(row.kind.as_str(), "Medication" | "Device") || ready.takes_class(row.class);
            self.refs.add(Target::Beside(n), if along { Goes::Along } else { Goes::NameOnly }, row);
        }
        for row in &self.patients {
            self.refs.add(Target::Person, Goes::Along, row);
        }
    }

    /// A part.
    pub fn section(&self, part: Part) -> &Section {
        &self.sections[Part::ALL.iter().position(|p| *p == part).unwrap_or(0)]
    }

    /// `urn:uuid:…`, the same for the same thing at every export.
    pub fn address(&self, target: Target) -> String {
        match target {
            Target::Item(n) => self.urns.get(n).cloned().unwrap_or_default(),
            Target::Beside(n) => self.beside_urns.get(n).cloned().unwrap_or_default(),
            Target::Person => self.person_urn.clone(),
        }
    }

    /// The target that an item is.
    pub fn target(&self, item: &Item) -> Target {
        Target::Item(self.addresses.get(&item.first().rid).copied().unwrap_or(usize::MAX))
    }

    /// The FHIR resource of an item: what all of its records say, with references only to what goes along (`urn:uuid:…`),
    /// and what it points to. Its own `id`, `meta` and narrative are those of its source.
    pub fn resource(&self, item: &Item) -> (Value, Vec<Target>) {
        let mut targets = Vec::new();
        let all = item.rows.iter().map(|row| self.cleaned(row, &mut targets)).collect();
        (item::merged(all), targets)
    }

    /// The record that stands beside items, cleaned as theirs are.
    pub fn beside(&self, target: Target) -> Option<(&Row, Value, Vec<Target>)> {
        let Target::Beside(n) = target else { return None };
        let row = self.beside.get(n)?;
        let mut targets = Vec::new();
        let resource = self.cleaned(row, &mut targets);
        Some((row, resource, targets))
    }

    fn cleaned(&self, row: &Row, targets: &mut Vec<Target>) -> Value {
        let mut resource = row.resource();
        let mut cleaned = Cleaned { address: &|t| self.address(t), targets: std::mem::take(targets) };
        self.refs.clean(row, &mut resource, &mut cleaned);
        *targets = cleaned.targets;
        resource
    }

    /// The resource at an address of this summary, if something with that address stands beside the items or among them.
    pub fn named(&self, address: &str) -> Option<Value> {
        let beside = (0..self.beside.len()).map(Target::Beside).find(|t| self.address(*t) == address);
        if let Some(target) = beside {
            return self.beside(target).map(|(_, resource, _)| resource);
        }
        let number = self.urns.iter().position(|urn| urn == address)?;
        self.sections.iter().flat_map(Section::all).nth(number).map(|item| self.resource(item).0)
    }

    /// What an item says, in words.
    pub fn tell(&self, item: &Item) -> Told {
        self.tell_of(item, &self.resource(item).0)
    }

    /// The same, of the resource that [`Self::resource`] gave.
    pub fn tell_of(&self, item: &Item, resource: &Value) -> Told {
        told::tell(item.title(), item.first(), resource)
    }

    /// The concept of a medicine's resource: its own, or that of the medication that it names.
    pub fn medication(&self, resource: &Value, targets: &[Target]) -> Option<Value> {
        if let Some(own) = crate::record::medication_concept(resource) {
            return Some(own.clone());
        }
        let is_medication = |t: &Target| matches!(t, Target::Beside(n) if self.beside.get(*n).is_some_and(|r| r.kind == "Medication"));
        let named = targets.iter().copied().find(is_medication);
        let code = named.and_then(|t| self.beside(t)?.1.get("code").cloned());
        code.or_else(|| text_at(resource, "medicationReference.display").map(|text| serde_json::json!({"text": text})))
    }

    /// Who should be called: emergency contacts out of what is known about the person (FHIR R4 Patient.contact).
    pub fn contacts(&self) -> Vec<String> {
        let mut out = Vec::new();
        for contact in self.patients.iter().flat_map(|row| array(&row.resource(), "contact").to_vec()) {
            let name = contact.get("name").and_then(crate::record::human_name);
            let relation = array(&contact, "relationship").iter().filter_map(concept_text).next().map(|r| format!("({r})"));
            let reach = array(&contact, "telecom").iter().filter_map(crate::chart::people::telecom).collect::<Vec<_>>().join(", ");
            let words: Vec<String> = [name, relation, Some(reach)].into_iter().flatten().filter(|w| !w.is_empty()).collect();
            if !words.is_empty() {
                out.push(words.join(" "));
            }
        }
        distinct(out.into_iter())
    }
}
