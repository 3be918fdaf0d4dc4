//! An import is all there or not there: killed at many moments, and on a disk that is full.

use crate::binary::{Home, copy, files, ran};
use keepwell::demo::large_bundle;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RECORDS: usize = 2000;

fn bundle(records: usize, seed: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    large_bundle(records, seed, &mut bytes).unwrap();
    bytes
}

fn leftovers(home: &Home) -> Vec<String> {
    let names = files(&home.vault()).into_iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned());
    names.filter(|n| n.contains("incoming") || n.contains("new") || n.ends_with(".tmp")).collect()
}

/// The vault opens, is whole, holds all of the second file or nothing of it; gives whether it is all.
fn whole(home: &Home) -> bool {
    let checked = home.run(&["check", "--deep"]).ended(0);
    assert!(checked.out.is_empty());
    assert_eq!(leftovers(home), Vec::<String>::new());
    let sources = home.sources();
    let found: u64 = sources.iter().map(|s| s["report"]["found"].as_u64().unwrap()).sum();
    let originals = files(&home.chart().join("originals")).len();
    assert_eq!(originals, sources.len(), "originals and sources");
    let records = home.run(&["records"]).ended(0).out.iter().filter(|b| **b == b'\n').count() as u64;
    match sources.len() {
        1 => assert_eq!(records, found),
        // The two files are about one patient.
        2 => assert_eq!(records, found - 1),
        n => panic!("{n} sources"),
    }
    sources.len() == 2
}

#[test]
fn a_kill_at_any_moment_leaves_all_or_nothing() {
    let start = Home::new();
    start.import(0, &[&start.write("first.json", &bundle(40, 1))]);
    let file = start.write("second.json", &bundle(RECORDS, 2));
    let began = Instant::now();
    start.copy().import(0, &[&file]);
    let all = began.elapsed();
    let moments = 36;
    let (mut full, mut none) = (0, 0);
    for moment in 0..moments {
        let home = start.copy();
        let mut child = home.command(&["import", &file]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(all * moment / (moments - 2));
        child.kill().unwrap();
        child.wait().unwrap();
        if whole(&home) {
            full += 1;
        } else {
            none += 1;
        }
        if moment % 6 == 0 {
            home.import(0, &[&file]);
            assert!(whole(&home), "the second try completes it");
        }
    }
    println!("killed at {moments} moments of {} ms: {none} times nothing was stored, {full} times all", all.as_millis());
    assert!(none >= 5, "the kills came too late to test anything");
}

#[test]
fn a_server_that_is_killed_in_the_middle_of_an_upload() {
    let home = Home::new();
    home.import(0, &[&home.write("first.json", &bundle(40, 1))]);
    let bytes = bundle(RECORDS, 2);
    let mut during = 0;
    for moment in 0..4_u32 {
        let home = home.copy();
        let server = home.serve(&[]);
        let cookie = server.sign_in(&home);
        let reply = server.upload(&home.chart_id(), &cookie, "second.json", &bytes);
        assert_eq!(reply.status, 303);
        std::thread::sleep(Duration::from_millis(u64::from(20 + 60 * moment)));
        let killed = Command::new("kill").args(["-9", &server.id().to_string()]).status().unwrap();
        assert!(killed.success());
        drop(server);
        during += u32::from(!whole(&home));
    }
    println!("killed 4 servers, {during} of them before the import was stored");
}

#[test]
fn a_server_that_is_stopped_politely_undoes_what_it_was_reading() {
    let home = Home::new();
    home.import(0, &[&home.write("first.json", &bundle(40, 1))]);
    let server = home.serve(&[]);
    let cookie = server.sign_in(&home);
    server.upload(&home.chart_id(), &cookie, "second.json", &bundle(RECORDS, 2));
    server.stop();
    whole(&home);
}

/// A small file system of its own; taken away when dropped.
pub(crate) struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    /// None where the system does not allow it.
    pub(crate) fn of(place: &'a Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "none"]).arg(place);
        (ran(&mut mount).code == Some(0)).then_some(Self(place))
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_changes_nothing() {
    let home = Home::new();
    home.import(0, &[&home.write("first.json", &bundle(40, 1))]);
    let file = home.write("second.json", &bundle(RECORDS, 2));
    // Room for the original alone, and for neither.
    for size in ["6m", "3m"] {
        let small = home.copy();
        let aside = home.path("aside");
        copy(&small.vault(), &aside);
        let place = small.vault();
        let Some(_mount) = Mount::of(&place, size) else {
            eprintln!("SKIPPED: a full disk (mounting a tmpfs is not allowed here)");
            return;
        };
        copy(&aside, &small.vault());
        let report = small.import(1, &[&file]);
        let words = report["files"][0]["error"].as_str().unwrap();
        assert!(words.contains("disk is full") && words.contains("Nothing was stored"), "{size}: {words}");
        assert!(!whole(&small));
        // Small things still go in.
        small.import(0, &[&small.write("third.json", &bundle(3, 3))]);
        small.run(&["check", "--deep"]).ended(0);
    }
}

#[test]
fn a_limit_on_the_size_of_files_is_like_a_kill() {
    let home = Home::new();
    home.import(0, &[&home.write("first.json", &bundle(40, 1))]);
    let file = home.write("second.json", &bundle(RECORDS, 2));
    for blocks in [1000, 3000, 5000] {
        let home = home.copy();
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -f $0; exec \"$@\""]).arg(blocks.to_string()).arg(env!("CARGO_BIN_EXE_keepwell")).args(["import", &file]);
        home.around(&mut shell);
        assert_ne!(ran(shell.stdin(Stdio::null())).code, Some(0), "{blocks} blocks are enough");
        assert!(!whole(&home));
    }
}
