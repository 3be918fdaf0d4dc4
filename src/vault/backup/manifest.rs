//! What a backup says of itself.

use crate::vault::{activity, db, files, register};
use crate::{Result, vault::backup::damaged};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of the layout of the tar. Goes up when an older Keepwell could not read it.
pub(super) const FORMAT: u32 = 1;
pub(super) const ABOUT: &str = "about.json";
pub(super) const MANIFEST: &str = "manifest.json";

/// The first file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) format: u32,
    /// The version of Keepwell that made it.
    pub(super) keepwell: String,
    /// Seconds since 1970.
    pub(super) made: i64,
    /// How many steps of each schema that Keepwell knew.
    pub(super) schemas: Schemas,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Schemas {
    pub(super) household: usize,
    pub(super) records: usize,
    pub(super) activity: usize,
}

impl Schemas {
    pub(super) fn own() -> Self {
        Self { household: register::steps(), records: db::steps(), activity: activity::steps() }
    }
}

impl About {
    pub(super) fn now() -> Self {
        Self { format: FORMAT, keepwell: env!("CARGO_PKG_VERSION").to_owned(), made: files::now(), schemas: Schemas::own() }
    }

    /// Refused when a newer Keepwell made it.
    pub(super) fn check(&self) -> Result<()> {
        let own = Schemas::own();
        let s = &self.schemas;
        if self.format > FORMAT || s.household > own.household || s.records > own.records || s.activity > own.activity {
            return Err(db::newer());
        }
        Ok(())
    }
}

/// The last file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) about: About,
    pub(super) charts: Vec<ChartOf>,
    /// The ends of the activity logs.
    pub(super) heads: Vec<HeadOf>,
    pub(super) files: Vec<FileOf>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChartOf {
    pub(super) id: String,
    /// Whether its databases are plain SQLite in here; else they are as on the disk, encrypted under the chart's key.
    pub(super) plain: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HeadOf {
    pub(super) chart: String,
    pub(super) count: i64,
    pub(super) hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FileOf {
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) sha256: String,
    /// Rows by table, of a plain database.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tables: BTreeMap<String, i64>,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// When it was made, seconds since 1970.
    pub made: i64,
    /// The version of Keepwell that made it.
    pub keepwell: String,
    /// Its size in bytes.
    pub size: u64,
    /// Charts in it.
    pub charts: usize,
    /// Those of them whose databases are encrypted once more under their own keys.
    pub sealed: usize,
    /// Files in it.
    pub files: usize,
    /// Rows of the tables that were counted and compared.
    pub rows: i64,
}

impl Manifest {
    pub(super) fn summary(&self, size: u64) -> Summary {
        Summary {
            made: self.about.made,
            keepwell: self.about.keepwell.clone(),
            size,
            charts: self.charts.len(),
            sealed: self.charts.iter().filter(|c| !c.plain).count(),
            files: self.files.len(),
            rows: self.files.iter().flat_map(|f| f.tables.values()).sum(),
        }
    }

    pub(super) fn read(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).map_err(|_| damaged())
    }
}
