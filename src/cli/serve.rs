//! `keepwell serve`.
use super::Ended;
use crate::Result;
use crate::config::Config;
/// Runs it.
///
/// # Errors
/// Busy.
pub fn run(config: &Config) -> Result<Ended> {
    let _ = config;
    unimplemented!()
}
