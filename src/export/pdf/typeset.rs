//! The typesetter: a template of ours and data in, a tagged PDF out. Data comes in as one input and is never markup.

use crate::{Error, Result};
use std::sync::LazyLock;
use typst::foundations::{Bytes, Dict, IntoValue};
use typst::text::Font;
use typst_as_lib::TypstEngine;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

/// The two faces: a serif in three cuts that read well at small sizes, and one whose alphabets go on where the first ends.
const FACES: [&str; 2] = ["Libertinus Serif", "DejaVu Sans Mono"];

/// Why a document could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the typesetter refused at {0}")]
struct Refused(&'static str);

/// A document whose pages are laid out.
pub(crate) struct Laid(PagedDocument);

impl Laid {
    /// How many pages.
    pub(crate) fn pages(&self) -> usize {
        self.0.pages().len()
    }

    /// As PDF/UA-1. Where a name holds letters that neither face has, as tagged PDF without that claim: the letters show as
    /// boxes, and a reader that speaks still reads them.
    pub(crate) fn pdf(&self) -> Result<Vec<u8>> {
        let standards = PdfStandards::new(&[PdfStandard::Ua_1]).map_err(|_| Error::internal(Refused("the standard")))?;
        let strict = PdfOptions { standards, ..PdfOptions::default() };
        typst_pdf::pdf(&self.0, &strict)
            .or_else(|_| typst_pdf::pdf(&self.0, &PdfOptions::default()))
            .map_err(|_| Error::internal(Refused("writing")))
    }
}

/// Lays out a template with its inputs.
///
/// # Errors
/// Internal when the template does not go with its data: a mistake of ours.
pub(crate) fn lay(template: &str, inputs: &[(&str, String)]) -> Result<Laid> {
    lay_with(template, inputs, &[])
}

/// The same with files as bytes. A file without bytes is not there.
///
/// # Errors
/// As [`lay`].
pub(crate) fn lay_with(template: &str, inputs: &[(&str, String)], files: &[(&str, &[u8])]) -> Result<Laid> {
    let mut dict = Dict::new();
    for (name, text) in inputs {
        dict.insert((*name).into(), text.as_str().into_value());
    }
    for (name, bytes) in files.iter().filter(|(_, bytes)| !bytes.is_empty()) {
        dict.insert((*name).into(), Bytes::new(bytes.to_vec()).into_value());
    }
    // Nothing of a document stays in the typesetter's memory once it is made.
    let engine = TypstEngine::builder().main_file(template).fonts(FONTS.iter().cloned()).comemo_evict_max_age(Some(0)).build();
    let laid = engine.compile_with_input::<_, PagedDocument>(dict);
    // What the typesetter says may quote what it set.
    laid.output.map(Laid).map_err(|_| Error::internal(Refused("laying out")))
}

/// Read once: what a face covers takes a moment to find out.
static FONTS: LazyLock<Vec<Font>> = LazyLock::new(|| {
    let all = typst_assets::fonts().flat_map(|bytes| Font::iter(Bytes::new(bytes)));
    all.filter(|font| FACES.contains(&font.info().family.as_str())).collect()
});
