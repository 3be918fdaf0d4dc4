//! A database as a stream of its plain pages, and such a stream as an encrypted database (`sqlite_dbpage`).
//!
//! What SQLCipher keeps at the end of each page (its IV and MAC) is zero in the stream. Of the first page SQLite itself counts
//! its writes: those bytes are left out where two databases are compared.

use crate::vault::db::{self, RawKey};
use crate::{Error, Result};
use rusqlite::{Connection, OpenFlags, Rows, params};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// The only page size there is in a vault.
const PAGE: usize = 4096;
pub(super) const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const RESERVED_AT: usize = 20;
const VERSION_AT: usize = 60;

/// A database that stands still for as long as this lives: one read transaction.
pub(super) struct Snapshot {
    conn: Connection,
    pub(super) size: u64,
}

impl Snapshot {
    /// Of a chart's database.
    pub(super) fn encrypted(path: &Path, raw: &RawKey) -> Result<Self> {
        Self::begin(db::open_reader(path, raw)?)
    }

    /// Of household.db.
    pub(super) fn plain(path: &Path) -> Result<Self> {
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        conn.busy_timeout(std::time::Duration::from_secs(30))?;
        conn.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")?;
        Self::begin(conn)
    }

    fn begin(conn: Connection) -> Result<Self> {
        conn.execute_batch("BEGIN")?;
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0))?;
        // With a key SQLCipher answers some of SQLite's own pragmas, in text.
        let number = |sql: &str| conn.query_row(&format!("SELECT CAST({sql} AS INTEGER)"), [], |r| r.get::<_, i64>(0));
        let count = number("(SELECT page_count FROM pragma_page_count)")?;
        let page = number("(SELECT length(data) FROM sqlite_dbpage('main') WHERE pgno = 1)")?;
        if usize::try_from(page) != Ok(PAGE) {
            return Err(Error::internal("a database of another page size"));
        }
        Ok(Self { conn, size: count.unsigned_abs() * PAGE as u64 })
    }

    /// Rows of each table but those of the search index as a whole, whose own tables are counted.
    pub(super) fn tables(&self) -> Result<BTreeMap<String, i64>> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'";
        let names: Vec<String> = self.conn.prepare(sql)?.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut out = BTreeMap::new();
        for name in names {
            let sql = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
            let count = self.conn.query_row(&sql, [], |r| r.get(0))?;
            out.insert(name, count);
        }
        Ok(out)
    }

    /// Hands the stream to `work`.
    pub(super) fn stream<T>(&self, work: impl FnOnce(&mut Pages<'_>) -> Result<T>) -> Result<T> {
        let mut statement = self.conn.prepare("SELECT data FROM sqlite_dbpage('main') ORDER BY pgno")?;
        work(&mut Pages { rows: statement.query([])?, page: Vec::new(), at: 0, reserved: None })
    }

    /// The hash of its content.
    pub(super) fn image(&self) -> Result<[u8; 32]> {
        self.stream(|pages| {
            let (mut image, mut page) = (Image::default(), vec![0; PAGE]);
            for _ in 0..self.size / PAGE as u64 {
                pages.read_exact(&mut page)?;
                image.add(&mut page);
            }
            Ok(image.hash())
        })
    }

    /// Whether SQLite finds it in order.
    pub(super) fn is_whole(&self) -> Result<bool> {
        let answer: String = self.conn.query_row("PRAGMA integrity_check", [], |r| r.get(0))?;
        Ok(answer == "ok" && !self.conn.prepare("PRAGMA foreign_key_check")?.exists([])?)
    }
}

/// The pages, one after the other.
pub(super) struct Pages<'a> {
    rows: Rows<'a>,
    page: Vec<u8>,
    at: usize,
    reserved: Option<usize>,
}

impl Read for Pages<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.page.len() {
            let Some(row) = self.rows.next().map_err(Error::from)? else { return Ok(0) };
            self.page.clear();
            self.page.extend_from_slice(row.get_ref(0).map_err(Error::from)?.as_blob().map_err(std::io::Error::other)?);
            let reserved = *self.reserved.get_or_insert(self.page.get(RESERVED_AT).copied().map_or(0, usize::from));
            let end = self.page.len();
            self.page[end.saturating_sub(reserved)..].fill(0);
            self.at = 0;
        }
        let taken = out.len().min(self.page.len() - self.at);
        out[..taken].copy_from_slice(&self.page[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

/// The hash of the content of a database.
#[derive(Default)]
struct Image {
    hasher: Sha256,
    begun: bool,
}

impl Image {
    /// Adds a page; of the first one, without the counters of its writes.
    fn add(&mut self, page: &mut [u8]) {
        if !self.begun {
            page[24..28].fill(0);
            page[92..100].fill(0);
            self.begun = true;
        }
        self.hasher.update(&*page);
    }

    fn hash(self) -> [u8; 32] {
        self.hasher.finalize().into()
    }
}

/// Writes a stream of plain pages as a new encrypted database. Gives the hash of its content. `newest`: the steps of its schema
/// that are known here.
pub(super) fn write_encrypted(path: &Path, raw: &RawKey, size: u64, newest: usize, input: &mut dyn Read) -> Result<[u8; 32]> {
    if size == 0 || !size.is_multiple_of(PAGE as u64) {
        return Err(super::damaged());
    }
    let mut conn = db::connect_empty(path, raw)?;
    let (mut image, mut page) = (Image::default(), vec![0; PAGE]);
    let tx = conn.transaction()?;
    {
        let mut statement = tx.prepare("INSERT INTO sqlite_dbpage(pgno, data, schema) VALUES(?1, ?2, 'main')")?;
        for number in 1..=(size / PAGE as u64).cast_signed() {
            input.read_exact(&mut page)?;
            if number == 1 {
                fits(&page, newest)?;
            }
            statement.execute(params![number, page])?;
            image.add(&mut page);
        }
    }
    tx.commit()?;
    conn.close().map_err(|(_, e)| e)?;
    std::fs::File::open(path)?.sync_all()?;
    Ok(image.hash())
}

/// Whether a first page is one of a vault, and not of a newer Keepwell.
pub(super) fn fits(page: &[u8], newest: usize) -> Result<()> {
    let number = |at: usize, len: usize| page.get(at..at + len).map_or(0, |b| b.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b)));
    if page.get(..16) != Some(MAGIC.as_slice()) || number(16, 2) != PAGE {
        return Err(super::damaged());
    }
    if number(VERSION_AT, 4) > newest { Err(db::newer()) } else { Ok(()) }
}
