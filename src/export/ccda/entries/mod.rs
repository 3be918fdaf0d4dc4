//! Clinical statements, one for each item, after HL7's "C-CDA on FHIR" maps read the other way round.

mod clinical;
mod done;
mod groups;
mod measured;
mod medicine;
mod other;

pub(super) use groups::Groups;

use super::xml::Xml;
use crate::chart::people;
use crate::export::gather::{Gathered, Item, Part, Told};
use crate::record::{Standing, text_at, type_of};
use serde_json::Value;

/// An item on its way into an entry.
pub(super) struct Entry<'a> {
    pub(super) gathered: &'a Gathered,
    pub(super) item: &'a Item,
    pub(super) part: Part,
    pub(super) told: &'a Told,
    pub(super) resource: &'a Value,
    /// The medicine's concept, where it is one.
    pub(super) medication: Option<&'a Value>,
    /// The ID of the words in the narrative that name it.
    pub(super) id: &'a str,
    /// `urn:uuid:…`.
    pub(super) address: String,
    /// Not so: known absence, ruled out, not done.
    pub(super) denied: bool,
}

impl Entry<'_> {
    fn text(&self, path: &str) -> Option<String> {
        text_at(self.resource, path)
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.resource.get(key)
    }

    /// The first of several elements that is a date.
    fn date(&self, paths: &[&str]) -> Option<String> {
        paths.iter().find_map(|p| self.text(p))
    }

    /// Whether it is a statement that there is none of something, as against one that rules out something named.
    fn known_absence(&self) -> bool {
        self.item.standing() == Standing::Absent && !crate::export::gather::is_refuted(self.resource)
    }

    fn by(&self) -> Option<String> {
        people::by(self.resource)
    }

    /// `negationInd` where it is not so.
    fn negation(&self) -> &'static str {
        if self.denied { "true" } else { "false" }
    }
}

/// What an item becomes.
pub(super) enum Piece {
    /// Nothing of its own: what it holds together stands for it.
    Nothing,
    /// An entry, with the type of its `entry`.
    Entry(&'static str, String),
    /// A result: its number among the items, the head of an organizer for it alone, the observations.
    Result(Option<usize>, String, String),
    /// A report or panel.
    Report(groups::Report),
    /// Vital signs: what they are grouped by, when, the observations.
    VitalSign(String, String, String),
}

/// Writes the entry of an item.
pub(super) fn write(e: &Entry<'_>) -> Piece {
    match type_of(e.resource) {
        "AllergyIntolerance" => entry("DRIV", |x| clinical::allergy(x, e)),
        "Condition" => entry("DRIV", |x| clinical::problem(x, e)),
        "MedicationRequest" | "MedicationStatement" | "MedicationAdministration" => entry("DRIV", |x| medicine::activity(x, e)),
        "MedicationDispense" => entry("", |x| medicine::dispense(x, e)),
        "Immunization" => entry("DRIV", |x| medicine::immunization(x, e)),
        "Observation" => match e.part {
            Part::Results => groups::result(e),
            Part::VitalSigns => groups::vital_sign(e),
            Part::SocialHistory | Part::Pregnancy => entry("DRIV", |x| measured::social(x, e)),
            _ => entry("", |x| measured::plain(x, e)),
        },
        "DiagnosticReport" => groups::report(e),
        "Procedure" => entry("DRIV", |x| done::procedure(x, e)),
        "Device" | "DeviceUseStatement" => entry("", |x| done::device(x, e)),
        "Encounter" => entry("DRIV", |x| done::encounter(x, e)),
        "FamilyMemberHistory" => entry("DRIV", |x| done::family(x, e)),
        "Goal" => entry("", |x| other::goal(x, e)),
        "ServiceRequest" | "Appointment" | "DeviceRequest" => entry("", |x| other::planned(x, e)),
        "Coverage" => entry("", |x| other::coverage(x, e)),
        "CareTeam" => entry("", |x| other::team(x, e)),
        "Consent" => entry("", |x| other::directive(x, e)),
        _ => entry("", |x| other::told(x, e)),
    }
}

fn entry(kind: &'static str, write: impl FnOnce(&mut Xml)) -> Piece {
    let mut x = Xml::default();
    write(&mut x);
    Piece::Entry(kind, x.into_text())
}

/// What belongs to an entry in words only: its notes, as a comment (C-CDA Comment Activity).
fn comment(x: &mut Xml, e: &Entry<'_>) {
    for n in 0..e.told.details.iter().filter(|(label, _)| *label == "Note").count() {
        x.open("entryRelationship", &[("typeCode", "SUBJ"), ("inversionInd", "true")]);
        x.open("act", &[("classCode", "ACT"), ("moodCode", "EVN")]);
        x.template("4.64", "");
        x.code("code", "48767-8", super::xml::LOINC, "Annotation comment");
        x.text_reference(&super::page::note_id(e.id, n));
        x.empty("statusCode", &[("code", "completed")]);
        x.close("act");
        x.close("entryRelationship");
    }
}
