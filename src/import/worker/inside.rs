//! The inner side: one document on standard input, the answer on standard output, nothing else allowed.

use super::{PdfInfo, PictureInfo, TEXT_BYTES, exif};
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use image::{DynamicImage, ImageDecoder, ImageReader};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use std::io::{Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

pub(super) const LOCKED: i32 = 10;
pub(super) const NO_SUCH_PAGE: i32 = 11;
const UNREADABLE: u8 = 12;

const MEMORY: u64 = 1 << 30;
const SECONDS: u64 = 20;
/// Pixels of a picture that is decoded: 100 megapixels are a large scan.
const PIXELS: u64 = 100_000_000;

/// Runs the hidden command: `pdf-text`, `pdf-info`, `pdf-page <n> <width>`, `picture <longest>`, `picture-info`.
pub fn run_worker(args: &[String]) -> ExitCode {
    if confine().is_err() {
        return ExitCode::from(UNREADABLE);
    }
    std::panic::set_hook(Box::new(|_| {}));
    let mut bytes = Vec::new();
    if std::io::stdin().lock().read_to_end(&mut bytes).is_err() {
        return ExitCode::from(UNREADABLE);
    }
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let answer = catch_unwind(AssertUnwindSafe(|| match words.as_slice() {
        ["pdf-text"] => pdf_text(&bytes),
        ["pdf-info"] => pdf_info(bytes),
        ["pdf-page", page, width] => pdf_page(bytes, number(page)?, number(width)?),
        ["picture", longest] => picture(&bytes, number(longest)?),
        ["photo", longest] => photo(&bytes, number(longest)?),
        ["picture-info"] => picture_info(&bytes),
        _ => Err(UNREADABLE),
    }));
    match answer.unwrap_or(Err(UNREADABLE)) {
        Ok(answer) => match std::io::stdout().lock().write_all(&answer) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(UNREADABLE),
        },
        Err(code) => ExitCode::from(code),
    }
}

/// Takes away what a reader of documents does not need, before it sees any of the document.
fn confine() -> rustix::io::Result<()> {
    let limits = [
        (Resource::As, MEMORY),
        (Resource::Cpu, SECONDS),
        (Resource::Fsize, 0),
        (Resource::Nproc, 0),
        (Resource::Nofile, 8),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    // The limit does not hold where the system hands cores to a program; this does.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
}

fn number(text: &str) -> Result<u32, u8> {
    text.parse().map_err(|_| UNREADABLE)
}

fn open(bytes: Vec<u8>) -> Result<Pdf, u8> {
    Pdf::new(bytes).map_err(|e| match e {
        LoadPdfError::Decryption(_) => LOCKED as u8,
        LoadPdfError::Invalid => UNREADABLE,
    })
}

fn pdf_info(bytes: Vec<u8>) -> Result<Vec<u8>, u8> {
    let pdf = open(bytes)?;
    let meta = pdf.metadata();
    let title = meta.title.as_deref().map(pdf_string).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    let created = meta.creation_date.as_ref().map(|d| {
        // The reader fills in what the date leaves out, so the first of a month at midnight may be less exact.
        let bare = d.day == 1 && (d.hour, d.minute, d.second) == (0, 0, 0);
        match (d.month, bare) {
            (1, true) => format!("{:04}", d.year),
            (month, true) => format!("{:04}-{month:02}", d.year),
            (month, false) => format!("{:04}-{month:02}-{:02}", d.year, d.day),
        }
    });
    serde_json::to_vec(&PdfInfo { pages: pdf.pages().len(), title, created }).map_err(|_| UNREADABLE)
}

/// A text string of PDF (ISO 32000-1, 7.9.2.2): UTF-16 or UTF-8 after a mark, else close to Latin 1.
fn pdf_string(bytes: &[u8]) -> String {
    match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding.decode(bytes).0.into_owned(),
        None => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
    }
}

