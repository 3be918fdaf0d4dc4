//! Notices that wait for a member: encrypted to them, so that they can be left while nobody is signed in.
//! `notices/<member>/<moment>-<random>.age`.

use super::keys::{self, Key};
use super::{Vault, files};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

const ENDING: &str = ".age";
/// More of them than this are not kept for one member, but for those that must be told.
const MOST: usize = 100;
/// So many are read at once; the others follow when these are put away.
const SHOWN: usize = 8;

/// What a member must be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// A link or card was opened for the first time.
    ShareOpened,
    /// Wrong passphrases or codes were tried under the member's name.
    Denied,
    /// A trusted contact asks for access.
    ContactAsked,
    /// A trusted contact was given access after the wait.
    ContactGiven,
    /// A member was named a trusted contact.
    ContactNamed,
    /// The latest backup that was proven is too old.
    BackupOld,
    /// A browser that was never seen before signed in.
    NewDevice,
    /// A role is about to end.
    RoleEnding,
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What.
    pub kind: NoticeKind,
    /// When, milliseconds since 1970.
    pub at: i64,
    /// What else: `person` (the chart's id), `who`, `days`, `from`, `until`.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
}

impl Notice {
    /// Something to be told now.
    pub fn new(kind: NoticeKind) -> Self {
        Self { kind, at: files::now_ms(), details: BTreeMap::new() }
    }

    /// The same with a detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

impl Vault {
    fn notice_dir(&self, member: &str) -> PathBuf {
        self.dir().join("notices").join(member)
    }

    /// The files of a member's notices.
    pub(super) fn notice_files(&self, member: &str) -> Result<Vec<PathBuf>> {
        let entries = match std::fs::read_dir(self.notice_dir(member)) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        entries
            .map(|entry| Ok(entry?.path()))
            .filter(|path: &Result<PathBuf>| !matches!(path, Ok(p) if p.extension().is_none_or(|e| e != "age")))
            .collect()
    }

    /// Leaves a notice for a member with this recipient.
    pub(crate) fn leave_notice(&self, member: &str, recipient: &str, notice: &Notice) -> Result<()> {
        let dir = self.notice_dir(member);
        files::private_dir(&dir)?;
        let must = matches!(notice.kind, NoticeKind::ContactAsked | NoticeKind::ContactGiven | NoticeKind::ContactNamed);
        if !must && std::fs::read_dir(&dir)?.count() >= MOST {
            return Ok(());
        }
        // Those that must be told stand first.
        let name = format!("{}{:015}-{}", u8::from(must), notice.at.max(0), keys::random_id()?);
        let plain = serde_json::to_vec(notice).map_err(Error::internal)?;
        keys::seal_file(&dir.join(format!("{name}{ENDING}")), &[recipient.to_owned()], &plain)
    }

    /// Notices of a member, those that must be told first, then the newest, each with its name.
    pub(crate) fn notices(&self, member: &str, key: &Key) -> Result<Vec<(String, Notice)>> {
        let dir = self.notice_dir(member);
        let files = self.notice_files(member)?;
        let mut names: Vec<String> = files.iter().filter_map(|f| f.file_stem()?.to_str().map(str::to_owned)).collect();
        names.sort();
        // One that does not open is not one of ours.
        let read = |name: String| {
            let plain = key.open_file(&dir.join(format!("{name}{ENDING}"))).ok()?;
            Some((name, serde_json::from_slice(&plain).ok()?))
        };
        Ok(names.into_iter().rev().take(SHOWN).filter_map(read).collect())
    }

    /// Deletes a notice that was read.
    pub(crate) fn dismiss_notice(&self, member: &str, name: &str) -> Result<()> {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
            return Err(Error::not_found());
        }
        files::remove(&self.notice_dir(member).join(format!("{name}{ENDING}")))
    }
}
