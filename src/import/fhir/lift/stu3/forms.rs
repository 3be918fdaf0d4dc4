//! Questionnaires.

use super::super::types::rename;
use super::super::{Fields, each, push};
use serde_json::{Value, json};

/// Items may stand in items: as deep as the reader lets a file be.
pub(super) fn questionnaire_items(fields: &mut Fields) {
    for item in each(fields, "item") {
        rename(item, "option", "answerOption");
        rename(item, "options", "answerValueSet");
        let initial = item.keys().find(|k| k.starts_with("initial") && k.len() > "initial".len()).cloned();
        if let Some(key) = initial
            && let Some(value) = item.shift_remove(&key)
        {
            let name = key.replacen("initial", "value", 1);
            push(item, "initial", Value::Object(Fields::from_iter([(name, value)])));
        }
        for when in each(item, "enableWhen") {
            if let Some(Value::Bool(has)) = when.get("hasAnswer").cloned() {
                when.shift_remove("hasAnswer");
                when.insert("operator".to_owned(), json!("exists"));
                when.insert("answerBoolean".to_owned(), json!(has));
            } else {
                when.entry("operator").or_insert_with(|| json!("="));
            }
        }
        let several = item.get("enableWhen").and_then(Value::as_array).is_some_and(|w| w.len() > 1);
        if several {
            // STU3: the item is enabled if any of the conditions holds.
            item.entry("enableBehavior").or_insert_with(|| json!("any"));
        }
        questionnaire_items(item);
    }
}
