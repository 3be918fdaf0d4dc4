//! Tidying when a chart is opened: what a crash left, and what was removed more than 30 days ago.

use super::source::{INCOMING, Shelf};
use super::{Act, Actor, Chart, Event, Place, files, import, settle};
use crate::Result;
use rusqlite::Connection;
use std::collections::HashSet;

/// How long a removed source can be brought back, in seconds: 30 days.
pub(super) const KEPT: i64 = 30 * 24 * 3600;

impl Chart {
    /// Deletes for good what was removed long ago, each of it told to the activity log first; then files that no source names.
    pub(super) fn tidy(&self) -> Result<()> {
        let old = removed_before(&*self.reader()?, files::now() - KEPT)?;
        for (_, source) in old.iter().filter(|_| self.activity.get().is_some()) {
            self.log(&Event::new(Actor::system(), Act::Purged).from(Place::server()).with("source", source))?;
        }
        if !old.is_empty() {
            self.write(|conn| purge(conn, &old))?;
        }
        sweep(&*self.reader()?, self.shelf())
    }
}

/// Sources that were removed before a moment.
fn removed_before(conn: &Connection, moment: i64) -> Result<Vec<(i64, String)>> {
    let mut statement = conn.prepare("SELECT sid, id FROM sources WHERE removed < ?1")?;
    Ok(statement.query_map([moment], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn purge(conn: &Connection, old: &[(i64, String)]) -> Result<()> {
    let highest: Option<i64> = conn.query_row("SELECT max(rid) FROM records", [], |r| r.get(0))?;
    if let Some(highest) = highest {
        // Numbers of records stand in addresses: none is given twice.
        let ever: Option<i64> = import::inner(conn, "last_rid")?;
        import::set_inner(conn, "last_rid", &ever.max(Some(highest)))?;
    }
    old.iter().try_for_each(|(sid, _)| settle::purge_source(conn, *sid))
}

/// Deletes files that no source names: what was arriving at a crash, and originals of purged sources.
fn sweep(conn: &Connection, shelf: &Shelf) -> Result<()> {
    let kept: HashSet<String> =
        conn.prepare("SELECT original FROM sources")?.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
    for entry in std::fs::read_dir(&shelf.dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            for file in std::fs::read_dir(entry.path())? {
                let file = file?;
                let name = file.file_name();
                let ours = name.to_str().and_then(|n| n.strip_suffix(".age")).filter(|n| n.len() == 64);
                if ours.is_some_and(|n| !kept.contains(n)) {
                    files::remove(&file.path())?;
                }
            }
        } else if entry.file_name().to_str().is_some_and(|n| n.starts_with(INCOMING)) && super::source::is_left_over(&entry.path()) {
            files::remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::report::FileReport;
    use crate::import::{Found, Origin};
    use crate::record::facts;
    use crate::vault::{Key, PersonInfo, Query};
    use rusqlite::params;
    use std::io::Write;

    fn import(chart: &Chart, name: &str, records: &[(&str, &str)]) -> String {
        let mut staging = chart.stage().expect("staging");
        staging.write_all(name.as_bytes()).expect("written");
        let staged = staging.finish().expect("staged");
        let mut import = chart.import(name, &crate::vault::By::system(crate::vault::Place::server()), None).expect("an import");
        for (id, words) in records {
            let resource = serde_json::json!({"resourceType": "Condition", "id": id, "code": {"text": words}});
            let origin = Origin::Server { base: Some("https://north.example".into()), named: None };
            let found = Found { origin, full_url: None, place: (*id).into(), counted: true, resource };
            import.put(&found, &facts(&found.resource)).expect("put");
        }
        import.commit(Some(staged), FileReport::default()).expect("committed").source
    }

    /// Every table but the search index, and how many words that holds, as text.
    fn dump(chart: &Chart) -> String {
        let conn = chart.reader().expect("a reader");
        let mut out = String::new();
        for sql in [
            "SELECT hex(key), hidden, ver, vers, title, src FROM records ORDER BY key",
            "SELECT rid, seq, src, ver, place, gone FROM seen ORDER BY rid, seq",
            "SELECT rid, ver, src, title FROM versions ORDER BY rid, ver",
            "SELECT rid, hex(body) FROM bodies ORDER BY rid",
            "SELECT rowid FROM words WHERE words MATCH 'gout OR asthma OR flu OR tophus' ORDER BY rowid",
            "SELECT sid, id, original FROM sources ORDER BY sid",
        ] {
            let mut statement = conn.prepare(sql).expect(sql);
            let columns = statement.column_count();
            let mut rows = statement.query([]).expect(sql);
            while let Some(r) = rows.next().expect(sql) {
                let values: Vec<_> = (0..columns).map(|n| format!("{:?}", r.get_ref(n).expect(sql))).collect();
                out += &format!("{}\n", values.join(" "));
            }
        }
        out
    }

    #[test]
    fn what_was_removed_long_ago_is_gone_as_if_it_had_never_come() {
        let tmp = tempfile::tempdir().expect("a folder");
        let (dir, member) = (tmp.path().join("c"), Key::generate());
        let person = PersonInfo {
            id: "p".into(),
            name: "Ruth".into(),
            birth_date: "1954-03-14".into(),
            sex: "female".into(),
            colour: "plum".into(),
        };
        Chart::create(&dir, &member.recipient(), &person).expect("made");
        let open = || {
            let chart = Chart::open(&dir, &member).expect("opens");
            chart.tidy().expect("tidied");
            chart
        };
        let originals = |chart: &Chart| -> usize {
            std::fs::read_dir(&chart.shelf().dir)
                .expect("a folder")
                .map(|d| std::fs::read_dir(d.expect("one").path()).expect("files").count())
                .sum()
        };
        let chart = open();
        import(&chart, "a", &[("1", "Gout"), ("2", "Asthma")]);
        let before = dump(&chart);
        let b = import(&chart, "b", &[("1", "Gout with tophus"), ("2", "Asthma"), ("3", "Flu")]);
        assert_eq!(originals(&chart), 2);
        chart.remove_source(&b).expect("removed");
        drop(chart);
        let chart = open();
        assert_eq!(chart.sources().expect("sources").len(), 2, "30 days are not over");
        chart
            .write(|conn| Ok(conn.execute("UPDATE sources SET removed = removed - ?1 WHERE id = ?2", params![KEPT + 10, b])?))
            .expect("aged");
        assert_eq!(chart.restore_source(&b).expect_err("too late").kind, crate::Kind::NotFound);
        drop(chart);
        let chart = open();
        assert_eq!(dump(&chart), before);
        assert_eq!(originals(&chart), 1);
        assert_eq!(chart.check(true).expect("checked"), Vec::<String>::new());
        // Numbers are never given twice.
        import(&chart, "c", &[("9", "Flu")]);
        let newest = chart.list(&Query { order: crate::vault::Order::Added, ..Query::default() }).expect("a list").rows.remove(0);
        assert_eq!(newest.rid, 4);
    }

    #[test]
    fn a_chart_of_a_newer_keepwell_is_refused_and_unchanged() {
        let tmp = tempfile::tempdir().expect("a folder");
        let (dir, member) = (tmp.path().join("c"), Key::generate());
        let person =
            PersonInfo { id: "p".into(), name: "R".into(), birth_date: "1954-03-14".into(), sex: "other".into(), colour: "plum".into() };
        Chart::create(&dir, &member.recipient(), &person).expect("made");
        let chart = Chart::open(&dir, &member).expect("opens");
        chart.write(|conn| Ok(conn.pragma_update(None, "user_version", 999)?)).expect("set");
        drop(chart);
        let e = Chart::open(&dir, &member).expect_err("newer");
        assert_eq!(e.kind, crate::Kind::Refused);
        assert!(Chart::open(&dir, &Key::generate()).is_err(), "another member's key opens nothing");
    }
}
