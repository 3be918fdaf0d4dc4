//! Long-term links are renewed while a chart is open: soon after it has changed, and once when it was opened, since it may
//! have changed without the server.

use super::app::App;
use crate::vault::Chart;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Which state of which open chart its links have.
#[derive(Debug, Default)]
pub(crate) struct Renewals(Mutex<HashMap<String, (Weak<Chart>, u64)>>);

impl Renewals {
    /// Whether this chart has changed since it was last asked about, or was opened anew.
    fn is_due(&self, chart: &Arc<Chart>) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, (chart, _)| chart.strong_count() > 0);
        let (now, id) = (chart.changes(), chart.person().id.clone());
        let same = seen.get(&id).is_some_and(|(held, at)| *at == now && std::ptr::eq(held.as_ptr(), Arc::as_ptr(chart)));
        seen.insert(id, (Arc::downgrade(chart), now));
        !same
    }

    fn forget(&self, chart: &Chart) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&chart.person().id);
    }
}

/// Renews what is due in all open charts. For a thread that may wait.
pub(crate) fn look(app: &Arc<App>) {
    for session in app.sessions.live() {
        // Who may see only a part of a chart cannot renew what was given of all of it.
        for chart in session.held().into_iter().filter(|chart| !chart.is_limited()) {
            if app.renewals.is_due(&chart)
                && let Err(e) = crate::share::renew(&app.household, &chart)
            {
                // It gives what it gave, and is tried again.
                app.renewals.forget(&chart);
                tracing::warn!(kind = ?e.kind, "a long-term link could not be renewed");
            }
        }
    }
}
