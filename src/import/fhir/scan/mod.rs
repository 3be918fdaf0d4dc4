//! Cuts a stream of JSON into values without holding more than one of them: what lies inside is left to `serde_json`.
//!
//! Size and depth of a value are checked while its end is looked for, so before any work is done on it.

mod ender;

use super::words;
use crate::{Error, Result};
use ender::{Ender, Scan};
use serde_json::Value;
use std::io::Read;

const CHUNK: usize = 256 << 10;

/// A stream of JSON text in UTF-8.
pub(super) struct Scanner<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// Where reading goes on.
    here: usize,
    /// Bytes that have left the buffer.
    gone: u64,
    ended: bool,
    largest: usize,
    deepest: u32,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(input: &'a mut dyn Read, largest: u64, deepest: u32) -> Self {
        let largest = usize::try_from(largest).unwrap_or(usize::MAX);
        Self { input, buffer: Vec::new(), here: 0, gone: 0, ended: false, largest, deepest }
    }

    /// The largest value that is taken.
    pub(super) fn largest(&self) -> usize {
        self.largest
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.gone + self.here as u64
    }

    /// Makes room and reads on; false at the end of the stream.
    fn fill(&mut self, keep_from: usize) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if keep_from > 0 {
            self.buffer.drain(..keep_from);
            self.gone += keep_from as u64;
            self.here -= keep_from;
        }
        let len = self.buffer.len();
        self.buffer.resize(len + CHUNK, 0);
        let read = loop {
            match self.input.read(&mut self.buffer[len..]) {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let read = read.inspect_err(|_| self.buffer.truncate(len))?;
        self.buffer.truncate(len + read);
        self.ended = read == 0;
        Ok(read > 0)
    }

    /// The next byte that is not white space, without taking it; `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            while let Some(&byte) = self.buffer.get(self.here) {
                if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                    return Ok(Some(byte));
                }
                self.here += 1;
            }
            if !self.fill(self.here)? {
                return Ok(None);
            }
        }
    }

    /// Takes the next byte that is not white space.
    pub(super) fn take(&mut self) -> Result<u8> {
        let byte = self.peek()?.ok_or_else(words::cut_short)?;
        self.here += 1;
        Ok(byte)
    }

    /// Takes this byte or refuses the file.
    pub(super) fn expect(&mut self, wanted: u8) -> Result<()> {
        let at = self.position();
        if self.take()? == wanted { Ok(()) } else { Err(words::broken(at)) }
    }

    /// The next value, at most as large and as deep as allowed, and the size of its text.
    ///
    /// An object that stands whole in what was read ahead is parsed where it stands: that spares looking for its end first,
    /// and no more than a piece of the stream is at stake. Whatever does not go that way is looked at before it is parsed.
    pub(super) fn parse(&mut self) -> Result<(Value, usize)> {
        let object = self.peek()? == Some(b'{');
        if let Some((value, size)) = object.then(|| self.parse_ahead()).flatten() {
            self.here += size;
            return Ok((value, size));
        }
        let at = self.position();
        let text = self.value()?;
        let value = serde_json::from_slice(text).map_err(|e| words::broken(at).because(words::position(&e)))?;
        Ok((value, text.len()))
    }

    fn parse_ahead(&self) -> Option<(Value, usize)> {
        let ahead = self.buffer.get(self.here..).filter(|ahead| ahead.len() <= 2 * CHUNK)?;
        let mut values = serde_json::Deserializer::from_slice(ahead).into_iter::<Value>();
        let value = values.next()?.ok()?;
        let size = values.byte_offset();
        (size <= self.largest && !is_deeper(&value, self.deepest)).then_some((value, size))
    }

    /// The bytes of the next value whole, at most as large and as deep as allowed.
    pub(super) fn value(&mut self) -> Result<&[u8]> {
        self.peek()?.ok_or_else(words::cut_short)?;
        let mut start = self.here;
        let mut ender = Ender::default();
        let mut at = self.here;
        loop {
            match ender.run(&self.buffer[at..], self.deepest) {
                Scan::End(used) => {
                    let end = at + used;
                    self.here = end;
                    if end - start > self.largest {
                        return Err(words::too_large());
                    }
                    return Ok(&self.buffer[start..end]);
                }
                Scan::TooDeep => return Err(words::too_deep()),
                Scan::Broken(used) => return Err(words::broken(self.gone + (at + used) as u64)),
                Scan::More => {}
            }
            at = self.buffer.len();
            if at - start > self.largest {
                return Err(words::too_large());
            }
            let len = at - start;
            self.here = start;
            if !self.fill(start)? {
                return match ender.at_end() {
                    true => {
                        self.here = self.buffer.len();
                        Ok(&self.buffer[self.buffer.len() - len..])
                    }
                    false => Err(words::cut_short()),
                };
            }
            start = self.here;
            at = start + len;
        }
    }

    /// A key of an object, with the colon after it.
    pub(super) fn key(&mut self) -> Result<String> {
        let at = self.position();
        if self.peek()? != Some(b'"') {
            return Err(if self.peek()?.is_none() { words::cut_short() } else { words::broken(at) });
        }
        let key = serde_json::from_slice(self.value()?).map_err(|e| words::broken(at).because(words::position(&e)))?;
        self.expect(b':')?;
        Ok(key)
    }

    /// After an element: true if another follows, false if the list or object is closed by `close`.
    pub(super) fn another(&mut self, close: u8) -> Result<bool> {
        let at = self.position();
        match self.take()? {
            b',' => Ok(true),
            byte if byte == close => Ok(false),
            _ => Err(words::broken(at)),
        }
    }

    /// Whether the list or object that was just opened is empty; takes the closing byte then.
    pub(super) fn is_empty(&mut self, close: u8) -> Result<bool> {
        let empty = self.peek()? == Some(close);
        self.here += usize::from(empty);
        Ok(empty)
    }
}

