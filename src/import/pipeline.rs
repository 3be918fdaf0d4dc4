//! One file from its bytes into the vault: told by content, read, judged, stored in one transaction.

use super::archive::{self, HEAD, Member};
use super::documents::{self, Document};
use super::identity::{self, Known, Only, Verdict, judge};
use super::intake::{Intake, Round};
use super::limits::{check_xml, read_whole};
use super::report::FileReport;
use super::sniff::{Format, decode_xml, sniff, why_not};
use super::worker::Worker;
use super::xdm::About;
use super::{Limits, Sink, ccda, fhir, health_card};
use crate::record::PatientIdentity;
use crate::vault::{By, Chart, Original, Staged};
use crate::{Error, Kind, Result};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

pub use super::identity::Accept;

/// How an import is to go.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whom the member says the file is about, if it is about somebody else by name or birth date.
    pub accept_identity: Option<Accept>,
    /// Read and report, store nothing.
    pub dry_run: bool,
    /// Who brings it in, and from where.
    pub by: By,
    /// The program that reads PDFs and pictures in a process of its own: this one.
    pub worker: PathBuf,
}

/// Told of progress, asked whether to stop.
pub trait Progress: Sync {
    /// So many bytes of so many are read, and so many records.
    fn step(&self, bytes_read: u64, bytes_total: u64, records: u64);
    /// Whether the person asked to stop.
    fn cancelled(&self) -> bool;
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn step(&self, _: u64, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// What became of a file. After a refusal the staged file is handed back, for a second try.
#[derive(Debug)]
pub struct Imported {
    /// The report.
    pub report: FileReport,
    /// The file, if it did not become a source.
    pub staged: Option<Staged>,
}

/// Imports one staged file. A refusal is no error: it is a report with `error` set, and nothing was stored.
///
/// # Errors
/// Cancelled; Internal when the vault or the disk fails. Nothing was stored then.
pub fn import(chart: &Chart, staged: Staged, name: &str, limits: &Limits, options: &Options, progress: &dyn Progress) -> Result<Imported> {
    let report = FileReport { path: name.to_owned(), sha256: staged.sha256().to_owned(), ..FileReport::default() };
    if let Err(e) = limits.check_file(staged.size()) {
        return Ok(Imported { report: refused(report, &e), staged: Some(staged) });
    }
    let job = Job { chart, name, limits, options, progress, size: staged.size(), again: None };
    match job.guarded(report, &|| staged.open())? {
        Done::Entered(intake) if !options.dry_run => {
            let Intake { import, mut report, .. } = *intake;
            if let Some(source) = same_file(chart, &report)? {
                report.source = source;
                drop(import);
                chart.heal(staged)?;
                return Ok(Imported { report, staged: None });
            }
            Ok(Imported { report: import.commit(Some(staged), report)?, staged: None })
        }
        Done::Entered(intake) => Ok(Imported { report: intake.report, staged: Some(staged) }),
        Done::Refused(report) => Ok(Imported { report: *report, staged: Some(staged) }),
    }
}

/// Reads the original of a source again, with today's readers.
///
/// # Errors
/// NotFound; otherwise as [`import`].
pub fn reimport(chart: &Chart, source: &str, limits: &Limits, options: &Options, progress: &dyn Progress) -> Result<FileReport> {
    let info = chart.sources()?.into_iter().find(|s| s.id == source && s.removed.is_none()).ok_or_else(Error::not_found)?;
    let accepted = info.report.identity_accepted || info.reread.is_some_and(|r| r.identity_accepted);
    let accept = if accepted { Some(Accept::Anyone) } else { None };
    let options = Options { accept_identity: options.accept_identity.clone().or(accept), ..options.clone() };
    let report = FileReport { path: info.name.clone(), sha256: info.report.sha256.clone(), ..FileReport::default() };
    let job = Job { chart, name: &info.name, limits, options: &options, progress, size: info.size, again: Some(source) };
    match job.guarded(report, &|| chart.original(source))? {
        Done::Entered(intake) if !options.dry_run => {
            let Intake { import, report, .. } = *intake;
            import.commit(None, report)
        }
        Done::Entered(intake) => Ok(intake.report),
        Done::Refused(report) => Ok(*report),
    }
}

/// The source that this very file became before, if nothing in it is new: a second copy would only clutter the list.
fn same_file(chart: &Chart, report: &FileReport) -> Result<Option<String>> {
    if report.stored + report.updated > 0 {
        return Ok(None);
    }
    let sources = chart.sources()?;
    Ok(sources.into_iter().find(|s| s.removed.is_none() && s.report.sha256 == report.sha256).map(|s| s.id))
}

struct Job<'a> {
    chart: &'a Chart,
    name: &'a str,
    limits: &'a Limits,
    options: &'a Options,
    progress: &'a dyn Progress,
    size: u64,
    again: Option<&'a str>,
}

enum Done<'a> {
    Entered(Box<Intake<'a>>),
    Refused(Box<FileReport>),
}

impl<'a> Job<'a> {
    /// A reader that panics costs its own file only: what it had put is undone, and what the panic says is not passed on.
    fn guarded(&self, report: FileReport, open: &dyn Fn() -> Result<Original>) -> Result<Done<'a>> {
        let unread = report.clone();
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.run(report, open))).unwrap_or_else(|_| {
            let words = "Keepwell could not read this file. Nothing of it was stored. Try another copy of it.";
            Ok(Done::Refused(Box::new(FileReport { error: Some(words.to_owned()), ..unread })))
        })
    }

    /// Reads the file, a second time if part of it is about other people or stands before the Patient whom it is about.
    fn run(&self, report: FileReport, open: &dyn Fn() -> Result<Original>) -> Result<Done<'a>> {
        let mut known = Known::parse(self.chart.note(Known::NOTE)?.as_deref());
        let mut only: Option<(Only, bool)> = None;
        let mut numbers = None;
        loop {
            let import = self.chart.import(self.name, &self.options.by, self.again)?;
            let round = Round { only: only.as_ref().map(|(only, _)| only.clone()), numbers: numbers.clone() };
            let mut intake = Intake::new(import, report.clone(), round, self.progress, self.size);
            if let Err(e) =
                read(open()?, self.name, self.limits, &Worker::new(&self.options.worker), &mut intake).and_then(|()| intake.settle())
            {
                if matches!(e.kind, Kind::Refused | Kind::TooMuch) {
                    return Ok(Done::Refused(Box::new(refused(FileReport { format: intake.report.format, ..report }, &e))));
                }
                return Err(e);
            }
            let mut about: Vec<String> = intake.candidates.iter().map(|c| c.identity.words()).collect();
            about.sort();
            about.dedup();
            about.truncate(50);
            intake.report.about = about;
            if let Some((only, accepted)) = &only {
                intake.report.identity_accepted = *accepted;
                self.remember(&mut known, &intake, only.0.iter().cloned(), *accepted)?;
                return Ok(Done::Entered(Box::new(intake)));
            }
            let person = self.chart.person();
            let person = PatientIdentity::person(&person.name, &person.birth_date, &person.sex);
            let accept = self.options.accept_identity.as_ref();
            let verdict = match judge(&person, &intake.candidates, &intake.subjects, &known, accept) {
                Verdict::Only(_, accepted) if intake.is_one_chart() => Verdict::Enter { accepted },
                Verdict::Refuse(_) if intake.is_one_chart() && matches!(accept, Some(Accept::Anyone)) => Verdict::Enter { accepted: true },
                other => other,
            };
            match verdict {
                Verdict::Enter { .. } if intake.misjudged() => numbers = Some(intake.numbers),
                Verdict::Enter { accepted } => {
                    intake.report.identity_accepted = accepted;
                    let own: Vec<String> = intake.candidates.iter().flat_map(|c| c.references.clone()).collect();
                    self.remember(&mut known, &intake, own.into_iter(), accepted)?;
                    return Ok(Done::Entered(Box::new(intake)));
                }
                Verdict::Only(allowed, accepted) => (only, numbers) = (Some((allowed, accepted)), Some(intake.numbers)),
                Verdict::Refuse(words) => {
                    let FileReport { format, about, .. } = intake.report;
                    let candidates = identity::listed(&intake.candidates, &intake.subjects);
                    let refusal = FileReport { format, about, candidates, wrong_person: true, error: Some(words), ..report };
                    return Ok(Done::Refused(Box::new(refusal)));
                }
            }
        }
    }

    /// Later files may name this patient by reference only; what was accepted once is not asked again.
    fn remember(&self, known: &mut Known, intake: &Intake<'_>, own: impl Iterator<Item = String>, accepted: bool) -> Result<()> {
        if self.options.dry_run {
            return Ok(());
        }
        let before = known.to_note();
        // A urn: names an entry of one file only, so it says nothing about the next.
        known.references.extend(own.filter(|r| r.contains("Patient/")));
        if accepted {
            known.accepted.extend(intake.candidates.iter().map(|c| c.identity.words()));
        }
        let after = known.to_note();
        if after != before { intake.import.set_note(Known::NOTE, &after) } else { Ok(()) }
    }
}

