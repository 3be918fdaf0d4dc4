//! One line of a summary, and what it says in words.

use super::part::Part;
use crate::chart::link::Line;
use crate::record::{PartialDate, Standing, array, concept_text, has_code, list, string};
use crate::vault::Row;
use serde_json::Value;

/// One thing: the records that say it, and where they came from.
#[derive(Clone, Debug)]
pub struct Item {
    /// The records, newest first; never empty.
    pub rows: Vec<Row>,
    /// The sources that gave any of them, by name.
    pub sources: Vec<String>,
    /// Earlier values of the same test, newest first; only under the newest one of a part that measures.
    pub earlier: Vec<Item>,
}

impl Item {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        Self { rows, sources: Vec::new(), earlier: Vec::new() }
    }

    /// The newest record.
    pub fn first(&self) -> &Row {
        &self.rows[0]
    }

    /// What it is called: the newest name that is words and not only a code.
    pub fn title(&self) -> String {
        // A line borrows no rows, so the rule is applied to the titles alone.
        let coded = |t: &str| t.split_once(" code ").is_some_and(|(system, code)| !system.contains(' ') && !code.contains(' '));
        self.rows.iter().map(|r| r.title.as_str()).find(|t| !coded(t)).unwrap_or(&self.first().title).to_owned()
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.first().standing
    }

    /// Its date.
    pub fn date(&self) -> Option<&PartialDate> {
        self.rows.iter().find_map(|r| r.date.as_ref())
    }

    /// Itself and its earlier values, newest first.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.earlier)
    }
}

impl From<Line> for Item {
    fn from(line: Line) -> Self {
        Self::new(line.rows)
    }
}

/// What a reader must meet first stands first; otherwise the order stays. A card has room for few.
pub(super) fn weigh(part: Part, items: &mut [Item]) {
    match part {
        Part::Allergies => items.sort_by_cached_key(|item| !item.rows.iter().any(|row| is_grave(&row.resource()))),
        // What somebody worries about comes after what they have (US Core, health-concern).
        Part::Conditions => items.sort_by_cached_key(|item| {
            list(&item.first().resource(), "category").into_iter().any(|category| has_code(category, "", "health-concern"))
        }),
        _ => {}
    }
}

/// An allergy that may kill (FHIR R4 AllergyIntolerance.criticality, reaction.severity).
fn is_grave(resource: &Value) -> bool {
    let says = |path: &str, word: &str| list(resource, path).into_iter().any(|v| v.as_str() == Some(word));
    says("criticality", "high") || says("reaction.severity", "severe")
}

/// One resource out of the records of an item: the newest one, with what it lacks and an older one says. Nothing is put
/// in the place of something else.
pub(super) fn merged(resources: Vec<Value>) -> Value {
    let mut all = resources.into_iter();
    let mut first = all.next().unwrap_or_default();
    let kind = first.get("resourceType").cloned();
    for other in all.filter(|o| o.get("resourceType") == kind.as_ref()) {
        codings(&mut first, &other);
        reactions(&mut first, &other);
        directions(&mut first, &other);
        // What speaks of one and the same thing, whenever it was written down.
        for key in
            ["category", "severity", "criticality", "bodySite", "lotNumber", "reasonCode", "dosageInstruction", "dosage", "udiCarrier"]
        {
            take(&mut first, &other, key);
        }
        if !has_any(&first, "onset") {
            for key in ["onsetDateTime", "onsetAge", "onsetPeriod", "onsetRange", "onsetString"] {
                take(&mut first, &other, key);
            }
        }
    }
    first
}

fn has_any(resource: &Value, stem: &str) -> bool {
    resource.as_object().is_some_and(|o| o.keys().any(|k| k.starts_with(stem)))
}

fn take(into: &mut Value, from: &Value, key: &str) {
    if into.get(key).is_none()
        && let (Some(value), Value::Object(into)) = (from.get(key), into)
    {
        into.insert(key.to_owned(), value.clone());
    }
}

/// Codes of other systems for the same thing: a reader that knows only one of them still understands it.
fn codings(into: &mut Value, from: &Value) {
    for key in ["code", "vaccineCode", "medicationCodeableConcept"] {
        let theirs: Vec<Value> = from.get(key).map(|c| array(c, "coding").to_vec()).unwrap_or_default();
        let Some(Value::Object(ours)) = into.get_mut(key) else { continue };
        let list = ours.entry("coding").or_insert_with(|| Value::Array(Vec::new()));
        let Value::Array(list) = list else { continue };
        for coding in theirs {
            let system = coding.get("system").and_then(string);
            if system.is_some() && list.iter().all(|c| c.get("system").and_then(string) != system) {
                list.push(coding);
            }
        }
        if list.is_empty() {
            ours.shift_remove("coding");
        }
    }
}

/// Directions that another source words differently stay, as a note: the reader sees both.
fn directions(into: &mut Value, from: &Value) {
    let worded = |r: &Value| -> Vec<String> {
        ["dosageInstruction", "dosage"].iter().flat_map(|k| array(r, k)).filter_map(crate::chart::timing::sentence).collect()
    };
    let known: Vec<String> = worded(into).iter().map(|d| crate::chart::link::folded(d)).collect();
    if known.is_empty() {
        return;
    }
    for said in worded(from).into_iter().filter(|d| !known.contains(&crate::chart::link::folded(d))) {
        if let Value::Object(into) = into
            && let Value::Array(notes) = into.entry("note").or_insert_with(|| Value::Array(Vec::new()))
        {
            notes.push(serde_json::json!({"text": format!("Another source writes: {said}")}));
        }
    }
}

/// Reactions that only an older record tells: what an allergy did once it may do again.
fn reactions(into: &mut Value, from: &Value) {
    let signs = |r: &Value| r.get("manifestation").and_then(concept_text).map(|t| crate::chart::link::folded(&t));
    let known: Vec<_> = array(into, "reaction").iter().map(signs).collect();
    let new: Vec<Value> = array(from, "reaction").iter().filter(|r| !known.contains(&signs(r))).cloned().collect();
    if new.is_empty() {
        return;
    }
    if let Value::Object(into) = into
        && let Value::Array(list) = into.entry("reaction").or_insert_with(|| Value::Array(Vec::new()))
    {
        list.extend(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_older_record_adds_and_never_overrides() {
        let newest = json!({"resourceType": "AllergyIntolerance", "code": {"coding": [{"system": "rx", "code": "7980"}], "text": "Penicillin"},
            "reaction": [{"manifestation": [{"text": "Hives"}]}]});
        let older = json!({"resourceType": "AllergyIntolerance", "criticality": "high", "onsetDateTime": "1980",
            "code": {"coding": [{"system": "sct", "code": "91936005"}, {"system": "rx", "code": "1"}], "text": "PCN"},
            "reaction": [{"manifestation": [{"text": "hives"}]}, {"manifestation": [{"text": "Trouble breathing"}]}]});
        let one = merged(vec![newest, older]);
        assert_eq!(one["code"]["text"], "Penicillin");
        assert_eq!(one["code"]["coding"].as_array().map(Vec::len), Some(2));
        assert_eq!(one["criticality"], "high");
        assert_eq!(one["reaction"].as_array().map(Vec::len), Some(2));
        assert_eq!(one["onsetDateTime"], "1980");
    }
}
