//! "No known allergies" never reads as an assurance where an allergy is, or may be, kept back.

use crate::binary::bundle;
use crate::web_world::{PASSPHRASE, World, options, plain};
use axum::http::StatusCode;
use keepwell::export::{Choice, Format, Selection, export};
use keepwell::household::Grant;
use keepwell::record::{Class, SensitiveSet};
use keepwell::vault::{Chart, Role, Scope};
use serde_json::{Value, json};
use std::io::Read;
use std::sync::Arc;

/// What a source says: none known.
fn none() -> Value {
    json!({"resourceType": "AllergyIntolerance", "id": "none", "patient": {"reference": "Patient/p1"}, "recordedDate": "2021-05-06",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}], "text": "No known allergies"}})
}

/// An allergy that tells of a sensitive kind, of another day.
fn kept_back() -> Value {
    json!({"resourceType": "AllergyIntolerance", "id": "some", "patient": {"reference": "Patient/p1"}, "recordedDate": "2015-02-03",
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
        "code": {"text": "Zorvaquil, given for HIV"}, "criticality": "high"})
}

/// What no page and no copy may say then.
fn says_none(text: &str) -> bool {
    let text = text.to_lowercase();
    ["no known allerg", "716186003", "no-known-allergies", "no known drug"].iter().any(|words| text.contains(words))
}

struct Limited {
    world: World,
    /// Vera, who sees all but the sensitive kinds.
    vera: String,
    chart: Arc<Chart>,
}

async fn limited(records: &[Value]) -> Limited {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    world.upload(&cookie, "a.json", &bundle(("Ruth", "Carver"), "1954-03-14", records)).await;
    let ruth = world.app.household.sign_in("Ruth", PASSPHRASE).unwrap();
    let scope = Scope { classes: None, sensitive: SensitiveSet::NONE };
    let grant = Grant { scope: Some(scope), ..Grant::of(Role::Viewer) };
    let key = world.app.household.add_member(&ruth, &world.chart, "Vera", "teapot gravel violin seventeen", &grant).unwrap();
    let vera = world.post("/sign-in", "", &format!("name=Vera&passphrase={}", key.as_str())).await.cookie();
    let chart = world.app.household.open(&ruth, &world.chart).unwrap();
    Limited { world, vera, chart }
}

/// A copy as text: what its zip holds, or the bytes themselves.
fn inside(bytes: &[u8]) -> String {
    let Ok(mut zip) = zip::ZipArchive::new(std::io::Cursor::new(bytes)) else { return String::from_utf8_lossy(bytes).into_owned() };
    let mut out = String::new();
    for n in 0..zip.len() {
        let mut bytes = Vec::new();
        zip.by_index(n).unwrap().read_to_end(&mut bytes).unwrap();
        out += &inside(&bytes);
    }
    out
}

fn given(chart: &Arc<Chart>, format: Format, choice: &Choice) -> String {
    let mut out = Vec::new();
    export(chart, format, choice, &mut out).unwrap();
    inside(&out)
}

