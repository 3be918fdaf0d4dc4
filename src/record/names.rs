//! Names of people, compared as registers and clinics write them: in capitals, with initials, without accents.
//!
//! The wrong person's records in a chart do harm; a question too many does not. So little is guessed: short forms only where
//! family name and day of birth agree, no likeness of sound, of other spellings only those of umlauts ("Mueller").

mod short;

use super::walk::string;
use serde_json::Value;

/// Titles and degrees, which say nothing about who it is.
const TITLES: [&str; 14] = ["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "md", "phd", "rn", "do", "np", "esq", "dds"];
/// What a newborn is called until it has a name.
const NEWBORN: [&str; 12] = ["baby", "boy", "girl", "babyboy", "babygirl", "newborn", "infant", "bb", "bg", "male", "female", "unnamed"];
/// Parts of family names that many families share.
const PARTICLES: [&str; 24] = [
    "de", "la", "las", "los", "del", "della", "di", "da", "das", "do", "dos", "du", "le", "van", "von", "der", "den", "ten", "zu", "al",
    "el", "bin", "ibn", "y",
];
/// Text longer than this is no name of one person.
const MOST_WORDS: usize = 10;

/// One way to read a name: family names, given names, and which of the generations of that name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    family: Vec<String>,
    given: Vec<String>,
    generation: Option<u8>,
    /// The family name came first, as far as one can tell: to be believed with a birth date only.
    doubtful: bool,
    /// Some of the family name may be a middle name.
    guessed: bool,
}

impl Name {
    /// The ways to read a HumanName: one where its parts are given, several where it is a line of text, since nothing tells
    /// where the family name of "María García López" begins.
    pub(super) fn readings(name: &Value) -> Vec<Self> {
        let words = |key: &str| fold(&texts(name.get(key)).join(" "));
        let (mut family, mut given) = (words("family"), words("given"));
        let suffix = words("suffix");
        if !family.is_empty() || !given.is_empty() {
            let generation = [&suffix, &family, &given].into_iter().find_map(|w| generation_of(w));
            (family, given) = (untitled(family), untitled(given));
            return vec![Self { family, given: unless_newborn(given), generation, ..Self::default() }];
        }
        Self::of_text(&texts(name.get("text")).join(" "))
    }

    fn of_text(text: &str) -> Vec<Self> {
        let all = fold(text);
        let generation = generation_of(&all);
        // "Carver, Ruth A", but also "Ruth Carver, MD".
        let parts: Vec<Vec<String>> =
            text.split([',', ';']).map(fold).filter(|part| part.iter().any(|w| !is_title(w) && generation_word(w).is_none())).collect();
        if let [family, given @ ..] = parts.as_slice()
            && !given.is_empty()
        {
            let given = unless_newborn(untitled(given.concat()));
            return vec![Self { family: untitled(family.clone()), given, generation, ..Self::default() }];
        }
        let words = untitled(all);
        if words.is_empty() || words.len() > MOST_WORDS {
            return Vec::new();
        }
        let whole = Self { family: words.clone(), generation, ..Self::default() };
        // What a hyphen joins is one name.
        let tail = text.split_whitespace().map(|w| untitled(fold(w))).rfind(|w| !w.is_empty() && words.ends_with(w)).map_or(1, |w| w.len());
        let split = |at: usize, doubtful: bool| {
            let (first, last) = words.split_at(at);
            let (given, family) = if doubtful { (last, first) } else { (first, last) };
            let guessed = family.len() > tail;
            Self { family: family.to_vec(), given: unless_newborn(given.to_vec()), generation, doubtful, guessed }
        };
        let splits = (1..words.len()).flat_map(|at| [split(at, false), split(at, true)]);
        if words.len() == 1 { vec![whole] } else { splits.collect() }
    }

