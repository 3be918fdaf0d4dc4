//! Nothing is left out: every value that a record holds stands in words on its own page and on the page of any record.
//! Over the fixtures, and with KEEPWELL_CORPUS over a sample of each type of the corpus.

use crate::web_world::{PASSPHRASE, World, options};
use axum::http::StatusCode;
use keepwell::chart::{timing, units, words};
use keepwell::import::Limits;
use keepwell::import::pipeline::{Accept, Options, Unwatched, import};
use keepwell::record::{PartialDate, Standing, strip_tags, text_at};
use keepwell::vault::{Chart, Query, Row};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Records of one type that are looked at.
const EACH: usize = 25;

/// A page as its reader sees it: with single spaces, and with none (cells of a table have none between them).
struct Seen {
    spaced: String,
    close: String,
}

impl Seen {
    fn of(html: &str) -> Self {
        let main = html.split_once("<main").map_or(html, |(_, rest)| rest);
        let main = main.split_once("</main>").map_or(main, |(m, _)| m);
        let spaced = one_line(&strip_tags(main)).to_lowercase();
        Self { close: squeezed(&spaced), spaced }
    }

    /// Whether the words stand there as words: "1" is not found in "2011".
    fn has(&self, words: &str) -> bool {
        let words = one_line(words).to_lowercase();
        if words.is_empty() {
            return true;
        }
        if words.len() > 12 {
            return self.close.contains(&squeezed(&words));
        }
        let bare = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        self.spaced
            .match_indices(&words)
            .any(|(at, _)| bare(self.spaced[..at].chars().next_back()) && bare(self.spaced[at + words.len()..].chars().next()))
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// One value, the element that holds it and the object around it.
struct Leaf<'a> {
    path: String,
    key: &'a str,
    owner: &'a Map<String, Value>,
    value: &'a Value,
}

fn leaves<'a>(key: &'a str, value: &'a Value, owner: &'a Map<String, Value>, path: &str, out: &mut Vec<Leaf<'a>>) {
    match value {
        Value::Object(inner) => inner.iter().for_each(|(k, v)| leaves(k, v, inner, &format!("{path}.{k}"), out)),
        Value::Array(items) => items.iter().for_each(|v| leaves(key, v, owner, path, out)),
        Value::Null => {}
        _ => out.push(Leaf { path: path.to_owned(), key, owner, value }),
    }
}

/// What is no value: names of elements and systems, bytes of files, and the machine's copy of words that stand there.
fn is_machinery(leaf: &Leaf<'_>) -> bool {
    let has = |key: &str| leaf.owner.contains_key(key);
    match leaf.key {
        // The system of a code stands before the code by its short name; an extension's address is its label.
        "system" => has("code") || has("display") || leaf.path.contains("telecom"),
        "url" => leaf.path.contains("xtension"),
        // Bytes are shown as the document that they are. The samples of a signal (SampledData) are values.
        "data" => !has("origin"),
        // A quantity's unit in code.
        "code" => has("value") && has("unit"),
        "userSelected" => true,
        // The number of an element within its file; that of the record itself and of what it contains is shown.
        "id" => leaf.path != ".id" && !has("resourceType"),
        // Every page is one of its kind.
        "resourceType" => leaf.path == ".resourceType",
        // How a narrative was made, beside the narrative.
        "status" => has("div"),
        // What is referred to: told by the reference.
        "type" => has("reference"),
        _ => false,
    }
}

/// The ways in which a value may stand on a page.
fn forms(leaf: &Leaf<'_>, chart: &Chart, row: &Row) -> Vec<String> {
    let text = match leaf.value {
        Value::Bool(yes) => return vec![if *yes { "Yes" } else { "No" }.into()],
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.clone(),
        _ => return Vec::new(),
    };
    let url = text_at(&Value::Object(leaf.owner.clone()), "url").unwrap_or_default();
    if url.ends_with("data-absent-reason") || url.ends_with("ullFlavor") {
        return vec!["Not given".into(), "Missing".into()];
    }
    let mut out = vec![text.clone(), words::words_of_code(&text), units::plain(&text), strip_tags(&text), words::type_words(&text)];
    // A time of a C-CDA without a zone stands with its day.
    if url == "urn:keepwell:cda:timestamp" {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        out.extend(digits.get(8..10).map(|h| format!("{h}:{}", digits.get(10..12).unwrap_or("00"))));
    }
    out.extend(PartialDate::parse(&text).map(|d| d.words()));
    // Lines of an address stand in one.
    out.push(text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(", "));
    out.extend(text.strip_prefix('-').map(|n| format!("−{n}")));
    out.extend(["tel:", "mailto:"].iter().filter_map(|p| Some(text.strip_prefix(p)?.to_owned())));
    match leaf.key {
        // "{tablet}" as "tablets", "d" as "days".
        key if key.ends_with("nit") || key == "code" => {
            let thing = timing::unit_words(text.trim_matches(['{', '}'])).to_owned();
            let thing = if text == "a" { "year".to_owned() } else { thing };
            out.extend([format!("{thing}s"), format!("{thing}es"), thing]);
        }
        // "2 times a day" tells how often.
        "frequency" | "frequencyMax" | "period" => {
            out.extend(timing::often(&serde_json::json!({"repeat": leaf.owner})));
        }
        "currency" if text == "USD" => out.push("$".into()),
        "reference" => {
            out.extend(text_at(&Value::Object(leaf.owner.clone()), "display"));
            out.extend(chart.resolve(row, &text).ok().flatten().map(|r| r.title));
            // "Patient/7", which did not come along, as "About this person, number 7"; "#x" is a part of the record itself.
            out.extend(text.split_once('/').map(|(kind, id)| format!("{}, number {id}", words::type_words(kind))));
            if text.starts_with('#') {
                out.push(String::new());
            }
        }
        _ => {}
    }
    out
}

