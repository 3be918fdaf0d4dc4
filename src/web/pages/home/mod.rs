//! Home: what can hurt first, then what is outside its own range, then the rest.

mod allergies;
mod bare;

use crate::chart::link::Line;
use crate::chart::medicines::{Medicine, ingredient};
use crate::chart::results;
use crate::chart::sources::Sources;
use crate::record::{Class, Flag, PartialDate, array, text_at};
use crate::vault::{Added, Notice, Role, Row, SourceInfo};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, big_icon, chart_page, none_seen, pill, section};
use crate::web::pages::chart::class_path;
use crate::web::pages::chart::svg::numline;
use crate::web::pages::chart::ui::{capital, joined, opening, path};
use crate::web::pages::notices::{Here, notices};
use crate::web::pages::words;
use maud::{Markup, html};

pub(crate) use allergies::{SAID, danger, in_part};

/// What the page shows, gathered beforehand.
#[derive(Debug, Default)]
pub(crate) struct Home {
    pub(crate) has_records: bool,
    pub(crate) allergies: Vec<Line>,
    pub(crate) no_allergies: Vec<Line>,
    pub(crate) outside: Vec<Row>,
    pub(crate) outside_more: usize,
    pub(crate) conditions: Vec<Line>,
    pub(crate) medicines: Vec<Medicine>,
    /// The newest fill of each, by its ingredient, with the day until which it lasts if taken as written.
    pub(crate) fills: Vec<(String, PartialDate)>,
    pub(crate) immunizations: Vec<Row>,
    pub(crate) appointment: Option<Row>,
    pub(crate) added: Vec<Added>,
    pub(crate) latest_source: Option<SourceInfo>,
    pub(crate) sources: Option<Sources>,
    /// What the member is to be told, each with its name.
    pub(crate) notices: Vec<(String, Notice)>,
}

impl Home {
    fn source_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.sources.as_ref().map_or(id, |s| s.name(id))
    }
}

/// Kinds that are results.
const RESULTS: [Class; 3] = [Class::Laboratory, Class::VitalSign, Class::ClinicalTest];

/// So many conditions and medicines; the rest is on their pages.
const FEW: usize = 8;

pub(crate) fn page(cx: &ChartCx, home: &Home) -> Markup {
    let here = Here { prefix: &cx.app.prefix, page: &format!("/charts/{}", cx.person.id), people: &cx.people };
    let notices = notices(here, &home.notices);
    let body = if home.has_records { full(cx, home) } else { bare::bare(cx) };
    // What is for the member alone does not stand on a paper that a doctor reads.
    let body = html! { @if !home.notices.is_empty() { div.notices.no-print { (notices) } } (body) };
    chart_page(cx, &Page { title: "Home", nav: "", crumbs: &[] }, &body)
}

