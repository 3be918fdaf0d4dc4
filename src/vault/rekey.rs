//! New keys for a chart, when somebody may open it no longer: a new identity, a new database key, and every file encrypted
//! anew. A kill at any moment leaves a chart that opens.
//!
//! ```text
//! renew   at once, the chart closed   1 identity.older.age  the old key, readable by both keys
//!                                     2 identity.age        the new key, to exactly those who may open the chart: from here on
//!                                                           the others cannot
//!                                     3 recipients.txt, person.age, copies of the identity that invites hold
//!                                     4 records.key.age     the new and the old database key
//!                                     5 *.db                pages under the new one, then records.key.age holds that alone
//! reseal  later, the chart open       6 originals, inbox    one file after the other
//!                                     7 identity.older.age  deleted when nothing needs it
//! ```
//! Begun again after a kill it starts with yet another key, so no step needs to know how far the last one came.

use super::db::{self, RawKey};
use super::keys::{self, Key};
use super::source::Shelf;
use super::{chart, files};
use crate::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// Keys that are still needed to read what is not encrypted anew yet.
pub(super) const OLDER: &str = "identity.older.age";
/// A file that is being encrypted anew.
const FRESH: &str = "rekey";
/// A file that began to arrive in the inbox before the change of keys may still become one for the old key.
const ARRIVING: Duration = Duration::from_secs(24 * 3600);

/// One change of keys at a time, and nobody else writes an identity meanwhile.
static CHANGING: Mutex<()> = Mutex::new(());

/// A copy of a chart's identity for somebody who has no role yet, such as an invite: a file in the chart's folder and the
/// recipient that it is encrypted to.
#[derive(Clone, Debug)]
pub(crate) struct Escrow {
    /// Below the chart's folder.
    pub(crate) path: PathBuf,
    /// `age1…`.
    pub(crate) recipient: String,
    /// Around that, another layer to this recipient: for a trusted contact, a key of the server.
    pub(crate) outer: Option<String>,
}

/// Writes the identity of a chart to exactly these members. `key` is one who may open it now.
pub(super) fn seal_identity(dir: &Path, member: &Key, recipients: &[String]) -> Result<()> {
    let _one = chart::lock(&CHANGING);
    write_identity(dir, &chart::chart_key(dir, member)?, recipients)
}

/// The same by the holder of a copy of the identity.
///
/// # Errors
/// Refused when the chart has got other keys since the copy was made.
pub(super) fn seal_identity_by_copy(dir: &Path, copy: &Key, recipients: &[String]) -> Result<()> {
    let _one = chart::lock(&CHANGING);
    if std::fs::read_to_string(dir.join("recipients.txt"))?.trim() != copy.recipient() {
        let words = "The keys of this chart are being changed just now, so this link does not open it yet. Nothing was changed. \
                     Ask the one who sent it to sign in, then open the link again.";
        return Err(Error::refused(words));
    }
    write_identity(dir, copy, recipients)
}

fn write_identity(dir: &Path, key: &Key, recipients: &[String]) -> Result<()> {
    if recipients.is_empty() {
        return Err(Error::internal("a chart that nobody could open"));
    }
    let mut secret = key.secret();
    secret.push('\n');
    keys::seal_file(&dir.join("identity.age"), recipients, secret.as_bytes())
}

/// Writes a copy of a chart's identity for somebody who has no role yet.
pub(super) fn seal_copy(dir: &Path, member: &Key, copy: &Escrow) -> Result<()> {
    let _one = chart::lock(&CHANGING);
    write_copy(dir, &chart::chart_key(dir, member)?, copy)
}

fn write_copy(dir: &Path, key: &Key, copy: &Escrow) -> Result<()> {
    let path = dir.join(&copy.path);
    path.parent().map_or(Ok(()), files::private_dir)?;
    let mut secret = key.secret();
    secret.push('\n');
    let sealed = keys::seal(std::slice::from_ref(&copy.recipient), secret.as_bytes())?;
    match &copy.outer {
        Some(outer) => keys::seal_file(&path, std::slice::from_ref(outer), &sealed),
        None => files::replace(&path, &sealed),
    }
}

