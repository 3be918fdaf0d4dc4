//! One message as a letter: who wrote to whom, when, and what came with it.

use super::document::viewers;
use super::filter::Filter;
use super::record::{everything, source_facts, standing, versions};
use super::ui::{Desk, head, joined, title};
use crate::Result;
use crate::chart::people;
use crate::record::{Class, PartialDate, array, text_at};
use crate::vault::{Order, Query, Row};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, print_act, section};
use maud::{Markup, html};
use serde_json::Value;

/// So many letters of one exchange.
const LETTERS: usize = 20;

/// So many letters of a chart are asked whether they answer one of the page.
const ALL: usize = 300;

/// The page of a Communication, with those that it answers.
pub(crate) fn page(cx: &ChartCx, row: &Row, _filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let mut letters = vec![row.clone()];
    // Each letter names the one that it answers (FHIR R4 Communication.inResponseTo).
    while let Some(last) = letters.last().filter(|_| letters.len() < LETTERS) {
        let resource = last.resource();
        let Some(before) = array(&resource, "inResponseTo").iter().find_map(|r| people::resolved(&cx.chart, last, &resource, r).1) else {
            break;
        };
        if letters.iter().any(|l| l.rid == before.rid) {
            break;
        }
        letters.push(before);
    }
    letters.reverse();
    answers(&desk, &mut letters)?;
    let resource = row.resource();
    let body = html! {
        (head(&title(row), &if letters.len() > 1 { format!("{} letters.", letters.len()) } else { String::new() }, &print_act("Print")))
        (standing(row))
        (versions(&desk, row)?)
        ol class="thread list" { @for letter in &letters { (drawn(&desk, letter)) } }
        (viewers(&desk, row, &resource)?)
        (everything(&desk, row, &resource))
        (section("from", "Where this comes from", None, &source_facts(&desk, row)?))
    };
    Ok(chart_page(cx, &Page { title: &title(row), nav: "messages", crumbs: &[("Messages", "messages")] }, &body))
}

/// Adds the letters that answer those already here, in the order of their dates.
fn answers(desk: &Desk<'_>, letters: &mut Vec<Row>) -> Result<()> {
    let types = vec!["Communication".to_owned()];
    let query = Query { classes: vec![Class::Message], types, limit: ALL, order: Order::Oldest, ..Query::default() };
    for other in desk.cx.chart.list(&query)?.rows {
        if letters.len() >= LETTERS {
            break;
        }
        let resource = other.resource();
        let answered = array(&resource, "inResponseTo").iter().filter_map(|r| people::resolved(&desk.cx.chart, &other, &resource, r).1);
        let belongs = answered.into_iter().any(|to| letters.iter().any(|l| l.rid == to.rid));
        if belongs && !letters.iter().any(|l| l.rid == other.rid) {
            letters.push(other);
        }
    }
    Ok(())
}

fn drawn(desk: &Desk<'_>, letter: &Row) -> Markup {
    let resource = letter.resource();
    let name = |key: &str| {
        let all: Vec<String> =
            array(&resource, key).iter().filter_map(|r| people::resolved(&desk.cx.chart, letter, &resource, r).0).collect();
        (!all.is_empty()).then(|| all.join(", "))
    };
    let mine = text_at(&resource, "sender.reference").is_some_and(|r| r.contains("Patient/"));
    let when = text_at(&resource, "sent")
        .or_else(|| text_at(&resource, "received"))
        .and_then(|d| PartialDate::parse(&d))
        .or_else(|| letter.date.clone());
    html! {
        li class=[mine.then_some("mine")] {
            header {
                b { (name("sender").unwrap_or_else(|| "Sender not named".into())) }
                span.soft { (joined([name("recipient").map(|r| format!("to {r}")), when.map(|w| w.words())])) }
            }
            @for text in payload(&resource) { @for line in text.lines().filter(|l| !l.trim().is_empty()) { p { (line) } } }
            @for note in array(&resource, "note").iter().filter_map(|n| text_at(n, "text")) { p.soft { (note) } }
        }
    }
}

fn payload(resource: &Value) -> Vec<String> {
    array(resource, "payload").iter().filter_map(|p| text_at(p, "contentString")).collect()
}
