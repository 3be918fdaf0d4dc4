//! XML elements to JSON values by the element table (FHIR R4, "XML Representation" and "JSON Representation").

use super::super::table::{self, Element, Kind, Type};
use super::super::version::Version;
use roxmltree::Node;
use serde_json::{Map, Number, Value};
use std::collections::BTreeSet;

/// Turns elements into the JSON of one version.
pub(super) struct Converter<'t> {
    text: &'t str,
    version: Version,
    unknown: BTreeSet<String>,
    not_numbers: BTreeSet<String>,
}

impl<'t> Converter<'t> {
    pub(super) fn new(text: &'t str, version: Version) -> Self {
        Self { text, version, unknown: BTreeSet::new(), not_numbers: BTreeSet::new() }
    }

    /// Odd things met, each once.
    pub(super) fn warnings(self) -> Vec<(String, String)> {
        let unknown = self.unknown.into_iter().map(|path| (path, "FHIR does not know this element; it was kept as it stands.".to_owned()));
        let odd = self.not_numbers.into_iter().map(|path| (path, "A number was expected here; the text was kept as it stands.".to_owned()));
        unknown.chain(odd).collect()
    }

    /// A resource element with its `resourceType`.
    pub(super) fn resource(&mut self, node: Node) -> Value {
        let kind = node.tag_name().name();
        let mut fields = Map::new();
        fields.insert("resourceType".to_owned(), Value::String(kind.to_owned()));
        self.fields(node, kind, &mut fields);
        Value::Object(fields)
    }

    /// An element of a complex type.
    pub(super) fn element(&mut self, node: Node, kind: &str) -> Value {
        let mut fields = Map::new();
        self.fields(node, kind, &mut fields);
        Value::Object(fields)
    }

    fn fields(&mut self, node: Node, kind: &str, fields: &mut Map<String, Value>) {
        for attribute in node.attributes() {
            if attribute.namespace().is_none() && attribute.name() != "value" {
                fields.insert(attribute.name().to_owned(), Value::String(attribute.value().to_owned()));
            }
        }
        let t = table::get(kind);
        for child in node.children().filter(Node::is_element) {
            let name = child.tag_name().name();
            match t.and_then(|t| find(t, name, self.version)) {
                Some(e) => self.known(child, e, fields),
                None => self.guess(child, kind, fields),
            }
        }
    }

    fn known(&mut self, node: Node, e: Element, fields: &mut Map<String, Value>) {
        let name = node.tag_name().name();
        match e.kind {
            Kind::Xhtml => put(fields, name, self.source(node), false),
            Kind::Complex(kind) => {
                let value = self.element(node, kind);
                // `<timing/>` says nothing, and JSON has no way to write it.
                if value.as_object().is_some_and(|v| !v.is_empty()) {
                    put(fields, name, value, e.many);
                }
            }
            Kind::Resource => {
                for inner in node.children().filter(Node::is_element) {
                    let value = self.resource(inner);
                    put(fields, name, value, e.many);
                }
            }
            primitive => {
                let value = node.attribute("value").map(|text| self.primitive(node, primitive, text));
                let beside = self.beside(node);
                put_primitive(fields, name, value, beside, e.many);
            }
        }
    }

    fn primitive(&mut self, node: Node, kind: Kind, text: &str) -> Value {
        match (kind, text.trim()) {
            (Kind::Bool, "true") => Value::Bool(true),
            (Kind::Bool, "false") => Value::Bool(false),
            (Kind::Number, digits) => match serde_json::from_str::<Number>(digits) {
                Ok(number) => Value::Number(number),
                Err(_) => {
                    self.not_numbers.insert(path(node));
                    Value::String(text.to_owned())
                }
            },
            _ => Value::String(text.to_owned()),
        }
    }

    /// The id and extensions of a primitive: what JSON writes under `_name`.
    fn beside(&mut self, node: Node) -> Option<Value> {
        let mut fields = Map::new();
        self.fields(node, "Element", &mut fields);
        (!fields.is_empty()).then_some(Value::Object(fields))
    }

    /// An element that the table does not have: as like FHIR JSON as can be told from its looks.
    fn guess(&mut self, node: Node, kind: &str, fields: &mut Map<String, Value>) {
        let name = node.tag_name().name();
        if name == "div" {
            return put(fields, name, self.source(node), false);
        }
        // Of a type that is unknown as a whole one warning is enough.
        self.unknown.insert(if table::get(kind).is_some() { path(node) } else { format!("/{kind}") });
        let many = node.next_siblings().skip(1).chain(node.prev_siblings().skip(1)).any(|n| n.tag_name().name() == name);
        let inner = node.first_element_child();
        match (node.attribute("value"), inner) {
            (Some(text), None) => put_primitive(fields, name, Some(Value::String(text.to_owned())), None, many),
            (None, Some(inner)) if node.children().filter(Node::is_element).count() == 1 && table::is_resource(inner.tag_name().name()) => {
                let value = self.resource(inner);
                put(fields, name, value, many || name == "contained");
            }
            (value, _) => {
                let mut inside = Map::new();
                self.fields(node, guess_kind(node, name), &mut inside);
                if let Some(text) = value.or_else(|| node.text().filter(|t| !t.trim().is_empty())) {
                    inside.insert("value".to_owned(), Value::String(text.to_owned()));
                }
                put(fields, name, Value::Object(inside), many || matches!(name, "extension" | "modifierExtension"));
            }
        }
    }

