//! One person's chart, open: the encrypted database and the originals beside it.

use super::activity::{Heads, Log};
use super::db::{self, RawKey};
use super::keys::{self, Key};
use super::lens::Lens;
use super::source::Shelf;
use super::{Added, By, Group, Import, Original, PersonInfo, Scope, SourceInfo, Staged, Staging, files, import, lens, rekey, settle, tidy};
use crate::record::Class;
use crate::{Error, Result};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use zeroize::Zeroizing;

/// Connections that wait for the next reader.
const READERS: usize = 3;

/// An open chart, as far as its scope lets it be read. Cheap to share; reading goes on while an import writes.
pub struct Chart {
    shared: Arc<Shared>,
    pub(super) scope: Lens,
    remembered: Mutex<Remembered>,
    /// The chart that this is a view of; it stays open as long as any of its views.
    _whole: Option<Arc<Self>>,
}

impl std::ops::Deref for Chart {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.shared
    }
}

/// What all views of a chart share. Nothing outside of the vault reaches into it: whoever reads goes through a view.
pub struct Shared {
    person: PersonInfo,
    database: PathBuf,
    raw: RawKey,
    shelf: Arc<Shelf>,
    /// Empty while somebody writes.
    writer: Mutex<Option<Connection>>,
    written: Condvar,
    readers: Mutex<Vec<Connection>>,
    /// Counts changes.
    changes: AtomicU64,
    /// The views that somebody holds.
    views: Mutex<Vec<Weak<Chart>>>,
    /// Empty only where a test opens a chart without its vault.
    pub(super) activity: OnceLock<Log>,
}

/// Answers that hold until the next change.
#[derive(Default)]
pub(super) struct Remembered {
    pub(super) counts: Option<BTreeMap<Class, u64>>,
    pub(super) groups: HashMap<Vec<Class>, Arc<Vec<Group>>>,
    pub(super) added: Option<(i64, Vec<Added>)>,
    pub(super) sources: Option<Vec<SourceInfo>>,
    /// The change after which they were given: an answer that was begun before one is not remembered after it.
    pub(super) change: u64,
}

impl std::fmt::Debug for Chart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chart").field("id", &self.person.id).finish_non_exhaustive()
    }
}

/// A lock whose holder cannot leave what it guards half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection for reading, back in the pool when dropped.
pub(super) struct Reader<'a> {
    chart: &'a Chart,
    conn: Option<Connection>,
}

impl std::ops::Deref for Reader<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.conn.as_ref().expect("a reader has its connection until it is dropped")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take().filter(Connection::is_autocommit) {
            let mut pool = lock(&self.chart.readers);
            if pool.len() < READERS {
                pool.push(conn);
            }
        }
    }
}

/// The connection that writes, back in its place when dropped: should the work panic, the next one still finds it.
struct Writer<'a> {
    chart: &'a Chart,
    conn: Option<Connection>,
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.chart.give_back(conn);
        }
    }
}

impl Chart {
    /// A new chart in a folder that does not exist, for a member with this recipient.
    pub(super) fn create(dir: &Path, member: &str, person: &PersonInfo) -> Result<()> {
        files::private_dir(dir)?;
        files::private_dir(&dir.join("originals"))?;
        files::private_dir(&dir.join("inbox"))?;
        let key = Key::generate();
        let to_chart = [key.recipient()];
        files::replace(&dir.join("recipients.txt"), format!("{}\n", to_chart[0]).as_bytes())?;
        let mut secret = key.secret();
        secret.push('\n');
        keys::seal_file(&dir.join("identity.age"), &[member.to_owned()], secret.as_bytes())?;
        let raw: RawKey = Zeroizing::new(keys::hex(keys::random::<32>()?.as_slice()));
        keys::seal_file(&dir.join("records.key.age"), &to_chart, raw.as_bytes())?;
        keys::seal_file(&dir.join("person.age"), &to_chart, person_as_json(person, &[]).to_string().as_bytes())?;
        let conn = db::create(&dir.join("records.db"), &raw)?;
        import::set_inner(&conn, "naming", &keys::random::<32>()?.as_slice())?;
        conn.close().map_err(|(_, e)| e)?;
        files::sync_dir(dir)
    }

