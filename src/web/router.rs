//! Every address on one screen.
