//! Values with their units and the range that their own source gave. No range given: no flag.

use super::coding::{codes, concept_text};
use super::date::PartialDate;
use super::walk::{array, at, string, text_at};
use serde_json::Value;

/// A reference range as the source gave it (FHIR R4 Observation.referenceRange).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Range {
    /// Lower limit, inclusive.
    pub low: Option<f64>,
    /// Upper limit, inclusive.
    pub high: Option<f64>,
    /// "4.0 to 5.6 %", "under 30", "60 or more": digits as the source wrote them.
    pub words: String,
}

/// What a result says of itself against its own range: by its interpretation code, else by the given limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Flag {
    Below,
    InRange,
    Above,
    /// The source says that it is abnormal, or outside, without saying which way.
    Outside,
}

/// A measured or stated value, ready to show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The value in words: "7.4", "Positive", "120/80"; digits as given.
    pub text: String,
    /// The unit as given for people, else the UCUM code.
    pub unit: String,
    /// The number for drawing, if it is one.
    pub number: Option<f64>,
    /// "<", ">" and the like (FHIR R4 Quantity.comparator).
    pub comparator: Option<String>,
    /// The range its own source gave.
    pub range: Option<Range>,
    /// Where the value lies, as far as the source lets one say.
    pub flag: Option<Flag>,
    /// Why there is no value, in the source's words (dataAbsentReason).
    pub absent: Option<String>,
}

/// Number and unit of a Quantity in one line; "" when it holds neither.
pub fn quantity_text(quantity: &Value) -> String {
    let number = quantity.get("value").and_then(string).unwrap_or_default();
    let comparator = text_at(quantity, "comparator").unwrap_or_default();
    let unit = unit_of(quantity);
    format!("{comparator}{}{number} {unit}", if comparator.is_empty() { "" } else { " " }).trim().to_owned()
}

fn unit_of(quantity: &Value) -> String {
    let unit = text_at(quantity, "unit").or_else(|| text_at(quantity, "code")).unwrap_or_default();
    // UCUM's unity and annotations are not words.
    if unit == "1" || (unit.starts_with('{') && unit.ends_with('}')) { unit.trim_matches(['{', '}', '1']).to_owned() } else { unit }
}

/// Reads the value, range and flag of an Observation or of one of its components.
pub fn reading(observation: &Value) -> Reading {
    let mut out = value_of(observation);
    out.absent = observation.get("dataAbsentReason").and_then(concept_text);
    let ranges = array(observation, "referenceRange");
    let wanted =
        ranges.iter().find(|r| r.get("type").is_none_or(|t| codes(t).is_empty() || codes(t).iter().any(|(_, c, _)| *c == "normal")));
    out.range = wanted.and_then(range_of);
    out.flag = interpreted(observation).or_else(|| compared(&out));
    out
}

fn value_of(observation: &Value) -> Reading {
    let mut out = Reading::default();
    let Some(object) = observation.as_object() else { return out };
    let Some((key, value)) = object.iter().find(|(k, _)| k.starts_with("value") && k.len() > 5) else {
        return out;
    };
    match key.as_str() {
        "valueQuantity" => {
            out.text = value.get("value").and_then(string).unwrap_or_default();
            out.unit = unit_of(value);
            out.comparator = text_at(value, "comparator");
            out.number = out.text.parse().ok();
        }
        "valueCodeableConcept" => out.text = concept_text(value).unwrap_or_default(),
        "valueRange" => {
            out.text = [value.get("low"), value.get("high")].into_iter().flatten().map(quantity_text).collect::<Vec<_>>().join(" to ");
        }
        "valueRatio" => {
            out.text = ["numerator", "denominator"].iter().filter_map(|k| value.get(k)).map(quantity_text).collect::<Vec<_>>().join(" : ");
        }
        "valuePeriod" => {
            let date = |k: &str| text_at(value, k).map(|t| PartialDate::parse(&t).map_or(t, |d| d.words()));
            out.text = [date("start"), date("end")].into_iter().flatten().collect::<Vec<_>>().join(" to ");
        }
        "valueBoolean" => out.text = if value.as_bool() == Some(true) { "Yes".into() } else { "No".into() },
        "valueDateTime" | "valueTime" => {
            out.text = string(value).map(|t| PartialDate::parse(&t).map_or(t, |d| d.words())).unwrap_or_default();
        }
        "valueSampledData" => {
            out.text = "a series of samples".into();
            out.unit = text_at(value, "origin.unit").unwrap_or_default();
        }
        "valueAttachment" => out.text = text_at(value, "title").unwrap_or_else(|| "an attachment".into()),
        _ => {
            out.text = string(value).or_else(|| concept_text(value)).unwrap_or_default();
            out.number = out.text.parse().ok().filter(|_| key == "valueInteger" || key == "valueDecimal");
        }
    }
    out
}

