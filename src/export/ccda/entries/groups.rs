//! Organizers: a report holds its results, a moment its vital signs. They are written at the end of their section, when every
//! item that belongs to them has its row.

use super::super::page::Page;
use super::super::xml::{LOINC, SNOMED, Xml, hl7};
use super::{Entry, Piece, measured};
use crate::chart::results;
use crate::export::gather::{Gathered, Item, Part, Target};
use crate::record::{concept_text, text_at, type_of};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What waits for the end of a section.
#[derive(Default)]
pub(in super::super) struct Groups {
    /// Items that a report or a panel of this document holds, by number, with that one's number.
    held: HashMap<usize, usize>,
    /// The observations, written, of items that are held.
    written: HashMap<usize, String>,
    reports: Vec<Report>,
    vital_signs: BTreeMap<String, (String, Vec<String>)>,
}

/// A report or panel in the making.
pub(in super::super) struct Report {
    number: usize,
    head: String,
    /// An observation of its own, for a report without results: what it concludes.
    own: String,
    tail: String,
}

impl Groups {
    /// Which reports and panels hold which results; the first one that names a result holds it.
    pub(in super::super) fn of(gathered: &Gathered) -> Self {
        let mut out = Self::default();
        let results = gathered.section(Part::Results);
        let numbers: HashSet<usize> = results.items.iter().flat_map(Item::all).filter_map(|i| number(gathered, i)).collect();
        let reports = gathered.section(Part::Reports).items.iter().chain(results.items.iter().flat_map(Item::all));
        for item in reports.filter(|i| may_hold(i)) {
            let (resource, targets) = gathered.resource(item);
            let Some(own) = number(gathered, item).filter(|_| type_of(&resource) == "DiagnosticReport" || results::is_panel(&resource))
            else {
                continue;
            };
            for target in targets {
                if let Target::Item(n) = target
                    && n != own
                    && numbers.contains(&n)
                {
                    out.held.entry(n).or_insert(own);
                }
            }
        }
        out
    }

    /// Takes what an item has become: an entry at once, a part of something larger when that is written.
    pub(in super::super) fn take(&mut self, piece: Piece, page: &mut Page) {
        match piece {
            Piece::Nothing => {}
            Piece::Entry(kind, xml) => in_entry(page, kind, |x| x.raw(&xml)),
            Piece::Result(number, head, observations) => match number.filter(|n| self.held.contains_key(n)) {
                Some(number) => _ = self.written.insert(number, observations),
                None => in_entry(page, "DRIV", |x| {
                    x.raw(&head);
                    x.raw(&observations);
                    x.close("organizer");
                }),
            },
            Piece::Report(report) => self.reports.push(report),
            Piece::VitalSign(key, when, signs) => self.vital_signs.entry(key).or_insert_with(|| (when, Vec::new())).1.push(signs),
        }
    }

    /// Writes what has waited.
    pub(in super::super) fn done(&mut self, page: &mut Page) {
        let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
        self.held.iter().for_each(|(n, holder)| members.entry(*holder).or_default().push(*n));
        for report in std::mem::take(&mut self.reports) {
            let mut numbers = members.remove(&report.number).unwrap_or_default();
            numbers.sort_unstable();
            let members: Vec<String> = numbers.iter().filter_map(|n| self.written.remove(n)).collect();
            in_entry(page, "DRIV", |x| {
                x.raw(&report.head);
                members.iter().for_each(|m| x.raw(m));
                x.raw(if members.is_empty() { &report.own } else { &report.tail });
                x.close("organizer");
            });
        }
        for (key, (when, signs)) in std::mem::take(&mut self.vital_signs) {
            in_entry(page, "DRIV", |x| {
                x.open("organizer", &[("classCode", "CLUSTER"), ("moodCode", "EVN")]);
                x.template("4.26", "2015-08-01");
                let id = crate::export::fhir::urn(&format!("vital signs\n{key}"));
                x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
                x.raw(
                    "<code code=\"46680005\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Vital signs\">\
                     <translation code=\"74728-7\" codeSystem=\"2.16.840.1.113883.6.1\" displayName=\"Vital signs\"/></code>",
                );
                x.empty("statusCode", &[("code", "completed")]);
                if when.is_empty() {
                    x.empty("effectiveTime", &[("nullFlavor", "UNK")]);
                } else {
                    x.raw("<effectiveTime>");
                    x.empty("low", &[("value", &when)]);
                    x.empty("high", &[("value", &when)]);
                    x.raw("</effectiveTime>");
                }
                signs.iter().for_each(|s| x.raw(s));
                x.close("organizer");
            });
        }
    }
}

