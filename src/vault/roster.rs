//! The register's lists of who may open what: roles with their end and scope, invites, the keeper of the household.

use super::register::{Register, fold};
use super::{Event, MemberInfo, Role, Scope, files};
use crate::record::today;
use crate::{Error, Kind, Result};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A role on a chart, how long it holds, and how much of the chart it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What one may do.
    pub role: Role,
    /// The last day on which it holds, `YYYY-MM-DD` by the machine's clock; `None` for good.
    pub until: Option<String>,
    /// What of the chart a viewer sees; `None` for all of it.
    pub scope: Option<Scope>,
}

impl Grant {
    /// A role for good, on all of the chart.
    pub fn of(role: Role) -> Self {
        Self { role, until: None, scope: None }
    }

    /// An entry of the activity log with what this gives: `role`, `until`.
    pub fn noted(&self, event: Event) -> Event {
        event.with("role", self.role.slug()).with("until", self.until.clone().unwrap_or_default())
    }

    /// Whether its last day is over.
    pub fn is_over(&self) -> bool {
        self.until.as_ref().is_some_and(|until| *until < today())
    }
}

/// A member who may open a chart, or whose role on it has just ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub member: MemberInfo,
    /// As what.
    pub grant: Grant,
    /// Since when, seconds since 1970; 0 when nobody noted it.
    pub granted: i64,
    pub(crate) recipient: String,
}

/// An invite: a link by which somebody gets a role, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteInfo {
    /// Random, in file names and addresses. The link holds another secret.
    pub id: String,
    /// The chart.
    pub person: String,
    /// The role that it gives.
    pub grant: Grant,
    /// Whom it is for, as the sender wrote it.
    pub label: String,
    /// Who made it, by name.
    pub sender: String,
    pub(crate) maker: String,
    /// When it was made, seconds since 1970.
    pub created: i64,
    /// From when on it is good no longer, seconds since 1970.
    pub expires: i64,
    pub(crate) recipient: String,
}

/// What a chart's keys need, as the register has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeysNeed {
    /// Nothing: they fit the roles.
    Nothing,
    /// The identity is to be encrypted to the members of now.
    Seal,
    /// Somebody was taken off: new keys.
    Renew,
}

impl KeysNeed {
    fn number(self) -> i64 {
        match self {
            Self::Nothing => 0,
            Self::Seal => 1,
            Self::Renew => 2,
        }
    }
}

/// A scope that does not read opens nothing: such a role is left aside.
fn read_grant(role: &str, until: Option<String>, scope: Option<String>) -> Option<Grant> {
    let scope = match scope {
        Some(json) => Some(serde_json::from_str(&json).ok()?),
        None => None,
    };
    Some(Grant { role: Role::from_slug(role)?, until, scope })
}

fn written(scope: Option<&Scope>) -> Result<Option<String>> {
    scope.map(serde_json::to_string).transpose().map_err(Error::internal)
}

const INVITE: &str = "id, person, role, until, scope, label, sender, created, expires, recipient, maker";
/// The register's step that remembers which member made an invite: it is good only as long as they own the chart.
pub(super) const STEP: &str = "ALTER TABLE invites ADD COLUMN maker TEXT REFERENCES members(id) ON DELETE CASCADE;
    UPDATE invites SET maker = (SELECT m.id FROM members m WHERE m.name = invites.sender);";

/// Of an invite that is good now, made by one who owns the chart today; ?1 is the moment.
fn live() -> String {
    let today = today();
    format!(
        "used IS NULL AND withdrawn IS NULL AND expires > ?1 AND EXISTS(SELECT 1 FROM roles r WHERE r.member = invites.maker
           AND r.person = invites.person AND r.role = 'owner' AND coalesce(r.until, '{today}') >= '{today}')"
    )
}

