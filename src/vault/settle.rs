//! Which version of a record is current, told from what its live sources gave, in the order in which it came.
//!
//! Sources are taken out and brought back by the same rule, so that bringing back gives exactly the former state.

use super::columns::COLUMNS;
use super::identity::Stamp;
use super::{body, columns, lens, lens::Lens, search};
use crate::Result;
use crate::record::Facts;
use rusqlite::{Connection, OptionalExtension, params};
use std::cmp::Ordering;

/// One sighting of a record in a live source.
struct Seen {
    ver: i64,
    stamp: Stamp,
}

/// The version that a sequence of sightings makes current. A later one replaces an earlier one, unless the server's own
/// stamps say that it is older (a history bundle in reverse order); what was said before replaces only with a newer stamp.
fn fold(seen: &[Seen]) -> Option<i64> {
    let (mut current, mut stamp) = seen.first().map(|s| (s.ver, s.stamp))?;
    for (n, next) in seen.iter().enumerate().skip(1) {
        let order = next.stamp.against(stamp);
        let again = seen[..n].iter().any(|s| s.ver == next.ver);
        let replaces = if next.ver == current || again { order == Some(Ordering::Greater) } else { order != Some(Ordering::Less) };
        if replaces {
            (current, stamp) = (next.ver, next.stamp);
        }
    }
    Some(current)
}

/// Makes the right version of a record current and hides it when no live source gives it. `fresh` are the facts of a
/// version that has just come, if it has; the time is then kept as the moment at which the former one was replaced.
pub(super) fn settle(conn: &Connection, rid: i64, fresh: Option<(i64, &Facts, i64)>) -> Result<()> {
    let seen: Vec<Seen> = conn
        .prepare_cached(
            "SELECT e.ver, e.stamp, e.vno FROM seen e JOIN sources s ON s.sid = e.src
             WHERE e.rid = ?1 AND e.gone = 0 AND s.removed IS NULL ORDER BY e.seq",
        )?
        .query_map([rid], |r| Ok(Seen { ver: r.get(0)?, stamp: Stamp { updated: r.get(1)?, version: r.get(2)? } }))?
        .collect::<rusqlite::Result<_>>()?;
    let first: Option<i64> = conn
        .prepare_cached(
            "SELECT e.src FROM seen e JOIN sources s ON s.sid = e.src
             WHERE e.rid = ?1 AND e.gone = 0 AND s.removed IS NULL ORDER BY e.seq LIMIT 1",
        )?
        .query_row([rid], |r| r.get(0))
        .optional()?;
    conn.prepare_cached("UPDATE records SET hidden = ?2, src = coalesce(?3, src) WHERE rid = ?1")?.execute(params![
        rid,
        first.is_none(),
        first
    ])?;
    let Some(right) = fold(&seen) else { return Ok(()) };
    let current: i64 = conn.prepare_cached("SELECT ver FROM records WHERE rid = ?1")?.query_row([rid], |r| r.get(0))?;
    if right == current {
        return Ok(());
    }
    swap(conn, rid, current, right, fresh)
}

fn swap(conn: &Connection, rid: i64, from: i64, to: i64, fresh: Option<(i64, &Facts, i64)>) -> Result<()> {
    let moment = fresh.map(|f| f.2);
    // Who gave the version first tells a purge whether it goes; it may stand in no live source any more.
    conn.prepare_cached(&format!(
        "INSERT INTO versions(rid, src, replaced, body, {COLUMNS})
         SELECT rid, coalesce((SELECT e.src FROM seen e WHERE e.rid = r.rid AND e.ver = r.ver ORDER BY e.seq LIMIT 1), r.src),
                coalesce(?2, replaced), (SELECT body FROM bodies b WHERE b.rid = r.rid), {COLUMNS}
         FROM records r WHERE rid = ?1"
    ))?
    .execute(params![rid, moment])?;
    conn.prepare_cached(&format!(
        "UPDATE records SET (replaced, {COLUMNS}) = (SELECT replaced, {COLUMNS} FROM versions WHERE rid = ?1 AND ver = ?2) WHERE rid = ?1"
    ))?
    .execute([rid, to])?;
    conn.prepare_cached("UPDATE bodies SET body = (SELECT body FROM versions WHERE rid = ?1 AND ver = ?2) WHERE rid = ?1")?
        .execute([rid, to])?;
    conn.prepare_cached("DELETE FROM versions WHERE rid = ?1 AND ver = ?2")?.execute([rid, to])?;
    debug_assert_ne!(from, to);
    match fresh {
        Some((ver, facts, _)) if ver == to => index_words(conn, rid, &facts.title, &facts.text),
        _ => {
            let sql = "SELECT r.title, b.body FROM records r JOIN bodies b ON b.rid = r.rid WHERE r.rid = ?1";
            let (title, body): (String, Vec<u8>) = conn.query_row(sql, [rid], |r| Ok((r.get(0)?, r.get(1)?)))?;
            let resource = serde_json::from_slice(&body::grow(&body)?).map_err(crate::Error::internal)?;
            index_words(conn, rid, &title, &crate::record::facts(&resource).text)
        }
    }
}

/// Replaces what search knows of a record.
fn index_words(conn: &Connection, rid: i64, title: &str, text: &str) -> Result<()> {
    conn.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([rid])?;
    search::index(conn, rid, title, text)
}

