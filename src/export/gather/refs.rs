//! What the chosen records point to. A reference to something that goes along leads there; people, places and the like keep
//! their names; anything else that a record points to stays here, with its words: they may tell what was left out.

use crate::record::{array, string, text_at};
use crate::vault::Row;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// What a reference may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An item, by its number among all items of the summary.
    Item(usize),
    /// A record that others name: who, where, which specimen, which substance.
    Beside(usize),
    /// The person.
    Person,
}

/// Whether a record that others name goes along, or only its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goes {
    Along,
    NameOnly,
}

struct Known {
    target: Target,
    goes: Goes,
    title: String,
    source: String,
    url: Option<String>,
}

/// The records that go along, by every address that a reference may use.
#[derive(Default)]
pub(super) struct Refs {
    known: Vec<Known>,
    by_url: HashMap<String, Vec<usize>>,
    by_id: HashMap<String, Vec<usize>>,
}

impl std::fmt::Debug for Refs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refs").field("known", &self.known.len()).finish_non_exhaustive()
    }
}

/// Elements whose words name who or where, never what a person has.
const WHO: [&str; 31] = [
    "performer",
    "author",
    "requester",
    "recorder",
    "asserter",
    "informationSource",
    "actor",
    "individual",
    "member",
    "practitioner",
    "organization",
    "managingOrganization",
    "serviceProvider",
    "custodian",
    "manufacturer",
    "location",
    "onBehalfOf",
    "payor",
    "insurer",
    "sender",
    "provider",
    "authenticator",
    "attester",
    "source",
    "party",
    "assigner",
    "resultsInterpreter",
    "healthcareService",
    "generalPractitioner",
    "expressedBy",
    "interpreter",
];

impl Refs {
    pub(super) fn add(&mut self, target: Target, goes: Goes, row: &Row) {
        let at = self.known.len();
        if let Some(url) = &row.full_url {
            self.by_url.entry(url.clone()).or_default().push(at);
        }
        let end = row.full_url.as_deref().and_then(|u| u.rsplit(['/', ':']).next());
        if let Some(id) = row.fhir_id.as_deref().or(end) {
            self.by_id.entry(format!("{}/{id}", row.kind)).or_default().push(at);
        }
        self.known.push(Known { target, goes, title: row.title.clone(), source: row.source.clone(), url: row.full_url.clone() });
    }

    /// What a reference of a record means among those that are known here. As in `vault::Chart::resolve`, an address is
    /// followed as it stands and a relative one within its own server or file.
    fn find(&self, from: &Row, reference: &str) -> Option<&Known> {
        let text = reference.split_once("/_history/").map_or(reference, |(before, _)| before);
        let near = |at: &&usize| self.known.get(**at).is_some_and(|k| k.source == from.source);
        if let Some(found) = self.by_url.get(text) {
            let at = found.iter().find(near).or_else(|| found.first())?;
            return self.known.get(*at);
        }
        let mut parts = text.rsplit('/');
        let (id, kind) = (parts.next()?, parts.next());
        let found = match kind {
            Some(kind) => self.by_id.get(&format!("{kind}/{id}"))?,
            None => return None,
        };
        let same_server = |at: &&usize| {
            let base = |url: Option<&str>| Some(url?.rsplit_once('/')?.0.rsplit_once('/')?.0.to_owned());
            let there = self.known.get(**at).and_then(|k| base(k.url.as_deref()));
            there.is_some() && there == base(from.full_url.as_deref())
        };
        let at = found.iter().find(same_server).or_else(|| found.iter().find(near))?;
        self.known.get(*at)
    }

    /// A resource whose references lead nowhere but to what goes along. `address` gives the address of a target.
    pub(super) fn clean(&self, from: &Row, resource: &mut Value, cleaned: &mut Cleaned<'_>) {
        let Value::Object(object) = resource else { return };
        self.object(from, object, cleaned, 0);
    }

    fn object(&self, from: &Row, object: &mut Map<String, Value>, cleaned: &mut Cleaned<'_>, depth: usize) {
        if depth > 40 {
            return;
        }
        let mut gone = Vec::new();
        for (name, value) in object.iter_mut() {
            match value {
                Value::Object(inner) => {
                    if is_reference(inner) {
                        if !self.follow(from, inner, name, cleaned) {
                            gone.push(name.clone());
                        }
                    } else {
                        self.object(from, inner, cleaned, depth + 1);
                        if inner.is_empty() {
                            gone.push(name.clone());
                        }
                    }
                }
                Value::Array(list) => {
                    list.retain_mut(|v| match v {
                        Value::Object(inner) if is_reference(inner) => self.follow(from, inner, name, cleaned),
                        Value::Object(inner) => {
                            self.object(from, inner, cleaned, depth + 1);
                            !inner.is_empty()
                        }
                        _ => true,
                    });
                    if list.is_empty() {
                        gone.push(name.clone());
                    }
                }
                _ => {}
            }
        }
        gone.iter().for_each(|name| {
            object.shift_remove(name);
        });
        // FHIR requires these: without them the rest of the part says nothing that may stand alone.
        if depth > 0
            && gone.iter().any(|name| matches!(name.as_str(), "condition" | "link" | "location" | "actor" | "manipulated" | "reference"))
        {
            object.clear();
        }
    }

