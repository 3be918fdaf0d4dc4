//! The narrative by the ids that entries point to.

use super::identity::key_of;
use crate::import::ccda::xml::{Node, has_template, name};
use std::collections::HashMap;

/// C-CDA's template of an Entry Reference.
const ENTRY_REFERENCE: &str = "2.16.840.1.113883.10.20.22.4.122";

/// Every element of the document that has an `ID`.
pub(super) struct NarrativeIndex<'a> {
    by_id: HashMap<&'a str, Vec<Node<'a>>>,
    entries: HashMap<String, Node<'a>>,
}

impl<'a> NarrativeIndex<'a> {
    pub(super) fn new(root: Node<'a>) -> Self {
        let mut by_id: HashMap<&str, Vec<Node>> = HashMap::new();
        let mut entries = HashMap::new();
        for node in root.descendants().filter(roxmltree::Node::is_element) {
            // Only the first id of an element: one with thousands of them costs no more than another.
            let first = name(node) == "id" && node.prev_sibling_element().is_none_or(|p| name(p) != "id");
            if let Some(key) = first.then(|| key_of(node)).flatten()
                && let Some(statement) = node.parent_element()
                && !has_template(statement, ENTRY_REFERENCE)
            {
                entries.entry(key).or_insert(statement);
            }
            // `ID` by the schema; some write it in small letters or as xml:id.
            let id = node.attributes().find(|a| a.name().eq_ignore_ascii_case("id")).map(|a| a.value().trim());
            if let Some(id) = id.filter(|i| !i.is_empty()) {
                by_id.entry(id).or_default().push(node);
            }
        }
        Self { by_id, entries }
    }

    /// The first element that bears this id and is no reference to it.
    pub(super) fn entry(&self, id: Node) -> Option<Node<'a>> {
        self.entries.get(&key_of(id)?).copied()
    }

    /// Vendors use the same id in several sections: the one in `section` comes first.
    pub(super) fn find(&self, reference: &str, section: Option<Node<'a>>) -> Option<Node<'a>> {
        let reference = reference.trim();
        let nodes = self.by_id.get(reference.strip_prefix('#').unwrap_or(reference))?;
        let within = |n: &&Node<'a>| section.is_some() && n.ancestors().find(|a| name(*a) == "section") == section;
        // An id that stands in more places than this is no id.
        nodes.iter().take(100).find(within).or_else(|| nodes.first()).copied()
    }
}
