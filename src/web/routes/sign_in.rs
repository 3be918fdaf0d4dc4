//! Signing in and out.

use crate::household::SignedIn;
use crate::web::app::{App, blocking};
use crate::web::pages::sign_in::{self as page, Trouble};
use crate::web::pages::words;
use crate::web::security::visitor;
use crate::web::session::{local, session_cookie};
use crate::{Kind, Result};
use axum::Form;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Opening a passphrase takes 128 MiB: two at a time.
static OPENING: Semaphore = Semaphore::const_new(2);

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    next: String,
}

/// The form.
pub(crate) async fn show(State(app): State<Arc<App>>, Query(back): Query<Back>, request: Request) -> Result<Response> {
    let visitor = visitor(request.extensions());
    if visitor.session.is_some() {
        return Ok(Redirect::to(&format!("{}{}", app.prefix, local(&back.next).unwrap_or("/"))).into_response());
    }
    let server = Arc::clone(&app);
    if blocking(move || server.household.is_new()).await? {
        return Ok(Redirect::to(&format!("{}/welcome", app.prefix)).into_response());
    }
    let trouble = visitor.locked.then(|| {
        let kept = visitor.token.as_deref().is_some_and(|token| app.sessions.has_typed(token));
        Trouble::Locked(words::wait(visitor.idle.unwrap_or(app.sessions.idle()).as_secs()), kept)
    });
    Ok(page::form(&app.prefix, visitor.theme, "", &back.next, trouble.as_ref()).into_response())
}

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    name: String,
    #[serde(default)]
    passphrase: String,
    #[serde(default)]
    next: String,
}

/// Tries name and passphrase.
pub(crate) async fn sign_in(State(app): State<Arc<App>>, request: Request) -> Result<Response> {
    let visitor = visitor(request.extensions());
    let address = app.site.client(request.headers(), request.extensions());
    let Form(given) = match Form::<Given>::from_request(request, &()).await {
        Ok(form) => form,
        Err(refused) => return Ok(refused.into_response()),
    };
    let say = |status: StatusCode, trouble: &Trouble| {
        (status, page::form(&app.prefix, visitor.theme, &given.name, &given.next, Some(trouble))).into_response()
    };
    if given.name.trim().is_empty() || given.passphrase.is_empty() {
        return Ok(say(StatusCode::BAD_REQUEST, &Trouble::Missing));
    }
    let counted = match app.throttle.begin(&given.name, address) {
        Ok(counted) => counted,
        Err(wait) => {
            let seconds = wait.as_secs().max(1);
            let mut answer = say(StatusCode::TOO_MANY_REQUESTS, &Trouble::Wait(words::wait(seconds)));
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            return Ok(answer);
        }
    };
    let turn = OPENING.acquire().await;
    let (server, name, passphrase) = (Arc::clone(&app), given.name.trim().to_owned(), given.passphrase);
    let opened = blocking(move || server.household.sign_in(&name, &passphrase)).await;
    drop(turn);
    let who = match opened {
        Ok(who) => who,
        Err(e) if e.kind == Kind::Denied => return Ok(say(StatusCode::FORBIDDEN, &Trouble::Wrong(counted.left))),
        Err(e) => return Err(e),
    };
    app.throttle.succeeded(&counted);
    welcome_back(&app, who, &visitor, &given.next)
}

fn welcome_back(app: &Arc<App>, who: SignedIn, visitor: &crate::web::session::Visitor, next: &str) -> Result<Response> {
    // A new token at every sign-in; the old one ends.
    let typed = visitor.token.as_deref().and_then(|old| app.sessions.give_back(old, &who.member.id));
    if let Some(old) = &visitor.token {
        app.sessions.end(old);
    }
    let token = app.sessions.start(who, visitor.idle, None)?;
    let cookie = [(header::SET_COOKIE, session_cookie(app, &token))];
    // What came in while the chart was locked; nobody waits for it.
    let inboxes = Arc::clone(app);
    std::thread::Builder::new().name("inbox".into()).spawn(move || crate::web::inbox::look(&inboxes))?;
    Ok(match typed {
        Some(typed) => (cookie, page::typed(&app.prefix, visitor.theme, &typed)).into_response(),
        None => (cookie, Redirect::to(&format!("{}{}", app.prefix, local(next).unwrap_or("/")))).into_response(),
    })
}

/// Ends the session: the chart is locked.
pub(crate) async fn sign_out(State(app): State<Arc<App>>, request: Request) -> Response {
    if let Some(token) = visitor(request.extensions()).token {
        app.sessions.end(&token);
    }
    let gone = [(header::SET_COOKIE, session_cookie(&app, ""))];
    (gone, Redirect::to(&format!("{}/sign-in", app.prefix))).into_response()
}
