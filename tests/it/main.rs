//! The one integration binary: a room, a module.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod ccda_frame;
mod fhir;
mod fhir_corpus;
mod files;
mod files_corpus;
mod hostile;
mod web;
mod web_world;
