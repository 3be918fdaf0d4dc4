//! What this server says of itself (R4 CapabilityStatement).

use super::types::{ALL, Kind, PROVENANCE, Param, TYPES};
use serde_json::{Value, json};

pub(super) fn statement(base: &str) -> Value {
    let common = ALL.iter().map(|(name, kind)| json!({"name": name, "type": kind}));
    let resource = |(kind, all): &(&str, &[Param])| {
        let own = all.iter().map(|(name, kind, _)| json!({"name": name, "type": kind_of(*kind)}));
        let mut resource = json!({"type": kind,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "versioning": "no-version", "readHistory": false, "updateCreate": false,
            "searchParam": common.clone().chain(own).collect::<Vec<_>>(),
            "searchRevInclude": [PROVENANCE]});
        let includes: Vec<String> =
            all.iter().filter(|(_, how, _)| *how == Kind::Reference).map(|(name, ..)| format!("{kind}:{name}")).collect();
        // An empty array is not FHIR.
        if !includes.is_empty() {
            resource["searchInclude"] = json!(includes);
        }
        if *kind == "Patient" {
            resource["operation"] =
                json!([{"name": "everything", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything"}]);
        }
        resource
    };
    let words = "Read only, for programs of the chart's owner. A chart is one person's: whichever of their Patient records a search \
                 names, it means that person. A parameter that is not listed is refused, never passed over. Records are given newest \
                 first; _sort takes date and -date; _count is 500 at most. A search may also be sent as a form (POST …/_search): what is \
                 asked then stands in no address. Record ids are those of this vault; the id that the source \
                 gave is in an extension of meta.";
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": crate::record::today(),
        "kind": "instance",
        "software": {"name": "Keepwell", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "A personal health record vault", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{
            "mode": "server",
            "documentation": words,
            "security": {"cors": false, "description": "A bearer token that an owner of the chart has made: Authorization: Bearer keepwell_…"},
            "resource": TYPES.iter().map(resource).collect::<Vec<_>>(),
        }],
    })
}

fn kind_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Token => "token",
        Kind::Date => "date",
        Kind::Text => "string",
        Kind::Uri => "uri",
        Kind::Patient | Kind::Encounter | Kind::Reference => "reference",
    }
}
