//! Who sends a request, as far as the cookie says; and the way to the pages that ask who one is, and back.

use super::cookies::cookie_shape;
use super::{IDLE_CHOICES, IDLE_COOKIE, Session, Typed, cookie, look};
use crate::web::app::{App, Theme};
use axum::body::Body;
use axum::extract::{Form, FromRequest, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;
use std::time::Duration;

/// So much typed text is kept over an idle lock, and no more.
const KEPT_BYTES: usize = 64 * 1024;

/// Who sends a request, as far as the cookie says. Every route finds it among the request's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitor {
    pub(crate) session: Option<Arc<Session>>,
    /// The cookie's token, also of a session that has ended.
    pub(crate) token: Option<String>,
    /// The session ended by itself.
    pub(crate) locked: bool,
    pub(crate) theme: Theme,
    /// The idle time chosen in this browser.
    pub(crate) idle: Option<Duration>,
}

/// Finds the visitor of each request, and keeps what was typed into a form that arrives after the chart has locked.
pub(crate) async fn attach(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    // Programs come with a token: no cookie counts there, and none is kept alive by them.
    if crate::web::fhir::is_fhir(request.uri().path()) {
        return next.run(request).await;
    }
    let headers = request.headers();
    let minutes = cookie(headers, IDLE_COOKIE).and_then(|m| m.parse().ok()).filter(|m| IDLE_CHOICES.contains(m));
    let mut visitor = Visitor {
        theme: look(headers),
        idle: minutes.map(|m| Duration::from_secs(m * 60)),
        token: cookie(headers, cookie_shape(&app).0).filter(|token| token.len() == 43),
        ..Visitor::default()
    };
    if let Some(token) = &visitor.token {
        // A page that waits for an import by itself is nobody doing anything.
        let by_itself = request.uri().path().ends_with("/progress") || request.uri().query() == Some("wait");
        match app.sessions.find(token, !by_itself) {
            Ok(session) => visitor.session = session,
            Err(()) => visitor.locked = true,
        }
    }
    let path = request.uri().path();
    let chart_form = path.starts_with("/charts/") && request.method() == Method::POST && is_form(request.headers());
    if visitor.locked && chart_form {
        let path = format!("{}{path}", app.prefix);
        keep_typed(&app, &visitor, path, request).await;
        return to_sign_in(&app, None);
    }
    if let Some(session) = visitor.session.as_ref().filter(|session| !session.is_fresh(app.fresh)) {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        if crate::web::router::asks_again(request.method(), route) {
            return confirm_first(&app, session, request).await;
        }
    }
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

/// To the page that asks for a fresh proof, and back. What was typed into a form is kept meanwhile.
async fn confirm_first(app: &App, session: &Session, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str).to_owned();
    if request.method() == Method::GET || request.method() == Method::HEAD {
        return to_confirm(app, Some(&path));
    }
    let typed = if is_form(request.headers()) { read_typed(format!("{}{path}", app.prefix), request).await } else { None };
    match typed {
        Some(typed) => {
            session.hold_typed(typed);
            to_confirm(app, None)
        }
        None => {
            let words = "This asks first that it is still you. Nothing was changed. Go to Settings, Sign-in and keys, confirm it there, then do this again.";
            crate::Error::new(crate::Kind::Denied, words).into_response()
        }
    }
}

/// To the page that asks for a fresh proof, and back to `path` (below the prefix) afterwards.
fn to_confirm(app: &App, path: Option<&str>) -> Response {
    let back = path.map(|p| format!("?next={}", escape(p))).unwrap_or_default();
    Redirect::to(&format!("{}/confirm{back}", app.prefix)).into_response()
}

fn is_form(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|v| v.starts_with("application/x-www-form-urlencoded"))
}

async fn keep_typed(app: &App, visitor: &Visitor, path: String, request: Request) {
    if let (Some(typed), Some(token)) = (read_typed(path, request).await, &visitor.token) {
        app.sessions.keep_typed(token, typed);
    }
}

async fn read_typed(path: String, request: Request) -> Option<Typed> {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, KEPT_BYTES).await.ok()?;
    let request = Request::from_parts(parts, Body::from(bytes));
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &()).await.ok()?;
    Some(Typed { path, fields })
}

/// To the sign-in page, and back to `path` (below the prefix) afterwards.
pub(crate) fn to_sign_in(app: &App, path: Option<&str>) -> Response {
    let back = path.filter(|p| *p != "/").map(|p| format!("?next={}", escape(p))).unwrap_or_default();
    Redirect::to(&format!("{}/sign-in{back}", app.prefix)).into_response()
}

/// Percent-encodes what may not stand in a query value.
fn escape(text: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~".contains(&b);
    text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A page of this server, below the prefix: never another host.
pub(crate) fn local(path: &str) -> Option<&str> {
    let plain = path.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b'\\');
    (plain && path.starts_with('/') && !path.starts_with("//") && path.len() < 2000).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_paths_are_gone_back_to() {
        for good in ["/", "/charts/abc/results?after=1.2"] {
            assert_eq!(local(good), Some(good));
        }
        for bad in ["", "charts", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/\n", "/\t/evil.example"] {
            assert_eq!(local(bad), None, "{bad}");
        }
        assert_eq!(escape("/a?b=ü&c"), "/a%3Fb%3D%C3%BC%26c");
    }
}
