//! Giving: what is chosen, for whom, until when. SMART Health Links, and the encrypted page.
//!
//! ```text
//! give.rs     make, list, renew, stop: while the chart is open
//! content.rs  what goes out, out of the chart
//! desk.rs     answers whoever holds a link: also while the chart is locked, and without any key
//! reply.rs    what whoever holds a link leaves for the chart
//! payload.rs  the link · jwe.rs its files · passcode.rs, qr.rs
//! page.rs     the encrypted page · wordlist.rs its passphrase
//! card/       the emergency card
//! ```
//!
//! The server cannot read what it hands out: a link's key is in the link and, for renewal, in the chart's encrypted database.

pub mod card;
mod content;
mod desk;
mod give;
mod jwe;
mod page;
mod passcode;
mod payload;
mod qr;
mod reach;
mod reply;
mod wordlist;

pub use content::{Content, Told, content};
pub use desk::{Answer, Asked, Desk, FileEntry};
pub use give::{Made, Share, State, Terms, create, hosted, list, renew, stop};
pub use jwe::{LinkKey, Opened, decrypt, encrypt};
pub use page::{Page as Attached, encrypted_page, page_of, viewer_script};
pub use passcode::{SHORTEST as PASSCODE, TRIES};
pub use payload::{Flags, LABEL, Payload, URL};
pub use qr::svg as qr;
pub use reach::{Reach, reach};
pub use reply::{MOST_BYTES as REPLY_BYTES, MOST_FILES as REPLY_FILES, Replying};
pub use wordlist::passphrase;

use crate::Result;
use zeroize::Zeroizing;

/// The media type of FHIR, as manifests name it.
pub const FHIR: &str = "application/fhir+json";

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    crate::vault::random::<N>()
}
