//! Unlock at boot: a member whose charts the server holds open for its own work (inbox, backups, links), if the household chose
//! so. It shows nobody anything: people still sign in with their factors.

use crate::household::SignedIn;
use crate::vault::Chart;
use std::sync::{Arc, Mutex, PoisonError};

/// The member of the unlock file, with their opened key and charts.
#[derive(Debug, Default)]
pub(crate) struct Standing(Mutex<Option<Open>>);

#[derive(Debug)]
struct Open {
    who: Arc<SignedIn>,
    /// Held, so that they need not be opened again for each piece of work.
    charts: Vec<Arc<Chart>>,
}

impl Standing {
    pub(crate) fn begin(&self, who: SignedIn, charts: Vec<Arc<Chart>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Open { who: Arc::new(who), charts });
    }

    /// The member for whom background work may be done, if the server was unlocked at boot.
    pub(crate) fn who(&self) -> Option<Arc<SignedIn>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|open| Arc::clone(&open.who))
    }

    /// Closes one of its charts.
    pub(crate) fn let_go(&self, person: &str) {
        if let Some(open) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            open.charts.retain(|chart| chart.person().id != person);
        }
    }

    pub(crate) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