    /// The XML as the source wrote it.
    fn source(&self, node: Node) -> Value {
        Value::String(self.text.get(node.range()).unwrap_or_default().to_owned())
    }
}

/// The data type that an unknown element most likely has.
fn guess_kind(node: Node, name: &str) -> &'static str {
    let has = |child: &str| node.children().any(|n| n.tag_name().name() == child);
    match name {
        "extension" | "modifierExtension" => "Extension",
        "meta" => "Meta",
        "text" if has("div") => "Narrative",
        "identifier" => "Identifier",
        _ if has("coding") => "CodeableConcept",
        _ if has("reference") => "Reference",
        _ if has("start") || has("end") => "Period",
        _ if has("value") && (has("unit") || has("comparator")) => "Quantity",
        _ if has("code") && has("system") => "Coding",
        _ => "an element that FHIR does not know",
    }
}

/// The element of this version, else as any version has it.
fn find(t: &Type, name: &str, version: Version) -> Option<Element> {
    t.find(name, version).or_else(|| t.named(name).last().copied())
}

fn put(fields: &mut Map<String, Value>, name: &str, value: Value, many: bool) {
    match fields.get_mut(name) {
        Some(Value::Array(items)) => items.push(value),
        Some(first) => {
            // Twice where once is allowed: both are kept.
            let items = vec![first.take(), value];
            *first = Value::Array(items);
        }
        None => {
            fields.insert(name.to_owned(), if many { Value::Array(vec![value]) } else { value });
        }
    }
}

/// A primitive and what stands beside it. In lists both run in step, with null where one of them has nothing.
fn put_primitive(fields: &mut Map<String, Value>, name: &str, value: Option<Value>, beside: Option<Value>, many: bool) {
    let under = format!("_{name}");
    if !many && !fields.contains_key(name) && !fields.contains_key(&under) {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
        if let Some(beside) = beside {
            fields.insert(under, beside);
        }
        return;
    }
    let count = [name, under.as_str()].iter().map(|k| len(fields.get(*k))).max().unwrap_or(0);
    if value.is_some() || fields.contains_key(name) {
        extend(fields, name, count, value);
    }
    if beside.is_some() || fields.contains_key(&under) {
        extend(fields, &under, count, beside);
    }
}

fn len(value: Option<&Value>) -> usize {
    match value {
        None => 0,
        Some(Value::Array(items)) => items.len(),
        Some(_) => 1,
    }
}

fn extend(fields: &mut Map<String, Value>, name: &str, count: usize, value: Option<Value>) {
    let mut items = match fields.get_mut(name).map(Value::take) {
        None => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(one) => vec![one],
    };
    items.resize(count, Value::Null);
    items.push(value.unwrap_or(Value::Null));
    fields.insert(name.to_owned(), Value::Array(items));
}

fn path(node: Node) -> String {
    let mut names: Vec<&str> = node.ancestors().filter(Node::is_element).map(|n| n.tag_name().name()).collect();
    names.reverse();
    format!("/{}", names.join("/"))
}

/// The version that fits most of what the resources of the document hold.
pub(super) fn version_of(root: Node) -> Version {
    const CANDIDATES: [Version; 3] = [Version::R4, Version::Stu3, Version::Dstu2];
    let mut misfits = [0_u64; 3];
    for node in root.descendants().filter(|n| table::is_resource(n.tag_name().name())) {
        let Some(t) = table::get(node.tag_name().name()) else { continue };
        for (misfit, version) in misfits.iter_mut().zip(CANDIDATES) {
            *misfit += u64::from(t.versions() & version.bit() == 0) * 4;
            *misfit += node.children().filter(|n| n.is_element() && !fits(*n, t, version)).count() as u64;
        }
    }
    let least = misfits.iter().min().copied().unwrap_or(0);
    let fitting: Vec<Version> = CANDIDATES.into_iter().zip(misfits).filter(|(_, m)| *m == least).map(|(v, _)| v).collect();
    let systems = root.descendants().filter(|n| n.tag_name().name() == "system").filter_map(|n| n.attribute("value"));
    let old = systems.clone().any(|s| s.starts_with("http://hl7.org/fhir/v3/") || s.starts_with("http://hl7.org/fhir/v2/"));
    let new = systems.into_iter().any(|s| s.starts_with("http://terminology.hl7.org/"));
    let preferred = if old && !new { Version::Stu3 } else { Version::R4 };
    fitting.iter().copied().find(|v| *v == preferred).or_else(|| fitting.first().copied()).unwrap_or(Version::R4)
}

fn fits(node: Node, t: &Type, version: Version) -> bool {
    let primitive = node.attribute("value").is_some();
    let complex = node.children().any(|n| n.is_element() && !matches!(n.tag_name().name(), "extension"));
    let Some(e) = t.find(node.tag_name().name(), version) else { return false };
    let fits_kind = match e.kind {
        Kind::Complex(_) | Kind::Resource => !primitive,
        _ => !complex,
    };
    let repeated = || node.next_sibling_element().is_some_and(|n| n.tag_name() == node.tag_name());
    fits_kind && (e.many || !repeated())
}
