//! Whose records a file holds: the wrong person's never enter a chart unasked.

use super::report;
use crate::record::PatientIdentity;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// One Patient of a file: the references that mean them, and what the file says of them.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) references: Vec<String>,
    pub(super) identity: PatientIdentity,
    /// The number by which one provider knows this patient, if the file gives one: nobody else's `Patient/1` has it.
    pub(super) number: Option<String>,
}

impl Candidate {
    pub(super) fn of(patient: &Value, full_url: Option<&str>) -> Self {
        let id = patient.get("id").and_then(Value::as_str).map(|id| format!("Patient/{id}"));
        let mut references: Vec<String> = full_url.map(str::to_owned).into_iter().chain(id).collect();
        // A patient record that was merged into another one is the same person (FHIR R4 Patient.link).
        references.extend(crate::record::list(patient, "link.other.reference").into_iter().filter_map(Value::as_str).map(str::to_owned));
        Self { references, identity: PatientIdentity::of(patient), number: own_number(patient) }
    }

    /// The Patient whom a record holds inside and is about (FHIR R4, "Contained Resources"), under an address made of all that
    /// is said of them: `#patient` of two records need not be the same person.
    pub(super) fn contained(resource: &Value) -> Option<Self> {
        let about = ["subject", "patient"].iter().find_map(|k| resource.get(*k)?.get("reference")?.as_str()?.strip_prefix('#'))?;
        let inside = crate::record::array(resource, "contained").iter();
        let mut patient =
            inside.filter(|c| crate::record::type_of(c) == "Patient").find(|c| c.get("id").is_some_and(|id| id == about))?.clone();
        patient.as_object_mut()?.shift_remove("id");
        let hash = blake3::hash(patient.to_string().as_bytes()).to_hex();
        let of = Self::of(&patient, Some(&format!("urn:keepwell:patient:{}", hash.get(..32)?)));
        (!of.identity.is_empty()).then_some(of)
    }

    /// The reference to name this patient by: `Patient/123` if it has an id.
    pub(super) fn reference(&self) -> Option<&str> {
        let id = self.references.iter().find(|r| r.starts_with("Patient/"));
        id.or_else(|| self.references.first()).map(String::as_str)
    }

    pub(super) fn is_meant_by(&self, reference: &str) -> bool {
        self.references.iter().any(|own| same_reference(own, reference))
    }
}

/// The patient's number at one provider (FHIR R4 Patient.identifier): a medical record number before others. Numbers that
/// every provider may hold (of the state, of an insurer) tell nothing, nor do those that do not say who gave them.
fn own_number(patient: &Value) -> Option<String> {
    // HL7 table 0203: medical record number; social security, driver's licence, passport, tax, member, Medicare, Medicaid and
    // national numbers.
    const EVERYWHERE: [&str; 16] = ["SS", "SB", "DL", "PPN", "TAX", "MB", "MC", "MA", "SN", "NI", "NH", "NIIP", "NNxxx", "PN", "HC", "BC"];
    const SYSTEMS: [&str; 7] = [
        "http://hl7.org/fhir/sid/",
        "urn:oid:2.16.840.1.113883.4.",
        "2.16.840.1.113883.4.",
        "https://fhir.nhs.uk/",
        "http://fhir.nhs.net/",
        "urn:oid:2.16.840.1.113883.2.",
        "http://ns.electronichealth.net.au/",
    ];
    let numbers = crate::record::array(patient, "identifier").iter().filter_map(|i| {
        let value = crate::record::text_at(i, "value").filter(|v| !v.trim().is_empty())?;
        let system = crate::record::text_at(i, "system").or_else(|| crate::record::text_at(i, "assigner.display"))?;
        let codes = crate::record::list(i, "type.coding.code");
        let has = |code: &str| codes.iter().any(|c| c.as_str() == Some(code));
        let everywhere = SYSTEMS.iter().any(|s| system.starts_with(s)) || EVERYWHERE.iter().any(|c| has(c));
        (!everywhere).then(|| (!has("MR"), format!("{system}|{value}")))
    });
    numbers.min().map(|(_, number)| number)
}

/// `Patient/id` out of a reference to it, whatever stands around it.
fn tail(reference: &str) -> &str {
    let from = reference.rfind("Patient/").unwrap_or(0);
    reference[from..].split("/_history/").next().unwrap_or("")
}

/// By which number each Patient of a file is known at its provider, by reference.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    of: HashMap<String, Option<String>>,
    /// Two Patients that go by one reference have different numbers: the file is of several providers.
    pub(super) mixed: bool,
}

