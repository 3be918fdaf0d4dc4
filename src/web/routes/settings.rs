//! Appearance, idle time, and who is signed in.

use crate::web::app::{App, MemberCx, Theme};
use crate::web::pages::settings as page;
use crate::web::session::{IDLE_CHOICES, IDLE_COOKIE, THEME_COOKIE, choice_cookie};
use axum::Form;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// The page.
pub(crate) async fn show(State(app): State<Arc<App>>, who: MemberCx) -> Markup {
    page::page(&app.prefix, who.visitor.theme, &who.session.who.member.name, who.session.idle().as_secs() / 60)
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    look: String,
    idle: Option<u64>,
}

/// Keeps the choice: in this browser, in two cookies that hold nothing else.
pub(crate) async fn save(State(app): State<Arc<App>>, who: MemberCx, Form(choice): Form<Choice>) -> Response {
    let look = Theme::named(&choice.look).attribute().unwrap_or("system");
    let minutes = choice.idle.filter(|m| IDLE_CHOICES.contains(m)).unwrap_or(15);
    who.session.set_idle(Duration::from_secs(minutes * 60));
    let cookies = AppendHeaders([
        (SET_COOKIE, choice_cookie(&app, THEME_COOKIE, look)),
        (SET_COOKIE, choice_cookie(&app, IDLE_COOKIE, &minutes.to_string())),
    ]);
    (cookies, Redirect::to(&format!("{}/settings", app.prefix))).into_response()
}
