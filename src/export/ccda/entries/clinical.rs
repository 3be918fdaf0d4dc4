//! Allergies and problems: each observation within the concern that tracks it.

use super::super::xml::{ACT_CODE, ICD10CM, LOINC, NDC, RXNORM, SNOMED, UNII, Xml};
use super::{Entry, comment};
use crate::record::{array, has_code, text_at};
use serde_json::Value;

/// Allergy Concern Act with its Allergy Intolerance Observation.
pub(super) fn allergy(x: &mut Xml, e: &Entry<'_>) {
    let active = !matches!(e.get("clinicalStatus").and_then(code_of_concept), Some("inactive" | "resolved"));
    let since = e.date(&["onsetDateTime", "onsetPeriod.start"]);
    let written = e.date(&["recordedDate", "onsetDateTime"]);
    concern(x, e, "4.30", active, written.as_deref(), None);
    x.open("observation", &observation(e));
    x.template("4.7", "2014-06-09");
    x.ids(&e.address, &Value::Null);
    x.code("code", "ASSERTION", ACT_CODE, "Assertion");
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", "completed")]);
    x.interval("effectiveTime", "", since.as_deref(), None);
    let (code, display) = kind(e);
    x.empty("value", &[("xsi:type", "CD"), ("code", code), ("codeSystem", SNOMED), ("displayName", display)]);
    let by = e.by();
    x.author(by.as_deref(), e.text("recordedDate").as_deref());
    x.raw("<participant typeCode=\"CSM\"><participantRole classCode=\"MANU\"><playingEntity classCode=\"MMAT\">");
    if e.known_absence() {
        x.empty("code", &[("nullFlavor", "NA")]);
    } else {
        x.concept("code", "", e.get("code"), &[RXNORM, UNII, SNOMED, NDC], Some(e.id));
    }
    x.raw("</playingEntity></participantRole></participant>");
    if !e.denied {
        status(x, "4.28", "2019-06-20", "CE", if active { ("55561003", "Active") } else { ("73425007", "Inactive") });
        for (n, reaction) in array(e.resource, "reaction").iter().enumerate() {
            self::reaction(x, e, reaction, n);
        }
        criticality(x, e);
    }
    comment(x, e);
    x.raw("</observation></entryRelationship></act>");
}

fn observation<'a>(e: &'a Entry<'_>) -> Vec<(&'a str, &'a str)> {
    let mut out = vec![("classCode", "OBS"), ("moodCode", "EVN")];
    if e.denied {
        out.push(("negationInd", "true"));
    }
    out
}

fn code_of_concept(concept: &Value) -> Option<&str> {
    crate::record::codes(concept).first().map(|(_, code, _)| *code)
}

/// The act around an observation, up to the observation itself.
fn concern(x: &mut Xml, e: &Entry<'_>, template: &str, active: bool, from: Option<&str>, to: Option<&str>) {
    x.open("act", &[("classCode", "ACT"), ("moodCode", "EVN")]);
    x.template(template, "2015-08-01");
    let id = crate::export::fhir::urn(&format!("concern\n{}", e.address));
    x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
    x.code("code", "CONC", "2.16.840.1.113883.5.6", "Concern");
    x.empty("statusCode", &[("code", if active { "active" } else { "completed" })]);
    x.interval("effectiveTime", "", from, (!active).then_some(to));
    x.open("entryRelationship", &[("typeCode", "SUBJ")]);
}

/// The kind of allergy (C-CDA "Allergy and Intolerance Type"), as exact as the record is.
fn kind(e: &Entry<'_>) -> (&'static str, &'static str) {
    let category = array_text(e.resource, "category");
    let has = |code: &str| e.get("code").is_some_and(|c| has_code(c, "", code));
    let category = if has("409137002") || has("no-known-medication-allergies") {
        "medication"
    } else if has("429625007") || has("no-known-food-allergies") {
        "food"
    } else {
        category.as_str()
    };
    match (e.text("type").as_deref(), category) {
        (Some("intolerance"), "medication") => ("59037007", "Drug intolerance"),
        (Some("intolerance"), "food") => ("235719002", "Food intolerance"),
        (_, "medication") => ("416098002", "Allergy to drug"),
        (_, "food") => ("414285001", "Allergy to food"),
        (Some("allergy"), _) => ("419199007", "Allergy to substance"),
        _ if e.denied => ("419199007", "Allergy to substance"),
        _ => ("420134006", "Propensity to adverse reaction"),
    }
}

/// The only text of a list of codes.
fn array_text(resource: &Value, key: &str) -> String {
    let all: Vec<&str> = resource.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if let [one] = all.as_slice() { (*one).to_owned() } else { String::new() }
}

fn status(x: &mut Xml, template: &str, version: &str, kind: &str, (code, display): (&str, &str)) {
    x.open("entryRelationship", &[("typeCode", if template == "4.28" { "SUBJ" } else { "REFR" }), ("inversionInd", "true")]);
    x.open("observation", &[("classCode", "OBS"), ("moodCode", "EVN")]);
    x.template(template, version);
    x.code("code", "33999-4", LOINC, "Status");
    x.empty("statusCode", &[("code", "completed")]);
    x.empty("value", &[("xsi:type", kind), ("code", code), ("codeSystem", SNOMED), ("displayName", display)]);
    x.raw("</observation></entryRelationship>");
}

