//! What a file is, by its content and never by its name.

mod encoding;
mod magic;
mod markup;

pub use encoding::{decode_text, decode_xml};
pub use markup::{Root, root};

/// The kinds of file that have a reader, and those that are told apart to be named when they are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Format {
    /// A JSON object or array that is FHIR, or looks like it: version and shape are told by the reader.
    FhirJson,
    FhirNdjson,
    FhirXml,
    HealthCard,
    Ccda,
    /// XML of another kind; [`describe`] names its outermost element.
    Xml,
    Zip,
    Gzip,
    Pdf,
    /// A picture, with its media type.
    Image(&'static str),
    /// A document that is kept though it cannot be shown: its media type, and what it is in words.
    Kept(&'static str, &'static str),
    Rtf,
    Html,
    Text,
    /// Nothing at all.
    Empty,
    /// Something else; the words say what it looks like, if that can be told, or "".
    Unknown(&'static str),
}

impl Format {
    /// The `format` of the import report for a file of this kind.
    pub fn slug(self) -> &'static str {
        match self {
            Self::FhirJson => "fhir-json",
            Self::FhirNdjson => "fhir-ndjson",
            Self::FhirXml => "fhir-xml",
            Self::HealthCard => crate::import::health_card::FORMAT,
            Self::Ccda => "ccda",
            Self::Xml => "xml",
            Self::Zip => "zip",
            Self::Gzip => "gzip",
            Self::Pdf => "pdf",
            Self::Image(_) => "image",
            Self::Kept(..) => "document",
            Self::Rtf => "rtf",
            Self::Html => "html",
            Self::Text => "text",
            Self::Empty => "empty",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The media type of the documents among the formats, as an attachment states it.
    pub fn media_type(self) -> Option<&'static str> {
        match self {
            Self::Pdf => Some("application/pdf"),
            Self::Image(media_type) | Self::Kept(media_type, _) => Some(media_type),
            Self::Rtf => Some("application/rtf"),
            Self::Html => Some("text/html"),
            Self::Text => Some("text/plain"),
            _ => None,
        }
    }

    /// Whether it is kept as a document (PDF, picture, office document, RTF, HTML, text) rather than read as data.
    pub fn is_document(self) -> bool {
        self.media_type().is_some()
    }
}

/// Tells the format from the first bytes (give at least 64 KiB where the file has them).
pub fn sniff(head: &[u8]) -> Format {
    if head.is_empty() {
        return Format::Empty;
    }
    if let Some(format) = magic::sniff(head) {
        return format;
    }
    let Some(text) = decode_text(head) else { return Format::Unknown("") };
    if text.chars().all(char::is_whitespace) {
        return Format::Empty;
    }
    if let Some(format) = magic::sniff_text(&text).or_else(|| markup::sniff(&text)) {
        return format;
    }
    if encoding::is_plain(&text) { Format::Text } else { Format::Unknown("") }
}

/// What a file is, in words with their article, for a sentence such as "This is … ."
pub fn describe(format: Format, head: &[u8]) -> String {
    match format {
        Format::FhirJson => "a JSON file".into(),
        Format::FhirNdjson => "a file of JSON lines".into(),
        Format::FhirXml => "a FHIR XML file".into(),
        Format::HealthCard => "a SMART Health Card".into(),
        Format::Ccda => "a clinical document (C-CDA)".into(),
        Format::Xml => match decode_text(head).as_deref().and_then(root) {
            Some(root) => {
                let name: String = root.local.chars().take(60).collect();
                format!("an XML file of another kind (it begins with “{name}”)")
            }
            None => "an XML file of another kind".into(),
        },
        Format::Zip => "a zip archive".into(),
        Format::Gzip => "a gzip file".into(),
        Format::Pdf => "a PDF".into(),
        Format::Image(_) => "a picture".into(),
        Format::Kept(_, words) => words.into(),
        Format::Rtf => "a rich text document".into(),
        Format::Html => "a web page".into(),
        Format::Text => "plain text".into(),
        Format::Empty => "an empty file".into(),
        Format::Unknown("") => "a kind of file that Keepwell does not know".into(),
        Format::Unknown(words) => words.into(),
    }
}

/// Why a file without a reader is left out, in plain words.
pub fn why_not(format: Format, head: &[u8]) -> String {
    match format {
        Format::Empty => "The file is empty.".into(),
        Format::Unknown("") => "Keepwell does not know this kind of file, and cannot read it.".into(),
        Format::Unknown(words) if words.contains("locked") || words.contains("password") => {
            format!("This is {words}. Unlock it first, then add what is inside.")
        }
        _ => format!("This is {}. Keepwell cannot read that kind of file yet.", describe(format, head)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_formats_by_content() {
        let utf16 = |s: &str| s.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let cases: Vec<(Vec<u8>, Format)> = vec![
            (b"".to_vec(), Format::Empty),
            (b" \r\n\t".to_vec(), Format::Empty),
            (b"{\"resourceType\":\"Patient\"}".to_vec(), Format::FhirJson),
            (b"\xef\xbb\xbf\n {\n\"resourceType\":\"Patient\"}".to_vec(), Format::FhirJson),
            (b"[{\"resourceType\":\"Patient\"}]".to_vec(), Format::FhirJson),
            (b"[]".to_vec(), Format::FhirJson),
            (b"{\"verifiableCredential\":[\"ey\"]}".to_vec(), Format::HealthCard),
            (b"{\"verifiableCredential\":[{}]}".to_vec(), Format::FhirJson),
            (b"{\"resourceType\":\"Basic\",\"a\":\"\\\"verifiableCredential\\\":[\\\"\"}".to_vec(), Format::FhirJson),
            (b"shc:/5676290952".to_vec(), Format::HealthCard),
            (b"eyJ6aXAiOiJERUYiLCJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.e30.AAAA".to_vec(), Format::HealthCard),
            (b"{\"resourceType\":\"Patient\",\"a\":\"}\\\"{\"}\n\n{\"resourceType\":\"X\"}".to_vec(), Format::FhirNdjson),
            (b"{\"a\":\n1}\n{\"a\":2}".to_vec(), Format::FhirJson),
            (b"{\"resourceType\":\"Pat".to_vec(), Format::FhirJson),
            (b"[Note] seen today".to_vec(), Format::Text),
            (
                b"[InternetShortcut]\r\nURL=https://portal.example/\r\n".to_vec(),
                Format::Unknown("a web link (it holds an address and no records)"),
            ),
            (b"\xef\xbb\xbf[InternetShortcut]\r\nURL=x".to_vec(), Format::Unknown("a web link (it holds an address and no records)")),
            (b"[ViewState]\r\nMode=1".to_vec(), Format::Text),
            (b"[1, 2, 3]".to_vec(), Format::FhirJson),
            (b"[ -1.5e3 ]".to_vec(), Format::FhirJson),
            (b"[null]".to_vec(), Format::FhirJson),
            (b"[2024-03-01] seen today".to_vec(), Format::Text),
            (b"[1] First footnote".to_vec(), Format::Text),
            (b"[truly] odd".to_vec(), Format::Text),
            (b"// export\n{\"resourceType\":\"Patient\"}".to_vec(), Format::Unknown("JSON with comments in it, which is no longer JSON")),
            (b"{ // export\n\"resourceType\":\"Patient\"}".to_vec(), Format::Unknown("JSON with comments in it, which is no longer JSON")),
            (b"/* x */ [{\"resourceType\":\"Patient\"}]".to_vec(), Format::Unknown("JSON with comments in it, which is no longer JSON")),
            (b"// just a note to self".to_vec(), Format::Text),
            (utf16("{\"resourceType\":\"Patient\"}"), Format::FhirJson),
            (utf16("\n {\"resourceType\":\"Patient\"}"), Format::FhirJson),
            ("{\"resourceType\":\"Patient\"}".encode_utf16().flat_map(u16::to_be_bytes).collect(), Format::FhirJson),
            (b"Date,Test,Result\r\n2024-03-01,Potassium,4.4\r\n".to_vec(), Format::Text),
            (b"\"Date\",\"Test\"\r\n\"2024\",\"K\"\r\n".to_vec(), Format::Text),
            (b"{\\rt Hello}".to_vec(), Format::Text),
            (b" \r\n{\\rtf1\\ansi Hello}".to_vec(), Format::Rtf),
            (b"junk before <?xml version='1.0'?><ClinicalDocument xmlns='urn:hl7-org:v3'/>".to_vec(), Format::Text),
            (b"\xef\xbf\xbd\n<?xml version='1.0'?><ClinicalDocument/>".to_vec(), Format::Ccda),
            (b"Befund: Kr\xe4tze ausgeschlossen".to_vec(), Format::Text),
            (b"{brackets} in prose".to_vec(), Format::Text),
            (b"<Patient xmlns=\"http://hl7.org/fhir\"/>".to_vec(), Format::FhirXml),
            (b"<f:Bundle xmlns:f='http://hl7.org/fhir'>".to_vec(), Format::FhirXml),
            (b"<Bundle><entry/>".to_vec(), Format::FhirXml),
            (b"<Bundle xmlns='urn:other'/>".to_vec(), Format::Xml),
            (
                b"<?xml version='1.0'?><?xml-stylesheet href='a.xsl'?><!-- <x> --><n1:ClinicalDocument xmlns:n1='urn:hl7-org:v3'>".to_vec(),
                Format::Ccda,
            ),
            (b"<!DOCTYPE ClinicalDocument [<!ENTITY a '>'>]><ClinicalDocument/>".to_vec(), Format::Ccda),
            ([b"\xff\xfe".to_vec(), utf16("<?xml version='1.0' encoding='UTF-16'?>\n<ClinicalDocument xmlns='x'>")].concat(), Format::Ccda),
            (utf16("<?xml version='1.0'?><ClinicalDocument/>"), Format::Ccda),
            (b"<!DOCTYPE html><p>Hello".to_vec(), Format::Html),
            (b"<HTML><BODY>".to_vec(), Format::Html),
            (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>".to_vec(), Format::Html),
            (b"<HealthData locale='en'>".to_vec(), Format::Unknown("an Apple Health export")),
            (b"<!DOCTYPE HealthData [\n<!ELEMENT HealthData (a)>\n]>\n<HealthData>".to_vec(), Format::Unknown("an Apple Health export")),
            (b"<ContinuityOfCareRecord xmlns='urn:astm-org:CCR'>".to_vec(), Format::Unknown("a Continuity of Care Record (CCR)")),
            (b"PK\x03\x04rest".to_vec(), Format::Zip),
            (b"\x1f\x8b\x08".to_vec(), Format::Gzip),
            ([vec![b'\n'; 900], b"%PDF-1.4".to_vec()].concat(), Format::Pdf),
            (b"\x89PNG\r\n\x1a\n".to_vec(), Format::Image("image/png")),
            (b"II*\0".to_vec(), Format::Image("image/tiff")),
            (b"MM\0*".to_vec(), Format::Image("image/tiff")),
            (b"RIFF\0\0\0\0WEBPVP8 ".to_vec(), Format::Image("image/webp")),
            (b"\0\0\0\x18ftypheic".to_vec(), Format::Image("image/heic")),
            (b"\0\0\0\x1cftypavif".to_vec(), Format::Image("image/avif")),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), Format::Kept("image/svg+xml", "a drawing (SVG)")),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t\0".to_vec(), magic::WORD),
            (b"{\\rtf1\\ansi Hello}".to_vec(), Format::Rtf),
            (b"MSH|^~\\&|LAB".to_vec(), Format::Unknown("a hospital message (HL7 v2)")),
            ([vec![0; 128], b"DICM".to_vec()].concat(), Format::Unknown("a DICOM image")),
            (b"\xef\xbb\xbfMSH|^~\\&|LAB".to_vec(), Format::Unknown("a hospital message (HL7 v2)")),
            (b"\x0bMSH|^~\\&|LAB\r\x1c\r".to_vec(), Format::Unknown("a hospital message (HL7 v2)")),
            ([b"II*\0".to_vec(), vec![0; 124], b"DICM".to_vec()].concat(), Format::Unknown("a DICOM image")),
            (b"# 23andMe\n#\n# rsid\tchromosome\tposition\tgenotype\n".to_vec(), Format::Unknown("raw genetic data")),
            (b"##fileformat=VCFv4.2\n".to_vec(), Format::Unknown("raw genetic data (VCF)")),
            (b"https://viewer.example/v#shlink:/eyJ1".to_vec(), Format::Unknown("a SMART Health Link")),
            (b"BEGIN:VCALENDAR\r\n".to_vec(), Format::Unknown("a calendar (iCalendar)")),
            (b"age-encryption.org/v1\n".to_vec(), Format::Unknown("a locked file (age encryption)")),
            ("Grüße aus der Praxis".as_bytes().to_vec(), Format::Text),
            (b"Gr\xfc\xdfe aus der Praxis, und noch mehr".to_vec(), Format::Text),
            (b"text with a \0 in it".to_vec(), Format::Unknown("")),
            ((0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect(), Format::Unknown("")),
        ];
        for (bytes, expected) in cases {
            let shown = String::from_utf8_lossy(bytes.get(..60.min(bytes.len())).unwrap_or_default()).into_owned();
            assert_eq!(sniff(&bytes), expected, "{shown}");
        }
    }

    #[test]
    fn no_beginning_of_any_file_is_too_odd() {
        let beginnings =
            ["<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a [<!ENTITY b '>'>]><p:a xmlns:p = 'é'", "{\"a\":\"\\\"é{}[]\"}\n{"];
        for text in beginnings {
            for cut in 0..=text.len() {
                for odd in [0u8, 0xff, b'<', b'"', b'&'] {
                    let mut bytes = text.as_bytes()[..cut].to_vec();
                    bytes.push(odd);
                    let format = sniff(&bytes);
                    assert!(!why_not(format, &bytes).is_empty());
                    let _ = decode_xml(&bytes);
                }
            }
        }
    }

    #[test]
    fn a_cut_head_is_still_told() {
        let note = "Ä".repeat(40_000);
        assert_eq!(sniff(&note.as_bytes()[..65_535]), Format::Text);
    }
}
