//! Memory of the real binary as a process of its own, as the system counts it.

use crate::process::memory_of;
use crate::world::{MEMBER, PASSPHRASE};
use crate::{Scale, line};
use keepwell::demo::large_archive;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The vault must be closed: one process owns it.
pub(crate) fn measure(vault: &Path, person: &str, dir: &Path, scale: Scale) {
    println!();
    idle(vault, person, scale);
    archive(vault, dir, scale);
}

fn keepwell(vault: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keepwell"));
    command.arg("--vault").arg(vault).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A child that ends with the measurement, whatever happens.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn idle(vault: &Path, person: &str, scale: Scale) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Running(keepwell(vault).args(["serve", "--listen", &free.to_string()]).spawn().unwrap());
    let agent: ureq::Agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into();
    let base = format!("http://{free}");
    let begun = Instant::now();
    while agent.get(format!("{base}/healthz")).call().is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the server starts");
        std::thread::sleep(Duration::from_millis(50));
    }
    let fresh = memory_of(server.0.id(), "VmRSS").unwrap();
    let answer = agent.post(format!("{base}/sign-in")).send_form([("name", MEMBER), ("passphrase", PASSPHRASE)]).unwrap();
    let cookie = answer.headers().get("set-cookie").and_then(|c| c.to_str().ok()).unwrap_or("").split(';').next().unwrap_or("").to_owned();
    let home = agent.get(format!("{base}/charts/{person}")).header("cookie", &cookie).call().unwrap();
    assert_eq!(home.status().as_u16(), 200, "the chart's home page");
    for page in ["results", "timeline", "medicines"] {
        let _ = agent.get(format!("{base}/charts/{person}/{page}")).header("cookie", &cookie).call();
    }
    std::thread::sleep(Duration::from_secs(3));
    line("Memory: server, nobody signed in", &megabytes(fresh), "");
    line(
        &format!("Memory: server idle, chart of {} records open", scale.of(200_000)),
        &megabytes(memory_of(server.0.id(), "VmRSS").unwrap()),
        "under 40 MB",
    );
}

fn archive(vault: &Path, dir: &Path, scale: Scale) {
    let bytes = scale.of(1_000_000_000);
    let file = dir.join("archive.zip");
    let mut out = BufWriter::new(std::fs::File::create(&file).unwrap());
    let written = large_archive(bytes, 1000, &mut out).unwrap();
    out.flush().unwrap();
    let secret = dir.join("passphrase");
    std::fs::write(&secret, PASSPHRASE).unwrap();
    let begun = Instant::now();
    let mut import =
        Running(keepwell(vault).args(["--member", MEMBER, "--passphrase-file"]).arg(&secret).arg("import").arg(&file).spawn().unwrap());
    let mut most = 0;
    let status = loop {
        most = memory_of(import.0.id(), "VmHWM").unwrap_or(0).max(most);
        if let Some(status) = import.0.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "the import of the archive: {status}");
    line(
        "Memory: importing an archive, at most",
        &megabytes(most),
        &format!("under 200 MB ({:.0} MB in {:.0} s)", written as f64 / 1e6, begun.elapsed().as_secs_f64()),
    );
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
