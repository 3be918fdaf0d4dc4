//! Full-text search as a person types it.

use super::chart::Reader;
use super::columns::{self, UNDATED};
use super::{Chart, Hit, Row, lens, lens::Lens};
use crate::Result;
use crate::record::plain;
use rusqlite::{Connection, params};

/// Words of a query that are looked at; a pasted page is cut here.
const WORDS: usize = 12;
/// A word is not tried shorter than this.
const SHORTEST: usize = 3;
/// Hits that are put in order by date. A common word has more: the ones added last are taken.
const CONSIDERED: usize = 1500;
/// Characters before and after a hit in its snippet.
const AROUND: usize = 80;

impl Chart {
    /// Full-text search as a person types it: the last word may be unfinished, endings and accents are forgiven,
    /// and a word that meets nothing is tried shorter. Hits in titles come first, then the newest; of a word that stands
    /// in very many records only those added last are put in order, and longer words that begin with it are left aside.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>> {
        let conn = self.reader()?;
        let Some(words) = expression(&conn, &self.scope, text, Some(CONSIDERED))? else { return Ok(Vec::new()) };
        let mut rids = by_date(&conn, &self.scope, &format!("title : ({words})"), limit)?;
        if rids.len() < limit {
            for rid in by_date(&conn, &self.scope, &words, limit)? {
                if rids.len() < limit && !rids.contains(&rid) {
                    rids.push(rid);
                }
            }
        }
        let stems = stems(&words);
        let hits = rids.into_iter().map(|rid| hit(&conn, &self.scope, rid, &stems)).collect::<Result<Vec<_>>>()?;
        Ok(hits.into_iter().flatten().collect())
    }
}

fn hit(conn: &Reader<'_>, scope: &Lens, rid: i64, stems: &[String]) -> Result<Option<Hit>> {
    Ok(columns::row_of(conn, scope, rid)?.map(|row| Hit { snippet: snippet(&row, stems), row }))
}

/// The FTS5 expression for what a person typed, or `None` where it holds no word. Each word is quoted: nothing typed
/// is ever syntax. A word that meets nothing loses its end until it does. `enough`: where so many records hold the last word
/// as it stands, those that hold a longer one are not asked for; with a very common word that is what takes the time.
pub(super) fn expression(conn: &Connection, scope: &Lens, text: &str, enough: Option<usize>) -> Result<Option<String>> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(|w| w.chars().take(40).flat_map(char::to_lowercase).collect())
        .collect();
    words.truncate(WORDS);
    // After a blank the last word is finished, yet its ending is forgiven all the same.
    let mut out = Vec::with_capacity(words.len());
    let last = words.len().saturating_sub(1);
    for (n, word) in words.iter().enumerate() {
        let exact = format!("\"{word}\"");
        let begun = format!("{exact}*");
        let common = match enough {
            Some(enough) if n == last => met(conn, scope, &exact, enough)? >= enough,
            _ => false,
        };
        let unfinished = n == last && !common;
        let mut term = if unfinished { format!("({exact} OR {begun})") } else { format!("({exact})") };
        // The whole word first: what begins with it is a longer list to make.
        let found = common || meets(conn, scope, &exact)? || unfinished && meets(conn, scope, &begun)?;
        if !found {
            let mut letters: Vec<char> = word.chars().collect();
            let least = SHORTEST.max(letters.len().div_ceil(2));
            let mut shorter = None;
            while letters.len() > least && shorter.is_none() {
                let tried = format!("(\"{}\"*)", letters.iter().collect::<String>());
                if meets(conn, scope, &tried)? {
                    shorter = Some(tried);
                }
                letters.pop();
            }
            term = shorter.unwrap_or(term);
        }
        out.push(term);
    }
    Ok((!out.is_empty()).then(|| out.join(" AND ")))
}

fn meets(conn: &Connection, scope: &Lens, expression: &str) -> Result<bool> {
    Ok(met(conn, scope, expression, 1)? > 0)
}

/// How many records an expression meets, as far as it matters.
fn met(conn: &Connection, scope: &Lens, expression: &str, most: usize) -> Result<usize> {
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM words w CROSS JOIN records r INDEXED BY records_found ON r.rid = w.rowid
         WHERE w.words MATCH ?1 AND r.hidden = 0{} LIMIT ?2)",
        lens::condition(scope, "r")
    );
    Ok(conn.prepare_cached(&sql)?.query_row(params![expression, most as i64], |r| r.get::<_, u32>(0))? as usize)
}

