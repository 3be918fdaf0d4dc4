//! Reading: one clean chart out of many sources.
