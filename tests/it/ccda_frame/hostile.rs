//! Odd files that are read, and hostile ones that are refused or cost no more than their share.

use super::{UNSTRUCTURED, VISIT, check, one, read};
use keepwell::Kind;
use keepwell::import::sink::Collected;
use keepwell::import::{Limits, ccda};

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
