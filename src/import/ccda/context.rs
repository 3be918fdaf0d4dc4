//! What every reader of a part of the document needs: the narrative by its ids, who wrote what, the identity of
//! entries, and the way to the sink.

mod actors;
mod emit;
mod identity;
mod index;

pub(crate) use actors::{contain, display_of};

use super::xml::{Node, Places, attr, child, text};
use crate::Result;
use crate::import::{Origin, Sink};
use identity::Identities;
use index::NarrativeIndex;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// The section that is being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section<'a> {
    /// The `section` element.
    pub(crate) node: Node<'a>,
}

/// What became of a statement: the section that it stood in, the id and the origin.
type Made = (Option<roxmltree::NodeId>, String, Origin);

/// One document on its way to the sink.
pub(crate) struct Context<'a> {
    /// The `ClinicalDocument` element.
    pub(crate) root: Node<'a>,
    /// The set id of the document, or its id, as `root|extension`: the same for all its versions.
    pub(crate) document: String,
    /// The section that is being read; none in the header.
    pub(crate) section: Option<Section<'a>>,
    /// References to the records made out of the current section, for `Composition.section.entry`.
    pub(crate) made: Vec<Value>,
    patient: Option<String>,
    patient_name: Option<String>,
    narrative: NarrativeIndex<'a>,
    ids: Identities,
    emitted: HashSet<String>,
    /// What was made of statements with an id, so that a copy of one in another section is known as the same.
    copies: HashMap<String, Made>,
    /// How many bytes a compressed file within the document may unpack to.
    pub(crate) room: u64,
    places: Places,
    sink: &'a mut dyn Sink,
}

impl<'a> Context<'a> {
    /// Starts with the document's element.
    pub(crate) fn new(root: Node<'a>, sink: &'a mut dyn Sink) -> Self {
        let document = identity::document_key(root);
        Self {
            root,
            ids: Identities::new(root, document.clone()),
            narrative: NarrativeIndex::new(root),
            document,
            section: None,
            made: Vec::new(),
            patient: None,
            patient_name: None,
            emitted: HashSet::new(),
            copies: HashMap::new(),
            room: 0,
            places: Places::default(),
            sink,
        }
    }

    /// Names the Patient record of this document; the header's reader does it before anything else.
    pub(crate) fn about(&mut self, reference: String, name: Option<String>) {
        self.patient = Some(reference);
        self.patient_name = name;
    }

    /// A Reference to the Patient record of this document.
    pub(crate) fn patient(&self) -> Value {
        let mut out = json!({});
        super::types::put(&mut out, "reference", self.patient.clone().map(Value::String));
        super::types::put(&mut out, "display", self.patient_name.clone().map(Value::String));
        out
    }

    /// The words in the narrative that a reference (`#id`) points to; line ends where the narrative has them.
    pub(crate) fn narrative(&self, reference: &str) -> Option<String> {
        super::narrative::plain(self.narrative_node(reference)?)
    }

    /// The element of the narrative that a reference points to, preferably within the section being read.
    pub(crate) fn narrative_node(&self, reference: &str) -> Option<Node<'a>> {
        self.narrative.find(reference, self.section.as_ref().map(|s| s.node))
    }

    /// The statement that an Entry Reference (C-CDA 2.16.840.1.113883.10.20.22.4.122) points to by its id.
    pub(crate) fn entry_of(&self, reference: Node) -> Option<Node<'a>> {
        super::xml::children(reference, "id").find_map(|id| self.narrative.entry(id))
    }

    /// The words of an ED or ST: its own, or those that its `reference` points to.
    pub(crate) fn words(&self, node: Node) -> Option<String> {
        let pointed = || child(node, "reference").and_then(|r| attr(r, "value")).and_then(|v| self.narrative(v));
        text(node).or_else(pointed)
    }

    /// The FHIR id of the record that a statement becomes and its origin. Always the same for the same statement,
    /// and for the same entry of the next version of the document; never the same for two statements.
    pub(crate) fn identify(&mut self, statement: Node) -> (String, Origin) {
        self.ids.of(statement)
    }

    /// Lists a statement that becomes no record.
    ///
    /// # Errors
    /// What the sink returns.
    pub(crate) fn skip(&mut self, node: Node, what: &str, why: &str) -> Result<()> {
        self.sink.skip(&self.places.of(node), what, why)
    }

    /// Says something worth knowing about a place.
    pub(crate) fn warn(&mut self, node: Node, why: &str) {
        self.sink.warn(&self.places.of(node), why);
    }

    /// Tells how far the reader is.
    ///
    /// # Errors
    /// When the person cancelled.
    pub(crate) fn progress(&mut self, node: Node) -> Result<()> {
        self.sink.progress(node.range().start as u64)
    }
}
