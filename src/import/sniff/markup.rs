//! JSON, XML and HTML, told apart by how they begin.

use super::Format;

/// The outermost element of an XML text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root<'a> {
    /// Its name without a prefix.
    pub local: &'a str,
    /// The namespace that it declares for itself, or "".
    pub namespace: &'a str,
}

const FHIR: &str = "http://hl7.org/fhir";

/// FHIR types that stand at the root of files, for those that leave out the namespace.
const FHIR_ROOTS: &str = " Account AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic Binary BodySite \
    BodyStructure Bundle CarePlan CareTeam ChargeItem Claim ClaimResponse ClinicalImpression Communication \
    CommunicationRequest Composition Condition Consent Contract Coverage CoverageEligibilityResponse DetectedIssue \
    Device DeviceRequest DeviceUseStatement DiagnosticOrder DiagnosticReport DocumentManifest DocumentReference \
    Encounter EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory Flag Goal HealthcareService ImagingStudy \
    Immunization ImmunizationRecommendation InsurancePlan Invoice List Location Media Medication \
    MedicationAdministration MedicationDispense MedicationOrder MedicationRequest MedicationStatement NutritionOrder \
    Observation OperationOutcome Organization Parameters Patient Person Practitioner PractitionerRole Procedure \
    ProcedureRequest Provenance Questionnaire QuestionnaireResponse ReferralRequest RelatedPerson RequestGroup \
    RiskAssessment Schedule ServiceRequest Slot Specimen Substance Task VisionPrescription ";

pub(super) fn sniff(text: &str) -> Option<Format> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{fffd}'));
    match text.as_bytes().first()? {
        b'{' | b'[' => json(text),
        b'<' => xml(text),
        b'/' => commented(text),
        _ => token(text),
    }
}

/// JSON by what follows the first bracket: a name, a nested value, or the end. `[Note]` and `{brackets}` are prose.
fn json(text: &str) -> Option<Format> {
    let object = text.starts_with('{');
    let inner = text.get(1..)?.trim_start();
    let looks = match inner.bytes().next() {
        None => true,
        Some(b'/') if inner.starts_with("//") || inner.starts_with("/*") => return Some(Format::Unknown(COMMENTED)),
        Some(b) if object => matches!(b, b'"' | b'}'),
        Some(b'{' | b'[' | b']' | b'"') => true,
        // Numbers, true, null: JSON, and no record. A date in brackets, `[2024-03-01]`, is prose.
        Some(b) => {
            (b.is_ascii_digit() || b == b'-' || inner.starts_with("true") || inner.starts_with("null") || inner.starts_with("false"))
                && is_list(inner)
        }
    };
    if !looks {
        return None;
    }
    if object && is_card_file(inner) {
        return Some(Format::HealthCard);
    }
    Some(if object && another_line(text) { Format::FhirNdjson } else { Format::FhirJson })
}

/// A file of health cards: their texts in a list under the one name, which comes first.
fn is_card_file(inner: &str) -> bool {
    let list = inner.strip_prefix("\"verifiableCredential\"").and_then(|rest| rest.trim_start().strip_prefix(':'));
    list.and_then(|rest| rest.trim_start().strip_prefix('[')).is_some_and(|rest| rest.trim_start().starts_with('"'))
}

const COMMENTED: &str = "JSON with comments in it, which is no longer JSON";

/// Notes before JSON, as programs take them and the standard (RFC 8259) does not.
fn commented(text: &str) -> Option<Format> {
    let mut rest = text;
    loop {
        rest = if let Some(note) = rest.strip_prefix("//") {
            note.get(note.find('\n')?..)?.trim_start()
        } else if let Some(note) = rest.strip_prefix("/*") {
            note.get(note.find("*/")? + 2..)?.trim_start()
        } else {
            return json(rest).filter(|_| rest.starts_with(['{', '['])).map(|_| Format::Unknown(COMMENTED));
        };
    }
}

/// Whether plain values follow one another up to a comma or the closing bracket.
fn is_list(inner: &str) -> bool {
    let end = inner.find([',', ']']).unwrap_or(inner.len());
    if inner.get(end..).is_some_and(|rest| rest.starts_with(']') && !rest[1..].trim().is_empty()) {
        return false;
    }
    let first = inner.get(..end).unwrap_or_default().trim();
    matches!(first, "true" | "false" | "null") || first.parse::<f64>().is_ok()
}

/// Whether one complete object stands on the first line and another begins on a later one.
fn another_line(text: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0i64, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'\n' => return false,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    let rest = text.get(at + 1..).unwrap_or_default();
                    let line = rest.trim_start_matches([' ', '\t', '\r']);
                    return line.starts_with('\n') && line.trim_start().starts_with('{');
                }
            }
            _ => {}
        }
    }
    false
}

