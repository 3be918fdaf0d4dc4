//! Files through the pipeline: identities that must not meet, versions in any order, people of a file, the inbox.

use crate::vault_world::{World, stage};
use keepwell::import::Limits;
use keepwell::import::inbox;
use keepwell::import::pipeline::{self, Accept, Options, Unwatched};
use keepwell::import::report::FileReport;
use keepwell::vault::{Query, Row};
use serde_json::{Value, json};

fn options(accept: Option<Accept>) -> Options {
    Options { accept_identity: accept, dry_run: false, by: crate::vault_world::by("Ruth"), worker: env!("CARGO_BIN_EXE_keepwell").into() }
}

fn import(world: &World, name: &str, bytes: &[u8]) -> FileReport {
    let staged = stage(&world.chart, bytes);
    let report = pipeline::import(&world.chart, staged, name, &Limits::default(), &options(None), &Unwatched).unwrap().report;
    assert!(report.adds_up(), "{report:?}");
    report
}

fn json_of(row: &Row) -> Value {
    serde_json::from_slice(&row.json).unwrap()
}

fn of_kind(world: &World, kind: &str) -> Vec<Row> {
    world.all().into_iter().filter(|r| r.kind == kind).collect()
}

fn bundle(entries: &[Value]) -> Vec<u8> {
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries}).to_string().into_bytes()
}

#[expect(clippy::needless_pass_by_value, reason = "reads as the JSON it makes")]
fn entry(resource: Value) -> Value {
    json!({ "resource": resource })
}

// ---- types that R4 has renamed

/// A DSTU2 bundle; with addresses or without.
fn dstu2(absolute: bool) -> Vec<u8> {
    let base = "https://north.example/dstu2";
    let reference = |to: &str| json!({"reference": if absolute { format!("{base}/{to}") } else { to.to_owned() }});
    let entry = |resource: Value| {
        let url = format!("{base}/{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        if absolute { json!({"fullUrl": url, "resource": resource}) } else { json!({ "resource": resource }) }
    };
    bundle(&[
        entry(json!({"resourceType": "Patient", "id": "1", "identifier": [{"system": "https://north.example/mrn", "value": "77"}],
            "name": [{"family": ["Carver"], "given": ["Ruth"]}], "birthDate": "1954-03-14"})),
        entry(json!({"resourceType": "MedicationOrder", "id": "1", "status": "active", "patient": reference("Patient/1"),
            "medicationCodeableConcept": {"text": "Metformin 500 mg"}, "dateWritten": "2014-05-01"})),
        entry(json!({"resourceType": "ProcedureRequest", "id": "1", "status": "completed", "subject": reference("Patient/1"),
            "code": {"text": "Colonoscopy"}, "orderedOn": "2014-05-02"})),
        entry(json!({"resourceType": "ReferralRequest", "id": "1", "status": "completed", "patient": reference("Patient/1"),
            "type": {"text": "Referral to cardiology"}, "date": "2014-05-03"})),
        entry(json!({"resourceType": "DiagnosticOrder", "id": "1", "status": "completed", "subject": reference("Patient/1"),
            "item": [{"code": {"text": "Potassium"}}]})),
        entry(json!({"resourceType": "MedicationDispense", "id": "1", "status": "completed", "patient": reference("Patient/1"),
            "medicationCodeableConcept": {"text": "Metformin 500 mg"}, "authorizingPrescription": [reference("MedicationOrder/1")]})),
        entry(json!({"resourceType": "DiagnosticReport", "id": "1", "status": "final", "subject": reference("Patient/1"),
            "code": {"text": "Chemistry"}, "effectiveDateTime": "2014-05-04", "issued": "2014-05-04T10:00:00Z",
            "performer": {"display": "Lab"}, "request": [reference("DiagnosticOrder/1")]})),
    ])
}

#[test]
fn renamed_types_stay_apart_and_references_by_the_old_name_resolve() {
    for absolute in [true, false] {
        let world = World::new();
        let report = import(&world, "old.json", &dstu2(absolute));
        assert_eq!((report.format.as_str(), report.found, report.stored), ("fhir-dstu2-bundle", 7, 7), "{report:?}");
        assert_eq!(of_kind(&world, "ServiceRequest").len(), 3, "none of the three hides another");
        let one = |kind: &str| of_kind(&world, kind).remove(0);
        let resolve = |from: &Row, pointer: &str| {
            let reference = json_of(from).pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}")).to_owned();
            world.chart.resolve(from, &reference).unwrap().unwrap_or_else(|| panic!("{reference} leads nowhere"))
        };
        assert_eq!(resolve(&one("MedicationDispense"), "/authorizingPrescription/0/reference").kind, "MedicationRequest");
        let order = resolve(&one("DiagnosticReport"), "/basedOn/0/reference");
        assert_eq!(order.kind, "ServiceRequest");
        assert!(String::from_utf8(order.json).unwrap().contains("Potassium"), "of three of that id the right one");
        let again = import(&world, "old.json", &dstu2(absolute));
        assert_eq!((again.stored, again.updated, again.duplicates), (0, 0, 7), "absolute: {absolute}");
    }
}

