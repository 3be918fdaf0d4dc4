//! What is given, chosen once and given in any form: kinds, dates, single records, for whom and with which words.

use super::select::{Ready, Selection};
use crate::record::{Class, Sensitive, SensitiveSet};
use crate::vault::{Chart, Row, Scope};
use crate::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A ready choice to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// What a new practice asks for: everything clinical, with some earlier values of each test.
    NewClinic,
    /// What a stranger needs in an emergency.
    Emergency,
    /// For somebody of the family who helps: everything but bills and messages.
    Family,
    /// The whole chart.
    Everything,
}

impl Profile {
    /// Every profile, in the order in which a page offers them.
    pub const ALL: [Self; 4] = [Self::NewClinic, Self::Emergency, Self::Family, Self::Everything];

    /// The name in flags and addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewClinic => "new-clinic",
            Self::Emergency => "emergency",
            Self::Family => "family",
            Self::Everything => "everything",
        }
    }

    /// The words of a page.
    pub fn words(self) -> &'static str {
        match self {
            Self::NewClinic => "A new clinic",
            Self::Emergency => "An emergency",
            Self::Family => "Family",
            Self::Everything => "Everything",
        }
    }

    /// The profile with this name.
    ///
    /// # Errors
    /// Usage when there is none.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name).ok_or_else(|| {
            let all: Vec<_> = Self::ALL.iter().map(|p| p.name()).collect();
            Error::new(Kind::Usage, format!("There is no profile {name}. Choose one of {}. Nothing was written.", all.join(", ")))
        })
    }
}

/// What goes out, to whom. Remembered for each recipient as JSON; the default takes everything.
///
/// A record goes along when its key is in `with`, or when the selection takes it and its sensitive kinds are allowed; never
/// when its key is in `without`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// Kinds and dates.
    pub selection: Selection,
    /// Single records that go along in any case, by `Row::key`, whatever kinds, dates and sensitive kinds say.
    pub with: BTreeSet<String>,
    /// Single records that stay here in any case, by `Row::key`. It wins over `with`.
    pub without: BTreeSet<String>,
    /// The sensitive kinds that go along with the rest.
    #[serde(with = "slugs")]
    pub sensitive: SensitiveSet,
    /// How many earlier values of each test go along with the newest one in a summary; `None` means all.
    pub earlier: Option<usize>,
    /// Whether the documents of the chart go along with their contents, and the imported files where a form has room for them.
    pub documents: bool,
    /// Who it is for, in the owner's words.
    pub addressee: Option<String>,
    /// A note to whoever reads it.
    pub note: Option<String>,
    /// What the choice was made from.
    pub profile: Option<Profile>,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            selection: Selection::default(),
            with: BTreeSet::new(),
            without: BTreeSet::new(),
            sensitive: SensitiveSet::ALL,
            earlier: None,
            documents: false,
            addressee: None,
            note: None,
            profile: None,
        }
    }
}

/// Sensitive kinds as the list of their slugs; one that this version does not know opens nothing.
mod slugs {
    use super::{Sensitive, SensitiveSet};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(set: &SensitiveSet, to: S) -> Result<S::Ok, S::Error> {
        set.iter().map(Sensitive::slug).collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SensitiveSet, D::Error> {
        let slugs = Vec::<String>::deserialize(from)?;
        Ok(slugs.iter().filter_map(|slug| Sensitive::from_slug(slug)).collect())
    }
}

impl From<Selection> for Choice {
    fn from(selection: Selection) -> Self {
        Self { selection, documents: true, ..Self::default() }
    }
}

impl Choice {
    /// The choice that a profile stands for.
    pub fn of(profile: Profile) -> Self {
        match profile {
            Profile::NewClinic => Self::new_clinic(),
            Profile::Emergency => Self::emergency(),
            Profile::Family => Self::family(),
            Profile::Everything => Self::everything(),
        }
    }

