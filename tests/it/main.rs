//! Integration tests, one binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod files;
mod files_corpus;
mod hostile;
