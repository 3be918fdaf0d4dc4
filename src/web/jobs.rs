//! Imports under way. Each runs on a thread of its own, so that a page can watch it, stop it, and decide about what it asks.

use super::session::token;
use crate::import::Limits;
use crate::import::pipeline::{self, Accept, Imported, Options, Progress};
use crate::import::report::FileReport;
use crate::vault::{By, Chart, Staged};
use crate::{Error, Kind, Result};
use std::collections::HashMap;
use std::error::Error as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So long after its end an import is remembered, with the files that wait for a decision.
const REMEMBER: Duration = Duration::from_secs(60 * 60);

/// What becomes of one file.
#[derive(Debug)]
pub(crate) enum State {
    Waiting(Work),
    Reading,
    Done(FileReport),
    /// Nothing was stored; the report says why.
    Refused(FileReport),
    /// About somebody else, as it seems: kept, encrypted, until somebody decides.
    Asked(FileReport, Staged),
    Declined,
    /// It waited for a decision until everyone had signed out.
    Locked,
    Failed(String),
    Stopped,
}

/// What there is to do with it.
#[derive(Debug)]
pub(crate) enum Work {
    /// A file that has arrived, and whether somebody accepted that it names another person.
    Arrived(Staged, Option<Accept>),
    /// The kept file of this source, to be read again.
    Again(String),
}

/// One file of an upload.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) state: State,
}

/// One upload, or one reading again.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    /// Whose chart. The chart itself is held only while the import runs: nobody who has signed out leaves a key behind.
    person: String,
    pub(crate) pieces: Mutex<Vec<Piece>>,
    by: By,
    worker: PathBuf,
    limits: Limits,
    before: AtomicU64,
    read: AtomicU64,
    records: AtomicU64,
    records_before: AtomicU64,
    cancelled: AtomicBool,
    ended: Mutex<Option<Instant>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far a job is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HowFar {
    pub(crate) read: u64,
    pub(crate) total: u64,
    pub(crate) records: u64,
    pub(crate) running: bool,
    pub(crate) stopping: bool,
}

