//! What stands on the card.

use super::{Card, Field, LONGEST};
use crate::chart::photo;
use crate::export::Choice;
use crate::export::gather::{Gathered, Item, Part, gather};
use crate::record::{PartialDate, array, concept_text};
use crate::vault::Chart;
use crate::{Error, Result};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A label and its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// "Blood type".
    pub label: &'static str,
    /// "A+ (told by Ruth)".
    pub words: String,
}

/// What stands on a card. It holds the records of one person: never in a log.
#[derive(Clone, Serialize)]
pub struct Face {
    /// Full name.
    pub name: String,
    /// "14 March 1954".
    pub born: String,
    /// "speaks English", or empty.
    pub language: String,
    /// Each with its reactions.
    pub allergies: Vec<String>,
    /// Why no allergy stands here: "No known allergies", "Not known". Empty where there are some, or the field is off.
    pub no_allergies: String,
    /// Names.
    pub conditions: Vec<String>,
    /// Names.
    pub implants: Vec<String>,
    /// "Apixaban 5 mg: 1 in the morning, 1 in the evening (heartbeat)".
    pub medicines: Vec<String>,
    /// "Dana (daughter) 555-0142".
    pub contacts: Vec<String>,
    /// Blood type, size, organ donor, doctors, pharmacy, advance directive.
    pub lines: Vec<Line>,
    /// "22 November 2026".
    pub made: String,
    /// The picture of the code, or empty.
    pub code: String,
    /// The photograph as JPEG, or empty.
    #[serde(skip)]
    pub photo: Vec<u8>,
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Face(…)")
    }
}

impl Face {
    pub(super) fn of(card: &Card, chart: &Arc<Chart>, made: i64, link: Option<Zeroizing<String>>) -> Result<Self> {
        let now = jiff::Timestamp::from_second(made).map_err(Error::internal)?;
        let gathered = gather(chart, &Choice { sensitive: card.scope.sensitive, ..Choice::emergency() }, now)?;
        let has = |field: Field| card.fields.contains(&field);
        let typed = |field: Field| card.said.get(&field).map(|t| t.trim()).filter(|t| has(field) && !t.is_empty());
        let from_chart = |field: Field, part: Part, line: fn(&Gathered, Part) -> Vec<String>| {
            if has(field) { line(&gathered, part) } else { Vec::new() }
        };
        let person = &gathered.person;
        let allergies = from_chart(Field::Allergies, Part::Allergies, allergies);
        let told = |words: &str| format!("{words} (told by {})", first_name(&person.name));
        let lines = [
            (Field::BloodType, "Blood type", typed(Field::BloodType).map(told)),
            (Field::Size, "Height and weight", typed(Field::Size).map(str::to_owned)),
            (Field::OrganDonor, "Organ donor", typed(Field::OrganDonor).map(str::to_owned)),
            (Field::Doctors, "Doctors", typed(Field::Doctors).map(one_line)),
            (Field::Pharmacy, "Pharmacy", typed(Field::Pharmacy).map(one_line)),
            (Field::Directive, "Advance directive", typed(Field::Directive).map(one_line)),
        ];
        Ok(Self {
            name: person.name.clone(),
            born: PartialDate::parse(&person.birth_date).map_or_else(String::new, |d| d.day_words()),
            language: typed(Field::Language).map(|l| format!("speaks {l}")).unwrap_or_default(),
            no_allergies: if allergies.is_empty() && has(Field::Allergies) { none(&gathered) } else { String::new() },
            allergies,
            conditions: from_chart(Field::Conditions, Part::Conditions, titles),
            implants: from_chart(Field::Implants, Part::Devices, titles),
            medicines: from_chart(Field::Medicines, Part::Medicines, medicines),
            contacts: typed(Field::Contacts)
                .map(|t| t.lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect())
                .unwrap_or_default(),
            lines: lines.into_iter().filter_map(|(_, label, words)| Some(Line { label, words: words? })).collect(),
            made: PartialDate::parse(&now.to_zoned(jiff::tz::TimeZone::system()).date().to_string())
                .map_or_else(String::new, |d| d.day_words()),
            photo: if has(Field::Photo) { photo::of(chart)?.unwrap_or_default() } else { Vec::new() },
            code: link.map(|l| super::super::qr(&l)).transpose()?.unwrap_or_default(),
        })
    }

    /// Whether letters stand on it that a print shows as boxes.
    pub fn lacks_letters(&self) -> bool {
        serde_json::to_string(self).is_ok_and(|text| crate::export::pdf::typeset::lacks(&text))
    }
}

