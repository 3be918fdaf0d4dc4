//! A record as it goes out.

use crate::record::Resource;
use crate::vault::{Chart, Row};
use crate::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The id that the source gave, in `meta.extension`.
const STORED_ID: &str = "https://github.com/keepwell/keepwell/stored-id";
/// `meta.lastUpdated` as the source gave it, in `meta.extension`.
const STORED_TIME: &str = "https://github.com/keepwell/keepwell/stored-last-updated";

/// Records of one answer: many of them point to the same few others.
pub(super) struct Out<'a> {
    chart: &'a Chart,
    known: HashMap<(String, String), Option<String>>,
}

impl<'a> Out<'a> {
    pub(super) fn new(chart: &'a Chart) -> Self {
        Self { chart, known: HashMap::new() }
    }

    pub(super) fn of(&mut self, row: &Row) -> Result<Resource> {
        let mut resource: Value = serde_json::from_slice(&row.json).map_err(|_| Error::internal("a record does not read"))?;
        self.lead(row, &mut resource)?;
        let Some(fields) = resource.as_object_mut() else { return Err(Error::internal("a record is no object")) };
        let mut whole = Map::new();
        whole.insert("resourceType".to_owned(), json!(row.kind));
        whole.insert("id".to_owned(), json!(row.key));
        let stored_id = fields.remove("id");
        let mut meta = fields.remove("meta").filter(Value::is_object).unwrap_or_else(|| json!({}));
        let mut told = meta.get("extension").and_then(Value::as_array).cloned().unwrap_or_default();
        if let Some(id) = stored_id.as_ref().and_then(Value::as_str) {
            told.push(json!({"url": STORED_ID, "valueString": id}));
        }
        if let Some(time) = meta.get("lastUpdated").filter(|t| t.is_string()) {
            told.push(json!({"url": STORED_TIME, "valueString": time}));
        }
        if !told.is_empty() {
            meta["extension"] = Value::Array(told);
        }
        meta["lastUpdated"] = json!(jiff::Timestamp::from_second(row.added).unwrap_or_default().to_string());
        whole.insert("meta".to_owned(), meta);
        fields.remove("resourceType");
        whole.append(fields);
        Ok(Value::Object(whole))
    }

    /// References lead to records of this server where the token may read them; others stay as they were given.
    fn lead(&mut self, from: &Row, value: &mut Value) -> Result<()> {
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.lead(from, item)),
            Value::Object(fields) => {
                if let Some(Value::String(text)) = fields.get_mut("reference")
                    && let Some(here) = self.find(from, text)?
                {
                    *text = here;
                }
                fields.values_mut().try_for_each(|field| self.lead(from, field))
            }
            _ => Ok(()),
        }
    }

    fn find(&mut self, from: &Row, reference: &str) -> Result<Option<String>> {
        let base = from.full_url.as_deref().and_then(|url| url.rsplit_once('/')?.0.rsplit_once('/')).map_or("", |(base, _)| base);
        let known = (format!("{} {base}", from.source), reference.to_owned());
        if let Some(found) = self.known.get(&known) {
            return Ok(found.clone());
        }
        let found = self.chart.resolve(from, reference)?.map(|row| format!("{}/{}", row.kind, row.key));
        self.known.insert(known, found.clone());
        Ok(found)
    }
}
