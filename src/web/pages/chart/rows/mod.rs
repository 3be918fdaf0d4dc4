//! One row of a list for every type of record: its name, and the lines under it that a reader of that page looks for.

mod care;
mod clinical;

use super::ui::{Desk, Item, LONG, SHORT, clipped, day, joined, kind, span, state, title, value};
use crate::chart::link::{self, Line};
use crate::chart::{people, results, when, words};
use crate::record::{Class, PartialDate, Standing, concept_text, text_at, untagged};
use crate::vault::Row;
use crate::web::layout::pill;
use maud::{Markup, html};
use serde_json::Value;

/// The row of one line of a list.
pub(crate) fn item(desk: &Desk<'_>, line: &Line) -> Item {
    let row = line.first();
    let resource = row.resource();
    let name = if link::only_code(&row.title) { line.title().to_owned() } else { title(row) };
    let mut item = Item::new(desk.href(row), name);
    item.subs = subs(row, &resource);
    match side_by_side(desk, line, &item.subs) {
        Some(each) => item.subs = each,
        None => {
            item.subs.extend(times(line));
            item.subs.extend(desk.sources_line(line));
        }
    }
    // A danger that any source names counts for the line.
    let most = line.rows.iter().find(|r| dangerous(r)).unwrap_or(row);
    item.end = end(desk, most, &most.resource());
    item.full = told(row, &resource);
    item
}

/// What each source says where they say different things about one allergy or condition.
fn side_by_side(desk: &Desk<'_>, line: &Line, first: &[String]) -> Option<Vec<String>> {
    if line.sources.len() < 2 || !matches!(line.first().class, Class::Allergy | Class::Problem) {
        return None;
    }
    // What each source says, in its words; what it says twice, once.
    let mut each: Vec<(&str, Vec<String>)> = line.sources.iter().map(|s| (s.as_str(), Vec::new())).collect();
    for row in &line.rows {
        let words = joined(subs(row, &row.resource()).into_iter().map(Some));
        if let Some((_, said)) = each.iter_mut().find(|(s, _)| *s == row.source).filter(|(_, said)| !said.contains(&words)) {
            said.push(words);
        }
    }
    each.iter_mut().for_each(|(_, said)| said.retain(|w| !w.is_empty()));
    let first = joined(first.iter().cloned().map(Some));
    if each.iter().all(|(_, said)| said.is_empty() || *said == [first.clone()]) {
        return None;
    }
    // Sources that say it in the same words stand on one line.
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for (source, said) in each {
        let words = if said.is_empty() { "named, without more".to_owned() } else { said.join("; ") };
        match lines.iter_mut().find(|(w, _)| w.eq_ignore_ascii_case(&words)) {
            Some((_, sources)) => sources.push(source),
            None => lines.push((words, vec![source])),
        }
    }
    Some(lines.into_iter().map(|(words, sources)| format!("{}: {words}", desk.sources.listed(&sources))).collect())
}

fn dangerous(row: &Row) -> bool {
    row.class == Class::Allergy && row.standing == Standing::Current && text_at(&row.resource(), "criticality").as_deref() == Some("high")
}

/// The row of a single record.
pub(crate) fn single(desk: &Desk<'_>, row: &Row) -> Item {
    let resource = row.resource();
    let mut item = Item::new(desk.href(row), title(row));
    item.subs = subs(row, &resource);
    item.end = end(desk, row, &resource);
    item.full = told(row, &resource);
    item
}

/// A value in many words, across the row.
fn told(row: &Row, resource: &Value) -> Markup {
    let text = if row.kind == "Observation" { results::value(resource).reading.text } else { String::new() };
    html! { @if text.chars().count() > SHORT { p { (clipped(&text, LONG)) } } }
}

