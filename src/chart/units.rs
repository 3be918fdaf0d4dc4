//! Which units may share a line: the same one, or one that differs by a power of ten exactly (g/L and g/dL).
//! mg/dL and mmol/L differ by the substance and never share one.

/// The power of ten by which numbers in `from` are multiplied to read in `to`; `None` when they cannot be compared.
pub fn power(from: &str, to: &str) -> Option<i32> {
    if fold(from) == fold(to) {
        return Some(0);
    }
    let (a, b) = (read(from)?, read(to)?);
    (a.1 == b.1).then_some(a.0 - b.0)
}

/// UCUM codes that labs and devices send where people write something else, as people write them. For showing only.
pub fn plain(text: &str) -> String {
    const WRITTEN: [(&str, &str); 12] = [
        ("mm[Hg]", "mmHg"),
        ("[degF]", "°F"),
        ("[in_i]", "in"),
        ("[lb_av]", "lb"),
        ("{1.73_m2}", "1.73 m²"),
        ("1.73.m2", "1.73 m²"),
        ("kg/m2", "kg/m²"),
        ("{score}", ""),
        ("[pH]", ""),
        ("[IU]", "IU"),
        ("degC", "°C"),
        ("degF", "°F"),
    ];
    let mut out = if text == "Cel" || text.ends_with(" Cel") { text.replace("Cel", "°C") } else { text.to_owned() };
    for (code, words) in WRITTEN {
        if out.contains(code) {
            out = out.replace(code, words);
        }
    }
    counted(raised(&out).trim())
}

/// "10*3/uL" as "10³/µL": UCUM has neither raised digits nor Greek letters.
fn raised(text: &str) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let text = text.replace("/uL", "/µL");
    let Some((before, after)) = text.split_once("10*").or_else(|| text.split_once("10^")) else { return text };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || before.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
        return text;
    }
    let (power, rest) = after.split_at(digits);
    let power: String = power.bytes().filter_map(|b| DIGITS.get(usize::from(b - b'0'))).collect();
    format!("{before}10{power}{rest}")
}

/// The digits of a raised power, plain.
fn lowered(text: &str) -> Option<String> {
    const DIGITS: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    text.chars().map(|c| DIGITS.chars().position(|d| d == c).and_then(|n| char::from_digit(u32::try_from(n).ok()?, 10))).collect()
}

/// "60 tablet" as "60 tablets": what is counted in words, with a number other than one before it.
fn counted(text: &str) -> String {
    const THINGS: [&str; 22] = [
        "tablet", "capsule", "caplet", "pill", "dose", "puff", "drop", "patch", "spray", "vial", "ampule", "bottle", "tube", "syringe",
        "unit", "second", "minute", "hour", "day", "week", "month", "year",
    ];
    // UCUM's codes of time.
    const TIMES: [(&str, &str); 5] = [("a", "year"), ("mo", "month"), ("wk", "week"), ("d", "day"), ("h", "hour")];
    let Some((number, thing)) = text.rsplit_once(' ') else { return text.to_owned() };
    let Ok(n) = number.rsplit(' ').next().unwrap_or(number).parse::<f64>() else { return text.to_owned() };
    let thing = TIMES.iter().find(|(code, _)| *code == thing).map_or(thing, |(_, word)| *word);
    if (n > 0.0 && n <= 1.0) || !THINGS.contains(&thing.to_lowercase().as_str()) {
        return format!("{number} {thing}");
    }
    let capital = thing.chars().all(char::is_uppercase);
    let ending = match (thing.to_lowercase().as_str(), capital) {
        ("patch", false) => "es",
        ("patch", true) => "ES",
        (_, false) => "s",
        (_, true) => "S",
    };
    format!("{number} {thing}{ending}")
}

/// A Quantity in words for people: "60 tablets", "5 mg"; none when it holds neither number nor unit.
pub fn quantity(quantity: &serde_json::Value) -> Option<String> {
    Some(plain(&crate::record::quantity_text(quantity))).filter(|t| !t.is_empty())
}

/// A number moved by a power of ten, for drawing only.
pub fn shift(number: f64, power: i32) -> f64 {
    // Through decimal text, so that 0.1 moved by two places is 10 and not 10.000000000000002.
    format!("{number}e{power}").parse().unwrap_or(number * 10f64.powi(power))
}

fn fold(unit: &str) -> String {
    unit.trim().replace(['µ', 'μ'], "u").replace("mcg", "ug").replace(' ', "").to_lowercase()
}

