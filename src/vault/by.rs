//! Who brings records in, and from where.

use super::{Actor, Place};

/// Who brings a file in, for the activity log and for the list of sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Who, as the log names them.
    pub who: Actor,
    /// From where.
    pub from: Place,
    /// By what name the list of sources has it.
    pub name: String,
}

impl By {
    /// Somebody, under their own name.
    pub fn new(who: Actor, from: Place) -> Self {
        let name = who.name.clone();
        Self { who, from, name }
    }

    /// Keepwell itself: nobody brought it in by hand.
    pub fn system(from: Place) -> Self {
        Self::new(Actor::system(), from)
    }

    /// The same under another name in the list of sources.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }
}
