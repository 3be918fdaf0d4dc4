//! The pieces that pages of records share: the desk they work at, rows, pills, facts.

use crate::chart::denials;
use crate::chart::link::Line;
use crate::chart::sources::Sources;
use crate::record::{Class, Flag, PartialDate, Reading, Standing};
use crate::vault::{Role, Row};
use crate::web::app::ChartCx;
use crate::web::layout::pill;
use crate::{Result, web::layout};
use maud::{Markup, PreEscaped, html};
use std::cell::Cell;

/// What a page has at hand.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) cx: &'a ChartCx,
    pub(crate) sources: Sources,
    /// References that may still be looked up for this page.
    lookups: Cell<u16>,
}

/// So many references are looked up for one page; one that is not still shows its words.
const LOOKUPS: u16 = 300;

impl<'a> Desk<'a> {
    pub(crate) fn of(cx: &'a ChartCx) -> Result<Self> {
        Ok(Self { cx, sources: Sources::of(&cx.chart)?, lookups: Cell::new(LOOKUPS) })
    }

    /// The record that a reference within another one points to, as long as the page may ask.
    pub(crate) fn resolve(&self, row: &Row, reference: &str) -> Option<Row> {
        self.lookups.set(self.lookups.get().checked_sub(1)?);
        self.cx.chart.resolve(row, reference).ok().flatten()
    }

    /// Whether a record came in since the member was last here.
    pub(crate) fn is_new(&self, row: &Row) -> bool {
        self.cx.last_visit.is_some_and(|moment| row.added >= moment)
    }

    /// The page of a record.
    pub(crate) fn href(&self, row: &Row) -> String {
        self.cx.to(&path(row))
    }

    /// "New", "Corrected" and how it stands, as far as that must be said.
    pub(crate) fn marks(&self, row: &Row) -> Markup {
        html! {
            @if row.versions > 0 { (changed(row)) " " }
            @else if self.is_new(row) { (pill("well", "s-dot", "New")) " " }
            @match row.standing {
                Standing::Error => { (pill("quiet", "s-none", "Entered in error")) }
                Standing::NotDone => { (pill("quiet", "s-none", "Not done")) }
                Standing::Absent if denials::knows_nothing(row, &row.resource()) => { (pill("quiet", "s-none", "Not known")) }
                Standing::Absent => { (pill("quiet", "s-none", "Not so")) }
                Standing::Planned => { (pill("well", "s-clock", "Planned")) }
                Standing::Current | Standing::Past => {}
            }
        }
    }

    /// "in 3 sources" in a row of its own; nothing for one.
    pub(crate) fn sources_line(&self, line: &Line) -> Option<String> {
        self.sources.several(&line.sources)
    }
}

/// A record of which an older version is kept: corrected, where its source says so.
pub(crate) fn changed(row: &Row) -> Markup {
    let status = crate::record::text_at(&row.resource(), "status").unwrap_or_default();
    pill("well", "s-pen", if matches!(status.as_str(), "corrected" | "amended") { "Corrected" } else { "Changed" })
}

/// Where the page of a record is, below the chart.
pub(crate) fn path(row: &Row) -> String {
    let rid = row.rid;
    match row.kind.as_str() {
        "Observation" | "DiagnosticReport" => format!("results/{rid}"),
        "DocumentReference" | "Composition" | "Media" | "Binary" => format!("documents/{rid}"),
        "Encounter" => format!("visits/{rid}"),
        "ExplanationOfBenefit" | "Claim" | "ClaimResponse" | "Invoice" => format!("bills/{rid}"),
        "Communication" | "CommunicationRequest" => format!("messages/{rid}"),
        _ => format!("records/{rid}"),
    }
}

/// The title of a record with a capital; the name of a file as it is, without its underscores.
pub(crate) fn title(row: &Row) -> String {
    if row.class == Class::Note { crate::chart::documents::spaced(&row.title) } else { opening(&row.title) }
}

