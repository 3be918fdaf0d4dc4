//! Taking up an invite. The token stands in the link alone: the log names routes, not addresses, and forms carry it in their body.

use super::sign_in::welcome;
use crate::web::app::{App, MemberCx, blocking};
use crate::web::joins::{join_cookie, join_token};
use crate::web::looks::place;
use crate::web::pages::join as page;
use crate::web::queue::derive;
use crate::web::security::visitor;
use crate::{Error, Kind, Result};
use axum::extract::{Form, Path, Request, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The one answer to every link that is good no longer.
fn over(app: &App, extensions: &Extensions, e: Error) -> Result<Response> {
    if e.kind != Kind::NotFound {
        return Err(e);
    }
    Ok((StatusCode::GONE, page::over(&app.prefix, visitor(extensions).theme, e.words())).into_response())
}

/// The link itself.
pub(crate) async fn show(State(app): State<Arc<App>>, Path(token): Path<String>, request: Request) -> Result<Response> {
    let visitor = visitor(request.extensions());
    let (server, wanted) = (Arc::clone(&app), token.clone());
    let invited = match blocking(move || server.household.invited(&wanted)).await {
        Ok(invited) => invited,
        Err(e) => return over(&app, request.extensions(), e),
    };
    Ok(match &visitor.session {
        Some(session) => page::accept(&app.prefix, visitor.theme, &token, &invited, &session.who.member.name),
        None => page::form(&app.prefix, visitor.theme, &token, &invited, &invited.invite.label, None),
    }
    .into_response())
}

#[derive(Deserialize)]
pub(crate) struct Given {
    #[serde(default)]
    token: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    passphrase: Zeroizing<String>,
}

/// Name and passphrase of somebody new. They are no member yet: the recovery key comes first.
pub(crate) async fn join(State(app): State<Arc<App>>, extensions: Extensions, Form(given): Form<Given>) -> Result<Response> {
    let server = Arc::clone(&app);
    let Given { token, name, passphrase } = given;
    let (wanted, called) = (token.clone(), name.clone());
    // A link that is over costs no key derivation.
    let (looker, looked) = (Arc::clone(&app), token.clone());
    let invited = match blocking(move || looker.household.invited(&looked)).await {
        Ok(invited) => invited,
        Err(e) => return over(&app, &extensions, e),
    };
    match derive(move || server.household.join(&wanted, &called, &passphrase)).await {
        Ok(joining) => {
            let token = app.joins.start(joining)?;
            let cookie = [(header::SET_COOKIE, join_cookie(&app, &token))];
            Ok((cookie, Redirect::to(&format!("{}/join/recovery-key", app.prefix))).into_response())
        }
        Err(e) if e.kind == Kind::Usage => {
            let form = page::form(&app.prefix, visitor(&extensions).theme, &token, &invited, &name, Some(e.words()));
            Ok((StatusCode::BAD_REQUEST, form).into_response())
        }
        Err(e) => over(&app, &extensions, e),
    }
}

fn again() -> Error {
    Error::new(
        Kind::NotFound,
        "There is nobody joining in this browser just now. Nothing was changed. Open the link from the invite again: it is good until it was used.",
    )
}

/// Their recovery key.
pub(crate) async fn recovery_key(State(app): State<Arc<App>>, headers: HeaderMap, extensions: Extensions) -> Result<Response> {
    match join_token(&app, &headers).and_then(|token| app.joins.find(&token)) {
        Some(joining) => Ok(page::recovery_key(&app.prefix, visitor(&extensions).theme, &joining.name, &joining.recovery).into_response()),
        None => over(&app, &extensions, again()),
    }
}

#[derive(Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    kept: String,
}

/// "I have it on paper", or "go on without": now they are a member.
pub(crate) async fn recovery_done(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    extensions: Extensions,
    Form(done): Form<Done>,
) -> Result<Response> {
    let token = join_token(&app, &headers).unwrap_or_default();
    let Some(joining) = app.joins.find(&token) else { return over(&app, &extensions, again()) };
    if !matches!(done.kept.as_str(), "yes" | "no") {
        return Ok(Redirect::to(&format!("{}/join/recovery-key", app.prefix)).into_response());
    }
    let (server, from) = (Arc::clone(&app), place(&app, &headers, &extensions));
    let chart = joining.person_id().to_owned();
    let who = match blocking(move || server.household.joined(&joining, &from)).await {
        Ok(who) => who,
        Err(e) => return over(&app, &extensions, e),
    };
    app.joins.end(&token);
    let next = format!("/charts/{chart}");
    let mut answer = welcome(&app, Arc::new(who), &visitor(&extensions), &headers, &extensions, &next, false).await?;
    answer.headers_mut().append(header::SET_COOKIE, join_cookie(&app, ""));
    Ok(answer)
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Accepted {
    #[serde(default)]
    token: String,
}

/// A member who is signed in accepts.
pub(crate) async fn accept(
    State(app): State<Arc<App>>,
    cx: MemberCx,
    extensions: Extensions,
    Form(given): Form<Accepted>,
) -> Result<Response> {
    let (server, session) = (Arc::clone(&app), Arc::clone(&cx.session));
    match blocking(move || server.household.accept(&session.who, &given.token, &cx.from)).await {
        Ok(person) => Ok(Redirect::to(&format!("{}/charts/{}", app.prefix, person.id)).into_response()),
        Err(e) => over(&app, &extensions, e),
    }
}