/// Whether a value is nested more deeply than this. Recurses no further than `serde_json` did to read it.
pub(super) fn is_deeper(value: &Value, deepest: u32) -> bool {
    let within = |inner: &Value| deepest.checked_sub(1).is_none_or(|left| is_deeper(inner, left));
    match value {
        Value::Array(items) => deepest == 0 || items.iter().any(within),
        Value::Object(fields) => deepest == 0 || fields.values().any(within),
        _ => false,
    }
}

/// Checks the depth of a text that is already in memory.
pub(super) fn check_depth(text: &[u8], deepest: u32) -> Result<(), Error> {
    match Ender::default().run(text, deepest) {
        Scan::TooDeep => Err(words::too_deep()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every boundary falls within a value.
    struct Drip<'a>(&'a [u8]);
    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            out[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn values_end_where_they_end() {
        let text = r#" {"a":"}\"]\\"} , [1,[2]] ,72.50,"x" , null"#.as_bytes();
        let mut drip = Drip(text);
        let mut scanner = Scanner::new(&mut drip, 1000, 10);
        let mut seen = Vec::new();
        loop {
            seen.push(String::from_utf8(scanner.value().expect("a value").to_vec()).expect("text"));
            if scanner.peek().expect("readable").is_none() {
                break;
            }
            scanner.expect(b',').expect("a comma");
        }
        assert_eq!(seen, [r#"{"a":"}\"]\\"}"#, "[1,[2]]", "72.50", "\"x\"", "null"]);
    }

    #[test]
    fn objects_are_parsed_alike_whole_and_in_drops() {
        let text = r#"{"a":[{"b":"}\u00e9"}],"n":72.50} ,{}, [1] ,"x",{"deep":{"er":[{}]}}"#;
        let all = |input: &mut dyn Read| {
            let mut scanner = Scanner::new(input, 1000, 4);
            let mut out = Vec::new();
            loop {
                let (value, size) = scanner.parse().expect("a value");
                out.push((value.to_string(), size));
                if scanner.peek().expect("readable").is_none() {
                    return out;
                }
                scanner.expect(b',').expect("a comma");
            }
        };
        let whole = all(&mut text.as_bytes());
        assert_eq!(whole, all(&mut Drip(text.as_bytes())));
        assert_eq!(whole[0], (r#"{"a":[{"b":"}é"}],"n":72.50}"#.to_owned(), 33));
        let refused = |text: &str, largest, deepest| {
            let (mut whole, mut drip) = (text.as_bytes(), Drip(text.as_bytes()));
            let words = |input: &mut dyn Read| Scanner::new(input, largest, deepest).parse().map_err(|e| e.words().to_owned());
            let said = words(&mut whole).expect_err("refused");
            assert_eq!(words(&mut drip).expect_err("refused"), said);
            said
        };
        assert_eq!(refused(r#"{"a":[[1]]}"#, 100, 2), words::too_deep().words());
        assert_eq!(refused(r#"{"a":"0123456789"}"#, 9, 2), words::too_large().words());
        assert_eq!(refused(r#"{"a":["#, 100, 5), words::cut_short().words());
        assert_eq!(refused(&r#"{"a":"#.repeat(500), 10_000, 400), words::too_deep().words());
    }

    #[test]
    fn refuses_what_is_cut_short_too_deep_or_too_large() {
        let value = |text: &str, largest, deepest| {
            let mut bytes = text.as_bytes();
            Scanner::new(&mut bytes, largest, deepest).value().map(<[u8]>::to_vec).map_err(|e| e.words().to_owned())
        };
        assert_eq!(value("{\"a\":[1,2", 100, 10), Err(words::cut_short().words().to_owned()));
        assert_eq!(value("[[[[1]]]]", 100, 3), Err(words::too_deep().words().to_owned()));
        assert_eq!(value("\"0123456789\"", 5, 3), Err(words::too_large().words().to_owned()));
        assert!(value("}", 5, 3).is_err());
        assert_eq!(value("[[[1]]]", 100, 3), Ok(b"[[[1]]]".to_vec()));
    }
}
