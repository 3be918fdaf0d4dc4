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

    fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, s)| *s == slug).map(|(r, _)| r)
    }
}

const VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE members(id TEXT PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, created INTEGER NOT NULL);
    CREATE TABLE people(id TEXT PRIMARY KEY, created INTEGER NOT NULL);
    CREATE TABLE roles(member TEXT NOT NULL REFERENCES members(id), person TEXT NOT NULL REFERENCES people(id), role TEXT NOT NULL,
      PRIMARY KEY(member, person)) WITHOUT ROWID;
    PRAGMA user_version = 1;";

/// The open register. People's names and birth dates are not in it: they are encrypted with their charts.
#[derive(Debug)]
pub(crate) struct Register(Connection);

impl Register {
    /// A new one; it appears under its name when it is whole.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let fresh = path.with_extension("new");
        if fresh.exists() {
            std::fs::remove_file(&fresh)?;
        }
        files::private_file(&fresh)?.sync_all()?;
        let register = Self::connect(&fresh)?;
        register.0.execute_batch(&format!("BEGIN; {SCHEMA} COMMIT;"))?;
        register.0.close().map_err(|(_, e)| e)?;
        std::fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), files::sync_dir)?;
        Self::open(path)
    }

    pub(super) fn open(path: &Path) -> Result<Self> {
        let register = Self::connect(path)?;
        let version: i64 = register.0.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        match version {
            VERSION => Ok(register),
            v if v > VERSION => Err(db::newer()),
            _ => Err(Error::internal("household.db has no version")),
        }
    }

    fn connect(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
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

    /// The charts that a member may open, first added first.
    pub(crate) fn roles(&self, member: &str) -> Result<Vec<(String, Role)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT p.id, r.role FROM roles r JOIN people p ON p.id = r.person WHERE r.member = ?1 ORDER BY p.created, p.rowid",
        )?;
        let roles = statement.query_map([member], |r| Ok((r.get(0)?, r.get::<_, String>(1)?)))?;
        let roles: Vec<(String, String)> = roles.collect::<rusqlite::Result<_>>()?;
        // A role that this version does not know opens nothing.
        Ok(roles.into_iter().filter_map(|(id, role)| Some((id, Role::from_slug(&role)?))).collect())
    }

    /// Adds a person whose owner is a member, and the member too if they are new: both or neither.
    pub(crate) fn add(&mut self, member: &MemberInfo, new: Option<&str>, person: &str) -> Result<()> {
        let (tx, now) = (self.0.transaction()?, files::now());
        if let Some(recipient) = new {
            let sql = "INSERT INTO members(id, name, folded, recipient, created) VALUES(?1, ?2, ?3, ?4, ?5)";
            tx.execute(sql, params![member.id, member.name, fold(&member.name), recipient, now])?;
        }
        tx.execute("INSERT INTO people(id, created) VALUES(?1, ?2)", params![person, now])?;
        tx.execute("INSERT INTO roles(member, person, role) VALUES(?1, ?2, ?3)", params![member.id, person, Role::Owner.slug()])?;
        Ok(tx.commit()?)
    }
}

/// Names are the same whatever their case and blanks.
fn fold(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
