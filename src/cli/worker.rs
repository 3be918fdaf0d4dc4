//! The hidden command by which Keepwell runs itself to read what may be hostile.

use std::process::ExitCode;

/// If this process was started as a worker, does its work and returns the exit code.
pub fn asked_for() -> Option<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (first, rest) = args.split_first()?;
    (first == crate::import::worker::COMMAND).then(|| crate::import::worker::run_worker(rest))
}
