//! A vault with one chart, through the same doors as the command line and the server.

use keepwell::household::{Beginning, Household, SignedIn};
use keepwell::import::Limits;
use keepwell::import::pipeline::{Options, Unwatched, import};
use keepwell::vault::{Chart, Vault};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) const MEMBER: &str = "Ruth";
pub(crate) const PASSPHRASE: &str = "a quiet well in the garden";

pub(crate) struct World {
    pub(crate) dir: PathBuf,
    household: Household,
    pub(crate) person: String,
    who: SignedIn,
    chart: Option<Arc<Chart>>,
}

impl World {
    pub(crate) fn new(dir: &Path) -> Self {
        let household = Household::new(Arc::new(Vault::create(dir).unwrap()));
        let ruth = Beginning { member: MEMBER, passphrase: PASSPHRASE, person: "Ruth Carver", birth_date: "1954-03-14", sex: "female" };
        let (who, _) = household.begin(&ruth).unwrap();
        let person = household.charts(&who).unwrap().first().unwrap().0.id.clone();
        let chart = Some(household.open(&who, &person).unwrap());
        Self { dir: dir.to_owned(), household, person, who, chart }
    }

    /// Imports a file; gives how many records were stored.
    pub(crate) fn import(&self, file: &Path) -> u64 {
        let chart = self.chart.as_ref().unwrap();
        let mut staging = chart.stage().unwrap();
        let mut input = std::fs::File::open(file).unwrap();
        let mut piece = vec![0; 1 << 20];
        loop {
            let n = input.read(&mut piece).unwrap();
            if n == 0 {
                break;
            }
            std::io::Write::write_all(&mut staging, &piece[..n]).unwrap();
        }
        let options = Options {
            accept_identity: None,
            dry_run: false,
            by: keepwell::vault::By::system(keepwell::vault::Place::server()),
            worker: env!("CARGO_BIN_EXE_keepwell").into(),
        };
        let done = import(chart, staging.finish().unwrap(), "bench.json", &Limits::default(), &options, &Unwatched).unwrap();
        assert_eq!(done.report.error, None);
        done.report.stored
    }

    /// Closes the chart, so that the journal is folded in, weighs the database, and opens it again.
    pub(crate) fn database_bytes(&mut self) -> u64 {
        self.reopen();
        let folder = self.dir.join("charts").join(&self.person);
        ["records.db", "records.db-wal"].iter().filter_map(|f| std::fs::metadata(folder.join(f)).ok()).map(|m| m.len()).sum()
    }

    /// Closes the chart and opens it anew; gives the time of the opening.
    pub(crate) fn reopen(&mut self) -> Duration {
        self.chart = None;
        let begun = Instant::now();
        let chart = self.household.open(&self.who, &self.person).unwrap();
        let took = begun.elapsed();
        self.chart = Some(chart);
        took
    }

    /// The household.
    pub(crate) fn household(&self) -> &Household {
        &self.household
    }

    /// The household alone, with nobody signed in and no chart open.
    pub(crate) fn into_household(self) -> Household {
        self.household
    }

    /// The open chart, to be shared.
    pub(crate) fn shared(&self) -> &Arc<Chart> {
        self.chart.as_ref().unwrap()
    }

    /// The open chart.
    pub(crate) fn chart(&self) -> &Chart {
        self.chart.as_ref().unwrap()
    }
}
