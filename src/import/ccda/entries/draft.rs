//! A resource in the making, and what all kinds of it share: identifiers, people, notes, what was nested and has no
//! place of its own.

use super::super::context::{Context, contain};
use super::super::types::{self, Effective, Stamp};
use super::super::xml::{Node, child, children, head, path};
use super::kit::{absent, concept, describe, is, nested, words};
use crate::Result;
use crate::record::concept_text;
use roxmltree::NodeId;
use serde_json::{Value, json};

/// HL7's extension for a note on a resource that has no `note` of its own.
const NOTE: &str = "http://hl7.org/fhir/StructureDefinition/note";

/// Resources that have no `note` element in FHIR R4.
const WITHOUT_NOTE: [&str; 8] =
    ["Encounter", "DiagnosticReport", "DocumentReference", "ImmunizationRecommendation", "Coverage", "Consent", "Appointment", "Media"];

/// A resource in the making.
pub(super) struct Draft {
    resource: Value,
    handled: Vec<NodeId>,
}

impl Draft {
    /// A resource of this type with the identifiers of a statement.
    pub(super) fn new(kind: &str, node: Node<'_>) -> Self {
        let mut resource = json!({"resourceType": kind});
        types::put_all(&mut resource, "identifier", types::identifiers(node));
        Self { resource, handled: Vec::new() }
    }

    /// Sets an element.
    pub(super) fn put(&mut self, key: &str, value: impl Into<Value>) {
        types::put(&mut self.resource, key, Some(value.into()));
    }

    /// Sets an element if there is something to set.
    pub(super) fn set(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// Adds to a list.
    pub(super) fn push(&mut self, key: &str, value: Value) {
        types::push(&mut self.resource, key, value);
    }

    /// Adds to a list if there is something to add.
    pub(super) fn push_some(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.push(key, value);
        }
    }

    /// Sets a list if it holds anything.
    pub(super) fn put_all(&mut self, key: &str, values: Vec<Value>) {
        types::put_all(&mut self.resource, key, values);
    }

    /// Takes an element away again.
    pub(super) fn remove(&mut self, key: &str) {
        if let Some(map) = self.resource.as_object_mut() {
            map.shift_remove(key);
        }
    }

