//! The walls of the house: which room may name what. `src/lib.rs` draws them; this reads the source and holds them.

use std::path::{Path, PathBuf};

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Lines of code, comments left out.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|l| l.split("//").next().unwrap_or("")).filter(|l| !l.trim().is_empty())
}

#[test]
fn each_room_names_only_what_is_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50, "the walk found too little: {}", files.len());
    // What is named, and the rooms that may.
    let rules: [(&str, &[&str]); 7] = [
        ("rusqlite::", &["vault"]),
        ("age::", &["vault", "household", "share", "export"]),
        ("axum::", &["web"]),
        ("maud::", &["web"]),
        ("std::env::var", &["config.rs"]),
        ("std::process::Command", &["import", "household"]),
        ("TcpStream", &[]),
    ];
    let mut broken = Vec::new();
    for file in &files {
        let inside = file.strip_prefix(&root).unwrap();
        let room = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file).unwrap();
        for line in code(&text) {
            for (word, rooms) in rules {
                let named = line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
                if named && !rooms.contains(&room.as_str()) {
                    broken.push(format!("{}: {}", inside.display(), line.trim()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn data_flows_one_way() {
    // A room knows only those to its left.
    const ORDER: [&str; 9] = ["record", "import", "vault", "household", "chart", "export", "share", "web", "cli"];
    // Where import meets the vault: the files that put records away and take in what lay in the inbox.
    const MEETING: [(&str, &str); 3] = [("import/pipeline.rs", "vault"), ("import/intake.rs", "vault"), ("import/inbox.rs", "vault")];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut broken = Vec::new();
    for file in &files {
        let inside = file.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let room = inside.split('/').next().unwrap().to_owned();
        let Some(here) = ORDER.iter().position(|r| *r == room) else { continue };
        let text = std::fs::read_to_string(file).unwrap();
        for line in code(&text) {
            for later in &ORDER[here + 1..] {
                if line.contains(&format!("crate::{later}::")) && !MEETING.contains(&(inside.as_str(), later)) {
                    broken.push(format!("{inside}: {}", line.trim()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
