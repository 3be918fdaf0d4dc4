//! The pipeline's sink: every record read passes here once, is judged, given its facts and put into the vault.

use super::identity::{Candidate, Numbers, Only};
use super::pipeline::Progress;
use super::report::{Counts, FileReport, Skipped, Warning};
use super::{Found, Origin, Sink};
use crate::record::{Class, Facts, facts_with, medication_concept, medication_reference, subject_reference, type_of};
use crate::vault::{Import, unique_in_shape};
use crate::{Error, Kind, Result};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Records that wait for a Medication further down the file; more than these go in with what is known.
const WAITING: usize = 20_000;

pub(super) struct Intake<'a> {
    pub(super) import: Import<'a>,
    pub(super) report: FileReport,
    pub(super) candidates: Vec<Candidate>,
    pub(super) subjects: BTreeSet<String>,
    only: Option<Only>,
    /// Of the Patients so far; of all, in a second reading.
    pub(super) numbers: Numbers,
    second: bool,
    /// References met before the Patient whom they mean: a second reading may know better.
    early: BTreeSet<String>,
    medications: HashMap<String, Value>,
    waiting: Vec<Found>,
    last_subject: String,
    progress: &'a dyn Progress,
    total: u64,
    read: u64,
    records: u64,
    /// Whether some records came out of a chart of ours, and whether some did not.
    kept: bool,
    foreign: bool,
    mark: Option<Mark>,
}

/// What a reading of the file may already know from the one before.
#[derive(Clone, Debug, Default)]
pub(super) struct Round {
    pub(super) only: Option<Only>,
    /// The numbers of all Patients of the file.
    pub(super) numbers: Option<Numbers>,
}

/// What there was when a file of an archive began.
struct Mark {
    report: FileReport,
    candidates: usize,
    subjects: BTreeSet<String>,
    waiting: usize,
}

impl<'a> Intake<'a> {
    pub(super) fn new(import: Import<'a>, report: FileReport, round: Round, progress: &'a dyn Progress, total: u64) -> Self {
        Self {
            import,
            report,
            candidates: Vec::new(),
            subjects: BTreeSet::new(),
            only: round.only,
            second: round.numbers.is_some(),
            numbers: round.numbers.unwrap_or_default(),
            early: BTreeSet::new(),
            medications: HashMap::new(),
            waiting: Vec::new(),
            last_subject: String::new(),
            progress,
            total,
            read: 0,
            records: 0,
            kept: false,
            foreign: false,
            mark: None,
        }
    }

    /// Whether all of the file is a chart that Keepwell itself carried out of a vault. Whatever names stand in it, somebody
    /// has accepted them there as one person's.
    pub(super) fn is_one_chart(&self) -> bool {
        self.kept && !self.foreign
    }

    /// Everything is read: what waited for a medicine's name goes in now.
    pub(super) fn settle(&mut self) -> Result<()> {
        for found in std::mem::take(&mut self.waiting) {
            self.put(found)?;
        }
        self.tally()
    }

    fn class_counts(&mut self, class: Class) -> &mut Counts {
        self.report.classes.entry(class.slug().to_owned()).or_default()
    }

    fn put(&mut self, mut found: Found) -> Result<()> {
        let concept = medication_reference(&found.resource).and_then(|r| self.medications.get(r)).cloned();
        let facts = facts_with(&found.resource, concept.as_ref());
        self.scope(&mut found, &facts);
        self.import.hand(found, facts)
    }

    /// Brings the report up to what is stored.
    fn tally(&mut self) -> Result<()> {
        let tally = self.import.tally()?;
        self.report.supporting += tally.supporting;
        for (class, more) in tally.classes {
            let counts = self.class_counts(class);
            counts.found += more.found;
            counts.stored += more.stored;
            counts.updated += more.updated;
            counts.duplicates += more.duplicates;
            self.report.found += more.found;
            self.report.stored += more.stored;
            self.report.updated += more.updated;
            self.report.duplicates += more.duplicates;
        }
        Ok(())
    }

    /// A short id without a server's address ("Observation/1") is unique only for one patient of one provider. Where the file
    /// names that patient by the provider's own number, record and number together are the identity. Where it does not, two
    /// hospitals' Observation/1 about Patient/1 must never meet: only a record of the same code and date is the same record
    /// then, and one without either, or without a patient (a practitioner), is known by its content alone.
    fn scope(&mut self, found: &mut Found, facts: &Facts) {
        let short = matches!(found.origin, Origin::Server { base: None, .. });
        if !short || found.resource.get("id").and_then(Value::as_str).is_some_and(unique_in_shape) {
            return;
        }
        let scope = if type_of(&found.resource) == "Patient" {
            Candidate::of(&found.resource, None).number
        } else {
            subject_reference(&found.resource).and_then(|subject| {
                if let Some(number) = self.numbers.get(subject) {
                    return Some(number.to_owned());
                }
                self.early.insert(subject.to_owned());
                if subject.contains("://") || subject.starts_with("urn:") {
                    return Some(subject.to_owned());
                }
                Some(format!("{subject}\n{}\n{}", facts.code.as_ref()?, facts.date.as_ref()?.text))
            })
        };
        match scope {
            Some(scope) => self.import.scope(&scope),
            None => found.origin = Origin::Content,
        }
    }

