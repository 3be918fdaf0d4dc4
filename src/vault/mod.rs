//! Keeping: keys, the encrypted database of each chart, originals, search. The only home of rusqlite and of age at rest.
//!
//! ```text
//! household.db            register.rs   who may sign in
//! members/<id>.age        keys.rs       a member's identity under their passphrase
//! members/<id>.factors.age  factors.rs  the secrets of their second factors, encrypted to that identity
//! charts/<id>/            chart.rs      open and write · read.rs, select.rs, search.rs, refs.rs: read
//!   records.db            db.rs, schema.sql · columns.rs, body.rs: a record in it
//!   originals/            source.rs
//!   inbox/                inbox.rs
//!   activity.db           activity/     who looked, what left, what changed
//!   contacts/             contacts.rs   what stands ready for a trusted contact
//! notices/<id>/           notices.rs    what a member is to be told
//!   identity.older.age    rekey.rs      new keys when somebody may open the chart no longer
//!   shares/               shares.rs
//!   tokens/               tokens.rs    the chart's identity for programs that read it
//! scope.rs says what of a chart somebody may read; lens.rs holds every reading to it; classify.rs tells what is sensitive.
//! backup/ makes one file of all of it, and a vault of such a file.
//! tidy.rs sweeps and purges when a chart opens.
//! import.rs puts records in; identity.rs knows them again; settle.rs tells which version is current.
//! ```

mod activity;
pub(crate) mod backup;
mod body;
mod browsers;
mod by;
mod chart;
mod check;
mod classify;
mod columns;
mod contacts;
mod db;
mod endings;
mod factors;
mod files;
mod identity;
mod import;
pub mod inbox;
mod keys;
mod lens;
mod notices;
mod query;
mod read;
mod refs;
mod register;
mod rekey;
mod roster;
mod scope;
mod search;
mod select;
mod settle;
mod shares;
mod source;
mod tidy;
mod tokens;

pub use activity::{Act, Actor, ActorKind, Choice, Counted, Entry, Event, Fault, Group as ActGroup, Place, Verdict};
pub use backup::Summary as BackupSummary;
pub use browsers::BrowserInfo;
pub(crate) use browsers::KNOWN as KNOWN_BROWSER;
pub use by::By;
pub use chart::Chart;
pub use contacts::{Clock, ContactInfo};
pub(crate) use endings::Ending;
pub(crate) use factors::Tries;
pub use factors::{FactorInfo, FactorKind};
pub(crate) use files::replace as replace_file;
pub(crate) use identity::unique_in_shape;
pub use import::{Import, Outcome, Tally};
pub use inbox::Waiting;
pub(crate) use keys::{Key, random};
pub use notices::{Notice, NoticeKind};
pub use query::{Added, Cursor, Group, Hit, Listing, Order, Query, Row};
pub(crate) use register::Register;
pub use register::{MemberInfo, PersonInfo, Role};
pub(crate) use rekey::Escrow;
pub(crate) use roster::KeysNeed;
pub use roster::{Access, Grant, InviteInfo};
pub use scope::Scope;
pub use shares::ShareRow;
pub(crate) use shares::{new_id as new_share_id, now};
pub use source::{Original, SourceInfo, Staged, Staging};
pub use tokens::TokenInfo;

use crate::{Error, Kind, Result};
use activity::Heads;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// An open vault: this process owns it until it is dropped.
#[derive(Debug)]
pub struct Vault {
    dir: PathBuf,
    register: Mutex<Register>,
    heads: Arc<Heads>,
    /// One backup at a time.
    backing_up: Mutex<()>,
    /// Released by the system when the process ends, however it ends.
    _lock: File,
}

impl Vault {
    /// Whether there is a vault in this folder.
    pub fn exists(dir: &Path) -> bool {
        dir.join("household.db").is_file() || backup::is_waiting(dir)
    }

    /// A new, empty vault in a folder that is missing or empty.
    ///
    /// # Errors
    /// Usage when there is something in the folder.
    pub fn create(dir: &Path) -> Result<Self> {
        if dir.exists() && !is_begun(dir)? {
            return Err(not_empty());
        }
        files::private_dir(dir)?;
        let lock = take_lock(dir)?;
        files::private_dir(&dir.join("members"))?;
        files::private_dir(&dir.join("charts"))?;
        let register = Register::create(&dir.join("household.db"))?;
        Self::with(dir, register, lock)
    }

