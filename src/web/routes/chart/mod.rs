//! The pages of records. A page is a function of the chart and a filter; here stand their addresses and what is the same for
//! all: reading off the async threads, words typed into a filter kept out of addresses.

mod files;

use crate::vault::Row;
use crate::web::app::{App, ChartCx, WriterCx, blocking};
use crate::web::pages::chart::filter::Filter;
use crate::web::pages::chart::kinds::{self, KINDS};
use crate::web::pages::chart::{
    about, bill, document, documents, listing, medicines, message, record, report, result, results, timeline, visit,
};
use crate::web::router::Who;
use crate::{Error, Result};
use axum::Router;
use axum::extract::{Form, Path, Query};
use axum::response::Redirect;
use axum::routing::{MethodRouter, get, post};
use maud::Markup;
use serde::Deserialize;
use std::sync::Arc;

/// Every address of this room. The list pages answer GET and, for their filter, POST.
pub const ROUTES: &[(&str, &str, Who)] = &[
    ("GET", "/charts/{chart}/kinds", Who::Reader),
    ("GET", "/charts/{chart}/about", Who::Reader),
    ("GET", "/charts/{chart}/results", Who::Reader),
    ("POST", "/charts/{chart}/results", Who::Reader),
    ("GET", "/charts/{chart}/results/{rid}", Who::Reader),
    ("GET", "/charts/{chart}/vital-signs", Who::Reader),
    ("POST", "/charts/{chart}/vital-signs", Who::Reader),
    ("GET", "/charts/{chart}/medicines", Who::Reader),
    ("POST", "/charts/{chart}/medicines", Who::Reader),
    ("GET", "/charts/{chart}/documents", Who::Reader),
    ("POST", "/charts/{chart}/documents", Who::Reader),
    ("GET", "/charts/{chart}/documents/{rid}", Who::Reader),
    ("POST", "/charts/{chart}/documents/{rid}/beside", Who::Writer),
    ("GET", "/charts/{chart}/timeline", Who::Reader),
    ("POST", "/charts/{chart}/timeline", Who::Reader),
    ("GET", "/charts/{chart}/visits/{rid}", Who::Reader),
    ("GET", "/charts/{chart}/bills/{rid}", Who::Reader),
    ("GET", "/charts/{chart}/messages/{rid}", Who::Reader),
    ("GET", "/charts/{chart}/records/{rid}", Who::Reader),
    ("GET", "/charts/{chart}/records/{rid}/raw", Who::Reader),
    ("GET", "/charts/{chart}/records/{rid}/fhir", Who::Reader),
    ("GET", "/charts/{chart}/records/{rid}/content", Who::Reader),
    ("GET", "/charts/{chart}/records/{rid}/picture", Who::Reader),
    ("GET", "/charts/{chart}/records/{rid}/sheet", Who::Reader),
    ("GET", "/charts/{chart}/conditions", Who::Reader),
    ("POST", "/charts/{chart}/conditions", Who::Reader),
    ("GET", "/charts/{chart}/allergies", Who::Reader),
    ("POST", "/charts/{chart}/allergies", Who::Reader),
    ("GET", "/charts/{chart}/immunizations", Who::Reader),
    ("POST", "/charts/{chart}/immunizations", Who::Reader),
    ("GET", "/charts/{chart}/procedures", Who::Reader),
    ("POST", "/charts/{chart}/procedures", Who::Reader),
    ("GET", "/charts/{chart}/visits", Who::Reader),
    ("POST", "/charts/{chart}/visits", Who::Reader),
    ("GET", "/charts/{chart}/imaging", Who::Reader),
    ("POST", "/charts/{chart}/imaging", Who::Reader),
    ("GET", "/charts/{chart}/devices", Who::Reader),
    ("POST", "/charts/{chart}/devices", Who::Reader),
    ("GET", "/charts/{chart}/plans", Who::Reader),
    ("POST", "/charts/{chart}/plans", Who::Reader),
    ("GET", "/charts/{chart}/goals", Who::Reader),
    ("POST", "/charts/{chart}/goals", Who::Reader),
    ("GET", "/charts/{chart}/family-history", Who::Reader),
    ("POST", "/charts/{chart}/family-history", Who::Reader),
    ("GET", "/charts/{chart}/social-history", Who::Reader),
    ("POST", "/charts/{chart}/social-history", Who::Reader),
    ("GET", "/charts/{chart}/assessments", Who::Reader),
    ("POST", "/charts/{chart}/assessments", Who::Reader),
    ("GET", "/charts/{chart}/care-team", Who::Reader),
    ("POST", "/charts/{chart}/care-team", Who::Reader),
    ("GET", "/charts/{chart}/places", Who::Reader),
    ("POST", "/charts/{chart}/places", Who::Reader),
    ("GET", "/charts/{chart}/insurance", Who::Reader),
    ("POST", "/charts/{chart}/insurance", Who::Reader),
    ("GET", "/charts/{chart}/bills", Who::Reader),
    ("POST", "/charts/{chart}/bills", Who::Reader),
    ("GET", "/charts/{chart}/messages", Who::Reader),
    ("POST", "/charts/{chart}/messages", Who::Reader),
    ("GET", "/charts/{chart}/appointments", Who::Reader),
    ("POST", "/charts/{chart}/appointments", Who::Reader),
    ("GET", "/charts/{chart}/provenance", Who::Reader),
    ("POST", "/charts/{chart}/provenance", Who::Reader),
    ("GET", "/charts/{chart}/other", Who::Reader),
    ("POST", "/charts/{chart}/other", Who::Reader),
    ("GET", "/charts/{chart}/left-aside", Who::Reader),
    ("POST", "/charts/{chart}/left-aside", Who::Reader),
];

