//! Writing CDA: elements with every word escaped, and the data types of CDA R2 (codes, times, quantities, people).

use crate::export::markup::escape_into;
use crate::export::ucum;
use crate::import::ccda::system_oid;
use crate::record::{PartialDate, Precision, array, codes, concept_text, string, systems, text_at};
use serde_json::Value;

/// The root of every C-CDA template.
const TEMPLATES: &str = "2.16.840.1.113883.10.20.22.";

/// A document while it is written.
#[derive(Default)]
pub(super) struct Xml {
    text: String,
}

/// Attributes of an element.
pub(super) type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Xml {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        self.begin(name, attributes);
        self.text.push('>');
    }

    pub(super) fn close(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    pub(super) fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.begin(name, attributes);
        self.text.push_str("/>");
    }

    pub(super) fn words(&mut self, name: &str, attributes: Attributes<'_>, words: &str) {
        self.open(name, attributes);
        escape_into(&mut self.text, words);
        self.close(name);
    }

    /// Markup that is well-formed already.
    pub(super) fn raw(&mut self, markup: &str) {
        self.text.push_str(markup);
    }

    fn begin(&mut self, name: &str, attributes: Attributes<'_>) {
        self.text.push('<');
        self.text.push_str(name);
        for (key, value) in attributes {
            self.text.push(' ');
            self.text.push_str(key);
            self.text.push_str("=\"");
            escape_into(&mut self.text, value);
            self.text.push('"');
        }
    }

    /// A template of C-CDA by its number, with the date of its version where it has one; then also without the date, for
    /// readers of the release before.
    pub(super) fn template(&mut self, number: &str, version: &str) {
        let root = format!("{TEMPLATES}{number}");
        if !version.is_empty() {
            self.empty("templateId", &[("root", &root), ("extension", version)]);
        }
        self.empty("templateId", &[("root", &root)]);
    }

    /// The id of an entry: its `urn:uuid:` in this document, then the numbers that sources gave it under an OID.
    pub(super) fn ids(&mut self, address: &str, resource: &Value) {
        self.empty("id", &[("root", address.trim_start_matches("urn:uuid:"))]);
        for identifier in array(resource, "identifier").iter().take(4) {
            let oid = text_at(identifier, "system").and_then(|s| s.strip_prefix("urn:oid:").map(str::to_owned)).filter(|o| is_oid(o));
            if let (Some(oid), Some(value)) = (oid, text_at(identifier, "value")) {
                self.empty("id", &[("root", &oid), ("extension", &value)]);
            }
        }
    }

    /// `text` that points to words of the narrative.
    pub(super) fn text_reference(&mut self, id: &str) {
        let target = format!("#{id}");
        self.open("text", &[]);
        self.empty("reference", &[("value", &target)]);
        self.close("text");
    }

    /// A fixed code.
    pub(super) fn code(&mut self, name: &str, code: &str, system: &str, display: &str) {
        self.empty(name, &[("code", code), ("codeSystem", system), ("displayName", display)]);
    }

    /// A CodeableConcept as CD: the preferred coding first, others as translations, the words of the source through the
    /// narrative (`original`) or inline. `kind` is the xsi:type, where one is needed.
    pub(super) fn concept(&mut self, name: &str, kind: &str, concept: Option<&Value>, preferred: &[&str], original: Option<&str>) {
        let coded = concept.map(codes).unwrap_or_default();
        let mut all: Vec<(String, &str, &str)> = Vec::new();
        for (system, code, display) in &coded {
            if let Some(oid) = oid_of(system).filter(|_| !code.is_empty()) {
                all.push((oid, *code, *display));
            }
        }
        all.sort_by_key(|(oid, ..)| preferred.iter().position(|p| p == oid).unwrap_or(preferred.len()));
        let mut attributes: Vec<(&str, &str)> = Vec::new();
        if !kind.is_empty() {
            attributes.push(("xsi:type", kind));
        }
        match all.first() {
            Some((oid, code, display)) => {
                attributes.extend([("code", *code), ("codeSystem", oid.as_str())]);
                if !display.is_empty() {
                    attributes.push(("displayName", *display));
                }
            }
            None => attributes.push(("nullFlavor", if coded.is_empty() { "UNK" } else { "OTH" })),
        }
        self.open(name, &attributes);
        match (original, concept.and_then(concept_text)) {
            (Some(id), _) => {
                let target = format!("#{id}");
                self.open("originalText", &[]);
                self.empty("reference", &[("value", &target)]);
                self.close("originalText");
            }
            (None, Some(words)) => self.words("originalText", &[], &words),
            (None, None) => {}
        }
        for (oid, code, display) in all.iter().skip(1) {
            let mut more = vec![("code", *code), ("codeSystem", oid.as_str())];
            if !display.is_empty() {
                more.push(("displayName", *display));
            }
            self.empty("translation", &more);
        }
        self.close(name);
    }

    /// A point in time, or the flavor of not knowing it.
    pub(super) fn time(&mut self, name: &str, date: Option<&str>) {
        match date.and_then(hl7) {
            Some(value) => self.empty(name, &[("value", &value)]),
            None => self.empty(name, &[("nullFlavor", "UNK")]),
        }
    }

    /// An interval; `high` only where there is an end to speak of.
    pub(super) fn interval(&mut self, name: &str, kind: &str, low: Option<&str>, high: Option<Option<&str>>) {
        let attributes: Vec<(&str, &str)> = if kind.is_empty() { Vec::new() } else { vec![("xsi:type", kind)] };
        self.open(name, &attributes);
        self.time("low", low);
        if let Some(high) = high {
            self.time("high", high);
        }
        self.close(name);
    }

    /// A value of an Observation or of one of its components (FHIR R4 Observation.value[x]) as ANY. `only_numbers` is for vital
    /// signs, whose value must be a PQ.
    pub(super) fn value(&mut self, observation: &Value, only_numbers: bool) {
        let Some((key, value)) = observation.as_object().and_then(|o| o.iter().find(|(k, _)| k.starts_with("value") && k.len() > 5)) else {
            let flavor = ("nullFlavor", "UNK");
            let kind = if only_numbers { "PQ" } else { "CD" };
            if only_numbers {
                return self.empty("value", &[("xsi:type", kind), flavor, ("unit", "1")]);
            }
            return self.empty("value", &[("xsi:type", kind), flavor]);
        };
        match key.as_str() {
            "valueQuantity" => self.quantity("value", "PQ", value),
            _ if only_numbers => self.empty("value", &[("xsi:type", "PQ"), ("nullFlavor", "UNK"), ("unit", "1")]),
            "valueCodeableConcept" => self.concept("value", "CD", Some(value), &[SNOMED, LOINC], None),
            "valueInteger" => match string(value) {
                Some(number) => self.empty("value", &[("xsi:type", "INT"), ("value", &number)]),
                None => self.empty("value", &[("xsi:type", "INT"), ("nullFlavor", "UNK")]),
            },
            "valueBoolean" => {
                let said = string(value).unwrap_or_else(|| "false".into());
                self.empty("value", &[("xsi:type", "BL"), ("value", &said)]);
            }
            "valueDateTime" => {
                let stamp = string(value).and_then(|d| hl7(&d));
                match stamp {
                    Some(stamp) => self.empty("value", &[("xsi:type", "TS"), ("value", &stamp)]),
                    None => self.empty("value", &[("xsi:type", "TS"), ("nullFlavor", "UNK")]),
                }
            }
            _ => {
                let words = crate::record::reading(observation).text;
                self.words("value", &[("xsi:type", "ST")], if words.is_empty() { "Not given" } else { &words });
            }
        }
    }

    /// A quantity with its UCUM unit. One with a comparator ("< 5") is an interval, as C-CDA has it.
    pub(super) fn quantity(&mut self, name: &str, kind: &str, quantity: &Value) {
        let typed: Vec<(&str, &str)> = if kind.is_empty() { Vec::new() } else { vec![("xsi:type", kind)] };
        let Some(number) = text_at(quantity, "value").filter(|n| n.parse::<f64>().is_ok()) else {
            let mut attributes = typed;
            attributes.push(("nullFlavor", "UNK"));
            if kind == "PQ" {
                attributes.push(("unit", "1"));
            }
            return self.empty(name, &attributes);
        };
        let number = plain_number(&number);
        let unit = unit_of(quantity);
        match text_at(quantity, "comparator").as_deref().filter(|_| kind == "PQ") {
            Some(comparator) => {
                self.open(name, &[("xsi:type", "IVL_PQ")]);
                let inclusive = if comparator.ends_with('=') { "true" } else { "false" };
                let end = if comparator.starts_with('<') { "high" } else { "low" };
                self.empty(end, &[("value", &number), ("unit", &unit), ("inclusive", inclusive)]);
                self.close(name);
            }
            None => {
                let mut attributes = typed;
                attributes.extend([("value", number.as_str()), ("unit", unit.as_str())]);
                self.empty(name, &attributes);
            }
        }
    }

    /// Somebody who made an entry: the time and the name, as far as the record tells.
    pub(super) fn author(&mut self, name: Option<&str>, time: Option<&str>) {
        if name.is_none() && time.is_none() {
            return;
        }
        self.open("author", &[]);
        self.empty("templateId", &[("root", "2.16.840.1.113883.10.20.22.4.119")]);
        self.time("time", time);
        self.open("assignedAuthor", &[]);
        self.empty("id", &[("nullFlavor", "UNK")]);
        if let Some(name) = name {
            self.open("assignedPerson", &[]);
            self.words("name", &[], name);
            self.close("assignedPerson");
        }
        self.close("assignedAuthor");
        self.close("author");
    }

    /// Who did it, by name.
    pub(super) fn performer(&mut self, name: Option<&str>) {
        let Some(name) = name else { return };
        self.open("performer", &[]);
        self.open("assignedEntity", &[]);
        self.empty("id", &[("nullFlavor", "UNK")]);
        self.empty("addr", &[("nullFlavor", "UNK")]);
        self.empty("telecom", &[("nullFlavor", "UNK")]);
        self.open("assignedPerson", &[]);
        self.words("name", &[], name);
        self.close("assignedPerson");
        self.close("assignedEntity");
        self.close("performer");
    }
}

