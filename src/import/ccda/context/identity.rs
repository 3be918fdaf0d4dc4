//! How entries are known again.

use crate::import::Origin;
use crate::import::ccda::xml::{Node, attr, child, children, head, name, null_flavor, path};
use std::collections::{HashMap, HashSet};

/// What every version of the document has in common: its set id, or its id.
///
/// Vendors copy these from HL7's samples into every document that they write, two operations of one person among them.
/// Such an id (and one that may be a whole organization's) counts only together with the kind, time and patient of the
/// document, so that no document takes the place of another.
pub(super) fn document_key(root: Node) -> String {
    let set = child(root, "setId").filter(|s| own(*s)).and_then(key_of);
    if let Some(key) = set.or_else(|| child(root, "id").filter(|i| own(*i)).and_then(key_of)) {
        return key;
    }
    let id = child(root, "id").and_then(key_of).unwrap_or_default();
    let time = child(root, "effectiveTime").and_then(|t| attr(t, "value"));
    let kind = child(root, "code").and_then(|c| attr(c, "code")).unwrap_or("");
    let patient = path(root, "recordTarget/patientRole/id").and_then(key_of).unwrap_or_default();
    match time {
        Some(time) => format!("{id}|{kind}|{time}|{patient}"),
        None => format!("{id}|{}", digest(root)),
    }
}

/// Whether an II can name one thing only: not of HL7's arc for examples, and not a bare OID.
pub(super) fn own(id: Node) -> bool {
    const EXAMPLES: &str = "2.16.840.1.113883.19";
    let root = attr(id, "root").unwrap_or("");
    let example = root.strip_prefix(EXAMPLES).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    !example && (attr(id, "extension").is_some() || root.len() == 36 && root.contains('-'))
}

/// `root|extension` of an II that names something.
pub(super) fn key_of(id: Node) -> Option<String> {
    let (root, extension) = (attr(id, "root"), attr(id, "extension"));
    if extension.is_none() && (root.is_none() || null_flavor(id).is_some()) {
        return None;
    }
    Some(format!("{}|{}", root.unwrap_or("").to_ascii_lowercase(), extension.unwrap_or("")))
}

/// The content of an element, for comparison.
pub(super) fn digest(node: Node) -> String {
    let source = node.document().input_text().get(node.range()).unwrap_or("");
    blake3::hash(source.as_bytes()).to_hex().chars().take(32).collect()
}

/// The identities given out so far.
pub(super) struct Identities {
    document: String,
    /// How many elements of one name claim an id.
    claims: HashMap<(String, String), u32>,
    given: HashMap<roxmltree::NodeId, String>,
    used: HashSet<String>,
    /// How often a key made of content was given out.
    repeats: HashMap<String, u32>,
}

impl Identities {
    pub(super) fn new(root: Node, document: String) -> Self {
        let mut claims = HashMap::new();
        let mut seen = HashSet::new();
        for id in root.descendants().filter(|n| name(*n) == "id" && n.is_element()) {
            // Only the first id of an element is its name here.
            let parent = id.parent_element().filter(|p| seen.insert(p.id()));
            if let (Some(parent), Some(key)) = (parent, key_of(id)) {
                *claims.entry((name(parent).to_owned(), key)).or_default() += 1;
            }
        }
        Self { document, claims, given: HashMap::new(), used: HashSet::new(), repeats: HashMap::new() }
    }

    /// The FHIR id and origin of a statement.
    pub(super) fn of(&mut self, node: Node) -> (String, Origin) {
        let entry = match self.given.get(&node.id()) {
            Some(entry) => entry.clone(),
            None => {
                let entry = self.fresh(node);
                self.used.insert(entry.clone());
                self.given.insert(node.id(), entry.clone());
                entry
            }
        };
        let id = self.fhir_id(&entry);
        (id, Origin::Document { document: self.document.clone(), entry })
    }

    /// The FHIR id of an entry: as long as FHIR allows with ease, and the same in every run.
    pub(super) fn fhir_id(&self, entry: &str) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(self.document.as_bytes()).update(b"\0").update(entry.as_bytes());
        hash.finalize().to_hex().chars().take(32).collect()
    }

    /// The entry's own id where it is the only one with it. Otherwise the content joins in, so that no entry takes the
    /// place of another, and a count where even that is the same.
    fn fresh(&mut self, node: Node) -> String {
        // The versions of one document are one record.
        if name(node) == "ClinicalDocument" {
            return "document".to_owned();
        }
        let own = children(node, "id").next().and_then(key_of);
        let claims = own.as_ref().and_then(|k| self.claims.get(&(name(node).to_owned(), k.clone()))).copied();
        // An act and the observation in it often share an id: the element's name keeps them apart.
        let own = own.map(|key| format!("{}|{key}", name(node)));
        let base = match own {
            Some(key) if claims.is_none_or(|n| n <= 1) && !self.used.contains(&key) => return key,
            Some(key) => format!("{key}|{}", digest(node)),
            None => format!("{}|{}|{}", section_code(node), name(node), digest(node)),
        };
        let count = self.repeats.entry(base.clone()).or_default();
        *count += 1;
        if *count == 1 { base } else { format!("{base}|{count}") }
    }
}

fn section_code(node: Node<'_>) -> &str {
    let section = node.ancestors().find(|a| name(*a) == "section");
    section.and_then(|s| head(s).find(|c| name(*c) == "code")).and_then(|c| attr(c, "code")).unwrap_or("")
}
