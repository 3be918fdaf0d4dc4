//! The photograph of a person: shown to everyone who may open the chart, put there by those who may change it.

use crate::chart::photo::{self, MOST_BYTES};
use crate::import::worker::Worker;
use crate::vault::Act;
use crate::web::app::{ChartCx, WriterCx, blocking};
use crate::{Error, Kind, Result};
use axum::extract::Multipart;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

/// The picture.
pub(crate) async fn show(cx: ChartCx) -> Result<Response> {
    let jpeg = blocking(move || photo::of(&cx.chart)).await?.ok_or_else(Error::not_found)?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}

/// Takes a new one, or the one there is away.
pub(crate) async fn put(WriterCx(cx): WriterCx, mut form: Multipart) -> Result<Response> {
    let (mut picture, mut act) = (Vec::new(), String::new());
    let broken = |_| Error::refused("The upload broke off on its way, or is larger than 20 MB. Nothing was changed. Try again.");
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        while let Some(more) = field.chunk().await.map_err(broken)? {
            bytes.extend_from_slice(&more);
            if bytes.len() > MOST_BYTES {
                break;
            }
        }
        match name.as_str() {
            "photo" => picture = bytes,
            "act" => act = String::from_utf8(bytes).unwrap_or_default(),
            _ => {}
        }
    }
    blocking(move || {
        let event = cx.event(Act::Changed).with("what", "photo");
        if act == "remove" {
            cx.chart.log(&event)?;
            photo::remove(&cx.chart)?;
        } else if picture.is_empty() {
            return Err(Error::new(Kind::Usage, "Choose a photo first. Nothing was changed."));
        } else {
            cx.chart.log(&event)?;
            photo::put(&cx.chart, &Worker::new(&cx.app.worker), &picture)?;
        }
        Ok(Redirect::to(&cx.to("card#photo")).into_response())
    })
    .await
}
