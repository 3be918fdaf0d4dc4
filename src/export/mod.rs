//! Carrying away: one file a format.