/// Words with a capital where they open with a plain small word: "lisinopril 20 mg", and not "pH", "eGFR" or "25-OH".
pub(crate) fn opening(words: &str) -> String {
    let first = words.split(|c: char| c.is_whitespace() || ",;:".contains(c)).next().unwrap_or("");
    if first.chars().count() > 1 && first.chars().all(char::is_lowercase) { capital(words) } else { words.to_owned() }
}

/// What a single record is, in words: an observation by what it observes.
pub(crate) fn kind(row: &Row) -> String {
    match (row.kind.as_str(), row.class) {
        ("Observation", Class::Laboratory | Class::ClinicalTest | Class::Imaging) => "Result".into(),
        ("Observation", Class::VitalSign) => "Measurement".into(),
        ("Observation", class) => class.words().into(),
        (kind, _) => crate::chart::words::type_words(kind),
    }
}

/// Words with a capital at their beginning.
pub(crate) fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// One row of a list.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) href: String,
    pub(crate) name: String,
    pub(crate) subs: Vec<String>,
    pub(crate) end: Markup,
    pub(crate) full: Markup,
}

impl Item {
    pub(crate) fn new(href: String, name: impl Into<String>) -> Self {
        Self { href, name: name.into(), subs: Vec::new(), end: html! {}, full: html! {} }
    }

    pub(crate) fn draw(&self) -> Markup {
        html! {
            li {
                div {
                    span.name { a href=(self.href) { (self.name) } }
                    @for sub in self.subs.iter().map(|s| without(s, &self.name)).filter(|s| !s.is_empty()) { span.sub { (opening(&sub)) } }
                }
                @if !self.end.0.is_empty() { div.end { (self.end) } }
                @if !self.full.0.is_empty() { div.full { (self.full) } }
            }
        }
    }
}

/// Parts of a second line, joined by a dot in the middle, each said once.
pub(crate) fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    let mut said: Vec<String> = Vec::new();
    for part in parts.into_iter().flatten() {
        if !part.is_empty() && !said.iter().any(|s| s.eq_ignore_ascii_case(&part)) {
            said.push(part);
        }
    }
    said.join(" · ")
}

/// A second line without what the name says already.
fn without(line: &str, name: &str) -> String {
    joined(line.split(" · ").filter(|part| !part.eq_ignore_ascii_case(name)).map(|part| Some(part.to_owned())))
}

/// "4 March 2015", "Date not given".
pub(crate) fn day(date: Option<&PartialDate>) -> String {
    date.map_or_else(|| "Date not given".into(), PartialDate::day_words)
}

/// "4 March 2015 to 9 March 2015", "since 2011".
pub(crate) fn span(row: &Row) -> Option<String> {
    match (&row.date, &row.end) {
        (Some(from), Some(to)) if from.day_words() == to.day_words() => Some(from.day_words()),
        // A source that dates the end before the beginning is quoted, not put in order.
        (Some(from), Some(to)) if to.start < from.start => Some(format!("{} · ended {}", from.day_words(), to.day_words())),
        (Some(from), Some(to)) => Some(format!("{} to {}", from.day_words(), to.day_words())),
        (Some(from), None) => Some(from.day_words()),
        (None, Some(to)) => Some(format!("until {}", to.day_words())),
        (None, None) => None,
    }
}

/// The state of a value against its own range: always a shape and a word.
pub(crate) fn state(reading: &Reading) -> Markup {
    match reading.flag {
        Some(Flag::Above) => pill("heed", "s-up", "Above range"),
        Some(Flag::Below) => pill("heed", "s-down", "Below range"),
        Some(Flag::Outside) => pill("heed", "s-bang", "Outside range"),
        Some(Flag::InRange) => pill("fine", "s-ok", "In range"),
        None if reading.text.is_empty() => html! {},
        // Words such as "Former smoker" have no range that could be missing.
        None if reading.range.is_none() && reading.number.is_none() => html! {},
        None if reading.range.is_none() => pill("quiet", "s-none", "No range given"),
        None => pill("quiet", "s-none", "Not compared"),
    }
}

