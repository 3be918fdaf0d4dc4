//! About the person: what each source says, side by side where they differ.

use super::words::{Content, Fact, Said, facts};
use crate::vault::Row;

/// One line of the page about the person.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What: "Born", "Phone and e-mail".
    pub label: String,
    /// Each thing said, and the sources that say it.
    pub said: Vec<(String, Vec<String>)>,
}

impl Line {
    /// Whether sources contradict each other: only where a person can have just one answer.
    pub fn differs(&self) -> bool {
        const ONE: [&str; 5] = ["Born", "Sex", "Sex at birth", "Died", "Married or not"];
        self.said.len() > 1 && ONE.contains(&self.label.as_str())
    }
}

/// What is only plumbing between systems.
const LEFT_OUT: [&str; 6] =
    ["About the record itself", "Number of the record at its source", "In the source’s own words", "Linked to", "Photo", "In use"];

/// Addresses of number systems and the like: they stand on the page of the record.
const PLUMBING: [&str; 3] = ["System", "Use", "Assigner"];

/// Reads all Patient records into lines: what a reader looks for first, then the rest in the order of the first record.
pub fn lines(patients: &[Row]) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    for row in patients {
        for fact in facts(&row.resource()).into_iter().filter(|f| !LEFT_OUT.contains(&f.label.as_str())) {
            for text in texts(&fact) {
                let place = out.iter().position(|l| l.label == fact.label).unwrap_or_else(|| {
                    out.push(Line { label: fact.label.clone(), said: Vec::new() });
                    out.len() - 1
                });
                let said = &mut out[place].said;
                match said.iter_mut().find(|(t, _)| super::link::folded(t) == super::link::folded(&text)) {
                    Some((_, sources)) if !sources.contains(&row.source) => sources.push(row.source.clone()),
                    Some(_) => {}
                    None => said.push((text, vec![row.source.clone()])),
                }
            }
        }
    }
    // What a reader looks for first; the rest stays in the order of its source.
    const FIRST: [&str; 5] = ["Name", "Born", "Sex", "Phone and e-mail", "Address"];
    let place = |label: &str| FIRST.iter().position(|l| *l == label).unwrap_or(FIRST.len() + usize::from(label == "Numbers"));
    out.sort_by_key(|line| place(&line.label));
    out
}

fn texts(fact: &Fact) -> Vec<String> {
    match &fact.content {
        Content::Said(said) => said.iter().map(one).collect(),
        Content::Groups(groups) => groups.iter().map(|g| joined(g)).collect(),
        Content::Narrative(_) => Vec::new(),
    }
}

fn one(said: &Said) -> String {
    let more = joined(&said.more);
    if more.is_empty() { said.text.clone() } else { format!("{} ({more})", said.text) }
}

fn joined(facts: &[Fact]) -> String {
    // US Core gives categories and the whole in words: the words say it all when they say the same.
    if let Some(words) = facts.iter().find(|f| f.label == "In words").map(|f| texts(f).join(", ")) {
        let others = facts.iter().filter(|f| f.label != "In words").map(|f| texts(f).join(", ")).filter(|t| *t != words);
        let more: Vec<String> = others.filter(|t| !t.is_empty()).collect();
        let more: Vec<String> = if more.join(", ") == words { Vec::new() } else { more };
        return if more.is_empty() { words } else { format!("{words} ({})", more.join(", ")) };
    }
    let told = facts.iter().filter(|f| !PLUMBING.contains(&f.label.as_str()));
    let words = told.map(|f| match (f.label.as_str(), texts(f).join(", ")) {
        // What these are, one sees.
        ("Language" | "Name" | "Relationship" | "Phone and e-mail" | "Type" | "Missing", said) => said,
        ("Preferred", said) if said == "Yes" => "preferred".to_owned(),
        (label, said) => format!("{}: {said}", label.to_lowercase()),
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::link::tests::row;
    use serde_json::json;

    #[test]
    fn birth_dates_that_differ_are_both_shown() {
        let rows = [
            row(1, "", None, &json!({"resourceType": "Patient", "birthDate": "1954-03-14", "name": [{"text": "Ruth Carver"}]})),
            row(2, "", None, &json!({"resourceType": "Patient", "birthDate": "1954-03-15", "name": [{"text": "RUTH CARVER"}]})),
        ];
        let lines = lines(&rows);
        // The name comes first, whatever the order of the source.
        assert_eq!((lines[0].label.as_str(), lines[0].said.len(), lines[0].differs()), ("Name", 1, false));
        assert_eq!(
            lines[1].said,
            [("14 March 1954".to_owned(), vec!["source-1".to_owned()]), ("15 March 1954".to_owned(), vec!["source-2".to_owned()])]
        );
        assert!(lines[1].differs());
    }
}
