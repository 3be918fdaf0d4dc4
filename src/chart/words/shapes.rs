//! FHIR R4 datatypes in words, told by their shape. What a datatype's words do not cover goes along as further facts.

use super::{Content, Fact, Said, labels, object};
use crate::chart::{people, timing, units};
use crate::record::{PartialDate, human_name, string};
use serde_json::{Map, Value};

/// One value in words; `None` when it is a group of elements and not a datatype.
pub(super) fn said(key: &str, value: &Value, depth: usize) -> Option<Said> {
    match value {
        Value::Object(o) => datatype(key, o, depth),
        Value::Array(_) => None,
        Value::Bool(yes) => Some(Said::text(if *yes { "Yes" } else { "No" })),
        Value::String(text) => Some(Said::text(plain(key, text))),
        Value::Number(n) => Some(Said::text(n.to_string())),
        Value::Null => Some(Said::text("Not given")),
    }
}

/// A string: a date in words, a code in words, a text as it stands.
fn plain(key: &str, text: &str) -> String {
    if dated(key)
        && let Some(date) = PartialDate::parse(text)
    {
        return date.words();
    }
    // A day or a moment is one under any name.
    let day = text.len() == 10 && text.bytes().enumerate().all(|(n, b)| if n == 4 || n == 7 { b == b'-' } else { b.is_ascii_digit() });
    if (day || text.len() >= 16 && text.as_bytes()[10] == b'T')
        && let Some(date) = PartialDate::parse(text)
    {
        return date.words();
    }
    if key.ends_with("Unit") && timing::unit_words(text) != text {
        return timing::unit_words(text).to_owned();
    }
    if labels::is_code(key) || key.ends_with("Code") { labels::words_of_code(text) } else { text.to_owned() }
}

fn dated(key: &str) -> bool {
    const ENDS: [&str; 8] = ["Date", "date", "DateTime", "Instant", "Time", "On", "issued", "recorded"];
    const KEYS: [&str; 11] =
        ["start", "end", "sent", "received", "created", "lastUpdated", "time", "started", "event", "statusDate", "dateAsserted"];
    ENDS.iter().any(|e| key.ends_with(e)) || KEYS.contains(&key)
}

fn datatype(key: &str, o: &Map<String, Value>, depth: usize) -> Option<Said> {
    let has = |k: &str| o.contains_key(k);
    let only =
        |keys: &[&str]| o.keys().all(|k| keys.contains(&k.as_str()) || matches!(k.as_str(), "id" | "extension") || k.starts_with('_'));
    let value = Value::Object(o.clone());
    let (text, used): (Option<String>, &[&str]) = if has("resourceType") {
        return None;
    } else if has("reference") || (has("display") && only(&["display", "type", "identifier", "reference"]) && !has("code")) {
        return Some(reference(o, depth));
    } else if has("coding") || only(&["text"]) && has("text") {
        return Some(concept(o, depth));
    } else if o.get("code").is_some_and(Value::is_string) && only(&["system", "code", "display", "version", "userSelected"]) {
        let text = o.get("display").and_then(string).or_else(|| o.get("code").and_then(string)).unwrap_or_default();
        let mut said = Said { codes: code(o, &text).into_iter().collect(), text, ..Said::default() };
        said.more = object(o, &["system", "code", "display", "id", "userSelected"], depth);
        return Some(said);
    } else if has("currency") && has("value") {
        (super::super::money::words(&value), &["value", "currency"])
    } else if has("value")
        && only(&["value", "unit", "code", "system", "comparator"])
        && !has("use")
        && (has("unit") || o.get("code").is_some_and(Value::is_string) || o["value"].is_number())
        && o.get("code").is_none_or(Value::is_string)
    {
        (units::quantity(&value), &["value", "unit", "comparator", "system", "code"])
    } else if has("contentType") || (has("url") && has("title")) || (has("data") && !has("origin")) {
        return Some(attachment(o, depth));
    } else if (has("low") || has("high")) && only(&["low", "high"]) {
        (Some(range(o)), &["low", "high"])
    } else if has("numerator") || has("denominator") {
        let part = |k: &str| o.get(k).and_then(units::quantity);
        (
            Some([part("numerator"), part("denominator")].into_iter().flatten().collect::<Vec<_>>().join(" in ")),
            &["numerator", "denominator"],
        )
    } else if (has("start") || has("end")) && only(&["start", "end"]) {
        (Some(period(o)), &["start", "end"])
    } else if has("family") || has("given") || (key == "name" && has("use") && has("text")) {
        return whole(human_name(&value), o, &["family", "given", "prefix", "suffix", "text"], depth);
    } else if has("line") || has("city") || has("postalCode") || (key == "address" && has("text")) {
        return whole(people::address(&value), o, &["line", "city", "state", "postalCode", "country", "text"], depth);
    } else if has("value") && (key == "telecom" || key == "valueContactPoint") {
        (people::telecom(&value), &["system", "value", "use"])
    } else if has("value") && (key.to_lowercase().contains("identifier") || (has("system") && o["value"].is_string())) {
        (o.get("value").and_then(string), &["value"])
    } else if has("text") && (has("time") || has("authorString") || has("authorReference")) {
        (o.get("text").and_then(string), &["text"])
    } else if has("repeat") || (key == "timing" && has("code")) {
        let text = timing::often(&value)?;
        return Some(Said { text, more: object(&untold(o), &["id"], depth), ..Said::default() });
    } else {
        return None;
    };
    let text = text.filter(|t| !t.is_empty())?;
    let mut without: Vec<&str> = used.to_vec();
    without.push("id");
    Some(Said { text, more: object(o, &without, depth), ..Said::default() })
}

