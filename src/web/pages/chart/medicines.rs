//! Medicines: what is taken now and when, what sources disagree about, what was filled and given, what is no longer taken.

use super::filter::Filter;
use super::rows;
use super::ui::{Desk, head, joined, nothing, span};
use crate::Result;
use crate::chart::link;
use crate::chart::medicines::{self, Medicine, Said, ingredient};
use crate::chart::{people, timing, when};
use crate::record::{Class, PartialDate, Standing};
use crate::vault::Row;
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon, note, pill, print_act, section};
use maud::{Markup, html};

const ORDERS: [&str; 2] = ["MedicationRequest", "MedicationStatement"];
const EVENTS: [&str; 2] = ["MedicationDispense", "MedicationAdministration"];

/// The page.
pub(crate) fn page(cx: &ChartCx, filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let show = filter.show.as_str();
    let rows = |types: &[&str], standings: &[Standing], limit: usize, go_on: bool| {
        let mut query = filter.query(&[Class::Medication]);
        query.types = types.iter().map(|t| (*t).to_owned()).collect();
        query.standings = standings.to_vec();
        query.limit = limit;
        query.after = if go_on { filter.cursor() } else { None };
        cx.chart.list(&query)
    };
    let current = if show.is_empty() || show == "now" {
        rows(&ORDERS, &[Standing::Current, Standing::Planned], 150, false)?.rows
    } else {
        Vec::new()
    };
    let none = if show.is_empty() { rows(&ORDERS, &[Standing::Absent], 10, false)?.rows } else { Vec::new() };
    let past = if show.is_empty() || show == "past" {
        rows(&ORDERS, &[Standing::Past, Standing::NotDone], if show == "past" { 100 } else { 25 }, show == "past")?
    } else {
        Default::default()
    };
    let events =
        if show != "past" { rows(&EVENTS, &[], if show == "given" { 100 } else { 60 }, show == "given")? } else { Default::default() };
    let mut medicines = medicines::linked(current);
    for medicine in &mut medicines {
        medicine.line = link::one_with_sources(&cx.chart, std::mem::take(&mut medicine.line))?;
    }
    let past_lines = link::with_sources(&cx.chart, link::by_key(past.rows, |r| ingredient(&r.title)))?;
    let path = cx.to("medicines");
    let shows = [("", "All"), ("now", "Taken now"), ("past", "No longer taken"), ("given", "Filled and given")];
    let empty = medicines.is_empty() && past_lines.is_empty() && events.rows.is_empty() && none.is_empty();
    let body = html! {
        (head("Medicines", "As written by the prescribers. Keepwell gives no advice on doses.", &if empty { html! {} } else { print_act("Print my list") }))
        @if !empty || filter.narrows() || !show.is_empty() { (filter.bar(cx, "medicines", "medicines", &desk.sources, &shows)) }
        @for row in &none { (note("", &html! { p { "“" a href=(desk.href(row)) { (row.title) } "”, says " (desk.sources.name(&row.source)) "." } })) }
        @for medicine in medicines.iter().filter(|m| !m.differ.is_empty()) { (disagree(&desk, medicine)) }
        (day(&medicines))
        @for medicine in &medicines { (draw(&desk, medicine, &events.rows)) }
        @if show == "given" || show.is_empty() && medicines.is_empty() && !events.rows.is_empty() {
            (section("given", "Filled and given", None, &html! {
                ul.rows { @for row in &events.rows { (rows::single(&desk, row).draw()) } }
                @if show == "given" { (filter.more(&path, events.next, "Show older ones")) }
            }))
        }
        @if !past_lines.is_empty() {
            @let all = filter.address(&path, &[("show", "past")]);
            (section("past", "No longer taken", (show.is_empty() && past.next.is_some()).then_some(("Show all of these", all.as_str())), &html! {
                ul class="rows told" { @for line in &past_lines { (rows::item(&desk, line).draw()) } }
                @if show == "past" { (filter.more(&path, past.next, "Show more")) }
            }))
        }
        @if empty { (nothing(cx, filter.narrows() || !show.is_empty(), "No medicines yet.", "They appear here when you add records. An empty list is not the same as “none”.")) }
    };
    Ok(chart_page(cx, &Page { title: "Medicines", nav: "medicines", crumbs: &[] }, &body))
}

/// Two sources that say different things, side by side.
fn disagree(desk: &Desk<'_>, medicine: &Medicine) -> Markup {
    let name = ingredient(&medicine.line.first().title);
    note(
        "heed",
        &html! {
            p { b { "Your records disagree about " (name) "." } }
            ul {
                @for (n, words) in &medicine.differ {
                    @if let Some(row) = medicine.line.rows.get(*n) {
                        li { a href=(desk.href(row)) { (words) } ", says " @if let Some(by) = medicine.said.get(*n).and_then(|s| s.prescriber.as_ref()) { (by) ", " } (desk.sources.name(&row.source)) @if let Some(date) = &row.date { " (" (date.day_words()) ")" } }
                    }
                }
            }
            p { "Ask before you change anything." }
        },
    )
}

