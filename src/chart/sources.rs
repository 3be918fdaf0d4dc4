//! Sources by name, for pages that say where something comes from.

use crate::Result;
use crate::record::reference_words;
use crate::vault::{Chart, Query, SourceInfo};
use std::collections::HashMap;

/// The sources of a chart that are here (not removed), newest first.
#[derive(Debug)]
pub struct Sources {
    all: Vec<SourceInfo>,
    names: HashMap<String, String>,
    keepers: HashMap<String, String>,
}

/// So many heads of documents are asked who keeps them.
const MANY: usize = 200;

/// So many sources are named in a line.
const FEW: usize = 3;

/// The name of a file into which a program wrote a number of its own, without it: "Ruth_Carver_fe0562b5-f517-….json" is
/// "Ruth Carver". None where nothing has to go.
fn plain(file: &str) -> Option<String> {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let parts: Vec<&str> = stem.split(['_', ' ']).filter(|p| !p.is_empty()).collect();
    let machine = |p: &str| {
        let digits = p.bytes().filter(u8::is_ascii_digit).count();
        p.len() >= 16 && digits >= 4 && p.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    };
    let words: Vec<&str> = parts.iter().copied().filter(|p| !machine(p)).collect();
    let name = words.join(" ");
    (words.len() < parts.len() && name.chars().filter(|c| c.is_alphabetic()).count() > 2).then_some(name)
}

impl Sources {
    /// Reads them. A source is called by who keeps its record (`Composition.custodian`, `Patient.managingOrganization`);
    /// two of one keeper, and those that name none, by their files.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn of(chart: &Chart) -> Result<Self> {
        let all = chart.sources()?;
        let types = vec!["Composition".to_owned(), "Patient".to_owned()];
        let heads = chart.list(&Query { types, limit: MANY, ..Query::default() })?.rows;
        let mut keepers: HashMap<String, String> = HashMap::new();
        for row in heads {
            let resource = row.resource();
            let keeper = resource.get("custodian").or_else(|| resource.get("managingOrganization"));
            if let Some(name) = keeper.and_then(|k| reference_words(&resource, k)).filter(|n| n.chars().any(char::is_alphabetic)) {
                let better = row.kind == "Composition" || !keepers.contains_key(&row.source);
                if better {
                    keepers.insert(row.source, name);
                }
            }
        }
        let mut times: HashMap<&str, usize> = HashMap::new();
        keepers.values().for_each(|name| *times.entry(name).or_default() += 1);
        let called = |s: &SourceInfo| {
            let keeper = keepers.get(&s.id)?;
            let alone = times.get(keeper.as_str()) == Some(&1);
            let file = || plain(&s.name).unwrap_or_else(|| s.name.clone());
            Some((s.id.clone(), if alone { keeper.clone() } else { format!("{keeper} ({})", file()) }))
        };
        let mut names: HashMap<String, String> = all.iter().filter_map(called).collect();
        let files: Vec<(&SourceInfo, String)> =
            all.iter().filter(|s| !names.contains_key(&s.id)).filter_map(|s| Some((s, plain(&s.name)?))).collect();
        // A name that two files would share names neither.
        let alone = |name: &String| files.iter().filter(|(_, other)| other == name).count() == 1;
        let own: Vec<(String, String)> = files.iter().filter(|(_, n)| alone(n)).map(|(s, n)| (s.id.clone(), n.clone())).collect();
        names.extend(own);
        Ok(Self { all, names, keepers })
    }

    /// What a source is called; its id when it is gone.
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.get(id).map_or_else(|| self.file(id), String::as_str)
    }

    /// Who keeps its records, where it says so.
    pub fn keeper(&self, id: &str) -> Option<&str> {
        self.keepers.get(id).map(String::as_str)
    }

    /// The name of its file; its id when it is gone.
    pub fn file<'a>(&'a self, id: &'a str) -> &'a str {
        self.get(id).map_or(id, |s| s.name.as_str())
    }

    /// All of them, those that were taken out too.
    pub fn all(&self) -> &[SourceInfo] {
        &self.all
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Option<&SourceInfo> {
        self.all.iter().find(|s| s.id == id)
    }

    /// Those that can be chosen in a filter.
    pub fn here(&self) -> impl Iterator<Item = &SourceInfo> {
        self.all.iter().filter(|s| s.removed.is_none())
    }

    /// "in 5 sources: a.xml, b.json, c.zip and 2 more", or nothing for one.
    pub fn several(&self, ids: &[String]) -> Option<String> {
        let all: Vec<&str> = ids.iter().map(String::as_str).collect();
        (ids.len() > 1).then(|| format!("in {} sources: {}", ids.len(), self.listed(&all)))
    }

    /// "a.xml, b.json, c.zip and 2 more".
    pub fn listed(&self, ids: &[&str]) -> String {
        let named = ids.iter().take(FEW).map(|i| self.name(i)).collect::<Vec<_>>().join(", ");
        let more = ids.len().saturating_sub(FEW);
        if more > 0 { format!("{named} and {more} more") } else { named }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_programs_are_no_names() {
        assert_eq!(plain("Ruth_Carver_fe0562b5-f517-4951-8366-32fdab088930.json").as_deref(), Some("Ruth Carver"));
        for file in ["AlderStreet-2026-11-14.zip", "fe0562b5-f517-4951-8366-32fdab088930.json", "scan 20261114.pdf", "labs_2026.json", ""] {
            assert_eq!(plain(file), None, "{file}");
        }
    }
}
