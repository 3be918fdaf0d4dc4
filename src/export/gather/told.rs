//! What an item says, in words: for narratives, pages and print.

use crate::chart::results::{self, Measured};
use crate::chart::{answers, medicines, people, timing, when, words};
use crate::record::{
    Flag, PartialDate, Standing, array, at, code_of, concept_text, list, quantity_text, reference_words, string, text_at, type_of,
};
use crate::vault::Row;
use serde_json::Value;

/// What an item says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Its name.
    pub title: String,
    /// When: "since March 2015", "4 March 2015", "May 2019 to June 2019".
    pub when: Option<String>,
    /// What was measured, if it is a measurement.
    pub value: Option<Measured>,
    /// The same as a line: "7.4 %", "134/78 mmHg", "No value: clotted".
    pub value_words: Option<String>,
    /// How it stands, where that is not plain: "Ruled out", "Not done", "Not confirmed".
    pub state: Option<String>,
    /// Everything else that a reader wants, with its label: ("Reaction", "Hives (severe)").
    pub details: Vec<(&'static str, String)>,
}

impl Told {
    /// The words under a label, put together.
    pub fn detail(&self, label: &str) -> Option<String> {
        let said: Vec<&str> = self.details.iter().filter(|(l, _)| *l == label).map(|(_, w)| w.as_str()).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// "Above range" and the like, by the range that the source gave.
    pub fn flag_words(&self) -> Option<&'static str> {
        Some(match self.value.as_ref()?.reading.flag? {
            Flag::Below => "Below range",
            Flag::InRange => "In range",
            Flag::Above => "Above range",
            Flag::Outside => "Outside range",
        })
    }

    fn say(&mut self, label: &'static str, words: impl IntoIterator<Item = String>) {
        for said in words {
            let said = said.trim();
            if !said.is_empty() && !self.details.iter().any(|(l, w)| *l == label && w.eq_ignore_ascii_case(said)) {
                self.details.push((label, said.to_owned()));
            }
        }
    }
}

/// What a record and its resource say. The resource is cleaned: every reference in it may be shown.
pub(super) fn tell(title: String, row: &Row, resource: &Value) -> Told {
    let mut out = Told { title, state: state(row, resource), when: span(row, resource), ..Told::default() };
    let texts = |path: &str| -> Vec<String> { list(resource, path).into_iter().filter_map(words_of).collect() };
    match type_of(resource) {
        "AllergyIntolerance" => allergy(&mut out, row, resource),
        "Condition" => {
            out.when = when::began(row, resource).map(|t| capital(&t));
            out.say("Until", row.end.as_ref().map(PartialDate::day_words));
            out.say("Severity", texts("severity"));
            out.say("Where on the body", texts("bodySite"));
            out.say("Stage", texts("stage.summary"));
        }
        "MedicationRequest" | "MedicationStatement" | "MedicationDispense" | "MedicationAdministration" => medicine(&mut out, resource),
        "Immunization" => {
            out.say("Dose number", texts("protocolApplied.doseNumberPositiveInt"));
            out.say("Dose number", texts("protocolApplied.doseNumberString"));
            out.say("Lot number", texts("lotNumber"));
            out.say("Maker", resource.get("manufacturer").and_then(|m| reference_words(resource, m)));
            out.say("Where on the body", texts("site"));
            out.say("Reason", texts("statusReason"));
            out.say("Reaction", texts("reaction.detail.display"));
        }
        "Observation" => measured(&mut out, resource),
        "DiagnosticReport" => {
            out.say("Conclusion", texts("conclusion"));
            out.say("Conclusion", texts("conclusionCode"));
            out.say("Results", array(resource, "result").iter().filter_map(|r| reference_words(resource, r)).take(30));
        }
        "Procedure" => {
            out.say("Where on the body", texts("bodySite"));
            out.say("Reason", texts("reasonCode"));
            out.say("Reason", array(resource, "reasonReference").iter().filter_map(|r| reference_words(resource, r)));
            out.say("Reason", texts("statusReason"));
            out.say("Outcome", texts("outcome"));
        }
        "Device" | "DeviceUseStatement" => device(&mut out, resource),
        "Encounter" => {
            out.say("Reason", texts("reasonCode"));
            out.say("Diagnosis", list(resource, "diagnosis.condition").into_iter().filter_map(|r| reference_words(resource, r)));
            out.say("Where", list(resource, "location.location").into_iter().filter_map(|r| reference_words(resource, r)));
            out.say("Who", list(resource, "participant.individual").into_iter().filter_map(|r| reference_words(resource, r)));
            out.say("Discharged to", texts("hospitalization.dischargeDisposition"));
        }
        "FamilyMemberHistory" => family(&mut out, resource),
        "CareTeam" => {
            for member in array(resource, "participant") {
                let name = member.get("member").and_then(|m| reference_words(resource, m));
                let role = member.get("role").and_then(concept_text);
                out.say("Member", [[name, role.map(|r| format!("({r})"))].into_iter().flatten().collect::<Vec<_>>().join(" ")]);
            }
        }
        "RelatedPerson" => {
            out.say("Relation", texts("relationship"));
            out.say("Contact", people::contact(resource));
        }
        "Coverage" => {
            out.say("Insurer", array(resource, "payor").iter().filter_map(|r| reference_words(resource, r)));
            out.say("Plan", texts("class.name"));
            out.say("Member number", texts("subscriberId"));
            out.say(
                "Group",
                array(resource, "class").iter().filter(|c| code_of(c, "type") == Some("group")).filter_map(|c| text_at(c, "value")),
            );
        }
        "QuestionnaireResponse" => {
            out.say(
                "Answer",
                answers::questions(resource).into_iter().filter(|q| !q.heading).map(|q| format!("{}: {}", q.words, q.answers.join("; "))),
            );
        }
        "Consent" => out.say("Says", list(resource, "sourceAttachment").into_iter().filter_map(words_in)),
        "DocumentReference" | "Media" => {
            out.say("Kind", texts("type"));
            out.say("Title", texts("content.attachment.title"));
        }
        _ => plain(&mut out, resource),
    }
    if !matches!(type_of(resource), "MedicationRequest" | "MedicationStatement" | "CareTeam" | "RelatedPerson" | "Coverage") {
        out.say("By", people::by(resource));
    }
    out.say("Note", results::notes(resource));
    out
}

