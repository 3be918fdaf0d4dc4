//! Values of observations, ready to show: single ones, and those made of parts such as blood pressure.

use crate::record::{Class, Flag, Reading, array, codes, concept_text, reading, string, text_at, untagged};
use crate::vault::Group;
use serde_json::Value;

/// LOINC codes of the two parts of a blood pressure, and of its panels.
const SYSTOLIC: [&str; 4] = ["8480-6", "8459-0", "8460-8", "8461-4"];
const DIASTOLIC: [&str; 4] = ["8462-4", "8453-3", "8454-1", "8455-8"];

/// A value and the parts it is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The whole: for parts without a whole, put together ("134/78") or empty.
    pub reading: Reading,
    /// The parts by name (FHIR R4 Observation.component).
    pub parts: Vec<(String, Reading)>,
}

/// Reads the value of an Observation with its components.
pub fn value(observation: &Value) -> Measured {
    let mut whole = shown(reading(observation));
    let components = array(observation, "component");
    let parts: Vec<(String, Reading)> = components
        .iter()
        .map(|c| (c.get("code").and_then(concept_text).unwrap_or_else(|| "Part without a name".into()), shown(reading(c))))
        .collect();
    // As people say it: the upper value first.
    let lower = |c: &Value| half_of_pressure(c) == Some(false);
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|n| components.get(*n).is_some_and(lower));
    let mut parts: Vec<Option<(String, Reading)>> = parts.into_iter().map(Some).collect();
    let parts: Vec<(String, Reading)> = order.into_iter().filter_map(|n| parts.get_mut(n)?.take()).collect();
    if whole.text.is_empty() && !parts.is_empty() {
        if let Some((high, low)) = pressure(components) {
            whole.unit = if high.unit == low.unit { high.unit.clone() } else { String::new() };
            whole.text = format!("{}/{}", blank(&high.text), blank(&low.text));
        } else if let [(_, only)] = parts.as_slice() {
            whole = only.clone();
        }
        whole.flag = whole.flag.or_else(|| together(parts.iter().map(|(_, r)| r.flag)));
    }
    if whole.text.is_empty() && whole.absent.is_none() && is_panel(observation) {
        let members = array(observation, "hasMember").len();
        whole.text = if members == 1 { "1 value".into() } else { format!("{members} values") };
    }
    Measured { reading: whole, parts }
}

/// Units as people write them.
fn shown(mut reading: Reading) -> Reading {
    reading.unit = super::units::plain(&reading.unit);
    if reading.number.is_none() {
        reading.text = untagged(&reading.text).to_owned();
    }
    if let Some(range) = &mut reading.range {
        range.words = super::units::plain(&range.words);
    }
    reading
}

/// Whether an observation only holds others together (FHIR R4 Observation.hasMember) and has no value of its own.
pub fn is_panel(observation: &Value) -> bool {
    !array(observation, "hasMember").is_empty() && !observation.as_object().is_some_and(|o| o.keys().any(|k| k.starts_with("value")))
}

fn blank(text: &str) -> &str {
    if text.is_empty() { "?" } else { text }
}

/// Systolic and diastolic among the components of one blood pressure.
pub fn pressure(components: &[Value]) -> Option<(Reading, Reading)> {
    let find = |wanted: &[&str]| {
        components
            .iter()
            .find(|c| c.get("code").is_some_and(|k| codes(k).iter().any(|(_, code, _)| wanted.contains(code))))
            .map(reading)
            .map(shown)
    };
    Some((find(&SYSTOLIC)?, find(&DIASTOLIC)?))
}

/// Which half of a blood pressure a single observation is: systolic true, diastolic false.
pub fn half_of_pressure(observation: &Value) -> Option<bool> {
    let codes = codes(observation.get("code")?);
    if codes.iter().any(|(_, c, _)| SYSTOLIC.contains(c)) {
        return Some(true);
    }
    codes.iter().any(|(_, c, _)| DIASTOLIC.contains(c)).then_some(false)
}

/// What can be said of the whole when each part says something of itself.
fn together(flags: impl Iterator<Item = Option<Flag>>) -> Option<Flag> {
    let flags: Vec<_> = flags.flatten().collect();
    let outside: Vec<_> = flags.iter().copied().filter(|f| *f != Flag::InRange).collect();
    match outside.as_slice() {
        [] => flags.first().copied(),
        [first, rest @ ..] => Some(if rest.iter().all(|f| f == first) { *first } else { Flag::Outside }),
    }
}

