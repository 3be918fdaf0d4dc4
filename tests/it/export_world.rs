//! A chart in a temporary vault, filled through the real pipeline.

use keepwell::demo::DemoPerson;
use keepwell::household::{Beginning, Household, SignedIn};
use keepwell::import::Limits;
use keepwell::import::pipeline::{Accept, Options, Unwatched, import};
use keepwell::import::report::FileReport;
use keepwell::vault::{Chart, Query, Row, Vault};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

pub(crate) struct World {
    pub(crate) chart: Arc<Chart>,
    _who: SignedIn,
    household: Household,
    _dir: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(person: &str, birth_date: &str, sex: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let household = Household::new(Arc::new(Vault::create(&dir.path().join("vault")).expect("a vault")));
        let first = Beginning { member: "Ruth", passphrase: "four words make a good one", person, birth_date, sex };
        let (who, _) = household.begin(&first).expect("a beginning");
        let id = household.charts(&who).expect("charts")[0].0.id.clone();
        let chart = household.open(&who, &id).expect("a chart");
        Self { chart, _who: who, household, _dir: dir }
    }

    pub(crate) fn household(&self) -> &Household {
        &self.household
    }

    /// An empty chart of the same person.
    pub(crate) fn of(person: &DemoPerson) -> Self {
        Self::new(person.name, person.birth_date, person.sex)
    }

    /// A chart with all files of a person of the demo.
    pub(crate) fn filled(person: &DemoPerson) -> Self {
        let world = Self::of(person);
        for file in &person.files {
            let report = world.import(&file.name, &file.bytes);
            assert_eq!(report.error, None, "{}", file.name);
            assert!(report.adds_up(), "{}", file.name);
        }
        world
    }

    pub(crate) fn import(&self, name: &str, bytes: &[u8]) -> FileReport {
        self.import_as(name, bytes, None)
    }

    pub(crate) fn import_as(&self, name: &str, bytes: &[u8], accept: Option<Accept>) -> FileReport {
        let mut staging = self.chart.stage().expect("room");
        staging.write_all(bytes).expect("room");
        let options = Options {
            accept_identity: accept,
            dry_run: false,
            by: crate::vault_world::by("Ruth"),
            worker: env!("CARGO_BIN_EXE_keepwell").into(),
        };
        import(&self.chart, staging.finish().expect("room"), name, &Limits::default(), &options, &Unwatched).expect("an import").report
    }

    pub(crate) fn export(&self, format: keepwell::export::Format, selection: &keepwell::export::Selection) -> Vec<u8> {
        let mut out = Vec::new();
        keepwell::export::export(&self.chart, format, &selection.clone().into(), &mut out).expect("an export");
        out
    }

    /// Every record by its key: its body, and the bodies of its older versions, oldest first.
    pub(crate) fn records(&self) -> BTreeMap<String, (Vec<u8>, Vec<Vec<u8>>)> {
        use keepwell::record::Standing::{Absent, Current, Error, NotDone, Past, Planned};
        let query = Query { standings: vec![Current, Past, Planned, Absent, NotDone, Error], ..Query::default() };
        let mut rows: Vec<Row> = Vec::new();
        self.chart
            .each(&query, &mut |row| {
                rows.push(row);
                Ok(())
            })
            .expect("rows");
        rows.into_iter()
            .map(|row| {
                let mut older: Vec<Vec<u8>> = self.chart.versions(row.rid).expect("versions").into_iter().map(|(_, v)| v.json).collect();
                older.reverse();
                (row.key, (row.json, older))
            })
            .collect()
    }
}
