//! Blood and urine tests: each with the range of the lab that made it.

use super::alder;
use super::build::{Bundle, Clock, category, listed, loinc, quantity, to};
use serde_json::{Value, json};

/// A test, its range, and its values on the days of [`Draws`], newest first; "" where it was not made.
pub(super) struct Test {
    pub(super) id: &'static str,
    pub(super) code: &'static str,
    pub(super) display: &'static str,
    pub(super) text: &'static str,
    pub(super) unit: &'static str,
    pub(super) low: &'static str,
    pub(super) high: &'static str,
    pub(super) values: &'static [&'static str],
}

/// A group of tests reported together.
pub(super) struct Panel {
    pub(super) id: &'static str,
    pub(super) code: &'static str,
    pub(super) display: &'static str,
    pub(super) text: &'static str,
    pub(super) tests: &'static [Test],
}

/// Days before today on which blood was drawn.
pub(super) type Draws = [i64];

/// The range as the lab gave it; nothing where it gave none.
pub(super) fn range(test: &Test) -> Option<Value> {
    let limit = |v: &str| (!v.is_empty()).then(|| quantity(v, test.unit));
    let mut out = json!({});
    if let Some(low) = limit(test.low) {
        out["low"] = low;
    }
    if let Some(high) = limit(test.high) {
        out["high"] = high;
    }
    let words = match (test.low, test.high) {
        ("", "") => return None,
        (low, "") => format!("{low} or more"),
        ("", high) => format!("under {high}"),
        (low, high) => format!("{low} to {high}"),
    };
    out["text"] = words.into();
    Some(json!([out]))
}

/// What the lab's analyser prints beside a value outside its range.
fn letter(test: &Test, value: &str) -> Option<&'static str> {
    let number = |t: &str| t.parse::<f64>().ok();
    let value = number(value)?;
    if number(test.low).is_some_and(|low| value < low) {
        Some("L")
    } else if number(test.high).is_some_and(|high| value > high) {
        Some("H")
    } else {
        None
    }
}

/// Writes every value and a report a panel and day, as Alder Street's portal gives them.
pub(super) fn write(b: &mut Bundle, clock: Clock, draws: &Draws, panels: &[Panel]) {
    for (column, &ago) in draws.iter().enumerate() {
        let specimen = format!("specimen-{}", clock.day(ago));
        b.add(
            "Specimen",
            &specimen,
            json!({"status": "available", "type": {"text": "Blood, from a vein"},
            "collection": {"collectedDateTime": clock.at(ago, "08:15")}}),
        );
        for panel in panels {
            let mut members = Vec::new();
            for test in panel.tests {
                let Some(value) = test.values.get(column).filter(|v| !v.is_empty()) else { continue };
                let id = format!("{}-{}", test.id, clock.day(ago));
                b.add("Observation", &id, result(test, value, clock, ago, &specimen));
                members.push(to(&format!("Observation/{id}"), test.text));
            }
            if members.is_empty() {
                continue;
            }
            b.add(
                "DiagnosticReport",
                &format!("{}-{}", panel.id, clock.day(ago)),
                json!({"status": "final", "category": listed("v2-0074", "LAB", "Laboratory"),
                "code": loinc(panel.code, panel.display, panel.text),
                "effectiveDateTime": clock.at(ago, "08:15"), "issued": clock.at(ago - 1, "16:40"),
                "performer": [to("Organization/harbor-lab", "Harbor County Medical Center Laboratory")],
                "resultsInterpreter": [to(alder::RAMAN.0, alder::RAMAN.1)],
                "specimen": [{"reference": format!("Specimen/{specimen}")}],
                "result": members}),
            );
        }
    }
}

/// One value of one test.
pub(super) fn result(test: &Test, value: &str, clock: Clock, ago: i64, specimen: &str) -> Value {
    let mut out = json!({"status": "final", "category": category("laboratory"),
        "code": loinc(test.code, test.display, test.text),
        "effectiveDateTime": clock.at(ago, "08:15"), "issued": clock.at(ago - 1, "16:40"),
        "performer": [to("Organization/harbor-lab", "Harbor County Medical Center Laboratory")],
        "specimen": {"reference": format!("Specimen/{specimen}")}});
    // An unknown count below the lab's limit is given as such.
    match value.strip_prefix('<') {
        Some(limit) => {
            out["valueQuantity"] = quantity(limit, test.unit);
            out["valueQuantity"]["comparator"] = "<".into();
        }
        None => out["valueQuantity"] = quantity(value, test.unit),
    }
    if let Some(range) = range(test) {
        out["referenceRange"] = range;
    }
    if let Some(letter) = letter(test, value) {
        out["interpretation"] = listed("v3-ObservationInterpretation", letter, if letter == "L" { "Low" } else { "High" });
    }
    out
}

macro_rules! test {
    ($id:literal, $code:literal, $display:literal, $text:literal, $unit:literal, $low:literal .. $high:literal, $values:expr) => {
        Test { id: $id, code: $code, display: $display, text: $text, unit: $unit, low: $low, high: $high, values: &$values }
    };
}
pub(super) use test;
