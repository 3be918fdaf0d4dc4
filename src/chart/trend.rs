//! One test over time: only numbers that can be compared stand on one line; the others are named with the reason.

use super::{results, units};
use crate::record::{Flag, PartialDate, Range, Reading};
use crate::vault::Row;

/// A point of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The record.
    pub rid: i64,
    /// When.
    pub date: PartialDate,
    /// The number in the unit of the line.
    pub number: f64,
    /// Value and unit as the source gave them.
    pub words: String,
    /// Its own range in the unit of the line: each lab has its own.
    pub range: Option<(Option<f64>, Option<f64>)>,
    /// Against its own range.
    pub flag: Option<Flag>,
}

/// A line over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The unit of the line: that of the newest number.
    pub unit: String,
    /// The points, oldest first.
    pub points: Vec<Point>,
    /// Records that are not on the line, and why.
    pub left_out: Vec<(i64, &'static str)>,
    /// Whether numbers were moved by a power of ten to share the unit.
    pub moved: bool,
}

impl Series {
    /// The range that all points share, if they do.
    pub fn shared_range(&self) -> Option<(Option<f64>, Option<f64>)> {
        let first = self.points.first()?.range?;
        self.points.iter().all(|p| p.range == Some(first)).then_some(first)
    }
}

/// The line of a test out of its records, newest first as listings give them.
pub fn series<'a>(readings: impl IntoIterator<Item = (&'a Row, &'a Reading)>) -> Series {
    let mut out = Series::default();
    let mut unit: Option<&str> = None;
    for (row, reading) in readings {
        match point(row, reading, &mut unit) {
            Ok((point, moved)) => {
                out.moved |= moved;
                out.points.push(point);
            }
            Err(why) => out.left_out.push((row.rid, why)),
        }
    }
    out.unit = unit.unwrap_or_default().to_owned();
    out.points.reverse();
    // Listings sort by the start of each date; two of one day keep the order in which they came.
    out.points.sort_by_key(|p| p.date.start);
    out
}

fn point<'a>(row: &Row, reading: &'a Reading, unit: &mut Option<&'a str>) -> Result<(Point, bool), &'static str> {
    let number = reading.number.filter(|n| n.is_finite()).ok_or("not a number")?;
    if reading.comparator.is_some() {
        return Err("only a limit is given, not a value");
    }
    let date = row.date.clone().ok_or("no date")?;
    let of_line = *unit.get_or_insert(&reading.unit);
    let power = units::power(&reading.unit, of_line).ok_or("another unit, which cannot be compared exactly")?;
    let moved = |n: f64| units::shift(n, power);
    let range = reading.range.as_ref().filter(|r| r.low.is_some() || r.high.is_some());
    let point = Point {
        rid: row.rid,
        date,
        number: moved(number),
        words: results::line(reading),
        range: range.map(|Range { low, high, .. }| (low.map(moved), high.map(moved))),
        flag: reading.flag,
    };
    Ok((point, power != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::link::tests::row;
    use crate::record::reading;
    use serde_json::{Value, json};

    fn lab(date: &str, value: &str, unit: &str, high: f64) -> Value {
        let number: Value = serde_json::from_str(value).expect("a number");
        json!({"resourceType": "Observation", "effectiveDateTime": date, "valueQuantity": {"value": number, "unit": unit},
            "referenceRange": [{"high": {"value": high}}]})
    }

    #[test]
    fn a_line_holds_only_what_can_be_compared() {
        let given = [
            lab("2026-03-01", "13.2", "g/dL", 15.5),
            lab("2025-03-01", "128", "g/L", 155.0),
            lab("2024-03-01", "7.9", "mmol/L", 9.6),
            json!({"resourceType": "Observation", "effectiveDateTime": "2023", "valueString": "clotted"}),
            json!({"resourceType": "Observation", "valueQuantity": {"value": 12, "unit": "g/dL"}}),
        ];
        let rows: Vec<_> = given.iter().zip(1..).map(|(v, n)| row(n, "Hemoglobin", None, v)).collect();
        let readings: Vec<_> = given.iter().map(reading).collect();
        let line = series(rows.iter().zip(&readings));
        assert_eq!(line.points.iter().map(|p| (p.rid, p.number)).collect::<Vec<_>>(), [(2, 12.8), (1, 13.2)]);
        assert_eq!(line.points[0].words, "128 g/L");
        assert_eq!(line.unit, "g/dL");
        assert!(line.moved);
        assert_eq!(line.left_out.iter().map(|l| l.0).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(line.shared_range(), Some((None, Some(15.5))));
    }

    #[test]
    fn two_labs_keep_their_own_ranges() {
        let given = [lab("2026", "5", "mmol/L", 5.1), lab("2025", "5", "mmol/L", 5.3)];
        let rows: Vec<_> = given.iter().zip(1..).map(|(v, n)| row(n, "Potassium", None, v)).collect();
        let readings: Vec<_> = given.iter().map(reading).collect();
        let line = series(rows.iter().zip(&readings));
        assert_eq!(line.shared_range(), None);
        assert_eq!(line.points[0].range, Some((None, Some(5.3))));
    }
}
