//! Telling what is sensitive in records that came before the vault could: a few at a time, so that nobody waits for long.
//! Until a record is told, only those see it who may see every kind.

use super::{Chart, body};
use crate::record::classify;
use crate::{Error, Result};
use rusqlite::{Connection, params};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Records told in one transaction.
const AT_ONCE: i64 = 500;
/// What stands in the column of a record that is not told yet.
const UNTOLD: i64 = 127;

impl Chart {
    /// Whether some records are still to be told.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn has_untold(&self) -> Result<bool> {
        let conn = self.reader()?;
        let sql = "SELECT 1 FROM records WHERE sensitive = 127 UNION ALL SELECT 1 FROM versions WHERE sensitive = 127 LIMIT 1";
        Ok(conn.prepare_cached(sql)?.exists([])?)
    }

    /// Tells the rest in a thread of its own, for as long as somebody holds the chart open. Whoever ends the program waits for
    /// that thread: the library that decrypts takes its own things down at the end, under whoever still works with them.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub(crate) fn tell_rest(self: &Arc<Self>) -> Result<Option<JoinHandle<()>>> {
        if !self.has_untold()? {
            return Ok(None);
        }
        let held = Arc::downgrade(self);
        let work = move || {
            while let Some(chart) = held.upgrade() {
                match chart.tell_some() {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(e) => return tracing::warn!(kind = ?e.kind, "what is sensitive in a chart could not be told"),
                }
            }
        };
        Ok(Some(std::thread::Builder::new().name("classify".to_owned()).spawn(work)?))
    }

    /// Tells the next few. Gives whether some are left. Waits while an import runs.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn tell_some(&self) -> Result<bool> {
        self.write(|conn| {
            let records = tell(
                conn,
                "SELECT r.rid, r.title, b.body FROM records r JOIN bodies b ON b.rid = r.rid WHERE r.sensitive = 127 LIMIT ?1",
                "UPDATE records SET sensitive = ?2 WHERE rid = ?1",
            )?;
            let versions = tell(
                conn,
                "SELECT vid, title, body FROM versions WHERE sensitive = 127 LIMIT ?1",
                "UPDATE versions SET sensitive = ?2 WHERE vid = ?1",
            )?;
            Ok(records || versions)
        })
    }
}

/// Tells the rows of one table; whether there were any.
fn tell(conn: &Connection, some: &str, update: &str) -> Result<bool> {
    let rows: Vec<(i64, String, Vec<u8>)> =
        conn.prepare_cached(some)?.query_map([AT_ONCE], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?.collect::<rusqlite::Result<_>>()?;
    let mut update = conn.prepare_cached(update)?;
    for (id, title, body) in &rows {
        let resource = serde_json::from_slice(&body::grow(body)?).map_err(Error::internal)?;
        // The title may hold the name of a medicine that is another record.
        let sensitive = classify(&resource, title).number();
        debug_assert_ne!(sensitive, UNTOLD);
        update.execute(params![id, sensitive])?;
    }
    Ok(!rows.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::import::report::FileReport;
    use crate::import::{Found, Origin};
    use crate::record::{Sensitive, SensitiveSet, facts};
    use crate::vault::{Chart, Key, PersonInfo, Query, Scope};
    use std::io::Write;
    use std::sync::Arc;

    #[test]
    fn a_vault_of_before_is_told_and_shows_nothing_sensitive_meanwhile() {
        let tmp = tempfile::tempdir().expect("a folder");
        let (dir, member) = (tmp.path().join("c"), Key::generate());
        let person =
            PersonInfo { id: "p".into(), name: "R".into(), birth_date: "1954-03-14".into(), sex: "other".into(), colour: "plum".into() };
        Chart::create(&dir, &member.recipient(), &person).expect("made");
        let chart = Arc::new(Chart::open(&dir, &member).expect("opens"));
        let mut staging = chart.stage().expect("staging");
        staging.write_all(b"file").expect("written");
        let staged = staging.finish().expect("staged");
        let mut import = chart.import("file", &crate::vault::By::system(crate::vault::Place::server()), None).expect("an import");
        for n in 0..1201 {
            let words = if n % 3 == 0 { "Depression" } else { "Gout" };
            let resource = serde_json::json!({"resourceType": "Condition", "id": n.to_string(), "code": {"text": words}});
            let origin = Origin::Server { base: Some("https://north.example".into()), named: None };
            let found = Found { origin, full_url: None, place: String::new(), counted: true, resource };
            import.put(&found, &facts(&found.resource)).expect("put");
        }
        import.commit(Some(staged), FileReport::default()).expect("committed");
        assert!(!chart.has_untold().expect("asked"), "an import tells what it brings");

        let view = chart.view(&Scope { classes: None, sensitive: SensitiveSet::NONE });
        let seen = || view.count(&Query::default()).expect("a count");
        assert_eq!(seen(), 800);
        chart.write(|conn| Ok(conn.execute("UPDATE records SET sensitive = 127", [])?)).expect("as of before");
        assert_eq!(seen(), 0);
        assert_eq!(chart.count(&Query::default()).expect("a count"), 1201);
        let mut batches = 0;
        while chart.tell_some().expect("told") {
            batches += 1;
        }
        assert_eq!(batches, 3);
        assert!(!chart.has_untold().expect("asked"));
        assert_eq!(seen(), 800);
        let mental = chart.view(&Scope { classes: None, sensitive: Sensitive::MentalHealth.into() });
        assert_eq!(mental.count(&Query::default()).expect("a count"), 1201);
        assert!(Arc::ptr_eq(&view, &chart.view(&Scope { classes: None, sensitive: SensitiveSet::NONE })), "one view for each scope");
    }
}
