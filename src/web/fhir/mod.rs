//! The read-only FHIR R4 server for an owner's own programs: read, search, `Patient/$everything`, CapabilityStatement.
//! JSON only, bearer tokens only: no cookie is looked at, and no other site's page may ask (no CORS).
//!
//! ```text
//! mod.rs         the way of a request: method, pace, token, then what it asks for; logged before it is answered
//! types.rs       what is served, and what it can be searched by
//! params.rs      how a record meets a parameter (FHIR R4 Search)
//! search.rs      pages of records
//! beside.rs      what goes out with them: _include, _revinclude
//! resource.rs    a record as it goes out
//! capability.rs  what this server says of itself
//! tools.rs       charts held open between requests, and the pace
//! ```
//! A record goes out as it is stored, with three changes: `id` is the key by which the vault knows the record again, which stays
//! the same over new readings, backups and moves to another vault (two sources may both have a `Patient/1`); a reference to a
//! record that the token may read leads to it here; `meta.lastUpdated` says when this vault took it in. What stood there is in
//! extensions of `meta`.

mod beside;
mod capability;
mod params;
mod resource;
mod search;
mod tools;
mod types;

pub(crate) use tools::Tools;

use super::app::{App, blocking};
use super::error::{AsItIs, status};
use super::looks;
use crate::household::TokenInfo;
use crate::vault::{Act, Chart, Event, Place};
use crate::{Error, Kind};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};
use std::sync::Arc;

/// What ends the address to which a question is sent as a form.
const SEARCH: &str = "/_search";
/// Bytes of such a form.
const QUESTION: usize = 64 << 10;

/// Whether a path belongs to this server.
pub(super) fn is_fhir(path: &str) -> bool {
    path == "/fhir" || path.starts_with("/fhir/")
}

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/fhir", any(answer)).route("/fhir/metadata", any(metadata)).route("/fhir/{*rest}", any(answer))
}

/// A failure as FHIR tells it (R4 OperationOutcome).
#[derive(Debug)]
struct Problem {
    status: StatusCode,
    /// Of the value set `issue-type`.
    code: &'static str,
    words: String,
    wait: Option<u64>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, words: impl Into<String>) -> Self {
        Self { status, code, words: words.into(), wait: None }
    }

    /// The same for a type, a record and a chart that are not there, or not for this token.
    fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here that this token may read.")
    }

    fn invalid(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", words)
    }
}

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        if e.kind == Kind::Internal {
            tracing::error!(cause = std::error::Error::source(&e).map(tracing::field::display), "a FHIR request could not be answered");
        }
        match e.kind {
            Kind::NotFound => Self::not_found(),
            Kind::Denied => Self::new(StatusCode::UNAUTHORIZED, "login", e.words()),
            Kind::Internal => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "exception", "The server could not answer. Nothing was changed.")
            }
            kind => Self::new(status(kind), "processing", e.words()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let outcome =
            json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": self.code, "diagnostics": self.words}]});
        let mut response = fhir(self.status, &outcome);
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        if let Some(wait) = self.wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}

fn fhir(status: StatusCode, resource: &Value) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, "application/fhir+json")], resource.to_string()).into_response();
    response.extensions_mut().insert(AsItIs);
    response
}

/// A question may also come as a form: then no log of a proxy keeps it. It changes as little as any other.
fn is_search(method: &Method, path: &str) -> bool {
    *method == Method::POST && path.ends_with(SEARCH)
}

fn reads(method: &Method, path: &str) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD) || is_search(method, path) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "not-supported", "This server only reads. Nothing was changed."))
}

/// What this server can do, for anyone: it tells nothing about anybody.
async fn metadata(State(app): State<Arc<App>>, request: Request) -> Response {
    match reads(request.method(), request.uri().path()) {
        Ok(()) => fhir(StatusCode::OK, &capability::statement(&base(&app, request.headers()))),
        Err(problem) => problem.into_response(),
    }
}

