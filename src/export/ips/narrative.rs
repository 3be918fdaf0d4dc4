//! A section in words: XHTML as FHIR allows it (R4 Narrative, txt-1), every word of others escaped.

use super::plan;
use crate::export::gather::{Gathered, Part};
use crate::export::markup::{escape, escape_into};
use crate::export::table::{self, LEFT_OUT};
use crate::record::PartialDate;
use serde_json::Value;

/// The narrative of a section while it is made: a table for each part, then paragraphs.
#[derive(Default)]
pub(super) struct Text {
    html: String,
    table: Option<Part>,
    paragraphs: String,
}

impl Text {
    /// A row of the table of a part.
    pub(super) fn row(&mut self, part: Part, cells: &[String]) {
        if self.table != Some(part) {
            self.end();
            self.table = Some(part);
            self.html.push_str("<table><caption>");
            escape_into(&mut self.html, part.words());
            self.html.push_str("</caption><thead><tr>");
            for head in table::heads(part) {
                self.html.push_str("<th>");
                escape_into(&mut self.html, head);
                self.html.push_str("</th>");
            }
            self.html.push_str("</tr></thead><tbody>");
        }
        self.html.push_str("<tr>");
        for cell in cells {
            self.html.push_str("<td>");
            escape_into(&mut self.html, cell);
            self.html.push_str("</td>");
        }
        self.html.push_str("</tr>");
    }

    pub(super) fn paragraph(&mut self, words: &str) {
        self.paragraphs.push_str("<p>");
        escape_into(&mut self.paragraphs, words);
        self.paragraphs.push_str("</p>");
    }

    fn end(&mut self) {
        if self.table.take().is_some() {
            self.html.push_str("</tbody></table>");
        }
    }

    /// The `div`.
    pub(super) fn div(mut self) -> String {
        self.end();
        format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{}{}</div>", self.paragraphs, self.html)
    }
}

/// What the document as a whole says: whose, when, for whom, and that something was left out.
pub(super) fn opening(gathered: &Gathered) -> String {
    let person = &gathered.person;
    let born = PartialDate::parse(&person.birth_date).map_or_else(|| person.birth_date.clone(), |d| d.words());
    let made = PartialDate::parse(&gathered.made.to_string()).map(|d| d.day_words()).unwrap_or_default();
    let mut text = Text::default();
    text.paragraph(&format!("Health summary of {}, born {born}. Put together on {made} from records that the person keeps.", person.name));
    if let Some(addressee) = &gathered.choice.addressee {
        text.paragraph(&format!("For: {addressee}"));
    }
    if gathered.left_out {
        text.paragraph(LEFT_OUT);
    }
    text.div()
}

/// The note to the reader, as the person's own section (IPS Patient Story), with the words that not everything is here.
pub(super) fn note(gathered: &Gathered) -> Option<Value> {
    let mut text = String::new();
    for line in gathered.choice.note.iter().flat_map(|n| n.lines()).map(str::trim).filter(|l| !l.is_empty()) {
        text.push_str(&format!("<p>{}</p>", escape(line)));
    }
    if gathered.left_out {
        text.push_str(&format!("<p>{}</p>", escape(LEFT_OUT)));
    }
    let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{text}</div>");
    (!text.is_empty())
        .then(|| plan::section("From the person", "81338-6", "Patient Goals, preferences, and priorities for care experience", &div, &[]))
}
