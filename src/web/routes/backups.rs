//! Backups: what there is, one now, and to carry one away.

use crate::vault::{Act, Event};
use crate::web::app::{App, MemberCx, blocking};
use crate::web::backups;
use crate::web::download::made;
use crate::web::looks;
use crate::web::pages::backups as page;
use crate::{Error, Kind, Result};
use axum::extract::{Form, Path, State};
use axum::http::{Extensions, HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use std::sync::Arc;

/// Only those see backups who keep the household or own a chart.
fn may(app: &App, cx: &MemberCx) -> Result<()> {
    if app.household.may_back_up(&cx.session.who)? {
        return Ok(());
    }
    Err(Error::new(Kind::Denied, "Backups are for the member who keeps this household and for owners of charts. Nothing was changed."))
}

/// The page.
pub(crate) async fn show(State(app): State<Arc<App>>, cx: MemberCx) -> Result<Markup> {
    blocking(move || {
        may(&app, &cx)?;
        Ok(page::page(&app.prefix, cx.visitor.theme, &app.backups, &app.backups.list()?))
    })
    .await
}

#[derive(Default, Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    act: String,
}

/// Makes one now, on a thread of its own; the page shows how far it is.
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    cx: MemberCx,
    headers: HeaderMap,
    extensions: Extensions,
    Form(wish): Form<Wish>,
) -> Result<Response> {
    let from = looks::place(&app, &headers, &extensions);
    blocking(move || {
        may(&app, &cx)?;
        let back = Redirect::to(&format!("{}/settings/backups", app.prefix)).into_response();
        if wish.act == "make" && app.backups.standing().running.is_none() {
            let who = Arc::clone(&cx.session.who);
            std::thread::Builder::new().name("backup".into()).spawn(move || {
                if let Err(e) = backups::make(&app, Some(&who), &from) {
                    tracing::error!(kind = ?e.kind, cause = ?std::error::Error::source(&e), "a backup failed");
                }
            })?;
            // So that the page that follows shows it begun.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Ok(back)
    })
    .await
}

/// The file, as it lies there: encrypted.
pub(crate) async fn download(
    State(app): State<Arc<App>>,
    cx: MemberCx,
    headers: HeaderMap,
    extensions: Extensions,
    Path(name): Path<String>,
) -> Result<Response> {
    let from = looks::place(&app, &headers, &extensions);
    let (found, mut file) = blocking(move || {
        may(&app, &cx)?;
        let found = app.backups.find(&name)?;
        let event = Event::new(cx.session.who.actor(), Act::Backup).from(from).with("what", "downloaded").with("name", name);
        app.household.record_for_all(&event)?;
        Ok(found)
    })
    .await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, found.size.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", found.name)),
    ];
    Ok((headers, made(move |out| Ok(std::io::copy(&mut file, out).map(drop)?))).into_response())
}
