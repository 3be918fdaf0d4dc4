//! keepwell
use keepwell::import::worker;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((first, rest)) if first == worker::COMMAND => worker::run_worker(rest),
        _ => ExitCode::from(2),
    }
}
