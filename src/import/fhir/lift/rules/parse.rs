//! The language of the rule files, read.

use super::super::call;
use super::{Codes, Path, Rule, Step};

/// One line under a type.
pub(super) fn parse_rule(line: &'static str) -> Option<Rule> {
    if let Some(name) = line.strip_suffix("()") {
        return call(name).map(Rule::Call);
    }
    let (path, rest) = line.split_once(' ')?;
    let (op, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let from: Path = path.split('.').collect();
    Some(match op {
        ">" | "~>" => {
            let (at_root, to) = rest.strip_prefix('^').map_or((false, rest), |to| (true, to));
            Rule::Move { from, to: parse_steps(to)?, at_root, encounter_only: op == "~>" }
        }
        "=" => Rule::Codes { path: from, codes: parse_codes(rest)? },
        "@" => {
            let (system, codes) = rest.split_once(' ').unwrap_or((rest, ""));
            Rule::Concept { path: from, system: full_system(system), codes: parse_codes(codes)? }
        }
        "!" => {
            let (to, value) = rest.split_once('=')?;
            Rule::Flag { path: from, to, value }
        }
        "\"" => Rule::Text { path: from },
        "+" => Rule::Always { key: path, value: rest },
        "?" | "??" => Rule::Absent { path: from, primitive: op == "?" },
        _ => return None,
    })
}

fn parse_codes(text: &'static str) -> Option<Codes> {
    text.split(' ')
        .filter(|w| !w.is_empty())
        .map(|word| word.split_once(':').map(|(a, b)| (a, b, false)).or_else(|| word.split_once('!').map(|(a, b)| (a, b, true))))
        .collect()
}

fn parse_steps(text: &'static str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['.', '[', '{']).unwrap_or(rest.len());
        let (key, after) = rest.split_at_checked(end)?;
        let (each, after) = after.strip_prefix("[]").map_or((false, after), |after| (true, after));
        let (with, after) = match after.strip_prefix('{') {
            Some(inner) => {
                let (with, after) = inner.split_once('}')?;
                (with.split(';').map(|pair| pair.split_once('=')).collect::<Option<Vec<_>>>()?, after)
            }
            None => (Vec::new(), after),
        };
        steps.push(Step { key, each, with });
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    (!steps.is_empty()).then_some(steps)
}

/// A system with `T:` written out.
pub(super) fn full_system(system: &str) -> String {
    system.strip_prefix("T:").map_or_else(|| system.to_owned(), |name| format!("http://terminology.hl7.org/CodeSystem/{name}"))
}