    /// Whose chart a folder holds, for a member who may open it.
    pub(super) fn person_of(dir: &Path, member: &Key) -> Result<PersonInfo> {
        Self::person_with(dir, &chart_key(dir, member)?)
    }

    pub(super) fn person_with(dir: &Path, key: &Key) -> Result<PersonInfo> {
        let plain = key.open_file(&dir.join("person.age"))?;
        let about: serde_json::Value = serde_json::from_slice(&plain).map_err(Error::internal)?;
        let text = |name: &str| about.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        Ok(PersonInfo { id: text("id"), name: text("name"), birth_date: text("birth_date"), sex: text("sex"), colour: text("colour") })
    }

    /// Puts another name, birth date, sex or colour in place of the old ones, which are kept beside them with the time.
    pub(super) fn edit_person(dir: &Path, member: &Key, person: &PersonInfo) -> Result<()> {
        let key = chart_key(dir, member)?;
        let plain = key.open_file(&dir.join("person.age"))?;
        let mut about: serde_json::Value = serde_json::from_slice(&plain).map_err(Error::internal)?;
        let mut before = about.get("before").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        if let Some(old) = about.as_object_mut() {
            old.remove("before");
            old.insert("until".to_owned(), files::now().into());
        }
        before.push(about);
        keys::seal_file(&dir.join("person.age"), &[key.recipient()], person_as_json(person, &before).to_string().as_bytes())
    }

    /// Opens a chart with the key of a member.
    pub(super) fn open(dir: &Path, member: &Key) -> Result<Self> {
        Self::open_with(dir, chart_key(dir, member)?)
    }

