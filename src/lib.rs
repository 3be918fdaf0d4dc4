//! Keepwell: a personal health record vault.
//!
//! # The map
//! ```text
//! bytes -> import -> record -> vault -> chart -> web pages
//!                                 |-> export -> files, share -> links
//! ```
//! Data flows one way. A module knows only those above it in this list, and the words of `record`.
//!
//! 1. [`record`]: meaning. FHIR R4 resources as JSON and the small typed readings of them. No I/O.
//! 2. [`import`]: bytes to records. One folder or file a format; each gives records and issues, never all-or-nothing.
//! 3. [`vault`]: keeping. Keys, encrypted database, originals, search. The only home of rusqlite, and of age at rest.
//! 4. [`household`]: who may do what. Members, people, roles, sessions.
//! 5. [`chart`]: reading. One clean chart out of many sources.
//! 6. [`export`]: one file a format.
//! 7. [`share`]: giving. Health links and the encrypted page: made from an open chart, handed out without any key.
//! 8. [`web`]: showing. `router.rs` lists every address. The only home of axum and maud.
//! 9. [`cli`]: one thin file a command. [`demo`]: a synthetic household, written by code.
//!
//! Deliberately absent: a generated model of FHIR, a background job queue, any outgoing connection.
//!
//! # Invariants, each with a test
//! - No plaintext health data leaves memory: not in files, logs, addresses or error pages.
//! - An import is all there or not there; a kill at any moment leaves a vault that opens.
//! - found = stored + updated + duplicates + skipped, for every file.
//! - Export everything, import into an empty vault: the same records.
//! - Parsers never panic, never recurse without bound, never use memory out of proportion to their limits.

pub mod chart;
pub mod cli;
pub mod config;
pub mod demo;
pub mod error;
pub mod export;
pub mod household;
pub mod import;
pub mod record;
pub mod share;
pub mod vault;
pub mod web;

pub use error::{Error, Kind, Result};
