//! Devices, images and measures.

use super::super::{Fields, each, push, text};
use serde_json::{Value, json};

/// Device.udi became a list of carriers; its name is one of the device's names.
pub(super) fn device_identifier(fields: &mut Fields) {
    if let Some(Value::Object(mut udi)) = fields.shift_remove("udi") {
        if let Some(name) = udi.shift_remove("name") {
            push(fields, "deviceName", json!({ "name": name, "type": "udi-label-name" }));
        }
        if !udi.is_empty() {
            push(fields, "udiCarrier", Value::Object(udi));
        }
    }
}

/// DICOM UIDs: `urn:oid:` goes, SOP classes are codings, a single performer is a reference no more.
pub(super) fn imaging_series(fields: &mut Fields) {
    let bare = |fields: &mut Fields, key: &str| {
        if let Some(uid) = text(fields, key).and_then(|u| u.strip_prefix("urn:oid:")).map(str::to_owned) {
            fields.insert(key.to_owned(), Value::String(uid));
        }
    };
    for series in each(fields, "series") {
        bare(series, "uid");
        for instance in each(series, "instance") {
            bare(instance, "uid");
            if let Some(class) = text(instance, "sopClass") {
                let code = if class.starts_with("urn:") { class.to_owned() } else { format!("urn:oid:{class}") };
                instance.insert("sopClass".to_owned(), json!({ "system": "urn:ietf:rfc:3986", "code": code }));
            }
        }
    }
}

pub(super) fn sequence_strand(fields: &mut Fields) {
    for reference in each(fields, "referenceSeq") {
        let strand = match reference.get("strand").map(Value::to_string).as_deref() {
            Some("1") => "watson",
            Some("-1") => "crick",
            _ => continue,
        };
        reference.insert("strand".to_owned(), json!(strand));
    }
}

/// Prism and base became a list of pairs.
pub(super) fn vision_prism(fields: &mut Fields) {
    for lens in each(fields, "lensSpecification") {
        let amount = lens.get("prism").filter(|p| p.is_number()).cloned();
        let Some(amount) = amount else { continue };
        let mut pair = Fields::from_iter([("amount".to_owned(), amount)]);
        pair.extend(lens.shift_remove("base").map(|base| ("base".to_owned(), base)));
        lens.insert("prism".to_owned(), json!([pair]));
    }
}
