//! The encrypted database of a chart: opened, guarded, brought up to date.

use super::{body, files};
use crate::{Error, Kind, Result};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::io::Read;
use std::path::Path;
use zeroize::Zeroizing;

/// Every step of the schema, forward only. `PRAGMA user_version` counts those taken.
const STEPS: [&str; 5] = [
    include_str!("schema.sql"),
    // What the latest reading of a kept file gave, beside the report of its first.
    "ALTER TABLE sources ADD COLUMN reread TEXT",
    // A few conditions of today among thousands of old ones, the planned visits among all: found without walking past the rest.
    "DROP INDEX records_class; CREATE INDEX records_class ON records(class, standing, sort DESC, rid DESC) WHERE hidden = 0;
     DROP INDEX records_kind; CREATE INDEX records_kind ON records(kind, standing, sort DESC, rid DESC, class) WHERE hidden = 0;",
    // Which sensitive kinds a record tells of, as bits (record::SensitiveSet). 127: not yet told, so nobody who may not see
    // all of them sees it (classify.rs). A step that changes how records are told sets them to 127 again.
    "ALTER TABLE records ADD COLUMN sensitive INTEGER NOT NULL DEFAULT 127;
     ALTER TABLE versions ADD COLUMN sensitive INTEGER NOT NULL DEFAULT 127;
     CREATE INDEX records_untold ON records(rid) WHERE sensitive = 127;
     CREATE INDEX versions_untold ON versions(vid) WHERE sensitive = 127;
     DROP INDEX records_class; CREATE INDEX records_class ON records(class, standing, sort DESC, rid DESC, sensitive) WHERE hidden = 0;
     DROP INDEX records_group;
     CREATE INDEX records_group ON records(class, grp, sort DESC, rid DESC, standing, sensitive) WHERE hidden = 0 AND grp IS NOT NULL;
     DROP INDEX records_added; CREATE INDEX records_added ON records(added, src, class, sort, standing, sensitive) WHERE hidden = 0;",
    // What search needs of the records that a word stands in, side by side: a row of its own page each is what took the time.
    "CREATE INDEX records_found ON records(rid, hidden, standing, sort, sensitive, class)",
];
/// Cache of a connection that reads, in KiB.
const READ_CACHE: i64 = 6_000;
/// Cache of the one that writes, while it imports.
pub(super) const IMPORT_CACHE: i64 = 80_000;
/// And while it does not.
pub(super) const IDLE_CACHE: i64 = 2_000;

/// A failure of SQLite by its code alone: its message may quote what a person typed.
#[derive(Debug, thiserror::Error)]
#[error("database error {0}")]
struct Fault(String);

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        let code = match &e {
            rusqlite::Error::SqliteFailure(e, _) | rusqlite::Error::SqlInputError { error: e, .. } => {
                if e.code == ErrorCode::DiskFull {
                    return Self::new(Kind::Internal, "The disk is full. Nothing was stored. Make room, then try again.");
                }
                if matches!(e.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) {
                    let words = "A database of this vault is damaged on the disk. Nothing was changed. \
                                 \"keepwell check --deep\" tells what is whole; restore the rest from a backup.";
                    return Self::new(Kind::Internal, words).because(Fault(e.extended_code.to_string()));
                }
                e.extended_code.to_string()
            }
            rusqlite::Error::QueryReturnedNoRows => "no rows".to_owned(),
            rusqlite::Error::InvalidColumnType(n, _, kind) => format!("column {n} holds {kind}"),
            _ => "in use of the library".to_owned(),
        };
        Self::internal(Fault(code))
    }
}

/// How many steps of the schema there are.
pub(super) fn steps() -> usize {
    STEPS.len()
}

/// The raw key of a database as 64 hex digits.
pub(super) type RawKey = Zeroizing<String>;

/// A new database under a key. The file must not exist.
pub(super) fn create(path: &Path, key: &RawKey) -> Result<Connection> {
    // The file is made first, so that it and its journal are the owner's alone whatever the umask.
    files::private_file(path)?.sync_all()?;
    let mut conn = connect(path, key, false)?;
    migrate(&mut conn, &STEPS, dictionary)?;
    Ok(conn)
}

/// Opens the connection that writes, brings the schema up to date, and makes sure that the file is encrypted.
pub(super) fn open(path: &Path, key: &RawKey) -> Result<Connection> {
    let mut head = [0; 16];
    std::fs::File::open(path)?.read_exact(&mut head)?;
    if &head == b"SQLite format 3\0" {
        return Err(Error::internal("the database of a chart is not encrypted"));
    }
    let mut conn = connect(path, key, false)?;
    migrate(&mut conn, &STEPS, dictionary)?;
    Ok(conn)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path, key: &RawKey) -> Result<Connection> {
    connect(path, key, true)
}

