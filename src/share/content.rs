//! What goes out: one FHIR bundle of what was chosen, with the chosen documents inside it, and a few words of ours for the
//! viewer in `Bundle.meta`. A reader that knows nothing of Keepwell sees plain FHIR.

use super::FHIR;
use crate::chart::documents;
use crate::chart::sources::Sources;
use crate::export::Choice;
use crate::import::Limits;
use crate::record::{ORIGINAL, Standing, sensitive_words};
use crate::vault::{Chart, Order, Query, Row, Scope};
use crate::{Kind, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// Where our words for the viewer stand: an extension of `Bundle.meta`. The domain leads nowhere (RFC 2606).
const EXTENSION: &str = "https://keepwell.invalid/fhir/share";
/// The name of the source of an entry: an extension of the entry.
const SOURCE: &str = "https://keepwell.invalid/fhir/source";
/// Documents that go along, in all.
const DOCUMENTS: usize = 40 << 20;

/// What goes out.
#[derive(Clone)]
pub struct Content {
    /// Files by media type.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// How many records are in them.
    pub records: u64,
    /// How many documents stayed here because they are too large, or are not in the chart.
    pub left: u64,
    /// The same for the same records and words, whenever it is made.
    pub digest: String,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({} records)", self.records)
    }
}

/// Gathers what a choice takes of a chart, as far as a scope lets it go out. `until`: when it ends; `reply`: whether an answer is welcome.
///
/// # Errors
/// Usage when a date of the choice is none; Internal when the chart cannot be read.
pub fn content(whole: &Arc<Chart>, scope: Option<&Scope>, choice: &Choice, until: Option<i64>, reply: bool) -> Result<Content> {
    let chart = &*scope.map_or_else(|| Arc::clone(whole), |scope| whole.view(scope));
    let mut writer = Writer::new(chart, whole, choice)?;
    let takes = choice.takes()?;
    for patient in [true, false] {
        let query = Query {
            types: if patient { vec!["Patient".to_owned()] } else { Vec::new() },
            standings: vec![Standing::Current, Standing::Past, Standing::Planned, Standing::Absent, Standing::NotDone],
            order: Order::Newest,
            ..Query::default()
        };
        // Who it is about always goes along: a summary of nobody helps nobody.
        chart.each(&query, &mut |row| match row.kind == "Patient" {
            about if about != patient => Ok(()),
            true => writer.add(&row),
            false if takes(&row) => writer.add(&row),
            false => {
                writer.partial = true;
                Ok(())
            }
        })?;
    }
    writer.finish(until, reply)
}

struct Writer<'a> {
    chart: &'a Chart,
    choice: &'a Choice,
    sources: Sources,
    /// Names of the sources as somebody sees them who may see everything.
    keepers: Sources,
    limits: Limits,
    body: Vec<u8>,
    hash: blake3::Hasher,
    urls: HashSet<String>,
    records: u64,
    left: u64,
    room: usize,
    partial: bool,
}

impl<'a> Writer<'a> {
    fn new(chart: &'a Chart, whole: &Chart, choice: &'a Choice) -> Result<Self> {
        Ok(Self {
            chart,
            choice,
            sources: Sources::of(chart)?,
            keepers: Sources::of(whole)?,
            limits: Limits::default(),
            body: Vec::new(),
            hash: blake3::Hasher::new(),
            urls: HashSet::new(),
            records: 0,
            left: 0,
            room: DOCUMENTS,
            // What a scope keeps here is not counted, and not told either.
            partial: chart.is_limited() && chart.counts()? != whole.counts()?,
        })
    }

    fn add(&mut self, row: &Row) -> Result<()> {
        self.hash.update(row.key.as_bytes());
        self.hash.update(&row.json);
        if self.records > 0 {
            self.body.extend_from_slice(b",\n");
        }
        self.records += 1;
        let source = json!([{"url": SOURCE, "valueString": self.source(row)}]);
        let url = json!(self.address(row));
        self.body.extend_from_slice(format!("{{\"extension\":{source},\"fullUrl\":{url},\"resource\":").as_bytes());
        if holds_original(&row.json) {
            let resource = self.with_files(row)?;
            self.body.extend_from_slice(resource.to_string().as_bytes());
        } else {
            self.body.extend_from_slice(&row.json);
        }
        self.body.push(b'}');
        Ok(())
    }

    /// Who keeps the record, or else the file that it came in.
    fn source<'b>(&'b self, row: &'b Row) -> &'b str {
        let fit = |name: &&str| sensitive_words(name).without(self.chart.scope().sensitive).is_empty();
        self.keepers.keeper(&row.source).filter(fit).unwrap_or_else(|| self.sources.name(&row.source))
    }

