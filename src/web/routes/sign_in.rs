//! Signing in and out. First the passphrase, then the second factor where there is one (`second.rs`), then the session.

use crate::household::SignedIn;
use crate::vault::{Act, Event, Notice, NoticeKind};
use crate::web::app::{App, blocking};
use crate::web::door::{failed, know, known_cookie, pending_cookie, succeeded, try_name};
use crate::web::looks::{aside, place, wrong};
use crate::web::pages::sign_in::{self as page, Locked, Trouble};
use crate::web::pages::words;
use crate::web::queue::derive;
use crate::web::security::visitor;
use crate::web::session::{Seen, Visitor, local, session_cookie};
use crate::{Kind, Result};
use axum::Form;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    pub(crate) next: String,
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
    Ok(page::form(&app.prefix, visitor.theme, "", &back.next, trouble.as_ref(), Locked::of(&app)).into_response())
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
    let (headers, extensions) = (request.headers().clone(), request.extensions().clone());
    let address = app.site.client(&headers, &extensions);
    let Form(given) = match Form::<Given>::from_request(request, &()).await {
        Ok(form) => form,
        Err(refused) => return Ok(refused.into_response()),
    };
    let say = |status: StatusCode, trouble: &Trouble| {
        (status, page::form(&app.prefix, visitor.theme, &given.name, &given.next, Some(trouble), Locked::of(&app))).into_response()
    };
    if given.name.trim().is_empty() || given.passphrase.is_empty() {
        return Ok(say(StatusCode::BAD_REQUEST, &Trouble::Missing));
    }
    let counted = match try_name(&app, given.name.trim(), &headers, address).await? {
        Ok(counted) => counted,
        Err(wait) => return Ok(later(say(StatusCode::TOO_MANY_REQUESTS, &Trouble::Wait(words::wait(wait.as_secs()))), wait)),
    };
    let (server, name, passphrase) = (Arc::clone(&app), given.name.trim().to_owned(), given.passphrase);
    let opened = derive(move || {
        let who = server.household.sign_in(&name, &passphrase)?;
        let second = !server.household.factors(&who.member.id)?.is_empty();
        Ok((who, second))
    });
    let (who, second) = match opened.await {
        Ok(opened) => opened,
        Err(e) if e.kind == Kind::Denied => {
            wrong(&app, given.name.trim(), "passphrase", place(&app, &headers, &extensions));
            return Ok(say(StatusCode::FORBIDDEN, &Trouble::Wrong(counted.left)));
        }
        Err(e) => {
            failed(&app, &counted, &e);
            return Err(e);
        }
    };
    succeeded(&app, &counted).await?;
    if second {
        let token = app.between.start(who, &given.next)?;
        let cookie = [(header::SET_COOKIE, pending_cookie(&app, &token))];
        return Ok((cookie, Redirect::to(&format!("{}/sign-in/second", app.prefix))).into_response());
    }
    welcome(&app, Arc::new(who), &visitor, &headers, &extensions, &given.next, false).await
}

/// An answer that says when to come again.
pub(crate) fn later(mut answer: Response, wait: Duration) -> Response {
    answer.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
    answer
}

/// From where and with what somebody comes, for the list of sessions.
pub(crate) fn seen(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Seen {
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    Seen { address: app.site.client(headers, extensions), browser: words::browser(agent), began: words::now() }
}

/// Begins the session of who has shown all that they must.
pub(crate) async fn welcome(
    app: &Arc<App>,
    who: Arc<SignedIn>,
    visitor: &Visitor,
    headers: &HeaderMap,
    extensions: &Extensions,
    next: &str,
    second: bool,
) -> Result<Response> {
    // In the log of every chart that this opens, before it opens it.
    let (server, from, sent) = (Arc::clone(app), place(app, headers, extensions), headers.clone());
    let here = format!("{}, {}", from.address, from.device).trim_end_matches([',', ' ']).to_owned();
    let (who, mark) = blocking(move || {
        let event = Event::new(who.actor(), Act::SignedIn).from(from.clone()).with("second", if second { "yes" } else { "" });
        server.household.record_for(&who.member.id, &event)?;
        let (news, mark) = know(&server, &sent, &who, &from)?;
        if news {
            server.household.tell_member(&who.member.id, &Notice::new(NoticeKind::NewDevice).with("from", here))?;
        }
        Ok((who, mark))
    })
    .await?;
    // A new token at every sign-in; the old one ends.
    let typed = visitor.token.as_deref().and_then(|old| app.sessions.give_back(old, &who.member.id));
    if let Some(old) = &visitor.token {
        app.sessions.end(old);
    }
    let known = known_cookie(app, headers, &mark);
    let token = app.sessions.start(who, seen(app, headers, extensions), second, visitor.idle)?;
    let cookies = AppendHeaders([
        (header::SET_COOKIE, session_cookie(app, &token)),
        (header::SET_COOKIE, known),
        (header::SET_COOKIE, pending_cookie(app, "")),
    ]);
    // What came in while the chart was locked; nobody waits for it.
    let inboxes = Arc::clone(app);
    std::thread::Builder::new().name("inbox".into()).spawn(move || crate::web::inbox::look(&inboxes))?;
    Ok(match typed {
        Some(typed) => (cookies, page::typed(&app.prefix, visitor.theme, &typed)).into_response(),
        None => (cookies, Redirect::to(&format!("{}{}", app.prefix, local(next).unwrap_or("/")))).into_response(),
    })
}

/// Ends the session: the chart is locked.
pub(crate) async fn sign_out(State(app): State<Arc<App>>, request: Request) -> Response {
    let visitor = visitor(request.extensions());
    if let Some(session) = visitor.session {
        let (server, from) = (Arc::clone(&app), place(&app, request.headers(), request.extensions()));
        // Locking never waits for the log.
        aside(move || server.household.record_for(&session.who.member.id, &Event::new(session.who.actor(), Act::SignedOut).from(from)));
    }
    if let Some(token) = visitor.token {
        app.sessions.end(&token);
    }
    let gone = [(header::SET_COOKIE, session_cookie(&app, ""))];
    (gone, Redirect::to(&format!("{}/sign-in", app.prefix))).into_response()
}
