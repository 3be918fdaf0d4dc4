//! Backups by the server: each night, and when somebody asks for one. A file has its name only once it was proven, so what the
//! list shows is what restores; a failure never takes the last good one away.

mod memory;

use super::app::{App, BackupPlan};
use crate::household::SignedIn;
use crate::vault::{Notice, NoticeKind, Place};
use crate::{Error, Kind, Result};
use memory::Memory;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

/// A proven backup that is older than this is too old, in seconds: two days.
pub(crate) const TOO_OLD: i64 = 48 * 3600;
/// What failed is tried again after so many seconds.
const AGAIN: i64 = 3600;
/// A nightly one that was missed, since the machine was off, is made when the server has run for so many seconds.
const SETTLED: i64 = 600;
/// That the last verified one is too old is told again after so many seconds, as long as it lasts: a week.
const TOLD_AGAIN: i64 = 7 * 24 * 3600;
const BEGINS: &str = "keepwell-";
const ENDS: &str = ".age";

/// A proven backup in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) size: u64,
    /// Seconds since 1970.
    pub(crate) at: i64,
}

/// How far one is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// Bytes done, and in all.
    pub(crate) running: Option<(u64, u64)>,
    tried: i64,
    memory: Memory,
}

impl Standing {
    /// When the latest try failed since the last success, seconds since 1970, and why in words.
    pub(crate) fn failed(&self) -> Option<&(i64, String)> {
        self.memory.failed.as_ref()
    }
}

/// The folder and what is going on there.
#[derive(Debug)]
pub(crate) struct Backups {
    pub(crate) folder: PathBuf,
    /// Whether the folder is one that the household has chosen.
    pub(crate) chosen: bool,
    pub(crate) at: Option<(i8, i8)>,
    pub(crate) keep: usize,
    began: i64,
    vault: PathBuf,
    now: Mutex<Standing>,
    stop: AtomicBool,
}

impl Backups {
    pub(crate) fn new(plan: &BackupPlan, vault: &Path) -> Self {
        Self {
            folder: plan.dir.clone().unwrap_or_else(|| vault.join("backups")),
            chosen: plan.dir.is_some(),
            at: plan.at,
            keep: plan.keep.max(1),
            began: super::pages::words::now(),
            vault: vault.to_owned(),
            now: Mutex::new(Standing { memory: Memory::of(vault), ..Standing::default() }),
            stop: AtomicBool::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn standing(&self) -> Standing {
        self.lock().clone()
    }

    /// Changes what is remembered.
    fn remember(&self, change: impl FnOnce(&mut Memory)) {
        let mut standing = self.lock();
        let before = standing.memory.clone();
        change(&mut standing.memory);
        if standing.memory != before
            && let Err(e) = standing.memory.keep(&self.vault)
        {
            tracing::error!(kind = ?e.kind, "what became of the last backup could not be noted");
        }
    }

    /// The server stops: an unfinished one leaves nothing.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The proven ones, newest first.
    pub(crate) fn list(&self) -> Result<Vec<Made>> {
        let mut out = Vec::new();
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(out),
            Err(e) => return Err(e.into()),
        };
        for entry in entries {
            let entry = entry?;
            let (Some(name), Ok(about)) = (entry.file_name().to_str().map(str::to_owned), entry.metadata()) else { continue };
            if about.is_file() && name.starts_with(BEGINS) && name.ends_with(ENDS) {
                let at = about.modified()?.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs().cast_signed());
                out.push(Made { name, size: about.len(), at });
            }
        }
        out.sort_by(|a, b| (b.at, &b.name).cmp(&(a.at, &a.name)));
        Ok(out)
    }

    /// One of the list, to be read.
    pub(crate) fn find(&self, name: &str) -> Result<(Made, std::fs::File)> {
        let made = self.list()?.into_iter().find(|made| made.name == name).ok_or_else(Error::not_found)?;
        let file = std::fs::File::open(self.folder.join(&made.name))?;
        Ok((made, file))
    }

