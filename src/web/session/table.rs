//! All sessions: begun, found, quiet for too long, ended.

use super::{LONGEST, Proofs, Seen, Session, Times, TokenHash, hash, lock, token};
use crate::Result;
use crate::household::SignedIn;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What somebody had typed when the chart locked.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) path: String,
    pub(crate) fields: Vec<(String, String)>,
}

/// A session that ended by itself: enough to say so, and to give back what was typed.
#[derive(Debug)]
struct Ended {
    member: String,
    at: Instant,
    typed: Option<Typed>,
}

/// All sessions.
#[derive(Debug)]
pub(crate) struct Sessions {
    idle: Duration,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    open: HashMap<TokenHash, Arc<Session>>,
    ended: HashMap<TokenHash, Ended>,
}

impl Sessions {
    pub(crate) fn new(idle: Duration) -> Self {
        Self { idle, table: Mutex::default() }
    }

    /// A new session; gives the token for the cookie. `second`: the second factor was shown too.
    pub(crate) fn start(&self, who: Arc<SignedIn>, seen: Seen, second: bool, idle: Option<Duration>) -> Result<String> {
        self.start_with(who, seen, second, idle, None)
    }

    /// The first session of a member, with the recovery key to be shown.
    pub(crate) fn start_with(
        &self,
        who: Arc<SignedIn>,
        seen: Seen,
        second: bool,
        idle: Option<Duration>,
        recovery: Option<String>,
    ) -> Result<String> {
        let (token, mut id) = (token()?, token()?);
        id.truncate(22);
        let now = Instant::now();
        let session = Session {
            who,
            id,
            seen,
            started: now,
            proofs: Mutex::new(Proofs { any: now, second: second.then_some(now) }),
            step: Mutex::default(),
            times: Mutex::new(Times { seen: now, idle: idle.unwrap_or(self.idle) }),
            charts: Mutex::default(),
            visits: Mutex::default(),
            words: Mutex::default(),
            looked: Mutex::default(),
            recovery: Mutex::new(recovery),
        };
        lock(&self.table).open.insert(hash(&token), Arc::new(session));
        Ok(token)
    }

    /// The session of a token; Err when it has ended by itself.
    pub(super) fn find(&self, token: &str, touch: bool) -> Result<Option<Arc<Session>>, ()> {
        let (key, now) = (hash(token), Instant::now());
        let mut table = lock(&self.table);
        table.sweep(now);
        if table.ended.contains_key(&key) {
            return Err(());
        }
        let session = table.open.get(&key).cloned();
        if let Some(session) = session.as_ref().filter(|_| touch) {
            lock(&session.times).seen = now;
        }
        Ok(session)
    }

    /// Ends those that have been quiet for too long: their keys go.
    pub(crate) fn sweep(&self) {
        lock(&self.table).sweep(Instant::now());
    }

    /// All that are open.
    pub(crate) fn live(&self) -> Vec<Arc<Session>> {
        let mut table = lock(&self.table);
        table.sweep(Instant::now());
        table.open.values().cloned().collect()
    }

    /// The open sessions of a member, the latest begun first.
    pub(crate) fn of(&self, member: &str) -> Vec<Arc<Session>> {
        let mut own: Vec<_> = self.live().into_iter().filter(|s| s.who.member.id == member).collect();
        own.sort_by_key(|s| std::cmp::Reverse(s.started));
        own
    }

    /// Ends those sessions of a member that `which` picks.
    pub(crate) fn end_those(&self, member: &str, which: impl Fn(&Session) -> bool) {
        let mut table = lock(&self.table);
        let gone: Vec<_> = table.open.extract_if(|_, s| s.who.member.id == member && which(s)).collect();
        drop(table);
        // Closing their charts may touch the disk: others do not wait for it.
        drop(gone);
    }

    /// Whether anyone is signed in.
    pub(crate) fn anyone(&self) -> bool {
        !lock(&self.table).open.is_empty()
    }

    /// Signs out.
    pub(crate) fn end(&self, token: &str) {
        let key = hash(token);
        let mut table = lock(&self.table);
        let gone = table.open.remove(&key);
        table.ended.remove(&key);
        drop(table);
        // Closing its charts may touch the disk: others do not wait for it.
        drop(gone);
    }

    /// Ends all: the server stops.
    pub(crate) fn end_all(&self) {
        *lock(&self.table) = Table::default();
    }

    pub(super) fn keep_typed(&self, token: &str, typed: Typed) {
        if let Some(ended) = lock(&self.table).ended.get_mut(&hash(token)) {
            ended.typed = Some(typed);
        }
    }

    /// The idle time of a session that chose none.
    pub(crate) fn idle(&self) -> Duration {
        self.idle
    }

    /// Whether something typed is kept for whoever signs in again.
    pub(crate) fn has_typed(&self, token: &str) -> bool {
        lock(&self.table).ended.get(&hash(token)).is_some_and(|ended| ended.typed.is_some())
    }

    /// What the same member had typed when the chart locked; it is given back once.
    pub(crate) fn give_back(&self, token: &str, member: &str) -> Option<Typed> {
        let ended = lock(&self.table).ended.remove(&hash(token))?;
        ended.typed.filter(|_| ended.member == member)
    }
}

impl Table {
    fn sweep(&mut self, now: Instant) {
        let over: Vec<TokenHash> = self.open.iter().filter(|(_, s)| s.is_over(now)).map(|(k, _)| *k).collect();
        for key in over {
            if let Some(session) = self.open.remove(&key) {
                self.ended.insert(key, Ended { member: session.who.member.id.clone(), at: now, typed: None });
            }
        }
        self.ended.retain(|_, ended| now.duration_since(ended.at) < LONGEST);
    }
}