/// Steps 1 to 5. Nobody has the chart open. `done` is told after each step that a kill could follow.
pub(super) fn renew(
    dir: &Path,
    member: &Key,
    recipients: &[String],
    copies: &[Escrow],
    done: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    let _one = chart::lock(&CHANGING);
    let old = chart::chart_key(dir, member)?;
    let raw = database_key(dir, &old)?;
    let new = Key::generate();
    // To both: should this end before the next step, the old key still reads what even older ones are needed for.
    keys::seal_file(&dir.join(OLDER), &[new.recipient(), old.recipient()], old.secrets().as_bytes())?;
    done()?;
    write_identity(dir, &new, recipients)?;
    done()?;
    let to_chart = [new.recipient()];
    files::replace(&dir.join("recipients.txt"), format!("{}\n", to_chart[0]).as_bytes())?;
    done()?;
    keys::seal_file(&dir.join("person.age"), &to_chart, &old.open_file(&dir.join("person.age"))?)?;
    done()?;
    for copy in copies {
        write_copy(dir, &new, copy)?;
        done()?;
    }
    let fresh: RawKey = Zeroizing::new(keys::hex(keys::random::<32>()?.as_slice()));
    let both = Zeroizing::new(format!("{}\n{}\n", fresh.as_str(), raw.as_str()));
    keys::seal_file(&dir.join("records.key.age"), &to_chart, both.as_bytes())?;
    done()?;
    for database in databases(dir)? {
        db::rekey(&database, &raw, &fresh)?;
        done()?;
    }
    keys::seal_file(&dir.join("records.key.age"), &to_chart, fresh.as_bytes())
}

/// Every database of a chart: all of them are encrypted under one key.
fn databases(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "db") && path.is_file() {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

/// The key of a chart's databases. A change of it that was interrupted is ended first: nobody has the chart open.
pub(super) fn database_key(dir: &Path, key: &Key) -> Result<RawKey> {
    let file = dir.join("records.key.age");
    let plain = key.open_file(&file)?;
    let text = std::str::from_utf8(&plain).map_err(Error::internal)?;
    let mut raws = Vec::new();
    for line in text.split_whitespace() {
        if line.len() != 64 || !line.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::internal("a database key is not 64 hex digits"));
        }
        raws.push(Zeroizing::new(line.to_owned()));
    }
    let mut raws = raws.into_iter();
    let raw: RawKey = raws.next().ok_or_else(|| Error::internal("a chart without a database key"))?;
    if let Some(old) = raws.next() {
        for database in databases(dir)? {
            db::rekey(&database, &old, &raw)?;
        }
        keys::seal_file(&file, &[key.recipient()], raw.as_bytes())?;
    }
    Ok(raw)
}

/// Whether there are files that only an older key reads.
pub(super) fn is_unfinished(dir: &Path) -> bool {
    dir.join(OLDER).exists()
}

/// Steps 6 and 7, as long as `go_on` says so. Gives whether all is done. The chart may be open meanwhile.
pub(super) fn reseal(shelf: &Shelf, go_on: &dyn Fn() -> bool) -> Result<bool> {
    let dir = shelf.dir.parent().ok_or_else(|| Error::internal("originals without a chart"))?;
    if !is_unfinished(dir) {
        return Ok(true);
    }
    let mut whole = true;
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        // Copies of the identity are for others; renew has written them.
        if entry.file_type()?.is_dir() && !["invites", "contacts", super::tokens::FOLDER].iter().any(|own| entry.file_name() == *own) {
            folders.push(entry.path());
        }
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            if !go_on() {
                return Ok(false);
            }
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            match ending {
                "age" => whole &= reseal_one(&shelf.key, &path)?,
                // Left by a kill.
                FRESH => files::remove(&path)?,
                "part" => whole &= !is_young(&path),
                _ => {}
            }
        }
    }
    let _one = chart::lock(&CHANGING);
    // Newer keys need this list again.
    let current = std::fs::read_to_string(dir.join("recipients.txt"))?.trim() == shelf.key.recipient();
    if whole && current {
        files::remove(&dir.join(OLDER))?;
        files::sync_dir(dir)?;
    }
    Ok(whole && current)
}

