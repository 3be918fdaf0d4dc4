//! The same document as other systems would write it: another encoding, other namespaces, no ids, statements without their
//! entries. Each says what the first one said.

use keepwell::import::sink::Collected;
use keepwell::import::{Limits, ccda};
use roxmltree::{Document, Node};

const FIXTURES: [(&str, &str); 3] = [
    ("core", include_str!("../data/ccda/entries-core.xml")),
    ("more", include_str!("../data/ccda/entries-more.xml")),
    ("negations", include_str!("../data/ccda/entries-negations.xml")),
];

/// What was found, as far as it does not depend on how it was written.
fn read(bytes: &[u8]) -> Result<(Vec<String>, usize), String> {
    let mut sink = Collected::default();
    ccda::read(bytes, "file.xml", &Limits::default(), &mut sink).map_err(|e| e.words().to_owned())?;
    let says = ["resourceType", "status", "code", "clinicalStatus", "verificationStatus", "valueQuantity", "valueCodeableConcept"];
    let says = says.iter().chain(&["medicationCodeableConcept", "vaccineCode", "onsetDateTime", "effectiveDateTime", "dosage"]);
    let of = |found: &keepwell::import::Found| {
        let parts = says.clone().map(|key| found.resource.get(key).map(ToString::to_string).unwrap_or_default());
        parts.collect::<Vec<_>>().join(" ")
    };
    Ok((sink.found.iter().map(of).collect(), sink.skipped.len()))
}

/// The text without the parts that `out` names.
fn without(text: &str, out: impl Fn(Node<'_, '_>) -> Vec<std::ops::Range<usize>>) -> String {
    let tree = Document::parse(text).expect("XML");
    let mut ranges: Vec<_> = tree.descendants().filter(Node::is_element).flat_map(out).collect();
    ranges.sort_by_key(|r| std::cmp::Reverse(r.start));
    let mut text = text.to_owned();
    ranges.into_iter().for_each(|r| text.replace_range(r, ""));
    text
}

fn named(node: Node<'_, '_>, name: &str) -> bool {
    node.tag_name().name() == name
}

fn body(text: &str) -> &str {
    text.split_once("?>").map_or(text, |(_, rest)| rest)
}

fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let marked = format!("{}{text}", if mark { "\u{feff}" } else { "" });
    marked.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
}

/// `<p:name` for `<name`, and the namespace declared for that prefix.
fn prefixed(text: &str) -> String {
    let mut out = String::new();
    for (n, part) in body(text).split('<').enumerate() {
        let (slash, rest) = part.strip_prefix('/').map_or(("", part), |rest| ("/", rest));
        let plain = rest.starts_with(|c: char| c.is_ascii_alphabetic()) && !rest.split([' ', '>', '/']).next().unwrap_or("").contains(':');
        match (n, plain) {
            (0, _) => out.push_str(part),
            (_, true) => out.push_str(&format!("<{slash}p:{rest}")),
            (_, false) => out.push_str(&format!("<{part}")),
        }
    }
    out.replace("xmlns=\"urn:hl7-org:v3\"", "xmlns:p=\"urn:hl7-org:v3\"")
}

fn ways(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let of = |name, text: String| (name, text.into_bytes());
    let declared = |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{}", body(text));
    let latin = |encoding| encoding_rs::WINDOWS_1252.encode(&declared(encoding)).0.into_owned();
    vec![
        of("a byte order mark", format!("\u{feff}{text}")),
        of("two of them", format!("\u{feff}\u{feff}{text}")),
        of("no declaration", body(text).trim_start().to_owned()),
        of("space before it", format!("\n \n{text}")),
        ("UTF-16", utf16(&declared("UTF-16"), false, true)),
        ("UTF-16, big end first", utf16(&declared("UTF-16"), true, true)),
        ("UTF-16 without a mark", utf16(&declared("UTF-16"), false, false)),
        ("UTF-16 that says UTF-8", utf16(&declared("UTF-8"), false, true)),
        of("UTF-8 that says UTF-16", declared("UTF-16")),
        ("Windows-1252", latin("windows-1252")),
        ("Windows-1252 that says UTF-8", latin("UTF-8")),
        of("no namespace", text.replace(" xmlns=\"urn:hl7-org:v3\"", "")),
        of("a wrong namespace", text.replace("urn:hl7-org:v3", "urn:hl7-org:V3/cda")),
        of("no xsi declared", text.replace(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"", "")),
        of("no sdtc declared", text.replace(" xmlns:sdtc=\"urn:hl7-org:sdtc\"", "")),
        of("prefixes everywhere", prefixed(text)),
        of("notes and instructions", text.replace("<entry>", "<!-- x --><?x y?><entry><!-- z -->")),
        of("other line ends", text.replace('\n', "\r\n")),
        of("a stylesheet", format!("<?xml version=\"1.0\"?><?xml-stylesheet type=\"text/xsl\" href=\"CDA.xsl\"?>{}", body(text))),
        of("rest of a buffer", format!("{text}\n\0\0\u{1a}")),
        of("a control character", text.replacen("</title>", " \u{1}</title>", 1)),
        of("a bare ampersand", text.replacen("</title>", " & so on</title>", 1)),
        of("characters by their HTML names", text.replacen("</title>", " &eacute;&nbsp;&le;</title>", 1)),
        of(
            "no ids",
            without(
                text,
                |n| if named(n, "id") && n.parent().is_some_and(|p| !named(p, "patientRole")) { vec![n.range()] } else { vec![] },
            ),
        ),
        of("templates without their versions", {
            without(text, |n| {
                if named(n, "templateId") { n.attribute_node("extension").map(|a| a.range()).into_iter().collect() } else { vec![] }
            })
        }),
        of("statements without entries", text.replace("<entry>", "").replace("</entry>", "")),
        of("a section around all sections", {
            let open = text.replacen("<structuredBody>", "<structuredBody><component><section><title>All</title>", 1);
            open.replacen("</structuredBody>", "</section></component></structuredBody>", 1)
        }),
    ]
}

#[test]
fn however_it_is_written_it_says_the_same() {
    let mut wrong = Vec::new();
    for (name, text) in FIXTURES {
        let expected = read(text.as_bytes()).expect("the document as it is");
        for (way, bytes) in ways(text) {
            match read(&bytes) {
                Err(words) => wrong.push(format!("{name}, {way}: {words}")),
                Ok(found) if found.1 != expected.1 || found.0.len() != expected.0.len() => {
                    wrong.push(format!("{name}, {way}: {} found, {} listed", found.0.len(), found.1));
                }
                Ok(found) => {
                    // The order may differ where records are made beside others.
                    let (mut a, mut b) = (expected.0.clone(), found.0);
                    a.sort();
                    b.sort();
                    wrong.extend(a.iter().zip(&b).find(|(a, b)| a != b).map(|(a, b)| format!("{name}, {way}:\n  {a}\n  {b}")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
