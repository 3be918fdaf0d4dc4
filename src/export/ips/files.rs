//! What is in a document: its bytes go along inside the record, or stay here altogether.

use crate::Result;
use crate::chart::documents::{bytes, parts};
use crate::export::gather::Gathered;
use crate::import::Limits;
use crate::record::{text_at, type_of};
use crate::vault::{Chart, Row};
use base64::Engine;
use serde_json::{Value, json};

/// Puts the bytes of each attachment into the resource, or takes them out where documents were not chosen. A part whose
/// bytes cannot be read goes along by its title alone.
pub(super) fn carry(chart: &Chart, gathered: &Gathered, row: &Row, resource: &mut Value) -> Result<()> {
    let place = match type_of(resource) {
        "DocumentReference" => "content",
        "DiagnosticReport" => "presentedForm",
        "Media" => "content",
        "Consent" => "sourceAttachment",
        _ => return Ok(()),
    };
    let mut attachments: Vec<&mut Value> = match resource.get_mut(place) {
        Some(Value::Array(items)) => {
            items.iter_mut().filter_map(|i| if i.get("attachment").is_some() { i.get_mut("attachment") } else { Some(i) }).collect()
        }
        Some(one) => vec![one],
        None => return Ok(()),
    };
    for attachment in &mut attachments {
        one(chart, gathered, row, attachment)?;
    }
    Ok(())
}

fn one(chart: &Chart, gathered: &Gathered, row: &Row, attachment: &mut Value) -> Result<()> {
    let elsewhere = text_at(attachment, "url").is_some_and(|u| u.starts_with("http"));
    if !gathered.choice.documents {
        strip(attachment, true);
        return Ok(());
    }
    if attachment.get("data").is_some() || elsewhere || attachment.get("url").is_none() {
        return Ok(());
    }
    let alone = json!({"resourceType": "Media", "content": attachment.clone()});
    let held = parts(&alone).first().map(|part| bytes(chart, row, part, &Limits::default()));
    strip(attachment, false);
    if let (Some(Ok(held)), Value::Object(object)) = (held, attachment) {
        object.insert("data".into(), base64::engine::general_purpose::STANDARD.encode(held).into());
    }
    Ok(())
}

/// Takes away the bytes and the address.
fn strip(attachment: &mut Value, sums: bool) {
    if let Value::Object(object) = attachment {
        object.shift_remove("data");
        object.shift_remove("url");
        if sums {
            object.shift_remove("hash");
            object.shift_remove("size");
        }
        if object.is_empty() {
            object.insert("title".into(), "Document".into());
        }
    }
}