fn invite(r: &Row<'_>) -> rusqlite::Result<Option<InviteInfo>> {
    let Some(grant) = read_grant(&r.get::<_, String>(2)?, r.get(3)?, r.get(4)?) else { return Ok(None) };
    Ok(Some(InviteInfo {
        id: r.get(0)?,
        person: r.get(1)?,
        grant,
        label: r.get(5)?,
        sender: r.get(6)?,
        created: r.get(7)?,
        expires: r.get(8)?,
        recipient: r.get(9)?,
        maker: r.get(10)?,
    }))
}

fn set_role(conn: &Connection, member: &str, person: &str, grant: &Grant) -> Result<()> {
    let sql = "INSERT INTO roles(member, person, role, until, scope, granted) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT DO UPDATE SET role = excluded.role, until = excluded.until, scope = excluded.scope, granted = excluded.granted";
    conn.execute(sql, params![member, person, grant.role.slug(), grant.until, written(grant.scope.as_ref())?, files::now()])?;
    Ok(())
}

fn need(conn: &Connection, person: &str, need: KeysNeed) -> Result<()> {
    conn.execute("UPDATE people SET keys = max(keys, ?2) WHERE id = ?1", params![person, need.number()])?;
    Ok(())
}

/// A chart without somebody who owns it for good could one day be opened by nobody.
fn keep_an_owner(conn: &Connection, person: &str) -> Result<()> {
    let sql = "SELECT 1 FROM roles WHERE person = ?1 AND role = 'owner' AND until IS NULL";
    if conn.prepare_cached(sql)?.exists([person])? {
        return Ok(());
    }
    let words = "This chart would be left without an owner, and then nobody could open it. Nothing was changed. Make somebody else its owner first.";
    Err(Error::new(Kind::Refused, words))
}

impl Register {
    /// What a member may do with a chart today.
    pub(crate) fn grant(&self, member: &str, person: &str) -> Result<Option<Grant>> {
        let sql = "SELECT role, until, scope FROM roles WHERE member = ?1 AND person = ?2";
        let read = |r: &Row<'_>| Ok(read_grant(&r.get::<_, String>(0)?, r.get(1)?, r.get(2)?));
        let grant = self.0.prepare_cached(sql)?.query_row([member, person], read).optional()?.flatten();
        Ok(grant.filter(|g| !g.is_over()))
    }

    /// Everyone with a role on a chart, owners first. Those whose last day is over are in it until the keys were changed.
    pub(crate) fn access(&self, person: &str) -> Result<Vec<Access>> {
        let sql = "SELECT m.id, m.name, r.role, r.until, r.scope, r.granted, m.recipient FROM roles r JOIN members m ON m.id = r.member
                   WHERE r.person = ?1 ORDER BY CASE r.role WHEN 'owner' THEN 0 WHEN 'carer' THEN 1 ELSE 2 END, m.folded";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query([person])?;
        let mut out = Vec::new();
        while let Some(r) = rows.next()? {
            let Some(grant) = read_grant(&r.get::<_, String>(2)?, r.get(3)?, r.get(4)?) else { continue };
            out.push(Access { member: MemberInfo { id: r.get(0)?, name: r.get(1)? }, grant, granted: r.get(5)?, recipient: r.get(6)? });
        }
        Ok(out)
    }

    /// What the keys of a chart need. A role whose last day is over asks for new ones.
    pub(crate) fn keys_need(&self, person: &str) -> Result<KeysNeed> {
        let sql = "SELECT keys, EXISTS(SELECT 1 FROM roles WHERE person = ?1 AND until < ?2) FROM people WHERE id = ?1";
        let read = |r: &Row<'_>| Ok((r.get::<_, i64>(0)?, r.get::<_, bool>(1)?));
        let known = self.0.prepare_cached(sql)?.query_row([person, today().as_str()], read).optional()?;
        Ok(match known {
            Some((_, true) | (2.., _)) => KeysNeed::Renew,
            Some((1, _)) => KeysNeed::Seal,
            _ => KeysNeed::Nothing,
        })
    }

    /// Before the identity of a chart is written for other members: should that be the last thing done, it is written again.
    pub(crate) fn begin_sealing(&self, person: &str) -> Result<()> {
        need(&self.0, person, KeysNeed::Seal)
    }

