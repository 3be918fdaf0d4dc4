//! What was measured or asked: results, vital signs, social history, assessments.

use super::super::xml::{INTERPRETATION, LOINC, SNOMED, Xml, hl7};
use super::{Entry, comment};
use crate::record::{array, codes, concept_text, has_code, reading, string, text_at};
use serde_json::Value;
use std::borrow::Cow;

/// Result status (C-CDA "Result Status").
pub(super) fn status(e: &Entry<'_>) -> &'static str {
    match e.text("status").as_deref() {
        Some("registered" | "preliminary" | "partial") => "active",
        Some("cancelled") => "cancelled",
        _ => "completed",
    }
}

/// A Result Observation, and one more for each of its components, each as a component of an organizer.
pub(super) fn result(x: &mut Xml, e: &Entry<'_>) {
    let parts = array(e.resource, "component");
    let has_value = e.resource.as_object().is_some_and(|o| o.keys().any(|k| k.starts_with("value")));
    if has_value || parts.is_empty() {
        component(x, e, e.resource, None, &e.address);
    }
    for (n, part) in parts.iter().enumerate() {
        let address = crate::export::fhir::urn(&format!("part\n{}\n{n}", e.address));
        component(x, e, part, Some(n), &address);
    }
}

fn component(x: &mut Xml, e: &Entry<'_>, of: &Value, part: Option<usize>, address: &str) {
    x.raw("<component><observation classCode=\"OBS\" moodCode=\"EVN\">");
    x.template("4.2", "2015-08-01");
    x.ids(address, if part.is_none() { e.resource } else { &Value::Null });
    x.concept("code", "", of.get("code"), &[LOINC, SNOMED], part.is_none().then_some(e.id));
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", status(e))]);
    moment(x, e);
    x.value(of, false);
    interpretation(x, of);
    if let Some(method) = of.get("method") {
        x.concept("methodCode", "", Some(method), &[SNOMED], None);
    }
    if let Some(site) = of.get("bodySite") {
        x.concept("targetSiteCode", "", Some(site), &[SNOMED], None);
    }
    if part.is_none() {
        x.author(e.by().as_deref(), e.text("issued").as_deref());
        comment(x, e);
    }
    ranges(x, of);
    x.raw("</observation></component>\n");
}

fn moment(x: &mut Xml, e: &Entry<'_>) {
    let when = e.date(&["effectiveDateTime", "effectivePeriod.start", "effectiveInstant"]);
    match when.as_deref().and_then(hl7) {
        Some(when) => x.empty("effectiveTime", &[("value", &when)]),
        None => x.empty("effectiveTime", &[("nullFlavor", "UNK")]),
    }
}

fn interpretation(x: &mut Xml, of: &Value) {
    const KNOWN: [&str; 24] = [
        "<", ">", "A", "AA", "B", "D", "H", "HH", "HX", "I", "IND", "L", "LL", "LX", "MS", "N", "NEG", "POS", "R", "RR", "S", "U", "VS",
        "W",
    ];
    for interpretation in array(of, "interpretation") {
        let code = codes(interpretation).iter().map(|c| c.1.to_owned()).find(|c| KNOWN.contains(&c.as_str()));
        if let Some(code) = code {
            let display = concept_text(interpretation).unwrap_or_default();
            x.code("interpretationCode", &code, INTERPRETATION, &display);
        }
    }
}

fn ranges(x: &mut Xml, of: &Value) {
    let Some(range) = array(of, "referenceRange").first() else { return };
    let words = reading(of).range.map(|r| r.words).or_else(|| text_at(range, "text")).unwrap_or_default();
    x.raw("<referenceRange><observationRange>");
    x.words("text", &[], &words);
    let (low, high) = (range.get("low"), range.get("high"));
    if low.is_some() || high.is_some() {
        x.open("value", &[("xsi:type", "IVL_PQ")]);
        for (name, end) in [("low", low), ("high", high)] {
            if let Some(end) = end {
                x.quantity(name, "", end);
            }
        }
        x.close("value");
    } else {
        x.words("value", &[("xsi:type", "ST")], &words);
    }
    x.raw("</observationRange></referenceRange>");
}

/// A report's conclusion as an observation: C-CDA has no report without a result.
pub(super) fn conclusion(x: &mut Xml, e: &Entry<'_>) {
    x.raw("<component><observation classCode=\"OBS\" moodCode=\"EVN\">");
    x.template("4.2", "2015-08-01");
    let id = crate::export::fhir::urn(&format!("conclusion\n{}", e.address));
    x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
    x.concept("code", "", e.get("code"), &[LOINC, SNOMED], Some(e.id));
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", status(e))]);
    moment(x, e);
    match e.told.detail("Conclusion") {
        Some(words) => x.words("value", &[("xsi:type", "ST")], &words),
        None => x.empty("value", &[("xsi:type", "ST"), ("nullFlavor", "UNK")]),
    }
    x.raw("</observation></component>\n");
}

/// Vital Sign Observations: one, or one for each part of a blood pressure. False when the value is no quantity, which that
/// template wants.
pub(super) fn vital_signs(x: &mut Xml, e: &Entry<'_>) -> bool {
    let parts = array(e.resource, "component");
    let quantity = |v: &Value| v.get("valueQuantity").is_some_and(|q| q.get("value").and_then(string).is_some());
    if quantity(e.resource) {
        vital(x, e, e.resource, None);
    } else if parts.is_empty() || !parts.iter().all(quantity) {
        return false;
    }
    for (n, part) in parts.iter().enumerate().filter(|(_, p)| quantity(p)) {
        vital(x, e, part, Some(n));
    }
    true
}

fn vital(x: &mut Xml, e: &Entry<'_>, of: &Value, part: Option<usize>) {
    x.raw("<component><observation classCode=\"OBS\" moodCode=\"EVN\">");
    x.template("4.27", "2014-06-09");
    match part {
        None => x.ids(&e.address, e.resource),
        Some(n) => {
            let id = crate::export::fhir::urn(&format!("part\n{}\n{n}", e.address));
            x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
        }
    }
    x.concept("code", "", of.get("code"), &[LOINC, SNOMED], part.is_none().then_some(e.id));
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", "completed")]);
    moment(x, e);
    // The template has no room for a comparator.
    let mut quantity = Cow::Borrowed(of.get("valueQuantity").unwrap_or(&Value::Null));
    if quantity.get("comparator").is_some()
        && let Value::Object(quantity) = quantity.to_mut()
    {
        quantity.shift_remove("comparator");
    }
    x.quantity("value", "PQ", &quantity);
    interpretation(x, of);
    if let Some(method) = e.get("method") {
        x.concept("methodCode", "", Some(method), &[SNOMED], None);
    }
    if let Some(site) = e.get("bodySite") {
        x.concept("targetSiteCode", "", Some(site), &[SNOMED], None);
    }
    x.author(e.by().as_deref(), e.text("issued").as_deref());
    comment(x, e);
    x.raw("</observation></component>\n");
}

/// Smoking Status, or any other Social History Observation.
pub(super) fn social(x: &mut Xml, e: &Entry<'_>) {
    let is = |code: &str| e.get("code").is_some_and(|c| has_code(c, "http://loinc.org", code));
    let coded = e.get("valueCoding").is_none()
        && e.get("valueCodeableConcept").is_some_and(|v| codes(v).iter().any(|(s, ..)| s.contains("snomed")));
    let moment_known = e.date(&["effectiveDateTime", "effectiveInstant"]).is_some();
    x.raw("<observation classCode=\"OBS\" moodCode=\"EVN\">");
    let smoking = is("72166-2") && coded && moment_known;
    if smoking {
        x.template("4.78", "2014-06-09");
    } else if e.get("code").is_some_and(|c| codes(c).iter().any(|(s, ..)| *s == "http://loinc.org")) {
        x.template("4.38", "2015-08-01");
    }
    x.ids(&e.address, e.resource);
    x.concept("code", "", e.get("code"), &[LOINC, SNOMED], Some(e.id));
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", "completed")]);
    moment(x, e);
    x.value(e.resource, false);
    x.author(e.by().as_deref(), e.text("issued").as_deref());
    parts(x, e);
    comment(x, e);
    x.close("observation");
}

/// An observation without a template of its own.
pub(super) fn plain(x: &mut Xml, e: &Entry<'_>) {
    x.raw("<observation classCode=\"OBS\" moodCode=\"EVN\">");
    x.ids(&e.address, e.resource);
    x.concept("code", "", e.get("code"), &[LOINC, SNOMED], Some(e.id));
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", status(e))]);
    moment(x, e);
    x.value(e.resource, false);
    interpretation(x, e.resource);
    x.author(e.by().as_deref(), e.text("issued").as_deref());
    parts(x, e);
    comment(x, e);
    ranges(x, e.resource);
    x.close("observation");
}

/// The parts of an observation, within it.
fn parts(x: &mut Xml, e: &Entry<'_>) {
    for part in array(e.resource, "component") {
        x.raw("<entryRelationship typeCode=\"COMP\"><observation classCode=\"OBS\" moodCode=\"EVN\">");
        x.concept("code", "", part.get("code"), &[LOINC, SNOMED], None);
        x.empty("statusCode", &[("code", "completed")]);
        x.value(part, false);
        x.raw("</observation></entryRelationship>");
    }
}
