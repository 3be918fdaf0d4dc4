//! A new recovery key for a member: another identity, under the same passphrase, to which every chart of theirs is encrypted
//! instead. A kill at any moment leaves a member who can open everything.

use super::{Household, SignedIn, lock, passphrase};
use crate::Result;
use crate::vault::{Key, Place};
use zeroize::Zeroizing;

impl Household {
    /// Makes a new identity for a member, and with it a new recovery key, to be shown once. The old one opens nothing of this
    /// vault any more; backups of before still open with it. Whoever holds the member signed in goes on with what is given back.
    ///
    /// # Errors
    /// Denied when the passphrase is another; Internal when the disk fails: the old key stays the one that counts.
    pub fn new_recovery_key(&self, who: &SignedIn, text: &str, from: &Place) -> Result<(SignedIn, Zeroizing<String>)> {
        self.prove(who, text)?;
        self.record_factor(who, "recovery key", from)?;
        let key = Key::generate();
        let member = &who.member.id;
        let _turn = lock(&self.changing);
        let charts: Vec<String> = self.vault.register().roles(member)?.into_iter().map(|(person, _)| person).collect();
        // For both at first: until the member's own file is written, the old key is what their passphrase opens.
        for person in &charts {
            let mut both = self.recipients(person)?;
            both.push(key.recipient());
            self.vault.seal_identity(person, &who.key, &both)?;
        }
        let secrets = lock(&self.factoring);
        let factors = self.vault.open_factors(member, &who.key)?;
        if let Some(factors) = &factors {
            self.vault.seal_factors(member, &[who.key.recipient(), key.recipient()], factors)?;
        }
        self.vault.reseal_for(member, &who.key, &[who.key.recipient(), key.recipient()])?;
        self.vault.seal_member(member, &passphrase::normal(text), &key)?;
        self.vault.register().set_recipient(member, &key.recipient())?;
        // Then for the new one alone. Should this end here, the register remembers which charts are to be sealed again.
        if let Some(factors) = &factors {
            self.vault.seal_factors(member, &[key.recipient()], factors)?;
        }
        drop(secrets);
        self.vault.reseal_for(member, &key, &[key.recipient()])?;
        for person in &charts {
            self.vault.seal_identity(person, &key, &self.recipients(person)?)?;
            self.vault.register().is_sealed(person)?;
        }
        let secret = key.secret();
        Ok((SignedIn::new(who.member.clone(), key), secret))
    }

    /// A change of a member's identity that ended between their file and the register is ended when they sign in.
    pub(super) fn end_renewal(&self, member: &str, known: &str, key: &Key) -> Result<()> {
        let recipient = key.recipient();
        if recipient != known {
            self.vault.register().set_recipient(member, &recipient)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::household::Beginning;
    use crate::vault::Vault;
    use std::sync::Arc;

    const PASSPHRASE: &str = "four words make a good one";

    #[test]
    fn an_end_between_the_file_and_the_register_is_mended_at_the_next_sign_in() {
        let tmp = tempfile::tempdir().expect("a folder");
        let household = Household::new(Arc::new(Vault::create(&tmp.path().join("vault")).expect("a vault")));
        let with = Beginning { member: "Ruth", passphrase: PASSPHRASE, person: "Ruth Carver", birth_date: "1954-03-14", sex: "female" };
        let (who, old) = household.begin(&with).expect("begun");
        household.new_recovery_codes(&who, &Place::command_line()).expect("codes");
        let (renewed, key) = household.new_recovery_key(&who, PASSPHRASE, &Place::command_line()).expect("renewed");
        assert_ne!(*key, old);
        // As if the power had gone before the register was written.
        household.vault.register().set_recipient(&who.member.id, &who.key.recipient()).expect("written");
        assert!(household.with_recovery_key("Ruth", &key).is_err());
        let again = household.sign_in("Ruth", PASSPHRASE).expect("the passphrase opens the member's file");
        assert_eq!(again.key.recipient(), renewed.key.recipient());
        assert!(household.with_recovery_key("Ruth", &key).is_ok() && household.with_recovery_key("Ruth", &old).is_err());
        let chart = household.charts(&again).expect("charts").remove(0).0.id;
        assert!(household.open(&who, &chart).is_err(), "the old key opens no chart");
        assert!(household.open(&again, &chart).is_ok());
        assert_eq!(household.recovery_codes(&who.member.id).expect("codes").0, 10, "they stay");
    }

    #[test]
    fn another_passphrase_changes_nothing() {
        let tmp = tempfile::tempdir().expect("a folder");
        let household = Household::new(Arc::new(Vault::create(&tmp.path().join("vault")).expect("a vault")));
        let with = Beginning { member: "Ruth", passphrase: PASSPHRASE, person: "Ruth Carver", birth_date: "1954-03-14", sex: "female" };
        let (who, old) = household.begin(&with).expect("begun");
        let refused = household.new_recovery_key(&who, "not the right one at all", &Place::command_line()).expect_err("another");
        assert_eq!(refused.kind, crate::Kind::Denied);
        assert!(household.with_recovery_key("Ruth", &old).is_ok());
    }
}
