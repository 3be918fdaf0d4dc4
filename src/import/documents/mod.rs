//! Documents that are not data: PDF, pictures, RTF, HTML and plain text, each kept as a DocumentReference.

use super::{Limits, Sink, sniff::Format};
use crate::Result;

/// Reads one document into a DocumentReference whose attachment holds the bytes, with what text can be had for search.
///
/// # Errors
/// Whatever the sink returns; a document that cannot be opened is skipped and listed.
pub fn read(format: Format, bytes: &[u8], name: &str, limits: &Limits, sink: &mut dyn Sink) -> Result<()> {
    let _ = (format, bytes, name, limits, sink);
    unimplemented!()
}
