//! The frame around every page: head, band, nav, bar, foot.

use super::app::{ChartCx, Theme};
use super::assets;
use super::pages::words;
use crate::chart::photo;
use crate::record::Class;
use crate::vault::{PersonInfo, Role};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What a page of a chart brings; the frame adds the rest.
#[derive(Debug, Default)]
pub struct Page<'a> {
    /// In the window's title and on paper.
    pub title: &'a str,
    /// The entry of the nav that is current: a slug such as `results`, `medicines`; "" for home.
    pub nav: &'a str,
    /// The way up: (words, path below the chart).
    pub crumbs: &'a [(&'a str, &'a str)],
}

/// The side nav: groups of (words, path below the chart, which is also the slug of `Page::nav`).
const NAV: &[(&str, &[(&str, &str)])] = &[
    (
        "Health",
        &[
            ("Home", ""),
            ("Timeline", "timeline"),
            ("Results", "results"),
            ("Medicines", "medicines"),
            ("Conditions", "conditions"),
            ("Allergies", "allergies"),
            ("Immunizations", "immunizations"),
            ("Vital signs", "vital-signs"),
            ("Documents", "documents"),
            ("All kinds", "kinds"),
        ],
    ),
    (
        "Care",
        &[
            ("Visits", "visits"),
            ("Procedures", "procedures"),
            ("Appointments", "appointments"),
            ("Messages", "messages"),
            ("Bills", "bills"),
        ],
    ),
    ("Give", &[("Share", "share"), ("Emergency card", "card"), ("Save a copy", "export")]),
    ("Keep", &[("Add records", "add"), ("Sources", "sources"), ("Who may see it", "people"), ("Activity", "activity")]),
];

/// Under every page of who may see part of a chart: that there may be more, and never what.
const PART: &str = "You may see part of this chart. Not everything that is kept may be on these pages.";

/// The bar of a phone: (words, path, icon).
const BAR: &[(&str, &str, &str)] =
    &[("Home", "", "home"), ("Results", "results", "results"), ("Medicines", "medicines", "medicine"), ("Documents", "documents", "doc")];

/// Lays a page of a chart out.
pub fn chart_page(cx: &ChartCx, page: &Page<'_>, body: &Markup) -> Markup {
    framed(cx, page, &html! {}, body)
}

/// The same for a page that asks for itself again after two seconds where there is no script.
pub(crate) fn waiting_page(cx: &ChartCx, page: &Page<'_>, address: &str, body: &Markup) -> Markup {
    let again = html! { noscript { meta http-equiv="refresh" content=(format!("2; url={address}")); } };
    framed(cx, page, &again, body)
}

fn framed(cx: &ChartCx, page: &Page<'_>, head: &Markup, body: &Markup) -> Markup {
    let person = &cx.person;
    let title = format!("{} – {} – Keepwell", page.title, person.name);
    let print = cx.to("print.css");
    let inner = html! {
        a.skip href="#main" { "Skip to the page" }
        (band(cx))
        div.frame {
            nav.side aria-label="This chart" {
                a.brand href=(cx.to("")) { (mark()) "Keepwell" }
                (nav(cx, page.nav))
            }
            main #main tabindex="-1" {
                div class=(format!("print-head who-{}", person.colour)) {
                    span { b { (person.name) } br; "born " (words::birth(person)) }
                    span { (page.title) br; "Printed " (words::today()) }
                }
                @if !page.crumbs.is_empty() {
                    nav aria-label="Where you are" {
                        ol.crumbs { @for (name, path) in page.crumbs { li { a href=(cx.to(path)) { (name) } } } }
                    }
                }
                (body)
                @if cx.chart.is_limited() { p.soft.part { (PART) } }
            }
            nav.foot #more aria-label="All of this chart" { (nav(cx, page.nav)) }
            nav.bar aria-label="Main" {
                @for (name, path, symbol) in BAR.iter().filter(|(_, path, _)| is_seen(cx, path)) {
                    a href=(cx.to(path)) aria-current=[(*path == page.nav).then_some("page")] { (icon(symbol)) (name) }
                }
                a href="#more" { (icon("more")) "More" }
            }
            footer.about {
                p {
                    "You are signed in as " (cx.member.name) ". "
                    a href=(format!("{}/settings", cx.app.prefix)) { "Settings" } " · "
                    a href=(format!("{}/help", cx.app.prefix)) { "Help" }
                    @if cx.role >= Role::Carer { " · " a href=(cx.to("activity")) { "Who has looked at this chart" } }
                }
                p { "In an emergency call your local emergency number. Keepwell is not read by anyone who could help at once." }
            }
        }
    };
    document(&cx.app.prefix, cx.theme, &title, Some(&print), head, &inner)
}

