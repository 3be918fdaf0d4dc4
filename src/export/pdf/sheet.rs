//! What the PDF says, as plain data for its template.

use crate::export::gather::{Gathered, Item, Part, Section, Told};
use crate::record::{Flag, PartialDate, Standing};
use serde::Serialize;

/// How much of each kind the first page takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) results: usize,
    pub(super) medicines: usize,
    pub(super) conditions: usize,
    pub(super) others: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Sheet {
    title: String,
    title_short: &'static str,
    detail_title: &'static str,
    made: String,
    foot: String,
    intro: String,
    note: String,
    person: Person,
    /// The first page: two columns of blocks.
    summary: [Vec<Block>; 2],
    /// The detail.
    parts: Vec<Table>,
}

#[derive(Clone, Debug, Serialize)]
struct Person {
    name: String,
    born: String,
    age: String,
    sex: String,
    numbers: Vec<String>,
}

/// A block of the first page.
#[derive(Clone, Debug, Default, Serialize)]
struct Block {
    heading: &'static str,
    entries: Vec<Entry>,
    none: Vec<String>,
    unknown: String,
    more: String,
}

#[derive(Clone, Debug, Serialize)]
struct Entry {
    name: String,
    more: String,
    state: String,
    when: String,
    tone: &'static str,
}

/// A part of the detail.
#[derive(Clone, Debug, Serialize)]
struct Table {
    heading: &'static str,
    columns: Vec<&'static str>,
    /// As text: a number would come to the template as a dictionary, since numbers keep their digits here.
    widths: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    none: Vec<String>,
    not: Vec<String>,
    unknown: String,
}

/// Parts whose silence must be said: a reader would take it for "none".
const REQUIRED: [Part; 3] = [Part::Allergies, Part::Conditions, Part::Medicines];

impl Sheet {
    /// Everything but the first page's blocks, which [`Self::sum_up`] fits to the room there is.
    pub(super) fn of(gathered: &Gathered) -> Self {
        let person = &gathered.person;
        let made = PartialDate::parse(&gathered.made.to_zoned(jiff::tz::TimeZone::system()).date().to_string());
        let made = made.map_or_else(String::new, |d| d.day_words());
        let for_whom = gathered.choice.addressee.as_deref().map(str::trim).filter(|w| !w.is_empty());
        let mut intro = format!("Made by {} on {made}", possessor(&person.name));
        if let Some(whom) = for_whom {
            intro.push_str(&format!(" for {whom}"));
        }
        intro.push_str(". Each line names where it came from and its date.");
        if gathered.left_out {
            intro.push_str(" Not everything in the chart is here.");
        }
        Self {
            title: format!("Health summary of {}", person.name),
            title_short: "Health summary",
            detail_title: "The detail",
            foot: if gathered.left_out { "Not everything in the chart is here.".into() } else { String::new() },
            made,
            intro,
            note: gathered.choice.note.clone().unwrap_or_default(),
            person: Person {
                name: person.name.clone(),
                born: PartialDate::parse(&person.birth_date).map_or_else(String::new, |d| d.day_words()),
                age: age(&person.birth_date, &gathered.made),
                sex: if person.sex == "unknown" { String::new() } else { person.sex.clone() },
                numbers: Vec::new(),
            },
            summary: [Vec::new(), Vec::new()],
            parts: gathered.sections.iter().filter_map(|s| Table::of(gathered, s)).collect(),
        }
    }

    /// Fills the first page as far as there is room.
    pub(super) fn sum_up(&mut self, gathered: &Gathered, room: Room) {
        let block = |part, heading, most| Block::of(gathered, part, heading, most);
        // Whatever may hurt is never cut short.
        let all = usize::MAX;
        let left = [
            block(Part::Allergies, "Allergies", all),
            block(Part::Alerts, "Alerts", all),
            block(Part::Conditions, "Conditions", room.conditions),
            block(Part::Devices, "Devices and implants", room.others.max(4)),
            block(Part::Pregnancy, "Pregnancy", 2),
            block(Part::AdvanceDirectives, "Advance directives and wishes", room.others),
            block(Part::Immunizations, "Latest immunizations", room.others),
            Block::of_contacts(gathered, room.others),
        ];
        let right = [block(Part::Medicines, "Medicines", room.medicines), Some(Block::of_results(gathered, room.results))];
        let shown = |blocks: Vec<Option<Block>>| blocks.into_iter().flatten().filter(Block::says_something).collect();
        self.summary = [shown(left.into()), shown(right.into())];
    }