    /// Whether both can be names of one person; `to_the_day` says that their birth dates agree to the day.
    pub(super) fn is_like(&self, other: &Self, to_the_day: bool) -> bool {
        if self.generation.zip(other.generation).is_some_and(|(a, b)| a != b) {
            return false;
        }
        // Scripts without spaces: 王小明 is 王 and 小明.
        if unspaced(&self.joined()) && self.joined() == other.joined() {
            return true;
        }
        let unsaid = (self.family.is_empty() || other.family.is_empty()) && !(self.given.is_empty() || other.given.is_empty());
        let straight = (family_alike(&self.family, &other.family) || unsaid && to_the_day)
            && given_alike(&self.given, &other.given, to_the_day)
            && !(self.is_left_over(other) || other.is_left_over(self));
        if straight && (to_the_day || self.doubtful == other.doubtful) {
            return true;
        }
        let swapped = || family_alike(&self.family, &other.given) && given_alike(&self.given, &other.family, to_the_day);
        let whole = !self.given.is_empty() && !other.given.is_empty() && !self.doubtful && !other.doubtful;
        to_the_day && whole && swapped()
    }

    /// Whether what may be a middle name here is another one there: "Ruth Ann Carver" is not Ruth Marie Carver, though Ann
    /// Carver could be a family name.
    fn is_left_over(&self, other: &Self) -> bool {
        self.guessed
            && other.given.len() > self.given.len()
            && self.family.iter().any(|w| !PARTICLES.contains(&w.as_str()) && !other.family.contains(w))
            && self.family.concat() != other.family.concat()
    }

    fn joined(&self) -> String {
        if self.doubtful { String::new() } else { [self.family.concat(), self.given.concat()].concat() }
    }
}

/// Each significant word of the shorter family name stands in the longer one, or they are the same without their gaps.
fn family_alike(a: &[String], b: &[String]) -> bool {
    if a.is_empty() || b.is_empty() {
        return false;
    }
    if a.concat() == b.concat() {
        return true;
    }
    let telling = |words: &[String]| -> Vec<String> {
        words.iter().filter(|w| !PARTICLES.contains(&w.as_str())).map(|w| without_umlauts(w)).collect()
    };
    let (a, b) = (telling(a), telling(b));
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    !few.is_empty() && few.iter().all(|w| many.contains(w))
}

/// "mueller" and "muller" are both Müller, "soerensen" and "sorensen" Sørensen.
fn without_umlauts(word: &str) -> String {
    word.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("aa", "a")
}

/// Each word of the shorter list has its own in the longer one; a letter stands for a word that begins with it.
fn given_alike(a: &[String], b: &[String], to_the_day: bool) -> bool {
    if a.is_empty() || b.is_empty() {
        return to_the_day;
    }
    if a.concat() == b.concat() {
        return true;
    }
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let mut left: Vec<&String> = many.iter().collect();
    for (n, word) in few.iter().enumerate() {
        // "Maryann" is "Mary Ann".
        if let Some(at) = left.windows(2).position(|two| two.iter().map(|w| w.as_str()).collect::<String>() == *word) {
            left.drain(at..at + 2);
            continue;
        }
        let by = |alike: fn(&str, &str) -> bool| left.iter().position(|w| alike(w, word));
        let short = || if to_the_day { by(short::alike) } else { None };
        let at = by(|a, b| a == b).or_else(|| by(stands_for)).or_else(short);
        let Some(at) = at else { return false };
        // The first name of one is a later name of the other: people do go by a middle name, but not by its first letter.
        let later = n == 0 && at > 0;
        if later && (!to_the_day || is_letter(word) || left.get(at).is_some_and(|w| is_letter(w))) {
            return false;
        }
        left.remove(at);
    }
    true
}

fn stands_for(a: &str, b: &str) -> bool {
    (is_letter(a) || is_letter(b)) && a.chars().next() == b.chars().next()
}

fn is_letter(word: &str) -> bool {
    word.chars().count() == 1 && !unspaced(word)
}

