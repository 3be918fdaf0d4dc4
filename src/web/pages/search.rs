//! Search: hits by kind, with the found words marked.

use crate::record::{Class, Standing};
use crate::vault::Hit;
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, empty, icon, pill};
use crate::web::pages::chart::ui::{path, title};
use crate::web::pages::words;
use maud::{Markup, html};
use std::collections::BTreeMap;

pub(crate) fn page(cx: &ChartCx, typed: &str, found: &[Hit]) -> Markup {
    let body = html! {
        header.head { h1 { "Search" } p { "Everything in this chart: results, notes, medicines, documents." } }
        form.find role="search" method="post" action=(cx.to("search")) data-live="hits" {
            div.field {
                label for="words" { "What are you looking for?" }
                input #words name="words" type="search" value=(typed) autocomplete="off" spellcheck="false" maxlength="200" autofocus[typed.is_empty()];
            }
            button.btn.main type="submit" { (icon("search")) "Search" }
        }
        div #hits aria-live="polite" { (hits(cx, typed, found)) }
    };
    chart_page(cx, &Page { title: "Search", nav: "search", crumbs: &[] }, &body)
}

/// The hits alone.
pub(crate) fn hits(cx: &ChartCx, typed: &str, found: &[Hit]) -> Markup {
    let mut kinds: BTreeMap<Class, Vec<&Hit>> = BTreeMap::new();
    for hit in found {
        kinds.entry(hit.row.class).or_default().push(hit);
    }
    // The kind of the best hit first.
    let mut order: Vec<Class> = Vec::new();
    for hit in found {
        if !order.contains(&hit.row.class) {
            order.push(hit.row.class);
        }
    }
    html! {
        @if typed.chars().filter(|c| c.is_alphanumeric()).count() < 2 {
            p.soft.spaced { "Type two letters or more. Beginnings of words are enough, and accents do not matter." }
        } @else if found.is_empty() {
            div.spaced {
                (empty("Nothing found", "Try fewer or other words, the start of a word, or the doctor’s word for it: “hypertension” for high blood pressure. Look under “All kinds” if you know what sort of record it is.", &html! {}))
            }
        } @else {
            p.soft.spaced { (words::count(found.len() as u64, "record", "records")) " found" @if found.len() >= 60 { ", the best ones are shown" } "." }
            @for class in order {
                section.sec aria-labelledby=(format!("in-{}", class.slug())) {
                    header { h2 id=(format!("in-{}", class.slug())) { (class.words()) } }
                    ul.rows { @for hit in kinds.get(&class).into_iter().flatten() { (row(cx, hit)) } }
                }
            }
        }
    }
}

fn row(cx: &ChartCx, hit: &Hit) -> Markup {
    let row = &hit.row;
    html! {
        li {
            div {
                span.name { a href=(cx.to(&path(row))) { (title(row)) } }
                span.sub {
                    @if let Some(date) = &row.date { (date.day_words()) " · " }
                    (marked(&hit.snippet))
                }
            }
            @if let Some((kind, shape, state)) = aside(row.standing) { div.end { (pill(kind, shape, state)) } }
        }
    }
}

/// A hit that the person does not have says so.
fn aside(standing: Standing) -> Option<(&'static str, &'static str, &'static str)> {
    match standing {
        Standing::Current | Standing::Past => None,
        Standing::Planned => Some(("", "clock", "Planned")),
        Standing::Absent => Some(("quiet", "none", "Not so")),
        Standing::NotDone => Some(("quiet", "none", "Not done")),
        Standing::Error => Some(("quiet", "none", "Entered in error")),
    }
}

/// The found words between U+0002 and U+0003 become marks.
fn marked(snippet: &str) -> Markup {
    html! {
        @for (i, part) in snippet.split('\u{2}').enumerate() {
            @if i == 0 { (part) } @else {
                @let (hit, rest) = part.split_once('\u{3}').unwrap_or((part, ""));
                mark { (hit) } (rest)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn marks_are_marks_and_text_is_text() {
        let html = super::marked("a \u{2}b<\u{3} c \u{2}d\u{3}").into_string();
        assert_eq!(html, "a <mark>b&lt;</mark> c <mark>d</mark>");
    }
}
