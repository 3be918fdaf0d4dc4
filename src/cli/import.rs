//! `keepwell import` and `keepwell reimport`.

use super::progress::{Bar, stop_flag};
use super::{Ended, open, print_json};
use crate::config::Config;
use crate::household::SignedIn;
use crate::import::Limits;
use crate::import::pipeline::{self, Accept, Options};
use crate::import::report::{FileReport, Report};
use crate::vault::{By, Chart, Place, inbox};
use crate::{Error, Kind, Result};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What `import` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Read and report, store nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take the file though it names somebody else; with several people in it, say which: --accept-identity=Patient/123
    #[arg(long, value_name = "PATIENT", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub accept_identity: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Files, folders and archives
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// What `reimport` is told.
#[derive(clap::Args, Debug)]
pub struct AgainArgs {
    /// Read and report, store nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Which sources; all, if none is named
    #[arg(value_name = "SOURCE-ID")]
    pub sources: Vec<String>,
}

/// Runs `import`.
///
/// # Errors
/// Usage when a path does not exist; Denied; Internal when the vault fails.
pub fn run(config: &Config, args: &Args) -> Result<Ended> {
    let files = gather(&args.paths)?;
    let opened = match open(config) {
        Err(e) if e.kind == Kind::Busy && !args.dry_run => return leave(config, args, &files, e),
        other => other?,
    };
    let chart = opened.chart(config, None)?;
    let accept = args.accept_identity.as_deref().map(|p| if p.is_empty() { Accept::Anyone } else { Accept::Patient(p.to_owned()) });
    let options = options(accept, args.dry_run, &opened.who);
    let stop = stop_flag();
    let limits = config.limits();
    let mut report = Report::default();
    let one = |path: &Path| {
        // The folder that a file lay in is nobody's business but the command line's.
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bar = Bar::new(&name, &stop);
        let done = stage(&chart, path, &limits)
            .and_then(|staged| pipeline::import(&chart, staged, &name, &limits, &options, &bar))
            .map(|done| done.report);
        bar.finish();
        done
    };
    let mut over = false;
    for path in files {
        let done = if over { Err(not_read()) } else { one(&path) };
        // What came in before stays in, and the report tells so: a file that cannot be read does not stop the others,
        // a full disk or a wish to stop does.
        over |= matches!(&done, Err(e) if matches!(e.kind, Kind::Internal | Kind::Cancelled | Kind::Busy));
        let mut file = done.unwrap_or_else(|e| failed(&e));
        file.path = path.to_string_lossy().into_owned();
        tell(&file, args.dry_run);
        report.push(file);
    }
    if !args.dry_run {
        super::share::renew_after(&opened.household, &chart);
    }
    finish(&report, args.json)
}

/// Runs `reimport`.
///
/// # Errors
/// NotFound when there is no such source; Denied; Internal when the vault fails.
pub fn again(config: &Config, args: &AgainArgs) -> Result<Ended> {
    let opened = open(config)?;
    let chart = opened.chart(config, None)?;
    let options = options(None, args.dry_run, &opened.who);
    let stop: Arc<AtomicBool> = stop_flag();
    let sources = if args.sources.is_empty() {
        chart.sources()?.into_iter().filter(|s| s.removed.is_none()).map(|s| s.id).collect()
    } else {
        args.sources.clone()
    };
    let mut report = Report::default();
    for source in sources {
        let bar = Bar::new(&source, &stop);
        let done = pipeline::reimport(&chart, &source, &config.limits(), &options, &bar);
        bar.finish();
        let file = match done {
            // Its records stay as they are; the other sources are read all the same.
            Err(e) if e.kind == Kind::Internal => FileReport { source: source.clone(), path: source, ..failed(&e) },
            other => other?,
        };
        tell(&file, args.dry_run);
        report.push(file);
    }
    if !args.dry_run {
        super::share::renew_after(&opened.household, &chart);
    }
    finish(&report, args.json)
}

/// The server has the vault: the files are left in the chart's inbox, encrypted to it, and it takes them in.
fn leave(config: &Config, args: &Args, files: &[PathBuf], busy: Error) -> Result<Ended> {
    let dir = config.vault_dir()?;
    let charts = inbox::charts(&dir)?;
    let chart = match (&config.person, charts.as_slice()) {
        (Some(person), _) if charts.contains(person) => person,
        (None, [only]) => only,
        _ => {
            let words = format!(
                "{} Or leave the files in a chart's inbox: add --person ID, one of {}. Names are encrypted while the server has the vault.",
                busy.words(),
                charts.join(", ")
            );
            return Err(Error::new(Kind::Busy, words).because(busy));
        }
    };
    const WORDS: &str = "Not stored yet: the server has this vault open, so the file waits in the chart's inbox, encrypted. \
                         It is taken in at the next sign-in, or in a few seconds if somebody is signed in.";
    let mut report = Report::default();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let about = inbox::About { name, accept: args.accept_identity.clone(), from: None };
        let mut input = File::open(path).map_err(|e| Error::new(Kind::Usage, format!("{} cannot be read.", path.display())).because(e))?;
        inbox::seal(&dir, chart, &about, &mut input)?;
        eprintln!("{}: {WORDS}", path.display());
        report.push(FileReport { path: path.to_string_lossy().into_owned(), error: Some(WORDS.to_owned()), ..FileReport::default() });
    }
    if args.json {
        print_json(&report)?;
    }
    Ok(Ended::InPart)
}