/// Chinese, Japanese, Korean: one sign may be a whole name.
fn unspaced(text: &str) -> bool {
    text.chars()
        .any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}'))
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(string).collect(),
        Some(one) => string(one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn is_title(word: &str) -> bool {
    TITLES.contains(&word)
}

fn generation_word(word: &str) -> Option<u8> {
    match word {
        "sr" | "senior" => Some(1),
        "jr" | "junior" | "ii" | "2nd" => Some(2),
        "iii" | "3rd" => Some(3),
        "iv" | "4th" => Some(4),
        _ => None,
    }
}

/// Which of the generations of a name: it never stands first.
fn generation_of(words: &[String]) -> Option<u8> {
    words.iter().find_map(|w| generation_word(w))
}

/// Without titles and generations, unless nothing else is left. Md and Do are given names too where they stand first.
fn untitled(words: Vec<String>) -> Vec<String> {
    let degree = |w: &str| matches!(w, "md" | "do");
    let says = |(n, w): &(usize, &String)| (!is_title(w) || *n == 0 && degree(w)) && generation_word(w).is_none();
    let plain: Vec<String> = words.iter().enumerate().filter(says).map(|(_, w)| w.clone()).collect();
    if plain.is_empty() { words } else { plain }
}

/// No given name where there is only the word for one who has none yet. With more beside it ("Baby Boy A") it may be one of
/// twins: that stays a name, and is asked about.
fn unless_newborn(given: Vec<String>) -> Vec<String> {
    if given.iter().all(|w| NEWBORN.contains(&w.as_str())) { Vec::new() } else { given }
}

/// Letters only, lower case, accents off; each word apart. Digits stay: Abe604 of a test system is Abe to nobody.
fn fold(text: &str) -> Vec<String> {
    let mut plain = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match unaccented(c) {
            Some(letters) => plain.push_str(letters),
            None if c.is_alphanumeric() => plain.push(c),
            None => plain.push(' '),
        }
    }
    plain.split_whitespace().map(str::to_owned).collect()
}

