//! What the PDF says, as plain data for its template.

use super::Said;
use super::detail::Table;
use crate::export::gather::{Item, Part, Section, Told};
use crate::record::{Flag, PartialDate, Standing};
use serde::Serialize;
use std::borrow::Cow;

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
    /// What the boxes are that stand for letters which no face has.
    boxes: &'static str,
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

/// Parts whose silence must be said: a reader would take it for "none".
const REQUIRED: [Part; 3] = [Part::Allergies, Part::Conditions, Part::Medicines];

impl Sheet {
    /// Everything but the first page's blocks, which [`Self::sum_up`] fits to the room there is.
    pub(super) fn of(said: &Said<'_>) -> Self {
        let gathered = said.gathered;
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
            boxes: "",
            person: Person {
                name: person.name.clone(),
                born: PartialDate::parse(&person.birth_date).map_or_else(String::new, |d| d.day_words()),
                age: age(&person.birth_date, &gathered.made),
                sex: if person.sex == "unknown" { String::new() } else { person.sex.clone() },
                numbers: Vec::new(),
            },
            summary: [Vec::new(), Vec::new()],
            parts: gathered.sections.iter().filter_map(|s| Table::of(said, s)).collect(),
        }
    }

    /// Fills the first page as far as there is room.
    pub(super) fn sum_up(&mut self, said: &Said<'_>, room: Room) {
        let block = |part, heading, most| Block::of(said, part, heading, most);
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
            Block::of_contacts(said, room.others),
        ];
        let right = [block(Part::Medicines, "Medicines", room.medicines), Some(Block::of_results(said, room.results))];
        let shown = |blocks: Vec<Option<Block>>| blocks.into_iter().flatten().filter(Block::says_something).collect();
        self.summary = [shown(left.into()), shown(right.into())];
    }

    /// Says what the boxes are.
    pub(super) fn explain_boxes(&mut self) {
        self.boxes = "Each □ stands for a letter that this print has no typeface for. The page, the IPS and the C-CDA show it.";
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

    fn of(said: &Said<'_>, part: Part, heading: &'static str, most: usize) -> Option<Self> {
        let section = said.gathered.section(part);
        let entries: Vec<Entry> = section.items.iter().take(most).map(|item| Entry::of(part, said.told(item))).collect();
        let mut block = Self { heading, entries, ..Self::default() };
        block.none = section.none.iter().map(Item::title).collect();
        block.unknown = unknown(part, section);
        block.more = more(section.items.len(), most);
        block.says_something().then_some(block)
    }

    /// What lies outside its own range, newest first, then the newest of the rest.
    fn of_results(said: &Said<'_>, most: usize) -> Self {
        let section = said.gathered.section(Part::Results);
        let outside = |told: &Told| told.value.as_ref().and_then(|v| v.reading.flag).is_some_and(|f| f != Flag::InRange);
        let newest = |item: &Item| std::cmp::Reverse(item.date().map_or(i64::MIN, |d| d.start));
        let mut order: Vec<&Item> = section.items.iter().collect();
        order.sort_by_key(|item| (!outside(said.told(item)), newest(item)));
        let entries = order.into_iter().take(most).map(|item| Entry::of(Part::Results, said.told(item))).collect();
        Self { heading: "Recent results", entries, more: more(section.items.len(), most), ..Self::default() }
    }

    fn of_contacts(said: &Said<'_>, most: usize) -> Option<Self> {
        let gathered = said.gathered;
        let plain = |name: String, more: String| Entry { name, more, state: String::new(), when: String::new(), tone: "" };
        let mut entries: Vec<Entry> = gathered.contacts().into_iter().map(|c| plain(c, String::new())).collect();
        for item in gathered.section(Part::CareTeam).items.iter().filter(|i| i.standing() == Standing::Current).take(most) {
            let told = said.told(item);
            let who = ["Member", "Relation", "Contact"].iter().filter_map(|l| told.detail(l)).collect::<Vec<_>>().join(" · ");
            entries.push(plain(told.title.clone(), who));
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
            name: breakable(&told.title).into_owned(),
            more: breakable(&more.join(" · ")).into_owned(),
            state: told.state.clone().unwrap_or_default(),
            when: told.when.clone().unwrap_or_default(),
            tone: if part == Part::Allergies { "harm" } else { "" },
        }
    }
}

fn labelled(label: &str, words: &str) -> String {
    match label {
        "For" => format!("for {words}"),
        "UDI" => format!("UDI {words}"),
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
pub(super) fn unknown(part: Part, section: &Section) -> String {
    if !REQUIRED.contains(&part) || !section.is_unknown() {
        return String::new();
    }
    format!("{} not known: nothing was recorded or given. This is not the same as none.", part.words())
}

/// Lets a long word without blanks (a file's name, a UDI) break after its marks, and one without marks somewhere, instead of
/// running out of its column.
pub(super) fn breakable(text: &str) -> Cow<'_, str> {
    const LONG: usize = 16;
    const LONGEST: usize = 24;
    if text.split(' ').all(|word| word.len() <= LONG) {
        return Cow::Borrowed(text);
    }
    let word = |word: &str| {
        if word.chars().count() <= LONG {
            return word.to_owned();
        }
        let mut out = String::with_capacity(word.len() + 16);
        let mut since = 0;
        for c in word.chars() {
            if c == '(' || since == LONGEST {
                out.push('\u{200b}');
                since = 0;
            }
            out.push(c);
            since += 1;
            if "-_./)".contains(c) {
                out.push('\u{200b}');
                since = 0;
            }
        }
        out
    };
    Cow::Owned(text.split(' ').map(word).collect::<Vec<_>>().join(" "))
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
