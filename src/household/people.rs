//! The people whose charts are kept: changed, and removed.

use super::roles::LetGo;
use super::{COLOURS, Household, SignedIn, good_person, usage};
use crate::vault::{MemberInfo, PersonInfo, Role};
use crate::{Error, Kind, Result};
use std::sync::atomic::Ordering;

/// Another name, birth date, sex and colour for a person.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Correction<'a> {
    pub name: &'a str,
    /// `YYYY-MM-DD`.
    pub birth_date: &'a str,
    /// `female`, `male`, `other` or `unknown`.
    pub sex: &'a str,
    /// One of [`COLOURS`].
    pub colour: &'a str,
}

impl Correction<'_> {
    /// Whether the fields will do.
    ///
    /// # Errors
    /// Usage, with words for the first that will not.
    pub fn check(&self) -> Result<()> {
        good_person(self.name, self.birth_date, self.sex)?;
        if COLOURS.contains(&self.colour) { Ok(()) } else { Err(usage("Choose one of the colours.")) }
    }
}

/// A chart of the household as the keeper sees it, who may not open it: no name, since that is encrypted with the chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedChart {
    /// The chart's id.
    pub id: String,
    /// Who owns it.
    pub owners: Vec<MemberInfo>,
}

impl Household {
    /// Puts another name, birth date, sex and colour in place of a person's. What stood there is kept in the chart.
    ///
    /// # Errors
    /// Denied when this member is not an owner; Usage when a field will not do; Busy while files are read into the chart.
    pub fn edit_person(&self, who: &SignedIn, person: &str, to: &Correction<'_>, let_go: LetGo<'_>) -> Result<PersonInfo> {
        self.owns(who, person)?;
        let (name, birth_date) = good_person(to.name, to.birth_date, to.sex)?;
        to.check()?;
        let new = PersonInfo { id: person.to_owned(), name, birth_date, sex: to.sex.to_owned(), colour: to.colour.to_owned() };
        // An open chart knows whose it is: it is opened again.
        self.closed(person, let_go, || self.vault.edit_person(&who.key, &new))?;
        self.edits.fetch_add(1, Ordering::SeqCst);
        Ok(new)
    }

    /// Removes a person and everything of their chart, for good.
    ///
    /// # Errors
    /// Denied when this member neither owns the chart nor keeps the household; NotFound; Busy while somebody uses the chart.
    pub fn remove_person(&self, who: &SignedIn, person: &str, let_go: LetGo<'_>) -> Result<()> {
        if !self.is_keeper(&who.member)? {
            self.owns(who, person)?;
        }
        if !self.vault.register().everyone()?.iter().any(|p| p == person) {
            return Err(Error::not_found());
        }
        self.closed(person, let_go, || {
            self.vault.register().remove_person(person)?;
            self.vault.clear_gone()
        })
    }

    /// The charts that the keeper may not open, but could remove.
    ///
    /// # Errors
    /// Denied for anyone else.
    pub fn closed_charts(&self, who: &SignedIn) -> Result<Vec<ClosedChart>> {
        if !self.is_keeper(&who.member)? {
            return Err(Error::new(Kind::Denied, "Only the member who keeps this household may see this."));
        }
        let register = self.vault.register();
        let mine: Vec<String> = register.roles(&who.member.id)?.into_iter().map(|(id, _)| id).collect();
        let others = register.everyone()?.into_iter().filter(|id| !mine.contains(id));
        others
            .map(|id| {
                let owners = register.access(&id)?.into_iter().filter(|a| a.grant.role == Role::Owner).map(|a| a.member).collect();
                Ok(ClosedChart { id, owners })
            })
            .collect()
    }
}
