//! Files that arrive by the page: streamed straight into the vault's encrypted staging, never whole in memory, never plain on disk.

use crate::import::Limits;
use crate::vault::{Chart, Staged, Staging};
use crate::{Error, Kind, Result};
use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use std::io::Write;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Most files in one go.
const MOST_FILES: usize = 500;

/// Takes every file of a form. One that is too large or breaks off takes all others of the same form with it: nothing is stored.
///
/// # Errors
/// TooMuch above the limits; Refused when the upload breaks off; Internal when the disk fails.
pub(crate) async fn receive(chart: &Arc<Chart>, form: &mut Multipart, limits: &Limits) -> Result<Vec<(String, Staged)>> {
    let mut files = Vec::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let Some(name) = field.file_name().map(plain_name).filter(|n| !n.is_empty()) else { continue };
        if files.len() >= MOST_FILES {
            return Err(Error::new(
                Kind::TooMuch,
                format!("That is more than {MOST_FILES} files. Nothing was stored. Add them in smaller lots."),
            ));
        }
        files.push((name, one(chart, field, limits).await?));
    }
    Ok(files)
}

async fn one(chart: &Arc<Chart>, mut field: Field<'_>, limits: &Limits) -> Result<Staged> {
    let staging = {
        let chart = Arc::clone(chart);
        super::app::blocking(move || chart.stage()).await?
    };
    let (to_disk, arriving) = mpsc::channel::<Arrival>(4);
    let writer = tokio::task::spawn_blocking(move || write(staging, arriving));
    let mut size = 0_u64;
    while let Some(bytes) = field.chunk().await.map_err(broken)? {
        size += bytes.len() as u64;
        if size > limits.file_bytes {
            let words = format!("This file is larger than {}. Nothing was stored.", super::pages::words::size(limits.file_bytes));
            return Err(Error::new(Kind::TooMuch, words));
        }
        if to_disk.send(Arrival::More(bytes)).await.is_err() {
            break; // The writer stopped: its error says why.
        }
    }
    let _ = to_disk.send(Arrival::End).await;
    writer.await.map_err(Error::internal)?
}

enum Arrival {
    More(Bytes),
    End,
}

fn write(mut staging: Staging, mut arriving: mpsc::Receiver<Arrival>) -> Result<Staged> {
    loop {
        match arriving.blocking_recv() {
            Some(Arrival::More(bytes)) => staging.write_all(&bytes)?,
            Some(Arrival::End) => return staging.finish(),
            // The browser went away. What had arrived is deleted with `staging`.
            None => return Err(Error::refused("The upload broke off. Nothing was stored.")),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn broken(e: MultipartError) -> Error {
    if e.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Error::new(Kind::TooMuch, "That is more than this server takes at once. Nothing was stored.");
    }
    Error::refused("The upload broke off on its way. Nothing was stored. Try again.")
}

/// The name without folders and control characters, and not too long to show.
pub(crate) fn plain_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(200).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn names_are_names_only() {
        assert_eq!(plain_name("C:\\fakepath\\My chart.zip"), "My chart.zip");
        assert_eq!(plain_name("../../etc/passwd"), "passwd");
        assert_eq!(plain_name("a\u{0}b\r\nc.xml"), "abc.xml");
        assert_eq!(plain_name("folder/"), "");
    }
}
