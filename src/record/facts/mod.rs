//! What the index keeps of each record, so that pages are fast: read once at import.

mod classify;
mod dates;
mod loinc;
mod naming;
mod standing;
mod text;
mod title;

use super::coding::{codes, systems};
use super::date::PartialDate;
use super::quantity::{Flag, reading};
use super::walk::{array, at, text_at};
use super::{Class, Resource, SensitiveSet, sensitive, type_of};
use serde_json::Value;

pub use naming::{uncoded, untagged};
pub use text::{fold, searchable, strip_tags};
pub use title::medication_concept;

/// How a record stands. Only `Current` and `Past` are things the person has or had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Standing {
    /// Holds now: an active condition, a medicine being taken, any result or event that happened.
    #[default]
    Current = 1,
    /// No longer holds: resolved, stopped, a completed course; a diagnosis of one visit that nobody called active.
    Past = 2,
    /// Not yet: planned, ordered, proposed.
    Planned = 3,
    /// Somebody looked and it is not so: refuted, ruled out, "no known allergies".
    Absent = 4,
    /// Was not done: a refused vaccine, a cancelled procedure.
    NotDone = 5,
    /// Entered in error: shown only on the page of the record and under "left aside".
    Error = 6,
}

impl Standing {
    /// The standing with this number in the database.
    pub fn from_number(n: i64) -> Self {
        match n {
            2 => Self::Past,
            3 => Self::Planned,
            4 => Self::Absent,
            5 => Self::NotDone,
            6 => Self::Error,
            _ => Self::Current,
        }
    }
}

/// The columns of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The page it stands on.
    pub class: Class,
    /// Its name in words.
    pub title: String,
    /// `system|code` of its main code.
    pub code: Option<String>,
    /// Records of one group are the same test, medicine, vaccine or condition over time and across sources.
    pub group: Option<String>,
    /// When it happened or began: the date a reader expects beside it.
    pub date: Option<PartialDate>,
    /// When it ended.
    pub end: Option<PartialDate>,
    /// How it stands.
    pub standing: Standing,
    /// Against its own range.
    pub flag: Option<Flag>,
    /// The number for a trend.
    pub number: Option<f64>,
    /// The unit of that number.
    pub unit: Option<String>,
    /// The encounter it belongs to, as its reference reads.
    pub encounter: Option<String>,
    /// The sensitive kinds that it tells of.
    pub sensitive: SensitiveSet,
    /// Everything readable in it, for search.
    pub text: String,
}

/// Reads the facts of a resource.
pub fn facts(resource: &Resource) -> Facts {
    facts_with(resource, None)
}

/// Reads the facts of a resource whose medicine is another record: `medication` is that record's concept.
pub fn facts_with(resource: &Resource, medication: Option<&Value>) -> Facts {
    let kind = type_of(resource);
    let class = classify::class(kind, resource);
    let concept = medication.or_else(|| title::main_concept(kind, resource));
    let code = concept.and_then(main_code);
    let title = medication.and_then(|m| naming::name(m, &[])).unwrap_or_else(|| title::title(kind, resource));
    let measured = (kind == "Observation").then(|| reading(resource));
    let flag = measured.as_ref().and_then(|m| m.flag).or_else(|| component_flag(kind, resource));
    let mut words = text::searchable(resource);
    if medication.is_some() {
        words.push('\n');
        words.push_str(&title);
    }
    Facts {
        class,
        group: grouped(kind, class).then(|| group(code.as_deref(), &title)).flatten(),
        code,
        date: dates::date(kind, resource),
        end: dates::end(kind, resource),
        standing: standing::standing(kind, resource),
        flag,
        number: measured.as_ref().and_then(|m| m.number),
        unit: measured.map(|m| m.unit).filter(|u| !u.is_empty()),
        encounter: text_at(resource, "encounter.reference").or_else(|| text_at(resource, "context.encounter.reference")).or_else(|| {
            // MedicationDispense, MedicationAdministration and Media of R4 point at "context" directly.
            text_at(resource, "context.reference").filter(|r| r.contains("Encounter") || r.starts_with("urn:"))
        }),
        sensitive: sensitive::of(resource, medication, &words),
        title,
        text: words,
    }
}

/// The record whose concept a medicine's record needs: `medicationReference` that is not contained.
pub fn medication_reference(resource: &Resource) -> Option<&str> {
    let reference = at(resource, "medicationReference.reference").and_then(Value::as_str)?;
    (!reference.starts_with('#')).then_some(reference)
}

fn component_flag(kind: &str, resource: &Resource) -> Option<Flag> {
    if kind != "Observation" {
        return None;
    }
    let flags: Vec<_> = array(resource, "component").iter().filter_map(|c| reading(c).flag).collect();
    flags.iter().copied().find(|f| *f != Flag::InRange).or_else(|| flags.first().copied())
}

fn grouped(kind: &str, class: Class) -> bool {
    match class {
        Class::Allergy | Class::Immunization | Class::Problem | Class::Procedure | Class::VitalSign => true,
        Class::Medication => kind.starts_with("Medication"),
        Class::Laboratory | Class::ClinicalTest | Class::SocialHistory | Class::HealthStatus | Class::Imaging => kind == "Observation",
        _ => false,
    }
}

/// The coding that says most across sources: the systems that the standards prefer come first.
fn main_code(concept: &Value) -> Option<String> {
    const ORDER: [&str; 8] =
        [systems::LOINC, systems::RXNORM, systems::CVX, systems::SNOMED, systems::ICD10CM, systems::NDC, systems::CPT, systems::ICD9CM];
    let all = codes(concept);
    let rank = |system: &str| ORDER.iter().position(|s| *s == system).unwrap_or(ORDER.len());
    let (system, code, _) = all.iter().filter(|(_, code, _)| !code.is_empty()).min_by_key(|(system, ..)| rank(system))?;
    Some(format!("{system}|{code}"))
}

fn group(code: Option<&str>, title: &str) -> Option<String> {
    code.map(str::to_owned).or_else(|| Some(fold(title)).filter(|t| !t.is_empty()).map(|t| format!("text|{t}")))
}

#[cfg(test)]
mod tests;
