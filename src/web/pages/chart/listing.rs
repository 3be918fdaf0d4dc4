//! The pages that list records of a kind: one table of pages, one way to draw them.

use super::filter::Filter;
use super::kinds::{KINDS, Kind, Part};
use super::rows;
use super::ui::{Desk, head, nothing};
use crate::chart::denials;
use crate::chart::link::{self, Line};
use crate::record::{Class, Standing, text_at};
use crate::vault::{Chart, Cursor, Order};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, note, print_act, section};
use crate::web::pages::home;
use crate::{Error, Result};
use maud::{Markup, html};

/// So many records of a part on the page of all parts, and on a page of its own.
const FEW: usize = 40;
const MANY: usize = 100;

/// The page of a kind.
pub(crate) fn page(cx: &ChartCx, slug: &str, filter: &Filter) -> Result<Markup> {
    let kind = KINDS.iter().find(|k| k.slug == slug).ok_or_else(Error::not_found)?;
    let desk = Desk::of(cx)?;
    let wanted: Vec<&Part> = kind.parts.iter().filter(|p| filter.show.is_empty() || p.slug == filter.show).collect();
    let alone = wanted.len() == 1;
    let mut drawn = Vec::new();
    let mut unknown: Vec<Line> = Vec::new();
    for part in wanted {
        let (lines, next) = lines(&desk, kind, part, filter, if alone { MANY } else { FEW })?;
        let nothing = |line: &Line| denials::knows_nothing(line.first(), &line.first().resource());
        let (nothing, lines): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(nothing);
        unknown.extend(nothing);
        if !lines.is_empty() {
            drawn.push(draw(&desk, kind, part, filter, &lines, next, alone));
        }
    }
    let shows: Vec<(&str, &str)> = std::iter::once(("", "All")).chain(kind.parts.iter().map(|p| (p.slug, p.heading))).collect();
    let body = html! {
        (head(kind.title, kind.lead, &html! {}))
        @if !drawn.is_empty() || !unknown.is_empty() || filter.narrows() || !filter.show.is_empty() {
            (filter.bar(cx, kind.slug, kind.title, &desk.sources, if kind.parts.len() > 1 { &shows } else { &[] }))
        }
        @if kind.slug == "allergies" { (conflict(&desk)?) }
        @for part in &drawn { (part) }
        @for line in &unknown { (without_knowledge(&desk, line)) }
        @if !drawn.is_empty() { p.acts { (print_act("Print")) } }
        @if drawn.is_empty() && unknown.is_empty() { (nothing(cx, filter.narrows() || !filter.show.is_empty(), kind.empty.0, kind.empty.1)) }
    };
    let crumbs: &[(&str, &str)] = if kind.main { &[] } else { &[("All kinds", "kinds")] };
    Ok(chart_page(cx, &Page { title: kind.title, nav: if kind.main { kind.slug } else { "kinds" }, crumbs }, &body))
}

fn lines(desk: &Desk<'_>, kind: &Kind, part: &Part, filter: &Filter, limit: usize) -> Result<(Vec<Line>, Option<Cursor>)> {
    let mut query = filter.query(kind.classes);
    query.standings = part.standings.to_vec();
    query.types = part.types.iter().map(|t| (*t).to_owned()).collect();
    query.order = part.order;
    query.limit = limit;
    query.after = filter.cursor();
    let listing = desk.cx.chart.list(&query)?;
    let lines = if kind.links {
        link::same_thing(listing.rows)
    } else {
        listing.rows.into_iter().map(|row| Line { rows: vec![row], sources: Vec::new() }).collect()
    };
    let mut lines = link::with_sources(&desk.cx.chart, lines)?;
    if kind.classes == [Class::Allergy] {
        lines.sort_by_key(danger);
    }
    Ok((lines, listing.next))
}

/// The most dangerous first: by criticality, then by the severest reaction.
fn danger(line: &Line) -> (u8, u8) {
    line.rows
        .iter()
        .map(|row| {
            let resource = row.resource();
            let criticality = match text_at(&resource, "criticality").as_deref() {
                Some("high") => 0,
                Some("low") => 2,
                _ => 1,
            };
            let severity = crate::record::list(&resource, "reaction.severity").into_iter().filter_map(serde_json::Value::as_str);
            (
                criticality,
                severity
                    .map(|s| match s {
                        "severe" => 0,
                        "moderate" => 1,
                        _ => 2,
                    })
                    .min()
                    .unwrap_or(3),
            )
        })
        .min()
        .unwrap_or((1, 3))
}

fn draw(desk: &Desk<'_>, kind: &Kind, part: &Part, filter: &Filter, lines: &[Line], next: Option<Cursor>, alone: bool) -> Markup {
    let path = desk.cx.to(kind.slug);
    let id = format!("part-{}", part.slug);
    let all = filter.address(&path, &[("show", part.slug)]);
    let side = (!alone && next.is_some()).then_some(("Show all of these", all.as_str()));
    section(
        &id,
        part.heading,
        side,
        &html! {
            @if kind.slug == "allergies" && part.slug == "none" { (home::in_part(desk.cx, home::SAID)) }
            @if !part.note.is_empty() { p.soft { (part.note) } }
            ul class="rows told" { @for line in lines { (rows::item(desk, line).draw()) } }
            @if alone { (filter.more(&path, next, "Show more")) }
        },
    )
}

/// A source that says it knows nothing about this kind.
fn without_knowledge(desk: &Desk<'_>, line: &Line) -> Markup {
    let row = line.first();
    note(
        "",
        &html! { p { "“" a href=(desk.href(row)) { (row.title) } "”, says " (desk.sources.name(&row.source)) ". That is not the same as “none”." } },
    )
}

/// One source says "none known", another names some: both are shown, and nobody decides.
fn conflict(desk: &Desk<'_>) -> Result<Markup> {
    let of = |chart: &Chart, standing: Standing| {
        let query = crate::vault::Query {
            classes: vec![Class::Allergy],
            standings: vec![standing],
            limit: 30,
            order: Order::Newest,
            ..Default::default()
        };
        chart.list(&query).map(|l| l.rows)
    };
    let none = of(&desk.cx.chart, Standing::Absent)?;
    let some = of(&desk.cx.chart, Standing::Current)?;
    let pairs = none.iter().filter(|n| !denials::knows_nothing(n, &n.resource())).flat_map(|n| some.iter().map(move |s| (n, s)));
    let Some((none, some)) = pairs.into_iter().find(|(n, s)| n.source != s.source && denials::denies(n, s)) else {
        return Ok(html! {});
    };
    let body = html! {
        p { b { "Your records disagree about allergies." } }
        p { (desk.sources.name(&none.source)) " says “" (none.title) "”. " (desk.sources.name(&some.source)) " names allergies. Both are shown. Tell each practice which is right." }
        p { a href=(desk.href(none)) { "The record that says none" } " · " a href=(desk.href(some)) { "A record that names one" } }
    };
    Ok(note("heed", &body))
}
