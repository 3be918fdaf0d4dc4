//! What a file is, by its content and never by its name.

/// The kinds of file that have a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Format {
    /// A JSON object or array that is FHIR, or looks like it: version and shape are told by the reader.
    FhirJson,
    FhirNdjson,
    FhirXml,
    Ccda,
    Zip,
    Gzip,
    Pdf,
    Image(&'static str),
    Rtf,
    Html,
    Text,
    /// Nothing at all.
    Empty,
    /// Something else; the words say what it looks like, if that can be told.
    Unknown(&'static str),
}

/// Tells the format from the first bytes (give at least 64 KiB where the file has them).
pub fn sniff(head: &[u8]) -> Format {
    let _ = head;
    unimplemented!()
}
