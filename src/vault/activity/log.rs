//! The log itself: one small transaction an entry, in a database of its own, so that an import never delays a look.

use super::chain::{self, Hash, Written};
use super::heads::{Head, Heads};
use super::{Act, Actor, ActorKind, Entry, Event, Place, Verdict};
use crate::vault::chart::lock;
use crate::vault::db::{self, RawKey};
use crate::vault::files;
use crate::vault::keys::Key;
use crate::{Error, Result};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter, types::Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Every step of the schema, forward only.
const STEPS: [&str; 1] = ["
    CREATE TABLE entries(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, act TEXT NOT NULL, who_kind TEXT NOT NULL, who_id TEXT NOT NULL,
      who_name TEXT NOT NULL, records TEXT NOT NULL, address TEXT NOT NULL, device TEXT NOT NULL, details TEXT NOT NULL, hash BLOB NOT NULL);
    CREATE INDEX entries_at ON entries(at, seq);
    CREATE TABLE actors(kind TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(kind, name)) WITHOUT ROWID;
    CREATE TABLE taken(name TEXT PRIMARY KEY) WITHOUT ROWID;"];

/// How many steps there are.
pub(in crate::vault) fn steps() -> usize {
    STEPS.len()
}

const COLUMNS: &str = "seq, at, act, who_kind, who_id, who_name, records, address, device, details, hash";

/// The open log of one chart.
pub(crate) struct Log {
    pub(super) person: String,
    path: PathBuf,
    raw: RawKey,
    pub(super) heads: Arc<Heads>,
    writer: Mutex<Writer>,
    reader: Mutex<Option<Connection>>,
    verified: Mutex<Option<(i64, Verdict)>>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

struct Writer {
    conn: Connection,
    tail: Head,
    /// The head could not be written after the last entry.
    behind: bool,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Only of this actor: kind and name.
    pub who: Option<(ActorKind, String)>,
    /// Only of the member with this id.
    pub member: Option<String>,
    /// Only these acts; all if empty.
    pub acts: Vec<Act>,
    /// From this moment on, milliseconds since 1970.
    pub from: Option<i64>,
    /// Before this moment.
    pub until: Option<i64>,
    /// Before this entry.
    pub before: Option<i64>,
    /// At most so many; 0 for all.
    pub limit: usize,
}

/// How many entries there are, by actor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// All of them.
    pub entries: i64,
    /// The moment of the first.
    pub since: Option<i64>,
    /// By kind and name.
    pub actors: BTreeMap<(ActorKind, String), i64>,
}

impl Log {
    /// Opens the log of a chart, makes one where there never was one, and takes in what was left while it was locked.
    pub(in crate::vault) fn open(dir: &Path, person: &str, raw: &RawKey, key: &Key, heads: Arc<Heads>) -> Result<Self> {
        let path = dir.join("activity.db");
        let missing = !path.exists();
        if missing {
            files::private_file(&path)?.sync_all()?;
            files::sync_dir(dir)?;
        }
        let conn = match prepare(&path, raw) {
            Err(e) if db::is_damage(&e) => {
                // What is left of it is kept for whoever can read it; the records stay in reach, and the fault is on record.
                let aside = dir.join(format!("activity.damaged-{}", files::now()));
                std::fs::rename(&path, aside)?;
                for ending in ["activity.db-wal", "activity.db-shm"] {
                    files::remove(&dir.join(ending))?;
                }
                files::private_file(&path)?.sync_all()?;
                files::sync_dir(dir)?;
                prepare(&path, raw)?
            }
            other => other?,
        };
        let tail = tail(&conn, person)?;
        let log = Self {
            person: person.to_owned(),
            path,
            raw: raw.clone(),
            heads,
            writer: Mutex::new(Writer { conn, tail, behind: false }),
            reader: Mutex::default(),
            verified: Mutex::default(),
        };
        log.fit(tail)?;
        log.take_in(dir, key)?;
        Ok(log)
    }

    /// Whether the log goes on where its head says; what does not fit stays on record.
    fn fit(&self, tail: Head) -> Result<()> {
        let head = self.heads.get(&self.person)?;
        let misfit = match head {
            // A crash at the very first opening.
            None if tail.count <= 1 => None,
            None => Some((1, "what Keepwell kept about the end of this log is gone")),
            Some(head) if tail.count < head.count => Some((tail.count + 1, "it and all up to the end were removed")),
            Some(head) if self.hash_of(head.count)? != Some(head.hash) => Some((head.count, "it is not the entry that Keepwell wrote")),
            Some(_) => None,
        };
        if let Some((seq, what)) = misfit {
            self.heads.fault(&self.person, files::now(), seq, what)?;
        }
        if tail.count == 0 {
            self.append(&Event::new(Actor::system(), Act::Begun).from(Place::server()))?;
        }
        if let Some((seq, what)) = misfit {
            self.append(&Event::new(Actor::system(), Act::Broken).from(Place::server()).with("entry", seq.to_string()).with("what", what))?;
        } else if tail.count > 0 && head.is_none_or(|head| head.count < tail.count) {
            self.heads.set(&self.person, tail)?;
        }
        Ok(())
    }

    fn hash_of(&self, seq: i64) -> Result<Option<Hash>> {
        let writer = lock(&self.writer);
        let hash: Option<Vec<u8>> = writer.conn.query_row("SELECT hash FROM entries WHERE seq = ?1", [seq], |r| r.get(0)).optional()?;
        Ok(hash.and_then(|h| h.try_into().ok()))
    }

    /// Writes an entry; durable when this returns.
    pub(super) fn append(&self, event: &Event) -> Result<i64> {
        self.append_at(files::now_ms(), event, None)
    }

    /// Writes an entry of its own moment, out of a file that was left while the chart was locked.
    pub(super) fn append_at(&self, at: i64, event: &Event, left: Option<&str>) -> Result<i64> {
        let mut writer = lock(&self.writer);
        if writer.behind {
            self.heads.set(&self.person, writer.tail)?;
            writer.behind = false;
        }
        let seq = writer.tail.count + 1;
        let written = Written { seq, at, act: event.act.slug(), who_kind: event.who.kind.slug(), event };
        let hash = chain::next(&writer.tail.hash, &written);
        let records: Vec<String> = event.records.iter().map(i64::to_string).collect();
        let details = serde_json::to_string(&event.details).map_err(Error::internal)?;
        let tx = writer.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let sql = format!("INSERT INTO entries({COLUMNS}) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
        tx.prepare_cached(&sql)?.execute(params![
            seq,
            at,
            written.act,
            written.who_kind,
            event.who.id,
            event.who.name,
            records.join(","),
            event.from.address,
            event.from.device,
            details,
            hash.as_slice()
        ])?;
        // Who is in the list, for the filter: counting them anew would read the whole log.
        let sql = "INSERT INTO actors(kind, name, count) VALUES(?1, ?2, 1) ON CONFLICT DO UPDATE SET count = count + 1";
        tx.prepare_cached(sql)?.execute([written.who_kind, &event.who.name])?;
        if let Some(name) = left {
            tx.execute("INSERT INTO taken(name) VALUES(?1)", [name])?;
        }
        tx.commit()?;
        writer.tail = Head { count: seq, hash };
        let kept = self.heads.set(&self.person, writer.tail);
        writer.behind = kept.is_err();
        kept.map(|()| seq)
    }

    /// Whether a file that was left is in the log already: a crash may come between that and its deletion.
    pub(super) fn has_taken(&self, name: &str) -> Result<bool> {
        Ok(lock(&self.writer).conn.prepare_cached("SELECT 1 FROM taken WHERE name = ?1")?.exists([name])?)
    }

    /// Its file is gone: there is no need to know it any more.
    pub(super) fn forget_taken(&self, name: &str) -> Result<()> {
        lock(&self.writer).conn.execute("DELETE FROM taken WHERE name = ?1", [name])?;
        Ok(())
    }

    /// Reads on a connection that only reads, so that no look waits for it.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let waiting = lock(&self.reader).take();
        let conn = waiting.map_or_else(|| db::open_reader(&self.path, &self.raw), Ok)?;
        let done = work(&conn);
        *lock(&self.reader) = Some(conn);
        done
    }

    pub(super) fn list(&self, choice: &Choice) -> Result<Vec<Entry>> {
        let mut out = Vec::new();
        self.walk(choice, true, &mut |entry| {
            out.push(entry);
            Ok(())
        })?;
        Ok(out)
    }

    pub(super) fn each(&self, choice: &Choice, each: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
        self.walk(choice, false, each)
    }

    fn walk(&self, choice: &Choice, newest: bool, each: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
        let (wheres, values) = wheres(choice);
        let order = if newest { "DESC" } else { "ASC" };
        let limit = if choice.limit == 0 { -1 } else { choice.limit as i64 };
        let sql = format!("SELECT {COLUMNS} FROM entries{wheres} ORDER BY seq {order} LIMIT {limit}");
        self.read(|conn| {
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            while let Some(row) = rows.next()? {
                each(entry(row)?)?;
            }
            Ok(())
        })
    }

    pub(super) fn count(&self) -> Result<Counted> {
        self.read(|conn| {
            let mut counted = Counted::default();
            let mut statement = conn.prepare_cached("SELECT kind, name, count FROM actors")?;
            let mut rows = statement.query([])?;
            while let Some(r) = rows.next()? {
                let (kind, name, count): (String, String, i64) = (r.get(0)?, r.get(1)?, r.get(2)?);
                counted.entries += count;
                counted.actors.insert((ActorKind::from_slug(&kind), name), count);
            }
            counted.since = conn.query_row("SELECT at FROM entries ORDER BY seq LIMIT 1", [], |r| r.get(0)).optional()?;
            Ok(counted)
        })
    }

    /// Keeps a verdict for as long as the chart is open.
    pub(super) fn found(&self, verdict: &Verdict) {
        *lock(&self.verified) = Some((files::now(), verdict.clone()));
    }

    pub(super) fn verified(&self) -> Option<(i64, Verdict)> {
        lock(&self.verified).clone()
    }
}

fn prepare(path: &Path, raw: &RawKey) -> Result<Connection> {
    let mut conn = db::connect(path, raw, false)?;
    db::migrate(&mut conn, &STEPS, |_| Ok(()))?;
    Ok(conn)
}

fn tail(conn: &Connection, person: &str) -> Result<Head> {
    let sql = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1";
    let last: Option<(i64, Vec<u8>)> = conn.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
    Ok(match last {
        None => Head { count: 0, hash: chain::beginning(person) },
        // A hash of another length cannot be one of ours; the walk names it.
        Some((count, hash)) => Head { count, hash: hash.try_into().unwrap_or_default() },
    })
}

fn wheres(choice: &Choice) -> (String, Vec<Value>) {
    let (mut parts, mut values) = (Vec::new(), Vec::new());
    let mut add = |part: &str, value: Value| {
        values.push(value);
        parts.push(part.replace('?', &format!("?{}", values.len())));
    };
    if let Some((kind, name)) = &choice.who {
        add("who_kind = ?", Value::Text(kind.slug().to_owned()));
        add("who_name = ?", Value::Text(name.clone()));
    }
    if let Some(member) = &choice.member {
        add("who_kind = 'member' AND who_id = ?", Value::Text(member.clone()));
    }
    let bounds = [("at >= ?", choice.from), ("at < ?", choice.until), ("seq < ?", choice.before)];
    bounds.into_iter().filter_map(|(part, bound)| Some((part, bound?))).for_each(|(part, bound)| add(part, Value::Integer(bound)));
    if !choice.acts.is_empty() {
        let names: Vec<String> = choice.acts.iter().map(|act| format!("'{}'", act.slug())).collect();
        parts.push(format!("act IN ({})", names.join(",")));
    }
    let sql = if parts.is_empty() { String::new() } else { format!(" WHERE {}", parts.join(" AND ")) };
    (sql, values)
}

/// An entry as it was written. What does not read is no reason to show nothing: the walk of the chain names it.
pub(super) fn entry(r: &Row<'_>) -> Result<Entry> {
    let (act, kind, records, details): (String, String, String, String) = (r.get(2)?, r.get(3)?, r.get(6)?, r.get(9)?);
    Ok(Entry {
        seq: r.get(0)?,
        at: r.get(1)?,
        event: Event {
            act: Act::from_slug(&act),
            who: Actor { kind: ActorKind::from_slug(&kind), id: r.get(4)?, name: r.get(5)? },
            records: records.split(',').filter_map(|n| n.parse().ok()).collect(),
            from: Place { address: r.get(7)?, device: r.get(8)? },
            details: serde_json::from_str(&details).unwrap_or_default(),
        },
    })
}
