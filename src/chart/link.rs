//! The same thing from several sources as one line. Nothing is deleted: a line keeps every record it stands for.

use crate::Result;
use crate::vault::{Chart, Row};

/// One line of a list: the newest record, and every record that says the same.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// All records of the line, newest first; never empty.
    pub rows: Vec<Row>,
    /// The sources that any of them came from, without repetition.
    pub sources: Vec<String>,
}

impl Line {
    /// The newest record.
    pub fn first(&self) -> &Row {
        &self.rows[0]
    }

    /// The newest name that is words and not only a code.
    pub fn title(&self) -> &str {
        self.rows.iter().map(|r| r.title.as_str()).find(|t| !only_code(t)).unwrap_or(&self.first().title)
    }
}

/// Whether a title is only a code with the name of its system: "LOINC code 4548-4".
pub fn only_code(title: &str) -> bool {
    title.split_once(" code ").is_some_and(|(system, code)| !system.contains(' ') && !code.contains(' '))
}

/// A title in lower case with single spaces: what two sources may write differently.
pub fn folded(title: &str) -> String {
    let plain: String = title.chars().flat_map(char::to_lowercase).map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Links rows whose key is equal, keeping the order of their first appearance.
pub fn by_key(rows: Vec<Row>, key: impl Fn(&Row) -> String) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for row in rows {
        let place = *places.entry(key(&row)).or_insert_with(|| {
            lines.push(Line { rows: Vec::new(), sources: Vec::new() });
            lines.len() - 1
        });
        lines[place].rows.push(row);
    }
    lines
}

/// Same standing and same folded title, or the same group of the index.
pub fn same_thing(rows: Vec<Row>) -> Vec<Line> {
    // A title seen under two codes (SNOMED here, ICD-10 there) is one thing: titles lead to groups, groups to keys.
    let mut of_title = std::collections::HashMap::new();
    let mut of_group = std::collections::HashMap::new();
    let keys: std::collections::HashMap<i64, usize> = rows
        .iter()
        .enumerate()
        .map(|(n, row)| {
            let title = (row.standing as u8, folded(&row.title));
            let group = (row.standing as u8, row.group.clone().unwrap_or_else(|| title.1.clone()));
            let key = *of_title.get(&title).or_else(|| of_group.get(&group)).unwrap_or(&n);
            of_title.entry(title).or_insert(key);
            of_group.entry(group).or_insert(key);
            (row.rid, key)
        })
        .collect();
    by_key(rows, |row| keys.get(&row.rid).map(usize::to_string).unwrap_or_default())
}

/// Fills in the sources of each line.
///
/// # Errors
/// Internal when the database fails.
pub fn with_sources(chart: &Chart, lines: Vec<Line>) -> Result<Vec<Line>> {
    lines.into_iter().map(|line| one_with_sources(chart, line)).collect()
}

/// Fills in the sources of one line.
///
/// # Errors
/// Internal when the database fails.
pub fn one_with_sources(chart: &Chart, mut line: Line) -> Result<Line> {
    for row in &line.rows {
        for source in chart.sources_of(row.rid)? {
            if !line.sources.contains(&source) {
                line.sources.push(source);
            }
        }
    }
    Ok(line)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::record::{Class, PartialDate, SensitiveSet, Standing};
    use serde_json::Value;

    pub(crate) fn row(rid: i64, title: &str, group: Option<&str>, resource: &Value) -> Row {
        Row {
            rid,
            class: Class::Problem,
            kind: crate::record::type_of(resource).to_owned(),
            fhir_id: None,
            title: title.to_owned(),
            code: None,
            group: group.map(str::to_owned),
            date: resource.get("effectiveDateTime").and_then(Value::as_str).and_then(PartialDate::parse),
            end: None,
            standing: Standing::Current,
            flag: None,
            number: None,
            unit: None,
            source: format!("source-{rid}"),
            place: "entry[0]".to_owned(),
            full_url: None,
            added: 0,
            sensitive: SensitiveSet::NONE,
            versions: 0,
            json: resource.to_string().into_bytes(),
            key: String::new(),
        }
    }

    #[test]
    fn titles_and_codes_both_link() {
        let nothing = Value::Null;
        let lines = same_thing(vec![
            row(1, "Type 2 diabetes", Some("sct|44054006"), &nothing),
            row(2, "Diabetes mellitus type 2", Some("sct|44054006"), &nothing),
            row(3, "TYPE 2  Diabetes", Some("icd|E11.9"), &nothing),
            row(4, "Asthma", Some("sct|195967001"), &nothing),
        ]);
        let rids: Vec<Vec<i64>> = lines.iter().map(|l| l.rows.iter().map(|r| r.rid).collect()).collect();
        assert_eq!(rids, [vec![1, 2, 3], vec![4]]);
    }

    #[test]
    fn what_one_has_and_what_was_ruled_out_never_meet() {
        let mut ruled_out = row(2, "Asthma", Some("x"), &Value::Null);
        ruled_out.standing = Standing::Absent;
        assert_eq!(same_thing(vec![row(1, "Asthma", Some("x"), &Value::Null), ruled_out]).len(), 2);
    }
}
