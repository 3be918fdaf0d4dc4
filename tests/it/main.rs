//! Integration tests: one binary, one module a room.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is not as it should be")]

mod access;
mod binary;
mod bounds;
mod ccda_elsewhere;
mod ccda_entries;
mod ccda_frame;
mod ccda_odd;
mod cli;
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
mod import;
mod kill;
mod leaks;
mod network;
mod pages;
mod pages_words;
mod roundtrip;
mod vault;
mod vault_search;
mod vault_sources;
mod vault_stock;
mod vault_world;
mod walls;
mod web;
mod web_import;
mod web_world;
