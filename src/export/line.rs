//! One record as one line of a table: what the page of the record says, in words and with the source's digits.

use crate::record::{Flag, Standing, array, codes, concept_text, list, quantity_text, reading, reference_words, string, text_at};
use crate::vault::Row;
use serde_json::Value;

/// The cells of a record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) date: String,
    pub(super) end: String,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) unit: String,
    pub(super) range: String,
    pub(super) state: String,
    pub(super) status: String,
    pub(super) details: String,
    pub(super) from: String,
    pub(super) codes: String,
}

impl Line {
    pub(super) fn of(row: &Row) -> Self {
        let resource = row.resource();
        let read = reading(&resource);
        let mut value = if read.text.is_empty() { components(&resource) } else { read.text };
        if let Some(comparator) = read.comparator {
            value = format!("{comparator} {value}");
        }
        if value.is_empty() {
            value = read.absent.map(|why| format!("no value: {why}")).unwrap_or_default();
        }
        Self {
            date: row.date.as_ref().map(|d| d.text.clone()).unwrap_or_default(),
            end: row.end.as_ref().map(|d| d.text.clone()).unwrap_or_default(),
            name: row.title.clone(),
            value,
            unit: read.unit,
            range: read.range.map(|r| r.words).unwrap_or_default(),
            state: state(row.standing, row.flag),
            status: status(&resource),
            details: details(&resource),
            from: from(&resource),
            codes: all_codes(&resource),
        }
    }
}

/// How it stands, in the fixed words of the pages. Nothing is said of what simply holds.
fn state(standing: Standing, flag: Option<Flag>) -> String {
    let standing = match standing {
        Standing::Current => "",
        Standing::Past => "Past",
        Standing::Planned => "Planned",
        Standing::Absent => "Not so: ruled out, or none known",
        Standing::NotDone => "Not done",
        Standing::Error => "Entered in error",
    };
    let flag = match flag {
        Some(Flag::Below) => "Below range",
        Some(Flag::Above) => "Above range",
        Some(Flag::InRange) => "In range",
        Some(Flag::Outside) => "Outside range",
        None => "",
    };
    joined([standing, flag].into_iter().map(str::to_owned), ", ")
}

fn joined(parts: impl IntoIterator<Item = String>, between: &str) -> String {
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(between)
}

/// The source's own words for the status.
fn status(resource: &Value) -> String {
    let keys = ["status", "lifecycleStatus", "clinicalStatus", "verificationStatus"];
    joined(keys.iter().filter_map(|k| resource.get(*k)).filter_map(|v| string(v).or_else(|| concept_text(v))), ", ")
}

fn components(resource: &Value) -> String {
    let one = |c: &Value| {
        let read = reading(c);
        let name = c.get("code").and_then(concept_text).unwrap_or_default();
        joined([name, read.text, read.unit, read.absent.map(|why| format!("no value: {why}")).unwrap_or_default()], " ")
    };
    joined(array(resource, "component").iter().map(one), "; ")
}

/// What else a reader of the table wants: reactions, how a medicine is taken, why, conclusions, notes.
fn details(resource: &Value) -> String {
    let texts =
        |path: &str| -> Vec<String> { list(resource, path).into_iter().filter_map(|v| string(v).or_else(|| concept_text(v))).collect() };
    let reactions = array(resource, "reaction").iter().map(|r| {
        let signs = r.get("manifestation").and_then(concept_text).unwrap_or_default();
        joined([signs, text_at(r, "severity").unwrap_or_default(), text_at(r, "description").unwrap_or_default()], ", ")
    });
    let mut parts: Vec<String> = reactions.collect();
    for path in [
        "dosageInstruction.text",
        "dosage.text",
        "statusReason",
        "reasonCode",
        "criticality",
        "conclusion",
        "description",
        "note.text",
        "payload.contentString",
        "protocolApplied.doseNumberPositiveInt",
        "lotNumber",
        "udiCarrier.carrierHRF",
        "relationship",
        "condition.code",
        "patientInstruction",
    ] {
        parts.extend(texts(path));
    }
    parts.extend(["total", "totalGross"].iter().flat_map(|k| array(resource, k)).filter_map(amount));
    parts.extend(resource.get("quantity").map(quantity_text));
    parts.dedup();
    joined(parts, "; ")
}

fn amount(money: &Value) -> Option<String> {
    let (what, money) = match money.get("amount") {
        Some(amount) => (money.get("category").and_then(concept_text).unwrap_or_default(), amount),
        None => (String::new(), money),
    };
    let value = text_at(money, "value")?;
    Some(joined([what, value, text_at(money, "currency").unwrap_or_default()], " "))
}

/// Who made or wrote it, as far as the record says.
fn from(resource: &Value) -> String {
    let keys = [
        "performer",
        "performer.actor",
        "author",
        "recorder",
        "asserter",
        "requester",
        "participant.individual",
        "serviceProvider",
        "custodian",
        "sender",
        "provider",
        "insurer",
        "payor",
        "issuer",
        "prescriber",
        "managingOrganization",
    ];
    let mut names: Vec<String> = keys.iter().flat_map(|k| list(resource, k)).filter_map(|r| reference_words(resource, r)).collect();
    names.dedup();
    joined(names, "; ")
}

/// Every code of what the record is about, as `system code`.
fn all_codes(resource: &Value) -> String {
    let keys = ["code", "vaccineCode", "medicationCodeableConcept", "type"];
    let concepts = keys.iter().filter_map(|k| resource.get(*k));
    let each = concepts.flat_map(|c| if let Value::Array(many) = c { many.iter().collect() } else { vec![c] });
    joined(each.flat_map(codes).filter(|c| !c.1.is_empty()).map(|(system, code, _)| format!("{system} {code}").trim().to_owned()), "; ")
}
