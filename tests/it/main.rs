//! Every integration test, in one binary.

mod ccda_entries;
mod ccda_frame;
