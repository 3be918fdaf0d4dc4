//! Cross-version extensions: a home for what R4 has no element for (FHIR R4, "Extensions for converting between versions").

use super::{Fields, push};
use crate::import::fhir::version::Version;
use serde_json::{Map, Value, json};

/// `http://hl7.org/fhir/3.0/StructureDefinition/extension-Type.element`.
pub(super) fn url(version: Version, kind: &str, path: &str) -> String {
    format!("http://hl7.org/fhir/{}/StructureDefinition/extension-{kind}.{path}", version.number())
}

/// Adds what an element held to the extensions of its parent.
pub(super) fn keep(parent: &mut Fields, url: &str, value: Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.into_iter().for_each(|item| keep(parent, url, item)),
        one => push(parent, "extension", extension(url, one)),
    }
}

/// An extension with the value, typed by its looks; what is no data type becomes nested extensions named by the elements.
pub(super) fn extension(url: &str, value: Value) -> Value {
    match value {
        Value::String(text) if is_date_time(&text) => json!({ "url": url, "valueDateTime": text }),
        Value::String(text) => json!({ "url": url, "valueString": text }),
        Value::Bool(flag) => json!({ "url": url, "valueBoolean": flag }),
        Value::Number(number) => {
            let whole = !number.to_string().contains(['.', 'e', 'E']);
            let name = if whole { "valueInteger" } else { "valueDecimal" };
            Value::Object(Map::from_iter([("url".to_owned(), json!(url)), (name.to_owned(), Value::Number(number))]))
        }
        Value::Object(fields) => match data_type(&fields) {
            Some(name) => Value::Object(Map::from_iter([("url".to_owned(), json!(url)), (format!("value{name}"), Value::Object(fields))])),
            None => nested(url, fields),
        },
        Value::Array(items) => {
            let inner: Vec<Value> = items.into_iter().map(|item| extension("item", item)).collect();
            json!({ "url": url, "extension": inner })
        }
        Value::Null => json!({ "url": url }),
    }
}

/// A whole date, with or without a time and offset: a year or month alone may as well be something else.
fn is_date_time(text: &str) -> bool {
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let dashes = date.len() == 10 && date.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    let offset = |time: &str| time.ends_with('Z') || time.get(time.len().saturating_sub(6)..).is_some_and(|o| o.starts_with(['+', '-']));
    dashes && time.is_none_or(|time| time.len() >= 9 && offset(time))
}

fn nested(url: &str, fields: Fields) -> Value {
    let mut inner = Vec::new();
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("extension" | "modifierExtension", Value::Array(items)) => inner.extend(items),
            // Beside a primitive stand only its id and extensions.
            (name, Value::Object(beside)) if name.starts_with('_') => {
                inner.push(nested(name.trim_start_matches('_'), beside));
            }
            (_, Value::Array(items)) => inner.extend(items.into_iter().map(|item| extension(&key, item))),
            (_, one) => inner.push(extension(&key, one)),
        }
    }
    json!({ "url": url, "extension": inner })
}

/// The R4 data type that has every one of these fields, if its looks are beyond doubt.
fn data_type(fields: &Fields) -> Option<&'static str> {
    let only = |allowed: &[&str]| fields.keys().all(|k| k == "id" || k == "extension" || allowed.contains(&k.trim_start_matches('_')));
    let has = |name: &str| fields.contains_key(name);
    let number = fields.get("value").is_some_and(Value::is_number);
    let money = ["value", "currency"];
    [
        ("CodeableConcept", only(&["coding", "text"]) && (has("coding") || has("text"))),
        ("Quantity", number && only(&["value", "unit", "system", "code", "comparator"])),
        ("Money", number && only(&money)),
        ("Identifier", !number && has("value") && only(&["use", "type", "system", "value", "period", "assigner"])),
        ("Reference", (has("reference") || has("display")) && only(&["reference", "display", "identifier", "type"])),
        ("Coding", has("code") && only(&["system", "version", "code", "display", "userSelected"])),
        ("Period", (has("start") || has("end")) && only(&["start", "end"])),
        ("Range", (has("low") || has("high")) && only(&["low", "high"])),
        ("Ratio", has("numerator") && only(&["numerator", "denominator"])),
        ("Attachment", has("contentType") && only(&["contentType", "language", "data", "url", "size", "hash", "title", "creation"])),
        ("Annotation", has("text") && only(&["authorString", "authorReference", "time", "text"])),
    ]
    .into_iter()
    .find_map(|(name, fits)| fits.then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_find_their_type() {
        let cases = [
            (json!("x"), "valueString"),
            (json!({"coding": [{"code": "a"}]}), "valueCodeableConcept"),
            (json!({"reference": "Patient/1"}), "valueReference"),
            (json!({"start": "2015"}), "valuePeriod"),
            (json!({"value": "7", "system": "urn:x"}), "valueIdentifier"),
            (json!({"species": {"text": "dog"}, "n": [1, 2]}), "extension"),
        ];
        for (value, name) in cases {
            assert!(extension("u", value.clone()).get(name).is_some(), "{value} is not {name}");
        }
        let digits: Value = serde_json::from_str("72.50").expect("a number");
        assert_eq!(extension("u", digits).to_string(), r#"{"url":"u","valueDecimal":72.50}"#);
    }
}
