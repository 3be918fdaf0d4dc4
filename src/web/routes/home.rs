//! The start, and the home page of a chart.

use crate::Result;
use crate::chart::sources::Sources;
use crate::chart::{denials, link, medicines};
use crate::record::{Class, Flag, PartialDate, Standing};
use crate::vault::{Chart, Order, Query, Row};
use crate::web::app::{App, ChartCx, blocking};
use crate::web::pages::home::{self, Home};
use crate::web::pages::words;
use crate::web::security::visitor;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use std::sync::Arc;

/// To the chart, to sign in, or to the first run.
pub(crate) async fn start(State(app): State<Arc<App>>, request: Request) -> Result<Response> {
    let session = visitor(request.extensions()).session;
    let path = blocking(move || {
        let prefix = &app.prefix;
        let Some(session) = session else {
            return Ok(if app.household.is_new()? { format!("{prefix}/welcome") } else { format!("{prefix}/sign-in") });
        };
        let charts = app.household.charts(&session.who)?;
        Ok(match charts.as_slice() {
            [(only, _)] => format!("{prefix}/charts/{}", only.id),
            _ => format!("{prefix}/charts"),
        })
    });
    Ok(Redirect::to(&path.await?).into_response())
}

/// The home page.
pub(crate) async fn home(cx: ChartCx) -> Result<Markup> {
    blocking(move || {
        let mut shown = gather(&cx.chart, cx.last_visit)?;
        shown.notices = cx.app.household.notices(&cx.who())?;
        Ok(home::page(&cx, &shown))
    })
    .await
}

/// So many rows of a section; the rest is on its own page.
const FEW: usize = 8;

/// So many records are read to find the same thing among them.
const MANY: usize = 200;

fn gather(chart: &Chart, last_visit: Option<i64>) -> Result<Home> {
    let sources = Sources::of(chart)?;
    let latest_source = sources.here().find(|s| s.report.error.is_none() && s.report.stored + s.report.updated > 0).cloned();
    if latest_source.is_none() && chart.counts()?.values().all(|n| *n == 0) {
        return Ok(Home::default());
    }
    let of = |class: Class, standings: &[Standing], limit: usize| {
        let query = Query { classes: vec![class], standings: standings.to_vec(), limit, ..Query::default() };
        chart.list(&query).map(|l| l.rows)
    };
    let mut allergies = link::same_thing(of(Class::Allergy, &[Standing::Current], MANY)?);
    allergies.sort_by_key(|line| (home::danger(line), line.title().to_lowercase()));
    let no_allergies = link::same_thing(of(Class::Allergy, &[Standing::Absent], 20)?);
    let mut conditions = link::same_thing(of(Class::Problem, &[Standing::Current], MANY)?);
    conditions.retain(|line| !denials::knows_nothing(line.first(), &line.first().resource()));
    // Illnesses before findings and circumstances, as SNOMED CT calls them: stable, so that the newest stays first.
    conditions.sort_by_key(|line| line.rows.iter().all(home::circumstance));
    let mut outside: Vec<Row> =
        chart.groups(&[Class::Laboratory, Class::VitalSign, Class::ClinicalTest])?.into_iter().map(|g| g.latest).collect();
    outside.retain(|row| matches!(row.flag, Some(Flag::Above | Flag::Below | Flag::Outside)) && row.standing == Standing::Current);
    outside.sort_by_key(|row| std::cmp::Reverse(moment(row)));
    let outside_more = outside.len().saturating_sub(FEW);
    outside.truncate(FEW);
    let mut immunizations: Vec<Row> = chart.groups(&[Class::Immunization])?.into_iter().map(|g| g.latest).collect();
    immunizations.retain(|row| row.standing == Standing::Current);
    immunizations.sort_by_key(|row| std::cmp::Reverse(moment(row)));
    immunizations.truncate(5);
    let soon = Query {
        classes: vec![Class::Appointment],
        standings: vec![Standing::Planned, Standing::Current],
        from: Some(words::now()),
        order: Order::Oldest,
        limit: 1,
        ..Query::default()
    };
    // Here only some find room: those that need heed, then the newest.
    let mut taken = medicines::linked(of(Class::Medication, &[Standing::Current], MANY)?);
    taken.sort_by_key(|m| (m.differ.is_empty(), std::cmp::Reverse(moment(m.line.first()))));
    Ok(Home {
        has_records: true,
        allergies,
        no_allergies,
        outside,
        outside_more,
        conditions,
        medicines: taken,
        fills: fills(chart)?,
        immunizations,
        appointment: chart.list(&soon)?.rows.pop(),
        added: last_visit.map(|moment| chart.added_since(moment)).transpose()?.unwrap_or_default(),
        latest_source,
        sources: Some(sources),
        notices: Vec::new(),
    })
}

/// So many of the newest fills are looked at.
const FILLS: usize = 60;

/// The newest fill of each medicine, and the day until which it lasts.
fn fills(chart: &Chart) -> Result<Vec<(String, PartialDate)>> {
    let types = vec!["MedicationDispense".to_owned()];
    let query = Query { classes: vec![Class::Medication], types, limit: FILLS, ..Query::default() };
    let mut out: Vec<(String, PartialDate)> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for row in chart.list(&query)?.rows {
        let key = medicines::belongs(&row);
        if seen.insert(key.clone())
            && let Some(day) = medicines::lasts_until(&row, &row.resource())
        {
            out.push((key, day));
        }
    }
    Ok(out)
}

fn moment(row: &Row) -> i64 {
    row.date.as_ref().map_or(i64::MIN, |d: &PartialDate| d.start)
}
