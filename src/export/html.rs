//! The page that reads without a network: no script, nothing loaded, every word escaped.

use super::csv::table_name;
use super::line::Line;
use super::markup::escape;
use super::select::Ready;
use crate::Result;
use crate::record::{Class, PartialDate, Standing, today};
use crate::vault::{Chart, Order, Row, SourceInfo};
use std::collections::BTreeMap;
use std::io::Write;

/// A source whose original is in the zip.
pub(super) struct Kept {
    pub(super) source: SourceInfo,
    pub(super) path: String,
}

/// The longest list that the page shows; the tables hold the rest.
const MOST: usize = 500;

const HEAD: &str = r#"<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'">
<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">
<style>
:root{color-scheme:light dark}
body{font:1.06rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1rem;color:#1c2426;background:#fff}
h1{font-size:2rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.4rem;border-top:3px solid #1c2426;padding-top:.5rem;margin-top:2.5rem}
.table{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.95rem}caption{text-align:left;padding:.25rem 0;color:#4a5659}
th,td{text-align:left;vertical-align:top;padding:.45rem .75rem .45rem 0;border-bottom:1px solid #c9d1d3;overflow-wrap:break-word}
td.n{font-variant-numeric:tabular-nums;white-space:nowrap;font-weight:650}
a{color:#0d4f60}a:focus-visible{outline:3px solid;outline-offset:2px}.harm{color:#9a1a2f}.note{border:2px solid #9a1a2f;padding:.75rem 1rem}
nav ul{columns:2;padding-left:1.2rem}li{padding:.15rem 0}
@media(prefers-color-scheme:dark){body{color:#e6ecee;background:#14191b}h2{border-color:#e6ecee}caption{color:#b4c0c3}th,td{border-color:#3a4549}a{color:#8fd0df}.harm{color:#ffb4bc}.note{border-color:#ffb4bc}}
@media print{body{max-width:none;font-size:11pt}a{color:inherit}nav{display:none}thead{display:table-header-group}tr{break-inside:avoid}}
</style>"#;

pub(super) fn write(chart: &Chart, selection: &Ready, kept: &[Kept], out: &mut dyn Write) -> Result<()> {
    let person = chart.person();
    let date = |text: &str| PartialDate::parse(text).map_or_else(|| text.to_owned(), |d| d.words());
    let (name, born) = (escape(&person.name), escape(&date(&person.birth_date)));
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\"><head>{HEAD}<title>Health records of {name}</title></head>\n<body><main>\n\
         <h1>Health records of {name}</h1>\n<p>Born {born}. Written by Keepwell on {}.</p>\n\
         <p class=\"note\">This page is not encrypted. Anyone who has it can read it.</p>\n",
        escape(&date(&today()))
    )?;
    if !selection.everything {
        out.write_all(b"<p>Only some dates or kinds of record were chosen for this copy. There may be more in the chart.</p>\n")?;
    }
    let mut counts = BTreeMap::new();
    allergies(chart, selection, &mut counts, out)?;
    let plain: [Section; 4] = [
        (Class::Problem, "Conditions", ["Condition", "Since", "State", "From"]),
        (Class::Medication, "Medicines", ["Medicine", "Date", "State", "How it is taken"]),
        (Class::Immunization, "Immunizations", ["Vaccine", "Date", "State", "From"]),
        (Class::Procedure, "Procedures", ["Procedure", "Date", "State", "From"]),
    ];
    for section in plain {
        listed(chart, selection, &section, &mut counts, out)?;
    }
    results(chart, selection, &mut counts, out)?;
    for section in [
        (Class::VitalSign, "Vital signs", ["What", "Date", "Value", "From"]),
        (Class::Encounter, "Visits and stays", ["Visit", "Date", "State", "From"]),
        (Class::Note, "Notes and documents", ["Document", "Date", "State", "From"]),
    ] {
        listed(chart, selection, &section, &mut counts, out)?;
    }
    files(chart, selection, kept, &mut counts, out)?;
    out.write_all(b"</main></body></html>\n")?;
    Ok(())
}

/// The head of a page that reads without a network: its style, and a policy under which nothing runs or is loaded.
pub(super) fn style() -> &'static str {
    HEAD
}

/// Kind, heading, heads of the columns.
type Section = (Class, &'static str, [&'static str; 4]);

fn allergies(chart: &Chart, selection: &Ready, counts: &mut BTreeMap<Class, u64>, out: &mut dyn Write) -> Result<()> {
    if !selection.classes().contains(&Class::Allergy) {
        return Ok(());
    }
    out.write_all(b"<h2>Allergies</h2>\n")?;
    let mut table = Table::new("Every allergy that a provider wrote down, with its reaction", &["Allergy", "Reaction", "State", "From"]);
    let mut count = 0;
    selection.each(chart, &[Class::Allergy], &[], Order::Newest, &mut |row| {
        count += 1;
        let line = Line::of(&row);
        let name = if row.standing == Standing::Current {
            format!("<strong class=\"harm\">{}</strong>", escape(&line.name))
        } else {
            escape(&line.name)
        };
        table.row(out, &[name, escape(&line.details), escape(&shown(&line)), escape(&line.from)])
    })?;
    counts.insert(Class::Allergy, count);
    table.end(out, "Not known yet. This is not the same as “none”.")
}

fn listed(chart: &Chart, selection: &Ready, section: &Section, counts: &mut BTreeMap<Class, u64>, out: &mut dyn Write) -> Result<()> {
    let (class, heading, head) = section;
    if !selection.classes().contains(class) {
        return Ok(());
    }
    writeln!(out, "<h2>{heading}</h2>")?;
    let caption = format!("{heading}, newest first");
    let mut table = Table::new(&caption, head);
    let mut count = 0;
    selection.each(chart, &[*class], &[], Order::Newest, &mut |row| {
        count += 1;
        if count > MOST as u64 {
            return Ok(());
        }
        let line = Line::of(&row);
        let (third, fourth) = match class {
            Class::Medication => (shown(&line), line.details.clone()),
            Class::VitalSign => (format!("{} {}", line.value, line.unit), line.from.clone()),
            _ => (shown(&line), line.from.clone()),
        };
        table.row(out, &[escape(&line.name), escape(&words(&row)), escape(&third), escape(&fourth)])
    })?;
    counts.insert(*class, count);
    table.end(out, "No records of this kind are in this copy.")?;
    more(*class, count, out)
}

/// The newest value of each test; all values are in the table.
fn results(chart: &Chart, selection: &Ready, counts: &mut BTreeMap<Class, u64>, out: &mut dyn Write) -> Result<()> {
    if !selection.classes().contains(&Class::Laboratory) {
        return Ok(());
    }
    out.write_all(b"<h2>Results</h2>\n")?;
    let mut newest: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    selection.each(chart, &[Class::Laboratory], &[], Order::Newest, &mut |row| {
        count += 1;
        let key = row.group.clone().unwrap_or_else(|| format!("{}\n{}", row.title, row.rid));
        if row.standing == Standing::Error || newest.len() >= MOST || newest.contains_key(&key) {
            return Ok(());
        }
        let line = Line::of(&row);
        if line.value.is_empty() {
            return Ok(());
        }
        let range = if line.range.is_empty() { "No range given".to_owned() } else { line.range.clone() };
        let value = format!("{} {}", line.value, line.unit);
        newest.insert(
            key,
            vec![escape(&line.name), escape(&words(&row)), escape(value.trim()), escape(&range), escape(&line.state), escape(&line.from)],
        );
        Ok(())
    })?;
    let mut table = Table::new(
        "The newest value of each test. Outside a range is not always a problem.",
        &["Test", "Date", "Value", "Range of that lab", "State", "From"],
    );
    let mut rows: Vec<_> = newest.into_values().collect();
    rows.sort();
    for cells in &rows {
        table.row(out, cells)?;
    }
    counts.insert(Class::Laboratory, count);
    table.end(out, "No results are in this copy.")?;
    if count > 0 {
        writeln!(out, "<p><a href=\"tables/{}\">All {count} results as a table</a></p>", table_name(Class::Laboratory))?;
    }
    Ok(())
}

fn more(class: Class, count: u64, out: &mut dyn Write) -> Result<()> {
    if count > MOST as u64 {
        writeln!(out, "<p>The newest {MOST} of {count}. <a href=\"tables/{}\">All of them as a table</a></p>", table_name(class))?;
    }
    Ok(())
}

fn files(chart: &Chart, selection: &Ready, kept: &[Kept], counts: &mut BTreeMap<Class, u64>, out: &mut dyn Write) -> Result<()> {
    out.write_all(b"<h2>The files in this download</h2>\n<nav aria-label=\"Tables\"><p>Tables for a spreadsheet:</p><ul>\n")?;
    for &class in selection.classes() {
        let count = match counts.get(&class) {
            Some(count) => *count,
            None => {
                let mut count = 0;
                selection.each(chart, &[class], &[], Order::Newest, &mut |_| {
                    count += 1;
                    Ok(())
                })?;
                count
            }
        };
        if count > 0 {
            writeln!(out, "<li><a href=\"tables/{}\">{}</a> ({count})</li>", table_name(class), class.words())?;
        }
    }
    out.write_all(b"</ul></nav>\n<p><a href=\"records.fhir.json\">Every record for other programs (FHIR R4)</a></p>\n")?;
    if kept.is_empty() {
        return Ok(());
    }
    let mut table = Table::new("The files that were imported, exactly as they came", &["File", "Size", "Came in"]);
    for Kept { source, path } in kept {
        let name = path.rsplit('/').next().unwrap_or(path);
        let link = format!("<a href=\"{}\">{}</a>", escape(&address(path)), escape(name));
        let day = jiff::Timestamp::from_second(source.imported).map(|t| t.to_string()).unwrap_or_default();
        let day = PartialDate::parse(&day).map(|d| d.day_words()).unwrap_or_default();
        table.row(out, &[link, size(source.size), escape(&day)])?;
    }
    table.end(out, "")
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{} KB", bytes.div_ceil(1000)),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}

/// A table that appears with its first row.
struct Table<'a> {
    caption: &'a str,
    head: &'a [&'a str],
    begun: bool,
}

impl<'a> Table<'a> {
    fn new(caption: &'a str, head: &'a [&'a str]) -> Self {
        Self { caption, head, begun: false }
    }

    /// A row of cells that are HTML already.
    fn row(&mut self, out: &mut dyn Write, cells: &[String]) -> Result<()> {
        if !self.begun {
            self.begun = true;
            write!(
                out,
                "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{0}</caption><thead><tr>",
                escape(self.caption)
            )?;
            for h in self.head {
                write!(out, "<th scope=\"col\">{}</th>", escape(h))?;
            }
            out.write_all(b"</tr></thead><tbody>\n")?;
        }
        out.write_all(b"<tr>")?;
        for (n, c) in cells.iter().enumerate() {
            match (n, self.head.get(n)) {
                (0, _) => write!(out, "<th scope=\"row\">{c}</th>")?,
                (_, Some(&"Value")) => write!(out, "<td class=\"n\">{c}</td>")?,
                _ => write!(out, "<td>{c}</td>")?,
            }
        }
        Ok(out.write_all(b"</tr>\n")?)
    }

    fn end(self, out: &mut dyn Write, empty: &str) -> Result<()> {
        if self.begun {
            return Ok(out.write_all(b"</tbody></table></div>\n")?);
        }
        Ok(writeln!(out, "<p>{}</p>", escape(empty))?)
    }
}

fn words(row: &Row) -> String {
    row.date.as_ref().map_or_else(|| "Not given".to_owned(), PartialDate::words)
}

fn shown(line: &Line) -> String {
    let known = if line.state.is_empty() { line.status.clone() } else { line.state.clone() };
    if known.is_empty() { "Not given".to_owned() } else { known }
}

/// A path as a relative address: everything but plain characters percent-encoded (RFC 3986).
fn address(path: &str) -> String {
    path.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-._~/".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(address("originals/a b\"#?.pdf"), "originals/a%20b%22%23%3F.pdf");
        assert_eq!(address("originals/Bréf.xml"), "originals/Br%C3%A9f.xml");
    }

    #[test]
    fn the_page_names_no_other_host_and_no_script() {
        assert!(!HEAD.contains("http:") && !HEAD.contains("https:") && !HEAD.contains("<script"));
    }
}
