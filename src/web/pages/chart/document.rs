//! One document: its sections in their authors' words, or its file inside the page; the original to save; title, date and
//! kind as the household notes them beside it.

use super::documents::media_words;
use super::filter::Filter;
use super::record::{everything, source_facts, standing, versions};
use super::rows;
use super::ui::{Desk, facts, head, joined, narrative};
use crate::Result;
use crate::chart::documents::{self, Beside, Part, Section, Shape};
use crate::chart::people;
use crate::import::ccda;
use crate::import::documents::as_html;
use crate::import::sink::Collected;
use crate::import::sniff::{Format, sniff};
use crate::import::worker::Worker;
use crate::record::html::text_to_html;
use crate::record::{PartialDate, array, extracted_text, reference_words, text_at, type_of};
use crate::vault::{Role, Row};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, empty, icon, note, print_act, section};
use maud::{Markup, PreEscaped, html};
use serde_json::Value;

/// So many pages of a PDF are shown at once; the others by their own links.
const SHEETS: usize = 12;

/// The page.
pub(crate) fn page(cx: &ChartCx, row: &Row, _filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let resource = row.resource();
    let beside = Beside::of(&cx.chart, row.rid)?;
    let title = beside.title.clone().unwrap_or_else(|| documents::spaced(&row.title));
    let date = beside.date_words().or_else(|| row.date.as_ref().map(PartialDate::words));
    let lead = joined([people::by(&resource).map(|by| format!("Written by {by}")), date]);
    let acts = html! {
        @if !cx.chart.is_limited() {
            a.btn href=(cx.to(&format!("sources/{}/original", row.source))) { (icon("save")) "Save the original" }
        }
        @if cx.role >= Role::Carer { a.btn.plain href="#beside" { "Change title, date or kind" } }
        (print_act("Print"))
    };
    let body = html! {
        (head(&title, &lead, &acts))
        @if beside.title.is_some() && row.title != title { p.soft { "At its source: " (row.title) } }
        (standing(row))
        (versions(&desk, row)?)
        @if row.kind == "Composition" { (composition(&resource)) }
        @else if documents::parts(&resource).is_empty() { (without_file(&resource)) }
        @else { (viewers(&desk, row, &resource)?) }
        @if let Some(text) = text_at(&resource, "description").filter(|d| *d != title) { p { (text) } }
        (read_from(&desk, row, &resource)?)
        (everything(&desk, row, &without_narrative(resource.clone())))
        (section("from", "Where this comes from", None, &source_facts(&desk, row)?))
        @if cx.role >= Role::Carer { (edit(cx, row, &beside)) }
    };
    Ok(chart_page(cx, &Page { title: &title, nav: "documents", crumbs: &[("Documents", "documents")] }, &body))
}

/// A record without the narratives of its sections: its page shows them as the document.
fn without_narrative(mut resource: Value) -> Value {
    let mut open: Vec<&mut Value> = resource.get_mut("section").into_iter().collect();
    while let Some(section) = open.pop() {
        match section {
            Value::Array(items) => open.extend(items.iter_mut()),
            Value::Object(fields) => {
                if let Some(Value::Object(text)) = fields.get_mut("text") {
                    text.remove("div");
                }
                open.extend(fields.get_mut("section"));
            }
            _ => {}
        }
    }
    resource
}

/// The sections of a Composition with a list of them at the side.
fn composition(resource: &Value) -> Markup {
    let sections = documents::sections(resource);
    let own = text_at(resource, "text.div").filter(|d| sections.is_empty() && !d.is_empty());
    let mut about: Vec<(&str, Markup)> = Vec::new();
    let mut fact = |label, words: Option<String>| about.extend(words.map(|w| (label, html! { (w) })));
    fact("Kind", Some(documents::kind(resource)));
    fact("Person", reference_words(resource, resource.get("subject").unwrap_or(&Value::Null)));
    fact("Author", people::by(resource));
    fact("Signed by", array(resource, "attester").iter().find_map(|a| reference_words(resource, a.get("party")?)));
    fact("Kept by", resource.get("custodian").and_then(|c| reference_words(resource, c)));
    fact("State", text_at(resource, "status").map(|s| crate::chart::words::words_of_code(&s)));
    html! {
        (note("", &html! { p { "These are the authors’ own words. Keepwell shows them as they came and changes nothing." } }))
        div.doc-split {
            @if sections.len() > 1 {
                nav.no-print aria-label="In this document" {
                    h2.quiet { "In this document" }
                    ul.toc { @for (n, s) in sections.iter().enumerate().filter(|(_, s)| s.depth == 0) { li { a href=(format!("#d{n}")) { (s.title) } } } }
                }
            }
            article.paper aria-label="The document, as its authors wrote it" {
                (facts(&about))
                @if let Some(own) = own { (narrative(&own, "The document")) }
                @for (n, s) in sections.iter().enumerate() { (drawn(n, s)) }
                @if sections.is_empty() && text_at(resource, "text.div").is_none() { p.soft { "The document holds no text of its own." } }
            }
        }
    }
}

