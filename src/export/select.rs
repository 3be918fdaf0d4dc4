//! Which records go along: by date and by kind.

use super::choice::Choice;
use super::gather::is_refuted;
use crate::record::{Class, PartialDate, SensitiveSet, Standing};
use crate::vault::{Chart, Order, Query, Row};
use crate::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What to take. The default takes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// From this date on, itself included: a year, a month or a day.
    pub from: Option<String>,
    /// Up to this date, itself included: `2024` takes all of 2024.
    pub to: Option<String>,
    /// Only these kinds; empty means all.
    pub include: Vec<Class>,
    /// Never these kinds.
    pub exclude: Vec<Class>,
}

impl Selection {
    /// Whether it takes the whole chart.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// What tells whether the dates take a record. The kinds play no part in it.
    ///
    /// # Errors
    /// Usage when a date is none.
    pub fn by_date(&self) -> Result<impl Fn(&Row) -> bool + use<>> {
        let ready = Choice::from(self.clone()).ready()?;
        Ok(move |row: &Row| ready.takes_dates(row.date.as_ref(), row.end.as_ref()))
    }

    /// The kinds that it takes, in order.
    pub fn classes(&self) -> Vec<Class> {
        let classes = if self.include.is_empty() { Class::ALL.to_vec() } else { self.include.clone() };
        classes.into_iter().filter(|c| !self.exclude.contains(c)).collect()
    }
}

fn no_date(text: &str) -> Error {
    let words =
        format!("“{text}” is not a date. Write a year, a month or a day, such as 2024, 2024-03 or 2024-03-14. Nothing was written.");
    Error::new(Kind::Usage, words)
}

/// A choice whose dates have been read.
#[derive(Debug)]
pub(super) struct Ready {
    from: Option<u32>,
    to: Option<u32>,
    /// Kinds that the selection takes.
    chosen: Vec<Class>,
    /// Kinds that may hold a record that goes along.
    classes: Vec<Class>,
    with: BTreeSet<String>,
    without: BTreeSet<String>,
    pub(super) everything: bool,
}

impl Ready {
    /// Reads the dates of a choice.
    pub(super) fn of(choice: &Choice) -> Result<Self> {
        let read =
            |text: &Option<String>| text.as_deref().map(|t| PartialDate::parse(t).map(|d| days(&d)).ok_or_else(|| no_date(t))).transpose();
        let chosen = choice.selection.classes();
        let classes = choice.classes();
        Ok(Self {
            from: read(&choice.selection.from)?.map(|d| d.0),
            to: read(&choice.selection.to)?.map(|d| d.1),
            chosen,
            classes,
            with: choice.with.clone(),
            without: choice.without.clone(),
            everything: choice.selection.is_everything()
                && choice.without.is_empty()
                && choice.documents
                && choice.sensitive == SensitiveSet::ALL,
        })
    }

    /// The kinds that may hold something that goes along, in order.
    pub(super) fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// Whether the selection takes a kind as such.
    pub(super) fn takes_class(&self, class: Class) -> bool {
        self.chosen.contains(&class)
    }

    /// Whether a record goes along.
    pub(super) fn takes(&self, row: &Row) -> bool {
        if self.without.contains(&row.key) {
            return false;
        }
        self.with.contains(&row.key) || self.takes_class(row.class) && self.takes_dates(row.date.as_ref(), row.end.as_ref())
    }

    /// Whether an allergy stays behind that somebody has now. Then no record may go along that says there are none: whoever
    /// reads it would take it for all there is (IPS 2.0, "Absent and Unknown Data").
    pub(super) fn leaves_an_allergy(&self, chart: &Chart) -> Result<bool> {
        if self.everything {
            return Ok(false);
        }
        let query = Query { classes: vec![Class::Allergy], standings: vec![Standing::Current], ..Query::default() };
        let mut left = false;
        chart.each(&query, &mut |row| {
            left |= !self.takes(&row);
            Ok(())
        })?;
        Ok(left)
    }

