//! SMART Health Links as their holders meet them: manifest, files, direct file, reply. Without sign-in, and also while the
//! chart is locked. Nothing here can read what it hands out.

use crate::share::{Answer, Asked, FileEntry, REPLY_BYTES, REPLY_FILES, Replying};
use crate::vault::Place;
use crate::web::app::{App, blocking};
use crate::web::error::AsItIs;
use crate::{Error, Kind, Result};
use axum::Json;
use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequestParts, Multipart, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Replies that arrive at the same time: each may be large, and is whole in memory once.
static ARRIVING: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(3);

/// Any page of any host may ask for a link that its reader holds: the link is the right to it, no cookie plays a part.
pub(crate) async fn open_to_all(request: Request, next: Next) -> Response {
    let asks_first = request.method() == Method::OPTIONS;
    let mut response = if asks_first { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    let mut say = |name: &'static str, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    say("access-control-allow-origin", "*");
    say("access-control-expose-headers", "retry-after");
    say("cross-origin-resource-policy", "cross-origin");
    if asks_first {
        say("access-control-allow-methods", "GET, POST");
        say("access-control-allow-headers", "content-type");
        say("access-control-max-age", "600");
    }
    response.extensions_mut().insert(AsItIs);
    response
}

/// From where somebody asks.
pub(crate) struct From(Place);

impl FromRequestParts<Arc<App>> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> std::result::Result<Self, Self::Rejection> {
        Ok(Self(crate::web::looks::place(app, &parts.headers, &parts.extensions)))
    }
}

/// The manifest of a link.
pub(crate) async fn manifest(
    State(app): State<Arc<App>>,
    Path(link): Path<String>,
    From(from): From,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else {
        return Ok(problem(StatusCode::BAD_REQUEST, "The request is not JSON."));
    };
    let base = app.site.base(&headers);
    blocking(move || {
        let text = |name: &str| asked.get(name).and_then(Value::as_str);
        let asked = Asked {
            recipient: text("recipient").unwrap_or_default(),
            passcode: text("passcode"),
            embedded_most: asked.get("embeddedLengthMax").and_then(Value::as_u64),
            from,
        };
        let answer = app.shares.manifest(&app.household, &link, &asked)?;
        Ok(answered(answer, &format!("{base}/shl/{link}")))
    })
    .await
}

/// Who asks for the file of a direct link.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Who {
    recipient: String,
}

/// The file of a direct link.
pub(crate) async fn direct(
    State(app): State<Arc<App>>,
    Path(link): Path<String>,
    Query(who): Query<Who>,
    From(from): From,
) -> Result<Response> {
    blocking(move || Ok(answered(app.shares.direct(&app.household, &link, &who.recipient, &from)?, ""))).await
}

/// A file of a manifest, by the ticket of its location.
pub(crate) async fn file(State(app): State<Arc<App>>, Path((link, ticket)): Path<(String, String)>) -> Result<Response> {
    blocking(move || Ok(app.shares.file(&app.household, &link, &ticket)?.map_or_else(gone, jose))).await
}

/// A reply: a note and files.
pub(crate) async fn reply(State(app): State<Arc<App>>, Path(link): Path<String>, From(place): From, form: Multipart) -> Response {
    let Ok(_turn) = ARRIVING.try_acquire() else {
        return problem(StatusCode::TOO_MANY_REQUESTS, "Others are sending just now. Nothing was sent. Try again in a minute.");
    };
    let done = match received(form).await {
        Ok(reply) => blocking(move || app.shares.reply(&app.household, &link, Replying { place, ..reply })).await,
        Err(e) => Err(e),
    };
    let response = match done {
        Ok(None) => (StatusCode::ACCEPTED, Json(json!({"received": true}))).into_response(),
        Ok(Some(answer)) => answered(answer, ""),
        Err(e) if e.kind == Kind::Internal => e.into_response(),
        Err(e) => problem(crate::web::error::status(e.kind), e.words()),
    };
    let mut response = response;
    response.extensions_mut().insert(AsItIs);
    response
}

async fn received(mut form: Multipart) -> Result<Replying> {
    let mut reply = Replying::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let file = field.file_name().map(crate::web::upload::plain_name).filter(|n| !n.is_empty());
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(broken)?;
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        match (name.as_str(), file) {
            ("files", Some(file)) if reply.files.len() <= REPLY_FILES => reply.files.push((file, bytes.to_vec())),
            ("recipient", None) => reply.from = text(),
            ("passcode", None) => reply.passcode = Some(text()),
            ("note", None) => reply.note = text(),
            _ => {}
        }
    }
    Ok(reply)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn broken(e: MultipartError) -> Error {
    if e.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let words = format!("That is more than {} MB. Nothing was sent. Send it in several replies.", REPLY_BYTES >> 20);
        return Error::new(Kind::TooMuch, words);
    }
    Error::new(Kind::Usage, "The reply broke off on its way. Nothing was sent. Try again.")
}

fn answered(answer: Answer, address: &str) -> Response {
    match answer {
        Answer::Manifest { files, again } => {
            let status = if again.is_some() { "can-change" } else { "finalized" };
            let files: Vec<Value> = files.iter().map(|f| entry(f, address, status)).collect();
            let mut response = Json(json!({"status": status, "files": files})).into_response();
            if let Some(wait) = again {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
            }
            response
        }
        Answer::File(bytes) => jose(bytes),
        Answer::Passcode { left } => (StatusCode::UNAUTHORIZED, Json(json!({"remainingAttempts": left}))).into_response(),
        Answer::TooOften { seconds } => {
            let mut response = problem(StatusCode::TOO_MANY_REQUESTS, "This link is asked for too often. Wait a moment.");
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        Answer::NoRecipient => problem(StatusCode::BAD_REQUEST, "Say who asks: recipient."),
        Answer::Gone => gone(),
    }
}

fn entry(file: &FileEntry, address: &str, status: &str) -> Value {
    let mut entry = json!({"contentType": file.content_type});
    if let Some(embedded) = &file.embedded {
        entry["embedded"] = json!(embedded);
    }
    if let Some(ticket) = &file.ticket {
        entry["location"] = json!(format!("{address}/{ticket}"));
    }
    entry["lastUpdated"] = json!(jiff::Timestamp::from_second(file.changed).map(|t| t.to_string()).unwrap_or_default());
    entry["status"] = json!(status);
    entry["fhirVersion"] = json!("4.0.1");
    entry
}

fn jose(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/jose")], bytes).into_response()
}

fn gone() -> Response {
    problem(StatusCode::NOT_FOUND, "This link is not active: it has ended, was stopped, or never was.")
}

fn problem(status: StatusCode, words: &str) -> Response {
    (status, Json(json!({"error": words}))).into_response()
}