fn drawn(n: usize, s: &Section) -> Markup {
    html! {
        section {
            @if s.depth == 0 { h2 id=(format!("d{n}")) { (s.title) } } @else { h3 id=(format!("d{n}")) { (s.title) } }
            @match (&s.narrative, &s.empty) {
                (Some(div), _) => (narrative(div, &s.title)),
                (None, Some(why)) => p.soft { "Nothing here: " (why) },
                (None, None) => @if s.entries.is_empty() { p.soft { "The authors wrote no text here." } } @else { p.soft { "No text, " (s.entries.len()) " entries: they stand on the pages of their kinds." } },
            }
        }
    }
}

/// A document of which the source sent at most a few words.
fn without_file(resource: &Value) -> Markup {
    html! {
        @if let Some(text) = text_at(resource, "text.div") {
            article.paper aria-label="The document, as its authors wrote it" { (narrative(&text, "The document")) }
        } @else {
            (empty("The document itself did not come", "The source names this document and sent neither its text nor its file. Ask the practice for a copy, then add it here.", &html! {}))
        }
    }
}

/// The files of a record inside the page: pages of a PDF, a picture, text, or a frame that may do nothing.
pub(crate) fn viewers(desk: &Desk<'_>, row: &Row, resource: &Value) -> Result<Markup> {
    let parts = documents::parts(resource);
    let mut drawn = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        drawn.push(viewer(desk, row, part, n, resource));
    }
    Ok(html! { @for one in &drawn { (one) } })
}

fn viewer(desk: &Desk<'_>, row: &Row, part: &Part, n: usize, resource: &Value) -> Markup {
    let cx = desk.cx;
    let address = |what: &str| cx.to(&format!("records/{}/{what}?part={n}", row.rid));
    let heading = part.title.clone().filter(|t| *t != row.title);
    let heading = heading.unwrap_or_else(|| if n == 0 { "The document".into() } else { format!("Part {}", n + 1) });
    let id = format!("part-{n}");
    let save = address("content");
    if let Some(url) = part.elsewhere() {
        return section(
            &id,
            &heading,
            None,
            &html! { p.soft { "The source keeps this file at an address of its own and did not send it along. Ask the source for it, then add it." } span.linkbox { (url) } },
        );
    }
    let side = ("Save this file", format!("{save}&save=1"));
    let body = match part.shape() {
        Shape::Other => other(cx, row, part, extracted_text(resource).filter(|_| n == 0)),
        shape => match documents::bytes(&cx.chart, row, part, &cx.app.limits) {
            Err(e) => html! { p.soft { (e.words()) } },
            Ok(bytes) => match shape {
                Shape::Pdf => pdf(cx, row, n, &bytes, resource),
                Shape::Picture => {
                    html! { p.leaf { img src=(address("picture")) alt=(format!("{heading}, as a picture. The text in it cannot be read out.")); } }
                }
                Shape::Html => html! {
                    iframe.leaf-frame src=(save) title=(heading) sandbox="" loading="lazy" {}
                },
                _ => match readable(&bytes) {
                    Some(text) => html! { div.paper { (PreEscaped(text)) } },
                    None => html! { p.soft { "The text of this file could not be read. It is kept as it came; you can save it." } },
                },
            },
        },
    };
    section(&id, &heading, Some((side.0, &side.1)), &body)
}