impl Numbers {
    pub(super) fn add(&mut self, patient: &Candidate) {
        for reference in &patient.references {
            let before = self.of.entry(tail(reference).to_owned()).or_insert_with(|| patient.number.clone());
            if *before != patient.number {
                *before = None;
                self.mixed = true;
            }
        }
    }

    /// The number of whom a reference means, if the file gives one and no other.
    pub(super) fn get(&self, reference: &str) -> Option<&str> {
        self.of.get(tail(reference))?.as_deref()
    }
}

/// Whether two references mean the same Patient: equal, or the same `Patient/id` below a server's address.
pub(super) fn same_reference(a: &str, b: &str) -> bool {
    a == b || (tail(a) == tail(b) && a.contains("Patient/"))
}

/// The references that mean the person of the chart; a record about anyone else is skipped.
#[derive(Clone, Debug)]
pub(super) struct Only(pub(super) Vec<String>);

impl Only {
    pub(super) fn allows(&self, reference: &str) -> bool {
        self.0.iter().any(|own| same_reference(own, reference))
    }
}

/// Whether, and how, a file may enter.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// It is about this person, or says nothing to the contrary.
    Enter {
        /// It was about somebody else and was accepted.
        accepted: bool,
    },
    /// Some of it is about this person: read it again and leave the others out.
    Only(Only, /* accepted */ bool),
    /// It is about somebody else, or about several people none of whom is this one.
    Refuse(String),
}

/// What was accepted before and which references were this person's in earlier files: kept as a note in the chart.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) references: BTreeSet<String>,
    pub(super) accepted: BTreeSet<String>,
}

impl Known {
    pub(super) const NOTE: &'static str = "known-patients";

    pub(super) fn parse(note: Option<&str>) -> Self {
        let value: Value = note.and_then(|n| serde_json::from_str(n).ok()).unwrap_or_default();
        let set = |key: &str| crate::record::list(&value, key).into_iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Self { references: set("references"), accepted: set("accepted") }
    }

    pub(super) fn to_note(&self) -> String {
        json!({"references": self.references, "accepted": self.accepted}).to_string()
    }

    fn knows(&self, reference: &str) -> bool {
        self.references.iter().any(|own| same_reference(own, reference))
    }
}

/// Whom the member says the file is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accept {
    /// The one person it names, whoever that is.
    Anyone,
    /// The one with this reference, such as `Patient/123`, out of several.
    Patient(String),
}

/// Decides. `subjects` are the references of records to their patients.
pub(super) fn judge(
    person: &PatientIdentity,
    candidates: &[Candidate],
    subjects: &BTreeSet<String>,
    known: &Known,
    accept: Option<&Accept>,
) -> Verdict {
    let mine = |c: &Candidate| c.identity.is_empty() || c.identity.matches(person) || known.accepted.contains(&c.identity.words());
    let chosen: Vec<&Candidate> = match accept {
        Some(Accept::Patient(reference)) => candidates.iter().filter(|c| c.is_meant_by(reference)).collect(),
        Some(Accept::Anyone) if !candidates.iter().any(mine) && people(candidates) == 1 => candidates.iter().collect(),
        _ => candidates.iter().filter(|c| mine(c)).collect(),
    };
    if candidates.is_empty() {
        return judge_by_reference(subjects, known, accept);
    }
    if chosen.is_empty() {
        return Verdict::Refuse(refusal(person, candidates));
    }
    let accepted = chosen.iter().any(|c| !c.identity.is_empty() && !c.identity.matches(person));
    let meant = |reference: &str| chosen.iter().any(|c| c.is_meant_by(reference)) || known.knows(reference);
    // A urn: that is no Patient of this file may be a group or a device: only what names a Patient can be somebody else.
    let strangers = subjects.iter().any(|s| !meant(s) && (s.contains("Patient/") || candidates.iter().any(|c| c.is_meant_by(s))));
    let all_accepted = accept == Some(&Accept::Anyone) && chosen.len() == candidates.len();
    if chosen.len() == candidates.len() && (!strangers || all_accepted) {
        return Verdict::Enter { accepted };
    }
    let references = chosen.iter().flat_map(|c| c.references.iter().cloned()).chain(known.references.iter().cloned());
    Verdict::Only(Only(references.collect()), accepted)
}

/// A file without a Patient: its records may still point to one that earlier files made known.
fn judge_by_reference(subjects: &BTreeSet<String>, known: &Known, accept: Option<&Accept>) -> Verdict {
    if let Some(Accept::Patient(reference)) = accept {
        return Verdict::Only(Only(vec![reference.clone()]), true);
    }
    let named: Vec<&String> = subjects.iter().filter(|s| s.contains("Patient/")).collect();
    let (ours, others): (Vec<&String>, Vec<&String>) = named.into_iter().partition(|s| known.knows(s));
    match (ours.len(), others.len()) {
        (_, 0) | (0, 1) => Verdict::Enter { accepted: false },
        (0, many) => Verdict::Refuse(format!(
            "This file holds records of {many} different people and does not say who they are. Nothing was stored. \
             Add the file with the patients' names first (or together with this one), or say whose records to take."
        )),
        _ => Verdict::Only(Only(known.references.iter().cloned().collect()), false),
    }
}