fn refused(mut report: FileReport, error: &Error) -> FileReport {
    report.error = Some(error.words().to_owned());
    report
}

fn read(mut input: Original, name: &str, limits: &Limits, worker: &Worker, sink: &mut Intake<'_>) -> Result<()> {
    let mut head = Vec::with_capacity(HEAD);
    (&mut input).take(HEAD as u64).read_to_end(&mut head)?;
    input.seek(SeekFrom::Start(0))?;
    let mut input = BufReader::with_capacity(1 << 18, input);
    let mut format = sniff(&head);
    if format == Format::Zip {
        format = archive::office(&mut input, &head, limits).unwrap_or(format);
    }
    format.slug().clone_into(&mut sink.report.format);
    let kind = match format {
        Format::Zip | Format::Gzip => {
            let mut dispatch = |member: Member<'_>, sink: &mut dyn Sink| {
                // What a gzip file holds has no name of its own.
                let name = if member.path.is_empty() { name.to_owned() } else { member.name().to_owned() };
                let part = Part { format: member.format, name: &name, path: Some(member.path), about: member.about, limits, worker };
                read_member(&part, member.size, member.input, sink)
            };
            archive::read(&mut input, format, limits, &mut dispatch, sink)?
        }
        Format::Empty => {
            return Err(Error::refused("This file is empty: it holds no bytes at all. Nothing was stored. Download it again."));
        }
        Format::Xml | Format::Unknown(_) => return Err(Error::refused(format!("{} Nothing was stored.", why_not(format, &head)))),
        _ => read_as(&Part { format, name, path: None, about: None, limits, worker }, &mut input, sink)?,
    };
    sink.report.format = kind;
    Ok(())
}

