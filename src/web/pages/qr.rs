//! Codes to scan (QR, ISO/IEC 18004), drawn as SVG of our own.

use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write as _;

/// A code to scan, with words for who cannot see it. Nothing when the text is too long for one.
pub(crate) fn code(text: &str, words: &str) -> Markup {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return html! {} };
    let width = code.width();
    let mut path = String::new();
    for (n, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        // Text in memory takes any write.
        _ = write!(path, "M{} {}h1v1h-1z", n % width, n / width);
    }
    html! {
        svg.qr viewBox=(format!("0 0 {width} {width}")) role="img" aria-label=(words) shape-rendering="crispEdges" { path d=(path) fill="#000" {} }
    }
}
