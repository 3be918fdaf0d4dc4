//! FHIR XML: a Bundle or a resource, turned into the JSON of its own version, then read like JSON.

mod convert;

use super::flow::Flow;
use super::json::Shape;
use super::version::Version;
use super::{table, unfold, words};
use crate::import::Limits;
use crate::{Error, Kind, Result};
use convert::Converter;
use roxmltree::{Document, Node, ParsingOptions};

/// The namespace of FHIR XML.
const FHIR: &str = "http://hl7.org/fhir";

/// Reads the document and tells its version and shape.
pub(super) fn read(text: &str, limits: &Limits, mut flow: Flow) -> Result<(Version, Shape)> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: limits.xml_nodes, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|e| refusal(&e))?;
    let root = document.root_element();
    let name = root.tag_name().name();
    let namespace = root.tag_name().namespace();
    if name == "feed" {
        return Err(words::not_fhir(Some("FHIR of before 2015 (DSTU1), which no longer has readers")));
    }
    if namespace != Some(FHIR) && !table::is_resource(name) {
        return Err(words::not_fhir(None));
    }
    if namespace != Some(FHIR) {
        flow.sink.warn(&format!("/{name}"), "The XML namespace is not that of FHIR; the file was read as FHIR all the same.");
    }
    if nests_deeper(root, limits.xml_depth) {
        return Err(words::too_deep());
    }
    let version = convert::version_of(root);
    flow.expect(version);
    let mut converter = Converter::new(text, version);
    let shape = if name == "Bundle" {
        let entries = root.children().filter(|n| n.has_tag_name_of("entry"));
        for (i, node) in entries.enumerate() {
            let entry = converter.element(node, "BundleEntry");
            unfold::entry(&mut flow, entry, format!("entry[{i}]"), node.range().len())?;
            flow.progress(node.range().end as u64)?;
        }
        Shape::Bundle
    } else {
        let resource = converter.resource(root);
        unfold::resource(&mut flow, resource, None, "/".to_owned(), text.len())?;
        Shape::Resource
    };
    for (place, why) in converter.warnings() {
        flow.sink.warn(&place, &why);
    }
    Ok((flow.finish()?, shape))
}

/// Looks for a path deeper than the limit without recursing.
fn nests_deeper(root: Node, limit: u32) -> bool {
    let mut depth = 0_u32;
    let mut here = root;
    loop {
        if let Some(child) = here.first_element_child() {
            depth += 1;
            if depth >= limit {
                return true;
            }
            here = child;
            continue;
        }
        while here.next_sibling_element().is_none() {
            if here == root || depth == 0 {
                return false;
            }
            let Some(parent) = here.parent_element() else { return false };
            here = parent;
            depth -= 1;
        }
        match here.next_sibling_element() {
            Some(next) if depth > 0 => here = next,
            _ => return false,
        }
    }
}

fn refusal(e: &roxmltree::Error) -> Error {
    match e {
        roxmltree::Error::DtdDetected => Error::refused(
            "This file brings its own XML definitions (a DTD), which health records never need and which can do harm. Nothing was added to the records.",
        ),
        roxmltree::Error::NodesLimitReached => Error::new(
            Kind::TooMuch,
            "This file has more elements than the limit allows. Nothing was added to the records. If you trust it, raise the limit in the settings.",
        ),
        other => {
            let at = other.pos();
            Error::refused(format!(
                "This file is damaged: its XML cannot be read from line {} on. Nothing was added to the records. Download it again, then add it once more.",
                at.row
            ))
        }
    }
}

/// Small questions that `roxmltree` does not answer whatever the namespace.
trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}
