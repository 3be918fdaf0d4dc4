//! ANY: the value of an observation, told by its `xsi:type`.

use super::{Effective, concept, concept_or_absent, number, quantity, range, ratio, stamp};
use crate::import::ccda::context::Context;
use crate::import::ccda::xml::{Node, attr, child, data_type, null_flavor};
use serde_json::{Value, json};

/// The value of an observation: the FHIR key of `value[x]` and what belongs there. `None` where there is only a
/// nullFlavor or nothing: see [`absent`].
pub(crate) fn value(node: Node, cx: &Context) -> Option<(&'static str, Value)> {
    let of_type = data_type(node).unwrap_or_else(|| guess(node));
    match of_type {
        "PQ" | "MO" | "REAL" => {
            let quantity = quantity(node);
            // Not a number after all ("negative"): words.
            let is_number = quantity.as_ref().is_some_and(|q| q.get("value").is_some());
            match (quantity, attr(node, "value")) {
                (Some(q), _) if is_number => Some(("valueQuantity", q)),
                (_, Some(words)) => {
                    Some(("valueString", json!([Some(words), attr(node, "unit")].into_iter().flatten().collect::<Vec<_>>().join(" "))))
                }
                (Some(q), None) => Some(("valueQuantity", q)),
                (None, None) => words(node, cx),
            }
        }
        "INT" => {
            let given = attr(node, "value")?;
            match number(given) {
                Some(n) if n.as_i64().is_some_and(|i| i32::try_from(i).is_ok()) && attr(node, "unit").is_none() => {
                    Some(("valueInteger", Value::Number(n)))
                }
                Some(_) => quantity(node).map(|q| ("valueQuantity", q)),
                None => Some(("valueString", given.into())),
            }
        }
        "CD" | "CE" | "CV" | "CO" | "CS" => concept(node, cx).map(|c| ("valueCodeableConcept", c)),
        "IVL_PQ" | "IVL_INT" | "IVL_REAL" => one_sided(node).or_else(|| words(node, cx)),
        "RTO" | "RTO_PQ_PQ" | "RTO_QTY_QTY" => ratio(node).map(|r| ("valueRatio", r)).or_else(|| words(node, cx)),
        "TS" => {
            let stamp = stamp(node)?;
            match stamp.fhir() {
                // A time of day that FHIR cannot say is kept as the source wrote it.
                Some(date) if date.len() > 10 || attr(node, "value").is_some_and(|v| v.len() <= 8) => Some(("valueDateTime", date.into())),
                _ => Some(("valueString", attr(node, "value")?.into())),
            }
        }
        "IVL_TS" => {
            let effective = Effective::one(node);
            effective.period().map(|p| ("valuePeriod", p)).or_else(|| Some(("valueDateTime", effective.start()?.fhir()?.into())))
        }
        "BL" => match attr(node, "value") {
            Some("true") => Some(("valueBoolean", true.into())),
            Some("false") => Some(("valueBoolean", false.into())),
            other => Some(("valueString", other?.into())),
        },
        _ => words(node, cx),
    }
}

/// A low and a high make a Range; one end that is not included or alone is a Quantity with a comparator.
fn one_sided(node: Node) -> Option<(&'static str, Value)> {
    let end = |name| {
        child(node, name).and_then(|n| Some((quantity(n).filter(|q| q.get("value").is_some())?, attr(n, "inclusive") == Some("false"))))
    };
    match (end("low"), end("high")) {
        (Some(_), Some(_)) => range(node).map(|r| ("valueRange", r)),
        (Some((mut q, open)), None) => {
            super::put(&mut q, "comparator", Some(if open { ">" } else { ">=" }.into()));
            Some(("valueQuantity", q))
        }
        (None, Some((mut q, open))) => {
            super::put(&mut q, "comparator", Some(if open { "<" } else { "<=" }.into()));
            Some(("valueQuantity", q))
        }
        (None, None) => {
            let q = child(node, "center").and_then(quantity).or_else(|| quantity(node))?;
            Some(("valueQuantity", q))
        }
    }
}

/// ST and ED: the words, or those that a reference points to.
fn words(node: Node, cx: &Context) -> Option<(&'static str, Value)> {
    cx.words(node).or_else(|| attr(node, "value").map(str::to_owned)).map(|w| ("valueString", w.into()))
}

/// The type of a value that does not name it, by what it has.
fn guess(node: Node) -> &'static str {
    if attr(node, "value").is_some_and(|v| number(v).is_some()) {
        "PQ"
    } else if attr(node, "code").is_some()
        || attr(node, "codeSystem").is_some()
        || child(node, "translation").is_some()
        || child(node, "originalText").is_some()
    {
        "CD"
    } else if child(node, "low").is_some() || child(node, "high").is_some() {
        "IVL_PQ"
    } else if child(node, "numerator").is_some() {
        "RTO"
    } else {
        "ST"
    }
}

/// Why there is no value, for `dataAbsentReason`; `None` where the source says nothing about it.
pub(crate) fn absent(node: Node, cx: &Context) -> Option<Value> {
    let flavor = null_flavor(node)?;
    let code = match flavor {
        "UNK" | "NI" => "unknown",
        "ASKU" => "asked-unknown",
        "NAV" => "temp-unknown",
        "NASK" => "not-asked",
        "NA" => "not-applicable",
        "MSK" => "masked",
        "NINF" => "negative-infinity",
        "PINF" => "positive-infinity",
        _ => return concept_or_absent(node, cx),
    };
    let mut out = super::null_concept(flavor);
    if let Some(Value::Array(codings)) = out.get_mut("coding") {
        codings.insert(0, json!({"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": code}));
    }
    Some(out)
}
