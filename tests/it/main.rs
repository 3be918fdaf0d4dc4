//! The one integration binary: a room, a module.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod demo;
mod export;
mod export_world;
mod fhir_corpus;
mod files;
mod files_corpus;
mod hostile;
mod vault;
mod vault_search;
mod vault_sources;
mod vault_stock;
mod vault_world;
mod web;
mod web_world;
