//! Bytes of records: raw FHIR, parts of documents, pictures of pages. Nothing of them is ever active content on this origin:
//! what a browser might run is sanitised and shut into a sandbox, everything else is saved.

use super::row;
use crate::chart::documents::{self, Part, Shape};
use crate::import::documents::as_html;
use crate::import::sniff::Format;
use crate::import::worker::Worker;
use crate::web::FRAMED;
use crate::web::app::{ChartCx, blocking};
use crate::{Error, Result};
use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Pixels across a page of a PDF, and along the longest side of a picture: enough for paper and for a large screen.
const ACROSS: u32 = 1400;
const LONGEST: u32 = 2000;

/// Which part, which page of it, and whether to save it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    part: usize,
    n: usize,
    save: Option<String>,
}

/// The record in FHIR R4, to be saved.
pub(super) async fn fhir(cx: ChartCx, Path((_, rid)): Path<(String, String)>) -> Result<Response> {
    blocking(move || {
        let row = row(&cx, &rid)?;
        let name = format!("attachment; filename=\"{}-{}.json\"", row.kind, row.rid);
        Ok(([(header::CONTENT_TYPE, "application/fhir+json".to_owned()), (header::CONTENT_DISPOSITION, name)], row.json).into_response())
    })
    .await
}

/// A part of a document: HTML for the frame, or any part to be saved.
pub(super) async fn content(cx: ChartCx, Path((_, rid)): Path<(String, String)>, Query(which): Query<Which>) -> Result<Response> {
    blocking(move || {
        let (part, bytes) = part(&cx, &rid, which.part)?;
        if which.save.is_none() && part.shape() == Shape::Html {
            let body = as_html(Format::Html, &bytes).unwrap_or_default();
            let page = format!(
                "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Document</title></head><body>{body}</body></html>"
            );
            let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, FRAMED)];
            return Ok((headers, page).into_response());
        }
        let name = format!("attachment; filename=\"document-{rid}-{}.{}\"", which.part + 1, extension(&part.media));
        let headers = [
            (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
            (header::CONTENT_DISPOSITION, name),
            (header::CONTENT_SECURITY_POLICY, FRAMED.to_owned()),
        ];
        Ok((headers, bytes).into_response())
    })
    .await
}

/// A picture, decoded and written anew by the worker: nothing of the original's bytes reaches the browser.
pub(super) async fn picture(cx: ChartCx, Path((_, rid)): Path<(String, String)>, Query(which): Query<Which>) -> Result<Response> {
    blocking(move || {
        let (part, bytes) = part(&cx, &rid, which.part)?;
        if part.shape() != Shape::Picture {
            return Err(Error::not_found());
        }
        Ok(image(Worker::new(&cx.app.worker).picture(&bytes, LONGEST)?))
    })
    .await
}

/// A page of a PDF as a picture.
pub(super) async fn sheet(cx: ChartCx, Path((_, rid)): Path<(String, String)>, Query(which): Query<Which>) -> Result<Response> {
    blocking(move || {
        let (part, bytes) = part(&cx, &rid, which.part)?;
        if part.shape() != Shape::Pdf {
            return Err(Error::not_found());
        }
        Ok(image(Worker::new(&cx.app.worker).pdf_page(&bytes, which.n.max(1), ACROSS)?))
    })
    .await
}

fn part(cx: &ChartCx, rid: &str, n: usize) -> Result<(Part, Vec<u8>)> {
    let row = row(cx, rid)?;
    let part = documents::parts(&row.resource()).into_iter().nth(n).ok_or_else(Error::not_found)?;
    let bytes = documents::bytes(&cx.chart, &row, &part, &cx.app.limits)?;
    Ok((part, bytes))
}

fn image(bytes: Vec<u8>) -> Response {
    let kind = if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, no-store")], bytes).into_response()
}

fn extension(media: &str) -> &'static str {
    match media {
        "application/pdf" => "pdf",
        "text/plain" => "txt",
        "text/html" | "application/xhtml+xml" => "html",
        "text/rtf" | "application/rtf" => "rtf",
        "text/xml" | "application/xml" => "xml",
        "image/png" => "png",
        "image/jpeg" | "image/jpg" => "jpg",
        "image/gif" => "gif",
        "image/tiff" => "tif",
        "image/heic" => "heic",
        "image/avif" => "avif",
        "image/jp2" => "jp2",
        "image/svg+xml" => "svg",
        "application/msword" => "doc",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.ms-powerpoint" => "ppt",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => "pptx",
        "application/vnd.oasis.opendocument.text" => "odt",
        "application/vnd.oasis.opendocument.spreadsheet" => "ods",
        "application/vnd.oasis.opendocument.presentation" => "odp",
        _ => "bin",
    }
}
