//! What was done and where: procedures, devices, encounters; and what relatives have or had.

use super::super::xml::{ACT_CODE, CPT, ICD10CM, LOINC, SNOMED, Xml, hl7};
use super::{Entry, comment};
use crate::record::{array, at, codes, concept_text, list, reference_words, text_at};
use serde_json::Value;

/// Procedure Activity Procedure.
pub(super) fn procedure(x: &mut Xml, e: &Entry<'_>) {
    let mut attributes = vec![("classCode", "PROC"), ("moodCode", "EVN")];
    if e.denied {
        attributes.push(("negationInd", "true"));
    }
    x.open("procedure", &attributes);
    x.template("4.14", "2014-06-09");
    x.ids(&e.address, e.resource);
    x.concept("code", "", e.get("code"), &[SNOMED, CPT, LOINC], Some(e.id));
    x.text_reference(e.id);
    let state = match e.text("status").as_deref() {
        Some("in-progress" | "preparation" | "on-hold") => "active",
        Some("stopped") => "aborted",
        Some("not-done") => "cancelled",
        _ => "completed",
    };
    x.empty("statusCode", &[("code", state)]);
    let from = e.date(&["performedDateTime", "performedPeriod.start"]);
    let to = e.text("performedPeriod.end");
    match (from.as_deref().and_then(hl7), to) {
        (Some(when), None) => x.empty("effectiveTime", &[("value", &when)]),
        (None, None) => x.empty("effectiveTime", &[("nullFlavor", "UNK")]),
        (_, to) => x.interval("effectiveTime", "", from.as_deref(), Some(to.as_deref())),
    }
    for site in array(e.resource, "bodySite") {
        x.concept("targetSiteCode", "", Some(site), &[SNOMED], None);
    }
    x.performer(e.by().as_deref());
    reasons(x, e);
    comment(x, e);
    x.close("procedure");
}

/// Indications.
fn reasons(x: &mut Xml, e: &Entry<'_>) {
    let coded = array(e.resource, "reasonCode").to_vec();
    let named = array(e.resource, "reasonReference").iter().filter_map(|r| reference_words(e.resource, r));
    for (n, reason) in coded.into_iter().chain(named.map(|text| serde_json::json!({"text": text}))).enumerate() {
        x.raw("<entryRelationship typeCode=\"RSON\"><observation classCode=\"OBS\" moodCode=\"EVN\">");
        x.template("4.19", "2014-06-09");
        let id = crate::export::fhir::urn(&format!("reason\n{}\n{n}", e.address));
        x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
        x.raw(
            "<code code=\"55607006\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Problem\">\
             <translation code=\"75326-9\" codeSystem=\"2.16.840.1.113883.6.1\" displayName=\"Problem\"/></code>",
        );
        x.empty("statusCode", &[("code", "completed")]);
        x.concept("value", "CD", Some(&reason), &[SNOMED, ICD10CM], None);
        x.raw("</observation></entryRelationship>");
    }
}

/// Non-Medicinal Supply Activity with its Product Instance: a device, or the use of one.
pub(super) fn device(x: &mut Xml, e: &Entry<'_>) {
    let used = device_of(e);
    let device = used.as_ref().unwrap_or(e.resource);
    x.open("supply", &[("classCode", "SPLY"), ("moodCode", "EVN")]);
    x.template("4.50", "2014-06-09");
    x.ids(&e.address, e.resource);
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", "completed")]);
    if let Some(when) = e.date(&["timingDateTime", "timingPeriod.start", "recordedOn"]).as_deref().and_then(hl7) {
        x.open("effectiveTime", &[("xsi:type", "IVL_TS")]);
        x.empty("low", &[("value", &when)]);
        x.close("effectiveTime");
    }
    x.raw("<participant typeCode=\"PRD\"><participantRole classCode=\"MANU\">");
    x.template("4.37", "");
    match text_at(device, "udiCarrier.carrierHRF").or_else(|| text_at(device, "udiCarrier.deviceIdentifier")) {
        Some(udi) => x.empty("id", &[("root", "2.16.840.1.113883.3.3719"), ("extension", &udi), ("assigningAuthorityName", "FDA")]),
        None => x.empty("id", &[("nullFlavor", "UNK")]),
    }
    x.open("playingDevice", &[]);
    x.concept("code", "", device.get("type"), &[SNOMED], Some(e.id));
    if let Some(model) = text_at(device, "modelNumber").or_else(|| text_at(device, "deviceName.name")) {
        x.words("manufacturerModelName", &[], &model);
    }
    x.close("playingDevice");
    x.open("scopingEntity", &[]);
    x.empty("id", &[("nullFlavor", "UNK")]);
    if let Some(maker) = text_at(device, "manufacturer") {
        x.words("desc", &[], &maker);
    }
    x.raw("</scopingEntity></participantRole></participant>");
    x.close("supply");
}

/// The device that a statement of use names.
fn device_of(e: &Entry<'_>) -> Option<Value> {
    let reference = e.get("device")?;
    let address = text_at(reference, "reference")?;
    if let Some(id) = address.strip_prefix('#') {
        return array(e.resource, "contained").iter().find(|c| text_at(c, "id").as_deref() == Some(id)).cloned();
    }
    e.gathered.named(&address)
}

