//! Everything dated, by month, newest first.

use super::filter::Filter;
use super::ui::{Desk, LONG, clipped, head, joined, kind, nothing, opening, title};
use crate::Result;
use crate::chart::timeline::{Entry, day, months};
use crate::chart::{people, results};
use crate::record::{Class, Flag, Precision};
use crate::vault::{Query, Row};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon, print_act};
use crate::web::pages::words;
use maud::{Markup, html};

const MANY: usize = 120;

/// The kinds of the filter: slug, words, classes.
const KINDS: [(&str, &str, &[Class]); 9] = [
    ("visits", "Visits and stays", &[Class::Encounter, Class::Appointment]),
    ("results", "Results", &[Class::Laboratory, Class::ClinicalTest, Class::Imaging]),
    ("vital-signs", "Vital signs", &[Class::VitalSign]),
    ("medicines", "Medicines", &[Class::Medication]),
    ("conditions", "Conditions and allergies", &[Class::Problem, Class::Allergy]),
    ("procedures", "Procedures and devices", &[Class::Procedure, Class::Device]),
    ("immunizations", "Immunizations", &[Class::Immunization]),
    ("documents", "Documents and messages", &[Class::Note, Class::Message]),
    ("bills", "Bills and insurance", &[Class::Bill, Class::Insurance]),
];

/// Kinds that are not events of a life: people, places, statements about records.
const STANDING: [Class; 4] = [Class::CareTeam, Class::Facility, Class::Demographics, Class::Provenance];

/// The page.
pub(crate) fn page(cx: &ChartCx, filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let classes: Vec<Class> = match KINDS.iter().find(|(slug, ..)| *slug == filter.show) {
        Some((_, _, classes)) => classes.to_vec(),
        None => Class::ALL.into_iter().filter(|c| !STANDING.contains(c)).collect(),
    };
    let mut query = Query { limit: MANY, after: filter.cursor(), ..filter.query(&classes) };
    // Only what has a date: everything from the beginning of time on. What one source gave stands here whole.
    if filter.source.is_empty() {
        query.from = query.from.or(Some(i64::from(i32::MIN) * 64));
    }
    let mut listing = cx.chart.list(&query)?;
    // A specimen stands with its results; it is found here by words and source.
    if !filter.narrows() {
        listing.rows.retain(|row| row.kind != "Specimen");
    }
    let shows: Vec<(&str, &str)> = std::iter::once(("", "Everything")).chain(KINDS.iter().map(|(s, w, _)| (*s, *w))).collect();
    let path = cx.to("timeline");
    let months = months(listing.rows);
    let body = html! {
        (head("Timeline", "Everything in this chart that has a date, newest first.", &html! {}))
        @if !months.is_empty() || filter.narrows() || !filter.show.is_empty() { (filter.bar(cx, "timeline", "the timeline", &desk.sources, &shows)) }
        @for (month, entries) in &months {
            h2.line-month { (month) }
            ol class="line list" { @for entry in entries { (drawn(&desk, entry)) } }
        }
        (filter.more(&path, listing.next, "Show older records"))
        @if !months.is_empty() { p.acts { (print_act("Print")) } }
        @if months.is_empty() { (nothing(cx, filter.narrows() || !filter.show.is_empty(), "Nothing with a date yet.", "Visits, results, medicines and the rest appear here when you add records.")) }
    };
    Ok(chart_page(cx, &Page { title: "Timeline", nav: "timeline", crumbs: &[] }, &body))
}

fn drawn(desk: &Desk<'_>, entry: &Entry) -> Markup {
    let row = entry.first();
    let date = row.date.as_ref();
    let when = date.and_then(day);
    let values = values_of(entry);
    let many = values.len() > 1;
    let row = values.first().copied().unwrap_or(row);
    let name = if many { together(row, values.len()) } else { title(row) };
    let href = if many { day_page(desk, entry) } else { desk.href(row) };
    html! {
        li {
            p.when {
                @match &when {
                    Some((day, weekday)) => { (day) small { (weekday) } },
                    None => { span.unseen { "Day not known" } span aria-hidden="true" { "–" } },
                }
            }
            div {
                h3 { a href=(href) { (name) } " " (desk.marks(row)) }
                p { (icon(symbol(row.class))) " " (opening(&sub(desk, &values))) }
            }
        }
    }
}

