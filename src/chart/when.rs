//! What the date beside a record is: the index keeps one date for each, and a page must not call a day of writing an onset.

use crate::record::text_at;
use crate::vault::Row;
use serde_json::Value;

/// Elements that give the date of a record and are not the time at which it happened, with the words for them.
const OTHER: [(&str, &str); 11] = [
    ("recordedDate", "recorded"),
    ("recorded", "recorded"),
    ("dateAsserted", "stated"),
    ("lastOccurrence", "last time"),
    ("abatementDateTime", "over since"),
    ("abatementPeriod.start", "over since"),
    ("authoredOn", "written"),
    ("issued", "given out"),
    ("manufactureDate", "made"),
    ("created", "made out"),
    ("statusDate", "as it stood"),
];

/// Elements that give when something began or happened.
const HAPPENED: [&str; 12] = [
    "onsetDateTime",
    "onsetPeriod.start",
    "effectiveDateTime",
    "effectivePeriod.start",
    "effectiveInstant",
    "performedDateTime",
    "performedPeriod.start",
    "occurrenceDateTime",
    "occurrencePeriod.start",
    "period.start",
    "startDate",
    "start",
];

/// The word before the date of a record when it is not the time at which it began or happened.
pub fn word(row: &Row, resource: &Value) -> Option<&'static str> {
    let date = row.date.as_ref()?;
    let is = |path: &str| text_at(resource, path).is_some_and(|t| t == date.text);
    if HAPPENED.iter().any(|p| is(p)) {
        return None;
    }
    OTHER.iter().find(|(path, _)| is(path)).map(|(_, word)| *word)
}

/// "Since 2011", "recorded 6 October 2026", "from age 45 years": when a condition or an allergy began, as far as it is said.
pub fn began(row: &Row, resource: &Value) -> Option<String> {
    let age = resource.get("onsetAge").and_then(super::units::quantity).map(|a| format!("From age {a}"));
    let said =
        age.or_else(|| text_at(resource, "onsetString").filter(|t| !t.eq_ignore_ascii_case("unknown")).map(|t| format!("Began: {t}")));
    let date = row.date.as_ref().map(|d| match word(row, resource) {
        Some(word) => format!("{word} {}", d.day_words()),
        None => format!("since {}", d.day_words()),
    });
    match (said, date) {
        (Some(said), Some(date)) if !date.starts_with("since") => Some(format!("{said}, {date}")),
        (Some(said), _) => Some(said),
        (None, date) => date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::link::tests::row;
    use crate::record::PartialDate;
    use serde_json::json;

    #[test]
    fn a_day_of_writing_is_no_onset() {
        let of = |resource: &Value, date: &str| {
            let mut r = row(1, "Asthma", None, resource);
            r.date = PartialDate::parse(date);
            began(&r, resource)
        };
        assert_eq!(of(&json!({"onsetDateTime": "2011"}), "2011").as_deref(), Some("since 2011"));
        assert_eq!(of(&json!({"recordedDate": "2026-10-06"}), "2026-10-06").as_deref(), Some("recorded 6 October 2026"));
        let aged = json!({"onsetAge": {"value": 45, "unit": "years"}, "recordedDate": "2026"});
        assert_eq!(of(&aged, "2026").as_deref(), Some("From age 45 years, recorded 2026"));
    }
}
