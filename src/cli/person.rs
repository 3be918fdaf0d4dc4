//! `keepwell person`: the people whose charts are kept.

use super::init::Sex;
use super::{Ended, ListArgs, open, print_json, print_line};
use crate::Result;
use crate::config::Config;
use clap::ValueEnum;
use serde_json::json;

/// What `person` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// A new person with a chart of their own; the member who adds them owns it
    Add(AddArgs),
    /// List the people whose charts this member may open
    List(ListArgs),
}

#[derive(clap::Args, Debug)]
struct AddArgs {
    /// The full name, as the doctor's office writes it
    #[arg(value_name = "FULL NAME")]
    name: String,
    /// The birth date
    #[arg(long, value_name = "YYYY-MM-DD")]
    birth_date: String,
    /// The sex, as records state it
    #[arg(long, value_enum, default_value = "unknown")]
    sex: Sex,
}

/// Runs it.
///
/// # Errors
/// Usage when a field will not do; Denied; Internal when the vault fails.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    let opened = open(config)?;
    match &args.command {
        Command::Add(args) => {
            let sex = args.sex.to_possible_value().map_or_else(|| "unknown".to_owned(), |v| v.get_name().to_owned());
            let person = opened.household.add_person(&opened.who, &args.name, &args.birth_date, &sex)?;
            eprintln!("{} has a chart now. Name it with --person \"{}\".", person.name, person.name);
            print_line(&person.id)?;
        }
        Command::List(args) => {
            let charts = opened.household.charts(&opened.who)?;
            if args.json {
                let people = charts.iter().map(|(p, role)| {
                    json!({"id": p.id, "name": p.name, "birthDate": p.birth_date, "sex": p.sex, "colour": p.colour, "role": role.slug()})
                });
                print_json(&json!({"people": people.collect::<Vec<_>>()}))?;
            } else {
                for (person, role) in &charts {
                    print_line(&format!("{}  {}, born {} ({})", person.id, person.name, person.birth_date, role.slug()))?;
                }
            }
        }
    }
    Ok(Ended::Done)
}
