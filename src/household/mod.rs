//! Who may do what: members, people, roles, sign-in.
//!
//! roles.rs: who may open a chart, and keys that follow. invites.rs: one-time links. people.rs: whose charts.
//! tokens.rs: programs that may read a chart.

mod invites;
mod notices;
mod people;
mod roles;
mod tokens;

pub use crate::vault::{Access, Grant, InviteInfo, TokenInfo};
pub use invites::{Invited, Joining};
pub use people::{ClosedChart, Correction};
pub use roles::LetGo;

mod activity;
mod backup;
mod contacts;
mod door;
mod endings;
mod factors;
mod passkeys;
mod passphrase;
mod renewal;

pub(crate) use crate::vault::Tries;
pub use crate::vault::{BrowserInfo, FactorInfo, FactorKind};
pub use backup::{Opening, restore, verify};
pub use contacts::WAIT;
pub use factors::{AppSetup, RECOVERY_CODES};
pub use passkeys::{PasskeyAsked, PasskeySetup, Site};
pub use passphrase::{PASSPHRASE, Strength, good_passphrase, strength};

use crate::record::{PartialDate, Precision};
use crate::vault::{Chart, Key, MemberInfo, NoticeKind, PersonInfo, Place, Role, Scope, Vault, Waiting};
use crate::{Error, Kind, Result};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;

/// The longest name, in characters.
const NAME: usize = 100;
/// People's colours, given in turn.
pub const COLOURS: [&str; 6] = ["plum", "indigo", "umber", "pine", "slate", "azure"];

/// Everyone on one server.
#[derive(Debug)]
pub struct Household {
    vault: Arc<Vault>,
    /// Charts that somebody holds open. The last to let go closes the chart and wipes its keys.
    open: Mutex<HashMap<String, Weak<Chart>>>,
    /// One change at a time to the file of a member's factors.
    factoring: Mutex<()>,
    /// Charts that nobody may open just now, since their keys or their person are changed.
    closing: Mutex<HashSet<String>>,
    /// Threads that still tell what is sensitive in a chart: the end waits for them.
    telling: Mutex<Vec<JoinHandle<()>>>,
    reopened: Condvar,
    /// One change of roles at a time. Who takes this and `open` takes this first.
    changing: Mutex<()>,
    /// Charts whose files are being encrypted anew.
    resealing: Arc<Mutex<HashSet<String>>>,
    /// Counts changes to people.
    edits: AtomicU64,
    /// The program of the second channel.
    notify_command: Option<std::path::PathBuf>,
    /// What was told lately, so that it is not told over and over.
    told: Mutex<HashMap<(String, NoticeKind), std::time::Instant>>,
    /// The steady clock when waits were last counted.
    counted: Mutex<Option<i64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first member and person of a new household.
#[derive(Clone)]
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

impl std::fmt::Debug for Beginning<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Beginning(…)")
    }
}

impl Beginning<'_> {
    /// Whether the fields will do, before anything is made.
    ///
    /// # Errors
    /// Usage, with words for the first field that will not.
    pub fn check(&self) -> Result<()> {
        good_name(self.member, "the name you sign in with")?;
        good_passphrase(self.passphrase, &[self.member, self.person, self.birth_date])?;
        good_person(self.person, self.birth_date, self.sex)?;
        Ok(())
    }
}

/// A member who has signed in: holds their opened key until dropped.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub member: MemberInfo,
    key: Key,
    /// Whose charts were decrypted for this member so far: a page names all of them, and each costs two decryptions.
    /// With the count of changes to people as of then.
    people: Mutex<HashMap<String, (u64, PersonInfo)>>,
}

impl SignedIn {
    fn new(member: MemberInfo, key: Key) -> Self {
        Self { member, key, people: Mutex::default() }
    }
}

impl Drop for Household {
    fn drop(&mut self) {
        for thread in std::mem::take(&mut *lock(&self.telling)) {
            // One that panicked has said so already.
            _ = thread.join();
        }
    }
}

