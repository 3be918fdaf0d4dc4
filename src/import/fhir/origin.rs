//! Where a resource's identity comes from.

use crate::import::Origin;
use serde_json::Value;

/// The origin of a resource: its server and id where it has an id of its own, else its content.
pub(super) fn of(resource: &Value, full_url: Option<&str>) -> Origin {
    let id = resource.get("id").and_then(Value::as_str).filter(|id| !id.trim().is_empty());
    if id.is_some() { Origin::Server { base: full_url.and_then(base) } } else { Origin::Content }
}

/// `https://host/fhir` out of `https://host/fhir/Type/id` or `…/Type/id/_history/1` (FHIR R4, Bundle.entry.fullUrl).
fn base(full_url: &str) -> Option<String> {
    if !(full_url.starts_with("http://") || full_url.starts_with("https://")) {
        return None;
    }
    let url = full_url.split(['?', '#']).next()?;
    let url = url.split_once("/_history").map_or(url, |(before, _)| before);
    let (rest, id) = url.trim_end_matches('/').rsplit_once('/')?;
    let (base, kind) = rest.rsplit_once('/')?;
    let names_type = kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.chars().all(|c| c.is_ascii_alphanumeric());
    (!id.is_empty() && names_type && base.contains("://")).then(|| base.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_what_stands_before_type_and_id() {
        assert_eq!(base("https://host/fhir/Patient/1").as_deref(), Some("https://host/fhir"));
        assert_eq!(base("https://host/fhir/Patient/1/_history/3").as_deref(), Some("https://host/fhir"));
        assert_eq!(base("https://host/Observation/a.b-c").as_deref(), Some("https://host"));
        for other in ["urn:uuid:1", "Patient/1", "https://host", "https://host/x/1", "http://Patient/1"] {
            assert_eq!(base(other), None, "{other}");
        }
    }
}
