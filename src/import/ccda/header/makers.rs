//! Who made, signed and keeps the document, and which documents it follows.

use crate::import::ccda::context::{Context, contain};
use crate::import::ccda::types::{concept, extend, identifier, own_extension, put, put_all};
use crate::import::ccda::xml::{Node, attr, child, children, path, text};
use crate::record::Resource;
use serde_json::{Value, json};

/// The extensions of HL7's C-CDA on FHIR for what a Composition has no element for.
const CCDA: &str = "http://hl7.org/fhir/us/ccda/StructureDefinition/";

/// Authors and signatures of a Composition.
pub(super) fn signed(out: &mut Resource, cx: &Context) {
    let mut authors = Vec::new();
    for author in cx.author(cx.root) {
        let Some(mut who) = cx.actor(out, author.node) else { continue };
        if let Some(time) = author.time {
            extend(&mut who, own_extension("author-time", time.raw()));
        }
        authors.push(who);
    }
    put_all(out, "author", authors);
    let mut attesters = Vec::new();
    for (name, mode) in [("legalAuthenticator", "legal"), ("authenticator", "professional")] {
        for node in children(cx.root, name) {
            let mut attester = json!({ "mode": mode });
            if let Some(time) = child(node, "time").and_then(crate::import::ccda::types::stamp) {
                time.put(&mut attester, "time");
            }
            let party = cx.actor(out, node);
            put(&mut attester, "party", party);
            attesters.push(attester);
        }
    }
    put_all(out, "attester", attesters);
}

/// A reference to the organization that keeps the document.
pub(in crate::import::ccda) fn custodian(out: &mut Resource, cx: &Context) -> Option<Value> {
    let node = path(cx.root, "custodian/assignedCustodian/representedCustodianOrganization")?;
    cx.organization(node).map(|o| contain(out, o))
}

/// The confidentiality code: N, R or V, as FHIR has them.
pub(in crate::import::ccda) fn confidentiality(cx: &Context) -> Option<Value> {
    child(cx.root, "confidentialityCode").and_then(crate::import::ccda::types::coding).filter(|c| c.get("code").is_some())
}

/// The documents that this one replaces, appends or transforms: the FHIR code and each one's identifier.
pub(in crate::import::ccda) fn relations(cx: &Context) -> Vec<(&'static str, Value)> {
    let mut out = Vec::new();
    for related in children(cx.root, "relatedDocument") {
        let code = match attr(related, "typeCode") {
            Some("RPLC") => "replaces",
            Some("APND") => "appends",
            Some("XFRM") => "transforms",
            _ => continue,
        };
        let parent = child(related, "parentDocument");
        out.extend(parent.into_iter().flat_map(|p| children(p, "id")).filter_map(identifier).map(|i| (code, i)));
    }
    out
}

/// Everybody else whom the header names, in the extensions of the guide.
pub(super) fn others(out: &mut Resource, cx: &Context) {
    let kinds = [
        ("dataEnterer", "DataEntererExtension"),
        ("informant", "InformantExtension"),
        ("informationRecipient", "InformationRecipientExtension"),
        ("participant", "ParticipantExtension"),
    ];
    for (name, extension) in kinds {
        for node in children(cx.root, name) {
            if let Some(mut who) = cx.actor(out, node) {
                // Of a participant the guide keeps only who: as what stands beside it.
                let inner = child(node, "associatedEntity");
                let codes = [attr(node, "typeCode"), inner.and_then(|i| attr(i, "classCode"))];
                let codes = codes.into_iter().flatten().collect::<Vec<_>>().join(" ");
                if name == "participant" && !codes.is_empty() {
                    extend(&mut who, own_extension("participation", &codes));
                }
                extend(out, json!({"url": format!("{CCDA}{extension}"), "valueReference": who}));
            }
        }
    }
    for consent in children(cx.root, "authorization").filter_map(|a| child(a, "consent")) {
        let mut thing = json!({"resourceType": "Consent", "status": "active"});
        put_all(&mut thing, "identifier", crate::import::ccda::types::identifiers(consent));
        put_all(&mut thing, "category", child(consent, "code").and_then(|c| concept(c, cx)).into_iter().collect());
        refer(out, thing, "AuthorizationExtension");
    }
    for order in children(cx.root, "inFulfillmentOf").filter_map(|f| child(f, "order")) {
        let mut thing = json!({"resourceType": "ServiceRequest", "status": "unknown", "intent": "order"});
        put_all(&mut thing, "identifier", crate::import::ccda::types::identifiers(order));
        put(&mut thing, "code", child(order, "code").and_then(|c| concept(c, cx)));
        put(&mut thing, "subject", Some(cx.patient()));
        refer(out, thing, "OrderExtension");
    }
}

fn refer(out: &mut Resource, thing: Resource, extension: &str) {
    let reference = contain(out, thing);
    extend(out, json!({"url": format!("{CCDA}{extension}"), "valueReference": reference}));
}

/// The title, or the words of the document's code.
pub(in crate::import::ccda) fn title(root: Node, cx: &Context) -> Option<String> {
    let of_code = || child(root, "code").and_then(|c| concept(c, cx)).and_then(|c| crate::record::concept_text(&c));
    child(root, "title").and_then(text).or_else(of_code)
}
