//! The start, and the home page of a chart.

use crate::Result;
use crate::record::{Class, Flag, PartialDate, Standing};
use crate::vault::{Chart, Order, Query, Row};
use crate::web::app::{App, ChartCx, blocking};
use crate::web::pages::home::{self, Home};
use crate::web::pages::words;
use crate::web::security::visitor;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use std::collections::HashSet;
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
    blocking(move || Ok(home::page(&cx, &gather(&cx.chart, cx.last_visit)?))).await
}

/// So many rows of a section; the rest is on its own page.
const FEW: usize = 8;

fn gather(chart: &Chart, last_visit: Option<i64>) -> Result<Home> {
    let sources = chart.sources()?;
    let latest_source = sources.iter().find(|s| s.removed.is_none() && s.report.error.is_none()).cloned();
    if latest_source.is_none() && chart.counts()?.values().all(|n| *n == 0) {
        return Ok(Home::default());
    }
    let of = |class: Class, standings: &[Standing], limit: usize| {
        let query = Query { classes: vec![class], standings: standings.to_vec(), limit, ..Query::default() };
        chart.list(&query).map(|l| l.rows)
    };
    let mut allergies = of(Class::Allergy, &[Standing::Current], 60)?;
    allergies.sort_by_key(|row| (home::danger(row), row.title.clone()));
    let no_allergies = of(Class::Allergy, &[Standing::Absent], 20)?;
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
    Ok(Home {
        has_records: true,
        allergies,
        no_allergies,
        outside,
        outside_more,
        conditions: each_once(of(Class::Problem, &[Standing::Current], 60)?),
        medicines: each_once(of(Class::Medication, &[Standing::Current], 60)?),
        immunizations,
        appointment: chart.list(&soon)?.rows.pop(),
        added: last_visit.map(|moment| chart.added_since(moment)).transpose()?.unwrap_or_default(),
        latest_source,
        sources,
    })
}

fn moment(row: &Row) -> i64 {
    row.date.as_ref().map_or(i64::MIN, |d: &PartialDate| d.start)
}

/// The same medicine or condition from several sources stands here once; its page shows all of them.
fn each_once(rows: Vec<Row>) -> Vec<Row> {
    let mut seen = HashSet::new();
    rows.into_iter().filter(|row| seen.insert(row.group.clone().unwrap_or_else(|| row.title.to_lowercase()))).collect()
}