    /// Deletes what an interrupted one has left.
    fn sweep(&self) -> Result<()> {
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().filter(|n| n.starts_with(BEGINS)).unwrap_or_default();
            if name.ends_with(".age.part") {
                std::fs::remove_file(entry.path())?;
            } else if name.ends_with(".age.proof") {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    /// Deletes the oldest beyond those that are kept.
    fn prune(&self) -> Result<()> {
        for old in self.list()?.iter().skip(self.keep) {
            std::fs::remove_file(self.folder.join(&old.name))?;
        }
        Ok(())
    }

    /// The latest moment at which a nightly one was to be made, seconds since 1970.
    fn latest_due(&self, now: &jiff::Zoned) -> Option<i64> {
        let (hour, minute) = self.at?;
        let moment =
            |day: jiff::civil::Date| Some(day.at(hour, minute, 0, 0).to_zoned(now.time_zone().clone()).ok()?.timestamp().as_second());
        let today = moment(now.date())?;
        if today <= now.timestamp().as_second() { Some(today) } else { moment(now.date().yesterday().ok()?) }
    }

    /// Whether the nightly one is to be made now.
    fn is_due(&self, now: &jiff::Zoned) -> Result<bool> {
        let Some(due) = self.latest_due(now) else { return Ok(false) };
        let (tried, seconds) = (self.lock().tried, now.timestamp().as_second());
        let settled = due >= self.began || seconds - self.began >= SETTLED;
        let done = self.list()?.first().is_some_and(|made| made.at >= due);
        Ok(settled && !done && (tried < due || seconds - tried >= AGAIN))
    }
}

/// Makes one now, on this thread.
///
/// # Errors
/// Busy when one is being made already; else whatever stopped it.
pub(crate) fn make(app: &App, who: Option<&SignedIn>, from: &Place) -> Result<Made> {
    let backups = &app.backups;
    let (now, seconds) = (jiff::Zoned::now(), super::pages::words::now());
    {
        let mut standing = backups.lock();
        if standing.running.is_some() {
            return Err(Error::new(Kind::Busy, "A backup is being made just now. Wait until it is done."));
        }
        standing.running = Some((0, 0));
        standing.tried = seconds;
    }
    let name = format!("{BEGINS}{}{ENDS}", now.strftime("%Y-%m-%d-%H%M%S"));
    let file = backups.folder.join(&name);
    // One that panicked has failed like any other.
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| write(app, who, from, &file)));
    let done = done.unwrap_or_else(|_| Err(Error::internal("a backup panicked")));
    backups.lock().running = None;
    backups.remember(|memory| memory.failed = done.as_ref().err().map(|e| (seconds, e.words().to_owned())));
    done.map(|size| Made { name, size, at: seconds })
}

fn write(app: &App, who: Option<&SignedIn>, from: &Place, file: &Path) -> Result<u64> {
    let backups = &app.backups;
    // A folder that was chosen is on another disk, perhaps: one that is not there is not connected, and is not made here instead.
    if backups.chosen && !backups.folder.is_dir() {
        let words = format!("The folder {} is not there, so no backup was made. Connect its disk.", backups.folder.display());
        return Err(Error::new(Kind::Internal, words));
    }
    if !backups.folder.is_dir() {
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(&backups.folder)?;
    }
    backups.sweep()?;
    let watch = |done: u64, total: u64| {
        backups.lock().running = Some((done, total));
        !backups.stop.load(Ordering::Relaxed)
    };
    let made = app.household.back_up(who, from, file, &watch)?;
    backups.prune()?;
    Ok(made.size)
}

