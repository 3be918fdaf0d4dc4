//! Clinical statements, one for each item, after HL7's "C-CDA on FHIR" maps read the other way round.

mod clinical;
mod done;
mod groups;
mod measured;
mod medicine;
mod other;

pub(super) use groups::Groups;

use super::page::Page;
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

/// Writes the entry of an item.
pub(super) fn write(e: &Entry<'_>, page: &mut Page, groups: &mut Groups) {
    match type_of(e.resource) {
        "AllergyIntolerance" => in_entry(page, "DRIV", |x| clinical::allergy(x, e)),
        "Condition" => in_entry(page, "DRIV", |x| clinical::problem(x, e)),
        "MedicationRequest" | "MedicationStatement" | "MedicationAdministration" => in_entry(page, "DRIV", |x| medicine::activity(x, e)),
        "MedicationDispense" => in_entry(page, "", |x| medicine::dispense(x, e)),
        "Immunization" => in_entry(page, "DRIV", |x| medicine::immunization(x, e)),
        "Observation" => match e.part {
            Part::Results => groups.result(e, page),
            Part::VitalSigns => groups.vital_sign(e, page),
            Part::SocialHistory | Part::Pregnancy => in_entry(page, "DRIV", |x| measured::social(x, e)),
            _ => in_entry(page, "", |x| measured::plain(x, e)),
        },
        "DiagnosticReport" => groups.report(e),
        "Procedure" => in_entry(page, "DRIV", |x| done::procedure(x, e)),
        "Device" | "DeviceUseStatement" => in_entry(page, "", |x| done::device(x, e)),
        "Encounter" => in_entry(page, "DRIV", |x| done::encounter(x, e)),
        "FamilyMemberHistory" => in_entry(page, "DRIV", |x| done::family(x, e)),
        "Goal" => in_entry(page, "", |x| other::goal(x, e)),
        "ServiceRequest" | "Appointment" | "DeviceRequest" => in_entry(page, "", |x| other::planned(x, e)),
        "Coverage" => in_entry(page, "", |x| other::coverage(x, e)),
        "CareTeam" => in_entry(page, "", |x| other::team(x, e)),
        "Consent" => in_entry(page, "", |x| other::directive(x, e)),
        _ => in_entry(page, "", |x| other::told(x, e)),
    }
}

fn in_entry(page: &mut Page, kind: &str, write: impl FnOnce(&mut Xml)) {
    page.entry(kind);
    write(&mut page.entries);
    page.entries.raw("</entry>\n");
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
