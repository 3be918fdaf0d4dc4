//! The pages of records.
