//! Words fit for a title: what vendors put into the text of a concept is not always a name.

use crate::record::PartialDate;
use crate::record::coding::{codes, systems};
use crate::record::walk::string;
use serde_json::Value;

/// The longest title; the record's page holds the rest.
const LONGEST: usize = 160;

/// What the fully specified names of SNOMED CT end in (SNOMED CT Editorial Guide, "Semantic tags"), as far as patients' records hold them.
const TAGS: [&str; 31] = [
    "disorder",
    "finding",
    "procedure",
    "situation",
    "substance",
    "product",
    "medicinal product",
    "clinical drug",
    "regime/therapy",
    "event",
    "person",
    "observable entity",
    "physical object",
    "body structure",
    "morphologic abnormality",
    "organism",
    "occupation",
    "social concept",
    "environment",
    "qualifier value",
    "record artifact",
    "assessment scale",
    "tumor staging",
    "specimen",
    "cell",
    "racial group",
    "ethnic group",
    "religion/philosophy",
    "navigational concept",
    "context-dependent category",
    "medicinal product form",
];

/// The name in a concept: its text, unless that is no name (markup, a date, a number, a row of a table) and a display is.
/// Where there is only a code, the code with the name of its system. `not` are words that name something else.
pub(super) fn name(concept: &Value, not: &[String]) -> Option<String> {
    if let Value::Array(items) = concept {
        let mut names: Vec<String> = Vec::new();
        for name in items.iter().filter_map(|item| name(item, not)) {
            if !names.iter().any(|n| n.eq_ignore_ascii_case(&name)) {
                names.push(name);
            }
        }
        // A code says nothing beside a name.
        if names.iter().any(|n| !is_code(n)) {
            names.retain(|n| !is_code(n));
        }
        return (!names.is_empty()).then(|| names.join(", "));
    }
    let all = codes(concept);
    let displays = || all.iter().map(|(.., display)| tidy(display)).filter(|d| is_name(d));
    let text = concept.get("text").and_then(string).map(|t| tidy(&t)).filter(|t| is_name(t));
    let text = text.filter(|t| !all.iter().any(|(_, code, _)| code == t) || displays().next().is_none());
    if let Some(text) = text {
        let display = displays().next();
        // A row of a table: "Bronchoscopy · Performed: 2015-06-22".
        if let Some(display) = &display
            && text.to_lowercase().strip_prefix(&display.to_lowercase()).is_some_and(|rest| rest.starts_with(" · "))
        {
            return Some(display.clone());
        }
        if !not.iter().any(|n| n.eq_ignore_ascii_case(&text)) {
            return Some(text);
        }
        return display.or(Some(text));
    }
    displays().next().or_else(|| all.iter().find_map(|(system, code, _)| only_code(system, code)))
}

/// A title without markup and without the tag of a SNOMED CT name, not longer than a heading.
pub(super) fn tidy(text: &str) -> String {
    let plain = if text.contains('<') && text.contains('>') { super::strip_tags(text) } else { text.to_owned() };
    let plain = if is_single_spaced(&plain) { plain } else { plain.split_whitespace().collect::<Vec<_>>().join(" ") };
    let plain = untagged(without_codes(&plain)).to_owned();
    if plain.len() <= LONGEST || plain.chars().count() <= LONGEST {
        return plain;
    }
    let cut: String = plain.chars().take(LONGEST - 2).collect();
    format!("{}…", &cut[..cut.rfind(' ').unwrap_or(cut.len())])
}

/// Words without the tag in which a SNOMED CT name ends: "Ex-smoker (finding)" is "Ex-smoker".
pub fn untagged(words: &str) -> &str {
    let open = words.strip_suffix(')').and_then(|p| p.rfind(" ("));
    let tag = open.and_then(|at| words.get(at + 2..words.len() - 1));
    match (open, tag) {
        (Some(at), Some(tag)) if TAGS.contains(&tag) => &words[..at],
        _ => words,
    }
}

/// Words without the SNOMED CT code that some systems print behind them: "Hives - 247472004" is "Hives".
pub fn uncoded(words: &str) -> &str {
    let code = |c: &str| c.len() >= 6 && c.bytes().all(|b| b.is_ascii_digit());
    words.rsplit_once(" - ").filter(|(name, c)| code(c) && !name.is_empty()).map_or(words, |(name, _)| name)
}

/// Whether every space of a text is one plain blank between two words, as nearly always.
fn is_single_spaced(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.is_ascii()
        && !bytes.starts_with(b" ")
        && !bytes.ends_with(b" ")
        && bytes.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
        && !text.contains("  ")
}

/// Whether words can be the name of something: not a date, not a number, not an identifier.
pub(super) fn is_name(text: &str) -> bool {
    let letters = text.chars().any(char::is_alphabetic);
    let uuid = text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let date = text.len() >= 8 && text.starts_with(|c: char| c.is_ascii_digit()) && PartialDate::parse(text).is_some();
    // Programs print "null" where they had nothing to print.
    letters && !text.eq_ignore_ascii_case("null") && !uuid && !date && !text.starts_with("urn:")
}

/// Whether a name is only a code with the name of its system: "LOINC code 4548-4".
pub(super) fn is_code(name: &str) -> bool {
    name.rsplit_once(' ')
        .is_some_and(|(system, code)| code.contains(|c: char| c.is_ascii_digit()) && (system == "Code" || system.ends_with(" code")))
}

