//! What the resources and data types of DSTU2, STU3 and R4 hold: the facts that FHIR XML does not write down (what is a
//! list, a number, a boolean), that tell one version from another, and that show what R4 has no place for.
//!
//! The facts are in `assets/fhir/elements.txt`, taken from HL7's definitions 1.0.2, 3.0.1 and 4.0.1. Resources that never
//! belong to a patient's record (conformance, terminology services, research definitions) are left out on purpose.

use super::version::Version;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What an element is in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A primitive written as a JSON string.
    Text,
    /// A JSON boolean.
    Bool,
    /// A JSON number.
    Number,
    /// Narrative.div.
    Xhtml,
    /// A resource of any type.
    Resource,
    /// A data type or backbone element, by the name that the table gives it.
    Complex(&'static str),
}

/// One element of a type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub(super) name: &'static str,
    /// For a choice the part after the name: `value` + `Quantity`.
    suffix: &'static str,
    pub(super) many: bool,
    pub(super) kind: Kind,
    versions: u8,
}

impl Element {
    /// The length of the whole name: it differs for nearly all, which spares comparing the text.
    fn length(&self) -> usize {
        self.name.len() + self.suffix.len()
    }

    fn is_named(&self, name: &str) -> bool {
        name.len() == self.length() && name.strip_prefix(self.name) == Some(self.suffix)
    }

    /// Whether it is one of the types of a choice, such as `valueQuantity` of value[x].
    pub(super) fn is_choice(&self) -> bool {
        !self.suffix.is_empty()
    }

    /// Whether the version has this element in this shape.
    pub(super) fn is_in(&self, version: Version) -> bool {
        self.versions & version.bit() != 0
    }
}

/// One type.
#[derive(Debug)]
pub(super) struct Type {
    name: &'static str,
    base: u8,
    versions: u8,
    /// By the length of their names, otherwise in the order of the table.
    elements: Vec<Element>,
}

impl Type {
    /// The versions that have the type, as bits.
    pub(super) fn versions(&self) -> u8 {
        self.versions
    }

    /// Whether this is a resource rather than a part of one.
    pub(super) fn is_resource(&self) -> bool {
        matches!(self.base, b'D' | b'R')
    }

    /// Whether this is a data type, used by many, rather than a part of one resource.
    pub(super) fn is_data_type(&self) -> bool {
        self.base == b'E' || matches!(self.name, "Dosage" | "Timing")
    }

    /// Whether the type has this one of [`BASE`].
    fn has_base(&self, element: &Element) -> bool {
        match element.name {
            "id" => true,
            "extension" => self.base != b'R',
            "modifierExtension" => matches!(self.base, b'B' | b'D'),
            "text" | "contained" => self.base == b'D',
            _ => matches!(self.base, b'R' | b'D'),
        }
    }

    /// Every shape that an element of this name has had in any version.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        let base = BASE.iter().filter(move |e| e.is_named(name) && self.has_base(e));
        let first = self.elements.partition_point(|e| e.length() < name.len());
        let own = self.elements.get(first..).unwrap_or_default();
        own.iter().take_while(|e| e.length() == name.len()).filter(move |e| e.is_named(name)).chain(base)
    }

    /// The element as this version has it.
    pub(super) fn find(&self, name: &str, version: Version) -> Option<Element> {
        self.named(name).find(|e| e.is_in(version)).copied()
    }
}

const ALL: u8 = 0b111;
const DATA_TYPES: &str = "Address|Age|Annotation|Attachment|Base64Binary|Boolean|Canonical|Code|CodeableConcept|Coding|ContactDetail|\
    ContactPoint|Contributor|Count|DataRequirement|Date|DateTime|Decimal|Distance|Dosage|Duration|Expression|HumanName|Id|Identifier|\
    Instant|Integer|Markdown|Meta|Money|Oid|ParameterDefinition|Period|PositiveInt|Quantity|Range|Ratio|Reference|RelatedArtifact|\
    SampledData|Signature|String|Time|Timing|TriggerDefinition|UnsignedInt|Uri|Url|UsageContext|Uuid";

const fn base(name: &'static str, many: bool, kind: Kind) -> Element {
    Element { name, suffix: "", many, kind, versions: ALL }
}

