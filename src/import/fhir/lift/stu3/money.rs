//! Insurance and claims.

use super::super::{Fields, concept, each, push};
use serde_json::{Value, json};

const T: &str = "http://terminology.hl7.org/CodeSystem";

/// Coverage.grouping and sequence became Coverage.class.
pub(super) fn coverage_classes(fields: &mut Fields) {
    let mut classes = Vec::new();
    let mut class = |code: &str, value: Option<Value>, name: Option<Value>| {
        let Some(value) = value else { return name };
        let mut fields = Fields::new();
        fields.insert("type".to_owned(), concept(&format!("{T}/coverage-class"), code));
        fields.insert("value".to_owned(), value);
        fields.extend(name.map(|n| ("name".to_owned(), n)));
        classes.push(Value::Object(fields));
        None
    };
    if let Some(Value::Object(grouping)) = fields.get_mut("grouping") {
        for (key, code) in [
            ("group", "group"),
            ("subGroup", "subgroup"),
            ("plan", "plan"),
            ("subPlan", "subplan"),
            ("class", "class"),
            ("subClass", "subclass"),
        ] {
            let display = format!("{key}Display");
            let left = class(code, grouping.shift_remove(key), grouping.shift_remove(&display));
            grouping.extend(left.map(|name| (display, name)));
        }
        if grouping.is_empty() {
            fields.shift_remove("grouping");
        }
    }
    class("sequence", fields.shift_remove("sequence").map(scalar_text), None);
    classes.into_iter().for_each(|c| push(fields, "class", c));
}

fn scalar_text(value: Value) -> Value {
    if value.is_number() { Value::String(value.to_string()) } else { value }
}

/// Periods of hospitalization and inability to work are supporting information in R4.
pub(super) fn information_periods(fields: &mut Fields) {
    for (key, code) in [("hospitalization", "hospitalized"), ("employmentImpacted", "employmentimpacted")] {
        let Some(period @ Value::Object(_)) = fields.shift_remove(key) else { continue };
        let sequences = each(fields, "supportingInfo").filter_map(|i| i.get("sequence").and_then(Value::as_u64));
        let next = sequences.max().unwrap_or(0) + 1;
        let category = concept(&format!("{T}/claiminformationcategory"), code);
        push(fields, "supportingInfo", json!({ "sequence": next, "category": category, "timingPeriod": period }));
    }
}
