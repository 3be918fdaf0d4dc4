//! The server itself: answers until it is told to stop, then finishes what it has begun.

use super::app::App;
use super::doorway::{self, Doorway};
use super::router::router;
use super::tls::{self, Secured};
use crate::{Error, Result};
use axum_server::tls_rustls::RustlsAcceptor;
use axum_server::{Handle, Server};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

/// After the signal to stop, requests under way have so long to end.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until `shutdown` is done, with TLS where there is a certificate. Charts lock then: every session ends, every import
/// under way is stopped and undone.
///
/// # Errors
/// Internal when the network fails.
pub async fn serve(
    app: Arc<App>,
    listener: tokio::net::TcpListener,
    secured: Option<Secured>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let tasks = [
        tokio::spawn(sweep(Arc::clone(&app))),
        tokio::spawn(look(Arc::clone(&app))),
        tokio::spawn(keep(Arc::clone(&app))),
        tokio::spawn(alive()),
    ];
    let certificates = secured.clone().map(|secured| tokio::spawn(renew(secured)));
    let handle = Handle::new();
    let (ending, at_stop) = (handle.clone(), Arc::clone(&app));
    let stopper = tokio::spawn(async move {
        tokio::select! {
            () = shutdown => {}
            // A backup was restored: the vault is opened anew.
            () = at_stop.restores.again.notified() => at_stop.restores.anew.store(true, Ordering::SeqCst),
        }
        at_stop.backups.stop();
        at_stop.jobs.cancel_all();
        at_stop.inboxes.stop();
        ending.graceful_shutdown(Some(GRACE));
    });
    let service = router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let door = Doorway::new(doorway::MOST, doorway::SILENT);
    let server = axum_server::from_tcp(listener.into_std()?).map_err(Error::internal)?.handle(handle);
    let ended = match secured {
        None => bounded(server.acceptor(door)).serve(service).await,
        Some(secured) => bounded(server.acceptor(RustlsAcceptor::new(secured.config).acceptor(door))).serve(service).await,
    };
    let ended = ended.map_err(Error::internal);
    tasks.into_iter().chain(certificates).for_each(|task| task.abort());
    stopper.abort();
    app.sessions.end_all();
    app.between.end_all();
    app.standing.end();
    app.tools.end();
    ended
}

/// HTTP/1.1, and a request's head within its bounds: whoever sends it letter by letter keeps no place for long.
fn bounded<A>(server: Server<SocketAddr, A>) -> Server<SocketAddr, A> {
    let mut server = server.http1_only().first_request_timeout(doorway::HEAD);
    server.http_builder().http1().header_read_timeout(doorway::HEAD).max_buf_size(doorway::HEAD_BYTES);
    server
}

/// Tells systemd that the server lives, as often as its unit asks for.
async fn alive() {
    let Some(within) = sd_notify::watchdog_enabled() else { return };
    let mut every = tokio::time::interval(within / 3);
    loop {
        every.tick().await;
        // Nobody to tell: then nobody waits for it.
        _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
    }
}

/// Takes a renewed certificate into use.
async fn renew(secured: Secured) {
    let mut since = SystemTime::now();
    let mut every = tokio::time::interval(tls::LOOK);
    loop {
        every.tick().await;
        let secured = secured.clone();
        since = tokio::task::spawn_blocking(move || {
            secured.look(&mut since);
            since
        })
        .await
        .unwrap_or(since);
    }
}

/// Looks into the inboxes every few seconds, on a thread that may wait.
async fn look(app: Arc<App>) {
    let mut every = tokio::time::interval(Duration::from_secs(4));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let app = Arc::clone(&app);
        // A look that panicked is over; the next one comes.
        _ = tokio::task::spawn_blocking(move || {
            super::inbox::look(&app);
            super::renewal::look(&app);
        })
        .await;
    }
}

/// Looks every half minute whether the nightly backup is to be made, and whether a role ends soon, on a thread that may wait.
async fn keep(app: Arc<App>) {
    let mut every = tokio::time::interval(Duration::from_secs(30));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let app = Arc::clone(&app);
        _ = tokio::task::spawn_blocking(move || {
            if let Err(e) = app.household.tell_endings(jiff::Zoned::now().date()) {
                tracing::error!(kind = ?e.kind, "nobody could be told of a role that ends soon");
            }
            super::backups::look(&app);
        })
        .await;
    }
}

/// Locks what nobody has touched for too long, also when no request comes, and forgets imports that ended long ago.
async fn sweep(app: Arc<App>) {
    let mut every = tokio::time::interval(Duration::from_secs(15));
    loop {
        every.tick().await;
        app.sessions.sweep();
        app.between.sweep();
        app.joins.sweep();
        app.tools.sweep();
        app.jobs.sweep(app.sessions.anyone());
        let server = Arc::clone(&app);
        // Should it fail once, the wait only gets longer.
        let counted = super::app::blocking(move || server.household.count_waits(crate::vault::Clock::now())).await;
        if counted.is_err() {
            tracing::warn!("the waits of trusted contacts could not be counted");
        }
    }
}
