//! A crash puts no memory on the disk: no process of Keepwell can leave a core, whatever it was doing and whoever ran it.

use crate::binary::{Home, files};
use keepwell::demo::large_bundle;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Anyone but the first user: what a process of theirs shows of itself tells whether it may be dumped.
const SOMEBODY: &str = "65534";

/// Runs a program the way a careless machine would: cores are asked for, and land in the folder in which it runs.
fn asking_for_cores(dir: &Path, other: bool, program: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited; cd \"$0\"; exec \"$@\""]).arg(dir);
    // Whether a process may be dumped shows in whose its files in /proc are; those of the first user are theirs either way.
    if other && rustix::process::geteuid().is_root() {
        command.args(["setpriv", "--reuid", SOMEBODY, "--regid", SOMEBODY, "--clear-groups"]);
    }
    command.arg(program).args(args);
    command
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The limit on cores, soft and hard, as the system has it.
pub(crate) fn limit(process: u32) -> Option<[String; 2]> {
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).ok()?;
    let line = limits.lines().find_map(|l| l.strip_prefix("Max core file size"))?;
    let mut words = line.split_whitespace().map(str::to_owned);
    Some([words.next()?, words.next()?])
}

/// Not the owner's but the system's: the process may be neither dumped nor looked into.
fn is_shut(process: u32) -> bool {
    std::fs::metadata(format!("/proc/{process}/limits")).is_ok_and(|m| m.uid() == 0)
}

fn abort(mut child: Child) -> ExitStatus {
    assert!(Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap()
}

fn cores(dir: &Path) -> Vec<PathBuf> {
    files(dir).into_iter().filter(|f| f.file_name().unwrap().to_string_lossy().contains("core")).collect()
}

/// A folder that SOMEBODY may work in, and the program in it.
fn open_to_all(home: &Home) -> (PathBuf, PathBuf) {
    let (dir, program) = (home.path("theirs"), home.path("keepwell"));
    std::fs::create_dir(&dir).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_keepwell"));
    std::fs::hard_link(built, &program).or_else(|_| std::fs::copy(built, &program).map(drop)).unwrap();
    std::fs::set_permissions(home.dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    if rustix::process::geteuid().is_root() {
        let owned = Command::new("chown").args(["-R", &format!("{SOMEBODY}:{SOMEBODY}")]).arg(&dir).status().unwrap();
        assert!(owned.success());
    }
    (dir, program)
}

#[test]
fn no_process_leaves_a_core() {
    let home = Home::new();
    let dir = home.path("cores");
    std::fs::create_dir(&dir).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_keepwell"));
    // The system does leave one of a program that lets it; else this test could not tell.
    let mut other = asking_for_cores(&dir, false, Path::new("sleep"), &["60"]).spawn().unwrap();
    until("sleep", || {
        limit(other.id()).is_some_and(|l| l[0] != "0") && std::fs::read(format!("/proc/{}/comm", other.id())).unwrap() == b"sleep\n"
    });
    if limit(other.id()).unwrap()[1] == "0" {
        other.kill().unwrap();
        other.wait().unwrap();
        eprintln!("SKIPPED: cores (this system allows none at all)");
        return;
    }
    assert!(abort(other).core_dumped(), "the control left no core");
    cores(&dir).iter().for_each(|f| std::fs::remove_file(f).unwrap());

    let mut large = Vec::new();
    large_bundle(6000, 1, &mut large).unwrap();
    let large = home.write("large.json", &large);
    // The reader of documents waits for its document; the import is in the middle of one; the server waits for anybody.
    for args in [&["__worker", "pdf-text"][..], &["import", &large], &["serve", "--listen", "127.0.0.1:0"]] {
        let mut command = asking_for_cores(&dir, false, built, args);
        home.around(&mut command);
        let said = std::fs::File::create(home.path("said")).unwrap();
        let child = command.stdin(Stdio::piped()).stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap();
        until(args[0], || limit(child.id()).is_some_and(|l| l == ["0", "0"]));
        if args[0] == "serve" {
            until("an address", || std::fs::read_to_string(home.path("said")).unwrap().contains("://127.0.0.1:"));
        }
        let status = abort(child);
        assert_eq!((status.signal(), status.core_dumped()), (Some(6), false), "{args:?}");
        for place in [&dir, &home.path("tmp"), &home.vault()] {
            assert_eq!(cores(place), Vec::<PathBuf>::new(), "{args:?}");
        }
    }
}

/// A limit alone does not hold where the system hands cores to a program: that one is given them whatever the limit says.
#[test]
fn no_process_may_be_dumped_or_looked_into() {
    let home = Home::bare();
    let (dir, program) = open_to_all(&home);
    let mut control = asking_for_cores(&dir, true, Path::new("sleep"), &["60"]).spawn().unwrap();
    until("sleep", || std::fs::read(format!("/proc/{}/comm", control.id())).unwrap() == b"sleep\n");
    let told = !is_shut(control.id());
    control.kill().unwrap();
    control.wait().unwrap();
    assert!(told, "an ordinary process is its owner's");
    let vault = dir.join("vault");
    for args in [&["__worker", "pdf-text"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let mut command = asking_for_cores(&dir, true, &program, args);
        home.around(&mut command);
        command.env("KEEPWELL_VAULT", &vault).env("TMPDIR", &dir).env("HOME", &dir);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until(args[0], || limit(child.id()).is_some_and(|l| l == ["0", "0"]));
        // The two steps follow one another.
        let shut = (0..500).any(|_| {
            is_shut(child.id()) || {
                std::thread::sleep(Duration::from_millis(2));
                false
            }
        });
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(shut, "{args:?}");
    }
}
