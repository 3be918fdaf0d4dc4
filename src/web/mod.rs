//! Showing: the web pages. `router.rs` lists every address; `routes/` answers them, `pages/` draws what they answer with.
//! `security.rs` is the one place of headers and refusals, `session.rs` of who is signed in.

pub mod app;
mod assets;
mod backups;
mod door;
mod doorway;
mod download;
mod error;
mod fhir;
mod inbox;
mod jobs;
mod joins;
pub mod layout;
pub mod looks;
pub mod pages;
mod queue;
mod renewal;
mod restores;
pub mod router;
pub mod routes;
mod security;
mod serve;
mod session;
mod setup;
mod standing;
mod throttle;
mod tls;
mod upload;

pub use app::{App, BackupPlan, Options};
pub use router::{ASKS_AGAIN, ROUTES, Who, router};
pub use security::FRAMED;
pub use serve::serve;
pub use tls::Secured;
