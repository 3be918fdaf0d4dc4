//! Bodies: the FHIR R4 JSON of a record as one zstd frame, which the stock tool reads too.

use crate::{Error, Result};
use zstd::bulk::{Compressor, Decompressor};

/// Shrinks and restores bodies, keeping its working memory.
pub(super) struct Codec {
    shrink: Compressor<'static>,
    json: Vec<u8>,
}

impl Codec {
    pub(super) fn new() -> Result<Self> {
        Ok(Self { shrink: Compressor::new(1)?, json: Vec::new() })
    }

    /// Compact JSON of a resource, compressed.
    pub(super) fn shrink(&mut self, resource: &crate::record::Resource) -> Result<Vec<u8>> {
        self.json.clear();
        serde_json::to_writer(&mut self.json, resource).map_err(Error::internal)?;
        Ok(self.shrink.compress(&self.json)?)
    }
}

/// The JSON of a body.
pub(super) fn grow(body: &[u8]) -> Result<Vec<u8>> {
    thread_local! {
        static GROW: std::cell::RefCell<Option<Decompressor<'static>>> = const { std::cell::RefCell::new(None) };
    }
    let size = zstd::zstd_safe::get_frame_content_size(body).ok().flatten();
    let size = size.and_then(|s| usize::try_from(s).ok()).ok_or_else(|| Error::internal("a body is no zstd frame"))?;
    GROW.with_borrow_mut(|grow| {
        let grow = match grow {
            Some(grow) => grow,
            None => grow.insert(Decompressor::new()?),
        };
        Ok(grow.decompress(body, size)?)
    })
}
