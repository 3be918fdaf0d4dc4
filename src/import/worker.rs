//! Readers of PDF and pictures panic, loop and allocate without bound on hostile input, so they run in a process of
//! their own: this very program, started again with a hidden command, fed through a pipe, under limits that the kernel
//! enforces, killed when it takes too long. What it says back is bytes, never trusted to be more.

mod exif;
mod inside;

pub use inside::run_worker;

use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The hidden command that `main` hands to [`run_worker`].
pub const COMMAND: &str = "__worker";

/// Most bytes of an answer.
const ANSWER: u64 = 64 << 20;

/// Most bytes of text taken from a document.
pub const TEXT_BYTES: usize = 2 << 20;

/// Why the worker gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The document is locked with a password.
    Locked,
    /// It is damaged, or of a sort that cannot be read.
    Unreadable,
    /// There is no such page.
    NoSuchPage,
    /// It took too long, or needed more memory than is allowed.
    TooMuch,
}

impl Trouble {
    /// The reason in plain words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Locked => "It is locked with a password.",
            Self::Unreadable => "It is damaged, or made in a way that Keepwell cannot read.",
            Self::NoSuchPage => "The document has no such page.",
            Self::TooMuch => "Reading it took too long or needed too much memory.",
        }
    }
}

impl From<Trouble> for crate::Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NoSuchPage => Self::not_found(),
            other => Self::refused(other.words()),
        }
    }
}

/// What a PDF says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PdfInfo {
    /// Number of pages.
    pub pages: usize,
    /// Its title, if it has one. Often a file name of the writer's.
    pub title: Option<String>,
    /// When it was made, as a FHIR date.
    pub created: Option<String>,
}

/// What a picture says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureInfo {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// When it was taken, as a FHIR date.
    pub created: Option<String>,
}

/// Starts the program again for one document at a time.
#[derive(Clone, Debug)]
pub struct Worker {
    exe: PathBuf,
    patience: Duration,
}

impl Worker {
    /// A worker that runs the given program, which must hand the hidden command to [`run_worker`].
    pub fn new(exe: impl Into<PathBuf>) -> Self {
        Self { exe: exe.into(), patience: Duration::from_secs(20) }
    }

    /// A worker that runs this program. Right only in a program whose `main` knows the hidden command.
    ///
    /// # Errors
    /// Internal when the system does not tell where the program is.
    pub fn this() -> crate::Result<Self> {
        // Stands for the running program even after an upgrade has replaced its file.
        let own = PathBuf::from("/proc/self/exe");
        if own.exists() {
            return Ok(Self::new(own));
        }
        Ok(Self::new(std::env::current_exe()?))
    }

    /// The same worker with another time after which it gives up.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The text of a PDF, up to [`TEXT_BYTES`].
    ///
    /// # Errors
    /// The trouble with it.
    pub fn pdf_text(&self, bytes: &[u8]) -> Result<String, Trouble> {
        String::from_utf8(self.run(&["pdf-text"], bytes)?).map_err(|_| Trouble::Unreadable)
    }

    /// What a PDF says about itself.
    ///
    /// # Errors
    /// The trouble with it.
    pub fn pdf_info(&self, bytes: &[u8]) -> Result<PdfInfo, Trouble> {
        serde_json::from_slice(&self.run(&["pdf-info"], bytes)?).map_err(|_| Trouble::Unreadable)
    }

    /// A page of a PDF (the first is 1) as PNG, so many pixels wide.
    ///
    /// # Errors
    /// The trouble with it.
    pub fn pdf_page(&self, bytes: &[u8], page: usize, width: u32) -> Result<Vec<u8>, Trouble> {
        self.run(&["pdf-page", &page.to_string(), &width.to_string()], bytes).and_then(png_or_jpeg)
    }

    /// A picture as PNG or JPEG that any browser shows, upright, without metadata, no side longer than `longest`.
    ///
    /// # Errors
    /// The trouble with it.
    pub fn picture(&self, bytes: &[u8], longest: u32) -> Result<Vec<u8>, Trouble> {
        self.run(&["picture", &longest.to_string()], bytes).and_then(png_or_jpeg)
    }

    /// A photograph as JPEG, upright, without metadata, no side longer than `longest`. What is see-through is white.
    ///
    /// # Errors
    /// The trouble with it.
    pub fn photo(&self, bytes: &[u8], longest: u32) -> Result<Vec<u8>, Trouble> {
        let photo = self.run(&["photo", &longest.to_string()], bytes)?;
        if photo.starts_with(b"\xff\xd8\xff") { Ok(photo) } else { Err(Trouble::Unreadable) }
    }

    /// What a picture says about itself. Decodes nothing but its header.
    ///
    /// # Errors
    /// The trouble with it.
    pub fn picture_info(&self, bytes: &[u8]) -> Result<PictureInfo, Trouble> {
        serde_json::from_slice(&self.run(&["picture-info"], bytes)?).map_err(|_| Trouble::Unreadable)
    }

    fn run(&self, args: &[&str], bytes: &[u8]) -> Result<Vec<u8>, Trouble> {
        let child = Command::new(&self.exe)
            .arg(COMMAND)
            .args(args)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.map_err(|e| {
            tracing::error!("the reader of documents could not be started: {e}");
            Trouble::Unreadable
        })?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // A child that ends early breaks the pipe; its exit status tells why.
                stdin.and_then(|mut pipe| pipe.write_all(bytes).ok())
            });
            let answer = scope.spawn(move || {
                let mut answer = Vec::new();
                let read = stdout.map(|pipe| pipe.take(ANSWER).read_to_end(&mut answer));
                read.and_then(Result::ok).map(|_| answer)
            });
            let status = wait(&mut child, self.patience);
            let answer = answer.join().ok().flatten();
            match status? {
                Some(0) => answer.ok_or(Trouble::Unreadable),
                Some(inside::LOCKED) => Err(Trouble::Locked),
                Some(inside::NO_SUCH_PAGE) => Err(Trouble::NoSuchPage),
                Some(_) => Err(Trouble::Unreadable),
                // Ended by a signal: out of memory, out of time, or a crash.
                None => Err(Trouble::TooMuch),
            }
        })
    }
}

/// Waits for the end, and kills what does not come to one. The exit code, or `None` after a signal.
fn wait(child: &mut Child, patience: Duration) -> Result<Option<i32>, Trouble> {
    let (start, mut pause) = (Instant::now(), Duration::from_millis(1));
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.code()),
            Ok(None) if start.elapsed() < patience => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(Trouble::TooMuch);
            }
        }
    }
}

fn png_or_jpeg(bytes: Vec<u8>) -> Result<Vec<u8>, Trouble> {
    let known = bytes.starts_with(b"\x89PNG\r\n\x1a\n") || bytes.starts_with(b"\xff\xd8\xff");
    if known { Ok(bytes) } else { Err(Trouble::Unreadable) }
}
