//! Small steps through JSON that never fail: what is not there reads as nothing.

use serde_json::Value;

/// The value at a dotted path; a step into an array takes its first element. `at(v, "code.coding.display")`.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut here = value;
    for step in path.split('.') {
        while let Value::Array(items) = here {
            here = items.first()?;
        }
        here = here.get(step)?;
    }
    Some(here)
}

/// The text at a dotted path: a string as it stands, a number or boolean by its digits; blank text is nothing.
pub fn text_at(value: &Value, path: &str) -> Option<String> {
    string(at(value, path)?)
}

/// A scalar as text. Numbers keep the digits of the source.
pub fn string(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.trim().is_empty() => Some(s.trim().to_owned()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// The elements under a key: an array's, or the single value given without one.
pub fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    match value.get(key) {
        Some(Value::Array(items)) => items,
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    }
}

/// All values that a dotted path leads to, through every element of every array on the way.
pub fn list<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut here = vec![value];
    for step in path.split('.') {
        let mut next = Vec::new();
        for v in here {
            match v.get(step) {
                Some(Value::Array(items)) => next.extend(items),
                Some(one) => next.push(one),
                None => {}
            }
        }
        here = next;
    }
    here
}
