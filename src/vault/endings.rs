//! Roles that end soon, and whether that was told.

use super::Register;
use crate::Result;
use rusqlite::params;

/// The register's step that remembers of which last day of a role its member and the owners were told.
pub(super) const STEP: &str = "ALTER TABLE roles ADD COLUMN told TEXT;";

/// A role whose last day comes near and was not told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) person: String,
    pub(crate) member: String,
    /// The member's name.
    pub(crate) name: String,
    /// The last day, `YYYY-MM-DD`.
    pub(crate) until: String,
    /// Since when the role holds, seconds since 1970.
    pub(crate) granted: i64,
}

impl Register {
    /// Roles whose last day is one of these days, both included, and was not told yet.
    pub(crate) fn endings(&self, from: &str, to: &str) -> Result<Vec<Ending>> {
        let sql = "SELECT r.person, r.member, m.name, r.until, r.granted FROM roles r JOIN members m ON m.id = r.member
                   WHERE r.until BETWEEN ?1 AND ?2 AND coalesce(r.told, '') <> r.until";
        let mut statement = self.0.prepare_cached(sql)?;
        let read = |r: &rusqlite::Row<'_>| {
            Ok(Ending { person: r.get(0)?, member: r.get(1)?, name: r.get(2)?, until: r.get(3)?, granted: r.get(4)? })
        };
        Ok(statement.query_map([from, to], read)?.collect::<rusqlite::Result<_>>()?)
    }

    /// The end of a role was told. Another last day is told anew.
    pub(crate) fn told_ending(&self, ending: &Ending) -> Result<()> {
        let sql = "UPDATE roles SET told = ?3 WHERE member = ?1 AND person = ?2";
        self.0.execute(sql, params![ending.member, ending.person, ending.until])?;
        Ok(())
    }
}
