//! Files made to do harm, or broken in transit. All are made here, by code; every test that takes files in runs the same
//! table: the readers by themselves, the import as a whole, the upload page.

use super::files_made;
use std::io::Write;

/// What must become of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The whole file is refused, and the words say why.
    Refused,
    /// What is harmful in it is left out and listed, with these words.
    LeftOut,
    /// Kept as a document, with these words as a warning.
    Kept,
    /// Anything but a panic: taken, left out or refused.
    Survived,
}

/// Who meets the case first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// What tells formats.
    Sniff,
    /// What unpacks.
    Archive,
    /// Readers of XML.
    Xml,
    /// Readers of FHIR JSON.
    Json,
    /// Readers of documents.
    Document,
}

/// One hostile file.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) room: Room,
    pub(crate) bytes: Vec<u8>,
    pub(crate) fate: Fate,
    /// At least one of these stands in the error, the reason or the warning. Without regard to case.
    pub(crate) words: &'static [&'static str],
}

/// Every case.
pub(crate) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    let mut add = |room, name, fate, words, bytes| all.push(Case { name, room, bytes, fate, words });
    broken_files(&mut add);
    archives(&mut add);
    markup(&mut add);
    documents(&mut add);
    all
}

type Add<'a> = &'a mut dyn FnMut(Room, &'static str, Fate, &'static [&'static str], Vec<u8>);

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p1","name":[{"family":"Vale","given":["Nora"]}],"birthDate":"1951-04-12"}"#;

/// Bytes without a pattern, always the same.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut x = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn broken_files(add: Add<'_>) {
    use Fate::Refused;
    add(Room::Sniff, "nothing at all", Refused, &["empty"], Vec::new());
    add(Room::Sniff, "white space", Refused, &["empty"], b" \n\t\r\n".to_vec());
    add(Room::Sniff, "noise", Refused, &["does not know"], noise(100_000));
    add(Room::Sniff, "NUL bytes in text", Refused, &["does not know"], b"Dear Nora,\0\0 all well".to_vec());
    add(Room::Sniff, "a program", Refused, &["program"], [b"\x7fELF\x02\x01\x01".to_vec(), vec![0; 500]].concat());
    add(Room::Sniff, "a DICOM image", Refused, &["DICOM"], [vec![0; 128], b"DICM\x02\0\0\0UL\x04\0".to_vec()].concat());
    add(Room::Sniff, "a hospital message", Refused, &["HL7 v2"], b"MSH|^~\\&|LAB|X|||20200101||ORU^R01|1|P|2.5\r".to_vec());
    add(Room::Sniff, "a locked file", Refused, &["locked"], b"age-encryption.org/v1\n-> X25519 abc\n".to_vec());
    add(Room::Sniff, "XML of another kind", Refused, &["inventory"], b"<?xml version='1.0'?><inventory><x/></inventory>".to_vec());
}

fn archives(add: Add<'_>) {
    use Fate::{Kept, LeftOut, Refused, Survived};
    use Room::Archive;
    let good = || Raw::new("patient.json", PATIENT.as_bytes());
    let whole = zip(&[good(), Raw::new("letter.txt", b"All is well.")]);
    add(Archive, "zip signature before noise", Refused, &["not complete"], [b"PK\x03\x04".to_vec(), noise(5000)].concat());
    add(Archive, "zip cut in half", Refused, &["not complete"], whole[..whole.len() / 2].to_vec());
    add(Archive, "zip without its last byte", Refused, &["not complete"], whole[..whole.len() - 1].to_vec());
    add(Archive, "zip slip", LeftOut, &["outside"], zip(&[good(), Raw::new("../../../etc/cron.d/x", b"* * * * * root true")]));
    add(Archive, "zip slip by backslashes", LeftOut, &["outside"], zip(&[good(), Raw::new("a\\..\\..\\x.txt", b"hello")]));
    add(Archive, "absolute names", Survived, &[], zip(&[good(), Raw::new("/etc/passwd", b"root"), Raw::new("C:\\x.txt", b"x")]));
    add(Archive, "a name full of control characters", Survived, &[], zip(&[good(), Raw::new("a\x1b[2J\r\n\0b.txt", b"x")]));
    add(Archive, "a link", Survived, &[], zip(&[good(), Raw { mode: 0o120_777, ..Raw::new("link", b"/etc/passwd") }]));
    add(Archive, "bomb by ratio", LeftOut, &["times its size"], zip(&[good(), Raw::packed("big.txt", &vec![b'a'; 50 << 20])]));
    let lying = Raw { stated: Some(40), ..Raw::packed("small.txt", &vec![b'a'; 50 << 20]) };
    add(Archive, "bomb that lies about its size", LeftOut, &["times its size", "damaged"], zip(&[good(), lying]));
    let huge = |n: usize| Raw { stated: Some(u32::MAX - 1), ..Raw::new(["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"][n], b"x") };
    add(Archive, "bomb by stated sizes", Refused, &["larger than"], zip(&(0..5).map(huge).collect::<Vec<_>>()));
    add(Archive, "bomb by overlap", Refused, &["on top of each other"], overlapping(200));
    add(Archive, "more entries than allowed", Refused, &["more than", "longer than"], overlapping(120_000));
    add(Archive, "a list of contents without end", Refused, &["not complete", "longer than", "more than"], two_ends());
    let mut nested = zip(&[good()]);
    for _ in 0..12 {
        nested = zip(&[Raw::packed("inner.zip", &nested)]);
    }
    add(Archive, "archives twelve deep", LeftOut, &["too many archives"], nested);
    let fan = zip(&[Raw::packed("a.txt", &vec![b'a'; 100_000])]);
    let fan = zip(&(0..20).map(|n| Raw::packed(["a", "b", "c", "d"][n % 4], &fan)).collect::<Vec<_>>());
    add(Archive, "the same names many times", Survived, &[], fan);
    let locked = |name| Raw { flags: 1, ..Raw::new(name, b"0123456789ab not readable") };
    add(Archive, "a locked archive", Refused, &["password"], zip(&[locked("a.xml"), locked("b.pdf")]));
    add(Archive, "one locked entry", LeftOut, &["password"], zip(&[good(), locked("b.pdf")]));
    let wrong = Raw { crc: Some(7), ..Raw::new("letter.txt", b"All is well.") };
    add(Archive, "a damaged entry", LeftOut, &["damaged"], zip(&[good(), wrong]));
    let strange = Raw { method: 14, ..Raw::new("letter.txt", b"xxxxxxxxxx") };
    add(Archive, "an unknown way of packing", LeftOut, &["cannot unpack"], zip(&[good(), strange]));
    let outside = Raw { offset: Some(1 << 30), ..Raw::new("letter.txt", b"x") };
    add(Archive, "an entry beyond the end", LeftOut, &["damaged"], zip(&[good(), outside]));
    let word = zip(&[Raw::new("[Content_Types].xml", b"<Types/>"), Raw::new("word/document.xml", b"<w/>")]);
    add(Archive, "a Word document", Kept, &["Microsoft Word"], word);
    let spaces = vec![b' '; 64 << 20];
    let endless = zip(&[Raw::new("[Content_Types].xml", b"<Types/>"), Raw::packed("word/document.xml", &spaces)]);
    add(Archive, "a Word document that unpacks without end", Kept, &["Microsoft Word"], endless);
    add(
        Archive,
        "a broken table of contents",
        Survived,
        &[],
        zip(&[
            Raw::new("IHE_XDM/SUBSET01/METADATA.XML", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;"),
            Raw::new("IHE_XDM/SUBSET01/NOTE.TXT", b"All is well."),
        ]),
    );
    add(Archive, "gzip bomb", Refused, &["times its size"], gzip(&vec![b'a'; 50 << 20]));
    let mut cut = gzip(PATIENT.repeat(50).as_bytes());
    cut.truncate(cut.len() / 2);
    add(Archive, "gzip cut in half", Refused, &["incomplete", "damaged", "cut"], cut);
    add(Archive, "gzip within gzip", Refused, &["gzip within gzip"], gzip(&gzip(PATIENT.as_bytes())));
    add(Archive, "gzip before noise", Refused, &["damaged"], [b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), noise(2000)].concat());
}

fn markup(add: Add<'_>) {
    use Fate::{Refused, Survived};
    let cda = |inner: &str| format!("<ClinicalDocument xmlns=\"urn:hl7-org:v3\">{inner}</ClinicalDocument>").into_bytes();
    let mut laughs = String::from("<?xml version=\"1.0\"?><!DOCTYPE ClinicalDocument [<!ENTITY a0 \"ha\">");
    for n in 1..10 {
        laughs.push_str(&format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10)));
    }
    laughs.push_str("]><ClinicalDocument xmlns=\"urn:hl7-org:v3\"><title>&a9;</title></ClinicalDocument>");
    add(Room::Xml, "a billion laughs", Refused, &["DTD"], laughs.into_bytes());
    let outside = "<!DOCTYPE ClinicalDocument SYSTEM \"file:///etc/passwd\"><ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>";
    add(Room::Xml, "an external document type", Refused, &["DTD"], outside.into());
    let entity =
        "<!DOCTYPE Patient [<!ENTITY x SYSTEM \"http://127.0.0.1/\">]><Patient xmlns=\"http://hl7.org/fhir\"><id value=\"&x;\"/></Patient>";
    add(Room::Xml, "an external entity", Refused, &["DTD"], entity.into());
    let deep = format!("{}{}", "<component>".repeat(100_000), "</component>".repeat(100_000));
    add(Room::Xml, "XML 100,000 deep", Refused, &["levels deep", "nested deeper"], cda(&deep));
    let deep = format!("<Bundle xmlns=\"http://hl7.org/fhir\">{}", "<entry>".repeat(100_000));
    add(Room::Xml, "FHIR XML 100,000 deep", Refused, &["levels deep", "nested deeper"], deep.into());
    let wide: String = (0..100_000).map(|n| format!(" a{n}=\"\"")).collect();
    add(Room::Xml, "100,000 attributes", Refused, &["attributes"], cda(&format!("<id{wide}/>")));
    add(Room::Xml, "XML cut short", Refused, &["damaged", "well-formed", "incomplete", "cut", "complete"], {
        let mut bytes = cda("<title>Visit</title><component><structuredBody>");
        bytes.truncate(bytes.len() - 30);
        bytes
    });
    add(Room::Xml, "XML in another encoding than it says", Survived, &[], {
        [b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_vec(), cda("<title>Entlassungsbrief f\u{fc}r"), b"\xfc\xe4</title>".to_vec()]
            .concat()
    });
    add(Room::Xml, "UTF-16 cut in the middle of a character", Survived, &[], {
        let text = "<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"><title>\u{1f600}";
        let mut bytes: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        bytes.truncate(bytes.len() - 3);
        bytes
    });
    let deep = format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":{}", "[".repeat(100_000));
    add(Room::Json, "JSON 100,000 deep", Refused, &["deep", "nest"], deep.into());
    let deep = format!("{{\"resourceType\":\"Patient\",\"extension\":{}", "[{\"extension\":".repeat(50_000));
    add(Room::Json, "a resource 100,000 deep", Refused, &["deep", "nest"], deep.into());
    add(Room::Json, "JSON cut short", Refused, &["damaged", "cut", "complete", "JSON", "end"], PATIENT[..PATIENT.len() - 20].into());
    let number = format!(
        "{{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{{\"text\":\"x\"}},\"valueQuantity\":{{\"value\":1e{}}}}}",
        "9".repeat(5000)
    );
    add(Room::Json, "a number without end", Survived, &[], number.into());
    let number = format!(
        "{{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{{\"text\":\"x\"}},\"valueInteger\":{}}}",
        "9".repeat(1_000_000)
    );
    add(Room::Json, "a number of a million digits", Survived, &[], number.into());
    add(
        Room::Json,
        "a date of another world",
        Survived,
        &[],
        br#"{"resourceType":"Condition","onsetDateTime":"99999-99-99T99:99:99+99:99","recordedDate":"-1"}"#.to_vec(),
    );
    add(
        Room::Json,
        "NUL and lone surrogates in JSON",
        Survived,
        &[],
        br#"{"resourceType":"Patient","name":[{"text":"\u0000\ud800"}]}"#.to_vec(),
    );
    add(
        Room::Json,
        "types that are not what they should be",
        Survived,
        &[],
        br#"{"resourceType":"Observation","code":[7],"valueQuantity":"x","status":{},"subject":[[]],"component":null}"#.to_vec(),
    );
    add(
        Room::Json,
        "JSON that is not UTF-8",
        Survived,
        &[],
        [b"{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"M".to_vec(), b"\xfc\xff".to_vec(), b"ller\"}]}".to_vec()].concat(),
    );
}

