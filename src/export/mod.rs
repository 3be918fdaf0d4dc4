//! Carrying away: one file a format. Copies of the chart (fhir, ndjson, csv, everything) stream: memory stays flat however
//! large it is. Summaries (ips, ccda, xdm) are made of what [`gather`] holds. Nothing plain is written anywhere but to the
//! sink that the caller gave.

pub mod bundle;
pub mod ccda;
mod choice;
mod csv;
mod everything;
mod fhir;
pub mod gather;
mod html;
pub mod ips;
mod line;
mod markup;
mod ndjson;
pub(crate) mod parallel;
pub mod pdf;
mod readme;
mod select;
mod table;
mod ucum;
pub mod xdm;

pub use choice::{Choice, Profile};
pub use gather::{Gathered, gather};
pub use select::Selection;

use crate::vault::Chart;
use crate::{Error, Kind, Result};
use std::io::Write;
use std::sync::Arc;

/// What a chart can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A FHIR R4 Bundle of every record, without loss: read into an empty vault it gives the same records.
    Fhir,
    /// FHIR R4 resources, one a line, without loss too: older versions travel inside the line of the current one.
    Ndjson,
    /// A zip of tables for a spreadsheet, one a kind of record.
    Csv,
    /// One zip with all of these, the imported files as they came, and a page that reads without a network.
    Everything,
    /// The health summary on paper: a page that is read in a minute, then the detail. Tagged PDF/UA-1.
    Pdf,
    /// An International Patient Summary (HL7 IPS 2.0): a FHIR R4 document Bundle.
    Ips,
    /// A Continuity of Care Document (HL7 C-CDA R2.1).
    Ccda,
    /// A zip with the C-CDA document, its stylesheet, the chosen documents and a table of contents (IHE XDM).
    Xdm,
    /// A zip for a clinic: a page to start from, the PDF, the XDM tree, the IPS, the imported files.
    Bundle,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 9] =
        [Self::Fhir, Self::Ndjson, Self::Csv, Self::Everything, Self::Pdf, Self::Ips, Self::Ccda, Self::Xdm, Self::Bundle];

    /// The name in flags and addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fhir => "fhir",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Everything => "everything",
            Self::Pdf => "pdf",
            Self::Ips => "ips",
            Self::Ccda => "ccda",
            Self::Xdm => "xdm",
            Self::Bundle => "bundle",
        }
    }

    /// The format with this name.
    ///
    /// # Errors
    /// Usage when there is none.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name).ok_or_else(|| {
            let all: Vec<_> = Self::ALL.iter().map(|f| f.name()).collect();
            Error::new(Kind::Usage, format!("There is no format {name}. Choose one of {}. Nothing was written.", all.join(", ")))
        })
    }

    /// The media type of the file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Fhir | Self::Ips => "application/fhir+json",
            Self::Ndjson => "application/fhir+ndjson",
            Self::Csv | Self::Everything | Self::Xdm | Self::Bundle => "application/zip",
            Self::Ccda => "text/xml",
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
            Self::Ips => "summary.ips.json",
            Self::Ccda => "summary.ccda.xml",
            Self::Xdm => "summary.xdm.zip",
            Self::Bundle => "for-the-clinic.zip",
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

/// Writes what a choice takes of a chart, as of now. The sink need not seek: a download can be sent while it is made.
///
/// # Errors
/// Usage when a date of the choice cannot be read; Internal when the chart cannot be read or the sink fails. What
/// was written by then is of no use.
pub fn export(chart: &Arc<Chart>, format: Format, choice: &Choice, out: &mut dyn Write) -> Result<Summary> {
    export_at(chart, format, choice, jiff::Timestamp::now(), out)
}

/// The same as of a moment: summaries of the same chart, choice and moment are the same to the byte.
///
/// # Errors
/// As [`export`].
pub fn export_at(chart: &Arc<Chart>, format: Format, choice: &Choice, made: jiff::Timestamp, out: &mut dyn Write) -> Result<Summary> {
    let (selection, view) = (choice.ready()?, choice.view(chart)?);
    let summary = match format {
        Format::Fhir => fhir::write(&view, &selection, out)?,
        Format::Ndjson => ndjson::write(&view, &selection, out)?,
        Format::Csv => csv::write(&view, &selection, out)?,
        Format::Everything => everything::write(&view, &selection, out)?,
        Format::Ips => ips::write(&view, &gather(chart, choice, made)?, out)?,
        Format::Ccda => ccda::write(&gather(chart, choice, made)?, None, out)?,
        Format::Xdm => xdm::write(&view, &gather(chart, choice, made)?, out)?,
        Format::Bundle => bundle::write(&view, chart, &gather(chart, choice, made)?, bundle::Seal::Plain, out)?,
        Format::Pdf => pdf::write(&gather(chart, choice, made)?, out)?,
    };
    out.flush()?;
    Ok(summary)
}
