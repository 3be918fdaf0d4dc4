//! Formats that announce themselves by their first bytes.

use super::Format;
use Format::{Image, Kept, Unknown};

/// Word's own format before 2007.
pub(super) const WORD: Format = Kept("application/msword", "a Microsoft Word document");

const SIGNATURES: &[(&[u8], Format)] = &[
    (b"PK\x03\x04", Format::Zip),
    (b"PK\x05\x06", Format::Zip),
    (b"PK\x07\x08", Format::Zip),
    (b"\x1f\x8b\x08", Format::Gzip),
    (b"\x89PNG\r\n\x1a\n", Image("image/png")),
    (b"\xff\xd8\xff", Image("image/jpeg")),
    (b"GIF87a", Image("image/gif")),
    (b"GIF89a", Image("image/gif")),
    (b"II*\0", Image("image/tiff")),
    (b"MM\0*", Image("image/tiff")),
    (b"{\\rtf", Format::Rtf),
    (b"7z\xbc\xaf\x27\x1c", Unknown("a 7-Zip archive")),
    (b"Rar!\x1a\x07", Unknown("a RAR archive")),
    (b"\xfd7zXZ\0", Unknown("a compressed file (xz)")),
    (b"BZh", Unknown("a compressed file (bzip2)")),
    (b"\x28\xb5\x2f\xfd", Unknown("a compressed file (Zstandard)")),
    (b"SQLite format 3\0", Unknown("a database (SQLite)")),
    (b"\x7fELF", Unknown("a program")),
    (b"\xca\xfe\xba\xbe", Unknown("a program")),
    (b"\xcf\xfa\xed\xfe", Unknown("a program")),
    (b"age-encryption.org/v1", Unknown("a locked file (age encryption)")),
    (b"Mac OS X        ", Unknown("a macOS folder file")),
    (b"\x00\x05\x16\x07", Unknown("a macOS folder file")),
    (b"\x00\x00\x00\x01Bud1", Unknown("a macOS folder file")),
    (b"bplist00", Unknown("a macOS settings file")),
    (b"ID3", Unknown("a sound recording")),
    (b"OggS", Unknown("a sound recording")),
    (b"fLaC", Unknown("a sound recording")),
    (b"wOFF", Unknown("a font")),
    (b"wOF2", Unknown("a font")),
    (b"\x00\x01\x00\x00\x00", Unknown("a font")),
    (b"OTTO", Unknown("a font")),
    (b"\x00\x00\x01\x00", Unknown("an icon")),
    (b"\x00\x00\x00\x0cjP  \r\n", Image("image/jp2")),
];

/// Signatures in text, which may stand behind a byte order mark, white space or a message's start mark.
const TEXT_SIGNATURES: &[(&str, Format)] = &[
    ("[InternetShortcut]", Unknown("a web link (it holds an address and no records)")),
    ("[Desktop Entry]", Unknown("a web link (it holds an address and no records)")),
    ("{\\rtf", Format::Rtf),
    ("MSH|", Unknown("a hospital message (HL7 v2)")),
    ("FHS|", Unknown("a hospital message (HL7 v2)")),
    ("BHS|", Unknown("a hospital message (HL7 v2)")),
    ("BEGIN:VCALENDAR", Unknown("a calendar (iCalendar)")),
    ("BEGIN:VCARD", Unknown("an address card (vCard)")),
    ("##fileformat=VCF", Unknown("raw genetic data (VCF)")),
    ("shc:/", Format::HealthCard),
    ("shlink:/", Unknown("a SMART Health Link")),
    ("-----BEGIN AGE ENCRYPTED FILE-----", Unknown("a locked file (age encryption)")),
    ("-----BEGIN PGP MESSAGE-----", Unknown("a locked file (PGP encryption)")),
    ("-----BEGIN PKCS7-----", Unknown("a digital signature")),
    ("-----BEGIN PGP SIGNATURE-----", Unknown("a digital signature")),
];

/// Text that says what it is.
pub(super) fn sniff_text(text: &str) -> Option<Format> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{b}'));
    if let Some((_, format)) = TEXT_SIGNATURES.iter().find(|(mark, _)| text.starts_with(mark)) {
        return Some(*format);
    }
    let line = text.lines().next().unwrap_or_default();
    if crate::import::health_card::is_card(line) {
        return Some(Format::HealthCard);
    }
    if line.starts_with("https://") && line.contains("#shlink:/") {
        return Some(Unknown("a SMART Health Link"));
    }
    // 23andMe, AncestryDNA and others share the head of the table.
    let table = text.lines().take(40).any(|l| {
        let l = l.trim_start_matches(['#', ' ']).to_ascii_lowercase();
        l.starts_with("rsid\tchromosome\tposition") || l.starts_with("rsid,chromosome,position")
    });
    table.then_some(Unknown("raw genetic data"))
}

pub(super) fn sniff(head: &[u8]) -> Option<Format> {
    let at = |offset: usize, mark: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(mark));
    // The first 128 bytes of a DICOM file are free, so they may hold the start of a TIFF. Old files begin with the first
    // element of group 0008 itself.
    let bare = matches!(head, [8, 0, _, 0, b'A'..=b'Z', b'A'..=b'Z', ..]);
    if at(128, b"DICM") || bare {
        return Some(Unknown("a DICOM image"));
    }
    if let Some((_, format)) = SIGNATURES.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Some(*format);
    }
    if at(257, b"ustar") {
        return Some(Unknown("a tar archive"));
    }
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return Some(Image("image/webp"));
    }
    if at(0, b"RIFF") && at(8, b"WAVE") {
        return Some(Unknown("a sound recording"));
    }
    // "BM" also begins words: the reserved fields and the header's size tell a bitmap.
    if at(0, b"BM") && at(6, &[0; 4]) && head.get(14).is_some_and(|n| matches!(n, 12 | 40 | 52 | 56 | 64 | 108 | 124)) && at(15, &[0; 3]) {
        return Some(Image("image/bmp"));
    }
    if at(0, b"MZ") && head.iter().take(64).any(|b| *b == 0) {
        return Some(Unknown("a program"));
    }
    if at(4, b"ftyp") {
        let heic = [&b"heic"[..], b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"];
        let brand = head.get(8..12).unwrap_or_default();
        return Some(match brand {
            _ if heic.contains(&brand) => Image("image/heic"),
            b"avif" | b"avis" => Image("image/avif"),
            b"M4A " => Unknown("a sound recording"),
            _ => Unknown("a video"),
        });
    }
    if at(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Some(compound(head));
    }
    let start = head.get(..1024.min(head.len())).unwrap_or_default();
    // ISO 32000 asks for the header at the start; readers accept it within the first 1024 bytes.
    start.windows(5).any(|w| w == b"%PDF-").then_some(Format::Pdf)
}

/// An Office document of before 2007, by the name of the stream that holds its text ([MS-CFB] 2.6: names are UTF-16).
fn compound(head: &[u8]) -> Format {
    let holds = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        head.windows(name.len()).any(|w| w == name)
    };
    match () {
        () if holds("WordDocument") => WORD,
        () if holds("Workbook") => Kept("application/vnd.ms-excel", "a Microsoft Excel table"),
        () if holds("PowerPoint Document") => Kept("application/vnd.ms-powerpoint", "a Microsoft PowerPoint presentation"),
        () => Kept("application/x-ole-storage", "a Microsoft Office document"),
    }
}