/// A name without the codes that some systems print into it: "(E66.3) (278.02) Overweight (SCT238131007)".
fn without_codes(text: &str) -> &str {
    let mut left = text;
    while let Some((code, rest)) = left.strip_prefix('(').and_then(|l| l.split_once(") ")) {
        // ICD-9 and ICD-10: at most a letter, then digits.
        let digits = code.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(code);
        if digits.len() < 2 || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            break;
        }
        left = rest;
    }
    let bare = left
        .rsplit_once(" (SCT")
        .filter(|(_, code)| code.strip_suffix(')').is_some_and(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit())));
    bare.map_or(left, |(name, _)| name)
}

fn only_code(system: &str, code: &str) -> Option<String> {
    if code.is_empty() {
        return None;
    }
    if system == systems::LOINC
        && let Some(name) = super::loinc::name(code)
    {
        return Some(name.to_owned());
    }
    let known = match system {
        systems::LOINC => "LOINC code",
        systems::SNOMED => "SNOMED code",
        systems::RXNORM => "RxNorm code",
        systems::CVX => "CVX code",
        systems::ICD10CM => "ICD-10 code",
        systems::ICD9CM => "ICD-9 code",
        systems::NDC => "NDC code",
        systems::CPT => "CPT code",
        _ if is_name(code) => return Some(words(code)),
        _ => "Code",
    };
    Some(format!("{known} {code}"))
}

/// Codes of FHIR R4's own lists that stand alone as the name of a record.
fn words(code: &str) -> String {
    let plain = match code {
        "acd" => "Advance directive",
        "dnr" => "Do not resuscitate",
        "hcd" => "Health care directive",
        "emrgonly" => "Emergency treatment only",
        "polst" => "Orders for life-sustaining treatment (POLST)",
        "patient-privacy" => "Privacy consent",
        "adr" => "Advance care directive",
        "research" => "Consent to research",
        "treatment" => "Consent to treatment",
        "assess-plan" => "Assessment and plan",
        "professional" => "Doctor or clinic (professional)",
        "institutional" => "Hospital or facility (institutional)",
        "pharmacy" => "Pharmacy",
        "oral" => "Dentist (oral)",
        "vision" => "Eye care (vision)",
        // "no-known-food-allergies": a code that is a sentence.
        _ if code.contains('-') && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') => return code.replace('-', " "),
        _ => return code.to_owned(),
    };
    plain.to_owned()
}

/// What kind of bill it is (FHIR R4 claim-type), in words for whoever pays.
pub(super) fn bill(concept: &Value) -> Option<String> {
    let code = codes(concept).into_iter().map(|(_, code, _)| code.to_ascii_lowercase()).find(|c| words(c) != *c);
    code.map(|c| words(&c)).or_else(|| name(concept, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_name_gives_way_to_a_display() {
        let coded = |text: &str| json!({"text": text, "coding": [{"system": systems::SNOMED, "code": "386661006", "display": "Fever"}]});
        for text in ["2015-06-22", "386661006", "Fever · Clinic · 2015-06-22", "d174a29f-c366-4419-b4d3-8004a8723202", "<br/>"] {
            assert_eq!(name(&coded(text), &[]).as_deref(), Some("Fever"), "{text}");
        }
        assert_eq!(name(&coded("Fever since Sunday"), &[]).as_deref(), Some("Fever since Sunday"));
        assert_eq!(name(&coded("Rash"), &["rash".into()]).as_deref(), Some("Fever"));
        assert_eq!(name(&json!({"text": "Rash"}), &["rash".into()]).as_deref(), Some("Rash"), "without a display nothing is invented");
    }

    #[test]
    fn a_code_alone_says_whose_it_is() {
        assert_eq!(name(&json!({"coding": [{"system": systems::RXNORM, "code": "7980"}]}), &[]).as_deref(), Some("RxNorm code 7980"));
        assert_eq!(name(&json!({"coding": [{"code": "acd"}]}), &[]).as_deref(), Some("Advance directive"));
        assert_eq!(name(&json!({"coding": [{"code": "1010222"}]}), &[]).as_deref(), Some("Code 1010222"));
    }

    #[test]
    fn tags_and_markup_go_and_brackets_of_meaning_stay() {
        assert_eq!(tidy("Chronic congestive heart failure (disorder)"), "Chronic congestive heart failure");
        assert_eq!(tidy("Palliative care (regime/therapy)"), "Palliative care");
        assert_eq!(tidy("(E66.3) (278.02) Overweight (SCT238131007)"), "Overweight");
        assert_eq!(tidy("Cobalamin (B12)"), "Cobalamin (B12)");
        assert_eq!(tidy("(S)-ketamine"), "(S)-ketamine");
        assert_eq!(tidy("Hemoglobin A1c (HbA1c)"), "Hemoglobin A1c (HbA1c)");
        assert_eq!(tidy("Acute pain (left knee)"), "Acute pain (left knee)");
        assert_eq!(tidy("<ul><li>Goal 1: Less salt</li></ul><br/>"), "Goal 1: Less salt");
        assert!(tidy(&"word ".repeat(80)).chars().count() <= LONGEST);
    }
}
