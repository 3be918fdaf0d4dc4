//! Notes and documents by kind, newest first.

use super::filter::Filter;
use super::ui::{Desk, Item, head, joined, nothing};
use crate::Result;
use crate::chart::{documents, people};
use crate::record::{Class, PartialDate};
use crate::vault::Row;
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, section};
use maud::{Markup, html};

const MANY: usize = 60;

/// The page.
pub(crate) fn page(cx: &ChartCx, filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let mut query = filter.query(&[Class::Note]);
    query.types = match filter.show.as_str() {
        "documents" => vec!["Composition".into()],
        "files" => vec!["DocumentReference".into(), "Media".into(), "DocumentManifest".into()],
        "reports" => vec!["DiagnosticReport".into()],
        _ => Vec::new(),
    };
    query.limit = MANY;
    query.after = filter.cursor();
    let listing = cx.chart.list(&query)?;
    let mut kinds: Vec<(String, Vec<Item>)> = Vec::new();
    for row in &listing.rows {
        let (kind, item) = entry(&desk, row)?;
        match kinds.iter_mut().find(|(k, _)| k.eq_ignore_ascii_case(&kind)) {
            Some((_, items)) => items.push(item),
            None => kinds.push((kind, vec![item])),
        }
    }
    let kinds = gathered(kinds);
    let shows = [
        ("", "All"),
        ("documents", "Summaries and notes (C-CDA and the like)"),
        ("files", "Files: PDF, pictures, text"),
        ("reports", "Reports"),
    ];
    let path = cx.to("documents");
    let body = html! {
        (head("Notes and documents", "What was written, as its authors wrote it. The newest first within each kind.", &html! {}))
        @if !kinds.is_empty() || filter.narrows() || !filter.show.is_empty() { (filter.bar(cx, "documents", "documents", &desk.sources, &shows)) }
        @for (n, (kind, items)) in kinds.iter().enumerate() {
            (section(&format!("k-{n}"), kind, None, &html! { ul.rows { @for item in items { (item.draw()) } } }))
        }
        (filter.more(&path, listing.next, "Show older documents"))
        @if kinds.is_empty() { (nothing(cx, filter.narrows() || !filter.show.is_empty(), "No documents yet.", "Notes, letters, PDFs and pictures appear here when you add them.")) }
    };
    Ok(chart_page(cx, &Page { title: "Documents", nav: "documents", crumbs: &[] }, &body))
}

/// Kinds with a single document stand together at the end: a heading over each would be longer than what it heads.
fn gathered(kinds: Vec<(String, Vec<Item>)>) -> Vec<(String, Vec<Item>)> {
    let (mut many, single): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|(_, items)| items.len() > 1);
    if many.is_empty() || single.len() < 2 {
        many.extend(single);
        return many;
    }
    let mut others = Vec::new();
    for (kind, items) in single {
        for mut item in items {
            if !item.name.to_lowercase().starts_with(&kind.to_lowercase()) {
                item.subs.insert(0, kind.clone());
            }
            others.push(item);
        }
    }
    many.push(("Other documents".to_owned(), others));
    many
}

fn entry(desk: &Desk<'_>, row: &Row) -> Result<(String, Item)> {
    let resource = row.resource();
    let beside = documents::Beside::of(&desk.cx.chart, row.rid)?;
    let kind = beside.kind.clone().unwrap_or_else(|| documents::kind(&resource));
    let date = beside.date_words().or_else(|| row.date.as_ref().map(PartialDate::day_words));
    let mut name = beside.title.clone().unwrap_or_else(|| documents::spaced(&row.title));
    // Thirty notes that are called what their heading says are told apart by their days.
    if let Some(day) = date.as_ref().filter(|_| name.eq_ignore_ascii_case(&kind)) {
        name = format!("{name}, {day}");
    }
    let mut item = Item::new(desk.href(row), name);
    let date = date.filter(|d| !item.name.ends_with(d.as_str())).or_else(|| row.date.is_none().then(|| "date not given".into()));
    let media: Vec<String> =
        documents::parts(&resource).iter().map(|p| media_words(&p.media).to_owned()).filter(|m| !m.is_empty()).collect();
    item.subs.push(joined([date, people::by(&resource), (!media.is_empty()).then(|| media.join(", "))]));
    if beside.title.is_some() {
        item.subs.push(format!("At its source: {}", row.title));
    }
    item.end = desk.marks(row);
    Ok((kind, item))
}

/// Media types in the words of people.
pub(crate) fn media_words(media: &str) -> &str {
    match media {
        "application/pdf" => "PDF",
        "text/plain" => "text",
        "text/html" | "application/xhtml+xml" => "web page",
        "text/rtf" | "application/rtf" => "RTF text",
        "application/hl7-v3+xml" | "application/cda+xml" | "text/xml" | "application/xml" => "document for other health programs",
        "application/fhir+json" | "application/json" => "data for other health programs",
        "application/msword" | "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "Word document",
        "application/vnd.ms-excel" | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "Excel table",
        "application/vnd.ms-powerpoint" | "application/vnd.openxmlformats-officedocument.presentationml.presentation" => {
            "PowerPoint presentation"
        }
        "application/x-ole-storage" | "application/vnd.openxmlformats-officedocument" => "Office document",
        m if m.starts_with("application/vnd.oasis.opendocument") => "OpenDocument file",
        "image/svg+xml" => "drawing",
        m if m.starts_with("image/") => "picture",
        m if m.starts_with("audio/") => "sound",
        m if m.starts_with("video/") => "film",
        other => other,
    }
}