fn options(accept_identity: Option<Accept>, dry_run: bool, who: &SignedIn) -> Options {
    let worker = std::env::current_exe().unwrap_or_else(|_| "keepwell".into());
    Options { accept_identity, dry_run, by: By::new(who.actor(), Place::command_line()), worker }
}

/// The files below the given paths, folders walked in order of name without following links. Files that begin with a
/// Patient come first, so that files that only refer to them can be told apart.
fn gather(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let missing = |e| Error::new(Kind::Usage, format!("There is no file or folder {}.", path.display())).because(e);
        walk(path, std::fs::metadata(path).map_err(missing)?.is_dir(), &mut files)?;
    }
    // Folder by folder: Patient/1 of the next folder is another hospital's.
    let mut out = Vec::new();
    for folder in files.chunk_by(|a, b| a.parent() == b.parent()) {
        let mut folder = folder.to_vec();
        folder.sort_by_key(|path| !starts_with_a_patient(path));
        out.extend(folder);
    }
    Ok(out)
}

fn walk(path: &Path, folder: bool, files: &mut Vec<PathBuf>) -> Result<()> {
    if !folder {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = std::fs::read_dir(path)?.collect::<std::io::Result<Vec<_>>>()?;
    // A folder's own files before the folders in it.
    entries.sort_by_key(|e| (e.file_type().is_ok_and(|t| t.is_dir()), e.file_name()));
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() || kind.is_file() {
            walk(&entry.path(), kind.is_dir(), files)?;
        }
    }
    Ok(())
}

fn starts_with_a_patient(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|f| f.take(2048).read_to_end(&mut head));
    let text: String = String::from_utf8_lossy(&head).chars().filter(|c| !c.is_whitespace()).collect();
    read.is_ok() && text.trim_start_matches('\u{feff}').starts_with("{\"resourceType\":\"Patient\"")
}

/// Encrypts a file into the vault's staging, as far as the limit goes: a path may lead to a stream without an end.
fn stage(chart: &Chart, path: &Path, limits: &Limits) -> Result<crate::vault::Staged> {
    let unreadable = |e| Error::refused("This file cannot be read. Nothing of it was stored.").because(e);
    let mut file = File::open(path).map_err(unreadable)?;
    let mut staging = chart.stage()?;
    let (mut buffer, mut size) = (vec![0; 1 << 18], 0);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return staging.finish(),
            Ok(n) => {
                size += n as u64;
                limits.check_file(size)?;
                staging.write_all(&buffer[..n])?;
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(unreadable(e)),
        }
    }
}

fn failed(e: &Error) -> FileReport {
    FileReport { error: Some(e.words().to_owned()), ..FileReport::default() }
}

fn not_read() -> Error {
    Error::refused("This file was not read, because the import stopped before it. Nothing of it was stored.")
}

fn tell(file: &FileReport, dry_run: bool) {
    if let Some(error) = &file.error {
        eprintln!("{}: {error}", file.path);
        if file.wrong_person && file.candidates.len() < 2 {
            eprintln!("    the same person all the same? Add --accept-identity");
        } else if file.wrong_person {
            for one in file.candidates.iter().take(5) {
                eprintln!("    {}? Add --accept-identity={}", one.words, one.reference);
            }
        }
        return;
    }
    let stored = if dry_run { "would be new" } else { "new" };
    eprintln!(
        "{}: {} found, {} {stored}, {} updated, {} already here, {} left out ({})",
        file.path,
        file.found,
        file.stored,
        file.updated,
        file.duplicates,
        file.skipped.len(),
        file.format
    );
    for skipped in file.skipped.iter().take(20) {
        eprintln!("    left out: {} at {}: {}", skipped.what, skipped.place, skipped.why);
    }
    if file.skipped.len() > 20 {
        eprintln!("    and {} more; --json lists them all", file.skipped.len() - 20);
    }
    for warning in file.warnings.iter().take(10) {
        eprintln!("    note: {}: {}", warning.place, warning.why);
    }
}

fn finish(report: &Report, json: bool) -> Result<Ended> {
    if json {
        print_json(report)?;
    }
    let totals = report.totals;
    Ok(if totals.failed > 0 && totals.failed == totals.files {
        Ended::Failed
    } else if totals.failed > 0 || totals.skipped > 0 {
        Ended::InPart
    } else {
        Ended::Done
    })
}