/// A page outside a chart: one column, no nav. `wide` for text and lists, narrow for one question.
pub(crate) fn plain_page(prefix: &str, theme: Theme, title: &str, body: &Markup) -> Markup {
    plain_with(prefix, theme, title, &html! {}, body)
}

/// The same for a page that asks for itself again after two seconds.
pub(crate) fn plain_waiting(prefix: &str, theme: Theme, title: &str, address: &str, body: &Markup) -> Markup {
    plain_with(prefix, theme, title, &html! { meta http-equiv="refresh" content=(format!("2; url={address}")); }, body)
}

fn plain_with(prefix: &str, theme: Theme, title: &str, head: &Markup, body: &Markup) -> Markup {
    let inner = html! {
        a.skip href="#main" { "Skip to the page" }
        main.ask #main tabindex="-1" {
            p { a.brand href=(format!("{prefix}/")) { (mark()) "Keepwell" } }
            (body)
        }
    };
    document(prefix, theme, &format!("{title} – Keepwell"), None, head, &inner)
}

/// The document itself. `head` holds what one page adds, such as a refresh.
pub(crate) fn document(prefix: &str, theme: Theme, title: &str, print: Option<&str>, head: &Markup, body: &Markup) -> Markup {
    let names = assets::names();
    let address = |name: &str| format!("{prefix}/assets/{name}");
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme.attribute()] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content=(theme.scheme());
                title { (title) }
                link rel="icon" href=(address(names.mark)) type="image/svg+xml";
                link rel="stylesheet" href=(address(names.sheet));
                link rel="stylesheet" href=(address(names.paper)) media="print";
                @if let Some(print) = print { link rel="stylesheet" href=(print) media="print"; }
                script src=(address(names.script)) defer {}
                (head)
            }
            body { (body) }
        }
    }
}

/// A document with another script in place of ours, for readers who are no members.
pub(crate) fn bare(prefix: &str, theme: Theme, title: &str, script: &str, body: &Markup) -> Markup {
    let names = assets::names();
    let address = |name: &str| format!("{prefix}/assets/{name}");
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme.attribute()] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content=(theme.scheme());
                meta name="referrer" content="no-referrer";
                title { (title) }
                link rel="icon" href=(address(names.mark)) type="image/svg+xml";
                link rel="stylesheet" href=(address(names.sheet));
                link rel="stylesheet" href=(address(names.paper)) media="print";
                script src=(address(script)) defer {}
            }
            body { (body) }
        }
    }
}

fn band(cx: &ChartCx) -> Markup {
    let person = &cx.person;
    html! {
        header class=(format!("band who-{}{}", person.colour, if cx.role == Role::Viewer { " reads" } else { "" })) {
            div.band-in {
                @if photo::is_there(&cx.chart) { img.disc src=(cx.to("photo")) alt=""; }
                @else { span.disc aria-hidden="true" { (words::initials(&person.name)) } }
                p.band-name {
                    (person.name)
                    small { "born " (words::birth(person)) span.wide { (words::age_after_comma(person)) " · " (standing(cx)) } }
                }
                div.band-side {
                    a.band-link href=(cx.to("search")) { (icon("search")) span.wide { "Search" } span.unseen { " this chart" } }
                    @if cx.people.len() > 1 {
                        details.switch {
                            summary { span { "Change" span.wide { " person" } } }
                            ul { @for (other, role) in &cx.people { li { (switch_entry(cx, other, *role)) } } }
                        }
                    }
                    form.wide method="post" action=(format!("{}/sign-out", cx.app.prefix)) {
                        button.band-link.band-button type="submit" { (icon("lock")) "Sign out" span.unseen { " and lock the chart" } }
                    }
                }
            }
        }
    }
}

/// Whether a page of the chart may hold something for who reads: the page of a kind that they may not see does not.
fn is_seen(cx: &ChartCx, path: &str) -> bool {
    let scope = cx.chart.scope();
    match path {
        "results" => scope.shows(Class::Laboratory) || scope.shows(Class::ClinicalTest),
        other => Class::from_slug(other).is_none_or(|class| scope.shows(class)),
    }
}

/// Six hues serve more people than six: the seventh shares one. The hue only repeats what name and initials beside it say, so
/// that no pattern is needed to tell two people apart.
fn switch_entry(cx: &ChartCx, other: &PersonInfo, role: Role) -> Markup {
    html! {
        a class=(format!("who-{}", other.colour)) href=(format!("{}/charts/{}", cx.app.prefix, other.id))
            aria-current=[(other.id == cx.person.id).then_some("true")] {
            span.disc aria-hidden="true" { (words::initials(&other.name)) }
            span { (other.name) small { (words::role(role)) } }
        }
    }
}

