//! SMART Health Cards: FHIR bundles inside signed, packed texts (JWS, ES256, payload `zip` DEF). A `.smart-health-card` file
//! with one or more of them, a bare one, or the digits of its QR code (`shc:/`, two digits a letter, each 45 less than ASCII).
//!
//! The records inside are read as any bundle is. Who signed a card can be told only by asking its issuer for the keys, and this
//! server asks nobody: the report says that the signature is not checked.

use super::{Found, Limits, Sink, fhir};
use crate::record::PartialDate;
use crate::{Error, Kind, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use flate2::read::DeflateDecoder;
use serde_json::Value;
use std::io::Read;

/// What the import report calls it.
pub const FORMAT: &str = "smart-health-card";
/// Most cards of a file.
const MOST: usize = 100;

/// Whether a text is the JWS of a card: its head says that the payload is packed, as that of no sign-in token does.
pub(super) fn is_card(text: &str) -> bool {
    let head = text.trim().split('.').next().filter(|head| head.starts_with("ey") && head.len() < 2000);
    let head = head.and_then(|head| B64.decode(head).ok()).and_then(|head| serde_json::from_slice::<Value>(&head).ok());
    head.is_some_and(|head| {
        head.get("zip").and_then(Value::as_str) == Some("DEF") && head.get("alg").and_then(Value::as_str) == Some("ES256")
    })
}

/// Reads the cards of a file.
///
/// # Errors
/// Refused when none of them can be read; whatever the sink returns.
pub fn read(text: &str, limits: &Limits, sink: &mut dyn Sink) -> Result<()> {
    let cards = cards(text)?;
    let only = cards.len() == 1;
    let mut read = 0;
    let mut wrong = None;
    for (n, jws) in cards.iter().enumerate() {
        let at = format!("verifiableCredential[{n}]");
        let place = if only { String::new() } else { format!("{at}/") };
        match open(jws, limits) {
            Ok(card) => {
                sink.warn(if only { "/" } else { &at }, &card.words());
                // Cards call their entries resource:0, resource:1, …: in one file those of two cards are not the same.
                let bundle = card.bundle.to_string();
                let bundle = if only { bundle } else { bundle.replace("\"resource:", &format!("\"resource:{n}-")) };
                fhir::read_json(&mut bundle.as_bytes(), limits, &mut Placed { sink, place })?;
                read += 1;
            }
            Err(e) if only || e.kind == Kind::TooMuch => return Err(e),
            Err(e) => {
                sink.skip(&at, "health card", e.words())?;
                wrong = Some(e);
            }
        }
    }
    match wrong {
        Some(e) if read == 0 => Err(e),
        _ => Ok(()),
    }
}

/// The texts of the cards.
fn cards(text: &str) -> Result<Vec<String>> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with("shc:/") {
        return Ok(vec![digits(text)?]);
    }
    if !text.starts_with('{') {
        return Ok(vec![text.to_owned()]);
    }
    let file: Value = serde_json::from_str(text).map_err(|_| damaged())?;
    let all = file.get("verifiableCredential").and_then(Value::as_array).ok_or_else(damaged)?;
    if all.is_empty() || all.len() > MOST {
        return Err(Error::refused("This health card file holds no card, or far too many. Nothing was stored."));
    }
    all.iter().map(|jws| jws.as_str().map(str::to_owned).ok_or_else(damaged)).collect()
}

/// The text behind the digits of one code, or of all codes of a card, one a line: `shc:/2/3/…` is the second of three.
fn digits(text: &str) -> Result<String> {
    let mut parts: Vec<(usize, usize, &str)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let rest = line.strip_prefix("shc:/").ok_or_else(damaged)?;
        let part = match rest.split('/').collect::<Vec<_>>().as_slice() {
            [digits] => (1, 1, *digits),
            [n, of, digits] => (n.parse().map_err(|_| damaged())?, of.parse().map_err(|_| damaged())?, *digits),
            _ => return Err(damaged()),
        };
        parts.push(part);
    }
    parts.sort_unstable();
    let of = parts.len();
    if parts.iter().enumerate().any(|(n, part)| part.0 != n + 1 || part.1 != of) {
        return Err(Error::refused(
            "This is one of several codes of a health card. Nothing was stored. Add the card as a file, or all of its codes in one file.",
        ));
    }
    let digits: String = parts.iter().map(|part| part.2).collect();
    let pair = |pair: &[u8]| {
        let [tens, ones] = pair else { return None };
        let number = (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))?;
        Some(char::from(number + 45)).filter(char::is_ascii)
    };
    digits.as_bytes().chunks(2).map(pair).collect::<Option<String>>().ok_or_else(damaged)
}