/// What a lower-case letter is without its accent; nothing for marks that are left out between letters.
fn unaccented(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | '\u{1ea0}'..='\u{1eb7}' => "a",
        'ç' | 'ć' | 'č' | 'ċ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ę' | 'ě' | 'ė' | '\u{1eb8}'..='\u{1ec7}' => "e",
        'ğ' | 'ģ' | 'ġ' => "g",
        'ħ' => "h",
        'ì'..='ï' | 'ī' | 'ı' | 'į' | '\u{1ec8}'..='\u{1ecb}' => "i",
        'ķ' => "k",
        'ł' | 'ļ' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'ơ' | '\u{1ecc}'..='\u{1ee3}' => "o",
        'ř' | 'ŗ' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ų' | 'ư' | '\u{1ee4}'..='\u{1ef1}' => "u",
        'ý' | 'ÿ' | '\u{1ef2}'..='\u{1ef9}' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'æ' => "ae",
        'œ' => "oe",
        '\'' | '’' | '‘' | '`' | '´' | 'ʼ' | 'ʻ' => "",
        '\u{300}'..='\u{36f}' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::record::PatientIdentity;
    use serde_json::{Value, json};

    fn born(name: &Value, birth: &str) -> PatientIdentity {
        let mut patient = json!({"name": [name]});
        if !birth.is_empty() {
            patient["birthDate"] = json!(birth);
        }
        PatientIdentity::of(&patient)
    }

    /// `Family|Given Names|suffix`, or a line of text.
    fn named(words: &str) -> Value {
        let mut parts = words.split('|');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(family), Some(given), suffix) => {
                json!({"family": family, "given": given.split(' ').filter(|g| !g.is_empty()).collect::<Vec<_>>(), "suffix": suffix.into_iter().collect::<Vec<_>>()})
            }
            _ => json!({"text": words}),
        }
    }

    /// In the chart, in the file, alike with the same birth date, alike without any in the file.
    const TABLE: &[(&str, &str, bool, bool)] = &[
        ("Ruth Carver", "Carver|Ruth", true, true),
        ("Ruth Carver", "CARVER|RUTH", true, true),
        ("Ruth Carver", "CARVER, RUTH A", true, true),
        ("Ruth Carver", "Ruth A. Carver", true, true),
        ("Ruth Ann Carver", "Carver|Ruth", true, true),
        ("Ruth Ann Carver", "Carver|Ruth A", true, true),
        ("Ruth Ann Carver", "Carver|R", true, true),
        ("Ruth Ann Carver", "Carver|R. A.", true, true),
        ("Ruth Ann Carver", "Carver|RuthAnn", true, true),
        ("Mary-Ann Carver", "Carver|Maryann", true, true),
        ("Dr. Ruth Carver", "Ruth Carver, MD", true, true),
        ("Ruth Carver", "Mrs. Ruth Carver", true, true),
        // By the middle name: with the birth date only, and never by its letter.
        ("Ruth Ann Carver", "Carver|Ann", true, false),
        ("Ruth Ann Carver", "Carver|A", false, false),
        ("Ruth Ann Carver", "Carver|Ruth Marie", false, false),
        ("Ruth Ann Carver", "Carver|Ruth M", false, false),
        // Twins.
        ("John Paul Carver", "Carver|James Paul", false, false),
        ("María Luisa Carver", "Carver|María Elena", false, false),
        ("Ruth Carver", "Carver|Rita", false, false),
        ("Ruth Carver", "Carter|Ruth", false, false),
        // Short forms: with the birth date only, and never of another name.
        ("William Carver", "Carver|Bill", true, false),
        ("Bob Carver", "Carver|Robert J", true, false),
        ("Robert Carver", "Carter|Rob", false, false),
        ("Robert Carver", "Carver|Bill", false, false),
        ("Elizabeth Ann Carver", "Carver|Betty", true, false),
        ("Peggy Quill-Carver", "CARVER|MARGARET", true, false),
        ("Alexander Carver", "Carver|Alexandra", false, false),
        // Umlauts written out.
        ("Jürgen Müller", "Mueller|Jürgen", true, true),
        ("Kai Sørensen", "Soerensen|Kai", true, true),
        ("Kai Muller", "Miller|Kai", false, false),
        // Hyphens, apostrophes, gaps, accents.
        ("Ruth Carver-Quill", "Carver|Ruth", true, true),
        ("Ruth Carver-Quill", "Quill|Ruth", true, true),
        ("Ruth Carver-Quill", "Carver|Ruth Ann", true, true),
        ("Ruth Carver-Quill", "Carver Quill|Ruth", true, true),
        ("Sean O'Brien", "OBRIEN|SEAN", true, true),
        ("Sean O’Brien", "O Brien|Sean", true, true),
        ("Seán Ó Briain", "O'Briain|Sean", true, true),
        ("Fiona McDonald", "Mc Donald|Fiona", true, true),
        ("Anna van der Berg", "Vanderberg|Anna", true, true),
        ("Anna van der Berg", "van den Heuvel|Anna", false, false),
        ("Ana de la Cruz", "de la Rosa|Ana", false, false),
        ("Ana de la Cruz", "Cruz|Ana", true, true),
        ("Nguyễn Thị Hòa", "NGUYEN|HOA THI", true, false),
        ("Zoë Ångström", "Angstrom|Zoe", true, true),
        ("Łukasz Wójcik", "WOJCIK|LUKASZ", true, true),
        ("Ren\u{65}\u{301}e Dupont", "Dupont|Renée", true, true),
        // Two surnames.
        ("María García López", "García López|María", true, true),
        ("María García López", "García|María", true, true),
        ("María García López", "López|María", true, true),
        ("María García López", "García Pérez|María", false, false),
        ("María García López", "García|María Elena", false, false),
        // Fathers and sons.
        ("John Carver Jr.", "Carver|John|Sr", false, false),
        ("John Carver Jr.", "Carver|John|II", true, true),
        ("John Carver", "Carver Jr|John", true, true),
        ("John Carver III", "Carver|John|Jr.", false, false),
        // Swapped.
        ("Ruth Carver", "Ruth|Carver", true, false),
        ("Ruth Carver", "Carver Ruth", true, false),
        ("Wang Xiaoming", "Wang|Xiaoming", true, false),
        // No or only part of a name.
        ("Ruth Carver", "Carver|", true, false),
        ("Ruth Carver", "|Ruth", true, false),
        ("Ruth Carver", "|Rita", false, false),
        ("Ruth Carver", "", true, false),
        ("Sukarno", "Sukarno|", true, false),
        ("Md Rahman", "Rahman|Md", true, true),
        ("Md Rahman", "Rahman|Abdul", false, false),
        // Newborns; of twins it is asked.
        ("Milo Carver", "Carver|Baby Boy", true, false),
        ("Milo Carver", "Carver|BabyBoy", true, false),
        ("Milo Carver", "BABY BOY CARVER", true, false),
        ("Milo Carver", "Carver|Baby Boy A", false, false),
        // Other scripts.
        ("王小明", "王|小明", true, true),
        ("王小明", "王|小红", false, false),
        ("Мария Иванова", "ИВАНОВА|МАРИЯ", true, true),
        ("Мария Иванова", "Ivanova|Maria", false, false),
        ("Γιώργος Παππάς", "Παππάς|Γιώργος", true, true),
        ("فاطمة حسن", "حسن|فاطمة", true, true),
    ];

    #[test]
    fn names_are_alike_or_not() {
        let mut wrong = Vec::new();
        for (chart, file, dated, undated) in TABLE {
            let person = PatientIdentity::person(chart, "1954-03-14", "unknown");
            for (birth, expected) in [("1954-03-14", *dated), ("", *undated)] {
                let is = person.matches(&born(&named(file), birth));
                if is != expected {
                    wrong.push(format!("{chart} / {file} / {birth:?}: {is}"));
                }
                assert!(!person.matches(&born(&named(file), "1955-03-14")), "{chart} / {file}: another birth date is another person");
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn birth_dates_agree_as_far_as_they_go() {
        let ruth = PatientIdentity::person("Ruth Carver", "1954-03-14", "female");
        for (birth, same) in [
            ("1954", true),
            ("1954-03", true),
            ("1954-03-14", true),
            ("1954-03-14T23:30:00-05:00", true),
            ("1954-03-14T00:00:00Z", true),
            ("1955", false),
            ("1954-04", false),
            ("1954-03-15", false),
            ("14.03.1954", false),
        ] {
            assert_eq!(ruth.matches(&born(&named("Carver|Ruth"), birth)), same, "{birth}");
        }
        assert!(!ruth.matches(&born(&named(""), "1954")), "a year alone is nobody");
        assert!(!ruth.matches(&born(&named("Ruth|Carver"), "1954")), "swapped names want the day");
    }

    #[test]
    fn any_name_that_a_person_has_had_counts() {
        let ruth = PatientIdentity::person("Ruth Carver", "1954-03-14", "female");
        let names = |list: Value| PatientIdentity::of(&json!({"name": list, "birthDate": "1954-03-14"}));
        assert!(
            ruth.matches(&names(json!([{"family": "Quill", "given": ["Ruth"]}, {"use": "maiden", "family": "Carver", "given": ["Ruth"]}])))
        );
        assert!(
            !ruth.matches(&names(json!([{"family": "Quill", "given": ["Ruth"]}, {"use": "old", "family": "Carver", "given": ["Rita"]}])))
        );
        // DSTU2 gives family names as a list, and some systems text beside the parts.
        assert!(ruth.matches(&names(json!([{"family": ["Quill", "Carver"], "given": "Ruth"}]))));
        assert!(ruth.matches(&names(json!([{"text": "nonsense", "family": "Carver", "given": ["Ruth", "Ann"]}]))));
        assert!(ruth.matches(&names(json!([{"family": " ", "given": [null, 5, ""]}, {"text": "Ruth Carver"}]))));
    }
}
