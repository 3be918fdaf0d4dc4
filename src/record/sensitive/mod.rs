//! The kinds of record that a person may want to keep from somebody who may read the rest, and how they are known.
//!
//! A record is known by the security labels that its source gave it, by its codes, and by its words in every language that
//! [`words`] holds. In doubt it is sensitive: to leave out too much can be put right, to show too much cannot. Words that
//! deny count as well: who reads "HIV screening declined" has read of HIV. What cannot be read (a scan, a locked PDF) may
//! say anything and counts as every kind.

mod codes;
mod drugs;
mod gather;
mod labels;
mod words;

use super::Resource;
use serde_json::Value;

/// A sensitive kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it; words() gives the long form")]
pub enum Sensitive {
    MentalHealth = 1,
    ReproductiveHealth = 1 << 1,
    SexualHealth = 1 << 2,
    SubstanceUse = 1 << 3,
    Genetics = 1 << 4,
    Hiv = 1 << 5,
}

impl Sensitive {
    /// Every kind, in the order of pages.
    pub const ALL: [Self; 6] =
        [Self::MentalHealth, Self::ReproductiveHealth, Self::SexualHealth, Self::SubstanceUse, Self::Genetics, Self::Hiv];

    /// The name in addresses, flags and files.
    pub fn slug(self) -> &'static str {
        match self {
            Self::MentalHealth => "mental-health",
            Self::ReproductiveHealth => "reproductive-health",
            Self::SexualHealth => "sexual-health",
            Self::SubstanceUse => "substance-use",
            Self::Genetics => "genetics",
            Self::Hiv => "hiv",
        }
    }

    /// The kind with this slug.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.slug() == slug)
    }

    /// The plain words that pages use.
    pub fn words(self) -> &'static str {
        match self {
            Self::MentalHealth => "Mental health",
            Self::ReproductiveHealth => "Pregnancy and reproductive health",
            Self::SexualHealth => "Sexual health",
            Self::SubstanceUse => "Alcohol, tobacco and drugs",
            Self::Genetics => "Genetics",
            Self::Hiv => "HIV",
        }
    }
}

/// A set of sensitive kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SensitiveSet(u8);

impl SensitiveSet {
    /// No kind.
    pub const NONE: Self = Self(0);
    /// Every kind.
    pub const ALL: Self = Self(0x3f);

    /// Whether it holds a kind.
    pub fn contains(self, kind: Sensitive) -> bool {
        self.0 & kind as u8 != 0
    }

    /// Whether it holds none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds the kinds of another one.
    pub fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Its kinds that another one does not hold.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Its kinds, in order.
    pub fn iter(self) -> impl Iterator<Item = Sensitive> {
        Sensitive::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }

    /// The number in the database.
    pub fn number(self) -> i64 {
        i64::from(self.0)
    }

    /// The set with this number in the database.
    pub fn from_number(n: i64) -> Self {
        Self((n & 0x3f) as u8)
    }

    /// The sets of a constant table.
    const fn of(kinds: &[Sensitive]) -> Self {
        let (mut bits, mut n) = (0, 0);
        while n < kinds.len() {
            bits |= kinds[n] as u8;
            n += 1;
        }
        Self(bits)
    }
}

impl From<Sensitive> for SensitiveSet {
    fn from(kind: Sensitive) -> Self {
        Self(kind as u8)
    }
}

impl FromIterator<Sensitive> for SensitiveSet {
    fn from_iter<T: IntoIterator<Item = Sensitive>>(kinds: T) -> Self {
        kinds.into_iter().fold(Self::NONE, |set, kind| Self(set.0 | kind as u8))
    }
}

/// The sensitive kinds of a resource that stands under a title.
pub fn classify(resource: &Resource, title: &str) -> SensitiveSet {
    let mut found = super::facts(resource).sensitive;
    found.add(words::of(title));
    found
}

/// The sensitive kinds that a text tells of by its words.
pub fn sensitive_words(text: &str) -> SensitiveSet {
    words::of(text)
}

/// The sensitive kinds of a resource. `text` is everything readable in it, as [`super::Facts::text`] holds it;
/// `medication` is the concept of the medicine where that is another record.
pub(super) fn of(resource: &Resource, medication: Option<&Value>, text: &str) -> SensitiveSet {
    let mut found = words::of(text);
    found.add(gather::of(resource, text));
    if let Some(medication) = medication {
        found.add(gather::of(medication, ""));
    }
    found
}

#[cfg(test)]
mod tests;
