//! Who has taken an invite up and has not yet confirmed or declined the recovery key. They are no member and have no session:
//! all that the browser holds is a token that leads to this table, and all that it opens is the one page that asks.

use super::app::App;
use super::session::{cookie, cookie_name, cookie_with, hash, token};
use crate::Result;
use crate::household::Joining;
use axum::http::{HeaderMap, HeaderValue};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The page waits for so long; then the link is opened again.
const WAITS: Duration = Duration::from_secs(30 * 60);
/// So many may be joining at once; beyond that the oldest begins again.
const MOST: usize = 64;
const NAME: &str = "-join";

/// All who are joining, by the hash of their token.
#[derive(Debug, Default)]
pub(crate) struct Joins(Mutex<Table>);

type Table = HashMap<[u8; 32], (Instant, Arc<Joining>)>;

impl Joins {
    fn table(&self) -> MutexGuard<'_, Table> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.retain(|_, (since, _)| since.elapsed() < WAITS);
        table
    }

    /// Keeps them; gives the token for their cookie.
    pub(crate) fn start(&self, joining: Joining) -> Result<String> {
        let token = token()?;
        let mut table = self.table();
        while table.len() >= MOST {
            let oldest = table.iter().min_by_key(|(_, (since, _))| *since).map(|(key, _)| *key);
            oldest.map(|key| table.remove(&key));
        }
        table.insert(hash(&token), (Instant::now(), Arc::new(joining)));
        Ok(token)
    }

    pub(crate) fn find(&self, token: &str) -> Option<Arc<Joining>> {
        self.table().get(&hash(token)).map(|(_, joining)| Arc::clone(joining))
    }

    pub(crate) fn end(&self, token: &str) {
        self.table().remove(&hash(token));
    }

    pub(crate) fn sweep(&self) {
        drop(self.table());
    }
}

/// The cookie of who is joining. An empty token removes it.
pub(crate) fn join_cookie(app: &App, token: &str) -> HeaderValue {
    cookie_with(app, NAME, token, Some(if token.is_empty() { 0 } else { WAITS.as_secs().cast_signed() }))
}

pub(crate) fn join_token(app: &App, headers: &HeaderMap) -> Option<String> {
    cookie(headers, &cookie_name(app, NAME)).filter(|token| token.len() == 43)
}