/// One file, alone or in an archive, and what is known about it.
struct Part<'a> {
    format: Format,
    name: &'a str,
    path: Option<&'a str>,
    about: Option<&'a About>,
    limits: &'a Limits,
    worker: &'a Worker,
}

/// Members of archives up to this size are checked whole before anything of them is stored: that takes less memory than the
/// savepoint of a larger one, which holds the former state of each page that it touches.
const SMALL: u64 = 16 << 20;

/// A stream that breaks in the middle must leave nothing of itself behind while the rest of its archive is kept.
fn read_member(part: &Part<'_>, size: u64, input: &mut dyn Read, sink: &mut dyn Sink) -> Result<String> {
    if part.format != Format::FhirJson {
        return read_as(part, input, sink);
    }
    if (1..SMALL).contains(&size) {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok() {
            return read_as(part, &mut bytes.as_slice(), sink);
        }
        return marked(part, &mut bytes.as_slice(), sink);
    }
    marked(part, input, sink)
}

fn marked(part: &Part<'_>, input: &mut dyn Read, sink: &mut dyn Sink) -> Result<String> {
    sink.mark()?;
    let result = read_as(part, input, sink);
    if matches!(&result, Err(e) if matches!(e.kind, Kind::Refused | Kind::TooMuch)) {
        sink.undo()?;
    }
    result
}

fn read_as(part: &Part<'_>, input: &mut dyn Read, sink: &mut dyn Sink) -> Result<String> {
    let Part { format, name, path, about, limits, worker } = *part;
    match format {
        Format::FhirJson => return fhir::read_json(input, limits, sink),
        Format::FhirNdjson => return fhir::read_ndjson(input, limits, sink),
        Format::FhirXml => {
            let bytes = read_whole(input, limits)?;
            let (text, odd) = decode_xml(&bytes);
            if let Some(odd) = odd {
                sink.warn("/", odd);
            }
            check_xml(&text, limits)?;
            return fhir::read_xml(&text, limits, sink);
        }
        Format::HealthCard => {
            let bytes = read_whole(input, limits)?;
            health_card::read(&String::from_utf8_lossy(&bytes), limits, sink)?;
        }
        Format::Ccda => ccda::read(&read_whole(input, limits)?, name, limits, sink)?,
        _ => documents::read(&Document { format, bytes: &read_whole(input, limits)?, name, path, about }, worker, limits, sink)?,
    }
    Ok(format.slug().to_owned())
}
