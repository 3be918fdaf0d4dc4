//! The body: sections with their narrative and entries (CDA R2, 4.3).

use super::context::{Context, Section};
use super::types::{concept, extend, own_extension, put, put_all};
use super::xml::{Node, attr, child, name, null_flavor, paths, text};
use super::{entries, media, narrative};
use crate::Result;
use crate::record::Resource;
use serde_json::{Value, json};

/// Sections nested deeper than this stand beside their parent: readers of JSON have their limits too.
const DEEPEST: usize = 16;

/// Reads every section of a structured body into the sections of the Composition.
///
/// # Errors
/// What the sink returns.
pub(super) fn sections(cx: &mut Context, composition: &mut Resource) -> Result<()> {
    let mut out = Vec::new();
    for node in paths(cx.root, "component/structuredBody/component/section") {
        out.append(&mut section(cx, node, 1, composition)?);
    }
    cx.section = None;
    put_all(composition, "section", out);
    Ok(())
}

/// One section and those in it. Nested too deep, the inner ones come after it in the list.
fn section<'a>(cx: &mut Context<'a>, node: Node<'a>, depth: usize, composition: &mut Resource) -> Result<Vec<Value>> {
    let code = child(node, "code");
    let title = child(node, "title").and_then(text);
    cx.section = Some(Section { node });
    cx.made.clear();
    cx.progress(node)?;
    for inner in node.children().filter(roxmltree::Node::is_element) {
        match name(inner) {
            "entry" => entry(cx, inner)?,
            // Some senders leave the entry out.
            _ if entries::is_statement(inner) => entries::direct(cx, inner)?,
            _ => {}
        }
    }
    let mut out = json!({});
    let code = code.and_then(|c| concept(c, cx));
    let title = title.or_else(|| code.as_ref().and_then(crate::record::concept_text));
    put(&mut out, "title", title.map(Value::String));
    put(&mut out, "code", code);
    if let Some(div) = narrative::section(node, cx) {
        put(&mut out, "text", Some(json!({"status": "additional", "div": div})));
    }
    let authors = cx.author(node).iter().filter(|a| !a.inherited).filter_map(|a| cx.actor(composition, a.node)).collect();
    put_all(&mut out, "author", authors);
    if let Some(confidentiality) = child(node, "confidentialityCode").and_then(|c| attr(c, "code")) {
        extend(&mut out, own_extension("confidentiality", confidentiality));
    }
    for informant in super::xml::head(node).filter(|n| name(*n) == "informant") {
        if let Some(who) = cx.actor(&mut json!({}), informant).and_then(|a| crate::record::text_at(&a, "display")) {
            extend(&mut out, own_extension("informant", &who));
        }
    }
    let made = std::mem::take(&mut cx.made);
    match null_flavor(node) {
        Some(flavor) if made.is_empty() => put(&mut out, "emptyReason", Some(empty_reason(flavor))),
        _ => put_all(&mut out, "entry", made),
    }
    let mut inner = Vec::new();
    for nested in paths(node, "component/section") {
        inner.append(&mut section(cx, nested, depth + 1, composition)?);
    }
    if depth >= DEEPEST {
        inner.insert(0, out);
        return Ok(inner);
    }
    put_all(&mut out, "section", inner);
    Ok(vec![out])
}

/// One entry: pictures in it first, then its clinical statement.
fn entry<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    media::pictures(cx, node)?;
    let Some(statement) = node.children().find(|c| c.is_element() && !matches!(name(*c), "templateId" | "realmCode" | "typeId")) else {
        cx.warn(node, "An entry with nothing in it was passed over.");
        return Ok(());
    };
    if matches!(name(statement), "observationMedia" | "regionOfInterest") {
        return Ok(());
    }
    if let Some(section) = cx.section
        && !entries::entry(cx, &section, node)?
    {
        cx.skip(statement, name(statement), "Keepwell does not know this kind of entry. Its words stand in the section.")?;
    }
    Ok(())
}

/// Why a section is empty (FHIR R4 ListEmptyReasons).
fn empty_reason(flavor: &str) -> Value {
    let (code, display) = match flavor {
        "NASK" => ("notasked", "Not Asked"),
        "MSK" => ("withheld", "Information Withheld"),
        _ => ("unavailable", "Unavailable"),
    };
    json!({
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/list-empty-reason", "code": code, "display": display},
            {"system": crate::record::systems::NULL_FLAVOR, "code": flavor},
        ],
        "text": super::types::null_words(flavor),
    })
}