fn full(cx: &ChartCx, home: &Home) -> Markup {
    let results: u64 = home.added.iter().filter(|a| RESULTS.contains(&a.class)).map(|a| a.count).sum();
    let shows = |class| cx.chart.scope().shows(class);
    html! {
        header.head {
            h1 { @if cx.own() { (greeting()) ", " (words::first_name(&cx.person.name)) } @else { (words::possessive(if cx.role == Role::Viewer { &cx.person.name } else { words::first_name(&cx.person.name) })) " chart" } }
            @if let Some(source) = &home.latest_source {
                p {
                    "Last added: " (words::day(source.imported))
                    @if !cx.chart.is_limited() { ", " a href=(cx.to(&format!("sources/{}", source.id))) { (home.source_name(&source.id)) } }
                    "."
                }
            }
        }
        ul.tasks.list aria-label="Main tasks" {
            @if shows(Class::Laboratory) { li { (task(&cx.to("results"), "results", "See results", &if results > 0 { format!("{} new since your last visit", words::number(results)) } else { "By test, with their ranges".to_owned() })) } }
            @if cx.role >= Role::Carer { li { (task(&cx.to("share"), "share", "Share with a clinic", "A link, paper or a file")) } }
            @else if shows(Class::Note) { li { (task(&cx.to("documents"), "doc", "Documents", "Letters, reports and scans")) } }
            @if cx.role >= Role::Carer { li { (task(&cx.to("add"), "add", "Add records", "From a portal or a file")) } }
            @else { li { (task(&cx.to("timeline"), "time", "Timeline", "Newest first")) } }
        }
        @if cx.role == Role::Viewer { (changed(cx, home)) }
        div.pair.gap {
            div {
                (allergies::allergies(cx, home))
                @if RESULTS.iter().any(|class| shows(*class)) { (outside(cx, home)) }
                @if shows(Class::Problem) { (section("conditions-now", "Conditions now", Some(("All conditions", &cx.to("conditions"))), &html! {
                    (rows_or(
                        home.conditions.iter().take(FEW).map(|line| condition(cx, line)),
                        || none_seen(cx, "None recorded", "No source names an active condition. This is not the same as “none”.", &html! {}),
                    ))
                    (rest(home.conditions.len(), "condition", "conditions"))
                })) }
                @if home.added.len() > 4 && shows(Class::Immunization) { (immunizations(cx, home)) }
            }
            div {
                @if shows(Class::Appointment) { (appointment(cx, home.appointment.as_ref())) }
                @if !home.added.is_empty() && cx.role != Role::Viewer { (new(cx, home)) }
                @if shows(Class::Medication) { (section("medicines-now", "Medicines now", Some(("All medicines", &cx.to("medicines"))), &html! {
                    (rows_or(
                        home.medicines.iter().take(FEW).map(|medicine| taken(cx, medicine, &home.fills)),
                        || none_seen(cx, "None recorded", "No source names a medicine taken now. This is not the same as “none”.", &html! {}),
                    ))
                    (rest(home.medicines.len(), "medicine", "medicines"))
                })) }
                @if home.added.len() <= 4 && shows(Class::Immunization) { (immunizations(cx, home)) }
            }
        }
    }
}

/// On the side that is shorter.
fn immunizations(cx: &ChartCx, home: &Home) -> Markup {
    section(
        "immunizations",
        "Immunizations",
        Some(("All immunizations", &cx.to("immunizations"))),
        &rows_or(home.immunizations.iter().map(|row| plain(cx, row, &day_of(row))), || {
            none_seen(cx, "None recorded", "They appear here when a source names them.", &html! {})
        }),
    )
}

fn greeting() -> &'static str {
    match jiff::Zoned::now().hour() {
        5..=11 => "Good morning",
        12..=17 => "Good afternoon",
        _ => "Good evening",
    }
}

fn task(href: &str, symbol: &str, name: &str, line: &str) -> Markup {
    html! { a.task href=(href) { (big_icon(symbol)) span { (name) small { (line) } } } }
}

fn rows_or(rows: impl Iterator<Item = Markup>, none: impl FnOnce() -> Markup) -> Markup {
    let rows: Vec<Markup> = rows.collect();
    if rows.is_empty() {
        none()
    } else {
        html! { ul.rows { @for row in rows { (row) } } }
    }
}

fn to_record(cx: &ChartCx, row: &Row) -> String {
    cx.to(&path(row))
}

fn plain(cx: &ChartCx, row: &Row, sub: &str) -> Markup {
    html! { li { div { span.name { a href=(to_record(cx, row)) { (opening(&row.title)) } } @if !sub.is_empty() { span.sub { (sub) } } } } }
}

fn day_of(row: &Row) -> String {
    row.date.as_ref().map(PartialDate::day_words).unwrap_or_default()
}

/// Whether a condition is a finding, a circumstance or a concern and not an illness, by the name that SNOMED CT gives it or the
/// category of its source (US Core Condition Category).
pub(crate) fn circumstance(row: &Row) -> bool {
    let resource = row.resource();
    let names: Vec<String> = crate::record::list(&resource, "code.coding.display")
        .into_iter()
        .filter_map(crate::record::string)
        .chain(text_at(&resource, "code.text"))
        .collect();
    if crate::record::list(&resource, "category").iter().any(|c| crate::record::has_code(c, "", "health-concern")) {
        return true;
    }
    let tagged = |tags: &[&str]| names.iter().any(|n| tags.iter().any(|tag| n.ends_with(tag)));
    tagged(&["(finding)", "(situation)", "(person)"]) && !tagged(&["(disorder)"])
}

// ---- results

