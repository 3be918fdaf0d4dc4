//! componentOf/encompassingEncounter: the visit that the document belongs to.

use crate::Result;
use crate::import::ccda::context::{Context, contain};
use crate::import::ccda::types::{Effective, concept, identifiers, period, put, put_all};
use crate::import::ccda::xml::{Node, attr, child, children, null_flavor, path, sdtc};
use crate::record::Resource;
use serde_json::{Value, json};

/// Hands over the Encounter of the header, not counted, and gives the reference to it.
///
/// # Errors
/// What the sink returns.
pub(in crate::import::ccda) fn encounter(cx: &mut Context) -> Result<Option<String>> {
    let Some(node) = path(cx.root, "componentOf/encompassingEncounter") else { return Ok(None) };
    if null_flavor(node).is_some() {
        return Ok(None);
    }
    let resource = resource(node, cx);
    // `<encompassingEncounter/>` with an empty time says nothing.
    let says = ["identifier", "period", "type", "participant", "location"].iter().any(|k| resource.get(k).is_some());
    if !says {
        return Ok(None);
    }
    cx.emit(node, resource, false).map(Some)
}

fn resource(node: Node, cx: &Context) -> Resource {
    let effective = Effective::of(node);
    // Over where its end is given, or where it was a moment; an open interval may go on.
    let over = effective.high.is_some() || effective.point.is_some() || effective.high_null.as_deref() == Some("UNK");
    let mut out = json!({"resourceType": "Encounter", "status": if over { "finished" } else { "unknown" }});
    put_all(&mut out, "identifier", identifiers(node));
    if let Some(code) = child(node, "code") {
        if let Some(class) = class(code) {
            put(&mut out, "class", Some(class));
        }
        put_all(&mut out, "type", concept(code, cx).into_iter().collect());
    }
    // FHIR requires a class; where the source gave none, this says so.
    let absent = json!({"extension": [{"url": crate::record::systems::ABSENT_REASON, "valueCode": "unknown"}]});
    if out.get("class").is_none() {
        put(&mut out, "class", Some(absent));
    }
    let period = effective.period().or_else(|| child(node, "effectiveTime").and_then(period));
    put(&mut out, "period", period);
    let discharged = child(node, "dischargeDispositionCode").or_else(|| sdtc(node, "dischargeDispositionCode"));
    if let Some(disposition) = discharged.and_then(|c| concept(c, cx)) {
        put(&mut out, "hospitalization", Some(json!({"dischargeDisposition": disposition})));
    }
    let mut participants = Vec::new();
    for taking in children(node, "responsibleParty").chain(children(node, "encounterParticipant")) {
        let code = attr(taking, "typeCode").unwrap_or("RESP");
        let Some(who) = cx.actor(&mut out, taking) else { continue };
        let kind = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": code}]});
        let mut participant = json!({"type": [kind], "individual": who});
        put(&mut participant, "period", child(taking, "time").and_then(crate::import::ccda::types::period));
        participants.push(participant);
    }
    put_all(&mut out, "participant", participants);
    if let Some(facility) = path(node, "location/healthCareFacility") {
        if let Some(place) = cx.location(facility) {
            let reference = contain(&mut out, place);
            put(&mut out, "location", Some(json!([{ "location": reference }])));
        }
        if let Some(provider) = child(facility, "serviceProviderOrganization").and_then(|o| cx.organization(o)) {
            let reference = contain(&mut out, provider);
            put(&mut out, "serviceProvider", Some(reference));
        }
    }
    out
}

/// The class, where the code or a translation of it is of HL7's ActCode (AMB, IMP, EMER, …).
fn class(code: Node) -> Option<Value> {
    let all = std::iter::once(code).chain(children(code, "translation"));
    all.filter_map(crate::import::ccda::types::coding)
        .find(|c| c.get("system").and_then(Value::as_str) == Some(crate::record::systems::ACT_CODE))
}
