//! A section while it is made: the table for people, and the entries that point into it.

use super::plan::Planned;
use super::xml::{LOINC, Xml};
use crate::export::gather::{Item, Part, Told};
use crate::export::table;

/// The label of a record's notes: comments of an entry point to them one by one.
const NOTE: &str = "Note";

/// The ID of a note of an item.
pub(super) fn note_id(item: &str, n: usize) -> String {
    format!("{item}n{n}")
}

/// A section in the making.
pub(super) struct Page {
    planned: &'static Planned,
    number: usize,
    rows: usize,
    table: Option<Part>,
    tables: Xml,
    paragraphs: Xml,
    /// The entries, each whole.
    pub(super) entries: Xml,
    count: usize,
}

impl Page {
    pub(super) fn new(planned: &'static Planned, number: usize) -> Self {
        Self {
            planned,
            number,
            rows: 0,
            table: None,
            tables: Xml::default(),
            paragraphs: Xml::default(),
            entries: Xml::default(),
            count: 0,
        }
    }

    /// The ID of the words that name the item of a row, the first row being 0.
    pub(super) fn row_id(&self, n: usize) -> String {
        format!("s{}r{}", self.number, n + 1)
    }

    /// Puts in a row that [`row`] has made.
    pub(super) fn row(&mut self, part: Part, row: &str) {
        if self.table != Some(part) {
            self.end();
            self.table = Some(part);
            self.tables.raw("<table border=\"1\" width=\"100%\">");
            self.tables.words("caption", &[], part.words());
            self.tables.raw("<thead><tr>");
            table::heads(part).iter().for_each(|head| self.tables.words("th", &[], head));
            self.tables.raw("</tr></thead><tbody>\n");
        }
        self.rows += 1;
        self.tables.raw(row);
    }

    pub(super) fn paragraph(&mut self, words: &str) {
        self.paragraphs.words("paragraph", &[], words);
    }

    /// An entry is begun.
    pub(super) fn entry(&mut self, kind: &str) {
        self.count += 1;
        if kind.is_empty() { self.entries.open("entry", &[]) } else { self.entries.open("entry", &[("typeCode", kind)]) }
    }

    fn end(&mut self) {
        if self.table.take().is_some() {
            self.tables.raw("</tbody></table>\n");
        }
    }

    /// The section, or nothing where there is nothing to tell.
    pub(super) fn finish(mut self) -> String {
        self.end();
        let planned = self.planned;
        if self.rows == 0 && !planned.required {
            return String::new();
        }
        let mut x = Xml::default();
        x.raw("<component>");
        let unknown = self.count == 0 && planned.coded;
        if unknown {
            x.open("section", &[("nullFlavor", "NI")]);
        } else {
            x.open("section", &[]);
        }
        planned.templates.iter().for_each(|(number, version)| x.template(number, version));
        x.code("code", planned.code, LOINC, planned.display);
        x.words("title", &[], planned.title);
        x.open("text", &[]);
        x.raw(&self.paragraphs.into_text());
        if self.rows == 0 {
            x.words("paragraph", &[], &table::nothing(planned.title));
        }
        x.raw(&self.tables.into_text());
        x.close("text");
        x.raw("\n");
        x.raw(&self.entries.into_text());
        x.close("section");
        x.raw("</component>\n");
        x.into_text()
    }
}

/// The row of an item.
pub(super) fn row(id: &str, part: Part, told: &Told, item: &Item) -> String {
    let mut x = Xml::default();
    x.raw("<tr>");
    let notes: Vec<&String> = told.details.iter().filter(|(label, _)| *label == NOTE).map(|(_, words)| words).collect();
    for (n, cell) in table::cells_without(part, told, item, &[NOTE]).iter().enumerate() {
        if n == 0 {
            x.words("td", &[("ID", id)], cell);
        } else if n == 1 && matches!(part, Part::Medicines | Part::PastMedicines | Part::Fills) {
            x.words("td", &[("ID", &format!("{id}d"))], cell);
        } else if n == table::details_at(part) {
            x.open("td", &[]);
            x.words("content", &[], cell);
            for (n, note) in notes.iter().enumerate() {
                x.raw(if n == 0 && cell.is_empty() { "Note: " } else { ". Note: " });
                x.words("content", &[("ID", &note_id(id, n))], note);
            }
            x.close("td");
        } else {
            x.words("td", &[], cell);
        }
    }
    x.raw("</tr>\n");
    x.into_text()
}
