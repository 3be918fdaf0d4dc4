//! The first run: who reads the terminal holds the code, and only they may begin the household.

use super::session::token;
use crate::Result;

/// The one-time code, while there is nobody yet.
#[derive(Debug)]
pub(crate) struct Setup {
    code: Option<String>,
    /// One beginning at a time.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl Setup {
    pub(crate) fn new(is_new: bool) -> Result<Self> {
        let code = if is_new { Some(token()?) } else { None };
        Ok(Self { code, turn: tokio::sync::Mutex::new(()) })
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Whether this is the code. Compares hashes, so the time taken tells nothing.
    pub(crate) fn fits(&self, given: &str) -> bool {
        self.code.as_ref().is_some_and(|code| blake3::hash(code.as_bytes()) == blake3::hash(given.trim().as_bytes()))
    }
}