    /// The first page alone, to see whether it is one.
    pub(super) fn first_page(&self) -> Self {
        Self { parts: Vec::new(), ..self.clone() }
    }
}

impl Block {
    fn says_something(&self) -> bool {
        !self.entries.is_empty() || !self.none.is_empty() || !self.unknown.is_empty()
    }

    fn of(gathered: &Gathered, part: Part, heading: &'static str, most: usize) -> Option<Self> {
        let section = gathered.section(part);
        let entries: Vec<Entry> = section.items.iter().take(most).map(|item| Entry::of(part, &gathered.tell(item))).collect();
        let mut block = Self { heading, entries, ..Self::default() };
        block.none = section.none.iter().map(Item::title).collect();
        block.unknown = unknown(part, section);
        block.more = more(section.items.len(), most);
        block.says_something().then_some(block)
    }

    /// What lies outside its own range, newest first, then the newest of the rest.
    fn of_results(gathered: &Gathered, most: usize) -> Self {
        let section = gathered.section(Part::Results);
        let told: Vec<(&Item, Told)> = section.items.iter().map(|item| (item, gathered.tell(item))).collect();
        let outside = |told: &Told| told.value.as_ref().and_then(|v| v.reading.flag).is_some_and(|f| f != Flag::InRange);
        let newest = |item: &Item| std::cmp::Reverse(item.date().map_or(i64::MIN, |d| d.start));
        let mut order: Vec<&(&Item, Told)> = told.iter().collect();
        order.sort_by_key(|(item, told)| (!outside(told), newest(item)));
        let entries = order.into_iter().take(most).map(|(_, told)| Entry::of(Part::Results, told)).collect();
        Self { heading: "Recent results", entries, more: more(section.items.len(), most), ..Self::default() }
    }

    fn of_contacts(gathered: &Gathered, most: usize) -> Option<Self> {
        let plain = |name: String, more: String| Entry { name, more, state: String::new(), when: String::new(), tone: "" };
        let mut entries: Vec<Entry> = gathered.contacts().into_iter().map(|c| plain(c, String::new())).collect();
        for item in gathered.section(Part::CareTeam).items.iter().filter(|i| i.standing() == Standing::Current).take(most) {
            let told = gathered.tell(item);
            let who = ["Member", "Relation", "Contact"].iter().filter_map(|l| told.detail(l)).collect::<Vec<_>>().join(" · ");
            entries.push(plain(told.title, who));
        }
        entries.truncate(most.max(3));
        (!entries.is_empty()).then(|| Self { heading: "Whom to call", entries, ..Self::default() })
    }
}

impl Entry {
    fn of(part: Part, told: &Told) -> Self {
        let labels: &[&str] = match part {
            Part::Allergies => &["Reaction", "Risk"],
            Part::Medicines => &["Dose", "For"],
            Part::Conditions => &["Severity", "Where on the body"],
            Part::Devices => &["Where on the body", "UDI"],
            _ => &[],
        };
        let mut more: Vec<String> = labels.iter().filter_map(|l| told.detail(l).map(|w| labelled(l, &w))).collect();
        if let Some(value) = &told.value_words {
            let range = told.detail("Range").map(|r| format!(" (range {r})")).unwrap_or_default();
            more.insert(0, format!("{value}{range}"));
            more.extend(told.flag_words().filter(|w| *w != "In range").map(str::to_owned));
        }
        Self {
            name: told.title.clone(),
            more: more.join(" · "),
            state: told.state.clone().unwrap_or_default(),
            when: told.when.clone().unwrap_or_default(),
            tone: if part == Part::Allergies { "harm" } else { "" },
        }
    }
}

fn labelled(label: &str, words: &str) -> String {
    match label {
        "For" => format!("for {words}"),
        "UDI" => format!("UDI {}", breakable(words)),
        _ => words.to_owned(),
    }
}

fn more(there: usize, shown: usize) -> String {
    match there.saturating_sub(shown) {
        0 => String::new(),
        1 => "1 more is in the detail.".into(),
        n => format!("{n} more are in the detail."),
    }
}

