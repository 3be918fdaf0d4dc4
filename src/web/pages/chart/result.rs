//! One result: its value against its own range, the line over time, the same as a table, and where it comes from.

use super::filter::Filter;
use super::record::{everything, source_facts, versions};
use super::svg;
use super::ui::{Desk, LONG, SHORT, clipped, day, facts, head, scrolling, state, title};
use crate::Result;
use crate::chart::goals::{self, Aim};
use crate::chart::results::{self, Measured};
use crate::chart::trend::{Series, series};
use crate::chart::{people, when, words};
use crate::record::{Class, PartialDate, Standing, array, reading, reference_words, text_at};
use crate::vault::{Query, Row};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, note, print_act, section};
use maud::{Markup, html};
use serde_json::Value;

/// So many values in the table of one page of a test.
const VALUES: usize = 60;

/// So many of the newest on the line: more would lie upon each other.
const LINE: usize = 250;

/// The page of an Observation.
pub(crate) fn page(cx: &ChartCx, row: &Row, filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let resource = row.resource();
    let measured = results::value(&resource);
    let vital = row.class == Class::VitalSign;
    let aim = goals::of(&cx.chart, &resource)?;
    let up: (&str, &str) = match row.class {
        Class::VitalSign => ("Vital signs", "vital-signs"),
        Class::Laboratory | Class::ClinicalTest => ("Results", "results"),
        other => (other.words(), other.slug()),
    };
    let lead = {
        let drawn = match when::word(row, &resource) {
            Some("given out") => "Result",
            Some(_) => "Recorded",
            None if row.class == Class::Laboratory => "Taken",
            None => "Measured",
        };
        let when = row.date.as_ref().map_or_else(|| "The source gives no date".into(), |d| format!("{drawn} on {}", d.words()));
        let issued = text_at(&resource, "issued")
            .filter(|_| drawn != "Result")
            .and_then(|i| PartialDate::parse(&i))
            .filter(|i| row.date.as_ref().is_none_or(|d| d.day_words() != i.day_words()))
            .map(|i| format!(" Result of {}.", i.day_words()));
        format!("{when}.{}", issued.unwrap_or_default())
    };
    let body = html! {
        (head(&title(row), &lead, &print_act("Print")))
        @if row.standing == Standing::Error { (note("heed", &html! { p { b { "Entered in error." } " The source has taken this result back. It counts nowhere else in this chart." } })) }
        (big(&measured, aim.as_ref()))
        @if let Some(aim) = &aim { (aimed(&desk, aim)) }
        @if measured.parts.len() > 1 { (parts(&measured)) }
        @for text in results::notes(&resource) { (note("", &html! { p { (text) } })) }
        (versions(&desk, row)?)
        (over_time(&desk, row, &measured, aim.as_ref(), filter)?)
        div.pair {
            (section("about-it", "About this result", None, &about(&desk, row, &resource)))
            (section("from", "Where this comes from", None, &source_facts(&desk, row)?))
        }
        (everything(&desk, row, &resource))
    };
    Ok(chart_page(cx, &Page { title: &title(row), nav: if vital { "vital-signs" } else { "results" }, crumbs: &[up] }, &body))
}

fn big(measured: &Measured, aim: Option<&Aim>) -> Markup {
    let read = &measured.reading;
    // So many large letters fit beside each other at 320 pixels.
    let long = read.text.chars().count() > 8;
    let range = read.range.as_ref().map(|r| format!("Its own range: {}.", r.words));
    let says = format!("{}. {}", results::line(read), range.clone().unwrap_or_default());
    let drawn = svg::numline_large(read, &results::line(read), &says, aim.and_then(|a| a.beside(&read.unit)));
    html! {
        @if read.text.is_empty() && measured.parts.len() > 1 {
        } @else if read.text.is_empty() {
            p { b { (results::line(read)) } }
        } @else if read.number.is_none() && read.text.chars().count() > LONG {
            @if read.flag.is_some() { p { (state(read)) } }
            div.paper { @for line in results::line(read).lines().filter(|l| !l.trim().is_empty()) { p { (line) } } }
        } @else if long {
            p { b { (results::line(read)) } " " (state(read)) }
        } @else {
            p.big {
                data value=(read.text) { @if let Some(c) = &read.comparator { (c) " " } (read.text) } " "
                @if !read.unit.is_empty() { span.unit { (read.unit) } " " }
                @if measured.parts.len() < 2 || read.flag.is_some() { (state(read)) }
            }
        }
        (drawn)
        @if let Some(range) = range { p.soft { (range) " Outside a range is not always a problem." } }
        @else if read.number.is_some() && measured.parts.len() < 2 { p.soft { "The source gave no range, so nothing is marked." } }
    }
}

