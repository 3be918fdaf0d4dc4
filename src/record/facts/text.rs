//! Everything readable in a record, for search.

use crate::record::Resource;
use base64::Engine as _;
use serde_json::Value;
use std::collections::HashSet;

/// Most text that one record puts into the index, in bytes: a long discharge summary fits.
const MOST: usize = 1 << 20;

/// Readable strings of a resource, each once, one a line. Narrative that merely repeats the data
/// (`text.status` "generated") is left out, other narrative is in.
pub fn searchable(resource: &Resource) -> String {
    let mut out = Gather { text: String::with_capacity(512), seen: HashSet::with_capacity(48) };
    let generated = resource.get("text").and_then(|t| t.get("status")).and_then(Value::as_str) == Some("generated");
    if let Value::Object(object) = resource {
        for (key, value) in object {
            if key == "text" {
                if let (false, Some(div)) = (generated, value.get("div").and_then(Value::as_str)) {
                    out.add(&strip_tags(div));
                }
            } else if key != "meta" {
                out.walk(key, value, 0);
            }
        }
    }
    out.text
}

struct Gather<'a> {
    text: String,
    seen: HashSet<&'a str>,
}

impl<'a> Gather<'a> {
    fn walk(&mut self, key: &str, value: &'a Value, depth: u32) {
        if depth > 60 || self.text.len() > MOST {
            return;
        }
        match value {
            Value::String(s) if readable(key) && self.seen.insert(s) => self.add(s),
            Value::Array(items) => items.iter().for_each(|v| self.walk(key, v, depth + 1)),
            Value::Object(object) => {
                // Fields are compared rather than looked up: an object has few, and hashing a name costs more.
                let field = |name: &str| object.iter().find(|(k, _)| *k == name).map(|(_, v)| v);
                if key == "text"
                    && let Some(div) = field("div").and_then(Value::as_str)
                {
                    self.add(&strip_tags(div));
                    return;
                }
                if let (Some(Value::String(kind)), Some(Value::String(data))) = (field("contentType"), field("data")) {
                    self.attachment(kind, data);
                }
                for (k, v) in object {
                    self.walk(k, v, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn attachment(&mut self, kind: &str, data: &str) {
        let plain = kind.starts_with("text/") || kind.contains("xhtml");
        if !plain || data.len() > 2 * MOST {
            return;
        }
        let compact: String = data.chars().filter(|c| !c.is_whitespace()).collect();
        if let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(compact) {
            let text = String::from_utf8_lossy(&bytes);
            if kind.contains("html") || kind.contains("xml") { self.add(&strip_tags(&text)) } else { self.add(&text) }
        }
    }

    fn add(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() && self.text.len() + text.len() <= 2 * MOST {
            self.text.push_str(text);
            self.text.push('\n');
        }
    }
}

/// Keys whose strings are words for people, or codes that people look for.
fn readable(key: &str) -> bool {
    matches!(
        key,
        "display"
            | "text"
            | "title"
            | "description"
            | "comment"
            | "conclusion"
            | "name"
            | "family"
            | "given"
            | "valueString"
            | "contentString"
            | "code"
            | "lotNumber"
            | "serialNumber"
            | "modelNumber"
            | "manufacturer"
            | "patientInstruction"
            | "note"
            | "summary"
            | "city"
            | "line"
            | "instructions"
            | "subscriberId"
            | "alias"
            | "disposition"
            | "answer"
            | "prefix"
            | "suffix"
            | "deviceIdentifier"
            | "carrierHRF"
            | "valueMarkdown"
            | "occurrenceString"
            | "onsetString"
            | "abatementString"
            | "performedString"
            | "variable"
    )
}

/// Text of a piece of HTML or XHTML: tags become spaces, the common entities become their characters.
pub fn strip_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        unescape(&rest[..open], &mut out);
        out.push(' ');
        rest = match rest[open..].find('>') {
            Some(close) => &rest[open + close + 1..],
            None => "",
        };
    }
    unescape(rest, &mut out);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.bytes().take(12).position(|b| b == b';') else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        let name = &rest[1..end];
        let number = name.strip_prefix('#').and_then(|n| match n.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => n.parse().ok(),
        });
        match (name, number.and_then(char::from_u32)) {
            (_, Some(c)) => out.push(c),
            ("amp", _) => out.push('&'),
            ("lt", _) => out.push('<'),
            ("gt", _) => out.push('>'),
            ("quot", _) => out.push('"'),
            ("apos", _) => out.push('\''),
            ("nbsp", _) => out.push(' '),
            _ => out.push_str(&rest[..=end]),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
}

/// Words folded for comparison: lower case, single spaces, no punctuation at the ends.
pub fn fold(text: &str) -> String {
    let lower = text.to_lowercase();
    lower
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '%' | '/')))
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