    /// Whether records went in under a scope that the rest of the file has proven wrong: their Patient came after them, or
    /// another one of the same short id did.
    pub(super) fn misjudged(&self) -> bool {
        !self.second && (self.numbers.mixed || self.early.iter().any(|subject| self.numbers.get(subject).is_some()))
    }

    fn patient(&mut self, patient: Candidate) {
        if !self.second {
            self.numbers.add(&patient);
        }
        self.candidates.push(patient);
    }

    /// Whether the record is about somebody whom the filter leaves out: the words why.
    fn someone_else(&self, found: &Found) -> Option<String> {
        let only = self.only.as_ref()?;
        let resource = &found.resource;
        if type_of(resource) == "Patient" {
            let candidate = Candidate::of(resource, found.full_url.as_deref());
            let ours = candidate.references.iter().any(|r| only.allows(r));
            return (!ours).then(|| format!("It is about {}.", candidate.identity.words()));
        }
        if let Some(about) = Candidate::contained(resource) {
            let ours = about.references.iter().any(|r| only.allows(r));
            return (!ours).then(|| format!("It is about {}.", about.identity.words()));
        }
        let subject = subject_reference(resource)?;
        let patient = subject.contains("Patient/") || self.candidates.iter().any(|c| c.references.iter().any(|r| r == subject));
        (patient && !only.allows(subject)).then(|| format!("It is about another person ({subject})."))
    }

    fn step(&mut self) -> Result<()> {
        self.records += 1;
        if self.records.is_multiple_of(64) {
            self.progress.step(self.read, self.total, self.records);
            self.check()?;
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.progress.cancelled() {
            return Err(Error::new(Kind::Cancelled, "You stopped this import. Nothing was stored."));
        }
        Ok(())
    }
}

impl Sink for Intake<'_> {
    fn found(&mut self, found: Found) -> Result<()> {
        self.step()?;
        let kept = matches!(found.origin, Origin::Kept { .. });
        let kind = type_of(&found.resource);
        // A letter that names nobody says nothing about whose chart it is.
        let names = kind == "Patient" || kind != "DocumentReference" || subject_reference(&found.resource).is_some();
        (self.kept, self.foreign) = (self.kept || kept, self.foreign || !kept && names);
        if kind == "Patient" {
            self.patient(Candidate::of(&found.resource, found.full_url.as_deref()));
        } else if let Some(about) = Candidate::contained(&found.resource) {
            if !self.candidates.iter().any(|c| c.references == about.references) {
                self.candidates.push(about);
            }
        } else if let Some(subject) = subject_reference(&found.resource)
            && subject != self.last_subject
        {
            subject.clone_into(&mut self.last_subject);
            self.subjects.insert(subject.to_owned());
        }
        if let Some(why) = self.someone_else(&found) {
            return if found.counted { self.skip(&found.place, &what(&found.resource), &why) } else { Ok(()) };
        }
        if kind == "Medication"
            && let Some(concept) = found.resource.get("code")
        {
            let id = found.resource.get("id").and_then(Value::as_str).map(|id| format!("Medication/{id}"));
            for reference in found.full_url.iter().cloned().chain(id) {
                self.medications.insert(reference, concept.clone());
            }
        }
        let waits = medication_concept(&found.resource).is_none()
            && medication_reference(&found.resource).is_some_and(|r| !self.medications.contains_key(r));
        if waits && self.waiting.len() < WAITING {
            self.waiting.push(found);
            return Ok(());
        }
        self.put(found)
    }

    fn skip(&mut self, place: &str, what: &str, why: &str) -> Result<()> {
        self.step()?;
        self.report.found += 1;
        let class = Class::Other;
        let counts = self.class_counts(class);
        counts.found += 1;
        counts.skipped += 1;
        self.report.skipped.push(Skipped { place: place.to_owned(), what: what.to_owned(), why: why.to_owned() });
        Ok(())
    }

    fn warn(&mut self, place: &str, why: &str) {
        self.report.warnings.push(Warning { place: place.to_owned(), why: why.to_owned() });
    }

    fn mark(&mut self) -> Result<()> {
        self.tally()?;
        self.import.mark()?;
        self.mark = Some(Mark {
            report: self.report.clone(),
            candidates: self.candidates.len(),
            subjects: self.subjects.clone(),
            waiting: self.waiting.len(),
        });
        Ok(())
    }

    fn undo(&mut self) -> Result<()> {
        // What is taken back is not counted: the report of before comes back too.
        self.tally()?;
        self.import.undo()?;
        if let Some(mark) = self.mark.take() {
            self.report = mark.report;
            self.candidates.truncate(mark.candidates);
            if !self.second {
                self.numbers = Numbers::default();
                self.candidates.iter().for_each(|c| self.numbers.add(c));
            }
            self.subjects = mark.subjects;
            self.waiting.truncate(mark.waiting);
            self.last_subject.clear();
        }
        Ok(())
    }

    fn progress(&mut self, bytes: u64) -> Result<()> {
        self.read = bytes;
        self.progress.step(self.read, self.total, self.records);
        self.check()
    }
}

/// `Observation/abc`: the name of a skipped record in the report. Ids only, so that a report of other people's
/// records tells nothing of their health.
fn what(resource: &Value) -> String {
    let kind = type_of(resource);
    match resource.get("id").and_then(Value::as_str) {
        Some(id) => format!("{kind}/{id}"),
        None => kind.to_owned(),
    }
}
