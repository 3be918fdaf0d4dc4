//! Adding records: choose files, watch them being read, decide about what is asked.

use crate::import::inbox;
use crate::import::pipeline::Accept;
use crate::web::app::{ChartCx, WriterCx, blocking};
use crate::web::jobs::{Job, State, Upload, Work};
use crate::web::pages::add as page;
use crate::web::upload::receive;
use crate::{Error, Kind, Result};
use axum::Form;
use axum::extract::{Multipart, Path};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

/// The form.
pub(crate) async fn show(WriterCx(cx): WriterCx) -> Result<Markup> {
    blocking(move || Ok(page::choose(&cx, &inbox::state(&cx.chart)?, None))).await
}

/// Takes the files and begins to read them.
pub(crate) async fn upload(WriterCx(cx): WriterCx, mut form: Multipart) -> Result<Response> {
    let files = receive(&cx.chart, &mut form, &cx.app.limits).await?;
    if files.is_empty() {
        return Ok((axum::http::StatusCode::BAD_REQUEST, page::choose(&cx, &inbox::Inbox::default(), Some("Choose a file first.")))
            .into_response());
    }
    let upload = Upload {
        chart: Arc::clone(&cx.chart),
        files: files.into_iter().map(|(name, staged)| (name, staged.size(), Work::Arrived(staged, None))).collect(),
        by: cx.by(),
        limits: cx.app.limits.clone(),
        worker: cx.app.worker.clone(),
    };
    let job = cx.app.jobs.start(upload)?;
    Ok(to_job(&cx, &job))
}

fn to_job(cx: &ChartCx, job: &Job) -> Response {
    Redirect::to(&cx.to(&format!("add/{}", job.id))).into_response()
}

fn find(cx: &ChartCx, path: &HashMap<String, String>) -> Result<Arc<Job>> {
    cx.app.jobs.find(path.get("job").map_or("", String::as_str), &cx.chart)
}

/// How it goes, and what became of it. One file that went in well: straight to its report.
pub(crate) async fn job(WriterCx(cx): WriterCx, Path(path): Path<HashMap<String, String>>) -> Result<Response> {
    let job = find(&cx, &path)?;
    if job.how_far().running {
        return Ok(page::progress(&cx, &job).into_response());
    }
    let only = match job.pieces().as_slice() {
        [only] => match &only.state {
            // A file that was here already keeps the report of its first time: what became of it now stands on this page.
            State::Done(report) if !report.source.is_empty() && report.stored + report.updated > 0 => Some(report.source.clone()),
            _ => None,
        },
        _ => None,
    };
    Ok(match only {
        Some(source) => Redirect::to(&cx.to(&format!("sources/{source}?done"))).into_response(),
        None => page::ended(&cx, &job).into_response(),
    })
}

/// The moving part of the progress page, for the script. When all is done it says so by its status: nothing to show.
pub(crate) async fn progress(WriterCx(cx): WriterCx, Path(path): Path<HashMap<String, String>>) -> Result<Response> {
    let job = find(&cx, &path)?;
    if job.how_far().running { Ok(page::how_far(&job).into_response()) } else { Ok(axum::http::StatusCode::NO_CONTENT.into_response()) }
}

/// A press of a button.
#[derive(Deserialize)]
pub(crate) struct Decision {
    /// `stop`, `leave` or `accept`.
    act: String,
    /// Which file.
    #[serde(default)]
    file: usize,
    /// Whose records to take, of a file that holds several people's.
    #[serde(default)]
    patient: String,
}

/// Stops the import, or answers a question about one of its files.
pub(crate) async fn decide(
    WriterCx(cx): WriterCx,
    Path(path): Path<HashMap<String, String>>,
    Form(decision): Form<Decision>,
) -> Result<Response> {
    let job = find(&cx, &path)?;
    match decision.act.as_str() {
        "stop" => job.cancel(),
        "leave" => job.decide(&cx.chart, decision.file, None)?,
        "accept" if decision.patient.is_empty() => job.decide(&cx.chart, decision.file, Some(Accept::Anyone))?,
        "accept" => job.decide(&cx.chart, decision.file, Some(Accept::Patient(decision.patient.trim().to_owned())))?,
        _ => return Err(Error::new(Kind::Usage, "That button does not exist. Nothing was changed.")),
    }
    Ok(to_job(&cx, &job))
}
