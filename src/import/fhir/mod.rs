//! FHIR JSON, NDJSON and XML: DSTU2, STU3, R4, R4B, lifted to R4.

use super::{Limits, Sink};
use crate::Result;
use std::io::Read;

/// What a FHIR file turned out to be: the `format` of the import report, such as `fhir-r4-bundle`,
/// `fhir-dstu2-bundle`, `fhir-stu3-resource`, `fhir-r4-array`, `fhir-ndjson`.
pub type FormatName = String;

/// Reads FHIR JSON (a resource, a Bundle of any type, an array of resources) as a stream.
///
/// # Errors
/// Refused when the text is not JSON or not FHIR; limits; whatever the sink returns.
pub fn read_json(input: &mut dyn Read, limits: &Limits, sink: &mut dyn Sink) -> Result<FormatName> {
    let _ = (input, limits, sink);
    unimplemented!()
}

/// Reads NDJSON: one resource (or Bundle) a line.
///
/// # Errors
/// As [`read_json`]; a bad line is skipped and listed, not fatal.
pub fn read_ndjson(input: &mut dyn Read, limits: &Limits, sink: &mut dyn Sink) -> Result<FormatName> {
    let _ = (input, limits, sink);
    unimplemented!()
}

/// Reads FHIR XML (already decoded to UTF-8).
///
/// # Errors
/// As [`read_json`].
pub fn read_xml(text: &str, limits: &Limits, sink: &mut dyn Sink) -> Result<FormatName> {
    let _ = (text, limits, sink);
    unimplemented!()
}
