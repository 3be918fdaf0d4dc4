//! The `keepwell` program: a switch over commands.

use clap::Parser;
use keepwell::cli::{self, Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = cli::worker::asked_for() {
        return code;
    }
    let Cli { config, command } = Cli::parse();
    cli::prepare(&config);
    let done = match command {
        Command::Serve => cli::serve::run(&config),
        Command::Demo => cli::demo::run(&config),
        Command::Init(args) => cli::init::run(&config, &args),
        Command::Import(args) => cli::import::run(&config, &args),
        Command::Reimport(args) => cli::import::again(&config, &args),
        Command::Records(args) => cli::records::run(&config, &args),
        Command::Sources(args) => cli::sources::run(&config, &args),
        Command::Original(args) => cli::sources::original(&config, &args),
        Command::Export(args) => cli::export::run(&config, &args),
        Command::Member(args) => cli::member::run(&config, &args),
        Command::Person(args) => cli::person::run(&config, &args),
        Command::Share(args) => cli::share::run(&config, &args),
        Command::Check(args) => cli::check::run(&config, &args),
        Command::Audit(args) => cli::audit::run(&config, &args),
        Command::Backup(args) => cli::backup::run(&config, &args),
        Command::Config(args) => cli::check::config(&config, &args),
    };
    cli::exit(done)
}
