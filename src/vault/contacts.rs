//! Trusted contacts: the register's list of who may ask for access in an emergency, the wait, and the copy of the chart's
//! identity that stands ready for them.
//!
//! The copy is encrypted to the contact, and then once more to a key that only this server holds (`household.escrow.key`). The
//! server takes the outer layer off when the wait is over, and not before. The honest limit: whoever has both the disk (or a
//! backup with that key) and the contact's passphrase needs no server and no wait. The wait is kept by the program and not by
//! arithmetic: nothing that opens by itself after a time could be made with keys alone.

use super::keys::{self, Key};
use super::register::Register;
use super::{Escrow, MemberInfo, Vault, files};
use crate::{Error, Result};
use rusqlite::{OptionalExtension, Row, params};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Seconds of a day.
const DAY: i64 = 24 * 3600;

/// A trusted contact of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactInfo {
    /// The chart.
    pub person: String,
    /// Who may ask.
    pub member: MemberInfo,
    /// The wait, in days: 1 to 30.
    pub days: u32,
    /// When they were named, seconds since 1970.
    pub named: i64,
    /// When they asked, if a wish is open.
    pub asked: Option<i64>,
    /// Seconds of the wait that have passed.
    pub waited: i64,
    /// When they were given access.
    pub given: Option<i64>,
}

impl ContactInfo {
    /// Whether the wait of an open wish is over.
    pub fn is_due(&self) -> bool {
        self.asked.is_some() && self.waited >= i64::from(self.days) * DAY
    }

    /// Seconds of the wait that are still to pass.
    pub fn left(&self) -> i64 {
        (i64::from(self.days) * DAY - self.waited).max(0)
    }
}

/// What the clocks say. The wall clock may be set forwards and backwards; the steady one only runs, and begins anew with the
/// program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Seconds since 1970.
    pub wall: i64,
    /// Seconds since some moment of this run of the program.
    pub steady: i64,
}

impl Clock {
    /// Now.
    pub fn now() -> Self {
        static BEGAN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        let steady = BEGAN.get_or_init(std::time::Instant::now).elapsed().as_secs().cast_signed();
        Self { wall: files::now(), steady }
    }
}

/// How much of a wait passes between two counts. Both clocks must agree that it did: one that is set forwards gives nothing
/// early, one that is set backwards makes the wait longer. Over a pause of the server, where only the wall clock can tell, one
/// day at most counts: who switches a server off and sets its clock cannot make a month of it.
pub(crate) fn passed(seen: i64, now: i64, running: Option<i64>) -> i64 {
    (now - seen).clamp(0, running.map_or(DAY, |steady| steady.max(0)))
}

const COLUMNS: &str = "c.person, m.id, m.name, c.days, c.named, c.asked, c.waited, c.given";

fn contact(r: &Row<'_>) -> rusqlite::Result<ContactInfo> {
    Ok(ContactInfo {
        person: r.get(0)?,
        member: MemberInfo { id: r.get(1)?, name: r.get(2)? },
        days: r.get(3)?,
        named: r.get(4)?,
        asked: r.get(5)?,
        waited: r.get(6)?,
        given: r.get(7)?,
    })
}

impl Register {
    fn contacts_where(&self, column: &str, value: &str) -> Result<Vec<ContactInfo>> {
        let sql =
            format!("SELECT {COLUMNS} FROM contacts c JOIN members m ON m.id = c.member WHERE c.{column} = ?1 ORDER BY c.named, m.name");
        let mut statement = self.0.prepare_cached(&sql)?;
        Ok(statement.query_map([value], contact)?.collect::<rusqlite::Result<_>>()?)
    }

    /// The trusted contacts of a chart.
    pub(crate) fn contacts(&self, person: &str) -> Result<Vec<ContactInfo>> {
        self.contacts_where("person", person)
    }

    /// The charts whose trusted contact a member is.
    pub(crate) fn contact_of(&self, member: &str) -> Result<Vec<ContactInfo>> {
        self.contacts_where("member", member)
    }

