//! The first run with a backup: the file arrives as it is, is restored beside the empty vault, proven, and the server begins anew.

use super::first_run::{Code, admit};
use crate::household::Opening;
use crate::web::app::{App, blocking};
use crate::web::pages::restore as page;
use crate::web::restores::Stage;
use crate::web::security::visitor;
use crate::{Error, Kind, Result};
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// The largest backup taken by a browser; larger ones go by the terminal.
const MOST: u64 = 64 << 30;
/// No passphrase or key is longer.
const SECRET: usize = 4096;
/// The page that says that all is well is seen before the server begins anew.
const SEEN: Duration = Duration::from_secs(5);

fn upload(app: &App) -> PathBuf {
    app.household.dir().join("upload.age")
}

/// The form, or how far it is.
pub(crate) async fn show(State(app): State<Arc<App>>, Query(code): Query<Code>, request: Request) -> Result<Response> {
    let theme = visitor(request.extensions()).theme;
    if let Some(refused) = admit(&app, &code.code).await? {
        return Ok(refused);
    }
    Ok(page::page(&app.prefix, theme, &code.code, &app.restores.stage()).into_response())
}

/// Takes the file and begins.
pub(crate) async fn take(State(app): State<Arc<App>>, Query(code): Query<Code>, request: Request) -> Result<Response> {
    if let Some(refused) = admit(&app, &code.code).await? {
        return Ok(refused);
    }
    let back = Redirect::to(&format!("{}/welcome/restore?code={}", app.prefix, code.code)).into_response();
    let Ok(mut form) = Multipart::from_request(request, &app).await else {
        return Ok((StatusCode::BAD_REQUEST, Error::new(Kind::Usage, "Choose a backup file. Nothing was changed.")).into_response());
    };
    let _turn = app.setup.turn.lock().await;
    if !app.restores.begin() {
        return Ok(back);
    }
    match receive(&app, &mut form).await {
        Ok(secret) => {
            let server = Arc::clone(&app);
            std::thread::Builder::new().name("restore".into()).spawn(move || work(&server, &secret))?;
        }
        Err(e) => fail(&app, &e),
    }
    Ok(back)
}

fn fail(app: &App, e: &Error) {
    // What cannot be deleted now is deleted when the vault is opened next; it is encrypted.
    _ = std::fs::remove_file(upload(app));
    app.restores.set(Stage::Failed(e.words().to_owned()));
}

async fn receive(app: &Arc<App>, form: &mut Multipart) -> Result<Zeroizing<String>> {
    let broken = || Error::refused("The upload broke off on its way. Nothing was changed. Try again.");
    let mut secret = None;
    while let Some(mut field) = form.next_field().await.map_err(|_| broken())? {
        match field.name().unwrap_or_default() {
            "secret" => {
                let mut text = Zeroizing::new(Vec::new());
                while let Some(bytes) = field.chunk().await.map_err(|_| broken())? {
                    if text.len() + bytes.len() > SECRET {
                        return Err(Error::new(Kind::TooMuch, "That is too long for a passphrase or a key. Nothing was changed."));
                    }
                    text.extend_from_slice(&bytes);
                }
                secret = Some(Zeroizing::new(std::str::from_utf8(&text).map_err(|_| broken())?.trim_end_matches(['\r', '\n']).to_owned()));
            }
            "file" => store(app, field).await?,
            _ => {}
        }
    }
    let secret = secret.filter(|s| !s.is_empty());
    secret.ok_or_else(|| Error::new(Kind::Usage, "Give the passphrase or the recovery key. Nothing was changed."))
}

/// As it comes, encrypted, onto the disk.
async fn store(app: &Arc<App>, mut field: Field<'_>) -> Result<()> {
    let path = upload(app);
    let mut file = blocking(move || Ok(OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?)).await?;
    let mut size = 0;
    while let Some(bytes) =
        field.chunk().await.map_err(|_| Error::refused("The upload broke off on its way. Nothing was changed. Try again."))?
    {
        size += bytes.len() as u64;
        if size > MOST {
            let words = "This file is larger than a browser may send here. Nothing was changed. Use the terminal: keepwell backup restore.";
            return Err(Error::new(Kind::TooMuch, words));
        }
        file = blocking(move || {
            let mut file: File = file;
            file.write_all(&bytes)?;
            Ok(file)
        })
        .await?;
    }
    Ok(())
}

fn work(app: &Arc<App>, secret: &str) {
    let file = upload(app);
    let watch = |done: u64, total: u64| {
        app.restores.set(Stage::Working(done, total));
        true
    };
    let restore = || app.household.restore_here(&file, &Opening::typed(secret), &watch);
    // A file that makes a reader panic is refused like any other.
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(restore));
    match done.unwrap_or_else(|_| Err(Error::internal("a restore panicked"))) {
        Ok(summary) => {
            // It is encrypted, and is deleted when the vault is opened next if not now.
            _ = std::fs::remove_file(&file);
            app.restores.set(Stage::Done(summary));
            std::thread::sleep(SEEN);
            app.restores.again.notify_one();
        }
        Err(e) => {
            tracing::warn!(kind = ?e.kind, "a backup was not restored");
            fail(app, &e);
        }
    }
}
