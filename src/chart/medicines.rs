//! The medicine list: one line for each medicine across sources, differences in strength and dose shown, never settled.

use super::{link::Line, timing};
use crate::record::{PartialDate, array, at, concept_text, reference_words, string, text_at};
use crate::vault::Row;
use serde_json::Value;

/// What one record says about a medicine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Directions, one for each dosage.
    pub directions: Vec<String>,
    /// Times of the day with the dose, only when the timing says so.
    pub slots: [Option<String>; 4],
    /// Only when needed.
    pub as_needed: bool,
    /// What for.
    pub reason: Option<String>,
    /// Who wrote it.
    pub prescriber: Option<String>,
    /// Refills allowed, as written.
    pub refills: Option<String>,
    /// How much each fill gives.
    pub quantity: Option<String>,
    /// Why it stands as it does (stopped, on hold).
    pub status_reason: Option<String>,
    /// The strength in the name: "50 mg".
    pub strength: Option<String>,
}

/// Reads a MedicationRequest, MedicationStatement, MedicationDispense or MedicationAdministration.
pub fn said(resource: &Value, title: &str) -> Said {
    let mut out = Said { strength: strength(title), ..Said::default() };
    let single = resource.get("dosage").filter(|d| d.is_object());
    let dosages = if single.is_some() { array(resource, "dosage") } else { array(resource, "dosageInstruction") };
    let dosages = if dosages.is_empty() { array(resource, "dosage") } else { dosages };
    for dosage in dosages {
        out.directions.extend(timing::sentence(dosage));
        out.as_needed |=
            dosage.get("asNeededBoolean").and_then(Value::as_bool) == Some(true) || dosage.get("asNeededCodeableConcept").is_some();
        if let Some(slots) = timing::slots(dosage) {
            let dose = timing::dose(dosage).unwrap_or_else(|| "take".into());
            for (slot, on) in out.slots.iter_mut().zip(slots) {
                if on {
                    *slot = Some(dose.clone());
                }
            }
        }
    }
    let reasons: Vec<String> = array(resource, "reasonCode")
        .iter()
        .filter_map(concept_text)
        .chain(array(resource, "reasonReference").iter().filter_map(|r| reference_words(resource, r)))
        .collect();
    out.reason = (!reasons.is_empty()).then(|| reasons.join(", "));
    out.prescriber = ["requester", "informationSource", "recorder"].iter().find_map(|k| reference_words(resource, resource.get(k)?));
    out.refills = text_at(resource, "dispenseRequest.numberOfRepeatsAllowed");
    out.quantity = at(resource, "dispenseRequest.quantity").or_else(|| resource.get("quantity")).and_then(super::units::quantity);
    out.status_reason = resource.get("statusReason").and_then(concept_text);
    out
}

/// The name of a medicine without strength, form, brand and route, for linking across sources:
/// "24 HR metoprolol succinate 50 MG Extended Release Oral Tablet [Toprol]" is "metoprolol succinate".
pub fn ingredient(title: &str) -> String {
    const FORMS: [&str; 34] = [
        "oral",
        "tablet",
        "tablets",
        "tab",
        "tabs",
        "capsule",
        "capsules",
        "cap",
        "caps",
        "injection",
        "injectable",
        "solution",
        "suspension",
        "extended",
        "release",
        "er",
        "xr",
        "xl",
        "sr",
        "dr",
        "delayed",
        "cream",
        "ointment",
        "spray",
        "inhaler",
        "hr",
        "hour",
        "chewable",
        "film",
        "coated",
        "po",
        "product",
        "pill",
        "disintegrating",
    ];
    let plain = title.split('[').next().unwrap_or(title);
    let mut parts: Vec<String> = plain
        .split('/')
        .filter(|p| !units_only(p))
        .filter_map(|part| {
            let words: Vec<String> = part
                .to_lowercase()
                .split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '%' || c == '-'))
                .map(str::to_owned)
                .skip_while(|w| w.is_empty() || w.starts_with(|c: char| c.is_ascii_digit()) || w == "hr")
                .take_while(|w| !w.starts_with(|c: char| c.is_ascii_digit()))
                .filter(|w| !w.is_empty() && !FORMS.contains(&w.as_str()))
                .collect();
            (!words.is_empty()).then(|| words.join(" "))
        })
        .collect();
    parts.sort();
    if parts.is_empty() { super::link::folded(title) } else { parts.join(" / ") }
}