impl Job {
    pub(crate) fn how_far(&self) -> HowFar {
        let total = lock(&self.pieces).iter().map(|p| p.size).sum();
        HowFar {
            read: self.read.load(Ordering::Relaxed).min(total),
            total,
            records: self.records.load(Ordering::Relaxed),
            running: lock(&self.ended).is_none(),
            stopping: self.cancelled.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn pieces(&self) -> MutexGuard<'_, Vec<Piece>> {
        lock(&self.pieces)
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Answers a question about a file: leave it, or take it all the same.
    pub(crate) fn decide(self: &Arc<Self>, chart: &Arc<Chart>, index: usize, accept: Option<Accept>) -> Result<()> {
        {
            let mut pieces = lock(&self.pieces);
            let piece = pieces.get_mut(index).ok_or_else(Error::not_found)?;
            piece.state = match (std::mem::replace(&mut piece.state, State::Declined), accept) {
                (State::Asked(_, staged), Some(accept)) => State::Waiting(Work::Arrived(staged, Some(accept))),
                (State::Asked(..), None) => State::Declined,
                (other, _) => {
                    piece.state = other;
                    return Ok(());
                }
            };
        }
        self.go(chart)
    }

    /// Begins, unless it is going already: then the thread finds what waits.
    fn go(self: &Arc<Self>, chart: &Arc<Chart>) -> Result<()> {
        let waiting = lock(&self.pieces).iter().any(|p| matches!(p.state, State::Waiting(..)));
        let mut ended = lock(&self.ended);
        if !waiting || ended.is_none() {
            return Ok(());
        }
        let (job, chart) = (Arc::clone(self), Arc::clone(chart));
        std::thread::Builder::new().name("import".into()).spawn(move || job.run(&chart)).map_err(Error::internal)?;
        *ended = None;
        self.cancelled.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn run(&self, chart: &Chart) {
        loop {
            let next = {
                let mut pieces = lock(&self.pieces);
                let next = pieces.iter().position(|p| matches!(p.state, State::Waiting(..)));
                let Some(index) = next else {
                    *lock(&self.ended) = Some(Instant::now());
                    return;
                };
                let piece = &mut pieces[index];
                match std::mem::replace(&mut piece.state, State::Reading) {
                    State::Waiting(work) => (index, piece.name.clone(), piece.size, work),
                    other => {
                        piece.state = other;
                        continue;
                    }
                }
            };
            let (index, name, size, work) = next;
            let state = if self.cancelled() { State::Stopped } else { self.work(chart, work, &name) };
            lock(&self.pieces)[index].state = state;
            let before = self.before.fetch_add(size, Ordering::Relaxed) + size;
            self.read.store(before, Ordering::Relaxed);
            self.records_before.store(self.records.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    fn work(&self, chart: &Chart, work: Work, name: &str) -> State {
        let options = |accept| Options { accept_identity: accept, dry_run: false, by: self.by.clone(), worker: self.worker.clone() };
        let read = || match work {
            Work::Arrived(staged, accept) => pipeline::import(chart, staged, name, &self.limits, &options(accept), self),
            Work::Again(source) => {
                pipeline::reimport(chart, &source, &self.limits, &options(None), self).map(|report| Imported { report, staged: None })
            }
        };
        // A reader that panics costs its own file only: nothing of it was stored.
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)) {
            Ok(Ok(done)) => match (done.report.error.is_some(), done.report.wrong_person, done.staged) {
                (true, true, Some(staged)) => State::Asked(done.report, staged),
                (true, ..) => State::Refused(done.report),
                (false, ..) => State::Done(done.report),
            },
            Ok(Err(e)) if e.kind == Kind::Cancelled => State::Stopped,
            Ok(Err(e)) => {
                if e.kind == Kind::Internal {
                    // The words send the reader to the log: so the cause must stand there.
                    tracing::error!(cause = e.source().map(tracing::field::display), "an import failed");
                }
                State::Failed(e.words().to_owned())
            }
            Err(_) => State::Failed("Keepwell could not read this file. Nothing of it was stored. Try another copy of it.".into()),
        }
    }
}

impl Progress for Job {
    fn step(&self, bytes_read: u64, _bytes_total: u64, records: u64) {
        self.read.store(self.before.load(Ordering::Relaxed) + bytes_read, Ordering::Relaxed);
        self.records.store(self.records_before.load(Ordering::Relaxed) + records, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// All imports of this server.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<HashMap<String, Arc<Job>>>);

/// What has arrived, and for whom.
pub(crate) struct Upload {
    pub(crate) chart: Arc<Chart>,
    /// Name, size, what to do.
    pub(crate) files: Vec<(String, u64, Work)>,
    pub(crate) by: By,
    pub(crate) limits: Limits,
    pub(crate) worker: PathBuf,
}

impl Jobs {
    /// Begins to import what has arrived.
    pub(crate) fn start(&self, upload: Upload) -> Result<Arc<Job>> {
        let piece = |(name, size, work)| Piece { name, size, state: State::Waiting(work) };
        let job = Arc::new(Job {
            id: token()?[..22].to_owned(),
            person: upload.chart.person().id.clone(),
            pieces: Mutex::new(upload.files.into_iter().map(piece).collect()),
            by: upload.by,
            worker: upload.worker,
            limits: upload.limits,
            before: AtomicU64::new(0),
            read: AtomicU64::new(0),
            records: AtomicU64::new(0),
            records_before: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            ended: Mutex::new(Some(Instant::now())),
        });
        lock(&self.0).insert(job.id.clone(), Arc::clone(&job));
        job.go(&upload.chart)?;
        Ok(job)
    }

    /// A job of this chart.
    pub(crate) fn find(&self, id: &str, chart: &Chart) -> Result<Arc<Job>> {
        let job = lock(&self.0).get(id).cloned();
        job.filter(|j| j.person == chart.person().id).ok_or_else(Error::not_found)
    }

    /// The server stops: nothing half-read is stored.
    pub(crate) fn cancel_all(&self) {
        lock(&self.0).values().for_each(|job| job.cancel());
    }

    /// Forgets what ended long ago. Once nobody is signed in, what waits for a decision is deleted: it can be read only with
    /// the chart's key, and that goes with the last session.
    pub(crate) fn sweep(&self, anyone: bool) {
        let mut jobs = lock(&self.0);
        jobs.retain(|_, job| lock(&job.ended).is_none_or(|at| at.elapsed() < REMEMBER));
        if !anyone {
            for job in jobs.values() {
                lock(&job.pieces).iter_mut().filter(|p| matches!(p.state, State::Asked(..))).for_each(|p| p.state = State::Locked);
            }
        }
    }
}