    /// An address of its own for each record: the source's where it is absolute, so that references lead to it.
    fn address(&mut self, row: &Row) -> String {
        let given = row.full_url.as_deref().filter(|u| u.contains(':')).map(str::to_owned);
        let source = &blake3::hash(row.source.as_bytes()).to_hex()[..16];
        let url = given
            .unwrap_or_else(|| format!("https://keepwell.invalid/{source}/{}/{}", row.kind, row.fhir_id.as_deref().unwrap_or(&row.key)));
        if self.urls.insert(url.clone()) {
            return url;
        }
        let other = format!("https://keepwell.invalid/{}/{}", row.kind, row.key);
        self.urls.insert(other.clone());
        other
    }

    /// A document whose bytes are an imported file takes them along, where documents go along at all.
    fn with_files(&mut self, row: &Row) -> Result<Value> {
        let mut resource = row.resource();
        let parts = documents::parts(&resource);
        let mut given = Vec::new();
        for part in &parts {
            let bytes = match documents::bytes(self.chart, row, part, &self.limits) {
                Ok(bytes) if self.choice.documents && bytes.len() <= self.room => Some(bytes),
                Err(e) if e.kind == Kind::Internal => return Err(e),
                _ => None,
            };
            if let Some(bytes) = &bytes {
                self.room -= bytes.len();
            } else {
                self.left += 1;
            }
            given.push(bytes);
        }
        let mut given = given.into_iter();
        for attachment in attachments(&mut resource) {
            let is_original = attachment.get("url").and_then(Value::as_str).is_some_and(|u| u.starts_with(ORIGINAL));
            let Some(bytes) = given.next() else { break };
            if let (true, Some(attachment)) = (is_original, attachment.as_object_mut()) {
                attachment.shift_remove("url");
                if let Some(bytes) = bytes {
                    attachment.insert("data".to_owned(), json!(STANDARD.encode(bytes)));
                }
            }
        }
        Ok(resource)
    }

    fn finish(mut self, until: Option<i64>, reply: bool) -> Result<Content> {
        let moment = |at: i64| jiff::Timestamp::from_second(at).map(|t| t.to_string()).unwrap_or_default();
        let mut words = Vec::new();
        let mut say = |url: &str, kind: &str, value: Value| words.push(json!({"url": url, kind: value}));
        if let Some(to) = self.choice.addressee.as_deref().filter(|t| !t.trim().is_empty()) {
            say("for", "valueString", json!(to));
        }
        if let Some(note) = self.choice.note.as_deref().filter(|n| !n.trim().is_empty()) {
            say("note", "valueString", json!(note));
        }
        if let Some(until) = until {
            say("until", "valueDateTime", json!(moment(until)));
        }
        say("partial", "valueBoolean", json!(self.partial || self.left > 0));
        say("reply", "valueBoolean", json!(reply));
        say("sources", "valueInteger", json!(self.sources.here().count()));
        let words = json!(words);
        self.hash.update(words.to_string().as_bytes());
        let now = moment(crate::vault::now());
        let meta = json!({"extension": [{"url": EXTENSION, "extension": words}]});
        let mut out = Vec::with_capacity(self.body.len() + 1024);
        out.extend_from_slice(
            format!("{{\"resourceType\":\"Bundle\",\"meta\":{meta},\"type\":\"collection\",\"timestamp\":\"{now}\"").as_bytes(),
        );
        if self.records > 0 {
            out.extend_from_slice(b",\"entry\":[\n");
            out.append(&mut self.body);
            out.extend_from_slice(b"\n]");
        }
        out.extend_from_slice(b"}\n");
        let digest = self.hash.finalize().to_hex().to_string();
        Ok(Content { files: vec![(FHIR, out)], records: self.records, left: self.left, digest })
    }
}

fn holds_original(json: &[u8]) -> bool {
    json.windows(ORIGINAL.len()).any(|w| w == ORIGINAL.as_bytes())
}

/// The attachments of a resource that say anything, in the order of [`documents::parts`].
fn attachments(resource: &mut Value) -> Vec<&mut Value> {
    let here = |a: &&mut Value| a.get("data").is_some() || a.get("url").is_some();
    let kind = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(object) = resource.as_object_mut() else { return Vec::new() };
    let all: Vec<&mut Value> = match kind.as_str() {
        "DocumentReference" => entries(object, "content").into_iter().filter_map(|c| c.get_mut("attachment")).collect(),
        "DiagnosticReport" => entries(object, "presentedForm"),
        "Media" => object.get_mut("content").into_iter().collect(),
        "Communication" | "CommunicationRequest" => {
            entries(object, "payload").into_iter().filter_map(|p| p.get_mut("contentAttachment")).collect()
        }
        "Consent" => object.get_mut("sourceAttachment").into_iter().collect(),
        _ => Vec::new(),
    };
    all.into_iter().filter(here).collect()
}

fn entries<'a>(object: &'a mut serde_json::Map<String, Value>, name: &str) -> Vec<&'a mut Value> {
    match object.get_mut(name) {
        Some(Value::Array(list)) => list.iter_mut().collect(),
        _ => Vec::new(),
    }
}
