//! The first run: the first member, the first person, and the recovery key on paper.

use crate::household::Beginning;
use crate::web::app::{App, MemberCx, blocking};
use crate::web::pages::first_run::{self as page, Fields};
use crate::web::restores::Stage;
use crate::web::security::visitor;
use crate::web::session::session_cookie;
use crate::{Error, Kind, Result};
use axum::Form;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Default, Deserialize)]
pub(crate) struct Code {
    #[serde(default)]
    pub(crate) code: String,
}

/// 403 without the code, 410 when there is a household already.
pub(crate) async fn admit(app: &Arc<App>, code: &str) -> Result<Option<Response>> {
    let server = Arc::clone(app);
    if !blocking(move || server.household.is_new()).await? {
        return Ok(Some(StatusCode::GONE.into_response()));
    }
    if app.setup.fits(code) {
        return Ok(None);
    }
    let words = "This server is new, and only who started it may set it up. The address with a one-time code was printed where Keepwell was \
                 started: open that one. It is good for 30 minutes; start Keepwell anew for another.";
    Ok(Some(Error::new(Kind::Denied, words).into_response()))
}

/// The form.
pub(crate) async fn show(State(app): State<Arc<App>>, Query(code): Query<Code>, request: Request) -> Result<Response> {
    let theme = visitor(request.extensions()).theme;
    if let Some(refused) = admit(&app, &code.code).await? {
        return Ok(refused);
    }
    Ok(page::form(&app.prefix, theme, &code.code, &Fields::default(), None).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Given {
    #[serde(default)]
    code: String,
    #[serde(default)]
    passphrase: String,
    #[serde(flatten)]
    fields: Fields,
}

/// Begins the household.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    headers: axum::http::HeaderMap,
    extensions: axum::http::Extensions,
    Form(given): Form<Given>,
) -> Result<Response> {
    // One at a time: the second finds that it is done.
    let _turn = app.setup.turn.lock().await;
    if !matches!(app.restores.stage(), Stage::None | Stage::Failed(_)) {
        return Err(Error::new(Kind::Busy, "A backup is being restored here. Nothing else was set up. Wait until it is done."));
    }
    if let Some(refused) = admit(&app, &given.code).await? {
        return Ok(refused);
    }
    let theme = visitor(&extensions).theme;
    let again =
        |wrong: &str| (StatusCode::BAD_REQUEST, page::form(&app.prefix, theme, &given.code, &given.fields, Some(wrong))).into_response();
    let (server, fields, passphrase) = (Arc::clone(&app), given.fields.clone(), given.passphrase.clone());
    let begun = crate::web::queue::derive(move || {
        server.household.begin(&Beginning {
            member: fields.name.trim(),
            passphrase: &passphrase,
            person: fields.person.trim(),
            birth_date: fields.birth_date.trim(),
            sex: &fields.sex,
        })
    });
    match begun.await {
        Ok((who, recovery_key)) => {
            let seen = super::sign_in::seen(&app, &headers, &extensions);
            let token = app.sessions.start_with(Arc::new(who), seen, false, None, Some(recovery_key))?;
            let cookie = [(header::SET_COOKIE, session_cookie(&app, &token))];
            Ok((cookie, Redirect::to(&format!("{}/welcome/recovery-key", app.prefix))).into_response())
        }
        Err(e) if e.kind == Kind::Usage => Ok(again(e.words())),
        Err(e) => Err(e),
    }
}

/// The recovery key, until it was confirmed or declined.
pub(crate) async fn recovery_key(State(app): State<Arc<App>>, who: MemberCx) -> Response {
    match who.session.recovery() {
        Some(key) => page::recovery_key(&app.prefix, who.visitor.theme, &who.session.who.member.name, &key).into_response(),
        None => Error::new(Kind::NotFound, "The recovery key was shown once, on the first day. It cannot be shown again.").into_response(),
    }
}

#[derive(Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    kept: String,
}

/// "I have it on paper", or "go on without".
pub(crate) async fn recovery_done(State(app): State<Arc<App>>, who: MemberCx, Form(done): Form<Done>) -> Response {
    if !matches!(done.kept.as_str(), "yes" | "no") {
        return Redirect::to(&format!("{}/welcome/recovery-key", app.prefix)).into_response();
    }
    who.session.set_recovery(None);
    Redirect::to(&format!("{}/", app.prefix)).into_response()
}
