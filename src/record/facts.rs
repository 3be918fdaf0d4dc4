//! What the index keeps of each record, so that pages are fast: read once at import.

use super::Resource;
use super::class::Class;
use super::date::PartialDate;
use super::quantity::Flag;

/// How a record stands. Only `Current` and `Past` are things the person has or had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Standing {
    /// Holds now: an active condition, a medicine being taken, any result or event that happened.
    #[default]
    Current = 1,
    /// No longer holds: resolved, stopped, completed course.
    Past = 2,
    /// Not yet: planned, ordered, proposed.
    Planned = 3,
    /// Somebody looked and it is not so: refuted, ruled out, "no known allergies".
    Absent = 4,
    /// Was not done: a refused vaccine, a cancelled procedure.
    NotDone = 5,
    /// Entered in error: shown only on the page of the record and under "left aside".
    Error = 6,
}

/// The columns of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The page it stands on.
    pub class: Class,
    /// Its name in words.
    pub title: String,
    /// `system|code` of its main code.
    pub code: Option<String>,
    /// Records of one group are the same test, medicine, vaccine or condition over time and across sources.
    pub group: Option<String>,
    /// When it happened or began: the date a reader expects beside it.
    pub date: Option<PartialDate>,
    /// When it ended.
    pub end: Option<PartialDate>,
    /// How it stands.
    pub standing: Standing,
    /// Against its own range.
    pub flag: Option<Flag>,
    /// The number for a trend.
    pub number: Option<f64>,
    /// The unit of that number.
    pub unit: Option<String>,
    /// The encounter it belongs to, as its reference reads.
    pub encounter: Option<String>,
    /// Everything readable in it, for search.
    pub text: String,
}

/// Reads the facts of a resource.
pub fn facts(resource: &Resource) -> Facts {
    let _ = resource;
    unimplemented!()
}
