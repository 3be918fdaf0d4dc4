//! The frame of C-CDA: header, sections, narrative, unstructured bodies, hostile and odd files.

use keepwell::Kind;
use keepwell::import::sink::Collected;
use keepwell::import::{Limits, Origin, ccda};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

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
    let mut origins = HashSet::new();
    let mut ids = HashSet::new();
    for found in &sink.found {
        let r = &found.resource;
        let id = r["id"].as_str().expect("an id");
        assert!(id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.'), "{id}");
        assert!(ids.insert(format!("{}/{id}", r["resourceType"])), "the same id twice at {}", found.place);
        match &found.origin {
            Origin::Document { document, entry } => {
                assert!(origins.insert((document.clone(), entry.clone())), "the same origin twice: {entry} at {}", found.place);
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
                assert!(ids.contains(&format!("\"{kind}\"/{id}")), "{reference} leads nowhere, from {}", found.place);
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
}

#[test]
fn odd_files_are_read() {
    let wide: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(VISIT.replace("UTF-8", "UTF-16").encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin: Vec<u8> = VISIT.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect();
    let cases: [(&str, Vec<u8>, bool); 8] = [
        ("HTML entities", VISIT.replace("No fever.", "No&nbsp;fever, 37&deg;.").into_bytes(), true),
        ("byte order mark", ["\u{FEFF}".as_bytes(), VISIT.as_bytes()].concat(), false),
        ("UTF-16", wide, false),
        ("Windows-1252 called UTF-8", latin, true),
        ("no xmlns:sdtc", VISIT.replace(" xmlns:sdtc=\"urn:hl7-org:sdtc\"", "").into_bytes(), true),
        ("no xmlns:xsi", VISIT.replace(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"", "").into_bytes(), true),
        ("misspelt namespace", VISIT.replace("urn:hl7-org:v3", "urn:h17-org/v3").into_bytes(), false),
        ("old line ends", VISIT.replace('\n', "\r").into_bytes(), false),
    ];
    let names = one(&read(VISIT.as_bytes()).expect("readable"), "Patient")["name"].clone();
    for (what, bytes, warned) in cases {
        let sink = read(&bytes).unwrap_or_else(|e| panic!("{what}: {e}"));
        check(&sink);
        let patient = one(&sink, "Patient");
        assert_eq!(patient["name"], names, "{what}");
        assert_eq!(patient["deceasedBoolean"], false, "{what}");
        assert_eq!(!sink.warnings.is_empty(), warned, "{what}: {:?}", sink.warnings);
    }
}

#[test]
fn what_is_no_document_is_refused() {
    let deep = format!("<ClinicalDocument>{}{}</ClinicalDocument>", "<component>".repeat(9_000), "</component>".repeat(9_000));
    let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><ClinicalDocument>&b;</ClinicalDocument>";
    let external = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><ClinicalDocument/>";
    let empty = UNSTRUCTURED.replace("JVBERi0x", "").replace("LjQK", "");
    let cases: [(&[u8], Kind, &str); 9] = [
        (deep.as_bytes(), Kind::TooMuch, "nested deeper"),
        (bomb.as_bytes(), Kind::Refused, "DTD"),
        (external.as_bytes(), Kind::Refused, "DTD"),
        (b"<ContinuityOfCareRecord xmlns='urn:astm-org:CCR'/>", Kind::Refused, "CCR"),
        (b"<Bundle xmlns='http://hl7.org/fhir'/>", Kind::Refused, "FHIR"),
        (b"<section/>", Kind::Refused, "piece"),
        (&VISIT.as_bytes()[..2_000], Kind::Refused, "damaged"),
        (b"\x00\x01\x02\xff\xfe nonsense", Kind::Refused, "XML"),
        (empty.as_bytes(), Kind::Refused, "carries a file"),
    ];
    for (bytes, kind, words) in cases {
        let error = read(bytes).expect_err(words);
        assert_eq!(error.kind, kind, "{words}");
        assert!(error.words().contains(words), "{words} is not in: {}", error.words());
        assert!(error.words().contains("Nothing was stored"), "{}", error.words());
    }
    let small = Limits { xml_nodes: 50, ..Limits::default() };
    let error = ccda::read(VISIT.as_bytes(), "", &small, &mut Collected::default()).expect_err("too many nodes");
    assert_eq!(error.kind, Kind::TooMuch);
}

/// What grows with the square of a file's size would be hours at the limit; here it would be minutes.
#[test]
fn size_costs_no_more_than_its_share() {
    let body = |inner: &str| {
        let start = VISIT.find("<structuredBody>").expect("a body");
        let body = format!(
            "<structuredBody><component><section><code code=\"8716-3\"/><title>Vital signs</title><text>x</text>{inner}</section></component></structuredBody></component></ClinicalDocument>"
        );
        VISIT[..start].to_owned() + &body
    };
    let entry = "<entry><observation classCode=\"OBS\" moodCode=\"EVN\"><id root=\"1.2.3\"/><code code=\"8867-4\" codeSystem=\"2.16.840.1.113883.6.1\"/><value xsi:type=\"PQ\" value=\"72\" unit=\"/min\"/></observation></entry>";
    let cases = [
        ("the same entry again and again", body(&entry.repeat(10_000)), 10_000),
        ("entries without ids", body(&entry.replace("<id root=\"1.2.3\"/>", "").repeat(10_000)), 10_000),
        ("ids", body(&entry.replace("<id root=\"1.2.3\"/>", &"<id root=\"1.2.3\"/>".repeat(50_000))), 1),
        (
            "pictures and ids of the narrative",
            body(&format!("<text>{}</text>", "<renderMultiMedia referencedObject=\"a\" ID=\"a\"/>".repeat(50_000))),
            0,
        ),
        ("prefixes", body(&(0..5_000).map(|n| format!("<text><p{n}:a/></text>")).collect::<String>()), 0),
    ];
    for (what, text, entries) in cases {
        let start = std::time::Instant::now();
        let sink = read(text.as_bytes()).unwrap_or_else(|e| panic!("{what}: {e}"));
        check(&sink);
        assert_eq!(sink.found.iter().filter(|f| f.place.contains("/entry")).count(), entries, "{what}");
        assert!(start.elapsed().as_secs() < 20, "{what} took {:?}", start.elapsed());
        eprintln!("{what}: {:?}", start.elapsed());
    }
}

#[test]
fn any_cut_or_flipped_byte_is_survived() {
    let bytes = VISIT.as_bytes();
    for n in (0..bytes.len()).step_by(97) {
        assert!(read(&bytes[..n]).is_err(), "cut at {n}");
        let mut flipped = bytes.to_vec();
        flipped[n] ^= 0x15;
        if let Ok(sink) = read(&flipped) {
            check(&sink);
        }
    }
}

/// Every clinical document of the corpus, if there is one: read, harmless, and none of its narrative lost.
#[test]
fn corpus() {
    let Ok(corpus) = std::env::var("KEEPWELL_CORPUS") else { return };
    let mut files = Vec::new();
    for folder in ["ccda", "converter", "xdm"] {
        gather(&Path::new(&corpus).join(folder), &mut files);
    }
    let (mut documents, mut pieces) = (0, 0);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused = Vec::new();
    let mut lost = Vec::new();
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for file in &files {
        let bytes = std::fs::read(file).expect("a readable file");
        let sink = match read(&bytes) {
            Ok(sink) => sink,
            Err(e) => {
                if String::from_utf8_lossy(&bytes).contains("<ClinicalDocument") {
                    refused.push(format!("{}: {e}", file.display()));
                } else {
                    pieces += 1;
                }
                continue;
            }
        };
        documents += 1;
        check(&sink);
        let named = String::from_utf8_lossy(&bytes).contains("<patientRole") || bytes.contains(&0);
        assert_eq!(all(&sink, "Patient").len(), usize::from(named), "{}", file.display());
        assert_eq!(sink.found.iter().filter(|f| f.place.ends_with("/ClinicalDocument") && f.counted).count(), 1, "{}", file.display());
        for f in &sink.found {
            *kinds.entry(format!("{}{}", f.resource["resourceType"], if f.counted { "" } else { " (beside)" })).or_default() += 1;
        }
        for (_, what, why) in &sink.skipped {
            *left.entry(format!("{what}: {why}")).or_default() += 1;
        }
        lost.extend(narrative_lost(&bytes, &sink).map(|words| format!("{}: {words}", file.display())));
    }
    eprintln!("{documents} documents, {pieces} other files, records: {kinds:#?}\nskipped: {left:#?}\nrefused: {refused:#?}");
    assert!(lost.is_empty(), "narrative lost: {lost:#?}");
    assert!(documents > 0);
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|e| matches!(e.to_string_lossy().to_ascii_lowercase().as_str(), "xml" | "ccda" | "cda")) {
            files.push(path);
        }
    }
}

/// The words of the document's sections, in their order, that are not in what was made of them, in its order.
fn narrative_lost(bytes: &[u8], sink: &Collected) -> Option<String> {
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    let tree = roxmltree::Document::parse(text.trim_start_matches('\u{FEFF}')).ok()?;
    let mut kept = String::new();
    for document in all(sink, "Composition") {
        divs(&document["section"], &mut |div| kept.push_str(&(words_of(div) + " ")));
    }
    let mut kept = kept.split_whitespace();
    let narrative =
        |n: &roxmltree::Node| n.tag_name().name() == "text" && n.parent_element().is_some_and(|p| p.tag_name().name() == "section");
    let sections = tree.descendants().filter(narrative);
    let words = sections.flat_map(|s| s.descendants()).filter(roxmltree::Node::is_text).filter_map(|n| n.text());
    let missing: Vec<&str> = words.flat_map(str::split_whitespace).filter(|w| !kept.any(|k| k == *w)).take(8).collect();
    (!missing.is_empty()).then(|| missing.join(" "))
}
