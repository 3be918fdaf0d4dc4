//! Every integration test, in one binary.

mod ccda_frame;