// ---- short ids of two hospitals

fn patient(number: Option<&str>) -> Value {
    let mut patient =
        json!({"resourceType": "Patient", "id": "1", "name": [{"family": "Carver", "given": ["Ruth"]}], "birthDate": "1954-03-14"});
    // Both hospitals know the number of the state.
    let mut identifiers = vec![json!({"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-12-3456"})];
    identifiers.extend(number.map(|n| json!({"system": format!("https://{n}.example/mrn"), "value": "12"})));
    patient["identifier"] = json!(identifiers);
    patient
}

fn observation(words: &str, date: &str, value: u32) -> Value {
    json!({"resourceType": "Observation", "id": "1", "status": "final", "subject": {"reference": "Patient/1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": words}], "text": words}, "effectiveDateTime": date, "valueQuantity": {"value": value, "unit": "kg"}})
}

#[test]
fn two_hospitals_with_the_same_short_ids_never_meet() {
    // The same test on the same day with another value is the hardest case: only the patient's number tells.
    for (a, b) in [(true, true), (true, false), (false, true), (false, false)] {
        for flip in [false, true] {
            let world = World::new();
            let file = |hospital: &str, first: bool, value: u32| {
                let (patient, record) = (entry(patient(Some(hospital))), entry(observation("29463-7", "2024-02-01", value)));
                if first { bundle(&[patient, record]) } else { bundle(&[record, patient]) }
            };
            let (north, south) = (file("north", a, 70), file("south", b, 71));
            let order = if flip { [&south, &north] } else { [&north, &south] };
            for (n, bytes) in order.into_iter().enumerate() {
                let report = import(&world, &format!("{n}.json"), bytes);
                assert_eq!((report.stored, report.updated), (2, 0), "patient first: {a} {b}, flipped: {flip}: {report:?}");
            }
            assert_eq!(of_kind(&world, "Observation").len(), 2);
            // The same hospital later, its file in the other order: a correction.
            let later = import(&world, "later.json", &file("north", !a, 72));
            assert_eq!((later.stored, later.updated, later.duplicates), (0, 1, 1), "{later:?}");
            assert_eq!(of_kind(&world, "Observation").len(), 2);
            for bytes in [&north, &south] {
                assert_eq!(import(&world, "again.json", bytes).stored, 0, "the same file stores nothing twice");
            }
        }
    }
}

#[test]
fn without_a_number_of_the_hospital_only_the_same_code_and_date_are_the_same_record() {
    let world = World::new();
    let file = |words: &str, date: &str, value| bundle(&[entry(patient(None)), entry(observation(words, date, value))]);
    let files = [file("weight", "2024-02-01", 70), file("weight", "2024-02-02", 71), file("height", "2024-02-01", 172)];
    for bytes in &files {
        assert_eq!(import(&world, "a.json", bytes).updated, 0);
    }
    assert_eq!(of_kind(&world, "Observation").len(), 3);
    assert_eq!(import(&world, "b.json", &file("weight", "2024-02-01", 75)).updated, 1, "a corrected value");
    // Neither code nor date: known by its content.
    let bare = |status: &str| {
        bundle(&[entry(json!({"resourceType": "Encounter", "id": "1", "status": status, "subject": {"reference": "Patient/1"}}))])
    };
    assert_eq!((import(&world, "c.json", &bare("planned")).stored, import(&world, "d.json", &bare("finished")).stored), (1, 1));
}

#[test]
fn a_set_of_lines_whose_patient_is_in_another_file_hides_nothing() {
    let world = World::new();
    let lines = |records: &[Value]| records.iter().map(|r| format!("{r}\n")).collect::<String>().into_bytes();
    let two = |date: &str| {
        lines(&[
            observation("29463-7", date, 70),
            json!({"resourceType": "Observation", "id": "2", "status": "final",
        "subject": {"reference": "Patient/1"}, "code": {"text": "Note"}}),
        ])
    };
    let sets = [("north", two("2024-02-01")), ("south", two("2025-02-01"))];
    for (hospital, records) in &sets {
        import(&world, "Patient.ndjson", &lines(&[patient(Some(hospital)), patient(Some(hospital))]));
        let report = import(&world, "Observation.ndjson", records);
        assert_eq!(report.updated, 0, "{report:?}");
        assert_eq!(report.format, "fhir-ndjson");
    }
    for (_, records) in &sets {
        assert_eq!(import(&world, "Observation.ndjson", records).stored, 0, "the same file stores nothing twice");
    }
    assert_eq!(of_kind(&world, "Patient").len(), 2);
}

