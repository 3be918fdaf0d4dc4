//! The one integration binary: a room, a module.

mod web;
mod web_world;
