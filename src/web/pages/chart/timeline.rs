//! Everything dated, by month, newest first.

use super::filter::Filter;
use super::ui::{Desk, head, joined, nothing};
use crate::Result;
use crate::chart::timeline::{Entry, day, months};
use crate::chart::{people, results};
use crate::record::{Class, Flag, Precision};
use crate::vault::{Query, Row};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon};
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
    // Only what has a date: everything from the beginning of time on.
    query.from = query.from.or(Some(i64::from(i32::MIN) * 64));
    let listing = cx.chart.list(&query)?;
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
    let name = if many { together(row.class, values.len()) } else { row.title.clone() };
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
                p { (icon(symbol(row.class))) " " (sub(desk, &values)) }
            }
        }
    }
}

/// The records of an entry without those that only hold others of them together.
fn values_of(entry: &Entry) -> Vec<&Row> {
    let own: Vec<&Row> = entry.rows.iter().filter(|r| r.kind != "Observation" || !results::is_panel(&r.resource())).collect();
    if own.is_empty() { entry.rows.iter().collect() } else { own }
}

fn together(class: Class, n: usize) -> String {
    match class {
        Class::Laboratory => format!("Laboratory, {n} results"),
        Class::VitalSign => format!("Vital signs, {n} measurements"),
        Class::Bill => format!("Bills and claims, {n} of them"),
        other => format!("{}, {n} entries", other.words()),
    }
}

/// The list of one day; where there is no such list, the first record.
fn day_page(desk: &Desk<'_>, entry: &Entry) -> String {
    let row = entry.first();
    let Some(date) = row.date.as_ref().filter(|d| d.precision >= Precision::Day) else { return desk.href(row) };
    let day = date.date_text();
    format!("{}?from={day}&to={day}", desk.cx.to(super::class_path(row.class)))
}

fn sub(desk: &Desk<'_>, rows: &[&Row]) -> String {
    let Some(row) = rows.first() else { return String::new() };
    let resource = row.resource();
    let outside = rows.iter().filter(|r| matches!(r.flag, Some(Flag::Above | Flag::Below | Flag::Outside))).count();
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
    let flagged = (outside > 0).then(|| words::count(outside as u64, "outside its range", "outside their range"));
    joined([kind, values, flagged, not_exact, people::by(&resource).or_else(|| Some(desk.sources.name(&row.source).to_owned()))])
}

/// What a single entry is: an observation by what it observes.
fn kind(row: &Row) -> String {
    match (row.kind.as_str(), row.class) {
        ("Observation", Class::Laboratory | Class::ClinicalTest | Class::Imaging) => "Result".into(),
        ("Observation", Class::VitalSign) => "Measurement".into(),
        ("Observation", class) => class.words().into(),
        (kind, _) => crate::chart::words::type_words(kind),
    }
}

fn value(row: &Row, named: bool) -> String {
    if row.kind != "Observation" {
        return row.title.clone();
    }
    let words = results::line(&results::value(&row.resource()).reading);
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
