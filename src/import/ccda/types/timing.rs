//! PIVL_TS and EIVL_TS: how often, as FHIR Timing.

use super::{extend, number, own_extension, put};
use crate::import::ccda::xml::{Node, attr, child};
use serde_json::{Value, json};

/// A PIVL_TS: every so often. `institutionSpecified` ("three times a day, the ward decides when") becomes a frequency
/// in a day, as the C-CDA on FHIR guide maps it.
pub(super) fn periodic(node: Node) -> Option<Value> {
    let period = child(node, "period");
    let bound = |name| period.and_then(|p| child(p, name));
    let least = period.filter(|p| attr(*p, "value").is_some()).or_else(|| bound("low")).or(period);
    let unit = least.and_then(|l| attr(l, "unit"));
    let mut repeat = json!({});
    if let (Some(value), Some(unit)) = (least.and_then(|l| number(attr(l, "value")?)), unit.and_then(unit_of_time)) {
        let hours = value.as_f64().filter(|v| unit == "h" && *v > 0.0).map(|v| 24.0 / v);
        match hours.filter(|n| attr(node, "institutionSpecified") == Some("true") && n.fract() == 0.0 && *n >= 1.0) {
            Some(times) => repeat = json!({"frequency": times as u64, "period": 1, "periodUnit": "d"}),
            None => repeat = json!({"frequency": 1, "period": value, "periodUnit": unit}),
        }
        let most = bound("high").and_then(|h| number(attr(h, "value")?));
        put(&mut repeat, "periodMax", most.map(Value::Number).filter(|_| bound("low").is_some()));
    } else if let Some(least) = least {
        let words = [attr(least, "value"), attr(least, "unit")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        if !words.is_empty() {
            extend(&mut repeat, own_extension("period", &words));
        }
    }
    if let Some(phase) = child(node, "phase").and_then(super::period) {
        let words = ["start", "end"].iter().filter_map(|k| crate::record::text_at(&phase, k)).collect::<Vec<_>>();
        extend(&mut repeat, own_extension("phase", &words.join(" to ")));
    }
    let empty = repeat.as_object().is_none_or(serde_json::Map::is_empty);
    (!empty).then(|| json!({"repeat": repeat}))
}

fn unit_of_time(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "s" => "s",
        "min" => "min",
        "h" | "hr" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "wk" | "week" | "weeks" => "wk",
        "mo" | "month" | "months" => "mo",
        "a" | "yr" | "year" | "years" => "a",
        _ => return None,
    })
}

/// An EIVL_TS: before, with or after a meal, at bedtime (HL7 V3 TimingEvent, the codes that FHIR uses too).
pub(super) fn event(node: Node) -> Option<Value> {
    const KNOWN: [&str; 13] = ["HS", "WAKE", "C", "CM", "CD", "CV", "AC", "ACM", "ACD", "ACV", "PC", "PCM", "PCD"];
    let code = child(node, "event").and_then(|e| attr(e, "code"))?;
    if !KNOWN.contains(&code) && code != "PCV" {
        let mut out = json!({"repeat": {}});
        if let Some(repeat) = out.get_mut("repeat") {
            extend(repeat, own_extension("event", code));
        }
        return Some(out);
    }
    let mut repeat = json!({"when": [code]});
    if let Some(offset) = child(node, "offset") {
        let at = child(offset, "low").unwrap_or(offset);
        let (value, unit) = (attr(at, "value").and_then(number), attr(at, "unit"));
        let minutes = value.as_ref().and_then(serde_json::Number::as_f64).and_then(|v| match unit {
            Some("min") => Some(v),
            Some("h") => Some(v * 60.0),
            _ => None,
        });
        match (minutes, value, unit) {
            (Some(m), _, _) if m >= 0.0 && m.fract() == 0.0 => put(&mut repeat, "offset", Some(json!(m as u64))),
            (_, Some(v), unit) => extend(&mut repeat, own_extension("offset", &format!("{v} {}", unit.unwrap_or("")))),
            _ => {}
        }
    }
    Some(json!({"repeat": repeat}))
}