    /// Opens a vault and takes its lock.
    ///
    /// # Errors
    /// Busy when another process owns it; NotFound when there is none; Refused when a newer Keepwell made it.
    pub fn open(dir: &Path) -> Result<Self> {
        if !Self::exists(dir) {
            let words = "There is no vault in this folder. Make one with \"keepwell init\", or name another folder with --vault.";
            return Err(Error::new(Kind::NotFound, words));
        }
        let lock = take_lock(dir)?;
        let restored = backup::adopt(dir)?;
        let register = Register::open(&dir.join("household.db"))?;
        sweep(&dir.join("charts"))?;
        clear_gone(dir, &register)?;
        let vault = Self::with(dir, register, lock)?;
        if restored {
            vault.tell_restored()?;
        }
        Ok(vault)
    }

    /// Every chart's log says that it was restored.
    fn tell_restored(&self) -> Result<()> {
        let event = Event::new(Actor::system(), Act::Backup).from(Place::server()).with("what", "restored");
        inbox::charts(&self.dir)?.iter().try_for_each(|person| self.note_locked(person, &event))
    }

    /// Whether a restored backup waits in this folder for the next opening.
    pub fn is_restored(dir: &Path) -> bool {
        backup::is_waiting(dir)
    }

    /// Unpacks a backup into a folder where there is no household, proves it, and leaves it there for the next opening.
    ///
    /// # Errors
    /// Usage when there is something in the folder; Denied when it does not open; Refused when it is damaged, or of a newer Keepwell.
    pub(crate) fn restore(dir: &Path, file: &Path, opener: &backup::Opener, watch: &backup::Watch<'_>) -> Result<BackupSummary> {
        let there = dir.exists();
        let done = (|| {
            if Self::exists(dir) || (there && !is_begun(dir)?) {
                return Err(not_empty());
            }
            files::private_dir(dir)?;
            let _lock = take_lock(dir)?;
            backup::restore(file, opener, dir, watch)
        })();
        if done.is_err() && !there {
            // Empty but for the lock, and made by us.
            _ = std::fs::remove_file(dir.join("lock"));
            _ = std::fs::remove_dir(dir);
        }
        done
    }

    /// The same into this vault, in which nobody has begun.
    pub(crate) fn restore_here(&self, file: &Path, opener: &backup::Opener, watch: &backup::Watch<'_>) -> Result<BackupSummary> {
        if !self.register().members()?.is_empty() || backup::is_waiting(&self.dir) {
            return Err(not_empty());
        }
        backup::restore(file, opener, &self.dir, watch)
    }

    fn with(dir: &Path, register: Register, lock: File) -> Result<Self> {
        let heads = Arc::new(Heads::open(&dir.join("household.db"))?);
        Ok(Self { dir: dir.to_owned(), register: Mutex::new(register), heads, backing_up: Mutex::default(), _lock: lock })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A file of the server's own in the vault's folder, such as its certificate; None when there is none.
    pub(crate) fn server_file(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match std::fs::read(self.dir.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// How long ago it was written.
    pub(crate) fn server_file_age(&self, name: &str) -> Option<std::time::Duration> {
        let written = self.dir.join(name).metadata().and_then(|m| m.modified()).ok()?;
        Some(written.elapsed().unwrap_or_default())
    }

    /// Writes one, for the owner of the vault alone.
    pub(crate) fn keep_server_file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        files::replace(&self.dir.join(name), bytes)
    }

    pub(crate) fn register(&self) -> MutexGuard<'_, Register> {
        chart::lock(&self.register)
    }

    fn member_file(&self, member: &str) -> PathBuf {
        self.dir.join("members").join(format!("{member}.age"))
    }

    /// Whether there is a chart of this id.
    pub(crate) fn has_chart(&self, person: &str) -> bool {
        // An id out of an address: nothing but what `new_id` gives.
        !person.is_empty() && person.bytes().all(|b| b.is_ascii_hexdigit()) && self.chart_dir(person).join("recipients.txt").is_file()
    }

    fn chart_dir(&self, person: &str) -> PathBuf {
        self.dir.join("charts").join(person)
    }

    /// What waits in the inbox of a chart, open or not.
    pub(crate) fn waiting(&self, person: &str) -> Result<Vec<Waiting>> {
        inbox::list(&self.chart_dir(person).join("inbox"))
    }

    /// A random id for a member or a person.
    pub(crate) fn new_id() -> Result<String> {
        keys::random_id()
    }

    /// Writes a member's key under their passphrase.
    pub(crate) fn seal_member(&self, member: &str, passphrase: &str, key: &Key) -> Result<()> {
        self.put_member(member, &keys::sealed_with_passphrase(passphrase, key)?)
    }

    /// A new member's key under their passphrase, to be written when they have joined.
    pub(crate) fn sealed_member(passphrase: &str, key: &Key) -> Result<Vec<u8>> {
        keys::sealed_with_passphrase(passphrase, key)
    }

    /// Writes it.
    pub(crate) fn put_member(&self, member: &str, sealed: &[u8]) -> Result<()> {
        files::replace(&self.member_file(member), sealed)
    }

    /// A member's key as it lies under their passphrase.
    pub(crate) fn sealed_key(&self, member: &str) -> Result<Vec<u8>> {
        Ok(std::fs::read(self.member_file(member))?)
    }

    /// Opens a member's key; about a second.
    ///
    /// # Errors
    /// Denied when the passphrase is another.
    pub(crate) fn open_member(&self, member: &str, passphrase: &str) -> Result<Key> {
        keys::open_with_passphrase(&self.member_file(member), passphrase)
    }

    fn factors_file(&self, member: &str) -> PathBuf {
        self.dir.join("members").join(format!("{member}.factors.age"))
    }

    /// Writes the secrets of a member's second factors, encrypted to the member.
    pub(crate) fn seal_factors(&self, member: &str, recipients: &[String], secrets: &[u8]) -> Result<()> {
        keys::seal_file(&self.factors_file(member), recipients, secrets)
    }

    /// The secrets of a member's second factors; None when there are none.
    pub(crate) fn open_factors(&self, member: &str, key: &Key) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
        let file = self.factors_file(member);
        if file.exists() { key.open_file(&file).map(Some) } else { Ok(None) }
    }

