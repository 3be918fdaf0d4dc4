//! From a statement to the sink.

use super::Context;
use crate::Result;
use crate::import::ccda::narrative;
use crate::import::ccda::types::{identifiers, put};
use crate::import::ccda::xml::{Node, attr, child};
use crate::import::{Found, Origin};
use crate::record::{Resource, type_of};
use serde_json::{Value, json};

impl Context<'_> {
    /// The reference that a record made of this statement has or will have, if it becomes a `kind`.
    pub(crate) fn reference_to(&mut self, statement: Node, kind: &str) -> String {
        format!("{kind}/{}", self.identify(statement).0)
    }

    /// Hands over the record of a statement: gives it an id, its identifiers, its narrative and the patient where it
    /// has none of these yet. Returns `Type/id`. A second record of the same statement and type gets its own id.
    ///
    /// # Errors
    /// What the sink returns.
    pub(crate) fn emit(&mut self, statement: Node, resource: Resource, counted: bool) -> Result<String> {
        let (mut id, mut origin) = self.identify(statement);
        let kind = type_of(&resource).to_owned();
        let copy = self.copy_key(statement, &kind, &resource);
        let section = self.section.map(|s| s.node.id());
        if let Some((first, id, origin)) = copy.as_ref().and_then(|key| self.copies.get(key)).cloned()
            && first != section
        {
            return self.found(statement, resource, &id, origin, counted);
        }
        let mut nth = 1;
        while !self.emitted.insert(format!("{kind}/{id}")) {
            nth += 1;
            if let Origin::Document { entry, .. } = self.identify(statement).1 {
                let entry = format!("{entry}|{nth}");
                id = self.ids.fhir_id(&entry);
                origin = Origin::Document { document: self.document.clone(), entry };
            }
        }
        // One key for two records of one statement would make the second an update of the first.
        if let Origin::Document { entry, .. } = &mut origin {
            entry.push('|');
            entry.push_str(&kind);
        }
        if let Some(key) = copy {
            self.copies.entry(key).or_insert_with(|| (section, id.clone(), origin.clone()));
        }
        self.found(statement, resource, &id, origin, counted)
    }

    /// What makes two statements copies of each other: their own id, all their content, and what became of it.
    fn copy_key(&self, statement: Node, kind: &str, resource: &Resource) -> Option<String> {
        child(statement, "id").filter(|id| super::identity::own(*id))?;
        if crate::import::ccda::xml::name(statement) == "ClinicalDocument" {
            return None;
        }
        Some(format!("{kind}|{}|{}", super::identity::digest(statement), blake3::hash(resource.to_string().as_bytes())))
    }

    fn found(&mut self, statement: Node, mut resource: Resource, id: &str, origin: Origin, counted: bool) -> Result<String> {
        let kind = type_of(&resource).to_owned();
        self.fill(statement, &mut resource, id);
        let reference = format!("{kind}/{id}");
        if self.section.is_some() {
            self.made.push(json!({ "reference": reference }));
        }
        let place = self.places.of(statement);
        self.sink.found(Found { resource, origin, full_url: Some(reference.clone()), place, counted })?;
        Ok(reference)
    }

    fn fill(&self, statement: Node, resource: &mut Resource, id: &str) {
        put(resource, "id", Some(id.into()));
        // Some types have one identifier, the others a list.
        let ids = identifiers(statement);
        if resource.get("identifier").is_none() && !ids.is_empty() {
            let single = matches!(type_of(resource), "Composition" | "Bundle" | "QuestionnaireResponse");
            let value = if single { ids.into_iter().next() } else { Some(Value::Array(ids)) };
            put(resource, "identifier", value);
        }
        if resource.get("text").is_none() {
            put(resource, "text", self.own_narrative(statement));
        }
        let key = match type_of(resource) {
            "AllergyIntolerance"
            | "Immunization"
            | "FamilyMemberHistory"
            | "Device"
            | "NutritionOrder"
            | "Consent"
            | "RelatedPerson"
            | "ImmunizationRecommendation"
            | "ClaimResponse"
            | "ExplanationOfBenefit" => "patient",
            "Coverage" => "beneficiary",
            "Task" => "for",
            "Patient" | "Practitioner" | "PractitionerRole" | "Organization" | "Location" | "Medication" | "Provenance" | "Appointment"
            | "Binary" | "Substance" => return,
            _ => "subject",
        };
        let has_patient = self.patient.is_some();
        if has_patient && resource.get(key).is_none() {
            put(resource, key, Some(self.patient()));
        }
    }

    /// What the narrative says about this statement, by `text/reference`.
    fn own_narrative(&self, statement: Node) -> Option<Value> {
        let text = child(statement, "text")?;
        let pointed = child(text, "reference").and_then(|r| attr(r, "value")).and_then(|v| self.narrative_node(v));
        let div = match pointed {
            Some(node) => narrative::fragment(node, self)?,
            None => narrative::fragment(text, self)?,
        };
        Some(json!({"status": "additional", "div": div}))
    }
}
