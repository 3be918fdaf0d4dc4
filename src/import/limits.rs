//! What may be unpacked and how deep. Every limit is checked before the work that it bounds.

mod unpack;
mod xml;

pub(crate) use unpack::check_ratio;
pub use unpack::{Bounded, Budget, read_whole};
pub use xml::check_xml;

/// A size in words: "256 MB". For sentences about limits.
pub fn size_words(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..0x10_0000 => format!("{} KB", bytes >> 10),
        0x10_0000..0x4000_0000 => format!("{} MB", bytes >> 20),
        _ => format!("{} GB", bytes >> 30),
    }
}

/// Limits on one import. The defaults fit a Raspberry Pi; each can be set (see `config`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest file taken, in bytes.
    pub file_bytes: u64,
    /// Most entries in one archive.
    pub archive_entries: u64,
    /// Archives within archives.
    pub archive_depth: u32,
    /// Sum of unpacked sizes of one upload, in bytes.
    pub unpacked_bytes: u64,
    /// Largest ratio of unpacked to packed size of one entry above one megabyte.
    pub ratio: u64,
    /// Largest document that is read as a whole (XML, PDF, picture), in bytes.
    pub document_bytes: u64,
    /// Nesting of XML elements.
    pub xml_depth: u32,
    /// Elements and attributes of one XML document.
    pub xml_nodes: u32,
    /// Nesting of JSON.
    pub json_depth: u32,
    /// Largest single resource, in bytes.
    pub resource_bytes: u64,
}

impl Limits {
    /// Whether a file of this size is taken at all.
    ///
    /// # Errors
    /// Too much, with the limit.
    pub fn check_file(&self, size: u64) -> crate::Result<()> {
        if size <= self.file_bytes {
            return Ok(());
        }
        let words = format!(
            "This file is larger than {}, the most that this vault takes at once. Nothing was stored. Split it, or raise the limit.",
            size_words(self.file_bytes)
        );
        Err(crate::Error::new(crate::Kind::TooMuch, words))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 4 << 30,
            archive_entries: 100_000,
            archive_depth: 4,
            unpacked_bytes: 16 << 30,
            ratio: 200,
            document_bytes: 256 << 20,
            xml_depth: 200,
            xml_nodes: 8_000_000,
            json_depth: 100,
            resource_bytes: 64 << 20,
        }
    }
}