fn documents(add: Add<'_>) {
    use Fate::{Kept, Survived};
    use Room::Document;
    add(Document, "a PDF of noise", Kept, &["could not be read"], [b"%PDF-1.7\n".to_vec(), noise(20_000)].concat());
    let whole = files_made::pdf(&["Take one tablet a day."]);
    add(Document, "a PDF cut short", Survived, &[], whole[..whole.len() / 2].to_vec());
    let looped = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[2 0 R]/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R>>";
    add(Document, "a PDF whose pages contain themselves", Kept, &["could not be read"], looped.to_vec());
    let deep = format!("%PDF-1.4\n1 0 obj\n{}\nendobj\ntrailer<</Root 1 0 R>>", "[".repeat(3_000_000));
    add(Document, "a PDF nested without end", Kept, &["could not be read"], deep.into());
    let form = files_made::stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 7 0 R>>>>", b"/F Do");
    let form = files_made::pdf_of(&[b"/F Do".to_vec()], "/XObject<</F 7 0 R>>", &[form]);
    add(Document, "a PDF form that draws itself", Kept, &["too long or needed too much", "could not be read"], form);
    let bomb = files_made::stream("/Filter/FlateDecode", &endless_deflate());
    let bomb = files_made::pdf_objects(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R>>".to_vec(),
        b"<</Title(Bomb)>>".to_vec(),
        bomb,
    ]);
    add(Document, "a PDF stream that unpacks to four gigabytes", Kept, &["could not be read"], bomb);
    let page = files_made::pdf_objects(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99999999999 9999999999999999]/Contents 5 0 R>>".to_vec(),
        b"<</Title(Map)>>".to_vec(),
        files_made::stream("", b"0 0 99999999999 99999999999999 re f"),
    ]);
    add(Document, "a PDF page as large as a country", Survived, &[], page);
    let mut picture = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    picture.extend([0x3b, 0x9a, 0xca, 0, 0x3b, 0x9a, 0xca, 0, 8, 6, 0, 0, 0]);
    picture.extend(crc(&picture[12..29]).to_be_bytes());
    picture.extend(b"\0\0\0\x0aIDAT\x78\x9c\x63\0\0\0\x01\0\x01\0\0\0\0");
    add(Document, "a picture of a billion by a billion", Kept, &["cannot be shown"], picture);
    add(Document, "a picture of noise", Kept, &["cannot be shown"], [b"\xff\xd8\xff\xe0".to_vec(), noise(5000)].concat());
    add(
        Document,
        "a TIFF that points into itself",
        Kept,
        &["cannot be shown"],
        b"II*\0\x08\0\0\0\x01\0\0\x01\x04\0\xff\xff\xff\xff\x08\0\0\0\x08\0\0\0".to_vec(),
    );
    add(Document, "RTF groups without end", Survived, &[], [b"{\\rtf1 ".to_vec(), b"{\\a".repeat(500_000)].concat());
    add(Document, "HTML nested without end", Survived, &[], [b"<!DOCTYPE html>".to_vec(), b"<div><table><b>".repeat(200_000)].concat());
    add(
        Document,
        "HTML with a script",
        Survived,
        &[],
        b"<html><body><script>fetch('//evil.example')</script><p>Hello</body></html>".to_vec(),
    );
    add(Document, "one line of forty million letters", Survived, &[], vec![b'a'; 40 << 20]);
}

