//! NDJSON: one resource or Bundle a line, as bulk downloads give it.

use super::flow::Flow;
use super::scan::{check_depth, is_deeper};
use super::version::Version;
use super::{unfold, words};
use crate::import::Limits;
use crate::{Error, Result};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};

const NOT_JSON: &str = "This line is damaged: it is not complete JSON.";
const TOO_LARGE: &str = "This line is larger than the limit for a single record. If you trust the file, raise the limit in the settings.";
const TOO_DEEP: &str = "This line is nested more deeply than any health record is.";
const NOT_FHIR: &str = "This line does not say what kind of record it is (it has no resourceType), so it cannot be read.";

/// Reads every line; a bad one is skipped and listed.
pub(super) fn read(input: &mut dyn Read, limits: &Limits, mut flow: Flow) -> Result<Version> {
    let mut input = BufReader::with_capacity(256 << 10, input);
    let mut line = Vec::new();
    let (mut number, mut bytes, mut good) = (0_u64, 0_u64, 0_u64);
    loop {
        line.clear();
        let read = input.by_ref().take(limits.resource_bytes.saturating_add(2)).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        number += 1;
        bytes += read as u64;
        let place = format!("line {number}");
        if line.last() != Some(&b'\n') && line.len() as u64 > limits.resource_bytes {
            bytes += skip_line(&mut input)?;
            flow.skip(&place, "a line of the file", TOO_LARGE)?;
            continue;
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        good += u64::from(one_line(text, place, limits, &mut flow)?);
        flow.progress(bytes)?;
    }
    if number == 0 {
        return Err(Error::refused("This file is empty. Nothing was added to the records."));
    }
    if good == 0 { Err(words::not_fhir(None)) } else { flow.finish() }
}

/// Whether the line held FHIR.
fn one_line(text: &[u8], place: String, limits: &Limits, flow: &mut Flow) -> Result<bool> {
    let value = serde_json::from_slice::<Value>(text);
    let too_deep = match &value {
        Ok(value) => is_deeper(value, limits.json_depth),
        Err(_) => check_depth(text, limits.json_depth).is_err(),
    };
    if too_deep {
        flow.skip(&place, "a line of the file", TOO_DEEP)?;
        return Ok(false);
    }
    match value {
        Err(_) => flow.skip(&place, "a line of the file", NOT_JSON).map(|()| false),
        Ok(value) if value.get("resourceType").is_none_or(|t| !t.is_string()) => {
            flow.skip(&place, "a line of the file", NOT_FHIR).map(|()| false)
        }
        Ok(value) => unfold::resource(flow, value, None, place, text.len()).map(|()| true),
    }
}

/// Passes over the rest of a line, however long.
fn skip_line(input: &mut dyn BufRead) -> Result<u64> {
    let mut passed = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(passed);
        }
        let end = buffer.iter().position(|b| *b == b'\n');
        let used = end.map_or(buffer.len(), |i| i + 1);
        input.consume(used);
        passed += used as u64;
        if end.is_some() {
            return Ok(passed);
        }
    }
}
