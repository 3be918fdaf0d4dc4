//! People as FHIR names them, and whether two identities can be the same person.

use super::date::PartialDate;
use super::walk::{array, at, string, text_at};
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
    /// The family names and given names, folded for comparison.
    folded: Vec<(Vec<String>, Vec<String>)>,
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
            folded: names.iter().map(folded_name).filter(|(f, g)| !f.is_empty() || !g.is_empty()).collect(),
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

    /// Whether this can be the same person as `other`: names share a family and a given name (or one gave no name),
    /// birth dates agree as far as both are given. A single letter stands for a given name that begins with it.
    pub fn matches(&self, other: &Self) -> bool {
        let dates = match (&self.birth_date, &other.birth_date) {
            (Some(a), Some(b)) => match (PartialDate::parse(a), PartialDate::parse(b)) {
                (Some(a), Some(b)) => a.agrees(&b),
                _ => a == b,
            },
            _ => true,
        };
        let names =
            self.folded.is_empty() || other.folded.is_empty() || self.folded.iter().any(|a| other.folded.iter().any(|b| same_name(a, b)));
        dates && names
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

fn folded_name(name: &Value) -> (Vec<String>, Vec<String>) {
    let words = |key: &str| -> Vec<String> {
        let text = match name.get(key) {
            Some(Value::Array(items)) => items.iter().filter_map(string).collect::<Vec<_>>().join(" "),
            Some(one) => string(one).unwrap_or_default(),
            None => String::new(),
        };
        fold(&text)
    };
    let (family, given) = (words("family"), words("given"));
    if !family.is_empty() || !given.is_empty() {
        return (family, given);
    }
    // Only a line of text: "Carver, Ruth A" or "Ruth A Carver".
    let text = at(name, "text").and_then(string).unwrap_or_default();
    if let Some((family, given)) = text.split_once(',') {
        return (fold(family), fold(given));
    }
    let mut all = fold(&text);
    let family = all.pop().into_iter().collect();
    (family, all)
}

/// Letters only, lower case, accents off, titles dropped; each word apart.
fn fold(text: &str) -> Vec<String> {
    const TITLES: [&str; 14] = ["mr", "mrs", "ms", "miss", "dr", "prof", "md", "phd", "jr", "sr", "ii", "iii", "iv", "rn"];
    let plain: String =
        text.chars().flat_map(unaccented).flat_map(char::to_lowercase).map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain
        .split_whitespace()
        // Synthea and test systems append digits to names: Abe604 is Abe to nobody, so digits stay.
        .filter(|w| !TITLES.contains(w))
        .map(str::to_owned)
        .collect()
}

fn unaccented(c: char) -> impl Iterator<Item = char> {
    let plain = match c {
        'À'..='Å' | 'à'..='å' | 'Ā' | 'ā' | 'Ă' | 'ă' | 'Ą' | 'ą' => "a",
        'Ç' | 'ç' | 'Ć' | 'ć' | 'Č' | 'č' => "c",
        'Ď' | 'ď' | 'Đ' | 'đ' => "d",
        'È'..='Ë' | 'è'..='ë' | 'Ē' | 'ē' | 'Ę' | 'ę' | 'Ě' | 'ě' => "e",
        'Ğ' | 'ğ' => "g",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ī' | 'ī' | 'İ' | 'ı' => "i",
        'Ł' | 'ł' => "l",
        'Ñ' | 'ñ' | 'Ń' | 'ń' | 'Ň' | 'ň' => "n",
        'Ò'..='Ö' | 'ò'..='ö' | 'Ø' | 'ø' | 'Ő' | 'ő' => "o",
        'Ř' | 'ř' => "r",
        'Ś' | 'ś' | 'Š' | 'š' | 'Ş' | 'ş' | 'Ș' | 'ș' => "s",
        'ß' => "ss",
        'Ť' | 'ť' | 'Ţ' | 'ţ' | 'Ț' | 'ț' => "t",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ū' | 'ū' | 'Ů' | 'ů' | 'Ű' | 'ű' => "u",
        'Ý' | 'ý' | 'ÿ' => "y",
        'Ź' | 'ź' | 'Ż' | 'ż' | 'Ž' | 'ž' => "z",
        'Æ' | 'æ' => "ae",
        'Œ' | 'œ' => "oe",
        '\'' | '’' | '‘' | '`' | '\u{300}'..='\u{36f}' => return Either::None,
        _ => return Either::One(Some(c)),
    };
    Either::Text(plain.chars())
}

/// One character, a few, or none.
enum Either {
    One(Option<char>),
    Text(std::str::Chars<'static>),
    None,
}

impl Iterator for Either {
    type Item = char;
    fn next(&mut self) -> Option<char> {
        match self {
            Self::One(c) => c.take(),
            Self::Text(t) => t.next(),
            Self::None => None,
        }
    }
}

fn same_name(a: &(Vec<String>, Vec<String>), b: &(Vec<String>, Vec<String>)) -> bool {
    let shared = |x: &[String], y: &[String]| x.is_empty() || y.is_empty() || x.iter().any(|w| y.contains(w));
    let given = |x: &[String], y: &[String]| {
        shared(x, y)
            || x.iter()
                .any(|w| y.iter().any(|v| (w.chars().count() == 1 || v.chars().count() == 1) && w.chars().next() == v.chars().next()))
    };
    shared(&a.0, &b.0) && given(&a.1, &b.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patient(family: &str, given: &str, birth: &str) -> PatientIdentity {
        PatientIdentity::of(&json!({"name": [{"family": family, "given": [given]}], "birthDate": birth}))
    }

    #[test]
    fn the_same_person_is_known_across_spellings() {
        let ruth = PatientIdentity::person("Ruth Ann Carver", "1954-03-14", "female");
        for (family, given, birth) in [
            ("CARVER", "RUTH A", "1954-03-14"),
            ("Carver", "Ruth", "1954"),
            ("Cárver", "Ruth", "1954-03-14T00:00:00Z"),
            ("Carver", "R.", "1954-03"),
        ] {
            assert!(ruth.matches(&patient(family, given, birth)), "{family} {given} {birth}");
        }
    }

    #[test]
    fn somebody_else_is_somebody_else() {
        let ruth = PatientIdentity::person("Ruth Carver", "1954-03-14", "female");
        for (family, given, birth) in
            [("Carver", "Rita", "1954-03-14"), ("Carver", "Ruth", "1945-03-14"), ("Carpenter", "Ruth", "1954-03-14")]
        {
            assert!(!ruth.matches(&patient(family, given, birth)), "{family} {given} {birth}");
        }
    }
}
