//! Results and vital signs: the newest value of each test, with its own range, a number line and the last eight values.

use super::filter::Filter;
use super::rows;
use super::svg;
use super::ui::{Desk, Item, day, head, joined, nothing, range_words, state, value};
use crate::Result;
use crate::chart::link;
use crate::chart::results::{self, Measured, RESULT_CLASSES};
use crate::chart::trend::{Series, series};
use crate::record::{Class, Flag, Standing};
use crate::vault::{Group, Query, Row};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, print_act, section};
use crate::web::pages::words;
use maud::{Markup, html};

/// So many tests on one page: each brings its last eight values.
const TESTS: usize = 40;

/// The page of laboratory and clinical tests.
pub(crate) fn page(cx: &ChartCx, filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let all: Vec<Group> = groups(&desk, &RESULT_CLASSES, filter)?;
    let total = all.len();
    let new = all.iter().filter(|g| desk.is_new(&g.latest)).count();
    let first = filter.page.min(total).saturating_mul(TESTS);
    let mut drawn: Vec<(&str, Vec<Group>)> = Vec::new();
    let flat = results::sections(all).into_iter().flat_map(|(heading, groups)| groups.into_iter().map(move |g| (heading, g)));
    for (heading, group) in flat.skip(first).take(TESTS) {
        match drawn.last_mut() {
            Some((last, list)) if *last == heading => list.push(group),
            _ => drawn.push((heading, vec![group])),
        }
    }
    let lead = format!(
        "The newest value of each test: {}.{}",
        words::count(total as u64, "test", "tests"),
        if new > 0 { format!(" {} new since you were last here.", words::number(new as u64)) } else { String::new() }
    );
    let shows = [("", "All tests"), ("outside", "Outside their range"), ("new", "New"), ("reports", "Reports")];
    let reports = reports(&desk, filter)?;
    let path = cx.to("results");
    let body = html! {
        (head("Results", if total > 0 { &lead } else { "" }, &html! {}))
        @if total > 0 || reports.is_some() || filter.narrows() || !filter.show.is_empty() {
            (filter.bar(cx, "results", "results", &desk.sources, &shows))
        }
        @if total > 0 { (key()) }
        @for (heading, groups) in &drawn { (tests(&desk, heading, groups)?) }
        (pages(filter, &path, total))
        @if let Some(reports) = &reports { (reports) }
        @if total > 0 || reports.is_some() { p.acts { (print_act("Print")) } }
        @if total == 0 && reports.is_none() {
            (nothing(cx, filter.narrows() || !filter.show.is_empty(), "No results yet.", "They appear here when you add records."))
        }
    };
    Ok(chart_page(cx, &Page { title: "Results", nav: "results", crumbs: &[] }, &body))
}

/// The page of vital signs: blood pressure as people say it.
pub(crate) fn vitals(cx: &ChartCx, filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let mut all = groups(&desk, &[Class::VitalSign], filter)?;
    // Where a source gives both halves of a pressure alone, one line stands for both.
    let halves: Vec<Option<bool>> = all.iter().map(|g| results::half_of_pressure(&g.latest.resource())).collect();
    let panel = all.iter().any(|g| results::value(&g.latest.resource()).parts.len() > 1);
    let low = all.iter().zip(&halves).find(|(_, h)| **h == Some(false)).map(|(g, _)| g.clone());
    let total = all.len();
    let mut keep = halves.iter().map(|h| *h != Some(false) || low.is_none() || panel);
    all.retain(|_| keep.next().unwrap_or(true));
    let called = |g: &Group| match results::half_of_pressure(&g.latest.resource()) {
        Some(true) if low.is_some() && !panel => "blood pressure".to_owned(),
        _ => g.latest.title.to_lowercase(),
    };
    all.sort_by_cached_key(called);
    let shown: Vec<Group> = all.into_iter().skip(filter.page.min(total).saturating_mul(TESTS)).take(TESTS).collect();
    let path = cx.to("vital-signs");
    let body = html! {
        (head("Vital signs", "The newest measurement of each kind. Open one for the line over time.", &html! {}))
        @if total > 0 || filter.narrows() { (filter.bar(cx, "vital-signs", "vital signs", &desk.sources, &[])) }
        @if total == 0 { (nothing(cx, filter.narrows(), "No vital signs yet.", "Weight, blood pressure and the like appear here when you add records.")) }
        @else {
            ul class="rows traced" {
                @for group in &shown { (test(&desk, group, low.as_ref().filter(|_| !panel))?) }
            }
        }
        (pages(filter, &path, total))
    };
    Ok(chart_page(cx, &Page { title: "Vital signs", nav: "vital-signs", crumbs: &[] }, &body))
}

