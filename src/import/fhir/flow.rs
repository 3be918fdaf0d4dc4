//! From resources as read to records in R4: nested ones taken out, the version told, the rest lifted and handed on.

use super::lift;
use super::origin;
use super::version::{Evidence, Version, evidence, leaning};
use crate::Result;
use crate::import::{Found, Origin, Sink};
use crate::record::type_of;
use serde_json::Value;

/// How many resources may wait for one that shows the version, and how many bytes of their source text.
const MOST_HELD: usize = 256;
const MOST_HELD_BYTES: usize = 4 << 20;
/// The reader tells how far it is whenever it has read this much more.
const PROGRESS: u64 = 1 << 20;

/// A resource on its way.
pub(super) struct Item {
    pub(super) resource: Value,
    pub(super) full_url: Option<String>,
    pub(super) place: String,
    pub(super) counted: bool,
}

/// Takes the resources of one file in their order.
pub(super) struct Flow<'a> {
    pub(super) sink: &'a mut dyn Sink,
    /// How many resources left no doubt of their version, by version. The most frequent is that of their neighbours.
    sure: [u64; 5],
    held: Vec<(Item, u8)>,
    held_bytes: usize,
    /// Resources handed on, by version, oldest first.
    seen: [u64; 5],
    told: u64,
    warned_r5: bool,
}

impl<'a> Flow<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink, sure: [0; 5], held: Vec::new(), held_bytes: 0, seen: [0; 5], told: 0, warned_r5: false }
    }

    /// Lets neighbours without evidence follow this version.
    pub(super) fn expect(&mut self, version: Version) {
        self.sure[version as usize] += 1;
    }

    /// The version that the file has shown so far.
    fn shown(&self) -> Option<Version> {
        Version::ALL.into_iter().filter(|v| self.sure[*v as usize] > 0).max_by_key(|v| self.sure[*v as usize])
    }

    /// How far the reader is.
    pub(super) fn progress(&mut self, bytes: u64) -> Result<()> {
        if bytes < self.told + PROGRESS {
            return Ok(());
        }
        self.told = bytes;
        self.sink.progress(bytes)
    }

    /// Takes one resource that is neither Bundle nor Parameters nor OperationOutcome; `bytes` is the size of its text.
    pub(super) fn take(&mut self, item: Item, bytes: usize) -> Result<()> {
        match evidence(&item.resource) {
            Evidence::Sure(version) => {
                self.sure[version as usize] += 1;
                self.release()?;
                self.emit(item, version)
            }
            Evidence::OneOf(bits) => match self.shown() {
                Some(version) => self.emit(item, pick(bits, version)),
                None => {
                    self.held.push((item, bits));
                    self.held_bytes += bytes;
                    if self.held.len() < MOST_HELD && self.held_bytes < MOST_HELD_BYTES { Ok(()) } else { self.release() }
                }
            },
        }
    }

    /// Hands on what has waited. Without a version shown, the versions that all of them allow and the code systems that
    /// they use decide; R4 if those leave it open.
    fn release(&mut self) -> Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let version = self.shown().unwrap_or_else(|| {
            let common = self.held.iter().fold(0b111, |all, (_, bits)| all & bits);
            let leans: i64 = self.held.iter().map(|(item, _)| leaning(&item.resource)).sum();
            let likely = if leans < 0 { Version::Stu3 } else { Version::R4 };
            pick(if common == 0 { 0b111 } else { common }, likely)
        });
        self.held_bytes = 0;
        for (item, bits) in std::mem::take(&mut self.held) {
            self.emit(item, pick(bits, version))?;
        }
        Ok(())
    }

    /// Takes a record out of Keepwell's own export: it is R4 as it stands.
    pub(super) fn kept(&mut self, item: Item, origin: Origin) -> Result<()> {
        self.release()?;
        if let Some(n) = self.seen.get_mut(Version::R4 as usize) {
            *n += u64::from(item.counted);
        }
        self.sink.found(Found { resource: item.resource, origin, full_url: item.full_url, place: item.place, counted: item.counted })
    }

    fn emit(&mut self, item: Item, version: Version) -> Result<()> {
        if let Some(n) = self.seen.get_mut(version as usize) {
            *n += u64::from(item.counted);
        }
        if version == Version::R5 && !self.warned_r5 {
            self.warned_r5 = true;
            self.sink.warn(&item.place, "This file is written in FHIR R5, which is newer than what Keepwell keeps. What has a place in R4 was read; the rest is kept with each record.");
        }
        let origin = origin::of(&item.resource, item.full_url.as_deref());
        let old = type_of(&item.resource).to_owned();
        let resource = lift::lift(item.resource, version);
        let mut found = Found { resource, origin, full_url: item.full_url, place: item.place, counted: item.counted };
        origin::rename(&mut found, &old);
        self.sink.found(found)
    }

    /// An entry that cannot be stored.
    pub(super) fn skip(&mut self, place: &str, what: &str, why: &str) -> Result<()> {
        self.sink.skip(place, what, why)
    }

    /// Hands on the rest and tells the version that most resources had.
    pub(super) fn finish(mut self) -> Result<Version> {
        self.release()?;
        let most = Version::ALL.into_iter().max_by_key(|v| self.seen[*v as usize]).unwrap_or(Version::R4);
        Ok(if self.seen.iter().all(|n| *n == 0) { self.shown().unwrap_or(Version::R4) } else { most })
    }
}

