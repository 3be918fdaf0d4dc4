//! Reading: one clean chart out of many sources. Rooms of records, no HTML:
//!
//! - [`words`]: any FHIR resource as labelled facts; nothing it holds is left out.
//! - [`results`], [`units`], [`trend`], [`panels`], [`goals`]: tests, their values, what may share a line, what is aimed at.
//! - [`medicines`], [`timing`]: the medicine list, its differences, the times of the day.
//! - [`link`]: the same thing from several sources as one line.
//! - [`when`], [`answers`]: what a date is the date of; questions with their answers.
//! - [`denials`]: "none known" and "nothing known", which are not the same.
//! - [`people`], [`person`], [`money`], [`documents`], [`timeline`]: who, whose, how much, which paper, when.
//! - [`photo`]: the face that goes with the name.

pub mod answers;
pub mod denials;
pub mod documents;
pub mod goals;
pub mod link;
pub mod medicines;
pub mod money;
pub mod panels;
pub mod people;
pub mod person;
pub mod photo;
pub mod results;
pub mod sources;
pub mod timeline;
pub mod timing;
pub mod trend;
pub mod units;
pub mod when;
pub mod words;
