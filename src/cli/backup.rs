//! `keepwell backup`: one file of the whole household, proven, and a new vault out of one.

use super::{Ended, open, passphrase, progress};
use crate::config::Config;
use crate::household::{Opening, restore, verify};
use crate::vault::{BackupSummary, Place, Vault};
use crate::{Error, Kind, Result};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use zeroize::Zeroizing;

/// What `backup` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Make a backup, and prove it by restoring it into a scratch folder. While the server runs, its page Settings, Backups does this
    Create {
        /// The file to make
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Restore a backup into a scratch folder, compare every file and table, and remove it again
    Verify {
        /// The backup
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        key: KeyFile,
    },
    /// Restore a backup into a new folder: the one of --vault
    Restore {
        /// The backup
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        key: KeyFile,
    },
}

#[derive(clap::Args, Debug)]
struct KeyFile {
    /// A file that holds the recovery key, in place of the passphrase
    #[arg(long, value_name = "FILE")]
    recovery_key_file: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// Busy while the server has the vault open; Denied when the backup does not open; Refused when it is damaged or of a newer Keepwell.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    let summary = match &args.action {
        Action::Create { out } => create(config, out)?,
        Action::Verify { file, key } => {
            let opening = key.opening(config)?;
            watched("Verifying", |watch| verify(file, &opening, &scratch_of(file), watch))?
        }
        Action::Restore { file, key } => {
            let dir = config.vault.clone().ok_or_else(|| Error::new(Kind::Usage, "Name the new folder: --vault NEWDIR."))?;
            if Vault::exists(&dir) {
                let words = "There is a vault in this folder already. Nothing was changed. Name a new folder with --vault.";
                return Err(Error::new(Kind::Usage, words));
            }
            let opening = key.opening(config)?;
            let done = watched("Restoring", |watch| restore(file, &opening, &dir, watch))?;
            eprintln!("Restored into {}. Everything in it was compared with the backup.", dir.display());
            done
        }
    };
    tell(&summary);
    Ok(Ended::Done)
}

fn create(config: &Config, out: &Path) -> Result<BackupSummary> {
    if out.exists() {
        return Err(Error::new(
            Kind::Usage,
            format!("There is a file {} already. Nothing was written. Choose another name.", out.display()),
        ));
    }
    let opened = open(config).map_err(|e| {
        if e.kind != Kind::Busy {
            return e;
        }
        let words = "Keepwell is running with this vault. It makes backups itself: on its page Settings, Backups (/settings/backups) you can \
                     make one now and download it. Or stop it first: systemctl stop keepwell.";
        Error::new(Kind::Busy, words)
    })?;
    watched("Backing up", |watch| opened.household.back_up(Some(&opened.who), &Place::command_line(), out, watch))
        .inspect(|_| eprintln!("Made and verified: {}. Keep a copy on another disk.", out.display()))
}

fn tell(s: &BackupSummary) {
    eprintln!("{} charts, {} files, {} rows compared; {} bytes, made by Keepwell {}.", s.charts, s.files, s.rows, s.size, s.keepwell);
    if s.sealed > 0 {
        eprintln!("{} of the charts are in it as they lie on the disk, encrypted under their own keys.", s.sealed);
    }
}

impl KeyFile {
    fn opening(&self, config: &Config) -> Result<Opening> {
        if let Some(file) = &self.recovery_key_file {
            let unread = |e| Error::new(Kind::Usage, format!("The file {} cannot be read.", file.display())).because(e);
            let text = std::fs::read_to_string(file).map(Zeroizing::new).map_err(unread)?;
            // What age-keygen writes has comments around the key.
            let line = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
            return Ok(Opening::RecoveryKey(Zeroizing::new(line.to_owned())));
        }
        Ok(Opening::typed(&passphrase(config, "Passphrase of the backup: ")?))
    }
}

/// Beside the file if one may write there, so that a large backup does not fill a temporary folder in memory.
fn scratch_of(file: &Path) -> PathBuf {
    let name = format!("keepwell-proof-{}", std::process::id());
    let beside = file.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p }).unwrap_or_else(|| Path::new("."));
    let writable = rustix::fs::access(beside, rustix::fs::Access::WRITE_OK).is_ok();
    if writable { beside.join(name) } else { std::env::temp_dir().join(name) }
}

/// Runs work with a bar on a terminal; Ctrl-C stops it and leaves nothing behind.
fn watched<T>(what: &'static str, work: impl FnOnce(&dyn Fn(u64, u64) -> bool) -> Result<T>) -> Result<T> {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg:12} {bar:30} {bytes}/{total_bytes}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    let stop: Arc<AtomicBool> = if std::io::stderr().is_terminal() { progress::stop_flag() } else { Arc::default() };
    let done = work(&|done, total| {
        bar.set_length(total);
        bar.set_position(done);
        !stop.load(Ordering::Relaxed)
    });
    bar.finish_and_clear();
    done
}
