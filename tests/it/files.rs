//! What files are, what archives hold, what documents say: from bytes to the records that readers hand over.

use super::files_made::pdf;
use super::hostile::{Case, Fate, Raw, Room, cases, gzip, zip};
use keepwell::import::archive::{self, Member};
use keepwell::import::documents::{self, Document};
use keepwell::import::limits::{check_xml, read_whole};
use keepwell::import::sink::Collected;
use keepwell::import::sniff::{Format, decode_xml, sniff, why_not};
use keepwell::import::worker::{Trouble, Worker};
use keepwell::import::{Limits, Origin, Sink};
use keepwell::record::{extracted_text, original_path};
use keepwell::{Error, Kind, Result};
use std::io::{Cursor, Read};
use std::time::{Duration, Instant};

pub(crate) fn worker() -> Worker {
    Worker::new(env!("CARGO_BIN_EXE_keepwell"))
}

/// Takes a file in as far as this room goes: told apart, unpacked, checked; documents become records. Data formats are
/// looked at with the checks that stand before their readers.
pub(crate) fn take(bytes: &[u8], name: &str) -> (Result<String>, Collected) {
    let (limits, mut sink) = (Limits::default(), Collected::default());
    let head = &bytes[..bytes.len().min(archive::HEAD)];
    let format = match sniff(head) {
        Format::Zip => archive::office(&mut Cursor::new(bytes), head, &limits).unwrap_or(Format::Zip),
        other => other,
    };
    let result = match format {
        Format::Zip | Format::Gzip => {
            let mut dispatch = |member: Member<'_>, sink: &mut dyn Sink| {
                let (path, about) = (member.path.to_owned(), member.about.cloned());
                let name = if path.is_empty() { name.to_owned() } else { member.name().to_owned() };
                let bytes = read_whole(member.input, &limits)?;
                let document = Document { format: member.format, bytes: &bytes, name: &name, path: Some(&path), about: about.as_ref() };
                one(&document, sink)
            };
            archive::read(&mut Cursor::new(bytes), format, &limits, &mut dispatch, &mut sink)
        }
        Format::Xml | Format::Empty | Format::Unknown(_) => Err(Error::refused(why_not(format, head))),
        _ => one(&Document { format, bytes, name, path: None, about: None }, &mut sink),
    };
    (result, sink)
}

fn one(document: &Document<'_>, sink: &mut dyn Sink) -> Result<String> {
    let limits = Limits::default();
    match document.format {
        Format::Ccda | Format::FhirXml => check_xml(&decode_xml(document.bytes).0, &limits)?,
        Format::FhirJson | Format::FhirNdjson => {}
        _ => documents::read(document, &worker(), &limits, sink)?,
    }
    Ok(document.format.slug().to_owned())
}

