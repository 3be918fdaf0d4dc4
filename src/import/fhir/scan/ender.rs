//! Where a JSON value ends, told without reading what it says.

/// How far the end of a value was found.
pub(super) enum Scan {
    /// The value ends after so many bytes.
    End(usize),
    More,
    TooDeep,
    Broken(usize),
}

/// Finds the end of one JSON value over several pieces of text.
#[derive(Default)]
pub(super) struct Ender {
    depth: u32,
    in_string: bool,
    escaped: bool,
    in_scalar: bool,
}

impl Ender {
    /// Reads on; `deepest` bounds the nesting.
    pub(super) fn run(&mut self, text: &[u8], deepest: u32) -> Scan {
        let mut i = 0;
        while let Some(&byte) = text.get(i) {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    i += 1;
                    continue;
                }
                let Some(stop) = text.get(i..).and_then(|rest| rest.iter().position(|b| matches!(b, b'"' | b'\\'))) else {
                    return Scan::More;
                };
                i += stop + 1;
                if text.get(i - 1) == Some(&b'\\') {
                    self.escaped = true;
                    continue;
                }
                self.in_string = false;
                if self.depth == 0 {
                    return Scan::End(i);
                }
                continue;
            }
            match byte {
                b'"' if !self.in_scalar => self.in_string = true,
                b'{' | b'[' if !self.in_scalar => {
                    self.depth += 1;
                    if self.depth > deepest {
                        return Scan::TooDeep;
                    }
                }
                b'}' | b']' => {
                    if self.in_scalar {
                        return Scan::End(i);
                    }
                    let Some(depth) = self.depth.checked_sub(1) else { return Scan::Broken(i) };
                    self.depth = depth;
                    if depth == 0 {
                        return Scan::End(i + 1);
                    }
                }
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => {
                    return if self.in_scalar { Scan::End(i) } else { Scan::Broken(i) };
                }
                _ if self.depth == 0 => self.in_scalar = true,
                _ => {}
            }
            i += 1;
        }
        Scan::More
    }

    /// Whether the text may end here: only a bare number, `true`, `false` or `null` does.
    pub(super) fn at_end(&self) -> bool {
        self.in_scalar && self.depth == 0
    }
}
