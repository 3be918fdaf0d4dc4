//! Units as UCUM writes them (The Unified Code for Units of Measure, case sensitive), out of what sources write.

/// The UCUM code of a unit; `None` where it cannot be told for sure.
pub(super) fn code(unit: &str) -> Option<String> {
    let unit = unit.trim();
    if unit.is_empty() {
        return None;
    }
    if let Some((_, code)) = WRITTEN.iter().find(|(words, _)| words.eq_ignore_ascii_case(unit)) {
        return Some((*code).to_owned());
    }
    let plain = lowered(unit).replace(['µ', 'μ'], "u").replace("mcg", "ug").replace("mmHg", "mm[Hg]");
    let plain = plain.strip_prefix(['x', 'X']).filter(|u| u.starts_with("10")).unwrap_or(&plain).to_owned();
    let mut parts = Vec::new();
    for (n, part) in apart(&plain, '/').into_iter().enumerate() {
        if part.is_empty() && n == 0 {
            parts.push(String::new());
            continue;
        }
        let atoms: Option<Vec<String>> = apart(part, '.').into_iter().map(|atom| component(atom.trim())).collect();
        parts.push(atoms?.join("."));
    }
    Some(parts.join("/")).filter(|code| code != "/")
}

/// Any unit as something that UCUM takes: its code, else an annotation, which means the number alone.
pub(super) fn code_or_annotation(unit: &str) -> String {
    code(unit).unwrap_or_else(|| {
        let words: String = unit.chars().map(|c| if c.is_ascii_graphic() && !matches!(c, '{' | '}') { c } else { '_' }).collect();
        let words = words.trim_matches('_');
        if words.is_empty() { "1".to_owned() } else { format!("{{{words}}}") }
    })
}

