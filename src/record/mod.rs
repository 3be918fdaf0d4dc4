//! Meaning: FHIR R4 resources as data, and the small typed readings of them that pages and exports need. No I/O.
//!
//! A resource is a [`serde_json::Value`] object with `resourceType`. Numbers keep their digits (arbitrary precision).
//! Nothing here panics on odd input: a reading of something that is not there is `None` or empty.

mod class;
mod coding;
mod date;
mod facts;
pub mod html;
mod letters;
mod names;
mod original;
mod people;
mod quantity;
mod sensitive;
mod walk;

pub use class::Class;
pub use coding::{code_of, codes, concept_text, has_code, systems};
pub use date::{PartialDate, Precision, date_at, today};
pub use facts::{
    Facts, Standing, facts, facts_with, fold, medication_concept, medication_reference, searchable, strip_tags, uncoded, untagged,
};
pub use letters::plain;
pub use original::{EXTRACTED_TEXT, ORIGINAL, extracted_text, original_path, original_url};
pub use people::{PatientIdentity, human_name, reference_words, subject_reference};
pub use quantity::{Flag, Range, Reading, quantity_text, reading};
pub use sensitive::{Sensitive, SensitiveSet, classify, sensitive_words};
pub use walk::{array, at, list, string, text_at};

/// A FHIR R4 resource as JSON.
pub type Resource = serde_json::Value;

/// The `resourceType`, or "" where there is none.
pub fn type_of(resource: &Resource) -> &str {
    resource.get("resourceType").and_then(serde_json::Value::as_str).unwrap_or("")
}