/// Whether every stretch of eight words of a narrative stands on the page, in whatever order its tables are drawn.
fn narrative_stands(seen: &Seen, leaf: &Leaf<'_>) -> bool {
    let text = strip_tags(leaf.value.as_str().unwrap_or_default());
    let words: Vec<&str> = text.split_whitespace().collect();
    words.chunks(8).all(|chunk| seen.has(&chunk.join(" ")))
}

/// The values of a record that do not stand on a page.
fn missing(seen: &Seen, chart: &Chart, row: &Row) -> Vec<String> {
    let resource = row.resource();
    let nothing = Map::new();
    let mut all = Vec::new();
    leaves("", &resource, &nothing, "", &mut all);
    let kept = all.iter().filter(|l| !is_machinery(l));
    let shown = |l: &Leaf<'_>| forms(l, chart, row).iter().any(|f| seen.has(f) || l.key == "currency" && seen.spaced.contains(f.as_str()));
    kept.filter(|l| !(shown(l) || l.key == "div" && narrative_stands(seen, l)))
        .map(|l| format!("{}{} = {}", row.kind, l.path, l.value.to_string().chars().take(120).collect::<String>()))
        .collect()
}

/// A household whose chart holds files.
struct Filled {
    world: World,
    cookie: String,
    chart: Arc<Chart>,
}

impl Filled {
    async fn new() -> Self {
        let world = World::new(options());
        let cookie = world.sign_in().await;
        let who = world.app.household.sign_in("Ruth", PASSPHRASE).expect("a member");
        let chart = world.app.household.open(&who, &world.chart).expect("a chart");
        Self { world, cookie, chart }
    }

    fn take(&self, path: &Path) {
        let mut staging = self.chart.stage().expect("room");
        staging.write_all(&std::fs::read(path).expect("a file")).expect("room");
        let worker = env!("CARGO_BIN_EXE_keepwell").into();
        let how = Options { accept_identity: Some(Accept::Anyone), dry_run: false, by: crate::vault_world::by("Ruth"), worker };
        let name = path.file_name().expect("a name").to_string_lossy();
        import(&self.chart, staging.finish().expect("room"), &name, &Limits::default(), &how, &Unwatched).expect("an import");
    }

    /// Records of every type, at most [`EACH`] of one, spread over all that there are.
    fn sample(&self) -> Vec<Row> {
        use Standing::{Absent, Current, Error, NotDone, Past, Planned};
        let mut types: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let query = Query { standings: vec![Current, Past, Planned, Absent, NotDone, Error], ..Query::default() };
        let mut note = |row: Row| {
            types.entry(row.kind).or_default().push(row.rid);
            Ok(())
        };
        self.chart.each(&query, &mut note).expect("rows");
        let spread = |rids: Vec<i64>| rids.iter().copied().step_by(rids.len().div_ceil(EACH)).collect::<Vec<_>>();
        types.into_values().flat_map(spread).map(|rid| self.chart.record(rid).expect("a record")).collect()
    }

    /// Everything that is missing on any page, by type.
    async fn check(&self) -> (usize, Vec<String>) {
        let rows = self.sample();
        let mut out = Vec::new();
        for row in &rows {
            for page in ["records", "own"] {
                let html = self.page(page, row.rid, &row.kind).await;
                out.extend(missing(&Seen::of(&html), &self.chart, row).into_iter().map(|m| format!("{page}: {m}")));
            }
        }
        (rows.len(), out)
    }

    async fn page(&self, which: &str, rid: i64, kind: &str) -> String {
        let own = match kind {
            "Observation" | "DiagnosticReport" => "results",
            "DocumentReference" | "Composition" | "Media" | "Binary" => "documents",
            "Encounter" => "visits",
            "ExplanationOfBenefit" | "Claim" | "ClaimResponse" | "Invoice" => "bills",
            "Communication" | "CommunicationRequest" => "messages",
            _ => "records",
        };
        let place = if which == "own" { own } else { which };
        let answer = self.world.get(&format!("/charts/{}/{place}/{rid}", self.world.chart), &self.cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{place}/{rid}");
        answer.text()
    }
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    // Of each folder a few files, spread over all that it holds.
    let own: Vec<PathBuf> = entries.iter().filter(|p| p.is_file()).cloned().collect();
    into.extend(own.iter().step_by(own.len().div_ceil(6).max(1)).cloned());
    entries.iter().filter(|p| p.is_dir()).for_each(|p| files(p, into));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_of_the_fixtures_stands_on_its_page() {
    let filled = Filled::new().await;
    let mut all = Vec::new();
    for folder in ["fhir", "ccda", "pages"] {
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder), &mut all);
    }
    for path in all.iter().filter(|p| p.extension().is_some_and(|e| e != "golden")) {
        filled.take(path);
    }
    let (records, missing) = filled.check().await;
    assert!(records > 100, "only {records} records");
    assert!(missing.is_empty(), "{} values are missing:\n{}", missing.len(), missing.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_of_a_sample_of_the_corpus_stands_on_its_page() {
    let Some(corpus) = std::env::var_os("KEEPWELL_CORPUS").filter(|c| !c.is_empty()).map(PathBuf::from) else {
        println!("KEEPWELL_CORPUS is not set: no corpus to look at");
        return;
    };
    let filled = Filled::new().await;
    let mut all = Vec::new();
    files(&corpus, &mut all);
    all.iter().for_each(|path| filled.take(path));
    let (records, missing) = filled.check().await;
    println!("{} files, {records} records looked at", all.len());
    assert!(missing.is_empty(), "{} values are missing:\n{}", missing.len(), missing.join("\n"));
}
