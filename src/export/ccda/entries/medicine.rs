//! Medicines and immunizations.

use super::super::xml::{CVX, LOINC, NDC, RXNORM, SNOMED, Xml, hl7};
use super::{Entry, comment};
use crate::record::{Standing, array, at, code_of, reference_words, string, text_at};
use serde_json::Value;

/// Medication Activity: what a person takes (EVN), or what somebody ordered (INT).
pub(super) fn activity(x: &mut Xml, e: &Entry<'_>) {
    let request = e.item.first().kind == "MedicationRequest";
    let mood = if request { "INT" } else { "EVN" };
    let mut attributes = vec![("classCode", "SBADM"), ("moodCode", mood)];
    if e.denied {
        attributes.push(("negationInd", "true"));
    }
    x.open("substanceAdministration", &attributes);
    x.template("4.16", "2014-06-09");
    x.ids(&e.address, e.resource);
    x.text_reference(e.id);
    let state = match e.item.standing() {
        _ if e.text("status").as_deref() == Some("on-hold") => "suspended",
        _ if e.text("status").as_deref() == Some("stopped") => "aborted",
        Standing::Past | Standing::NotDone => "completed",
        _ => "active",
    };
    x.empty("statusCode", &[("code", state)]);
    let dosage = array(e.resource, "dosageInstruction").first().or_else(|| array(e.resource, "dosage").first());
    let from = e.date(&["effectivePeriod.start", "effectiveDateTime"]).or_else(|| {
        let bounds = dosage.and_then(|d| text_at(d, "timing.repeat.boundsPeriod.start"));
        bounds.or_else(|| e.text("authoredOn"))
    });
    let to = e.text("effectivePeriod.end").or_else(|| dosage.and_then(|d| text_at(d, "timing.repeat.boundsPeriod.end")));
    let ended = to.is_some() || matches!(state, "completed" | "aborted");
    x.interval("effectiveTime", "IVL_TS", from.as_deref(), ended.then_some(to.as_deref()));
    if let Some(dosage) = dosage {
        frequency(x, dosage);
    }
    if let Some(route) = dosage.and_then(|d| d.get("route")) {
        x.concept("routeCode", "", Some(route), &["2.16.840.1.113883.3.26.1.1", SNOMED], None);
    }
    if let Some(site) = dosage.and_then(|d| d.get("site")) {
        x.concept("approachSiteCode", "", Some(site), &[SNOMED], None);
    }
    dose(x, dosage);
    product(x, e, "4.23");
    x.author(e.by().as_deref(), e.date(&["authoredOn", "dateAsserted"]).as_deref());
    for (n, reason) in array(e.resource, "reasonCode").iter().enumerate() {
        indication(x, e, reason, n);
    }
    for reference in array(e.resource, "reasonReference") {
        if let Some(words) = reference_words(e.resource, reference) {
            indication(x, e, &serde_json::json!({"text": words}), 100);
        }
    }
    if e.told.detail("Dose").is_some() {
        x.raw("<entryRelationship typeCode=\"COMP\"><substanceAdministration classCode=\"SBADM\" moodCode=\"");
        x.raw(mood);
        x.raw("\">");
        x.template("4.147", "");
        x.code("code", "76662-6", LOINC, "Instructions Medication");
        x.raw("<text>");
        x.empty("reference", &[("value", &format!("#{}d", e.id))]);
        x.raw("</text><consumable><manufacturedProduct><manufacturedLabeledDrug nullFlavor=\"NA\"/></manufacturedProduct></consumable>");
        x.raw("</substanceAdministration></entryRelationship>");
    }
    if request {
        supply(x, e);
    }
    comment(x, e);
    x.close("substanceAdministration");
}

