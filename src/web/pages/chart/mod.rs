//! The pages of records: one file a page, and the pieces that they share in `ui`, `rows`, `filter` and `svg`.

pub(crate) mod about;
pub(crate) mod bill;
pub(crate) mod document;
pub(crate) mod documents;
pub mod filter;
pub(crate) mod kinds;
pub(crate) mod listing;
pub(crate) mod medicines;
pub(crate) mod message;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod result;
pub(crate) mod results;
pub(crate) mod rows;
pub mod svg;
pub(crate) mod timeline;
pub(crate) mod ui;
pub(crate) mod visit;

use crate::record::Class;

/// The page on which records of a class are listed.
pub(crate) fn class_path(class: Class) -> &'static str {
    match class {
        Class::Laboratory | Class::ClinicalTest => "results",
        other => other.slug(),
    }
}

/// The entry of the nav under which a class stands.
pub(crate) fn nav_of(class: Class) -> &'static str {
    const MAIN: [&str; 11] = [
        "results",
        "medicines",
        "conditions",
        "allergies",
        "immunizations",
        "vital-signs",
        "documents",
        "visits",
        "procedures",
        "appointments",
        "messages",
    ];
    let path = class_path(class);
    if MAIN.contains(&path) || path == "bills" { path } else { "kinds" }
}
