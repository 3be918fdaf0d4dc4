//! The header (C-CDA R2.1 US Realm Header): whose, when, by whom, for whom.

use super::xml::{Xml, hl7, is_oid};
use crate::export::gather::{Gathered, Target};
use crate::record::{array, code_of, codes, concept_text, human_name, string, text_at};
use serde_json::Value;

/// Everything before the sections.
pub(super) fn write(x: &mut Xml, gathered: &Gathered, document: &str) {
    let made = hl7(&whole_second(gathered)).unwrap_or_default();
    x.empty("realmCode", &[("code", "US")]);
    x.empty("typeId", &[("root", "2.16.840.1.113883.1.3"), ("extension", "POCD_HD000040")]);
    x.template("1.1", "2015-08-01");
    x.template("1.2", "2015-08-01");
    x.empty("id", &[("root", document)]);
    x.code("code", "34133-9", super::xml::LOINC, "Summarization of Episode Note");
    x.words("title", &[], &format!("Health summary of {}", gathered.person.name));
    x.empty("effectiveTime", &[("value", &made)]);
    x.code("confidentialityCode", "N", "2.16.840.1.113883.5.25", "Normal");
    x.empty("languageCode", &[("code", "en-US")]);
    let sources: Vec<Value> = gathered.patients.iter().map(crate::vault::Row::resource).collect();
    record_target(x, gathered, &sources);
    author(x, gathered, &sources, &made);
    custodian(x, gathered);
    if let Some(addressee) = &gathered.choice.addressee {
        x.open("informationRecipient", &[("typeCode", "PRCP")]);
        x.open("intendedRecipient", &[]);
        x.open("informationRecipient", &[]);
        x.words("name", &[], addressee);
        x.close("informationRecipient");
        x.close("intendedRecipient");
        x.close("informationRecipient");
    }
    for contact in sources.iter().flat_map(|s| array(s, "contact")) {
        participant(x, contact);
    }
    service(x, gathered, &made);
}

fn whole_second(gathered: &Gathered) -> String {
    jiff::Timestamp::from_second(gathered.made.as_second()).unwrap_or_default().to_string()
}

fn record_target(x: &mut Xml, gathered: &Gathered, sources: &[Value]) {
    x.open("recordTarget", &[]);
    x.open("patientRole", &[]);
    let person = gathered.address(Target::Person);
    x.empty("id", &[("root", person.trim_start_matches("urn:uuid:"))]);
    for identifier in sources.iter().flat_map(|s| array(s, "identifier")).take(12) {
        let oid = text_at(identifier, "system").and_then(|s| s.strip_prefix("urn:oid:").map(str::to_owned)).filter(|o| is_oid(o));
        if let (Some(oid), Some(value)) = (oid, text_at(identifier, "value")) {
            x.empty("id", &[("root", &oid), ("extension", &value)]);
        }
    }
    address(x, sources.iter().find_map(|s| array(s, "address").first()));
    telecoms(x, sources);
    x.open("patient", &[]);
    name(x, sources.iter().flat_map(|s| array(s, "name")).next(), &gathered.person.name);
    let (code, display) = match gathered.person.sex.as_str() {
        "female" => ("F", "Female"),
        "male" => ("M", "Male"),
        _ => ("UN", "Undifferentiated"),
    };
    if gathered.person.sex == "unknown" {
        x.empty("administrativeGenderCode", &[("nullFlavor", "UNK")]);
    } else {
        x.code("administrativeGenderCode", code, "2.16.840.1.113883.5.1", display);
    }
    x.time("birthTime", Some(&gathered.person.birth_date));
    if let Some(status) = sources.iter().find_map(|s| s.get("maritalStatus")) {
        x.concept("maritalStatusCode", "", Some(status), &["2.16.840.1.113883.5.2"], None);
    }
    let (race, more) = races(sources, "us-core-race");
    x.coded("raceCode", race.as_ref());
    more.iter().for_each(|m| x.coded("sdtc:raceCode", Some(m)));
    let (ethnicity, _) = races(sources, "us-core-ethnicity");
    x.coded("ethnicGroupCode", ethnicity.as_ref());
    for language in sources.iter().flat_map(|s| array(s, "communication")).take(3) {
        let Some(code) = language.get("language").and_then(|l| codes(l).first().map(|c| c.1.to_owned())).filter(|c| is_language(c)) else {
            continue;
        };
        x.open("languageCommunication", &[]);
        x.empty("languageCode", &[("code", &code)]);
        if let Some(preferred) = language.get("preferred").and_then(string) {
            x.empty("preferenceInd", &[("value", &preferred)]);
        }
        x.close("languageCommunication");
    }
    x.close("patient");
    x.close("patientRole");
    x.close("recordTarget");
}

