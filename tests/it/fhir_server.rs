//! The FHIR server: what a token reads, and what it does not.

use super::web_world::{Answer, World, options, plain};
use crate::binary::{Home, bundle};
use axum::http::StatusCode;
use keepwell::household::Grant;
use keepwell::vault::{Act, ActorKind, Choice, Role};
use serde_json::{Value, json};

const HIDDEN: &str = "Quorvexia";

fn labs(n: usize) -> Vec<Value> {
    let mut entries: Vec<Value> = (0..n)
        .map(|i| {
            json!({"resourceType": "Observation", "id": format!("o{i}"), "status": if i % 5 == 0 { "preliminary" } else { "final" },
                "subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"},
                "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": if i % 2 == 0 { "718-7" } else { "2345-7" }}], "text": "Test"},
                "effectiveDateTime": format!("20{:02}-03-14", i % 25), "valueQuantity": {"value": i, "unit": "g"}})
        })
        .collect();
    entries.push(json!({"resourceType": "Encounter", "id": "e1", "status": "finished", "subject": {"reference": "Patient/p1"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}, "period": {"start": "2020-03-14", "end": "2020-03-15"}}));
    entries
        .push(json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": "Xanthoblastoma"},
        "meta": {"lastUpdated": "2020-01-01T00:00:00Z", "versionId": "3"}}));
    entries.push(json!({"resourceType": "Condition", "id": "c2", "subject": {"reference": "Patient/p1"}, "code": {"text": format!("HIV disease {HIDDEN}")}}));
    entries
}

/// A program with a token, and the server that it asks.
pub(crate) struct Tool {
    pub(crate) world: World,
    pub(crate) cookie: String,
    pub(crate) token: String,
}

impl Tool {
    async fn new(form: &str) -> Self {
        Self::with(form, &bundle(("Ruth", "Carver"), "1954-03-14", &labs(60))).await
    }

    /// With these records in the chart.
    pub(crate) async fn with(form: &str, records: &[u8]) -> Self {
        let world = World::new(options());
        let cookie = world.sign_in().await;
        world.upload(&cookie, "records.json", records).await;
        let token = make(&world, &cookie, form).await;
        Self { world, cookie, token }
    }

