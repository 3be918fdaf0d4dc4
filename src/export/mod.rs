//! Carrying away: one file a format. Everything streams: memory stays flat however large the chart is, and nothing
//! plain is written anywhere but to the sink that the caller gave.

mod choice;
mod csv;
mod everything;
mod fhir;
pub mod gather;
mod html;
mod line;
mod ndjson;
pub mod pdf;
mod readme;
mod select;

pub use choice::{Choice, Profile};
pub use gather::{Gathered, gather};
pub use select::Selection;

use crate::vault::Chart;
use crate::{Error, Kind, Result};
use std::io::Write;

/// What a chart can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A FHIR R4 Bundle of every record, without loss: read into an empty vault it gives the same records.
    Fhir,
    /// FHIR R4 resources, one a line. Older versions of corrected records are left out.
    Ndjson,
    /// A zip of tables for a spreadsheet, one a kind of record.
    Csv,
    /// One zip with all of these, the imported files as they came, and a page that reads without a network.
    Everything,
    /// The health summary on paper: a page that is read in a minute, then the detail. Tagged PDF/UA-1.
    Pdf,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Fhir, Self::Ndjson, Self::Csv, Self::Everything, Self::Pdf];

    /// The name in flags and addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fhir => "fhir",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Everything => "everything",
            Self::Pdf => "pdf",
        }
    }

    /// The format with this name.
    ///
    /// # Errors
    /// Usage when there is none.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name).ok_or_else(|| {
            Error::new(
                Kind::Usage,
                format!("There is no format {name}. Choose one of fhir, ndjson, csv, everything and pdf. Nothing was written."),
            )
        })
    }

    /// The media type of the file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Fhir => "application/fhir+json",
            Self::Ndjson => "application/fhir+ndjson",
            Self::Csv | Self::Everything => "application/zip",
            Self::Pdf => "application/pdf",
        }
    }

    /// A name for the file that says nothing about anyone.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Fhir => "records.fhir.json",
            Self::Ndjson => "records.ndjson",
            Self::Csv => "tables.zip",
            Self::Everything => "everything.zip",
            Self::Pdf => "summary.pdf",
        }
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records.
    pub records: u64,
    /// Older versions of them.
    pub versions: u64,
    /// Imported files, as they came.
    pub originals: u64,
}

/// Writes what a choice takes of a chart. The sink need not seek: a download can be sent while it is made.
///
/// # Errors
/// Usage when a date of the selection cannot be read; Internal when the chart cannot be read or the sink fails. What
/// was written by then is of no use.
pub fn export(chart: &Chart, format: Format, choice: &Choice, out: &mut dyn Write) -> Result<Summary> {
    let selection = choice.ready()?;
    let summary = match format {
        Format::Fhir => fhir::write(chart, &selection, out)?,
        Format::Ndjson => ndjson::write(chart, &selection, out)?,
        Format::Csv => csv::write(chart, &selection, out)?,
        Format::Everything => everything::write(chart, &selection, out)?,
        Format::Pdf => pdf::write(&gather::gather(chart, choice, jiff::Timestamp::now())?, out)?,
    };
    out.flush()?;
    Ok(summary)
}
