//! Where a member is signed in, and how to end it (OWASP ASVS 5.0, 7.5.2).

use crate::web::app::{App, MemberCx};
use crate::web::pages::sessions::{self as page, Row};
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use std::sync::Arc;

/// The list.
pub(crate) async fn list(State(app): State<Arc<App>>, who: MemberCx) -> Markup {
    let rows = app.sessions.of(&who.session.who.member.id).into_iter().map(|s| Row {
        own: s.id == who.session.id,
        id: s.id.clone(),
        seen: s.seen.clone(),
        quiet: s.last_seen().as_secs(),
    });
    page::page(&app.prefix, who.visitor.theme, &rows.collect::<Vec<_>>())
}

#[derive(Default, Deserialize)]
pub(crate) struct End {
    #[serde(default)]
    id: String,
    #[serde(default)]
    others: String,
}

/// Ends one of the member's own sessions, or all but this one.
pub(crate) async fn end(State(app): State<Arc<App>>, who: MemberCx, Form(end): Form<End>) -> Response {
    let member = &who.session.who.member.id;
    if end.others.is_empty() {
        app.sessions.end_those(member, |s| s.id == end.id);
    } else {
        super::keys::end_others(&app, &who.session);
    }
    Redirect::to(&format!("{}/settings/sessions", app.prefix)).into_response()
}
