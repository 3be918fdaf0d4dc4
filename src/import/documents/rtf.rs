//! RTF to plain text (Rich Text Format 1.9.1): control words, code pages and Unicode, tables as tabs; pictures, fonts
//! and everything that is not text is passed over.

use encoding_rs::Encoding;

/// Groups open at once beyond which the rest is not read.
const DEPTH: usize = 2000;

/// Destinations whose content is not text of the document.
const SILENT: &[&str] = &[
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "object",
    "objdata",
    "themedata",
    "datastore",
    "generator",
    "listtable",
    "listoverridetable",
    "revtbl",
    "rsidtbl",
    "latentstyles",
    "xmlnstbl",
    "filetbl",
    "fldinst",
    "bkmkstart",
    "bkmkend",
    "nonshppict",
    "mmathPr",
    "colorschememapping",
    "pgptbl",
    "template",
    "operator",
    "author",
    "comment",
    "doccomm",
    "panose",
    "falt",
];

#[derive(Clone, Copy)]
struct Group {
    silent: bool,
    /// Characters that follow a `\u` for readers without Unicode.
    fallback: usize,
}

struct Reader {
    out: String,
    pending: Vec<u8>,
    high: Option<u16>,
    encoding: &'static Encoding,
    group: Group,
    stack: Vec<Group>,
    skip: usize,
}

/// The text of an RTF document. Whatever the bytes, there is an answer.
pub(super) fn to_text(bytes: &[u8]) -> String {
    let mut reader = Reader {
        out: String::new(),
        pending: Vec::new(),
        high: None,
        encoding: encoding_rs::WINDOWS_1252,
        group: Group { silent: false, fallback: 1 },
        stack: Vec::new(),
        skip: 0,
    };
    reader.read(bytes);
    reader.flush();
    reader.out.trim().to_owned()
}

impl Reader {
    fn read(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'{' if self.stack.len() >= DEPTH => return,
                b'{' => {
                    self.flush();
                    self.stack.push(self.group);
                    self.skip = 0;
                }
                b'}' => {
                    self.flush();
                    self.group = self.stack.pop().unwrap_or(self.group);
                    self.skip = 0;
                }
                b'\\' => at = self.control(bytes, at),
                b'\r' | b'\n' => {}
                byte => self.byte(byte),
            }
        }
    }

    /// A control word or symbol; `at` is behind the backslash. Returns where to go on.
    fn control(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some(&first) = bytes.get(at) else { return at };
        if !first.is_ascii_alphabetic() {
            return self.symbol(bytes, first, at + 1);
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let letters = rest.iter().take(32).take_while(|b| b.is_ascii_alphabetic()).count();
        let word = std::str::from_utf8(rest.get(..letters).unwrap_or_default()).unwrap_or("");
        let tail = rest.get(letters..).unwrap_or_default();
        let sign = usize::from(tail.first() == Some(&b'-'));
        let digits = tail.iter().skip(sign).take(10).take_while(|b| b.is_ascii_digit()).count();
        let number = (digits > 0).then(|| std::str::from_utf8(tail.get(..sign + digits)?).ok()?.parse::<i64>().ok()).flatten();
        let mut end = at + letters + if digits > 0 { sign + digits } else { 0 };
        if bytes.get(end) == Some(&b' ') {
            end += 1;
        }
        if word == "bin" {
            return end.saturating_add(usize::try_from(number.unwrap_or(0)).unwrap_or(0));
        }
        self.word(word, number);
        end
    }

    fn symbol(&mut self, bytes: &[u8], symbol: u8, at: usize) -> usize {
        match symbol {
            b'\'' => {
                let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
                if let (Some(high), Some(low)) = (digit(at), digit(at + 1)) {
                    self.byte((high * 16 + low) as u8);
                    return at + 2;
                }
            }
            b'*' => self.group.silent = true,
            b'~' => self.push(" "),
            b'_' => self.push("-"),
            b'\\' | b'{' | b'}' => self.byte(symbol),
            b'\r' | b'\n' => self.push("\n"),
            _ => {}
        }
        at
    }

    fn word(&mut self, word: &str, number: Option<i64>) {
        match word {
            "u" => return self.unicode(number.unwrap_or(0)),
            "par" | "line" | "sect" | "page" | "row" | "column" => self.push("\n"),
            "tab" | "cell" | "nestcell" => self.push("\t"),
            "emdash" => self.push("—"),
            "endash" => self.push("–"),
            "bullet" => self.push("•"),
            "lquote" => self.push("‘"),
            "rquote" => self.push("’"),
            "ldblquote" => self.push("“"),
            "rdblquote" => self.push("”"),
            "emspace" | "enspace" => self.push(" "),
            "uc" => self.group.fallback = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(64),
            "ansicpg" => {
                self.flush();
                self.encoding = code_page(number.unwrap_or(1252));
            }
            "mac" => self.encoding = encoding_rs::MACINTOSH,
            _ if SILENT.contains(&word) => self.group.silent = true,
            _ => {}
        }
        self.skip = 0;
    }

    /// A UTF-16 unit; two of them may make one character.
    fn unicode(&mut self, number: i64) {
        self.flush();
        let unit = (number & 0xffff) as u16;
        if !self.group.silent {
            let units: Vec<u16> = self.high.take().into_iter().chain([unit]).collect();
            match (0xd800..0xdc00).contains(&unit) {
                true => self.high = Some(unit),
                false => self.out.extend(char::decode_utf16(units).flatten().filter(|c| !c.is_control())),
            }
        }
        self.skip = self.group.fallback;
    }

    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if !self.group.silent {
            self.pending.push(byte);
        }
    }

    fn push(&mut self, text: &str) {
        self.flush();
        if !self.group.silent {
            self.out.push_str(text);
        }
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let (text, _) = self.encoding.decode_without_bom_handling(&self.pending);
            self.out.extend(text.chars().filter(|c| !c.is_control() || *c == '\t'));
            self.pending.clear();
        }
    }
}

