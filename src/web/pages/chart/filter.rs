//! What a list is narrowed to: text, source, dates, part. Words about health are kept in the session under a token and never
//! stand in an address.

use crate::chart::sources::Sources;
use crate::record::{Class, PartialDate};
use crate::vault::{Cursor, Query};
use crate::web::app::ChartCx;
use maud::{Markup, html};
use serde::Deserialize;

/// A filter as the address carries it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// The token of the text.
    pub t: String,
    /// A source's id.
    pub source: String,
    /// `YYYY-MM-DD`.
    pub from: String,
    /// `YYYY-MM-DD`.
    pub to: String,
    /// A part of the page.
    pub show: String,
    /// Where to go on.
    pub after: String,
    /// Which page, where a cursor will not do.
    pub page: usize,
    /// The text itself: only in a posted form, or read back from the session.
    pub q: String,
}

impl Filter {
    /// Whether anything is left out by it.
    pub fn narrows(&self) -> bool {
        !(self.q.is_empty() && self.source.is_empty() && self.from.is_empty() && self.to.is_empty())
    }

    /// Writes itself into a question to the chart.
    pub fn query(&self, classes: &[Class]) -> Query {
        Query {
            classes: classes.to_vec(),
            source: Some(self.source.clone()).filter(|s| !s.is_empty()),
            from: PartialDate::parse(&self.from).map(|d| d.start),
            until: PartialDate::parse(&self.to).map(|d| d.end),
            text: Some(self.q.trim().to_owned()).filter(|q| !q.is_empty()),
            ..Query::default()
        }
    }

    /// Where a listing goes on.
    pub fn cursor(&self) -> Option<Cursor> {
        let (sort, rid) = self.after.split_once('.')?;
        Some(Cursor { sort: sort.parse().ok()?, rid: rid.parse().ok()? })
    }

    /// The same filter as an address, with some of it changed; changing anything begins at the first page.
    pub fn address(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let own = [("t", &self.t), ("source", &self.source), ("from", &self.from), ("to", &self.to), ("show", &self.show)];
        let kept = own.into_iter().map(|(k, v)| (k, v.as_str())).filter(|(k, _)| !changes.iter().any(|(c, _)| c == k));
        let all: Vec<String> =
            kept.chain(changes.iter().copied()).filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k}={}", encoded(v))).collect();
        if all.is_empty() { path.to_owned() } else { format!("{path}?{}", all.join("&")) }
    }

    /// The link to what comes next; nothing where there is no more.
    pub fn more(&self, path: &str, next: Option<Cursor>, words: &str) -> Markup {
        html! {
            @if let Some(next) = next {
                p.acts { a.btn href=(self.address(path, &[("after", &format!("{}.{}", next.sort, next.rid))])) { (words) } }
            }
        }
    }

    /// The bar above a list. `shows` are the parts of the page: (slug, words).
    pub fn bar(&self, cx: &ChartCx, path: &str, label: &str, sources: &Sources, shows: &[(&str, &str)]) -> Markup {
        let form = html! {
            form.filter.no-print role="search" aria-label=(format!("Filter {label}")) method="post" action=(cx.to(path)) {
                div.field { label for="f-q" { "Words" } input #f-q name="q" type="search" autocomplete="off" value=(self.q); }
                div.field {
                    label for="f-source" { "Source" }
                    select #f-source name="source" {
                        option value="" { "All sources" }
                        @for s in sources.here() { option value=(s.id) selected[s.id == self.source] { (sources.name(&s.id)) } }
                    }
                }
                @if !shows.is_empty() {
                    div.field {
                        label for="f-show" { "Show" }
                        select #f-show name="show" {
                            @for (slug, words) in shows { option value=(slug) selected[*slug == self.show] { (words) } }
                        }
                    }
                }
                div.field { label for="f-from" { "From" } input #f-from name="from" type="date" value=(self.from); }
                div.field { label for="f-to" { "To" } input #f-to name="to" type="date" value=(self.to); }
                button.btn type="submit" { "Show" }
                @if self.narrows() || !self.show.is_empty() { a.btn.plain href=(cx.to(path)) { "Show everything" } }
            }
        };
        // Folded on a phone, so that the list itself stands on the first screen; open on a desktop (record.css).
        html! { details.find.no-print open[self.narrows() || !self.show.is_empty()] { summary { "Find in this list" } (form) } }
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_no_words() {
        let filter = Filter { q: "HIV".into(), t: "abc".into(), show: "past".into(), from: "2020-01-01".into(), ..Filter::default() };
        assert_eq!(filter.address("/p", &[("after", "-5.7")]), "/p?t=abc&from=2020-01-01&show=past&after=-5.7");
        assert_eq!(filter.address("/p", &[("show", ""), ("t", ""), ("from", "")]), "/p");
        assert_eq!(encoded("a&b=ü"), "a%26b%3D%C3%BC");
        let asked = Filter { after: "-5.7".into(), ..Filter::default() };
        assert_eq!(asked.cursor(), Some(Cursor { sort: -5, rid: 7 }));
    }
}
