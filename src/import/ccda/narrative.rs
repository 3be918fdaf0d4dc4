//! The narrative of a section (CDA R2, 4.3.5 Section Narrative Block) as plain words and as safe XHTML for FHIR's
//! `text.div`. Only what is named here goes through: no style, script, event handler or picture from elsewhere.

mod html;
mod words;

pub(crate) use html::{fragment, section};
pub(crate) use words::plain;
