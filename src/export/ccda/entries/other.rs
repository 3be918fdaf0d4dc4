//! Goals, plans, insurance, care teams, directives, and whatever has no statement of its own in C-CDA.

use super::super::xml::{LOINC, SNOMED, Xml, hl7};
use super::{Entry, comment};
use crate::record::{array, concept_text, reference_words, text_at};
use serde_json::json;

/// Goal Observation.
pub(super) fn goal(x: &mut Xml, e: &Entry<'_>) {
    x.open("observation", &[("classCode", "OBS"), ("moodCode", "GOL")]);
    x.template("4.121", "");
    x.ids(&e.address, e.resource);
    x.concept("code", "", e.get("description"), &[LOINC, SNOMED], Some(e.id));
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", "active")]);
    let (from, to) = (e.text("startDate"), e.text("target.dueDate"));
    if from.is_some() || to.is_some() {
        x.interval("effectiveTime", "", from.as_deref(), to.as_ref().map(|t| Some(t.as_str())));
    }
    x.words(
        "value",
        &[("xsi:type", "ST")],
        &[Some(e.told.title.clone()), e.told.detail("Target")].into_iter().flatten().collect::<Vec<_>>().join(": "),
    );
    x.author(e.get("expressedBy").and_then(|r| reference_words(e.resource, r)).as_deref(), e.text("statusDate").as_deref());
    comment(x, e);
    x.close("observation");
}

/// Planned Act.
pub(super) fn planned(x: &mut Xml, e: &Entry<'_>) {
    x.open("act", &[("classCode", "ACT"), ("moodCode", "RQO")]);
    x.template("4.39", "2014-06-09");
    x.ids(&e.address, e.resource);
    let concept = e.get("code").cloned().or_else(|| array(e.resource, "serviceType").first().cloned());
    x.concept("code", "", concept.as_ref(), &[SNOMED, LOINC], Some(e.id));
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", "active")]);
    let when = e.date(&["occurrenceDateTime", "occurrencePeriod.start", "start", "authoredOn"]);
    x.time("effectiveTime", when.as_deref());
    x.author(e.by().as_deref(), e.text("authoredOn").as_deref());
    comment(x, e);
    x.close("act");
}

/// Coverage Activity with its Policy Activity.
pub(super) fn coverage(x: &mut Xml, e: &Entry<'_>) {
    x.open("act", &[("classCode", "ACT"), ("moodCode", "EVN")]);
    x.template("4.60", "2015-08-01");
    x.ids(&e.address, e.resource);
    x.code("code", "48768-6", LOINC, "Payment sources Document");
    x.empty("statusCode", &[("code", "completed")]);
    x.raw("<entryRelationship typeCode=\"COMP\"><act classCode=\"ACT\" moodCode=\"EVN\">");
    x.template("4.61", "2015-08-01");
    let member = e.text("subscriberId").or_else(|| e.text("identifier.value"));
    let policy = crate::export::fhir::urn(&format!("policy\n{}", e.address));
    let policy = policy.trim_start_matches("urn:uuid:").to_owned();
    match &member {
        Some(member) => x.empty("id", &[("root", &policy), ("extension", member)]),
        None => x.empty("id", &[("root", &policy)]),
    }
    let kind = e.get("type").and_then(concept_text).unwrap_or_else(|| e.told.title.clone());
    x.raw("<code nullFlavor=\"OTH\">");
    x.words("originalText", &[], &kind);
    x.raw("<translation nullFlavor=\"OTH\"/></code>");
    x.empty("statusCode", &[("code", "completed")]);
    let payor = array(e.resource, "payor").iter().find_map(|p| reference_words(e.resource, p)).unwrap_or_else(|| e.told.title.clone());
    x.raw("<performer typeCode=\"PRF\">");
    x.template("4.87", "");
    x.raw("<assignedEntity><id nullFlavor=\"UNK\"/><code code=\"PAYOR\" codeSystem=\"2.16.840.1.113883.5.110\"/>");
    x.raw("<representedOrganization>");
    x.words("name", &[], &payor);
    x.raw("</representedOrganization></assignedEntity></performer>");
    x.raw("<participant typeCode=\"COV\">");
    x.template("4.89", "");
    let (from, to) = (e.text("period.start"), e.text("period.end"));
    if from.is_some() || to.is_some() {
        x.interval("time", "", from.as_deref(), to.as_ref().map(|t| Some(t.as_str())));
    }
    x.raw("<participantRole classCode=\"PAT\">");
    match &member {
        Some(member) => x.empty("id", &[("root", &policy), ("extension", member)]),
        None => x.empty("id", &[("nullFlavor", "UNK")]),
    }
    x.raw("<code code=\"SELF\" codeSystem=\"2.16.840.1.113883.5.111\"/></participantRole></participant>");
    x.raw("<entryRelationship typeCode=\"REFR\"><act classCode=\"ACT\" moodCode=\"DEF\"><id nullFlavor=\"UNK\"/><code nullFlavor=\"UNK\"/><text>");
    x.empty("reference", &[("value", &format!("#{}", e.id))]);
    x.raw("</text></act></entryRelationship></act></entryRelationship>");
    x.close("act");
}

