//! What goes out and what stays here, counted and named; and what was looked for by name.

use crate::Result;
use crate::export::Choice;
use crate::record::{Class, PartialDate, Sensitive, SensitiveSet, Standing};
use crate::vault::{Chart, Order, Query, Row, Scope};
use crate::web::pages::share::{Group, Line, Preview};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Records of a kind that are named one by one: of those that go out, of those that stay here, and of the sensitive ones
/// beyond those.
const GOING: usize = 60;
const STAYING: usize = 20;
const MARKED: usize = 200;
/// Most hits of a search.
const FOUND: usize = 60;

/// `words`: what is looked for by name.
pub(super) fn preview(chart: &Arc<Chart>, choice: &Choice, words: &str) -> Result<Preview> {
    let all = chart.counts()?;
    let mut preview = Preview { counts: all.iter().filter(|(_, n)| **n > 0).map(|(c, n)| (*c, *n)).collect(), ..Preview::default() };
    let total: u64 = all.values().sum();
    for kind in Sensitive::ALL {
        let rest = Scope { classes: None, sensitive: SensitiveSet::ALL.without(kind.into()) };
        let here = total - chart.view(&rest).counts()?.values().sum::<u64>();
        if here > 0 {
            preview.sensitive.push((kind, here));
        }
    }
    let gives = choice.gives()?;
    let query = Query {
        standings: vec![Standing::Current, Standing::Past, Standing::Planned, Standing::Absent, Standing::NotDone],
        order: Order::Newest,
        ..Query::default()
    };
    chart.each(&query, &mut |row| {
        let goes = gives(&row);
        if choice.without.contains(&row.key) {
            preview.without.push(line(&row, goes));
        } else if goes {
            preview.total += 1;
            if choice.with.contains(&row.key) {
                preview.with.push(line(&row, goes));
            }
            add(&mut preview.kinds, &row, goes, GOING);
        } else if row.class != Class::Provenance {
            add(&mut preview.stays, &row, goes, STAYING);
        }
        Ok(())
    })?;
    if words.chars().filter(|c| c.is_alphanumeric()).count() > 1 {
        preview.found = Some(chart.search(words, FOUND)?.into_iter().map(|hit| line(&hit.row, gives(&hit.row))).collect());
    }
    Ok(preview)
}

fn add(kinds: &mut BTreeMap<Class, Group>, row: &Row, goes: bool, most: usize) {
    let group = kinds.entry(row.class).or_default();
    let marked = !row.sensitive.is_empty();
    group.count += 1;
    group.sensitive += u64::from(marked);
    if group.lines.len() < most || marked && group.lines.len() < most + MARKED {
        group.lines.push(line(row, goes));
    }
}

fn line(row: &Row, goes: bool) -> Line {
    Line {
        key: row.key.clone(),
        rid: row.rid,
        title: row.title.clone(),
        date: row.date.as_ref().map(PartialDate::words).unwrap_or_default(),
        sensitive: row.sensitive,
        goes,
    }
}
