//! What the server remembers of backups over a restart: the last try that failed, and when the owners were told last.
//! `backups.json` in the vault: moments and our own words, nothing of anyone's health.

use crate::vault::replace_file;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// In the vault's folder, and in no backup: it speaks of this machine.
const NAME: &str = "backups.json";

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// When the latest try failed since the last success, seconds since 1970, and why in words.
    pub(super) failed: Option<(i64, String)>,
    /// When the owners were last told that the last verified one is too old, seconds since 1970.
    pub(super) told: Option<i64>,
}

impl Memory {
    fn path(vault: &Path) -> PathBuf {
        vault.join(NAME)
    }

    /// What was written last. A file that does not read is none: it is written again with the next try.
    pub(super) fn of(vault: &Path) -> Self {
        std::fs::read(Self::path(vault)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Written through.
    pub(super) fn keep(&self, vault: &Path) -> Result<()> {
        replace_file(&Self::path(vault), &serde_json::to_vec(self).map_err(Error::internal)?)
    }
}
