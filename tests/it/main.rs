//! Integration tests: one binary, one module a room.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is not as it should be")]

mod ccda_entries;
mod ccda_frame;
mod corpus;
mod demo;
mod export;
mod export_world;
mod fhir;
mod fhir_corpus;
mod files;
mod files_corpus;
mod files_made;
mod hostile;
mod hostile_import;
mod pages;
mod pages_words;
mod vault;
mod vault_search;
mod vault_sources;
mod vault_stock;
mod vault_world;
mod walls;
mod web;
mod web_world;
