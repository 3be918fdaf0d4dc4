//! Household, locks, kill-safety, nothing plain on the disk, lists.

use crate::vault_world::{PASSPHRASE, World, beginning, condition, files, potassium, put, served, stage};
use keepwell::Kind;
use keepwell::household::{Beginning, Household};
use keepwell::import::report::FileReport;
use keepwell::record::{Class, facts};
use keepwell::vault::{Order, Outcome, Query, Role, Vault};
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

#[test]
fn a_member_signs_in_with_the_passphrase_or_the_recovery_key_and_nothing_else() {
    let world = World::new();
    let who = world.household.sign_in(" ruth ", PASSPHRASE).expect("the name in any case");
    let charts = world.household.charts(&who).expect("charts");
    assert_eq!(charts.len(), 1);
    assert_eq!((charts[0].0.name.as_str(), charts[0].0.birth_date.as_str(), charts[0].1), ("Ruth Carver", "1954-03-14", Role::Owner));
    let by_key = world.household.sign_in("Ruth", &world.recovery.to_lowercase()).expect("the recovery key from paper");
    assert!(world.household.open(&by_key, &world.person).is_ok());
    let denied: Vec<String> = [("Ruth", "four plain words apart"), ("Rita", PASSPHRASE), ("Rita", &world.recovery)]
        .into_iter()
        .map(|(name, passphrase)| {
            let e = world.household.sign_in(name, passphrase).expect_err("denied");
            assert_eq!(e.kind, Kind::Denied);
            e.words().to_owned()
        })
        .collect();
    assert!(denied.iter().all(|w| *w == denied[0]), "a wrong name and a wrong passphrase read the same");
    world.household.change_passphrase(&world.who, "another row of words", &keepwell::vault::Place::command_line()).expect("changed");
    assert!(world.household.sign_in("Ruth", PASSPHRASE).is_err());
    assert!(world.household.sign_in("Ruth", "another row of words").is_ok());
    let e = world.household.open(&world.who, "0123456789abcdef").expect_err("no such chart");
    assert_eq!(e.kind, Kind::NotFound);
}

#[test]
fn a_beginning_that_will_not_do_leaves_nothing_behind() {
    let tmp = tempfile::tempdir().expect("a folder");
    let dir = tmp.path().join("vault");
    let household = Household::new(Arc::new(Vault::create(&dir).expect("a vault")));
    let good = beginning;
    for (with, word) in [
        (Beginning { passphrase: "too short", ..good() }, "passphrase"),
        (Beginning { member: "  ", ..good() }, "sign in"),
        (Beginning { person: "", ..good() }, "name"),
        (Beginning { birth_date: "1954-02-30", ..good() }, "birth date"),
        (Beginning { birth_date: "1954", ..good() }, "birth date"),
        (Beginning { birth_date: "2954-03-14", ..good() }, "birth date"),
        (Beginning { sex: "F", ..good() }, "female"),
    ] {
        let e = household.begin(&with).expect_err("will not do");
        assert_eq!(e.kind, Kind::Usage);
        assert!(e.words().contains(word), "{}", e.words());
    }
    assert!(household.is_new().expect("the register"));
    assert!(files(&dir.join("members")).is_empty() && files(&dir.join("charts")).is_empty());
    household.begin(&good()).expect("then it begins");
    let e = household.begin(&good()).expect_err("only once");
    assert_eq!(e.kind, Kind::Usage);
    assert_eq!(files(&dir.join("members")).len(), 1);
}

#[test]
fn one_process_owns_a_vault() {
    let world = World::new();
    let e = Vault::open(&world.dir).expect_err("it is open here");
    assert_eq!(e.kind, Kind::Busy);
    assert!(e.words().contains(&format!("(process {})", std::process::id())), "{}", e.words());
    let dir = world.dir.clone();
    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(Vault::open(empty.path()).expect_err("no vault").kind, Kind::NotFound);
    assert_eq!(Vault::create(&dir).expect_err("not empty").kind, Kind::Usage);
    std::fs::write(empty.path().join("letter.txt"), "mine").expect("written");
    assert_eq!(Vault::create(empty.path()).expect_err("not empty").kind, Kind::Usage);
}

