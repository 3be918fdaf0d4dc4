//! Values whose element stayed but changed its shape: one became a list, a code a concept, a text a note.

use crate::import::fhir::table::{Element, Kind, get};
use crate::import::fhir::version::Version;
use serde_json::{Value, json};

/// A value as R4 has it, and what did not fit in.
pub(super) struct Fitted {
    pub(super) value: Option<Value>,
    pub(super) over: Option<Value>,
}

/// Fits a value to an element of R4.
pub(super) fn fit(value: Value, e: &Element) -> Fitted {
    match value {
        Value::Array(items) if e.many => {
            let (mut fitted, mut over) = (Vec::new(), Vec::new());
            for item in items {
                let one = single(item, e.kind);
                fitted.extend(one.value);
                over.extend(one.over);
            }
            Fitted { value: (!fitted.is_empty()).then_some(Value::Array(fitted)), over: (!over.is_empty()).then_some(Value::Array(over)) }
        }
        Value::Array(items) => {
            let mut items = items.into_iter();
            let first = items.next().map_or(Fitted { value: None, over: None }, |item| single(item, e.kind));
            let mut over: Vec<Value> = first.over.into_iter().collect();
            over.extend(items);
            Fitted { value: first.value, over: (!over.is_empty()).then_some(Value::Array(over)) }
        }
        one => {
            let fitted = single(one, e.kind);
            Fitted { value: fitted.value.map(|v| if e.many { Value::Array(vec![v]) } else { v }), over: fitted.over }
        }
    }
}

fn single(value: Value, kind: Kind) -> Fitted {
    let fits = |value| Fitted { value: Some(value), over: None };
    let has = |name: &str| value.get(name).is_some();
    match (kind, &value) {
        (_, Value::Null) => fits(value),
        (Kind::Complex("CodeableConcept"), Value::String(text)) => fits(json!({ "text": text })),
        (Kind::Complex("CodeableConcept"), Value::Object(_)) if !has("coding") && !has("text") && (has("code") || has("display")) => {
            fits(json!({ "coding": [value] }))
        }
        (Kind::Complex("Coding"), Value::String(code)) => fits(json!({ "code": code })),
        (Kind::Complex("Coding"), Value::Object(_)) if has("coding") => {
            let first = value.get("coding").and_then(|c| c.get(0)).cloned();
            Fitted { value: first, over: more_than_one_coding(&value).then_some(value) }
        }
        (Kind::Complex("Annotation"), Value::String(text)) => fits(json!({ "text": text })),
        (Kind::Complex("Reference"), Value::String(target)) => fits(json!({ "reference": target })),
        (Kind::Complex("Identifier"), Value::String(text)) => fits(json!({ "value": text })),
        (Kind::Complex("Quantity"), Value::Number(_)) => fits(json!({ "value": value })),
        (Kind::Complex(name), Value::Object(_)) if (has("reference") || has("display")) && takes_actor(name) => {
            fits(json!({ "actor": value }))
        }
        (Kind::Complex(_) | Kind::Resource, Value::Object(_)) => fits(value),
        (Kind::Complex(_) | Kind::Resource, _) => Fitted { value: None, over: Some(value) },
        (Kind::Text | Kind::Xhtml, Value::Object(_)) => as_text(value),
        (Kind::Text | Kind::Xhtml, Value::Number(_) | Value::Bool(_)) => fits(Value::String(value.to_string())),
        (_, Value::Object(_)) => Fitted { value: None, over: Some(value) },
        _ => fits(value),
    }
}

fn more_than_one_coding(concept: &Value) -> bool {
    concept.get("text").is_some() || concept.get("coding").and_then(Value::as_array).is_some_and(|c| c.len() > 1)
}

/// A backbone element of R4 around what used to be a bare reference to who did it.
fn takes_actor(name: &str) -> bool {
    name != "Reference" && get(name).is_some_and(|t| t.find("actor", Version::R4).is_some() && t.find("reference", Version::R4).is_none())
}

/// A concept, coding, reference or identifier where R4 wants its code, address or value; kept whole beside it if it says more.
fn as_text(value: Value) -> Fitted {
    let text = |v: Option<&Value>| v.and_then(Value::as_str).map(str::to_owned);
    let code = value.get("coding").and_then(|c| c.get(0)).and_then(|c| text(c.get("code")));
    let found = code.or_else(|| ["code", "reference", "value", "text"].into_iter().find_map(|k| text(value.get(k))));
    let over = (found.is_none() || !says_only_that(&value)).then_some(value);
    Fitted { value: found.map(Value::String), over }
}

/// Whether a concept, coding or reference says no more than the code or address taken out of it.
fn says_only_that(value: &Value) -> bool {
    let plain = |v: &Value| {
        let own = |system: &Value| system.as_str().is_some_and(|s| s.starts_with("http://hl7.org/fhir/"));
        v.as_object().is_some_and(|fields| match fields.len() {
            1 => !fields.contains_key("coding"),
            2 => fields.contains_key("code") && fields.get("system").is_some_and(own),
            _ => false,
        })
    };
    match value.get("coding").and_then(Value::as_array) {
        Some(codings) => codings.len() == 1 && codings.iter().all(plain) && value.as_object().is_some_and(|fields| fields.len() == 1),
        None => plain(value),
    }
}
