//! The frame of C-CDA: header, sections, narrative, unstructured bodies, hostile and odd files.

mod corpus;
mod hostile;

use keepwell::import::sink::Collected;
use keepwell::import::{Limits, Origin, ccda};
use serde_json::Value;
use std::collections::HashMap;

const VISIT: &str = include_str!("../data/ccda/frame-visit.xml");
const UNSTRUCTURED: &str = include_str!("../data/ccda/frame-unstructured.xml");

fn read(bytes: &[u8]) -> keepwell::Result<Collected> {
    let mut sink = Collected::default();
    ccda::read(bytes, "file.xml", &Limits::default(), &mut sink).map(|()| sink)
}

fn all<'a>(sink: &'a Collected, kind: &str) -> Vec<&'a Value> {
    sink.found.iter().map(|f| &f.resource).filter(|r| r["resourceType"] == kind).collect()
}

fn one<'a>(sink: &'a Collected, kind: &str) -> &'a Value {
    let found = all(sink, kind);
    assert_eq!(found.len(), 1, "{kind}");
    found[0]
}

/// What holds for every document, ours or a vendor's.
fn check(sink: &Collected) {
    let mut origins = HashMap::new();
    let mut ids = HashMap::new();
    for found in &sink.found {
        let r = &found.resource;
        let id = r["id"].as_str().expect("an id");
        assert!(id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.'), "{id}");
        // One id for two statements only where they are copies of each other, in two sections.
        let same = ids.insert(format!("{}/{id}", r["resourceType"]), r).is_none_or(|before| before == r);
        assert!(same, "the same id for two things at {}", found.place);
        match &found.origin {
            Origin::Document { document, entry } => {
                let same = origins.insert((document.clone(), entry.clone()), r).is_none_or(|before| before == r);
                assert!(same, "the same origin for two things: {entry} at {}", found.place);
            }
            other => panic!("{other:?}"),
        }
        assert!(found.place.starts_with('/') && found.place.contains("ClinicalDocument"), "{}", found.place);
        references(r, &mut |reference| {
            if let Some(local) = reference.strip_prefix('#') {
                let held = r["contained"].as_array().expect("contained");
                assert!(held.iter().any(|c| c["id"] == local), "{reference} of {} is not contained", r["resourceType"]);
            }
        });
        divs(r, &mut |div| {
            let tree = roxmltree::Document::parse(div).unwrap_or_else(|e| panic!("{e} in a div at {}", found.place));
            for node in tree.descendants().filter(roxmltree::Node::is_element) {
                assert!(!matches!(node.tag_name().name(), "script" | "style" | "img" | "iframe" | "object" | "form" | "input" | "svg"));
                for a in node.attributes() {
                    let fine = match a.name() {
                        "href" => a.value().starts_with("https://"),
                        name => matches!(name, "id" | "colspan" | "rowspan"),
                    };
                    assert!(fine, "{}=\"{}\" went through", a.name(), a.value());
                }
            }
        });
    }
    // Every reference to a record of the document leads somewhere.
    for found in &sink.found {
        references(&found.resource, &mut |reference| {
            if let Some((kind, id)) = reference.split_once('/').filter(|(k, _)| k.chars().all(char::is_alphabetic)) {
                assert!(ids.contains_key(&format!("\"{kind}\"/{id}")), "{reference} leads nowhere, from {}", found.place);
            }
        });
    }
}

fn walk(value: &Value, see: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| {
            see(k, v);
            walk(v, see);
        }),
        Value::Array(items) => items.iter().for_each(|v| walk(v, see)),
        _ => {}
    }
}

fn references(value: &Value, see: &mut dyn FnMut(&str)) {
    walk(value, &mut |key, v| {
        if let (true, Some(reference)) = (key == "reference", v.as_str()) {
            see(reference);
        }
    });
}

fn divs(value: &Value, see: &mut dyn FnMut(&str)) {
    walk(value, &mut |key, v| {
        if let (true, Some(div)) = (key == "div", v.as_str()) {
            see(div);
        }
    });
}

