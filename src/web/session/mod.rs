//! Who is signed in. A session holds the member's opened key, so it lives in memory only: a table of ours, found by the hash
//! of a random token that only the browser's cookie holds.
//!
//! table.rs: all of them, and how they end · cookies.rs: the one place that makes cookies · visitor.rs: who sends a request, and
//! the fresh proof that some ask for first.

mod cookies;
mod table;
mod visitor;

pub(crate) use cookies::{IDLE_CHOICES, IDLE_COOKIE, THEME_COOKIE, choice_cookie, cookie, cookie_name, cookie_with, look, session_cookie};
pub(crate) use table::{Sessions, Typed};
pub(crate) use visitor::{Visitor, attach, local, to_sign_in};

use crate::household::{AppSetup, PasskeyAsked, PasskeySetup, SignedIn};
use crate::vault::Chart;
use crate::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest that one sign-in lasts.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// So many searches and filters are remembered in a session.
const KEPT_WORDS: usize = 40;

type TokenHash = [u8; 32];

/// A random 256-bit token, for cookies, addresses and codes.
///
/// # Errors
/// Internal when the system has no randomness to give.
pub(crate) fn token() -> Result<String> {
    let mut bytes = [0_u8; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A member's time here.
#[derive(Debug)]
pub(crate) struct Session {
    /// Who, with their opened key.
    pub(crate) who: Arc<SignedIn>,
    /// Names this session in the list of sessions; opens nothing.
    pub(crate) id: String,
    /// Where it began, for the list.
    pub(crate) seen: Seen,
    started: Instant,
    proofs: Mutex<Proofs>,
    step: Mutex<Step>,
    times: Mutex<Times>,
    /// The charts that this member has opened stay open until the session ends; then their keys go.
    charts: Mutex<HashMap<String, Arc<Chart>>>,
    /// By chart: when this member had last been here before this session.
    visits: Mutex<HashMap<String, Option<i64>>>,
    words: Mutex<VecDeque<(String, String)>>,
    /// Records whose pages were opened: their pictures and frames are parts of those looks.
    looked: Mutex<HashSet<(String, i64)>>,
    recovery: Mutex<Option<String>>,
}

/// From where and with what a session began.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) address: std::net::IpAddr,
    pub(crate) browser: String,
    /// Seconds since 1970.
    pub(crate) began: i64,
}

/// When this member has last shown that it is them.
#[derive(Clone, Copy, Debug)]
struct Proofs {
    any: Instant,
    second: Option<Instant>,
}

/// What is under way on the pages of sign-in, one of each at a time.
#[derive(Debug, Default)]
struct Step {
    app: Option<Arc<AppSetup>>,
    passkey: Option<PasskeySetup>,
    asked: Option<PasskeyAsked>,
    typed: Option<Typed>,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    seen: Instant,
    idle: Duration,
}

/// Idle for too long, or too old in any case.
fn is_over(started: Instant, times: Times, now: Instant) -> bool {
    now.duration_since(times.seen) >= times.idle || now.duration_since(started) >= LONGEST
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        is_over(self.started, *lock(&self.times), now)
    }

    /// Whether the member has shown within so long that it is still them, by passphrase or second factor.
    pub(crate) fn is_fresh(&self, within: Duration) -> bool {
        lock(&self.proofs).any.elapsed() < within
    }

    /// The same by the second factor alone.
    pub(crate) fn is_fresh_by_second(&self, within: Duration) -> bool {
        lock(&self.proofs).second.is_some_and(|at| at.elapsed() < within)
    }

    /// The member has just shown that it is them.
    pub(crate) fn proved(&self, by_second: bool) {
        let mut proofs = lock(&self.proofs);
        proofs.any = Instant::now();
        if by_second {
            proofs.second = Some(proofs.any);
        }
    }

    /// The authenticator app that is being set up: the same secret until it is done, so that a page may be looked at twice.
    pub(crate) fn app_setup(&self) -> Result<Arc<AppSetup>> {
        let mut step = lock(&self.step);
        if let Some(setup) = &step.app {
            return Ok(Arc::clone(setup));
        }
        let setup = Arc::new(AppSetup::new()?);
        step.app = Some(Arc::clone(&setup));
        Ok(setup)
    }

    pub(crate) fn app_is_set_up(&self) {
        lock(&self.step).app = None;
    }

    /// The passkey that is being made, and the one that is being asked for: each challenge is good once.
    pub(crate) fn set_passkey(&self, setup: PasskeySetup) {
        lock(&self.step).passkey = Some(setup);
    }

    pub(crate) fn passkey(&self) -> Option<PasskeySetup> {
        lock(&self.step).passkey.take()
    }

    pub(crate) fn ask(&self, asked: PasskeyAsked) {
        lock(&self.step).asked = Some(asked);
    }

    pub(crate) fn asked(&self) -> Option<PasskeyAsked> {
        lock(&self.step).asked.take()
    }

    /// What was typed into a form that asked for a fresh proof first.
    fn hold_typed(&self, typed: Typed) {
        lock(&self.step).typed = Some(typed);
    }

    pub(crate) fn typed(&self) -> Option<Typed> {
        lock(&self.step).typed.take()
    }

    pub(crate) fn last_seen(&self) -> Duration {
        lock(&self.times).seen.elapsed()
    }

    /// How long it stays open when nobody does anything.
    pub(crate) fn idle(&self) -> Duration {
        lock(&self.times).idle
    }

    pub(crate) fn set_idle(&self, idle: Duration) {
        lock(&self.times).idle = idle;
    }

    /// Opening a chart takes keys, a look through its originals and a new cache: once a session, not once a page.
    pub(crate) fn hold(&self, chart: &Arc<Chart>) {
        let mut charts = lock(&self.charts);
        if !charts.get(&chart.person().id).is_some_and(|held| Arc::ptr_eq(held, chart)) {
            charts.insert(chart.person().id.clone(), Arc::clone(chart));
        }
    }

    /// Closes a chart that this session holds open.
    pub(crate) fn let_go(&self, person: &str) {
        let gone = lock(&self.charts).remove(person);
        // Closing may touch the disk: others do not wait for it.
        drop(gone);
    }

    /// The charts that are open in this session.
    pub(crate) fn held(&self) -> Vec<Arc<Chart>> {
        lock(&self.charts).values().cloned().collect()
    }

    pub(crate) fn keep(&self, typed: &str) -> String {
        let mut words = lock(&self.words);
        if let Some((token, _)) = words.iter().find(|(_, t)| t == typed) {
            return token.clone();
        }
        let Ok(token) = token() else { return String::new() };
        let token = token[..16].to_owned();
        if words.len() >= KEPT_WORDS {
            words.pop_front();
        }
        words.push_back((token.clone(), typed.chars().take(1000).collect()));
        token
    }

    pub(crate) fn kept(&self, token: &str) -> Option<String> {
        lock(&self.words).iter().find(|(t, _)| t == token).map(|(_, typed)| typed.clone())
    }

    /// Notes that the pages of these records were opened.
    pub(crate) fn looked(&self, chart: &str, records: &[i64]) {
        lock(&self.looked).extend(records.iter().map(|rid| (chart.to_owned(), *rid)));
    }

    pub(crate) fn has_looked(&self, chart: &str, rid: i64) -> bool {
        lock(&self.looked).contains(&(chart.to_owned(), rid))
    }

    /// The recovery key, from the first day until it was confirmed or declined.
    pub(crate) fn recovery(&self) -> Option<String> {
        lock(&self.recovery).clone()
    }

    pub(crate) fn set_recovery(&self, key: Option<String>) {
        *lock(&self.recovery) = key;
    }

    /// When this member was last on this chart before this session; notes that they are here now.
    pub(crate) fn visit(&self, chart: &Arc<Chart>, id: &str) -> Option<i64> {
        let mut visits = lock(&self.visits);
        if let Some(before) = visits.get(id) {
            return *before;
        }
        let note = format!("last-visit/{}", self.who.member.id);
        let before = chart.note(&note).ok().flatten().and_then(|text| text.parse().ok());
        visits.insert(id.to_owned(), before);
        // An import may be writing just now: the page does not wait for it.
        let chart = Arc::clone(chart);
        let now = crate::web::pages::words::now().to_string();
        std::thread::spawn(move || {
            if chart.set_note(&note, &now).is_err() {
                tracing::warn!("the time of this visit could not be noted");
            }
        });
        before
    }
}

pub(crate) fn hash(token: &str) -> TokenHash {
    *blake3::hash(token.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_in_any_case() {
        let (began, idle) = (Instant::now(), Duration::from_secs(900));
        let after = |seconds: u64| began + Duration::from_secs(seconds);
        let busy_until = |seconds: u64| Times { seen: after(seconds), idle };
        assert!(!is_over(began, busy_until(0), after(899)) && is_over(began, busy_until(0), after(900)), "idle");
        let longest = LONGEST.as_secs();
        assert!(!is_over(began, busy_until(longest - 2), after(longest - 1)));
        assert!(is_over(began, busy_until(longest - 2), after(longest)), "whoever goes on without a pause signs in again too");
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let (a, b) = (token().expect("random"), token().expect("random"));
        assert_ne!(a, b);
        assert_eq!(a.len(), 43);
    }
}