fn people(candidates: &[Candidate]) -> usize {
    candidates.iter().map(|c| c.identity.words()).collect::<BTreeSet<_>>().len()
}

/// The people of a refused file, each with the reference by which one can be chosen; of a file without a Patient, the
/// references alone.
pub(super) fn listed(candidates: &[Candidate], subjects: &BTreeSet<String>) -> Vec<report::Candidate> {
    const MOST: usize = 50;
    let mut seen = BTreeSet::new();
    let named = candidates.iter().filter_map(|c| Some((c.identity.words(), c.reference()?.to_owned())));
    let named: Vec<_> = named.filter(|(_, reference)| seen.insert(reference.clone())).take(MOST).collect();
    let unnamed = subjects.iter().filter(|s| candidates.is_empty() && s.contains("Patient/")).take(MOST);
    let unnamed = unnamed.map(|s| ("Someone without a name".to_owned(), s.clone()));
    named.into_iter().chain(unnamed).map(|(words, reference)| report::Candidate { words, reference }).collect()
}

fn refusal(person: &PatientIdentity, candidates: &[Candidate]) -> String {
    let names: BTreeSet<String> = candidates.iter().map(|c| c.identity.words()).collect();
    let chart = person.words();
    if names.len() == 1 {
        let name = names.first().map_or("", String::as_str);
        return format!("This file is about {name}. This chart is that of {chart}. Nothing was stored.");
    }
    let shown: Vec<_> =
        candidates.iter().take(5).map(|c| format!("{} ({})", c.identity.words(), c.reference().unwrap_or("no id"))).collect();
    let more = names.len().saturating_sub(5);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "This file is about {} people, and none of them is {chart}: {}{more}. Nothing was stored. \
         If one of them is the same person all the same, say which.",
        names.len(),
        shown.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: &str, family: &str, birth: &str) -> Candidate {
        Candidate::of(&json!({"id": id, "name": [{"family": family, "given": ["Ruth"]}], "birthDate": birth}), None)
    }

    fn decide(candidates: &[Candidate], subjects: &[&str], accept: Option<&Accept>) -> Verdict {
        let ruth = PatientIdentity::person("Ruth Carver", "1954-03-14", "female");
        let subjects = subjects.iter().map(|s| (*s).to_owned()).collect();
        judge(&ruth, candidates, &subjects, &Known::default(), accept)
    }

    #[test]
    fn own_records_enter() {
        let own = [candidate("1", "Carver", "1954-03-14")];
        assert!(matches!(decide(&own, &["Patient/1", "http://x/Patient/1"], None), Verdict::Enter { accepted: false }));
        assert!(matches!(decide(&[], &["Patient/1"], None), Verdict::Enter { .. }));
    }

    #[test]
    fn someone_elses_do_not_unless_accepted() {
        let other = [candidate("1", "Carter", "1954-03-14")];
        let Verdict::Refuse(words) = decide(&other, &[], None) else { panic!("a stranger entered") };
        assert!(words.contains("Ruth Carter, born 14 March 1954") && words.contains("Ruth Carver"), "{words}");
        assert!(matches!(decide(&other, &[], Some(&Accept::Anyone)), Verdict::Enter { accepted: true }));
    }

    #[test]
    fn of_several_only_the_own_ones_enter() {
        let both = [candidate("1", "Carver", "1954-03-14"), candidate("2", "Quill", "1990-01-01")];
        let Verdict::Only(only, false) = decide(&both, &["Patient/1", "Patient/2"], None) else { panic!("not filtered") };
        assert!(only.allows("Patient/1") && !only.allows("Patient/2"));
        let strangers = [candidate("2", "Quill", "1990-01-01"), candidate("3", "Rowe", "1991-01-01")];
        assert!(matches!(decide(&strangers, &[], Some(&Accept::Anyone)), Verdict::Refuse(_)));
        assert!(matches!(decide(&strangers, &[], Some(&Accept::Patient("Patient/3".into()))), Verdict::Only(_, true)));
    }

    #[test]
    fn nameless_records_of_several_people_are_refused() {
        assert!(matches!(decide(&[], &["Patient/1", "Patient/2"], None), Verdict::Refuse(_)));
    }
}
