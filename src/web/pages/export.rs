//! Saving or giving a copy.

use crate::record::Class;
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon, note};
use crate::web::pages::words;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Format, name, what it is for.
const FORMATS: [(&str, &str, &str); 4] = [
    ("everything", "Everything", "One zip: pages to read without a network, tables, FHIR, and the files as they came"),
    ("fhir", "For another system (FHIR)", "One file that a clinic’s or another vault’s computer can read, without loss"),
    ("csv", "Tables (CSV)", "For a spreadsheet: a table for each kind of record"),
    ("ndjson", "FHIR, line by line", "For programs that read large amounts"),
];

pub(crate) fn page(cx: &ChartCx, counts: &BTreeMap<Class, u64>) -> Markup {
    let body = html! {
        header.head {
            h1 { "Save or give a copy" }
            p { "For a clinic, for another place to keep it, or for yourself. Nothing leaves this machine until you save the file." }
        }
        form.form method="post" action=(cx.to("export")) {
            fieldset {
                legend { "1. As what?" }
                div.cards {
                    @for (i, (value, name, line)) in FORMATS.iter().enumerate() {
                        label.pick { input type="radio" name="format" value=(value) checked[i == 0]; span { b { (name) } small { (line) } } }
                    }
                }
            }
            fieldset.sec {
                legend { "2. What?" }
                div.ticks {
                    @for (class, n) in counts.iter().filter(|(_, n)| **n > 0) {
                        label.tick {
                            input type="hidden" name="shown" value=(class.slug());
                            input type="checkbox" name="kind" value=(class.slug()) checked;
                            span { (class.words()) " " small { (words::count(*n, "record", "records")) } }
                        }
                    }
                }
            }
            fieldset.sec {
                legend { "3. From when?" }
                p.hint { "Leave both empty to take all. With a date set, records without a date stay out." }
                div.ticks {
                    div.field { label for="from" { "From" } input.short #from name="from" type="date"; }
                    div.field { label for="to" { "To, this day included" } input.short #to name="to" type="date"; }
                }
            }
            (note("heed", &html! {
                p { b { "The copy is not encrypted." } }
                p { "Who has it can read it. Keep it where only you can, and delete it when it has done its work." }
            }))
            p.acts { button.btn.main type="submit" { (icon("save")) "Save the copy" } }
        }
    };
    chart_page(cx, &Page { title: "Save or give a copy", nav: "export", crumbs: &[] }, &body)
}