/// "mL" in "5 mg/mL" is no second ingredient.
fn units_only(part: &str) -> bool {
    let word = part.split_whitespace().next().unwrap_or("").to_lowercase();
    matches!(word.as_str(), "ml" | "mg" | "hr" | "h" | "actuat" | "day" | "dose" | "l" | "g" | "tablet" | "unt")
}

/// The first strength in a name, in small letters as people write it: "50 mg", "5 mg/ml", "10 %".
pub fn strength(title: &str) -> Option<String> {
    let lower = title.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    words.iter().enumerate().find_map(|(n, word)| {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        let number = digits.starts_with(|c: char| c.is_ascii_digit()).then_some(digits)?;
        let unit = if digits.len() < word.len() { &word[digits.len()..] } else { words.get(n + 1)? };
        let base = unit.split('/').next()?.trim_matches(|c: char| !(c.is_alphanumeric() || c == '%'));
        matches!(base, "mg" | "mcg" | "ug" | "g" | "ml" | "unt" | "units" | "meq" | "%" | "iu").then(|| format!("{number} {base}"))
    })
}

/// A line of the medicine list with what each of its records says.
#[derive(Clone, Debug)]
pub struct Medicine {
    /// The records.
    pub line: Line,
    /// What each of them says, in their order.
    pub said: Vec<Said>,
    /// What differs among them, as [`differences`] finds it.
    pub differ: Vec<(usize, String)>,
}

/// One line for each medicine, in the order of the alphabet.
pub fn linked(rows: Vec<Row>) -> Vec<Medicine> {
    let mut all: Vec<Medicine> = super::link::by_key(rows, |r| ingredient(&r.title))
        .into_iter()
        .map(|line| {
            let said: Vec<Said> = line.rows.iter().map(|r| said(&r.resource(), &r.title)).collect();
            let differ = differences(&line, &said);
            Medicine { line, said, differ }
        })
        .collect();
    all.sort_by_key(|m| m.line.first().title.to_lowercase());
    all
}

/// Strengths or directions that differ within one line of current medicines, each with its record; empty when they agree.
pub fn differences(line: &Line, said: &[Said]) -> Vec<(usize, String)> {
    let mut seen: Vec<(usize, String)> = Vec::new();
    let mut sources = std::collections::BTreeSet::new();
    // Like is compared with like: a strength here and directions there do not differ.
    let strengths = said.iter().any(|s| s.strength.is_some());
    for (n, (row, one)) in line.rows.iter().zip(said).enumerate() {
        let Some(words) = (if strengths { one.strength.clone() } else { one.directions.first().cloned() }) else { continue };
        if !seen.iter().any(|(_, w)| super::link::folded(w) == super::link::folded(&words)) {
            seen.push((n, words));
            sources.insert(row.source.as_str());
        }
    }
    // One source that renews a prescription in another strength does not disagree with itself.
    if seen.len() > 1 && sources.len() > 1 { seen } else { Vec::new() }
}

/// The line of the list under which a dispense or administration belongs.
pub fn belongs(row: &Row) -> String {
    ingredient(&row.title)
}

/// How long a fill lasts, in the source's own words (FHIR R4 daysSupply, expectedSupplyDuration).
pub fn supply(resource: &Value) -> Option<String> {
    let days = resource.get("daysSupply").or_else(|| at(resource, "dispenseRequest.expectedSupplyDuration"))?;
    let number = days.get("value").and_then(string)?;
    let unit = text_at(days, "unit").or_else(|| text_at(days, "code")).unwrap_or_else(|| "days".into());
    Some(super::units::plain(&format!("{number} {unit}")))
}

