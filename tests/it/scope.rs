//! What somebody with a narrow scope gets to read: through every reading of a chart, nothing of the rest, and nothing by
//! which one could tell that there is a rest.

use crate::vault_world::{World, import, potassium, served, stage};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keepwell::Kind;
use keepwell::chart::documents::Beside;
use keepwell::chart::sources::Sources;
use keepwell::export::{Format, Selection, export};
use keepwell::import::report::FileReport;
use keepwell::import::{Found, Limits, Origin};
use keepwell::record::{Class, EXTRACTED_TEXT, ORIGINAL, Resource, Sensitive, SensitiveSet, facts};
use keepwell::vault::{Chart, Order, Query, Scope};
use serde_json::{Value, json};
use sha1::Digest;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A record with a word that stands nowhere else, its class and its kinds.
pub(crate) struct Marked {
    pub(crate) word: &'static str,
    pub(crate) class: Class,
    pub(crate) kinds: Vec<Sensitive>,
    pub(crate) resource: Resource,
}

pub(crate) fn marked() -> Vec<Marked> {
    let condition = |id: &str, words: &str| {
        json!({"resourceType": "Condition", "id": id, "code": {"text": words}, "onsetDateTime": "2024-01-02",
            "encounter": {"reference": "Encounter/visit"}})
    };
    let lab = |id: &str, words: &str| {
        let mut lab = potassium(id, "2024-02-03", "4.1");
        lab["code"] = json!({"text": words});
        lab["encounter"] = json!({"reference": "Encounter/visit"});
        lab
    };
    let note = |id: &str, title: &str, text: &str| {
        json!({"resourceType": "DocumentReference", "id": id, "status": "current", "description": title,
            "content": [{"attachment": {"contentType": "text/plain", "data": BASE64_STANDARD.encode(text)}}]})
    };
    let of = |word, class, kinds: &[Sensitive], resource| Marked { word, class, kinds: kinds.to_vec(), resource };
    vec![
        of("qgout", Class::Problem, &[], condition("gout", "Gout qgout")),
        of("qmelancholy", Class::Problem, &[Sensitive::MentalHealth], condition("dep", "Depression qmelancholy")),
        of("qbabe", Class::Problem, &[Sensitive::ReproductiveHealth], condition("preg", "Pregnancy qbabe")),
        of("qlues", Class::Laboratory, &[Sensitive::SexualHealth], lab("lues", "Syphilis qlues")),
        of("qdram", Class::Problem, &[Sensitive::SubstanceUse], condition("alc", "Alcohol use qdram")),
        of("qgenome", Class::Laboratory, &[Sensitive::Genetics], lab("gen", "BRCA1 gene qgenome")),
        of("qretro", Class::Laboratory, &[Sensitive::Hiv], lab("hiv", "HIV 1 RNA qretro")),
        of("qcalcium", Class::Laboratory, &[], lab("cal", "Calcium qcalcium")),
        of(
            "qvisit",
            Class::Encounter,
            &[],
            json!({"resourceType": "Encounter", "id": "visit", "status": "finished", "type": [{"text": "Office visit qvisit"}],
                "period": {"start": "2024-01-02"}, "reasonReference": [{"reference": "Condition/dep"}]}),
        ),
        of(
            "qpolicy",
            Class::Encounter,
            &[Sensitive::MentalHealth],
            json!({"resourceType": "Encounter", "id": "therapy", "status": "finished", "type": [{"text": "Visit qpolicy"}],
                "reasonReference": [{"reference": "Condition/dep", "display": "Depression"}]}),
        ),
        of(
            "qpanel",
            Class::Laboratory,
            &[],
            json!({"resourceType": "DiagnosticReport", "id": "panel", "status": "final", "code": {"text": "Panel qpanel"},
                "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]}],
                "result": [{"reference": "Observation/cal"}, {"reference": "Observation/hiv"}]}),
        ),
        of("qmemo", Class::Note, &[], note("memo", "Letter qmemo", "The knee is well.")),
        of(
            "qdiary",
            Class::Note,
            &[Sensitive::MentalHealth, Sensitive::SubstanceUse],
            note("diary", "Letter qdiary", "Panic after heroin."),
        ),
        of(
            "qlabel",
            Class::Goal,
            &[Sensitive::SexualHealth, Sensitive::ReproductiveHealth],
            json!({"resourceType": "Goal", "id": "label", "lifecycleStatus": "active", "description": {"text": "qlabel"},
                "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "SEX"}]}}),
        ),
        of(
            "qpollen",
            Class::Allergy,
            &[],
            json!({"resourceType": "AllergyIntolerance", "id": "pollen", "code": {"text": "Pollen qpollen"}}),
        ),
    ]
}

/// The marked records; a record whose former version was sensitive and one whose present one is; a file as a document.
fn fill(world: &World, of: &[&Marked], more: bool) {
    let founds: Vec<Found> = of.iter().map(|m| served(m.resource.clone())).collect();
    import(&world.chart, "qsecretname.json", &founds);
    if !more {
        return;
    }
    let version = |id: &str, words: &str, n: u32| {
        served(json!({"resourceType": "Condition", "id": id, "meta": {"versionId": n.to_string()}, "code": {"text": words}}))
    };
    import(&world.chart, "first", &[version("was", "Schizophrenia qwasbefore", 1), version("is", "Tired qisbefore", 1)]);
    import(&world.chart, "second", &[version("was", "Tired qwasnow", 2), version("is", "Schizophrenia qisnow", 2)]);
    document(&world.chart, b"The knee qknee is well.", "The knee qknee is well.", None);
    document(&world.chart, b"qscanbytes", "", None);
    // It says of itself that it is the file, and is another.
    document(&world.chart, b"qbundlebytes: everything", "harmless qharmless", Some(b"harmless"));
}

/// A file that becomes a document; `hash_of` other bytes where the record lies about its file.
fn document(chart: &Chart, bytes: &[u8], text: &str, hash_of: Option<&[u8]>) {
    let hash = BASE64_STANDARD.encode(sha1::Sha1::digest(hash_of.unwrap_or(bytes)));
    let mut resource = json!({"resourceType": "DocumentReference", "status": "current", "description": "A scan",
        "content": [{"attachment": {"contentType": "text/plain", "url": ORIGINAL, "hash": hash}}]});
    if !text.is_empty() {
        resource["extension"] = json!([{"url": EXTRACTED_TEXT, "valueString": text}]);
    }
    let origin = Origin::Document { document: hash, entry: "document".into() };
    let found = Found { resource, origin, full_url: None, place: "document".into(), counted: true };
    let staged = stage(chart, bytes);
    let mut import = chart.import("qscanname.txt", &crate::vault_world::by("Ruth"), None).expect("an import");
    import.put(&found, &facts(&found.resource)).expect("put");
    import.commit(Some(staged), FileReport { path: "qreportpath".into(), ..FileReport::default() }).expect("committed");
}

fn scopes() -> Vec<Scope> {
    let classes = |of: &[Class]| Some(of.iter().copied().collect::<BTreeSet<_>>());
    let mut all = vec![
        Scope { classes: None, sensitive: SensitiveSet::NONE },
        Scope { classes: classes(&[Class::Problem, Class::Note]), sensitive: SensitiveSet::NONE },
        Scope { classes: classes(&[Class::Laboratory]), sensitive: SensitiveSet::ALL },
        Scope { classes: classes(&[Class::Encounter, Class::Allergy]), sensitive: Sensitive::Hiv.into() },
        Scope { classes: classes(&[]), sensitive: SensitiveSet::ALL },
        Scope::everything(),
    ];
    all.extend(Sensitive::ALL.map(|kind| Scope { classes: None, sensitive: kind.into() }));
    all.extend(Sensitive::ALL.map(|kind| Scope { classes: None, sensitive: SensitiveSet::ALL.without(kind.into()) }));
    all
}

/// Every word that a chart says through any of its readings.
fn everything_said(chart: &Arc<Chart>, rids: &[i64]) -> String {
    let mut said = String::new();
    let mut say = |what: &dyn std::fmt::Debug| said.push_str(&format!("{what:?}\n"));
    let text = |json: &[u8]| String::from_utf8_lossy(json).into_owned();
    for order in [Order::Newest, Order::Oldest, Order::Title, Order::Added] {
        for limit in [2, 500] {
            let mut query = Query { order, limit, ..Query::default() };
            loop {
                let listing = chart.list(&query).expect("a list");
                listing.rows.iter().for_each(|row| {
                    say(&(row, text(&row.json)));
                    assert!(chart.scope().shows(row.class));
                });
                query.after = listing.next;
                if query.after.is_none() {
                    break;
                }
            }
        }
    }
    for row in chart.list(&Query { limit: 500, ..Query::default() }).expect("a list").rows {
        let visit = Query { encounter: Some(row.rid), limit: 500, ..Query::default() };
        chart.list(&visit).expect("a list").rows.iter().for_each(|row| say(&text(&row.json)));
        for reference in ["Condition/dep", "Observation/hiv", "Encounter/therapy", "DocumentReference/diary", "Condition/is"] {
            say(&chart.resolve(&row, reference).expect("resolved").map(|row| text(&row.json)));
        }
        say(&chart.file_of(&row, None, &Limits::default()).map(|bytes| text(&bytes)).ok());
        say(&Beside::of(chart, row.rid).expect("read").title);
    }
    for rid in rids {
        say(&chart.record(*rid).map(|row| text(&row.json)).ok());
        chart.versions(*rid).expect("versions").iter().for_each(|(_, row)| say(&(row, text(&row.json))));
        say(&chart.sources_of(*rid).expect("sources").len());
        say(&chart.note(&format!("document:{rid}")).expect("a note"));
        say(&chart.count(&Query { encounter: Some(*rid), ..Query::default() }).expect("a count"));
    }
    say(&chart.groups(&Class::ALL).expect("groups").iter().map(|g| text(&g.latest.json)).collect::<Vec<_>>());
    say(&chart.added_since(0).expect("added").iter().map(|a| text(&a.latest.json)).collect::<Vec<_>>());
    for source in chart.sources().expect("sources") {
        let query = Query { source: Some(source.id.clone()), limit: 500, ..Query::default() };
        chart.list(&query).expect("a list").rows.iter().for_each(|row| say(&text(&row.json)));
        if let Ok(mut original) = chart.original(&source.id) {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut original, &mut bytes).expect("read");
            say(&text(&bytes));
        }
        say(&source);
    }
    say(&Sources::of(chart).expect("sources"));
    for word in ["q", "qm", "Depression", "knee", "Visit", "letter", "tired", "status", "final"].iter().chain(WORDS) {
        for hit in chart.search(word, 50).expect("hits") {
            say(&(text(&hit.row.json), hit.snippet));
        }
        let query = Query { text: Some((*word).to_owned()), limit: 500, ..Query::default() };
        chart.list(&query).expect("a list").rows.iter().for_each(|row| say(&text(&row.json)));
    }
    chart
        .each(&Query::default(), &mut |row| {
            say(&text(&row.json));
            Ok(())
        })
        .expect("each");
    for format in [Format::Fhir, Format::Ndjson] {
        let mut out = Vec::new();
        export(chart, format, &Selection::default().into(), &mut out).expect("an export");
        say(&text(&out));
    }
    said
}

/// Words that are in a record beside its marked one.
const WORDS: &[&str] = &["qwasbefore", "qwasnow", "qisbefore", "qisnow", "qknee", "qscanbytes", "qbundlebytes", "qharmless"];

#[test]
fn what_lies_outside_of_a_scope_is_said_nowhere() {
    let world = World::new();
    let marked = marked();
    fill(&world, &marked.iter().collect::<Vec<_>>(), true);
    let rids: Vec<i64> = (0..60).collect();
    let all = world.chart.list(&Query { limit: 500, ..Query::default() }).expect("a list").rows;
    for row in &all {
        if row.kind == "DocumentReference" && row.title.contains("qmemo") {
            let beside = Beside { title: Some("From the psychiatrist qbeside".into()), ..Beside::default() };
            beside.keep(&world.chart, row.rid).expect("kept");
        }
    }
    for m in &marked {
        let facts = facts(&m.resource);
        assert_eq!((facts.class, facts.sensitive), (m.class, m.kinds.iter().copied().collect()), "{}", m.word);
    }
    for scope in scopes() {
        let view = world.chart.view(&scope);
        let said = everything_said(&view, &rids);
        for m in &marked {
            let allowed = scope.allows(m.class, m.kinds.iter().copied().collect());
            assert_eq!(said.contains(m.word), allowed, "{} in {scope:?}", m.word);
        }
        let (problem, note, mental) = (scope.shows(Class::Problem), scope.shows(Class::Note), Sensitive::MentalHealth);
        let sees_mental = scope.sensitive.contains(mental);
        for (word, seen) in [
            ("qwasnow", problem),
            ("qwasbefore", problem && sees_mental),
            ("qisnow", problem && sees_mental),
            // What a record once was is not told of one that is hidden now.
            ("qisbefore", problem && sees_mental),
            ("qknee", note),
            ("qscanbytes", scope.is_everything()),
            ("qharmless", note),
            ("qbundlebytes", scope.is_everything()),
            ("qbeside", note && sees_mental),
            ("qsecretname", scope.is_everything()),
            ("qscanname", scope.is_everything()),
            ("qreportpath", scope.is_everything()),
        ] {
            assert_eq!(said.contains(word), seen, "{word} in {scope:?}");
        }
    }
}

#[test]
fn a_hidden_record_answers_like_one_that_does_not_exist() {
    let (world, twin) = (World::new(), World::new());
    let marked = marked();
    let scope = Scope { classes: None, sensitive: SensitiveSet::NONE };
    let (seen, hidden): (Vec<&Marked>, Vec<&Marked>) = marked.iter().partition(|m| m.kinds.is_empty());
    // What can be seen first, so that both charts number it alike.
    fill(&world, &seen, false);
    import(&world.chart, "hidden", &hidden.iter().map(|m| served(m.resource.clone())).collect::<Vec<_>>());
    fill(&twin, &seen, false);
    let view = world.chart.view(&scope);
    let titles = |chart: &Chart, query: &Query| chart.list(query).expect("a list").rows.into_iter().map(|r| r.title).collect::<Vec<_>>();
    assert_eq!(view.counts().expect("counts"), twin.chart.counts().expect("counts"));
    assert_eq!(view.count(&Query::default()).expect("a count"), seen.len() as u64);
    assert_eq!(view.sources().expect("sources").len(), 1, "a source that gave nothing to be seen is not there");
    let added = |chart: &Chart| chart.added_since(0).expect("added").into_iter().map(|a| (a.class, a.count)).collect::<Vec<_>>();
    assert_eq!(added(&view), added(&twin.chart));
    let groups = |chart: &Chart| chart.groups(&Class::ALL).expect("groups").into_iter().map(|g| (g.key, g.count)).collect::<Vec<_>>();
    assert_eq!(groups(&view), groups(&twin.chart));
    // A word that is only in what is hidden is a word that is nowhere: it is tried shorter, and meets what it then meets.
    for word in ["qmelancholy", "qmemo", "qmexyz", "qgenome", "qgou", "depression", "Calcium hiv", "syphilis", "q", "diary", "qdi"] {
        let hits = |chart: &Chart| chart.search(word, 20).expect("hits").into_iter().map(|h| (h.row.title, h.snippet)).collect::<Vec<_>>();
        assert_eq!(hits(&view), hits(&twin.chart), "{word}");
        let query = Query { text: Some(word.to_owned()), ..Query::default() };
        assert_eq!(titles(&view, &query), titles(&twin.chart, &query), "{word}");
    }
    let not_found = |e: keepwell::Error| (e.kind, e.to_string());
    for row in world.all() {
        let alike = twin.chart.record(row.rid);
        let (mine, its) = (view.record(row.rid), alike);
        match (mine, its) {
            (Ok(mine), Ok(its)) => assert_eq!(mine.title, its.title),
            (Err(mine), Err(its)) => assert_eq!(not_found(mine), not_found(its)),
            (mine, its) => panic!("{mine:?} and {its:?}"),
        }
        assert_eq!(view.versions(row.rid).expect("versions").len(), 0);
        assert_eq!(view.sources_of(row.rid).expect("sources").is_empty(), view.record(row.rid).is_err());
    }
}

#[test]
fn who_may_not_see_everything_changes_nothing_and_sees_no_files() {
    let world = World::new();
    fill(&world, &marked().iter().collect::<Vec<_>>(), true);
    let source = world.chart.sources().expect("sources")[0].id.clone();
    for scope in scopes().into_iter().filter(|s| !s.is_everything()) {
        let view = world.chart.view(&scope);
        assert!(view.is_limited());
        for (what, done) in [
            ("original", view.original(&source).err()),
            ("stage", view.stage().err()),
            ("import", view.import("x", &crate::vault_world::by("Ruth"), None).err()),
            ("reimport", view.import("x", &crate::vault_world::by("Ruth"), Some(&source)).err()),
            ("remove", view.remove_source(&source).err()),
            ("restore", view.restore_source(&source).err()),
            ("check", view.check(false).err()),
            ("a note", view.set_note("known", "x").err()),
            ("a title", Beside { title: Some("x".into()), ..Beside::default() }.keep(&view, 1).err()),
        ] {
            assert_eq!(done.map(|e| e.kind), Some(Kind::NotFound), "{what}");
        }
        assert!(view.inbox().expect("an inbox").is_empty());
        view.set_note("last-visit/me", "1").expect("the visit is noted");
        assert_eq!(view.note("last-visit/me").expect("a note").as_deref(), Some("1"));
        for source in view.sources().expect("sources") {
            assert_eq!((source.report, source.size), (FileReport::default(), 0));
        }
        // No view of a view shows more.
        assert!(Arc::ptr_eq(&view.view(&Scope::everything()), &view));
    }
    let before: Value = json!(world.all().len());
    assert_eq!(before, json!(world.chart.view(&Scope::everything()).count(&Query::default()).expect("a count")));
}