fn outside(cx: &ChartCx, home: &Home) -> Markup {
    let body = if home.outside.is_empty() {
        none_seen(
            cx,
            "Nothing outside its range",
            "Of each test the latest result counts, and only where its own lab gave a range.",
            &html! {},
        )
    } else {
        html! {
            p.soft { "Each is compared with the range its own lab gave. Outside a range is not always a problem." }
            ul.rows { @for row in &home.outside { (result(cx, row)) } }
            @if home.outside_more > 0 { p.soft { "And " (words::count(home.outside_more as u64, "more test", "more tests")) " on the page of results." } }
        }
    };
    section("outside", "Results outside their range", Some(("All results", &cx.to("results"))), &body)
}

fn result(cx: &ChartCx, row: &Row) -> Markup {
    let resource = row.resource();
    let read = results::value(&resource).reading;
    let (shape, state) = match row.flag {
        Some(Flag::Above) => ("up", "Above range"),
        Some(Flag::Below) => ("down", "Below range"),
        _ => ("bang", "Outside range"),
    };
    let value = format!("{}{}", read.comparator.as_deref().unwrap_or_default(), read.text);
    html! {
        li {
            div {
                span.name { a href=(to_record(cx, row)) { (opening(&row.title)) } }
                span.sub { (day_of(row)) @if let Some(range) = &read.range { " · its range " (crate::web::pages::chart::ui::range(&range.words)) } @else { " · marked by its source, which gave no range" } }
            }
            div.end {
                @if !value.is_empty() { span.val.long[value.len() > 8] { (value) @if !read.unit.is_empty() { " " span.unit { (read.unit) } } } br; }
                (pill("heed", shape, state))
            }
            div.full { (numline(&read)) }
        }
    }
}

// ---- the rest

/// "Since 2011" where the source says when it began, else the date it was written down.
fn since(row: &Row) -> String {
    let resource = row.resource();
    let onset = ["onsetDateTime", "onsetPeriod.start"].iter().find_map(|key| text_at(&resource, key));
    match onset.as_deref().and_then(PartialDate::parse) {
        Some(date) => format!("Since {}", date.day_words()),
        None if row.date.is_some() => format!("Recorded {}", day_of(row)),
        None => String::new(),
    }
}

fn condition(cx: &ChartCx, line: &Line) -> Markup {
    // The source that dates it furthest back knows most of its beginning.
    let oldest = line.rows.iter().filter(|r| r.date.is_some()).min_by_key(|r| r.date.as_ref().map(|d| d.start));
    html! { li { div {
        span.name { a href=(to_record(cx, line.first())) { (capital(line.title())) } }
        @let sub = since(oldest.unwrap_or(line.first()));
        @if !sub.is_empty() { span.sub { (sub) } }
    } } }
}

/// A medicine with its directions; what differs among sources is said, never settled.
fn taken(cx: &ChartCx, medicine: &Medicine, fills: &[(String, PartialDate)]) -> Markup {
    let key = ingredient(&medicine.line.first().title);
    let left = fills.iter().find(|(of, _)| *of == key).and_then(|(_, day)| soon(day));
    let directions = medicine.said.iter().find(|s| !s.directions.is_empty()).map(|s| s.directions.join("; ")).unwrap_or_default();
    let directions: String = directions.chars().take(160).collect();
    let reason = medicine.said.iter().find_map(|s| s.reason.clone()).filter(|r| r.chars().count() <= 60);
    let told = joined([reason, Some(directions)]);
    html! { li { div {
        span.name { a href=(to_record(cx, medicine.line.first())) { (capital(medicine.line.title())) } }
        @if medicine.differ.is_empty() {
            @if !told.is_empty() { span.sub { (opening(&told)) } }
        } @else {
            span.sub { (medicine.differ.iter().map(|(_, w)| w.as_str()).collect::<Vec<_>>().join(" or ")) br; (pill("heed", "differ", "Sources differ")) }
        }
    } @if let Some(left) = &left { div.end { (pill("heed", "clock", left)) } } } }
}

