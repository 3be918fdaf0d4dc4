//! A backup that is restored on the first day: the file arrives as it is, encrypted, and waits, proven, until the server opens
//! the vault anew.

use crate::vault::BackupSummary;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far it is.
#[derive(Clone, Debug, Default)]
pub(crate) enum Stage {
    /// Nobody has begun.
    #[default]
    None,
    /// The file arrives.
    Arriving,
    /// Bytes done, and in all.
    Working(u64, u64),
    /// It did not work, for this reason.
    Failed(String),
    /// It waits for the server to begin anew.
    Done(BackupSummary),
}

/// The one restore of the first day.
#[derive(Debug, Default)]
pub(crate) struct Restores {
    stage: Mutex<Stage>,
    /// The server is to open the vault anew.
    pub(crate) again: tokio::sync::Notify,
    /// It has ended for that.
    pub(crate) anew: AtomicBool,
}

impl Restores {
    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stage(&self) -> Stage {
        self.lock().clone()
    }

    pub(crate) fn set(&self, stage: Stage) {
        *self.lock() = stage;
    }

    /// Takes the turn; false when somebody has it, or it is done.
    pub(crate) fn begin(&self) -> bool {
        let mut stage = self.lock();
        let free = matches!(*stage, Stage::None | Stage::Failed(_));
        if free {
            *stage = Stage::Arriving;
        }
        free
    }
}