/// Encounter Activity.
pub(super) fn encounter(x: &mut Xml, e: &Entry<'_>) {
    x.open("encounter", &[("classCode", "ENC"), ("moodCode", "EVN")]);
    x.template("4.49", "2015-08-01");
    x.ids(&e.address, e.resource);
    let kind = array(e.resource, "type").first().cloned();
    let class = e.get("class").and_then(|c| codes(c).first().map(|(_, code, display)| ((*code).to_owned(), (*display).to_owned())));
    match (kind, class) {
        (Some(kind), _) => x.concept("code", "", Some(&kind), &[CPT, SNOMED], Some(e.id)),
        (None, Some((code, display))) if !code.is_empty() => {
            x.open("code", &[("code", &code), ("codeSystem", ACT_CODE), ("displayName", &display)]);
            x.open("originalText", &[]);
            x.empty("reference", &[("value", &format!("#{}", e.id))]);
            x.close("originalText");
            x.close("code");
        }
        _ => x.concept("code", "", None, &[], Some(e.id)),
    }
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", if e.text("status").as_deref() == Some("in-progress") { "active" } else { "completed" })]);
    let (from, to) = (e.text("period.start"), e.text("period.end"));
    x.interval("effectiveTime", "", from.as_deref(), to.as_ref().map(|t| Some(t.as_str())));
    if let Some(disposition) = at(e.resource, "hospitalization.dischargeDisposition") {
        x.concept("sdtc:dischargeDispositionCode", "", Some(disposition), &["2.16.840.1.113883.12.112"], None);
    }
    for who in list(e.resource, "participant.individual").into_iter().filter_map(|r| reference_words(e.resource, r)) {
        x.performer(Some(&who));
    }
    for place in list(e.resource, "location.location").into_iter().filter_map(|r| reference_words(e.resource, r)) {
        x.raw("<participant typeCode=\"LOC\"><participantRole classCode=\"SDLOC\">");
        x.template("4.32", "");
        x.empty("code", &[("nullFlavor", "UNK")]);
        x.raw("<playingEntity classCode=\"PLC\">");
        x.words("name", &[], &place);
        x.raw("</playingEntity></participantRole></participant>");
    }
    reasons(x, e);
    comment(x, e);
    x.close("encounter");
}

/// Family History Organizer.
pub(super) fn family(x: &mut Xml, e: &Entry<'_>) {
    x.open("organizer", &[("classCode", "CLUSTER"), ("moodCode", "EVN")]);
    x.template("4.45", "2015-08-01");
    x.ids(&e.address, e.resource);
    x.empty("statusCode", &[("code", "completed")]);
    x.raw("<subject><relatedSubject classCode=\"PRS\">");
    x.concept("code", "", e.get("relationship"), &["2.16.840.1.113883.5.111", SNOMED], Some(e.id));
    let sex = e.get("sex").and_then(concept_text).or_else(|| e.text("gender"));
    let sex = match sex.as_deref().map(str::to_lowercase).as_deref() {
        Some("male" | "m") => Some(("M", "Male")),
        Some("female" | "f") => Some(("F", "Female")),
        _ => None,
    };
    x.open("subject", &[]);
    if let Some(name) = e.text("name") {
        x.words("name", &[], &name);
    }
    match sex {
        Some((code, display)) => x.code("administrativeGenderCode", code, "2.16.840.1.113883.5.1", display),
        None => x.empty("administrativeGenderCode", &[("nullFlavor", "UNK")]),
    }
    if let Some(born) = e.text("bornDate") {
        x.time("birthTime", Some(&born));
    }
    if let Some(dead) = e.text("deceasedBoolean") {
        x.empty("sdtc:deceasedInd", &[("value", &dead)]);
    } else if e.get("deceasedAge").is_some() {
        x.empty("sdtc:deceasedInd", &[("value", "true")]);
    }
    x.raw("</subject></relatedSubject></subject>");
    let conditions = array(e.resource, "condition");
    if conditions.is_empty() {
        relative(x, e, None, 0);
    }
    conditions.iter().enumerate().for_each(|(n, c)| relative(x, e, Some(c), n));
    x.close("organizer");
}

/// Family History Observation.
fn relative(x: &mut Xml, e: &Entry<'_>, condition: Option<&Value>, n: usize) {
    x.raw("<component><observation classCode=\"OBS\" moodCode=\"EVN\">");
    x.template("4.46", "2015-08-01");
    let id = crate::export::fhir::urn(&format!("relative\n{}\n{n}", e.address));
    x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
    x.raw(
        "<code code=\"64572001\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Condition\">\
         <translation code=\"75323-6\" codeSystem=\"2.16.840.1.113883.6.1\" displayName=\"Condition\"/></code>",
    );
    x.empty("statusCode", &[("code", "completed")]);
    x.concept("value", "CD", condition.and_then(|c| c.get("code")), &[SNOMED, ICD10CM], None);
    if let Some(age) = condition.and_then(|c| c.get("onsetAge")).filter(|a| a.get("value").is_some()) {
        x.raw("<entryRelationship typeCode=\"SUBJ\" inversionInd=\"true\"><observation classCode=\"OBS\" moodCode=\"EVN\">");
        x.template("4.31", "");
        x.code("code", "445518008", SNOMED, "Age at onset");
        x.empty("statusCode", &[("code", "completed")]);
        x.quantity("value", "PQ", age);
        x.raw("</observation></entryRelationship>");
    }
    x.raw("</observation></component>");
}