/// A row among records of other kinds: says what kind it is.
pub(crate) fn among_others(desk: &Desk<'_>, row: &Row) -> Item {
    let mut item = single(desk, row);
    // The day stands there already where the lines under the name give it.
    let day = row.date.as_ref().map(PartialDate::day_words).filter(|d| !item.subs.iter().any(|s| s.contains(d.as_str())));
    item.subs.insert(0, joined([Some(kind(row)), day]));
    item
}

fn subs(row: &Row, resource: &Value) -> Vec<String> {
    let mut lines = match row.class {
        Class::Allergy => clinical::allergy(row, resource),
        Class::Problem => clinical::condition(row, resource),
        Class::Immunization => clinical::immunization(row, resource),
        Class::Procedure => clinical::procedure(row, resource),
        Class::FamilyHistory => clinical::family(resource),
        Class::Imaging if row.kind == "ImagingStudy" => clinical::study(row, resource),
        Class::Imaging | Class::Note if row.kind == "DiagnosticReport" => clinical::report(row, resource),
        Class::Device => care::device(row, resource),
        Class::Encounter => care::visit(row, resource),
        Class::CareTeam | Class::Facility => care::team(row, resource),
        Class::Goal | Class::Plan => care::plan(row, resource),
        Class::Insurance => care::coverage(row, resource),
        Class::Appointment => care::appointment(row, resource),
        Class::Provenance => care::provenance(row, resource),
        Class::Bill => care::bill(row, resource),
        Class::Medication => clinical::medicine(row, resource),
        _ => {
            let word = when::word(row, resource);
            vec![joined([span(row).map(|s| word.map_or(s.clone(), |w| format!("{w} {s}"))), people::by(resource)])]
        }
    };
    lines.retain(|l| !l.is_empty());
    lines
}

fn end(desk: &Desk<'_>, row: &Row, resource: &Value) -> Markup {
    let observed = row.kind == "Observation";
    html! {
        @if observed {
            @let measured = results::value(resource);
            @let long = measured.reading.text.chars().count() > SHORT;
            @if !long { (value(&measured.reading)) }
            @if measured.reading.flag.is_some() { @if !long { br; } (state(&measured.reading)) }
            @if row.standing != Standing::Current || row.versions > 0 || desk.is_new(row) { br; }
        }
        @if dangerous(row) { (pill("harm", "s-bang", "Could be dangerous")) " " }
        (desk.marks(row))
    }
}

/// "Recorded 4 times: 2019, 2020, …" for a line of several dates.
fn times(line: &Line) -> Option<String> {
    let mut dates: Vec<String> = line.rows.iter().filter_map(|r| r.date.as_ref().map(PartialDate::day_words)).collect();
    dates.dedup();
    if dates.len() < 2 {
        return None;
    }
    let more = if dates.len() > 6 { format!(" and {} earlier", dates.len() - 6) } else { String::new() };
    Some(format!("On {}{more}", dates.iter().take(6).cloned().collect::<Vec<_>>().join("; ")))
}

/// The words of a coded element, with a few words before them.
fn said(resource: &Value, key: &str, before: &str) -> Option<String> {
    resource.get(key).and_then(concept_text).map(|w| spelled(&w)).map(|w| if before.is_empty() { w } else { format!("{before} {w}") })
}

/// A code of small letters that came without words, as words: "in-progress" is "in progress".
fn spelled(words: &str) -> String {
    let words = untagged(words);
    let code = words.contains('-') && words.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if code { words.replace('-', " ") } else { words.to_owned() }
}

/// A plain element, with a few words before it.
fn plain(resource: &Value, path: &str, before: &str) -> Option<String> {
    text_at(resource, path).map(|w| if before.is_empty() { w } else { format!("{before} {w}") })
}

/// A code of FHIR's own lists in words, with a few words before it.
fn coded(resource: &Value, path: &str, before: &str) -> Option<String> {
    text_at(resource, path).map(|w| format!("{before} {}", words::words_of_code(&w).to_lowercase()).trim().to_owned())
}

fn dated(row: &Row) -> Option<String> {
    row.date.is_some().then(|| day(row.date.as_ref()))
}