/// Four gigabytes of zeros, deflated: one block that ends on a byte, over and over.
pub(crate) fn endless_deflate() -> Vec<u8> {
    let zeros = vec![0; 16 << 20];
    let mut packer = flate2::Compress::new(flate2::Compression::best(), false);
    let mut block = Vec::with_capacity(1 << 20);
    packer.compress_vec(&zeros, &mut block, flate2::FlushCompress::Full).unwrap();
    [b"\x78\x9c".to_vec(), block.repeat(256)].concat()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// One entry of a zip archive, with every field free to lie.
#[derive(Clone, Debug)]
pub(crate) struct Raw<'a> {
    name: &'a str,
    packed: Vec<u8>,
    size: u32,
    stated: Option<u32>,
    crc: Option<u32>,
    real_crc: u32,
    method: u16,
    flags: u16,
    mode: u32,
    offset: Option<u32>,
}

impl<'a> Raw<'a> {
    /// Stored as it is.
    pub(crate) fn new(name: &'a str, bytes: &[u8]) -> Self {
        let size = bytes.len() as u32;
        Self {
            name,
            packed: bytes.to_vec(),
            size,
            stated: None,
            crc: None,
            real_crc: crc(bytes),
            method: 0,
            flags: 0,
            mode: 0o100_644,
            offset: None,
        }
    }

