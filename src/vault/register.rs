//! `household.db`: who may sign in and whose charts there are. Nothing about anyone's health.

use super::{db, files};
use crate::{Error, Result};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::path::Path;

/// A member: someone who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberInfo {
    /// Random, in file names and addresses.
    pub id: String,
    /// The name used to sign in.
    pub name: String,
}

/// A person whose chart is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonInfo {
    /// Random, in file names and addresses: also the chart's id.
    pub id: String,
    /// Full name.
    pub name: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// FHIR administrative gender: `female`, `male`, `other` or `unknown`.
    pub sex: String,
    /// One of `plum`, `indigo`, `umber`, `pine`, `slate`, `azure`, given once and kept.
    pub colour: String,
}

/// What a member may do with a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read only.
    Viewer,
    /// Read and write.
    Carer,
    /// Everything.
    Owner,
}

impl Role {
    const ALL: [(Self, &'static str); 3] = [(Self::Viewer, "viewer"), (Self::Carer, "carer"), (Self::Owner, "owner")];

    /// `viewer`, `carer` or `owner`.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Carer => "carer",
            Self::Owner => "owner",
        }
    }

    /// The role with this slug.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, s)| *s == slug).map(|(r, _)| r)
    }
}

/// Every step of the register, forward only. `PRAGMA user_version` counts those taken. A table that speaks of members or people
/// refers to them with ON DELETE CASCADE: who is removed leaves nothing behind.
const STEPS: [&str; 9] = [
    "CREATE TABLE members(id TEXT PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, created INTEGER NOT NULL);
     CREATE TABLE people(id TEXT PRIMARY KEY, created INTEGER NOT NULL);
     CREATE TABLE roles(member TEXT NOT NULL REFERENCES members(id), person TEXT NOT NULL REFERENCES people(id), role TEXT NOT NULL,
       PRIMARY KEY(member, person)) WITHOUT ROWID;",
    // keeper: may remove members and people. until: the last day of a role. scope: what a viewer sees, as JSON. label: whom an invite is for.
    // keys: 0 the chart's keys fit its roles, 1 its identity is to be sealed anew, 2 new keys are to be made.
    // gone: files to delete, of who was removed. invites.token: a hash; the token itself is in the link alone.
    "ALTER TABLE members ADD COLUMN keeper INTEGER NOT NULL DEFAULT 0;
     UPDATE members SET keeper = 1 WHERE rowid = (SELECT rowid FROM members ORDER BY created, rowid LIMIT 1);
     ALTER TABLE people ADD COLUMN keys INTEGER NOT NULL DEFAULT 0;
     CREATE TABLE new_roles(member TEXT NOT NULL REFERENCES members(id) ON DELETE CASCADE, person TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
       role TEXT NOT NULL, until TEXT, scope TEXT, granted INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(member, person)) WITHOUT ROWID;
     INSERT INTO new_roles(member, person, role) SELECT member, person, role FROM roles;
     DROP TABLE roles;
     ALTER TABLE new_roles RENAME TO roles;
     CREATE TABLE invites(id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE, role TEXT NOT NULL, until TEXT, scope TEXT,
       label TEXT NOT NULL, recipient TEXT NOT NULL, token TEXT NOT NULL UNIQUE, sender TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
       used INTEGER, withdrawn INTEGER);
     CREATE TABLE gone(kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;",
    super::factors::STEP,
    // The activity logs: where each ends, what once did not fit, and the entries that wait for a locked chart.
    // contacts: who may ask for access in an emergency. asked: when; waited: seconds of the wait that have passed; seen: the
    // clock at the latest count; given: when access was given.
    "CREATE TABLE activity_heads(person TEXT PRIMARY KEY, count INTEGER NOT NULL, hash BLOB NOT NULL) WITHOUT ROWID;
     CREATE TABLE activity_faults(person TEXT NOT NULL, found INTEGER NOT NULL, seq INTEGER NOT NULL, what TEXT NOT NULL);
     CREATE TABLE activity_left(person TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY(person, name)) WITHOUT ROWID;
     CREATE TABLE contacts(person TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE, member TEXT NOT NULL REFERENCES members(id) ON DELETE CASCADE,
       days INTEGER NOT NULL, named INTEGER NOT NULL, asked INTEGER, waited INTEGER NOT NULL DEFAULT 0, seen INTEGER, given INTEGER,
       PRIMARY KEY(person, member)) WITHOUT ROWID;",
    super::shares::STEP,
    super::tokens::STEP,
    super::endings::STEP,
    super::roster::STEP,
    super::browsers::STEP,
];

/// How many steps there are.
pub(super) fn steps() -> usize {
    STEPS.len()
}

/// The open register. People's names and birth dates are not in it: they are encrypted with their charts.
#[derive(Debug)]
pub(crate) struct Register(pub(super) Connection);

impl Register {
    /// A new one; it appears under its name when it is whole.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let fresh = path.with_extension("new");
        if fresh.exists() {
            std::fs::remove_file(&fresh)?;
        }
        files::private_file(&fresh)?.sync_all()?;
        let mut register = Self::connect(&fresh)?;
        register.migrate()?;
        register.0.close().map_err(|(_, e)| e)?;
        std::fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), files::sync_dir)?;
        Self::open(path)
    }

    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut register = Self::connect(path)?;
        if register.0.pragma_query_value(None, "user_version", |r| r.get::<_, i64>(0))? == 0 {
            return Err(Error::internal("household.db has no version"));
        }
        register.migrate()?;
        Ok(register)
    }

    fn migrate(&mut self) -> Result<()> {
        let taken: i64 = self.0.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        let taken = usize::try_from(taken).unwrap_or(usize::MAX);
        if taken > STEPS.len() {
            return Err(db::newer());
        }
        for (n, step) in STEPS.iter().enumerate().skip(taken) {
            let tx = self.0.transaction()?;
            tx.execute_batch(step)?;
            tx.pragma_update(None, "user_version", (n + 1) as i64)?;
            tx.commit()?;
        }
        Ok(())
    }

    fn connect(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        // The heads of the activity logs are written on a connection of their own.
        conn.busy_timeout(std::time::Duration::from_secs(30))?;
        conn.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;")?;
        Ok(Self(conn))
    }

    /// Whether the file is in order.
    pub(super) fn is_whole(&self) -> Result<bool> {
        let answer: String = self.0.query_row("PRAGMA integrity_check", [], |r| r.get(0))?;
        let orphans = self.0.prepare("PRAGMA foreign_key_check")?.exists([])?;
        Ok(answer == "ok" && !orphans)
    }

    /// Every member, by name.
    pub(crate) fn members(&self) -> Result<Vec<MemberInfo>> {
        let mut statement = self.0.prepare_cached("SELECT id, name FROM members ORDER BY folded")?;
        let members = statement.query_map([], |r| Ok(MemberInfo { id: r.get(0)?, name: r.get(1)? }))?;
        Ok(members.collect::<rusqlite::Result<_>>()?)
    }

    /// The member with this name, upper and lower case alike, and their recipient.
    pub(crate) fn member_named(&self, name: &str) -> Result<Option<(MemberInfo, String)>> {
        let sql = "SELECT id, name, recipient FROM members WHERE folded = ?1";
        let read = |r: &rusqlite::Row<'_>| Ok((MemberInfo { id: r.get(0)?, name: r.get(1)? }, r.get(2)?));
        Ok(self.0.query_row(sql, [fold(name)], read).optional()?)
    }

    /// How many people there are.
    pub(crate) fn people(&self) -> Result<usize> {
        Ok(self.0.query_row("SELECT count(*) FROM people", [], |r| r.get::<_, i64>(0))?.unsigned_abs() as usize)
    }

    /// When the first member began, seconds since 1970.
    pub(crate) fn first_day(&self) -> Result<Option<i64>> {
        Ok(self.0.query_row("SELECT min(created) FROM members", [], |r| r.get(0))?)
    }

    /// The charts that a member may open today, first added first.
    pub(crate) fn roles(&self, member: &str) -> Result<Vec<(String, Role)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT p.id, r.role FROM roles r JOIN people p ON p.id = r.person
             WHERE r.member = ?1 AND coalesce(r.until, ?2) >= ?2 ORDER BY p.created, p.rowid",
        )?;
        let roles = statement.query_map([member, crate::record::today().as_str()], |r| Ok((r.get(0)?, r.get::<_, String>(1)?)))?;
        let roles: Vec<(String, String)> = roles.collect::<rusqlite::Result<_>>()?;
        // A role that this version does not know opens nothing.
        Ok(roles.into_iter().filter_map(|(id, role)| Some((id, Role::from_slug(&role)?))).collect())
    }

    /// Adds a person whose owner is a member, and the member too if they are new: both or neither.
    pub(crate) fn add(&mut self, member: &MemberInfo, new: Option<&str>, person: &str) -> Result<()> {
        let (tx, now) = (self.0.transaction()?, files::now());
        if let Some(recipient) = new {
            // The first of all keeps the household.
            let sql = "INSERT INTO members(id, name, folded, recipient, created, keeper)
                       VALUES(?1, ?2, ?3, ?4, ?5, NOT EXISTS(SELECT 1 FROM members))";
            tx.execute(sql, params![member.id, member.name, fold(&member.name), recipient, now])?;
        }
        tx.execute("INSERT INTO people(id, created) VALUES(?1, ?2)", params![person, now])?;
        let sql = "INSERT INTO roles(member, person, role, granted) VALUES(?1, ?2, ?3, ?4)";
        tx.execute(sql, params![member.id, person, Role::Owner.slug(), now])?;
        Ok(tx.commit()?)
    }
}

