//! Bytes to records. `sniff` tells formats by content, `limits` bounds what may be unpacked, and one folder or file a
//! format reads: each hands records and issues to a [`Sink`] as it goes, never all-or-nothing.

pub mod archive;
pub mod ccda;
pub mod documents;
pub mod fhir;
pub mod health_card;
mod identity;
pub mod inbox;
mod intake;
pub mod limits;
pub mod pipeline;
pub mod report;
pub mod sink;
pub mod sniff;
pub mod worker;
pub mod xdm;

pub use limits::Limits;
pub use sink::{Found, Origin, Sink};
