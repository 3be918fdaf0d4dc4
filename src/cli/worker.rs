//! The hidden command by which Keepwell runs itself to read what may be hostile.

use std::process::ExitCode;

/// If this process was started as a worker, does its work and returns the exit code.
pub fn asked_for() -> Option<ExitCode> {
    // Names of files need not be text: what is none names no hidden command.
    let args: Vec<String> = std::env::args_os().skip(1).map_while(|arg| arg.into_string().ok()).collect();
    let (first, rest) = args.split_first()?;
    (first == crate::import::worker::COMMAND).then(|| crate::import::worker::run_worker(rest))
}
