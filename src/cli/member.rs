//! `keepwell member`: the members of the household.

use super::Ended;
use super::recover;
use crate::Result;
use crate::config::Config;

/// What `member` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Set a new passphrase with the recovery key, for who has forgotten theirs
    Recover(recover::Args),
}

/// Runs it.
///
/// # Errors
/// Those of the command.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    match &args.command {
        Command::Recover(args) => recover::run(config, args),
    }
}
