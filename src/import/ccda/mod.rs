//! C-CDA: R1.1, R2.1 and, leniently, C32, by HL7's "C-CDA on FHIR" maps.
//!
//! `xml` makes a tree of whatever bytes vendors write, `types` reads its datatypes, `context` knows the document and
//! the way to the sink; `document` walks header and sections, `entries` reads the clinical statements.

mod context;
mod narrative;
mod types;
mod xml;

use super::{Limits, Sink};
use crate::{Error, Result};

/// Reads one CDA document. `name` is its file name, for the title of an unstructured body only.
///
/// # Errors
/// Refused when it is not well-formed XML or not a ClinicalDocument; limits; whatever the sink returns.
pub fn read(bytes: &[u8], name: &str, limits: &Limits, sink: &mut dyn Sink) -> Result<()> {
    let (text, odd) = xml::decode(bytes);
    let (text, repaired) = xml::prepare(text, limits)?;
    let tree = xml::tree(&text, limits)?;
    let root = tree.root_element();
    if xml::name(root) != "ClinicalDocument" {
        return Err(Error::refused("This is not a clinical document."));
    }
    for why in odd.into_iter().chain(repaired) {
        sink.warn("/ClinicalDocument", &why);
    }
    let cx = context::Context::new(root, sink);
    let _ = (cx, name);
    Ok(())
}
