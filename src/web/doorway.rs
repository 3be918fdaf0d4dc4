//! Connections: how many at a time, and how long one may be silent.

use axum_server::accept::Accept;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// So many connections at a time; one more is closed at once.
pub(super) const MOST: usize = 512;
/// A connection on which nothing has moved for so long is closed: a form that never ends, an upload that has stopped. Long enough
/// for the largest copy to be made before its first byte goes out.
pub(super) const SILENT: Duration = Duration::from_secs(300);
/// So long the first line and the headers of a request may take.
pub(super) const HEAD: Duration = Duration::from_secs(20);
/// So large they may be.
pub(super) const HEAD_BYTES: usize = 128 * 1024;

/// Lets connections in as long as there is room.
#[derive(Clone, Debug)]
pub(super) struct Doorway {
    room: Arc<Semaphore>,
    silent: Duration,
}

impl Doorway {
    pub(super) fn new(most: usize, silent: Duration) -> Self {
        Self { room: Arc::new(Semaphore::new(most)), silent }
    }
}

impl<I, S> Accept<I, S> for Doorway {
    type Stream = Guest<I>;
    type Service = S;
    type Future = Ready<io::Result<(Guest<I>, S)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            return ready(Err(io::Error::other("too many connections")));
        };
        let silent = self.silent;
        ready(Ok((Guest { stream, timer: Box::pin(sleep(silent)), moved: Instant::now(), silent, _place: place }, service)))
    }
}

/// A connection that has its place.
#[derive(Debug)]
pub(super) struct Guest<I> {
    stream: I,
    timer: Pin<Box<Sleep>>,
    moved: Instant,
    silent: Duration,
    _place: OwnedSemaphorePermit,
}

impl<I> Guest<I> {
    fn has_moved(&mut self) {
        self.moved = Instant::now();
    }

    /// Whether it has been silent for too long. Wakes the task when that moment comes.
    fn is_silent(&mut self, cx: &mut Context<'_>) -> bool {
        while self.timer.as_mut().poll(cx).is_ready() {
            let until = self.moved + self.silent;
            if until <= Instant::now() {
                return true;
            }
            self.timer.as_mut().reset(until);
        }
        false
    }

    fn watched<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match poll {
            Poll::Pending if self.is_silent(cx) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Ready(Ok(done)) => {
                self.has_moved();
                Poll::Ready(Ok(done))
            }
            other => other,
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Guest<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.watched(cx, poll)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Guest<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watched(cx, poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.watched(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn one_too_many_and_one_too_silent_are_let_go() {
        let door = Doorway::new(1, Duration::from_millis(200));
        let (mut client, server) = tokio::io::duplex(64);
        let (mut guest, ()) = door.accept(server, ()).await.expect("room");
        let (_other, more) = tokio::io::duplex(64);
        assert!(door.accept(more, ()).await.is_err(), "no room");
        let mut one = [0];
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            client.write_all(b"x").await.expect("written");
            guest.read_exact(&mut one).await.expect("it moves, so it stays");
        }
        let began = Instant::now();
        let e = guest.read_exact(&mut one).await.expect_err("silent");
        assert_eq!(e.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= Duration::from_millis(150));
        drop(guest);
        let (_third, again) = tokio::io::duplex(64);
        assert!(door.accept(again, ()).await.is_ok(), "room again");
    }
}
