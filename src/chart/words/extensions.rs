//! Extensions by the names that people would give them; unknown ones by the last part of their address.

use super::{Content, Fact, Said, labels, object};
use crate::record::systems;
use serde_json::Value;

/// Last parts of extension addresses and their words (FHIR R4 core, US Core, C-CDA on FHIR).
const NAMES: [(&str, &str); 34] = [
    ("us-core-race", "Race"),
    ("us-core-ethnicity", "Ethnicity"),
    ("us-core-birthsex", "Sex at birth"),
    ("us-core-sex", "Sex"),
    ("us-core-genderIdentity", "Gender identity"),
    ("us-core-tribal-affiliation", "Tribe"),
    ("us-core-direct", "Direct address"),
    ("us-core-medication-adherence", "Taken as written"),
    ("individual-genderIdentity", "Gender identity"),
    ("individual-pronouns", "Pronouns"),
    ("ombCategory", "Category"),
    ("detailed", "In detail"),
    ("text", "In words"),
    ("patient-birthPlace", "Place of birth"),
    ("birthPlace", "Place of birth"),
    ("patient-birthTime", "Time of birth"),
    ("patient-mothersMaidenName", "Mother’s name before marriage"),
    ("patient-religion", "Religion"),
    ("patient-nationality", "Nationality"),
    ("patient-interpreterRequired", "Needs an interpreter"),
    ("patient-disability", "Disability"),
    ("disability-adjusted-life-years", "Years of life adjusted for disability"),
    ("quality-adjusted-life-years", "Years of life adjusted for quality"),
    ("geolocation", "Place on the map"),
    ("condition-assertedDate", "Stated on"),
    ("allergyintolerance-certainty", "How certain"),
    ("allergyintolerance-duration", "How long"),
    ("originalText", "As it was written"),
    ("rendered-value", "Shown as"),
    ("iso21090-preferred", "Preferred"),
    ("iso21090-EN-use", "Use of the name"),
    ("event-recorded", "Recorded"),
    ("observation-deviceCode", "Device used"),
    ("encounter-reasonCancelled", "Why it was cancelled"),
];

/// Facts of a list of extensions.
pub(super) fn facts(list: &Value, depth: usize) -> Vec<Fact> {
    let items = list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice);
    items.iter().filter_map(|e| one(e, depth)).collect()
}

fn one(extension: &Value, depth: usize) -> Option<Fact> {
    let fields = extension.as_object()?;
    let url = fields.get("url").and_then(Value::as_str).unwrap_or("");
    if url == systems::ABSENT_REASON || url.ends_with("v3-NullFlavor") || url.ends_with("/iso21090-nullFlavor") {
        let code = fields.iter().find(|(k, _)| k.starts_with("value")).and_then(|(_, v)| v.as_str()).unwrap_or("");
        return Some(Fact { label: "Missing".into(), content: Content::Said(vec![Said::text(absent(code))]) });
    }
    let label = name(url);
    if depth < super::DEEPEST
        && let Some((key, value)) = fields.iter().find(|(k, _)| k.starts_with("value"))
    {
        let mut content = super::content(key, std::slice::from_ref(value), depth + 1)?;
        let rest = object(fields, &["url", "id", key], depth + 1);
        match &mut content {
            Content::Said(said) => {
                if let Some(last) = said.last_mut() {
                    last.more.extend(rest);
                }
            }
            Content::Groups(groups) if !rest.is_empty() => groups.push(rest),
            _ => {}
        }
        return Some(Fact { label, content });
    }
    if depth >= super::DEEPEST {
        return Some(Fact { label, content: Content::Said(vec![Said::text(extension.to_string())]) });
    }
    let inner = object(fields, &["url", "id"], depth + 1);
    (!inner.is_empty()).then_some(Fact { label, content: Content::Groups(vec![inner]) })
}

fn name(url: &str) -> String {
    let last = url.trim_end_matches('/').rsplit(['/', '#', ':']).next().unwrap_or(url);
    NAMES.iter().find(|(n, _)| *n == last).map_or_else(|| labels::split_words(last), |(_, words)| (*words).to_owned())
}

/// FHIR R4 DataAbsentReason and HL7 v3 NullFlavor in words.
pub(super) fn absent(code: &str) -> String {
    let why = match code {
        "unknown" | "UNK" => "not known",
        "asked-unknown" | "ASKU" => "asked, but not known",
        "temp-unknown" | "NAV" => "not known at that time",
        "not-asked" | "NASK" => "nobody asked",
        "asked-declined" => "asked, but the person chose not to say",
        "masked" | "MSK" => "kept back by the source",
        "not-applicable" | "NA" => "does not apply",
        "unsupported" => "the source’s system cannot say",
        "as-text" => "only in the text",
        "error" => "an error at the source",
        "not-a-number" | "NaN" => "not a number",
        "negative-infinity" | "NINF" => "below every number",
        "positive-infinity" | "PINF" => "above every number",
        "not-performed" => "not done",
        "not-permitted" => "not permitted",
        "NI" => "no information",
        "OTH" => "something else",
        "TRC" => "a trace",
        "QS" => "enough",
        other => return format!("Not given: {}", labels::split_words(other).to_lowercase()),
    };
    format!("Not given: {why}")
}