/// What somebody set as a goal, in the goal's own words.
fn aimed(desk: &Desk<'_>, aim: &Aim) -> Markup {
    let by = aim.goal.resource().get("expressedBy").and_then(|by| reference_words(&aim.goal.resource(), by));
    let more = [aim.goal.date.as_ref().map(PartialDate::day_words), by].into_iter().flatten().collect::<Vec<_>>().join(", ");
    html! { p { "The goal that was set: " a href=(desk.href(&aim.goal)) { (title(&aim.goal)) } @if !more.is_empty() { " (" (more) ")" } "." } }
}

/// The parts of a value: both halves of a pressure, the answers of a panel.
fn parts(measured: &Measured) -> Markup {
    section(
        "parts",
        "What it is made of",
        None,
        &scrolling(
            "What it is made of",
            &html! {
                table.fold {
                    thead { tr { th scope="col" { "Part" } th.n scope="col" { "Value" } th scope="col" { "Range" } th scope="col" { "State" } } }
                    tbody { @for (name, part) in &measured.parts {
                        tr {
                            th scope="row" { (name) }
                            td.n data-label="Value" { (results::line(part)) }
                            td data-label="Range" { (part.range.as_ref().map_or("not given", |r| r.words.as_str())) }
                            td data-label="State" { (state(part)) }
                        }
                    } }
                }
            },
        ),
    )
}

fn over_time(desk: &Desk<'_>, row: &Row, measured: &Measured, aim: Option<&Aim>, filter: &Filter) -> Result<Markup> {
    let Some(group) = &row.group else { return Ok(html! {}) };
    let query = Query { classes: vec![row.class], group: Some(group.clone()), limit: VALUES, after: filter.cursor(), ..Query::default() };
    let listing = desk.cx.chart.list(&query)?;
    if listing.rows.len() < 2 && filter.after.is_empty() {
        return Ok(html! {});
    }
    // The line shows more than one page of the table does.
    let whole = filter.after.is_empty() && listing.next.is_some();
    let drawn = if whole { Some(desk.cx.chart.list(&Query { limit: LINE, ..query })?) } else { None };
    let more = drawn.as_ref().is_some_and(|d| d.next.is_some());
    let drawn = drawn.as_ref().map_or(&listing.rows, |d| &d.rows);
    let values: Vec<Measured> = drawn.iter().map(|r| results::value(&r.resource())).collect();
    let lines = lines(drawn, &values, measured, &row.title);
    let here = desk.cx.to(&super::ui::path(row));
    // A point leads to its row of the table, or else to its own page.
    let leads = |rid: i64| {
        if listing.rows.iter().any(|r| r.rid == rid) { format!("#r-{rid}") } else { desk.cx.to(&format!("results/{rid}")) }
    };
    // Words such as "Former smoker" have neither a range nor a state.
    let ranged = values.iter().any(|v| v.reading.number.is_some() || v.reading.range.is_some() || v.reading.flag.is_some());
    Ok(html! {
        @if lines.iter().any(|(_, s)| !s.points.is_empty()) {
            (section("over-time", "Over time", None, &html! {
                @for (n, (name, series)) in lines.iter().enumerate() {
                    @if lines.len() > 1 { h3 { (name) } }
                    (svg::trend(series, name, &format!("trend-{n}"), aim.and_then(|a| a.beside(&series.unit)), &leads))
                }
                @if more { p.soft { "The line shows the newest " (LINE) " values. Older ones stand in the table." } }
                @if lines.iter().any(|(_, s)| s.points.iter().any(|p| p.flag.is_some())) { ul.key {
                    li { svg viewBox="0 0 20 16" aria-hidden="true" { path d="M10 1l7 7-7 7-7-7z" fill="currentColor" {} } "Outside its own range" }
                    li { svg viewBox="0 0 20 16" aria-hidden="true" { circle cx="10" cy="8" r="5.5" fill="currentColor" {} } "In range, or no range given" }
                    @if lines.iter().any(|(_, s)| s.shared_range().is_none() && s.points.iter().any(|p| p.range.is_some())) {
                        li { svg viewBox="0 0 20 16" aria-hidden="true" { path d="M4 2.5h12M4 13.5h12M10 2.5v11" fill="none" stroke="currentColor" stroke-width="1.5" {} } "Brackets: the range that was given with that value" }
                    }
                } }
            }))
        }
        (section("table", "The same as a table", None, &html! {
            (scrolling("The same as a table", &html! { table.fold {
                thead { tr { th scope="col" { "Date" } th.n scope="col" { "Value" } @if ranged { th.n scope="col" { "Its range" } th scope="col" { "State" } } th scope="col" { "From" } } }
                tbody { @for (r, v) in listing.rows.iter().zip(&values) { (table_row(desk, row, r, v, &lines, ranged)) } }
            } }))
            (filter.more(&here, listing.next, "Show older values"))
        }))
    })
}

