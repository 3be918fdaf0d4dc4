//! The first run: who reads the terminal holds the code, and only they may begin the household.

use super::session::token;
use crate::Result;
use std::time::{Duration, Instant};

/// The code is good for so long; a new start of the server gives a new one.
const GOOD_FOR: Duration = Duration::from_secs(30 * 60);

/// The one-time code, while there is nobody yet.
#[derive(Debug)]
pub(crate) struct Setup {
    code: Option<String>,
    made: Instant,
    /// One beginning at a time.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl Setup {
    pub(crate) fn new(is_new: bool) -> Result<Self> {
        let code = if is_new { Some(token()?) } else { None };
        Ok(Self { code, made: Instant::now(), turn: tokio::sync::Mutex::new(()) })
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Whether this is the code. Compares hashes, so the time taken tells nothing.
    pub(crate) fn fits(&self, given: &str) -> bool {
        self.made.elapsed() < GOOD_FOR
            && self.code.as_ref().is_some_and(|code| blake3::hash(code.as_bytes()) == blake3::hash(given.trim().as_bytes()))
    }
}