#[test]
fn hostile_files_are_refused_in_words_and_nothing_breaks() {
    let within = |text: &str, words: &[&str]| words.iter().any(|w| text.to_lowercase().contains(&w.to_lowercase()));
    for Case { name, room, bytes, fate, words } in cases() {
        if room == Room::Json {
            continue; // belongs to the reader of FHIR JSON; the import as a whole meets it
        }
        let started = Instant::now();
        let (result, sink) = take(&bytes, name);
        let error = result.as_ref().err().map(|e| (e.kind, e.words().to_owned()));
        let reasons: Vec<&String> = sink.skipped.iter().map(|(_, _, why)| why).collect();
        let warnings: Vec<&String> = sink.warnings.iter().map(|(_, why)| why).collect();
        let seen = format!("{name}: {error:?} skipped {reasons:?} warned {warnings:?}");
        eprintln!("{seen} ({} found, {:?})", sink.found.len(), started.elapsed());
        assert!(error.as_ref().is_none_or(|(kind, _)| matches!(kind, Kind::Refused | Kind::TooMuch)), "{seen}");
        match fate {
            Fate::Refused => assert!(error.is_some_and(|(_, e)| within(&e, words)), "{seen}"),
            Fate::LeftOut => assert!(error.is_none() && reasons.iter().any(|r| within(r, words)), "{seen}"),
            Fate::Kept => assert!(sink.found.len() == 1 && warnings.iter().any(|w| within(w, words)), "{seen}"),
            Fate::Survived => {}
        }
        if room == Room::Document {
            // Shown or not, but not without end and not by this process.
            let _ = worker().pdf_page(&bytes, 1, 800);
            let _ = worker().picture(&bytes, 800);
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{name} took {:?}", started.elapsed());
    }
}

#[test]
fn whatever_is_cut_off_is_survived() {
    let xdm = xdm();
    for cut in (0..xdm.len()).step_by(97) {
        let (result, _) = take(&xdm[..cut], "cut.zip");
        assert!(result.is_err(), "an archive cut at {cut} is not whole");
    }
    for at in (0..xdm.len()).step_by(53) {
        let mut odd = xdm.clone();
        odd[at] ^= 0x55;
        let (result, _) = take(&odd, "odd.zip");
        assert!(result.is_ok() || result.is_err_and(|e| e.kind != Kind::Internal), "a flipped byte at {at}");
    }
}

const CDA: &str = r#"<?xml version="1.0"?><?xml-stylesheet href="CDA.XSL"?><ClinicalDocument xmlns="urn:hl7-org:v3"><title>Summary</title></ClinicalDocument>"#;

const METADATA: &str = r#"<SubmitObjectsRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"><RegistryObjectList xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">
<ExtrinsicObject id="d1" mimeType="application/pdf"><Slot name="creationTime"><ValueList><Value>201903241011</Value></ValueList></Slot>
<Slot name="URI"><ValueList><Value>LETTER.PDF</Value></ValueList></Slot><Name><LocalizedString value="Letter from the eye clinic"/></Name>
<Classification classificationScheme="urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"><Slot name="authorPerson"><ValueList><Value>^Okafor^Ada^^^Dr</Value></ValueList></Slot></Classification>
<Classification classificationScheme="urn:uuid:f0306f51-975f-434e-a61c-c59651d33983" nodeRepresentation="51851-4"><Slot name="codingScheme"><ValueList><Value>2.16.840.1.113883.6.1</Value></ValueList></Slot><Name><LocalizedString value="Administrative note"/></Name></Classification>
</ExtrinsicObject></RegistryObjectList></SubmitObjectsRequest>"#;

/// What a portal hands out: a tree of documents with a viewer, packed on a Mac.
fn xdm() -> Vec<u8> {
    let letter = pdf(&["Your eyes are healthy."]);
    let png = png(20, 10);
    let scan = zip(&[Raw::packed("DOC/scan.png", &png), Raw::new("note.txt.gz", &gzip(b"A note in gzip."))]);
    zip(&[
        Raw::new("INDEX.HTM", b"<html><body>Open me</body></html>"),
        Raw::new("README.TXT", b"This is a record."),
        Raw::new("IHE_XDM/", b""),
        Raw::new("IHE_XDM/SUBSET01/", b""),
        Raw::new("IHE_XDM/SUBSET01/METADATA.XML", METADATA.as_bytes()),
        Raw::packed("IHE_XDM/SUBSET01/DOC0001.XML", CDA.as_bytes()),
        Raw::packed("IHE_XDM/SUBSET01/LETTER.PDF", &letter),
        Raw::new("IHE_XDM/SUBSET01/CDA.XSL", br#"<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>"#),
        Raw::new("IHE_XDM/SUBSET01/.DS_Store", b"\0\0\0\x01Bud1"),
        Raw::new("__MACOSX/IHE_XDM/._DOC0001.XML", b"\0\x05\x16\x07"),
        Raw::new("HTML/IMAGES/logo.png", &png),
        Raw::new("HTML/STYLE/lucy.css", b"body { color: black }"),
        Raw::new("HTML/viewer.js", b"window.open()"),
        Raw::new("AUTORUN.EXE", b"MZ\x90\0\x03\0\0\0"),
        Raw::new("IHE_XDM/SUBSET01/XRAY.DCM", &[vec![0; 128], b"DICM".to_vec()].concat()),
        Raw::new("IHE_XDM/SUBSET01/EMPTY.XML", b""),
        Raw::new("more.zip", &scan),
        Raw::packed("older.zip", &zip(&[Raw::new("letter.rtf", br"{\rtf1 An old letter.}")])),
    ])
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([200, 30, 30])).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

#[test]
fn a_portal_download_gives_its_documents_and_names_its_junk() {
    let bytes = xdm();
    let mut seen = Vec::new();
    let (limits, mut sink) = (Limits::default(), Collected::default());
    let mut dispatch = |member: Member<'_>, sink: &mut dyn Sink| {
        seen.push((member.path.to_owned(), member.format, member.about.and_then(|a| a.title.clone())));
        let (path, name, about) = (member.path.to_owned(), member.name().to_owned(), member.about.cloned());
        let bytes = read_whole(member.input, &limits)?;
        one(&Document { format: member.format, bytes: &bytes, name: &name, path: Some(&path), about: about.as_ref() }, sink)
    };
    let format = archive::read(&mut Cursor::new(&bytes), Format::Zip, &limits, &mut dispatch, &mut sink).unwrap();
    assert_eq!(format, "xdm");
    let expected = [
        ("IHE_XDM/SUBSET01/DOC0001.XML", Format::Ccda, None),
        ("IHE_XDM/SUBSET01/LETTER.PDF", Format::Pdf, Some("Letter from the eye clinic")),
        ("more.zip!/DOC/scan.png", Format::Image("image/png"), None),
        ("more.zip!/note.txt.gz", Format::Text, None),
        ("older.zip!/letter.rtf", Format::Rtf, None),
    ];
    let expected: Vec<_> = expected.map(|(p, f, t)| (p.to_owned(), f, t.map(str::to_owned))).into();
    assert_eq!(seen, expected);
    assert_eq!(sink.skipped.len(), 1, "{:?}", sink.skipped);
    assert_eq!(sink.skipped[0].0, "IHE_XDM/SUBSET01/XRAY.DCM");
    assert!(sink.skipped[0].2.contains("a DICOM image"));
    let warned: Vec<&str> = sink.warnings.iter().map(|(place, _)| place.as_str()).collect();
    let junk = [
        "INDEX.HTM",
        "README.TXT",
        "IHE_XDM/SUBSET01/CDA.XSL",
        "IHE_XDM/SUBSET01/.DS_Store",
        "__MACOSX/IHE_XDM/._DOC0001.XML",
        "HTML/IMAGES/logo.png",
        "HTML/STYLE/lucy.css",
        "HTML/viewer.js",
        "AUTORUN.EXE",
        "IHE_XDM/SUBSET01/EMPTY.XML",
    ];
    assert_eq!(warned, junk);
    let letter = &sink.found[0];
    assert_eq!(letter.place, "IHE_XDM/SUBSET01/LETTER.PDF: document");
    let at = |path: &str| letter.resource.pointer(path).and_then(|v| v.as_str()).unwrap_or("").to_owned();
    assert_eq!(at("/description"), "Letter from the eye clinic");
    assert_eq!(at("/type/coding/0/code"), "51851-4");
    assert_eq!(at("/type/coding/0/system"), "http://loinc.org");
    assert_eq!(at("/author/0/display"), "Dr Ada Okafor");
    assert_eq!(at("/content/0/attachment/creation"), "2019-03-24T10:11:00Z");
    assert_eq!(at("/content/0/attachment/contentType"), "application/pdf");
    for found in &sink.found {
        let url = found.resource.pointer("/content/0/attachment/url").and_then(|v| v.as_str()).unwrap();
        let path = original_path(url).unwrap().unwrap();
        let again = archive::extract(&mut Cursor::new(&bytes), &path, &limits).unwrap();
        let size = found.resource.pointer("/content/0/attachment/size").and_then(serde_json::Value::as_u64);
        assert_eq!(Some(again.len() as u64), size, "{path}");
    }
    let missing = archive::extract(&mut Cursor::new(&bytes), "more.zip!/nothing", &limits).unwrap_err();
    assert_eq!(missing.kind, Kind::NotFound);
}

#[test]
fn a_gzip_file_is_what_it_holds() {
    let (result, sink) = take(&gzip(b"Dear Nora, all is well."), "letter.txt.gz");
    assert_eq!(result.unwrap(), "text");
    assert_eq!(sink.found[0].place, "document");
    assert_eq!(sink.found[0].resource["description"], "letter");
    let (result, sink) = take(&gzip(&xdm()), "records.zip.gz");
    assert_eq!((result.unwrap().as_str(), sink.found.len()), ("xdm", 4));
}

#[test]
fn what_the_sink_says_ends_the_walk() {
    struct Stops;
    impl Sink for Stops {
        fn found(&mut self, _: keepwell::import::Found) -> Result<()> {
            Err(Error::refused("These are somebody else's records."))
        }
        fn skip(&mut self, _: &str, _: &str, _: &str) -> Result<()> {
            Ok(())
        }
        fn warn(&mut self, _: &str, _: &str) {}
    }
    let mut dispatch = |member: Member<'_>, sink: &mut dyn Sink| {
        let bytes = read_whole(member.input, &Limits::default())?;
        one(&Document { format: member.format, bytes: &bytes, name: "x", path: Some("x"), about: None }, sink)
    };
    let result = archive::read(&mut Cursor::new(xdm()), Format::Zip, &Limits::default(), &mut dispatch, &mut Stops);
    assert!(result.unwrap_err().words().contains("somebody else"));
}

