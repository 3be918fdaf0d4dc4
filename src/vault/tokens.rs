//! Tokens of the FHIR server: what the register holds of them. The token itself is the secret of an age identity; here are its
//! hash and its recipient, and `charts/<id>/tokens/<token>.age` holds the chart's identity encrypted to it. So a program can
//! read while nobody is signed in, and a copy of the vault without the token opens nothing.

use super::keys::Key;
use super::rekey::Escrow;
use super::{Chart, Register, Scope, Vault, chart, columns, files, lens};
use crate::{Error, Result};
use rusqlite::{OptionalExtension, Row, params};
use std::path::PathBuf;
use std::sync::Arc;

/// Where the copies of a chart's identity for its tokens are.
pub(super) const FOLDER: &str = "tokens";

/// The step of `household.db` that makes room for tokens. `hash`: of the token. `scope`: what it may read, as JSON.
/// `until`: the last day. Who made it is its owner: it goes with them.
pub(super) const STEP: &str = "
    CREATE TABLE tokens(id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
      maker TEXT NOT NULL REFERENCES members(id) ON DELETE CASCADE, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL,
      scope TEXT NOT NULL, created INTEGER NOT NULL, until TEXT NOT NULL, last INTEGER) WITHOUT ROWID;
    CREATE INDEX tokens_person ON tokens(person);";

/// A token as its owners see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Random, in file names and addresses of pages; opens nothing.
    pub id: String,
    /// Whose chart it reads.
    pub person: String,
    /// The id of the owner who made it.
    pub maker: String,
    /// What it is for, in their words.
    pub name: String,
    /// What of the chart it may read.
    pub scope: Scope,
    /// When it was made, seconds since 1970.
    pub created: i64,
    /// The last day on which it reads, `YYYY-MM-DD`.
    pub until: String,
    /// When it last read, seconds since 1970.
    pub last: Option<i64>,
    pub(crate) recipient: String,
}

impl TokenInfo {
    /// The copy of the chart's identity that it opens.
    pub(crate) fn escrow(&self) -> Escrow {
        Escrow { path: PathBuf::from(FOLDER).join(format!("{}.age", self.id)), recipient: self.recipient.clone(), outer: None }
    }
}

/// Of a token that is good today, made by one who owns the chart today; ?1 is the day.
const LIVE: &str = "until >= ?1 AND EXISTS(SELECT 1 FROM roles r WHERE r.member = t.maker AND r.person = t.person AND r.role = 'owner'
    AND coalesce(r.until, ?1) >= ?1)";
const COLUMNS: &str = "id, person, maker, name, scope, created, until, last, recipient";

/// A scope that does not read opens nothing: such a token is left aside.
fn token(r: &Row<'_>) -> rusqlite::Result<Option<TokenInfo>> {
    let Ok(scope) = serde_json::from_str(&r.get::<_, String>(4)?) else { return Ok(None) };
    Ok(Some(TokenInfo {
        id: r.get(0)?,
        person: r.get(1)?,
        maker: r.get(2)?,
        name: r.get(3)?,
        scope,
        created: r.get(5)?,
        until: r.get(6)?,
        last: r.get(7)?,
        recipient: r.get(8)?,
    }))
}

impl Register {
    pub(crate) fn add_token(&self, t: &TokenInfo, hash: &str) -> Result<()> {
        let sql = "INSERT INTO tokens(id, person, maker, name, hash, recipient, scope, created, until) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let scope = serde_json::to_string(&t.scope).map_err(Error::internal)?;
        self.0.execute(sql, params![t.id, t.person, t.maker, t.name, hash, t.recipient, scope, t.created, t.until])?;
        Ok(())
    }

    /// The token of a hash, if it is good now.
    pub(crate) fn token_of(&self, hash: &str) -> Result<Option<TokenInfo>> {
        let sql = format!("SELECT {COLUMNS} FROM tokens t WHERE hash = ?2 AND {LIVE}");
        let today = crate::record::today();
        Ok(self.0.prepare_cached(&sql)?.query_row(params![today, hash], token).optional()?.flatten())
    }

    /// The tokens of a chart that are good now, newest first.
    pub(crate) fn tokens(&self, person: &str) -> Result<Vec<TokenInfo>> {
        let sql = format!("SELECT {COLUMNS} FROM tokens t WHERE person = ?2 AND {LIVE} ORDER BY created DESC, id");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![crate::record::today(), person], token)?;
        Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// It reads now.
    pub(crate) fn token_used(&self, id: &str) -> Result<()> {
        self.0
            .prepare_cached("UPDATE tokens SET last = ?2 WHERE id = ?1 AND coalesce(last, 0) <= ?2 - 60")?
            .execute(params![id, files::now()])?;
        Ok(())
    }

    /// Takes a token out for good.
    pub(crate) fn drop_token(&self, person: &str, id: &str) -> Result<()> {
        if self.0.execute("DELETE FROM tokens WHERE id = ?1 AND person = ?2", [id, person])? == 0 {
            return Err(Error::not_found());
        }
        Ok(())
    }

    /// Takes out the tokens of a chart that are good no longer.
    pub(crate) fn drop_dead_tokens(&self, person: &str) -> Result<()> {
        let sql = format!("DELETE FROM tokens AS t WHERE person = ?2 AND NOT ({LIVE})");
        self.0.execute(&sql, params![crate::record::today(), person])?;
        Ok(())
    }
}

impl Vault {
    /// Deletes the copies of a chart's identity for tokens, but those of these.
    pub(crate) fn keep_token_copies(&self, person: &str, live: &[PathBuf]) -> Result<()> {
        self.keep_copies_in(FOLDER, person, live)
    }

    /// Opens a chart with the secret of a token.
    pub(crate) fn open_chart_by_copy(&self, person: &str, copy: &Escrow, holder: &Key) -> Result<Chart> {
        let dir = self.chart_dir(person);
        let key = chart::with_older(&dir, self.open_copy(person, &copy.path, holder)?)?;
        let chart = Chart::open_with(&dir, key)?;
        chart.keep_log(&dir, Arc::clone(&self.heads))?;
        Ok(chart)
    }
}

impl Chart {
    /// The number of the record with this key, if this view shows it.
    pub(super) fn rid_of(&self, key: &str) -> Result<Option<i64>> {
        let conn = self.reader()?;
        let sql = format!("SELECT r.rid FROM records r WHERE r.key = unhex(?1) AND r.hidden = 0{}", lens::condition(&self.scope, "r"));
        Ok(conn.prepare_cached(&sql)?.query_row([key], |r| r.get(0)).optional()?)
    }

    /// The record of a key ([`super::Row::key`]).
    ///
    /// # Errors
    /// NotFound.
    pub fn record_by_key(&self, key: &str) -> Result<super::Row> {
        if key.len() != 32 || !key.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f')) {
            return Err(Error::not_found());
        }
        let conn = self.reader()?;
        let sql = format!("{} WHERE r.key = unhex(?1) AND r.hidden = 0{}", columns::ROW, lens::condition(&self.scope, "r"));
        let row = columns::first(&conn, &sql, [key])?.ok_or_else(Error::not_found)?;
        lens::narrowed(&conn, &self.scope, row)
    }
}
