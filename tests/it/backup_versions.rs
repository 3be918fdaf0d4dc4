//! Other versions of Keepwell: a backup of every older schema comes back into this one, and what a newer one has written is left
//! alone, with words that say what to do.

use crate::activity::raw_key;
use crate::backup::{content, create, full, json, key, repacked, told, unpacked};
use crate::binary::{Home, bundle, copy, files};
use keepwell::household::{Household, restore};
use keepwell::vault::Vault;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What takes each step of the schema of records.db back, the latest first.
const BACK: [&str; 4] = [
    "DROP INDEX records_found",
    "DROP INDEX records_untold; DROP INDEX versions_untold; DROP INDEX records_class; DROP INDEX records_group; DROP INDEX records_added;
     ALTER TABLE records DROP COLUMN sensitive; ALTER TABLE versions DROP COLUMN sensitive;
     CREATE INDEX records_class ON records(class, standing, sort DESC, rid DESC) WHERE hidden = 0;
     CREATE INDEX records_group ON records(class, grp, sort DESC, rid DESC, standing) WHERE hidden = 0 AND grp IS NOT NULL;
     CREATE INDEX records_added ON records(added, src, class, sort, standing) WHERE hidden = 0;",
    "DROP INDEX records_class; DROP INDEX records_kind;
     CREATE INDEX records_class ON records(class, sort DESC, rid DESC, standing) WHERE hidden = 0;
     CREATE INDEX records_kind ON records(kind, sort DESC, rid DESC, standing) WHERE hidden = 0;",
    "ALTER TABLE sources DROP COLUMN reread",
];

/// Every table and index by its name, as it was made, whatever the spaces.
fn schema(conn: &Connection) -> BTreeMap<String, String> {
    let mut rows = conn.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema").unwrap();
    let rows = rows.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?))).unwrap();
    rows.map(|row| row.map(|(name, sql)| (name, sql.split_whitespace().collect::<Vec<_>>().join(" "))).unwrap()).collect()
}