fn reaction(x: &mut Xml, e: &Entry<'_>, reaction: &Value, n: usize) {
    x.raw("<entryRelationship typeCode=\"MFST\" inversionInd=\"true\"><observation classCode=\"OBS\" moodCode=\"EVN\">");
    x.template("4.9", "2014-06-09");
    let id = crate::export::fhir::urn(&format!("reaction\n{}\n{n}", e.address));
    x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
    x.code("code", "ASSERTION", ACT_CODE, "Assertion");
    x.empty("statusCode", &[("code", "completed")]);
    if let Some(onset) = text_at(reaction, "onset") {
        x.interval("effectiveTime", "", Some(&onset), None);
    }
    let said = array(reaction, "manifestation").first().cloned();
    let said = said.or_else(|| text_at(reaction, "description").map(|text| serde_json::json!({"text": text})));
    x.concept("value", "CD", said.as_ref(), &[SNOMED], None);
    let severity = match text_at(reaction, "severity").as_deref() {
        Some("mild") => Some(("255604002", "Mild")),
        Some("moderate") => Some(("6736007", "Moderate")),
        Some("severe") => Some(("24484000", "Severe")),
        _ => None,
    };
    if let Some((code, display)) = severity {
        x.raw("<entryRelationship typeCode=\"SUBJ\" inversionInd=\"true\"><observation classCode=\"OBS\" moodCode=\"EVN\">");
        x.template("4.8", "2014-06-09");
        x.code("code", "SEV", ACT_CODE, "Severity");
        x.empty("statusCode", &[("code", "completed")]);
        x.empty("value", &[("xsi:type", "CD"), ("code", code), ("codeSystem", SNOMED), ("displayName", display)]);
        x.raw("</observation></entryRelationship>");
    }
    x.raw("</observation></entryRelationship>");
}

/// Criticality Observation.
fn criticality(x: &mut Xml, e: &Entry<'_>) {
    let (code, display) = match e.text("criticality").as_deref() {
        Some("high") => ("CRITH", "High criticality"),
        Some("low") => ("CRITL", "Low criticality"),
        _ => return,
    };
    x.raw("<entryRelationship typeCode=\"SUBJ\" inversionInd=\"true\"><observation classCode=\"OBS\" moodCode=\"EVN\">");
    x.template("4.145", "");
    x.code("code", "82606-5", LOINC, "Allergy or intolerance criticality");
    x.empty("statusCode", &[("code", "completed")]);
    x.empty("value", &[("xsi:type", "CD"), ("code", code), ("codeSystem", "2.16.840.1.113883.5.1063"), ("displayName", display)]);
    x.raw("</observation></entryRelationship>");
}

/// Problem Concern Act with its Problem Observation.
pub(super) fn problem(x: &mut Xml, e: &Entry<'_>) {
    let state = e.get("clinicalStatus").and_then(code_of_concept);
    let past = e.item.standing() == crate::record::Standing::Past;
    let active = !past && !matches!(state, Some("inactive" | "resolved" | "remission"));
    let since = e.date(&["onsetDateTime", "onsetPeriod.start"]);
    let until = e.date(&["abatementDateTime", "abatementPeriod.end", "abatementPeriod.start"]);
    let ended = e.resource.as_object().is_some_and(|o| o.keys().any(|k| k.trim_start_matches('_').starts_with("abatement")));
    concern(x, e, "4.3", active, e.date(&["recordedDate", "onsetDateTime"]).as_deref(), until.as_deref());
    x.open("observation", &observation(e));
    x.template("4.4", "2015-08-01");
    x.ids(&e.address, e.resource);
    x.raw(
        "<code code=\"55607006\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Problem\">\
         <translation code=\"75326-9\" codeSystem=\"2.16.840.1.113883.6.1\" displayName=\"Problem\"/></code>",
    );
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", "completed")]);
    x.interval("effectiveTime", "", since.as_deref(), ended.then_some(until.as_deref()));
    if e.known_absence() {
        x.raw("<value xsi:type=\"CD\" code=\"55607006\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Problem\"/>");
    } else {
        x.concept("value", "CD", e.get("code"), &[SNOMED, ICD10CM], Some(e.id));
    }
    for site in array(e.resource, "bodySite") {
        x.concept("targetSiteCode", "", Some(site), &[SNOMED], None);
    }
    x.author(e.by().as_deref(), e.text("recordedDate").as_deref());
    if !e.denied
        && let Some(status) = match state {
            Some("active" | "recurrence" | "relapse") => Some(("55561003", "Active")),
            Some("inactive" | "remission") => Some(("73425007", "Inactive")),
            Some("resolved") => Some(("413322009", "Resolved")),
            _ => None,
        }
    {
        self::status(x, "4.6", "2019-06-20", "CD", status);
    }
    comment(x, e);
    x.raw("</observation></entryRelationship></act>");
}
