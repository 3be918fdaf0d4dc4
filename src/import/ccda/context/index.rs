//! The narrative by the ids that entries point to.

use crate::import::ccda::xml::{Node, name};
use std::collections::HashMap;

/// Every element of the document that has an `ID`.
pub(super) struct NarrativeIndex<'a> {
    by_id: HashMap<&'a str, Vec<Node<'a>>>,
}

impl<'a> NarrativeIndex<'a> {
    pub(super) fn new(root: Node<'a>) -> Self {
        let mut by_id: HashMap<&str, Vec<Node>> = HashMap::new();
        for node in root.descendants().filter(roxmltree::Node::is_element) {
            // `ID` by the schema; some write it in small letters or as xml:id.
            let id = node.attributes().find(|a| a.name().eq_ignore_ascii_case("id")).map(|a| a.value().trim());
            if let Some(id) = id.filter(|i| !i.is_empty()) {
                by_id.entry(id).or_default().push(node);
            }
        }
        Self { by_id }
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
