//! Where a member is signed in, and how to end it (OWASP ASVS 5.0, 7.5.2).

use crate::Result;
use crate::vault::{Act, Event};
use crate::web::app::{App, MemberCx, blocking};
use crate::web::door::browser;
use crate::web::looks::aside;
use crate::web::pages::sessions::{self as page, Row};
use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use std::sync::Arc;

/// The list.
pub(crate) async fn list(State(app): State<Arc<App>>, headers: HeaderMap, who: MemberCx) -> Result<Markup> {
    let (server, session) = (Arc::clone(&app), Arc::clone(&who.session));
    let known = blocking(move || server.household.browsers(&session.who)).await?;
    let here = browser(&app, &headers, &who.session.who.member.id).await?;
    let rows = app.sessions.of(&who.session.who.member.id).into_iter().map(|s| Row {
        own: s.id == who.session.id,
        id: s.id.clone(),
        seen: s.seen.clone(),
        quiet: s.last_seen().as_secs(),
    });
    Ok(page::page(&app.prefix, who.visitor.theme, &rows.collect::<Vec<_>>(), &known, here.as_deref()))
}

#[derive(Default, Deserialize)]
pub(crate) struct End {
    #[serde(default)]
    id: String,
    #[serde(default)]
    others: String,
    /// A known browser.
    #[serde(default)]
    forget: String,
}

/// Ends one of the member's own sessions, or all but this one; or forgets a known browser.
pub(crate) async fn end(State(app): State<Arc<App>>, who: MemberCx, Form(end): Form<End>) -> Result<Response> {
    let back = Redirect::to(&format!("{}/settings/sessions", app.prefix)).into_response();
    if !end.forget.is_empty() {
        blocking(move || app.household.forget_browser(&who.session.who, &end.forget, &who.from)).await?;
        return Ok(back);
    }
    // Locking never waits for the log.
    let (server, session, from) = (Arc::clone(&app), Arc::clone(&who.session), who.from.clone());
    aside(move || {
        let event = Event::new(session.who.actor(), Act::SessionsEnded).from(from);
        server.household.record_for(&session.who.member.id, &event)
    });
    let member = &who.session.who.member.id;
    if end.others.is_empty() {
        app.sessions.end_those(member, |s| s.id == end.id);
    } else {
        super::keys::end_others(&app, &who.session);
    }
    Ok(back)
}