/// Times of day or how often, where the source gives a number.
fn frequency(x: &mut Xml, dosage: &Value) {
    let repeat = |key: &str| text_at(dosage, &format!("timing.repeat.{key}"));
    let (Some(period), Some(unit)) = (repeat("period"), repeat("periodUnit")) else { return };
    let times: f64 = repeat("frequency").and_then(|f| f.parse().ok()).unwrap_or(1.0);
    let Ok(period) = period.parse::<f64>() else { return };
    if times <= 0.0 || period <= 0.0 {
        return;
    }
    // "Twice a day" is every 12 hours to a PIVL_TS.
    let (value, unit) = match (unit.as_str(), times > 1.0) {
        ("d", true) => (period * 24.0 / times, "h"),
        (unit, _) => (period / times, unit),
    };
    if !matches!(unit, "s" | "min" | "h" | "d" | "wk" | "mo" | "a") {
        return;
    }
    let value = ((value * 1000.0).round() / 1000.0).to_string();
    x.open("effectiveTime", &[("xsi:type", "PIVL_TS"), ("institutionSpecified", "true"), ("operator", "A")]);
    x.empty("period", &[("value", &value), ("unit", unit)]);
    x.close("effectiveTime");
}

/// C-CDA wants one dose; without one it is not known.
fn dose(x: &mut Xml, dosage: Option<&Value>) {
    let each = dosage.and_then(|d| array(d, "doseAndRate").first().or(Some(d)));
    let quantity = each.and_then(|e| e.get("doseQuantity"));
    match quantity.filter(|q| q.get("value").and_then(string).is_some()) {
        Some(quantity) => x.quantity("doseQuantity", "", quantity),
        None => x.empty("doseQuantity", &[("nullFlavor", "UNK")]),
    }
}

fn product(x: &mut Xml, e: &Entry<'_>, template: &str) {
    x.raw("<consumable><manufacturedProduct classCode=\"MANU\">");
    x.template(template, "2014-06-09");
    x.open("manufacturedMaterial", &[]);
    let immunization = template == "4.54";
    let concept = if immunization { e.get("vaccineCode") } else { e.medication };
    let preferred: &[&str] = if immunization { &[CVX, NDC] } else { &[RXNORM, NDC, SNOMED] };
    x.concept("code", "", concept, preferred, Some(e.id));
    if let Some(lot) = e.text("lotNumber") {
        x.words("lotNumberText", &[], &lot);
    }
    x.close("manufacturedMaterial");
    let maker = e.get("manufacturer").and_then(|m| reference_words(e.resource, m));
    if let Some(maker) = maker {
        x.open("manufacturerOrganization", &[]);
        x.words("name", &[], &maker);
        x.close("manufacturerOrganization");
    }
    x.raw("</manufacturedProduct></consumable>");
}

/// Indication.
fn indication(x: &mut Xml, e: &Entry<'_>, reason: &Value, n: usize) {
    x.raw("<entryRelationship typeCode=\"RSON\"><observation classCode=\"OBS\" moodCode=\"EVN\">");
    x.template("4.19", "2014-06-09");
    let id = crate::export::fhir::urn(&format!("reason\n{}\n{n}", e.address));
    x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
    x.raw(
        "<code code=\"55607006\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Problem\">\
         <translation code=\"75326-9\" codeSystem=\"2.16.840.1.113883.6.1\" displayName=\"Problem\"/></code>",
    );
    x.empty("statusCode", &[("code", "completed")]);
    x.concept("value", "CD", Some(reason), &[SNOMED], None);
    x.raw("</observation></entryRelationship>");
}

/// Medication Supply Order: refills and how much each fill gives.
fn supply(x: &mut Xml, e: &Entry<'_>) {
    let Some(order) = e.get("dispenseRequest") else { return };
    x.raw("<entryRelationship typeCode=\"REFR\"><supply classCode=\"SPLY\" moodCode=\"INT\">");
    x.template("4.17", "2014-06-09");
    let id = crate::export::fhir::urn(&format!("supply\n{}", e.address));
    x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
    x.empty("statusCode", &[("code", if e.item.standing() == Standing::Past { "completed" } else { "active" })]);
    if let Some(refills) = text_at(order, "numberOfRepeatsAllowed").and_then(|r| r.parse::<u32>().ok()) {
        x.empty("repeatNumber", &[("value", &(refills + 1).to_string())]);
    }
    if let Some(quantity) = order.get("quantity") {
        x.quantity("quantity", "", quantity);
    }
    x.raw("</supply></entryRelationship>");
}

