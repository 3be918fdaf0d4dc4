//! The table of contents of an IHE XDM archive: METADATA.XML, ebXML registry entries (ITI TF-3, 4.2.3.2).

use super::limits::{Limits, check_xml};
use super::sniff::decode_xml;
use crate::{Error, Result};
use roxmltree::Node;
use serde_json::{Value, json};
use std::collections::HashMap;

/// A code as the archive gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// The code.
    pub code: String,
    /// Its words, if given.
    pub display: Option<String>,
    /// Its system as a FHIR address, where the scheme is one that is known or an OID.
    pub system: Option<String>,
}

/// What an archive says about one of its documents. Nothing is filled in that it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Title.
    pub title: Option<String>,
    /// When the document was made, as a FHIR dateTime of the precision given.
    pub created: Option<String>,
    /// classCode: what sort of document.
    pub class: Option<Code>,
    /// typeCode: exactly which kind.
    pub kind: Option<Code>,
    /// Who wrote it: person, then institution.
    pub authors: Vec<String>,
    /// Whom it is about, as a contained Patient (sourcePatientInfo, ITI TF-3, 4.2.3.2.19).
    pub patient: Option<Value>,
}

const CLASS_CODE: &str = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a";
const TYPE_CODE: &str = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983";
const AUTHOR: &str = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d";

/// Reads METADATA.XML: what it says about each document, by its URI in upper case with forward slashes.
///
/// # Errors
/// Refused when it is not XML; limits.
pub fn read_metadata(bytes: &[u8], limits: &Limits) -> Result<HashMap<String, About>> {
    let (text, _) = decode_xml(bytes);
    check_xml(&text, limits)?;
    let tree =
        roxmltree::Document::parse(&text).map_err(|_| Error::refused("The table of contents of the archive (METADATA.XML) is damaged."))?;
    let mut found = HashMap::new();
    for object in tree.descendants().filter(|n| n.tag_name().name() == "ExtrinsicObject") {
        let uri: String = slot(object, "URI").into_iter().map(|part| uri_part(&part).to_owned()).collect();
        if !uri.is_empty() {
            found.insert(uri.replace('\\', "/").trim_start_matches("./").to_uppercase(), about(object));
        }
    }
    Ok(found)
}

/// A long URI is cut into values "1|…", "2|…".
fn uri_part(part: &str) -> &str {
    match part.split_once('|') {
        Some((number, rest)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => part,
    }
}

fn about(object: Node<'_, '_>) -> About {
    let classified = |scheme: &str| {
        object
            .children()
            .filter(|n| n.tag_name().name() == "Classification")
            .filter(move |n| n.attribute("classificationScheme").is_some_and(|s| s.eq_ignore_ascii_case(scheme)))
            .collect::<Vec<_>>()
    };
    let code = |scheme: &str| {
        let node = *classified(scheme).first()?;
        let code = node.attribute("nodeRepresentation")?.trim().to_owned();
        let scheme = slot(node, "codingScheme").into_iter().next();
        Some(Code { code, display: name(node), system: scheme.and_then(|s| system(&s)) }).filter(|c| !c.code.is_empty())
    };
    let authors = classified(AUTHOR).into_iter().flat_map(|node| {
        let people = slot(node, "authorPerson").into_iter().filter_map(|p| person(&p));
        let places = slot(node, "authorInstitution").into_iter().filter_map(|p| first_part(&p));
        people.chain(places).collect::<Vec<_>>()
    });
    About {
        title: name(object),
        created: slot(object, "creationTime").first().and_then(|t| timestamp(t)),
        class: code(CLASS_CODE),
        kind: code(TYPE_CODE),
        authors: authors.collect(),
        patient: patient(&slot(object, "sourcePatientInfo")),
    }
}

/// A Patient out of the fields of a PID segment (HL7 v2), one a value: `PID-5|Carver^Ruth^A`. Only what tells who it is.
fn patient(fields: &[String]) -> Option<Value> {
    let field = |name: &'static str| {
        let values = fields.iter().filter_map(move |f| f.strip_prefix(name)?.strip_prefix('|'));
        values.map(str::trim).filter(|f| !f.is_empty())
    };
    let names: Vec<Value> = field("PID-5").flat_map(|f| f.split('~')).filter_map(human_name).collect();
    let born = field("PID-7").next().and_then(|t| t.get(..t.len().min(8))).and_then(timestamp);
    if names.is_empty() && born.is_none() {
        return None;
    }
    let mut out = json!({ "resourceType": "Patient", "id": "patient" });
    if !names.is_empty() {
        out["name"] = names.into();
    }
    let gender = field("PID-8").next().and_then(|sex| match sex {
        "M" => Some("male"),
        "F" => Some("female"),
        "O" | "A" => Some("other"),
        "U" | "N" => Some("unknown"),
        _ => None,
    });
    if let Some(gender) = gender {
        out["gender"] = gender.into();
    }
    if let Some(born) = born {
        out["birthDate"] = born.into();
    }
    Some(out)
}

