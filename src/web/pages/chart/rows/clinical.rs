//! Rows of what a person has or had done: allergies, conditions, immunizations, procedures, imaging, family, medicines.

use super::{coded, dated, plain, said};
use crate::chart::{medicines, people, units, when};
use crate::record::{PartialDate, Standing, array, concept_text, list, reference_words, string, text_at};
use crate::vault::Row;
use crate::web::pages::chart::ui::{joined, span};
use serde_json::Value;

/// Reactions first: what happens, how severe, how sure.
pub(super) fn allergy(row: &Row, resource: &Value) -> Vec<String> {
    let mut out = Vec::new();
    for reaction in array(resource, "reaction") {
        let what: Vec<String> = array(reaction, "manifestation").iter().filter_map(concept_text).map(|w| named(&w)).collect();
        let what = if what.is_empty() { text_at(reaction, "description") } else { Some(what.join(", ")) };
        let line = joined([what, coded(reaction, "severity", ""), said(reaction, "substance", "from")]);
        out.push(line);
    }
    if out.is_empty() && row.standing == Standing::Current {
        out.push("The source names no reaction".into());
    }
    let kinds: Vec<String> = list(resource, "category").into_iter().filter_map(string).collect();
    // "Active" there is the answer to another question.
    let sure = said(resource, "verificationStatus", "").filter(|v| !matches!(v.to_lowercase().as_str(), "confirmed" | "active"));
    let sure = sure.filter(|_| !matches!(row.standing, Standing::Absent | Standing::Error));
    let danger = text_at(resource, "criticality").filter(|c| c != "high").map(|c| match c.as_str() {
        "low" => "Not dangerous to life, says the source".to_owned(),
        _ => "How dangerous is not known".to_owned(),
    });
    let last = text_at(resource, "lastOccurrence").and_then(|d| PartialDate::parse(&d)).map(|d| format!("last time {}", d.day_words()));
    let since = if row.end.is_some() { span(row) } else { when::began(row, resource) };
    out.push(joined([danger, (!kinds.is_empty()).then(|| kinds.join(", ")), since, last, sure, people::by(resource)]));
    out
}

/// A number alone is no word for what happens; a number behind the word says it twice.
fn named(words: &str) -> String {
    let words = crate::record::uncoded(words);
    if words.chars().any(char::is_alphabetic) { words.to_owned() } else { format!("only a code is given: {words}") }
}

/// Since when, until when, how sure, who says so.
pub(super) fn condition(row: &Row, resource: &Value) -> Vec<String> {
    let when = match (&row.date, &row.end) {
        (Some(_), Some(_)) if when::word(row, resource).is_none() => span(row),
        (_, Some(end)) => Some(joined([when::began(row, resource), Some(format!("ended {}", end.day_words()))])),
        _ if matches!(row.standing, Standing::Absent | Standing::NotDone) => dated(row),
        _ => when::began(row, resource),
    };
    let stage = array(resource, "stage").iter().find_map(|s| s.get("summary").and_then(concept_text));
    // What the pill at the end of the row says is not said twice.
    let sure = said(resource, "verificationStatus", "").filter(|v| !matches!(v.to_lowercase().as_str(), "confirmed" | "unconfirmed"));
    let sure = sure.filter(|_| !matches!(row.standing, Standing::Absent | Standing::Error));
    let unsure = crate::record::code_of(resource, "verificationStatus") == Some("unconfirmed");
    vec![joined([
        when,
        said(resource, "severity", ""),
        stage,
        said(resource, "bodySite", ""),
        sure,
        unsure.then(|| "Not confirmed yet".to_owned()),
        people::by(resource),
    ])]
}