pub(super) const LOINC: &str = "2.16.840.1.113883.6.1";
pub(super) const SNOMED: &str = "2.16.840.1.113883.6.96";
pub(super) const RXNORM: &str = "2.16.840.1.113883.6.88";
pub(super) const ICD10CM: &str = "2.16.840.1.113883.6.90";
pub(super) const CVX: &str = "2.16.840.1.113883.12.292";
pub(super) const CPT: &str = "2.16.840.1.113883.6.12";
pub(super) const UNII: &str = "2.16.840.1.113883.4.9";
pub(super) const NDC: &str = "2.16.840.1.113883.6.69";
pub(super) const ACT_CODE: &str = "2.16.840.1.113883.5.4";
pub(super) const INTERPRETATION: &str = "2.16.840.1.113883.5.83";

/// The OID of a FHIR code system.
fn oid_of(system: &str) -> Option<String> {
    let given = system.strip_prefix("urn:oid:").filter(|oid| is_oid(oid)).map(str::to_owned);
    given.or_else(|| system_oid(system).map(str::to_owned))
}

pub(super) fn is_oid(text: &str) -> bool {
    let mut arcs = text.split('.');
    let first = arcs.next().is_some_and(|a| matches!(a, "0" | "1" | "2"));
    first
        && arcs.clone().next().is_some()
        && arcs.all(|a| !a.is_empty() && a.bytes().all(|b| b.is_ascii_digit()) && (a == "0" || !a.starts_with('0')))
}

