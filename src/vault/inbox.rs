//! The inbox of a chart: files that anyone on this machine encrypted to it, also while it is locked. They wait as
//! `inbox/<name>.age` until somebody unlocks the chart, and are deleted only once they are durable in it.
//!
//! What Keepwell itself puts there bears a random name, since a file's name may tell of health; the true one lies beside it
//! in `<name>.about.age`.

use super::{Chart, Staged, files, keys};
use crate::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const ENDING: &str = ".age";
const ABOUT: &str = ".about.age";
/// Names of replies begin so.
const REPLY: &str = "reply-";

/// A file in an inbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Waiting {
    /// Its name there, without the ending.
    pub name: String,
    /// Its size, encrypted.
    pub size: u64,
    /// When it was written.
    pub written: Option<SystemTime>,
}

/// What is known of a file in an inbox beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The name it had.
    pub name: String,
    /// Whom to take it for, if it names somebody else: "" for the one it names, or a reference. As `--accept-identity`.
    #[serde(default)]
    pub accept: Option<String>,
    /// Who left it as a reply to a share. It enters the chart only when somebody says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Sender>,
}

/// Who left a reply, as they say themselves, and by which link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Their name, in their own words.
    pub who: String,
    /// The share.
    pub share: String,
}

/// The charts of a vault that stands open in another process: their ids.
///
/// # Errors
/// Internal when the folder cannot be read.
pub fn charts(vault: &Path) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(vault.join("charts"))? {
        let entry = entry?;
        if let (Some(name), true) = (entry.file_name().to_str(), entry.path().join("recipients.txt").is_file()) {
            out.push(name.to_owned());
        }
    }
    out.sort();
    Ok(out)
}

/// Encrypts a file to a chart and leaves it in its inbox. Needs no key and no lock.
///
/// # Errors
/// NotFound when there is no such chart; Internal when the disk fails: nothing is left there then.
pub fn seal(vault: &Path, chart: &str, about: &About, input: &mut dyn Read) -> Result<()> {
    if !charts(vault)?.iter().any(|c| c == chart) {
        return Err(Error::not_found());
    }
    let dir = vault.join("charts").join(chart);
    let recipients = recipients(&dir)?;
    let inbox = dir.join("inbox");
    files::private_dir(&inbox)?;
    // The name says it too: should the file beside it be lost, a reply still waits to be accepted.
    let id = format!("{}{}", if about.from.is_some() { REPLY } else { "" }, keys::random_id()?);
    let (fresh, name) = (inbox.join(format!("{id}.part")), inbox.join(format!("{id}{ABOUT}")));
    let sealed = (|| {
        let mut out = keys::writer(&recipients, files::private_file(&fresh)?)?;
        std::io::copy(input, &mut out)?;
        out.finish()?.sync_all()?;
        keys::seal_file(&name, &recipients, &serde_json::to_vec(about).map_err(Error::internal)?)?;
        std::fs::rename(&fresh, inbox.join(format!("{id}{ENDING}")))?;
        files::sync_dir(&inbox)
    })();
    if sealed.is_err() {
        // The error is what the person is told; what cannot be deleted now is no inbox file by its name.
        _ = std::fs::remove_file(&fresh);
        _ = std::fs::remove_file(&name);
    }
    sealed
}

/// Who may read what is encrypted to a chart, by its folder.
pub(super) fn recipients(chart: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(chart.join("recipients.txt"))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}

/// What waits in an inbox, by name.
pub(super) fn list(inbox: &Path) -> Result<Vec<Waiting>> {
    let mut out = Vec::new();
    let entries = match std::fs::read_dir(inbox) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(out),
        Err(e) => return Err(e.into()),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|n| !n.ends_with(ABOUT)).and_then(|n| n.strip_suffix(ENDING)) else { continue };
        // Of the entry itself: a link could lead anywhere. One that has gone meanwhile waits no more.
        if let Ok(about) = entry.metadata()
            && about.is_file()
        {
            out.push(Waiting { name: name.to_owned(), size: about.len(), written: about.modified().ok() });
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(out)
}

impl Chart {
    fn inbox_dir(&self) -> PathBuf {
        self.shelf().dir.with_file_name("inbox")
    }

    /// What waits in the inbox.
    ///
    /// # Errors
    /// Internal when the folder cannot be read.
    pub fn inbox(&self) -> Result<Vec<Waiting>> {
        if self.is_limited() {
            return Ok(Vec::new());
        }
        list(&self.inbox_dir())
    }

    /// What is known of a file of the inbox; of one that somebody put there by hand, its name.
    pub fn about_inbox(&self, waiting: &Waiting) -> About {
        let about = self.shelf().key.open_file(&self.inbox_dir().join(format!("{}{ABOUT}", waiting.name))).ok();
        let about = about.and_then(|plain| serde_json::from_slice(&plain).ok());
        let mut about = about.unwrap_or_else(|| About { name: waiting.name.clone(), ..About::default() });
        if about.from.is_none() && waiting.name.starts_with(REPLY) {
            about.from = Some(Sender::default());
        }
        about
    }

    /// Opens a file of the inbox for an import: what is known of it, and its bytes, encrypted to the chart. The file itself
    /// stays until [`Chart::clear_inbox`].
    ///
    /// # Errors
    /// Refused when it does not open with this chart's key, or breaks off; TooMuch above `most` bytes.
    pub fn open_inbox(&self, waiting: &Waiting, most: u64) -> Result<(About, Staged)> {
        self.whole()?;
        let path = self.inbox_dir().join(format!("{}{ENDING}", waiting.name));
        let refused = |e| {
            let words = "This file does not open with the key of this chart, or it is damaged. It stays in the inbox. Put it there again, encrypted to recipients.txt.";
            Error::refused(words).because(e)
        };
        let about = self.about_inbox(waiting);
        let mut input = self.shelf().key.reader(&path).map_err(refused)?.take(most.saturating_add(1));
        let mut staging = self.stage()?;
        let mut buffer = vec![0; 1 << 16];
        let mut size = 0;
        loop {
            let n = match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(refused(e.into())),
            };
            size += n as u64;
            if size > most {
                return Err(Error::new(Kind::TooMuch, "This file is larger than this vault takes at once. It stays in the inbox."));
            }
            staging.write_all(&buffer[..n])?;
        }
        Ok((about, staging.finish()?))
    }

    /// Deletes a file of the inbox: it is a source now, or somebody said so.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn clear_inbox(&self, waiting: &Waiting) -> Result<()> {
        self.whole()?;
        let inbox = self.inbox_dir();
        for ending in [ENDING, ABOUT] {
            match std::fs::remove_file(inbox.join(format!("{}{ending}", waiting.name))) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
                _ => {}
            }
        }
        File::open(inbox)?.sync_all()?;
        Ok(())
    }
}
