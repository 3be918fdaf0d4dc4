//! The health summary as a PDF: one page that a doctor reads in a minute, then the detail. Tagged, PDF/UA-1.
//!
//! - [`sheet`]: what it says, as data · [`detail`]: its tables · [`typeset`]: data and a template in, a PDF out

mod detail;
mod sheet;
pub(crate) mod typeset;

use super::gather::{Gathered, Item, Section, Target, Told};
use super::{Summary, parallel};
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
    let said = Said::of(gathered);
    let mut sheet = Sheet::of(&said);
    sheet.sum_up(&said, ROOMS[0].1);
    if typeset::lacks(&serde_json::to_string(&sheet).map_err(Error::internal)?) {
        sheet.explain_boxes();
    }
    let (size, room) = fitting(&mut sheet, &said)?;
    sheet.sum_up(&said, room);
    typeset::lay(TEMPLATE, &inputs(&sheet, size, true)?)?.pdf()
}

/// The largest letters and the most that make one first page; what is smallest where nothing does. Each step of [`ROOMS`]
/// holds less than the one before, so that halving finds it.
fn fitting(sheet: &mut Sheet, said: &Said<'_>) -> Result<(f32, Room)> {
    let (mut from, mut to) = (0, ROOMS.len() - 1);
    while from < to {
        let middle = usize::midpoint(from, to);
        let (size, room) = ROOMS[middle];
        sheet.sum_up(said, room);
        if typeset::lay(TEMPLATE, &inputs(&sheet.first_page(), size, false)?)?.pages() == 1 {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    Ok(ROOMS[from])
}

/// What every item says, read once: an item stands on the first page and in the detail.
struct Said<'a> {
    gathered: &'a Gathered,
    told: Vec<Told>,
    nothing: Told,
}

impl<'a> Said<'a> {
    fn of(gathered: &'a Gathered) -> Self {
        let items: Vec<&Item> = gathered.sections.iter().flat_map(Section::all).collect();
        Self { gathered, told: parallel::map(&items, |item| gathered.tell(item)), nothing: Told::default() }
    }

    fn told(&self, item: &Item) -> &Told {
        match self.gathered.target(item) {
            Target::Item(n) => self.told.get(n).unwrap_or(&self.nothing),
            _ => &self.nothing,
        }
    }
}

fn inputs(sheet: &Sheet, size: f32, detail: bool) -> Result<[(&'static str, String); 3]> {
    let data = serde_json::to_string(sheet).map_err(Error::internal)?;
    Ok([("data", data), ("size", size.to_string()), ("detail", if detail { "yes" } else { "no" }.to_owned())])
}