fn range_of(range: &Value) -> Option<Range> {
    let limit = |key: &str| range.get(key).and_then(|limit| at(limit, "value")).and_then(string);
    let (low, high) = (limit("low"), limit("high"));
    let unit = range.get("high").or_else(|| range.get("low")).map(unit_of).unwrap_or_default();
    let words = text_at(range, "text").unwrap_or_else(|| {
        let words = match (&low, &high) {
            (Some(low), Some(high)) => format!("{low} to {high} {unit}"),
            (Some(low), None) => format!("{low} {unit} or more"),
            (None, Some(high)) => format!("up to {high} {unit}"),
            (None, None) => String::new(),
        };
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    let parse = |t: &Option<String>| t.as_ref().and_then(|t| t.parse().ok());
    (!words.is_empty()).then(|| Range { low: parse(&low), high: parse(&high), words })
}

fn interpreted(observation: &Value) -> Option<Flag> {
    let list = array(observation, "interpretation");
    list.iter().flat_map(codes).find_map(|(_, code, _)| {
        Some(match code.to_ascii_uppercase().as_str() {
            "L" | "LL" | "<" | "LU" => Flag::Below,
            "H" | "HH" | ">" | "HU" => Flag::Above,
            "N" => Flag::InRange,
            "A" | "AA" | "HX" | "LX" | "OR" => Flag::Outside,
            _ => return None,
        })
    })
}

fn compared(reading: &Reading) -> Option<Flag> {
    let (number, range) = (reading.number?, reading.range.as_ref()?);
    // "0 to 0" is what some systems print where they know no range.
    if range.low.zip(range.high).is_some_and(|(low, high)| low >= high) {
        return None;
    }
    match reading.comparator.as_deref() {
        None => {}
        // "< 5" against a lower limit of 10 is below; against anything else nothing can be said.
        Some("<" | "<=") => return (range.low? >= number).then_some(Flag::Below),
        Some(">" | ">=") => return (range.high? <= number).then_some(Flag::Above),
        Some(_) => return None,
    }
    if range.low.is_some_and(|low| number < low) {
        Some(Flag::Below)
    } else if range.high.is_some_and(|high| number > high) {
        Some(Flag::Above)
    } else if range.low.is_some() || range.high.is_some() {
        Some(Flag::InRange)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn digits_stay_and_flags_come_from_the_source() {
        let given: Value = serde_json::from_str(
            r#"{"valueQuantity":{"value":72.50,"unit":"kg"},"referenceRange":[{"low":{"value":70.0},"high":{"value":72.0,"unit":"kg"}}]}"#,
        )
        .expect("JSON");
        let read = reading(&given);
        assert_eq!(read.text, "72.50");
        assert_eq!(read.flag, Some(Flag::Above));
        assert_eq!(read.range.expect("a range").words, "70.0 to 72.0 kg");
    }

    #[test]
    fn no_range_no_flag() {
        assert_eq!(reading(&json!({"valueQuantity": {"value": 900, "unit": "mg/dL"}})).flag, None);
        assert_eq!(reading(&json!({"valueString": "high", "referenceRange": [{"text": "see note"}]})).flag, None);
    }

    #[test]
    fn an_empty_range_marks_nothing() {
        let given = json!({"valueQuantity": {"value": 9}, "referenceRange": [{"low": {"value": 0}, "high": {"value": 0}}]});
        assert_eq!(reading(&given).flag, None);
    }

    #[test]
    fn a_comparator_says_only_what_it_can() {
        let less = |low: u32| json!({"valueQuantity": {"value": 5, "comparator": "<"}, "referenceRange": [{"low": {"value": low}}]});
        assert_eq!(reading(&less(10)).flag, Some(Flag::Below));
        assert_eq!(reading(&less(2)).flag, None);
    }
}