/// A FHIR date as HL7 v3 TS: `20150304102030+0200`, no more exact than given.
pub(super) fn hl7(date: &str) -> Option<String> {
    let parsed = PartialDate::parse(date)?;
    let text = parsed.text.as_str();
    let day: String = parsed.date_text().chars().filter(char::is_ascii_digit).collect();
    if parsed.precision != Precision::Time {
        return Some(day);
    }
    let clock = text.get(11..)?;
    let split = clock.find(['Z', 'z', '+', '-'])?;
    let (clock, offset) = clock.split_at(split);
    let clock: String = clock.split('.').next()?.chars().filter(char::is_ascii_digit).collect();
    let offset = if offset.eq_ignore_ascii_case("z") { "+0000".to_owned() } else { offset.replace(':', "") };
    (clock.len() >= 4 && offset.len() == 5).then(|| format!("{day}{clock}{offset}"))
}

/// xs:decimal has no exponent.
fn plain_number(number: &str) -> String {
    if number.contains(['e', 'E']) {
        number.parse::<f64>().map_or_else(|_| number.to_owned(), |n| n.to_string())
    } else {
        number.to_owned()
    }
}

fn unit_of(quantity: &Value) -> String {
    let ucum = text_at(quantity, "system").as_deref() == Some(systems::UCUM);
    let code = text_at(quantity, "code").filter(|c| ucum && !c.contains(char::is_whitespace));
    code.or_else(|| text_at(quantity, "unit").or_else(|| text_at(quantity, "code")).map(|u| ucum::code_or_annotation(&u)))
        .unwrap_or_else(|| "1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_keep_precision_and_zone() {
        for (fhir, ts) in [
            ("2015", Some("2015")),
            ("2015-03", Some("201503")),
            ("2015-03-04", Some("20150304")),
            ("2015-03-04T10:20:30.123+02:00", Some("20150304102030+0200")),
            ("2015-03-04T10:20Z", Some("201503041020+0000")),
            ("2015-03-04T10:20:30", None),
            ("soon", None),
        ] {
            assert_eq!(hl7(fhir).as_deref(), ts, "{fhir}");
        }
    }

    #[test]
    fn codes_lead_with_what_readers_know() {
        let mut x = Xml::default();
        let concept = json!({"text": "Sugar <2>", "coding": [
            {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9", "display": "DM2"},
            {"system": "https://local.example/codes", "code": "X"},
            {"system": "http://snomed.info/sct", "code": "44054006"}]});
        x.concept("value", "CD", Some(&concept), &[SNOMED], None);
        assert_eq!(
            x.into_text(),
            "<value xsi:type=\"CD\" code=\"44054006\" codeSystem=\"2.16.840.1.113883.6.96\"><originalText>Sugar &lt;2&gt;</originalText>\
             <translation code=\"E11.9\" codeSystem=\"2.16.840.1.113883.6.90\" displayName=\"DM2\"/></value>"
        );
        let mut x = Xml::default();
        x.quantity("value", "PQ", &json!({"value": 5, "comparator": "<", "unit": "mg/L"}));
        assert_eq!(x.into_text(), "<value xsi:type=\"IVL_PQ\"><high value=\"5\" unit=\"mg/L\" inclusive=\"false\"/></value>");
        assert!(is_oid("2.16.840.1") && !is_oid("2.16.") && !is_oid("2.016") && !is_oid("urn"));
    }
}