/// When, which dose, from whom; why not.
pub(super) fn immunization(row: &Row, resource: &Value) -> Vec<String> {
    let why = array(resource, "statusReason").iter().chain(array(resource, "reasonCode")).find_map(concept_text);
    let applied = array(resource, "protocolApplied").first();
    let dose = applied.and_then(|p| text_at(p, "doseNumberPositiveInt").or_else(|| text_at(p, "doseNumberString")));
    let of = applied.and_then(|p| text_at(p, "seriesDosesPositiveInt").or_else(|| text_at(p, "seriesDosesString")));
    let dose = dose.map(|d| of.map_or_else(|| format!("dose {d}"), |of| format!("dose {d} of {of}")));
    let refused = row.standing == Standing::NotDone;
    let reason = if refused {
        Some(why.map_or_else(|| "Not given. The source gives no reason".to_owned(), |w| format!("Not given: {w}")))
    } else {
        None
    };
    let use_by = text_at(resource, "expirationDate").and_then(|d| PartialDate::parse(&d)).map(|d| format!("use by {}", d.day_words()));
    let made = resource.get("manufacturer").and_then(|m| reference_words(resource, m));
    vec![
        joined([reason]),
        joined([dated(row), dose, people::by(resource)]),
        joined([made, plain(resource, "lotNumber", "lot"), use_by, said(resource, "site", "")]),
    ]
}

/// When, by whom, why, how it went.
pub(super) fn procedure(row: &Row, resource: &Value) -> Vec<String> {
    let reason = array(resource, "reasonCode")
        .iter()
        .find_map(concept_text)
        .or_else(|| array(resource, "reasonReference").iter().find_map(|r| reference_words(resource, r)));
    let place = resource.get("location").and_then(|l| reference_words(resource, l));
    vec![
        joined([span(row), people::by(resource), place]),
        joined([
            reason.map(|r| format!("reason: {r}")),
            said(resource, "bodySite", ""),
            said(resource, "outcome", "outcome:"),
            said(resource, "statusReason", "reason:"),
        ]),
    ]
}

/// Kinds of pictures, how many, of what.
pub(super) fn study(row: &Row, resource: &Value) -> Vec<String> {
    let kinds: Vec<String> = array(resource, "modality").iter().filter_map(concept_text).collect();
    let series = text_at(resource, "numberOfSeries").map(|n| format!("{n} series"));
    let pictures = text_at(resource, "numberOfInstances").map(|n| if n == "1" { "1 picture".into() } else { format!("{n} pictures") });
    let site = array(resource, "series").iter().find_map(|s| said(s, "bodySite", ""));
    vec![joined([dated(row), (!kinds.is_empty()).then(|| kinds.join(", ")), site, series, pictures, people::by(resource)])]
}

/// A report: when, by whom, and its conclusion.
pub(super) fn report(row: &Row, resource: &Value) -> Vec<String> {
    vec![joined([dated(row), people::by(resource), coded(resource, "status", "")]), text_at(resource, "conclusion").unwrap_or_default()]
}

/// What a relative had, at what age, and whether they died of it.
pub(super) fn family(resource: &Value) -> Vec<String> {
    let age =
        |v: &Value, stem: &str| v.get(format!("{stem}Age")).and_then(units::quantity).or_else(|| text_at(v, &format!("{stem}String")));
    let mut out: Vec<String> = array(resource, "condition")
        .iter()
        .map(|c| {
            let fatal = c.get("contributedToDeath").and_then(Value::as_bool) == Some(true);
            joined([
                c.get("code").and_then(concept_text),
                age(c, "onset").map(|a| format!("at age {a}")),
                c.get("outcome").and_then(concept_text),
                fatal.then(|| "was part of the cause of death".to_owned()),
            ])
        })
        .collect();
    let dead = match resource.get("deceasedBoolean").and_then(Value::as_bool) {
        Some(true) => Some("Has died".to_owned()),
        _ => age(resource, "deceased")
            .map(|a| format!("Died at age {a}"))
            .or_else(|| text_at(resource, "deceasedDate").map(|d| format!("Died {d}"))),
    };
    out.push(joined([text_at(resource, "name"), dead, coded(resource, "dataAbsentReason", "")]));
    out
}

/// Directions, reason, prescriber.
pub(super) fn medicine(row: &Row, resource: &Value) -> Vec<String> {
    let said = medicines::said(resource, &row.title);
    let kind = (row.kind != "MedicationRequest" && row.kind != "MedicationStatement").then(|| crate::chart::words::type_words(&row.kind));
    vec![
        said.directions.join("; "),
        joined([
            kind,
            span(row),
            said.quantity,
            medicines::supply(resource).map(|s| format!("for {s}")),
            said.reason.map(|r| format!("what for: {r}")),
            said.status_reason.map(|r| format!("reason given: {r}")),
            said.prescriber.or_else(|| people::by(resource)),
        ]),
    ]
}