/// The elements that every type of a base has, `E` first.
static BASE: [Element; 8] = [
    base("id", false, Kind::Text),
    base("extension", true, Kind::Complex("Extension")),
    base("modifierExtension", true, Kind::Complex("Extension")),
    base("meta", false, Kind::Complex("Meta")),
    base("implicitRules", false, Kind::Text),
    base("language", false, Kind::Text),
    base("text", false, Kind::Complex("Narrative")),
    base("contained", true, Kind::Resource),
];

static TABLE: LazyLock<HashMap<&'static str, Type>> =
    LazyLock::new(|| include_str!("../../../assets/fhir/elements.txt").lines().filter_map(parse_type).map(|t| (t.name, t)).collect());

/// A type by its name, if the table has it.
pub(super) fn get(name: &str) -> Option<&'static Type> {
    TABLE.get(name)
}

/// Whether this is a resource that some version has and the table knows.
pub(super) fn is_resource(name: &str) -> bool {
    get(name).is_some_and(Type::is_resource)
}

fn bits(digits: &str) -> u8 {
    digits.bytes().fold(0, |bits, d| bits | Version::from_digit(d).map_or(0, Version::bit))
}

fn parse_type(line: &'static str) -> Option<Type> {
    let mut words = line.split(' ').filter(|w| !w.is_empty());
    let name = words.next().filter(|w| !w.starts_with('#'))?;
    let (base, digits) = words.next()?.split_at_checked(1)?;
    let versions = if digits.is_empty() { ALL } else { bits(digits) };
    let mut elements = Vec::new();
    for word in words {
        let (word, versions) = word.split_once('/').map_or((word, versions), |(w, digits)| (w, bits(digits)));
        if let Some((name, types)) = word.split_once('=') {
            let types = if types == "*" { DATA_TYPES } else { types };
            elements.extend(types.split('|').map(|suffix| Element { name, suffix, many: false, kind: kind_of_choice(suffix), versions }));
            continue;
        }
        let (word, kind) = word.split_once(':').map_or((word, Kind::Text), |(w, k)| (w, parse_kind(k)));
        let (name, many) = word.strip_suffix('*').map_or((word, false), |w| (w, true));
        elements.push(Element { name, suffix: "", many, kind, versions });
    }
    elements.sort_by_key(Element::length);
    Some(Type { name, base: *base.as_bytes().first()?, versions, elements })
}

fn parse_kind(word: &'static str) -> Kind {
    match word {
        "b" => Kind::Bool,
        "n" => Kind::Number,
        "x" => Kind::Xhtml,
        "Resource" => Kind::Resource,
        other => Kind::Complex(other),
    }
}

fn kind_of_choice(suffix: &'static str) -> Kind {
    match suffix {
        "Boolean" => Kind::Bool,
        "Decimal" | "Integer" | "PositiveInt" | "UnsignedInt" => Kind::Number,
        "Base64Binary" | "Canonical" | "Code" | "Date" | "DateTime" | "Id" | "Instant" | "Markdown" | "Oid" | "String" | "Time" | "Uri"
        | "Url" | "Uuid" => Kind::Text,
        complex => Kind::Complex(complex),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_each_version_holds() {
        let condition = get("Condition").expect("in the table");
        assert_eq!(condition.find("clinicalStatus", Version::Stu3).map(|e| e.kind), Some(Kind::Text));
        assert_eq!(condition.find("clinicalStatus", Version::R4).map(|e| e.kind), Some(Kind::Complex("CodeableConcept")));
        assert_eq!(condition.find("onsetAge", Version::R4).map(|e| e.kind), Some(Kind::Complex("Age")));
        assert!(condition.find("onset", Version::R4).is_none());
        assert!(condition.find("notes", Version::Stu3).is_none());
        assert!(condition.find("contained", Version::R4).is_some_and(|e| e.many && e.kind == Kind::Resource));
        let item = get("QuestionnaireItem").and_then(|t| t.find("item", Version::R4));
        assert_eq!(item.map(|e| (e.many, e.kind)), Some((true, Kind::Complex("QuestionnaireItem"))));
        assert!(get("Extension").and_then(|t| t.find("valueDecimal", Version::R4)).is_some_and(|e| e.kind == Kind::Number));
    }

    #[test]
    fn every_complex_kind_is_in_the_table() {
        for t in TABLE.values() {
            for e in &t.elements {
                if let Kind::Complex(name) = e.kind {
                    let known = get(name).is_some();
                    let foreign = matches!(name, "ElementDefinition" | "Evidence" | "EvidenceVariable");
                    assert!(known || foreign, "{}.{} is a {name}, which the table lacks", t.name, e.name);
                }
            }
        }
    }
}