/// One line for a number, one for each half of a pressure.
fn lines(rows: &[Row], values: &[Measured], measured: &Measured, title: &str) -> Vec<(String, Series)> {
    if measured.reading.number.is_some() || measured.parts.len() < 2 {
        return vec![(title.to_owned(), series(rows.iter().zip(values.iter().map(|v| &v.reading))))];
    }
    let numbers = measured.parts.iter().filter(|(_, r)| r.number.is_some()).take(4);
    numbers
        .map(|(name, _)| {
            let of_part = rows.iter().zip(values).filter_map(|(r, v)| Some((r, &v.parts.iter().find(|(n, _)| n == name)?.1)));
            (name.clone(), series(of_part))
        })
        .collect()
}

fn table_row(desk: &Desk<'_>, current: &Row, row: &Row, measured: &Measured, lines: &[(String, Series)], ranged: bool) -> Markup {
    let read = &measured.reading;
    let why = match lines {
        [(_, only)] if !only.points.is_empty() => only.left_out.iter().find(|(rid, _)| *rid == row.rid).map(|(_, why)| *why),
        _ => None,
    };
    html! {
        tr id=(format!("r-{}", row.rid)) {
            th.keep scope="row" { a href=(desk.href(row)) aria-current=[(row.rid == current.rid).then_some("page")] { (day(row.date.as_ref())) } }
            td.n.keep[results::line(read).chars().count() <= 16] data-label="Value" {
                (clipped(&results::line(read), SHORT * 2))
                @if let Some(why) = why { br; small.soft { "Not on the line: " (why) } }
                @if !ranged && row.versions > 0 { " " (super::ui::changed(row)) }
            }
            @if ranged {
            td.n.keep[read.range.as_ref().is_none_or(|r| r.words.chars().count() <= 18)] data-label="Its range" { (read.range.as_ref().map_or("not given", |r| r.words.as_str())) }
            td data-label="State" { (state(read)) @if row.versions > 0 { " " (super::ui::changed(row)) } }
            }
            td data-label="From" { (people::by(&row.resource()).unwrap_or_else(|| desk.sources.name(&row.source).to_owned())) }
        }
    }
}

/// Specimen, method, who ordered and measured it with their address, the report that it belongs to.
fn about(desk: &Desk<'_>, row: &Row, resource: &Value) -> Markup {
    let chart = &desk.cx.chart;
    let mut list: Vec<(String, Markup)> = Vec::new();
    let mut linked = |label: &str, reference: &Value| {
        let (words, target) = people::resolved(chart, row, resource, reference);
        let contact = target.as_ref().map(|t| people::contact(&t.resource())).unwrap_or_default();
        let Some(words) = words else { return };
        list.push((
            label.to_owned(),
            html! {
                @if let Some(target) = &target { a href=(desk.href(target)) { (words) } } @else { (words) }
                @for line in contact { br; span.soft { (line) } }
            },
        ));
    };
    if let Some(specimen) = resource.get("specimen") {
        linked("Specimen", specimen);
    }
    for performer in array(resource, "performer").iter().take(4) {
        linked(if row.class == Class::Laboratory { "Lab" } else { "Measured by" }, performer);
    }
    for order in array(resource, "basedOn").iter().take(3) {
        linked("Ordered in", order);
    }
    for (key, label) in [("encounter", "Visit"), ("device", "Device")] {
        if let Some(reference) = resource.get(key) {
            linked(label, reference);
        }
    }
    for member in array(resource, "hasMember").iter().take(40) {
        linked("Holds", member);
    }
    for from in array(resource, "derivedFrom").iter().take(10) {
        linked("Worked out from", from);
    }
    list.extend(results::circumstances(resource).into_iter().map(|(l, w)| (l.to_owned(), html! { (w) })));
    if let Some(code) = resource.get("code") {
        let said = words::facts(&serde_json::json!({"code": code}));
        if let Some(words::Content::Said(said)) = said.first().map(|f| &f.content) {
            for s in said {
                list.push(("Name at the source".into(), html! { (s.text) @for c in &s.codes { br; span.soft { (c) } } }));
            }
        }
    }
    // One range without more words stands at the head of the page.
    let ranges = array(resource, "referenceRange");
    let told = ranges.len() > 1 || ranges.iter().any(|r| r.get("type").is_some() || r.get("appliesTo").is_some());
    for range in ranges.iter().filter(|_| told) {
        let words = reading(&serde_json::json!({"referenceRange": [range]})).range.map(|r| r.words);
        let kind = ["type", "appliesTo"].iter().find_map(|k| range.get(k).and_then(crate::record::concept_text));
        if let Some(words) = words {
            list.push(("Range".into(), html! { (words) @if let Some(kind) = kind { " (" (kind) ")" } }));
        }
    }
    facts(&list)
}