fn in_entry(page: &mut Page, kind: &str, write: impl FnOnce(&mut Xml)) {
    page.entry(kind);
    write(&mut page.entries);
    page.entries.raw("</entry>\n");
}

/// A result: within its report, else in an organizer of its own.
pub(super) fn result(e: &Entry<'_>) -> Piece {
    if results::is_panel(e.resource) {
        return report(e);
    }
    let (mut alone, mut x) = (Xml::default(), Xml::default());
    head(&mut alone, e, "alone");
    measured::result(&mut x, e);
    Piece::Result(number(e.gathered, e.item), alone.into_text(), x.into_text())
}

/// A report or a panel.
pub(super) fn report(e: &Entry<'_>) -> Piece {
    let Some(number) = number(e.gathered, e.item) else { return Piece::Nothing };
    let (mut top, mut alone) = (Xml::default(), Xml::default());
    head(&mut top, e, "");
    measured::conclusion(&mut alone, e);
    let own = alone.into_text();
    let tail = if e.told.detail("Conclusion").is_some() { own.clone() } else { String::new() };
    Piece::Report(Report { number, head: top.into_text(), own, tail })
}

/// A vital sign, to be with the others of the same moment.
pub(super) fn vital_sign(e: &Entry<'_>) -> Piece {
    if results::is_panel(e.resource) {
        return Piece::Nothing;
    }
    let mut x = Xml::default();
    if !measured::vital_signs(&mut x, e) {
        return super::entry("", |x| measured::plain(x, e));
    }
    let when = e.date(&["effectiveDateTime", "effectivePeriod.start", "effectiveInstant"]).and_then(|d| hl7(&d)).unwrap_or_default();
    Piece::VitalSign(format!("{when}\n{}", e.item.first().source), when, x.into_text())
}

fn may_hold(item: &Item) -> bool {
    let row = item.first();
    let holds = |word: &[u8]| row.json.windows(word.len()).any(|w| w == word);
    row.kind == "DiagnosticReport" || row.kind == "Observation" && row.number.is_none() && holds(b"\"hasMember\"")
}

fn number(gathered: &Gathered, item: &Item) -> Option<usize> {
    if let Target::Item(n) = gathered.target(item) { Some(n) } else { None }
}

/// A Result Organizer up to its components.
fn head(x: &mut Xml, e: &Entry<'_>, salt: &str) {
    x.open("organizer", &[("classCode", "BATTERY"), ("moodCode", "EVN")]);
    x.template("4.1", "2015-08-01");
    if salt.is_empty() {
        x.ids(&e.address, e.resource);
    } else {
        let id = crate::export::fhir::urn(&format!("{salt}\n{}", e.address));
        x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
    }
    x.concept("code", "", e.get("code"), &[LOINC, SNOMED], Some(e.id));
    x.empty("statusCode", &[("code", measured::status(e))]);
    let when = e.date(&["effectiveDateTime", "effectivePeriod.start", "effectiveInstant"]);
    if let Some(when) = when.as_deref().and_then(hl7) {
        let until = e.text("effectivePeriod.end").as_deref().and_then(hl7).unwrap_or_else(|| when.clone());
        x.raw("<effectiveTime>");
        x.empty("low", &[("value", &when)]);
        x.empty("high", &[("value", &until)]);
        x.raw("</effectiveTime>");
    }
    specimen(x, e);
    if salt.is_empty() {
        x.author(e.by().as_deref(), e.text("issued").as_deref());
    }
}

/// The specimen, by its words.
fn specimen(x: &mut Xml, e: &Entry<'_>) {
    let one = e.get("specimen").map(|s| s.as_array().and_then(|a| a.first()).unwrap_or(s));
    let Some(one) = one else { return };
    let words = text_at(one, "display").or_else(|| {
        let id = text_at(one, "reference")?.strip_prefix('#')?.to_owned();
        let inner = crate::record::array(e.resource, "contained").iter().find(|c| text_at(c, "id").as_deref() == Some(&id))?;
        inner.get("type").and_then(concept_text)
    });
    if let Some(words) = words {
        x.raw("<specimen><specimenRole><specimenPlayingEntity>");
        x.concept("code", "", Some(&serde_json::json!({"text": words})), &[SNOMED], None);
        x.raw("</specimenPlayingEntity></specimenRole></specimen>");
    }
}