/// The records of an entry without those that only hold others of them together.
fn values_of(entry: &Entry) -> Vec<&Row> {
    let mut own: Vec<&Row> = entry.rows.iter().filter(|r| r.kind != "Observation" || !results::is_panel(&r.resource())).collect();
    if own.is_empty() {
        own = entry.rows.iter().collect();
    }
    // What lies outside its range is named before the rest.
    own.sort_by_key(|row| !outside(row));
    own
}

fn outside(row: &Row) -> bool {
    matches!(row.flag, Some(Flag::Above | Flag::Below | Flag::Outside))
}

fn together(row: &Row, n: usize) -> String {
    match (row.kind.as_str(), row.class) {
        ("DiagnosticReport", _) => format!("{n} reports"),
        ("MedicationRequest", _) => format!("{n} prescriptions"),
        ("MedicationDispense", _) => format!("{n} medicines handed over"),
        ("MedicationAdministration", _) => format!("{n} medicines given"),
        (_, Class::Laboratory | Class::ClinicalTest) => format!("{n} laboratory results"),
        (_, Class::VitalSign) => format!("Vital signs, {n} measurements"),
        (_, Class::Bill) => format!("{n} bills and claims"),
        (_, Class::Immunization) => format!("{n} immunizations"),
        (_, Class::Problem) => format!("{n} conditions"),
        (_, Class::Allergy) => format!("{n} allergies"),
        (_, Class::Procedure) => format!("{n} procedures"),
        (_, other) => format!("{}, {n} entries", other.words()),
    }
}

/// The list of one day, month or year, as far as the date is known; without a date, the whole list.
fn day_page(desk: &Desk<'_>, entry: &Entry) -> String {
    let row = entry.first();
    let list = desk.cx.to(super::class_path(row.class));
    let Some(date) = row.date.as_ref() else { return list };
    let day = date.date_text();
    let show =
        if row.kind == "DiagnosticReport" && matches!(row.class, Class::Laboratory | Class::ClinicalTest) { "&show=reports" } else { "" };
    format!("{list}?from={day}&to={day}{show}")
}

fn sub(desk: &Desk<'_>, rows: &[&Row]) -> String {
    let Some(row) = rows.first() else { return String::new() };
    let resource = row.resource();
    let outside = rows.iter().filter(|r| outside(r)).count();
    let values = if rows.len() > 1 {
        // What is said twice in the same words is said once.
        let mut short: Vec<String> = rows.iter().map(|r| value(r, true)).collect();
        let mut seen = std::collections::BTreeSet::new();
        short.retain(|words| seen.insert(words.clone()));
        let rest = short.len().saturating_sub(4);
        short.truncate(4);
        Some(if rest > 0 { format!("{} and {rest} more", short.join(", ")) } else { short.join(", ") })
    } else if row.kind == "Observation" {
        Some(value(row, false))
    } else {
        None
    };
    let kind = (rows.len() == 1).then(|| kind(row));
    let not_exact = row.date.as_ref().and_then(|d| match d.precision {
        Precision::Year => Some("only the year is known".to_owned()),
        Precision::Month => Some("the day is not known".to_owned()),
        _ => None,
    });
    let flagged = match row.flag {
        _ if outside == 0 => None,
        Some(Flag::Above) if rows.len() == 1 => Some("above its range".to_owned()),
        Some(Flag::Below) if rows.len() == 1 => Some("below its range".to_owned()),
        _ if rows.len() == 1 => Some("outside its range".to_owned()),
        _ => Some(words::count(outside as u64, "outside its range", "outside their range")),
    };
    joined([kind, values, flagged, not_exact, people::by(&resource).or_else(|| Some(desk.sources.name(&row.source).to_owned()))])
}

fn value(row: &Row, named: bool) -> String {
    if row.kind != "Observation" {
        return row.title.clone();
    }
    let words = clipped(&results::line(&results::value(&row.resource()).reading), LONG / 2);
    if named { format!("{}: {words}", row.title) } else { words }
}

fn symbol(class: Class) -> &'static str {
    match class {
        Class::Laboratory | Class::ClinicalTest | Class::Imaging => "results",
        Class::VitalSign | Class::Problem | Class::Allergy => "heart",
        Class::Medication => "medicine",
        Class::Immunization => "vaccine",
        Class::Encounter | Class::Procedure => "visit",
        Class::Message => "message",
        Class::Appointment => "calendar",
        Class::Bill | Class::Insurance => "bill",
        _ => "doc",
    }
}
