//! `keepwell member recover`: a new passphrase with the recovery key alone. Only here, at the server's console: who stands here
//! has the encrypted files anyway. Over the network it takes a recovery code as well.

use super::{Ended, only_member, passphrase};
use crate::config::Config;
use crate::household::Household;
use crate::vault::{Place, Vault};
use crate::{Error, Kind, Result};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What `member recover` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A file that holds the recovery key; a terminal is asked otherwise
    #[arg(long, value_name = "FILE")]
    pub recovery_key_file: Option<PathBuf>,
    /// Also take off all second factors and recovery codes, because they are lost. Without this they stay as they are
    #[arg(long)]
    pub reset_factors: bool,
}

/// Runs it.
///
/// # Errors
/// Denied when the key is not the member's; Usage when the new passphrase will not do; Busy while the server runs.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    let household = Household::new(Arc::new(Vault::open(&config.vault_dir()?)?));
    let name = match &config.member {
        Some(name) => name.clone(),
        None => only_member(&household)?,
    };
    let who = household.with_recovery_key(&name, &recovery_key(args)?)?;
    let new = passphrase(config, "New passphrase of 15 characters or more: ")?;
    if config.passphrase_file.is_none() && passphrase(config, "The same again: ")? != new {
        return Err(Error::new(Kind::Usage, "The two passphrases differ. Nothing was changed. Try again."));
    }
    let strength = household.change_passphrase(&who, &new, &Place::command_line())?;
    eprintln!("{name} has a new passphrase now ({}). The recovery key stays the same.", strength.words());
    let factors = household.factors(&who.member.id)?.len();
    if args.reset_factors {
        household.reset_factors(&who, &Place::command_line())?;
        eprintln!("Taken off: {factors} second factors, and all recovery codes. The passphrase alone signs in until new ones are added.");
    } else if factors > 0 {
        eprintln!("The second factors stay: signing in asks for one. If they are lost, run this again with --reset-factors.");
    }
    Ok(Ended::Done)
}

fn recovery_key(args: &Args) -> Result<Zeroizing<String>> {
    if let Some(file) = &args.recovery_key_file {
        let unread = |e| Error::new(Kind::Usage, format!("The file {} cannot be read.", file.display())).because(e);
        return std::fs::read_to_string(file).map(Zeroizing::new).map_err(unread);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Error::new(Kind::Usage, "There is no terminal to ask for the recovery key. Name a file with --recovery-key-file."));
    }
    rpassword::prompt_password("Recovery key: ").map(Zeroizing::new).map_err(Error::from)
}