    pub(crate) async fn ask(&self, path: &str) -> (StatusCode, Value) {
        let answer = by_token(&self.world, "GET", path, &self.token).await;
        assert_eq!(answer.header("content-type"), "application/fhir+json", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    /// What a search finds, over all of its pages.
    pub(crate) async fn found(&self, path: &str) -> Vec<Value> {
        let (mut out, mut next) = (Vec::new(), path.to_owned());
        loop {
            let (status, page) = self.ask(&next).await;
            assert_eq!(status, StatusCode::OK, "{next}: {page}");
            assert_eq!((page["resourceType"].as_str(), page["type"].as_str()), (Some("Bundle"), Some("searchset")));
            out.extend(page["entry"].as_array().into_iter().flatten().cloned());
            let link = page["link"].as_array().unwrap().iter().find(|l| l["relation"] == "next");
            match link {
                Some(link) => next = link["url"].as_str().unwrap().strip_prefix("http://localhost:8787").unwrap().to_owned(),
                None => return out,
            }
        }
    }
}

pub(crate) async fn make(world: &World, cookie: &str, form: &str) -> String {
    let until = jiff::Zoned::now().date().checked_add(jiff::Span::new().days(30)).unwrap();
    let made = world.post(&format!("/charts/{}/tools", world.chart), cookie, &format!("name=my+script&until={until}&{form}")).await;
    let text = made.text();
    assert_eq!(made.status, StatusCode::OK, "{text}");
    format!("keepwell_{}", text.split("keepwell_").nth(1).unwrap().split('<').next().unwrap())
}

pub(crate) async fn by_token(world: &World, method: &str, path: &str, token: &str) -> Answer {
    let mut request = plain(method, path, "", "");
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    world.send(request).await
}

const ALL: &str = "kind=allergies&kind=laboratory&kind=visits&kind=conditions&kind=about";

#[tokio::test(flavor = "multi_thread")]
async fn read_search_and_pages() {
    let tool = Tool::new(ALL).await;
    let all = tool.found("/fhir/Observation?_count=7").await;
    assert_eq!(all.len(), 60, "every page");
    let ids: std::collections::BTreeSet<&str> = all.iter().map(|e| e["resource"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 60, "each once");
    let loinc = "http%3A%2F%2Floinc.org%7C";
    for (query, expected) in [
        ("", 60),
        ("?code=718-7", 30),
        (&format!("?code={loinc}718-7"), 30),
        (&format!("?code={loinc}718-7,{loinc}2345-7"), 60),
        ("?code=http%3A%2F%2Fsnomed.info%2Fsct%7C718-7", 0),
        ("?category=laboratory&status=preliminary", 12),
        ("?status=preliminary,final", 60),
        ("?date=2003", 3),
        ("?date=ge2003-01-01&date=lt2005", 6),
        ("?date=sa2024", 0),
        ("?_lastUpdated=lt2020", 0),
        ("?_lastUpdated=ge2020", 60),
        ("?patient=nobody", 0),
        ("?encounter=nothing", 0),
    ] {
        assert_eq!(tool.found(&format!("/fhir/Observation{query}")).await.len(), expected, "{query}");
    }
    // References lead to what is here.
    let first = &all[0]["resource"];
    assert_eq!(all[0]["fullUrl"], format!("http://localhost:8787/fhir/Observation/{}", first["id"].as_str().unwrap()));
    let patient = first["subject"]["reference"].as_str().unwrap();
    let (status, there) = tool.ask(&format!("/fhir/{patient}")).await;
    assert_eq!(
        (status, there["resourceType"].as_str(), there["birthDate"].as_str()),
        (StatusCode::OK, Some("Patient"), Some("1954-03-14"))
    );
    let id = patient.split('/').nth(1).unwrap();
    for patient in [id, patient] {
        assert_eq!(tool.found(&format!("/fhir/Observation?patient={patient}&code=718-7")).await.len(), 30);
    }
    let visit = first["encounter"]["reference"].as_str().unwrap().split('/').nth(1).unwrap().to_owned();
    assert_eq!(tool.found(&format!("/fhir/Observation?encounter={visit}")).await.len(), 60);
    assert_eq!(tool.found("/fhir/Encounter?class=AMB&date=2020-03").await.len(), 1);
    assert_eq!(tool.found("/fhir/Patient?family=carv&birthdate=1954-03-14&name=ruth").await.len(), 1);
    assert_eq!(tool.found(&format!("/fhir/Observation?_id={},{}", ids.first().unwrap(), ids.last().unwrap())).await.len(), 2);
    // Everything, and no record that the token leaves out; the HIV record is one.
    let everything = tool.found(&format!("/fhir/Patient/{id}/$everything?_count=25")).await;
    assert_eq!(everything.len(), 63);
    assert_eq!(tool.found("/fhir/Patient/$everything").await.len(), 63);
    assert_eq!(tool.found("/fhir/Patient/$everything?_type=Encounter,Patient").await.len(), 2);
    assert!(!serde_json::to_string(&everything).unwrap().contains(HIDDEN));
    // What stood in the record stands in it still.
    let conditions = tool.found("/fhir/Condition").await;
    assert_eq!(conditions.len(), 1);
    let meta = &conditions[0]["resource"]["meta"];
    assert_eq!(meta["versionId"], "3");
    let told: Vec<&str> = meta["extension"].as_array().unwrap().iter().map(|e| e["valueString"].as_str().unwrap()).collect();
    assert_eq!(told, ["c1", "2020-01-01T00:00:00Z"]);
    // The number alone.
    let (_, count) = tool.ask("/fhir/Observation?_summary=count&code=718-7").await;
    assert_eq!((count["total"].as_u64(), count.get("entry")), (Some(30), None));
    let (_, page) = tool.ask("/fhir/Observation?_count=1").await;
    assert_eq!((page["total"].as_u64(), page["entry"].as_array().unwrap().len()), (Some(60), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_outcomes_and_nobody_elses_way_in() {
    let tool = Tool::new(ALL).await;
    let other = Tool::new(ALL).await;
    // A record's id is its key, which is the same wherever the record is: theirs alone is one that only they have.
    let alone = json!({"resourceType": "Condition", "id": "c9", "subject": {"reference": "Patient/p1"}, "code": {"text": "Brumevald"}});
    other.world.upload(&other.cookie, "more.json", &bundle(("Ruth", "Carver"), "1954-03-14", &[alone])).await;
    let found = other.found("/fhir/Condition").await;
    let theirs =
        found.iter().find(|e| e["resource"]["code"]["text"] == "Brumevald").unwrap()["resource"]["id"].as_str().unwrap().to_owned();
    let (status, none) = tool.ask("/fhir/Condition/00000000000000000000000000000000").await;
    assert_eq!((status, none["resourceType"].as_str()), (StatusCode::NOT_FOUND, Some("OperationOutcome")));
    for path in [
        format!("/fhir/Condition/{theirs}"),
        "/fhir/Condition/1".into(),
        "/fhir/Condition/..%2f..%2fhousehold.db".into(),
        "/fhir/Nothing".into(),
        "/fhir/Patient/1/$everything".into(),
        "/fhir/a/b/c/d".into(),
        "/fhir".into(),
    ] {
        assert_eq!(tool.ask(&path).await, (StatusCode::NOT_FOUND, none.clone()), "{path}");
    }
    // A record asked for under another type is not there either.
    let own = tool.found("/fhir/Condition").await[0]["resource"]["id"].as_str().unwrap().to_owned();
    assert_eq!(tool.ask(&format!("/fhir/Condition/{own}")).await.0, StatusCode::OK);
    assert_eq!(tool.ask(&format!("/fhir/Observation/{own}")).await.1, none);
    for (query, status) in [
        ("Observation?colour=red", StatusCode::BAD_REQUEST),
        ("Observation?date=soon", StatusCode::BAD_REQUEST),
        ("Observation?code%3Anot=x", StatusCode::BAD_REQUEST),
        ("Observation?_count=many", StatusCode::BAD_REQUEST),
        ("Observation?_cursor=1", StatusCode::BAD_REQUEST),
        ("Observation?_sort=code;DROP", StatusCode::BAD_REQUEST),
        ("Observation?_format=xml", StatusCode::NOT_ACCEPTABLE),
        ("Observation?%ff=%fe", StatusCode::BAD_REQUEST),
    ] {
        let (given, outcome) = tool.ask(&format!("/fhir/{query}")).await;
        assert_eq!((given, outcome["resourceType"].as_str()), (status, Some("OperationOutcome")), "{query}");
        assert!(outcome["issue"][0]["diagnostics"].as_str().unwrap().len() > 10, "{query}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        for path in ["/fhir/Observation", "/fhir/Observation/1", "/fhir", "/fhir/metadata"] {
            let answer = by_token(&tool.world, method, path, &tool.token).await;
            assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"), "{method} {path}");
            assert!(answer.text().contains("OperationOutcome"), "{method} {path}");
        }
    }
    // No token, a token of somewhere else, a cookie in its place, a token in the address.
    let secret = tool.token.strip_prefix("keepwell_").unwrap();
    for (path, authorization, cookie) in [
        ("/fhir/Patient".to_owned(), String::new(), tool.cookie.clone()),
        (format!("/fhir/Patient?access_token={}", tool.token), String::new(), String::new()),
        ("/fhir/Patient".to_owned(), format!("Basic {}", tool.token), String::new()),
        ("/fhir/Patient".to_owned(), format!("Bearer {}", other.token), tool.cookie.clone()),
        ("/fhir/Patient".to_owned(), format!("Bearer {secret}"), String::new()),
        ("/fhir/Patient".to_owned(), format!("Bearer {}", tool.world.recovery), String::new()),
        ("/fhir/Patient".to_owned(), "Bearer keepwell_".to_owned(), String::new()),
    ] {
        let mut request = plain("GET", &path, &cookie, "");
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
        request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
        let answer = tool.world.send(request).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"), "{path}");
        assert!(!answer.text().contains("Carver") && answer.header("access-control-allow-origin").is_empty());
    }
    // What the server says of itself, to anyone.
    let statement = tool.world.get("/fhir/metadata", "").await;
    let statement: Value = serde_json::from_slice(&statement.body).unwrap();
    assert_eq!((statement["fhirVersion"].as_str(), statement["kind"].as_str()), (Some("4.0.1"), Some("instance")));
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    for (kind, params) in [
        ("AllergyIntolerance", &["patient", "clinical-status"][..]),
        ("Condition", &["patient", "category", "clinical-status", "onset-date", "code"]),
        ("MedicationRequest", &["patient", "intent", "status", "authoredon", "encounter"]),
        ("Observation", &["patient", "category", "code", "date", "status", "_id", "_lastUpdated"]),
        ("DiagnosticReport", &["patient", "category", "code", "date", "status"]),
        ("DocumentReference", &["patient", "category", "type", "date", "period", "status"]),
        ("Encounter", &["patient", "class", "date", "identifier", "type", "status"]),
        ("Immunization", &["patient", "date", "status"]),
        ("Procedure", &["patient", "date", "code", "status"]),
        ("Goal", &["patient", "lifecycle-status", "target-date"]),
        ("CarePlan", &["patient", "category", "date", "status"]),
        ("CareTeam", &["patient", "status", "role"]),
        ("Device", &["patient", "type"]),
        ("Coverage", &["patient"]),
    ] {
        let resource = resources.iter().find(|r| r["type"] == kind).unwrap_or_else(|| panic!("{kind}"));
        let named: Vec<&str> = resource["searchParam"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
        assert!(params.iter().all(|p| named.contains(p)), "{kind}: {named:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_in_the_log_and_a_token_ends() {
    let tool = Tool::new("kind=laboratory").await;
    let world = &tool.world;
    let ruth = world.app.household.sign_in("Ruth", &world.recovery).unwrap();
    let newest = || {
        let chart = world.app.household.open(&ruth, &world.chart).unwrap();
        chart.activity(&Choice::default()).unwrap().remove(0).event
    };
    assert_eq!((newest().act, newest().details["to"].as_str()), (Act::TokenMade, "my script"));
    tool.ask("/fhir/Observation?_count=3").await;
    let event = newest();
    assert_eq!((event.act, event.who.kind, event.who.name.as_str()), (Act::ReadFhir, ActorKind::Token, "my script"));
    assert_eq!((event.records.len(), event.details["what"].as_str(), event.from.address.as_str()), (3, "Observation", "127.0.0.1"));
    for path in ["/fhir/Condition/00000000000000000000000000000000", "/fhir/Observation?colour=red", "/fhir/Nothing"] {
        let before = newest();
        tool.ask(path).await;
        assert!(newest().act == Act::ReadFhir && newest() != before, "{path} is not in the log");
    }
    // Its categories and no others, also where a reference leads.
    assert_eq!(tool.found("/fhir/Patient/$everything").await.len(), 60);
    assert_eq!(tool.found("/fhir/Condition").await.len() + tool.found("/fhir/Encounter").await.len(), 0);
    let page = world.get(&format!("/charts/{}/tools", world.chart), &tool.cookie).await.text();
    assert!(page.contains("my script") && page.contains("Last read") && page.contains("Laboratory"), "{page}");
    assert!(!page.contains(&tool.token[..20]), "shown once");
    // New keys: the token goes on.
    let household = &world.app.household;
    household.add_member(&ruth, &world.chart, "Vera", "teapot gravel violin seventeen", &Grant::of(Role::Viewer)).unwrap();
    let vera = household.member_named("Vera").unwrap().unwrap().id;
    let off = world.post(&format!("/charts/{}/people/{vera}/remove", world.chart), &tool.cookie, "sure=yes").await;
    assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.text());
    assert!(!household.is_due(&world.chart).unwrap(), "the keys are new");
    assert_eq!(tool.found("/fhir/Observation").await.len(), 60);
    // Withdrawn on a page that asks first: at once, and nothing of it is left.
    let tokens = world.vault().join("charts").join(&world.chart).join("tokens");
    assert_eq!(std::fs::read_dir(&tokens).unwrap().count(), 1);
    let ask = page.split("href=\"").find_map(|rest| rest.split('"').next().filter(|a| a.ends_with("/withdraw"))).unwrap().to_owned();
    assert_eq!(world.post(&ask, &tool.cookie, "").await.header("location"), ask, "not without the answer");
    assert_eq!(tool.ask("/fhir/Observation").await.0, StatusCode::OK);
    assert_eq!(world.post(&ask, &tool.cookie, "sure=yes").await.status, StatusCode::SEE_OTHER);
    assert_eq!(tool.ask("/fhir/Observation").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(std::fs::read_dir(&tokens).unwrap().count(), 0);
    assert_eq!(newest().act, Act::TokenRevoked);
    // An end that is over, and a maker who owns the chart no longer.
    let conn = rusqlite::Connection::open(world.vault().join("household.db")).unwrap();
    conn.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
    for sql in ["UPDATE tokens SET until = '2020-01-01'", "UPDATE tokens SET maker = (SELECT id FROM members WHERE name = 'Vera')"] {
        let token = make(world, &tool.cookie, "kind=laboratory").await;
        assert_eq!(by_token(world, "GET", "/fhir/Observation", &token).await.status, StatusCode::OK);
        assert_eq!(conn.execute(sql, []).unwrap(), 1, "{sql}");
        assert_eq!(by_token(world, "GET", "/fhir/Observation", &token).await.status, StatusCode::UNAUTHORIZED, "{sql}");
        conn.execute("DELETE FROM tokens", []).unwrap();
    }
    for (form, words) in [
        ("name=x&until=2020-01-01&kind=laboratory", "over already"),
        ("name=x&until=2999-01-01&kind=laboratory", "more than a year"),
        ("name=x&until=&kind=laboratory", "last day"),
        ("name=&until=2027-01-01&kind=laboratory", "name"),
        ("name=x&until=2027-01-01", "at least one kind"),
    ] {
        let answer = world.post(&format!("/charts/{}/tools", world.chart), &tool.cookie, form).await;
        assert!(answer.status == StatusCode::BAD_REQUEST && answer.text().contains(words), "{form}");
    }
}

#[test]
fn a_token_reads_while_nobody_is_signed_in() {
    let home = Home::new();
    home.import(0, &[&home.write("a.json", &bundle(("Ruth", "Carver"), "1954-03-14", &labs(3)))]);
    let server = home.serve(&[]);
    let cookie = server.sign_in(&home);
    let until = jiff::Zoned::now().date().checked_add(jiff::Span::new().days(30)).unwrap();
    let made =
        server.post(&format!("/charts/{}/tools", home.chart_id()), &cookie, &format!("name=script&until={until}&kind=laboratory")).text();
    let token = format!("keepwell_{}", made.split("keepwell_").nth(1).unwrap().split('<').next().unwrap());
    server.stop();
    let server = home.serve(&[]);
    let ask = |token: &str| server.send("GET", "/fhir/Observation", &format!("authorization: Bearer {token}\r\n"), b"");
    let reply = ask(&token);
    let page: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((reply.status, page["entry"].as_array().unwrap().len()), (200, 3), "{page}");
    assert_eq!(ask(&token.replace('q', "p")).status, 401);
    assert!(!server.said().contains(&token[..20]) && !server.said().contains("718-7"), "{}", server.said());
    server.stop();
    // Neither the token nor its secret is on the disk.
    let secret = token.strip_prefix("keepwell_").unwrap();
    for file in crate::binary::files(&home.vault()) {
        let bytes = std::fs::read(&file).unwrap();
        for form in [secret.to_owned(), secret.to_uppercase()] {
            assert!(memchr::memmem::find(&bytes, form.as_bytes()).is_none(), "{}", file.display());
        }
    }
    assert_eq!(home.run(&["audit", "verify"]).ended(0).code, Some(0));
}
