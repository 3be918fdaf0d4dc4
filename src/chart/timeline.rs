//! The timeline: by month, newest first; what is only known by its year stands at its year and never in January.

use crate::record::{Class, PartialDate};
use crate::vault::Row;

/// An entry: one record, or those of one kind and day from one source.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The records, at least one.
    pub rows: Vec<Row>,
}

impl Entry {
    /// The first record.
    pub fn first(&self) -> &Row {
        &self.rows[0]
    }
}

/// "November 2026", "2015, month not known".
pub fn heading(date: Option<&PartialDate>) -> String {
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    match date.map(PartialDate::parts) {
        Some((year, Some(month), _)) => {
            let name = usize::try_from(month - 1).ok().and_then(|m| MONTHS.get(m)).copied().unwrap_or("");
            format!("{name} {year}")
        }
        Some((year, None, _)) => format!("{year}, month not known"),
        None => "Without a date".into(),
    }
}

/// Day of the month and of the week: ("12", "Thu"); nothing where the day is not known.
pub fn day(date: &PartialDate) -> Option<(String, &'static str)> {
    let name = date.weekday()?.get(..3)?;
    Some((date.parts().2?.to_string(), name))
}

/// Months with their entries. Records of one kind, day and source become one entry.
pub fn months(rows: Vec<Row>) -> Vec<(String, Vec<Entry>)> {
    let mut out: Vec<(String, Vec<Entry>)> = Vec::new();
    for row in rows {
        let month = heading(row.date.as_ref());
        if out.last().is_none_or(|(m, _)| *m != month) {
            out.push((month, Vec::new()));
        }
        let Some((_, entries)) = out.last_mut() else { continue };
        // Each of these tells something of its own, however many there are in a day.
        let alone = |c: Class| matches!(c, Class::Encounter | Class::Appointment | Class::Note | Class::Message | Class::Imaging);
        let same = |entry: &&mut Entry| {
            let first = entry.first();
            first.class == row.class
                && first.kind == row.kind
                && first.source == row.source
                && first.standing == row.standing
                && first.date.as_ref().map(PartialDate::date_text) == row.date.as_ref().map(PartialDate::date_text)
        };
        let together = !alone(row.class) && row.date.is_some();
        // Only a few entries back: rows of one day stand together.
        match entries.iter_mut().rev().take(12).find(|e| together && same(e)) {
            Some(entry) => entry.rows.push(row),
            None => entries.push(Entry { rows: vec![row] }),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::link::tests::row;
    use serde_json::json;

    #[test]
    fn years_stay_years_and_one_draw_is_one_entry() {
        let lab = |rid, date: &str| {
            let mut r = row(rid, "Test", None, &json!({"resourceType": "Observation", "effectiveDateTime": date}));
            r.class = Class::Laboratory;
            r.source = "a".into();
            r
        };
        let months = months(vec![lab(1, "2026-11-12T08:15:00Z"), lab(2, "2026-11-12"), lab(3, "2026-11-02"), lab(4, "2015")]);
        let read: Vec<_> = months.iter().map(|(m, e)| (m.as_str(), e.iter().map(|e| e.rows.len()).collect::<Vec<_>>())).collect();
        assert_eq!(read, [("November 2026", vec![2, 1]), ("2015, month not known", vec![1])]);
        let thursday = PartialDate::parse("2026-11-12").expect("a date");
        assert_eq!(day(&thursday), Some(("12".into(), "Thu")));
        assert_eq!(day(&PartialDate::parse("2026-11").expect("a date")), None);
    }
}
