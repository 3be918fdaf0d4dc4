//! Writing beside reading: while one thread parses the file and makes records ready, another one stores them.
//!
//! The database does a third of the work of an import. Whatever needs the transaction itself waits until all that was
//! handed over is written, so nothing is ever seen out of order.

use super::desk::Desk;
use super::ready::Ready;
use super::{Outcome, ended};
use crate::import::report::Counts;
use crate::record::Class;
use crate::{Error, Result};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Records and bytes that are handed over together.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 256 << 10;

/// What became of the records written since it was last asked for.
#[derive(Debug, Default)]
pub struct Tally {
    /// Of the counted ones, class by class.
    pub classes: HashMap<Class, Counts>,
    /// How many are not counted by the sum: see [`crate::import::Found::counted`].
    pub supporting: u64,
}

impl Tally {
    fn add(&mut self, record: &Ready, outcome: Outcome) {
        if !record.counted {
            self.supporting += 1;
            return;
        }
        let counts = self.classes.entry(record.facts.class).or_default();
        counts.found += 1;
        match outcome {
            Outcome::Stored => counts.stored += 1,
            Outcome::Updated => counts.updated += 1,
            Outcome::Duplicate => counts.duplicates += 1,
        }
    }
}

/// The desk, here or lent to its thread, and what waits for it.
pub(super) struct Lane {
    desk: Option<Box<Desk>>,
    thread: Option<Thread>,
    batch: Vec<Ready>,
    bytes: usize,
    tally: Tally,
}

struct Thread {
    work: SyncSender<Work>,
    end: JoinHandle<Option<Done>>,
}

/// What goes to the thread: first the desk, then records.
enum Work {
    Desk(Box<Desk>),
    Records(Vec<Ready>),
}

/// What comes back from it.
struct Done {
    desk: Box<Desk>,
    tally: Tally,
    outcome: Result<()>,
}

impl Lane {
    pub(super) fn new(desk: Desk) -> Self {
        Self { desk: Some(Box::new(desk)), thread: None, batch: Vec::new(), bytes: 0, tally: Tally::default() }
    }

    /// Takes a record to be written soon. An error may be that of a record before it.
    pub(super) fn hand(&mut self, record: Ready) -> Result<()> {
        self.bytes += record.weight();
        self.batch.push(record);
        if self.batch.len() < BATCH && self.bytes < BATCH_BYTES {
            return Ok(());
        }
        // Very large records are not to pile up in memory: each is written before the next one is read.
        if self.bytes > 4 * BATCH_BYTES {
            return self.rest().map(drop);
        }
        self.start();
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.bytes = 0;
        match &self.thread {
            // A thread that is gone has met an error, which stands in what it gives back.
            Some(thread) => match thread.work.send(Work::Records(batch)) {
                Ok(()) => Ok(()),
                Err(_) => self.rest().and_then(|_| Err(ended())),
            },
            None => {
                let desk = self.desk.as_deref_mut().ok_or_else(ended)?;
                write(desk, &mut self.tally, &batch)
            }
        }
    }

    /// Lends the desk to a thread. Where no thread can be had the desk stays here, and everything is written here.
    fn start(&mut self) {
        if self.thread.is_some() {
            return;
        }
        let (work, inbox) = sync_channel(1);
        let Ok(end) = std::thread::Builder::new().name("import-store".to_owned()).spawn(move || store(&inbox)) else { return };
        let Some(desk) = self.desk.take() else { return };
        match work.send(Work::Desk(desk)) {
            Ok(()) => self.thread = Some(Thread { work, end }),
            Err(unsent) => {
                if let Work::Desk(desk) = unsent.0 {
                    self.desk = Some(desk);
                }
            }
        }
    }

    /// Waits until everything handed over is written, and gives the desk.
    pub(super) fn rest(&mut self) -> Result<&mut Desk> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        self.back()?;
        let desk = self.desk.as_deref_mut().ok_or_else(ended)?;
        write(desk, &mut self.tally, &batch)?;
        Ok(desk)
    }

    /// Takes the desk back from its thread.
    fn back(&mut self) -> Result<()> {
        let Some(Thread { work, end }) = self.thread.take() else { return Ok(()) };
        drop(work);
        let done = end.join().ok().flatten().ok_or_else(ended)?;
        self.desk = Some(done.desk);
        for (class, counts) in done.tally.classes {
            let sum = self.tally.classes.entry(class).or_default();
            sum.found += counts.found;
            sum.stored += counts.stored;
            sum.updated += counts.updated;
            sum.duplicates += counts.duplicates;
        }
        self.tally.supporting += done.tally.supporting;
        done.outcome
    }

    /// What became of everything handed over so far; asked again, it begins at nothing.
    pub(super) fn tally(&mut self) -> Result<Tally> {
        self.rest()?;
        Ok(std::mem::take(&mut self.tally))
    }

    /// The desk, where nothing waits for it.
    pub(super) fn at_rest(&self) -> Result<&Desk> {
        self.desk.as_deref().filter(|_| self.batch.is_empty()).ok_or_else(ended)
    }

    /// The desk, for good. What still waits is forgotten.
    pub(super) fn close(mut self) -> Option<Box<Desk>> {
        _ = self.back();
        self.desk
    }
}

fn write(desk: &mut Desk, tally: &mut Tally, batch: &[Ready]) -> Result<()> {
    for record in batch {
        let outcome = desk.write(record)?;
        tally.add(record, outcome);
    }
    Ok(())
}

/// The thread: writes until nothing more comes or something fails. The desk comes back even from a panic, since the chart
/// has no other connection to write with.
fn store(inbox: &Receiver<Work>) -> Option<Done> {
    let Ok(Work::Desk(mut desk)) = inbox.recv() else { return None };
    let mut tally = Tally::default();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        while let Ok(Work::Records(batch)) = inbox.recv() {
            write(&mut desk, &mut tally, &batch)?;
        }
        Ok(())
    }));
    let outcome = outcome.unwrap_or_else(|_| Err(Error::internal("the thread that stores an import panicked")));
    Some(Done { desk, tally, outcome })
}