    /// Takes the roles out whose last day is over; the keys are to be changed then.
    pub(crate) fn end_roles(&mut self, person: &str) -> Result<()> {
        let tx = self.0.transaction()?;
        if tx.execute("DELETE FROM roles WHERE person = ?1 AND until < ?2", [person, today().as_str()])? > 0 {
            need(&tx, person, KeysNeed::Renew)?;
        }
        Ok(tx.commit()?)
    }

    /// The keys of a chart fit its roles again.
    pub(crate) fn keys_fit(&self, person: &str) -> Result<()> {
        self.0.execute("UPDATE people SET keys = 0 WHERE id = ?1", [person])?;
        Ok(())
    }

    /// Gives a role, or another one. The identity is encrypted to the member already.
    pub(crate) fn give(&mut self, member: &str, person: &str, grant: &Grant) -> Result<()> {
        let tx = self.0.transaction()?;
        set_role(&tx, member, person, grant)?;
        keep_an_owner(&tx, person)?;
        tx.execute("UPDATE people SET keys = 0 WHERE id = ?1 AND keys = 1", [person])?;
        Ok(tx.commit()?)
    }

    /// Takes a role away; the keys are to be changed then.
    pub(crate) fn take(&mut self, member: &str, person: &str) -> Result<()> {
        let tx = self.0.transaction()?;
        if tx.execute("DELETE FROM roles WHERE member = ?1 AND person = ?2", [member, person])? == 0 {
            return Err(Error::not_found());
        }
        keep_an_owner(&tx, person)?;
        need(&tx, person, KeysNeed::Renew)?;
        Ok(tx.commit()?)
    }

    /// What a member's files are encrypted to.
    pub(crate) fn recipient(&self, member: &str) -> Result<Option<String>> {
        Ok(self.0.query_row("SELECT recipient FROM members WHERE id = ?1", [member], |r| r.get(0)).optional()?)
    }

    /// The id of the member who keeps the household.
    pub(crate) fn keeper(&self) -> Result<Option<String>> {
        Ok(self.0.query_row("SELECT id FROM members WHERE keeper = 1", [], |r| r.get(0)).optional()?)
    }

    /// Makes another member the keeper.
    pub(crate) fn set_keeper(&mut self, member: &str) -> Result<()> {
        let tx = self.0.transaction()?;
        tx.execute("UPDATE members SET keeper = 0", [])?;
        if tx.execute("UPDATE members SET keeper = 1 WHERE id = ?1", [member])? == 0 {
            return Err(Error::not_found());
        }
        Ok(tx.commit()?)
    }

