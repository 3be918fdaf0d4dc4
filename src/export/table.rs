//! The table of a part for people: which columns it has, and what stands in them. Every form of a summary shows the same.

use super::gather::{Item, Part, Told};

/// A row of a table: the words of each column.
pub(super) type Cells = Vec<String>;

/// The heads of the columns of a part.
pub(super) fn heads(part: Part) -> &'static [&'static str] {
    match part {
        Part::Allergies => &["Allergy", "Reaction", "Risk", "Since", "Details", "From"],
        Part::Conditions | Part::PastConditions => &["Condition", "Since", "Until", "Details", "From"],
        Part::Medicines | Part::PastMedicines | Part::Fills => &["Medicine", "Dose", "For", "Date", "Details", "From"],
        Part::Immunizations => &["Vaccine", "Date", "Details", "From"],
        Part::Results | Part::VitalSigns => &["Test", "Date", "Value", "Range", "Against the range", "Details", "From"],
        Part::SocialHistory | Part::Pregnancy | Part::Functional => &["What", "Date", "Answer", "Details", "From"],
        Part::Procedures => &["Procedure", "Date", "Details", "From"],
        Part::Devices => &["Device", "Date", "Details", "From"],
        Part::Visits => &["Visit", "Date", "Details", "From"],
        Part::FamilyHistory => &["Relative", "Date", "Details", "From"],
        Part::Documents => &["Document", "Date", "Details", "From"],
        Part::Alerts | Part::AdvanceDirectives | Part::Reports | Part::Plans | Part::CareTeam | Part::Insurance => {
            &["What", "Date", "Details", "From"]
        }
    }
}

/// The cells of an item, one for each head.
pub(super) fn cells(part: Part, told: &Told, item: &Item) -> Cells {
    cells_without(part, told, item, &[])
}

/// Where the details stand in the cells of a part: before the last one.
pub(super) fn details_at(part: Part) -> usize {
    heads(part).len().saturating_sub(2)
}

/// The same without the details under some labels.
pub(super) fn cells_without(part: Part, told: &Told, item: &Item, without: &[&str]) -> Cells {
    let rest = |told: &Told, shown: &[&str]| rest(told, &[shown, without].concat());
    let said = |label: &str| told.detail(label).unwrap_or_default();
    let when = told.when.clone().unwrap_or_default();
    let from = item.sources.join("; ");
    let value = told.value_words.clone().unwrap_or_default();
    let name = told.title.clone();
    match part {
        Part::Allergies => vec![name, said("Reaction"), said("Risk"), when, rest(told, &["Reaction", "Risk"]), from],
        Part::Conditions | Part::PastConditions => vec![name, when, said("Until"), rest(told, &["Until"]), from],
        Part::Medicines | Part::PastMedicines | Part::Fills => {
            vec![name, said("Dose"), said("For"), when, rest(told, &["Dose", "For"]), from]
        }
        Part::Results | Part::VitalSigns => {
            let flag = told.flag_words().unwrap_or_default().to_owned();
            vec![name, when, value, said("Range"), flag, rest(told, &["Range"]), from]
        }
        Part::SocialHistory | Part::Pregnancy | Part::Functional => vec![name, when, value, rest(told, &[]), from],
        _ => {
            let mut details = rest(told, &[]);
            if !value.is_empty() {
                details = if details.is_empty() { value } else { format!("{value}. {details}") };
            }
            vec![name, when, details, from]
        }
    }
}

/// The state and every detail that has no column of its own.
fn rest(told: &Told, shown: &[&str]) -> String {
    let state = told.state.clone();
    let details = told.details.iter().filter(|(label, _)| !shown.contains(label)).map(|(label, words)| format!("{label}: {words}"));
    state.into_iter().chain(details).collect::<Vec<_>>().join(". ")
}

/// What was ruled out or not done, and what a known absence is called: one line each.
pub(super) fn line(told: &Told, item: &Item) -> String {
    let parts = [Some(told.title.clone()), told.when.clone(), Some(rest(told, &[])), Some(item.sources.join("; "))];
    parts.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// What is said of a part that holds nothing: not known is not none.
pub(super) fn nothing(heading: &str) -> String {
    format!("{heading}: nothing is known here. This does not mean “none”.")
}

/// The plain words that not everything is here.
pub(super) const LEFT_OUT: &str = "Not everything in this person’s records is here: some were left out of this copy.";
