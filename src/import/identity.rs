//! Whose records a file holds: the wrong person's never enter a chart unasked.

use crate::record::PatientIdentity;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One Patient of a file: the references that mean them, and what the file says of them.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) references: Vec<String>,
    pub(super) identity: PatientIdentity,
}

impl Candidate {
    pub(super) fn of(patient: &Value, full_url: Option<&str>) -> Self {
        let id = patient.get("id").and_then(Value::as_str).map(|id| format!("Patient/{id}"));
        let mut references: Vec<String> = full_url.map(str::to_owned).into_iter().chain(id).collect();
        // A patient record that was merged into another one is the same person (FHIR R4 Patient.link).
        references.extend(crate::record::list(patient, "link.other.reference").into_iter().filter_map(Value::as_str).map(str::to_owned));
        Self { references, identity: PatientIdentity::of(patient) }
    }

    pub(super) fn is_meant_by(&self, reference: &str) -> bool {
        self.references.iter().any(|own| same_reference(own, reference))
    }
}

/// Whether two references mean the same Patient: equal, or the same `Patient/id` below a server's address.
pub(super) fn same_reference(a: &str, b: &str) -> bool {
    fn tail(reference: &str) -> &str {
        let from = reference.rfind("Patient/").unwrap_or(0);
        reference[from..].split("/_history/").next().unwrap_or("")
    }
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
             Add the file with the patients' names first (or together with this one), or say whose records to take: --accept-identity={}",
            others.first().map_or("", |s| s.as_str())
        )),
        _ => Verdict::Only(Only(known.references.iter().cloned().collect()), false),
    }
}

fn people(candidates: &[Candidate]) -> usize {
    candidates.iter().map(|c| c.identity.words()).collect::<BTreeSet<_>>().len()
}

fn refusal(person: &PatientIdentity, candidates: &[Candidate]) -> String {
    let names: BTreeSet<String> = candidates.iter().map(|c| c.identity.words()).collect();
    let chart = person.words();
    if names.len() == 1 {
        let name = names.first().map_or("", String::as_str);
        return format!("This file is about {name}. This chart is that of {chart}. Nothing was stored.");
    }
    let shown: Vec<_> = candidates
        .iter()
        .take(5)
        .map(|c| format!("{} ({})", c.identity.words(), c.references.last().map_or("no id", String::as_str)))
        .collect();
    let more = names.len().saturating_sub(5);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "This file is about {} people, and none of them is {chart}: {}{more}. Nothing was stored. \
         If one of them is the same person all the same, say which: --accept-identity=Patient/…",
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
