//! Sharing: what is chosen, for whom, until when, in which form.

mod form;
mod given;
mod made;
mod single;

pub(crate) use form::page;
pub(crate) use given::one;
pub(crate) use made::words_first;

use crate::export::{Choice, Format, Profile};
use crate::record::{Class, Sensitive, SensitiveSet};
use crate::share::{Reach, Share};
use std::collections::BTreeMap;

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A health link that this server answers.
    Link,
    /// A health link to one file, which the household puts on a web host itself.
    Hosted,
    /// One encrypted page.
    Page,
    /// A plain file.
    File(Format),
}

impl Form {
    /// All that are on offer.
    pub(crate) fn all() -> Vec<Self> {
        let files = FILES.iter().filter_map(|(name, ..)| Format::from_name(name).ok().map(Self::File));
        [Self::Link, Self::Page].into_iter().chain(files).chain([Self::Hosted]).collect()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Hosted => "hosted",
            Self::Page => "page",
            Self::File(format) => format.name(),
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|f| f.name() == name)
    }

    /// What it is called, and what it is good for.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Link => ("Link and code to scan", "Opens in any browser. Each opening is noted"),
            Self::Hosted => ("File for your own web space", "An encrypted file and its link, for homes that nobody can reach from outside"),
            Self::Page => ("Encrypted page", "One file for e-mail or a USB stick. Opens in any browser without a network, with six words"),
            Self::File(format) => {
                FILES.iter().find(|(name, ..)| *name == format.name()).map_or(("File", ""), |(_, name, hint)| (name, hint))
            }
        }
    }
}

/// Files that a clinic can use: (format, words, hint). Those that this version cannot make are left out.
const FILES: [(&str, &str, &str); 6] = [
    ("bundle", "Clinic bundle", "A zip for a USB stick or their portal: summary, C-CDA, originals. Not encrypted"),
    ("pdf", "PDF to print or send", "Summary first, then the detail. Not encrypted"),
    ("ccda", "C-CDA document", "What most clinics’ own systems read. Not encrypted"),
    ("xdm", "C-CDA package (XDM)", "A zip that health information exchanges take. Not encrypted"),
    ("ips", "Patient summary (IPS)", "The international summary, in FHIR. Not encrypted"),
    ("fhir", "Records (FHIR)", "For another health program. Not encrypted"),
];

/// When it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    Day,
    Week,
    Month,
    Stopped,
}

impl Until {
    pub(crate) const ALL: [(Self, &'static str, &'static str, Option<i64>); 4] = [
        (Self::Day, "day", "24 hours", Some(86_400)),
        (Self::Week, "week", "7 days", Some(7 * 86_400)),
        (Self::Month, "month", "30 days", Some(30 * 86_400)),
        (Self::Stopped, "stopped", "Until I stop it", None),
    ];

    /// The moment, from now on.
    pub(crate) fn moment(self, now: i64) -> Option<i64> {
        Self::ALL.iter().find(|u| u.0 == self).and_then(|u| u.3).map(|span| now + span)
    }
}

/// What the form holds.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) profile: Profile,
    pub(crate) choice: Choice,
    pub(crate) until: Until,
    pub(crate) ask: bool,
    pub(crate) passcode: String,
    pub(crate) reply: bool,
    pub(crate) long_term: bool,
    pub(crate) form: Form,
    pub(crate) host: String,
    /// What is looked for by name, to be put in or left out.
    pub(crate) find: String,
}

impl Chosen {
    /// As a profile has it.
    pub(crate) fn of(profile: Profile) -> Self {
        Self {
            profile,
            choice: Choice::of(profile),
            until: if profile == Profile::Family { Until::Stopped } else { Until::Week },
            ask: true,
            passcode: String::new(),
            reply: false,
            long_term: profile == Profile::Family,
            form: Form::Link,
            host: String::new(),
            find: String::new(),
        }
    }

    /// One record, by its key, and nothing else.
    pub(crate) fn one(key: String) -> Self {
        let mut chosen = Self::of(Profile::NewClinic);
        (chosen.choice.selection.include, chosen.choice.selection.exclude) = (Vec::new(), Class::ALL.to_vec());
        chosen.choice.with.insert(key);
        chosen
    }

    /// Whether records of a kind go along, as far as kinds go.
    pub(crate) fn takes(&self, class: Class) -> bool {
        self.choice.selection.classes().contains(&class)
    }
}

/// A record of the chart.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) key: String,
    pub(crate) rid: i64,
    pub(crate) title: String,
    pub(crate) date: String,
    pub(crate) sensitive: SensitiveSet,
    /// Whether it goes out.
    pub(crate) goes: bool,
}

/// Records of one kind: how many, how many of them are sensitive, and the first of them, with more of the sensitive ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) sensitive: u64,
    pub(crate) lines: Vec<Line>,
}

/// What goes out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preview {
    /// By kind.
    pub(crate) kinds: BTreeMap<Class, Group>,
    pub(crate) total: u64,
    /// What stays here, by kind, but for what was left out one by one.
    pub(crate) stays: BTreeMap<Class, Group>,
    /// By sensitive kind: how many there are in the chart.
    pub(crate) sensitive: Vec<(Sensitive, u64)>,
    /// All kinds of the chart with how many records each has.
    pub(crate) counts: BTreeMap<Class, u64>,
    /// Records that were put in and left out one by one.
    pub(crate) with: Vec<Line>,
    pub(crate) without: Vec<Line>,
    /// What was found by name, if anything was looked for.
    pub(crate) found: Option<Vec<Line>>,
}

/// The whole page.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) chosen: Chosen,
    pub(crate) preview: Preview,
    pub(crate) shares: Vec<Share>,
    /// Earlier choices: (id, for whom).
    pub(crate) earlier: Vec<(String, String)>,
    pub(crate) base: String,
    pub(crate) reach: Reach,
    /// What was wrong with the form.
    pub(crate) wrong: Option<String>,
}
