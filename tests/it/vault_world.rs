//! A vault that vanishes, with one member and one open chart.

use keepwell::household::{Beginning, Household, SignedIn};
use keepwell::import::report::FileReport;
use keepwell::import::{Found, Origin};
use keepwell::record::{Resource, facts};
use keepwell::vault::{Actor, By, Chart, Import, Outcome, Place, Query, Row, Staged, Vault};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) fn by(name: &str) -> By {
    By::new(Actor::member("m1", name), Place::command_line())
}

pub(crate) const PASSPHRASE: &str = "four plain words together";

pub(crate) struct World {
    pub(crate) _tmp: tempfile::TempDir,
    pub(crate) dir: PathBuf,
    pub(crate) household: Household,
    pub(crate) who: SignedIn,
    pub(crate) recovery: String,
    pub(crate) person: String,
    pub(crate) chart: Arc<Chart>,
}

pub(crate) fn beginning() -> Beginning<'static> {
    Beginning { member: "Ruth", passphrase: PASSPHRASE, person: "Ruth Carver", birth_date: "1954-03-14", sex: "female" }
}

impl World {
    pub(crate) fn new() -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let dir = tmp.path().join("vault");
        let household = Household::new(Arc::new(Vault::create(&dir).expect("a vault")));
        let (who, recovery) = household.begin(&beginning()).expect("a beginning");
        let person = household.charts(&who).expect("charts").remove(0).0.id;
        let chart = household.open(&who, &person).expect("a chart");
        Self { _tmp: tmp, dir, household, who, recovery, person, chart }
    }

    pub(crate) fn chart_dir(&self) -> PathBuf {
        self.dir.join("charts").join(&self.person)
    }

    /// Lets go of the chart and opens it again, as after a restart.
    pub(crate) fn reopen(self) -> Self {
        let Self { _tmp, dir, household, who, recovery, person, chart } = self;
        assert_eq!(Arc::strong_count(&chart), 1, "somebody else holds the chart open");
        drop(chart);
        let chart = household.open(&who, &person).expect("the chart opens again");
        Self { _tmp, dir, household, who, recovery, person, chart }
    }

    /// Closes everything; the folder stays as long as the first of what is returned.
    pub(crate) fn close(self) -> (tempfile::TempDir, PathBuf) {
        (self._tmp, self.dir)
    }

    /// Imports some records as one file; what became of each.
    pub(crate) fn import(&self, name: &str, founds: &[Found]) -> (String, Vec<Outcome>) {
        import(&self.chart, name, founds)
    }

    pub(crate) fn all(&self) -> Vec<Row> {
        self.chart.list(&Query { limit: 1000, ..Query::default() }).expect("a list").rows
    }
}

pub(crate) fn stage(chart: &Chart, bytes: &[u8]) -> Staged {
    let mut staging = chart.stage().expect("staging");
    staging.write_all(bytes).expect("written");
    staging.finish().expect("staged")
}

pub(crate) fn put(import: &mut Import<'_>, founds: &[Found]) -> Vec<Outcome> {
    founds.iter().map(|f| import.put(f, &facts(&f.resource)).expect("put")).collect()
}

pub(crate) fn import(chart: &Chart, name: &str, founds: &[Found]) -> (String, Vec<Outcome>) {
    let bytes: String = founds.iter().map(|f| format!("{name} {}\n", f.resource)).collect();
    let staged = stage(chart, bytes.as_bytes());
    let mut import = chart.import(name, &by("Ruth"), None).expect("an import");
    let outcomes = put(&mut import, founds);
    let report = import.commit(Some(staged), FileReport { path: name.to_owned(), ..FileReport::default() }).expect("committed");
    (report.source, outcomes)
}

/// A record of a server.
pub(crate) fn served(resource: Resource) -> Found {
    let kind = resource["resourceType"].as_str().unwrap_or_default().to_owned();
    let id = resource["id"].as_str().unwrap_or_default().to_owned();
    Found {
        resource,
        origin: Origin::Server { base: Some("https://north.example/fhir".to_owned()), named: None },
        full_url: Some(format!("https://north.example/fhir/{kind}/{id}")),
        place: format!("{kind}/{id}"),
        counted: true,
    }
}

pub(crate) fn potassium(id: &str, date: &str, value: &str) -> Resource {
    let number: serde_json::Value = serde_json::from_str(value).expect("a number");
    json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium [Moles/volume] in Serum or Plasma"}], "text": "Potassium"},
        "effectiveDateTime": date,
        "valueQuantity": {"value": number, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
        "referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5.1}}]
    })
}

pub(crate) fn condition(id: &str, words: &str, date: &str) -> Resource {
    json!({
        "resourceType": "Condition", "id": id,
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-category", "code": "problem-list-item"}]}],
        "code": {"text": words}, "onsetDateTime": date
    })
}

/// Every file under a folder.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { out.extend(files(&path)) } else { out.push(path) }
    }
    out
}
