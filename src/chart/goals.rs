//! A goal that somebody set for a test: shown beside the range, never judged. A goal counts for a test whose code it names
//! (FHIR R4 Goal.target.measure); its own words say what is aimed at.

use super::units;
use crate::Result;
use crate::record::{Class, Standing, array, codes, string, text_at};
use crate::vault::{Chart, Query, Row};
use serde_json::Value;

/// So many of the newest goals are looked through.
const MOST: usize = 60;

/// A goal and what of it can be drawn.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The record.
    pub goal: Row,
    /// Its one limit: the number as given, the unit as people write it, and the word before it ("up to", "at least", "").
    /// None where it has two or none, or is about one part of the value.
    pub limit: Option<Limit>,
}

/// One limit of a goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// For drawing.
    pub number: f64,
    /// "up to 7.0": the digits as given.
    pub words: String,
    /// The unit as people write it.
    pub unit: String,
}

/// The newest goal in force for the test of an observation.
///
/// # Errors
/// Internal when the database fails.
pub fn of(chart: &Chart, observation: &Value) -> Result<Option<Aim>> {
    let whole = observation.get("code").map(codes).unwrap_or_default();
    let parts: Vec<_> = array(observation, "component").iter().filter_map(|c| c.get("code")).flat_map(codes).collect();
    if whole.is_empty() {
        return Ok(None);
    }
    let query = Query {
        classes: vec![Class::Goal],
        types: vec!["Goal".into()],
        standings: vec![Standing::Current, Standing::Planned],
        limit: MOST,
        ..Query::default()
    };
    for goal in chart.list(&query)?.rows {
        let resource = goal.resource();
        for target in array(&resource, "target") {
            let measures = target.get("measure").map(codes).unwrap_or_default();
            let names = |all: &[(&str, &str, &str)]| all.iter().any(|a| measures.iter().any(|m| (a.0, a.1) == (m.0, m.1)));
            if names(&whole) {
                return Ok(Some(Aim { limit: limit(target), goal }));
            }
            if names(&parts) {
                return Ok(Some(Aim { limit: None, goal }));
            }
        }
    }
    Ok(None)
}

/// The one limit of a target (FHIR R4 Goal.target.detailQuantity, detailRange).
fn limit(target: &Value) -> Option<Limit> {
    let range = target.get("detailRange");
    let (low, high) = (range.and_then(|r| r.get("low")), range.and_then(|r| r.get("high")));
    let (before, quantity) = match (low, high, target.get("detailQuantity")) {
        (None, Some(high), None) => ("up to", high),
        (Some(low), None, None) => ("at least", low),
        (None, None, Some(one)) => match text_at(one, "comparator").as_deref() {
            Some("<") => ("under", one),
            Some("<=") => ("up to", one),
            Some(">") => ("over", one),
            Some(">=") => ("at least", one),
            _ => ("", one),
        },
        _ => return None,
    };
    let digits = string(quantity.get("value")?)?;
    let unit = text_at(quantity, "unit").or_else(|| text_at(quantity, "code")).unwrap_or_default();
    let words = [before, &digits].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    Some(Limit { number: digits.parse().ok().filter(|n: &f64| n.is_finite())?, words, unit: units::plain(&unit) })
}

impl Aim {
    /// Its limit, where it can stand beside numbers in this unit.
    pub fn beside(&self, unit: &str) -> Option<&Limit> {
        self.limit.as_ref().filter(|l| units::power(&l.unit, unit) == Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_limit_keeps_its_digits_and_its_side() {
        let said = |target: Value| limit(&target).map(|l| (l.number, l.words, l.unit));
        let seven: Value = serde_json::from_str(r#"{"value": 7.0, "unit": "%"}"#).expect("JSON");
        assert_eq!(said(json!({"detailRange": {"high": seven}})), Some((7.0, "up to 7.0".into(), "%".into())));
        assert_eq!(said(json!({"detailRange": {"low": seven}})), Some((7.0, "at least 7.0".into(), "%".into())));
        let under = json!({"value": 140, "comparator": "<", "code": "mm[Hg]"});
        assert_eq!(said(json!({"detailQuantity": under})), Some((140.0, "under 140".into(), "mmHg".into())));
        assert_eq!(said(json!({"detailQuantity": {"value": 70, "unit": "kg"}})), Some((70.0, "70".into(), "kg".into())));
    }

    #[test]
    fn two_limits_or_none_are_not_drawn() {
        let seven = json!({"value": 7, "unit": "%"});
        assert_eq!(limit(&json!({"detailRange": {"low": seven, "high": seven}})), None);
        assert_eq!(limit(&json!({"detailString": "better"})), None);
        assert_eq!(limit(&json!({"detailQuantity": {"unit": "kg"}})), None);
    }
}