fn code_page(number: i64) -> &'static Encoding {
    let label = match number {
        874 => "windows-874".to_owned(),
        866 => "ibm866".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        10000 => "macintosh".to_owned(),
        65001 => "utf-8".to_owned(),
        other => format!("windows-{other}"),
    };
    Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::WINDOWS_1252)
}

#[cfg(test)]
mod tests {
    use super::to_text;

    #[test]
    fn reads_text_and_passes_over_the_rest() {
        let rtf = br"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator Riched;}{\info{\title Secret}}
\pard\b Discharge\b0  letter\par Fr\'e4ulein M\u252?ller \u-10179?\u-8694? \{ok\}\line\uc0\u8804 5\~mg
{\pict\pngblip 89504e47}{\field{\*\fldinst HYPERLINK}{\fldrslt link}}\trowd Na\cell 140\cell\row \bin3 abcend}";
        assert_eq!(to_text(rtf), "Discharge letter\nFräulein Müller 😊 {ok}\n≤5 mglinkNa\t140\t\nend");
    }

    #[test]
    fn odd_bytes_give_an_answer() {
        let cyrillic = b"{\\rtf1\\ansicpg1251 \\'cf\\'f0\\'e8}";
        assert_eq!(to_text(cyrillic), "При");
        let odd: [&[u8]; 8] =
            [b"", b"{", b"}}}}", b"\\", b"{\\rtf1 \\'", b"{\\rtf1 \\bin99999999999999999999 x", b"\\u-99999999999 ?x", b"\\uc-1\\u5"];
        for bytes in odd {
            let _ = to_text(bytes);
        }
        let deep = b"{".repeat(1_000_000);
        assert_eq!(to_text(&deep), "");
        for cut in 0..cyrillic.len() {
            let _ = to_text(&cyrillic[..cut]);
        }
    }
}
