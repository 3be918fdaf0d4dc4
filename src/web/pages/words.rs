//! Small words that many pages say: dates, ages, sizes, counts, roles.

use crate::record::{PartialDate, today as machine_today};
use crate::vault::{PersonInfo, Role};

/// "14 March 1954", or the text as it stands when it is no date.
pub fn date(text: &str) -> String {
    PartialDate::parse(text).map_or_else(|| text.to_owned(), |d| d.words())
}

/// The birth date in words.
pub fn birth(person: &PersonInfo) -> String {
    date(&person.birth_date)
}

/// Today in words.
pub fn today() -> String {
    date(&machine_today())
}

/// A moment, in words and by the machine's clock: "22 November 2026, 20:12".
pub fn moment(seconds: i64) -> String {
    let Ok(at) = jiff::Timestamp::from_second(seconds) else { return String::new() };
    date(&at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%dT%H:%M").to_string())
}

/// The day of a moment: "22 November 2026".
pub fn day(seconds: i64) -> String {
    let Ok(at) = jiff::Timestamp::from_second(seconds) else { return String::new() };
    date(&at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d").to_string())
}

/// Now, in seconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Full years of life on a day, both `YYYY-MM-DD`.
fn age_on(birth: &str, day: &str) -> Option<i16> {
    let (birth, day) = (birth.parse::<jiff::civil::Date>().ok()?, day.parse::<jiff::civil::Date>().ok()?);
    let had_it = (day.month(), day.day()) >= (birth.month(), birth.day());
    let years = day.year() - birth.year() - i16::from(!had_it);
    (years >= 0).then_some(years)
}

/// ", age 72", or nothing where the birth date is not a whole date.
pub fn age_after_comma(person: &PersonInfo) -> String {
    age_on(&person.birth_date, &machine_today()).map_or_else(String::new, |a| format!(", age {a}"))
}

/// First letters of the first and the last name.
pub fn initials(name: &str) -> String {
    let mut parts = name.split_whitespace();
    let letter = |word: Option<&str>| word.and_then(|w| w.chars().next()).map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let first = letter(parts.next());
    format!("{first}{}", letter(parts.next_back()))
}

/// The name by which one speaks of somebody.
pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

/// "Ruth’s", "James’s".
pub fn possessive(name: &str) -> String {
    format!("{name}’s")
}

/// What a member may do, for the list of charts.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "You may do everything",
        Role::Carer => "You may read and write",
        Role::Viewer => "You may read",
    }
}

/// The same for the band.
pub fn role_in_band(role: Role) -> &'static str {
    match role {
        Role::Owner => "you keep this chart",
        Role::Carer => "you may read and write",
        Role::Viewer => "you may read",
    }
}

/// "6.2 MB": as people read sizes.
pub fn size(bytes: u64) -> String {
    const KB: f64 = 1000.0;
    let bytes = bytes as f64;
    if bytes < KB {
        format!("{bytes} bytes")
    } else if bytes < KB * KB {
        format!("{:.0} KB", bytes / KB)
    } else if bytes < KB * KB * KB {
        format!("{:.1} MB", bytes / KB / KB)
    } else {
        format!("{:.1} GB", bytes / KB / KB / KB)
    }
}

/// "1,412".
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// "1 record", "1,412 records".
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// "4 seconds", "2 minutes": rounded up, for waiting.
pub fn wait(seconds: u64) -> String {
    if seconds <= 90 { count(seconds.max(1), "second", "seconds") } else { count(seconds.div_ceil(60), "minute", "minutes") }
}

/// "Firefox on Linux", out of what a browser says of itself.
pub fn browser(agent: &str) -> String {
    let first = |names: &[(&'static str, &'static str)]| names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    // Later browsers also name the earlier ones that they are like: the order matters.
    let kind = first(&[("Firefox/", "Firefox"), ("Edg", "Edge"), ("OPR/", "Opera"), ("Chrom", "Chrome"), ("Safari/", "Safari")]);
    let system = first(&[
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "a Mac"),
        ("Linux", "Linux"),
    ]);
    match (kind, system) {
        (Some(kind), Some(system)) => format!("{kind} on {system}"),
        (Some(kind), None) => kind.to_owned(),
        (None, Some(system)) => format!("A browser on {system}"),
        (None, None) => "A browser or program".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_in_words() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        assert_eq!(browser(agent), "Chrome on Linux");
        let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!(browser(agent), "Safari on an iPhone");
        assert_eq!(browser("curl/8"), "A browser or program");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            (number(0), number(999), number(1412), number(1_000_000)),
            ("0".into(), "999".into(), "1,412".into(), "1,000,000".into())
        );
        assert_eq!(size(6_230_000), "6.2 MB");
        assert_eq!(wait(1), "1 second");
        assert_eq!(wait(120), "2 minutes");
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        assert_eq!(age_on("1954-03-14", "2026-03-13"), Some(71));
        assert_eq!(age_on("1954-03-14", "2026-03-14"), Some(72));
        assert_eq!(age_on("1954", "2026-03-14"), None);
        assert_eq!(age_on("2030-01-01", "2026-03-14"), None);
    }

    #[test]
    fn initials_of_odd_names() {
        assert_eq!(initials("Ruth A. Carver"), "RC");
        assert_eq!(initials("Ruth"), "R");
        assert_eq!(initials(""), "");
    }
}