    /// Everything clinical but the sensitive kinds until they are allowed, ten earlier values of each test, documents too.
    pub fn new_clinic() -> Self {
        let exclude = vec![Class::Bill, Class::Message, Class::Appointment, Class::Provenance, Class::Other];
        Self {
            selection: Selection { exclude, ..Selection::default() },
            sensitive: SensitiveSet::NONE,
            earlier: Some(10),
            documents: true,
            profile: Some(Profile::NewClinic),
            ..Self::default()
        }
    }

    /// Allergies, alerts, conditions, medicines, immunizations, implants, procedures, the newest results, wishes, whom to call.
    /// The sensitive kinds stay here until they are allowed.
    pub fn emergency() -> Self {
        use Class::{
            Allergy, CareTeam, Demographics, Device, Goal, HealthStatus, Immunization, Insurance, Laboratory, Medication, Problem,
            Procedure,
        };
        let include = vec![
            Allergy,
            CareTeam,
            Goal,
            HealthStatus,
            Insurance,
            Immunization,
            Laboratory,
            Device,
            Medication,
            Demographics,
            Problem,
            Procedure,
            Class::VitalSign,
        ];
        Self {
            selection: Selection { include, ..Selection::default() },
            sensitive: SensitiveSet::NONE,
            earlier: Some(0),
            profile: Some(Profile::Emergency),
            ..Self::default()
        }
    }

    /// Everything but bills, messages, what is only for programs, and the sensitive kinds until they are allowed.
    pub fn family() -> Self {
        let exclude = vec![Class::Bill, Class::Message, Class::Provenance, Class::Other];
        Self {
            selection: Selection { exclude, ..Selection::default() },
            sensitive: SensitiveSet::NONE,
            documents: true,
            profile: Some(Profile::Family),
            ..Self::default()
        }
    }

    /// The whole chart.
    pub fn everything() -> Self {
        Self { documents: true, profile: Some(Profile::Everything), ..Self::default() }
    }

    /// Whether the whole chart goes out: nothing is left aside.
    pub fn is_everything(&self) -> bool {
        self.selection.is_everything() && self.without.is_empty() && self.earlier.is_none() && self.sensitive == SensitiveSet::ALL
    }

    /// The chart as far as the allowed sensitive kinds let it be seen, and the single records that are put in.
    ///
    /// # Errors
    /// Internal when the chart cannot be read.
    pub(crate) fn view(&self, chart: &Arc<Chart>) -> Result<Arc<Chart>> {
        chart.view_with(&Scope { classes: None, sensitive: self.sensitive }, &self.with)
    }

    /// The kinds that may hold something that goes along: every one, where single records are put in.
    pub fn classes(&self) -> Vec<Class> {
        if self.with.is_empty() { self.selection.classes() } else { Class::ALL.to_vec() }
    }

    /// What tells whether a record of the chart goes along, its sensitive kinds included.
    ///
    /// # Errors
    /// Usage when a date is none.
    pub fn gives(&self) -> Result<impl Fn(&Row) -> bool + use<>> {
        let (ready, allowed, with) = (self.ready()?, self.sensitive, self.with.clone());
        Ok(move |row: &Row| ready.takes(row) && (row.sensitive.without(allowed).is_empty() || with.contains(&row.key)))
    }

    /// Reads the dates.
    pub(super) fn ready(&self) -> Result<Ready> {
        Ready::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_choice_is_the_same_again() {
        for profile in Profile::ALL {
            let mut choice = Choice::of(profile);
            choice.without.insert("00ff".into());
            choice.addressee = Some("Dr. Raman".into());
            choice.selection.from = Some("2020".into());
            let text = serde_json::to_string(&choice).expect("JSON");
            assert_eq!(serde_json::from_str::<Choice>(&text).expect("a choice"), choice);
            assert_eq!(Profile::from_name(profile.name()).expect("a profile"), profile);
        }
        // What an older version remembered knows fewer fields.
        assert_eq!(serde_json::from_str::<Choice>("{}").expect("a choice"), Choice::default());
        assert_eq!(Profile::from_name("all").expect_err("none").kind, Kind::Usage);
    }

    #[test]
    fn only_everything_is_everything() {
        assert!(Choice::everything().is_everything() && Choice::default().is_everything());
        assert!(Profile::ALL[..3].iter().all(|p| !Choice::of(*p).is_everything()));
    }
}
