//! Files that are kept though they cannot be shown: pictures of newer kinds, office documents. And papers of an archive about
//! somebody else.

use crate::export_world::World;
use crate::files_made::pdf;
use crate::hostile::{Raw, zip};
use keepwell::import::pipeline::Accept;
use keepwell::record::{extracted_text, text_at};
use keepwell::vault::Query;
use serde_json::Value;

fn world() -> World {
    World::new("Ruth Carver", "1954-03-14", "female")
}

fn documents(world: &World) -> Vec<Value> {
    let mut out = Vec::new();
    let query = Query { types: vec!["DocumentReference".into()], ..Query::default() };
    world
        .chart
        .each(&query, &mut |row| {
            out.push(row.resource());
            Ok(())
        })
        .expect("the records");
    out
}

fn brand(kind: &str) -> Vec<u8> {
    [b"\0\0\0\x18ftyp", kind.as_bytes(), &[0; 40]].concat()
}

fn docx() -> Vec<u8> {
    let body = "<w:document xmlns:w='urn:w'><w:body><w:p><w:r><w:t>Knee &amp; hip:</w:t></w:r><w:r><w:tab/><w:t>caf\u{e9} visit</w:t></w:r></w:p>\
                <w:p><w:r><w:t>Second line</w:t></w:r></w:p></w:body></w:document>";
    let core = "<cp:coreProperties xmlns:cp='urn:c' xmlns:dcterms='urn:d'><dcterms:created>2019-05-04T10:00:00Z</dcterms:created></cp:coreProperties>";
    zip(&[
        Raw::new("[Content_Types].xml", b"<Types/>"),
        Raw::packed("word/document.xml", body.as_bytes()),
        Raw::packed("docProps/core.xml", core.as_bytes()),
    ])
}

fn odt() -> Vec<u8> {
    let content = "<office:document-content xmlns:office='urn:o' xmlns:text='urn:t'><text:p>Ein Brief<text:s/>aus der Praxis</text:p></office:document-content>";
    zip(&[
        Raw::new("mimetype", b"application/vnd.oasis.opendocument.text"),
        Raw::packed("content.xml", content.as_bytes()),
        Raw::packed("META-INF/manifest.xml", b"<manifest/>"),
    ])
}

#[test]
fn they_are_documents_with_their_words_and_can_be_had_back() {
    let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let cases = [
        ("photo.heic", brand("heic"), "image/heic", "image", ""),
        ("scan.avif", brand("avif"), "image/avif", "image", ""),
        ("Letter.docx", docx(), word, "document", "Knee & hip: caf\u{e9} visit\nSecond line"),
        ("brief.odt", odt(), "application/vnd.oasis.opendocument.text", "document", "Ein Brief aus der Praxis"),
        ("old.doc", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), vec![0; 600]].concat(), "application/x-ole-storage", "document", ""),
        ("plan.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>".to_vec(), "image/svg+xml", "document", ""),
    ];
    for (name, bytes, media, format, text) in cases {
        let world = world();
        let report = world.import(name, &bytes);
        assert_eq!((report.error.as_deref(), report.found, report.stored, report.format.as_str()), (None, 1, 1, format), "{name}");
        assert!(report.warnings.iter().any(|w| w.why.contains("kept as it came")), "{name}: {:?}", report.warnings);
        let all = documents(&world);
        let one = all.first().expect(name);
        assert_eq!(text_at(one, "content.attachment.contentType").as_deref(), Some(media), "{name}");
        assert_eq!(text_at(one, "description").as_deref(), name.split('.').next());
        assert_eq!(extracted_text(one).unwrap_or_default(), text, "{name}");
        let again = world.import(name, &bytes);
        assert_eq!((again.stored, again.duplicates), (0, 1), "{name}");
    }
}

#[test]
fn in_an_archive_they_are_kept_whole() {
    let (word, text) = (docx(), odt());
    let archive = zip(&[Raw::new("a/letter.docx", &word), Raw::packed("b/brief.odt", &text), Raw::new("c/photo.heic", &brand("mif1"))]);
    let world = world();
    let report = world.import("all.zip", &archive);
    assert_eq!((report.error.as_deref(), report.found, report.stored), (None, 3, 3), "{report:?}");
    let made: Vec<_> = documents(&world).iter().filter_map(|d| text_at(d, "content.attachment.creation")).collect();
    assert_eq!(made, ["2019-05-04"]);
}

fn xdm(name: &str, born: &str) -> Vec<u8> {
    let metadata = format!(
        "<SubmitObjectsRequest xmlns='urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0'><ExtrinsicObject mimeType='application/pdf'>\
         <Slot name='URI'><ValueList><Value>LETTER.PDF</Value></ValueList></Slot><Slot name='sourcePatientInfo'><ValueList>\
         <Value>PID-3|77^^^&amp;1.2.3&amp;ISO</Value><Value>PID-5|{name}</Value><Value>PID-7|{born}</Value><Value>PID-8|F</Value>\
         </ValueList></Slot></ExtrinsicObject></SubmitObjectsRequest>"
    );
    let letter = pdf(&[&format!("Dear {name}, your eyes are healthy.")]);
    zip(&[Raw::new("IHE_XDM/S/METADATA.XML", metadata.as_bytes()), Raw::packed("IHE_XDM/S/LETTER.PDF", &letter)])
}

#[test]
fn a_letter_in_somebody_elses_archive_is_refused() {
    let world = world();
    for (name, born) in [("Carver^Rita", "19540314"), ("Carver^Ruth", "19550314"), ("Quill^Walter", "")] {
        let report = world.import("other.zip", &xdm(name, born));
        assert!(report.wrong_person && report.error.is_some_and(|e| e.contains("This chart is that of Ruth Carver")), "{name}");
    }
    assert!(documents(&world).is_empty());
    let own = world.import("own.zip", &xdm("CARVER^RUTH^A", "19540314"));
    assert_eq!((own.error.as_deref(), own.stored), (None, 1));
    assert_eq!(text_at(&documents(&world)[0], "subject.display").as_deref(), Some("RUTH A CARVER"));
    let accepted = world.import_as("other.zip", &xdm("Quill^Walter", "19510602"), Some(Accept::Anyone));
    assert!(accepted.error.is_none() && accepted.identity_accepted && accepted.stored == 1, "{accepted:?}");
}
