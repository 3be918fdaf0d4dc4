//! Sources by name, for pages that say where something comes from.

use crate::Result;
use crate::vault::{Chart, SourceInfo};

/// The sources of a chart that are here (not removed), newest first.
#[derive(Debug)]
pub struct Sources(Vec<SourceInfo>);

impl Sources {
    /// Reads them.
    ///
    /// # Errors
    /// Internal when the database fails.
    pub fn of(chart: &Chart) -> Result<Self> {
        Ok(Self(chart.sources()?))
    }

    /// The name of a source; its id when it is gone.
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.iter().find(|s| s.id == id).map_or(id, |s| s.name.as_str())
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Option<&SourceInfo> {
        self.0.iter().find(|s| s.id == id)
    }

    /// Those that can be chosen in a filter.
    pub fn here(&self) -> impl Iterator<Item = &SourceInfo> {
        self.0.iter().filter(|s| s.removed.is_none())
    }

    /// "in 3 sources: a.xml, b.json, c.zip", or nothing for one.
    pub fn several(&self, ids: &[String]) -> Option<String> {
        (ids.len() > 1).then(|| format!("in {} sources: {}", ids.len(), ids.iter().map(|i| self.name(i)).collect::<Vec<_>>().join(", ")))
    }
}
