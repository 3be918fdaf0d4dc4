//! One report: what it concludes, its results, its file, its lab.

use super::document::viewers;
use super::filter::Filter;
use super::record::{everything, source_facts, versions};
use super::rows;
use super::ui::{Desk, facts, head, joined, title};
use crate::Result;
use crate::chart::people;
use crate::record::{Class, PartialDate, Standing, array, text_at};
use crate::vault::Row;
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, note, print_act, section};
use maud::{Markup, html};

/// The page of a DiagnosticReport.
pub(crate) fn page(cx: &ChartCx, row: &Row, _filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let resource = row.resource();
    let mut members = Vec::new();
    let mut absent = 0;
    for reference in array(&resource, "result").iter().take(200) {
        match people::resolved(&cx.chart, row, &resource, reference).1 {
            Some(found) => members.push(found),
            None => absent += 1,
        }
    }
    let lead = joined([row.date.as_ref().map(PartialDate::words), people::by(&resource)]);
    let mut list: Vec<(String, Markup)> = Vec::new();
    for (key, label) in [
        ("performer", "Lab or clinician"),
        ("resultsInterpreter", "Read by"),
        ("basedOn", "Ordered in"),
        ("specimen", "Specimen"),
        ("encounter", "Visit"),
        ("imagingStudy", "Pictures"),
    ] {
        for reference in array(&resource, key).iter().take(6) {
            let (words, target) = people::resolved(&cx.chart, row, &resource, reference);
            let Some(words) = words else { continue };
            let contact = target.as_ref().map(|t| people::contact(&t.resource())).unwrap_or_default();
            let linked = html! {
                @if let Some(target) = &target { a href=(desk.href(target)) { (words) } } @else { (words) }
                @for line in contact { br; span.soft { (line) } }
            };
            list.push((label.to_owned(), linked));
        }
    }
    if let Some(words) = text_at(&resource, "status").as_deref().and_then(crate::chart::results::status_words) {
        list.push(("State".into(), html! { (words) }));
    }
    let up: (&str, &str) = match row.class {
        Class::Imaging => ("Imaging", "imaging"),
        Class::Note => ("Documents", "documents"),
        _ => ("Results", "results"),
    };
    let body = html! {
        (head(&title(row), &lead, &print_act("Print")))
        @if row.standing == Standing::Error { (note("heed", &html! { p { b { "Entered in error." } " The source has taken this report back." } })) }
        @if let Some(conclusion) = text_at(&resource, "conclusion") {
            (section("conclusion", "Conclusion", None, &html! { div.paper { @for line in conclusion.lines() { p { (line) } } } }))
        }
        (versions(&desk, row)?)
        (viewers(&desk, row, &resource)?)
        @if !members.is_empty() {
            (section("results", "Results in this report", None, &html! { ul.rows { @for member in &members { (rows::single(&desk, member).draw()) } } }))
        }
        @if absent > 0 { p.soft { (absent) " more results are named in it, but the source did not send them along." } }
        div.pair {
            (section("about-it", "About this report", None, &facts(&list)))
            (section("from", "Where this comes from", None, &source_facts(&desk, row)?))
        }
        (everything(&desk, row, &resource))
    };
    Ok(chart_page(cx, &Page { title: &title(row), nav: if up.1 == "imaging" { "kinds" } else { up.1 }, crumbs: &[up] }, &body))
}
