//! Records that say the same become one item, as [`crate::chart::link`] links them, and a little more carefully: a medicine
//! whose strength or directions differ between sources stays two lines, for the reader to see.

use super::item::Item;
use super::part::Part;
use crate::chart::link::{by_key, folded, same_thing};
use crate::chart::medicines::{ingredient, said};
use crate::record::{PartialDate, array, at, text_at};
use crate::vault::Row;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// The items of a part. Rows come newest first and leave so.
pub(super) fn items(part: Part, rows: Vec<Row>) -> Vec<Item> {
    match part {
        Part::Allergies | Part::Conditions | Part::PastConditions => same_thing(rows).into_iter().map(Item::from).collect(),
        Part::Medicines | Part::PastMedicines => medicines(rows),
        Part::Devices | Part::CareTeam | Part::Insurance | Part::FamilyHistory | Part::AdvanceDirectives | Part::Alerts => {
            by_key(rows, |r| format!("{}\n{}\n{}\n{}", r.kind, r.standing as u8, folded(&r.title), own(r)))
                .into_iter()
                .map(Item::from)
                .collect()
        }
        _ => across_sources(rows),
    }
}

/// What tells two things of one name apart: two relatives, two devices.
fn own(row: &Row) -> String {
    let resource = row.resource();
    let keys: &[&str] = match row.kind.as_str() {
        "FamilyMemberHistory" => &["name", "condition", "deceasedBoolean", "deceasedAge", "ageAge"],
        "Device" => &["udiCarrier", "serialNumber", "lotNumber", "manufactureDate"],
        "DeviceUseStatement" | "SupplyDelivery" => &["timingDateTime", "timingPeriod", "device", "bodySite", "occurrenceDateTime"],
        "CareTeam" => &["participant"],
        "RelatedPerson" => &["name", "relationship"],
        "Coverage" => &["subscriberId", "class", "period", "payor"],
        _ => return row.date.as_ref().map_or("", PartialDate::date_text).to_owned(),
    };
    keys.iter().map(|k| resource.get(*k).map(ToString::to_string).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The same name on the same day from different sources is one thing; one source that says it twice means two.
fn across_sources(rows: Vec<Row>) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::with_capacity(rows.len());
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for row in rows {
        let known = row.date.is_some().then(|| places.entry(fingerprint(&row)).or_default());
        let Some(known) = known else {
            out.push(Item::new(vec![row]));
            continue;
        };
        let same = known.iter().copied().find(|at| out.get(*at).is_some_and(|i| i.rows.iter().all(|r| r.source != row.source)));
        match same.and_then(|at| out.get_mut(at)) {
            Some(item) => item.rows.push(row),
            None => {
                known.push(out.len());
                out.push(Item::new(vec![row]));
            }
        }
    }
    out
}

fn fingerprint(row: &Row) -> String {
    let name = row.group.clone().unwrap_or_else(|| folded(&row.title));
    let day = row.date.as_ref().map_or("", PartialDate::date_text);
    let unit = row.unit.as_deref().map(folded).unwrap_or_default();
    let number = row.number.map(|n| n.to_string());
    // Without a number only the very same words are the same value.
    let value = match (number, row.kind.as_str()) {
        (Some(number), _) => number,
        (None, "Observation") => {
            let resource = row.resource();
            let read = crate::chart::results::value(&resource);
            let parts: Vec<String> = read.parts.iter().map(|(name, r)| format!("{}={}", folded(name), r.text)).collect();
            format!("{}\n{}\n{}", folded(&read.reading.text), parts.join("\n"), read.reading.absent.unwrap_or_default())
        }
        (None, "DiagnosticReport" | "DocumentReference" | "Media" | "QuestionnaireResponse") => row.key.clone(),
        (None, "MedicationDispense" | "MedicationAdministration") => row.date.as_ref().map(|d| d.text.clone()).unwrap_or_default(),
        (None, _) => String::new(),
    };
    format!("{}\n{}\n{name}\n{day}\n{value}\n{unit}", row.kind, row.standing as u8)
}

/// What a record says of a medicine's strength and directions, as far as it does.
struct Taken {
    row: Row,
    strength: Option<String>,
    directions: Option<String>,
    /// How often a day, and how much each time, where the record gives numbers.
    pace: Option<f64>,
    amount: Option<f64>,
}

impl Taken {
    fn of(row: Row) -> Self {
        let resource = row.resource();
        let told = said(&resource, &row.title);
        let directions = (!told.directions.is_empty()).then(|| folded(&told.directions.join(" ")));
        let dosages = [array(&resource, "dosageInstruction"), array(&resource, "dosage")].concat();
        // Two dosages of one record are two times of the day: no single number tells them.
        let only = if let [one] = dosages.as_slice() { Some(one) } else { None };
        let (pace, amount) = (only.and_then(times_a_day), only.and_then(each_time));
        Self { row, strength: told.strength, directions, pace, amount }
    }

    /// Whether nothing that both say differs. One source that writes two directions means both; two sources may word the
    /// same differently, and differ where their numbers do.
    fn agrees(&self, other: &Self) -> bool {
        let fits = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
        let near = |a: Option<f64>, b: Option<f64>| a.zip(b).is_none_or(|(a, b)| (a - b).abs() < 0.01);
        let numbers = near(self.pace, other.pace) && near(self.amount, other.amount);
        let worded = self.row.source != other.row.source && numbers;
        fits(&self.strength, &other.strength) && (fits(&self.directions, &other.directions) || worded)
    }

    fn tells(&self) -> usize {
        usize::from(self.strength.is_some()) + usize::from(self.directions.is_some())
    }
}

/// How often a day a dosage is to be taken (FHIR R4 Timing.repeat), where it says so by numbers or by times of the day.
fn times_a_day(dosage: &Value) -> Option<f64> {
    let repeat = |key: &str| text_at(dosage, &format!("timing.repeat.{key}"));
    let named =
        ["when", "timeOfDay"].iter().map(|k| at(dosage, &format!("timing.repeat.{k}")).and_then(Value::as_array).map_or(0, Vec::len));
    let named = named.max().filter(|n| *n > 0);
    let days = match repeat("periodUnit").as_deref() {
        Some("h") => 1.0 / 24.0,
        Some("d") => 1.0,
        Some("wk") => 7.0,
        _ => return named.map(|n| n as f64),
    };
    let period: f64 = repeat("period")?.parse().ok()?;
    let times = named.map_or_else(|| repeat("frequency").map_or(Some(1.0), |f| f.parse().ok()), |n| Some(n as f64))?;
    (period > 0.0).then(|| times / (period * days))
}

fn each_time(dosage: &Value) -> Option<f64> {
    let each = array(dosage, "doseAndRate").first().unwrap_or(dosage);
    text_at(each, "doseQuantity.value")?.parse().ok()
}

/// One item for each medicine in each strength and with each directions. A record that tells fewer of these joins one that
/// tells more, where there is just one that it can mean.
fn medicines(rows: Vec<Row>) -> Vec<Item> {
    let mut names: HashMap<(String, u8), Vec<Taken>> = HashMap::new();
    let mut order = Vec::new();
    for row in rows {
        let key = (ingredient(&row.title), row.standing as u8);
        if !names.contains_key(&key) {
            order.push(key.clone());
        }
        names.entry(key).or_default().push(Taken::of(row));
    }
    order.into_iter().flat_map(|key| one_medicine(names.remove(&key).unwrap_or_default())).collect()
}

fn one_medicine(mut group: Vec<Taken>) -> Vec<Item> {
    // Those that tell most come first, so that the others find them.
    group.sort_by_key(|t| std::cmp::Reverse(t.tells()));
    let mut lines: Vec<(Taken, Vec<Row>)> = Vec::new();
    for taken in group {
        let mut fitting = lines.iter_mut().filter(|(first, _)| first.agrees(&taken));
        match (fitting.next(), fitting.next()) {
            (Some((_, rows)), None) => rows.push(taken.row),
            _ => lines.push((taken, Vec::new())),
        }
    }
    let whole = |(first, mut rows): (Taken, Vec<Row>)| {
        rows.push(first.row);
        rows.sort_by_key(|r| std::cmp::Reverse((r.date.as_ref().map_or(i64::MIN, |d| d.start), r.rid)));
        Item::new(rows)
    };
    lines.into_iter().map(whole).collect()
}

/// Tests with the newest value first, earlier ones under it: at most so many, and those that were put in one by one. Says
/// whether any were left aside.
pub(super) fn by_test(part: Part, items: Vec<Item>, most: Option<usize>, with: &BTreeSet<String>) -> (Vec<Item>, bool) {
    if !part.measures() {
        return (items, false);
    }
    let mut out: Vec<Item> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut cut = false;
    for item in items {
        let key = item.first().group.clone().unwrap_or_else(|| folded(&item.first().title));
        match places.get(&key).and_then(|at| out.get_mut(*at)) {
            Some(test) if most.is_none_or(|most| test.earlier.len() < most) || item.rows.iter().any(|r| with.contains(&r.key)) => {
                test.earlier.push(item);
            }
            Some(_) => cut = true,
            None => {
                places.insert(key, out.len());
                out.push(item);
            }
        }
    }
    if part == Part::Results {
        out.sort_by_cached_key(|i| (crate::chart::panels::section(i.first().code.as_deref()), i.title().to_lowercase()));
    }
    (out, cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::link::tests::row;
    use serde_json::json;

    fn medicine(rid: i64, title: &str, directions: &str) -> Row {
        let dosage = if directions.is_empty() { json!([]) } else { json!([{"text": directions}]) };
        row(rid, title, None, &json!({"resourceType": "MedicationRequest", "dosageInstruction": dosage}))
    }

    fn timed(rid: i64, title: &str, directions: &str, times: u32) -> Row {
        let repeat = json!({"frequency": times, "period": 1, "periodUnit": "d"});
        let dosage = json!([{"text": directions, "timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": {"value": 1}}]}]);
        row(rid, title, None, &json!({"resourceType": "MedicationRequest", "dosageInstruction": dosage}))
    }

    #[test]
    fn what_differs_in_strength_or_number_stays_two_lines() {
        let rows = vec![
            medicine(1, "Metoprolol 50 mg", "Take 1 daily"),
            medicine(2, "Metoprolol 25 mg", "Take 1 daily"),
            medicine(3, "metoprolol 50 MG tablet", "take 1 DAILY"),
            medicine(4, "Metoprolol", ""),
            medicine(5, "Apixaban", ""),
            medicine(6, "Apixaban 5 mg", "Twice a day"),
            timed(7, "Lisinopril 20 mg", "Take 1 tablet in the morning", 1),
            timed(8, "lisinopril 20 MG", "1 each time, oral, once a day", 1),
            timed(9, "lisinopril 20 MG", "1 each time, oral, twice a day", 2),
        ];
        let rids: Vec<Vec<i64>> = medicines(rows).iter().map(|i| i.rows.iter().map(|r| r.rid).collect()).collect();
        assert_eq!(rids, [vec![3, 1], vec![2], vec![4], vec![6, 5], vec![8, 7], vec![9]]);
    }

    #[test]
    fn one_source_that_says_it_twice_means_two() {
        let value = |rid, source: &str, n: f64| {
            let mut r = row(rid, "Glucose", Some("g"), &json!({"resourceType": "Observation", "effectiveDateTime": "2026-01-02"}));
            (r.number, r.source) = (Some(n), source.into());
            r
        };
        let items = across_sources(vec![value(1, "a", 5.0), value(2, "a", 5.0), value(3, "b", 5.0), value(4, "b", 6.0)]);
        let rids: Vec<Vec<i64>> = items.iter().map(|i| i.rows.iter().map(|r| r.rid).collect()).collect();
        assert_eq!(rids, [vec![1, 3], vec![2], vec![4]]);
        let (tests, cut) = by_test(Part::Results, items, Some(1), &BTreeSet::new());
        assert_eq!((tests.len(), tests[0].earlier.len(), cut), (1, 1, true));
    }
}
