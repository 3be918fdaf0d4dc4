//! The clinic bundle: one zip for a USB stick or a portal upload.
//!
//! ```text
//! START-HERE.html        reads in any browser, without a network, and leads to the rest
//! HealthSummary.pdf      the same on paper
//! HealthSummary.json     an International Patient Summary, for programs
//! README.TXT INDEX.HTM IHE_XDM/   an IHE XDM tree, for a clinic's import
//! originals/             the imported files, byte for byte, where the whole chart was chosen
//! ```
//! Plain, with every file under AES-256 (WinZip AE-2), or as one age file to a recipient. Under AES the names of files can
//! still be read, so none of them says anything.

use super::csv::{Zip, packed};
use super::gather::{Gathered, gather};
use super::{Choice, Summary, ips, pdf, xdm};
use crate::vault::Chart;
use crate::{Error, Kind, Result};
use age::x25519::Recipient;
use std::io::{Read, Write};
use std::sync::Arc;
use zip::write::FileOptions;
use zip::{AesMode, ZipWriter};

/// How much of an original is in memory at a time.
const PIECE: usize = 64 << 10;

/// How a bundle is closed.
#[derive(Clone, Copy)]
pub enum Seal<'a> {
    /// Not at all.
    Plain,
    /// Every file encrypted under a passphrase.
    Passphrase(&'a str),
    /// The whole encrypted to an age recipient (`age1…`).
    Recipient(&'a str),
}

impl std::fmt::Debug for Seal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Passphrase(_) => "Passphrase",
            Self::Recipient(_) => "Recipient",
        })
    }
}

/// A zip that files are put into, under a passphrase or plain.
pub(super) struct Pack<'a, 'b> {
    zip: &'a mut Zip<'b>,
    passphrase: Option<&'a str>,
}

impl<'a, 'b> Pack<'a, 'b> {
    /// A zip without a passphrase.
    pub(super) fn plain(zip: &'a mut Zip<'b>) -> Self {
        Self { zip, passphrase: None }
    }

    fn start(&mut self, path: &str) -> Result<()> {
        let options: FileOptions<'_, '_, ()> = packed();
        match self.passphrase {
            Some(passphrase) => self.zip.start_file(path, options.with_aes_encryption(AesMode::Aes256, passphrase)),
            None => self.zip.start_file(path, options),
        }
        .map_err(Error::internal)
    }

    /// Puts a file in.
    pub(super) fn put(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        self.start(path)?;
        Ok(self.zip.write_all(bytes)?)
    }
}

/// Gathers what a choice takes and writes a bundle of it.
///
/// # Errors
/// As [`write`], and Usage when a date of the choice cannot be read.
pub fn sealed(chart: &Arc<Chart>, choice: &Choice, seal: Seal<'_>, out: &mut dyn Write) -> Result<Summary> {
    let gathered = gather(chart, choice, jiff::Timestamp::now())?;
    let summary = write(&*choice.view(chart)?, chart, &gathered, seal, out)?;
    out.flush()?;
    Ok(summary)
}

/// Writes a bundle. `whole` is the chart itself: originals are taken from it.
///
/// # Errors
/// Usage when the recipient is none; Internal when the chart cannot be read or the sink fails.
pub fn write(view: &Chart, whole: &Chart, gathered: &Gathered, seal: Seal<'_>, out: &mut dyn Write) -> Result<Summary> {
    let Seal::Recipient(recipient) = seal else {
        let passphrase = if let Seal::Passphrase(passphrase) = seal { Some(passphrase) } else { None };
        return zipped(view, whole, gathered, passphrase, out);
    };
    let recipient: Recipient = recipient.trim().parse().map_err(|_| {
        Error::new(
            Kind::Usage,
            "This is no age recipient. It begins with age1 and comes from the one who is to read it. Nothing was written.",
        )
    })?;
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).map_err(Error::internal)?;
    let mut sealed = encryptor.wrap_output(out)?;
    let summary = zipped(view, whole, gathered, None, &mut sealed)?;
    sealed.finish()?;
    Ok(summary)
}

fn zipped(view: &Chart, whole: &Chart, gathered: &Gathered, passphrase: Option<&str>, out: &mut dyn Write) -> Result<Summary> {
    let mut zip = ZipWriter::new_stream(out);
    let mut pack = Pack { zip: &mut zip, passphrase };
    let mut summary = xdm::tree(view, gathered, &mut pack)?;
    let mut links = vec![("HealthSummary.pdf".to_owned(), "This summary on paper (PDF)".to_owned())];
    pack.put("HealthSummary.pdf", &pdf::pdf(gathered)?)?;
    let mut patient_summary = Vec::new();
    ips::write(view, gathered, &mut patient_summary)?;
    pack.put("HealthSummary.json", &patient_summary)?;
    drop(patient_summary);
    links.push(("HealthSummary.json".to_owned(), "The same for programs (International Patient Summary)".to_owned()));
    if gathered.choice.ready()?.everything {
        summary.originals += originals(whole, &mut pack, &mut links)?;
    }
    pack.put("START-HERE.html", xdm::start_here(gathered, &links).as_bytes())?;
    zip.finish().map_err(Error::internal)?;
    Ok(summary)
}

/// The imported files, under numbers: their names may say what is in them.
fn originals(whole: &Chart, pack: &mut Pack<'_, '_>, links: &mut Vec<(String, String)>) -> Result<u64> {
    let mut sources: Vec<_> = whole.sources()?.into_iter().filter(|s| s.removed.is_none()).collect();
    sources.reverse();
    let mut piece = vec![0; PIECE];
    for (n, source) in sources.iter().enumerate() {
        let ending = source.name.rsplit_once('.').map_or("", |(_, e)| e);
        let ending: String = ending.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_lowercase();
        let ending = if ending.is_empty() { "bin".to_owned() } else { ending };
        let path = format!("originals/file-{:03}.{ending}", n + 1);
        pack.start(&path)?;
        let mut original = whole.original(&source.id)?;
        loop {
            let read = original.read(&mut piece)?;
            if read == 0 {
                break;
            }
            pack.zip.write_all(piece.get(..read).unwrap_or_default())?;
        }
        links.push((path, source.name.clone()));
    }
    Ok(sources.len() as u64)
}