/// What is in a card.
struct Card {
    issuer: String,
    ends: Option<String>,
    bundle: Value,
}

impl Card {
    fn words(&self) -> String {
        let issuer = if self.issuer.is_empty() { "nobody" } else { &self.issuer };
        let ends = self.ends.as_ref().map(|day| format!(" It says of itself that it ends on {day}.")).unwrap_or_default();
        format!(
            "This health card names {issuer} as its issuer. Keepwell has not asked the issuer: signature not checked, nor whether the card was taken back.{ends}"
        )
    }
}

fn open(jws: &str, limits: &Limits) -> Result<Card> {
    let parts: Vec<&str> = jws.trim().split('.').collect();
    let [head, payload, _signature] = parts.as_slice() else { return Err(damaged()) };
    let head: Value = B64.decode(head).ok().and_then(|h| serde_json::from_slice(&h).ok()).ok_or_else(damaged)?;
    let payload = B64.decode(payload).map_err(|_| damaged())?;
    let plain = match head.get("zip").and_then(Value::as_str) {
        None => payload,
        Some("DEF") => {
            let mut plain = Vec::new();
            DeflateDecoder::new(payload.as_slice()).take(limits.resource_bytes + 1).read_to_end(&mut plain).map_err(|_| damaged())?;
            if plain.len() > limits.resource_bytes as usize {
                return Err(Error::new(Kind::TooMuch, "This health card unpacks to more than the limit. Nothing was stored."));
            }
            plain
        }
        Some(_) => return Err(damaged()),
    };
    let payload: Value = serde_json::from_slice(&plain).map_err(|_| damaged())?;
    let bundle = payload.pointer("/vc/credentialSubject/fhirBundle").filter(|b| b.get("resourceType").is_some());
    let ends = payload.get("exp").and_then(Value::as_f64).and_then(|at| jiff::Timestamp::from_second(at as i64).ok());
    let ends = ends.and_then(|at| PartialDate::parse(&at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()));
    Ok(Card {
        issuer: payload.get("iss").and_then(Value::as_str).unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect(),
        ends: ends.map(|d| d.day_words()),
        bundle: bundle
            .cloned()
            .ok_or_else(|| Error::refused("This health card holds no records in the FHIR format. Nothing was stored."))?,
    })
}

fn damaged() -> Error {
    Error::refused("This health card is damaged, or made in a way that Keepwell cannot read. Nothing was stored. Ask for it again.")
}

/// A sink that says in which card something stood.
struct Placed<'a> {
    sink: &'a mut dyn Sink,
    place: String,
}