fn is_language(code: &str) -> bool {
    code.len() >= 2 && code.len() <= 12 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The categories that sources give under an extension of US Core: the first, and the others.
fn races(sources: &[Value], which: &str) -> (Option<Coded>, Vec<Coded>) {
    let mut all: Vec<Coded> = Vec::new();
    for extension in sources.iter().flat_map(|s| array(s, "extension")).filter(|e| text_at(e, "url").is_some_and(|u| u.ends_with(which))) {
        let parts = array(extension, "extension").iter().filter(|e| text_at(e, "url").as_deref() == Some("ombCategory"));
        for coding in parts.filter_map(|p| p.get("valueCoding")) {
            let code = text_at(coding, "code").filter(|c| c.contains('-')).map(|c| (c, text_at(coding, "display").unwrap_or_default()));
            all.extend(code.filter(|c| !all.iter().any(|a| a.0 == c.0)));
        }
    }
    let first = (!all.is_empty()).then(|| all.remove(0));
    (first, all)
}

/// Code and words in CDC Race and Ethnicity.
type Coded = (String, String);

impl Xml {
    fn coded(&mut self, name: &str, coded: Option<&Coded>) {
        match coded {
            Some((code, display)) => self.code(name, code, "2.16.840.1.113883.6.238", display),
            None => self.empty(name, &[("nullFlavor", "UNK")]),
        }
    }
}

/// An address of the US realm, or the flavor of not knowing one that is whole.
pub(super) fn address(x: &mut Xml, address: Option<&Value>) {
    let part = |key: &str| address.and_then(|a| text_at(a, key));
    let lines: Vec<String> =
        address.and_then(|a| a.get("line")).and_then(Value::as_array).into_iter().flatten().filter_map(string).take(4).collect();
    let country =
        part("country").map(|c| if c.eq_ignore_ascii_case("usa") || c.eq_ignore_ascii_case("united states") { "US".to_owned() } else { c });
    let foreign = country.as_deref().is_some_and(|c| c != "US");
    let whole = !lines.is_empty() && part("city").is_some() && (foreign || part("state").is_some() && part("postalCode").is_some());
    if !whole {
        return x.empty("addr", &[("nullFlavor", "UNK")]);
    }
    x.open("addr", &[]);
    lines.iter().for_each(|l| x.words("streetAddressLine", &[], l));
    for (name, key) in [("city", "city"), ("state", "state"), ("postalCode", "postalCode")] {
        if let Some(words) = part(key) {
            x.words(name, &[], &words);
        }
    }
    x.words("country", &[], country.as_deref().unwrap_or("US"));
    x.close("addr");
}

fn telecoms(x: &mut Xml, sources: &[Value]) {
    let mut seen: Vec<String> = Vec::new();
    for point in sources.iter().flat_map(|s| array(s, "telecom")) {
        if let Some(value) = telecom(point).filter(|v| !seen.contains(v)) {
            x.empty("telecom", &[("value", &value), ("use", usage(point))]);
            seen.push(value);
        }
    }
    if seen.is_empty() {
        x.empty("telecom", &[("nullFlavor", "UNK")]);
    }
}

fn usage(point: &Value) -> &'static str {
    match (text_at(point, "use").as_deref(), text_at(point, "system").as_deref()) {
        (Some("work"), _) => "WP",
        (Some("mobile"), _) => "MC",
        _ => "HP",
    }
}

/// A ContactPoint as a URL (CDA TEL).
pub(super) fn telecom(point: &Value) -> Option<String> {
    let value = text_at(point, "value")?;
    let value = value.trim_start_matches("tel:").trim_start_matches("mailto:").to_owned();
    Some(match text_at(point, "system").as_deref() {
        Some("email") => format!("mailto:{value}"),
        Some("fax") => format!("fax:{}", dialled(&value)),
        Some("url") => value.replace(' ', "%20"),
        _ => format!("tel:{}", dialled(&value)),
    })
}

fn dialled(number: &str) -> String {
    number.chars().map(|c| if c == ' ' { '-' } else { c }).filter(|c| c.is_ascii_alphanumeric() || "+-().;=*#".contains(*c)).collect()
}

