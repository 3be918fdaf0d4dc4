//! Showing: the web pages. `router.rs` lists every address; `routes/` answers them, `pages/` draws what they answer with.

pub mod app;
pub mod layout;
pub mod pages;
pub mod router;
pub mod routes;
