//! When a picture was taken: the date of its EXIF block (CIPA DC-008, tags 0x9003 and 0x9004), and nothing else of it.

const EXIF_BLOCK: u16 = 0x8769;
const TAKEN: u16 = 0x9003;
const DIGITISED: u16 = 0x9004;

/// The day as a FHIR date. Cameras seldom say in which time zone they were, so the hour is left out.
pub(super) fn taken(exif: &[u8]) -> Option<String> {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let big = match exif.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let file = Tiff { bytes: exif, big };
    let block = file.value(file.long(4)?, EXIF_BLOCK)?;
    let text = file.value(block, TAKEN).or_else(|| file.value(block, DIGITISED))?;
    let stamp = exif.get(text as usize..(text as usize).checked_add(10)?)?;
    let day = std::str::from_utf8(stamp).ok()?.replace(':', "-");
    crate::record::PartialDate::parse(&day).map(|_| day)
}

struct Tiff<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl Tiff<'_> {
    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// The value or offset of a tag in the directory at an offset.
    fn value(&self, directory: u32, tag: u16) -> Option<u32> {
        let start = directory as usize;
        let count = self.short(start)?;
        (0..usize::from(count)).map(|n| start + 2 + n * 12).find(|at| self.short(*at) == Some(tag)).and_then(|at| self.long(at + 8))
    }
}

#[cfg(test)]
mod tests {
    use super::taken;

    #[test]
    fn reads_the_day_and_never_fails() {
        let mut exif = b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x1a\0\0\0\0\0\0\0".to_vec();
        exif.extend(b"\x01\0\x03\x90\x02\0\x14\0\0\0\x2c\0\0\0\0\0\0\0");
        exif.extend(b"2019:03:24 10:11:12\0");
        assert_eq!(taken(&exif).as_deref(), Some("2019-03-24"));
        for cut in 0..exif.len() {
            let _ = taken(&exif[..cut]);
        }
        for at in 0..exif.len() {
            let mut odd = exif.clone();
            odd[at] = 0xff;
            let _ = taken(&odd);
        }
        let unset = [&exif[..44], b"0000:00:00 00:00:00\0"].concat();
        assert_eq!(taken(&unset), None, "a camera whose clock was never set");
    }
}