/// Names are the same whatever their case and blanks.
pub(super) fn fold(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_of_the_first_step_opens_and_its_first_member_keeps_the_household() {
        let tmp = tempfile::tempdir().expect("a folder");
        let path = tmp.path().join("household.db");
        let old = Connection::open(&path).expect("a database");
        old.execute_batch(STEPS[0]).expect("the first step");
        old.execute_batch(
            "PRAGMA user_version = 1;
             INSERT INTO members VALUES('m1', 'Ruth', 'ruth', 'age1a', 5), ('m2', 'Walter', 'walter', 'age1b', 9);
             INSERT INTO people VALUES('p1', 5);
             INSERT INTO roles VALUES('m1', 'p1', 'owner'), ('m2', 'p1', 'viewer');",
        )
        .expect("filled");
        drop(old);
        let register = Register::open(&path).expect("opens");
        assert_eq!(register.roles("m1").expect("roles"), [("p1".to_owned(), Role::Owner)]);
        assert_eq!(register.roles("m2").expect("roles"), [("p1".to_owned(), Role::Viewer)]);
        let keeper: String = register.0.query_row("SELECT group_concat(id) FROM members WHERE keeper", [], |r| r.get(0)).expect("a keeper");
        assert_eq!(keeper, "m1");
        assert!(register.is_whole().expect("checked"));
        let taken: i64 = register.0.query_row("PRAGMA user_version", [], |r| r.get(0)).expect("a version");
        assert_eq!(taken, STEPS.len() as i64);
        register.0.pragma_update(None, "user_version", STEPS.len() as i64 + 1).expect("set");
        drop(register);
        assert_eq!(Register::open(&path).expect_err("newer").kind, crate::Kind::Refused);
    }
}
