//! Who did it and where they can be reached.

use crate::record::{array, human_name, reference_words, string, text_at};
use crate::vault::{Chart, Row};
use serde_json::Value;

/// Elements that name who made or did a record, in the order in which a page asks.
const BY: [&str; 13] = [
    "performer",
    "author",
    "requester",
    "recorder",
    "asserter",
    "informationSource",
    "sender",
    "provider",
    "issuer",
    "custodian",
    "insurer",
    "managingOrganization",
    "serviceProvider",
];

/// Who made or did this, in words, without opening any other record.
pub fn by(resource: &Value) -> Option<String> {
    BY.iter().find_map(|key| {
        let words: Vec<String> = array(resource, key).iter().filter_map(|r| actor(resource, r)).filter(|w| w != "UNK").take(3).collect();
        (!words.is_empty()).then(|| words.join(", "))
    })
}

/// A reference, or a backbone that holds one under `actor` or `individual`.
fn actor(resource: &Value, value: &Value) -> Option<String> {
    let reference = value.get("actor").or_else(|| value.get("individual")).or_else(|| value.get("member")).unwrap_or(value);
    reference_words(resource, reference)
}

/// What somebody did at a visit: HL7 v3 ParticipationType in words where a source sends the bare code; nothing for other bare
/// codes.
pub fn role(said: &str) -> Option<String> {
    let words = match said {
        "PPRF" => "in charge",
        "SPRF" => "helping",
        "ATND" => "attending",
        "ADM" => "admitting",
        "DIS" => "discharging",
        "CON" => "consulted",
        "REF" => "referring",
        code if code.len() <= 5 && code.bytes().all(|b| b.is_ascii_uppercase()) => return None,
        other => other,
    };
    Some(words.to_owned())
}

/// The words of a reference: its own, else the title of the record that it points to. The record as well, if it is here.
pub fn resolved(chart: &Chart, from: &Row, resource: &Value, reference: &Value) -> (Option<String>, Option<Row>) {
    let target = text_at(reference, "reference").filter(|r| !r.starts_with('#')).and_then(|r| chart.resolve(from, &r).ok().flatten());
    let words = reference_words(resource, reference)
        .or_else(|| target.as_ref().map(|t| t.title.clone()))
        .or_else(|| text_at(reference, "identifier.value").or_else(|| text_at(reference, "type")));
    (words, target)
}

/// Telephone, e-mail and address lines of a person or place (FHIR R4 ContactPoint, Address).
pub fn contact(resource: &Value) -> Vec<String> {
    let mut out: Vec<String> = array(resource, "telecom").iter().filter_map(telecom).collect();
    out.extend(array(resource, "address").iter().filter_map(address));
    out.dedup();
    out
}

/// "Phone 555-0160 (work)".
pub fn telecom(point: &Value) -> Option<String> {
    let value = text_at(point, "value")?;
    let value = value.trim_start_matches("tel:").trim_start_matches("mailto:").to_owned();
    let system = match text_at(point, "system").as_deref() {
        Some("phone") => "Phone ",
        Some("fax") => "Fax ",
        Some("pager") => "Pager ",
        Some("sms") => "Text message ",
        _ => "",
    };
    let used = text_at(point, "use").map(|u| format!(" ({u})")).unwrap_or_default();
    Some(format!("{system}{value}{used}"))
}

/// An address in one line: its text, else its parts in the order in which they are written.
pub fn address(address: &Value) -> Option<String> {
    if let Some(text) = text_at(address, "text") {
        return Some(text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(", "));
    }
    let lines = match address.get("line") {
        Some(Value::Array(lines)) => lines.iter().filter_map(string).collect(),
        Some(one) => string(one).into_iter().collect(),
        None => Vec::new(),
    };
    let part = |key: &str| text_at(address, key);
    let region = [part("state"), part("postalCode")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let all: Vec<String> =
        lines.into_iter().chain(part("city")).chain((!region.is_empty()).then_some(region)).chain(part("country")).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The name of a person or place record.
pub fn name(resource: &Value) -> Option<String> {
    match resource.get("name")? {
        Value::String(name) => Some(name.clone()),
        names => human_name(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bare_codes_are_no_roles() {
        assert_eq!(role("ATND").as_deref(), Some("attending"));
        assert_eq!(role("Attending physician").as_deref(), Some("Attending physician"));
        assert_eq!(role("XYZ"), None);
    }

    #[test]
    fn who_and_where() {
        let note = json!({"author": [{"display": "Dr. Tomas Eklund"}], "custodian": {"display": "Fernhill"}});
        assert_eq!(by(&note).as_deref(), Some("Dr. Tomas Eklund"));
        let team = json!({"performer": [{"actor": {"display": "Union Lane Pharmacy"}}]});
        assert_eq!(by(&team).as_deref(), Some("Union Lane Pharmacy"));
        let place = json!({"telecom": [{"system": "phone", "value": "tel:555-0160", "use": "work"}],
            "address": {"line": ["1 Alder Street"], "city": "Harbor", "state": "MA", "postalCode": "01234"}});
        assert_eq!(contact(&place), ["Phone 555-0160 (work)", "1 Alder Street, Harbor, MA 01234"]);
        assert_eq!(by(&json!({})), None);
    }
}