fn standing(cx: &ChartCx) -> &'static str {
    if cx.own() { "your own chart" } else { words::role_in_band(cx.role) }
}

fn nav(cx: &ChartCx, current: &str) -> Markup {
    // Who only reads finds nothing here to change or to give away.
    let reads = cx.role == Role::Viewer;
    let offered = |path: &str| match path {
        "add" | "export" | "share" | "card" => !reads,
        "sources" => !cx.chart.is_limited(),
        other => is_seen(cx, other),
    };
    html! {
        @for (group, entries) in NAV.iter().filter(|(group, entries)| *group == "Keep" || entries.iter().any(|(_, path)| offered(path))) {
            h2 { (group) }
            ul.list {
                @for (name, path) in entries.iter().filter(|(_, path)| offered(path)) {
                    li { a href=(cx.to(path)) aria-current=[(*path == current).then_some("page")] { (name) } }
                }
                @if *group == "Keep" { li { a href=(format!("{}/household", cx.app.prefix)) { "Household" } } li { a href=(format!("{}/settings", cx.app.prefix)) { "Settings" } } }
            }
        }
    }
}

/// The mark: an arch with water standing in it.
pub(crate) fn mark() -> Markup {
    let Some((view, drawing)) = assets::symbol("mark") else { return html! {} };
    html! { svg viewBox=(view) aria-hidden="true" fill="currentColor" { (PreEscaped(drawing)) } }
}

/// An icon of the sprite, hidden from screen readers: `icon("results")`.
pub fn icon(name: &str) -> Markup {
    drawn("icon", &format!("i-{name}"))
}

/// The same, larger: for tasks.
pub fn big_icon(name: &str) -> Markup {
    drawn("icon big", &format!("i-{name}"))
}

fn drawn(class: &str, id: &str) -> Markup {
    let Some((view, drawing)) = assets::symbol(id) else { return html! {} };
    html! { svg class=(class) viewBox=(view) aria-hidden="true" { (PreEscaped(drawing)) } }
}

/// A state: shape and word. `kind` is `heed`, `harm`, `fine`, `well` or `quiet`; `shape` one of the sprite's `s-` names
/// without its "s-", such as `up`, `down`, `ok`, `dot`, `bang`.
pub fn pill(kind: &str, shape: &str, words: &str) -> Markup {
    let id = if shape.starts_with("s-") { shape.to_owned() } else { format!("s-{shape}") };
    html! {
        span class=(format!("pill {kind}")) {
            @if let Some((view, drawing)) = assets::symbol(&id) { svg viewBox=(view) aria-hidden="true" { (PreEscaped(drawing)) } }
            (words)
        }
    }
}

/// Prints the page. The script brings it to life; without one the browser's own menu prints.
pub(crate) fn print_act(words: &str) -> Markup {
    html! { button.btn.plain type="button" hidden data-print { (icon("print")) (words) } }
}

/// Something to know here and now. `kind` is "", `heed`, `harm` or `fine`.
pub fn note(kind: &str, body: &Markup) -> Markup {
    let symbol = match kind {
        "fine" => "check",
        "heed" | "harm" => "alert",
        _ => "info",
    };
    html! { div class=(format!("note {kind}")) role=[(kind == "harm").then_some("alert")] { (icon(symbol)) div { (body) } } }
}

/// Opens a section: a thick rule, a heading, and a link at its right.
pub fn section(id: &str, heading: &str, link: Option<(&str, &str)>, body: &Markup) -> Markup {
    html! {
        section.sec aria-labelledby=(id) {
            header { h2 id=(id) { (heading) } @if let Some((words, href)) = link { a href=(href) { (words) } } }
            (body)
        }
    }
}

/// What would be here, why it is not, what to do.
pub fn empty(what: &str, why: &str, acts: &Markup) -> Markup {
    html! {
        div.empty {
            p { b { (what) } }
            p.soft { (why) }
            @if !acts.0.is_empty() { p.acts { (acts) } }
        }
    }
}

/// The same for a list of records: who may see part of the chart must not take "nothing for you" for "nothing there".
pub fn none_seen(cx: &ChartCx, what: &str, why: &str, acts: &Markup) -> Markup {
    if cx.chart.is_limited() {
        return empty("Nothing here that you may see", "You may see part of this chart. This is not the same as “none”.", &html! {});
    }
    empty(what, why, acts)
}
