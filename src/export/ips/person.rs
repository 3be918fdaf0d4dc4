//! The Patient of a summary (IPS Patient): what the household knows, and what every source says, without repetition.

use crate::export::gather::{Gathered, Target};
use crate::record::{array, systems, text_at};
use serde_json::{Map, Value, json};

/// Elements of which a person has several. Photos and links to other systems stay here.
const LISTS: [&str; 6] = ["identifier", "name", "telecom", "address", "communication", "contact"];

/// Elements of which a person has one: the newest source that tells it.
const ONE: [&str; 5] = ["maritalStatus", "deceasedBoolean", "deceasedDateTime", "multipleBirthBoolean", "multipleBirthInteger"];

pub(super) fn patient(gathered: &Gathered) -> Value {
    let url = gathered.address(Target::Person);
    let mut out = Map::new();
    out.insert("resourceType".into(), "Patient".into());
    out.insert("id".into(), url.trim_start_matches("urn:uuid:").into());
    out.insert("meta".into(), json!({"profile": ["http://hl7.org/fhir/uv/ips/StructureDefinition/Patient-uv-ips"]}));
    let sources: Vec<Value> = gathered.patients.iter().map(crate::vault::Row::resource).collect();
    let race = |e: &&Value| text_at(e, "url").is_some_and(|u| u.starts_with("http://hl7.org/fhir/"));
    let extensions = sources.iter().map(|s| array(s, "extension").iter().filter(race).cloned().collect::<Vec<_>>()).find(|e| !e.is_empty());
    if let Some(extensions) = extensions {
        out.insert("extension".into(), Value::Array(extensions));
    }
    for key in LISTS {
        let mut all: Vec<Value> = Vec::new();
        for value in sources.iter().flat_map(|s| array(s, key)) {
            let value = plain(value);
            if !all.iter().any(|v| same(v, &value)) && value.as_object().is_some_and(|o| !o.is_empty()) {
                all.push(value);
            }
        }
        if key == "name" && all.iter().all(|n| n.get("family").is_none() && n.get("given").is_none() && n.get("text").is_none()) {
            all = vec![json!({"text": gathered.person.name})];
        }
        if !all.is_empty() {
            out.insert(key.into(), Value::Array(all));
        }
    }
    out.insert("gender".into(), gathered.person.sex.clone().into());
    out.insert("birthDate".into(), gathered.person.birth_date.clone().into());
    for key in ONE {
        let other = if key.starts_with("deceased") { "deceased" } else { key };
        if out.keys().any(|k| k.starts_with(other)) {
            continue;
        }
        if let Some(value) = sources.iter().find_map(|s| s.get(key)) {
            out.insert(key.into(), value.clone());
        }
    }
    Value::Object(out)
}

/// Without references: they lead to systems that are not here.
fn plain(value: &Value) -> Value {
    let mut value = value.clone();
    if let Value::Object(object) = &mut value {
        object.shift_remove("assigner");
        object.shift_remove("organization");
        object.shift_remove("id");
    }
    value
}

/// Two that say the same, whatever their use is called.
fn same(a: &Value, b: &Value) -> bool {
    let bare = |v: &Value| {
        let mut v = v.clone();
        if let Value::Object(o) = &mut v {
            o.shift_remove("use");
            o.shift_remove("rank");
        }
        v.to_string().to_lowercase()
    };
    bare(a) == bare(b)
}

/// The reason for an absence, as FHIR writes it on an element (R4 data-absent-reason).
pub(super) fn absent(code: &str) -> Value {
    json!({"extension": [{"url": systems::ABSENT_REASON, "valueCode": code}]})
}
