//! FHIR JSON as a stream: one entry of a Bundle, one element of an array at a time.

use super::flow::Flow;
use super::scan::Scanner;
use super::version::Version;
use super::{unfold, words};
use crate::{Error, Result};
use serde_json::{Map, Value};

/// What the file as a whole was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Bundle,
    Resource,
    Array,
}

impl Shape {
    pub(super) fn slug(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Resource => "resource",
            Self::Array => "array",
        }
    }
}

/// Reads the whole text and tells its version and shape.
pub(super) fn read(mut scanner: Scanner, mut flow: Flow) -> Result<(Version, Shape)> {
    let shape = match scanner.peek()? {
        Some(b'{') => object(&mut scanner, &mut flow)?,
        Some(b'[') => array(&mut scanner, &mut flow)?,
        Some(_) => return Err(words::not_fhir(None)),
        None => return Err(Error::refused("This file is empty. Nothing was added to the records.")),
    };
    if scanner.peek()?.is_some() {
        return Err(words::broken(scanner.position()));
    }
    Ok((flow.finish()?, shape))
}

/// The root object. Its fields are kept, except the entries of a Bundle, which are handed on as they come.
fn object(scanner: &mut Scanner, flow: &mut Flow) -> Result<Shape> {
    scanner.expect(b'{')?;
    let mut fields = Map::new();
    let mut streamed = false;
    let mut bytes = 0;
    let mut more = !scanner.is_empty(b'}')?;
    while more {
        let key = scanner.key()?;
        if key == "entry" && scanner.peek()? == Some(b'[') && may_be_bundle(&fields) {
            streamed |= entries(scanner, flow, &mut fields)?;
        } else {
            let (value, size) = scanner.parse()?;
            bytes += size;
            if bytes > scanner.largest() {
                return Err(words::too_large());
            }
            fields.insert(key, value);
        }
        more = scanner.another(b'}')?;
    }
    let kind = fields.get("resourceType").and_then(Value::as_str).unwrap_or("");
    match kind {
        // One entry of a Bundle alone, as some tools save it.
        "" if fields.get("resource").is_some_and(|r| r.get("resourceType").is_some()) => {
            unfold::entry(flow, Value::Object(fields), "/".to_owned(), bytes)?;
            Ok(Shape::Resource)
        }
        "" => Err(words::not_fhir(words::looks_like(&fields))),
        "Bundle" => {
            // Entries that came before `resourceType` and did not look like a Bundle's still stand in the fields.
            unfold::resource(flow, Value::Object(fields), None, "/".to_owned(), bytes)?;
            Ok(Shape::Bundle)
        }
        _ if streamed => Err(words::not_fhir(None)),
        _ => {
            unfold::resource(flow, Value::Object(fields), None, "/".to_owned(), bytes)?;
            Ok(Shape::Resource)
        }
    }
}

/// Whether the object may still be a Bundle: `entry` is a field of List and of others too, and may stand before the type.
fn may_be_bundle(fields: &Map<String, Value>) -> bool {
    match fields.get("resourceType") {
        Some(kind) => kind == "Bundle",
        None => true,
    }
}

/// Reads the elements of `entry`; false if the first shows that this is no Bundle: they are kept as a field then.
fn entries(scanner: &mut Scanner, flow: &mut Flow, fields: &mut Map<String, Value>) -> Result<bool> {
    let known = fields.contains_key("resourceType");
    scanner.expect(b'[')?;
    let mut kept: Option<Vec<Value>> = None;
    let mut bytes = 0;
    let mut i = 0_u64;
    let mut more = !scanner.is_empty(b']')?;
    while more {
        let (value, size) = scanner.parse()?;
        if i == 0 && !known && !["resource", "fullUrl", "request", "response", "search", "link"].iter().any(|k| value.get(k).is_some()) {
            kept = Some(Vec::new());
        }
        match &mut kept {
            Some(kept) => {
                bytes += size;
                if bytes > scanner.largest() {
                    return Err(words::too_large());
                }
                kept.push(value);
            }
            None => unfold::entry(flow, value, format!("entry[{i}]"), size)?,
        }
        flow.progress(scanner.position())?;
        i += 1;
        more = scanner.another(b']')?;
    }
    let streamed = kept.is_none();
    if let Some(kept) = kept {
        fields.insert("entry".to_owned(), Value::Array(kept));
    }
    Ok(streamed && i > 0)
}

fn array(scanner: &mut Scanner, flow: &mut Flow) -> Result<Shape> {
    scanner.expect(b'[')?;
    let mut i = 0_u64;
    let mut resources = 0_u64;
    let mut more = !scanner.is_empty(b']')?;
    while more {
        let (value, size) = scanner.parse()?;
        resources += u64::from(value.get("resourceType").is_some());
        unfold::resource(flow, value, None, format!("[{i}]"), size)?;
        flow.progress(scanner.position())?;
        i += 1;
        more = scanner.another(b']')?;
    }
    if resources == 0 { Err(words::not_fhir(None)) } else { Ok(Shape::Array) }
}