impl Sink for Placed<'_> {
    fn found(&mut self, mut found: Found) -> Result<()> {
        found.place = format!("{}{}", self.place, found.place);
        self.sink.found(found)
    }
    fn skip(&mut self, place: &str, what: &str, why: &str) -> Result<()> {
        self.sink.skip(&format!("{}{place}", self.place), what, why)
    }
    fn warn(&mut self, place: &str, why: &str) {
        self.sink.warn(&format!("{}{place}", self.place), why);
    }
    fn progress(&mut self, _: u64) -> Result<()> {
        self.sink.progress(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::sink::Collected;
    use flate2::Compression;
    use serde_json::json;
    use std::io::Write;

    fn card(name: &str, vaccine: &str) -> String {
        let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [
            {"fullUrl": "resource:0", "resource": {"resourceType": "Patient", "name": [{"text": name}], "birthDate": "1954-03-14"}},
            {"fullUrl": "resource:1", "resource": {"resourceType": "Immunization", "status": "completed", "vaccineCode": {"text": vaccine},
             "patient": {"reference": "resource:0"}, "occurrenceDateTime": "2021-02-03"}}]});
        let payload =
            json!({"iss": "https://issuer.example", "nbf": 1, "exp": 1_700_000_000, "vc": {"credentialSubject": {"fhirBundle": bundle}}});
        let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
        packed.write_all(payload.to_string().as_bytes()).expect("room");
        let head = json!({"zip": "DEF", "alg": "ES256", "kid": "k"}).to_string();
        format!("{}.{}.AAAA", B64.encode(head), B64.encode(packed.finish().expect("room")))
    }

    fn code(jws: &str, n: usize, of: usize) -> String {
        let part = jws.len().div_ceil(of);
        let part = &jws[(n - 1) * part..jws.len().min(n * part)];
        let digits: String = part.bytes().map(|b| format!("{:02}", b - 45)).collect();
        if of == 1 { format!("shc:/{digits}") } else { format!("shc:/{n}/{of}/{digits}") }
    }

    fn taken(text: &str) -> Result<Collected> {
        let mut out = Collected::default();
        read(text, &Limits::default(), &mut out)?;
        Ok(out)
    }

    #[test]
    fn a_card_is_read_in_every_form_and_said_to_be_unchecked() {
        let jws = card("Ruth Carver", "Measles");
        assert!(is_card(&jws) && !is_card("eyJhbGciOiJSUzI1NiJ9.e30.AAAA") && !is_card("ey"));
        for text in [
            jws.clone(),
            json!({"verifiableCredential": [jws]}).to_string(),
            code(&jws, 1, 1),
            format!("{}\n{}\n{}\n", code(&jws, 2, 3), code(&jws, 1, 3), code(&jws, 3, 3)),
        ] {
            let out = taken(&text).expect("a card");
            let kinds: Vec<_> = out.found.iter().map(|f| f.resource["resourceType"].as_str().expect("a type")).collect();
            assert_eq!(kinds, ["Patient", "Immunization"]);
            assert_eq!(out.found[1].resource["patient"]["reference"], "resource:0", "as given");
            let said = &out.warnings[0].1;
            assert!(
                said.contains("https://issuer.example") && said.contains("signature not checked") && said.contains("14 November 2023"),
                "{said}"
            );
        }
    }

    #[test]
    fn two_cards_of_a_file_stay_apart_and_a_damaged_one_is_listed() {
        let file = json!({"verifiableCredential": [card("Ruth Carver", "Measles"), "ey.damaged", card("Ruth Carver", "Tetanus")]});
        let out = taken(&file.to_string()).expect("cards");
        let named: Vec<_> = out.found.iter().filter_map(|f| f.resource["patient"]["reference"].as_str()).collect();
        assert_eq!(named, ["resource:0-0", "resource:2-0"]);
        assert!(out.found[3].place.starts_with("verifiableCredential[2]/"), "{}", out.found[3].place);
        assert_eq!(out.skipped.len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let jws = card("Ruth Carver", "Measles");
        let plain = format!("{}.{}.AAAA", B64.encode(json!({"zip": "DEF", "alg": "ES256"}).to_string()), B64.encode("no deflate"));
        for text in [
            plain,
            code(&jws, 1, 2),
            "shc:/9".into(),
            "shc:/x1".into(),
            json!({"verifiableCredential": []}).to_string(),
            "{\"verifiableCredential\":[7]}".into(),
        ] {
            assert_eq!(taken(&text).err().map(|e| e.kind), Some(Kind::Refused), "{text}");
        }
        let mut bomb = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![b' '; Limits::default().resource_bytes as usize + 2]).expect("room");
        let bomb =
            format!("{}.{}.AAAA", B64.encode(json!({"zip": "DEF", "alg": "ES256"}).to_string()), B64.encode(bomb.finish().expect("room")));
        assert_eq!(taken(&bomb).err().map(|e| e.kind), Some(Kind::TooMuch));
    }
}
