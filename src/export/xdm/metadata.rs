//! METADATA.XML: one submission set and a document entry for each file (ITI TF-3, 4.2.3; ebRIM 3.0).

use super::{Held, stamp};
use crate::export::fhir::urn;
use crate::export::gather::{Gathered, Target};
use crate::export::markup::escape;
use std::fmt::Write;

/// Codes of a document: scheme of the classification, slot value, words.
const CONFIDENTIALITY: &str = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f";
const CLASS: &str = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a";
const KIND: &str = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983";
const FORMAT: &str = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d";
const FACILITY: &str = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1";
const PRACTICE: &str = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead";
const AUTHOR: &str = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d";
const LOINC: &str = "2.16.840.1.113883.6.1";
const SNOMED: &str = "2.16.840.1.113883.6.96";

/// The table of contents.
pub(super) fn write(gathered: &Gathered, held: &[Held]) -> String {
    let person = gathered.address(Target::Person);
    let patient = format!("{}^^^&{}&ISO", person.trim_start_matches("urn:uuid:"), oid(&urn("keepwell people")));
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <lcm:SubmitObjectsRequest xmlns:lcm=\"urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0\" \
         xmlns:rim=\"urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0\">\n<rim:RegistryObjectList>\n",
    );
    for (n, one) in held.iter().enumerate() {
        entry(&mut out, gathered, one, n, &patient);
    }
    submission(&mut out, gathered, held, &patient);
    out.push_str("</rim:RegistryObjectList>\n</lcm:SubmitObjectsRequest>\n");
    out
}

/// A UUID as an OID (ITU-T X.667): 2.25 and the number that it is.
fn oid(urn: &str) -> String {
    let hex: String = urn.trim_start_matches("urn:uuid:").chars().filter(|c| *c != '-').collect();
    format!("2.25.{}", u128::from_str_radix(&hex, 16).unwrap_or_default())
}

fn document(n: usize) -> String {
    format!("Document{:02}", n + 1)
}

fn entry(out: &mut String, gathered: &Gathered, one: &Held, n: usize, patient: &str) {
    let id = document(n);
    let _ = writeln!(
        out,
        "<rim:ExtrinsicObject id=\"{id}\" mimeType=\"{}\" objectType=\"urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1\" \
         status=\"urn:oasis:names:tc:ebxml-regrep:StatusType:Approved\">",
        escape(&one.media)
    );
    slot(out, "creationTime", &[one.created.clone().unwrap_or_else(|| stamp(gathered.made))]);
    slot(out, "hash", std::slice::from_ref(&one.sha1));
    slot(out, "languageCode", &["en-US".to_owned()]);
    slot(out, "size", &[one.size.to_string()]);
    slot(out, "sourcePatientId", &[patient.to_owned()]);
    slot(out, "sourcePatientInfo", &about(gathered, patient));
    slot(out, "URI", std::slice::from_ref(&one.name));
    named(out, &one.title);
    author(out, &id, AUTHOR, one.author.as_deref().unwrap_or(&gathered.person.name));
    let format = if one.clinical { "urn:hl7-org:sdwg:ccda-structuredBody:2.1" } else { "urn:ihe:iti:xds:2017:mimeTypeSufficient" };
    let format_system = if one.clinical { "2.16.840.1.113883.10.20.22" } else { "1.3.6.1.4.1.19376.1.2.3" };
    let class = if one.clinical { ("34133-9", "Summarization of Episode Note") } else { ("34109-9", "Note") };
    code(out, &id, CLASS, class.0, LOINC, class.1);
    code(out, &id, CONFIDENTIALITY, "N", "2.16.840.1.113883.5.25", "Normal");
    code(out, &id, FORMAT, format, format_system, if one.clinical { "C-CDA R2.1 structured body" } else { "By its media type" });
    code(out, &id, FACILITY, "264362003", SNOMED, "Home");
    code(out, &id, PRACTICE, "394802001", SNOMED, "General medicine");
    code(out, &id, KIND, &one.kind.0, LOINC, &one.kind.1);
    identifier(out, &id, "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427", patient, "XDSDocumentEntry.patientId");
    let unique = oid(&urn(&format!("document\n{}\n{}\n{}\n{n}", gathered.person.id, gathered.made, one.sha1)));
    identifier(out, &id, "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab", &unique, "XDSDocumentEntry.uniqueId");
    out.push_str("</rim:ExtrinsicObject>\n");
}