// ---- history bundles

#[test]
fn of_a_history_the_newest_version_is_current_whatever_the_order() {
    let version = |n: u32, stamped: bool| {
        let mut meta = json!({"versionId": n.to_string()});
        if stamped {
            meta["lastUpdated"] = json!(format!("2024-01-0{n}T08:00:00Z"));
        }
        json!({"fullUrl": "https://north.example/fhir/Observation/w", "resource": {"resourceType": "Observation", "id": "w", "meta": meta,
            "status": if n == 1 { "preliminary" } else { "final" }, "code": {"text": "Weight"}, "effectiveDateTime": "2024-01-01",
            "valueQuantity": {"value": 70 + n, "unit": "kg"}}, "request": {"method": "PUT", "url": "Observation/w"}, "response": {"status": "200"}})
    };
    for stamped in [true, false] {
        for order in [[3, 2, 1], [1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 3, 2], [2, 1, 3]] {
            let world = World::new();
            let entries: Vec<Value> = order.iter().map(|n| version(*n, stamped)).collect();
            let history = json!({"resourceType": "Bundle", "type": "history", "total": 3, "entry": entries}).to_string();
            let report = import(&world, "history.json", history.as_bytes());
            assert_eq!((report.stored, report.updated), (1, 2), "{order:?}");
            let row = of_kind(&world, "Observation").remove(0);
            assert_eq!(row.number, Some(73.0), "{order:?}, stamped: {stamped}");
            let mut older: Vec<f64> = world.chart.versions(row.rid).unwrap().into_iter().filter_map(|(_, v)| v.number).collect();
            older.sort_by(f64::total_cmp);
            assert_eq!(older, [71.0, 72.0], "{order:?}");
        }
    }
}

// ---- several people, reading again

#[test]
fn a_refused_file_of_several_people_lists_them() {
    let world = World::new();
    let person = |id: usize, name: &str| {
        entry(
            json!({"resourceType": "Patient", "id": id.to_string(), "name": [{"family": name, "given": ["Ann"]}], "birthDate": "1990-01-01"}),
        )
    };
    let report = import(&world, "two.json", &bundle(&[person(1, "Quill"), person(2, "Rowe")]));
    assert!(report.wrong_person && report.error.as_ref().is_some_and(|e| !e.contains("--")), "{report:?}");
    let listed: Vec<_> = report.candidates.iter().map(|c| (c.words.as_str(), c.reference.as_str())).collect();
    assert_eq!(listed, [("Ann Quill, born 1 January 1990", "Patient/1"), ("Ann Rowe, born 1 January 1990", "Patient/2")]);
    let many: Vec<Value> = (0..70).map(|n| person(n, &format!("Quill{n}"))).collect();
    assert_eq!(import(&world, "many.json", &bundle(&many)).candidates.len(), 50);
    assert_eq!(world.chart.count(&Query::default()).unwrap(), 0);
}

#[test]
fn reading_again_keeps_the_first_report_and_the_latest_beside_it() {
    let world = World::new();
    let first = import(&world, "a.json", &bundle(&[entry(patient(Some("north"))), entry(observation("weight", "2024", 70))]));
    for _ in 0..2 {
        let again = pipeline::reimport(&world.chart, &first.source, &Limits::default(), &options(None), &Unwatched).unwrap();
        assert_eq!((again.stored, again.duplicates), (0, 2));
        let source = world.chart.sources().unwrap().remove(0);
        assert_eq!(source.report, first);
        assert_eq!(source.reread, Some(again));
    }
}

// ---- the inbox

fn seal(world: &World, name: &str, bytes: &[u8]) {
    let about = keepwell::vault::inbox::About { name: name.to_owned(), ..Default::default() };
    keepwell::vault::inbox::seal(&world.dir, &world.person, &about, &mut &*bytes).unwrap();
}

fn take_in(world: &World) -> Vec<FileReport> {
    inbox::take_in(&world.chart, &Limits::default(), &options(None), &Unwatched).unwrap()
}

