//! What each address does.

pub(crate) mod activity;
pub(crate) mod add;
pub mod chart;
pub(crate) mod charts;
pub(crate) mod confirm;
pub(crate) mod export;
pub(crate) mod first_run;
pub(crate) mod health;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod household;
pub(crate) mod inbox;
pub(crate) mod join;
pub(crate) mod keys;
pub(crate) mod passphrase;
pub(crate) mod people;
pub(crate) mod search;
pub(crate) mod second;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod share;
pub(crate) mod shl;
pub(crate) mod sign_in;
pub(crate) mod sources;
pub(crate) mod unlock;
pub(crate) mod view;
