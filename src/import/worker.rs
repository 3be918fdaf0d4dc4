//! A process of its own for what may be hostile.
use std::process::ExitCode;
/// The hidden command.
pub const COMMAND: &str = "__worker";
/// Runs it.
pub fn run(args: impl Iterator<Item = String>) -> ExitCode {
    let _ = args;
    unimplemented!()
}