fn submission(out: &mut String, gathered: &Gathered, held: &[Held], patient: &str) {
    let id = "SubmissionSet01";
    let _ = writeln!(
        out,
        "<rim:RegistryPackage id=\"{id}\" objectType=\"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage\" \
         status=\"urn:oasis:names:tc:ebxml-regrep:StatusType:Approved\">"
    );
    slot(out, "submissionTime", &[stamp(gathered.made)]);
    if let Some(addressee) = &gathered.choice.addressee {
        slot(out, "intendedRecipient", &[format!("|^{}", plain(addressee))]);
    }
    named(out, &format!("Health summary of {}", gathered.person.name));
    author(out, id, "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d", &gathered.person.name);
    code(out, id, "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500", "34133-9", LOINC, "Summarization of Episode Note");
    let unique = oid(&urn(&format!("submission\n{}\n{}\n{}", gathered.person.id, gathered.made, held.len())));
    identifier(out, id, "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8", &unique, "XDSSubmissionSet.uniqueId");
    let source = oid(&urn("keepwell source"));
    identifier(out, id, "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832", &source, "XDSSubmissionSet.sourceId");
    identifier(out, id, "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446", patient, "XDSSubmissionSet.patientId");
    out.push_str("</rim:RegistryPackage>\n");
    let _ = writeln!(
        out,
        "<rim:Classification id=\"{id}.node\" classifiedObject=\"{id}\" classificationNode=\"urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd\" \
         objectType=\"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification\"/>"
    );
    for n in 0..held.len() {
        let _ = writeln!(
            out,
            "<rim:Association id=\"Member{:02}\" associationType=\"urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember\" \
             sourceObject=\"{id}\" targetObject=\"{}\" objectType=\"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association\">",
            n + 1,
            document(n)
        );
        slot(out, "SubmissionSetStatus", &["Original".to_owned()]);
        out.push_str("</rim:Association>\n");
    }
}

/// The person as HL7 v2 PID fields.
fn about(gathered: &Gathered, patient: &str) -> Vec<String> {
    let (given, family) = gathered.person.name.rsplit_once(' ').unwrap_or(("", &gathered.person.name));
    let sex = match gathered.person.sex.as_str() {
        "female" => "F",
        "male" => "M",
        "other" => "O",
        _ => "U",
    };
    let born: String = gathered.person.birth_date.chars().filter(char::is_ascii_digit).collect();
    vec![
        format!("PID-3|{patient}"),
        format!("PID-5|{}^{}^^^", plain(family), plain(given)),
        format!("PID-7|{born}"),
        format!("PID-8|{sex}"),
    ]
}

/// Words without the separators of HL7 v2.
fn plain(words: &str) -> String {
    words.chars().map(|c| if matches!(c, '^' | '|' | '&' | '~' | '\\') { ' ' } else { c }).collect()
}

fn slot(out: &mut String, name: &str, values: &[String]) {
    let _ = write!(out, "<rim:Slot name=\"{name}\"><rim:ValueList>");
    for value in values {
        let _ = write!(out, "<rim:Value>{}</rim:Value>", escape(value));
    }
    out.push_str("</rim:ValueList></rim:Slot>\n");
}

fn named(out: &mut String, words: &str) {
    let _ = writeln!(out, "<rim:Name><rim:LocalizedString value=\"{}\"/></rim:Name>", escape(words));
}

fn classification(out: &mut String, of: &str, scheme: &str, node: &str) {
    let short = scheme.get(9..13).unwrap_or("");
    let _ = writeln!(
        out,
        "<rim:Classification id=\"{of}.{short}\" classificationScheme=\"{scheme}\" classifiedObject=\"{of}\" nodeRepresentation=\"{}\" \
         objectType=\"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification\">",
        escape(node)
    );
}

fn code(out: &mut String, of: &str, scheme: &str, code: &str, system: &str, display: &str) {
    classification(out, of, scheme, code);
    slot(out, "codingScheme", &[system.to_owned()]);
    named(out, display);
    out.push_str("</rim:Classification>\n");
}

fn author(out: &mut String, of: &str, scheme: &str, name: &str) {
    classification(out, of, scheme, "");
    let (given, family) = name.rsplit_once(' ').unwrap_or(("", name));
    slot(out, "authorPerson", &[format!("^{}^{}^^^", plain(family), plain(given))]);
    out.push_str("</rim:Classification>\n");
}

fn identifier(out: &mut String, of: &str, scheme: &str, value: &str, name: &str) {
    let short = scheme.get(9..13).unwrap_or("");
    let _ = writeln!(
        out,
        "<rim:ExternalIdentifier id=\"{of}.{short}\" identificationScheme=\"{scheme}\" registryObject=\"{of}\" value=\"{}\" \
         objectType=\"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier\">\
         <rim:Name><rim:LocalizedString value=\"{name}\"/></rim:Name></rim:ExternalIdentifier>",
        escape(value)
    );
}
