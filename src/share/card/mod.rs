//! The emergency card: for the wallet and the phone's lock screen. Anyone who finds it can read it, so what is on it is
//! chosen field by field; a code on it opens the emergency summary, a link of its own.
//!
//! - [`face`]: what stands on it, out of the chart and of what was typed · [`draw`]: the PDF and the picture

mod draw;
mod face;

pub use draw::{lock_screen, wallet};
pub use face::{Face, Line};

use super::give::{Share, State, Terms};
use crate::export::Choice;
use crate::household::Household;
use crate::record::SensitiveSet;
use crate::vault::{Act, Chart, Event, Scope, now};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Under this name the chart keeps its card.
const NOTE: &str = "emergency-card";
/// The longest that a typed field may be, in characters: more has no room on a card.
pub const LONGEST: usize = 200;

/// A field of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it; words() gives the long form")]
pub enum Field {
    Allergies,
    Conditions,
    Medicines,
    Implants,
    BloodType,
    OrganDonor,
    Size,
    Language,
    Contacts,
    Doctors,
    Pharmacy,
    Directive,
    Photo,
}

impl Field {
    /// Every field, in the order of the form.
    pub const ALL: [Self; 13] = [
        Self::Photo,
        Self::Allergies,
        Self::Conditions,
        Self::Medicines,
        Self::Implants,
        Self::Contacts,
        Self::BloodType,
        Self::Size,
        Self::Language,
        Self::OrganDonor,
        Self::Doctors,
        Self::Pharmacy,
        Self::Directive,
    ];

    /// The name in forms.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Allergies => "allergies",
            Self::Conditions => "conditions",
            Self::Medicines => "medicines",
            Self::Implants => "implants",
            Self::BloodType => "blood-type",
            Self::OrganDonor => "organ-donor",
            Self::Size => "size",
            Self::Language => "language",
            Self::Contacts => "contacts",
            Self::Doctors => "doctors",
            Self::Pharmacy => "pharmacy",
            Self::Directive => "directive",
            Self::Photo => "photo",
        }
    }

    /// What the form calls it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Allergies => "Allergies with reactions",
            Self::Conditions => "Conditions",
            Self::Medicines => "Medicines with dose and reason",
            Self::Implants => "Implants",
            Self::BloodType => "Blood type",
            Self::OrganDonor => "Organ donor",
            Self::Size => "Height and weight",
            Self::Language => "Language",
            Self::Contacts => "Whom to call",
            Self::Doctors => "Doctors",
            Self::Pharmacy => "Pharmacy",
            Self::Directive => "Where the advance directive is",
            Self::Photo => "Photo",
        }
    }

    /// Whether somebody types it; the others come from the chart.
    pub fn is_typed(self) -> bool {
        !matches!(self, Self::Allergies | Self::Conditions | Self::Medicines | Self::Implants | Self::Photo)
    }
}

/// What was chosen for the card, and what was typed for it. Kept in the chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Fields that are on it.
    pub fields: BTreeSet<Field>,
    /// What was typed.
    pub said: BTreeMap<Field, String>,
    /// What may stand on it, and what its code may open: sensitive kinds only where they were ticked.
    pub scope: Scope,
    /// The share that its code opens.
    pub share: Option<String>,
}

impl Default for Card {
    fn default() -> Self {
        Self {
            fields: Field::ALL.into(),
            said: BTreeMap::new(),
            scope: Scope { classes: None, sensitive: SensitiveSet::NONE },
            share: None,
        }
    }
}

impl Card {
    /// The card of a chart, as it was last chosen. The first time, what the chart knows stands in the typed fields.
    ///
    /// # Errors
    /// Internal when the chart cannot be read.
    pub fn of(chart: &Arc<Chart>) -> Result<Self> {
        match chart.note(NOTE)? {
            Some(text) => serde_json::from_str(&text).map_err(Error::internal),
            None => Ok(Self { said: face::known(chart)?, ..Self::default() }),
        }
    }

    /// Keeps what was chosen. `event`: who does so, from where.
    ///
    /// # Errors
    /// Internal when the chart cannot be written.
    pub fn keep(&self, chart: &Chart, event: &Event) -> Result<()> {
        let event = Event { act: Act::Changed, ..event.clone() };
        chart.log(&event.with("what", "emergency card"))?;
        self.put(chart)
    }

    fn put(&self, chart: &Chart) -> Result<()> {
        chart.set_note(NOTE, &serde_json::to_string(self).map_err(Error::internal)?)
    }

    /// The share of its code, however it stands.
    ///
    /// # Errors
    /// Internal when the chart or the register cannot be read.
    pub fn code(&self, household: &Household, chart: &Chart) -> Result<Option<Share>> {
        let Some(id) = &self.share else { return Ok(None) };
        Ok(super::list(household, chart)?.into_iter().find(|share| share.id == *id))
    }

    /// Makes a code for it: a link without passcode to the emergency summary, renewed as the chart changes. Whoever scans it
    /// after it was stopped reads the link's label: whom to call. An older code is stopped first.
    ///
    /// # Errors
    /// As [`super::create`].
    pub fn make_code(&mut self, household: &Household, chart: &Arc<Chart>, base: &str, event: &Event) -> Result<Share> {
        self.stop_code(household, chart, event)?;
        let choice = Choice { addressee: Some("Emergency card".into()), sensitive: self.scope.sensitive, ..Choice::emergency() };
        let call = self.said.get(&Field::Contacts).filter(|_| self.fields.contains(&Field::Contacts));
        let call = call.and_then(|c| c.lines().next()).map(|c| format!("Call {}", c.trim()));
        let label = [Some("Emergency card.".to_owned()), call].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let terms = Terms {
            label: label.chars().take(super::LABEL).collect(),
            long_term: true,
            base: base.to_owned(),
            event: event.clone(),
            ..Terms::default()
        };
        let made = super::create(household, chart, &choice, &terms)?;
        self.share = Some(made.share.id.clone());
        self.put(chart)?;
        Ok(made.share)
    }

    /// Stops its code. Cards that are out keep what is printed on them.
    ///
    /// # Errors
    /// As [`super::stop`].
    pub fn stop_code(&self, household: &Household, chart: &Chart, event: &Event) -> Result<()> {
        match self.code(household, chart)? {
            Some(share) if share.state == State::Open => super::stop(household, chart, &share.id, event).map(drop),
            _ => Ok(()),
        }
    }

    /// What stands on the card today.
    ///
    /// # Errors
    /// Internal when the chart cannot be read.
    pub fn face(&self, household: &Household, chart: &Arc<Chart>) -> Result<Face> {
        let link = self.code(household, chart)?.and_then(|share| share.link).map(|links| links.viewer);
        Face::of(self, &chart.view(&self.scope), now(), link)
    }
}
