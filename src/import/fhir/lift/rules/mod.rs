//! The language of the rule files, small enough to read at a glance. One line a rule, indented under its type:
//!
//! ```text
//! BodySite -> BodyStructure           the type has another name in R4
//!   notes > note                      moves an element; the old name may be a path, through every element of lists
//!   product.form > ^form              ^ starts again at the resource
//!   comment > note[]                  adds to a list
//!   condition > diagnosis[].condition each value becomes an object in a list; {k=v} gives that object more
//!   context ~> encounter              moves a reference to an Encounter; one to an EpisodeOfCare is left
//!   status = aborted:stopped          other codes; with `!` for `:` the old code is kept beside it, since the new says less
//!   clinicalStatus @ SYSTEM a:b       a code becomes a concept of this system; `a:` alone becomes text
//!   notDone ! status=not-done         a negation that was a flag: if true the other element says so, the old value is kept
//!   statusReason "                    a text becomes a concept with only that text
//!   intent + order                    true of every resource of this type by what the type means
//!   status ?                          R4 asks for it: if absent, said to be so (data-absent-reason); `??` where it is no primitive
//!   goal_status()                     a map written in code
//! ```
//! `T:` stands for `http://terminology.hl7.org/CodeSystem/`. What a rule cannot move stays where it is, to be kept as an extension.

mod parse;

use super::{Fields, concept, keep};
use crate::import::fhir::version::Version;
use parse::{full_system, parse_rule};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::LazyLock;

pub(super) static DSTU2: LazyLock<Rules> =
    LazyLock::new(|| Rules::parse(include_str!("../../../../../assets/fhir/lift-dstu2.txt"), Version::Dstu2));
pub(super) static STU3: LazyLock<Rules> =
    LazyLock::new(|| Rules::parse(include_str!("../../../../../assets/fhir/lift-stu3.txt"), Version::Stu3));
pub(super) static R5: LazyLock<Rules> = LazyLock::new(|| Rules::parse(include_str!("../../../../../assets/fhir/lift-r5.txt"), Version::R5));

/// The rules of one version.
pub(super) struct Rules {
    version: Version,
    types: HashMap<&'static str, (Option<&'static str>, Vec<Rule>)>,
}

enum Rule {
    Move { from: Path, to: Vec<Step>, at_root: bool, encounter_only: bool },
    Codes { path: Path, codes: Codes },
    Concept { path: Path, system: String, codes: Codes },
    Flag { path: Path, to: &'static str, value: &'static str },
    Text { path: Path },
    Always { key: &'static str, value: &'static str },
    Absent { path: Path, primitive: bool },
    Call(fn(&mut Fields)),
}

type Path = Vec<&'static str>;
/// Old code, new code, whether the old says more.
type Codes = Vec<(&'static str, &'static str, bool)>;

/// One step of the place that a value moves to.
struct Step {
    key: &'static str,
    each: bool,
    with: Vec<(&'static str, &'static str)>,
}

impl Rules {
    fn parse(text: &'static str, version: Version) -> Self {
        let mut types: HashMap<&'static str, (Option<&'static str>, Vec<Rule>)> = HashMap::new();
        let mut current = "";
        for line in text.lines() {
            let line = line.split_once(" #").map_or(line, |(rule, _)| rule).trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if !line.starts_with(' ') {
                let (name, new) = line.split_once(" -> ").map_or((line, None), |(name, new)| (name, Some(new)));
                current = name;
                types.insert(name, (new, Vec::new()));
            } else if let (Some(rule), Some((_, rules))) = (parse_rule(line.trim()), types.get_mut(current)) {
                rules.push(rule);
            }
        }
        Self { version, types }
    }

    /// Applies the rules of this type.
    pub(super) fn apply(&self, fields: &mut Fields, kind: &str) {
        let Some((new, rules)) = self.types.get(kind) else { return };
        for rule in rules {
            rule.apply(fields, kind, self.version);
        }
        if let Some(new) = new {
            fields.insert("resourceType".to_owned(), Value::String((*new).to_owned()));
        }
    }
}

/// A value with what stands beside it under `_name`.
pub(super) type Pair = (Value, Option<Value>);

fn remove(fields: &mut Fields, key: &str) -> Option<Pair> {
    let beside = fields.shift_remove(&format!("_{key}"));
    match fields.shift_remove(key) {
        Some(value) => Some((value, beside)),
        None => beside.map(|beside| (Value::Null, Some(beside))),
    }
}

fn insert(fields: &mut Fields, key: &str, (value, beside): Pair) {
    if !value.is_null() {
        fields.insert(key.to_owned(), value);
    }
    if let Some(beside) = beside {
        fields.insert(format!("_{key}"), beside);
    }
}

