//! One visit or stay: when, where, with whom, why, how it ended, and everything that belongs to it.

use super::filter::Filter;
use super::record::{everything, source_facts, standing, versions};
use super::rows;
use super::ui::{Desk, facts, head, joined, span, title};
use crate::Result;
use crate::chart::people;
use crate::record::{Class, array, at, code_of, concept_text};
use crate::vault::{Query, Row};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, print_act, section};
use crate::web::pages::words as say;
use maud::{Markup, html};
use serde_json::Value;

/// What belongs to one visit is shown up to here; a long stay can hold thousands of measurements.
const MOST: usize = 300;

/// The page.
pub(crate) fn page(cx: &ChartCx, row: &Row, filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let resource = row.resource();
    let query = Query { encounter: Some(row.rid), limit: MOST, after: filter.cursor(), ..Query::default() };
    let inside = cx.chart.list(&query)?;
    let mut groups: Vec<(Class, Vec<Row>)> = Vec::new();
    for found in inside.rows {
        match groups.iter_mut().find(|(c, _)| *c == found.class) {
            Some((_, list)) => list.push(found),
            None => groups.push((found.class, vec![found])),
        }
    }
    groups.sort_by_key(|(class, _)| place(*class));
    let path = cx.to(&format!("visits/{}", row.rid));
    let lead = joined([span(row), resource.get("serviceProvider").and_then(|p| people::resolved(&cx.chart, row, &resource, p).0)]);
    let body = html! {
        (head(&title(row), &lead, &print_act("Print")))
        (standing(row))
        (versions(&desk, row)?)
        (about(&desk, row, &resource))
        @for (class, list) in &groups {
            @let id = format!("c-{}", class.slug());
            (section(&id, &format!("{}: {}", class.words(), say::number(list.len() as u64)), None, &html! {
                ul.rows { @for found in list { (rows::single(&desk, found).draw()) } }
            }))
        }
        (filter.more(&path, inside.next, "Show more of this visit"))
        @if groups.is_empty() { p.soft { "No other record says that it belongs to this visit." } }
        (everything(&desk, row, &resource))
        (section("from", "Where this comes from", None, &source_facts(&desk, row)?))
    };
    Ok(chart_page(cx, &Page { title: &title(row), nav: "visits", crumbs: &[("Visits", "visits")] }, &body))
}

/// What a reader looks for first within a visit.
fn place(class: Class) -> u8 {
    match class {
        Class::Problem => 0,
        Class::Note => 1,
        Class::Procedure => 2,
        Class::Medication => 3,
        Class::Immunization => 4,
        Class::Laboratory | Class::ClinicalTest | Class::Imaging => 5,
        Class::VitalSign => 6,
        Class::Bill => 9,
        _ => 7,
    }
}

fn about(desk: &Desk<'_>, row: &Row, resource: &Value) -> Markup {
    let chart = &desk.cx.chart;
    let mut list: Vec<(String, Markup)> = Vec::new();
    let mut linked = |label: String, reference: &Value| {
        let (words, target) = people::resolved(chart, row, resource, reference);
        let Some(words) = words else { return };
        let contact = target.as_ref().map(|t| people::contact(&t.resource())).unwrap_or_default();
        let drawn = html! {
            @if let Some(target) = &target { a href=(desk.href(target)) { (words) } } @else { (words) }
            @for line in contact { br; span.soft { (line) } }
        };
        list.push((super::ui::capital(&label), drawn));
    };
    for participant in array(resource, "participant").iter().take(12) {
        let role = participant.get("type").and_then(concept_text).and_then(|r| people::role(&r)).unwrap_or_else(|| "With".into());
        if let Some(who) = participant.get("individual") {
            linked(role, who);
        }
    }
    for location in array(resource, "location").iter().take(6) {
        if let Some(reference) = location.get("location") {
            linked("Place".into(), reference);
        }
    }
    if let Some(organization) = resource.get("serviceProvider") {
        linked("Organization".into(), organization);
    }
    for diagnosis in array(resource, "diagnosis").iter().take(12) {
        let role = diagnosis.get("use").and_then(concept_text).map_or_else(|| "Diagnosis".into(), |u| format!("Diagnosis ({u})"));
        if let Some(condition) = diagnosis.get("condition") {
            linked(role, condition);
        }
    }
    for reason in array(resource, "reasonReference").iter().take(6) {
        linked("Reason".into(), reason);
    }
    let mut plain = |label: &str, words: Option<String>| list.extend(words.map(|w| (label.to_owned(), html! { (w) })));
    let mut reasons: Vec<String> = array(resource, "reasonCode").iter().filter_map(concept_text).collect();
    reasons.retain(|reason| !reason.eq_ignore_ascii_case("unknown"));
    reasons.dedup();
    plain("Reason", (!reasons.is_empty()).then(|| reasons.join(", ")));
    plain("Came from", at(resource, "hospitalization.admitSource").and_then(concept_text));
    plain("Left to", at(resource, "hospitalization.dischargeDisposition").and_then(concept_text));
    plain("Kind", resource.get("class").and_then(concept_text).map(|k| super::ui::capital(&k)));
    list.splice(0..0, when(row, resource).into_iter().map(|(label, words)| (label.to_owned(), html! { (words) })));
    facts(&list)
}

/// When it was: for a stay, the days on which it began and ended; for a visit, the day and its hours.
fn when(row: &Row, resource: &Value) -> Vec<(&'static str, String)> {
    // Some systems fill the hospital's part of every office visit.
    let class = code_of(resource, "class");
    let stay = matches!(class, Some("IMP" | "ACUTE" | "NONAC" | "SS" | "OBSENC"))
        || resource.get("hospitalization").is_some() && !matches!(class, Some("AMB" | "VR" | "HH" | "FLD"));
    match (&row.date, &row.end) {
        (Some(from), Some(to)) if from.day_words() == to.day_words() => {
            let words = to.words();
            vec![("When", format!("{} to {}", from.words(), words.rsplit(", ").next().unwrap_or(&words)))]
        }
        (Some(from), Some(to)) if stay => vec![("Admitted", from.words()), ("Discharged", to.words())],
        (Some(from), Some(to)) => vec![("When", format!("{} to {}", from.words(), to.words()))],
        (Some(from), None) => vec![(if stay { "Admitted" } else { "When" }, from.words())],
        _ => Vec::new(),
    }
}
