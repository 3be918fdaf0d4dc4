//! The health summary as a PDF: one page that a doctor reads in a minute, then the detail. Tagged, PDF/UA-1.
//!
//! - [`sheet`]: what it says, as data · [`typeset`]: data and a template in, a PDF out

mod sheet;
pub(crate) mod typeset;

use super::Summary;
use super::gather::{Gathered, Section};
use crate::{Error, Result};
use sheet::{Room, Sheet};
use std::io::Write;

const TEMPLATE: &str = include_str!("../../../assets/pdf/summary.typ");

/// How the first page is made to hold what it must: smaller letters first, then fewer of what matters less. Letters stay
/// above 7 pt. What does not fit even so runs on to a second page: an allergy is never left out.
const ROOMS: [(f32, Room); 6] = [
    (10.5, Room { results: 10, medicines: 30, conditions: 20, others: 6 }),
    (10.0, Room { results: 8, medicines: 30, conditions: 20, others: 6 }),
    (9.5, Room { results: 8, medicines: 30, conditions: 20, others: 4 }),
    (9.0, Room { results: 6, medicines: 30, conditions: 16, others: 4 }),
    (8.5, Room { results: 6, medicines: 24, conditions: 12, others: 3 }),
    (8.0, Room { results: 5, medicines: 20, conditions: 10, others: 2 }),
];

/// Writes the PDF of what was gathered.
///
/// # Errors
/// Internal when the typesetter or the sink fails.
pub(super) fn write(gathered: &Gathered, out: &mut dyn Write) -> Result<Summary> {
    out.write_all(&pdf(gathered)?)?;
    let records = gathered.sections.iter().flat_map(Section::all).map(|item| item.rows.len() as u64).sum();
    Ok(Summary { records, ..Summary::default() })
}

/// The PDF of what was gathered, in memory.
///
/// # Errors
/// Internal when the typesetter fails.
pub fn pdf(gathered: &Gathered) -> Result<Vec<u8>> {
    let mut sheet = Sheet::of(gathered);
    let mut chosen = ROOMS[ROOMS.len() - 1];
    for (size, room) in ROOMS {
        sheet.sum_up(gathered, room);
        if typeset::lay(TEMPLATE, &inputs(&sheet.first_page(), size, false)?)?.pages() == 1 {
            chosen = (size, room);
            break;
        }
    }
    sheet.sum_up(gathered, chosen.1);
    typeset::lay(TEMPLATE, &inputs(&sheet, chosen.0, true)?)?.pdf()
}

fn inputs(sheet: &Sheet, size: f32, detail: bool) -> Result<[(&'static str, String); 3]> {
    let data = serde_json::to_string(sheet).map_err(Error::internal)?;
    Ok([("data", data), ("size", size.to_string()), ("detail", if detail { "yes" } else { "no" }.to_owned())])
}
