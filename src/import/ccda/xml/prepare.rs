//! What is checked and repaired before a tree is built.

use crate::import::Limits;
use crate::{Error, Kind, Result};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::{BTreeSet, HashMap};

/// Checks the nesting and refuses document types and entities, then declares the prefixes that the document uses
/// without declaring them. Gives the text for [`super::tree`] and what was repaired.
///
/// # Errors
/// Refused when it has a DTD, an entity beyond XML's five or is not well-formed; too much when nested too deep.
pub(crate) fn prepare(text: String, limits: &Limits) -> Result<(String, Vec<String>)> {
    let (text, mut repaired) = named_characters(text);
    let (text, notes) = bare_ampersands(text);
    repaired.extend(notes);
    let mut reader = Reader::from_str(&text);
    let mut scopes = Scopes::default();
    let mut root_name_end = None;
    loop {
        let event = reader.read_event().map_err(|_| at(&text, reader.error_position()))?;
        match event {
            Event::Start(e) => {
                // Just after `<name` of the root is where a missing declaration can be put.
                root_name_end.get_or_insert_with(|| name_end(&text, reader.buffer_position(), &e));
                scopes.enter(&e);
                if scopes.stack.len() > limits.xml_depth as usize {
                    return Err(Error::new(
                        Kind::TooMuch,
                        "This document is nested deeper than any real health record. Nothing was stored.",
                    ));
                }
            }
            Event::Empty(e) => {
                root_name_end.get_or_insert_with(|| name_end(&text, reader.buffer_position(), &e));
                scopes.enter(&e);
                scopes.leave();
            }
            Event::End(_) => scopes.leave(),
            Event::DocType(_) => {
                return Err(Error::refused(
                    "This document defines its own entities (a DTD), which health records never need and attackers \
                     use. Nothing was stored.",
                ));
            }
            Event::GeneralRef(r) if !allowed(&r) => {
                return Err(Error::refused(
                    "This document uses an entity that XML does not know. Nothing was stored. Ask its sender for a \
                     corrected file.",
                ));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match root_name_end {
        None => Err(Error::refused("This is not an XML document: it has no elements. Nothing was stored.")),
        Some(_) if scopes.undeclared.is_empty() => Ok((text, repaired)),
        Some(position) => {
            let (text, notes) = declare(text, position, &scopes.undeclared);
            repaired.extend(notes);
            Ok((text, repaired))
        }
    }
}

/// Characters that vendors write by their HTML names, which XML does not know: the commonest are read all the same.
fn named_characters(text: String) -> (String, Vec<String>) {
    const NAMES: [(&str, &str); 78] = [
        ("&nbsp;", "\u{A0}"),
        ("&iexcl;", "\u{A1}"),
        ("&cent;", "\u{A2}"),
        ("&pound;", "\u{A3}"),
        ("&sect;", "\u{A7}"),
        ("&laquo;", "\u{AB}"),
        ("&reg;", "\u{AE}"),
        ("&deg;", "\u{B0}"),
        ("&plusmn;", "\u{B1}"),
        ("&sup2;", "\u{B2}"),
        ("&sup3;", "\u{B3}"),
        ("&micro;", "\u{B5}"),
        ("&para;", "\u{B6}"),
        ("&middot;", "\u{B7}"),
        ("&raquo;", "\u{BB}"),
        ("&frac14;", "\u{BC}"),
        ("&frac12;", "\u{BD}"),
        ("&frac34;", "\u{BE}"),
        ("&iquest;", "\u{BF}"),
        ("&Auml;", "\u{C4}"),
        ("&Ccedil;", "\u{C7}"),
        ("&Eacute;", "\u{C9}"),
        ("&Ntilde;", "\u{D1}"),
        ("&Ouml;", "\u{D6}"),
        ("&times;", "\u{D7}"),
        ("&Uuml;", "\u{DC}"),
        ("&szlig;", "\u{DF}"),
        ("&agrave;", "\u{E0}"),
        ("&aacute;", "\u{E1}"),
        ("&acirc;", "\u{E2}"),
        ("&atilde;", "\u{E3}"),
        ("&auml;", "\u{E4}"),
        ("&aring;", "\u{E5}"),
        ("&aelig;", "\u{E6}"),
        ("&ccedil;", "\u{E7}"),
        ("&egrave;", "\u{E8}"),
        ("&eacute;", "\u{E9}"),
        ("&ecirc;", "\u{EA}"),
        ("&euml;", "\u{EB}"),
        ("&igrave;", "\u{EC}"),
        ("&iacute;", "\u{ED}"),
        ("&icirc;", "\u{EE}"),
        ("&iuml;", "\u{EF}"),
        ("&ntilde;", "\u{F1}"),
        ("&ograve;", "\u{F2}"),
        ("&oacute;", "\u{F3}"),
        ("&ocirc;", "\u{F4}"),
        ("&otilde;", "\u{F5}"),
        ("&ouml;", "\u{F6}"),
        ("&divide;", "\u{F7}"),
        ("&oslash;", "\u{F8}"),
        ("&ugrave;", "\u{F9}"),
        ("&uacute;", "\u{FA}"),
        ("&ucirc;", "\u{FB}"),
        ("&uuml;", "\u{FC}"),
        ("&copy;", "\u{A9}"),
        ("&alpha;", "\u{3B1}"),
        ("&beta;", "\u{3B2}"),
        ("&gamma;", "\u{3B3}"),
        ("&mu;", "\u{3BC}"),
        ("&ndash;", "\u{2013}"),
        ("&mdash;", "\u{2014}"),
        ("&lsquo;", "\u{2018}"),
        ("&rsquo;", "\u{2019}"),
        ("&ldquo;", "\u{201C}"),
        ("&rdquo;", "\u{201D}"),
        ("&bull;", "\u{2022}"),
        ("&hellip;", "\u{2026}"),
        ("&euro;", "\u{20AC}"),
        ("&trade;", "\u{2122}"),
        ("&larr;", "\u{2190}"),
        ("&uarr;", "\u{2191}"),
        ("&rarr;", "\u{2192}"),
        ("&darr;", "\u{2193}"),
        ("&asymp;", "\u{2248}"),
        ("&ne;", "\u{2260}"),
        ("&le;", "\u{2264}"),
        ("&ge;", "\u{2265}"),
    ];
    let used: Vec<_> = NAMES.iter().filter(|(name, _)| text.contains(name)).collect();
    // With a DTD or CDATA the names may mean something else; the first is refused and the second needs no help.
    if used.is_empty() || text.contains("<!DOCTYPE") || text.contains("<![CDATA[") {
        return (text, Vec::new());
    }
    let fixed = used.iter().fold(text, |text, (name, character)| text.replace(name, character));
    (fixed, vec!["Characters written by their HTML names, which XML does not know, were read as what they mean.".to_owned()])
}

/// An ampersand that begins no reference ("Smith & Sons") is meant as one.
fn bare_ampersands(text: String) -> (String, Vec<String>) {
    let begins = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '#').unwrap_or(rest.len());
        end > 0 && rest.get(end..).is_some_and(|r| r.starts_with(';'))
    };
    let bare = |(at, _): &(usize, &str)| text.get(at + 1..).is_some_and(|rest| !begins(rest));
    let places: Vec<usize> = text.match_indices('&').filter(bare).map(|(at, _)| at).collect();
    // In CDATA an ampersand is itself already.
    if places.is_empty() || text.contains("<!DOCTYPE") || text.contains("<![CDATA[") {
        return (text, Vec::new());
    }
    let (mut fixed, mut from) = (String::with_capacity(text.len() + 4 * places.len()), 0);
    for at in places {
        fixed.push_str(text.get(from..=at).unwrap_or_default());
        fixed.push_str("amp;");
        from = at + 1;
    }
    fixed.push_str(text.get(from..).unwrap_or_default());
    (fixed, vec!["An ampersand (&) that is not written as XML asks was read as one.".to_owned()])
}

fn allowed(reference: &str) -> bool {
    matches!(reference, "amp" | "lt" | "gt" | "quot" | "apos") || reference.starts_with('#')
}

/// Where the name of a start tag ends, given where the tag ends.
fn name_end(text: &str, tag_end: u64, tag: &BytesStart) -> usize {
    let end = usize::try_from(tag_end).unwrap_or(text.len()).min(text.len());
    let start = text.get(..end).and_then(|t| t.rfind(&format!("<{}", tag.name().as_ref())));
    start.map_or(end, |s| s + 1 + tag.name().as_ref().len())
}

fn declare(mut text: String, position: usize, prefixes: &BTreeSet<String>) -> (String, Vec<String>) {
    let mut declarations = String::new();
    let mut notes = Vec::new();
    for prefix in prefixes {
        let uri = match prefix.as_str() {
            "xsi" => "http://www.w3.org/2001/XMLSchema-instance",
            "sdtc" => "urn:hl7-org:sdtc",
            "cda" | "hl7" | "n1" | "voc" => "urn:hl7-org:v3",
            other => {
                declarations.push_str(&format!(" xmlns:{other}=\"urn:undeclared:{other}\""));
                notes.push(format!("The prefix {other} has no meaning in the file; it was read all the same."));
                continue;
            }
        };
        declarations.push_str(&format!(" xmlns:{prefix}=\"{uri}\""));
        notes.push(format!("The prefix {prefix} is not declared in the file; it was read as {uri}."));
    }
    if text.is_char_boundary(position) {
        text.insert_str(position, &declarations);
    }
    (text, notes)
}

/// Which prefixes are declared where one stands.
#[derive(Default)]
struct Scopes {
    stack: Vec<Vec<String>>,
    declared: HashMap<String, usize>,
    undeclared: BTreeSet<String>,
}

impl Scopes {
    fn enter(&mut self, tag: &BytesStart) {
        let mut here = Vec::new();
        let mut used = Vec::new();
        if let Some(prefix) = tag.name().prefix() {
            used.push(prefix.as_ref().to_owned());
        }
        for attribute in tag.attributes().with_checks(false).flatten() {
            let key = attribute.key;
            if let Some(prefix) = key.prefix() {
                if prefix.as_ref() == "xmlns" {
                    here.push(key.local_name().as_ref().to_owned());
                } else {
                    used.push(prefix.as_ref().to_owned());
                }
            }
        }
        for prefix in &here {
            *self.declared.entry(prefix.clone()).or_default() += 1;
        }
        for prefix in used {
            if prefix != "xml" && self.declared.get(&prefix).copied().unwrap_or(0) == 0 && is_name(&prefix) {
                self.undeclared.insert(prefix);
            }
        }
        self.stack.push(here);
    }

    fn leave(&mut self) {
        for prefix in self.stack.pop().unwrap_or_default() {
            if let Some(n) = self.declared.get_mut(&prefix) {
                *n = n.saturating_sub(1);
            }
        }
    }
}

/// Only what can stand in a declaration is put into one.
fn is_name(prefix: &str) -> bool {
    !prefix.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
        && prefix.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The error for a document that breaks off or is not XML, with the place and none of its words.
pub(super) fn broken(line: u64, column: u64) -> Error {
    Error::refused(format!(
        "This document is damaged or not complete: it cannot be read beyond line {line}, character {column}. \
         Nothing was stored. Download it again, or ask its sender for a new copy."
    ))
}

fn at(text: &str, position: u64) -> Error {
    let position = usize::try_from(position).unwrap_or(text.len()).min(text.len());
    let before = text.as_bytes().get(..position).unwrap_or_default();
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    broken(line as u64, column as u64)
}

#[cfg(test)]
mod tests {
    use super::prepare;
    use crate::Kind;
    use crate::import::Limits;

    #[test]
    fn declares_what_vendors_forget() {
        let text =
            "<?xml version=\"1.0\"?><!-- <ClinicalDocument> --><ClinicalDocument\n a=\"1\"><sdtc:x xsi:type='y'/></ClinicalDocument>";
        let (fixed, notes) = prepare(text.to_owned(), &Limits::default()).expect("readable");
        assert_eq!(notes.len(), 2);
        let tree = crate::import::ccda::xml::tree(&fixed, &Limits::default()).expect("a tree");
        let x = tree.root_element().first_element_child().expect("x");
        assert_eq!(x.tag_name().namespace(), Some("urn:hl7-org:sdtc"));
    }

    #[test]
    fn refuses_what_is_hostile_or_broken() {
        let deep = "<a>".repeat(500) + &"</a>".repeat(500);
        let cases = [
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", Kind::Refused),
            ("<a>&bomb;</a>", Kind::Refused),
            ("<a><b></a>", Kind::Refused),
            ("only words", Kind::Refused),
            ("", Kind::Refused),
            (deep.as_str(), Kind::TooMuch),
        ];
        for (text, kind) in cases {
            let error = prepare(text.to_owned(), &Limits::default()).expect_err(text);
            assert_eq!(error.kind, kind, "{text}");
        }
    }
}
