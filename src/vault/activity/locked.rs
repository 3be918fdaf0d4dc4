//! Entries for a chart that is locked: small age files encrypted to it, taken into the chain in order of time when it opens.
//!
//! Each is durable before it is noted in `household.db`, and in the log before that note and the file go: so a crash leaves
//! neither a gap nor the same entry twice, and a file that somebody deletes is missed.

use super::log::Log;
use super::{Act, Actor, Event, Place};
use crate::vault::keys::{self, Key};
use crate::vault::{Vault, files, inbox};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

const ENDING: &str = ".age";
/// No entry of ours is larger.
const MOST: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
struct Left {
    /// Milliseconds since 1970.
    at: i64,
    event: Event,
}

/// Leaves an entry.
pub(super) fn leave(vault: &Vault, person: &str, event: &Event) -> Result<()> {
    let dir = vault.chart_dir(person);
    if !vault.has_chart(person) {
        return Err(Error::not_found());
    }
    let recipients = inbox::recipients(&dir)?;
    let folder = dir.join("activity");
    files::private_dir(&folder)?;
    let at = files::now_ms();
    // Their order by name is the order of time; the random part keeps two of one moment apart.
    let name = format!("{at:015}-{}", keys::random_id()?);
    let left = Left { at, event: event.clone() };
    keys::seal_file(&folder.join(format!("{name}{ENDING}")), &recipients, &serde_json::to_vec(&left).map_err(Error::internal)?)?;
    vault.heads.left(person, &name)
}

impl Log {
    /// Takes in what was left while the chart was locked, oldest first. `key` is the chart's.
    pub(in crate::vault) fn take_in(&self, dir: &Path, key: &Key) -> Result<()> {
        let folder = dir.join("activity");
        let (here, noted) = (list(&folder)?, self.heads.waiting(&self.person)?);
        for name in &here {
            let path = folder.join(format!("{name}{ENDING}"));
            if !self.has_taken(name)? {
                match read(&path, key) {
                    Some(left) => _ = self.append_at(left.at, &left.event, Some(name))?,
                    // Anyone may put a file here: only one that Keepwell had noted is missed.
                    None if noted.contains(name) => self.lost("an entry that was left while the chart was locked was altered")?,
                    None => {}
                }
            }
            self.heads.taken(&self.person, name)?;
            files::remove(&path)?;
            files::sync_dir(&folder)?;
            self.forget_taken(name)?;
        }
        for name in noted.iter().filter(|name| !here.contains(name)) {
            // After a crash between the note and the file it may be in the log already.
            if !self.has_taken(name)? {
                self.lost("an entry that was left while the chart was locked was removed")?;
            }
            self.heads.taken(&self.person, name)?;
        }
        Ok(())
    }

    fn lost(&self, what: &str) -> Result<()> {
        let seq = self.append(&Event::new(Actor::system(), Act::Broken).from(Place::server()).with("what", what))?;
        self.heads.fault(&self.person, files::now(), seq, what)
    }
}

/// Names of the files that wait, oldest first.
fn list(folder: &Path) -> Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        names.extend(name.to_str().and_then(|n| n.strip_suffix(ENDING)).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn read(path: &Path, key: &Key) -> Option<Left> {
    let small = path.symlink_metadata().is_ok_and(|about| about.is_file() && about.len() <= MOST);
    let plain = small.then(|| key.open_file(path).ok())??;
    serde_json::from_slice(&plain).ok()
}