/// Settles every record that a source gave, after the source was taken out or brought back.
pub(super) fn settle_source(conn: &Connection, src: i64) -> Result<()> {
    // Records with one version only change hands; one statement does them all.
    conn.execute(
        "UPDATE records AS r SET
           src = coalesce((SELECT e.src FROM seen e JOIN sources s ON s.sid = e.src
                           WHERE e.rid = r.rid AND e.gone = 0 AND s.removed IS NULL ORDER BY e.seq LIMIT 1), r.src),
           hidden = NOT EXISTS (SELECT 1 FROM seen e JOIN sources s ON s.sid = e.src
                                WHERE e.rid = r.rid AND e.gone = 0 AND s.removed IS NULL)
         WHERE vers = 1 AND rid IN (SELECT rid FROM seen WHERE src = ?1)",
        [src],
    )?;
    let many: Vec<i64> = conn
        .prepare("SELECT DISTINCT r.rid FROM seen e JOIN records r ON r.rid = e.rid WHERE e.src = ?1 AND r.vers > 1")?
        .query_map([src], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    many.into_iter().try_for_each(|rid| settle(conn, rid, None))
}

/// Deletes what only a removed source gave. Its row goes too; the file is the caller's affair.
pub(super) fn purge_source(conn: &Connection, src: i64) -> Result<()> {
    let rids: Vec<i64> =
        conn.prepare("SELECT DISTINCT rid FROM seen WHERE src = ?1")?.query_map([src], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
    conn.execute("DELETE FROM seen WHERE src = ?1", [src])?;
    let mut left = conn.prepare("SELECT 1 FROM seen WHERE rid = ?1")?;
    for rid in rids {
        if left.exists([rid])? {
            conn.prepare_cached("DELETE FROM versions WHERE rid = ?1 AND src = ?2 AND ver NOT IN (SELECT ver FROM seen WHERE rid = ?1)")?
                .execute([rid, src])?;
            conn.prepare_cached(
                "UPDATE versions AS v SET src = (SELECT e.src FROM seen e WHERE e.rid = v.rid AND e.ver = v.ver ORDER BY e.seq LIMIT 1)
                 WHERE rid = ?1 AND src = ?2",
            )?
            .execute([rid, src])?;
            conn.prepare_cached("UPDATE records SET vers = 1 + (SELECT count(*) FROM versions v WHERE v.rid = ?1) WHERE rid = ?1")?
                .execute([rid])?;
        } else {
            conn.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([rid])?;
            conn.prepare_cached("DELETE FROM records WHERE rid = ?1")?.execute([rid])?;
        }
    }
    conn.execute("DELETE FROM sources WHERE sid = ?1", [src])?;
    Ok(())
}

/// Older versions of a record that a live source gave, or an earlier reading of one.
pub(super) fn versions(conn: &Connection, scope: &Lens, rid: i64) -> Result<Vec<(i64, super::Row)>> {
    let sql = format!(
        "SELECT v.rid, v.class, v.kind, v.fhir_id, v.title, v.code, v.grp, v.date, v.until, v.standing, v.flag, v.number,
                v.unit, v.full_url, r.added, 1, v.body, s.id,
                (SELECT place FROM seen e WHERE e.rid = v.rid AND e.src = v.src ORDER BY e.seq LIMIT 1), lower(hex(r.key)),
                v.sensitive, coalesce(v.replaced, r.added)
         FROM versions v JOIN records r ON r.rid = v.rid JOIN sources s ON s.sid = v.src
         WHERE v.rid = ?1 AND r.hidden = 0{}{} AND
           (EXISTS (SELECT 1 FROM seen e JOIN sources s ON s.sid = e.src
                    WHERE e.rid = v.rid AND e.ver = v.ver AND e.gone = 0 AND s.removed IS NULL)
            OR s.removed IS NULL AND NOT EXISTS (SELECT 1 FROM seen e WHERE e.rid = v.rid AND e.ver = v.ver))
         ORDER BY coalesce(v.replaced, r.added) DESC, v.ver DESC",
        lens::condition(scope, "r"),
        lens::condition(scope, "v")
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([rid])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        out.push((r.get(21)?, lens::without_place(scope, columns::row(r)?)));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(list: &[(i64, Option<i64>)]) -> Vec<Seen> {
        list.iter().map(|(ver, updated)| Seen { ver: *ver, stamp: Stamp { updated: *updated, version: None } }).collect()
    }

    #[test]
    fn the_latest_word_of_the_source_is_current() {
        for (sightings, current) in [
            (vec![(1, None)], 1),
            (vec![(1, None), (2, None)], 2),
            // A history bundle in reverse order.
            (vec![(3, Some(30)), (2, Some(20)), (1, Some(10))], 3),
            (vec![(1, Some(10)), (3, Some(30)), (2, Some(20))], 3),
            // An old download taken in once more changes nothing.
            (vec![(1, None), (2, None), (1, None)], 2),
            (vec![(1, Some(10)), (2, Some(20)), (1, Some(10))], 2),
            // Corrected and corrected back: the server's stamp tells.
            (vec![(1, Some(10)), (2, Some(20)), (1, Some(30))], 1),
            // The same words under a newer stamp hold off what lies between.
            (vec![(1, Some(10)), (1, Some(30)), (2, Some(20))], 1),
        ] {
            assert_eq!(fold(&seen(&sightings)), Some(current), "{sightings:?}");
        }
        assert_eq!(fold(&[]), None);
    }
}