/// What the chart knows of the fields that are typed, to begin with.
pub(super) fn known(chart: &Arc<Chart>) -> Result<BTreeMap<Field, String>> {
    let gathered = gather(chart, &Choice::emergency(), jiff::Timestamp::now())?;
    let mut out = BTreeMap::new();
    let mut put = |field: Field, lines: Vec<String>| {
        // What has no room on a card is left for whoever fills it in.
        let mut words = String::new();
        for line in lines {
            let more = if words.is_empty() { line } else { format!("\n{line}") };
            if words.chars().count() + more.chars().count() <= LONGEST {
                words.push_str(&more);
            }
        }
        if !words.is_empty() {
            out.insert(field, words);
        }
    };
    let team = &gathered.section(Part::CareTeam).items;
    let related = team.iter().filter(|item| item.first().kind == "RelatedPerson").map(|item| gathered.tell(item));
    let related = related.map(|told| {
        let relation = told.detail("Relation").map(|r| format!("({r})"));
        [Some(told.title.clone()), relation, told.detail("Contact")].into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let mut contacts = gathered.contacts();
    for line in related {
        let name = |line: &str| line.split(['(', ',']).next().unwrap_or_default().trim().to_lowercase();
        if !contacts.iter().any(|known| name(known) == name(&line)) {
            contacts.push(line);
        }
    }
    let is_contact = |member: &str| contacts.iter().any(|c| c.split_whitespace().take(2).eq(member.split_whitespace().take(2)));
    let members = team.iter().filter(|item| item.first().kind == "CareTeam").filter_map(|item| gathered.tell(item).detail("Member"));
    let members: Vec<String> = members.flat_map(|m| m.split("; ").map(str::to_owned).collect::<Vec<_>>()).collect();
    let doctors = members.into_iter().filter(|member| !is_contact(member)).collect();
    put(Field::Contacts, contacts.clone());
    put(Field::Doctors, doctors);
    put(Field::Language, language(&gathered).into_iter().collect());
    let measured = |code: &str| {
        let vitals = &gathered.section(Part::VitalSigns).items;
        let item = vitals.iter().find(|i| i.first().code.as_deref().is_some_and(|c| c.ends_with(&format!("|{code}"))))?;
        gathered.tell(item).value_words
    };
    // LOINC: body height, body weight.
    let size: Vec<String> = ["8302-2", "29463-7"].into_iter().filter_map(measured).collect();
    if !size.is_empty() {
        out.insert(Field::Size, size.join(", "));
    }
    Ok(out)
}

/// The language that somebody speaks best, where a source says it in words.
fn language(gathered: &Gathered) -> Option<String> {
    let all: Vec<Value> = gathered.patients.iter().flat_map(|row| array(&row.resource(), "communication").to_vec()).collect();
    let words = |one: &&Value| one.get("language").and_then(concept_text).is_some_and(|w| w.chars().count() > 3);
    let spoken: Vec<&Value> = all.iter().filter(words).collect();
    let best = spoken.iter().find(|one| one.get("preferred").and_then(Value::as_bool) == Some(true)).or_else(|| spoken.first())?;
    best.get("language").and_then(concept_text)
}

fn titles(gathered: &Gathered, part: Part) -> Vec<String> {
    gathered.section(part).items.iter().map(Item::title).collect()
}

fn allergies(gathered: &Gathered, part: Part) -> Vec<String> {
    let line = |item| {
        let told = gathered.tell(item);
        let more = [told.detail("Reaction"), told.detail("Risk")].into_iter().flatten().collect::<Vec<_>>().join(", ").replace("; ", ", ");
        if more.is_empty() { told.title } else { format!("{}: {more}", told.title) }
    };
    gathered.section(part).items.iter().map(line).collect()
}

fn medicines(gathered: &Gathered, part: Part) -> Vec<String> {
    let line = |item| {
        let told = gathered.tell(item);
        let dose = told.detail("Dose").map(|d| format!(": {d}")).unwrap_or_default();
        let why = told.detail("For").map(|w| format!(" (for {w})")).unwrap_or_default();
        format!("{}{dose}{why}", told.title)
    };
    gathered.section(part).items.iter().map(line).collect()
}

/// Known absence, or that nobody knows: a reader must not take one for the other.
fn none(gathered: &Gathered) -> String {
    let none: Vec<String> = gathered.section(Part::Allergies).none.iter().map(Item::title).collect();
    if none.is_empty() { "Not known. This is not the same as none.".into() } else { none.join(", ") }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("; ")
}

fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}
