//! Dates as exact as the source gave them: 2015 stays a year and never becomes 1 January.

use jiff::civil;

/// How exact a date is (FHIR R4 datatypes, dateTime).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Precision {
    Year,
    Month,
    Day,
    Time,
}

/// A FHIR date, dateTime or instant with its precision and the interval it may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialDate {
    /// The text as the source gave it.
    pub text: String,
    /// How exact it is.
    pub precision: Precision,
    /// Start of the interval in seconds since 1970, in UTC where the source gave no offset. For sorting and filters only.
    pub start: i64,
    /// End of the interval (exclusive), likewise.
    pub end: i64,
    civil: civil::DateTime,
}

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

impl PartialDate {
    /// Reads a FHIR date, dateTime or instant. Leap seconds, missing seconds and missing offsets are accepted.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_ascii() || text.len() < 4 || text.len() > 40 {
            return None;
        }
        let number = |range: std::ops::Range<usize>| -> Option<i8> {
            let part = text.get(range)?;
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        };
        let year: i16 = text.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
        let rest = &text[4..];
        if rest.is_empty() {
            let start = civil::Date::new(year, 1, 1).ok()?;
            let end = civil::Date::new(year.checked_add(1)?, 1, 1).ok()?;
            return Some(Self::whole(text, Precision::Year, start, end));
        }
        let month = rest.strip_prefix('-').and_then(|_| number(5..7))?;
        let first = civil::Date::new(year, month, 1).ok()?;
        if text.len() == 7 {
            return Some(Self::whole(text, Precision::Month, first, first.last_of_month().tomorrow().ok()?));
        }
        let day = civil::Date::new(year, month, text.get(7..8).filter(|c| *c == "-").and_then(|_| number(8..10))?).ok()?;
        if text.len() == 10 {
            return Some(Self::whole(text, Precision::Day, day, day.tomorrow().ok()?));
        }
        if !matches!(text.as_bytes()[10], b'T' | b't' | b' ') {
            return None;
        }
        Self::with_time(text, day)
    }

    fn with_time(text: &str, day: civil::Date) -> Option<Self> {
        let clock = &text[11..];
        let split = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
        let (clock, offset) = clock.split_at(split);
        let mut parts = clock.split(':');
        let hour: i8 = parts.next()?.parse().ok()?;
        let minute: i8 = parts.next().map_or(Some(0), |m| m.parse().ok())?;
        let seconds = parts.next().unwrap_or("0");
        let second: i8 = seconds.split('.').next()?.parse().ok()?;
        let (day, hour) = if hour == 24 { (day.tomorrow().ok()?, 0) } else { (day, hour) };
        let civil = day.at(hour.clamp(0, 23), minute.clamp(0, 59), second.clamp(0, 59), 0);
        let shift = offset_seconds(offset)?;
        let start = seconds_of(civil) - shift;
        let length = if clock.split(':').count() > 2 { 1 } else { 60 };
        Some(Self { text: text.to_owned(), precision: Precision::Time, start, end: start + length, civil })
    }

    fn whole(text: &str, precision: Precision, start: civil::Date, end: civil::Date) -> Self {
        let civil = start.at(0, 0, 0, 0);
        Self { text: text.to_owned(), precision, start: seconds_of(civil), end: seconds_of(end.at(0, 0, 0, 0)), civil }
    }

    /// "2015", "March 2015", "4 March 2015" or "4 March 2015, 10:20": the source's own clock, never shifted.
    pub fn words(&self) -> String {
        let day = self.day_words();
        match self.precision {
            Precision::Time => format!("{day}, {:02}:{:02}", self.civil.hour(), self.civil.minute()),
            _ => day,
        }
    }

    /// The day of the week, where the day is known.
    pub fn weekday(&self) -> Option<&'static str> {
        use civil::Weekday as W;
        (self.precision >= Precision::Day).then(|| match self.civil.weekday() {
            W::Monday => "Monday",
            W::Tuesday => "Tuesday",
            W::Wednesday => "Wednesday",
            W::Thursday => "Thursday",
            W::Friday => "Friday",
            W::Saturday => "Saturday",
            W::Sunday => "Sunday",
        })
    }

    /// The same without the time of day.
    pub fn day_words(&self) -> String {
        let month = MONTHS[usize::try_from(self.civil.month() - 1).unwrap_or(0)];
        match self.precision {
            Precision::Year => self.civil.year().to_string(),
            Precision::Month => format!("{month} {}", self.civil.year()),
            Precision::Day | Precision::Time => format!("{} {month} {}", self.civil.day(), self.civil.year()),
        }
    }

    /// The year, and with enough precision the month (1 to 12) and the day.
    pub fn parts(&self) -> (i16, Option<i8>, Option<i8>) {
        let month = (self.precision >= Precision::Month).then(|| self.civil.month());
        let day = (self.precision >= Precision::Day).then(|| self.civil.day());
        (self.civil.year(), month, day)
    }

    /// Only the date: no time, no offset, as FHIR text.
    pub fn date_text(&self) -> &str {
        self.text.get(..10).unwrap_or(&self.text)
    }

    /// Whether the two could be the same moment: one interval holds the other.
    pub fn agrees(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The date under a key, with the time of day that a C-CDA source gave without an offset: FHIR cannot say that one, so
/// the reader keeps it in the extension `urn:keepwell:cda:timestamp` beside the day. Midnight is how many senders write
/// that they know the day alone.
pub fn date_at(owner: &serde_json::Value, key: &str) -> Option<PartialDate> {
    use super::walk::{array, string};
    let given = match owner.get(key)? {
        serde_json::Value::Array(items) => items.first().and_then(string)?,
        one => string(one)?,
    };
    let date = PartialDate::parse(&given)?;
    if date.precision != Precision::Day {
        return Some(date);
    }
    let beside = owner.get(format!("_{key}"));
    let stamp = beside
        .and_then(|b| array(b, "extension").iter().find(|e| e.get("url").is_some_and(|u| u == "urn:keepwell:cda:timestamp")))
        .and_then(|e| string(e.get("valueString")?));
    Some(stamp.and_then(|s| clock(&s, &given)).and_then(|t| PartialDate::parse(&t)).unwrap_or(date))
}

/// `YYYYMMDDHHMM[SS]` of this day as `day`T`HH:MM[:SS]`.
fn clock(stamp: &str, day: &str) -> Option<String> {
    let digits: String = stamp.chars().filter(|c| !matches!(c, '-' | ':' | 'T')).take_while(char::is_ascii_digit).collect();
    let time = digits.strip_prefix(&day.replace('-', ""))?;
    let (hour, minute) = (time.get(..2)?, time.get(2..4)?);
    let second = time.get(4..6).map(|s| format!(":{s}")).unwrap_or_default();
    let sane = hour < "24" && minute < "60" && time.bytes().any(|b| b != b'0') && time.len() <= 6;
    sane.then(|| format!("{day}T{hour}:{minute}{second}"))
}

/// Today as `YYYY-MM-DD` by the machine's clock and zone.
pub fn today() -> String {
    jiff::Zoned::now().date().to_string()
}

fn seconds_of(at: civil::DateTime) -> i64 {
    at.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |z| z.timestamp().as_second())
}

fn offset_seconds(text: &str) -> Option<i64> {
    if text.is_empty() || text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text[1..].chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes: i64 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    Some(sign * (hours.parse::<i64>().ok()? * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_stays() {
        for (text, words) in [
            ("2015", "2015"),
            ("2015-03", "March 2015"),
            ("2015-03-04", "4 March 2015"),
            ("2015-03-04T10:20:30.123+02:00", "4 March 2015, 10:20"),
            ("2015-03-04T10:20Z", "4 March 2015, 10:20"),
        ] {
            let date = PartialDate::parse(text).expect(text);
            assert_eq!(date.words(), words);
            assert_eq!(date.text, text);
        }
    }

    #[test]
    fn nonsense_is_nothing() {
        for text in ["", "15", "2015-13", "2015-02-30", "yesterday", "2015/03/04", "201503", "２０１５", "2015-03-04X", "9999999"] {
            assert_eq!(PartialDate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn offsets_move_the_order_and_not_the_words() {
        let east = PartialDate::parse("2020-01-01T00:30:00+02:00").expect("a date");
        let west = PartialDate::parse("2019-12-31T22:00:00Z").expect("a date");
        assert!(east.start > west.start);
        assert_eq!(east.words(), "1 January 2020, 00:30");
    }
}