    /// Removes the secrets of a member's second factors.
    pub(crate) fn forget_factors(&self, member: &str) -> Result<()> {
        files::remove(&self.factors_file(member))
    }

    /// The words for a name and a passphrase that do not match.
    pub(crate) fn denied() -> Error {
        keys::denied()
    }

    /// Now, in seconds since 1970.
    pub(crate) fn now() -> i64 {
        files::now()
    }

    /// Deletes the key of a member who did not become one.
    pub(crate) fn forget_member(&self, member: &str) {
        // The failure that led here is what the person is told; the file opens nothing.
        _ = std::fs::remove_file(self.member_file(member));
    }

    /// Undoes a beginning that failed half way.
    pub(crate) fn forget(&self, member: Option<&str>, person: &str) {
        // The failure that led here is what the person is told; the rest is swept by hand if the disk is gone.
        if let Some(member) = member {
            _ = std::fs::remove_file(self.member_file(member));
        }
        _ = std::fs::remove_dir_all(self.chart_dir(person));
    }

    /// A new chart for a person; it appears under its name when it is whole.
    pub(crate) fn create_chart(&self, owner: &Key, person: &PersonInfo) -> Result<()> {
        let fresh = self.chart_dir(&format!("{UNFINISHED}{}", person.id));
        let made = Chart::create(&fresh, &owner.recipient(), person).and_then(|()| {
            std::fs::rename(&fresh, self.chart_dir(&person.id))?;
            files::sync_dir(&self.dir.join("charts"))
        });
        if made.is_err() {
            _ = std::fs::remove_dir_all(&fresh);
        }
        made
    }

    /// Whose chart it is.
    pub(crate) fn person(&self, person: &str, member: &Key) -> Result<PersonInfo> {
        Chart::person_of(&self.chart_dir(person), member)
    }

    /// Puts another name, birth date, sex or colour in place of the old ones, which are kept.
    pub(crate) fn edit_person(&self, member: &Key, person: &PersonInfo) -> Result<()> {
        Chart::edit_person(&self.chart_dir(&person.id), member, person)
    }

    /// Encrypts a chart's identity to exactly these members.
    pub(crate) fn seal_identity(&self, person: &str, member: &Key, recipients: &[String]) -> Result<()> {
        rekey::seal_identity(&self.chart_dir(person), member, recipients)
    }

    /// The same by the holder of a copy of the identity.
    pub(crate) fn seal_identity_by_copy(&self, person: &str, copy: &Key, recipients: &[String]) -> Result<()> {
        rekey::seal_identity_by_copy(&self.chart_dir(person), copy, recipients)
    }

    /// Writes a copy of a chart's identity for somebody who has no role yet.
    pub(crate) fn seal_copy(&self, person: &str, member: &Key, copy: &Escrow) -> Result<()> {
        rekey::seal_copy(&self.chart_dir(person), member, copy)
    }

    /// The identity out of such a copy.
    pub(crate) fn open_copy(&self, person: &str, path: &Path, holder: &Key) -> Result<Key> {
        let plain = holder.open_file(&self.chart_dir(person).join(path))?;
        let text = std::str::from_utf8(&plain).map_err(Error::internal)?;
        Key::parse(text).ok_or_else(|| Error::internal("a copy of an identity holds no age key"))
    }

