//! Any FHIR R4 resource as labelled facts in words. Nothing that it holds is left out: what has no words of its own is
//! shown under its element's name.

mod extensions;
mod labels;
mod shapes;

pub use labels::{type_words, words_of_code};

use crate::record::{PartialDate, Precision, array, date_at};
use serde_json::{Map, Value};

/// Deeper than any record of a real source; what lies below is shown as it came.
const DEEPEST: usize = 24;

/// One labelled fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The element in words: "Written on".
    pub label: String,
    /// What it says.
    pub content: Content,
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// One or more values.
    Said(Vec<Said>),
    /// Groups of facts, one for each repetition.
    Groups(Vec<Vec<Fact>>),
    /// The narrative of the source, XHTML as it came: to be sanitised before it is shown.
    Narrative(String),
}

/// One value in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// The words.
    pub text: String,
    /// Codes behind the words, in small: "LOINC 4548-4".
    pub codes: Vec<String>,
    /// The reference as given, if this points to another record.
    pub reference: Option<String>,
    /// What else the element holds.
    pub more: Vec<Fact>,
}

impl Said {
    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// The facts of a resource, in the order in which its source gave them.
pub fn facts(resource: &Value) -> Vec<Fact> {
    resource.as_object().map(|o| object(o, &["resourceType"], 0)).unwrap_or_default()
}

/// The facts of an object, without some of its keys.
fn object(object: &Map<String, Value>, without: &[&str], depth: usize) -> Vec<Fact> {
    let mut out = Vec::new();
    for (key, value) in object {
        if without.contains(&key.as_str()) {
            continue;
        }
        match key.as_str() {
            "extension" | "modifierExtension" => out.extend(extensions::facts(value, depth)),
            // What stands beside a primitive is an object; "_id" with a word in it is some system's own element.
            _ if key.starts_with('_') && !value.is_string() => out.extend(beside(&key[1..], value, object, depth)),
            // A narrative may say of itself where its parts stand as data.
            "text" if value.get("div").is_some() => {
                out.extend(fact(key, value, depth));
                out.extend(value.get("extension").into_iter().flat_map(|e| extensions::facts(e, depth)));
            }
            _ => out.extend(timed(key, object).or_else(|| fact(key, value, depth))),
        }
    }
    out
}

/// A day whose time of day the source gave without an offset, in words.
fn timed(key: &str, owner: &Map<String, Value>) -> Option<Fact> {
    owner.get(key).filter(|v| v.is_string())?;
    let date = exact(key, owner)?;
    Some(Fact { label: labels::label(key), content: Content::Said(vec![Said::text(date.words())]) })
}

/// The date with the time of day beside it; none where nothing stands beside it that the date does not say.
fn exact(key: &str, owner: &Map<String, Value>) -> Option<PartialDate> {
    let beside = format!("_{key}");
    let two = [key, beside.as_str()].into_iter().filter_map(|k| Some((k.to_owned(), owner.get(k)?.clone()))).collect::<Map<_, _>>();
    date_at(&Value::Object(two), key).filter(|d| owner.contains_key(&beside) && d.precision == Precision::Time)
}

/// What stands beside a primitive (FHIR R4 JSON, "Primitive extensions"): why it is missing, and other extensions.
fn beside(key: &str, value: &Value, owner: &Map<String, Value>, depth: usize) -> Vec<Fact> {
    let mut out = Vec::new();
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for item in items {
        let Some(list) = item.get("extension") else { continue };
        // The time of day is said with the day.
        let said = exact(key, owner).is_some();
        let rest: Vec<Value> =
            array(item, "extension").iter().filter(|e| !said || e["url"] != "urn:keepwell:cda:timestamp").cloned().collect();
        let list = if list.is_array() { &Value::Array(rest) } else { list };
        for fact in extensions::facts(list, depth) {
            let label = if owner.contains_key(key) { format!("{}: {}", labels::label(key), fact.label) } else { labels::label(key) };
            out.push(Fact { label, content: fact.content });
        }
    }
    out
}

fn fact(key: &str, value: &Value, depth: usize) -> Option<Fact> {
    let label = labels::label(key);
    if key == "text"
        && let Some(Value::String(div)) = value.get("div")
    {
        return Some(Fact { label: "In the source’s own words".into(), content: Content::Narrative(div.clone()) });
    }
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let content = content(key, items, depth)?;
    Some(Fact { label, content })
}

/// What a list of values (or a single one) says.
fn content(key: &str, items: &[Value], depth: usize) -> Option<Content> {
    if depth >= DEEPEST {
        let text = items.iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
        return Some(Content::Said(vec![Said::text(text)]));
    }
    let said: Option<Vec<Said>> = items.iter().filter(|v| !v.is_null()).map(|v| shapes::said(key, v, depth + 1)).collect();
    match said {
        Some(said) if said.is_empty() => None,
        Some(said) => Some(Content::Said(said)),
        None => {
            let groups: Vec<Vec<Fact>> = items.iter().map(|v| group(key, v, depth + 1)).filter(|g| !g.is_empty()).collect();
            (!groups.is_empty()).then_some(Content::Groups(groups))
        }
    }
}

fn group(key: &str, value: &Value, depth: usize) -> Vec<Fact> {
    match value {
        Value::Object(o) => {
            let mut out = Vec::new();
            if let Some(kind) = o.get("resourceType").and_then(Value::as_str) {
                out.push(Fact { label: "Kind".into(), content: Content::Said(vec![Said::text(type_words(kind))]) });
            }
            out.extend(object(o, &["resourceType"], depth));
            out
        }
        Value::Array(items) => {
            content(key, items, depth).map(|content| vec![Fact { label: labels::label(key), content }]).unwrap_or_default()
        }
        other => shapes::said(key, other, depth)
            .map(|s| vec![Fact { label: labels::label(key), content: Content::Said(vec![s]) }])
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flat(facts: &[Fact], out: &mut Vec<String>) {
        for fact in facts {
            match &fact.content {
                Content::Said(said) => {
                    for s in said {
                        out.push(format!("{}: {}{}", fact.label, s.text, s.codes.iter().map(|c| format!(" ({c})")).collect::<String>()));
                        flat(&s.more, out);
                    }
                }
                Content::Groups(groups) => {
                    out.push(format!("{}:", fact.label));
                    groups.iter().for_each(|g| flat(g, out));
                }
                Content::Narrative(_) => out.push(format!("{}: …", fact.label)),
            }
        }
    }

    fn lines(resource: &Value) -> Vec<String> {
        let mut out = Vec::new();
        flat(&facts(resource), &mut out);
        out
    }

    #[test]
    fn elements_become_words() {
        let resource = json!({
            "resourceType": "MedicationRequest", "status": "active", "authoredOn": "2026-03",
            "medicationCodeableConcept": {"text": "Apixaban", "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1364430"}]},
            "dispenseRequest": {"quantity": {"value": 60, "unit": "tablet"}, "validityPeriod": {"start": "2026-03-01", "end": "2027"}},
            "requester": {"reference": "Practitioner/1", "display": "Dr. Raman"}});
        assert_eq!(
            lines(&resource),
            [
                "Status: Active",
                "Written on: March 2026",
                "Medicine: Apixaban (RxNorm 1364430)",
                "Filling:",
                "Amount: 60 tablets",
                "Valid: 1 March 2026 to 2027",
                "Asked for by: Dr. Raman"
            ]
        );
    }