/// The power of ten and what remains of a unit such as `g/dL`, `10*3/uL`, `K/uL`, `mg/24h`.
fn read(unit: &str) -> Option<(i32, String)> {
    let unit = unit.trim().replace(['µ', 'μ'], "u").replace("mcg", "ug").replace(' ', "");
    let unit = unit.strip_prefix(['x', 'X']).filter(|u| u.starts_with("10")).unwrap_or(&unit).to_owned();
    let mut power = 0;
    let mut left = Vec::new();
    for (i, part) in unit.split('/').enumerate() {
        let (ten, base) = atom(part)?;
        power += if i == 0 { ten } else { -ten };
        left.push(base);
    }
    Some((power, left.join("/")))
}

fn atom(part: &str) -> Option<(i32, String)> {
    // Counts: 10*3, 10^3, 10E3, K, thousand; annotations in braces carry no size.
    let part = match (part.find('{'), part.find('}')) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &part[..open], &part[close + 1..]),
        _ => part.to_owned(),
    };
    let part = part.as_str();
    for ten in ["10*", "10^", "10e", "10E"] {
        if let Some(n) = part.strip_prefix(ten) {
            return Some((n.parse().ok()?, "1".into()));
        }
    }
    if let Some(power) = part.strip_prefix("10").filter(|p| !p.is_empty()).and_then(lowered) {
        return Some((power.parse().ok()?, "1".into()));
    }
    match part {
        "" | "1" => return Some((0, "1".into())),
        "K" | "k" | "thousand" | "Thousand" | "Thousands" | "thou" => return Some((3, "1".into())),
        "M" | "million" | "Million" | "mil" => return Some((6, "1".into())),
        _ => {}
    }
    if let Some(base) = base(part) {
        return Some((0, base.into()));
    }
    let mut chars = part.chars();
    let ten = match chars.next()? {
        'M' => 6,
        'k' => 3,
        'd' => -1,
        'c' => -2,
        'm' => -3,
        'u' => -6,
        'n' => -9,
        'p' => -12,
        'f' => -15,
        _ => return None,
    };
    Some((ten, base(chars.as_str())?.into()))
}

/// Units that take prefixes. Litres are written L and l, units U and IU; nothing else is folded.
fn base(part: &str) -> Option<&'static str> {
    Some(match part {
        "g" | "gm" => "g",
        "L" | "l" => "L",
        "mol" => "mol",
        "eq" | "Eq" => "eq",
        "osm" | "Osm" | "Osmol" | "osmol" => "osm",
        "U" => "U",
        "IU" | "[IU]" | "[iU]" => "IU",
        "m" => "m",
        "kat" => "kat",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_counted_as_people_count_them() {
        for (given, said) in [
            ("60 tablet", "60 tablets"),
            ("1 tablet", "1 tablet"),
            ("0.5 tablet", "0.5 tablet"),
            ("2 TABLET", "2 TABLETS"),
            ("30 d", "30 days"),
            ("45 a", "45 years"),
            ("1 a", "1 year"),
            ("2 patch", "2 patches"),
            ("60 tablets", "60 tablets"),
            ("5 mg", "5 mg"),
            ("< 3 dose", "< 3 doses"),
            ("day", "day"),
            ("4.1 10*6/uL", "4.1 10⁶/µL"),
            ("36.6 degC", "36.6 °C"),
            ("1 {score}", "1"),
        ] {
            assert_eq!(plain(given), said);
        }
    }

    #[test]
    fn powers_of_ten_and_nothing_else() {
        for (from, to, want) in [
            ("g/L", "g/dL", Some(-1)),
            ("g/dL", "g/L", Some(1)),
            ("mg/dL", "mg/dl", Some(0)),
            ("ug/L", "ng/mL", Some(0)),
            ("K/uL", "10*9/L", Some(0)),
            ("10*3/uL", "10^9/L", Some(0)),
            ("x10E3/uL", "10*6/L", Some(3)),
            ("cm", "m", Some(-2)),
            ("mcg/dL", "µg/dL", Some(0)),
            ("10³/µL", "10*9/L", Some(0)),
            ("10⁶/µL", "K/uL", Some(3)),
            ("mg/dL", "mmol/L", None),
            ("kg", "lb", None),
            ("kg", "[lb_av]", None),
            ("Cel", "[degF]", None),
            ("%", "g/dL", None),
            ("mm[Hg]", "mm[Hg]", Some(0)),
            ("mmol/L", "mEq/L", None),
            ("U/L", "IU/L", None),
        ] {
            assert_eq!(power(from, to), want, "{from} to {to}");
        }
    }

    #[test]
    fn moving_the_point_is_exact() {
        assert_eq!(shift(13.2, 1).to_string(), "132");
        assert_eq!(shift(0.1, 2).to_string(), "10");
        assert_eq!(shift(132.0, -1).to_string(), "13.2");
    }
}