    /// Deletes such a copy.
    pub(crate) fn forget_copy(&self, person: &str, path: &Path) -> Result<()> {
        files::remove(&self.chart_dir(person).join(path))
    }

    /// Deletes every such copy but these.
    pub(crate) fn keep_copies(&self, person: &str, live: &[PathBuf]) -> Result<()> {
        self.keep_copies_in("invites", person, live)
    }

    fn keep_copies_in(&self, folder: &str, person: &str, live: &[PathBuf]) -> Result<()> {
        let dir = self.chart_dir(person);
        let entries = match std::fs::read_dir(dir.join(folder)) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e.into()),
        };
        for entry in entries {
            let path = entry?.path();
            if !live.iter().any(|l| dir.join(l) == path) {
                files::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Whose chart it is, for the holder of a copy of its identity.
    pub(crate) fn person_by_copy(&self, person: &str, copy: &Key) -> Result<PersonInfo> {
        Chart::person_with(&self.chart_dir(person), copy)
    }

    /// New keys for a chart that nobody has open; these members may open it from now on.
    pub(crate) fn renew_chart(&self, person: &str, member: &Key, recipients: &[String], copies: &[Escrow]) -> Result<()> {
        rekey::renew(&self.chart_dir(person), member, recipients, copies, &mut || Ok(()))
    }

    /// Deletes the files of members and people who were removed.
    pub(crate) fn clear_gone(&self) -> Result<()> {
        clear_gone(&self.dir, &self.register())
    }

    /// Opens a chart.
    pub(crate) fn open_chart(&self, person: &str, member: &Key) -> Result<Chart> {
        let dir = self.chart_dir(person);
        let chart = Chart::open(&dir, member)?;
        chart.keep_log(&dir, Arc::clone(&self.heads))?;
        Ok(chart)
    }
}

/// Whether there is nothing in a folder but what an interrupted beginning has left; anything else is somebody's.
fn is_begun(dir: &Path) -> Result<bool> {
    let ours = ["lock", "members", "charts", "household.new", "restoring"];
    if dir.join("household.db").is_file() {
        return Ok(false);
    }
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let empty = || std::fs::read_dir(entry.path()).map_or(true, |mut d| d.next().is_none());
        if !name.to_str().is_some_and(|n| ours.contains(&n))
            || (["members", "charts"].contains(&name.to_str().unwrap_or_default()) && !empty())
        {
            return Ok(false);
        }
    }
    Ok(true)
}

fn not_empty() -> Error {
    let words = "There are files in this folder already. Nothing was changed. Name an empty folder for the new vault.";
    Error::new(Kind::Usage, words)
}

/// Charts whose making was interrupted begin with this.
const UNFINISHED: &str = "new-";

fn clear_gone(dir: &Path, register: &Register) -> Result<()> {
    for (kind, id) in register.gone()? {
        match kind.as_str() {
            "member" => {
                for entry in std::fs::read_dir(dir.join("members"))? {
                    let entry = entry?;
                    // Whatever else is kept for a member stands beside their key under the same name.
                    if entry.file_name().to_str().is_some_and(|n| n.strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with('.'))) {
                        files::remove(&entry.path())?;
                    }
                }
                files::sync_dir(&dir.join("members"))?;
            }
            _ => match std::fs::remove_dir_all(dir.join("charts").join(&id)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
                _ => files::sync_dir(&dir.join("charts"))?,
            },
        }
        register.cleared(&kind, &id)?;
    }
    Ok(())
}

fn sweep(charts: &Path) -> Result<()> {
    for entry in std::fs::read_dir(charts)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|n| n.starts_with(UNFINISHED)) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn take_lock(dir: &Path) -> Result<File> {
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(dir.join("lock"));
    let mut file = options?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            let process = holder.trim().parse::<u32>().map_or_else(|_| String::new(), |pid| format!(" (process {pid})"));
            let words = format!(
                "Keepwell is already running with this vault{process}. Use its web page, or stop it first: systemctl stop keepwell."
            );
            return Err(Error::new(Kind::Busy, words));
        }
        Err(TryLockError::Error(e)) => return Err(e.into()),
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

/// For the start of the program: nobody else on this machine reads what it writes, and a crash puts no memory on the disk.
pub fn harden() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask};
    umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let limited = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    if let Err(e) = limited.and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable)) {
        // A system that forbids even this still serves; its owner should know.
        tracing::warn!(error = %e, "core dumps could not be turned off");
    }
}