#[test]
fn what_was_left_in_the_inbox_is_taken_in_and_what_is_not_stays() {
    let world = World::new();
    let inbox_files = || std::fs::read_dir(world.chart_dir().join("inbox")).unwrap().count();
    let ruth = bundle(&[entry(patient(Some("north"))), entry(observation("weight", "2024-02-01", 70))]);
    let rita = String::from_utf8(ruth.clone()).unwrap().replace("Ruth", "Rita").into_bytes();
    seal(&world, "oncology.json", &ruth);
    seal(&world, "rita.json", &rita);
    seal(&world, "empty.json", b"");
    std::fs::write(world.chart_dir().join("inbox/other.age"), b"age-encryption.org/v1\nnot for this chart").unwrap();
    for file in crate::vault_world::files(&world.chart_dir().join("inbox")) {
        let (name, bytes) = (file.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&file).unwrap());
        assert!(!name.contains("oncology") && !bytes.windows(6).any(|w| w == b"Carver"), "{name}");
    }
    let reports = take_in(&world);
    assert_eq!(reports.iter().filter(|r| r.error.is_none()).count(), 1, "{reports:?}");
    let source = world.chart.sources().unwrap().remove(0);
    assert_eq!((source.name.as_str(), source.report.stored), ("oncology.json", 2));
    let mut original = Vec::new();
    std::io::Read::read_to_end(&mut world.chart.original(&source.id).unwrap(), &mut original).unwrap();
    assert_eq!(original, ruth);
    assert_eq!(inbox_files(), 5, "two with their names, and one that does not open");
    assert_eq!(take_in(&world), [], "what stays is not read again");
    let state = inbox::state(&world.chart).unwrap();
    assert_eq!((state.came.len(), state.staying.len()), (1, 3));
    let of = |name: &str| state.staying.iter().find(|(_, s)| s.name == name).map(|(n, s)| (n.clone(), s.clone())).unwrap();
    let (rita_file, staying) = of("rita.json");
    assert!(staying.wrong_person && staying.why.contains("Rita Carver"), "{staying:?}");
    assert!(of("other").1.why.contains("stays in the inbox"));
    let report = inbox::accept(&world.chart, &rita_file, Accept::Anyone, &Limits::default(), &options(None)).unwrap();
    assert!(report.error.is_none() && report.identity_accepted, "{report:?}");
    inbox::discard(&world.chart, &of("empty.json").0).unwrap();
    assert_eq!(inbox_files(), 1);
    assert_eq!(inbox::discard(&world.chart, "../records").unwrap_err().kind, keepwell::Kind::NotFound);
}

#[test]
fn what_a_crash_left_in_the_inbox_is_stored_once() {
    let world = World::new();
    let ruth = bundle(&[entry(patient(Some("north"))), entry(observation("weight", "2024-02-01", 70))]);
    seal(&world, "a.json", &ruth);
    let inbox = world.chart_dir().join("inbox");
    let copies: Vec<_> = crate::vault_world::files(&inbox).into_iter().map(|p| (std::fs::read(&p).unwrap(), p)).collect();
    take_in(&world);
    for (bytes, path) in copies {
        std::fs::write(path, bytes).unwrap();
    }
    let again = take_in(&world);
    assert_eq!((again[0].stored, again[0].duplicates), (0, 2));
    assert_eq!((world.chart.sources().unwrap().len(), crate::vault_world::files(&inbox).len()), (1, 0));
}

#[test]
fn a_file_that_stock_age_encrypted_to_the_chart_is_taken_in() {
    let world = World::new();
    let plain = world.dir.join("note.txt");
    std::fs::write(&plain, "Seen today. Well.").unwrap();
    let out = world.chart_dir().join("inbox/letter.age");
    let age =
        std::process::Command::new("age").arg("-R").arg(world.chart_dir().join("recipients.txt")).arg("-o").arg(&out).arg(&plain).status();
    let Ok(status) = age else { return eprintln!("skipped: no age on this machine") };
    assert!(status.success());
    let reports = take_in(&world);
    assert_eq!((reports.len(), reports[0].error.as_deref(), reports[0].format.as_str()), (1, None, "text"));
    assert!(!out.exists());
}

#[test]
fn the_command_leaves_files_in_the_inbox_while_another_process_has_the_vault() {
    let world = World::new();
    let file = world.dir.with_file_name("ruth.json");
    std::fs::write(&file, bundle(&[entry(patient(Some("north")))])).unwrap();
    let run = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_keepwell"));
        command
            .arg("--vault")
            .arg(&world.dir)
            .arg("import")
            .args(more)
            .arg(&file)
            .env("NO_COLOR", "1")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap()
    };
    let done = run(&["--json"]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(3), "{said}");
    assert!(said.contains("Not stored yet"), "{said}");
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(
        report["files"][0]["error"].as_str().unwrap().contains("inbox")
            && report["totals"]["failed"] == 1
            && report["totals"]["stored"] == 0
    );
    assert_eq!(run(&["--dry-run"]).status.code(), Some(1), "a dry run leaves nothing anywhere");
    let reports = take_in(&world);
    assert_eq!((reports.len(), reports[0].path.as_str(), reports[0].stored), (1, "ruth.json", 1), "{reports:?}");
}