    /// The same with the chart's own key.
    pub(super) fn open_with(dir: &Path, key: Key) -> Result<Self> {
        let person = Self::person_with(dir, &key)?;
        let raw = rekey::database_key(dir, &key)?;
        let database = dir.join("records.db");
        let conn = db::open(&database, &raw)?;
        let stored: Zeroizing<Vec<u8>> =
            Zeroizing::new(import::inner(&conn, "naming")?.ok_or_else(|| Error::internal("a chart without a naming key"))?);
        let mut naming = Zeroizing::new([0; 32]);
        naming.copy_from_slice(stored.get(..32).ok_or_else(|| Error::internal("a naming key is too short"))?);
        let shelf = Arc::new(Shelf { dir: dir.join("originals"), key, naming });
        let shared = Shared {
            person,
            database,
            raw,
            shelf,
            writer: Mutex::new(Some(conn)),
            written: Condvar::new(),
            readers: Mutex::default(),
            changes: AtomicU64::default(),
            views: Mutex::default(),
            activity: OnceLock::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            scope: Lens::new(Scope::everything(), BTreeSet::new()),
            remembered: Mutex::default(),
            _whole: None,
        })
    }

    /// The same chart for somebody who may read no more than this of it, and never more than this one shows; one view for
    /// each scope.
    pub fn view(self: &Arc<Self>, scope: &Scope) -> Arc<Self> {
        let scope = scope.within(&self.scope);
        if scope == *self.scope || scope.is_everything() {
            return Arc::clone(self);
        }
        self.seen(Lens::new(scope, BTreeSet::new()))
    }

    /// The same, in which some single records, by [`super::Row::key`], are seen besides: no more than those that this one
    /// shows. A key that it does not know adds nothing.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn view_with(self: &Arc<Self>, scope: &Scope, keys: &BTreeSet<String>) -> Result<Arc<Self>> {
        let narrow = scope.within(&self.scope);
        if keys.is_empty() || narrow == *self.scope || narrow.is_everything() {
            return Ok(self.view(scope));
        }
        let also = keys.iter().map(|key| self.rid_of(key)).collect::<Result<Vec<_>>>()?;
        Ok(self.seen(Lens::new(narrow, also.into_iter().flatten().collect())))
    }

    fn seen(self: &Arc<Self>, scope: Lens) -> Arc<Self> {
        let mut views = lock(&self.views);
        views.retain(|view| view.strong_count() > 0);
        if let Some(view) = views.iter().filter_map(Weak::upgrade).find(|view| view.scope == scope) {
            return view;
        }
        let view = Arc::new(Self { shared: Arc::clone(&self.shared), scope, remembered: Mutex::default(), _whole: Some(Arc::clone(self)) });
        views.push(Arc::downgrade(&view));
        view
    }

    /// Whether something of the chart may be left out for who holds this.
    pub fn is_limited(&self) -> bool {
        !self.scope.is_everything()
    }

    /// What of the chart may be read.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// For what only those do who may see everything. To others it does not exist.
    pub(super) fn whole(&self) -> Result<()> {
        if self.is_limited() { Err(Error::not_found()) } else { Ok(()) }
    }

    /// Opens the activity log beside the records, then tidies: sweeps what a crash left, and purges what was removed long ago.
    pub(super) fn keep_log(&self, dir: &Path, heads: Arc<Heads>) -> Result<()> {
        let log = Log::open(dir, &self.person.id, &self.raw, &self.shelf.key, heads)?;
        self.activity.set(log).map_err(|_| Error::internal("an activity log was opened twice"))?;
        self.tidy()
    }

    /// Whose chart.
    pub fn person(&self) -> &PersonInfo {
        &self.person
    }

    /// The key of its databases.
    pub(super) fn raw(&self) -> &RawKey {
        &self.raw
    }

    pub(super) fn take_writer(&self) -> Connection {
        let mut slot = lock(&self.writer);
        loop {
            if let Some(conn) = slot.take() {
                return conn;
            }
            slot = self.written.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn give_back(&self, conn: Connection) {
        *lock(&self.writer) = Some(conn);
        self.written.notify_one();
    }

    /// Writes in one transaction.
    pub(super) fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let done = self.transact(work);
        self.changed();
        done
    }

    fn transact<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let mut writer = Writer { chart: self, conn: Some(self.take_writer()) };
        let conn = writer.conn.as_mut().ok_or_else(|| Error::internal("a writer without its connection"))?;
        let done = conn.transaction().map_err(Error::from).and_then(|tx| {
            let out = work(&tx)?;
            tx.commit()?;
            Ok(out)
        });
        drop(writer);
        done
    }

    /// The same with the memory of an import, for changes to very many records.
    fn write_much<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let cache = |kib: i64| format!("PRAGMA cache_size = -{kib}");
        let conn = self.take_writer();
        let roomy = conn.execute_batch(&cache(db::IMPORT_CACHE));
        self.give_back(conn);
        roomy?;
        let done = self.write(work);
        let conn = self.take_writer();
        let tight = conn.execute_batch(&format!("{}; PRAGMA shrink_memory;", cache(db::IDLE_CACHE)));
        self.give_back(conn);
        tight?;
        done
    }

    /// Counts the changes to the records since the chart was opened: another number, other records.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// What was remembered holds no longer.
    pub(super) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// The answers that still hold.
    pub(super) fn remembered(&self) -> MutexGuard<'_, Remembered> {
        let mut remembered = lock(&self.remembered);
        let change = self.changes.load(Ordering::SeqCst);
        if remembered.change != change {
            *remembered = Remembered { change, ..Remembered::default() };
        }
        remembered
    }

    pub(super) fn reader(&self) -> Result<Reader<'_>> {
        let waiting = lock(&self.readers).pop();
        let conn = waiting.map_or_else(|| db::open_reader(&self.database, &self.raw), Ok)?;
        Ok(Reader { chart: self, conn: Some(conn) })
    }

    pub(super) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Encrypts anew what is left of a change of keys, for as long as somebody holds the chart open. Gives whether all is done.
    ///
    /// # Errors
    /// Internal when the disk fails. What is done is done.
    pub fn reseal(self: &Arc<Self>) -> Result<bool> {
        let (shelf, held) = (Arc::clone(&self.shelf), Arc::downgrade(self));
        rekey::reseal(&shelf, &|| held.strong_count() > 0)
    }

    /// The same for a thread of its own, which does not keep the chart open.
    pub(crate) fn resealing(self: &Arc<Self>) -> Option<impl FnOnce() -> Result<bool> + Send + use<>> {
        let (shelf, held) = (Arc::clone(&self.shelf), Arc::downgrade(self));
        let unfinished = shelf.dir.parent().is_some_and(rekey::is_unfinished);
        unfinished.then_some(move || rekey::reseal(&shelf, &|| held.strong_count() > 0))
    }

    // ---- writing

    /// A file begins to arrive.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn stage(&self) -> Result<Staging> {
        self.whole()?;
        Staging::begin(Arc::clone(&self.shelf))
    }

    /// A file that is here already came once more: its fresh copy takes the place of the kept one, should that be damaged.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn heal(&self, staged: Staged) -> Result<()> {
        self.whole()?;
        staged.keep(&self.shelf)
    }

    /// Begins an import; one at a time, a second waits. `again` names the source that is read again by `reimport`:
    /// what it gave before and gives no longer stays, unless it alone gave it and the new reading gives another record
    /// from the very same place, which then stands for it.
    ///
    /// # Errors
    /// Internal when the database fails; NotFound when there is no source `again`.
    pub fn import(&self, name: &str, by: &By, again: Option<&str>) -> Result<Import<'_>> {
        self.whole()?;
        Import::begin(self, name, by, again)
    }

    /// Takes a source and its records out; they can be brought back for 30 days.
    ///
    /// # Errors
    /// NotFound.
    pub fn remove_source(&self, id: &str) -> Result<()> {
        self.move_source(id, Some(files::now()))
    }

    /// Brings a removed source back.
    ///
    /// # Errors
    /// NotFound, also when 30 days have passed.
    pub fn restore_source(&self, id: &str) -> Result<()> {
        self.move_source(id, None)
    }

    fn move_source(&self, id: &str, removed: Option<i64>) -> Result<()> {
        self.whole()?;
        self.write_much(|conn| {
            // One that was removed long ago and waits for its purge cannot be brought back.
            let sql = "SELECT sid FROM sources WHERE id = ?1 AND (removed IS NULL) = ?2 AND coalesce(removed, ?3) >= ?3";
            let sid: Option<i64> =
                conn.query_row(sql, params![id, removed.is_some(), files::now() - tidy::KEPT], |r| r.get(0)).optional()?;
            let sid = sid.ok_or_else(Error::not_found)?;
            conn.execute("UPDATE sources SET removed = ?2 WHERE sid = ?1", params![sid, removed])?;
            settle::settle_source(conn, sid)
        })
    }

    /// Takes a value away that [`Self::set_note`] kept. There need not be one.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn drop_note(&self, name: &str) -> Result<()> {
        self.whole()?;
        self.transact(|conn| Ok(conn.execute("DELETE FROM notes WHERE name = ?1", [name]).map(drop)?))
    }

    /// A small value kept in the chart (accepted identities, last visit, settings): JSON text under a name.
    /// Waits while an import runs; within one, use [`Import::set_note`].
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn set_note(&self, name: &str, value: &str) -> Result<()> {
        if self.is_limited() && !lens::is_own_note(name) {
            return Err(Error::not_found());
        }
        // No list depends on a note: what was remembered of the records still holds.
        self.transact(|conn| set_note(conn, name, value))
    }

    // ---- reading

    /// A value kept by [`Chart::set_note`].
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn note(&self, name: &str) -> Result<Option<String>> {
        let conn = self.reader()?;
        let note = conn.prepare_cached("SELECT value FROM notes WHERE name = ?1")?.query_row([name], |r| r.get(0)).optional()?;
        Ok(note.filter(|value: &String| !self.is_limited() || lens::shows_note(&conn, &self.scope, name, value)))
    }

    /// Sources, newest first, removed ones included. Who may not see everything gets those that gave something that may
    /// be seen, by their day alone: names of files and reports tell of the rest.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn sources(&self) -> Result<Vec<SourceInfo>> {
        let change = {
            let remembered = self.remembered();
            if let Some(sources) = &remembered.sources {
                return Ok(sources.clone());
            }
            remembered.change
        };
        let conn = self.reader()?;
        if self.is_limited() {
            return self.remember_sources(change, lens::sources(&conn, &self.scope)?);
        }
        let mut statement =
            conn.prepare("SELECT id, name, size, imported, member, removed, report, reread FROM sources ORDER BY imported DESC, sid DESC")?;
        let mut rows = statement.query([])?;
        let mut out = Vec::new();
        while let Some(r) = rows.next()? {
            out.push(SourceInfo {
                id: r.get(0)?,
                name: r.get(1)?,
                size: r.get::<_, i64>(2)?.cast_unsigned(),
                imported: r.get(3)?,
                by: r.get(4)?,
                removed: r.get(5)?,
                report: serde_json::from_str(&r.get::<_, String>(6)?).map_err(Error::internal)?,
                reread: r.get::<_, Option<String>>(7)?.map(|t| serde_json::from_str(&t)).transpose().map_err(Error::internal)?,
            });
        }
        self.remember_sources(change, out)
    }

    fn remember_sources(&self, change: u64, sources: Vec<SourceInfo>) -> Result<Vec<SourceInfo>> {
        let mut remembered = self.remembered();
        if remembered.change == change {
            remembered.sources = Some(sources.clone());
        }
        Ok(sources)
    }

    /// The imported file, byte for byte.
    ///
    /// # Errors
    /// NotFound; Internal when the file is damaged.
    pub fn original(&self, source: &str) -> Result<Original> {
        self.whole()?;
        self.original_of(source)
    }

    pub(super) fn original_of(&self, source: &str) -> Result<Original> {
        let conn = self.reader()?;
        let name: Option<String> = conn.query_row("SELECT original FROM sources WHERE id = ?1", [source], |r| r.get(0)).optional()?;
        self.shelf.open(&name.ok_or_else(Error::not_found)?)
    }
}