    /// Whether an element is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.resource.get(key).is_some()
    }

    /// An element.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.resource.get(key)
    }

    /// Adds an extension: `key` is `valueCode`, `valueDateTime`, ….
    pub(super) fn extend(&mut self, url: &str, key: &str, value: &str) {
        self.push("extension", json!({"url": url, key: value}));
    }

    /// Puts a resource inside and gives the reference to it.
    pub(super) fn contain(&mut self, thing: Value) -> Value {
        contain(&mut self.resource, thing)
    }

    /// The resource as JSON, for those that put parts into it.
    pub(super) fn resource(&mut self) -> &mut Value {
        &mut self.resource
    }

    /// Sets `<stem>DateTime` or `<stem>Period`; says whether there was anything.
    pub(super) fn time(&mut self, stem: &str, when: &Effective) -> bool {
        when.put(&mut self.resource, stem);
        ["DateTime", "Period"].iter().any(|end| self.has(&format!("{stem}{end}")) || self.has(&format!("_{stem}{end}")))
    }

    /// Sets a dateTime, as exact as the source gave it.
    pub(super) fn stamp(&mut self, key: &str, stamp: Option<&Stamp>) {
        if let Some(stamp) = stamp {
            stamp.put(&mut self.resource, key);
        }
    }

    /// Adds a note, once.
    pub(super) fn note(&mut self, text: &str) {
        self.annotate(json!({"text": text}));
    }

    fn annotate(&mut self, note: Value) {
        let kind = self.resource.get("resourceType").and_then(Value::as_str).unwrap_or("");
        if WITHOUT_NOTE.contains(&kind) {
            let note = json!({"url": NOTE, "valueAnnotation": note});
            if !self.holds("extension", &note) {
                self.push("extension", note);
            }
        } else if !self.holds("note", &note) {
            self.push("note", note);
        }
    }

    fn holds(&self, key: &str, item: &Value) -> bool {
        self.resource.get(key).and_then(Value::as_array).is_some_and(|list| list.contains(item))
    }

    /// Marks a nested statement as mapped, so that it does not come back as a note.
    pub(super) fn handled(&mut self, node: Node<'_>) {
        self.handled.push(node.id());
    }

    /// A comment activity (C-CDA 2.16.840.1.113883.10.20.22.4.64) as a note with author and time.
    fn comment<'a>(&mut self, cx: &Context<'a>, act: Node<'a>) {
        let Some(text) = words(cx, act).or_else(|| describe(cx, act, 0)) else { return };
        let mut note = json!({"text": text});
        if let Some(author) = child(act, "author") {
            if let Some(time) = child(author, "time").and_then(types::stamp).and_then(|s| s.fhir()) {
                note["time"] = time.into();
            }
            if let Some(name) = path(author, "assignedAuthor/assignedPerson/name").and_then(types::name_text) {
                note["authorString"] = name.into();
            }
        }
        self.annotate(note);
    }

    /// Comments become notes; every other nested statement that nobody mapped becomes a note in its own words.
    pub(super) fn leftovers<'a>(&mut self, cx: &Context<'a>, node: Node<'a>) {
        for (_, inner) in nested(node) {
            if self.handled.contains(&inner.id()) {
                continue;
            }
            if is_comment(inner) {
                self.comment(cx, inner);
            } else if is(inner, &["122"]) {
                // An Entry Reference: the entry stands elsewhere in the document.
                let target = cx.entry_of(inner).filter(|t| !node.ancestors().any(|a| a == *t));
                if let Some(line) = target.and_then(|t| describe(cx, t, 1)) {
                    self.note(&format!("See also: {line}"));
                }
            } else if let Some(line) = describe(cx, inner, 4) {
                self.note(&line);
            }
        }
        for condition in children(node, "precondition") {
            if let Some(text) =
                path(condition, "criterion").and_then(|c| describe(cx, c, 0)).filter(|_| !self.handled.contains(&condition.id()))
            {
                self.note(&format!("If: {text}"));
            }
        }
    }

    /// `priorityCode` where the resource has a place for its words only.
    pub(super) fn priority_note<'a>(&mut self, cx: &Context<'a>, node: Node<'a>) {
        if let Some(text) = concept(cx, child(node, "priorityCode")).and_then(|c| concept_text(&c)) {
            self.note(&format!("Priority: {text}"));
        }
    }

    /// Whom it is about if not the person (CDA R2, 4.4.2: `subject` of the statement, or of what encloses it), and who
    /// told it.
    fn about_and_told<'a>(&mut self, cx: &Context<'a>, node: Node<'a>) {
        let family = self.resource.get("resourceType").is_some_and(|t| t == "FamilyMemberHistory");
        let subject = || node.ancestors().filter(Node::is_element).find_map(|a| head(a).find(|c| c.tag_name().name() == "subject"));
        if let Some(subject) = (!family).then(subject).flatten().and_then(|s| child(s, "relatedSubject")) {
            let name = path(subject, "subject/name").and_then(types::name_text);
            let relation = concept(cx, child(subject, "code")).and_then(|c| concept_text(&c));
            let said: Vec<String> = name.into_iter().chain(relation).collect();
            let who = if said.is_empty() { "somebody else".to_owned() } else { said.join(", ") };
            self.note(&format!("This is about {who}."));
        }
        let known = ["asserter", "informationSource"].iter().find_map(|k| crate::record::text_at(self.get(k)?, "display"));
        for informant in children(node, "informant") {
            let mut aside = json!({});
            let who = cx.actor(&mut aside, informant).and_then(|a| crate::record::text_at(&a, "display"));
            if let Some(who) = who.filter(|w| known.as_ref() != Some(w)) {
                self.note(&format!("Told by: {who}"));
            }
        }
    }

    /// Hands the resource over: the reference by which others may point to it.
    pub(super) fn emit<'a>(mut self, cx: &mut Context<'a>, node: Node<'a>, counted: bool) -> Result<Value> {
        // A document that names no patient: FHIR wants the reason in place of the reference.
        for key in ["subject", "patient", "beneficiary", "deliverTo"] {
            if self.get(key).and_then(Value::as_object).is_some_and(serde_json::Map::is_empty) {
                self.put(key, absent(None));
            }
        }
        self.about_and_told(cx, node);
        let called = ["code", "vaccineCode", "medicationCodeableConcept", "type"].iter().find_map(|k| self.resource.get(*k));
        let display = called.and_then(concept_text);
        let reference = cx.emit(node, self.resource, counted)?;
        Ok(match display {
            Some(display) => json!({"reference": reference, "display": display}),
            None => json!({"reference": reference}),
        })
    }
}

/// Whether a statement is a comment activity.
pub(super) fn is_comment(node: Node<'_>) -> bool {
    is(node, &["64", "2.16.840.1.113883.10.20.1.40"]) || super::kit::code(node) == "48767-8"
}