    #[test]
    fn extensions_and_missing_values_are_said() {
        let resource = json!({
            "resourceType": "Patient", "_birthDate": {"extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "asked-unknown"}]},
            "extension": [
                {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "extension": [
                    {"url": "ombCategory", "valueCoding": {"code": "2106-3", "display": "White"}}, {"url": "text", "valueString": "White"}]},
                {"url": "http://example.org/fhir/favourite-colour", "valueString": "green"}]});
        assert_eq!(
            lines(&resource),
            ["Born: Not given: asked, but not known", "Race:", "Category: White (2106-3)", "In words: White", "Favourite colour: green"]
        );
    }

    #[test]
    fn a_text_does_not_swallow_the_parts_that_it_leaves_out() {
        let resource = json!({"resourceType": "Patient",
            "name": [{"text": "Ruth Carver", "given": ["Ruth", "Agnes"], "family": "Carver", "use": "official"}],
            "address": [{"text": "1 Alder Street", "city": "Harbor", "line": ["1 Alder Street"]}]});
        let all = lines(&resource).join("\n");
        assert!(all.contains("Agnes") && all.contains("Harbor") && !all.contains("Family") && !all.contains("Line"), "{all}");
        let signal = json!({"resourceType": "Observation", "valueSampledData":
            {"origin": {"value": 0, "unit": "mV"}, "period": 10, "dimensions": 1, "data": "2041 2043 2037"}});
        assert!(lines(&signal).join("\n").contains("2041 2043 2037"));
    }

    #[test]
    fn every_leaf_is_there_whatever_the_shape() {
        let resource = json!({"resourceType": "Basic", "odd": [[{"deep": ["x1", {"y": "x2"}]}], "x3", 4.50], "valueQuantity": {"value": 1, "unit": "g", "note": "x5"},
            "period": {"start": "2020", "odd": "x6"}, "identifier": [{"value": "x7", "system": "urn:x8", "assigner": {"display": "x9"}}]});
        let text = lines(&resource).join("\n");
        for leaf in ["x1", "x2", "x3", "4.5", "x5", "x6", "x7", "x8", "x9"] {
            assert!(text.contains(leaf), "{leaf} is missing in\n{text}");
        }
    }

    #[test]
    fn bottomless_records_end() {
        let mut deep = json!("end");
        for _ in 0..100 {
            deep = json!({"part": [deep]});
        }
        assert!(lines(&json!({"resourceType": "Basic", "part": deep})).join(" ").contains("end"));
    }
}
