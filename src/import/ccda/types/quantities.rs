//! PQ, MO, INT, REAL, IVL_PQ, RTO: numbers with their digits as given.

use super::{own_extension, put};
use crate::import::ccda::xml::{Node, attr, child, fold, null_flavor, text};
use serde_json::{Number, Value, json};

/// A number with the digits of the source: `72.50` stays `72.50`. Not a number: `None`.
pub(crate) fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |r| ("-", r));
    // JSON wants a digit before the point, one after it, and no leading zeros.
    let rest = rest.trim_end_matches('.');
    let digits = rest.trim_start_matches('0');
    let whole =
        if digits.is_empty() || !digits.starts_with(|c: char| c.is_ascii_digit()) { format!("0{digits}") } else { digits.to_owned() };
    if rest.is_empty() || rest.len() > 60 || !rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+')) {
        return None;
    }
    serde_json::from_str::<Number>(&format!("{sign}{whole}")).ok()
}

/// A PQ, MO, INT or REAL as a Quantity. A value that is no number is kept as the unit's words are: in an extension,
/// with the nullFlavor as the reason that there is no number.
pub(crate) fn quantity(node: Node) -> Option<Value> {
    let unit = attr(node, "unit").or_else(|| attr(node, "currency"));
    let given = attr(node, "value");
    let mut out = json!({});
    match (given, given.and_then(number)) {
        (_, Some(n)) => put(&mut out, "value", Some(Value::Number(n))),
        (Some(words), None) => match compared(words) {
            Some((comparator, n)) => {
                put(&mut out, "value", Some(Value::Number(n)));
                put(&mut out, "comparator", Some(comparator.into()));
            }
            None => super::extend(&mut out, own_extension("value", &fold(words))),
        },
        (None, None) => match null_flavor(node) {
            Some(flavor) if unit.is_some() => {
                super::extend(&mut out, json!({"url": "http://hl7.org/fhir/StructureDefinition/iso21090-nullFlavor", "valueCode": flavor}));
            }
            _ => return translated(node),
        },
    }
    // "1" is UCUM's way to say "no unit".
    if let Some(unit) = unit.filter(|u| *u != "1") {
        put(&mut out, "unit", Some(unit.into()));
        if is_ucum(unit) {
            put(&mut out, "system", Some(crate::record::systems::UCUM.into()));
            put(&mut out, "code", Some(unit.into()));
        }
    }
    // The same amount in another unit or in words ("6.7 billion per liter") has no place in a Quantity.
    for translation in super::super::xml::children(node, "translation") {
        let unit = attr(translation, "displayName").map(fold).or_else(|| attr(translation, "code").map(str::to_owned));
        let words = [attr(translation, "value").map(str::to_owned), unit].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let words = child(translation, "originalText").and_then(text).unwrap_or(words);
        if !words.is_empty() {
            super::extend(&mut out, own_extension("translation", &words));
        }
    }
    Some(out)
}

/// A number written with its comparator, as vendors do: `<5`, `>= 300`.
fn compared(words: &str) -> Option<(&'static str, Number)> {
    let words = words.trim();
    ["<=", ">=", "<", ">"].into_iter().find_map(|c| Some((c, number(words.strip_prefix(c)?.trim())?)))
}

/// The words of a PQ that holds only a translation (C-CDA writes units outside UCUM so).
fn translated(node: Node) -> Option<Value> {
    let translation = child(node, "translation")?;
    let value = number(attr(translation, "value")?)?;
    let mut out = json!({"value": value});
    let unit = attr(translation, "displayName").map(fold).or_else(|| child(translation, "originalText").and_then(text));
    let unit = unit.or_else(|| attr(translation, "code").map(str::to_owned));
    put(&mut out, "unit", unit.map(Value::String));
    Some(out)
}

/// Whether a unit can be UCUM: its characters only, and not a word that UCUM would write in another way.
fn is_ucum(unit: &str) -> bool {
    let odd = |c: char| !c.is_ascii_graphic();
    !unit.contains(odd)
        && !matches!(
            unit.to_ascii_lowercase().as_str(),
            "tablet"
                | "tablets"
                | "tab"
                | "tabs"
                | "capsule"
                | "capsules"
                | "puff"
                | "puffs"
                | "unit"
                | "units"
                | "each"
                | "years"
                | "lbs"
                | "lb"
                | "inches"
                | "f"
                | "mm/hg"
                | "in"
                | "ft"
                | "oz"
                | "inch"
                | "year"
                | "month"
                | "months"
                | "day"
                | "days"
                | "hours"
                | "drop"
                | "drops"
                | "spray"
                | "sprays"
                | "pill"
                | "pills"
                | "patch"
                | "dose"
                | "doses"
                | "mmhg"
                | "mm_hg"
                | "%ile"
                | "bpm"
        )
}

/// An IVL_PQ as a Range. One point stands for both ends only where it is the `center` or a bare value: then `None`,
/// and the caller wants [`quantity`].
pub(crate) fn range(node: Node) -> Option<Value> {
    let low = child(node, "low").and_then(quantity);
    let high = child(node, "high").and_then(quantity);
    if low.is_none() && high.is_none() {
        return None;
    }
    let mut out = json!({});
    put(&mut out, "low", low);
    put(&mut out, "high", high);
    Some(out)
}

/// An RTO (or RTO_PQ_PQ) as a Ratio.
pub(crate) fn ratio(node: Node) -> Option<Value> {
    let numerator = child(node, "numerator").and_then(quantity);
    let denominator = child(node, "denominator").and_then(quantity);
    if numerator.is_none() && denominator.is_none() {
        return None;
    }
    let mut out = json!({});
    put(&mut out, "numerator", numerator);
    put(&mut out, "denominator", denominator);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn keeps_digits() {
        for (given, kept) in [
            ("72.50", "72.50"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("007", "7"),
            ("0", "0"),
            ("+3", "3"),
            ("5.", "5"),
            ("0.0", "0.0"),
            ("1e3", "1e3"),
        ] {
            assert_eq!(number(given).map(|n| n.to_string().replace("e+", "e")).as_deref(), Some(kept), "{given}");
        }
        for not in ["", "-", "abc", "1,5", "<5", "1 2", "NaN", "--1"] {
            assert_eq!(number(not), None, "{not}");
        }
    }
}