fn base(app: &App, headers: &HeaderMap) -> String {
    format!("{}/fhir", app.site.base(headers))
}

/// RFC 6750: the token in the Authorization header, and nowhere else.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match answered(&app, &parts, body).await {
        Ok(resource) => fhir(StatusCode::OK, &resource),
        Err(problem) => problem.into_response(),
    }
}

/// The question, out of a form (FHIR R4 Search, "Search using POST").
async fn asked(headers: &HeaderMap, body: Body) -> Result<Vec<(String, String)>, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
        let words = "Send the question as a form: Content-Type: application/x-www-form-urlencoded.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported", words));
    }
    let bytes = axum::body::to_bytes(body, QUESTION)
        .await
        .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-costly", "The question is too long, or did not arrive whole."))?;
    serde_urlencoded::from_bytes(&bytes).map_err(|_| Problem::invalid("The question does not read."))
}

async fn answered(app: &Arc<App>, request: &Parts, body: Body) -> Result<Value, Problem> {
    reads(&request.method, request.uri.path())?;
    let (headers, from) = (&request.headers, looks::place(app, &request.headers, &request.extensions));
    let Some(token) = bearer(headers).map(|token| zeroize::Zeroizing::new(token.to_owned())) else {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "login", "Send a token of a chart: Authorization: Bearer keepwell_…"));
    };
    app.tools.pace(&from.address, &token).map_err(|wait| Problem {
        wait: Some(wait),
        ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "throttled", "Too many requests. Wait, then go on.")
    })?;
    let (base, path) = (base(app, headers), request.uri.path());
    let mut pairs: Vec<(String, String)> = serde_urlencoded::from_str(request.uri.query().unwrap_or(""))
        .map_err(|_| Problem::invalid("The question after “?” does not read."))?;
    // A question in both places is one question.
    let path = if is_search(&request.method, path) {
        pairs.extend(asked(headers, body).await?);
        path.strip_suffix(SEARCH).unwrap_or(path).to_owned()
    } else {
        path.to_owned()
    };
    let _turn = app.tools.turn().await;
    let app = Arc::clone(app);
    blocking(move || {
        let opened = app.household.open_with_token(&token);
        Ok(match opened {
            Err(e) => Err(Problem::from(e)),
            Ok((token, chart, whole)) => {
                app.tools.hold(whole);
                Asking { chart, token, base, from }.answer(&path, &pairs)
            }
        })
    })
    .await?
}

/// A program's request, with the chart as far as its token may read it.
struct Asking {
    chart: Arc<Chart>,
    token: TokenInfo,
    base: String,
    from: Place,
}

impl Asking {
    fn answer(&self, path: &str, pairs: &[(String, String)]) -> Result<Value, Problem> {
        let parts: Vec<&str> = path.trim_start_matches("/fhir").split('/').filter(|p| !p.is_empty()).collect();
        match parts.as_slice() {
            ["Patient", "$everything"] => self.everything(None, pairs),
            ["Patient", id, "$everything"] => self.everything(Some(id), pairs),
            [kind] if types::is_known(kind) => self.search(kind, pairs),
            [kind, id] if types::is_known(kind) => self.read(kind, id),
            _ => {
                self.log("", &[])?;
                Err(Problem::not_found())
            }
        }
    }

    /// In the activity log, durable, before anything goes out.
    fn log(&self, what: &str, records: &[i64]) -> Result<(), Problem> {
        let mut event = Event::new(self.token.actor(), Act::ReadFhir).from(self.from.clone()).with("what", what);
        event.records = records.to_vec();
        self.chart.log(&event)?;
        Ok(())
    }

    fn read(&self, kind: &str, id: &str) -> Result<Value, Problem> {
        let row = self.chart.record_by_key(id).ok().filter(|row| row.kind == kind);
        self.log(kind, &row.as_ref().map(|row| row.rid).into_iter().collect::<Vec<_>>())?;
        let row = row.ok_or_else(Problem::not_found)?;
        Ok(resource::Out::new(&self.chart).of(&row)?)
    }
}
