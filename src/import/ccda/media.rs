//! Pictures and whole documents that a CDA document carries in itself.

use super::context::Context;
use super::header;
use super::types::{concept_or_absent, identifiers, put, put_all, stamp};
use super::xml::{Node, attr, child, name, text};
use crate::record::Resource;
use crate::{Error, Result};
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use serde_json::{Value, json};
use std::io::Read;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// Hands over the pictures of an entry, each counted.
///
/// # Errors
/// What the sink returns.
pub(super) fn pictures<'a>(cx: &mut Context<'a>, entry: Node<'a>) -> Result<()> {
    let found: Vec<Node> = entry.descendants().filter(|n| n.is_element() && name(*n) == "observationMedia").collect();
    for node in found {
        let Some(content) = child(node, "value").and_then(|v| attachment(v, cx)) else {
            cx.skip(node, "A picture", "It holds no picture and no address of one.")?;
            continue;
        };
        let mut out = json!({"resourceType": "Media", "status": "completed"});
        put_all(&mut out, "identifier", identifiers(node));
        put(&mut out, "content", Some(content));
        if let (Some(id), Some(Value::Object(content))) = (attr(node, "ID"), out.get_mut("content")) {
            content.insert("title".into(), id.into());
        }
        let operators = cx.author(node).iter().filter(|a| !a.inherited).filter_map(|a| cx.actor(&mut out, a.node)).next();
        put(&mut out, "operator", operators);
        cx.emit(node, out, true)?;
    }
    Ok(())
}

/// An ED as an Attachment: base64 as given, plain text encoded, an address as it stands.
fn attachment(node: Node, cx: &Context) -> Option<Value> {
    let mut out = json!({});
    let encoded = attr(node, "representation").is_some_and(|r| r.eq_ignore_ascii_case("B64"));
    let own: String = node.descendants().filter(roxmltree::Node::is_text).filter_map(|t| t.text()).collect();
    let packed: String = own.split_whitespace().collect();
    if !packed.is_empty() {
        // Some forget to say that it is base64, or its padding: what is no text and decodes was meant so.
        let meant = encoded || attr(node, "mediaType").is_some_and(|m| !m.starts_with("text/") && !m.contains("xml"));
        let decoded = meant.then(|| LENIENT.decode(&packed).ok()).flatten();
        let decoded = decoded.map(|bytes| unpacked(&bytes, attr(node, "compression"), cx.room).unwrap_or(bytes));
        let data = decoded.map_or_else(|| STANDARD.encode(own.trim()), |bytes| STANDARD.encode(bytes));
        put(&mut out, "data", Some(data.into()));
    }
    let address = child(node, "reference").and_then(|r| attr(r, "value"));
    // `#id` points into the narrative, everything else out of the document.
    let pointed = address.filter(|a| a.starts_with('#')).and_then(|a| cx.narrative(a));
    match (pointed, address) {
        (Some(words), _) if out.get("data").is_none() => put(&mut out, "data", Some(STANDARD.encode(words).into())),
        (_, Some(address)) => put(&mut out, "url", Some(address.into())),
        _ => {}
    }
    out.as_object().filter(|o| !o.is_empty())?;
    let kind =
        attr(node, "mediaType").map(str::to_owned).or_else(|| (!encoded && out.get("data").is_some()).then(|| "text/plain".to_owned()));
    put(&mut out, "contentType", kind.map(Value::String));
    put(&mut out, "language", attr(node, "language").map(Value::from));
    Some(out)
}

/// The bytes of an ED with `compression` (HL7 V3 CompressionAlgorithm) as they were before; `None` where they are not
/// compressed, damaged, or unpack to more than `room`.
fn unpacked(bytes: &[u8], compression: Option<&str>, room: u64) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let limit = room.saturating_add(1);
    let read = match compression?.to_ascii_uppercase().as_str() {
        "DF" => DeflateDecoder::new(bytes).take(limit).read_to_end(&mut out),
        "GZ" => GzDecoder::new(bytes).take(limit).read_to_end(&mut out),
        "ZL" => ZlibDecoder::new(bytes).take(limit).read_to_end(&mut out),
        _ => return None,
    };
    read.ok().filter(|n| *n as u64 <= room && *n > 0)?;
    Some(out)
}

/// The DocumentReference of an unstructured document (C-CDA Unstructured Document): the document itself.
///
/// # Errors
/// Refused where the body holds nothing and points to nothing.
pub(super) fn unstructured(cx: &Context, body: Node, file: &str, encounter: Option<&str>) -> Result<Resource> {
    let root = cx.root;
    let content = child(body, "text").and_then(|t| attachment(t, cx));
    let Some(mut content) = content else {
        return Err(Error::refused(
            "This document says that it carries a file, but there is none in it. Nothing was stored. Ask its sender \
             for a complete copy.",
        ));
    };
    let title = child(root, "title").and_then(text);
    put(&mut content, "title", title.clone().or_else(|| (!file.is_empty()).then(|| file.to_owned())).map(Value::String));
    let mut out = json!({"resourceType": "DocumentReference", "status": "current"});
    let written = child(root, "effectiveTime").and_then(stamp);
    if let Some(written) = written {
        written.put(&mut content, "creation");
        put(&mut out, "date", written.instant().map(Value::String));
    }
    put_all(&mut out, "identifier", identifiers(root));
    put(&mut out, "masterIdentifier", identifiers(root).into_iter().next());
    put(&mut out, "type", child(root, "code").and_then(|c| concept_or_absent(c, cx)));
    put(&mut out, "description", title.map(Value::String));
    put(&mut out, "content", Some(json!([{ "attachment": content }])));
    let label = header::confidentiality(cx).map(|c| json!({ "coding": [c] }));
    put_all(&mut out, "securityLabel", label.into_iter().collect());
    let authors = cx.author(root).iter().filter_map(|a| cx.actor(&mut out, a.node)).collect();
    put_all(&mut out, "author", authors);
    let signer = child(root, "legalAuthenticator").and_then(|a| cx.actor(&mut out, a));
    put(&mut out, "authenticator", signer);
    let custodian = header::custodian(&mut out, cx);
    put(&mut out, "custodian", custodian);
    header::others(&mut out, cx);
    let related = |(code, id): (&str, Value)| json!({"code": code, "target": {"identifier": id}});
    put_all(&mut out, "relatesTo", header::relations(cx).into_iter().map(related).collect());
    put(&mut out, "context", encounter.map(|e| json!({"encounter": [{ "reference": e }]})));
    Ok(out)
}