/// A Timing without what "2 times a day" has told (FHIR R4 Timing.repeat).
fn untold(timing: &Map<String, Value>) -> Map<String, Value> {
    const TOLD: [&str; 4] = ["frequency", "frequencyMax", "period", "periodUnit"];
    let mut rest = timing.clone();
    if let Some(Value::Object(repeat)) = rest.get_mut("repeat")
        && repeat.contains_key("period")
        && repeat.contains_key("periodUnit")
        && !repeat.contains_key("periodMax")
    {
        TOLD.iter().for_each(|key| drop(repeat.remove(*key)));
        if repeat.is_empty() {
            rest.remove("repeat");
        }
    }
    rest
}

/// A name or an address in one line; parts that its own text leaves out go along.
fn whole(text: Option<String>, o: &Map<String, Value>, parts: &[&str], depth: usize) -> Option<Said> {
    let text = text.filter(|t| !t.is_empty())?;
    let told = |value: &Value| string(value).is_none_or(|part| text.contains(&part));
    let mut without: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| match o.get(*part) {
            Some(Value::Array(items)) => items.iter().all(told),
            Some(one) => *part == "text" || told(one),
            None => false,
        })
        .collect();
    without.push("id");
    Some(Said { more: object(o, &without, depth), text, ..Said::default() })
}

fn concept(o: &Map<String, Value>, depth: usize) -> Said {
    let codings = o.get("coding").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let displays: Vec<String> = codings.iter().filter_map(|c| c.get("display").and_then(string)).collect();
    let text = o
        .get("text")
        .and_then(string)
        .or_else(|| displays.first().cloned())
        .or_else(|| codings.iter().find_map(known))
        .or_else(|| codings.iter().find_map(|c| c.get("code").and_then(string)).map(|c| labels::words_of_code(&c)))
        .unwrap_or_else(|| "A code without words".into());
    let mut codes: Vec<String> = Vec::new();
    let mut more = Vec::new();
    for coding in codings.iter().filter_map(Value::as_object) {
        let mut words = code(coding, &text).unwrap_or_default();
        if let Some(display) = coding.get("display").and_then(string)
            && display != text
        {
            words = format!("{words} {display}");
        }
        if !words.trim().is_empty() {
            codes.push(words.trim().to_owned());
        }
        more.extend(object(coding, &["system", "code", "display", "id", "userSelected"], depth));
    }
    more.extend(object(o, &["coding", "text", "id"], depth));
    Said { text, codes, more, reference: None }
}

fn known(coding: &Value) -> Option<String> {
    let part = |key: &str| coding.get(key).and_then(Value::as_str).unwrap_or("");
    labels::known(part("system"), part("code")).map(str::to_owned)
}

/// "LOINC 4548-4"; nothing for the codes of FHIR itself, whose words say all.
fn code(coding: &Map<String, Value>, said: &str) -> Option<String> {
    let code = coding.get("code").and_then(string)?;
    let system = coding.get("system").and_then(Value::as_str).unwrap_or("");
    let own = system.starts_with("http://terminology.hl7.org/CodeSystem/") || system.starts_with("http://hl7.org/fhir/");
    // FHIR's own "active" beside "Active" says nothing new.
    if own && !system.contains("/sid/") && labels::words_of_code(&code).eq_ignore_ascii_case(said) {
        return None;
    }
    Some(format!("{} {code}", labels::system_words(system)).trim().to_owned())
}

fn reference(o: &Map<String, Value>, depth: usize) -> Said {
    let target = o.get("reference").and_then(string);
    let text = o.get("display").and_then(string).or_else(|| o.get("identifier").and_then(|i| i.get("value")).and_then(string));
    let text = text.unwrap_or_else(|| target.clone().unwrap_or_else(|| "Somebody or something not named".into()));
    Said { text, reference: target, more: object(o, &["reference", "display", "type", "id"], depth), codes: Vec::new() }
}

/// An attachment: its bytes are shown on the page of the document, not as text.
fn attachment(o: &Map<String, Value>, depth: usize) -> Said {
    let text = o.get("title").and_then(string).unwrap_or_else(|| "A file".into());
    let mut more = object(o, &["title", "data", "id"], depth);
    if let Some(data) = o.get("data").and_then(Value::as_str) {
        let size = data.len() / 4 * 3;
        more.push(Fact { label: "Held inside".into(), content: Content::Said(vec![Said::text(format!("{} KB", size.div_ceil(1024)))]) });
    }
    Said { text, more, ..Said::default() }
}

fn range(o: &Map<String, Value>) -> String {
    let part = |k: &str| o.get(k).and_then(units::quantity);
    match (part("low"), part("high")) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("{low} or more"),
        (None, Some(high)) => format!("up to {high}"),
        (None, None) => String::new(),
    }
}

/// "1 March 2026 to 2027", "since 2019", "until May 2020".
fn period(o: &Map<String, Value>) -> String {
    let part = |k: &str| o.get(k).and_then(string).map(|t| super::exact(k, o).or_else(|| PartialDate::parse(&t)).map_or(t, |d| d.words()));
    match (part("start"), part("end")) {
        (Some(start), Some(end)) if start == end => start,
        (Some(start), Some(end)) => format!("{start} to {end}"),
        (Some(start), None) => format!("since {start}"),
        (None, Some(end)) => format!("until {end}"),
        (None, None) => String::new(),
    }
}
