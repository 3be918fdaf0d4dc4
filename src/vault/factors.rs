//! Sign-in factors in the register: what is public of them, the last step of an app's codes, hashes of recovery codes, counts
//! of wrong tries. Their secrets are encrypted to the member, in `members/<id>.factors.age`.

use super::{Register, files, keys};
use crate::{Error, Result};
use rusqlite::params;

/// The register's step that brings the tables of sign-in.
pub(super) const STEP: &str = "
    CREATE TABLE factors(id TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES members(id) ON DELETE CASCADE, kind TEXT NOT NULL,
      label TEXT NOT NULL, added INTEGER NOT NULL, used INTEGER, step INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE recovery_codes(member TEXT NOT NULL REFERENCES members(id) ON DELETE CASCADE, hash TEXT NOT NULL, used INTEGER,
      PRIMARY KEY(member, hash)) WITHOUT ROWID;
    CREATE TABLE tries(who TEXT PRIMARY KEY, failed INTEGER NOT NULL, until INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE server_keys(name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;";

/// What sort of second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorKind {
    /// An authenticator app that shows a code of six digits (TOTP, RFC 6238).
    App,
    /// A passkey or security key (WebAuthn).
    Passkey,
}

impl FactorKind {
    fn slug(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Passkey => "passkey",
        }
    }
}

/// A second factor, as far as it is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorInfo {
    /// Random.
    pub id: String,
    /// What sort.
    pub kind: FactorKind,
    /// What the member calls it.
    pub label: String,
    /// Seconds since 1970.
    pub added: i64,
    /// When it last let its member in, seconds since 1970.
    pub used: Option<i64>,
}

/// Wrong tries of somebody, known by a keyed hash only. Times in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tries {
    pub(crate) who: String,
    pub(crate) failed: u32,
    pub(crate) until: i64,
    pub(crate) last: i64,
}

