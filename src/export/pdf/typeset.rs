//! The typesetter: a template of ours and data in, a tagged PDF out. Data comes in as one input and is never markup.

use crate::{Error, Result};
use std::borrow::Cow;
use std::collections::BTreeSet;
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

    /// As PDF/UA-1; where marks are put together so that no face has them, as tagged PDF without that claim.
    pub(crate) fn pdf(&self) -> Result<Vec<u8>> {
        let standards = PdfStandards::new(&[PdfStandard::Ua_1]).map_err(|_| Error::internal(Refused("the standard")))?;
        let strict = PdfOptions { standards, ..PdfOptions::default() };
        typst_pdf::pdf(&self.0, &strict)
            .or_else(|_| typst_pdf::pdf(&self.0, &PdfOptions::default()))
            .map_err(|_| Error::internal(Refused("writing")))
    }
}

/// Lays out a template with its inputs. What no face has stands there as [`BOX`]: left as it is, it would show as a nameless
/// box, and be missing from what is copied or spoken.
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
        dict.insert((*name).into(), printable(text).as_ref().into_value());
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

/// Stands for a letter that no face has.
pub(crate) const BOX: char = '□';

/// Whether a text holds letters that no face has.
pub(crate) fn lacks(text: &str) -> bool {
    let odd: BTreeSet<char> = text.chars().filter(|c| !c.is_ascii()).collect();
    odd.into_iter().any(is_lacking)
}

fn printable(text: &str) -> Cow<'_, str> {
    if !lacks(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if !c.is_ascii() && is_lacking(c) { BOX } else { c }).collect())
}

fn is_lacking(c: char) -> bool {
    !is_silent(c) && !is_covered(c)
}

fn is_covered(c: char) -> bool {
    FONTS.iter().any(|font| font.info().coverage.contains(c.into()))
}

/// Characters that show nothing themselves: joiners, marks of direction, selectors, blanks (Unicode Default_Ignorable).
fn is_silent(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::{lacks, printable};

    #[test]
    fn what_the_faces_have_is_known() {
        for fine in ["", "Müller-Łącki", "5 µg/dL ≥ 3", "Ёлка Ω", "a\u{200b}b\u{a0}c", "\u{202e}x\u{feff}"] {
            assert!(!lacks(fine) && printable(fine) == fine, "{fine}");
        }
        for boxed in ["李", "aa💊", "ก", "नमस्ते"] {
            assert!(lacks(boxed), "{boxed}");
        }
        assert_eq!(printable("李 Müller 💊"), "□ Müller □");
    }
}
