//! `keepwell serve`: the server.

use super::Ended;
use crate::config::Config;
use crate::household::Household;
use crate::vault::Vault;
use crate::web::{App, Options, Secured};
use crate::{Error, Kind, Result};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

/// A passphrase was changed, or the file is another's: it is said before the server can be reached.
const STALE: &str = "What is to unlock the server at boot (the unlock file, or the credential keepwell-unlock) opens nothing: it holds \
                     another passphrase or recovery key than the member's of today. The server was not started. Renew it, or take it \
                     away: the server then starts, and the charts are locked until somebody signs in.";

/// Runs it until Ctrl-C or a polite signal. A missing vault is made, empty: the first visit sets it up.
///
/// # Errors
/// Busy when another process owns the vault; Usage when the address is taken or a setting will not do.
pub fn run(config: &Config) -> Result<Ended> {
    let dir = config.vault_dir()?;
    // A backup that was restored on the first day waits: the vault is opened anew with it.
    while once(config, &dir)? {
        // The thread that restored it has ended by then, and with it all that held the vault.
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    Ok(Ended::Done)
}

/// Gives whether to begin anew.
fn once(config: &Config, dir: &Path) -> Result<bool> {
    let vault = if Vault::exists(dir) { Vault::open(dir)? } else { Vault::create(dir)? };
    listen(config, Household::new(Arc::new(vault)).with_notify_command(config.notify_command.clone()), &|address, app| {
        match app.welcome_path() {
            Some(path) => {
                eprintln!("Keepwell is ready. Open this address once to set it up (good for 30 minutes):\n\n    {address}{path}\n");
            }
            None => {
                eprintln!("Keepwell is ready at {address}{}/", app.prefix);
            }
        }
        Ok(())
    })
}

/// Serves a household and calls `ready` with the address once it can be reached. Gives whether the vault is to be opened anew.
pub(super) fn listen(config: &Config, household: Household, ready: &dyn Fn(&str, &App) -> Result<()>) -> Result<bool> {
    for finding in config.contradictions() {
        eprintln!("Warning: {finding}");
    }
    let worker = std::env::current_exe().unwrap_or_else(|_| "keepwell".into());
    let secured = Secured::new(config, &household)?;
    let tls = secured.as_ref().map(Secured::is_trusted);
    let app = App::new(household, Options { tls, ..Options::new(config, worker) })?;
    if let Some(secret) = config.unlock_secret()? {
        let name = app.unlock(config.member.as_deref(), &secret).map_err(|e| match e.kind {
            Kind::Denied => Error::new(Kind::Denied, STALE).because(e),
            _ => e,
        })?;
        eprintln!("Unlocked at boot: the server holds the charts of {name} open for its own work.");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let taken =
            |e| Error::new(Kind::Usage, format!("The address {} cannot be used. Choose another with --listen.", config.listen)).because(e);
        let listener = tokio::net::TcpListener::bind(config.listen).await.map_err(taken)?;
        let address = match &config.base_url {
            // The prefix is part of every path that the server prints.
            Some(url) => url.trim_end_matches('/').strip_suffix(app.prefix.as_str()).unwrap_or(url).to_owned(),
            None => format!("{}://{}", if secured.is_some() { "https" } else { "http" }, listener.local_addr()?),
        };
        if let Some(fingerprint) = secured.as_ref().and_then(|s| s.fingerprint.as_deref()) {
            eprintln!("TLS with a certificate of this server's own. Your browser asks once whether to trust it. Compare its SHA-256:\n    {fingerprint}");
        }
        // Who reads that it is ready may also stop it politely.
        let stopped = stopped()?;
        ready(&address, &app)?;
        // Under systemd: it goes on with what waits for this server. Elsewhere nobody listens.
        _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        crate::web::serve(Arc::clone(&app), listener, secured, stopped).await
    })?;
    Ok(app.begins_anew())
}

/// Ends with the first polite signal from now on.
fn stopped() -> Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
