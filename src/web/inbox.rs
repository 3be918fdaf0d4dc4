//! What anyone has put into the inbox of a chart is taken in while somebody is signed in who may change it.

use super::app::App;
use crate::Result;
use crate::import::inbox;
use crate::import::pipeline::{Options, Progress};
use crate::vault::{By, Place, Waiting};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What was looked at already, so that a file that stays is not read again and again.
#[derive(Debug, Default)]
pub(crate) struct Inboxes {
    seen: Mutex<HashSet<(String, Waiting)>>,
    stop: AtomicBool,
}

impl Progress for Inboxes {
    fn step(&self, _: u64, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Inboxes {
    /// The server stops: nothing half-read is stored, and the file stays where it is.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// How files of the inbox are read, and by whom they are taken.
pub(crate) fn options(app: &App, by: By) -> Options {
    Options { accept_identity: None, dry_run: false, by, worker: app.worker.clone() }
}

/// Looks into the inboxes of all charts that signed-in members may change, and the member of the unlock file; waits for imports, so it is for a thread of its own.
pub(crate) fn look(app: &Arc<App>) {
    let signed_in = app.sessions.live().into_iter().map(|session| Arc::clone(&session.who));
    for who in signed_in.chain(app.standing.who()) {
        let taken = app.household.waiting(&who).and_then(|waiting| {
            let fresh = |(person, files): &(String, Vec<Waiting>)| {
                let mut seen = app.inboxes.seen.lock().unwrap_or_else(PoisonError::into_inner);
                // All are noted, so no short cut at the first.
                files.iter().filter(|f| seen.insert((person.clone(), (*f).clone()))).count() > 0
            };
            for (person, _) in waiting.iter().filter(|w| fresh(w)) {
                let chart = app.household.open(&who, person)?;
                let read = || inbox::take_in(&chart, &app.limits, &options(app, By::system(Place::server())), &app.inboxes);
                // A reader that panics costs its own file only, and never the server.
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).unwrap_or_else(|_| Ok(Vec::new()))?;
            }
            Result::Ok(())
        });
        if let Err(e) = taken {
            tracing::warn!(kind = ?e.kind, "an inbox could not be read");
        }
    }
}