/// Care Team Organizer.
pub(super) fn team(x: &mut Xml, e: &Entry<'_>) {
    x.open("organizer", &[("classCode", "CLUSTER"), ("moodCode", "EVN")]);
    x.template("4.500", "2019-07-01");
    x.ids(&e.address, e.resource);
    x.raw("<code code=\"86744-0\" codeSystem=\"2.16.840.1.113883.6.1\" displayName=\"Care team\"><originalText>");
    x.empty("reference", &[("value", &format!("#{}", e.id))]);
    x.raw("</originalText></code>");
    x.empty("statusCode", &[("code", if e.item.standing() == crate::record::Standing::Past { "completed" } else { "active" })]);
    x.interval("effectiveTime", "", e.text("period.start").as_deref(), None);
    for member in array(e.resource, "participant") {
        let Some(name) = member.get("member").and_then(|m| reference_words(e.resource, m)) else { continue };
        x.raw("<component><act classCode=\"PCPR\" moodCode=\"EVN\">");
        x.template("4.500.1", "2019-07-01");
        x.raw("<code code=\"85847-2\" codeSystem=\"2.16.840.1.113883.6.1\" displayName=\"Care team information\"/>");
        x.empty("statusCode", &[("code", "active")]);
        x.interval("effectiveTime", "", text_at(member, "period.start").as_deref(), None);
        x.raw("<performer typeCode=\"PRF\">");
        if let Some(role) = array(member, "role").first() {
            x.concept("sdtc:functionCode", "", Some(role), &[SNOMED, "2.16.840.1.113883.6.101"], None);
        }
        x.raw("<assignedEntity><id nullFlavor=\"UNK\"/><assignedPerson>");
        x.words("name", &[], &name);
        x.raw("</assignedPerson></assignedEntity></performer></act></component>");
    }
    x.close("organizer");
}

/// Advance Directive Observation.
pub(super) fn directive(x: &mut Xml, e: &Entry<'_>) {
    x.open("observation", &[("classCode", "OBS"), ("moodCode", "EVN")]);
    x.template("4.48", "2015-08-01");
    x.ids(&e.address, e.resource);
    x.raw("<code code=\"71388002\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Procedure\"><originalText>");
    x.empty("reference", &[("value", &format!("#{}", e.id))]);
    x.raw("</originalText><translation code=\"75320-2\" codeSystem=\"2.16.840.1.113883.6.1\" displayName=\"Advance directive\"/></code>");
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", "completed")]);
    let (from, to) = (e.date(&["provision.period.start", "dateTime"]), e.text("provision.period.end"));
    x.open("effectiveTime", &[]);
    x.time("low", from.as_deref());
    match to.as_deref().and_then(hl7) {
        Some(to) => x.empty("high", &[("value", &to)]),
        None => x.empty("high", &[("nullFlavor", "NA")]),
    }
    x.close("effectiveTime");
    x.words("value", &[("xsi:type", "ST")], &e.told.title);
    x.author(e.by().as_deref(), e.text("dateTime").as_deref());
    comment(x, e);
    x.close("observation");
}

/// What C-CDA has no statement for, as an observation whose value is what it says.
pub(super) fn told(x: &mut Xml, e: &Entry<'_>) {
    x.open("observation", &[("classCode", "OBS"), ("moodCode", "EVN")]);
    x.ids(&e.address, e.resource);
    let concept = ["code", "type", "vaccineCode", "category"].iter().find_map(|k| {
        let value = e.get(k)?;
        Some(value.as_array().and_then(|a| a.first()).unwrap_or(value).clone())
    });
    let concept = concept.filter(|c| concept_text(c).is_some()).unwrap_or_else(|| json!({"text": e.told.title}));
    x.concept("code", "", Some(&concept), &[LOINC, SNOMED], Some(e.id));
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", "completed")]);
    x.time("effectiveTime", e.item.date().map(|d| d.text.as_str()));
    let details: Vec<String> = e.told.details.iter().map(|(label, words)| format!("{label}: {words}")).collect();
    x.words("value", &[("xsi:type", "ST")], &if details.is_empty() { e.told.title.clone() } else { details.join(". ") });
    x.author(e.by().as_deref(), None);
    x.close("observation");
}
