//! A code to scan, as a picture that scales. Error correction M, as SMART Health Links ask for.

use crate::{Error, Result};
use qrcode::{Color, EcLevel, QrCode};

/// Modules of quiet around the code (ISO/IEC 18004).
const QUIET: usize = 4;

/// The SVG of a text. Dark on light whatever the page's colours are: `class` names are left to the page.
///
/// # Errors
/// Internal when the text does not fit into a code.
pub fn svg(text: &str) -> Result<String> {
    let code =
        QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).map_err(|_| Error::internal("a link is too long for a code"))?;
    let width = code.width();
    let full = width + 2 * QUIET;
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..].iter().take_while(|c| **c == Color::Dark).count();
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {full} {full}\" shape-rendering=\"crispEdges\" role=\"img\" aria-label=\"Code to scan\">\
         <path fill=\"#fff\" d=\"M0 0h{full}v{full}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}