fn words_of(xml: &str) -> String {
    let tree = roxmltree::Document::parse(xml).expect("a div is XML");
    tree.descendants().filter(roxmltree::Node::is_text).filter_map(|n| n.text()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_header_tells_who() {
    let sink = read(VISIT.as_bytes()).expect("readable");
    check(&sink);
    let patient = one(&sink, "Patient");
    assert_eq!(patient["name"][0]["given"], serde_json::json!(["Rosa", "María", "Rosie"]));
    assert_eq!(patient["name"][0]["_given"][2]["extension"][0]["valueCode"], "CL");
    assert_eq!(patient["name"][0]["family"], "Quintero");
    assert_eq!(patient["name"][0]["_family"]["extension"][0]["valueString"], "Delgado");
    assert_eq!(patient["name"][0]["use"], "usual");
    assert_eq!(patient["name"][1]["use"], "maiden");
    assert_eq!(patient["identifier"].as_array().map(Vec::len), Some(1));
    assert_eq!(patient["gender"], "female");
    assert_eq!(patient["birthDate"], "1952-03-04");
    assert_eq!(patient["_birthDate"]["extension"][0]["valueDateTime"], "1952-03-04T10:15:00-05:00");
    assert_eq!(patient["deceasedBoolean"], false);
    assert_eq!(patient["address"][0]["line"], serde_json::json!(["12 Larch Lane", "Flat 3"]));
    assert_eq!(patient["address"][0]["period"]["start"], "2019");
    assert_eq!(patient["telecom"][1], serde_json::json!({"system": "email", "value": "rosa@example.org"}));
    assert_eq!(patient["contact"][0]["name"]["given"][0], "Luis");
    assert_eq!(patient["contact"][1]["relationship"][0]["coding"][0]["code"], "ECON");
    assert_eq!(patient["communication"][0]["preferred"], true);
    assert_eq!(patient["managingOrganization"]["display"], "Maple Street Clinic");
    let race = patient["extension"]
        .as_array()
        .expect("extensions")
        .iter()
        .find(|e| e["url"].as_str().is_some_and(|u| u.ends_with("us-core-race")));
    let race = &race.expect("race")["extension"];
    assert_eq!(race[0]["url"], "ombCategory");
    assert_eq!(race[1]["url"], "detailed");
    assert_eq!(race[2]["valueString"], "White, European");
}

#[test]
fn the_header_tells_of_the_visit_and_the_document() {
    let sink = read(VISIT.as_bytes()).expect("readable");
    let visit = one(&sink, "Encounter");
    assert_eq!(visit["status"], "finished");
    assert_eq!(visit["class"]["code"], "AMB");
    assert_eq!(visit["period"]["end"], "2024-03-11T09:30:00-05:00");
    assert_eq!(visit["location"][0]["location"]["display"], "Room 4, Maple Street");
    assert_eq!(visit["participant"][0]["individual"]["display"], "Amir Haddad");
    assert_eq!(one(&sink, "CareTeam")["participant"][0]["role"][0]["text"], "Primary Care Provider");

    let document = one(&sink, "Composition");
    assert_eq!(document["identifier"]["value"], "set-77");
    assert_eq!(document["date"], "2024-03-11T14:30:15-05:00");
    assert_eq!(document["author"][0]["display"], "Amir Haddad MD");
    assert_eq!(document["author"][1]["display"], "ChartWorks 9");
    assert_eq!(document["attester"][0]["mode"], "legal");
    assert_eq!(document["custodian"]["display"], "Riverton Health");
    assert_eq!(document["relatesTo"][0]["code"], "replaces");
    assert_eq!(document["relatesTo"][0]["targetIdentifier"]["value"], "ccd-0001");
    assert_eq!(document["subject"]["display"], "Mrs Rosa María Rosie Quintero Jr");
    let informant =
        document["extension"].as_array().expect("extensions").iter().find(|e| e["url"].as_str().is_some_and(|u| u.contains("Informant")));
    assert_eq!(informant.expect("informant")["valueReference"]["display"], "Elena Quintero");

    let counted: Vec<_> = sink.found.iter().filter(|f| f.counted).map(|f| f.resource["resourceType"].clone()).collect();
    assert_eq!(counted, ["Media", "Composition"], "patient, visit and team stand beside the count");
    assert_eq!(sink.skipped, []);
}

#[test]
fn narrative_is_readable_and_harmless() {
    let sink = read(VISIT.as_bytes()).expect("readable");
    let sections = one(&sink, "Composition")["section"].clone();
    let div = sections[0]["text"]["div"].as_str().expect("narrative");
    for part in [
        "<p id=\"cda-p1\">Came in with a <b>sore knee</b> &amp; a cough &lt; 3 days.<br/>No fever.</p>",
        "<ol><li>Told to</li><li>rest</li><li>drink water</li></ol>",
        "<th colspan=\"2\">Home readings</th>",
        "<tr id=\"cda-r1\"><td>Monday</td><td>120/80</td></tr>",
        "not a link",
        "<a href=\"https://example.org/knee\">about knees</a>",
        "[Picture: PIC1, image/png]",
        "H<sub>2</sub>O",
    ] {
        assert!(div.contains(part), "{part} is not in {div}");
    }
    assert!(!div.contains("steal") || !div.contains("onload=\""), "{div}");
    assert!(!div.contains("javascript") && !div.contains("evil") && !div.contains("<script"), "{div}");
    assert_eq!(sections[0]["section"][0]["title"], "Nested words");
    assert!(sections[0]["section"][0]["text"]["div"].as_str().is_some_and(|d| d.contains("Deeper <span>still</span>")));
    assert_eq!(sections[1]["emptyReason"]["coding"][0]["code"], "unavailable");
    let picture = one(&sink, "Media");
    assert_eq!(picture["content"]["data"], "iVBORw0KGgoAAAAN");
    assert_eq!(sections[0]["entry"][0]["reference"], format!("Media/{}", picture["id"].as_str().expect("id")));
}

#[test]
fn an_unstructured_body_is_a_document() {
    let sink = read(UNSTRUCTURED.as_bytes()).expect("readable");
    check(&sink);
    let document = one(&sink, "DocumentReference");
    let attachment = &document["content"][0]["attachment"];
    assert_eq!(attachment["contentType"], "application/pdf");
    assert_eq!(attachment["data"], "JVBERi0xLjQK");
    assert_eq!(attachment["creation"], "2023-05-01");
    assert_eq!(document["description"], "Letter from the eye clinic");
    assert_eq!(document["author"][0]["display"], "Dr Okafor");
    assert_eq!(document["extension"][0]["valueReference"]["display"], "Elena Quintero");
    let patient = one(&sink, "Patient");
    assert_eq!((&patient["gender"], &patient["birthDate"]), (&"unknown".into(), &"1952".into()));
    assert!(all(&sink, "Composition").is_empty());

    let plain = UNSTRUCTURED
        .replace("mediaType=\"application/pdf\" representation=\"B64\"", "mediaType=\"text/plain\"")
        .replace("JVBERi0x", "Seen today,")
        .replace("LjQK", "all well.");
    let sink = read(plain.as_bytes()).expect("readable");
    let data = &one(&sink, "DocumentReference")["content"][0]["attachment"]["data"];
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(data.as_str().expect("data")).expect("base64");
    assert!(String::from_utf8_lossy(&bytes).starts_with("Seen today,"));
}

#[test]
fn the_same_document_gives_the_same_records() {
    let ids = |text: &str| read(text.as_bytes()).expect("readable").found.iter().map(|f| f.resource["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(VISIT), ids(VISIT));
    // The next version of the same set: the same identities.
    assert_eq!(ids(VISIT), ids(&VISIT.replace("extension=\"ccd-0002\"", "extension=\"ccd-0003\"")));
    assert_ne!(ids(VISIT)[0], ids(&VISIT.replace("set-77", "set-78"))[0]);
    // Ids copied from HL7's samples: another time of the document is another document.
    let copied = VISIT.replace("root=\"2.999.1\"", "root=\"2.16.840.1.113883.19.5\"");
    assert_eq!(ids(&copied), ids(&copied.replace("sore knee", "stiff knee")));
    assert_ne!(ids(&copied)[0], ids(&copied.replace("20240311143015", "20240411143015"))[0]);
}
