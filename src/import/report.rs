//! The report of an import, as the contract writes it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An entry that was left out, with its place and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// `entry[12]`, `line 4`, an XPath.
    #[serde(rename = "where")]
    pub place: String,
    /// What it was, as far as one can tell.
    pub what: String,
    /// Why, in plain words.
    pub why: String,
}

/// Something worth knowing that is not an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// What and why, in plain words.
    pub why: String,
}

/// One of the people whom a refused file is about, for the question which of them it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// "Ruth Carver, born 14 March 1954".
    pub words: String,
    /// How to name them: `Patient/123`.
    pub reference: String,
}

/// found = stored + updated + duplicates + skipped, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Entries that an independent reader of the standard would count.
    pub found: u64,
    /// New.
    pub stored: u64,
    /// Same identity, other content: the old version is kept.
    pub updated: u64,
    /// Already here, linked.
    pub duplicates: u64,
    /// Left out and listed.
    pub skipped: u64,
}

/// What became of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// The path or upload name.
    pub path: String,
    /// `fhir-r4-bundle`, `ccda`, `xdm`, `pdf`, …
    pub format: String,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// The source that the file became; empty if it was refused.
    pub source: String,
    /// Entries found.
    pub found: u64,
    /// Entries stored.
    pub stored: u64,
    /// Entries updated.
    pub updated: u64,
    /// Entries already here.
    pub duplicates: u64,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// What is worth knowing.
    pub warnings: Vec<Warning>,
    /// Why the file was refused: nothing was changed then.
    pub error: Option<String>,
    /// Beside the count: the patient and visit of a document's header, panels around results.
    #[serde(default)]
    pub supporting: u64,
    /// Who the file says it is about, in words; several, if it says so.
    #[serde(default)]
    pub about: Vec<String>,
    /// That the file was refused because it is about somebody else by name or birth date, or about several people.
    #[serde(default)]
    pub wrong_person: bool,
    /// If so: who they are, 50 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// That the file is about somebody else by name or birth date and was accepted all the same.
    #[serde(default)]
    pub identity_accepted: bool,
    /// Counts by kind of record (`Class::slug`).
    #[serde(default)]
    pub classes: BTreeMap<String, Counts>,
}

impl FileReport {
    /// The sum rule of the contract.
    pub fn adds_up(&self) -> bool {
        self.found == self.stored + self.updated + self.duplicates + self.skipped.len() as u64
    }
}

/// Sums over all files of one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Totals {
    pub files: u64,
    pub found: u64,
    pub stored: u64,
    pub updated: u64,
    pub duplicates: u64,
    pub skipped: u64,
    pub failed: u64,
}

/// The report of one command: `import --json` prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// One for each file.
    pub files: Vec<FileReport>,
    /// Their sums.
    pub totals: Totals,
}

impl Report {
    /// Adds a file and its counts.
    pub fn push(&mut self, file: FileReport) {
        let t = &mut self.totals;
        t.files += 1;
        t.found += file.found;
        t.stored += file.stored;
        t.updated += file.updated;
        t.duplicates += file.duplicates;
        t.skipped += file.skipped.len() as u64;
        t.failed += u64::from(file.error.is_some());
        self.files.push(file);
    }
}
