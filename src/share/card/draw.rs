//! The card drawn: as large as a bank card, letters of 7 pt and more. What does not fit is counted, never clipped.

use super::Face;
use crate::export::pdf::typeset::{Laid, lay_with};
use crate::{Error, Result};
use serde::Serialize;

const TEMPLATE: &str = include_str!("../../../assets/pdf/card.typ");

/// Letter sizes to try, in pt, largest first.
const SIZES: [f32; 4] = [8.2, 7.8, 7.4, 7.0];
/// What stands on a card in the end: at least so many of each kind of line before the next kind gives way.
const STEPS: [(usize, usize, usize, bool); 9] = [
    (99, 99, 99, true),
    (12, 99, 99, true),
    (9, 10, 99, true),
    (7, 8, 12, true),
    (6, 6, 10, true),
    (5, 5, 8, true),
    (4, 4, 6, false),
    (3, 3, 5, false),
    (0, 0, 3, false),
];

/// A face with what fits of it, and how much did not.
#[derive(Serialize)]
struct Fitted<'a> {
    #[serde(flatten)]
    face: &'a Face,
    shown: Shown,
}

#[derive(Serialize)]
struct Shown {
    medicines: Vec<String>,
    conditions: Vec<String>,
    allergies: Vec<String>,
    more_medicines: String,
    more_conditions: String,
    more_allergies: String,
    lines: bool,
}

fn first(all: &[String], most: usize, scan: bool) -> (Vec<String>, String) {
    let left = all.len().saturating_sub(most);
    let more = match (left, scan) {
        (0, _) => String::new(),
        (n, true) => format!("{n} more: scan the code"),
        (n, false) => format!("{n} more that did not fit"),
    };
    (all.iter().take(most).cloned().collect(), more)
}

fn fitted(face: &Face, step: (usize, usize, usize, bool)) -> Fitted<'_> {
    let scan = !face.code.is_empty();
    let (medicines, more_medicines) = first(&face.medicines, step.0, scan);
    let (conditions, more_conditions) = first(&face.conditions, step.1, scan);
    let (allergies, more_allergies) = first(&face.allergies, step.2, scan);
    let shown = Shown { medicines, conditions, allergies, more_medicines, more_conditions, more_allergies, lines: step.3 };
    Fitted { face, shown }
}

fn draw(face: &Face, step: (usize, usize, usize, bool), size: f32, form: &str, colour: &str) -> Result<Laid> {
    let data = serde_json::to_string(&fitted(face, step)).map_err(Error::internal)?;
    let words = [("data", data), ("size", size.to_string()), ("form", form.to_owned()), ("colour", colour.to_owned())];
    lay_with(TEMPLATE, &words, &[("photo", &face.photo)])
}

/// The largest letters with the most on it that make exactly `pages` pages of the form.
fn fit(face: &Face, form: &str, pages: usize, scale: f32) -> Result<((usize, usize, usize, bool), f32)> {
    for step in STEPS {
        for size in SIZES {
            if draw(face, step, size * scale, form, "#000000")?.pages() == pages {
                return Ok((step, size * scale));
            }
        }
    }
    // The last step holds a handful of lines: only names of absurd length come here.
    Err(Error::new(
        crate::Kind::Usage,
        "So much does not fit on a card. Nothing was made. Take something off it, or shorten what you typed.",
    ))
}

/// The wallet card as a PDF: one sheet with both sides, to cut out and fold. `colour`: the person's, `#rrggbb`.
///
/// # Errors
/// Usage when what was typed is too long for any card; Internal when the typesetter fails.
pub fn wallet(face: &Face, colour: &str) -> Result<Vec<u8>> {
    let (step, size) = fit(face, "sides", 2, 1.0)?;
    draw(face, step, size, "sheet", colour)?.pdf()
}

/// The picture for a phone's lock screen as a one-page PDF, 390 by 844 pt, its top third free for the clock.
///
/// # Errors
/// As [`wallet`].
pub fn lock_screen(face: &Face, colour: &str) -> Result<Vec<u8>> {
    let (step, size) = fit(face, "lock", 1, 1.9)?;
    draw(face, step, size, "lock", colour)?.pdf()
}
