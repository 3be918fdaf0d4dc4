//! What goes out: the patient summary (IPS) of what was chosen, with the chosen documents inside it, and beside it a bundle of
//! what no summary has room for (messages, bills). A few words of ours for the viewer stand in `Bundle.meta` and with each
//! entry, as extensions: a reader that knows nothing of Keepwell sees plain FHIR.

use super::FHIR;
use crate::chart::sources::Sources;
use crate::export::gather::{Gathered, Item, Section};
use crate::export::{Choice, gather, ips};
use crate::record::{Class, Standing, sensitive_words};
use crate::vault::{Chart, Order, Query, Row};
use crate::{Error, Kind, Result};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Where our words for the viewer stand. The domain leads nowhere (RFC 2606).
const EXTENSION: &str = "https://keepwell.invalid/fhir/share";
/// The names of the sources of an entry.
const SOURCE: &str = "https://keepwell.invalid/fhir/source";
/// More than this does not go into one link or page: a browser has to hold it.
const MOST: usize = 60 << 20;
/// Kinds for which no summary has room.
const OUTSIDE: [Class; 4] = [Class::Message, Class::Bill, Class::Insurance, Class::Other];

/// What goes out.
#[derive(Clone)]
pub struct Content {
    /// Files by media type; the first is the summary.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// How many records are in them.
    pub records: u64,
    /// The same for the same records and words, whenever it is made.
    pub digest: String,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({} records)", self.records)
    }
}

/// What the reader is told beside the records.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// When it ends, seconds since 1970.
    pub until: Option<i64>,
    /// Whether an answer is welcome.
    pub reply: bool,
    /// All of it in one file: what no summary has room for stays here then.
    pub one_file: bool,
}

/// Gathers what a choice takes of a chart.
///
/// # Errors
/// Usage when a date of the choice is none; TooMuch when it is more than a browser can hold; Internal when the chart cannot
/// be read.
pub fn content(chart: &Arc<Chart>, choice: &Choice, told: Told) -> Result<Content> {
    let gathered = gather(chart, choice, jiff::Timestamp::now())?;
    let view = choice.view(chart)?;
    let mut summary = Vec::new();
    let written = ips::write(&view, &gathered, &mut summary)?;
    let mut rest = Rest { sources: Sources::of(&view)?, body: Vec::new(), records: 0, hash: blake3::Hasher::new() };
    for row in gathered.sections.iter().flat_map(Section::all).flat_map(|i| &i.rows).chain(&gathered.patients) {
        rest.hash.update(row.key.as_bytes());
        rest.hash.update(&row.json);
    }
    let outside = outside(&view, choice)?;
    let here = !outside.is_empty() && !told.one_file;
    if here {
        outside.iter().try_for_each(|row| rest.add(row))?;
    }
    let words = words(&gathered, told, gathered.left_out || !outside.is_empty() && told.one_file);
    rest.hash.update(words.to_string().as_bytes());
    let mut files = vec![(FHIR, dressed(&summary, &words, &sources(chart, &gathered, choice)?))];
    let records = written.records + rest.records;
    let digest = rest.hash.finalize().to_hex().to_string();
    if here {
        files.push((FHIR, rest.finish(&gathered.made.to_string())));
    }
    if files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > MOST {
        let words = format!(
            "That is more than {} MB, more than a browser can hold. Nothing was given. Leave the documents out, or give fewer records.",
            MOST >> 20
        );
        return Err(Error::new(Kind::TooMuch, words));
    }
    Ok(Content { files, records, digest })
}

/// Chosen records of kinds that no summary has room for.
fn outside(view: &Chart, choice: &Choice) -> Result<Vec<Row>> {
    let classes: Vec<Class> = choice.classes().into_iter().filter(|c| OUTSIDE.contains(c)).collect();
    if classes.is_empty() {
        return Ok(Vec::new());
    }
    let gives = choice.gives()?;
    let standings = vec![Standing::Current, Standing::Past, Standing::Planned, Standing::Absent, Standing::NotDone];
    let (mut out, query) = (Vec::new(), Query { classes, standings, order: Order::Newest, ..Query::default() });
    view.each(&query, &mut |row| {
        // A coverage stands in the summary.
        if gives(&row) && row.kind != "Coverage" {
            out.push(row);
        }
        Ok(())
    })?;
    Ok(out)
}

/// The names of the sources of each entry, by its address: who keeps the record, where that tells nothing that stays here.
fn sources(chart: &Arc<Chart>, gathered: &Gathered, choice: &Choice) -> Result<HashMap<String, String>> {
    let all = Sources::of(chart)?;
    let fit = |name: &&str| sensitive_words(name).without(choice.sensitive).is_empty();
    let keepers: HashMap<&str, &str> = all.all().iter().filter_map(|s| Some((s.id.as_str(), all.keeper(&s.id).filter(fit)?))).collect();
    let named = |item: &Item| {
        let mut names: Vec<&str> = item.rows.iter().filter_map(|r| keepers.get(r.source.as_str()).copied()).collect();
        if names.is_empty() {
            names.extend(item.sources.iter().map(String::as_str));
        }
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|n| seen.insert(*n));
        names.join(", ")
    };
    let items = gathered.sections.iter().flat_map(Section::all);
    Ok(items.map(|item| (gathered.address(gathered.target(item)), named(item))).collect())
}

