//! Who may do what: members, people, roles, sign-in.

use crate::Result;
use crate::vault::{Chart, MemberInfo, PersonInfo, Role, Vault};
use std::sync::Arc;

/// Everyone on one server.
#[derive(Debug)]
pub struct Household {}

/// The first member and person of a new household.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Beginning<'a> {
    pub member: &'a str,
    pub passphrase: &'a str,
    pub person: &'a str,
    /// `YYYY-MM-DD`.
    pub birth_date: &'a str,
    /// `female`, `male`, `other` or `unknown`.
    pub sex: &'a str,
}

/// A member who has signed in: holds their opened key until dropped.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub member: MemberInfo,
}

impl Beginning<'_> {
    /// Whether the fields will do, before anything is made.
    ///
    /// # Errors
    /// Usage, with words for the first field that will not.
    pub fn check(&self) -> Result<()> {
        unimplemented!()
    }
}

impl Household {
    /// Everyone who may sign in.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn members(&self) -> Result<Vec<MemberInfo>> {
        unimplemented!()
    }

    /// The household of an open vault.
    pub fn new(vault: Arc<Vault>) -> Self {
        let _ = vault;
        unimplemented!()
    }

    /// Whether nobody has been added yet.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn is_new(&self) -> Result<bool> {
        unimplemented!()
    }

    /// Adds the first member and person. Returns the recovery key, to be shown once.
    ///
    /// # Errors
    /// Usage when a field will not do (too short a passphrase, no such date).
    pub fn begin(&self, with: &Beginning<'_>) -> Result<(SignedIn, String)> {
        let _ = with;
        unimplemented!()
    }

    /// Adds a person whose owner is a signed-in member.
    ///
    /// # Errors
    /// Usage when a field will not do.
    pub fn add_person(&self, owner: &SignedIn, name: &str, birth_date: &str, sex: &str) -> Result<PersonInfo> {
        let _ = (owner, name, birth_date, sex);
        unimplemented!()
    }

    /// Opens a member's key with the passphrase. Takes about a second and 128 MiB (scrypt).
    ///
    /// # Errors
    /// Denied when name and passphrase do not match.
    pub fn sign_in(&self, name: &str, passphrase: &str) -> Result<SignedIn> {
        let _ = (name, passphrase);
        unimplemented!()
    }

    /// The charts that a member may open, and as what.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn charts(&self, member: &SignedIn) -> Result<Vec<(PersonInfo, Role)>> {
        let _ = member;
        unimplemented!()
    }

    /// Opens a chart; an open one is shared.
    ///
    /// # Errors
    /// NotFound when there is none, or not for this member.
    pub fn open(&self, who: &SignedIn, person: &str) -> Result<Arc<Chart>> {
        let _ = (who, person);
        unimplemented!()
    }
}