/// The day on which a fill comes to its end when it is taken as written: the day on which it was handed out and the days that
/// it lasts (FHIR R4 MedicationDispense.daysSupply). None where the source gives no whole day, or no number of days.
pub fn lasts_until(row: &Row, resource: &Value) -> Option<PartialDate> {
    let supply = resource.get("daysSupply")?;
    let unit = text_at(supply, "code").or_else(|| text_at(supply, "unit"));
    if unit.is_some_and(|u| !matches!(u.to_lowercase().as_str(), "d" | "day" | "days")) {
        return None;
    }
    let days: f64 = supply.get("value").and_then(string)?.parse().ok()?;
    let (year, month, day) = row.date.as_ref()?.parts();
    let from = jiff::civil::Date::new(year, month?, day?).ok()?;
    // Ten years are no fill: somebody wrote another number there.
    let days = (days > 0.0 && days < 3653.0).then_some(days as i64)?;
    let end = from.checked_add(jiff::Span::new().days(days)).ok()?;
    PartialDate::parse(&end.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::link::{by_key, tests::row};
    use serde_json::json;

    #[test]
    fn names_meet_across_sources() {
        for (a, b) in [
            ("24 HR metoprolol succinate 50 MG Extended Release Oral Tablet", "Metoprolol Succinate 25 mg ER tablet"),
            ("Lisinopril 10 MG Oral Tablet", "lisinopril 10mg tab"),
            ("Acetaminophen 325 MG / Hydrocodone Bitartrate 5 MG Oral Tablet", "hydrocodone bitartrate / acetaminophen"),
            ("amoxicillin 50 MG/ML Oral Suspension", "Amoxicillin"),
        ] {
            assert_eq!(ingredient(a), ingredient(b));
        }
        assert_ne!(ingredient("metoprolol tartrate 50 MG"), ingredient("metoprolol succinate 50 MG"));
        assert_eq!(ingredient("12345"), "12345");
    }

    #[test]
    fn strengths() {
        assert_eq!(strength("24 HR metoprolol succinate 50 MG Oral Tablet").as_deref(), Some("50 mg"));
        assert_eq!(strength("lisinopril 2.5mg tab").as_deref(), Some("2.5 mg"));
        assert_eq!(strength("amoxicillin 50 MG/ML").as_deref(), Some("50 mg"));
        assert_eq!(strength("aspirin"), None);
    }

    #[test]
    fn two_sources_that_differ_are_both_named() {
        let rows = vec![row(1, "Metoprolol 50 mg", None, &json!({})), row(2, "Metoprolol 25 mg", None, &json!({}))];
        let line = by_key(rows, |r| ingredient(&r.title)).remove(0);
        let both: Vec<Said> = line.rows.iter().map(|r| said(&r.resource(), &r.title)).collect();
        assert_eq!(differences(&line, &both), [(0, "50 mg".to_owned()), (1, "25 mg".to_owned())]);
    }

    #[test]
    fn a_strength_and_directions_do_not_differ() {
        let taken = json!({"dosage": [{"text": "Every 6 hours"}]});
        let rows = vec![row(1, "Everolimus", None, &taken), row(2, "Everolimus 0.5 mg", None, &json!({}))];
        let line = by_key(rows, |r| ingredient(&r.title)).remove(0);
        let both: Vec<Said> = line.rows.iter().map(|r| said(&r.resource(), &r.title)).collect();
        assert_eq!(line.rows.len(), 2);
        assert!(differences(&line, &both).is_empty());
    }

    #[test]
    fn a_fill_lasts_as_many_days_as_its_source_says() {
        let until = |date: &str, supply: Value| {
            let fill = json!({"resourceType": "MedicationDispense", "daysSupply": supply});
            let mut row = row(1, "Apixaban", None, &fill);
            row.date = PartialDate::parse(date);
            lasts_until(&row, &fill).map(|d| d.day_words())
        };
        let thirty = json!({"value": 30, "unit": "days", "code": "d"});
        assert_eq!(until("2026-11-02T10:00:00Z", thirty.clone()).as_deref(), Some("2 December 2026"));
        assert_eq!(until("2026-11", thirty), None);
        assert_eq!(until("2026-11-02", json!({"value": 2, "code": "wk"})), None);
        assert_eq!(until("2026-11-02", json!({"unit": "days"})), None);
        assert_eq!(until("2026-11-02", json!({"value": 99999, "code": "d"})), None);
    }

    #[test]
    fn slots_carry_the_dose() {
        let request = json!({"dosageInstruction": [{"timing": {"repeat": {"when": ["MORN", "EVE"]}},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]}], "requester": {"display": "Dr. Raman"}});
        let read = said(&request, "Apixaban 5 mg");
        assert_eq!(read.slots, [Some("1 tablet".into()), None, Some("1 tablet".into()), None]);
        assert_eq!(read.prescriber.as_deref(), Some("Dr. Raman"));
    }
}