/// The times of the day: only medicines whose timing names them.
fn day(medicines: &[Medicine]) -> Markup {
    let timed: Vec<(&str, &Said)> = medicines
        .iter()
        .filter_map(|m| Some((m.line.first().title.as_str(), m.said.first()?)))
        .filter(|(_, s)| s.slots.iter().any(Option::is_some))
        .collect();
    if timed.is_empty() {
        return html! {};
    }
    let untimed = medicines.len() - timed.len();
    section(
        "day",
        "The day",
        None,
        &html! {
            ul class="day list" {
                @for (n, name) in timing::NAMES.iter().enumerate() {
                    li {
                        h3 { (icon(["morning", "noon", "evening", "night"][n])) (name) }
                        ul {
                            @for (title, said) in &timed { @if let Some(dose) = &said.slots[n] { li { b { (super::ui::opening(title)) } (dose) } } }
                            @if timed.iter().all(|(_, s)| s.slots[n].is_none()) { li.soft { "Nothing with this time" } }
                        }
                    }
                }
            }
            @if untimed > 0 { p.soft { "For " (untimed) " more, the sources name no time of the day. Their directions stand below." } }
        },
    )
}

fn draw(desk: &Desk<'_>, medicine: &Medicine, events: &[Row]) -> Markup {
    let row = medicine.line.first();
    let Some(said) = medicine.said.first() else { return html! {} };
    let id = format!("m-{}", row.rid);
    let mut facts: Vec<(&str, Markup)> = Vec::new();
    if !said.directions.is_empty() {
        facts.push(("Directions", html! { @for (n, d) in said.directions.iter().enumerate() { @if n > 0 { br; } (d) } }));
    }
    let mut fact = |label, words: Option<String>| facts.extend(words.map(|w| (label, html! { (w) })));
    fact("Only when needed", said.as_needed.then(|| "Yes".to_owned()));
    fact("What for", said.reason.clone());
    let written = match when::word(row, &row.resource()) {
        Some("written") => "Written",
        Some("stated") => "Stated",
        _ if row.kind == "MedicationStatement" => "Taken",
        _ => "Date",
    };
    fact(written, span(row).map(|s| if written == "Taken" && row.end.is_none() { format!("since {s}") } else { s }));
    fact("By", said.prescriber.clone().or_else(|| people::by(&row.resource())));
    fact("Refills allowed", said.refills.clone());
    fact("Each fill gives", joined([said.quantity.clone(), medicines::supply(&row.resource()).map(|s| format!("for {s}"))]).into());
    facts.retain(|(_, m)| !m.0.is_empty());
    facts.push(("Records", html! {
        @for (n, r) in medicine.line.rows.iter().take(6).enumerate() {
            @if n > 0 { br; }
            a href=(desk.href(r)) { (crate::chart::words::type_words(&r.kind)) @if let Some(date) = &r.date { ", " (date.day_words()) } }
            " " span.soft { (desk.sources.name(&r.source)) }
        }
        @if medicine.line.rows.len() > 6 { br; span.soft { "and " (medicine.line.rows.len() - 6) " earlier" } }
    }));
    let key = ingredient(&row.title);
    let own: Vec<&Row> = events.iter().filter(|e| medicines::belongs(e) == key).take(5).collect();
    section(
        &id,
        &super::ui::title(row),
        None,
        &html! {
            @if !medicine.differ.is_empty() {
                p { (pill("heed", "s-differ", &format!("Sources differ: {}", medicine.differ.iter().map(|(_, w)| w.as_str()).collect::<Vec<_>>().join(" or ")))) }
            }
            @if said.slots.iter().any(Option::is_some) {
                dl.slots { @for (name, dose) in timing::NAMES.iter().zip(&said.slots) {
                    div class=[dose.is_some().then_some("take")] { dt { (name) } dd { (dose.as_deref().unwrap_or("none")) } }
                } }
            }
            @if row.versions > 0 || desk.is_new(row) || row.standing == Standing::Planned { p { (desk.marks(row)) } }
            (super::ui::facts(&facts))
            @if !own.is_empty() {
                ul class="rows tight" { @for (n, event) in own.iter().enumerate() { (filled(desk, event, n == 0)) } }
            }
        },
    )
}

/// A fill or a dose that was given, under its medicine; for the newest, how long it lasts.
fn filled(desk: &Desk<'_>, row: &Row, newest: bool) -> Markup {
    let resource = row.resource();
    let said = medicines::said(&resource, &row.title);
    let what = if row.kind == "MedicationDispense" { "Filled" } else { "Given" };
    let when = row.date.as_ref().map_or_else(|| "date not given".into(), PartialDate::words);
    html! {
        li { div {
            span.name { a href=(desk.href(row)) { (what) " " (when) } }
            span.sub { (joined([said.quantity, medicines::supply(&resource).map(|s| format!("for {s}")), people::by(&resource)])) }
            @if let Some(day) = medicines::lasts_until(row, &resource).filter(|_| newest) { span.sub { "Enough until " (day.day_words()) ", if taken as written" } }
        } div.end { (desk.marks(row)) } }
    }
}
