//! Zip archives, archives within archives, and gzip, walked without writing anything anywhere. Names of entries are only
//! ever shown and compared, never opened. Each limit is checked before the work that it bounds.

mod entries;
mod extract;
mod guard;
mod junk;
mod office;
mod walk;

pub use extract::extract;
pub use office::words as office_words;

use super::limits::{Bounded, Budget};
use super::sniff::{Format, sniff, why_not};
use super::xdm::About;
use super::{Limits, Sink};
use crate::{Error, Result};
use flate2::read::MultiGzDecoder;
use guard::{Mended, Source};
use std::io::{Cursor, Read, Seek, SeekFrom};

/// What an archive can be read from.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek + ?Sized> ReadSeek for T {}

/// One file of an archive, ready to be read.
pub struct Member<'a> {
    /// Its path in the archive, `inner.zip!/DOC/x.xml` for one in an archive within; "" for the content of a gzip file.
    pub path: &'a str,
    /// What it is.
    pub format: Format,
    /// Its size as stated, 0 if that is not known.
    pub size: u64,
    /// What the archive's table of contents says about it (IHE XDM).
    pub about: Option<&'a About>,
    /// Its bytes. Errors of this reader carry Keepwell's own errors.
    pub input: &'a mut dyn Read,
}

impl<'a> Member<'a> {
    /// The last part of the path.
    pub fn name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }
}

/// Takes each member to its reader and returns the format's name for the report. The sink that it is given puts the
/// member's path before every place. An error of kind `Refused` or `TooMuch` leaves the member out and lists it, unless
/// it came from the sink; any other ends the walk.
pub type Dispatch<'a> = dyn FnMut(Member<'_>, &mut dyn Sink) -> Result<String> + 'a;

/// How many bytes of a file decide what it is.
pub const HEAD: usize = 64 << 10;

/// Reads a zip or gzip file, member by member. Returns the format for the report: `xdm`, `zip`, or what is in the gzip.
///
/// # Errors
/// Refused when it is not a whole archive, is locked, or was made to do harm; too much when a limit on the whole is
/// passed; whatever the dispatcher and the sink return.
pub fn read(input: &mut dyn ReadSeek, format: Format, limits: &Limits, dispatch: &mut Dispatch<'_>, sink: &mut dyn Sink) -> Result<String> {
    let budget = Budget::new(limits);
    let failed = std::cell::Cell::new(false);
    let mut source = Source::new(input, &failed);
    let mut walk = walk::Walk::new(&budget, &failed, dispatch, sink);
    if format == Format::Gzip { gzip(&mut source, &budget, &mut walk) } else { walk.zip(&mut source, "", 1) }
}

/// The office document that a zip file is, if it is one: it is kept whole and not taken apart. `head` is how it begins.
pub fn office(input: &mut dyn ReadSeek, head: &[u8], limits: &Limits) -> Option<Format> {
    office::kind(input, head, limits)
}

/// A gzip file that stands alone is what it holds: its problems are those of the whole.
fn gzip(source: &mut Source<'_>, budget: &Budget, walk: &mut walk::Walk<'_>) -> Result<String> {
    let packed = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(0))?;
    let failed = walk.failed();
    let mut inner = Mended::new(Bounded::new(MultiGzDecoder::new(source), packed, budget), failed);
    let head = guard::head(&mut inner)?;
    let format = sniff(&head);
    match format {
        Format::Zip => match budget.hold(&mut Cursor::new(head).chain(inner))? {
            Some((bytes, _held)) => walk.zip(&mut Cursor::new(bytes), "", 2),
            None => Err(Error::refused("The gzip file holds a large zip archive. Unpack it, then add the zip file.")),
        },
        Format::Gzip => Err(Error::refused("The file is gzip within gzip. Unpack it once, then add what comes out.")),
        Format::Xml | Format::Empty | Format::Unknown(_) => Err(Error::refused(why_not(format, &head))),
        _ => {
            let result = walk.leaf("", format, 0, None, &mut Cursor::new(head).chain(inner));
            budget.verdict()?;
            result
        }
    }
}
