//! Sources: what was imported from where.

use crate::import::inbox;
use crate::vault::{Original, SourceInfo};
use crate::web::app::{ChartCx, WriterCx, blocking};
use crate::web::jobs::{Upload, Work};
use crate::web::pages::{report, sources as page};
use crate::{Error, Result};
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

type Params = Path<HashMap<String, String>>;

fn one(cx: &ChartCx, path: &HashMap<String, String>) -> Result<SourceInfo> {
    if cx.chart.is_limited() {
        return Err(Error::not_found());
    }
    let id = path.get("source").map_or("", String::as_str);
    cx.chart.sources()?.into_iter().find(|s| s.id == id).ok_or_else(Error::not_found)
}

/// All sources, newest first.
pub(crate) async fn list(cx: ChartCx) -> Result<Markup> {
    // To who may see part of the chart, what came in from where is not there.
    if cx.chart.is_limited() {
        return Err(Error::not_found());
    }
    blocking(move || Ok(page::list(&cx, &crate::chart::sources::Sources::of(&cx.chart)?, &inbox::state(&cx.chart)?))).await
}

/// One source: its import report.
pub(crate) async fn report(cx: ChartCx, Path(path): Params) -> Result<Markup> {
    blocking(move || {
        let source = one(&cx, &path)?;
        Ok(report::page(&cx, &source))
    })
    .await
}

/// The file, byte for byte, as a download.
pub(crate) async fn original(cx: ChartCx, Path(path): Params) -> Result<Response> {
    let (source, original) = blocking(move || {
        let source = one(&cx, &path)?;
        let original = cx.chart.original(&source.id)?;
        Ok((source, original))
    })
    .await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, source.size.to_string()),
        (header::CONTENT_DISPOSITION, attachment(&source.name)),
    ];
    Ok((headers, Body::from_stream(stream(original))).into_response())
}

/// Decrypts on a thread that may block, a piece at a time.
fn stream(mut original: Original) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    let (to_net, from_disk) = tokio::sync::mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; 64 * 1024];
            let next = match original.read(&mut piece) {
                Ok(0) => return,
                Ok(n) => {
                    piece.truncate(n);
                    Ok(Bytes::from(piece))
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                // A broken transfer, so that half a file never looks like a whole one.
                Err(e) => Err(e),
            };
            let failed = next.is_err();
            if to_net.blocking_send(next).is_err() || failed {
                return;
            }
        }
    });
    futures_util::stream::unfold(from_disk, |mut rx| async { rx.recv().await.map(|item| (item, rx)) })
}

/// RFC 6266: a name that every browser can save, and the true one.
fn attachment(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    let plain = if plain.trim_matches(['.', ' ']).is_empty() { "original".to_owned() } else { plain };
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let full: String = name.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

/// Asks whether to take a source out.
pub(crate) async fn ask_remove(WriterCx(cx): WriterCx, Path(path): Params) -> Result<Markup> {
    blocking(move || {
        let source = one(&cx, &path)?;
        Ok(page::ask_remove(&cx, &source))
    })
    .await
}

/// Takes it out.
pub(crate) async fn remove(WriterCx(cx): WriterCx, Path(path): Params) -> Result<Response> {
    change(cx, path, |cx, source| cx.chart.remove_source(&source.id)).await
}

/// Brings it back.
pub(crate) async fn restore(WriterCx(cx): WriterCx, Path(path): Params) -> Result<Response> {
    change(cx, path, |cx, source| cx.chart.restore_source(&source.id)).await
}

async fn change(cx: ChartCx, path: HashMap<String, String>, act: fn(&ChartCx, &SourceInfo) -> Result<()>) -> Result<Response> {
    let to = blocking(move || {
        let source = one(&cx, &path)?;
        act(&cx, &source)?;
        Ok(cx.to(&format!("sources/{}", source.id)))
    });
    Ok(Redirect::to(&to.await?).into_response())
}

/// Reads the kept file again, with today's readers.
pub(crate) async fn again(WriterCx(cx): WriterCx, Path(path): Params) -> Result<Response> {
    let to = blocking(move || {
        let source = one(&cx, &path)?;
        let upload = Upload {
            chart: Arc::clone(&cx.chart),
            files: vec![(source.name.clone(), source.size, Work::Again(source.id.clone()))],
            by: cx.by(),
            limits: cx.app.limits.clone(),
            worker: cx.app.worker.clone(),
        };
        let job = cx.app.jobs.start(upload)?;
        Ok(cx.to(&format!("add/{}", job.id)))
    });
    Ok(Redirect::to(&to.await?).into_response())
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn names_cannot_leave_the_header() {
        assert_eq!(attachment("a\"b.xml"), "attachment; filename=\"a_b.xml\"; filename*=UTF-8''a%22b.xml");
        assert_eq!(attachment("Befund ü.pdf"), "attachment; filename=\"Befund _.pdf\"; filename*=UTF-8''Befund%20%C3%BC.pdf");
        assert_eq!(attachment(".."), "attachment; filename=\"original\"; filename*=UTF-8''..");
    }
}
