//! When a medicine is taken: the four times of the day, only as far as the timing says so
//! (FHIR R4 Timing; Universal Medication Schedule: morning, noon, evening, bedtime).

use super::units;
use crate::record::{array, codes, concept_text, string, text_at};
use serde_json::Value;

/// The four times: which of them, in order morning, noon, evening, bedtime.
pub type Slots = [bool; 4];

/// The names of the four times.
pub const NAMES: [&str; 4] = ["Morning", "Noon", "Evening", "Bedtime"];

/// The times of the day that a dosage names by code or by clock; `None` when it does not say ("twice a day" does not).
pub fn slots(dosage: &Value) -> Option<Slots> {
    let timing = dosage.get("timing")?;
    let repeat = timing.get("repeat");
    let mut out = [false; 4];
    let words = |key: &str| -> Vec<&str> {
        repeat.and_then(|r| r.get(key)).and_then(Value::as_array).map(|a| a.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    };
    for when in words("when") {
        // FHIR R4 EventTiming.
        match when {
            "MORN" | "MORN.early" | "MORN.late" | "WAKE" | "CM" | "ACM" | "PCM" => out[0] = true,
            "NOON" | "CD" | "ACD" | "PCD" => out[1] = true,
            "EVE" | "EVE.early" | "EVE.late" | "CV" | "ACV" | "PCV" => out[2] = true,
            "HS" => out[3] = true,
            "C" | "AC" | "PC" => out = [true, true, true, out[3]],
            // Afternoon, night and phone calls are not one of the four.
            _ => return None,
        }
    }
    for clock in words("timeOfDay") {
        let hour: u8 = clock.get(..2)?.parse().ok()?;
        match hour {
            4..=10 => out[0] = true,
            11..=14 => out[1] = true,
            16..=19 => out[2] = true,
            20..=23 => out[3] = true,
            _ => return None,
        }
    }
    if let Some(code) = timing.get("code") {
        for (_, code, _) in codes(code) {
            match code {
                "AM" | "QAM" => out[0] = true,
                "PM" | "QPM" => out[2] = true,
                "BED" | "QHS" => out[3] = true,
                _ => {}
            }
        }
    }
    out.contains(&true).then_some(out)
}

/// One dose in words: "1 tablet", "10 mg", "1 to 2 tablets".
pub fn dose(dosage: &Value) -> Option<String> {
    let each = array(dosage, "doseAndRate").first().unwrap_or(dosage);
    if let Some(quantity) = each.get("doseQuantity").or_else(|| each.get("dose")) {
        return units::quantity(quantity);
    }
    let range = each.get("doseRange")?;
    let (low, high) = (range.get("low").and_then(units::quantity), range.get("high").and_then(units::quantity));
    Some([low, high].into_iter().flatten().collect::<Vec<_>>().join(" to ")).filter(|t| !t.is_empty())
}

/// The whole of a dosage as a sentence: the source's own words where there are any, else put together.
pub fn sentence(dosage: &Value) -> Option<String> {
    // "instruction" is the name of a template that some systems send without its words.
    let said = |key: &str| text_at(dosage, key).filter(|t| !t.trim().eq_ignore_ascii_case("instruction"));
    if let Some(text) = said("text").or_else(|| said("patientInstruction")) {
        return Some(text);
    }
    let mut parts = Vec::new();
    // A number alone would run into what follows: "1, once a day".
    parts.extend(dose(dosage).map(|q| if q.parse::<f64>().is_ok() { format!("{q} each time") } else { q }));
    parts.extend(dosage.get("route").and_then(concept_text).map(|r| r.to_lowercase()));
    parts.extend(dosage.get("timing").and_then(often));
    if dosage.get("asNeededBoolean").and_then(Value::as_bool) == Some(true) {
        parts.push("only when needed".into());
    }
    if let Some(why) = dosage.get("asNeededCodeableConcept").and_then(concept_text) {
        parts.push(format!("only when needed: {why}"));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// "once a day", "2 times a day", "every 8 hours".
pub fn often(timing: &Value) -> Option<String> {
    let repeat = timing.get("repeat");
    let part = |key: &str| repeat.and_then(|r| r.get(key)).and_then(string);
    let period = part("period");
    let unit = part("periodUnit").map(|u| unit_words(&u).to_owned());
    let said = match (part("frequency"), part("frequencyMax"), period, unit) {
        (Some(n), most, Some(p), Some(u)) => {
            let times = match most {
                Some(most) => format!("{n} to {most} times"),
                None if n == "1" => "once".to_owned(),
                None => format!("{n} times"),
            };
            Some(if n == "1" && p != "1" {
                format!("every {p} {u}s")
            } else if p == "1" || p == "1.0" {
                format!("{times} {} {u}", if u == "hour" { "an" } else { "a" })
            } else {
                format!("{times} every {p} {u}s")
            })
        }
        (None, _, Some(p), Some(u)) => Some(if p == "1" { format!("every {u}") } else { format!("every {p} {u}s") }),
        _ => None,
    };
    said.or_else(|| timing.get("code").and_then(concept_text))
}

/// Units of time in words: "d" is "day" (UCUM, FHIR R4 UnitsOfTime).
pub fn unit_words(code: &str) -> &str {
    match code {
        "s" => "second",
        "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "wk" => "week",
        "mo" => "month",
        "a" => "year",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_the_timing_says() {
        let timed = |repeat: Value| slots(&json!({"timing": {"repeat": repeat}}));
        assert_eq!(timed(json!({"when": ["MORN", "HS"]})), Some([true, false, false, true]));
        assert_eq!(timed(json!({"timeOfDay": ["08:00:00", "18:00"]})), Some([true, false, true, false]));
        assert_eq!(timed(json!({"frequency": 2, "period": 1, "periodUnit": "d"})), None);
        assert_eq!(timed(json!({"when": ["AFT"]})), None);
        assert_eq!(timed(json!({"timeOfDay": ["x", "é"]})), None);
        assert_eq!(slots(&json!({"text": "every morning"})), None);
        assert_eq!(slots(&json!({"timing": {"code": {"coding": [{"code": "QAM"}]}}})), Some([true, false, false, false]));
    }

    #[test]
    fn sentences_put_together_from_parts() {
        let dosage = json!({
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}], "route": {"text": "Oral"},
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}, "asNeededBoolean": true});
        assert_eq!(sentence(&dosage).as_deref(), Some("1 tablet, oral, 2 times a day, only when needed"));
        let bare = json!({"doseAndRate": [{"doseQuantity": {"value": 1}}], "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}});
        assert_eq!(sentence(&bare).as_deref(), Some("1 each time, once a day"));
        assert_eq!(sentence(&json!({"text": "Take one."})).as_deref(), Some("Take one."));
        assert_eq!(often(&json!({"repeat": {"period": 8, "periodUnit": "h", "frequency": 1}})).as_deref(), Some("every 8 hours"));
        assert_eq!(sentence(&json!({})), None);
    }
}
