//! A synthetic household, written by code.