/// Every form whose words can be read here; the words of a PDF are drawn.
const FORMS: [Format; 7] = [Format::Fhir, Format::Ndjson, Format::Csv, Format::Everything, Format::Ips, Format::Ccda, Format::Xdm];

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_an_allergy_reads_nowhere_that_there_are_none() {
    let Limited { world, vera, chart } = limited(&[none(), kept_back()]).await;
    let rids: Vec<i64> = {
        let query = keepwell::vault::Query {
            classes: vec![Class::Allergy],
            standings: vec![keepwell::record::Standing::Absent],
            ..Default::default()
        };
        chart.list(&query).unwrap().rows.iter().map(|r| r.rid).collect()
    };
    assert_eq!(rids.len(), 1, "the owner has it");
    let at = |rest: &str| format!("/charts/{}{rest}", world.chart);
    for page in ["", "/allergies", "/timeline", "/kinds", "/allergies?show=none"] {
        let text = world.get(&at(page), &vera).await.text();
        assert!(!says_none(&text) && !text.contains("Zorvaquil") && !text.contains("HIV"), "{page}: {text}");
    }
    assert!(world.get(&at(""), &vera).await.text().contains("This is not the same as “none”"));
    for page in ["", "/raw", "/fhir"] {
        assert_eq!(world.get(&at(&format!("/records/{}{page}", rids[0])), &vera).await.status, StatusCode::NOT_FOUND, "{page}");
    }
    let found = world.post(&at("/search"), &vera, "words=known").await;
    assert!(!says_none(&world.get(found.header("location"), &vera).await.text()));
    for format in FORMS {
        let copy = world.post(&at("/export"), &vera, &format!("format={}", format.name())).await;
        assert_eq!(copy.status, StatusCode::OK, "{}", format.name());
        assert!(!says_none(&inside(&copy.body)), "{}", format.name());
    }
    // A program whose token leaves the sensitive kinds out.
    let ruth = world.app.household.sign_in("Ruth", PASSPHRASE).unwrap();
    let until = jiff::Zoned::now().date().tomorrow().unwrap().to_string();
    let token = |sensitive| {
        let scope = Scope { classes: None, sensitive };
        world.app.household.make_token(&ruth, &world.chart, "script", &scope, &until).unwrap().1
    };
    for (token, there) in [(token(SensitiveSet::NONE), false), (token(SensitiveSet::ALL), true)] {
        for path in ["/fhir/AllergyIntolerance", "/fhir/Patient/$everything"] {
            let mut request = plain("GET", path, "", "");
            request.headers_mut().insert("authorization", format!("Bearer {}", token.as_str()).parse().unwrap());
            let answer = world.send(request).await;
            assert_eq!((answer.status, says_none(&answer.text())), (StatusCode::OK, there), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_leaves_an_allergy_out_does_not_say_that_there_are_none() {
    let Limited { chart, .. } = limited(&[none(), kept_back()]).await;
    let key = {
        let query = keepwell::vault::Query { classes: vec![Class::Allergy], ..Default::default() };
        chart.list(&query).unwrap().rows.into_iter().find(|r| r.title.contains("Zorvaquil")).unwrap().key
    };
    let choices = [
        ("a sensitive kind", Choice { sensitive: SensitiveSet::NONE, ..Choice::everything() }),
        ("a date", Choice { selection: Selection { from: Some("2020".into()), ..Selection::default() }, ..Choice::everything() }),
        ("the record itself", Choice { without: [key].into_iter().collect(), ..Choice::everything() }),
    ];
    for (what, choice) in choices {
        for format in FORMS {
            // The imported files stay behind with every such choice.
            let copy = given(&chart, format, &choice);
            assert!(!says_none(&copy) && !copy.contains("Zorvaquil"), "{what}, {}", format.name());
            if matches!(format, Format::Ips | Format::Ccda | Format::Xdm) {
                assert!(copy.contains("some were left out of this copy"), "{what}, {}", format.name());
            }
        }
    }
    // Whole, it says both.
    let whole = given(&chart, Format::Ndjson, &Choice::everything());
    assert!(says_none(&whole) && whole.contains("Zorvaquil"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_kept_back_the_words_speak_of_what_may_be_seen() {
    let Limited { world, vera, chart } = limited(&[none()]).await;
    let own = world.sign_in().await;
    let home = format!("/charts/{}", world.chart);
    for (cookie, limited) in [(&vera, true), (&own, false)] {
        let page = world.get(&home, cookie).await.text();
        assert!(says_none(&page));
        assert_eq!(page.contains("No known allergies in what you may see."), limited);
        let list = world.get(&format!("{home}/allergies"), cookie).await.text();
        assert!(says_none(&list));
        assert_eq!(list.contains("This is said of what you may see."), limited);
    }
    // What a viewer saves says that it is a part; what the owner gives whole says what it says.
    let copy = world.post(&format!("{home}/export"), &vera, "format=ips").await;
    assert!(inside(&copy.body).contains("some were left out of this copy"));
    let choice = Choice { sensitive: SensitiveSet::NONE, ..Choice::everything() };
    assert!(given(&chart, Format::Ips, &choice).contains("no-known-allergies"), "no allergy stays behind");
}