/// "< 5 mg/L", "Positive", "Not measured: patient refused".
pub fn line(reading: &Reading) -> String {
    let number = [reading.comparator.as_deref().unwrap_or(""), &reading.text, &reading.unit];
    // A unit alone is no value.
    let number = if reading.text.is_empty() { ["", "", ""] } else { number };
    let words = number.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    match (&reading.absent, words.is_empty()) {
        (Some(why), true) => format!("No value: {why}"),
        (None, true) => "No value given".into(),
        _ => words,
    }
}

/// Specimen, method, body site and the rest that stands beside a value: (label, words), only what is given.
pub fn circumstances(observation: &Value) -> Vec<(&'static str, String)> {
    let said = |key: &str| observation.get(key).and_then(concept_text);
    let mut out = Vec::new();
    out.extend(said("method").map(|w| ("How it was measured", w)));
    out.extend(said("bodySite").map(|w| ("Where on the body", w)));
    out.extend(array(observation, "interpretation").iter().filter_map(concept_text).map(|w| ("The source’s own mark", w)));
    let status = text_at(observation, "status").unwrap_or_default();
    if let Some(words) = status_words(&status) {
        out.push(("State", words.to_owned()));
    }
    out
}

/// FHIR R4 ObservationStatus in words.
pub fn status_words(status: &str) -> Option<&'static str> {
    Some(match status {
        "final" => "Final",
        "preliminary" => "Preliminary: the lab may still change it",
        "corrected" => "Corrected by the lab",
        "amended" => "Amended by the lab",
        "registered" => "Asked for, no value yet",
        "cancelled" => "Cancelled",
        "entered-in-error" => "Entered in error",
        "unknown" => "The source does not know its state",
        _ => return None,
    })
}

/// Comments on a value (FHIR R4 Observation.note).
pub fn notes(resource: &Value) -> Vec<String> {
    array(resource, "note").iter().filter_map(|n| n.get("text").and_then(string)).collect()
}

/// Tests under the headings of a page, in order: (heading, groups).
pub fn sections(groups: Vec<Group>) -> Vec<(&'static str, Vec<Group>)> {
    let mut out: Vec<(&'static str, Vec<Group>)> = Vec::new();
    let mut keyed: Vec<(usize, Group)> = groups.into_iter().map(|g| (super::panels::section(g.latest.code.as_deref()), g)).collect();
    keyed.sort_by_key(|(n, _)| *n);
    for (n, group) in keyed {
        let heading = super::panels::HEADINGS[n];
        match out.last_mut() {
            Some((last, list)) if *last == heading => list.push(group),
            _ => out.push((heading, vec![group])),
        }
    }
    out
}

/// The classes that the page of results shows.
pub const RESULT_CLASSES: [Class; 2] = [Class::Laboratory, Class::ClinicalTest];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn part(code: &str, value: f64, high: f64) -> Value {
        json!({"code": {"coding": [{"code": code}], "text": code}, "valueQuantity": {"value": value, "unit": "mmHg"},
            "referenceRange": [{"high": {"value": high}}]})
    }

    #[test]
    fn pressure_reads_as_people_say_it() {
        let read = value(&json!({"component": [part("8462-4", 78.0, 80.0), part("8480-6", 134.0, 130.0)]}));
        assert_eq!(line(&read.reading), "134.0/78.0 mmHg");
        assert_eq!(read.reading.flag, Some(Flag::Above));
        assert_eq!(read.parts.len(), 2);
    }

    #[test]
    fn parts_that_disagree_are_outside_without_a_direction() {
        assert_eq!(together([Some(Flag::Above), Some(Flag::Below)].into_iter()), Some(Flag::Outside));
        assert_eq!(together([Some(Flag::InRange), None].into_iter()), Some(Flag::InRange));
        assert_eq!(together([None].into_iter()), None);
    }

    #[test]
    fn a_missing_value_says_why() {
        assert_eq!(line(&reading(&json!({"dataAbsentReason": {"text": "Specimen clotted"}}))), "No value: Specimen clotted");
        assert_eq!(line(&reading(&json!({"valueQuantity": {"value": 5, "comparator": "<", "unit": "mg/L"}}))), "< 5 mg/L");
        assert_eq!(line(&reading(&json!({"valueQuantity": {"unit": "in"}}))), "No value given");
    }
}