/// A person's name in its parts; one that is only words is split at its last space.
pub(super) fn name(x: &mut Xml, name: Option<&Value>, whole: &str) {
    let list = |key: &str| -> Vec<String> {
        name.and_then(|n| n.get(key))
            .map(|v| v.as_array().map_or_else(|| string(v).into_iter().collect(), |a| a.iter().filter_map(string).collect()))
            .unwrap_or_default()
    };
    let family = name.and_then(|n| text_at(n, "family"));
    let given = list("given");
    let (family, given) = match (family, given.is_empty()) {
        (Some(family), false) => (family, given),
        _ => {
            let words = name.and_then(|n| text_at(n, "text")).unwrap_or_else(|| whole.to_owned());
            match words.rsplit_once(' ') {
                Some((given, family)) => (family.to_owned(), given.split(' ').map(str::to_owned).collect()),
                None => (words.clone(), vec![words]),
            }
        }
    };
    x.open("name", &[("use", "L")]);
    list("prefix").iter().for_each(|p| x.words("prefix", &[], p));
    given.iter().for_each(|g| x.words("given", &[], g));
    x.words("family", &[], &family);
    list("suffix").iter().for_each(|s| x.words("suffix", &[], s));
    x.close("name");
}

/// The person has put the summary together, out of the records of others.
fn author(x: &mut Xml, gathered: &Gathered, sources: &[Value], made: &str) {
    x.open("author", &[]);
    x.empty("time", &[("value", made)]);
    x.open("assignedAuthor", &[]);
    let person = gathered.address(Target::Person);
    x.empty("id", &[("root", person.trim_start_matches("urn:uuid:"))]);
    x.code("code", "ONESELF", "2.16.840.1.113883.5.111", "Self");
    address(x, sources.iter().find_map(|s| array(s, "address").first()));
    telecoms(x, sources);
    x.open("assignedPerson", &[]);
    name(x, sources.iter().flat_map(|s| array(s, "name")).next(), &gathered.person.name);
    x.close("assignedPerson");
    x.close("assignedAuthor");
    x.close("author");
}

/// The person keeps the records (CDA wants an organization).
fn custodian(x: &mut Xml, gathered: &Gathered) {
    x.open("custodian", &[]);
    x.open("assignedCustodian", &[]);
    x.open("representedCustodianOrganization", &[]);
    let person = gathered.address(Target::Person);
    x.empty("id", &[("root", person.trim_start_matches("urn:uuid:"))]);
    x.words("name", &[], &format!("Records kept by {}", gathered.person.name));
    x.empty("telecom", &[("nullFlavor", "UNK")]);
    x.empty("addr", &[("nullFlavor", "UNK")]);
    x.close("representedCustodianOrganization");
    x.close("assignedCustodian");
    x.close("custodian");
}

/// Somebody to call.
fn participant(x: &mut Xml, contact: &Value) {
    let Some(who) = contact.get("name").and_then(human_name) else { return };
    let emergency = array(contact, "relationship").iter().any(|r| code_of(r, "coding").is_some_and(|c| c == "C"));
    x.open("participant", &[("typeCode", "IND")]);
    x.open("associatedEntity", &[("classCode", if emergency { "ECON" } else { "NOK" })]);
    if let Some(relation) = array(contact, "relationship").first().filter(|r| concept_text(r).is_some()) {
        x.concept("code", "", Some(relation), &["2.16.840.1.113883.5.111"], None);
    }
    address(x, contact.get("address"));
    for point in array(contact, "telecom") {
        if let Some(value) = telecom(point) {
            x.empty("telecom", &[("value", &value), ("use", usage(point))]);
        }
    }
    x.open("associatedPerson", &[]);
    name(x, contact.get("name"), &who);
    x.close("associatedPerson");
    x.close("associatedEntity");
    x.close("participant");
}

/// The time that the summary speaks of: from the first day of life to now, or the days that were chosen.
fn service(x: &mut Xml, gathered: &Gathered, made: &str) {
    let from = gathered.choice.selection.from.as_deref().unwrap_or(&gathered.person.birth_date);
    x.open("documentationOf", &[]);
    x.open("serviceEvent", &[("classCode", "PCPR")]);
    x.open("effectiveTime", &[]);
    x.time("low", Some(from));
    match gathered.choice.selection.to.as_deref().and_then(hl7) {
        Some(to) => x.empty("high", &[("value", &to)]),
        None => x.empty("high", &[("value", made)]),
    }
    x.close("effectiveTime");
    x.close("serviceEvent");
    x.close("documentationOf");
}