/// The groups that a filter leaves. Text, source and dates are asked of the chart; their groups are those of what it finds.
fn groups(desk: &Desk<'_>, classes: &[Class], filter: &Filter) -> Result<Vec<Group>> {
    let chart = &desk.cx.chart;
    let mut all: Vec<Group> = if filter.show == "reports" {
        Vec::new()
    } else if filter.narrows() {
        let query = Query { types: vec!["Observation".into()], limit: 1000, ..filter.query(classes) };
        let mut out: Vec<Group> = Vec::new();
        for row in chart.list(&query)?.rows {
            let key = row.group.clone().unwrap_or_else(|| format!("rid|{}", row.rid));
            match out.iter_mut().find(|g| g.key == key) {
                Some(group) => group.count += 1,
                None => out.push(Group { key, count: 1, latest: row }),
            }
        }
        out.sort_by_key(|g| g.latest.title.to_lowercase());
        out
    } else {
        chart.groups(classes)?
    };
    // Panels only hold others together: their values stand here themselves, the panel on its own page.
    let own_value = |g: &Group| !results::is_panel(&g.latest.resource());
    all.retain(|g| g.latest.kind == "Observation" && g.latest.standing != Standing::Error && own_value(g));
    match filter.show.as_str() {
        "outside" => all.retain(|g| matches!(g.latest.flag, Some(Flag::Above | Flag::Below | Flag::Outside))),
        "new" => all.retain(|g| desk.is_new(&g.latest)),
        _ => {}
    }
    Ok(all)
}

fn tests(desk: &Desk<'_>, heading: &str, groups: &[Group]) -> Result<Markup> {
    let id = format!("s-{}", heading.to_lowercase().replace(' ', "-"));
    let mut list = Vec::new();
    for group in groups {
        list.push(test(desk, group, None)?);
    }
    Ok(section(&id, heading, None, &html! { ul class="rows traced" { @for row in &list { (row) } } }))
}

/// One test: `low` is the group of the lower half, where this one is the upper half of a pressure.
fn test(desk: &Desk<'_>, group: &Group, low: Option<&Group>) -> Result<Markup> {
    let row = &group.latest;
    let resource = row.resource();
    let mut measured = results::value(&resource);
    let mut name = named(desk, group)?;
    if let Some(low) = low.filter(|_| results::half_of_pressure(&resource) == Some(true)) {
        (name, measured) = both(&name, measured, low, row);
    }
    let reading = &measured.reading;
    let line = if group.count > 1 && reading.number.is_some() { last_eight(desk, group)? } else { Series::default() };
    let several = (group.count > 1).then(|| format!("{} values", words::number(group.count)));
    let mut item = Item::new(desk.href(row), name);
    item.subs.push(joined([Some(day(row.date.as_ref())), range_words(reading), several]));
    item.end = html! {
        (value(reading))
        @if measured.parts.len() < 2 || reading.flag.is_some() { br; (state(reading)) }
        @if row.versions > 0 || desk.is_new(row) { br; (desk.marks(row)) }
    };
    Ok(html! {
        li {
            div { span.name { a href=(item.href) { (item.name) } } @for sub in &item.subs { span.sub { (sub) } } }
            div.end { (item.end) }
            @let spark = svg::spark(&line.points);
            @let numline = svg::numline(reading);
            // Without a drawing its column stays, so that values stand under one another.
            div.trace { @if !spark.0.is_empty() || !numline.0.is_empty() { span { (spark) } span { (numline) } } }
        }
    })
}

