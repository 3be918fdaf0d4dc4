//! What each address does.
