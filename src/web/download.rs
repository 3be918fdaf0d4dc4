//! Downloads that are made while they are sent: nothing stands in memory or on the disk.

use crate::{Error, Result};
use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use std::io::Write;
use tokio::sync::mpsc::Sender;

/// Pieces of about this size go to the network.
const PIECE: usize = 64 << 10;

/// A body that `make` writes on a thread that may block. Should it fail in the middle, the transfer breaks, so that
/// half a file never looks like a whole one.
pub(crate) fn made(make: impl FnOnce(&mut dyn Write) -> Result<()> + Send + 'static) -> Body {
    let (to_net, from_maker) = tokio::sync::mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces { to_net, piece: Vec::with_capacity(PIECE) };
        let done = make(&mut pieces).and_then(|()| pieces.flush().map_err(Error::from));
        if let Err(e) = done {
            tracing::warn!(kind = ?e.kind, "a download broke off");
            let _ = pieces.to_net.blocking_send(Err(std::io::Error::other("broken off")));
        }
    });
    // Compression asks once more after the end.
    Body::from_stream(futures_util::stream::unfold(from_maker, |mut rx| async { rx.recv().await.map(|item| (item, rx)) }).fuse())
}

struct Pieces {
    to_net: Sender<std::io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Pieces {
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
        self.to_net.blocking_send(Ok(Bytes::from(piece))).map_err(|_| std::io::Error::from(std::io::ErrorKind::BrokenPipe))
    }
}