/// Our words for the viewer.
fn words(gathered: &Gathered, told: Told, partial: bool) -> Value {
    let moment = |at: i64| jiff::Timestamp::from_second(at).map(|t| t.to_string()).unwrap_or_default();
    let mut words = Vec::new();
    let mut say = |url: &str, kind: &str, value: Value| words.push(json!({"url": url, kind: value}));
    if let Some(to) = gathered.choice.addressee.as_deref().filter(|t| !t.trim().is_empty()) {
        say("for", "valueString", json!(to));
    }
    if let Some(note) = gathered.choice.note.as_deref().filter(|n| !n.trim().is_empty()) {
        say("note", "valueString", json!(note));
    }
    if let Some(until) = told.until {
        say("until", "valueDateTime", json!(moment(until)));
    }
    say("partial", "valueBoolean", json!(partial));
    say("reply", "valueBoolean", json!(told.reply));
    json!([{"url": EXTENSION, "extension": words}])
}

/// The summary with our words. It is written one entry a line, and a line of JSON holds no bare line feed.
fn dressed(summary: &[u8], words: &Value, sources: &HashMap<String, String>) -> Vec<u8> {
    const META: &[u8] = b"\"meta\":{";
    const ENTRY: &[u8] = b"{\"fullUrl\":\"";
    let mut out = Vec::with_capacity(summary.len() + sources.len() * 128 + 1024);
    for (n, line) in summary.split_inclusive(|b| *b == b'\n').enumerate() {
        let meta = if n == 0 { line.windows(META.len()).position(|w| w == META) } else { None };
        let named = line.strip_prefix(ENTRY).and_then(|rest| {
            let end = rest.iter().position(|b| *b == b'"')?;
            sources.get(std::str::from_utf8(&rest[..end]).ok()?).filter(|s| !s.is_empty())
        });
        match (meta, named) {
            (Some(at), _) => {
                let (before, after) = line.split_at(at + META.len());
                out.extend_from_slice(before);
                out.extend_from_slice(format!("\"extension\":{words},").as_bytes());
                out.extend_from_slice(after);
            }
            (None, Some(source)) => {
                let source = json!([{"url": SOURCE, "valueString": source}]);
                out.extend_from_slice(format!("{{\"extension\":{source},").as_bytes());
                out.extend_from_slice(&line[1..]);
            }
            (None, None) => out.extend_from_slice(line),
        }
    }
    out
}

/// What no summary has room for, as a bundle of its own.
struct Rest {
    sources: Sources,
    body: Vec<u8>,
    records: u64,
    hash: blake3::Hasher,
}

impl Rest {
    fn add(&mut self, row: &Row) -> Result<()> {
        self.hash.update(row.key.as_bytes());
        self.hash.update(&row.json);
        if self.records > 0 {
            self.body.extend_from_slice(b",\n");
        }
        self.records += 1;
        let source = json!([{"url": SOURCE, "valueString": self.sources.name(&row.source)}]);
        // References to records that may not have been chosen lead nowhere.
        let url = format!("https://keepwell.invalid/{}/{}", row.kind, row.key);
        self.body.extend_from_slice(format!("{{\"extension\":{source},\"fullUrl\":\"{url}\",\"resource\":").as_bytes());
        self.body.extend_from_slice(&row.json);
        self.body.push(b'}');
        Ok(())
    }

    fn finish(mut self, made: &str) -> Vec<u8> {
        let mut out = format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"timestamp\":\"{made}\",\"entry\":[\n").into_bytes();
        out.append(&mut self.body);
        out.extend_from_slice(b"\n]}\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_words_stand_in_the_bundle_and_with_their_entries() {
        let summary = b"{\"resourceType\":\"Bundle\",\"meta\":{\"profile\":[\"p\"]},\"entry\":[\n{\"fullUrl\":\"urn:uuid:1\",\"resource\":{\"text\":\"{\\\"fullUrl\\\":\\\"urn:uuid:1\\\"\"}},\n{\"fullUrl\":\"urn:uuid:2\",\"resource\":{}}\n]}\n";
        let sources = HashMap::from([("urn:uuid:1".to_owned(), "A \"clinic\"".to_owned()), ("urn:uuid:2".to_owned(), String::new())]);
        let out: Value = serde_json::from_slice(&dressed(summary, &json!([{"url": EXTENSION}]), &sources)).expect("JSON");
        assert_eq!(out["meta"]["extension"][0]["url"], EXTENSION);
        assert_eq!(out["meta"]["profile"][0], "p");
        assert_eq!(out["entry"][0]["extension"][0]["valueString"], "A \"clinic\"");
        assert_eq!(out["entry"][1].get("extension"), None);
    }
}
