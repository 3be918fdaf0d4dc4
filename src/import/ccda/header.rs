//! The header (CDA R2, 4.2): who the document is about, the visit it belongs to, and who made it.

mod composition;
mod demographics;
mod encounter;
mod makers;
mod patient;
mod team;

pub(super) use composition::composition;
pub(super) use encounter::encounter;
pub(super) use makers::{confidentiality, custodian, others, relations};
pub(super) use patient::patient;
pub(super) use team::care_teams;
