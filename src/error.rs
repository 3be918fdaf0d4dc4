//! What went wrong, said three ways: a kind for the program, words for the person, a source for the log.

use std::borrow::Cow;

/// A result with Keepwell's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure this is. Exit codes and HTTP statuses follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command or form was wrong.
    Usage,
    /// There is no such thing, or it is not for this member.
    NotFound,
    /// Name and passphrase do not match, or nobody is signed in.
    Denied,
    /// The input cannot be taken: malformed, hostile, or about someone else.
    Refused,
    /// A limit that the household set was reached.
    TooMuch,
    /// Another process owns the vault, or the thing is in use.
    Busy,
    /// The person asked to stop.
    Cancelled,
    /// The vault, the disk or the program failed.
    Internal,
}

/// An error with words that a worried reader can act on. No health data in `source`.
#[derive(Debug)]
pub struct Error {
    /// What sort of failure.
    pub kind: Kind,
    words: Cow<'static, str>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a kind, with plain words: what happened, what it did to the records, what to do.
    pub fn new(kind: Kind, words: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, words: words.into(), source: None }
    }

    /// The input cannot be taken.
    pub fn refused(words: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Refused, words)
    }

    /// Keepwell itself failed; `source` goes to the log only.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Internal,
            words: "Keepwell could not do this. Your records are safe. Try again, or look into the server's log.".into(),
            source: Some(source.into()),
        }
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "There is no such page or record.")
    }

    /// The same error with the cause for the log.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The words for the person.
    pub fn words(&self) -> &str {
        &self.words
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        // A reader of ours may have carried one of our own errors through std::io.
        match e.downcast::<Self>() {
            Ok(own) => own,
            Err(e) if e.kind() == std::io::ErrorKind::StorageFull => {
                Self::new(Kind::Internal, "The disk is full. Nothing was stored. Make room, then try again.").because(e)
            }
            Err(e) => Self::internal(e),
        }
    }
}

impl From<Error> for std::io::Error {
    fn from(e: Error) -> Self {
        Self::other(e)
    }
}