/// Not known is not the same as none.
fn unknown(part: Part, section: &Section) -> String {
    if !REQUIRED.contains(&part) || !section.is_unknown() {
        return String::new();
    }
    format!("{} not known: nothing was recorded or given. This is not the same as none.", part.words())
}

impl Table {
    fn of(gathered: &Gathered, section: &Section) -> Option<Self> {
        let measures = section.part.measures();
        let (columns, widths) = if measures {
            (vec!["Test", "Value", "Range", "Date", "Source"], vec!["3", "2", "1.8", "1.8", "2.2"])
        } else {
            (vec!["What", "Details", "When", "Source"], vec!["2.6", "4.2", "2", "2.2"])
        };
        let line = if measures { measured } else { plain };
        let rows: Vec<Vec<String>> = section.items.iter().flat_map(Item::all).map(|item| line(gathered, item)).collect();
        let apart = |item: &Item| {
            let told = gathered.tell(item);
            let state = told.state.as_ref().map(|s| format!(": {}", s.to_lowercase())).unwrap_or_default();
            let reason = told.detail("Reason");
            let said = [Some(sources(item)), told.when, reason].into_iter().flatten().collect::<Vec<_>>().join(" · ");
            format!("{}{state} ({said})", told.title)
        };
        let said_none = |item: &Item| format!("{} ({})", item.title(), sources(item));
        let mut none: Vec<String> = section.none.iter().map(said_none).collect();
        none.extend(section.contradicted.iter().map(|i| format!("One source says otherwise: {}", said_none(i))));
        let table = Self {
            heading: section.part.words(),
            columns,
            widths,
            rows,
            none,
            not: section.not.iter().map(apart).collect(),
            unknown: unknown(section.part, section),
        };
        (!table.rows.is_empty() || !table.none.is_empty() || !table.not.is_empty() || !table.unknown.is_empty()).then_some(table)
    }
}

fn sources(item: &Item) -> String {
    breakable(&item.sources.join(", "))
}

/// Lets a long word without blanks (a file's name, a UDI) break after its marks instead of running out of its column.
fn breakable(text: &str) -> String {
    const LONG: usize = 16;
    let word = |word: &str| {
        if word.chars().count() <= LONG {
            return word.to_owned();
        }
        let mut out = String::with_capacity(word.len() + 16);
        for c in word.chars() {
            if c == '(' {
                out.push('\u{200b}');
            }
            out.push(c);
            if "-_./)".contains(c) {
                out.push('\u{200b}');
            }
        }
        out
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn plain(gathered: &Gathered, item: &Item) -> Vec<String> {
    let told = gathered.tell(item);
    let mut details: Vec<String> = told.state.iter().cloned().collect();
    details.extend(told.value_words.iter().cloned());
    details.extend(told.details.iter().map(|(label, words)| format!("{label}: {}", breakable(words))));
    vec![told.title, details.join(" · "), told.when.unwrap_or_default(), sources(item)]
}

fn measured(gathered: &Gathered, item: &Item) -> Vec<String> {
    let told = gathered.tell(item);
    let flag = told.flag_words().filter(|w| *w != "In range").map(|w| format!(" · {w}")).unwrap_or_default();
    let state = told.state.as_ref().map(|s| format!(" · {s}")).unwrap_or_default();
    let value = format!("{}{flag}{state}", told.value_words.clone().unwrap_or_default());
    let mut name = told.title.clone();
    for (label, words) in told.details.iter().filter(|(l, _)| !matches!(*l, "Range" | "By")) {
        name.push_str(&format!(" · {label}: {words}"));
    }
    let when = told.when.clone().unwrap_or_default();
    vec![name, value, told.detail("Range").unwrap_or_default(), when, sources(item)]
}

fn possessor(name: &str) -> String {
    format!("{name} with Keepwell")
}

/// Age in whole years, as of the day it was made.
fn age(birth: &str, made: &jiff::Timestamp) -> String {
    let today = made.to_zoned(jiff::tz::TimeZone::system()).date();
    let Ok(born) = birth.parse::<jiff::civil::Date>() else { return String::new() };
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    let years = i32::from(today.year()) - i32::from(born.year()) - i32::from(!had_birthday);
    format!("{years} years")
}