/// What of each record is sensitive.
fn sensitive(conn: &Connection) -> Vec<(i64, i64)> {
    let mut rows = conn.prepare("SELECT rid, sensitive FROM records ORDER BY rid").unwrap();
    rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn a_backup_of_every_older_schema_restores_into_this_one() {
    let home = full();
    let file = create(&home);
    let before = content(&home, &home.vault());
    let dir = unpacked(&home, &file);
    let records = dir.join("charts").join(home.chart_id()).join("records.db");
    let conn = Connection::open(&records).unwrap();
    let newest: i64 = conn.query_row("PRAGMA user_version", [], |r| r.get(0)).unwrap();
    assert_eq!(newest, BACK.len() as i64 + 1, "a new step of the schema needs its way back here");
    let (now, told_before) = (schema(&conn), sensitive(&conn));
    assert!(told_before.len() >= 60);
    conn.close().unwrap();
    for (taken, back) in BACK.iter().enumerate() {
        let version = newest - taken as i64 - 1;
        // Into the file at once, and the file as it was: with a journal of its own when it is opened.
        let change = format!("PRAGMA journal_mode = DELETE; {back}; PRAGMA user_version = {version}; PRAGMA journal_mode = WAL;");
        let conn = Connection::open(&records).unwrap();
        conn.execute_batch(&change).unwrap();
        conn.close().unwrap();
        let mut about = json(&dir.join("about.json"));
        about["schemas"]["records"] = version.into();
        std::fs::write(dir.join("about.json"), about.to_string()).unwrap();
        let (old, new) = (repacked(&home, &dir, &format!("{version}.age")), home.path(&format!("of-{version}")));
        restore(&old, &key(&home), &new, &told).unwrap();
        assert!(content(&home, &new) == before, "the records of version {version} differ");
        // Brought up to date when it was opened, to the very schema of today, and told anew which records are sensitive.
        let unlock = format!("PRAGMA key = \"x'{}'\"", raw_key(&new, &home.chart_id(), &home.recovery).trim());
        let place = new.join("charts").join(home.chart_id()).join("records.db");
        let there = Connection::open(&place).unwrap();
        there.execute_batch(&unlock).unwrap();
        assert_eq!(schema(&there), now, "version {version}");
        drop(there);
        // A program that only passes by may leave some for the next.
        let household = Household::new(Arc::new(Vault::open(&new).unwrap()));
        let ruth = household.sign_in("Ruth", &home.recovery).unwrap();
        let chart = household.open(&ruth, &home.chart_id()).unwrap();
        while chart.tell_some().unwrap() {}
        assert!(!chart.has_untold().unwrap(), "version {version}");
        drop(chart);
        let there = Connection::open(&place).unwrap();
        there.execute_batch(&unlock).unwrap();
        assert_eq!(sensitive(&there), told_before, "version {version}");
    }
    // All the way back is the schema of the first days, not something like it.
    let first = Connection::open_in_memory().unwrap();
    first.execute_batch(include_str!("../../src/vault/schema.sql")).unwrap();
    assert_eq!(schema(&Connection::open(&records).unwrap()), schema(&first));
}

/// Everything on the disk but what only says who has it open.
fn bytes(vault: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let all = files(vault).into_iter().filter(|f| !f.ends_with("lock") && !f.to_string_lossy().ends_with("-shm"));
    all.map(|f| (f.clone(), std::fs::read(f).unwrap())).collect()
}

#[test]
fn a_vault_of_a_newer_version_is_refused_and_left_alone() {
    let home = Home::new();
    home.import(0, &[&home.write("first.json", &bundle(("Ruth", "Carver"), "1954-03-14", &[]))]);
    let file = home.write("more.json", br#"{"resourceType":"Bundle","type":"collection","entry":[]}"#);
    let out = home.path("out.age").to_string_lossy().into_owned();
    let kept = home.path("kept");
    copy(&home.vault(), &kept);
    let commands: [&[&str]; 7] = [
        &["records"],
        &["sources"],
        &["import", &file],
        &["check", "--deep"],
        &["audit", "list"],
        &["backup", "create", "--out", &out],
        &["serve", "--listen", "127.0.0.1:0"],
    ];
    for database in ["household.db", "records.db", "activity.db"] {
        std::fs::remove_dir_all(home.vault()).unwrap();
        copy(&kept, &home.vault());
        let own = database == "household.db";
        let path = if own { home.vault().join(database) } else { home.chart().join(database) };
        let conn = Connection::open(path).unwrap();
        if !own {
            conn.execute_batch(&format!("PRAGMA key = \"x'{}'\"", raw_key(&home.vault(), &home.chart_id(), &home.recovery).trim()))
                .unwrap();
        }
        conn.execute_batch("PRAGMA user_version = 99").unwrap();
        conn.close().unwrap();
        let before = bytes(&home.vault());
        // A server has nothing to do with a chart before somebody opens it.
        for command in commands.iter().filter(|c| own || c[0] != "serve") {
            let ran = home.run(command).ended(1);
            let said = ran.err + &String::from_utf8(ran.out).unwrap();
            assert!(
                said.contains("newer version of Keepwell") && said.contains("Install the newer version"),
                "{database} {command:?}: {said}"
            );
            assert!(!Path::new(&out).exists(), "{database} {command:?}");
        }
        let after = bytes(&home.vault());
        // That somebody tried is left for a chart that stays locked, and the register knows of it.
        let noted = |file: &Path| !own && file.ends_with("household.db");
        let changed: Vec<_> = before.iter().filter(|(f, bytes)| after.get(*f) != Some(bytes) && !noted(f)).map(|(f, _)| f).collect();
        assert_eq!(changed, Vec::<&PathBuf>::new(), "{database}");
    }
}
