//! Decisions about files that stayed in the inbox of a chart.

use crate::import::inbox;
use crate::import::pipeline::Accept;
use crate::web::app::{WriterCx, blocking};
use crate::{Error, Kind, Result};
use axum::Form;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

/// A press of a button.
#[derive(Deserialize)]
pub(crate) struct Decision {
    /// `accept`, `take` (a reply) or `discard`.
    act: String,
    /// Which file, by its name in the inbox.
    file: String,
    /// Whose records to take, of a file that holds several people's.
    #[serde(default)]
    patient: String,
}

/// Takes a file all the same, or throws it away.
pub(crate) async fn decide(WriterCx(cx): WriterCx, Form(decision): Form<Decision>) -> Result<Response> {
    let to = blocking(move || {
        let options = crate::web::inbox::options(&cx.app, cx.by());
        match decision.act.as_str() {
            "discard" => inbox::discard(&cx.chart, &decision.file)?,
            "accept" => {
                let patient = decision.patient.trim();
                let accept = if patient.is_empty() { Accept::Anyone } else { Accept::Patient(patient.to_owned()) };
                let report = inbox::accept(&cx.chart, &decision.file, accept, &cx.app.limits, &options)?;
                if report.error.is_none() {
                    return Ok(cx.to(&format!("sources/{}?done", report.source)));
                }
            }
            "take" => {
                let report = inbox::take(&cx.chart, &decision.file, &cx.app.limits, &options)?;
                if report.error.is_none() {
                    return Ok(cx.to(&format!("sources/{}?done", report.source)));
                }
            }
            _ => return Err(Error::new(Kind::Usage, "That button does not exist. Nothing was changed.")),
        }
        Ok(cx.to("sources"))
    });
    Ok(Redirect::to(&to.await?).into_response())
}
