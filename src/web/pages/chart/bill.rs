//! One bill, claim or plan's statement, line by line, with the digits that its source gave.

use super::filter::Filter;
use super::record::{everything, source_facts, standing, versions};
use super::rows;
use super::ui::{Desk, head, joined, scrolling, span, title};
use crate::Result;
use crate::chart::{link, money, people, words};
use crate::record::{Class, PartialDate, text_at};
use crate::vault::{Query, Row};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, print_act, section};
use maud::{Markup, html};

/// The page.
pub(crate) fn page(cx: &ChartCx, row: &Row, _filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let resource = row.resource();
    let lines = money::lines(&resource);
    let (totals, others) = money::totals(&resource);
    let used: Vec<usize> = (0..5).filter(|n| totals[*n].is_some() || lines.iter().any(|l| l.amounts[*n].is_some())).collect();
    let lead = joined([Some(words::type_words(&row.kind)), span(row), people::by(&resource)]);
    let mut main: Vec<(&str, &String)> = [0, 2, 4].into_iter().filter_map(|n| Some((money::COLUMNS[n], totals[n].as_ref()?))).collect();
    // A bill has a sum alone.
    let alone = main.is_empty();
    if alone {
        main.extend(others.iter().map(|(name, amount)| (name.as_str(), amount)));
    }
    let body = html! {
        (head(&title(row), &lead, &print_act("Print")))
        (standing(row))
        (versions(&desk, row)?)
        @if !main.is_empty() { dl.sides { @for (name, amount) in &main { div { dt { (name) } dd { (amount) } } } } }
        @if !lines.is_empty() {
            (section("lines", "Line by line", None, &html! {
                (scrolling("Line by line", &html! { table.fold {
                    thead { tr { th scope="col" { "Service" } @for n in &used { th.n scope="col" { (money::COLUMNS[*n]) } } } }
                    tbody { @for line in &lines {
                        tr {
                            th scope="row" {
                                (line.service)
                                @if let Some(date) = line.date.as_deref().and_then(PartialDate::parse) { br; small.soft { (date.day_words()) } }
                                @for (what, amount) in &line.others { br; small.soft { (super::ui::opening(what)) ": " (amount) } }
                            }
                            @for n in &used { td.n data-label=(money::COLUMNS[*n]) { (line.amounts[*n].as_deref().unwrap_or("")) } }
                        }
                    } }
                    @if totals.iter().any(Option::is_some) {
                        tfoot { tr { th scope="row" { "Total, as the source gives it" } @for n in &used { td.n data-label=(money::COLUMNS[*n]) { (totals[*n].as_deref().unwrap_or("")) } } } }
                    }
                } }))
                p.soft { "An empty field: the source gave no amount. Keepwell adds nothing up by itself." }
            }))
        }
        @if let Some(terms) = text_at(&resource, "paymentTerms") { p { (terms) } }
        @if !others.is_empty() && !alone {
            (section("other-amounts", "Other amounts", None, &super::ui::facts(&others.iter().map(|(l, w)| (super::ui::opening(l), html! { (w) })).collect::<Vec<_>>())))
        }
        (others_about(&desk, row, !lines.is_empty())?)
        (everything(&desk, row, &resource))
        (section("from", "Where this comes from", None, &source_facts(&desk, row)?))
    };
    Ok(chart_page(cx, &Page { title: &title(row), nav: "bills", crumbs: &[("Bills", "bills")] }, &body))
}

/// So many bills of a chart are compared with the one of the page, and so many days lie between two that may belong together.
const COMPARED: usize = 120;
const NEAR: i64 = 120 * 86_400;

/// Bills, claims and statements that name the same services at about the same time: what one asks and another says stand side
/// by side, and nobody works out the difference.
fn others_about(desk: &Desk<'_>, row: &Row, has_services: bool) -> Result<Markup> {
    let Some(date) = row.date.as_ref().filter(|_| has_services) else { return Ok(html! {}) };
    let near = Query {
        classes: vec![Class::Bill],
        from: Some(date.start - NEAR),
        until: Some(date.start + NEAR),
        limit: COMPARED,
        ..Query::default()
    };
    let named = link::folded(&row.title);
    let mut found = desk.cx.chart.list(&near)?.rows;
    found.retain(|other| other.rid != row.rid && link::folded(&other.title) == named);
    if found.is_empty() {
        return Ok(html! {});
    }
    let rows = html! {
        p.soft { "Compare them before you pay. A plan’s statement is not a bill." }
        ul.rows { @for other in found.iter().take(6) { (rows::among_others(desk, other).draw()) } }
    };
    Ok(section("same", "The same services in other records", None, &rows))
}