/// Does something to every object that a path's parents lead to.
fn visit(fields: &mut Fields, path: &[&str], act: &mut dyn FnMut(&mut Fields, &str)) {
    match path {
        [] => {}
        [key] => act(fields, key),
        [step, rest @ ..] => {
            for inner in super::each(fields, step) {
                visit(inner, rest, act);
            }
            let emptied = |v: &Value| v.as_object().is_some_and(Fields::is_empty);
            let gone =
                fields.get(*step).is_some_and(|v| emptied(v) || v.as_array().is_some_and(|a| !a.is_empty() && a.iter().all(emptied)));
            if gone {
                fields.shift_remove(*step);
            }
        }
    }
}

/// Puts a value at a place, or gives it back if another is there.
fn put(fields: &mut Fields, steps: &[Step], pair: Pair) -> Result<(), Box<Pair>> {
    match steps {
        [] => Err(pair.into()),
        [last] if !last.each => {
            let taken = fields.contains_key(last.key) || fields.contains_key(&format!("_{}", last.key));
            match (fields.get_mut(last.key), pair) {
                (Some(Value::Array(old)), (Value::Array(new), None)) => {
                    old.extend(new);
                    Ok(())
                }
                (_, pair) if taken => Err(pair.into()),
                (_, pair) => {
                    insert(fields, last.key, pair);
                    Ok(())
                }
            }
        }
        [last] => {
            let (value, beside) = pair;
            if beside.is_some() {
                return Err((value, beside).into());
            }
            let values = match value {
                Value::Array(values) => values,
                one => vec![one],
            };
            values.into_iter().for_each(|v| super::push(fields, last.key, v));
            Ok(())
        }
        [step, rest @ ..] if step.each => {
            let (value, beside) = pair;
            let pairs = match (value, beside) {
                (Value::Array(values), None) => values.into_iter().map(|v| (v, None)).collect(),
                one => vec![one],
            };
            for pair in pairs {
                let mut inner: Fields = step.with.iter().map(|(k, v)| ((*k).to_owned(), constant(v))).collect();
                put(&mut inner, rest, pair)?;
                super::push(fields, step.key, Value::Object(inner));
            }
            Ok(())
        }
        [step, rest @ ..] => {
            let inner = fields.entry(step.key).or_insert_with(|| json!({}));
            let inner = match inner {
                Value::Array(items) => items.first_mut().and_then(Value::as_object_mut),
                one => one.as_object_mut(),
            };
            match inner {
                Some(inner) => put(inner, rest, pair),
                None => Err(pair.into()),
            }
        }
    }
}

/// `system|code` as a concept, anything else as text.
fn constant(text: &str) -> Value {
    match text.split_once('|') {
        Some((system, code)) => concept(&full_system(system), code),
        None => Value::String(text.to_owned()),
    }
}

impl Rule {
    fn apply(&self, fields: &mut Fields, kind: &str, version: Version) {
        match self {
            Self::Move { from, to, at_root, encounter_only } => {
                let mut hoisted = Vec::new();
                visit(fields, from, &mut |parent, key| {
                    if *encounter_only && !is_encounter(parent.get(key)) {
                        return;
                    }
                    let Some(pair) = remove(parent, key) else { return };
                    if *at_root {
                        hoisted.push(pair);
                    } else if let Err(pair) = put(parent, to, pair) {
                        insert(parent, key, *pair);
                    }
                });
                for pair in hoisted {
                    if let Err(pair) = put(fields, to, pair) {
                        keep::keep(fields, &keep::url(version, kind, &from.join(".")), pair.0);
                    }
                }
            }
            Self::Codes { path, codes } => visit(fields, path, &mut |parent, key| recode(parent, key, codes, kind, path, version)),
            Self::Concept { path, system, codes } => visit(fields, path, &mut |parent, key| {
                let Some(code) = parent.get(key).and_then(Value::as_str) else { return };
                let value = match codes.iter().find(|(old, ..)| *old == code) {
                    Some((old, "", _)) => json!({ "text": old }),
                    Some((_, new, _)) => concept(system, new),
                    None => concept(system, code),
                };
                parent.insert(key.to_owned(), value);
            }),
            Self::Flag { path, to, value } => visit(fields, path, &mut |parent, key| match parent.get(key) {
                Some(Value::Bool(true)) => {
                    parent.shift_remove(key);
                    let old = parent.insert((*to).to_owned(), Value::String((*value).to_owned()));
                    match old {
                        // What was entered in error stays so: that outranks any negation.
                        Some(old) if old == "entered-in-error" => {
                            parent.insert((*to).to_owned(), old);
                            keep::keep(parent, &keep::url(version, kind, &path.join(".")), Value::Bool(true));
                        }
                        Some(old) if old != *value => keep::keep(parent, &keep::url(version, kind, to), old),
                        _ => {}
                    }
                }
                Some(Value::Bool(false)) => {
                    parent.shift_remove(key);
                }
                _ => {}
            }),
            Self::Text { path } => visit(fields, path, &mut |parent, key| {
                let concept_of = |v: &Value| v.as_str().map(|text| json!({ "text": text }));
                match parent.get_mut(key) {
                    Some(Value::Array(items)) => items.iter_mut().for_each(|v| {
                        if let Some(new) = concept_of(v) {
                            *v = new;
                        }
                    }),
                    Some(v) => {
                        if let Some(new) = concept_of(v) {
                            *v = new;
                        }
                    }
                    None => {}
                }
            }),
            Self::Always { key, value } => {
                fields.entry(*key).or_insert_with(|| Value::String((*value).to_owned()));
            }
            Self::Absent { path, primitive } => visit(fields, path, &mut |parent, key| absent(parent, key, *primitive)),
            Self::Call(map) => map(fields),
        }
    }
}

