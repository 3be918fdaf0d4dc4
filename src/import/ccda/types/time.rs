//! TS and IVL_TS: moments and stretches of time, as exact as the source gave them.

use super::timing;
use super::{extend, own_extension, put};
use crate::import::ccda::xml::{Node, attr, child, children, data_type, null_flavor};
use crate::record::PartialDate;
use serde_json::{Value, json};

/// A TS (`YYYYMMDDHHMMSS.UUUU±ZZZZ`) as a FHIR dateTime of the same precision.
///
/// FHIR R4 wants an offset with every time of day, and seconds. Seconds that are not given become `:00`, as FHIR R4
/// (datatypes, dateTime) allows. A time of day without an offset, or an hour alone, cannot be said: the day is given,
/// and [`Stamp::put`] keeps the whole in an extension, so that nothing is lost and no offset is invented.
fn timestamp(ts: &str) -> Option<String> {
    let ts = ts.trim();
    let (clock, zone) = match ts.find(['+', '-', 'Z']) {
        // Some vendors write ISO 8601.
        Some(4) => return PartialDate::parse(ts).filter(is_fhir).map(|d| d.text),
        Some(at) => (ts.get(..at)?, ts.get(at..).and_then(offset)),
        None => (ts, None),
    };
    let (digits, fraction) = clock.split_once('.').map_or((clock, None), |(d, f)| (d, Some(f)));
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |range| digits.get(range);
    let date = match digits.len() {
        4 => part(0..4)?.to_owned(),
        6 => format!("{}-{}", part(0..4)?, part(4..6)?),
        8.. => format!("{}-{}-{}", part(0..4)?, part(4..6)?, part(6..8)?),
        _ => return None,
    };
    let date = PartialDate::parse(&date)?.text;
    let (Some(hour), Some(minute), Some(zone)) = (part(8..10), part(10..12), zone) else { return Some(date) };
    let second = part(12..14).unwrap_or("00");
    let sane = hour < "24" && minute < "60" && second < "61";
    let fraction = fraction
        .filter(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()) && part(12..14).is_some())
        .map_or(String::new(), |f| format!(".{f}"));
    Some(if sane { format!("{date}T{hour}:{minute}:{second}{fraction}{zone}") } else { date })
}

/// Whether an ISO date can stand in FHIR as it is: with a time of day only if it has an offset.
fn is_fhir(date: &PartialDate) -> bool {
    let clock = date.text.split_once('T').map(|(_, clock)| clock);
    clock.map_or(date.text.len() <= 10, |c| c.ends_with('Z') || c.contains(['+', '-']))
}

fn offset(text: &str) -> Option<String> {
    if text == "Z" {
        return Some("Z".to_owned());
    }
    let sign = text.get(..1)?;
    let digits: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    let all = digits.bytes().all(|b| b.is_ascii_digit());
    let (hours, minutes) = match digits.len() {
        2 if all => (digits.as_str(), "00"),
        4 if all => (digits.get(..2)?, digits.get(2..)?),
        _ => return None,
    };
    (hours <= "14" && minutes < "60").then(|| format!("{sign}{hours}:{minutes}"))
}

/// A moment as the source wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(String);

impl Stamp {
    /// As the source wrote it.
    pub(crate) fn raw(&self) -> &str {
        &self.0
    }

    /// As a FHIR dateTime: see [`timestamp`].
    pub(crate) fn fhir(&self) -> Option<String> {
        timestamp(&self.0)
    }

    /// As a FHIR date: its day at most.
    pub(crate) fn date(&self) -> Option<String> {
        self.fhir().map(|d| d.get(..10).unwrap_or(&d).to_owned())
    }

    /// As a FHIR instant, which needs a time of day.
    pub(crate) fn instant(&self) -> Option<String> {
        self.fhir().filter(|d| d.len() > 10)
    }

    /// Sets `key`, and keeps in an extension of `_key` what a dateTime cannot say.
    pub(crate) fn put(&self, object: &mut Value, key: &str) {
        let date = self.fhir();
        let short = date.as_deref().is_none_or(|d| d.len() <= 10);
        put(object, key, date.map(Value::String));
        if short && (self.0.len() > 8 || self.fhir().is_none()) {
            let mut beside = json!({});
            extend(&mut beside, own_extension("timestamp", &self.0));
            put(object, &format!("_{key}"), Some(beside));
        }
    }
}

/// The moment in `value` of a TS.
pub(crate) fn stamp(node: Node) -> Option<Stamp> {
    attr(node, "value").map(|v| Stamp(v.to_owned()))
}

/// Everything that the `effectiveTime` elements of a statement say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Effective {
    /// A bare moment: `<effectiveTime value="…"/>`.
    pub(crate) point: Option<Stamp>,
    /// The beginning of an interval.
    pub(crate) low: Option<Stamp>,
    /// The end of an interval.
    pub(crate) high: Option<Stamp>,
    /// Its middle, where nothing else is known.
    pub(crate) center: Option<Stamp>,
    /// Why there is no beginning: `UNK`, `NI`, …
    pub(crate) low_null: Option<String>,
    /// Why there is no end: `UNK` says that it ended, one does not know when.
    pub(crate) high_null: Option<String>,
    /// Why there is no time at all.
    pub(crate) null: Option<String>,
    /// The length of an interval, as a Quantity.
    pub(crate) width: Option<Value>,
    /// PIVL_TS and EIVL_TS as FHIR Timings, in their order. The interval is not repeated in them: see
    /// [`Effective::period`] for `boundsPeriod`.
    pub(crate) timings: Vec<Value>,
}

