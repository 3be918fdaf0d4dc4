//! One linear pass over XML text before a tree is built of it.

use super::Limits;
use crate::{Error, Result};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Attributes of one element. Tree builders compare each with each, so this is bounded beside the sum.
const ATTRIBUTES: usize = 512;
/// Steps that a tree builder may spend on namespaces: each declaration is compared with all in force around it.
const NAMESPACE_STEPS: u64 = 100_000_000;

/// Checks depth, number of nodes, attributes and namespaces, and that there is no document type declaration, so that
/// no entity can expand and no file or address can be fetched. Well-formedness is left to the tree builder.
///
/// # Errors
/// Refused with the reason; too much with the limit that was passed.
pub fn check_xml(text: &str, limits: &Limits) -> Result<()> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    let (mut nodes, mut scopes, mut steps) = (0u64, Vec::<u64>::new(), 0u64);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                nodes += 1 + count(&start, &mut scopes, &mut steps)?;
                if scopes.len() > limits.xml_depth as usize {
                    return Err(Error::new(
                        crate::Kind::TooMuch,
                        format!("The XML is nested more than {} levels deep. It was not read.", limits.xml_depth),
                    ));
                }
            }
            Ok(Event::Empty(start)) => {
                nodes += 1 + count(&start, &mut scopes, &mut steps)?;
                scopes.pop();
            }
            Ok(Event::End(_)) => {
                scopes.pop();
            }
            Ok(Event::DocType(_)) => {
                return Err(Error::refused(
                    "The XML declares a document type (DTD). Such declarations can make a small file endless or reach \
                     for other files, so it was not read. Ask the sender for the file without it.",
                ));
            }
            Ok(Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::PI(_)) => nodes += 1,
            Ok(Event::Decl(_) | Event::GeneralRef(_)) => {}
            Ok(Event::Eof) => return Ok(()),
            Err(e) => {
                return Err(Error::refused(format!("The XML is damaged near character {}. It was not read.", reader.error_position()))
                    .because(kind_only(&e)));
            }
        }
        if nodes > u64::from(limits.xml_nodes) {
            return Err(Error::new(
                crate::Kind::TooMuch,
                format!("The XML has more than {} elements and attributes. It was not read.", limits.xml_nodes),
            ));
        }
    }
}

/// Counts attributes and opens a scope with the namespaces in force.
fn count(start: &BytesStart<'_>, scopes: &mut Vec<u64>, steps: &mut u64) -> Result<u64> {
    let (mut attributes, mut declared) = (0usize, 0u64);
    let outer = scopes.last().copied().unwrap_or(0);
    for attribute in start.attributes().with_checks(false) {
        // A broken attribute is for the tree builder to report.
        let Ok(attribute) = attribute else { break };
        let name: &str = attribute.key.as_ref();
        if name == "xmlns" || name.starts_with("xmlns:") {
            declared += 1;
            *steps = steps.saturating_add(outer + declared);
        } else {
            attributes += 1;
        }
        if attributes > ATTRIBUTES || *steps > NAMESPACE_STEPS {
            return Err(Error::refused("An XML element carries hundreds of attributes, as no health record does. It was not read."));
        }
    }
    scopes.push(outer + declared);
    Ok(attributes as u64 + declared)
}

/// The parser's words may quote the document; the log gets only what sort of error it was.
fn kind_only(error: &quick_xml::Error) -> &'static str {
    match error {
        quick_xml::Error::Syntax(_) => "xml syntax",
        quick_xml::Error::IllFormed(_) => "xml ill-formed",
        quick_xml::Error::Encoding(_) => "xml encoding",
        _ => "xml",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn check(text: &str) -> Option<(Kind, String)> {
        check_xml(text, &Limits { xml_nodes: 5000, ..Limits::default() }).err().map(|e| (e.kind, e.words().to_owned()))
    }

    #[test]
    fn names_each_refusal() {
        assert_eq!(check("<a b='1'>x &amp; y<c/><![CDATA[<]]></a>"), None);
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        let bombs = [
            (deep.as_str(), Kind::TooMuch, "levels deep"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", Kind::Refused, "document type"),
            ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", Kind::Refused, "document type"),
            (&format!("<a>{}</a>", "<b/>".repeat(5001)), Kind::TooMuch, "elements"),
            (&format!("<a {}/>", (0..600).map(|i| format!("a{i}='' ")).collect::<String>()), Kind::Refused, "attributes"),
            ("<a><b", Kind::Refused, "damaged"),
        ];
        for (text, kind, words) in bombs {
            let found = check(text);
            assert!(found.as_ref().is_some_and(|(k, w)| *k == kind && w.contains(words)), "{words}: {found:?}");
        }
    }

    #[test]
    fn namespaces_cost_no_more_than_their_share() {
        let declare = |n: usize| (0..n).map(|i| format!("xmlns:a{i}='x' ")).collect::<String>();
        // Vendors' generators declare them everywhere; that is odd and harmless.
        let everywhere = format!("<a {}>{}</a>", declare(50), format!("<b {}/>", declare(20)).repeat(10_000));
        assert!(check_xml(&everywhere, &Limits::default()).is_ok());
        let hostile = format!("<a {}>{}</a>", declare(5_000), format!("<b {}/>", declare(100)).repeat(1_000));
        assert!(check_xml(&hostile, &Limits::default()).is_err());
    }
}