fn is_young(path: &Path) -> bool {
    let written = path.metadata().and_then(|m| m.modified());
    written.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age < ARRIVING))
}

/// Gives whether the older keys are not needed for this file any more.
fn reseal_one(key: &Key, path: &Path) -> Result<bool> {
    match key.fits(path) {
        Ok(true) => return Ok(true),
        // Taken in or purged meanwhile.
        Err(_) if !path.exists() => return Ok(true),
        Ok(false) | Err(_) => {}
    }
    if key.reader(path).is_err() {
        // Not encrypted to this chart at all.
        return Ok(true);
    }
    // One that is damaged stays as it is, and so does the key that reads the rest of it.
    Ok(encrypt_anew(key, path, &key.recipient()).is_ok() || !path.exists())
}

/// Encrypts a file to another recipient, in its place.
pub(super) fn encrypt_anew(key: &Key, path: &Path, recipient: &str) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{FRESH}"));
    let fresh = PathBuf::from(name);
    files::remove(&fresh)?;
    let done = (|| {
        let mut out = keys::writer(&[recipient.to_owned()], files::private_file(&fresh)?)?;
        std::io::copy(&mut key.reader(path)?, &mut out)?;
        out.finish()?.sync_all()?;
        if !path.exists() {
            return Err(Error::not_found());
        }
        std::fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), files::sync_dir)
    })();
    if done.is_err() {
        files::remove(&fresh)?;
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::report::FileReport;
    use crate::vault::{Chart, PersonInfo};
    use std::cell::Cell;
    use std::io::{Read as _, Write as _};
    use std::sync::Arc;

    const NAMES: [&str; 3] = ["a", "b", "c"];

    fn made(dir: &Path, owner: &Key) {
        let person = PersonInfo {
            id: "p".into(),
            name: "Ruth".into(),
            birth_date: "1954-03-14".into(),
            sex: "female".into(),
            colour: "plum".into(),
        };
        Chart::create(dir, &owner.recipient(), &person).expect("made");
        let chart = Chart::open(dir, owner).expect("opens");
        for name in NAMES {
            let mut staging = chart.stage().expect("staging");
            staging.write_all(name.as_bytes()).expect("written");
            let staged = staging.finish().expect("staged");
            let import = chart.import(name, &crate::vault::By::system(crate::vault::Place::server()), None).expect("an import");
            import.commit(Some(staged), FileReport::default()).expect("committed");
        }
        for n in 0..400 {
            chart.set_note(&format!("note{n}"), &"x".repeat(3000)).expect("noted");
        }
    }

    /// All of it can be read.
    fn whole(dir: &Path, owner: &Key) -> Arc<Chart> {
        let chart = Arc::new(Chart::open(dir, owner).expect("opens"));
        assert_eq!(chart.person().name, "Ruth");
        assert_eq!(chart.check(true).expect("checked"), Vec::<String>::new());
        for source in chart.sources().expect("sources") {
            let mut text = String::new();
            chart.original(&source.id).expect("an original").read_to_string(&mut text).expect("read");
            assert_eq!(text, source.name);
        }
        assert_eq!(chart.note("note399").expect("read").map(|n| n.len()), Some(3000));
        chart
    }

    fn age_files(dir: &Path) -> Vec<PathBuf> {
        let mut out = Vec::new();
        for entry in std::fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                out.extend(age_files(&path));
            } else if path.extension().is_some_and(|e| e == "age") {
                out.push(path);
            }
        }
        out
    }

    /// Nothing of the chart opens with what somebody had who was taken off.
    fn shut(dir: &Path, gone: &Key, chart: &Key, raw: &RawKey) {
        for path in age_files(dir) {
            for key in [gone, chart] {
                assert!(key.open_file(&path).is_err(), "{} still opens", path.display());
            }
        }
        assert!(!db::fits(&dir.join("records.db"), raw).expect("looked"), "the old database key still opens it");
    }

    #[test]
    fn an_end_after_any_step_leaves_a_chart_that_opens_and_the_next_time_goes_on() {
        let (owner, gone, guest) = (Key::generate(), Key::generate(), Key::generate());
        let copies = [Escrow { path: "invites/i.age".into(), recipient: guest.recipient(), outer: None }];
        let only = [owner.recipient()];
        let mut ended = 0;
        for stop in 1.. {
            let tmp = tempfile::tempdir().expect("a folder");
            let dir = tmp.path().join("c");
            made(&dir, &owner);
            seal_identity(&dir, &owner, &[owner.recipient(), gone.recipient()]).expect("sealed");
            seal_copy(&dir, &owner, &copies[0]).expect("sealed");
            let before = chart::chart_key(&dir, &gone).expect("the one to go may open it now");
            let raw = database_key(&dir, &before).expect("a key");
            let steps = Cell::new(0);
            let mut fault = || {
                steps.set(steps.get() + 1);
                if steps.get() == stop { Err(Error::internal("the power went")) } else { Ok(()) }
            };
            if renew(&dir, &owner, &only, &copies, &mut fault).is_ok() {
                ended = stop;
            } else {
                // Nothing was lost, whoever opens it; then an even later end, and the whole.
                drop(whole(&dir, &owner));
                steps.set(0);
                _ = renew(&dir, &owner, &only, &copies, &mut fault);
                drop(whole(&dir, &owner));
                renew(&dir, &owner, &only, &copies, &mut || Ok(())).expect("renewed");
            }
            let chart = whole(&dir, &owner);
            let calls = Cell::new(0);
            let twice = || {
                calls.set(calls.get() + 1);
                calls.get() < 3
            };
            assert!(!reseal(chart.shelf(), &twice).expect("a part"), "three originals, not yet all of them");
            drop(chart);
            let chart = whole(&dir, &owner);
            assert!(chart.reseal().expect("resealed"));
            assert!(!is_unfinished(&dir));
            drop(chart);
            drop(whole(&dir, &owner));
            shut(&dir, &gone, &before, &raw);
            let copy = guest.open_file(&dir.join("invites/i.age")).expect("a copy");
            let copy = Key::parse(std::str::from_utf8(&copy).expect("text")).expect("a key");
            seal_identity_by_copy(&dir, &copy, &only).expect("the invite still holds the key of now");
            drop(whole(&dir, &owner));
            if ended > 0 {
                break;
            }
        }
        assert!(ended > 7, "only {ended} steps were tried");
    }

    #[test]
    fn a_copy_from_before_a_change_of_keys_writes_nothing() {
        let tmp = tempfile::tempdir().expect("a folder");
        let (dir, owner) = (tmp.path().join("c"), Key::generate());
        made(&dir, &owner);
        let old = chart::chart_key(&dir, &owner).expect("a key");
        renew(&dir, &owner, &[owner.recipient()], &[], &mut || Ok(())).expect("renewed");
        let e = seal_identity_by_copy(&dir, &old, &[owner.recipient()]).expect_err("of before");
        assert_eq!(e.kind, crate::Kind::Refused);
        drop(whole(&dir, &owner));
    }

    #[test]
    fn a_file_that_waited_for_a_decision_is_kept_under_the_new_key() {
        let tmp = tempfile::tempdir().expect("a folder");
        let (dir, owner) = (tmp.path().join("c"), Key::generate());
        made(&dir, &owner);
        let chart = Chart::open(&dir, &owner).expect("opens");
        let mut staging = chart.stage().expect("staging");
        staging.write_all(b"d").expect("written");
        let staged = staging.finish().expect("staged");
        drop(chart);
        renew(&dir, &owner, &[owner.recipient()], &[], &mut || Ok(())).expect("renewed");
        let chart = whole(&dir, &owner);
        assert!(chart.reseal().expect("resealed"));
        chart
            .import("d", &crate::vault::By::system(crate::vault::Place::server()), None)
            .expect("an import")
            .commit(Some(staged), FileReport::default())
            .expect("committed");
        drop(chart);
        assert_eq!(whole(&dir, &owner).sources().expect("sources").len(), 4);
    }
}