/// "range 4.0 to 5.6 %", or why nothing is marked.
pub(crate) fn range_words(reading: &Reading) -> Option<String> {
    match (&reading.range, reading.flag) {
        (Some(given), _) => Some(format!("range {}", range(&given.words))),
        (None, Some(_)) => Some("marked by the source, which gave no range".into()),
        // The mark at the end of the row says that no range was given.
        (None, None) => None,
    }
}

/// "(0-40)" as a lab prints it, without the brackets.
pub(crate) fn range(words: &str) -> &str {
    words.strip_prefix('(').and_then(|w| w.strip_suffix(')')).filter(|w| !w.contains(['(', ')'])).unwrap_or(words)
}

/// So many letters of a value in words find room at the end of a row; longer ones stand under the name.
pub(crate) const SHORT: usize = 60;

/// So many letters of a longer text stand in a row; its own page has all of it.
pub(crate) const LONG: usize = 280;

/// The beginning of a text, cut at a word.
pub(crate) fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most).collect();
    format!("{}…", &cut[..cut.rfind(' ').unwrap_or(cut.len())])
}

/// A value as it stands at the end of a row.
pub(crate) fn value(reading: &Reading) -> Markup {
    let number = reading.number.is_some() || reading.text.len() < 18;
    html! {
        @if reading.text.is_empty() {
            span.soft { (crate::chart::results::line(reading)) }
        } @else if number {
            span.val.long[reading.text.len() > 8] { @if let Some(c) = &reading.comparator { (c) " " } (reading.text) @if !reading.unit.is_empty() { " " span.unit { (reading.unit) } } }
        } @else {
            b { (clipped(&reading.text, SHORT)) @if !reading.unit.is_empty() { " " (reading.unit) } }
        }
    }
}

/// A page's heading with one sentence under it.
pub(crate) fn head(title: &str, lead: &str, acts: &Markup) -> Markup {
    html! {
        header.head {
            h1 { (title) }
            @if !lead.is_empty() { p { (lead) } }
            @if !acts.0.is_empty() { div.acts { (acts) } }
        }
    }
}

/// Label and words, in rows.
pub(crate) fn facts<L: AsRef<str>>(list: &[(L, Markup)]) -> Markup {
    html! { dl.facts { @for (label, words) in list { div { dt { (label.as_ref()) } dd { (words) } } } } }
}

/// A table that may be wider than the window where letters are large: it scrolls by itself, by keyboard as well.
pub(crate) fn scrolling(label: &str, table: &Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(format!("{label}, scrolls sideways")) { (table) } }
}

/// What to do where there is nothing yet.
pub(crate) fn nothing(cx: &ChartCx, narrowed: bool, what: &str, why: &str) -> Markup {
    if narrowed {
        return layout::empty(
            "Nothing here fits what you chose.",
            "Change the words, the source or the dates, or show everything again.",
            &html! {},
        );
    }
    let acts = html! { @if cx.role >= Role::Carer { a.btn href=(cx.to("add")) { "Add records" } } };
    layout::none_seen(cx, what, why, &acts)
}

/// Somebody else's text, made harmless. A table in it may be wider than a phone: then the text scrolls, by keyboard as well.
pub(crate) fn narrative(div: &str, label: &str) -> Markup {
    let clean = crate::record::html::clean_narrative(div);
    let wide = clean.contains("<table");
    html! {
        div.narrative tabindex=[wide.then_some("0")] role=[wide.then_some("region")] aria-label=[wide.then(|| format!("{label}, scrolls sideways"))] {
            (PreEscaped(clean))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::opening;

    #[test]
    fn only_plain_words_get_a_capital() {
        for (given, said) in [
            ("lisinopril 20 mg tablet", "Lisinopril 20 mg tablet"),
            ("since 2011 · Dr. Raman", "Since 2011 · Dr. Raman"),
            ("reason: wants to wait", "Reason: wants to wait"),
            ("pH", "pH"),
            ("eGFR 52", "eGFR 52"),
            ("25-OH vitamin D", "25-OH vitamin D"),
            ("", ""),
        ] {
            assert_eq!(opening(given), said);
        }
    }
}