/// A file of another kind: a clinical document (C-CDA) by its sections, all else to be saved.
fn other(cx: &ChartCx, row: &Row, part: &Part, text: Option<String>) -> Markup {
    let bytes = match documents::bytes(&cx.chart, row, part, &cx.app.limits) {
        Ok(bytes) => bytes,
        Err(e) => return html! { p.soft { (e.words()) } },
    };
    let mut read = Collected::default();
    if sniff(bytes.get(..bytes.len().min(4096)).unwrap_or(&bytes)) == Format::Ccda
        && ccda::read(&bytes, "", &cx.app.limits, &mut read).is_ok()
        && let Some(found) = read.found.iter().find(|f| type_of(&f.resource) == "Composition")
    {
        return composition(&found.resource);
    }
    let kind = if part.media.is_empty() { "of no stated type" } else { media_words(&part.media) };
    html! {
        p.soft { "This kind of file (" (kind) ") cannot be shown here. It is kept as it came; you can save it." }
        @if let Some(text) = text { details { summary { "The text of this document" } div.paper { (PreEscaped(text_to_html(&text))) } } }
    }
}

/// Plain text and RTF as HTML of ours.
fn readable(bytes: &[u8]) -> Option<String> {
    let format = sniff(bytes.get(..bytes.len().min(4096)).unwrap_or(bytes));
    as_html(if format == Format::Rtf { format } else { Format::Text }, bytes)
}

/// Pictures of the pages, made by the server, and the text of them for who cannot see them.
fn pdf(cx: &ChartCx, row: &Row, part: usize, bytes: &[u8], resource: &Value) -> Markup {
    let worker = Worker::new(&cx.app.worker);
    let info = match worker.pdf_info(bytes) {
        Ok(info) => info,
        Err(trouble) => {
            return html! { p.soft { (trouble.words()) " It is kept as it came; you can save it and open it with another program." } };
        }
    };
    let text = extracted_text(resource).filter(|_| part == 0).or_else(|| worker.pdf_text(bytes).ok()).unwrap_or_default();
    let sheets = info.pages.min(SHEETS);
    html! {
        @for sheet in 1..=sheets {
            p.leaf {
                img src=(cx.to(&format!("records/{}/sheet?part={part}&n={sheet}", row.rid))) loading=[(sheet > 1).then_some("lazy")]
                    alt=(format!("Page {sheet} of {}. Its text stands below, as far as it can be read.", info.pages));
            }
        }
        @if info.pages > sheets { p.soft { "The first " (sheets) " of " (info.pages) " pages are shown. Save the file to read all of it." } }
        @if text.trim().is_empty() { p.soft { "No text could be read out of this PDF: it may be a scan. Search does not find its words." } }
        @else { details { summary { "The text of this PDF" } div.paper { (PreEscaped(text_to_html(&text))) } } }
    }
}

/// What was read from the same source, by kind.
fn read_from(desk: &Desk<'_>, row: &Row, resource: &Value) -> Result<Markup> {
    let mut entries: Vec<Row> = Vec::new();
    let references = documents::sections(resource).into_iter().flat_map(|s| s.entries);
    for reference in references.take(60) {
        if let Some(found) = desk.cx.chart.resolve(row, &reference)? {
            entries.push(found);
        }
    }
    for related in array(resource, "context").iter().flat_map(|c| array(c, "related")).take(10) {
        entries.extend(people::resolved(&desk.cx.chart, row, resource, related).1);
    }
    if entries.is_empty() {
        return Ok(html! {});
    }
    let some = section(
        "read",
        "What Keepwell read from it",
        None,
        &html! { ul.rows { @for e in &entries { (rows::among_others(desk, e).draw()) } } },
    );
    Ok(some)
}

/// Title, date and kind: kept beside the record, which stays as it came.
fn edit(cx: &ChartCx, row: &Row, beside: &Beside) -> Markup {
    let value = |v: &Option<String>| v.clone().unwrap_or_default();
    section(
        "beside",
        "Title, date and kind",
        None,
        &html! {
            p.soft { "What you write here is kept beside the document. The document itself stays as it came. Leave a field empty to use what the source says." }
            form.form method="post" action=(cx.to(&format!("documents/{}/beside", row.rid))) {
                div.field { label for="b-title" { "Title" } input #b-title name="title" maxlength="200" autocomplete="off" value=(value(&beside.title)); }
                div.field {
                    label for="b-date" { "Date" }
                    p.hint #b-date-h { "As exact as you know it: 2015, 2015-03 or 2015-03-04" }
                    input.short #b-date name="date" maxlength="10" autocomplete="off" aria-describedby="b-date-h" value=(value(&beside.date));
                }
                div.field { label for="b-kind" { "Kind, such as “Referral letter”" } input #b-kind name="kind" maxlength="80" autocomplete="off" value=(value(&beside.kind)); }
                p.acts { button.btn.main type="submit" { "Keep this" } }
            }
        },
    )
}