impl Register {
    /// A member's second factors, first added first.
    pub(crate) fn factors(&self, member: &str) -> Result<Vec<FactorInfo>> {
        let sql = "SELECT id, kind, label, added, used FROM factors WHERE member = ?1 ORDER BY added, rowid";
        let mut statement = self.0.prepare_cached(sql)?;
        let read = |r: &rusqlite::Row<'_>| {
            // A kind that this version does not know still counts as a factor: it must not open the door by being unknown.
            let kind = if r.get::<_, String>(1)? == "app" { FactorKind::App } else { FactorKind::Passkey };
            Ok(FactorInfo { id: r.get(0)?, kind, label: r.get(2)?, added: r.get(3)?, used: r.get(4)? })
        };
        let factors = statement.query_map([member], read)?;
        Ok(factors.collect::<rusqlite::Result<_>>()?)
    }

    /// Notes a new factor of a member; `step` is that of the code that proved it.
    pub(crate) fn add_factor(&mut self, member: &str, factor: &FactorInfo, step: u64) -> Result<()> {
        let sql = "INSERT INTO factors(id, member, kind, label, added, step) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
        self.0.execute(sql, params![factor.id, member, factor.kind.slug(), factor.label, factor.added, step.cast_signed()])?;
        Ok(())
    }

    /// Takes a factor off; false when the member has none of that id.
    pub(crate) fn remove_factor(&mut self, member: &str, id: &str) -> Result<bool> {
        Ok(self.0.execute("DELETE FROM factors WHERE member = ?1 AND id = ?2", [member, id])? == 1)
    }

    /// Takes all factors and recovery codes of a member off.
    pub(crate) fn reset_factors(&mut self, member: &str) -> Result<()> {
        let tx = self.0.transaction()?;
        tx.execute("DELETE FROM factors WHERE member = ?1", [member])?;
        tx.execute("DELETE FROM recovery_codes WHERE member = ?1", [member])?;
        Ok(tx.commit()?)
    }

    /// Uses up a time step of an app, and every one before it (RFC 6238, 5.2). False when it was used up already.
    pub(crate) fn take_step(&mut self, id: &str, step: u64) -> Result<bool> {
        let sql = "UPDATE factors SET step = ?2, used = ?3 WHERE id = ?1 AND step < ?2";
        Ok(self.0.execute(sql, params![id, step.cast_signed(), files::now()])? == 1)
    }

    /// Notes that a factor let its member in.
    pub(crate) fn used_factor(&mut self, id: &str) -> Result<()> {
        self.0.execute("UPDATE factors SET used = ?2 WHERE id = ?1", params![id, files::now()])?;
        Ok(())
    }

    /// Puts new recovery codes in place of all earlier ones, by their hashes.
    pub(crate) fn set_recovery_codes(&mut self, member: &str, hashes: &[String]) -> Result<()> {
        let tx = self.0.transaction()?;
        tx.execute("DELETE FROM recovery_codes WHERE member = ?1", [member])?;
        for hash in hashes {
            tx.execute("INSERT INTO recovery_codes(member, hash) VALUES(?1, ?2)", [member, hash])?;
        }
        Ok(tx.commit()?)
    }

    /// Uses up a recovery code. False when there is none such, or it was used before.
    pub(crate) fn take_recovery_code(&mut self, member: &str, hash: &str) -> Result<bool> {
        let sql = "UPDATE recovery_codes SET used = ?3 WHERE member = ?1 AND hash = ?2 AND used IS NULL";
        Ok(self.0.execute(sql, params![member, hash, files::now()])? == 1)
    }

    /// A member's files are encrypted to another recipient from now on. Their charts are to be sealed again without the old one.
    pub(crate) fn set_recipient(&mut self, member: &str, recipient: &str) -> Result<()> {
        let tx = self.0.transaction()?;
        tx.execute("UPDATE members SET recipient = ?2 WHERE id = ?1", [member, recipient])?;
        tx.execute("UPDATE people SET keys = max(keys, 1) WHERE id IN (SELECT person FROM roles WHERE member = ?1)", [member])?;
        Ok(tx.commit()?)
    }

    /// The identity of a chart has just been sealed to exactly those who may open it; new keys that it needs it still needs.
    pub(crate) fn is_sealed(&mut self, person: &str) -> Result<()> {
        self.0.execute("UPDATE people SET keys = 0 WHERE id = ?1 AND keys = 1", [person])?;
        Ok(())
    }

    /// How many recovery codes are left, and how many were made.
    pub(crate) fn recovery_codes(&self, member: &str) -> Result<(usize, usize)> {
        let sql = "SELECT count(*) FILTER (WHERE used IS NULL), count(*) FROM recovery_codes WHERE member = ?1";
        Ok(self.0.query_row(sql, [member], |r| Ok((r.get::<_, u32>(0)? as usize, r.get::<_, u32>(1)? as usize)))?)
    }

    /// A key of this server that is neither secret from its owner nor worth a passphrase: made when first asked for.
    pub(crate) fn server_key(&mut self, name: &str) -> Result<[u8; 32]> {
        let fresh = keys::random::<32>()?;
        self.0.execute("INSERT INTO server_keys(name, bytes) VALUES(?1, ?2) ON CONFLICT DO NOTHING", params![name, fresh.as_slice()])?;
        let bytes: Vec<u8> = self.0.query_row("SELECT bytes FROM server_keys WHERE name = ?1", [name], |r| r.get(0))?;
        bytes.try_into().map_err(|_| Error::internal("a key of the server has another length"))
    }

    /// The wrong tries of before, those since `since`.
    pub(crate) fn tries(&self, since: i64) -> Result<Vec<Tries>> {
        let mut statement = self.0.prepare("SELECT who, failed, until, last FROM tries WHERE last >= ?1 ORDER BY last DESC")?;
        let tries = statement.query_map([since], |r| Ok(Tries { who: r.get(0)?, failed: r.get(1)?, until: r.get(2)?, last: r.get(3)? }))?;
        Ok(tries.collect::<rusqlite::Result<_>>()?)
    }

    /// Keeps some counts of wrong tries, and forgets those from before `since`.
    pub(crate) fn keep_tries(&mut self, tries: &[Tries], since: i64) -> Result<()> {
        let tx = self.0.transaction()?;
        tx.execute("DELETE FROM tries WHERE last < ?1", [since])?;
        for t in tries {
            let sql = "INSERT INTO tries(who, failed, until, last) VALUES(?1, ?2, ?3, ?4)
                ON CONFLICT(who) DO UPDATE SET failed = max(failed, ?2), until = max(until, ?3), last = max(last, ?4)";
            tx.execute(sql, params![t.who, t.failed, t.until, t.last])?;
        }
        Ok(tx.commit()?)
    }

    /// Forgets the wrong tries of those who got it right.
    pub(crate) fn forget_tries(&mut self, who: &[String]) -> Result<()> {
        let tx = self.0.transaction()?;
        for who in who {
            tx.execute("DELETE FROM tries WHERE who = ?1", [who])?;
        }
        Ok(tx.commit()?)
    }
}
