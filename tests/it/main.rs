//! Integration tests: one binary, one module a room.

mod vault;
mod vault_search;
mod vault_sources;
mod vault_stock;
mod vault_world;
