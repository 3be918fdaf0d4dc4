//! People, organizations, places and devices that entries name: they travel inside the record that names them.

use super::Context;
use crate::import::ccda::types::{Stamp, address, concept, human_name, identifiers, name_text, put, put_all, reachable, stamp, telecom};
use crate::import::ccda::xml::{Node, child, children, head, name, null_flavor, sdtc_all};
use crate::record::{Resource, type_of};
use serde_json::{Value, json};

/// Who wrote a part of the document.
#[derive(Clone, Debug)]
pub(crate) struct Author<'a> {
    /// The `author` element.
    pub(crate) node: Node<'a>,
    /// When it was written. Of an inherited author this is when the section or document was written.
    pub(crate) time: Option<Stamp>,
    /// Whether the author is that of an enclosing statement, section or the document (CDA context conduction).
    pub(crate) inherited: bool,
}

impl Context<'_> {
    /// The authors of a part of the document: its own, else those of what encloses it (CDA R2, 4.4 Context).
    pub(crate) fn author<'n>(&self, node: Node<'n>) -> Vec<Author<'n>> {
        for holder in node.ancestors().filter(roxmltree::Node::is_element) {
            let found: Vec<_> = head(holder)
                .filter(|a| name(*a) == "author")
                .filter(|a| null_flavor(*a).is_none())
                .map(|a| Author { node: a, time: child(a, "time").and_then(stamp), inherited: holder != node })
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// The performers of a statement: its own, else those of the statement around it.
    pub(crate) fn performers<'n>(&self, statement: Node<'n>) -> Vec<Node<'n>> {
        let statements = statement.ancestors().filter(roxmltree::Node::is_element).take_while(|n| name(*n) != "entry");
        let mut all = statements.map(|n| children(n, "performer").collect::<Vec<_>>());
        all.find(|p| !p.is_empty()).unwrap_or_default()
    }

    /// A reference to who takes part: an `author`, `performer`, `informant`, `participant`, `legalAuthenticator` and
    /// the like, or the role in it. The person, organization or device goes into `resource.contained`. `None` where
    /// the source names nobody.
    pub(crate) fn actor(&self, resource: &mut Resource, participation: Node) -> Option<Value> {
        const ROLES: [&str; 12] = [
            "assignedAuthor",
            "assignedEntity",
            "assignedPerson",
            "relatedEntity",
            "associatedEntity",
            "participantRole",
            "assignedCustodian",
            "responsibleParty",
            "intendedRecipient",
            "healthCareFacility",
            "serviceProviderOrganization",
            "encounterParticipant",
        ];
        let mut role = participation;
        // responsibleParty/assignedEntity, assignedCustodian/representedCustodianOrganization
        while let Some(inner) = role.children().find(|c| c.is_element() && ROLES.contains(&name(*c)) && name(*c) != "assignedPerson") {
            role = inner;
        }
        let person = ["assignedPerson", "associatedPerson", "relatedPerson", "informationRecipient", "playingEntity"]
            .into_iter()
            .find_map(|n| child(role, n));
        let device = ["assignedAuthoringDevice", "playingDevice"].into_iter().find_map(|n| child(role, n));
        let organization = [
            "representedOrganization",
            "representedCustodianOrganization",
            "scopingOrganization",
            "receivedOrganization",
            "serviceProviderOrganization",
        ]
        .into_iter()
        .find_map(|n| child(role, n))
        .and_then(|n| self.organization(n));
        if let Some(device) = device {
            return Some(contain(resource, self.device(role, device)?));
        }
        let related = matches!(name(role), "relatedEntity") || (name(role) == "associatedEntity" && organization.is_none());
        let who = self.person(role, person, related);
        match (who, organization) {
            (Some(person), Some(organization)) => {
                let display = display_of(&person);
                let mut link = json!({"resourceType": "PractitionerRole"});
                let of = contain(resource, organization);
                let by = contain(resource, person);
                put(&mut link, "practitioner", Some(by));
                put(&mut link, "organization", Some(of));
                put_all(&mut link, "code", self.functions(participation));
                let mut reference = contain(resource, link);
                put(&mut reference, "display", display.map(Value::String));
                Some(reference)
            }
            (None, Some(organization)) if !identifiers(role).is_empty() => {
                // Nobody is named, but the number of whoever it was is known.
                let display = display_of(&organization);
                let mut link = json!({"resourceType": "PractitionerRole", "identifier": identifiers(role)});
                let of = contain(resource, organization);
                put(&mut link, "organization", Some(of));
                let code = child(role, "code").and_then(|c| concept(c, self));
                put_all(&mut link, "code", self.functions(participation).into_iter().chain(code).collect());
                put_all(&mut link, "telecom", children(role, "telecom").filter_map(telecom).collect());
                let mut reference = contain(resource, link);
                put(&mut reference, "display", display.map(Value::String));
                Some(reference)
            }
            (Some(one), None) | (None, Some(one)) => Some(contain(resource, one)),
            (None, None) => None,
        }
    }

    /// The functions that a participant has: `functionCode` of CDA and of its sdtc extension.
    pub(crate) fn functions(&self, participation: Node) -> Vec<Value> {
        let all = children(participation, "functionCode").chain(sdtc_all(participation, "functionCode"));
        all.filter_map(|f| concept(f, self)).collect()
    }

    /// A Practitioner, or a RelatedPerson; `None` without a name, an id or a way to reach them.
    fn person(&self, role: Node, person: Option<Node>, related: bool) -> Option<Resource> {
        let kind = if related { "RelatedPerson" } else { "Practitioner" };
        let mut out = json!({"resourceType": kind});
        put_all(&mut out, "identifier", identifiers(role));
        let names: Vec<Value> = person.into_iter().flat_map(|p| children(p, "name")).filter_map(human_name).collect();
        let named = !names.is_empty();
        put_all(&mut out, "name", names);
        reachable(&mut out, role);
        let code = child(role, "code").and_then(|c| concept(c, self));
        if related {
            put(&mut out, "patient", Some(self.patient()));
            put_all(&mut out, "relationship", code.into_iter().collect());
            let known = named || out.get("telecom").is_some() || out.get("relationship").is_some();
            return known.then_some(out);
        }
        put_all(&mut out, "qualification", code.map(|c| json!({ "code": c })).into_iter().collect());
        (named || out.get("identifier").is_some() && child(role, "representedOrganization").is_none()).then_some(out)
    }

    /// An Organization out of any element that is one.
    pub(crate) fn organization(&self, node: Node) -> Option<Resource> {
        let mut out = json!({"resourceType": "Organization"});
        put_all(&mut out, "identifier", identifiers(node));
        put(&mut out, "name", child(node, "name").and_then(name_text).map(Value::String));
        reachable(&mut out, node);
        let industry = child(node, "standardIndustryClassCode").and_then(|c| concept(c, self));
        put_all(&mut out, "type", industry.into_iter().collect());
        let known = ["name", "identifier", "telecom", "address"].iter().any(|k| out.get(k).is_some());
        known.then_some(out)
    }

    /// A Device: software or an instrument that wrote or measured.
    fn device(&self, role: Node, device: Node) -> Option<Resource> {
        let mut out = json!({"resourceType": "Device"});
        put_all(&mut out, "identifier", identifiers(role));
        let mut names = Vec::new();
        for (part, kind) in [("softwareName", "manufacturer-name"), ("manufacturerModelName", "model-name")] {
            if let Some(words) = child(device, part).and_then(|n| self.words(n)) {
                names.push(json!({"name": words, "type": kind}));
            }
        }
        put_all(&mut out, "deviceName", names);
        put(&mut out, "type", child(device, "code").and_then(|c| concept(c, self)));
        let known = ["identifier", "deviceName", "type"].iter().any(|k| out.get(k).is_some());
        known.then_some(out)
    }

    /// A Location out of a `participantRole`, `healthCareFacility` or `location`.
    pub(crate) fn location(&self, role: Node) -> Option<Resource> {
        let mut out = json!({"resourceType": "Location"});
        put_all(&mut out, "identifier", identifiers(role));
        let entity = child(role, "playingEntity").or_else(|| child(role, "location"));
        put(&mut out, "name", entity.and_then(|e| child(e, "name")).and_then(name_text).map(Value::String));
        put_all(&mut out, "type", child(role, "code").and_then(|c| concept(c, self)).into_iter().collect());
        let addresses = children(role, "addr").chain(entity.into_iter().flat_map(|e| children(e, "addr")));
        put(&mut out, "address", addresses.filter_map(address).next());
        let mut with_telecom = json!({});
        reachable(&mut with_telecom, role);
        put(&mut out, "telecom", with_telecom.get("telecom").cloned());
        let known = ["name", "identifier", "address", "type"].iter().any(|k| out.get(k).is_some());
        known.then_some(out)
    }
}

