//! A walk over tags and text.

pub(super) enum Tag<'a> {
    Text(&'a str),
    Open { name: String, closed: bool },
    Close { name: String },
}

/// A linear walk over tags and text that forgives everything. Not a parser: what it says is never shown as HTML.
pub(super) struct Tags<'a> {
    rest: &'a str,
    raw: Option<&'static str>,
}

impl<'a> Tags<'a> {
    pub(super) fn of(html: &'a str) -> Self {
        Self { rest: html, raw: None }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (head, tail) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = tail;
        head
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            if let Some(name) = self.raw.take() {
                // Inside a script or style nothing is markup but its own end.
                let end = find_end(self.rest, name);
                let text = self.take(end);
                if !text.is_empty() {
                    return Some(Tag::Text(text));
                }
                continue;
            }
            let after = self.rest.as_bytes().get(1).copied();
            match (self.rest.starts_with('<'), after) {
                (true, Some(b'!' | b'?')) => {
                    let end = if self.rest.starts_with("<!--") { "-->" } else { ">" };
                    let at = self.rest.find(end).map_or(self.rest.len(), |at| at + end.len());
                    self.take(at);
                }
                (true, Some(b)) if b.is_ascii_alphabetic() || b == b'/' => {
                    let at = tag_end(self.rest);
                    let tag = self.take(at);
                    let inner = tag.trim_start_matches(['<', '/']);
                    let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).take(30).collect();
                    let name = name.to_ascii_lowercase();
                    if b == b'/' {
                        return Some(Tag::Close { name });
                    }
                    let closed = tag.ends_with("/>");
                    self.raw = ["script", "style"].into_iter().find(|raw| *raw == name && !closed);
                    return Some(Tag::Open { name, closed });
                }
                (starts, _) => {
                    let from = usize::from(starts);
                    let at = self.rest.get(from..).and_then(|r| r.find('<')).map_or(self.rest.len(), |at| at + from);
                    return Some(Tag::Text(self.take(at)));
                }
            }
        }
    }
}

/// The end of a tag; `>` in a quoted value does not end it.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    let mut equals = false;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(q), b) if b == q => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') if equals => quote = Some(byte),
            (None, b'>') => return at + 1,
            _ => {}
        }
        equals = byte == b'=' || (equals && byte.is_ascii_whitespace());
    }
    text.len()
}

fn find_end(text: &str, name: &str) -> usize {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|r| r.find("</")).map(|at| at + from) {
        let tail = bytes.get(at + 2..at + 2 + name.len()).unwrap_or_default();
        if tail.eq_ignore_ascii_case(name.as_bytes()) {
            return at;
        }
        from = at + 2;
    }
    text.len()
}
