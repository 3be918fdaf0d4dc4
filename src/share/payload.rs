//! The link itself: `shlink:/` and a small JSON, as SMART Health Links define it.

use super::jwe::LinkKey;
use crate::{Error, Kind, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// How a link begins.
const SCHEME: &str = "shlink:/";
/// Most characters of `url`.
pub const URL: usize = 128;
/// Most characters of `label`.
pub const LABEL: usize = 80;
/// The version that we make and read.
const VERSION: u64 = 1;
/// No link is longer: more than this is not read.
const LONGEST: usize = 16 * 1024;

/// `flag`: what a reader must know before it asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// L: the files may change, ask again.
    pub long_term: bool,
    /// P: a passcode is asked for.
    pub passcode: bool,
    /// U: `url` is the one file itself.
    pub direct: bool,
}

impl Flags {
    /// As they stand in a link: in alphabetical order.
    pub fn text(self) -> String {
        [(self.long_term, 'L'), (self.passcode, 'P'), (self.direct, 'U')].iter().filter(|(on, _)| *on).map(|(_, c)| *c).collect()
    }

    /// Flags that we do not know are ignored, as the standard asks.
    pub fn read(text: &str) -> Self {
        Self { long_term: text.contains('L'), passcode: text.contains('P'), direct: text.contains('U') }
    }
}

/// What a link says.
#[derive(Clone, Debug)]
pub struct Payload {
    /// Where the manifest is, or with flag U the file.
    pub url: String,
    /// What the files are encrypted with.
    pub key: LinkKey,
    /// When it ends, seconds since 1970.
    pub exp: Option<i64>,
    /// What a reader must know.
    pub flags: Flags,
    /// A few words for whoever holds it.
    pub label: String,
}

impl Payload {
    /// The link, to be given away: whoever has it can read.
    ///
    /// # Errors
    /// Usage when a part of it breaks a rule of the standard.
    pub fn link(&self) -> Result<Zeroizing<String>> {
        if self.url.len() > URL {
            let words = format!(
                "The address of this server is too long for a health link: it may have {} characters and has {}. Nothing was made.",
                URL.saturating_sub(48),
                self.url.len().saturating_sub(48)
            );
            return Err(Error::new(Kind::Usage, words));
        }
        if self.label.chars().count() > LABEL {
            return Err(Error::new(Kind::Usage, format!("The words on a link may have {LABEL} characters. Nothing was made.")));
        }
        if self.flags.direct && self.flags.passcode {
            return Err(Error::new(Kind::Usage, "A link to a single file cannot ask for a passcode. Nothing was made."));
        }
        let mut payload = json!({"url": self.url});
        let flags = self.flags.text();
        if !flags.is_empty() {
            payload["flag"] = json!(flags);
        }
        payload["key"] = json!(self.key.text().as_str());
        if let Some(exp) = self.exp {
            payload["exp"] = json!(exp);
        }
        if !self.label.is_empty() {
            payload["label"] = json!(self.label);
        }
        payload["v"] = json!(VERSION);
        let text = Zeroizing::new(payload.to_string());
        Ok(Zeroizing::new(format!("{SCHEME}{}", B64.encode(text.as_bytes()))))
    }

