//! What routes answer with.
