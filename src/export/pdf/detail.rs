//! The detail: a table for each part. What several records say alike stands once, with the days of all of them: hundreds of
//! values of one test are a line for each year, and not a row for each value.

use super::Said;
use super::sheet::{breakable, unknown};
use crate::export::gather::{Item, Section, Told};
use serde::Serialize;
use std::collections::HashMap;

/// A part of the detail.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Table {
    heading: &'static str,
    columns: [&'static str; 4],
    /// As text: a number would come to the template as a dictionary, since numbers keep their digits here.
    widths: [&'static str; 4],
    rows: Vec<[String; 4]>,
    none: Vec<String>,
    not: Vec<String>,
    unknown: String,
}

impl Table {
    pub(super) fn of(said: &Said<'_>, section: &Section) -> Option<Self> {
        let (columns, widths, rows) = if section.part.measures() {
            (["Test", "Values, newest first", "Range", "Source"], ["2.2", "5.2", "1.6", "1.8"], measured(said, section))
        } else {
            (["What", "Details", "When", "Source"], ["2.6", "4.2", "2", "2.2"], plain(said, section))
        };
        let apart = |item: &Item| {
            let told = said.told(item);
            let state = told.state.as_ref().map(|s| format!(": {}", s.to_lowercase())).unwrap_or_default();
            let reason = told.detail("Reason");
            let more = [Some(sources(item)), told.when.clone(), reason].into_iter().flatten().collect::<Vec<_>>().join(" · ");
            format!("{}{state} ({more})", told.title)
        };
        let said_none = |item: &Item| format!("{} ({})", item.title(), sources(item));
        let mut none: Vec<String> = section.none.iter().map(said_none).collect();
        none.extend(section.contradicted.iter().map(|i| format!("One source says otherwise: {}", said_none(i))));
        let not = section.not.iter().map(apart).collect();
        let rows = rows.into_iter().map(|cells| cells.map(|cell| breakable(&cell).into_owned())).collect();
        let table = Self { heading: section.part.words(), columns, widths, rows, none, not, unknown: unknown(section.part, section) };
        (!table.rows.is_empty() || !table.none.is_empty() || !table.not.is_empty() || !table.unknown.is_empty()).then_some(table)
    }
}

fn sources(item: &Item) -> String {
    item.sources.join(", ")
}

/// When something was, as far as a line under its year needs it.
struct Day {
    /// Empty where there is no date.
    year: String,
    /// "4 March", "Given out 4 March"; empty where the year is all that is known.
    day: String,
}

impl Day {
    fn of(item: &Item, told: &Told) -> Self {
        let when = told.when.clone().unwrap_or_default();
        let Some(year) = item.date().map(|d| d.parts().0.to_string()) else { return Self { year: String::new(), day: when } };
        // A span keeps its years: they say which end is which.
        let rest = when.strip_suffix(year.as_str()).map(str::trim_end).filter(|rest| !rest.contains(" to "));
        let day = rest.unwrap_or(&when).to_owned();
        Self { year, day }
    }
}

/// Rows that say the same, in the order in which the first of each came.
struct Rows<const N: usize, T> {
    all: Vec<([String; N], Vec<T>)>,
    places: HashMap<[String; N], usize>,
}

impl<const N: usize, T> Rows<N, T> {
    fn new() -> Self {
        Self { all: Vec::new(), places: HashMap::new() }
    }

    /// One more of these words; `alone`: it joins no other.
    fn push(&mut self, words: [String; N], alone: bool, one: T) {
        let known = self.places.get(&words).copied().filter(|_| !alone);
        match known.and_then(|at| self.all.get_mut(at)) {
            Some((_, held)) => held.push(one),
            None => {
                if !alone {
                    self.places.insert(words.clone(), self.all.len());
                }
                self.all.push((words, vec![one]));
            }
        }
    }
}

/// A line for each year, the newest first as the items come: "2026: a; b".
fn by_year(all: impl Iterator<Item = (String, String)>) -> String {
    let mut out = String::new();
    let mut last: Option<String> = None;
    for (year, words) in all {
        if last.as_ref() == Some(&year) {
            out.push_str("; ");
        } else {
            if last.is_some() {
                out.push('\n');
            }
            out.push_str(&year);
            if !year.is_empty() && !words.is_empty() {
                out.push_str(": ");
            }
        }
        out.push_str(&words);
        last = Some(year);
    }
    out
}

/// A value with its day. Several of one unit leave it to the name of the test.
struct Value {
    day: Day,
    number: String,
    unit: String,
    mark: String,
}

impl Value {
    fn of(item: &Item, told: &Told) -> Self {
        let words = told.value_words.clone().unwrap_or_default();
        let unit = told.value.as_ref().map_or("", |v| v.reading.unit.as_str());
        let number = words.strip_suffix(unit).and_then(|n| n.strip_suffix(' ')).filter(|_| !unit.is_empty());
        let (number, unit) = number.map_or((words.as_str(), ""), |number| (number, unit));
        let flag = match told.flag_words() {
            Some("Above range") => " above",
            Some("Below range") => " below",
            Some("Outside range") => " outside",
            _ => "",
        };
        let state = told.state.as_ref().map(|s| format!(" · {s}")).unwrap_or_default();
        Self { day: Day::of(item, told), number: number.to_owned(), unit: unit.to_owned(), mark: format!("{flag}{state}") }
    }

    /// Its year and its words, with the unit or without.
    fn line(self, with_unit: bool) -> (String, String) {
        let Self { day: Day { year, day }, number, unit, mark } = self;
        let unit = if with_unit && !unit.is_empty() { format!(" {unit}") } else { String::new() };
        let day = match (day.as_str(), year.as_str()) {
            ("", "") => " (no date)".into(),
            ("", _) => String::new(),
            _ => format!(" ({day})"),
        };
        (year, format!("{number}{unit}{mark}{day}"))
    }
}

fn measured(said: &Said<'_>, section: &Section) -> Vec<[String; 4]> {
    let mut rows = Rows::new();
    for item in section.items.iter().flat_map(Item::all) {
        let told = said.told(item);
        let more: String =
            told.details.iter().filter(|(l, _)| !matches!(*l, "Range" | "By")).map(|(l, w)| format!(" · {l}: {w}")).collect();
        let value = Value::of(item, told);
        let range = told.detail("Range").unwrap_or_default();
        rows.push([told.title.clone(), value.unit.clone(), more, range, sources(item)], false, value);
    }
    let row = |(words, values): ([String; 5], Vec<Value>)| {
        let [title, unit, more, range, source] = words;
        let alone = values.len() == 1;
        let unit = if alone || unit.is_empty() { String::new() } else { format!(" in {unit}") };
        [format!("{title}{unit}{more}"), by_year(values.into_iter().map(|v| v.line(alone))), range, source]
    };
    rows.all.into_iter().map(row).collect()
}

fn plain(said: &Said<'_>, section: &Section) -> Vec<[String; 4]> {
    let mut rows = Rows::new();
    for item in section.items.iter().flat_map(Item::all) {
        let told = said.told(item);
        let mut details: Vec<String> = told.state.iter().cloned().collect();
        details.extend(told.value_words.iter().cloned());
        details.extend(told.details.iter().map(|(label, words)| format!("{label}: {words}")));
        let alone = item.date().is_none();
        rows.push([told.title.clone(), details.join(" · "), sources(item)], alone, (told.when.clone(), Day::of(item, told)));
    }
    let row = |(words, mut days): ([String; 3], Vec<(Option<String>, Day)>)| {
        let [title, details, source] = words;
        let when = match days.as_mut_slice() {
            [(when, _)] => when.take().unwrap_or_default(),
            _ => by_year(days.into_iter().map(|(_, Day { year, day })| (year, if day.is_empty() { "no day given".into() } else { day }))),
        };
        [title, details, when, source]
    };
    rows.all.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_year_share_a_line() {
        let all = [("2026", "7.4 % (4 March)"), ("2026", "7.1 % (3 February)"), ("2019", "6.9 %"), ("", "6.8 % (no date)")];
        let lines = by_year(all.iter().map(|(year, words)| ((*year).to_owned(), (*words).to_owned())));
        assert_eq!(lines, "2026: 7.4 % (4 March); 7.1 % (3 February)\n2019: 6.9 %\n6.8 % (no date)");
    }

    #[test]
    fn several_values_of_one_unit_leave_it_to_the_name() {
        let value = |unit: &str| Value {
            day: Day { year: "2026".into(), day: "4 March".into() },
            number: "7.4".into(),
            unit: unit.into(),
            mark: " above".into(),
        };
        assert_eq!(value("%").line(true).1, "7.4 % above (4 March)");
        assert_eq!(value("%").line(false).1, "7.4 above (4 March)");
        assert_eq!(value("").line(true).1, "7.4 above (4 March)");
    }

    #[test]
    fn only_the_very_same_words_share_a_row_and_nothing_without_a_date() {
        let words = |title: &str| [title.to_owned(), "Reason: check".to_owned(), "Alder Street".to_owned()];
        let mut rows = Rows::new();
        for (title, alone, n) in [("Visit", false, 1), ("Stay", false, 2), ("Visit", false, 3), ("Visit", true, 4), ("Visit", true, 5)] {
            rows.push(words(title), alone, n);
        }
        let held: Vec<&[i32]> = rows.all.iter().map(|(_, held)| held.as_slice()).collect();
        assert_eq!(held, [&[1, 3][..], &[2], &[4], &[5]]);
    }
}