/// The name of a test: where its newest value brought only a code, what the other values of it are called.
fn named(desk: &Desk<'_>, group: &Group) -> Result<String> {
    let row = &group.latest;
    if group.count < 2 || !link::only_code(&row.title) {
        return Ok(super::ui::title(row));
    }
    let query = Query { classes: vec![row.class], group: Some(group.key.clone()), limit: 50, ..Query::default() };
    let rows = desk.cx.chart.list(&query)?.rows;
    Ok(rows.iter().find(|r| !link::only_code(&r.title)).map_or_else(|| super::ui::title(row), super::ui::title))
}

/// Upper and lower half of one measurement: only when they were taken at the same moment.
fn both(name: &str, high: Measured, low: &Group, row: &Row) -> (String, Measured) {
    let same = row.date.as_ref().map(|d| d.text.as_str()) == low.latest.date.as_ref().map(|d| d.text.as_str());
    let under = results::value(&low.latest.resource()).reading;
    if !same || under.text.is_empty() {
        return (name.to_owned(), high);
    }
    let mut out = high;
    out.parts = vec![(row.title.clone(), out.reading.clone()), (low.latest.title.clone(), under.clone())];
    out.reading.text = format!("{}/{}", out.reading.text, under.text);
    out.reading.number = None;
    out.reading.range = None;
    out.reading.flag = [out.reading.flag, under.flag].into_iter().flatten().find(|f| *f != Flag::InRange).or(out.reading.flag);
    ("Blood pressure".into(), out)
}

fn last_eight(desk: &Desk<'_>, group: &Group) -> Result<Series> {
    let query = Query { classes: vec![group.latest.class], group: Some(group.key.clone()), numeric: true, limit: 8, ..Query::default() };
    let rows = desk.cx.chart.list(&query)?.rows;
    let readings: Vec<_> = rows.iter().map(|r| results::value(&r.resource()).reading).collect();
    Ok(series(rows.iter().zip(&readings)))
}

/// Reports of laboratories, newest first: a few below the tests, all under "Reports".
fn reports(desk: &Desk<'_>, filter: &Filter) -> Result<Option<Markup>> {
    let alone = filter.show == "reports";
    if !alone && !filter.show.is_empty() || filter.page > 0 {
        return Ok(None);
    }
    let query = Query {
        types: vec!["DiagnosticReport".into()],
        limit: if alone { 60 } else { 8 },
        after: filter.cursor().filter(|_| alone),
        ..filter.query(&RESULT_CLASSES)
    };
    let listing = desk.cx.chart.list(&query)?;
    if listing.rows.is_empty() {
        return Ok(None);
    }
    let path = desk.cx.to("results");
    let all = filter.address(&path, &[("show", "reports")]);
    let body = html! {
        ul.rows { @for row in &listing.rows { (rows::single(desk, row).draw()) } }
        @if alone { (filter.more(&path, listing.next, "Show older reports")) }
    };
    let side = (!alone && listing.next.is_some()).then_some(("All reports", all.as_str()));
    Ok(Some(section("reports", "Reports", side, &body)))
}

fn pages(filter: &Filter, path: &str, total: usize) -> Markup {
    let pages = total.div_ceil(TESTS);
    html! {
        @if pages > 1 {
            p.acts.no-print {
                @if filter.page > 0 { a.btn href=(filter.address(path, &[("page", &(filter.page - 1).to_string())])) { "Tests before these" } }
                @if filter.page + 1 < pages { a.btn href=(filter.address(path, &[("page", &(filter.page + 1).to_string())])) { "More tests" } }
                span.soft { "Page " (filter.page + 1) " of " (pages) }
            }
        }
    }
}

/// What the drawings mean.
fn key() -> Markup {
    html! {
        ul.key {
            li { svg viewBox="0 0 20 16" aria-hidden="true" { rect x="1" y="2" width="18" height="12" fill="currentColor" opacity=".25" {} } "Tall block: the test’s own range" }
            li { svg viewBox="0 0 20 16" aria-hidden="true" { path d="M10 1l7 7-7 7-7-7z" fill="currentColor" {} } "Value outside it" }
            li { svg viewBox="0 0 20 16" aria-hidden="true" { circle cx="10" cy="8" r="5.5" fill="currentColor" {} } "Value in range" }
            li { svg viewBox="0 0 20 16" aria-hidden="true" { path d="M1 12l6-4 5 2 7-7" fill="none" stroke="currentColor" stroke-width="1.75" {} } "Line: the last eight values" }
        }
    }
}
