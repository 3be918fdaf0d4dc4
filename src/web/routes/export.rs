//! Carrying records away: a download that is made while it is sent.

use crate::export::{Format, Selection, export};
use crate::record::Class;
use crate::web::app::{ChartCx, blocking};
use crate::web::pages::export as page;
use crate::{Error, Result};
use axum::Form;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::Markup;
use std::io::Write;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The form.
pub(crate) async fn show(cx: ChartCx) -> Result<Markup> {
    blocking(move || Ok(page::page(&cx, &cx.chart.counts()?))).await
}

/// The copy.
pub(crate) async fn download(cx: ChartCx, Form(fields): Form<Vec<(String, String)>>) -> Result<Response> {
    let all = |name: &str| fields.iter().filter(|(n, _)| n == name).map(|(_, v)| v.clone()).collect::<Vec<_>>();
    let date = |name: &str| all(name).pop().filter(|v| !v.trim().is_empty());
    let format = Format::from_name(&all("format").pop().unwrap_or_default())?;
    let ticked: Vec<Class> = all("kind").iter().filter_map(|slug| Class::from_slug(slug)).collect();
    let shown: Vec<Class> = all("shown").iter().filter_map(|slug| Class::from_slug(slug)).collect();
    if !shown.is_empty() && ticked.is_empty() {
        return Err(Error::new(crate::Kind::Usage, "No kind of record was ticked, so there is nothing to save. Go back and tick one."));
    }
    // What was offered and not ticked stays out. All ticked: everything, also what has no tick of its own.
    let exclude = shown.into_iter().filter(|class| !ticked.contains(class)).collect();
    let selection = Selection { from: date("from"), to: date("to"), include: Vec::new(), exclude };
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", format.file_name())),
    ];
    let (to_net, mut made) = mpsc::channel(4);
    let chart = Arc::clone(&cx.chart);
    tokio::task::spawn_blocking(move || {
        let mut out = Sender { to_net, piece: Vec::with_capacity(PIECE) };
        if let Err(e) = export(&chart, format, &selection, &mut out) {
            // A broken transfer, so that half a copy never looks like a whole one.
            let _ = out.to_net.blocking_send(Err(std::io::Error::from(e)));
        }
    });
    // What cannot be made at all is said in words: the first piece is awaited before the answer begins.
    let first = match made.recv().await {
        Some(Ok(first)) => first,
        Some(Err(e)) => return Err(e.into()),
        None => Bytes::new(),
    };
    let rest = futures_util::stream::unfold(made, |mut rx| async { rx.recv().await.map(|item| (item, rx)) });
    let all = futures_util::StreamExt::chain(futures_util::stream::once(async { Ok(first) }), rest);
    Ok((headers, Body::from_stream(all)).into_response())
}

const PIECE: usize = 64 * 1024;

/// Hands what is written to the network, a piece at a time; waits when the network is slow.
struct Sender {
    to_net: mpsc::Sender<std::io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.to_net.blocking_send(Ok(piece.into())).map_err(|_| std::io::ErrorKind::BrokenPipe.into())
    }
}