    /// Hands over every record that it takes, of these kinds and (if any are named) these FHIR types, those entered in error included: they are records too.
    pub(super) fn each(
        &self,
        chart: &Chart,
        classes: &[Class],
        types: &[&str],
        order: Order,
        each: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let classes: Vec<Class> = classes.iter().copied().filter(|c| self.classes.contains(c)).collect();
        if classes.is_empty() {
            return Ok(());
        }
        let all = Class::ALL.iter().all(|c| classes.contains(c));
        let query = Query {
            classes: if all { Vec::new() } else { classes },
            types: types.iter().map(|t| (*t).to_owned()).collect(),
            standings: vec![Standing::Current, Standing::Past, Standing::Planned, Standing::Absent, Standing::NotDone, Standing::Error],
            order,
            ..Query::default()
        };
        let left = query.classes.is_empty() || query.classes.contains(&Class::Allergy);
        let left = left && self.leaves_an_allergy(chart)?;
        chart.each(&query, &mut |row| if self.takes(&row) && !(left && says_none(&row)) { each(row) } else { Ok(()) })
    }

    /// Whether a record of these dates is taken: the days that it may mean and the days asked for have one in common.
    /// Days are those of the source's own clock. A record without a date is taken only where no dates are asked for.
    fn takes_dates(&self, date: Option<&PartialDate>, end: Option<&PartialDate>) -> bool {
        if self.from.is_none() && self.to.is_none() {
            return true;
        }
        let Some((first, last)) = date.or(end).map(days) else { return false };
        let last = end.map_or(last, |e| days(e).1.max(last));
        self.from.is_none_or(|from| from <= last) && self.to.is_none_or(|to| first <= to)
    }
}

/// Whether a record says "no known allergies", of all kinds or of one.
pub(super) fn says_none(row: &Row) -> bool {
    row.class == Class::Allergy && row.standing == Standing::Absent && !is_refuted(&row.resource())
}

/// The first and the last day that a date may mean, as numbers in their order.
fn days(date: &PartialDate) -> (u32, u32) {
    let (year, month, day) = date.parts();
    let part = |n: Option<i8>, otherwise: u32| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(otherwise);
    let year = u32::try_from(year).unwrap_or(0) * 10_000;
    (year + part(month, 1) * 100 + part(day, 1), year + part(month, 12) * 100 + part(day, 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(from: &str, to: &str, date: &str, end: &str) -> bool {
        let given = |t: &str| (!t.is_empty()).then(|| t.to_owned());
        let selection = Selection { from: given(from), to: given(to), ..Selection::default() };
        let ready = Choice::from(selection).ready().expect("dates");
        ready.takes_dates(PartialDate::parse(date).as_ref(), PartialDate::parse(end).as_ref())
    }

    #[test]
    fn limits_are_included_and_unsure_dates_may_fall_inside() {
        for (from, to, date, end, taken) in [
            ("2024-03-14", "2024-03-14", "2024-03-14", "", true),
            ("2024-03-14", "2024-03-14", "2024-03-14T23:59:59-10:00", "", true),
            ("2024-03-14", "2024-03-14", "2024-03-15T00:00:00+14:00", "", false),
            ("2024-03-14", "", "2024-03-13", "", false),
            ("2024-03-14", "", "2024-03", "", true),
            ("2024-03-14", "", "2024", "", true),
            ("2024-04", "", "2024-03", "", false),
            ("2025", "", "2024", "", false),
            ("", "2024", "2024-12-31", "", true),
            ("", "2024", "2025-01-01", "", false),
            ("", "2024-02", "2024-02-29", "", true),
            ("", "2023", "2024", "", false),
            // A stay from May to June is part of June.
            ("2019-06", "2019-06", "2019-05-30", "2019-06-03", true),
            ("2019-07", "", "2019-05-30", "2019-06-03", false),
            // Only the end is known.
            ("2019", "2019", "", "2019-06", true),
            ("2019", "", "", "", false),
            ("", "", "", "", true),
        ] {
            assert_eq!(takes(from, to, date, end), taken, "{date}..{end} in {from}..{to}");
        }
    }

    #[test]
    fn what_is_no_date_is_said() {
        let wrong = Selection { from: Some("last year".into()), ..Selection::default() };
        let error = Choice::from(wrong).ready().expect_err("no date");
        assert_eq!(error.kind, Kind::Usage);
        assert!(error.words().contains("last year"));
    }

    #[test]
    fn exclude_wins_over_include() {
        let chosen = Selection { include: vec![Class::Allergy, Class::Problem], exclude: vec![Class::Problem], ..Selection::default() };
        assert_eq!(chosen.classes(), [Class::Allergy]);
        assert!(!chosen.is_everything());
    }
}