pub(super) fn connect(path: &Path, key: &RawKey, reader: bool) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.set_prepared_statement_cache_capacity(64);
    // Nothing of SQLCipher's own goes to stderr; the key's statement never reaches an error of ours.
    let unlock = Zeroizing::new(format!("PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{}'\";", key.as_str()));
    conn.execute_batch(&unlock).map_err(|_| Error::internal("the key of a database was not taken"))?;
    let version: Option<String> = conn.query_row("PRAGMA cipher_version", [], |r| r.get(0)).ok();
    if version.is_none_or(|v| v.is_empty()) {
        return Err(Error::internal("this build of SQLite does not encrypt"));
    }
    conn.busy_timeout(std::time::Duration::from_secs(30))?;
    conn.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 8388608;
         PRAGMA query_only = {reader}; PRAGMA cache_size = -{};",
        if reader { READ_CACHE } else { IDLE_CACHE }
    ))?;
    Ok(conn)
}

/// A new file under a key, for the pages of another database. Nothing is safe in it before it was closed and synced: a crash
/// leaves what is deleted.
pub(super) fn connect_empty(path: &Path, key: &RawKey) -> Result<Connection> {
    files::private_file(path)?.sync_all()?;
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let unlock = Zeroizing::new(format!("PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{}'\";", key.as_str()));
    conn.execute_batch(&unlock).map_err(|_| Error::internal("the key of a database was not taken"))?;
    let version: Option<String> = conn.query_row("PRAGMA cipher_version", [], |r| r.get(0)).ok();
    if version.is_none_or(|v| v.is_empty()) {
        return Err(Error::internal("this build of SQLite does not encrypt"));
    }
    conn.execute_batch("PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -2000;")?;
    Ok(conn)
}

/// Copies an open database, as it stands at one moment, into a new file under the same key.
pub(super) fn copy(from: &Path, to: &Path, key: &RawKey) -> Result<()> {
    let source = open_reader(from, key)?;
    let mut target = connect_empty(to, key)?;
    rusqlite::backup::Backup::new(&source, &mut target)?.run_to_completion(i32::MAX, std::time::Duration::ZERO, None)?;
    target.close().map_err(|(_, e)| e)?;
    Ok(())
}

/// Encrypts a database that nobody has open under another key, in one transaction. One that is under it already is left alone.
pub(super) fn rekey(path: &Path, old: &RawKey, new: &RawKey) -> Result<()> {
    if fits(path, new)? {
        return Ok(());
    }
    let conn = connect(path, old, false)?;
    let change = Zeroizing::new(format!("PRAGMA rekey = \"x'{}'\";", new.as_str()));
    conn.execute_batch(&change).map_err(|_| Error::internal("a database did not take its new key"))?;
    // Pages under the old key are written over.
    conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    conn.close().map_err(|(_, e)| e)?;
    if fits(path, new)? { Ok(()) } else { Err(Error::internal("a database is not under its new key")) }
}

/// Whether this is the key of a database.
pub(super) fn fits(path: &Path, key: &RawKey) -> Result<bool> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let unlock = Zeroizing::new(format!("PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{}'\";", key.as_str()));
    conn.execute_batch(&unlock).map_err(|_| Error::internal("the key of a database was not taken"))?;
    match conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0)) {
        Ok(_) => Ok(true),
        Err(rusqlite::Error::SqliteFailure(e, _)) if e.code == ErrorCode::NotADatabase => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Takes the steps of a schema that are still to be taken; `after` each, in the same transaction.
pub(super) fn migrate(conn: &mut Connection, steps: &[&str], after: fn(&Connection) -> Result<()>) -> Result<()> {
    let taken: i64 = conn.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    let taken = usize::try_from(taken).unwrap_or(usize::MAX);
    if taken > steps.len() {
        return Err(newer());
    }
    for (n, step) in steps.iter().enumerate().skip(taken) {
        let tx = conn.transaction()?;
        tx.execute_batch(step)?;
        after(&tx)?;
        tx.pragma_update(None, "user_version", (n + 1) as i64)?;
        tx.commit()?;
    }
    Ok(())
}

fn dictionary(conn: &Connection) -> Result<()> {
    let sql = "INSERT INTO dictionaries(id, bytes) VALUES(?1, ?2) ON CONFLICT DO NOTHING";
    conn.execute(sql, rusqlite::params![body::DICTIONARY_ID, body::DICTIONARY])?;
    Ok(())
}

/// Whether a failure says that a database is damaged on the disk.
pub(super) fn is_damage(e: &Error) -> bool {
    let fault = std::error::Error::source(e).and_then(|s| s.downcast_ref::<Fault>());
    fault
        .and_then(|f| f.0.parse::<i32>().ok())
        .is_some_and(|code| matches!(code & 0xff, rusqlite::ffi::SQLITE_CORRUPT | rusqlite::ffi::SQLITE_NOTADB))
}

/// The vault was made by a Keepwell that is newer than this one.
pub(super) fn newer() -> Error {
    Error::refused(
        "A newer version of Keepwell has written these records. They are safe and unchanged. Install the newer version to open them.",
    )
}