/// Up to `limit` records that an expression meets, the ones added last.
pub(super) fn matching(conn: &Connection, expression: &str, limit: usize) -> Result<Vec<i64>> {
    let mut statement = conn.prepare_cached("SELECT rowid FROM words WHERE words MATCH ?1 ORDER BY rowid DESC LIMIT ?2")?;
    Ok(statement.query_map(params![expression, limit as i64], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn by_date(conn: &Connection, scope: &Lens, expression: &str, limit: usize) -> Result<Vec<i64>> {
    // Those that a viewer may not see do not count among the considered either.
    let considered = match lens::condition(scope, "v") {
        none if none.is_empty() => "SELECT rowid AS rid FROM words WHERE words MATCH ?1 ORDER BY rowid DESC LIMIT ?2".to_owned(),
        seen => format!(
            "SELECT words.rowid AS rid FROM words CROSS JOIN records v INDEXED BY records_found ON v.rid = words.rowid
             WHERE words MATCH ?1{seen} ORDER BY words.rowid DESC LIMIT ?2"
        ),
    };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT r.rid FROM ({considered}) w
         CROSS JOIN records r INDEXED BY records_found ON r.rid = w.rid WHERE r.hidden = 0 AND r.standing <> 6
         ORDER BY r.sort = ?4, r.sort DESC, r.rid DESC LIMIT ?3",
    ))?;
    let values = params![expression, CONSIDERED as i64, limit as i64, UNDATED];
    Ok(statement.query_map(values, |r| r.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Puts the words of a record into the index.
pub(super) fn index(conn: &Connection, rid: i64, title: &str, text: &str) -> Result<()> {
    let sql = "INSERT INTO words(rowid, title, text) VALUES(?1, ?2, ?3)";
    conn.prepare_cached(sql)?.execute(params![rid, title, text])?;
    Ok(())
}

/// The beginnings by which words of the text are marked: the words of the expression, endings off.
fn stems(expression: &str) -> Vec<String> {
    let words = expression.split('"').skip(1).step_by(2);
    let mut stems: Vec<String> = words.map(|w| fold(w).chars().collect::<String>()).map(|w| stem(&w)).collect();
    stems.sort();
    stems.dedup();
    stems
}

/// A rough Porter: enough to mark "allergic" for "allergies", never more than the last letters.
fn stem(word: &str) -> String {
    for ending in ["ations", "ation", "ings", "ies", "ing", "ed", "es", "ic", "y", "s", "e"] {
        if let Some(rest) = word.strip_suffix(ending).filter(|r| r.chars().count() >= 4) {
            return rest.to_owned();
        }
    }
    word.to_owned()
}

fn fold(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).map(plain).collect()
}

/// The text around the first hit, every hit between U+0002 and U+0003. The text is read out of the record again:
/// keeping it twice would cost more than reading it for a page of hits.
fn snippet(row: &Row, stems: &[String]) -> String {
    let text = crate::record::searchable(&row.resource());
    mark(&text, stems).or_else(|| mark(&row.title, stems)).unwrap_or_else(|| around(&text, 0, 0).2.to_owned())
}

fn mark(text: &str, stems: &[String]) -> Option<String> {
    let hit = |word: &str| {
        let folded = fold(word);
        stems.iter().any(|s| folded.starts_with(s.as_str()))
    };
    let words: Vec<(usize, &str)> = words_of(text).collect();
    let first = words.iter().find(|(_, w)| hit(w))?;
    let (before, start, part, after) = {
        let (start, end, part) = around(text, first.0, first.0 + first.1.len());
        (start > 0, start, part, end < text.len())
    };
    let mut out = String::from(if before { "…" } else { "" });
    let mut here = start;
    for (at, word) in words.iter().filter(|(at, w)| *at >= start && at + w.len() <= start + part.len() && hit(w)) {
        out.push_str(&text[here..*at]);
        out.push('\u{2}');
        out.push_str(word);
        out.push('\u{3}');
        here = at + word.len();
    }
    out.push_str(&text[here..start + part.len()]);
    out.push_str(if after { "…" } else { "" });
    Some(out)
}

fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(|w| (w.as_ptr() as usize - text.as_ptr() as usize, w))
}

/// The part of a text around a place, cut at blanks: its start, its end, itself.
fn around(text: &str, start: usize, end: usize) -> (usize, usize, &str) {
    let mut from = text[..start].char_indices().rev().take(AROUND).last().map_or(start, |(n, _)| n);
    if from > 0 {
        from += text[from..start].find(char::is_whitespace).map_or(0, |n| n + 1);
    }
    let mut to = text[end..].char_indices().nth(AROUND).map_or(text.len(), |(n, _)| end + n);
    if to < text.len() {
        to = text[end..to].rfind(char::is_whitespace).map_or(to, |n| end + n);
    }
    // A wide blank may leave the cut within it.
    while !text.is_char_boundary(from) {
        from += 1;
    }
    (from, to, &text[from..to])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_marked_whatever_their_ending_and_accents() {
        for (text, words, marked) in [
            ("Hypertension, benign", "\"hypertens\"*", "\u{2}Hypertension\u{3}, benign"),
            ("Ménière's disease", "\"meniere\"", "\u{2}Ménière\u{3}'s disease"),
            ("Allergic to penicillin", "\"allergies\" AND \"penic\"*", "\u{2}Allergic\u{3} to \u{2}penicillin\u{3}"),
        ] {
            assert_eq!(mark(text, &stems(words)).as_deref(), Some(marked));
        }
        assert_eq!(mark("nothing here", &stems("\"insulin\"")), None);
    }

    #[test]
    fn a_snippet_is_cut_at_blanks_and_never_within_a_letter() {
        let long = format!("{} needle {}", "énô\u{3000}".repeat(60), "ñandú\u{3000}".repeat(60));
        let marked = mark(&long, &stems("\"needle\"")).expect("a hit");
        assert!(marked.contains("\u{2}needle\u{3}"));
        assert!(marked.starts_with('…') && marked.ends_with('…') && marked.chars().count() < 200);
    }
}
