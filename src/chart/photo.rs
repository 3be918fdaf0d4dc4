//! The photograph of a person: small, without what a camera wrote into it, kept in the chart's encrypted database and nowhere
//! else. It is for knowing somebody by: on the emergency card, and beside the name.

use crate::import::worker::Worker;
use crate::vault::Chart;
use crate::{Error, Kind, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Under this name the chart keeps it.
const NOTE: &str = "photo";
/// The longer side as it is kept, in pixels: 30 mm on paper, a fifth of a phone's screen.
const LONGEST: u32 = 360;
/// The largest file that is taken.
pub const MOST_BYTES: usize = 20 << 20;

/// Puts a photograph in the place of an older one: a JPEG, PNG or WebP picture, which is drawn anew as a small JPEG in a
/// process of its own ([`Worker`]).
///
/// # Errors
/// Refused when it is no such picture, or cannot be read; TooMuch above [`MOST_BYTES`]; Internal when the chart cannot be written.
pub fn put(chart: &Chart, worker: &Worker, bytes: &[u8]) -> Result<()> {
    if bytes.len() > MOST_BYTES {
        return Err(Error::new(Kind::TooMuch, "This picture is larger than 20 MB. Nothing was changed. Choose a smaller one."));
    }
    if !is_picture(bytes) {
        let words = "This file is no JPEG, PNG or WebP picture. Nothing was changed. Choose a photo from a camera or a phone.";
        return Err(Error::refused(words));
    }
    let small = worker.photo(bytes, LONGEST).map_err(|trouble| {
        Error::refused("This picture cannot be read. It may be damaged or too large. Nothing was changed. Choose another one.")
            .because(trouble.words())
    })?;
    chart.set_note(NOTE, &STANDARD.encode(small))
}

/// Takes it away. There need not be one.
///
/// # Errors
/// Internal when the chart cannot be written.
pub fn remove(chart: &Chart) -> Result<()> {
    chart.drop_note(NOTE)
}

/// The photograph as JPEG, if there is one.
///
/// # Errors
/// Internal when the chart cannot be read.
pub fn of(chart: &Chart) -> Result<Option<Vec<u8>>> {
    chart.note(NOTE)?.map(|text| STANDARD.decode(text).map_err(Error::internal)).transpose()
}

/// Whether there is one.
pub fn is_there(chart: &Chart) -> bool {
    chart.note(NOTE).is_ok_and(|note| note.is_some())
}

/// By the first bytes, never by the name.
fn is_picture(bytes: &[u8]) -> bool {
    let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    bytes.starts_with(b"\xff\xd8\xff") || bytes.starts_with(b"\x89PNG\r\n\x1a\n") || webp
}

#[cfg(test)]
mod tests {
    use super::is_picture;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        for (bytes, is) in [
            (&b"\xff\xd8\xff\xe1 photo"[..], true),
            (b"\x89PNG\r\n\x1a\n more", true),
            (b"RIFF\x00\x00\x00\x00WEBPVP8 ", true),
            (b"RIFF\x00\x00\x00\x00WAVEfmt ", false),
            (b"GIF89a", false),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", false),
            (b"RIFF", false),
            (b"", false),
        ] {
            assert_eq!(is_picture(bytes), is, "{bytes:?}");
        }
    }
}
