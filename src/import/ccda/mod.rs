//! C-CDA: R1.1, R2.1 and, leniently, C32, by HL7's "C-CDA on FHIR" maps.
//!
//! `xml` makes a tree of whatever bytes vendors write, `types` reads its datatypes, `context` knows the document and
//! the way to the sink. `header`, `body` and `media` walk the document, `entries` reads the clinical statements.

mod body;
mod context;
mod entries;
mod header;
mod media;
mod narrative;
mod types;
mod xml;

use super::{Limits, Sink};
use crate::{Error, Result};
use context::Context;
pub(crate) use types::system_oid;
use xml::{Node, path};

/// Reads one CDA document. `name` is its file name, for the title of an unstructured body only.
///
/// # Errors
/// Refused when it is not well-formed XML or not a ClinicalDocument; limits; whatever the sink returns.
pub fn read(bytes: &[u8], name: &str, limits: &Limits, sink: &mut dyn Sink) -> Result<()> {
    if bytes.len() as u64 > limits.document_bytes {
        return Err(Error::new(crate::Kind::TooMuch, "This document is larger than Keepwell is set to read. Nothing was stored."));
    }
    let (text, odd) = xml::decode(bytes);
    let (text, repaired) = xml::prepare(text, limits)?;
    // The tree builder compares each attribute with each; this pass bounds them first.
    super::limits::check_xml(&text, limits)?;
    let tree = xml::tree(&text, limits)?;
    let root = clinical_document(tree.root_element())?;
    for why in odd.into_iter().chain(repaired) {
        sink.warn("/ClinicalDocument", &why);
    }
    let mut cx = Context::new(root, sink);
    cx.room = limits.document_bytes;
    document(&mut cx, name)
}

fn document(cx: &mut Context, name: &str) -> Result<()> {
    header::patient(cx)?;
    let encounter = header::encounter(cx)?;
    header::care_teams(cx)?;
    let root = cx.root;
    if let Some(unstructured) = path(root, "component/nonXMLBody") {
        let resource = media::unstructured(cx, unstructured, name, encounter.as_deref())?;
        cx.emit(root, resource, true)?;
        return Ok(());
    }
    if path(root, "component/structuredBody").is_none() {
        cx.warn(root, "The document has no body: only what its header says was kept.");
    }
    let mut composition = header::composition(cx, encounter.as_deref());
    body::sections(cx, &mut composition)?;
    cx.emit(root, composition, true)?;
    Ok(())
}

/// The document's element, which some systems wrap in an envelope.
///
/// # Errors
/// Refused with the words for what it looks like instead.
fn clinical_document(root: Node<'_>) -> Result<Node<'_>> {
    if xml::name(root) == "ClinicalDocument" {
        return Ok(root);
    }
    let mut wrapped = root.descendants().filter(|n| xml::name(*n) == "ClinicalDocument");
    if let (Some(one), None) = (wrapped.next(), wrapped.next()) {
        return Ok(one);
    }
    let looks = match (xml::name(root), root.tag_name().namespace().unwrap_or("")) {
        ("ContinuityOfCareRecord", _) => "It is a CCR, an older format that Keepwell does not read.",
        (_, "http://hl7.org/fhir") => "It is FHIR, not C-CDA.",
        ("html", _) => "It is a web page.",
        ("svg", _) => "It is a drawing.",
        ("SubmitObjectsRequest" | "ProvideAndRegisterDocumentSetRequest", _) => {
            "It is the table of contents of a download (XDM), not a document."
        }
        ("section" | "entry" | "observation" | "act" | "organizer", _) => "It is a piece of a clinical document, not a whole one.",
        _ => "It is XML of another kind.",
    };
    Err(Error::refused(format!(
        "This is not a clinical document (C-CDA). {looks} Nothing was stored. Ask the sender for a C-CDA or FHIR download."
    )))
}