/// FHIR R4, "data-absent-reason": the source did not give what R4 asks for.
fn absent(fields: &mut Fields, key: &str, primitive: bool) {
    let under = format!("_{key}");
    if !fields.contains_key(key) && !fields.contains_key(&under) {
        let url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
        let key = if primitive { under } else { key.to_owned() };
        fields.insert(key, json!({ "extension": [{ "url": url, "valueCode": "unknown" }] }));
    }
}

fn recode(parent: &mut Fields, key: &str, codes: &Codes, kind: &str, path: &[&str], version: Version) {
    let mut kept = Vec::new();
    let mut swap = |v: &mut Value| {
        let Some(code) = v.as_str() else { return };
        if let Some((_, new, lossy)) = codes.iter().find(|(old, ..)| *old == code) {
            let old = std::mem::replace(v, Value::String((*new).to_owned()));
            if *lossy {
                kept.push(old);
            }
        }
    };
    match parent.get_mut(key) {
        Some(Value::Array(items)) => items.iter_mut().for_each(&mut swap),
        Some(v) => swap(v),
        None => {}
    }
    for old in kept {
        keep::keep(parent, &keep::url(version, kind, &path.join(".")), old);
    }
}

/// STU3 `context` is an Encounter or an EpisodeOfCare; R4 `encounter` only the former.
fn is_encounter(reference: Option<&Value>) -> bool {
    let target = reference.and_then(|r| r.get("reference")).and_then(Value::as_str).unwrap_or("");
    !target.contains("EpisodeOfCare/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_rule() {
        for text in [
            include_str!("../../../../../assets/fhir/lift-dstu2.txt"),
            include_str!("../../../../../assets/fhir/lift-stu3.txt"),
            include_str!("../../../../../assets/fhir/lift-r5.txt"),
        ] {
            let mut seen = std::collections::HashSet::new();
            for line in text.lines().map(|l| l.split_once(" #").map_or(l, |(rule, _)| rule).trim_end()) {
                if line.starts_with(' ') {
                    assert!(parse_rule(line.trim()).is_some(), "not a rule: {line}");
                } else if !line.is_empty() && !line.starts_with('#') {
                    assert!(seen.insert(line.split(' ').next()), "a type twice: {line}");
                }
            }
        }
    }

    #[test]
    fn moves_wrap_append_and_hoist() {
        let rules = Rules::parse(
            "X\n  a.b > ^c\n  d > e[].f\n  g > h[]\n  i > j.k\n  m > n[]{type=T:x|y}.o\n  p = old:new bad!good\n  q ! p=no\n",
            Version::Stu3,
        );
        let mut fields = json!({
            "a": {"b": 1}, "d": [2, 3], "g": {"x": 1}, "i": "k", "m": "M", "p": "bad", "q": false
        });
        rules.apply(fields.as_object_mut().expect("object"), "X");
        let system = "http://terminology.hl7.org/CodeSystem/x";
        assert_eq!(
            fields,
            json!({
                "c": 1, "e": [{"f": 2}, {"f": 3}], "h": [{"x": 1}], "j": {"k": "k"},
                "n": [{"type": {"coding": [{"system": system, "code": "y"}]}, "o": "M"}], "p": "good",
                "extension": [{"url": "http://hl7.org/fhir/3.0/StructureDefinition/extension-X.p", "valueString": "bad"}]
            })
        );
    }
}
