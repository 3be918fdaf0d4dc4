//! `keepwell export`.
use super::Ended;
use crate::Result;
use crate::config::Config;
/// What `export` is told.
#[derive(clap::Args, Debug)]
pub struct Args {}
/// Runs it.
///
/// # Errors
/// Busy.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    let _ = (config, args);
    unimplemented!()
}
