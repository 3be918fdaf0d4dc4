//! FHIR JSON, NDJSON and XML: DSTU2, STU3, R4, R4B, lifted to R4.
//!
//! ```text
//! decode -> scan -> json, ndjson ─┐
//!                            xml ─┴-> unfold -> flow -> lift -> sink
//!                                               |
//!                                     table, version, origin
//! ```
//! R4 passes as given. An older resource is lifted by HL7's version maps, written as rules in `assets/fhir/lift-*.txt`, and
//! what R4 has no place for is kept in cross-version extensions.

mod decode;
mod flow;
mod json;
mod lift;
mod ndjson;
mod origin;
mod scan;
mod table;
mod unfold;
mod version;
mod words;
mod xml;

pub use origin::{KEY_EXTENSION, LINE_EXTENSION};

use super::{Limits, Sink};
use crate::Result;
use std::io::Read;

/// What a FHIR file turned out to be: the `format` of the import report, such as `fhir-r4-bundle`,
/// `fhir-dstu2-bundle`, `fhir-stu3-resource`, `fhir-r4-array`, `fhir-ndjson`.
pub type FormatName = String;

/// Reads FHIR JSON (a resource, a Bundle of any type, an array of resources) as a stream: at most one entry stands in memory.
///
/// Entries of Bundles in Bundles and resources of Parameters are taken one by one. A server's OperationOutcome is no record and
/// is skipped with its own words; an entry without a resource is not counted (FHIR R4, Bundle.entry).
///
/// # Errors
/// Refused when the text is not JSON or not FHIR; limits; whatever the sink returns.
pub fn read_json(input: &mut dyn Read, limits: &Limits, sink: &mut dyn Sink) -> Result<FormatName> {
    let mut text = decode::Utf8::new(input);
    let scanner = scan::Scanner::new(&mut text, limits.resource_bytes, limits.json_depth);
    let (version, shape) = json::read(scanner, flow::Flow::new(sink))?;
    Ok(format!("fhir-{}-{}", version.slug(), shape.slug()))
}

/// Reads NDJSON: one resource (or Bundle) a line.
///
/// # Errors
/// As [`read_json`]; a bad line is skipped and listed, not fatal, unless no line is FHIR.
pub fn read_ndjson(input: &mut dyn Read, limits: &Limits, sink: &mut dyn Sink) -> Result<FormatName> {
    let mut text = decode::Utf8::new(input);
    let version = ndjson::read(&mut text, limits, flow::Flow::new(sink))?;
    Ok(match version {
        version::Version::R4 => "fhir-ndjson".to_owned(),
        other => format!("fhir-{}-ndjson", other.slug()),
    })
}

/// Reads FHIR XML (already decoded to UTF-8).
///
/// # Errors
/// As [`read_json`].
pub fn read_xml(text: &str, limits: &Limits, sink: &mut dyn Sink) -> Result<FormatName> {
    let (version, shape) = xml::read(text, limits, flow::Flow::new(sink))?;
    Ok(format!("fhir-{}-{}", version.slug(), shape.slug()))
}
