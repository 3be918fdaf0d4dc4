//! Bodies: the FHIR R4 JSON of a record as one zstd frame, which the stock tool reads too.
//!
//! A record is small and its like is everywhere, so a dictionary halves what zstd leaves of it. The
//! dictionary was trained (`zstd --train`) on made-up records; it also lies in each chart's own database, for
//! `zstd -d -D`. A frame names its dictionary: once released, one stays.

use crate::{Error, Result};
use std::sync::LazyLock;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// The number by which frames name the dictionary.
pub(super) const DICTIONARY_ID: u32 = 1;
/// The dictionary itself.
pub(super) const DICTIONARY: &[u8] = include_bytes!("../../assets/records-1.dict");

static SHRINK: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, 1));
static GROW: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

/// Shrinks bodies, keeping its working memory.
pub(super) struct Codec {
    shrink: Compressor<'static>,
    body: Vec<u8>,
}

impl Codec {
    pub(super) fn new() -> Result<Self> {
        Ok(Self { shrink: Compressor::with_prepared_dictionary(&SHRINK)?, body: Vec::new() })
    }

    /// Compact JSON of a resource, compressed.
    pub(super) fn shrink(&mut self, json: &[u8]) -> Result<&[u8]> {
        self.body.clear();
        self.body.reserve(zstd::zstd_safe::compress_bound(json.len()));
        self.shrink.compress_to_buffer(json, &mut self.body)?;
        Ok(&self.body)
    }
}

/// The JSON of a body.
pub(super) fn grow(body: &[u8]) -> Result<Vec<u8>> {
    thread_local! {
        static GROWER: std::cell::RefCell<Option<Decompressor<'static>>> = const { std::cell::RefCell::new(None) };
    }
    if zstd::zstd_safe::get_dict_id_from_frame(body).is_some_and(|id| id.get() != DICTIONARY_ID) {
        return Err(super::db::newer());
    }
    let size = zstd::zstd_safe::get_frame_content_size(body).ok().flatten();
    let size = size.and_then(|s| usize::try_from(s).ok()).ok_or_else(|| Error::internal("a body is no zstd frame"))?;
    GROWER.with_borrow_mut(|grower| {
        let grower = match grower {
            Some(grower) => grower,
            None => grower.insert(Decompressor::with_prepared_dictionary(&GROW)?),
        };
        Ok(grower.decompress(body, size)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_come_back_digit_for_digit_and_small() {
        let json = r#"{"resourceType":"Observation","id":"0f8fad5b-d9cb-469f-a165-70867728950e","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2823-3","display":"Potassium [Moles/volume] in Serum or Plasma"}]},"valueQuantity":{"value":4.10,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}"#;
        let mut codec = Codec::new().expect("a codec");
        let body = codec.shrink(json.as_bytes()).expect("shrunk").to_vec();
        assert!(body.len() * 3 < json.len(), "{} of {}", body.len(), json.len());
        assert_eq!(zstd::zstd_safe::get_dict_id_from_frame(&body).map(std::num::NonZeroU32::get), Some(DICTIONARY_ID));
        assert_eq!(String::from_utf8(grow(&body).expect("grown")).expect("text"), json);
        // Without the dictionary too, and never a panic on damage.
        assert_eq!(grow(&zstd::bulk::compress(json.as_bytes(), 1).expect("shrunk")).expect("grown"), json.as_bytes());
        for cut in 0..body.len() {
            assert!(grow(&body[..cut]).is_err());
        }
    }
}
