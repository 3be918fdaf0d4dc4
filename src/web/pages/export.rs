//! Saving a copy.

use crate::export::Format;
use crate::record::{Class, PartialDate};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// What the form holds.
pub(crate) struct Chosen {
    pub(crate) format: Format,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) include: Vec<Class>,
}

impl Default for Chosen {
    fn default() -> Self {
        Self { format: Format::Everything, from: String::new(), to: String::new(), include: Vec::new() }
    }
}

const FORMATS: [(Format, &str, &str); 4] = [
    (
        Format::Everything,
        "Everything, in one zip file",
        "All records, tables for a spreadsheet, the files as they came, and a page to read it all without Keepwell or a network",
    ),
    (Format::Fhir, "Records for another program (FHIR)", "One file that other health programs and Keepwell itself read without loss"),
    (Format::Csv, "Tables for a spreadsheet (CSV)", "A zip file with one table for each kind of record"),
    (Format::Ndjson, "Records, one a line (NDJSON)", "For people who write programs"),
];

pub(crate) fn page(cx: &ChartCx, counts: &BTreeMap<Class, u64>, chosen: &Chosen) -> Markup {
    let total: u64 = counts.values().sum();
    let body = html! {
        header.head {
            h1 { "Save a copy" }
            p { "Carry this chart away in open formats. It holds " (total) " records." }
        }
        @if total == 0 {
            div.empty {
                p { b { "Nothing to save yet" } }
                p.soft { "A copy can be saved as soon as the chart holds records." }
                p.acts { a.btn.main href=(cx.to("add")) { (icon("add")) "Add records" } }
            }
        } @else {
            (form(cx, counts, chosen))
        }
    };
    chart_page(cx, &Page { title: "Save a copy", nav: "export", crumbs: &[] }, &body)
}

fn form(cx: &ChartCx, counts: &BTreeMap<Class, u64>, chosen: &Chosen) -> Markup {
    html! {
        form.form action=(cx.to("export")) method="post" {
            fieldset {
                legend { "What kind of file" }
                @for (format, words, hint) in FORMATS {
                    label.tick {
                        input type="radio" name="format" value=(format.name()) checked[format == chosen.format];
                        span { (words) small.soft { (hint) } }
                    }
                }
            }
            fieldset.sec {
                legend { "From when" }
                p.hint #when { "Leave both empty for all of it. A year (2024), a month (2024-05) or a day (2024-05-17) will do. With a date, records without one stay out." }
                (date("from", "From", &chosen.from))
                (date("to", "Up to and with", &chosen.to))
            }
            details.sec open[!chosen.include.is_empty()] {
                summary { b { "Only some kinds of record" } }
                p.hint { "Tick what to take. With nothing ticked, all kinds are taken." }
                @for (class, count) in counts {
                    label.tick {
                        input type="checkbox" name="kind" value=(class.slug()) checked[chosen.include.contains(class)];
                        span { (class.words()) " " span.soft { (count) } }
                    }
                }
            }
            div.note.heed {
                (icon("alert"))
                div { p { b { "The copy is not encrypted." } } p { "Keep it where only you can read it. Who has the file can read the records." } }
            }
            p.acts { button.btn.main type="submit" { (icon("save")) "Save the file" } }
        }
    }
}

fn date(name: &str, label: &str, value: &str) -> Markup {
    let wrong = !value.is_empty() && PartialDate::parse(value).is_none();
    let error = format!("{name}-wrong");
    let described = if wrong { format!("when {error}") } else { "when".to_owned() };
    html! {
        div.field {
            label for=(name) { (label) }
            @if wrong { p.wrong id=(error) { (icon("alert")) "“" (value) "” is not a date. Write it like 2024-05-17." } }
            input.short id=(name) name=(name) value=(value) inputmode="numeric" autocomplete="off"
                aria-describedby=(described) aria-invalid=[wrong.then_some("true")];
        }
    }
}