fn pdf_text(bytes: &[u8]) -> Result<Vec<u8>, u8> {
    use pdf_extract::{Document, PlainTextOutput, output_doc_page};
    let mut document = Document::load_mem(bytes).map_err(|_| UNREADABLE)?;
    if document.is_encrypted() {
        document.decrypt("").map_err(|_| LOCKED as u8)?;
    }
    let mut text = Capped(String::new());
    let mut read = 0;
    for page in document.get_pages().into_keys() {
        // A page that cannot be read does not take the others with it.
        let done = catch_unwind(AssertUnwindSafe(|| output_doc_page(&document, &mut PlainTextOutput::new(&mut text), page)));
        read += u32::from(matches!(done, Ok(Ok(()))));
        if text.0.len() >= TEXT_BYTES {
            break;
        }
        text.0.push('\n');
    }
    let none = read == 0 && text.0.trim().is_empty();
    if none { Err(UNREADABLE) } else { Ok(text.0.into_bytes()) }
}

/// Text that stops growing at the limit.
struct Capped(String);

impl std::fmt::Write for Capped {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        if self.0.len() + s.len() > TEXT_BYTES {
            return Err(std::fmt::Error);
        }
        self.0.push_str(s);
        Ok(())
    }
}

impl pdf_extract::ConvertToFmt for &mut Capped {
    type Writer = Self;
    fn convert(self) -> Self::Writer {
        self
    }
}

fn pdf_page(bytes: Vec<u8>, page: u32, width: u32) -> Result<Vec<u8>, u8> {
    use hayro::vello_cpu::color::palette::css::WHITE;
    use hayro::{RenderCache, RenderSettings, render};
    let pdf = open(bytes)?;
    let index = (page as usize).checked_sub(1).ok_or(NO_SUCH_PAGE as u8)?;
    let page = pdf.pages().get(index).ok_or(NO_SUCH_PAGE as u8)?;
    let (across, down) = page.render_dimensions();
    if !(across.is_finite() && down.is_finite() && across > 0.0 && down > 0.0) {
        return Err(UNREADABLE);
    }
    // A page as long as a receipt roll is shown smaller rather than not at all.
    let scale = (width.clamp(50, 2400) as f32 / across).min(4800.0 / down);
    let settings = RenderSettings { x_scale: scale, y_scale: scale, bg_color: WHITE, ..RenderSettings::default() };
    let picture = render(page, &RenderCache::new(), &Default::default(), &settings);
    picture.into_png().map_err(|_| UNREADABLE)
}

fn decoder(bytes: &[u8]) -> Result<impl ImageDecoder + '_, u8> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| UNREADABLE)?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(60_000);
    limits.max_image_height = Some(60_000);
    limits.max_alloc = Some(MEMORY / 2);
    reader.limits(limits);
    reader.into_decoder().map_err(|_| UNREADABLE)
}

fn picture_info(bytes: &[u8]) -> Result<Vec<u8>, u8> {
    let mut decoder = decoder(bytes)?;
    let (width, height) = decoder.dimensions();
    let created = decoder.exif_metadata().ok().flatten().and_then(|exif| exif::taken(&exif));
    serde_json::to_vec(&PictureInfo { width, height, created }).map_err(|_| UNREADABLE)
}

/// The picture upright, no side longer than `longest`. Its header is judged before anything is decoded.
fn upright(bytes: &[u8], longest: u32) -> Result<DynamicImage, u8> {
    let mut decoder = decoder(bytes)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(UNREADABLE);
    }
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| UNREADABLE)?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    let longest = longest.clamp(16, 8000);
    if picture.width() > longest || picture.height() > longest {
        picture = picture.thumbnail(longest, longest);
    }
    Ok(picture)
}

fn photo(bytes: &[u8], longest: u32) -> Result<Vec<u8>, u8> {
    let picture = upright(bytes, longest)?.into_rgba8();
    let mut paper = image::RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut paper, &picture, 0, 0);
    jpeg(paper.into())
}

fn jpeg(picture: DynamicImage) -> Result<Vec<u8>, u8> {
    let mut out = Cursor::new(Vec::new());
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 88);
    picture.into_rgb8().write_with_encoder(encoder).map_err(|_| UNREADABLE)?;
    Ok(out.into_inner())
}

fn picture(bytes: &[u8], longest: u32) -> Result<Vec<u8>, u8> {
    let picture = upright(bytes, longest)?;
    if bytes.starts_with(b"\xff\xd8") {
        // A photograph: as PNG it would be many times larger.
        return jpeg(picture);
    }
    let picture = if picture.color().has_alpha() {
        DynamicImage::ImageRgba8(picture.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(picture.into_rgb8())
    };
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, image::ImageFormat::Png).map_err(|_| UNREADABLE)?;
    Ok(out.into_inner())
}