/// "9 days left" for a fill that comes to its end within two weeks; nothing for one that is long over: another may have been
/// picked up of which no source tells.
fn soon(day: &PartialDate) -> Option<String> {
    let days = (day.start - PartialDate::parse(&crate::record::today())?.start) / 86_400;
    match days {
        0 => Some("Last day of the fill".into()),
        1..=14 => Some(format!("{} left", words::count(u64::try_from(days).ok()?, "day", "days"))),
        _ => None,
    }
}

/// What stands on the page of its own.
fn rest(all: usize, one: &str, many: &str) -> Markup {
    html! { @if all > FEW { p.soft { "And " (words::count((all - FEW) as u64, &format!("more {one}"), &format!("more {many}"))) " on their own page." } } }
}

fn appointment(cx: &ChartCx, row: Option<&Row>) -> Markup {
    let all = cx.to("appointments");
    let body = match row {
        None => none_seen(cx, "Nothing planned here", "No source names an appointment to come.", &html! {}),
        Some(row) => {
            let resource = row.resource();
            let with: Vec<String> = array(&resource, "participant")
                .iter()
                .filter_map(|p| text_at(p, "actor.display"))
                .filter(|n| *n != cx.person.name)
                .collect();
            html! {
                div.card {
                    p { b { @if let Some(date) = &row.date { @if let Some(day) = date.weekday() { (day) ", " } (date.words()) } } }
                    p { a href=(to_record(cx, row)) { (row.title) } @if !with.is_empty() { br; (with.join(", ")) } }
                    @if let Some(text) = text_at(&resource, "patientInstruction").or_else(|| text_at(&resource, "comment")) { p.soft { (text) } }
                }
            }
        }
    };
    section("next-appointment", "Next appointment", Some(("All appointments", &all)), &body)
}

/// For who only reads: what they came for, before all else.
fn changed(cx: &ChartCx, home: &Home) -> Markup {
    let fresh = new(cx, home);
    if !fresh.0.is_empty() || cx.last_visit.is_none() {
        return fresh;
    }
    html! { p.soft { "Nothing has changed here since you last looked" @if let Some(at) = cx.last_visit { ", on " (words::day(at)) } "." } }
}

fn new(cx: &ChartCx, home: &Home) -> Markup {
    let reads = cx.role == Role::Viewer;
    let since = if reads { "What changed since you last looked, on" } else { "New since" };
    let heading = cx.last_visit.map_or_else(|| "New".to_owned(), |at| format!("{since} {}", words::day(at)));
    let shown = home.added.iter().filter(|a| !matches!(a.class, Class::Provenance | Class::Facility | Class::Demographics | Class::Other));
    let row = |added: &Added| {
        let one = added.count == 1;
        let what = if one { opening(&added.latest.title) } else { several(added.class, added.count) };
        let from = if one { " · " } else { " · the newest of " };
        let href = if one { to_record(cx, &added.latest) } else { cx.to(class_path(added.class)) };
        html! {
            li {
                div { span.name { a href=(href) { (what) } } span.sub { (home.source_name(&added.source)) @if added.latest.date.is_some() { (from) (day_of(&added.latest)) } } }
                div.end { (pill("well", "dot", "New")) }
            }
        }
    };
    let rows: Vec<Markup> = shown.take(8).map(row).collect();
    if rows.is_empty() {
        return html! {};
    }
    section("new", &heading, Some(("Timeline", &cx.to("timeline"))), &html! { ul.rows { @for row in rows { (row) } } })
}

/// "3 laboratory results", "2 medicines": several new records of one kind.
fn several(class: Class, count: u64) -> String {
    let what = match class {
        Class::Allergy => "allergies",
        Class::Problem => "conditions",
        Class::Medication => "medicines",
        Class::Laboratory => "laboratory results",
        Class::VitalSign => "measurements",
        Class::ClinicalTest => "results of clinical tests",
        Class::Imaging => "imaging reports and pictures",
        Class::Immunization => "immunizations",
        Class::Procedure => "procedures",
        Class::Encounter => "visits and stays",
        Class::Note => "notes and documents",
        Class::Message => "messages",
        Class::Appointment => "appointments",
        Class::Bill => "bills and claims",
        Class::Goal => "goals and preferences",
        Class::Device => "devices and implants",
        other => return format!("{}: {}", other.words(), words::number(count)),
    };
    format!("{} {what}", words::number(count))
}