    pub(crate) fn contact(&self, person: &str, member: &str) -> Result<Option<ContactInfo>> {
        Ok(self.contacts(person)?.into_iter().find(|c| c.member.id == member))
    }

    /// Names a contact, or changes the wait of one.
    pub(crate) fn set_contact(&self, person: &str, member: &str, days: u32) -> Result<()> {
        let sql = "INSERT INTO contacts(person, member, days, named) VALUES(?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET days = excluded.days";
        self.0.execute(sql, params![person, member, days, files::now()])?;
        Ok(())
    }

    pub(crate) fn remove_contact(&self, person: &str, member: &str) -> Result<()> {
        self.0.execute("DELETE FROM contacts WHERE person = ?1 AND member = ?2", [person, member])?;
        Ok(())
    }

    /// A wish for access begins, or (None) ends.
    pub(crate) fn set_asked(&self, person: &str, member: &str, at: Option<i64>) -> Result<()> {
        let sql = "UPDATE contacts SET asked = ?3, seen = ?3, waited = 0 WHERE person = ?1 AND member = ?2";
        self.0.execute(sql, params![person, member, at])?;
        Ok(())
    }

    pub(crate) fn set_given(&self, person: &str, member: &str, at: i64) -> Result<()> {
        let sql = "UPDATE contacts SET given = ?3, asked = NULL, waited = 0 WHERE person = ?1 AND member = ?2";
        self.0.execute(sql, params![person, member, at])?;
        Ok(())
    }

    /// Counts the waits of all open wishes on. `running`: seconds since the last count of this run of the program.
    pub(crate) fn count_waits(&mut self, now: i64, running: Option<i64>) -> Result<()> {
        let open: Vec<(String, String, i64)> = self
            .0
            .prepare_cached("SELECT person, member, coalesce(seen, asked) FROM contacts WHERE asked IS NOT NULL")?
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        if open.is_empty() {
            return Ok(());
        }
        let tx = self.0.transaction()?;
        for (person, member, seen) in open {
            let sql = "UPDATE contacts SET waited = waited + ?3, seen = ?4 WHERE person = ?1 AND member = ?2";
            tx.execute(sql, params![person, member, passed(seen, now, running), now])?;
        }
        Ok(tx.commit()?)
    }

    /// The members with a role, their recipients, and whether they own the chart today.
    pub(crate) fn owners(&self, person: &str) -> Result<Vec<(String, String)>> {
        let sql = "SELECT m.id, m.recipient FROM roles r JOIN members m ON m.id = r.member
                   WHERE r.person = ?1 AND r.role = 'owner' AND coalesce(r.until, ?2) >= ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let owners = statement.query_map([person, crate::record::today().as_str()], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(owners.collect::<rusqlite::Result<_>>()?)
    }

    /// A member by their id.
    pub(crate) fn member(&self, id: &str) -> Result<Option<MemberInfo>> {
        let sql = "SELECT id, name FROM members WHERE id = ?1";
        Ok(self.0.query_row(sql, [id], |r| Ok(MemberInfo { id: r.get(0)?, name: r.get(1)? })).optional()?)
    }
}

impl Vault {
    /// The key of the outer layer, made when the first contact is named.
    fn escrow_key(&self) -> Result<Key> {
        let path = self.dir().join("household.escrow.key");
        if !path.exists() {
            files::replace(&path, Key::generate().secrets().as_bytes())?;
        }
        let text = Zeroizing::new(std::fs::read_to_string(&path)?);
        Key::parse(&text).ok_or_else(|| Error::internal("household.escrow.key holds no age key"))
    }

    /// The copy of a chart's identity that stands ready for its contact.
    pub(crate) fn contact_copy(&self, contact: &ContactInfo) -> Result<Escrow> {
        let recipient = self.register().recipient(&contact.member.id)?.ok_or_else(Error::not_found)?;
        Ok(Escrow { path: copy_path(&contact.member.id), recipient, outer: Some(self.escrow_key()?.recipient()) })
    }