    /// Points a reference to its place in the summary. False when nothing of it may stay.
    fn follow(&self, from: &Row, reference: &mut Map<String, Value>, key: &str, cleaned: &mut Cleaned<'_>) -> bool {
        let given = reference.get("reference").and_then(string);
        if given.as_deref().is_some_and(|r| r.starts_with('#')) {
            return true;
        }
        // What names no type (urn:uuid:…, resource:0) and is not here can only mean the person, whatever the file itself has there.
        let names_patient = matches!(key, "subject" | "patient" | "beneficiary" | "for")
            && given.as_deref().is_none_or(|r| r.contains("Patient/") || !r.contains('/'));
        let found = given.as_deref().and_then(|r| self.find(from, r));
        if let Some(known) = found {
            if !reference.contains_key("display") && known.target != Target::Person {
                reference.insert("display".into(), known.title.clone().into());
            }
            reference.shift_remove("identifier");
            if known.goes == Goes::Along {
                reference.insert("reference".into(), (cleaned.address)(known.target).into());
                cleaned.targets.push(known.target);
            } else {
                reference.shift_remove("reference");
            }
            return true;
        }
        if names_patient {
            reference.clear();
            reference.insert("reference".into(), (cleaned.address)(Target::Person).into());
            return true;
        }
        let Some(given) = given else {
            // Words without a pointer are the record's own.
            reference.shift_remove("identifier");
            return reference.contains_key("display");
        };
        reference.shift_remove("reference");
        reference.shift_remove("identifier");
        (WHO.contains(&key) || is_who(&given)) && reference.contains_key("display")
    }
}

/// What [`Refs::clean`] is told and what it found.
pub(super) struct Cleaned<'a> {
    /// The address of a target in the file that is made.
    pub(super) address: &'a dyn Fn(Target) -> String,
    /// What the resource points to.
    pub(super) targets: Vec<Target>,
}

fn is_reference(object: &Map<String, Value>) -> bool {
    let only = |k: &str| matches!(k, "reference" | "display" | "type" | "identifier" | "id" | "extension");
    object.get("reference").is_some_and(Value::is_string) && object.keys().all(|k| only(k))
}

fn is_who(reference: &str) -> bool {
    let kind = reference.rsplit('/').nth(1).unwrap_or("");
    matches!(kind, "Practitioner" | "PractitionerRole" | "Organization" | "Location" | "RelatedPerson" | "HealthcareService" | "CareTeam")
}

/// The words of every contained resource's name stay; nothing else is asked of it here.
pub(super) fn contained<'a>(resource: &'a Value, reference: &Value) -> Option<&'a Value> {
    let id = text_at(reference, "reference")?;
    let id = id.strip_prefix('#')?.to_owned();
    array(resource, "contained").iter().find(|c| text_at(c, "id").as_deref() == Some(&id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::link::tests::row;
    use serde_json::json;

    fn placed(rid: i64, kind: &str, id: &str, title: &str, source: &str) -> Row {
        let mut r = row(rid, title, None, &json!({"resourceType": kind}));
        (r.fhir_id, r.source) = (Some(id.into()), source.into());
        r
    }

    #[test]
    fn nothing_unchosen_leaves_by_a_reference() {
        let mut refs = Refs::default();
        refs.add(Target::Item(0), Goes::Along, &placed(1, "Condition", "c1", "Diabetes", "a"));
        refs.add(Target::Beside(0), Goes::Along, &placed(2, "Practitioner", "p1", "Dr. Raman", "a"));
        refs.add(Target::Beside(1), Goes::NameOnly, &placed(3, "Organization", "o1", "Alder Street", "a"));
        let mut resource = json!({"resourceType": "MedicationRequest", "subject": {"reference": "Patient/7", "display": "Ruth"},
            "encounter": {"reference": "Encounter/9", "display": "Secret clinic"},
            "reasonReference": [{"reference": "Condition/c1"}, {"reference": "Condition/hiv", "display": "Secret"}],
            "requester": {"reference": "Practitioner/p1"}, "performer": {"reference": "Organization/o1"},
            "recorder": {"reference": "Practitioner/gone", "display": "Dr. Gone"},
            "provision": {"actor": [{"role": {"text": "Author"}, "reference": {"reference": "Group/gone"}}], "type": "permit"},
            "supportingInformation": [{"reference": "Observation/x", "display": "Secret"}], "insurance": [{"reference": "#c"}]});
        let mut cleaned = Cleaned { address: &|t| format!("{t:?}"), targets: Vec::new() };
        refs.clean(&placed(9, "MedicationRequest", "m", "", "a"), &mut resource, &mut cleaned);
        assert_eq!(
            resource,
            json!({"resourceType": "MedicationRequest", "subject": {"reference": "Person"},
                "reasonReference": [{"reference": "Item(0)", "display": "Diabetes"}],
                "requester": {"reference": "Beside(0)", "display": "Dr. Raman"}, "performer": {"display": "Alder Street"},
                "recorder": {"display": "Dr. Gone"}, "insurance": [{"reference": "#c"}]})
        );
        assert_eq!(cleaned.targets, [Target::Item(0), Target::Beside(0)]);
        // A card that points to its own frame where its patient should be.
        let mut card =
            json!({"resourceType": "Condition", "subject": {"reference": "resource:0"}, "encounter": {"reference": "resource:9"}});
        refs.clean(&placed(9, "Condition", "m", "", "b"), &mut card, &mut Cleaned { address: &|t| format!("{t:?}"), targets: Vec::new() });
        assert_eq!(card, json!({"resourceType": "Condition", "subject": {"reference": "Person"}}));
        // The same id in another file is somebody else.
        let mut other = json!({"resourceType": "X", "reasonReference": [{"reference": "Condition/c1"}]});
        refs.clean(&placed(9, "X", "m", "", "b"), &mut other, &mut Cleaned { address: &|t| format!("{t:?}"), targets: Vec::new() });
        assert_eq!(other, json!({"resourceType": "X"}));
    }
}
