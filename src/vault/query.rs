//! Asking a chart for records.

use crate::record::{Class, Flag, PartialDate, Resource, SensitiveSet, Standing};

/// Which records, in which order.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Any of these classes; empty means all.
    pub classes: Vec<Class>,
    /// Any of these FHIR types; empty means all.
    pub types: Vec<String>,
    /// Any of these standings; empty means all but `Error`.
    pub standings: Vec<Standing>,
    /// Only records of one group (`Facts::group`).
    pub group: Option<String>,
    /// Date interval start, seconds since 1970, inclusive. Records without a date are left out when set.
    pub from: Option<i64>,
    /// Date interval end, exclusive.
    pub until: Option<i64>,
    /// Only records that this source gave (first or again).
    pub source: Option<String>,
    /// Only records whose own range or flag puts them outside.
    pub outside: bool,
    /// Only records with a number (trends).
    pub numeric: bool,
    /// Full text, as a person types it.
    pub text: Option<String>,
    /// Added to the chart at or after this moment, seconds since 1970.
    pub added_since: Option<i64>,
    /// Only records that belong to this encounter (its rid).
    pub encounter: Option<i64>,
    /// The order.
    pub order: Order,
    /// At most so many; 0 means 50.
    pub limit: usize,
    /// Go on after this row (from `Listing::next`).
    pub after: Option<Cursor>,
}

/// Orders of a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By date, newest first; without a date last.
    #[default]
    Newest,
    /// By date, oldest first; without a date last.
    Oldest,
    /// By title.
    Title,
    /// Last added first.
    Added,
}

/// A place in a listing, safe to put into an address (it holds no health data).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Sort value of the last row shown.
    pub sort: i64,
    /// Its rid.
    pub rid: i64,
}

/// One page of rows.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where to go on, if there is more.
    pub next: Option<Cursor>,
}

/// A record as the index knows it, with its body.
#[derive(Clone, Debug)]
pub struct Row {
    /// The number of the record in this chart, used in addresses.
    pub rid: i64,
    /// The key by which the vault knows it again, 32 hex digits: it tells nothing about what the record says.
    pub key: String,
    /// The class.
    pub class: Class,
    /// The FHIR type.
    pub kind: String,
    /// `Resource.id`, as the source gave it.
    pub fhir_id: Option<String>,
    /// The title.
    pub title: String,
    /// `system|code`.
    pub code: Option<String>,
    /// The group.
    pub group: Option<String>,
    /// The date.
    pub date: Option<PartialDate>,
    /// The end.
    pub end: Option<PartialDate>,
    /// How it stands.
    pub standing: Standing,
    /// Against its own range.
    pub flag: Option<Flag>,
    /// For trends.
    pub number: Option<f64>,
    /// The unit of the number.
    pub unit: Option<String>,
    /// The source that gave it first.
    pub source: String,
    /// Where it stood in the source.
    pub place: String,
    /// The fullUrl, as given.
    pub full_url: Option<String>,
    /// When it was added, seconds since 1970.
    pub added: i64,
    /// What sensitive matters it tells of.
    pub sensitive: SensitiveSet,
    /// How many older versions there are.
    pub versions: u32,
    /// The FHIR R4 JSON.
    pub json: Vec<u8>,
}

impl Row {
    /// The resource.
    pub fn resource(&self) -> Resource {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }
}

/// Records of one group: the same test or vaccine over time.
#[derive(Clone, Debug)]
pub struct Group {
    /// The group key.
    pub key: String,
    /// How many records.
    pub count: u64,
    /// The newest.
    pub latest: Row,
}

/// A search hit.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The record.
    pub row: Row,
    /// Text around the hit, with the hit between U+0002 and U+0003.
    pub snippet: String,
}

/// What came in since a moment, by source and class.
#[derive(Clone, Debug)]
pub struct Added {
    /// The source.
    pub source: String,
    /// The class.
    pub class: Class,
    /// How many.
    pub count: u64,
    /// The newest of them.
    pub latest: Row,
}