    /// All such copies of a chart: made anew whenever it gets new keys. Who has been given access needs none any more.
    pub(crate) fn contact_copies(&self, person: &str) -> Result<Vec<Escrow>> {
        let contacts = self.register().contacts(person)?;
        contacts.iter().filter(|c| c.given.is_none()).map(|c| self.contact_copy(c)).collect()
    }

    /// Takes both layers off. For the caller to see that the wait is over.
    pub(crate) fn open_contact_copy(&self, person: &str, member: &str, holder: &Key) -> Result<Key> {
        let inner = self.escrow_key()?.open_file(&self.chart_dir(person).join(copy_path(member)))?;
        let plain = holder.open_bytes(&inner)?;
        let text = std::str::from_utf8(&plain).map_err(Error::internal)?;
        Key::parse(text).ok_or_else(|| Error::internal("a copy of an identity holds no age key"))
    }

    /// Tells a contact whose chart it is: the register does not know names of people.
    pub(crate) fn tell_contact(&self, person: &str, member: &str, name: &str) -> Result<()> {
        let recipient = self.register().recipient(member)?.ok_or_else(Error::not_found)?;
        let path = self.chart_dir(person).join(about_path(member));
        path.parent().map_or(Ok(()), files::private_dir)?;
        keys::seal_file(&path, &[recipient], name.as_bytes())
    }

    /// Whose chart it is, for its contact.
    pub(crate) fn told_contact(&self, person: &str, member: &str, holder: &Key) -> Result<String> {
        let plain = holder.open_file(&self.chart_dir(person).join(about_path(member)))?;
        Ok(String::from_utf8_lossy(&plain).into_owned())
    }

    /// A member gets another key: what waits for them, encrypted to the one of before (`holder`), is encrypted to these.
    pub(crate) fn reseal_for(&self, member: &str, holder: &Key, recipients: &[String]) -> Result<()> {
        let anew = |path: &Path| {
            // What does not open now never did for this member.
            holder.open_file(path).map_or(Ok(()), |plain| keys::seal_file(path, recipients, &plain))
        };
        let contacts = self.register().contact_of(member)?;
        for contact in contacts {
            let dir = self.chart_dir(&contact.person);
            anew(&dir.join(about_path(member)))?;
            if contact.given.is_none() {
                let (outer, path) = (self.escrow_key()?, dir.join(copy_path(member)));
                let plain = holder.open_bytes(&outer.open_file(&path)?)?;
                keys::seal_file(&path, &[outer.recipient()], &keys::seal(recipients, &plain)?)?;
            }
        }
        self.notice_files(member)?.iter().try_for_each(|path| anew(path))
    }

    /// Deletes what stands ready for those who are contacts no longer.
    pub(crate) fn sweep_contacts(&self, person: &str) -> Result<()> {
        let live = self.register().contacts(person)?;
        let folder = self.chart_dir(person).join("contacts");
        let entries = match std::fs::read_dir(&folder) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        for entry in entries {
            let path = entry?.path();
            let wanted = |c: &ContactInfo| {
                let about = path.ends_with(about_path(&c.member.id));
                about || (c.given.is_none() && path.ends_with(copy_path(&c.member.id)))
            };
            if !live.iter().any(wanted) {
                files::remove(&path)?;
            }
        }
        files::sync_dir(&folder)
    }
}

fn copy_path(member: &str) -> PathBuf {
    PathBuf::from("contacts").join(format!("{member}.age"))
}

fn about_path(member: &str) -> PathBuf {
    PathBuf::from("contacts").join(format!("{member}.about.age"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_clock_that_jumps_shortens_a_wait() {
        assert_eq!(passed(1000, 1060, Some(60)), 60);
        assert_eq!(passed(1000, 1000 + 90 * DAY, Some(60)), 60, "set forwards while it ran");
        assert_eq!(passed(1000, 10, Some(60)), 0, "set backwards");
        assert_eq!(passed(1000, 1000 + 3600, None), 3600, "an hour's pause");
        assert_eq!(passed(1000, 1000 + 90 * DAY, None), DAY, "a long pause, or a clock that was set meanwhile");
        assert_eq!(passed(1000, 10, None), 0);
    }
}