    /// Takes a member out of the household and of every chart.
    pub(crate) fn remove_member(&mut self, member: &str) -> Result<()> {
        let tx = self.0.transaction()?;
        let charts: Vec<String> = tx
            .prepare("SELECT person FROM roles WHERE member = ?1")?
            .query_map([member], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        tx.execute("DELETE FROM roles WHERE member = ?1", [member])?;
        for person in &charts {
            keep_an_owner(&tx, person)?;
            need(&tx, person, KeysNeed::Renew)?;
        }
        if tx.execute("DELETE FROM members WHERE id = ?1 AND keeper = 0", [member])? == 0 {
            return Err(Error::not_found());
        }
        tx.execute("INSERT INTO gone(kind, id) VALUES('member', ?1)", [member])?;
        Ok(tx.commit()?)
    }

    /// Takes a person out, with every role on their chart.
    pub(crate) fn remove_person(&mut self, person: &str) -> Result<()> {
        let tx = self.0.transaction()?;
        if tx.execute("DELETE FROM people WHERE id = ?1", [person])? == 0 {
            return Err(Error::not_found());
        }
        tx.execute("INSERT INTO gone(kind, id) VALUES('person', ?1)", [person])?;
        Ok(tx.commit()?)
    }

    /// Every person's id, first added first.
    pub(crate) fn everyone(&self) -> Result<Vec<String>> {
        let mut statement = self.0.prepare_cached("SELECT id FROM people ORDER BY created, rowid")?;
        Ok(statement.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Whose files are still to be deleted: `member` or `person`, and the id.
    pub(super) fn gone(&self) -> Result<Vec<(String, String)>> {
        let mut statement = self.0.prepare("SELECT kind, id FROM gone")?;
        Ok(statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn cleared(&self, kind: &str, id: &str) -> Result<()> {
        self.0.execute("DELETE FROM gone WHERE kind = ?1 AND id = ?2", [kind, id])?;
        Ok(())
    }

    // ---- invites

    pub(crate) fn add_invite(&self, invite: &InviteInfo, token: &str) -> Result<()> {
        let sql = "INSERT INTO invites(id, person, role, until, scope, label, sender, created, expires, recipient, maker, token)
                   VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        let (i, g) = (invite, &invite.grant);
        self.0.execute(
            sql,
            params![
                i.id,
                i.person,
                g.role.slug(),
                g.until,
                written(g.scope.as_ref())?,
                i.label,
                i.sender,
                i.created,
                i.expires,
                i.recipient,
                i.maker,
                token
            ],
        )?;
        Ok(())
    }

    /// The invite of a token's hash, if it is good now.
    pub(crate) fn invite_of(&self, token: &str) -> Result<Option<InviteInfo>> {
        let sql = format!("SELECT {INVITE} FROM invites WHERE token = ?2 AND {}", live());
        let found = self.0.prepare_cached(&sql)?.query_row(params![files::now(), token], invite).optional()?;
        Ok(found.flatten().filter(|i| !i.grant.is_over()))
    }

    /// The invites to a chart that are good now, newest first.
    pub(crate) fn invites(&self, person: &str) -> Result<Vec<InviteInfo>> {
        let sql = format!("SELECT {INVITE} FROM invites WHERE person = ?2 AND {} ORDER BY created DESC, id", live());
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(params![files::now(), person], invite)?;
        Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Makes an invite good no longer.
    pub(crate) fn withdraw(&self, person: &str, id: &str) -> Result<()> {
        let sql = format!("UPDATE invites SET withdrawn = ?1 WHERE id = ?2 AND person = ?3 AND {}", live());
        if self.0.execute(&sql, params![files::now(), id, person])? == 0 {
            return Err(Error::not_found());
        }
        Ok(())
    }

    /// Uses an invite up and gives its role, to a member who is here or to a new one with this recipient: all of it or nothing.
    /// False when the invite is good no longer.
    pub(crate) fn accept(&mut self, invite: &InviteInfo, member: &MemberInfo, new: Option<&str>) -> Result<bool> {
        let tx = self.0.transaction()?;
        let sql = format!("UPDATE invites SET used = ?1 WHERE id = ?2 AND {}", live());
        if tx.execute(&sql, params![files::now(), invite.id])? == 0 {
            return Ok(false);
        }
        if let Some(recipient) = new {
            let sql = "INSERT INTO members(id, name, folded, recipient, created) VALUES(?1, ?2, ?3, ?4, ?5)";
            tx.execute(sql, params![member.id, member.name, fold(&member.name), recipient, files::now()])?;
        }
        set_role(&tx, &member.id, &invite.person, &invite.grant)?;
        tx.execute("UPDATE people SET keys = 0 WHERE id = ?1 AND keys = 1", [&invite.person])?;
        tx.commit()?;
        Ok(true)
    }

    /// Adds a member who has a role already when they come: both or neither.
    pub(crate) fn add_with_role(&mut self, member: &MemberInfo, recipient: &str, person: &str, grant: &Grant) -> Result<()> {
        let tx = self.0.transaction()?;
        let sql = "INSERT INTO members(id, name, folded, recipient, created) VALUES(?1, ?2, ?3, ?4, ?5)";
        tx.execute(sql, params![member.id, member.name, fold(&member.name), recipient, files::now()])?;
        set_role(&tx, &member.id, person, grant)?;
        tx.execute("UPDATE people SET keys = 0 WHERE id = ?1 AND keys = 1", [person])?;
        Ok(tx.commit()?)
    }
}