/// XPN (HL7 v2): family^given^middle^suffix^prefix; the family name may have parts of its own, split by `&`.
fn human_name(text: &str) -> Option<Value> {
    let parts: Vec<&str> = text.split('^').map(|p| p.split('&').next().unwrap_or(p).trim()).collect();
    let part = |n: usize| parts.get(n).copied().filter(|p| !p.is_empty());
    let given: Vec<&str> = [part(1), part(2)].into_iter().flatten().collect();
    let mut out = json!({});
    if let Some(family) = part(0) {
        out["family"] = family.into();
    }
    if !given.is_empty() {
        out["given"] = given.into();
    }
    for (n, key) in [(3, "suffix"), (4, "prefix")] {
        if let Some(word) = part(n) {
            out[key] = json!([word]);
        }
    }
    (part(0).is_some() || out.get("given").is_some()).then_some(out)
}

fn slot(node: Node<'_, '_>, name: &str) -> Vec<String> {
    node.children()
        .filter(|n| n.tag_name().name() == "Slot" && n.attribute("name") == Some(name))
        .flat_map(|n| n.descendants().filter(|v| v.tag_name().name() == "Value"))
        .filter_map(|v| v.text().map(|t| t.trim().to_owned()))
        .filter(|t| !t.is_empty())
        .collect()
}

fn name(node: Node<'_, '_>) -> Option<String> {
    let name = node.children().find(|n| n.tag_name().name() == "Name")?;
    let value = name.descendants().find_map(|n| n.attribute("value"))?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

fn first_part(text: &str) -> Option<String> {
    text.split('^').map(str::trim).find(|p| !p.is_empty()).map(str::to_owned)
}

/// XCN (HL7 v2): id^family^given^middle^suffix^prefix. Some write family^given without an id.
fn person(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('^').map(str::trim).collect();
    let part = |n: usize| parts.get(n).copied().filter(|p| !p.is_empty());
    let words = match parts.len() {
        0 | 1 => vec![part(0)],
        2 => vec![part(1), part(0)],
        _ => vec![part(5), part(2), part(3), part(1), part(4)],
    };
    let words: Vec<&str> = words.into_iter().flatten().collect();
    if words.is_empty() { first_part(text) } else { Some(words.join(" ")) }
}

fn system(scheme: &str) -> Option<String> {
    let scheme = scheme.trim().trim_start_matches("urn:oid:");
    match scheme {
        "LOINC" | "2.16.840.1.113883.6.1" => Some("http://loinc.org".into()),
        "SNOMED CT" | "SNOMED-CT" | "SCT" | "2.16.840.1.113883.6.96" => Some("http://snomed.info/sct".into()),
        oid if oid.contains('.') && oid.bytes().all(|b| b.is_ascii_digit() || b == b'.') => Some(format!("urn:oid:{oid}")),
        url if url.starts_with("http://") || url.starts_with("https://") => Some(url.to_owned()),
        _ => None,
    }
}

/// A DTM, in UTC (ITI TF-3, table 4.2.3.1.7-2), as a FHIR dateTime no more precise than given.
fn timestamp(text: &str) -> Option<String> {
    if !(4..=14).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to);
    let stamp = match (part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12)) {
        (Some(y), Some(m), Some(d), Some(h), Some(min)) => {
            format!("{y}-{m}-{d}T{h}:{min}:{}Z", part(12, 14).unwrap_or("00"))
        }
        (Some(y), Some(m), Some(d), ..) => format!("{y}-{m}-{d}"),
        (Some(y), Some(m), ..) => format!("{y}-{m}"),
        (Some(y), ..) => y.to_owned(),
        _ => return None,
    };
    crate::record::PartialDate::parse(&stamp).map(|_| stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_said_and_no_more() {
        let xml = r#"<r:SubmitObjectsRequest xmlns:r="urn:x"><r:ExtrinsicObject mimeType="application/pdf">
          <r:Slot name="URI"><r:ValueList><r:Value>1|SUB/LET</r:Value><r:Value>2|TER.PDF</r:Value></r:ValueList></r:Slot>
          <r:Slot name="creationTime"><r:ValueList><r:Value>201506</r:Value></r:ValueList></r:Slot>
          <r:Name><r:LocalizedString value="Letter from the eye clinic"/></r:Name>
          <r:Classification classificationScheme="urn:uuid:f0306f51-975f-434e-a61c-c59651d33983" nodeRepresentation="34133-9">
            <r:Slot name="codingScheme"><r:ValueList><r:Value>2.16.840.1.113883.6.1</r:Value></r:ValueList></r:Slot></r:Classification>
          <r:Classification classificationScheme="urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d">
            <r:Slot name="authorPerson"><r:ValueList><r:Value>77^Okafor^Ada^^^Dr</r:Value></r:ValueList></r:Slot></r:Classification>
        </r:ExtrinsicObject><r:ExtrinsicObject/></r:SubmitObjectsRequest>"#;
        let found = read_metadata(xml.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            found["SUB/LETTER.PDF"],
            About {
                title: Some("Letter from the eye clinic".into()),
                created: Some("2015-06".into()),
                class: None,
                kind: Some(Code { code: "34133-9".into(), display: None, system: Some("http://loinc.org".into()) }),
                authors: vec!["Dr Ada Okafor".into()],
                patient: None,
            }
        );
    }

    #[test]
    fn times_keep_their_precision() {
        let cases = [("2015", "2015"), ("20150622", "2015-06-22"), ("2015062213", "2015-06-22"), ("201506221304", "2015-06-22T13:04:00Z")];
        for (given, expected) in cases {
            assert_eq!(timestamp(given).as_deref(), Some(expected));
        }
        assert_eq!((timestamp("20151399"), timestamp("soon"), timestamp("2015é")), (None, None, None));
    }
}
