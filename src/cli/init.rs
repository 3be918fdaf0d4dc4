//! `keepwell init`: a new vault, its first member and person.

use super::{Ended, passphrase};
use crate::config::Config;
use crate::household::{Beginning, Household};
use crate::vault::Vault;
use crate::{Error, Kind, Result};
use clap::ValueEnum;
use std::sync::Arc;

/// What `init` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The person's birth date
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub birth_date: String,
    /// The person's sex, as records state it
    #[arg(long, value_enum, default_value = "unknown")]
    pub sex: Sex,
}

/// FHIR administrative gender.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Sex {
    Female,
    Male,
    Other,
    Unknown,
}

/// Runs it.
///
/// # Errors
/// Usage when a field is missing or will not do; Internal when the disk fails. No half-made vault stays behind.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    let missing = |what: &str| Error::new(Kind::Usage, format!("Say {what}."));
    let member = config.member.as_deref().ok_or_else(|| missing("who signs in: --member NAME"))?;
    // The flag that everywhere else names one of the people here gives the first of them their name.
    let person = config.person.as_deref().ok_or_else(|| missing("whose chart this is: --person \"FULL NAME\""))?;
    let dir = config.vault_dir()?;
    let secret = passphrase(config, "Choose a passphrase of 15 characters or more: ")?;
    if config.passphrase_file.is_none() && passphrase(config, "The same again: ")? != secret {
        return Err(Error::new(Kind::Usage, "The two passphrases differ. Nothing was made. Try again."));
    }
    let sex = args.sex.to_possible_value().map_or_else(|| "unknown".to_owned(), |v| v.get_name().to_owned());
    let beginning = Beginning { member, passphrase: &secret, person, birth_date: &args.birth_date, sex: &sex };
    beginning.check()?;
    let household = Household::new(Arc::new(Vault::create(&dir)?));
    let (_, recovery) = household.begin(&beginning)?;
    eprintln!("The vault is ready in {}.\n", dir.display());
    eprintln!("This is the recovery key. It opens the vault without the passphrase, and it is shown only now.");
    eprintln!("Write it on paper and keep it where you keep your passport:\n");
    super::print_line(&recovery)?;
    eprintln!("\nNext: keepwell import FILE…, then keepwell serve.");
    Ok(Ended::Done)
}
