//! How a record meets a parameter (FHIR R4, Search).

use super::Problem;
use super::types::Kind;
use crate::record::{PartialDate, Resource, list};
use serde_json::Value;

/// The values of a parameter, any of which will do: parted by commas, but for those after a backslash.
pub(super) fn either(value: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut escaped = false;
    for c in value.chars() {
        let last = out.len() - 1;
        match c {
            '\\' if !escaped => escaped = true,
            ',' if !escaped => out.push(String::new()),
            _ => {
                escaped = false;
                out[last].push(c);
            }
        }
    }
    out.retain(|v| !v.is_empty());
    out
}

/// Whether a record meets a parameter.
pub(super) fn meets(resource: &Resource, kind: Kind, paths: &[&str], wanted: &str) -> Result<bool, Problem> {
    let values = || paths.iter().flat_map(|path| list(resource, path));
    match kind {
        Kind::Token => Ok(values().any(|v| is_token(v, wanted))),
        Kind::Text => {
            let wanted = wanted.to_lowercase();
            Ok(values().any(|v| begins(v, &wanted)))
        }
        Kind::Date => {
            let asked = Asked::read(wanted)?;
            Ok(values().filter_map(span).any(|span| asked.is_met(span)))
        }
        Kind::Uri => {
            Ok(values().filter_map(Value::as_str).any(|v| v == wanted || v.split_once('|').is_some_and(|(bare, _)| bare == wanted)))
        }
        // These are not told by the record alone (search.rs).
        Kind::Patient | Kind::Encounter | Kind::Reference => Ok(true),
    }
}

/// R4 Search, token: a CodeableConcept, Coding, Identifier, code or boolean.
fn is_token(value: &Value, wanted: &str) -> bool {
    let (system, code) = match wanted.split_once('|') {
        Some((system, code)) => (Some(system), code),
        None => (None, wanted),
    };
    let text = |v: &Value, name: &str| v.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    match value {
        Value::String(text) => text == code,
        Value::Bool(b) => b.to_string() == code,
        Value::Object(fields) if fields.contains_key("coding") => list(value, "coding").into_iter().any(|c| is_token(c, wanted)),
        Value::Object(fields) => {
            let own = if fields.contains_key("code") { text(value, "code") } else { text(value, "value") };
            (code.is_empty() || own == code) && system.is_none_or(|s| text(value, "system") == s)
        }
        _ => false,
    }
}

/// R4 Search, string: the beginning of any of its texts.
fn begins(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => {
            text.to_lowercase().split_whitespace().any(|word| word.starts_with(wanted)) || text.to_lowercase().starts_with(wanted)
        }
        Value::Array(items) => items.iter().any(|v| begins(v, wanted)),
        // A HumanName or an Address.
        Value::Object(fields) => ["text", "family", "given", "line", "city", "district", "state", "postalCode", "country"]
            .iter()
            .filter_map(|f| fields.get(*f))
            .any(|v| begins(v, wanted)),
        _ => false,
    }
}

/// From when, until when (exclusive), seconds since 1970.
type Span = (i64, i64);

fn span(value: &Value) -> Option<Span> {
    let date = |v: &Value| v.as_str().and_then(PartialDate::parse);
    match value {
        Value::String(_) => date(value).map(|d| (d.start, d.end)),
        Value::Object(fields) => {
            let (start, end) = (fields.get("start").and_then(date), fields.get("end").and_then(date));
            if start.is_none() && end.is_none() {
                return None;
            }
            Some((start.map_or(i64::MIN, |d| d.start), end.map_or(i64::MAX, |d| d.end)))
        }
        _ => None,
    }
}

/// A date as it was asked for (R4 Search, prefixes).
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    prefix: &'static str,
    span: Span,
}