impl Household {
    /// The household of an open vault.
    pub fn new(vault: Arc<Vault>) -> Self {
        Self {
            vault,
            open: Mutex::default(),
            closing: Mutex::default(),
            telling: Mutex::default(),
            reopened: Condvar::new(),
            changing: Mutex::default(),
            resealing: Arc::default(),
            edits: AtomicU64::default(),
            factoring: Mutex::default(),
            notify_command: None,
            told: Mutex::default(),
            counted: Mutex::default(),
        }
    }

    /// The vault, for what is given out of it.
    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Whether nobody has been added yet.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn is_new(&self) -> Result<bool> {
        Ok(self.members()?.is_empty())
    }

    /// Integrity of what is kept beside the charts. The findings in words.
    ///
    /// # Errors
    /// Internal when it cannot be checked at all.
    pub fn check(&self) -> Result<Vec<String>> {
        self.vault.check()
    }

    /// Every member, by name.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn members(&self) -> Result<Vec<MemberInfo>> {
        self.vault.register().members()
    }

    /// Adds the first member and person. Returns the recovery key, to be shown once.
    ///
    /// # Errors
    /// Usage when a field will not do (too short a passphrase, no such date), or when somebody has begun already.
    pub fn begin(&self, with: &Beginning<'_>) -> Result<(SignedIn, String)> {
        with.check()?;
        let name = good_name(with.member, "the name you sign in with")?;
        let person = self.new_person(with.person, with.birth_date, with.sex)?;
        if !self.is_new()? {
            return Err(usage("This vault has a member already. Nothing was changed. Sign in instead."));
        }
        let key = Key::generate();
        let member = MemberInfo { id: Vault::new_id()?, name };
        let made = self
            .vault
            .seal_member(&member.id, &passphrase::normal(with.passphrase), &key)
            .and_then(|()| self.vault.create_chart(&key, &person))
            .and_then(|()| {
                let mut register = self.vault.register();
                // Asked again under the lock: two first visits at once must not both begin.
                if register.members()?.is_empty() {
                    register.add(&member, Some(&key.recipient()), &person.id)
                } else {
                    Err(usage("Somebody else has just begun with this vault. Nothing was changed. Sign in instead."))
                }
            });
        if let Err(e) = made {
            self.vault.forget(Some(&member.id), &person.id);
            return Err(e);
        }
        let recovery = String::clone(&key.secret());
        Ok((SignedIn::new(member, key), recovery))
    }

    /// Adds a person whose owner is a signed-in member.
    ///
    /// # Errors
    /// Usage when a field will not do.
    pub fn add_person(&self, owner: &SignedIn, name: &str, birth_date: &str, sex: &str) -> Result<PersonInfo> {
        let person = self.new_person(name, birth_date, sex)?;
        let made = self.vault.create_chart(&owner.key, &person).and_then(|()| self.vault.register().add(&owner.member, None, &person.id));
        if let Err(e) = made {
            self.vault.forget(None, &person.id);
            return Err(e);
        }
        Ok(person)
    }

    /// Opens a member's key with the passphrase, or with the recovery key in its place: the first factor. Whoever lets somebody
    /// in from afar asks for the second one too ([`Self::factors`]). A passphrase takes about a second and 128 MiB (scrypt),
    /// for an unknown name as well.
    ///
    /// # Errors
    /// Denied when name and passphrase do not match.
    pub fn sign_in(&self, name: &str, passphrase: &str) -> Result<SignedIn> {
        let (known, members) = {
            let register = self.vault.register();
            (register.member_named(name)?, register.members()?)
        };
        if let Some(key) = Key::parse(passphrase) {
            let (member, _) = known.filter(|(_, recipient)| *recipient == key.recipient()).ok_or_else(Vault::denied)?;
            return Ok(SignedIn::new(member, key));
        }
        let Some((member, recipient)) = known else {
            // The same work as for a name that is known, so that the time does not tell names.
            if let Some(other) = members.first() {
                drop(self.open_member(&other.id, passphrase));
            }
            return Err(Vault::denied());
        };
        let key = self.open_member(&member.id, passphrase)?;
        self.end_renewal(&member.id, &recipient, &key)?;
        Ok(SignedIn::new(member, key))
    }

    /// The passphrase is read in one way of writing (NFC). Vaults of before that kept it as it was typed, so that is tried too.
    fn open_member(&self, member: &str, passphrase: &str) -> Result<Key> {
        let normal = passphrase::normal(passphrase);
        match self.vault.open_member(member, &normal) {
            Err(e) if e.kind == Kind::Denied && normal.as_str() != passphrase => self.vault.open_member(member, passphrase),
            done => done,
        }
    }

    /// Whether this is the passphrase of a member who is signed in already; the recovery key does not count.
    ///
    /// # Errors
    /// Denied when it is not.
    pub fn prove(&self, who: &SignedIn, passphrase: &str) -> Result<()> {
        let key = self.open_member(&who.member.id, passphrase)?;
        if key.recipient() == who.key.recipient() { Ok(()) } else { Err(Vault::denied()) }
    }

    /// Puts another passphrase in place of a member's. The recovery key stays the same.
    ///
    /// # Errors
    /// Usage when it is not good enough ([`good_passphrase`]).
    pub fn change_passphrase(&self, who: &SignedIn, passphrase: &str, from: &Place) -> Result<Strength> {
        let about = self.names(who)?;
        let strength = good_passphrase(passphrase, &about.iter().map(String::as_str).collect::<Vec<_>>())?;
        self.record_factor(who, "passphrase", from)?;
        self.vault.seal_member(&who.member.id, &passphrase::normal(passphrase), &who.key)?;
        Ok(strength)
    }

    /// What others know and a passphrase is not made of: names of members and of the people whose charts this member may
    /// open, and their birth dates.
    fn names(&self, who: &SignedIn) -> Result<Vec<String>> {
        let mut names: HashSet<String> = self.members()?.into_iter().map(|m| m.name).collect();
        for (person, _) in self.charts(who)? {
            names.extend([person.name, person.birth_date]);
        }
        Ok(names.into_iter().collect())
    }

    /// The member of a name, upper and lower case alike.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn member_named(&self, name: &str) -> Result<Option<MemberInfo>> {
        Ok(self.vault.register().member_named(name)?.map(|(member, _)| member))
    }

    /// The charts that a member may open, and as what. Names and birth dates are encrypted with the charts.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn charts(&self, who: &SignedIn) -> Result<Vec<(PersonInfo, Role)>> {
        let roles = self.vault.register().roles(&who.member.id)?;
        let mut known = lock(&who.people);
        let edits = self.edits.load(Ordering::SeqCst);
        let mut person = |id: String| match known.get(&id) {
            Some((as_of, person)) if *as_of == edits => Ok(person.clone()),
            // Keys that were changed between two reads: the second try has both of one time.
            _ => {
                let person = self.vault.person(&id, &who.key).or_else(|_| self.vault.person(&id, &who.key));
                person.inspect(|person| _ = known.insert(id, (edits, person.clone())))
            }
        };
        roles.into_iter().map(|(id, role)| Ok((person(id)?, role))).collect()
    }

    /// What a member may do with a chart, if anything.
    ///
    /// # Errors
    /// Internal when the register cannot be read.
    pub fn role(&self, who: &SignedIn, person: &str) -> Result<Option<Role>> {
        let roles = self.vault.register().roles(&who.member.id)?;
        Ok(roles.into_iter().find(|(id, _)| id == person).map(|(_, role)| role))
    }

    /// Opens a chart as far as a member may read it; an open one is shared. Where an owner opens it, keys that do not fit its
    /// roles are made anew first.
    ///
    /// # Errors
    /// NotFound when there is none, or not for this member.
    pub fn open(&self, who: &SignedIn, person: &str) -> Result<Arc<Chart>> {
        let grant = self.grant_of(who, person)?;
        let chart = self.open_whole(who, person, grant.role)?;
        Ok(chart.view(&grant.scope.unwrap_or_else(Scope::everything)))
    }

    fn open_whole(&self, who: &SignedIn, person: &str, role: Role) -> Result<Arc<Chart>> {
        let _admitted = self.admitted(person);
        if let Some(chart) = lock(&self.open).get(person).and_then(Weak::upgrade) {
            return Ok(chart);
        }
        // Before the charts that are open: who changes roles writes into an open chart's log meanwhile.
        let turn = (role == Role::Owner).then(|| lock(&self.changing));
        let mut open = lock(&self.open);
        if let Some(chart) = open.get(person).and_then(Weak::upgrade) {
            return Ok(chart);
        }
        if let Some(turn) = &turn
            && let Err(e) = self.fit_keys(who, person, turn)
        {
            // The chart opens all the same, and the next opening tries again.
            tracing::warn!(kind = ?e.kind, "the keys of a chart could not be made anew");
        }
        let chart = Arc::new(self.vault.open_chart(person, &who.key)?);
        self.tell_rest(&chart)?;
        open.insert(person.to_owned(), Arc::downgrade(&chart));
        Ok(chart)
    }

    /// Lets a chart that has just been opened tell what is sensitive in records of before.
    fn tell_rest(&self, chart: &Arc<Chart>) -> Result<()> {
        let begun = chart.tell_rest()?;
        let mut telling = lock(&self.telling);
        telling.retain(|thread| !thread.is_finished());
        telling.extend(begun);
        Ok(())
    }

    /// What waits in the inboxes of the charts that a member may change, by chart; those with nothing are left out.
    ///
    /// # Errors
    /// Internal when the register or a folder cannot be read.
    pub fn waiting(&self, who: &SignedIn) -> Result<Vec<(String, Vec<Waiting>)>> {
        let roles = self.vault.register().roles(&who.member.id)?;
        let mine = roles.into_iter().filter(|(_, role)| *role >= Role::Carer);
        let all = mine.map(|(id, _)| self.vault.waiting(&id).map(|files| (id, files)));
        all.filter(|w| !matches!(w, Ok((_, files)) if files.is_empty())).collect()
    }

    fn new_person(&self, name: &str, birth_date: &str, sex: &str) -> Result<PersonInfo> {
        let (name, birth_date) = good_person(name, birth_date, sex)?;
        let colour = COLOURS[self.vault.register().people()? % COLOURS.len()].to_owned();
        Ok(PersonInfo { id: Vault::new_id()?, name, birth_date, sex: sex.to_owned(), colour })
    }
}

/// The name and the birth date, tidied.
fn good_person(name: &str, birth_date: &str, sex: &str) -> Result<(String, String)> {
    let name = good_name(name, "the full name")?;
    let date = PartialDate::parse(birth_date).filter(|d| d.precision == Precision::Day);
    let date = date.ok_or_else(|| usage("The birth date is not a date. Write it as year, month, day: 1954-03-14."))?;
    if date.text > crate::record::today() || date.text.as_str() < "1870-01-01" {
        return Err(usage("The birth date cannot be right. Check the year."));
    }
    if !["female", "male", "other", "unknown"].contains(&sex) {
        return Err(usage("Choose female, male, other or unknown."));
    }
    Ok((name, date.text))
}

fn usage(words: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Usage, words)
}

fn good_name(name: &str, what: &str) -> Result<String> {
    let tidy = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let letters = tidy.chars().count();
    if letters == 0 {
        return Err(usage(format!("Fill in {what}.")));
    }
    if letters > NAME || tidy.chars().any(char::is_control) {
        return Err(usage(format!("Make {what} shorter than {NAME} letters.")));
    }
    Ok(tidy)
}
