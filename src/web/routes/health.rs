//! For whoever watches the server: alive, and able to serve. Nothing about anyone.

use crate::web::app::{App, blocking};
use crate::web::error::AsItIs;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use std::sync::Arc;

/// The process answers.
pub(crate) async fn alive() -> impl IntoResponse {
    "alive\n"
}

/// The register can be read. Says whether anything of the charts can be, too: a server that has just been started cannot.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> impl IntoResponse {
    let locked = matches!(crate::web::pages::sign_in::Locked::of(&app), crate::web::pages::sign_in::Locked::All);
    let readable = blocking(move || app.household.is_new()).await.is_ok();
    let ready = if locked { "ready\nlocked: nobody is signed in; what is imported waits in the inboxes\n" } else { "ready\n" };
    let (status, words) = if readable { (StatusCode::OK, ready) } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") };
    (status, Extension(AsItIs), words)
}
