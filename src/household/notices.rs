//! Telling members what they must know, by every channel there is: a notice that waits for them, sealed, and the program that
//! whoever runs the server has named (`--notify-command`).

use super::{Household, SignedIn, lock};
use crate::Result;
use crate::vault::{Notice, NoticeKind};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A program that sends a message has so long.
const LIMIT: Duration = Duration::from_secs(30);
/// So many of them at once.
const AT_ONCE: usize = 4;
/// What happens again and again is told once in this time.
const AGAIN: Duration = Duration::from_secs(60 * 60);

static RUNNING: AtomicUsize = AtomicUsize::new(0);

impl Household {
    /// Names the program of the second channel.
    #[must_use]
    pub fn with_notify_command(mut self, program: Option<std::path::PathBuf>) -> Self {
        self.notify_command = program;
        self
    }

    /// Tells every owner of a chart.
    ///
    /// # Errors
    /// Internal when a notice cannot be left.
    pub fn tell_owners(&self, person: &str, notice: &Notice) -> Result<()> {
        let owners = self.vault.register().owners(person)?;
        owners.iter().try_for_each(|(member, recipient)| self.tell(member, recipient, notice))
    }

    /// Tells a member.
    ///
    /// # Errors
    /// Internal when the notice cannot be left.
    pub fn tell_member(&self, member: &str, notice: &Notice) -> Result<()> {
        let recipient = self.vault.register().recipient(member)?;
        recipient.map_or(Ok(()), |recipient| self.tell(member, &recipient, notice))
    }

    pub(super) fn tell(&self, member: &str, recipient: &str, notice: &Notice) -> Result<()> {
        if notice.kind == NoticeKind::Denied {
            let mut told = lock(&self.told);
            told.retain(|_, at| at.elapsed() < AGAIN);
            if told.insert((member.to_owned(), notice.kind), Instant::now()).is_some() {
                return Ok(());
            }
        }
        self.vault.leave_notice(member, recipient, notice)?;
        if let Some(program) = &self.notify_command {
            send(program, words(notice.kind));
        }
        Ok(())
    }

    /// What a member has not put away yet, newest first, each with its name.
    ///
    /// # Errors
    /// Internal when the folder cannot be read.
    pub fn notices(&self, who: &SignedIn) -> Result<Vec<(String, Notice)>> {
        self.vault.notices(&who.member.id, &who.key)
    }

    /// Puts a notice away.
    ///
    /// # Errors
    /// NotFound when it is no name of a notice.
    pub fn dismiss(&self, who: &SignedIn, name: &str) -> Result<()> {
        self.vault.dismiss_notice(&who.member.id, name)
    }
}

/// What leaves this machine: no name, no health data, nothing of the chart.
fn words(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::ShareOpened => "Keepwell: a link was opened for the first time. Sign in to see.",
        NoticeKind::Denied => "Keepwell: somebody tried to sign in and could not. Sign in to see.",
        NoticeKind::ContactAsked => "Keepwell: someone asks for access. Sign in to see, and to refuse if you wish.",
        NoticeKind::ContactGiven => "Keepwell: someone was given access after the wait. Sign in to see.",
        NoticeKind::ContactNamed => "Keepwell: you were named a trusted contact. Sign in to see.",
        NoticeKind::BackupOld => "Keepwell: the last proven backup is too old. Sign in to see.",
        NoticeKind::NewDevice => "Keepwell: a new browser has signed in. Sign in to see.",
        NoticeKind::RoleEnding => "Keepwell: a role is about to end. Sign in to see.",
    }
}

/// Runs the program with the words on its stdin: no shell, no arguments, an empty environment but for PATH, and an end after
/// [`LIMIT`]. It runs aside; what becomes of it is told to the log.
fn send(program: &Path, words: &'static str) {
    if RUNNING.fetch_add(1, Ordering::SeqCst) >= AT_ONCE {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        tracing::warn!("a message was not sent: the notify command is still busy with earlier ones");
        return;
    }
    let program = program.to_owned();
    let spawned = std::thread::Builder::new().name("notify".into()).spawn(move || {
        if let Err(e) = run(&program, words) {
            tracing::warn!(cause = %e, "the notify command failed");
        }
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    });
    if spawned.is_err() {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        tracing::warn!("no thread for the notify command");
    }
}

fn run(program: &Path, words: &str) -> std::io::Result<()> {
    let mut child = Command::new(program)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read is judged by how it ends.
        _ = stdin.write_all(format!("{words}\n").as_bytes());
    }
    let began = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(_) => return Err(std::io::Error::other("it ended with a failure")),
            None if began.elapsed() >= LIMIT => {
                child.kill()?;
                child.wait()?;
                return Err(std::io::Error::other("it did not end in time"));
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}
