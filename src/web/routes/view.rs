//! The viewer of health links: a page, a script, a stylesheet. Everything happens in the browser.

use crate::web::app::App;
use crate::web::pages::view;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// What the viewer may do: ask any server that a link names, since links of others are opened here too; show pictures that
/// it has decrypted. Nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' blob:; script-src 'self'; connect-src 'self' https:; \
     form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// The page.
pub(crate) async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let look = crate::web::session::look(&headers);
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], view::page(&app.prefix, look)).into_response()
}
