//! Files that came into the inbox of a chart, through the pipeline. One that is refused, or is about somebody else, stays
//! there, listed with the reason, until somebody decides.

use super::Limits;
use super::pipeline::{self, Accept, Options, Progress};
use super::report::{Candidate, FileReport};
use crate::vault::{Chart, Waiting};
use crate::{Kind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// So many files that came in are remembered.
const REMEMBERED: usize = 50;
/// Under this name the chart keeps the state of its inbox.
const NOTE: &str = "inbox";
/// By this name the list of sources has what nobody brought in by the page.
const BY: &str = "the inbox";
/// One inbox at a time: two takers would each read the same file.
static TAKING: Mutex<()> = Mutex::new(());

/// What became of the files of an inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// Files that became sources, latest first.
    pub came: Vec<Came>,
    /// Files that stay there, by their name in the inbox.
    pub staying: BTreeMap<String, Staying>,
}

/// A file that came in by the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// The name it had.
    pub name: String,
    /// The source that it became.
    pub source: String,
    /// When, seconds since 1970.
    pub at: i64,
}

/// A file that was not taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staying {
    /// The name it had.
    pub name: String,
    /// Its size in the inbox.
    pub size: u64,
    /// Why it stays.
    pub why: String,
    /// Whether it is about somebody else, as it seems.
    pub wrong_person: bool,
    /// Who, then.
    pub candidates: Vec<Candidate>,
    /// Who left it as a reply, as they say: it waits until somebody takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How many records are in it, as a look without storing found.
    #[serde(default)]
    pub found: u64,
    /// That nothing but somebody's word is missing.
    #[serde(default)]
    pub may_be_taken: bool,
}

/// The state of the inbox, as the chart has it.
///
/// # Errors
/// Internal when the database fails.
pub fn state(chart: &Chart) -> Result<Inbox> {
    Ok(chart.note(NOTE)?.and_then(|n| serde_json::from_str(&n).ok()).unwrap_or_default())
}

/// Takes in what waits and was not refused before. Gives what became of each file read now.
///
/// # Errors
/// Internal when the disk or the database fails. A file that was not taken in is still in the inbox.
pub fn take_in(chart: &Chart, limits: &Limits, options: &Options, progress: &dyn Progress) -> Result<Vec<FileReport>> {
    if chart.inbox()?.is_empty() {
        return Ok(Vec::new());
    }
    let _one = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = chart.inbox()?;
    let mut inbox = state(chart)?;
    inbox.staying.retain(|name, staying| waiting.iter().any(|w| w.name == *name && w.size == staying.size));
    let mut out = Vec::new();
    for file in &waiting {
        if inbox.staying.contains_key(&file.name) {
            continue;
        }
        out.push(one(chart, file, Told::Nothing, &mut inbox, limits, options, progress)?);
    }
    Ok(out)
}

/// Takes a file that stayed, though it names somebody else.
///
/// # Errors
/// NotFound when it is not there any more; otherwise as [`take_in`].
pub fn accept(chart: &Chart, name: &str, accept: Accept, limits: &Limits, options: &Options) -> Result<FileReport> {
    let _one = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let file = find(chart, name)?;
    one(chart, &file, Told::Take(Some(accept)), &mut state(chart)?, limits, options, &pipeline::Unwatched)
}

/// Takes a reply that waited to be accepted. Should it turn out to be about somebody else, it stays, and that is asked.
///
/// # Errors
/// As [`accept`].
pub fn take(chart: &Chart, name: &str, limits: &Limits, options: &Options) -> Result<FileReport> {
    let _one = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let file = find(chart, name)?;
    one(chart, &file, Told::Take(None), &mut state(chart)?, limits, options, &pipeline::Unwatched)
}

/// What somebody said about a file of the inbox.
enum Told {
    /// Nothing yet.
    Nothing,
    /// To take it; for whom, if it names somebody else.
    Take(Option<Accept>),
}

/// Throws a file away that stayed, because somebody said so.
///
/// # Errors
/// NotFound when it is not there any more; Internal when the disk fails.
pub fn discard(chart: &Chart, name: &str) -> Result<()> {
    let _one = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut inbox = state(chart)?;
    if inbox.staying.remove(name).is_none() {
        return Err(crate::Error::not_found());
    }
    chart.clear_inbox(&find(chart, name)?)?;
    keep(chart, &inbox)
}

fn find(chart: &Chart, name: &str) -> Result<Waiting> {
    chart.inbox()?.into_iter().find(|w| w.name == name).ok_or_else(crate::Error::not_found)
}

fn keep(chart: &Chart, inbox: &Inbox) -> Result<()> {
    chart.set_note(NOTE, &serde_json::to_string(inbox).map_err(crate::Error::internal)?)
}

fn one(
    chart: &Chart,
    file: &Waiting,
    told: Told,
    inbox: &mut Inbox,
    limits: &Limits,
    options: &Options,
    progress: &dyn Progress,
) -> Result<FileReport> {
    let about = chart.about_inbox(file);
    // A reply is looked at, and enters only when somebody says so.
    let look = about.from.is_some() && matches!(told, Told::Nothing);
    let (name, report) = match chart.open_inbox(file, limits.file_bytes) {
        Ok((_, staged)) => {
            let said = about.accept.map(|p| if p.is_empty() { Accept::Anyone } else { Accept::Patient(p) });
            let accept_identity = match told {
                Told::Take(accept) => accept.or(said),
                Told::Nothing => said,
            };
            let name = about.from.as_ref().map_or_else(|| BY.to_owned(), |from| format!("{}, by a link", from.who));
            let by = options.by.clone().named(name);
            let options = Options { accept_identity, dry_run: look, by, ..options.clone() };
            let done = pipeline::import(chart, staged, &about.name, limits, &options, progress)?;
            (about.name, done.report)
        }
        Err(e) if matches!(e.kind, Kind::Refused | Kind::TooMuch) => {
            let report = FileReport { path: file.name.clone(), error: Some(e.words().to_owned()), ..FileReport::default() };
            (file.name.clone(), report)
        }
        Err(e) => return Err(e),
    };
    let waits = look.then(|| "It waits until you take it.".to_owned());
    if let Some(why) = report.error.clone().or(waits) {
        let staying = Staying {
            name,
            size: file.size,
            why: why.clone(),
            wrong_person: report.wrong_person,
            candidates: report.candidates.clone(),
            from: about.from.map(|f| f.who),
            found: report.found,
            may_be_taken: look && report.error.is_none(),
        };
        inbox.staying.insert(file.name.clone(), staying);
        keep(chart, inbox)?;
        return Ok(FileReport { error: Some(why), ..report });
    }
    inbox.staying.remove(&file.name);
    let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs().cast_signed());
    inbox.came.insert(0, Came { name, source: report.source.clone(), at });
    inbox.came.truncate(REMEMBERED);
    keep(chart, inbox)?;
    // It is durable in the chart: not before this may the file go. A crash in between reads it once more, as a duplicate.
    chart.clear_inbox(file)?;
    Ok(report)
}
