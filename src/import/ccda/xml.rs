//! Bytes to a tree, and small steps through it. Vendors forget namespaces or misspell them, so elements are told by
//! their local name; only the extension elements of `sdtc` are kept apart from their namesakes.

mod decode;
mod prepare;

pub(crate) use decode::decode;
pub(crate) use prepare::prepare;

use crate::import::Limits;
use crate::{Error, Kind, Result};
use std::collections::{HashMap, HashSet};

/// An element of the document.
pub(crate) type Node<'a> = roxmltree::Node<'a, 'a>;

/// The tree of text that went through [`prepare`].
///
/// # Errors
/// Refused when it is not well-formed; too much when it has more nodes than the limit.
pub(crate) fn tree<'t>(text: &'t str, limits: &Limits) -> Result<roxmltree::Document<'t>> {
    let options = roxmltree::ParsingOptions { nodes_limit: limits.xml_nodes, ..Default::default() };
    roxmltree::Document::parse_with_options(text, options).map_err(|e| match e {
        roxmltree::Error::NodesLimitReached => {
            Error::new(Kind::TooMuch, "This document has more parts than Keepwell is set to read at once. Nothing was stored.")
        }
        // The message of the parser may quote the document: only the place goes on.
        other => {
            let at = other.pos();
            prepare::broken(at.row.into(), at.col.into())
        }
    })
}

fn is_sdtc(node: Node) -> bool {
    node.tag_name().namespace().is_some_and(|ns| ns.to_ascii_lowercase().contains("sdtc"))
        || node.document().input_text().get(node.range().start..).is_some_and(|s| s.starts_with("<sdtc:"))
}

/// The local name of an element.
pub(crate) fn name(node: Node<'_>) -> &str {
    node.tag_name().name()
}

/// The child elements of this name, those of the sdtc extension left out.
pub(crate) fn children<'a, 'n>(node: Node<'a>, name: &'n str) -> impl Iterator<Item = Node<'a>> + use<'a, 'n> {
    node.children().filter(move |c| c.is_element() && c.tag_name().name() == name && !is_sdtc(*c))
}

/// The child elements before the first entry, component or observation of a statement or section: what describes it
/// stands there, so that a long list of entries is not walked for every one of them.
pub(crate) fn head<'a>(node: Node<'a>) -> impl Iterator<Item = Node<'a>> {
    node.children().filter(Node::is_element).take_while(|c| !matches!(name(*c), "entry" | "component" | "entryRelationship"))
}

/// The first child element of this name, those of the sdtc extension left out.
pub(crate) fn child<'a>(node: Node<'a>, name: &str) -> Option<Node<'a>> {
    children(node, name).next()
}

/// The child elements of this name in the sdtc extension.
pub(crate) fn sdtc_all<'a, 'n>(node: Node<'a>, name: &'n str) -> impl Iterator<Item = Node<'a>> + use<'a, 'n> {
    node.children().filter(move |c| c.is_element() && c.tag_name().name() == name && is_sdtc(*c))
}

/// The first child element of this name in the sdtc extension.
pub(crate) fn sdtc<'a>(node: Node<'a>, name: &str) -> Option<Node<'a>> {
    sdtc_all(node, name).next()
}

/// The first element at a path of names: `path(entry, "act/entryRelationship/observation")`.
pub(crate) fn path<'a>(node: Node<'a>, path: &str) -> Option<Node<'a>> {
    paths(node, path).into_iter().next()
}

/// Every element that a path of names leads to, in the order of the document.
pub(crate) fn paths<'a>(node: Node<'a>, path: &str) -> Vec<Node<'a>> {
    path.split('/').fold(vec![node], |here, step| here.into_iter().flat_map(|n| children(n, step)).collect())
}

/// An attribute by its local name, trimmed; an empty one is not there.
pub(crate) fn attr<'a>(node: Node<'a>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.name() == name).map(|a| a.value().trim()).filter(|v| !v.is_empty())
}

/// The nullFlavor of an element (HL7 V3 NullFlavor: NI, UNK, NA, OTH, …).
pub(crate) fn null_flavor(node: Node<'_>) -> Option<&str> {
    attr(node, "nullFlavor")
}

/// The datatype in `xsi:type`, without a prefix.
pub(crate) fn data_type(node: Node<'_>) -> Option<&str> {
    let given = node
        .attributes()
        .find(|a| a.name() == "type" && a.namespace().is_some())
        .or_else(|| node.attributes().find(|a| a.name() == "type"))?;
    let given = given.value().trim();
    let bare = given.rsplit(':').next().unwrap_or(given);
    (!bare.is_empty()).then_some(bare)
}

/// All text within an element, white space folded; nothing is `None`.
pub(crate) fn text(node: Node) -> Option<String> {
    let mut out = String::new();
    for t in node.descendants().filter(roxmltree::Node::is_text) {
        out.push_str(t.text().unwrap_or(""));
    }
    let folded = fold(&out);
    (!folded.is_empty()).then_some(folded)
}

/// White space folded to single blanks.
pub(crate) fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether an element claims a template, in whatever version.
pub(crate) fn has_template(node: Node, oid: &str) -> bool {
    children(node, "templateId").any(|t| attr(t, "root") == Some(oid))
}

/// Where elements stand, as XPaths. Places among siblings are counted once for each parent.
#[derive(Default)]
pub(crate) struct Places {
    steps: HashMap<roxmltree::NodeId, (u32, bool)>,
    counted: HashSet<roxmltree::NodeId>,
}

impl Places {
    /// The place of an element: `/ClinicalDocument/component/structuredBody/component[3]/section`.
    pub(crate) fn of(&mut self, node: Node) -> String {
        let mut steps: Vec<String> = Vec::new();
        for here in node.ancestors().filter(Node::is_element) {
            if let Some(parent) = here.parent_element()
                && self.counted.insert(parent.id())
            {
                self.count(parent);
            }
            steps.push(match self.steps.get(&here.id()) {
                Some((n, true)) => format!("{}[{n}]", name(here)),
                _ => name(here).to_owned(),
            });
        }
        steps.reverse();
        format!("/{}", steps.join("/"))
    }

    fn count(&mut self, parent: Node) {
        let mut all: HashMap<&str, u32> = HashMap::new();
        for c in parent.children().filter(Node::is_element) {
            *all.entry(name(c)).or_default() += 1;
        }
        let mut nth: HashMap<&str, u32> = HashMap::new();
        for c in parent.children().filter(Node::is_element) {
            let n = nth.entry(name(c)).or_default();
            *n += 1;
            self.steps.insert(c.id(), (*n, all.get(name(c)).is_some_and(|all| *all > 1)));
        }
    }
}
