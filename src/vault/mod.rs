//! Keeping: keys, the encrypted database of each chart, originals, search. The only home of rusqlite and of age at rest.

mod chart;
mod query;
mod register;
mod source;

pub use chart::{Chart, Import, Outcome};
pub use query::{Added, Cursor, Group, Hit, Listing, Order, Query, Row};
pub use register::{MemberInfo, PersonInfo, Role};
pub use source::{Original, SourceInfo, Staged, Staging};

use crate::Result;
use std::path::Path;

/// Nobody else on this machine reads what this process writes, and it leaves no core dump.
pub fn harden() {
    unimplemented!()
}

/// An open vault: this process owns it until it is dropped.
#[derive(Debug)]
pub struct Vault {}

impl Vault {
    /// Whether there is a vault in this folder.
    pub fn exists(dir: &Path) -> bool {
        let _ = dir;
        unimplemented!()
    }

    /// A new, empty vault in a folder that is missing or empty.
    ///
    /// # Errors
    /// Usage when there is something in the folder.
    pub fn create(dir: &Path) -> Result<Self> {
        let _ = dir;
        unimplemented!()
    }

    /// Opens a vault and takes its lock.
    ///
    /// # Errors
    /// Busy when another process owns it; NotFound when there is none; Refused when a newer Keepwell made it.
    pub fn open(dir: &Path) -> Result<Self> {
        let _ = dir;
        unimplemented!()
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        unimplemented!()
    }
}
