//! The flags that choose what goes out, the same for a file and for a link.

use super::records::date;
use crate::export::Choice;
use crate::record::{Class, Sensitive};
use crate::vault::{Chart, Event};
use crate::{Error, Kind, Result};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What goes out: kinds, dates, single records, and a note.
#[derive(clap::Args, Debug)]
pub struct Chosen {
    /// From this date on: 2020, 2020-03 or 2020-03-14
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Up to and with this date
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
    /// Only these kinds, such as allergies,medicines,laboratory
    #[arg(long, value_name = "C,…", value_delimiter = ',')]
    pub include: Vec<String>,
    /// Without these kinds
    #[arg(long, value_name = "C,…", value_delimiter = ',')]
    pub exclude: Vec<String>,
    /// These sensitive kinds too, such as mental-health,hiv; with a profile other than everything all others stay out
    #[arg(long, value_name = "S,…", value_delimiter = ',')]
    pub sensitive: Vec<String>,
    /// These single records in any case, by their number (keepwell records --numbers)
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub with: Vec<i64>,
    /// These single records in no case, by their number
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub without: Vec<i64>,
    /// A note to whoever reads it
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// A file with the note: other users of this machine cannot read it off the command line
    #[arg(long, value_name = "FILE", conflicts_with = "note")]
    pub note_file: Option<PathBuf>,
}

impl Chosen {
    /// What the flags say, in place of what `choice` says. Single records are left for [`Self::singles`].
    ///
    /// # Errors
    /// Usage when a word or date means nothing, or the note cannot be read.
    pub(super) fn over(&self, mut choice: Choice) -> Result<Choice> {
        for text in self.from.iter().chain(&self.to) {
            date(text)?;
        }
        let (include, exclude) = (classes(&self.include)?, classes(&self.exclude)?);
        if !include.is_empty() {
            (choice.selection.include, choice.selection.exclude) = (include, Vec::new());
        }
        choice.selection.exclude.extend(exclude);
        for word in &self.sensitive {
            let all = || Sensitive::ALL.map(Sensitive::slug).join(", ");
            let words = || Error::new(Kind::Usage, format!("There is no sensitive kind \"{word}\". The kinds are: {}.", all()));
            choice.sensitive.add(Sensitive::from_slug(word).ok_or_else(words)?.into());
        }
        choice.selection.from.clone_from(&self.from);
        choice.selection.to.clone_from(&self.to);
        choice.note = match &self.note_file {
            Some(file) => Some(read(file)?.trim().to_owned()),
            None => self.note.clone(),
        };
        Ok(choice)
    }

    /// Puts the single records of a chart into a choice.
    ///
    /// # Errors
    /// Usage when the chart has no record of a number; Internal when it cannot be read.
    pub(super) fn singles(&self, chart: &Chart, choice: &mut Choice) -> Result<()> {
        let keys = |numbers: &[i64]| -> Result<BTreeSet<String>> {
            let key = |rid: &i64| match chart.record(*rid) {
                Err(e) if e.kind == Kind::NotFound => Err(Error::new(
                    Kind::Usage,
                    format!("This chart has no record number {rid}. Nothing was given. `keepwell records --numbers` lists them."),
                )),
                row => row.map(|row| row.key),
            };
            numbers.iter().map(key).collect()
        };
        (choice.with, choice.without) = (keys(&self.with)?, keys(&self.without)?);
        Ok(())
    }

    /// The flags as the activity log has them.
    pub(super) fn said(&self, event: Event) -> Event {
        let date = |date: &Option<String>| date.clone().unwrap_or_default();
        let event = event.with("from-date", date(&self.from)).with("to-date", date(&self.to));
        event.with("kinds", self.include.join(" ")).with("without", self.exclude.join(" "))
    }
}

/// A file that is named on the command line.
pub(super) fn read(path: &PathBuf) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| Error::new(Kind::Usage, format!("The file {} cannot be read.", path.display())).because(e))
}

/// Kinds by their slug.
fn classes(words: &[String]) -> Result<Vec<Class>> {
    let known = |word: &String| {
        Class::from_slug(&word.to_lowercase()).ok_or_else(|| {
            let all: Vec<_> = Class::ALL.iter().map(|c| c.slug()).collect();
            Error::new(Kind::Usage, format!("There is no kind \"{word}\". The kinds are: {}.", all.join(", ")))
        })
    };
    words.iter().map(known).collect()
}
