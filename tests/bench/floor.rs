//! The least that any import must do: parse the JSON and write the text down, without keys, indexes or encryption.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

/// Parses each entry into a `serde_json::Value` and inserts its text into a plain SQLite file, in one transaction.
/// The generator writes one entry a line, so nothing is parsed twice.
pub(crate) fn parse_and_insert(bundle: &Path, database: &Path) -> Duration {
    let begun = Instant::now();
    let mut conn = rusqlite::Connection::open(database).unwrap();
    conn.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE raw(id INTEGER PRIMARY KEY, body TEXT NOT NULL);").unwrap();
    let transaction = conn.transaction().unwrap();
    {
        let mut insert = transaction.prepare("INSERT INTO raw(body) VALUES(?1)").unwrap();
        for text in BufReader::with_capacity(1 << 20, File::open(bundle).unwrap()).lines() {
            let text = text.unwrap();
            let text = text.trim_end_matches(',');
            let Ok(entry) = serde_json::from_str::<serde_json::Value>(text) else { continue };
            std::hint::black_box(&entry);
            insert.execute([text]).unwrap();
        }
    }
    transaction.commit().unwrap();
    let rows: i64 = conn.query_row("SELECT count(*) FROM raw", [], |r| r.get(0)).unwrap();
    assert!(rows > 0, "the floor inserted something");
    drop(conn);
    begun.elapsed()
}
