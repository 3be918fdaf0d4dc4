//! C-CDA: R1.1, R2.1 and, leniently, C32, by HL7's "C-CDA on FHIR" maps.

use super::{Limits, Sink};
use crate::Result;

/// Reads one CDA document. `name` is its file name, for the title of an unstructured body only.
///
/// # Errors
/// Refused when it is not well-formed XML or not a ClinicalDocument; limits; whatever the sink returns.
pub fn read(bytes: &[u8], name: &str, limits: &Limits, sink: &mut dyn Sink) -> Result<()> {
    let _ = (bytes, name, limits, sink);
    unimplemented!()
}
