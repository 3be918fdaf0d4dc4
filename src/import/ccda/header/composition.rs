//! The document itself as a Composition.

use super::makers;
use crate::import::ccda::context::Context;
use crate::import::ccda::types::{Effective, concept, concept_or_absent, extend, identifier, identifiers, push, put, put_all, stamp};
use crate::import::ccda::xml::{attr, child, children, paths, sdtc};
use crate::record::Resource;
use serde_json::{Value, json};

/// The Composition of the header, its sections left to the body's reader.
pub(in crate::import::ccda) fn composition(cx: &Context, encounter: Option<&str>) -> Resource {
    let root = cx.root;
    let mut out = json!({"resourceType": "Composition", "status": status(cx)});
    // The set id names all versions; the id, this one.
    let set = child(root, "setId").and_then(identifier);
    put(&mut out, "identifier", set.or_else(|| identifiers(root).into_iter().next()));
    for id in child(root, "setId").map(|_| identifiers(root)).unwrap_or_default() {
        extend(&mut out, json!({"url": "urn:keepwell:cda:id", "valueIdentifier": id}));
    }
    if let Some(version) = child(root, "versionNumber").and_then(|v| attr(v, "value")) {
        extend(
            &mut out,
            json!({"url": "http://hl7.org/fhir/StructureDefinition/composition-clinicaldocument-versionNumber", "valueString": version}),
        );
    }
    put(&mut out, "language", child(root, "languageCode").and_then(|l| attr(l, "code")).map(Value::from));
    put(&mut out, "type", child(root, "code").and_then(|c| concept_or_absent(c, cx)));
    put(&mut out, "title", makers::title(root, cx).map(Value::String));
    if let Some(date) = child(root, "effectiveTime").and_then(stamp) {
        date.put(&mut out, "date");
    }
    let confidentiality = makers::confidentiality(cx).and_then(|c| crate::record::text_at(&c, "code"));
    put(&mut out, "confidentiality", confidentiality.map(Value::String));
    put(&mut out, "encounter", encounter.map(|e| json!({ "reference": e })));
    makers::signed(&mut out, cx);
    let custodian = makers::custodian(&mut out, cx);
    put(&mut out, "custodian", custodian);
    makers::others(&mut out, cx);
    for (code, target) in makers::relations(cx) {
        push(&mut out, "relatesTo", json!({"code": code, "targetIdentifier": target}));
    }
    put_all(&mut out, "event", events(cx));
    out
}

/// Final, unless the sdtc extension says otherwise.
fn status(cx: &Context) -> &'static str {
    match sdtc(cx.root, "statusCode").and_then(|s| attr(s, "code")) {
        Some("active" | "new" | "held" | "suspended") => "preliminary",
        Some("nullified") => "entered-in-error",
        _ => "final",
    }
}

fn events(cx: &Context) -> Vec<Value> {
    let read = |event| {
        let mut out = json!({});
        let mut codes: Vec<Value> = child(event, "code").and_then(|c| concept(c, cx)).into_iter().collect();
        if codes.is_empty()
            && let Some(class) = attr(event, "classCode")
        {
            codes.push(json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActClass", "code": class}]}));
        }
        put_all(&mut out, "code", codes);
        let effective = Effective::of(event);
        let time = children(event, "effectiveTime").next().and_then(crate::import::ccda::types::period);
        put(&mut out, "period", effective.period().or(time));
        out.as_object().is_some_and(|o| !o.is_empty()).then_some(out)
    };
    paths(cx.root, "documentationOf/serviceEvent").into_iter().filter_map(read).collect()
}