/// The parts of a unit between separators that stand outside of annotations.
fn apart(unit: &str, separator: char) -> Vec<&str> {
    let (mut out, mut from, mut inside) = (Vec::new(), 0, false);
    for (at, c) in unit.char_indices() {
        match c {
            '{' => inside = true,
            '}' => inside = false,
            c if c == separator && !inside => {
                out.push(&unit[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    out.push(&unit[from..]);
    out
}

/// Raised digits as UCUM has them: `10*3` for 10³, `m2` for m².
fn lowered(unit: &str) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let mut out = String::with_capacity(unit.len());
    for c in unit.chars() {
        match RAISED.iter().position(|r| *r == c) {
            Some(digit) => {
                if out.ends_with("10") {
                    out.push('*');
                }
                out.push_str(&digit.to_string());
            }
            None => out.push(c),
        }
    }
    out
}

/// One component: a power of ten, an annotation, or a unit with a prefix and an exponent.
fn component(text: &str) -> Option<String> {
    let annotated = text.starts_with('{') && text.ends_with('}') && text.len() > 2;
    if annotated && text[1..text.len() - 1].bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'{' | b'}')) {
        return Some(text.to_owned());
    }
    for ten in ["10*", "10^", "10e", "10E"] {
        if let Some(power) = text.strip_prefix(ten) {
            let digits = power.trim_start_matches(['-', '+']);
            return (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| format!("10*{power}"));
        }
    }
    match text {
        "K" | "k" | "thou" | "Thousand" | "thousand" => return Some("10*3".into()),
        "mil" | "million" | "Million" => return Some("10*6".into()),
        "hr" => return Some("h".into()),
        _ => {}
    }
    if matches!(text, "10" | "100" | "1000") {
        return Some(text.to_owned());
    }
    let (base, annotation) = match text.find('{') {
        Some(at) if text.ends_with('}') => text.split_at(at),
        _ => (text, ""),
    };
    let unit = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    let exponent = &base[unit.len()..];
    let known = ATOMS.contains(&unit) || PREFIXES.iter().any(|p| unit.strip_prefix(p).is_some_and(|rest| METRIC.contains(&rest)));
    if known {
        return Some(format!("{unit}{exponent}{annotation}"));
    }
    // International units and equivalents as most labs write them.
    let renamed = unit.replace("IU", "[IU]").replace("mEq", "meq").replace("mOsm", "mosm").replace("Osm", "osm");
    let prefixed = PREFIXES.iter().any(|p| renamed.strip_prefix(p).is_some_and(|rest| METRIC.contains(&rest)));
    (renamed != unit && (ATOMS.contains(&renamed.as_str()) || prefixed)).then(|| format!("{renamed}{exponent}{annotation}"))
}

const PREFIXES: [&str; 12] = ["da", "k", "M", "G", "h", "d", "c", "m", "u", "n", "p", "f"];

/// Units that take prefixes.
const METRIC: [&str; 21] =
    ["g", "L", "l", "mol", "eq", "osm", "U", "[IU]", "[iU]", "m", "s", "kat", "J", "cal", "Pa", "V", "Hz", "W", "Bq", "Gy", "m[Hg]"];

/// Units as they stand.
const ATOMS: [&str; 47] = [
    "g", "L", "l", "mol", "eq", "osm", "U", "[IU]", "[iU]", "m", "s", "kat", "J", "cal", "Pa", "V", "Hz", "W", "Bq", "Gy", "mm[Hg]", "min",
    "h", "d", "wk", "mo", "a", "Cel", "[degF]", "%", "[lb_av]", "[oz_av]", "[in_i]", "[ft_i]", "[pH]", "[CFU]", "[arb'U]", "[drp]", "deg",
    "[ppm]", "[Cal]", "cm[H2O]", "[foz_us]", "[tsp_us]", "[tbs_us]", "1", "[HPF]",
];

/// What people write, and what UCUM calls it.
const WRITTEN: [(&str, &str); 54] = [
    ("mmHg", "mm[Hg]"),
    ("mm Hg", "mm[Hg]"),
    ("bpm", "/min"),
    ("beats/minute", "/min"),
    ("beats/min", "/min"),
    ("breaths/minute", "/min"),
    ("breaths/min", "/min"),
    ("per minute", "/min"),
    ("°C", "Cel"),
    ("degC", "Cel"),
    ("deg C", "Cel"),
    ("Cel", "Cel"),
    ("°F", "[degF]"),
    ("degF", "[degF]"),
    ("deg F", "[degF]"),
    ("lb", "[lb_av]"),
    ("lbs", "[lb_av]"),
    ("pounds", "[lb_av]"),
    ("oz", "[oz_av]"),
    ("in", "[in_i]"),
    ("inch", "[in_i]"),
    ("inches", "[in_i]"),
    ("ft", "[ft_i]"),
    ("years", "a"),
    ("year", "a"),
    ("months", "mo"),
    ("month", "mo"),
    ("weeks", "wk"),
    ("week", "wk"),
    ("days", "d"),
    ("day", "d"),
    ("hours", "h"),
    ("hour", "h"),
    ("minutes", "min"),
    ("minute", "min"),
    ("seconds", "s"),
    ("sec", "s"),
    ("percent", "%"),
    ("pct", "%"),
    ("mm/hr", "mm/h"),
    ("mL/min/1.73 m²", "mL/min/{1.73_m2}"),
    ("mL/min/1.73m2", "mL/min/{1.73_m2}"),
    ("mL/min/1.73 m2", "mL/min/{1.73_m2}"),
    ("score", "{score}"),
    ("ratio", "{ratio}"),
    ("percentile", "{percentile}"),
    ("x10E3/uL", "10*3/uL"),
    ("K/uL", "10*3/uL"),
    ("M/uL", "10*6/uL"),
    ("tablet", "{tbl}"),
    ("tablets", "{tbl}"),
    ("tab", "{tbl}"),
    ("capsule", "{capsule}"),
    ("puff", "{puff}"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sources_write_becomes_ucum_or_stays_words() {
        for (written, ucum) in [
            ("mg/dL", Some("mg/dL")),
            ("mcg/dL", Some("ug/dL")),
            ("µg/L", Some("ug/L")),
            ("mIU/L", Some("m[IU]/L")),
            ("IU/mL", Some("[IU]/mL")),
            ("mEq/L", Some("meq/L")),
            ("10³/µL", Some("10*3/uL")),
            ("103/uL", None),
            ("10¹²/L", Some("10*12/L")),
            ("10*3/uL", Some("10*3/uL")),
            ("10^9/L", Some("10*9/L")),
            ("x10E3/uL", Some("10*3/uL")),
            ("mL/min/{1.73_m2}", Some("mL/min/{1.73_m2}")),
            ("mmHg", Some("mm[Hg]")),
            ("kg/m²", Some("kg/m2")),
            ("kg", Some("kg")),
            ("%", Some("%")),
            ("/min", Some("/min")),
            ("{score}", Some("{score}")),
            ("tablet", Some("{tbl}")),
            ("per high power field", None),
            ("mg<b>", None),
            ("", None),
        ] {
            assert_eq!(code(written).as_deref(), ucum, "{written}");
        }
        assert_eq!(code_or_annotation("per high power field"), "{per_high_power_field}");
        assert_eq!(code_or_annotation("{}"), "1");
    }
}