#[test]
fn a_broken_disk_is_not_a_damaged_archive() {
    struct Failing(Cursor<Vec<u8>>, u32);
    impl Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            self.1 = self.1.checked_sub(1).ok_or_else(|| std::io::Error::other("disk"))?;
            let most = out.len().min(256);
            self.0.read(&mut out[..most])
        }
    }
    impl std::io::Seek for Failing {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.0.seek(to)
        }
    }
    let mut dispatch = |member: Member<'_>, _: &mut dyn Sink| {
        read_whole(member.input, &Limits::default())?;
        Ok(String::new())
    };
    let (mut failed, mut reads) = (0, 0);
    loop {
        let mut input = Failing(Cursor::new(xdm()), reads);
        match archive::read(&mut input, Format::Zip, &Limits::default(), &mut dispatch, &mut Collected::default()) {
            Ok(_) => break,
            Err(e) => {
                assert_eq!(e.kind, Kind::Internal, "after {reads} reads: {e}");
                failed += 1;
            }
        }
        reads += 1;
    }
    assert!(failed > 20, "{failed}");
}

#[test]
fn a_pdf_gives_text_date_and_pages() {
    let bytes = pdf(&["Take one tablet a day.", "Page two: come back in June."]);
    let (result, sink) = take(&bytes, "scans/Discharge letter.pdf");
    assert_eq!((result.unwrap().as_str(), sink.warnings.len()), ("pdf", 0));
    let found = &sink.found[0];
    assert_eq!(found.resource["description"], "Discharge letter");
    assert_eq!(found.resource["content"][0]["attachment"]["creation"], "2019-03-24");
    assert_eq!(found.resource["content"][0]["attachment"]["url"], "urn:keepwell:original");
    assert!(found.resource.get("date").is_none() && found.resource.get("type").is_none());
    let text = extracted_text(&found.resource).unwrap();
    assert!(text.contains("Take one tablet a day.") && text.contains("come back in June."), "{text}");
    let (_, again) = take(&bytes, "copy of it.pdf");
    assert_eq!(again.found[0].origin, found.origin);
    assert!(matches!(&found.origin, Origin::Document { document, .. } if document.len() == 7 + 64));

    let info = worker().pdf_info(&bytes).unwrap();
    assert_eq!((info.pages, info.title.as_deref()), (2, Some("Discharge letter")));
    let page = image::load_from_memory(&worker().pdf_page(&bytes, 2, 600).unwrap()).unwrap().into_rgb8();
    assert!((599..=600).contains(&page.width()) && page.height() > 800);
    let ink = page.pixels().filter(|p| p.0.iter().all(|c| *c < 100)).count();
    assert!(ink > 500, "letters were drawn: {ink}");
    assert_eq!(worker().pdf_page(&bytes, 3, 600), Err(Trouble::NoSuchPage));
    assert_eq!(worker().pdf_page(&bytes, 0, 600), Err(Trouble::NoSuchPage));
}