/// The nightly one, if it is time; and a word to the owners when the last verified one is too old, whatever the reason: it
/// failed, none is made by night, or the machine slept. For a thread that may wait.
pub(crate) fn look(app: &App) {
    if let Err(e) = nightly(app) {
        tracing::error!(kind = ?e.kind, cause = ?std::error::Error::source(&e), "the nightly backup failed; the next try is in an hour");
    }
    if let Err(e) = heed(app, super::pages::words::now()) {
        tracing::error!(kind = ?e.kind, "the owners could not be told that the last backup is too old");
    }
}

fn nightly(app: &App) -> Result<()> {
    if app.backups.stop.load(Ordering::Relaxed) || app.household.is_new()? || !app.backups.is_due(&jiff::Zoned::now())? {
        return Ok(());
    }
    let made = make(app, None, &Place::server())?;
    tracing::info!(size = made.size, "the nightly backup was made and verified");
    Ok(())
}

/// Tells every owner once the last verified one is too old. Who has never had one counts from the first day on.
fn heed(app: &App, now: i64) -> Result<()> {
    let backups = &app.backups;
    let Some(first_day) = app.household.first_day()? else { return Ok(()) };
    // A server that has just begun makes the one that was missed first.
    if now - backups.began < SETTLED || backups.lock().running.is_some() {
        return Ok(());
    }
    // A folder that is not there holds none.
    let last = backups.list().unwrap_or_default().first().map_or(first_day, |made| made.at);
    if now - last < TOO_OLD {
        backups.remember(|memory| memory.told = None);
        return Ok(());
    }
    if backups.lock().memory.told.is_some_and(|at| (0..TOLD_AGAIN).contains(&(now - at))) {
        return Ok(());
    }
    app.household.tell_all_owners(&Notice::new(NoticeKind::BackupOld))?;
    backups.remember(|memory| memory.told = Some(now));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_the_nightly_one_is_due() {
        let tmp = tempfile::tempdir().expect("a folder");
        let mut backups = Backups::new(&BackupPlan::default(), tmp.path());
        let at = |text: &str| format!("{text}[UTC]").parse::<jiff::Zoned>().expect("a moment");
        let seconds = |text: &str| at(text).timestamp().as_second();
        backups.began = seconds("2026-03-01T12:00:00Z");
        let ask = |backups: &Backups, text: &str| backups.is_due(&at(text)).expect("asked");
        assert!(!ask(&backups, "2026-03-01T12:05:00Z"), "one that was missed waits until the server has settled");
        assert!(ask(&backups, "2026-03-01T12:10:00Z"));
        backups.lock().tried = seconds("2026-03-01T12:10:00Z");
        assert!(!ask(&backups, "2026-03-01T12:30:00Z"), "what failed is tried again after an hour");
        assert!(ask(&backups, "2026-03-01T13:10:00Z"));
        std::fs::create_dir(&backups.folder).expect("made");
        let file = std::fs::File::create(backups.folder.join("keepwell-2026-03-01-131000.age")).expect("made");
        let day = std::time::Duration::from_secs(seconds("2026-03-01T13:10:00Z").unsigned_abs());
        file.set_modified(UNIX_EPOCH + day).expect("set");
        assert!(!ask(&backups, "2026-03-02T02:59:00Z"));
        assert!(ask(&backups, "2026-03-02T03:00:00Z"));
        backups.at = None;
        assert!(!ask(&backups, "2026-03-02T03:00:00Z"), "off");
    }

    fn file(folder: &Path, name: &str, at: i64) {
        std::fs::create_dir_all(folder).expect("a folder");
        let file = std::fs::File::create(folder.join(name)).expect("made");
        file.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(at.unsigned_abs())).expect("set");
    }

    /// A household and its server, in a folder.
    fn server(dir: &Path, plan: BackupPlan) -> std::sync::Arc<App> {
        let vault = if crate::vault::Vault::exists(dir) { crate::vault::Vault::open(dir) } else { crate::vault::Vault::create(dir) };
        let household = crate::household::Household::new(std::sync::Arc::new(vault.expect("a vault")));
        let options = super::super::app::Options {
            base_url: None,
            trusted_proxies: Vec::new(),
            tls: None,
            limits: crate::import::Limits::default(),
            worker: "/nonexistent".into(),
            idle: std::time::Duration::from_secs(900),
            fresh: std::time::Duration::from_secs(600),
            backups: plan,
        };
        App::new(household, options).expect("a server")
    }

    #[test]
    fn what_is_too_old_is_told_whatever_the_reason_and_a_failure_outlives_a_restart() {
        let tmp = tempfile::tempdir().expect("a folder");
        let dir = tmp.path().join("vault");
        // None is made by night, and the folder's disk is not connected.
        let plan = BackupPlan { dir: Some(tmp.path().join("disk")), at: None, keep: 14 };
        let app = server(&dir, plan.clone());
        let with = crate::household::Beginning {
            member: "Ruth",
            passphrase: "four words make a good one",
            person: "Ruth Carver",
            birth_date: "1954-03-14",
            sex: "female",
        };
        heed(&app, super::super::pages::words::now() + 3 * TOO_OLD).expect("nobody to tell");
        let (who, key) = app.household.begin(&with).expect("begun");
        let begun = super::super::pages::words::now();
        let told = |app: &App, after: i64| {
            heed(app, begun + after).expect("told");
            app.household.notices(&who).expect("notices").len()
        };
        const DAY: i64 = 24 * 3600;
        assert_eq!(told(&app, DAY), 0, "the first days");
        assert_eq!(told(&app, 3 * DAY), 1);
        assert_eq!(app.household.notices(&who).expect("notices")[0].1.kind, NoticeKind::BackupOld);
        assert_eq!(told(&app, 4 * DAY), 1, "once");
        let why = make(&app, Some(&who), &Place::command_line()).expect_err("no disk").words().to_owned();
        drop(app);
        let app = server(&dir, plan);
        assert_eq!(app.backups.standing().failed().map(|(_, why)| why.as_str()), Some(why.as_str()));
        let who = app.household.sign_in("Ruth", &key).expect("signs in");
        let told = |after: i64| {
            heed(&app, begun + after).expect("told");
            app.household.notices(&who).expect("notices").len()
        };
        assert_eq!(told(9 * DAY), 1, "also not again after a restart");
        assert_eq!(told(11 * DAY), 2, "it lasts for a week more");
        file(&app.backups.folder, "keepwell-a.age", begun + 11 * DAY);
        assert_eq!(told(12 * DAY), 2, "there is a new one");
        assert_eq!(told(14 * DAY), 3, "and that is too old as well, by now");
        std::fs::remove_file(app.backups.folder.join("keepwell-a.age")).expect("removed");
        make(&app, Some(&who), &Place::command_line()).expect("the disk is there");
        assert!(app.backups.standing().failed().is_none() && Memory::of(&dir).failed.is_none());
        assert!(!app.backups.list().expect("a list").is_empty());
    }

    #[test]
    fn the_oldest_go_and_nothing_else() {
        let tmp = tempfile::tempdir().expect("a folder");
        let backups = Backups::new(&BackupPlan { dir: Some(tmp.path().to_owned()), at: None, keep: 2 }, tmp.path());
        for (name, age) in
            [("keepwell-a.age", 3), ("keepwell-b.age", 2), ("keepwell-c.age", 1), ("photo.age", 9), ("keepwell-d.age.part", 9)]
        {
            let file = std::fs::File::create(tmp.path().join(name)).expect("made");
            file.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 - age)).expect("set");
        }
        backups.prune().expect("pruned");
        backups.sweep().expect("swept");
        let mut names: Vec<_> = std::fs::read_dir(tmp.path()).expect("read").map(|e| e.expect("one").file_name()).collect();
        names.sort();
        assert_eq!(names, ["keepwell-b.age", "keepwell-c.age", "photo.age"]);
    }
}
