//! People as FHIR names them, and whether two identities can be the same person.

use super::date::{PartialDate, Precision};
use super::names::Name;
use super::walk::{array, string, text_at};
use serde_json::Value;

/// A HumanName (or the best of a list of them) as one line: text if given, else given and family names.
pub fn human_name(name: &Value) -> Option<String> {
    if let Value::Array(names) = name {
        let rank = |n: &&Value| match n.get("use").and_then(Value::as_str) {
            Some("official") => 0,
            Some("usual") => 1,
            None => 2,
            Some("old" | "maiden") => 9,
            Some(_) => 3,
        };
        let mut names: Vec<_> = names.iter().collect();
        names.sort_by_key(rank);
        return names.into_iter().find_map(human_name);
    }
    if let Some(text) = name.get("text").and_then(string) {
        return Some(text);
    }
    let strings = |key: &str| -> Vec<String> {
        match name.get(key) {
            Some(Value::Array(items)) => items.iter().filter_map(string).collect(),
            Some(one) => string(one).into_iter().collect(),
            None => Vec::new(),
        }
    };
    let parts: Vec<_> = ["prefix", "given", "family", "suffix"].into_iter().flat_map(strings).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The words of a Reference: its display, else what it points to inside the same resource, else its identifier.
pub fn reference_words(resource: &Value, reference: &Value) -> Option<String> {
    if let Some(display) = text_at(reference, "display") {
        return Some(display);
    }
    let target = reference.get("reference").and_then(Value::as_str)?.strip_prefix('#')?;
    let inner = array(resource, "contained").iter().find(|c| c.get("id").and_then(Value::as_str) == Some(target))?;
    match inner.get("name") {
        Some(Value::String(name)) => Some(name.clone()),
        Some(name) => human_name(name),
        None => inner.get("code").and_then(super::coding::concept_text).or_else(|| {
            // A PractitionerRole names a person or a place one step further.
            ["practitioner", "organization"].iter().find_map(|k| reference_words(resource, inner.get(k)?))
        }),
    }
}

/// The reference to the person whom a record is about: `subject`, `patient` or `beneficiary` (FHIR R4 Patient compartment),
/// where it points to a Patient or, by a `urn:`, to an entry that may be one.
pub fn subject_reference(resource: &Value) -> Option<&str> {
    ["subject", "patient", "beneficiary", "for"].iter().find_map(|key| {
        let target = match resource.get(key)? {
            Value::Array(items) => items.first()?,
            one => one,
        };
        let reference = target.get("reference").and_then(Value::as_str)?;
        (reference.contains("Patient/") || reference.starts_with("urn:")).then_some(reference)
    })
}

/// Who a file says it is about (FHIR R4 Patient).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatientIdentity {
    /// Every name given, as one line each.
    pub names: Vec<String>,
    /// The same for comparison.
    compared: Vec<Name>,
    /// Birth date as given.
    pub birth_date: Option<String>,
    /// Administrative gender as given.
    pub gender: Option<String>,
    /// Identifiers as `system|value`.
    pub identifiers: Vec<String>,
}

impl PatientIdentity {
    /// Reads a Patient resource.
    pub fn of(patient: &Value) -> Self {
        let names = array(patient, "name");
        Self {
            names: names.iter().filter_map(human_name).collect(),
            compared: names.iter().flat_map(Name::readings).collect(),
            birth_date: text_at(patient, "birthDate"),
            gender: text_at(patient, "gender"),
            identifiers: array(patient, "identifier")
                .iter()
                .filter_map(|i| Some(format!("{}|{}", text_at(i, "system").unwrap_or_default(), text_at(i, "value")?)))
                .collect(),
        }
    }

    /// A person known to the household by full name and birth date.
    pub fn person(name: &str, birth_date: &str, sex: &str) -> Self {
        let patient = serde_json::json!({"name": [{"text": name}], "birthDate": birth_date, "gender": sex});
        Self::of(&patient)
    }

    /// Whether the identity says anything by which a person could be told.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.birth_date.is_none()
    }

    /// Whether this can be the same person as `other`: some name of one is alike some name of the other (maiden and former
    /// names count), and birth dates agree as far as both are given. A letter stands for a name that begins with it, a middle
    /// name may be missing. What leaves doubt (family and given name swapped, a middle name
    /// in use as the first, a short form, no given name or no name at all) passes only with a birth date that agrees to the day.
    pub fn matches(&self, other: &Self) -> bool {
        let to_the_day = match (self.born(), other.born()) {
            (Some(Ok(a)), Some(Ok(b))) if !a.agrees(&b) => return false,
            (Some(Ok(a)), Some(Ok(b))) => a.precision == Precision::Day && b.precision == Precision::Day,
            (Some(a), Some(b)) if a != b => return false,
            _ => false,
        };
        if self.compared.is_empty() || other.compared.is_empty() {
            return to_the_day;
        }
        self.compared.iter().any(|a| other.compared.iter().any(|b| a.is_like(b, to_the_day)))
    }

    /// The day of birth, whatever hour and zone a system has added; the text as given where it is no date.
    fn born(&self) -> Option<Result<PartialDate, &str>> {
        let text = self.birth_date.as_deref()?;
        let day = text.split(['T', ' ']).next().unwrap_or(text);
        Some(PartialDate::parse(day).ok_or(text))
    }

    /// "Ruth Carver, born 14 March 1954": for the question whose records these are.
    pub fn words(&self) -> String {
        let name = self.names.first().map_or("someone without a name", String::as_str);
        match self.birth_date.as_deref().and_then(PartialDate::parse) {
            Some(date) => format!("{name}, born {}", date.words()),
            None => format!("{name}, birth date not given"),
        }
    }
}