/// The words of an attachment that is plain text, if they are few.
fn words_in(attachment: &Value) -> Option<String> {
    use base64::Engine;
    let plain = text_at(attachment, "contentType").is_some_and(|t| t.starts_with("text/plain"));
    let data = text_at(attachment, "data").filter(|d| plain && d.len() < 8000)?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(data).ok()?;
    String::from_utf8(bytes).ok()
}

fn words_of(value: &Value) -> Option<String> {
    string(value).or_else(|| concept_text(value))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The date, with its end where it has one of another day.
fn span(row: &Row, resource: &Value) -> Option<String> {
    let date = row.date.as_ref()?;
    let word = when::word(row, resource).map(|w| format!("{} ", capital(w))).unwrap_or_default();
    let begin = format!("{word}{}", date.day_words());
    match row.end.as_ref().filter(|e| e.date_text() != date.date_text()) {
        Some(end) => Some(format!("{begin} to {}", end.day_words())),
        None => Some(begin),
    }
}

fn state(row: &Row, resource: &Value) -> Option<String> {
    let said = match row.standing {
        Standing::Absent if super::part::is_refuted(resource) => "Ruled out",
        Standing::NotDone => "Not done",
        Standing::Planned if row.kind != "Goal" => "Planned",
        Standing::Past if row.kind == "AllergyIntolerance" => "No longer active",
        _ => match resource.get("verificationStatus").and_then(|_| code_of(resource, "verificationStatus")) {
            Some("unconfirmed" | "provisional" | "differential" | "presumed") => "Suspected, not confirmed",
            _ => match (row.kind.as_str(), text_at(resource, "status").as_deref()) {
                ("MedicationRequest" | "MedicationStatement", Some("on-hold")) => "On hold",
                ("MedicationRequest" | "MedicationStatement", Some("unknown")) => "Not known whether still taken",
                ("Observation", Some(status)) => {
                    return results::status_words(status).filter(|_| !matches!(status, "final" | "unknown")).map(str::to_owned);
                }
                _ => return None,
            },
        },
    };
    Some(said.to_owned())
}

fn allergy(out: &mut Told, row: &Row, resource: &Value) {
    out.when = when::began(row, resource).map(|t| capital(&t));
    for reaction in array(resource, "reaction") {
        let signs = reaction.get("manifestation").and_then(concept_text).or_else(|| text_at(reaction, "description"));
        let severity = text_at(reaction, "severity").map(|s| format!(" ({s})")).unwrap_or_default();
        out.say("Reaction", signs.map(|s| format!("{s}{severity}")));
    }
    let risk = match text_at(resource, "criticality").as_deref() {
        Some("high") => Some("High risk"),
        Some("low") => Some("Low risk"),
        _ => None,
    };
    out.say("Risk", risk.map(str::to_owned));
    out.say("Kind", text_at(resource, "type").filter(|t| t == "intolerance").map(|t| capital(&t)));
    out.say("Last time", text_at(resource, "lastOccurrence").and_then(|t| PartialDate::parse(&t)).map(|d| d.day_words()));
}

fn medicine(out: &mut Told, resource: &Value) {
    let said = medicines::said(resource, &out.title);
    let single = array(resource, "dosage").first().filter(|_| said.directions.is_empty());
    out.say("Dose", said.directions);
    out.say("Dose", single.and_then(timing::sentence));
    out.say("For", said.reason);
    out.say("Prescribed by", said.prescriber);
    out.say("Amount", said.quantity);
    out.say("Why stopped or held", said.status_reason);
}

fn measured(out: &mut Told, resource: &Value) {
    let value = results::value(resource);
    let line = results::line(&value.reading);
    out.value_words = Some(if value.reading.text.is_empty() && value.reading.absent.is_none() && !value.parts.is_empty() {
        value.parts.iter().map(|(name, r)| format!("{name}: {}", results::line(r))).collect::<Vec<_>>().join("; ")
    } else {
        line
    });
    out.say("Range", value.reading.range.as_ref().map(|r| r.words.clone()));
    if value.parts.len() > 1 && !value.reading.text.is_empty() {
        out.say("Part", value.parts.iter().map(|(name, r)| format!("{name}: {}", results::line(r))));
    }
    out.say("How it was measured", resource.get("method").and_then(concept_text));
    out.say("Where on the body", resource.get("bodySite").and_then(concept_text));
    out.value = Some(value);
}

fn device(out: &mut Told, resource: &Value) {
    let inner = at(resource, "device").and_then(|d| super::refs::contained(resource, d));
    for one in std::iter::once(resource).chain(inner) {
        let text = |path: &str| text_at(one, path);
        out.say("UDI", text("udiCarrier.carrierHRF").or_else(|| text("udiCarrier.deviceIdentifier")));
        out.say("Maker", text("manufacturer"));
        out.say("Model", text("modelNumber"));
        out.say("Serial number", text("serialNumber"));
        out.say("Lot number", text("lotNumber"));
    }
    out.say("Where on the body", resource.get("bodySite").and_then(concept_text));
    out.say("Reason", array(resource, "reasonCode").iter().filter_map(concept_text));
}

fn family(out: &mut Told, resource: &Value) {
    for condition in array(resource, "condition") {
        let name = condition.get("code").and_then(concept_text).unwrap_or_default();
        let age =
            condition.get("onsetAge").map(quantity_text).filter(|t| !t.is_empty()).map(|a| format!(" (from age {a})")).unwrap_or_default();
        out.say("Condition", [format!("{name}{age}")]);
    }
    out.say("Name", text_at(resource, "name"));
    let died = resource.get("deceasedBoolean").and_then(Value::as_bool) == Some(true);
    out.say("Died", resource.get("deceasedAge").map(quantity_text).map(|a| format!("at age {a}")).or_else(|| died.then(|| "Yes".into())));
}

/// Any other record: the few elements that carry its meaning.
fn plain(out: &mut Told, resource: &Value) {
    let texts = |path: &str| -> Vec<String> { list(resource, path).into_iter().filter_map(words_of).collect() };
    out.say("Description", texts("description").into_iter().filter(|t| !t.eq_ignore_ascii_case(&out.title)).collect::<Vec<_>>());
    out.say("Target", texts("target.measure"));
    for target in array(resource, "target") {
        out.say("Target", target.get("detailQuantity").map(quantity_text));
        out.say("Target date", text_at(target, "dueDate").and_then(|t| PartialDate::parse(&t)).map(|d| d.day_words()));
    }
    out.say("Activity", texts("activity.detail.code"));
    out.say("Activity", texts("activity.detail.description"));
    out.say("Reason", texts("reasonCode"));
    out.say("Vaccine", texts("recommendation.vaccineCode"));
    out.say("Instruction", texts("patientInstruction"));
    out.say(
        "Status",
        text_at(resource, "achievementStatus.text").or_else(|| text_at(resource, "status").map(|s| words::words_of_code(&s))),
    );
    if let Some(div) = text_at(resource, "text.div").filter(|_| matches!(type_of(resource), "CarePlan" | "ClinicalImpression")) {
        out.say("Text", [crate::record::html::to_text(&div)]);
    }
}