#[test]
fn only_the_owner_may_read_the_files() {
    let world = World::new();
    world.import("labs.json", &[served(potassium("k1", "2024-05-01", "4.1"))]);
    for file in files(&world.dir) {
        let mode = file.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    for dir in [world.dir.clone(), world.chart_dir(), world.chart_dir().join("originals")] {
        assert_eq!(dir.metadata().expect("metadata").permissions().mode() & 0o777, 0o700, "{}", dir.display());
    }
}

#[test]
fn nothing_plain_reaches_the_disk_even_while_an_import_runs() {
    let world = World::new();
    let words = ["Zweizahnfieber", "xylomazine", "Ruth Carver", "1954-03-14"];
    let resource = condition("c-zw", "Zweizahnfieber after xylomazine", "2023-02-01");
    let search = |moment: &str| {
        for file in files(&world.dir) {
            let bytes = std::fs::read(&file).expect("a file");
            for word in words {
                assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{moment}: {word} in {}", file.display());
            }
            assert!(file.ends_with("household.db") || !bytes.starts_with(b"SQLite format 3"), "{moment}: {}", file.display());
        }
    };
    let staged = stage(&world.chart, resource.to_string().repeat(2000).as_bytes());
    let mut import = world.chart.import("zweizahnfieber.json", &crate::vault_world::by("Ruth"), None).expect("an import");
    // Enough for pages to leave the cache for the journal.
    for n in 0..3000 {
        let found = served(condition(&format!("c{n}"), &format!("Zweizahnfieber after xylomazine {n}"), "2023-02-01"));
        import.put(&found, &facts(&found.resource)).expect("put");
    }
    search("while the import runs");
    import.commit(Some(staged), FileReport::default()).expect("committed");
    search("after it");
    let world = world.reopen();
    assert_eq!(world.chart.count(&Query::default()).expect("a count"), 3000);
}

#[test]
fn an_import_is_all_there_or_not_there() {
    let world = World::new();
    world.import("first.json", &[served(potassium("k1", "2024-05-01", "4.1"))]);
    let before = files(&world.dir).len();
    {
        let _staged = stage(&world.chart, b"half a file");
        let mut import = world.chart.import("second.json", &crate::vault_world::by("Ruth"), None).expect("an import");
        put(&mut import, &[served(potassium("k2", "2024-06-01", "4.2")), served(potassium("k1", "2024-05-01", "9.9"))]);
        // Readers see the state before it.
        assert_eq!(world.all().len(), 1);
    }
    let mut staging = world.chart.stage().expect("staging");
    staging.write_all(b"cut off").expect("written");
    drop(staging);
    assert_eq!(files(&world.dir).len(), before, "dropped imports and stagings leave no file");
    assert_eq!(world.chart.sources().expect("sources").len(), 1);
    assert_eq!(world.all()[0].number, Some(4.1));
    assert!(world.chart.versions(world.all()[0].rid).expect("versions").is_empty());
    assert_eq!(world.import("third.json", &[served(potassium("k2", "2024-06-01", "4.2"))]).1, [Outcome::Stored]);
}

/// A copy of the files as they are at one moment is what a kill leaves.
#[test]
fn a_kill_at_any_moment_leaves_a_vault_that_opens() {
    let world = World::new();
    world.import("first.json", &[served(potassium("k1", "2024-05-01", "4.1"))]);
    let copy = |to: &std::path::Path| {
        for file in files(&world.dir) {
            let target = to.join(file.strip_prefix(&world.dir).expect("inside"));
            std::fs::create_dir_all(target.parent().expect("a parent")).expect("a folder");
            // The shared-memory index does not survive a machine; SQLite makes it again.
            if !file.to_string_lossy().ends_with("-shm") {
                std::fs::copy(&file, target).expect("copied");
            }
        }
        std::fs::create_dir_all(to.join("charts").join(&world.person).join("originals")).expect("a folder");
    };
    let opens = |dir: &std::path::Path, records: u64| {
        let household = Household::new(Arc::new(Vault::open(dir).expect("opens")));
        let who = household.sign_in("Ruth", PASSPHRASE).expect("signs in");
        let chart = household.open(&who, &world.person).expect("a chart");
        assert_eq!(chart.count(&Query::default()).expect("a count"), records);
        assert_eq!(chart.check(true).expect("checked"), Vec::<String>::new());
        let originals = files(&dir.join("charts").join(&world.person).join("originals"));
        assert_eq!(originals.len() as u64, chart.sources().expect("sources").len() as u64, "leftovers are swept: {originals:?}");
    };
    let tmp = tempfile::tempdir().expect("a folder");
    let mut staging = world.chart.stage().expect("staging");
    staging.write_all(&vec![b'x'; 300_000]).expect("written");
    copy(&tmp.path().join("a"));
    opens(&tmp.path().join("a"), 1);
    let staged = staging.finish().expect("staged");
    let mut import = world.chart.import("second.json", &crate::vault_world::by("Ruth"), None).expect("an import");
    for n in 0..2000 {
        let found = served(potassium(&format!("n{n}"), "2024-06-01", "4.2"));
        import.put(&found, &facts(&found.resource)).expect("put");
    }
    copy(&tmp.path().join("b"));
    opens(&tmp.path().join("b"), 1);
    import.commit(Some(staged), FileReport::default()).expect("committed");
    copy(&tmp.path().join("c"));
    opens(&tmp.path().join("c"), 2001);
}

#[test]
fn a_staged_file_reads_back_anywhere_and_behind_its_end() {
    let world = World::new();
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    for size in [0, 1, 65_535, 65_536, 131_072, 800_000] {
        let bytes = &bytes[..size];
        let mut original = stage(&world.chart, bytes).open().map(Some).expect("opens").expect("staged");
        let mut all = Vec::new();
        original.read_to_end(&mut all).expect("read");
        assert_eq!(all, bytes);
        for at in [0, 1, 65_535, 65_536, 65_537, 130_000, size] {
            let at = at.min(size);
            original.seek(SeekFrom::Start(at as u64)).expect("sought");
            let mut rest = Vec::new();
            original.read_to_end(&mut rest).expect("read");
            assert_eq!(rest, &bytes[at..], "{size} from {at}");
        }
        assert_eq!(original.seek(SeekFrom::End(0)).expect("the end"), size as u64);
        assert_eq!(original.seek(SeekFrom::Start(u64::from(u32::MAX))).expect("behind it"), u64::from(u32::MAX));
        assert_eq!(original.read(&mut [0; 10]).expect("nothing there"), 0);
        assert!(original.seek(SeekFrom::End(-(size as i64) - 1)).is_err());
    }
}

#[test]
fn lists_go_on_where_they_stopped_in_every_order() {
    let world = World::new();
    let mut founds = Vec::new();
    for n in 0..60 {
        // Several at one moment, and some without a date.
        let mut k = potassium(&format!("k{n}"), &format!("20{:02}-03-01", 10 + n / 6), "5.4");
        if n % 10 == 0 {
            k.as_object_mut().expect("an object").remove("effectiveDateTime");
        }
        founds.push(served(k));
        founds.push(served(condition(&format!("c{n}"), &format!("Condition {}", n * 7 % 60), &format!("20{:02}-03-01", 10 + n / 6))));
    }
    let (source, _) = world.import("all.json", &founds);
    let labs = vec![Class::Laboratory];
    let group = facts(&founds[0].resource).group;
    assert!(group.is_some());
    for query in [
        Query::default(),
        Query { classes: labs.clone(), ..Query::default() },
        Query { classes: vec![Class::Problem, Class::Laboratory, Class::Problem], ..Query::default() },
        Query { types: vec!["Observation".into()], ..Query::default() },
        Query { group, ..Query::default() },
        Query { outside: true, numeric: true, ..Query::default() },
        Query { source: Some(source), ..Query::default() },
        Query { text: Some("potassium".into()), ..Query::default() },
        Query { from: Some(1_300_000_000), until: Some(1_500_000_000), ..Query::default() },
        Query { added_since: Some(1), ..Query::default() },
    ] {
        let count = world.chart.count(&query).expect("a count");
        assert!(count > 20, "{query:?}");
        for order in [Order::Newest, Order::Oldest, Order::Title, Order::Added] {
            let mut query = Query { order, limit: 7, ..query.clone() };
            let (mut rids, mut pages) = (Vec::new(), 0);
            loop {
                let listing = world.chart.list(&query).expect("a page");
                assert!(listing.rows.len() <= 7);
                rids.extend(listing.rows.iter().map(|r| r.rid));
                pages += 1;
                query.after = listing.next;
                if listing.next.is_none() {
                    break;
                }
            }
            let mut streamed = Vec::new();
            world
                .chart
                .each(&query, &mut |row| {
                    streamed.push(row);
                    Ok(())
                })
                .expect("each");
            assert_eq!(streamed.iter().map(|r| r.rid).collect::<Vec<_>>(), rids, "{order:?} {query:?}");
            assert_eq!(rids.len() as u64, count);
            assert_eq!(pages, count.div_ceil(7));
            let dates: Vec<_> = streamed.iter().map(|r| r.date.as_ref().map(|d| d.start)).collect();
            let undated = dates.iter().position(Option::is_none).unwrap_or(dates.len());
            match order {
                Order::Newest => assert!(dates.is_sorted_by(|a, b| a >= b), "{dates:?}"),
                Order::Oldest => assert!(dates[..undated].is_sorted() && dates[undated..].iter().all(Option::is_none), "{dates:?}"),
                Order::Title => assert!(streamed.is_sorted_by_key(|r| r.title.to_lowercase())),
                Order::Added => assert!(rids.is_sorted_by(|a, b| a > b)),
            }
        }
    }
    let counts: BTreeMap<Class, u64> = world.chart.counts().expect("counts");
    assert_eq!(counts, BTreeMap::from([(Class::Laboratory, 60), (Class::Problem, 60)]));
    let groups = world.chart.groups(&labs).expect("groups");
    assert_eq!((groups.len(), groups[0].count), (1, 60));
    assert_eq!(groups[0].latest.date.as_ref().expect("a date").text, "2019-03-01");
    let added = world.chart.added_since(0).expect("added");
    assert_eq!(added.iter().map(|a| (a.class, a.count)).collect::<Vec<_>>(), [(Class::Laboratory, 60), (Class::Problem, 60)]);
    assert!(world.chart.added_since(i64::MAX).expect("added").is_empty());
}