fn person_as_json(person: &PersonInfo, before: &[serde_json::Value]) -> serde_json::Value {
    let mut about = serde_json::json!({"id": person.id, "name": person.name, "birth_date": person.birth_date,
        "sex": person.sex, "colour": person.colour});
    if !before.is_empty() {
        about["before"] = before.into();
    }
    about
}

pub(super) fn set_note(conn: &Connection, name: &str, value: &str) -> Result<()> {
    let sql = "INSERT INTO notes(name, value) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value";
    conn.execute(sql, [name, value])?;
    Ok(())
}

/// The key of a chart, and with it the older ones while there is something left that only those read.
pub(super) fn chart_key(dir: &Path, member: &Key) -> Result<Key> {
    let plain = member.open_file(&dir.join("identity.age"))?;
    let text = std::str::from_utf8(&plain).map_err(Error::internal)?;
    let key = Key::parse(text).ok_or_else(|| Error::internal("a chart's identity file holds no age key"))?;
    with_older(dir, key)
}

/// The key of a chart, and with it the older ones that are still needed.
pub(super) fn with_older(dir: &Path, key: Key) -> Result<Key> {
    let older = dir.join(rekey::OLDER);
    // One that does not open was left by a change of keys that ended at its first step: nothing was encrypted to that key.
    let Some(plain) = (if older.exists() { key.open_file(&older).ok() } else { None }) else { return Ok(key) };
    let text = std::str::from_utf8(&plain).map_err(Error::internal)?;
    Ok(key.with_older(text.lines().filter_map(Key::parse).collect()))
}