#[test]
fn a_locked_pdf_is_kept_and_said_to_be_locked() {
    use pdf_extract::{Document as Pdf, EncryptionState, EncryptionVersion, Object, Permissions, StringFormat};
    let mut document = Pdf::load_mem(&pdf(&["Not for everyone."])).unwrap();
    let id = || Object::String(b"0123456789abcdef".to_vec(), StringFormat::Literal);
    document.trailer.set("ID", Object::Array(vec![id(), id()]));
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: "user",
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    let (result, sink) = take(&bytes, "locked.pdf");
    assert_eq!((result.unwrap().as_str(), sink.found.len()), ("pdf", 1));
    assert!(sink.warnings[0].1.contains("locked with a password"), "{:?}", sink.warnings);
    assert_eq!(worker().pdf_page(&bytes, 1, 600), Err(Trouble::Locked));
}

#[test]
fn pictures_are_shown_upright_and_without_metadata() {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x69\x87\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0".to_vec();
    exif.extend(b"\x01\0\x03\x90\x02\0\x14\0\0\0\x38\0\0\0\0\0\0\0");
    exif.extend(b"2019:03:24 10:11:12\0");
    let mut jpeg = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(400, 200, image::Rgb([10, 120, 10])).write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let mut bytes = jpeg.into_inner();
    let segment = [&[0xff, 0xe1], ((exif.len() + 2) as u16).to_be_bytes().as_slice(), &exif].concat();
    bytes.splice(2..2, segment);
    let (result, sink) = take(&bytes, "rash.jpg");
    assert_eq!((result.unwrap().as_str(), sink.warnings.len()), ("image", 0));
    assert_eq!(sink.found[0].resource["content"][0]["attachment"]["creation"], "2019-03-24");
    let preview = worker().picture(&bytes, 100).unwrap();
    assert!(preview.starts_with(b"\xff\xd8") && !preview.windows(4).any(|w| w == b"Exif"));
    let shown = image::load_from_memory(&preview).unwrap();
    assert_eq!((shown.width(), shown.height()), (50, 100), "turned upright");
    assert!(worker().picture(&png(3000, 20), 1000).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_reader_that_takes_too_long_is_ended() {
    let started = Instant::now();
    let slow = worker().with_patience(Duration::ZERO).pdf_text(&pdf(&["x"]));
    assert_eq!(slow, Err(Trouble::TooMuch));
    assert!(started.elapsed() < Duration::from_secs(5));
    let missing = Worker::new("/nonexistent/keepwell").pdf_text(&pdf(&["x"]));
    assert_eq!(missing, Err(Trouble::Unreadable));
}

#[test]
fn letters_of_every_kind_are_kept_with_their_text() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/documents");
    for (name, slug, words) in [
        ("eye-clinic.rtf", "rtf", "Herr Möller, your eye pressure was 18 mmHg"),
        ("discharge.html", "html", "Metoprolol\t\t47.5 mg\t\tonce a day"),
        ("travel-advice.txt", "text", "Impfungen für die Reise: Hepatitis A"),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let (result, sink) = take(&bytes, name);
        assert_eq!((result.unwrap().as_str(), sink.warnings.len(), sink.skipped.len()), (slug, 0, 0), "{name}");
        let text = extracted_text(&sink.found[0].resource).unwrap();
        assert!(text.contains(words), "{name}: {text}");
        let shown = documents::as_html(sniff(&bytes), &bytes).unwrap();
        assert!(!shown.contains("script") && !shown.contains("tracker"), "{name}: {shown}");
    }
}

#[test]
fn letters_are_shown_harmless() {
    let html = b"<html><body><script>alert(1)</script><h1>Visit</h1><img src='https://evil.example/x.png'></body></html>";
    assert_eq!(documents::as_html(Format::Html, html).unwrap().trim(), "<h1>Visit</h1><img>");
    assert_eq!(documents::as_html(Format::Rtf, br"{\rtf1 One\par <b>two</b>}").unwrap(), "<p>One<br>\n&lt;b&gt;two&lt;/b&gt;</p>\n");
    assert_eq!(documents::as_html(Format::Text, b"Gr\xfc\xdfe").unwrap(), "<p>Grüße</p>\n");
    assert_eq!(documents::as_html(Format::Pdf, b"%PDF"), None);
    let (_, sink) = take(b"<html><body><p>Blood <b>pressure</b></p></body></html>", "note.html");
    assert_eq!(extracted_text(&sink.found[0].resource).as_deref(), Some("Blood pressure"));
}