/// What a resource is, in a neighbourhood of this version: that version if it fits, else the nearest that does.
fn pick(bits: u8, version: Version) -> Version {
    if bits & version.bit() != 0 {
        return version;
    }
    let nearness =
        if version == Version::Dstu2 { [Version::Stu3, Version::R4, Version::R4] } else { [Version::R4, Version::Stu3, Version::Dstu2] };
    nearness.into_iter().find(|v| bits & v.bit() != 0).unwrap_or(version)
}

/// `Patient/123` for reports, as far as it can be told.
pub(super) fn name_of(resource: &Value) -> String {
    let kind = type_of(resource);
    match resource.get("id").and_then(Value::as_str) {
        Some(id) if !kind.is_empty() => format!("{kind}/{id}"),
        _ if !kind.is_empty() => kind.to_owned(),
        _ => "an entry without a kind".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::sink::Collected;
    use serde_json::json;

    fn read(resources: &[Value]) -> (Version, Vec<Value>) {
        let mut sink = Collected::default();
        let mut flow = Flow::new(&mut sink);
        for (i, resource) in resources.iter().enumerate() {
            let item = Item { resource: resource.clone(), full_url: None, place: format!("[{i}]"), counted: true };
            flow.take(item, 100).expect("taken");
        }
        let version = flow.finish().expect("finished");
        (version, sink.found.into_iter().map(|f| f.resource).collect())
    }

    #[test]
    fn neighbours_without_evidence_follow_those_with() {
        // Condition.clinicalStatus as text is DSTU2 or STU3; `patient` stands in DSTU2 alone, and comes last.
        let open = json!({"resourceType": "Goal", "description": "Walk", "status": "achieved"});
        let sure = json!({"resourceType": "Condition", "patient": {"reference": "Patient/1"}, "clinicalStatus": "active"});
        let (version, found) = read(&[open, json!({"resourceType": "CarePlan", "status": "active"}), sure]);
        assert_eq!(version, Version::Dstu2);
        assert_eq!(found[0]["lifecycleStatus"], "completed");
        assert_eq!(found[1]["intent"], "plan", "which DSTU2 left unsaid");
        assert_eq!(found[2]["subject"]["reference"], "Patient/1");
    }

    #[test]
    fn nothing_shown_is_r4_and_passes_untouched() {
        let patients: Vec<Value> = (0..600).map(|i| json!({"resourceType": "Patient", "id": i.to_string(), "birthDate": "1950"})).collect();
        let (version, found) = read(&patients);
        assert_eq!((version, &found), (Version::R4, &patients));
    }

    #[test]
    fn old_code_systems_make_an_open_file_stu3() {
        let patient = json!({"resourceType": "Patient", "maritalStatus": {"coding": [{"system": "http://hl7.org/fhir/v3/MaritalStatus", "code": "M"}]}});
        let (version, found) = read(&[patient]);
        assert_eq!(version, Version::Stu3);
        assert_eq!(found[0]["maritalStatus"]["coding"][0]["system"], "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus");
    }
}
