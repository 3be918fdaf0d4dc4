//! Questionnaires as questions with their answers (FHIR R4 QuestionnaireResponse).

use super::words::{Content, facts};
use crate::record::{array, text_at};
use serde_json::{Value, json};

/// A question or a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The words, else the number of the question.
    pub words: String,
    /// Its answers; empty for a heading or where nothing was answered.
    pub answers: Vec<String>,
    /// Whether other questions stand under it.
    pub heading: bool,
}

/// Every question in reading order.
pub fn questions(response: &Value) -> Vec<Question> {
    let mut out = Vec::new();
    walk(response, 0, &mut out);
    out
}

fn walk(holder: &Value, depth: usize, out: &mut Vec<Question>) {
    if depth > 12 || out.len() > 2000 {
        return;
    }
    for item in array(holder, "item") {
        let answers = array(item, "answer");
        out.push(Question {
            words: text_at(item, "text").or_else(|| text_at(item, "linkId")).unwrap_or_else(|| "A question without words".into()),
            answers: answers.iter().filter_map(answer).collect(),
            heading: answers.is_empty() && !array(item, "item").is_empty(),
        });
        walk(item, depth + 1, out);
        for answer in answers {
            walk(answer, depth + 1, out);
        }
    }
}

fn answer(answer: &Value) -> Option<String> {
    let (key, value) = answer.as_object()?.iter().find(|(k, _)| k.starts_with("value"))?;
    match facts(&json!({ key.as_str(): value })).into_iter().next()?.content {
        Content::Said(said) => Some(said.into_iter().map(|s| s.text).collect::<Vec<_>>().join(", ")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_questions_and_questions_under_answers() {
        let response = json!({"item": [{"text": "Mood", "item": [
            {"linkId": "1", "text": "Little interest?", "answer": [{"valueCoding": {"display": "Not at all", "code": "0"},
                "item": [{"text": "Why?", "answer": [{"valueString": "fine"}, {"valueBoolean": true}]}]}]},
            {"linkId": "2"}]}]});
        let read: Vec<_> = questions(&response).into_iter().map(|q| (q.words, q.answers.join("; "), q.heading)).collect();
        assert_eq!(
            read,
            [
                ("Mood".into(), String::new(), true),
                ("Little interest?".into(), "Not at all".into(), false),
                ("Why?".into(), "fine; Yes".into(), false),
                ("2".into(), String::new(), false)
            ]
        );
    }
}