impl Asked {
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        const PREFIXES: [&str; 9] = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];
        let prefix = PREFIXES.into_iter().find(|p| text.starts_with(p));
        // A plus in an address is a blank.
        let date = text[prefix.map_or(0, str::len)..].replace(' ', "+");
        let date =
            PartialDate::parse(&date).ok_or_else(|| Problem::invalid("A date does not read. Write it as 2024, 2024-05 or 2024-05-17."))?;
        Ok(Self { prefix: prefix.unwrap_or("eq"), span: (date.start, date.end) })
    }

    pub(super) fn is_met(self, (start, end): Span) -> bool {
        let (from, until) = self.span;
        let within = start >= from && end <= until;
        match self.prefix {
            "ne" => !within,
            "gt" => end > until,
            "lt" => start < from,
            "ge" => within || end > until,
            "le" => within || start < from,
            "sa" => start >= until,
            "eb" => end <= from,
            "ap" => start < until && end > from,
            _ => within,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tokens() {
        let concept = json!({"coding": [{"system": "http://loinc.org", "code": "718-7"}, {"code": "HGB"}], "text": "Hemoglobin"});
        for (wanted, met) in [
            ("718-7", true),
            ("http://loinc.org|718-7", true),
            ("http://loinc.org|", true),
            ("http://snomed.info/sct|718-7", false),
            ("|718-7", false),
            ("|HGB", true),
            ("718", false),
            ("Hemoglobin", false),
        ] {
            assert_eq!(is_token(&concept, wanted), met, "{wanted}");
        }
        assert!(is_token(&json!("final"), "final") && !is_token(&json!("final"), "fin"));
        let identifier = json!({"system": "urn:oid:1", "value": "A,1"});
        assert!(is_token(&identifier, "urn:oid:1|A,1") && is_token(&identifier, "A,1") && !is_token(&identifier, "urn:oid:2|A,1"));
        assert_eq!(either("a\\,b,c,,d"), ["a,b", "c", "d"]);
    }

    #[test]
    fn dates_with_their_prefixes() {
        // prefix and asked, the record's, whether it is met: the examples of R4 Search, "Prefixes".
        for (asked, own, met) in [
            ("2020", json!("2020-05-17"), true),
            ("2020-05-17", json!("2020"), false),
            ("eq2020-05", json!("2020-05-17T10:20:00Z"), true),
            ("ne2020-05", json!("2020-05-17"), false),
            ("ne2020-06", json!("2020-05-17"), true),
            ("gt2020-05-17", json!("2020-05-17"), false),
            ("gt2020-05-16", json!("2020-05-17"), true),
            ("ge2020-05-17", json!("2020-05-17"), true),
            ("lt2020-05-17", json!("2020-05-17"), false),
            ("le2020-05-17", json!("2020-05-17"), true),
            ("lt2020-05-17", json!({"start": "2020-05-01", "end": "2020-06-01"}), true),
            ("gt2020-05-17", json!({"start": "2020-05-01"}), true),
            ("sa2020-05", json!("2020-06-01"), true),
            ("sa2020-05", json!("2020-05-31"), false),
            ("eb2020-05", json!("2020-04-30"), true),
            ("ap2020-05", json!({"start": "2020-04-01", "end": "2020-05-02"}), true),
            ("ge2020-05-17T10:00:00 02:00", json!("2020-05-17T09:00:00Z"), true),
        ] {
            let met_by = Asked::read(asked).expect("a date").is_met(span(&own).expect("a span"));
            assert_eq!(met_by, met, "{asked} {own}");
        }
        assert!(Asked::read("soon").is_err() && Asked::read("ge").is_err());
    }

    #[test]
    fn words_begin() {
        let name = json!({"family": "Carver Reed", "given": ["Ruth", "Anne"]});
        let address = json!({"line": ["12 Larch Lane"], "city": "Riverton", "postalCode": "05001", "use": "home"});
        assert!(begins(&address, "larch") && begins(&address, "river") && begins(&address, "050") && !begins(&address, "home"));
        assert!(begins(&name, "carv") && begins(&name, "reed") && begins(&name, "anne") && !begins(&name, "arver"));
    }
}