    /// Deflated.
    pub(crate) fn packed(name: &'a str, bytes: &[u8]) -> Self {
        let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        out.write_all(bytes).unwrap();
        Self { packed: out.finish().unwrap(), method: 8, ..Self::new(name, bytes) }
    }

    fn fields(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend((self.flags | 0x800).to_le_bytes());
        out.extend(self.method.to_le_bytes());
        out.extend([0, 0, 0x21, 0x50]);
        out.extend(self.crc.unwrap_or(self.real_crc).to_le_bytes());
        out.extend((self.packed.len() as u32).to_le_bytes());
        out.extend(self.stated.unwrap_or(self.size).to_le_bytes());
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend(0u16.to_le_bytes());
        out
    }

    fn central(&self, offset: u32) -> Vec<u8> {
        let mut out = b"PK\x01\x02\x14\x03\x14\0".to_vec();
        out.extend(self.fields());
        out.extend([0; 6]);
        out.extend((self.mode << 16).to_le_bytes());
        out.extend(self.offset.unwrap_or(offset).to_le_bytes());
        out.extend(self.name.as_bytes());
        out
    }
}

/// A zip archive of these entries.
pub(crate) fn zip(entries: &[Raw<'_>]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for entry in entries {
        central.extend(entry.central(out.len() as u32));
        out.extend(b"PK\x03\x04\x14\0");
        out.extend(entry.fields());
        out.extend(entry.name.as_bytes());
        out.extend(&entry.packed);
    }
    let start = out.len();
    out.extend(&central);
    out.extend(end(entries.len(), central.len(), start));
    out
}