/// Its routes.
pub fn router() -> Router<Arc<App>> {
    let pages = Router::new()
        .route("/charts/{chart}/kinds", get(|cx: ChartCx| blocking(move || kinds::page(&cx))))
        .route("/charts/{chart}/about", get(|cx: ChartCx| blocking(move || about::page(&cx))))
        .route("/charts/{chart}/results", list("results", results::page))
        .route("/charts/{chart}/vital-signs", list("vital-signs", results::vitals))
        .route("/charts/{chart}/medicines", list("medicines", medicines::page))
        .route("/charts/{chart}/documents", list("documents", documents::page))
        .route("/charts/{chart}/timeline", list("timeline", timeline::page))
        .route("/charts/{chart}/results/{rid}", one(result_or_report))
        .route("/charts/{chart}/documents/{rid}", one(document::page))
        .route("/charts/{chart}/documents/{rid}/beside", post(keep_beside))
        .route("/charts/{chart}/visits/{rid}", one(visit::page))
        .route("/charts/{chart}/bills/{rid}", one(bill::page))
        .route("/charts/{chart}/messages/{rid}", one(message::page))
        .route("/charts/{chart}/records/{rid}", one(record::page))
        .route("/charts/{chart}/records/{rid}/raw", one(record::raw))
        .route("/charts/{chart}/records/{rid}/fhir", get(files::fhir))
        .route("/charts/{chart}/records/{rid}/content", get(files::content))
        .route("/charts/{chart}/records/{rid}/picture", get(files::picture))
        .route("/charts/{chart}/records/{rid}/sheet", get(files::sheet));
    KINDS.iter().fold(pages, |router, kind| {
        let slug = kind.slug;
        router.route(&format!("/charts/{{chart}}/{slug}"), list(slug, move |cx, filter| listing::page(cx, slug, filter)))
    })
}

/// A list page: GET draws it; POST takes the filter's form, keeps the words in the session and leads to the page.
fn list<F>(path: &'static str, draw: F) -> MethodRouter<Arc<App>>
where
    F: Fn(&ChartCx, &Filter) -> Result<Markup> + Copy + Send + Sync + 'static,
{
    let show = move |cx: ChartCx, Query(mut filter): Query<Filter>| {
        // Words never come out of an address.
        filter.q = cx.kept(&filter.t).unwrap_or_default();
        blocking(move || draw(&cx, &filter))
    };
    let choose = move |cx: ChartCx, Form(mut filter): Form<Filter>| async move {
        let typed = filter.q.trim();
        filter.t = if typed.is_empty() { String::new() } else { cx.keep(typed) };
        Redirect::to(&filter.address(&cx.to(path), &[]))
    };
    get(show).post(choose)
}

/// The page of one record.
fn one<F>(draw: F) -> MethodRouter<Arc<App>>
where
    F: Fn(&ChartCx, &Row, &Filter) -> Result<Markup> + Copy + Send + Sync + 'static,
{
    get(move |cx: ChartCx, Path((_, rid)): Path<(String, String)>, Query(filter): Query<Filter>| {
        blocking(move || draw(&cx, &row(&cx, &rid)?, &filter))
    })
}

/// The record in an address.
fn row(cx: &ChartCx, rid: &str) -> Result<Row> {
    cx.chart.record(rid.parse().map_err(|_| Error::not_found())?)
}

fn result_or_report(cx: &ChartCx, row: &Row, filter: &Filter) -> Result<Markup> {
    match row.kind.as_str() {
        "Observation" => result::page(cx, row, filter),
        "DiagnosticReport" => report::page(cx, row, filter),
        _ => record::page(cx, row, filter),
    }
}

/// What is written beside a document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BesideForm {
    title: String,
    date: String,
    kind: String,
}

async fn keep_beside(WriterCx(cx): WriterCx, Path((_, rid)): Path<(String, String)>, Form(form): Form<BesideForm>) -> Result<Redirect> {
    let words = |text: String| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let beside = crate::chart::documents::Beside { title: words(form.title), date: words(form.date), kind: words(form.kind) };
    blocking(move || {
        let row = row(&cx, &rid)?;
        beside.keep(&cx.chart, row.rid)?;
        Ok(Redirect::to(&cx.to(&format!("documents/{}", row.rid))))
    })
    .await
}
