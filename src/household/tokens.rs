//! Tokens: programs of an owner that may read a chart through the FHIR server while nobody is signed in.
//!
//! A token is the secret of an age identity of its own, as an invite's is: the server keeps its hash, and the chart's identity
//! encrypted to it. It reads what its scope says, until its last day, and as long as the one who made it owns the chart.

use super::{Household, SignedIn, good_name, lock, usage};
use crate::record::{PartialDate, Precision, today};
use crate::vault::{Actor, ActorKind, Chart, Key, Scope, TokenInfo, Vault};
use crate::{Error, Kind, Result};
use std::sync::{Arc, Weak};
use zeroize::Zeroizing;

/// What every secret of an age identity begins with.
const SECRET: &str = "AGE-SECRET-KEY-1";
/// What every token begins with, so that one that strays into a file can be told for what it is.
const MARK: &str = "keepwell_";
/// A token reads for so long at most, in days.
const LONGEST_DAYS: i64 = 366;

fn hash(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().to_string()
}

/// One answer for every token that is good no longer, whatever the reason.
fn over() -> Error {
    Error::new(Kind::Denied, "This token opens nothing: it was withdrawn, its last day is over, or it never was one.")
}

impl TokenInfo {
    /// The program as the activity log names it.
    pub fn actor(&self) -> Actor {
        Actor::new(ActorKind::Token, &self.id, &self.name)
    }
}

impl Household {
    /// Makes a token. Gives it with its secret, which is kept nowhere.
    ///
    /// # Errors
    /// Denied when the one who makes it is not an owner; Usage when a field will not do.
    pub fn make_token(
        &self,
        who: &SignedIn,
        person: &str,
        name: &str,
        scope: &Scope,
        until: &str,
    ) -> Result<(TokenInfo, Zeroizing<String>)> {
        self.owns(who, person)?;
        let name = good_name(name, "a name for the program")?;
        if scope.classes.as_ref().is_some_and(std::collections::BTreeSet::is_empty) {
            return Err(usage("Tick at least one kind of record: the program would see nothing."));
        }
        let until = good_end(until)?;
        let holder = Key::generate();
        let secret = Zeroizing::new(format!("{MARK}{}", holder.secret().trim_start_matches(SECRET).to_lowercase()));
        let token = TokenInfo {
            id: Vault::new_id()?,
            person: person.to_owned(),
            maker: who.member.id.clone(),
            name,
            scope: scope.clone(),
            created: Vault::now(),
            until,
            last: None,
            recipient: holder.recipient(),
        };
        let _turn = lock(&self.changing);
        self.vault.seal_copy(person, &who.key, &token.escrow())?;
        self.vault.register().add_token(&token, &hash(&secret))?;
        Ok((token, secret))
    }

    /// The tokens of a chart that are good now, for its owners.
    ///
    /// # Errors
    /// Denied when this member is not an owner; NotFound.
    pub fn tokens(&self, who: &SignedIn, person: &str) -> Result<Vec<TokenInfo>> {
        self.owns(who, person)?;
        self.vault.register().tokens(person)
    }

    /// Withdraws a token: it reads nothing from now on.
    ///
    /// # Errors
    /// Denied when this member is not an owner; NotFound.
    pub fn drop_token(&self, who: &SignedIn, person: &str, token: &str) -> Result<()> {
        self.owns(who, person)?;
        let _turn = lock(&self.changing);
        self.vault.register().drop_token(person, token)?;
        self.sweep_tokens(person)
    }

    /// Deletes what is left of tokens that are good no longer.
    pub(super) fn sweep_tokens(&self, person: &str) -> Result<()> {
        self.vault.register().drop_dead_tokens(person)?;
        let live: Vec<_> = self.vault.register().tokens(person)?.iter().map(|t| t.escrow().path).collect();
        self.vault.keep_token_copies(person, &live)
    }

    /// Opens the chart of a token as far as it may read it; the second is the whole of it, to be held open for a while.
    ///
    /// # Errors
    /// Denied, with the same words for every token that is good no longer.
    pub fn open_with_token(&self, secret: &str) -> Result<(TokenInfo, Arc<Chart>, Arc<Chart>)> {
        let holder = secret.strip_prefix(MARK).and_then(|rest| Key::parse(&format!("{SECRET}{rest}"))).ok_or_else(over)?;
        let token = self.vault.register().token_of(&hash(secret))?.ok_or_else(over)?;
        let whole = self.open_for(&token, &holder)?;
        self.vault.register().token_used(&token.id)?;
        Ok((token.clone(), whole.view(&token.scope), whole))
    }

    fn open_for(&self, token: &TokenInfo, holder: &Key) -> Result<Arc<Chart>> {
        let _admitted = self.admitted(&token.person);
        let mut open = lock(&self.open);
        if let Some(chart) = open.get(&token.person).and_then(Weak::upgrade) {
            return Ok(chart);
        }
        let chart = Arc::new(self.vault.open_chart_by_copy(&token.person, &token.escrow(), holder)?);
        self.tell_rest(&chart)?;
        open.insert(token.person.clone(), Arc::downgrade(&chart));
        Ok(chart)
    }
}

/// A last day that is to come, a year from now at most.
fn good_end(text: &str) -> Result<String> {
    let date = PartialDate::parse(text).filter(|d| d.precision == Precision::Day);
    let date = date.ok_or_else(|| usage("Choose a last day for the program. Write it as year, month, day: 2027-03-14."))?;
    let now = today();
    let longest = PartialDate::parse(&now).map_or(i64::MAX, |d| d.start + LONGEST_DAYS * 24 * 3600);
    if date.text < now {
        return Err(usage("The last day is over already. Choose today or a later day."));
    }
    if date.start > longest {
        return Err(usage("The last day is more than a year away. Choose an earlier one; you can make a new token then."));
    }
    Ok(date.text)
}