fn end(entries: usize, length: usize, start: usize) -> Vec<u8> {
    let mut out = b"PK\x05\x06\0\0\0\0".to_vec();
    let count = u16::try_from(entries).unwrap_or(u16::MAX);
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend((length as u32).to_le_bytes());
    out.extend((start as u32).to_le_bytes());
    out.extend([0, 0]);
    out
}

/// Many entries that all unpack the same bytes.
fn overlapping(count: usize) -> Vec<u8> {
    let mut out = b"PK\x03\x04\x14\0".to_vec();
    let one = Raw::packed("000000.txt", &vec![b'a'; 100_000]);
    out.extend(one.fields());
    out.extend(one.name.as_bytes());
    out.extend(&one.packed);
    let start = out.len();
    for n in 0..count {
        let name = format!("{n:06}.txt");
        out.extend(Raw { name: &name, ..one.clone() }.central(0));
    }
    let length = out.len() - start;
    if count > usize::from(u16::MAX) {
        let at = out.len() as u64;
        out.extend(b"PK\x06\x06");
        out.extend(44u64.to_le_bytes());
        out.extend([0x2d, 0, 0x2d, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for value in [count as u64, count as u64, length as u64, start as u64] {
            out.extend(value.to_le_bytes());
        }
        out.extend(b"PK\x06\x07\0\0\0\0");
        out.extend(at.to_le_bytes());
        out.extend([1, 0, 0, 0]);
    }
    out.extend(end(count, length, start));
    out
}

/// A list of contents of thirty megabytes behind a harmless end that does not fit.
fn two_ends() -> Vec<u8> {
    let mut out = overlapping(500_000);
    out.truncate(out.len() - 2);
    let decoy = end(1, 46, 0);
    out.extend((decoy.len() as u16).to_le_bytes());
    out.extend(decoy);
    out
}
