//! What each address does.

pub(crate) mod add;
pub mod chart;
pub(crate) mod charts;
pub(crate) mod export;
pub(crate) mod first_run;
pub(crate) mod health;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod inbox;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod sources;
