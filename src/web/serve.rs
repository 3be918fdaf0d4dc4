//! The server itself: answers until it is told to stop, then finishes what it has begun.

use super::app::App;
use super::router::router;
use crate::{Error, Result};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// After the signal to stop, requests under way have so long to end.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until `shutdown` is done. Charts lock then: every session ends, every import under way is stopped and undone.
///
/// # Errors
/// Internal when the network fails.
pub async fn serve(app: Arc<App>, listener: tokio::net::TcpListener, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let service = router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let sweeper = tokio::spawn(sweep(Arc::clone(&app)));
    let looker = tokio::spawn(look(Arc::clone(&app)));
    let keeper = tokio::spawn(keep(Arc::clone(&app)));
    let stopping = Arc::new(tokio::sync::Notify::new());
    let (told, at_stop) = (Arc::clone(&stopping), Arc::clone(&app));
    let graceful = axum::serve(listener, service).with_graceful_shutdown(async move {
        tokio::select! {
            () = shutdown => {}
            // A backup was restored: the vault is opened anew.
            () = at_stop.restores.again.notified() => at_stop.restores.anew.store(true, Ordering::SeqCst),
        }
        at_stop.backups.stop();
        at_stop.jobs.cancel_all();
        at_stop.inboxes.stop();
        told.notify_one();
    });
    let late = async {
        stopping.notified().await;
        tokio::time::sleep(GRACE).await;
    };
    let ended = tokio::select! {
        ended = graceful => ended.map_err(Error::internal),
        () = late => Ok(()),
    };
    sweeper.abort();
    looker.abort();
    keeper.abort();
    app.sessions.end_all();
    app.between.end_all();
    app.standing.end();
    ended
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

/// Looks every half minute whether the nightly backup is to be made, on a thread that may wait.
async fn keep(app: Arc<App>) {
    let mut every = tokio::time::interval(Duration::from_secs(30));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let app = Arc::clone(&app);
        _ = tokio::task::spawn_blocking(move || super::backups::look(&app)).await;
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
        app.jobs.sweep(app.sessions.anyone());
        let server = Arc::clone(&app);
        // Should it fail once, the wait only gets longer.
        let counted = super::app::blocking(move || server.household.count_waits(crate::vault::Clock::now())).await;
        if counted.is_err() {
            tracing::warn!("the waits of trusted contacts could not be counted");
        }
    }
}