/// Medication Dispense.
pub(super) fn dispense(x: &mut Xml, e: &Entry<'_>) {
    x.raw("<supply classCode=\"SPLY\" moodCode=\"EVN\">");
    x.template("4.18", "2014-06-09");
    x.ids(&e.address, e.resource);
    x.text_reference(e.id);
    let state = if e.denied { "aborted" } else { "completed" };
    x.empty("statusCode", &[("code", state)]);
    x.time("effectiveTime", e.date(&["whenHandedOver", "whenPrepared"]).as_deref());
    if let Some(quantity) = e.get("quantity") {
        x.quantity("quantity", "", quantity);
    }
    x.raw("<product><manufacturedProduct classCode=\"MANU\">");
    x.template("4.23", "2014-06-09");
    x.open("manufacturedMaterial", &[]);
    x.concept("code", "", e.medication, &[RXNORM, NDC, SNOMED], Some(e.id));
    x.raw("</manufacturedMaterial></manufacturedProduct></product>");
    x.performer(e.by().as_deref());
    comment(x, e);
    x.close("supply");
}

/// Immunization Activity.
pub(super) fn immunization(x: &mut Xml, e: &Entry<'_>) {
    x.open("substanceAdministration", &[("classCode", "SBADM"), ("moodCode", "EVN"), ("negationInd", e.negation())]);
    x.template("4.52", "2015-08-01");
    x.ids(&e.address, e.resource);
    x.text_reference(e.id);
    x.empty("statusCode", &[("code", "completed")]);
    match e.text("occurrenceDateTime").as_deref().and_then(hl7) {
        Some(date) => x.empty("effectiveTime", &[("value", &date)]),
        None => x.empty("effectiveTime", &[("nullFlavor", "UNK")]),
    }
    if let Some(number) = at(e.resource, "protocolApplied.doseNumberPositiveInt").and_then(string) {
        x.empty("repeatNumber", &[("value", &number)]);
    }
    if let Some(route) = e.get("route") {
        x.concept("routeCode", "", Some(route), &["2.16.840.1.113883.3.26.1.1"], None);
    }
    if let Some(site) = e.get("site") {
        x.concept("approachSiteCode", "", Some(site), &[SNOMED], None);
    }
    match e.get("doseQuantity").filter(|q| q.get("value").is_some()) {
        Some(quantity) => x.quantity("doseQuantity", "", quantity),
        None => x.empty("doseQuantity", &[("nullFlavor", "UNK")]),
    }
    product(x, e, "4.54");
    x.performer(e.by().as_deref());
    if e.denied {
        refusal(x, e);
    }
    comment(x, e);
    x.close("substanceAdministration");
}

/// Immunization Refusal Reason.
fn refusal(x: &mut Xml, e: &Entry<'_>) {
    let code = e.get("statusReason").and_then(|_| code_of(e.resource, "statusReason")).unwrap_or("");
    let known = ["IMMUNE", "MEDPREC", "OSTOCK", "PATOBJ", "PHILISOP", "RELIG", "VACEFF", "VACSAF"];
    if !known.contains(&code) {
        return;
    }
    x.raw("<entryRelationship typeCode=\"RSON\"><observation classCode=\"OBS\" moodCode=\"EVN\">");
    x.template("4.53", "");
    let id = crate::export::fhir::urn(&format!("refusal\n{}", e.address));
    x.empty("id", &[("root", id.trim_start_matches("urn:uuid:"))]);
    x.code("code", code, "2.16.840.1.113883.5.8", &e.told.detail("Reason").unwrap_or_default());
    x.empty("statusCode", &[("code", "completed")]);
    x.raw("</observation></entryRelationship>");
}