    /// Reads a link, with or without a viewer's address before it. What it does not know it ignores.
    ///
    /// # Errors
    /// Refused when it is no link, breaks a rule, or is of a newer version.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let none = || Error::refused("This is not a health link. One begins with shlink:/, or with an address that ends in # before it.");
        let start = text.find(SCHEME).filter(|at| *at == 0 || text[..*at].ends_with('#')).filter(|_| text.len() <= LONGEST);
        let coded = &text[start.ok_or_else(none)? + SCHEME.len()..];
        let plain = Zeroizing::new(B64.decode(coded).map_err(|_| none())?);
        let payload: Value = serde_json::from_slice(&plain).map_err(|_| none())?;
        // `v` is a number; one that is none is of no version that we know.
        if payload.get("v").is_some_and(|v| v.as_u64() != Some(VERSION)) {
            return Err(Error::refused("This health link is of a newer kind than this Keepwell reads. Nothing was opened."));
        }
        let word = |name: &str| payload.get(name).and_then(Value::as_str);
        let url = word("url").filter(|u| u.starts_with("https://") || u.starts_with("http://")).ok_or_else(none)?;
        let key = word("key").and_then(LinkKey::parse).ok_or_else(none)?;
        let flags = Flags::read(word("flag").unwrap_or_default());
        if flags.direct && flags.passcode {
            return Err(Error::refused("This health link contradicts itself: a single file cannot ask for a passcode."));
        }
        let exp = payload.get("exp").and_then(|e| e.as_i64().or_else(|| e.as_f64().map(|f| f as i64)));
        Ok(Self { url: url.to_owned(), key, exp, flags, label: word("label").unwrap_or_default().chars().take(LABEL).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(flags: Flags) -> Payload {
        let key = LinkKey::parse("rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q").expect("a key");
        Payload { url: "https://home.example/shl/x".into(), key, exp: Some(1_800_000_000), flags, label: "For Lakeside".into() }
    }

    fn coded(value: &Value) -> String {
        format!("{SCHEME}{}", B64.encode(value.to_string()))
    }

    #[test]
    fn a_link_is_minified_json_in_base64url() {
        let flags = Flags { long_term: true, passcode: true, direct: false };
        let link = made(flags).link().expect("a link");
        let json = B64.decode(link.strip_prefix("shlink:/").expect("the scheme")).expect("base64url");
        let expected = r#"{"url":"https://home.example/shl/x","flag":"LP","key":"rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q","exp":1800000000,"label":"For Lakeside","v":1}"#;
        assert_eq!(String::from_utf8(json).expect("text"), expected);
        let back = Payload::parse(&format!("https://home.example/view#{}", link.as_str())).expect("read");
        assert_eq!((back.url, back.exp, back.flags, back.label), (made(flags).url, Some(1_800_000_000), flags, "For Lakeside".into()));
    }

    #[test]
    fn what_breaks_a_rule_is_not_made() {
        assert!(made(Flags { passcode: true, direct: true, long_term: false }).link().is_err());
        let none = Flags::default();
        assert!(Payload { url: format!("https://{}", "x".repeat(121)), ..made(none) }.link().is_err());
        assert!(Payload { url: format!("https://{}", "x".repeat(120)), ..made(none) }.link().is_ok());
        assert!(Payload { label: "ä".repeat(81), ..made(none) }.link().is_err());
        assert!(Payload { label: "ä".repeat(80), ..made(none) }.link().is_ok());
        assert!(!Payload { exp: None, label: String::new(), ..made(none) }.link().expect("a link").is_empty());
    }

    #[test]
    fn flags_stand_in_alphabetical_order() {
        let all = Flags { long_term: true, passcode: true, direct: true };
        assert_eq!(all.text(), "LPU");
        assert_eq!(Flags::default().text(), "");
        assert_eq!(Flags::read("UXL"), Flags { long_term: true, passcode: false, direct: true });
    }

    #[test]
    fn unknown_parts_are_ignored_and_newer_versions_refused() {
        let good = json!({"url": "https://a.example/m", "key": "rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q"});
        let with = |name: &str, value: Value| {
            let mut other = good.clone();
            other[name] = value;
            coded(&other)
        };
        assert!(Payload::parse(&coded(&good)).is_ok());
        for fine in [with("labelzzz", json!("x")), with("flag", json!("LZ")), with("v", json!(1)), with("exp", json!(1.5e9))] {
            assert!(Payload::parse(&fine).is_ok(), "{fine}");
        }
        let wrong = [
            with("v", json!(2)),
            with("v", json!("1")),
            with("flag", json!("PU")),
            with("key", json!("short")),
            with("url", json!("javascript:alert(1)")),
            with("url", json!(7)),
            "shlink:/%%%".to_owned(),
            "shlink:/e30".to_owned(),
            format!("x {}", coded(&good)),
            "https://a.example/".to_owned(),
            String::new(),
            format!("{SCHEME}{}", "A".repeat(20_000)),
        ];
        for link in wrong {
            assert!(Payload::parse(&link).is_err(), "{link:.80}");
        }
        let newer = Payload::parse(&with("v", json!(2))).expect_err("newer");
        assert!(newer.words().contains("newer"));
    }
}