/// Puts a resource into another's `contained`, once, and gives the reference to it with the words for it.
pub(crate) fn contain(resource: &mut Resource, mut thing: Resource) -> Value {
    let same = |c: &Value| match (c.as_object(), thing.as_object()) {
        (Some(held), Some(new)) => held.len() == new.len() + 1 && new.iter().all(|(k, v)| held.get(k) == Some(v)),
        _ => false,
    };
    let held = crate::record::array(resource, "contained");
    let display = display_of(&thing);
    let id = match held.iter().find(|c| same(c)).and_then(|c| crate::record::text_at(c, "id")) {
        Some(id) => id,
        None => {
            let id = format!("{}-{}", type_of(&thing).to_ascii_lowercase(), held.len() + 1);
            put(&mut thing, "id", Some(id.clone().into()));
            crate::import::ccda::types::push(resource, "contained", thing);
            id
        }
    };
    let mut out = json!({"reference": format!("#{id}")});
    put(&mut out, "display", display.map(Value::String));
    out
}

/// The name of a person, organization, place or device.
pub(crate) fn display_of(thing: &Resource) -> Option<String> {
    use crate::record::{concept_text, list, text_at};
    if let Some(name) = text_at(thing, "name.text") {
        return Some(name);
    }
    let parts = ["name.prefix", "name.given", "name.family", "name.suffix"];
    let parts: Vec<String> = match thing.get("name") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(_) => {
            let first = json!({"name": crate::record::at(thing, "name").and_then(|n| n.get(0)).or(thing.get("name"))});
            parts.iter().flat_map(|p| list(&first, p).into_iter().filter_map(crate::record::string).collect::<Vec<_>>()).collect()
        }
        None => Vec::new(),
    };
    if !parts.is_empty() {
        return Some(parts.join(" "));
    }
    text_at(thing, "deviceName.name").or_else(|| thing.get("type").or_else(|| thing.get("relationship")).and_then(concept_text))
}