fn xml(text: &str) -> Option<Format> {
    let declared = text.starts_with("<?xml");
    let lower: String = text.chars().take(15).collect::<String>().to_ascii_lowercase();
    if lower.starts_with("<!doctype html") {
        return Some(Format::Html);
    }
    let Some(root) = root(text) else {
        return declared.then_some(Format::Xml);
    };
    let local = root.local;
    let known = FHIR_ROOTS.split_ascii_whitespace().any(|t| t == local);
    Some(match local {
        "ClinicalDocument" => Format::Ccda,
        _ if root.namespace == FHIR || (root.namespace.is_empty() && known) => Format::FhirXml,
        "HealthData" => Format::Unknown("an Apple Health export"),
        "ContinuityOfCareRecord" => Format::Unknown("a Continuity of Care Record (CCR)"),
        "stylesheet" | "transform" if root.namespace.contains("XSL/Transform") => Format::Unknown("a stylesheet"),
        "SubmitObjectsRequest" | "ProvideAndRegisterDocumentSetRequest" => {
            Format::Unknown("the table of contents of a health record archive (XDM)")
        }
        "Signature" if root.namespace.contains("xmldsig") => Format::Unknown("a digital signature"),
        "svg" => Format::Kept("image/svg+xml", "a drawing (SVG)"),
        "gpx" => Format::Unknown("a route (GPX)"),
        "schema" => Format::Unknown("an XML schema"),
        "Envelope" => Format::Unknown("a web service message (SOAP)"),
        "plist" => Format::Unknown("a macOS settings file"),
        _ if local.eq_ignore_ascii_case("html") => Format::Html,
        _ if !declared && root.namespace.is_empty() && is_html_part(local) => Format::Html,
        _ => Format::Xml,
    })
}

fn is_html_part(local: &str) -> bool {
    ["head", "body", "div", "p", "table", "h1", "h2", "h3", "meta", "title", "center", "font", "pre", "ul", "ol", "br", "b", "span"]
        .iter()
        .any(|name| local.eq_ignore_ascii_case(name))
}

/// Finds the outermost element past byte order mark, declaration, comments, instructions and document type. Lenient:
/// what follows need not be well-formed.
pub fn root(text: &str) -> Option<Root<'_>> {
    let mut rest = text.trim_start_matches('\u{feff}');
    loop {
        rest = rest.get(rest.find('<')?..)?;
        if let Some(inner) = rest.strip_prefix("<!--") {
            rest = inner.get(inner.find("-->")? + 3..)?;
        } else if let Some(inner) = rest.strip_prefix("<?") {
            rest = inner.get(inner.find("?>")? + 2..)?;
        } else if rest.starts_with("<!") {
            rest = past_doctype(rest)?;
        } else {
            return element(rest.get(1..)?);
        }
    }
}

/// What follows a document type declaration, whose inner subset and quoted values may hold `>`.
fn past_doctype(text: &str) -> Option<&str> {
    let (mut inner, mut quote) = (0i32, None);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(q), b) if b == q => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[') => inner += 1,
            (None, b']') => inner -= 1,
            (None, b'>') if inner <= 0 => return text.get(at + 1..),
            _ => {}
        }
    }
    None
}

fn element(text: &str) -> Option<Root<'_>> {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(text.len());
    let name = text.get(..end)?;
    let first = name.chars().next()?;
    if !(first.is_alphabetic() || first == '_') {
        return None;
    }
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let attributes = text.get(end..)?;
    let attributes = attributes.get(..attributes.find('>').unwrap_or(attributes.len()))?;
    let key = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
    Some(Root { local, namespace: attribute(attributes, &key).unwrap_or("") })
}

fn attribute<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = text;
    while let Some(at) = rest.find(key) {
        let before = rest.get(..at)?.chars().next_back();
        rest = rest.get(at + key.len()..)?;
        let value = rest.trim_start();
        if before.is_none_or(char::is_whitespace)
            && let Some(value) = value.strip_prefix('=').map(str::trim_start)
        {
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            return value.get(1..)?.split(quote).next().map(str::trim);
        }
    }
    None
}

/// Signed or encrypted tokens: base64url parts between dots.
fn token(text: &str) -> Option<Format> {
    let text = text.trim_end();
    let parts = text.split('.').count();
    let clean = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !(text.starts_with("eyJ") && clean) {
        return None;
    }
    match parts {
        3 => Some(Format::Unknown("a signed token (JWS)")),
        5 => Some(Format::Unknown("a locked file (JWE)")),
        _ => None,
    }
}