impl Effective {
    /// Reads the `effectiveTime`s of a statement; `SXPR_TS` are taken apart.
    pub(crate) fn of(statement: Node) -> Self {
        Self::named(statement, "effectiveTime")
    }

    /// The same from elements of another name: `time`, `birthTime`.
    pub(crate) fn named(parent: Node, name: &str) -> Self {
        let mut out = Self::default();
        for node in children(parent, name) {
            let parts: Vec<Node> = children(node, "comp").collect();
            for part in if parts.is_empty() { vec![node] } else { parts } {
                out.read(part);
            }
        }
        out
    }

    /// Reads one element.
    pub(crate) fn one(node: Node) -> Self {
        let mut out = Self::default();
        out.read(node);
        out
    }

    fn read(&mut self, node: Node) {
        match data_type(node) {
            Some("PIVL_TS") => return self.timings.extend(timing::periodic(node)),
            Some("EIVL_TS") => return self.timings.extend(timing::event(node)),
            // No type given: the children tell.
            _ if child(node, "period").is_some() => return self.timings.extend(timing::periodic(node)),
            _ if child(node, "event").is_some() => return self.timings.extend(timing::event(node)),
            _ => {}
        }
        let end = |name| child(node, name).and_then(stamp);
        let null = |name| child(node, name).and_then(null_flavor).map(str::to_owned);
        self.point = self.point.take().or_else(|| stamp(node));
        self.low = self.low.take().or_else(|| end("low"));
        self.high = self.high.take().or_else(|| end("high"));
        self.center = self.center.take().or_else(|| end("center"));
        self.low_null = self.low_null.take().or_else(|| null("low"));
        self.high_null = self.high_null.take().or_else(|| null("high"));
        self.null = self.null.take().or_else(|| null_flavor(node).map(str::to_owned));
        self.width = self.width.take().or_else(|| child(node, "width").and_then(super::quantity));
    }

    /// The moment to show for an event: the bare moment, else the beginning, else the middle.
    pub(crate) fn start(&self) -> Option<&Stamp> {
        self.point.as_ref().or(self.low.as_ref()).or(self.center.as_ref())
    }

    /// The interval as a FHIR Period, if it has a beginning or an end.
    pub(crate) fn period(&self) -> Option<Value> {
        if self.low.is_none() && self.high.is_none() {
            return None;
        }
        let mut out = json!({});
        if let Some(low) = &self.low {
            low.put(&mut out, "start");
        }
        if let Some(high) = &self.high {
            high.put(&mut out, "end");
        }
        if let Some(width) = self.width.as_ref().and_then(quantity_words) {
            extend(&mut out, own_extension("width", &width));
        }
        Some(out)
    }

    /// Sets `{stem}DateTime` or `{stem}Period`, whichever the source gave.
    pub(crate) fn put(&self, resource: &mut Value, stem: &str) {
        if let Some(point) = &self.point {
            return point.put(resource, &format!("{stem}DateTime"));
        }
        // Both ends the same moment: vendors write a point so.
        match (&self.low, &self.high, &self.center) {
            (Some(low), Some(high), _) if low == high => low.put(resource, &format!("{stem}DateTime")),
            (None, None, Some(center)) => center.put(resource, &format!("{stem}DateTime")),
            _ => put(resource, &format!("{stem}Period"), self.period()),
        }
    }
}

fn quantity_words(quantity: &Value) -> Option<String> {
    let value = crate::record::text_at(quantity, "value")?;
    Some(crate::record::text_at(quantity, "unit").map_or(value.clone(), |unit| format!("{value} {unit}")))
}

/// An IVL_TS as a Period. A bare moment is where it began: CDA names a moment only.
pub(crate) fn period(node: Node) -> Option<Value> {
    let effective = Effective::one(node);
    effective.period().or_else(|| {
        let mut out = json!({});
        effective.start()?.put(&mut out, "start");
        Some(out)
    })
}

#[cfg(test)]
mod tests {
    use super::{Stamp, timestamp};
    use serde_json::json;

    #[test]
    fn keeps_precision_and_zone() {
        let cases = [
            ("2015", Some("2015")),
            ("201503", Some("2015-03")),
            ("20150309", Some("2015-03-09")),
            ("201503091230-0500", Some("2015-03-09T12:30:00-05:00")),
            ("20150309123015.25+0000", Some("2015-03-09T12:30:15.25+00:00")),
            ("20150309123015-05", Some("2015-03-09T12:30:15-05:00")),
            ("201503091230", Some("2015-03-09")),
            ("2015030912-0500", Some("2015-03-09")),
            ("20150309-0500", Some("2015-03-09")),
            ("2015-03-09", Some("2015-03-09")),
            ("2015-03-09T12:30:00Z", Some("2015-03-09T12:30:00Z")),
            ("20150299", None),
            ("20", None),
            ("yesterday", None),
            ("", None),
        ];
        for (given, want) in cases {
            assert_eq!(timestamp(given).as_deref(), want, "{given}");
        }
    }

    #[test]
    fn loses_no_time_of_day() {
        let mut out = json!({});
        Stamp("201503091230".into()).put(&mut out, "start");
        assert_eq!(out["start"], "2015-03-09");
        assert_eq!(out["_start"]["extension"][0]["valueString"], "201503091230");
    }
}
