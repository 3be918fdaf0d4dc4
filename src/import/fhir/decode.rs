//! Bytes to UTF-8 text: byte order marks and UTF-16, as a stream.

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use std::io::Read;

/// Reads UTF-8, UTF-8 with a byte order mark, or UTF-16 (with a mark, or told by its zero bytes) as UTF-8 without a mark.
pub(super) struct Utf8<'a> {
    input: &'a mut dyn Read,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// Bytes of `raw` already handed on.
    used: usize,
    started: bool,
    ended: bool,
    /// The decoder has given its last character and must not be asked again.
    finished: bool,
}

impl<'a> Utf8<'a> {
    pub(super) fn new(input: &'a mut dyn Read) -> Self {
        Self { input, decoder: None, raw: Vec::new(), used: 0, started: false, ended: false, finished: false }
    }

    fn start(&mut self) -> std::io::Result<()> {
        self.started = true;
        while self.raw.len() < 4 && self.fill()? {}
        let encoding = match self.raw.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => {
                self.used = 3;
                None
            }
            [0xFF, 0xFE, ..] => Some((UTF_16LE, 2)),
            [0xFE, 0xFF, ..] => Some((UTF_16BE, 2)),
            [first, 0, ..] if *first != 0 => Some((UTF_16LE, 0)),
            [0, second, ..] if *second != 0 => Some((UTF_16BE, 0)),
            _ => None,
        };
        if let Some((encoding, mark)) = encoding {
            self.used = mark;
            self.decoder = Some(encoding.new_decoder_without_bom_handling());
        }
        Ok(())
    }

    fn fill(&mut self) -> std::io::Result<bool> {
        if self.used > 0 {
            self.raw.drain(..self.used);
            self.used = 0;
        }
        let len = self.raw.len();
        self.raw.resize(len + (64 << 10), 0);
        let read = self.input.read(&mut self.raw[len..]);
        self.raw.truncate(len + read.as_ref().map_or(0, |n| *n));
        let read = read?;
        self.ended |= read == 0;
        Ok(read > 0)
    }
}

impl Read for Utf8<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if !self.started {
            self.start()?;
        }
        if out.is_empty() {
            return Ok(0);
        }
        let Some(mut decoder) = self.decoder.take() else {
            if self.used < self.raw.len() {
                let n = out.len().min(self.raw.len() - self.used);
                out[..n].copy_from_slice(&self.raw[self.used..self.used + n]);
                self.used += n;
                return Ok(n);
            }
            return self.input.read(out);
        };
        let written = self.transcode(&mut decoder, out);
        self.decoder = Some(decoder);
        written
    }
}

impl Utf8<'_> {
    fn transcode(&mut self, decoder: &mut Decoder, out: &mut [u8]) -> std::io::Result<usize> {
        while !self.finished {
            let (result, read, written, _) = decoder.decode_to_utf8(&self.raw[self.used..], out, self.ended);
            self.used += read;
            self.finished = self.ended && result == CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
            if result == CoderResult::OutputFull {
                return Err(std::io::Error::other("a buffer too small for one character"));
            }
            if !self.finished {
                self.fill()?;
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unicode_encoding_reads_the_same() {
        let text = "{\"name\":\"Zoë Ångström 王\"}";
        let utf16 = |big: bool, mark: bool| -> Vec<u8> {
            let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
            units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        let with_mark = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
        for bytes in [text.into(), with_mark, utf16(true, true), utf16(false, true), utf16(true, false), utf16(false, false)] {
            let mut input = bytes.as_slice();
            let mut read = String::new();
            let mut reader = Utf8::new(&mut input);
            reader.read_to_string(&mut read).expect("readable");
            assert_eq!(read, text);
            assert_eq!(reader.read(&mut [0; 16]).expect("the end"), 0, "asked again, it stays at the end");
        }
    }
}
