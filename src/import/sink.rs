//! What readers hand over, and to whom.

use crate::Result;
use crate::record::Resource;

/// Where a record's identity comes from. The vault makes its key out of this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A FHIR resource that names itself: `base` is the server's address where the source gave one
    /// (`https://host/fhir` out of a `fullUrl`), and the id is the resource's own.
    Server {
        /// The FHIR base address, without a trailing slash.
        base: Option<String>,
        /// The type by which the source names it, where R4 has given the type another name: `ProcedureRequest/1`,
        /// `ReferralRequest/1` and `DiagnosticOrder/1` of one server are three records, though all are a ServiceRequest now.
        named: Option<String>,
    },
    /// An entry of a document: the document's own id and the entry's.
    Document {
        /// The document's set id or id, `root|extension`.
        document: String,
        /// The entry's id, `root|extension`, made unique within the document by the reader.
        entry: String,
    },
    /// A record that Keepwell itself carried out of a vault, under the key by which that vault knew it (32 hex digits).
    /// `former` marks a version that was no longer current: it never overtakes the one that comes after it.
    Kept {
        /// The key.
        key: String,
        /// Whether it is an older version.
        former: bool,
    },
    /// It has no identity but what it says.
    Content,
}

/// One record that a reader found: FHIR R4 JSON, where it stood, and how to know it again.
#[derive(Clone, Debug)]
pub struct Found {
    /// The resource in FHIR R4.
    pub resource: Resource,
    /// How to know it again.
    pub origin: Origin,
    /// The address by which other entries of the file refer to it (Bundle.entry.fullUrl), as given.
    pub full_url: Option<String>,
    /// Where it stood: `entry[12]`, `line 4`, `/ClinicalDocument/component/…`.
    pub place: String,
    /// Whether the sum counts it. What a reader makes beside the entries of the file is not counted:
    /// the patient and the visit of a C-CDA header, the panel around single results.
    pub counted: bool,
}

/// Takes what a reader finds. An error from a method means stop: the person cancelled or the vault failed.
pub trait Sink {
    /// A record. Whether it is new, an update or a duplicate is the sink's affair.
    fn found(&mut self, found: Found) -> Result<()>;
    /// An entry that cannot be stored: where, what it was as far as one can tell, and why, in plain words. It counts.
    fn skip(&mut self, place: &str, what: &str, why: &str) -> Result<()>;
    /// Something the person should know that is not an entry: odd input read leniently, junk ignored by name.
    fn warn(&mut self, place: &str, why: &str);
    /// A file of an archive begins, of which all or nothing is to count: see [`Sink::undo`].
    ///
    /// # Errors
    /// Internal when the vault fails.
    fn mark(&mut self) -> Result<()> {
        Ok(())
    }
    /// Everything found and skipped since [`Sink::mark`] is forgotten: the file turned out to be broken in the middle.
    ///
    /// # Errors
    /// Internal when the vault fails.
    fn undo(&mut self) -> Result<()> {
        Ok(())
    }
    /// How far the reader is, in bytes of the file. Returns an error when the person cancelled.
    fn progress(&mut self, bytes: u64) -> Result<()> {
        let _ = bytes;
        Ok(())
    }
}

/// A sink that keeps everything in memory, for small inputs and tests of readers.
#[derive(Debug, Default)]
pub struct Collected {
    /// The records.
    pub found: Vec<Found>,
    /// Skipped entries: place, what, why.
    pub skipped: Vec<(String, String, String)>,
    /// Warnings: place, why.
    pub warnings: Vec<(String, String)>,
}

impl Sink for Collected {
    fn found(&mut self, found: Found) -> Result<()> {
        self.found.push(found);
        Ok(())
    }
    fn skip(&mut self, place: &str, what: &str, why: &str) -> Result<()> {
        self.skipped.push((place.to_owned(), what.to_owned(), why.to_owned()));
        Ok(())
    }
    fn warn(&mut self, place: &str, why: &str) {
        self.warnings.push((place.to_owned(), why.to_owned()));
    }
}
