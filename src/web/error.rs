//! Failures as answers. A route returns [`crate::Error`]; the page around its words is drawn in one place, `security::dress`.

use crate::{Error, Kind};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;
use std::error::Error as _;

/// The words of a failure, for the page that is drawn around them.
#[derive(Clone, Debug)]
pub(crate) struct Words(pub(crate) Cow<'static, str>);

/// Marks an answer that stays as it is, without a page around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AsItIs;

/// The status of each kind.
pub(crate) fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Usage => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::TooMuch => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Cancelled => StatusCode::CONFLICT,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = status(self.kind);
        if self.kind == Kind::Internal {
            // `source` never holds health data (see `error.rs`).
            tracing::error!(cause = self.source().map(tracing::field::display), "a page could not be made");
        }
        let mut response = status.into_response();
        response.extensions_mut().insert(Words(Cow::Owned(self.words().to_owned())));
        response
    }
}

/// Heading and words for a failure that came without its own.
pub(crate) fn voice(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 | 411 | 415 | 416 => {
            ("That did not reach Keepwell whole", "The form could not be read. Nothing was changed. Go back and try again.")
        }
        403 => ("Not for you", "You may not do this. Nothing was changed."),
        404 => ("There is no such page", "The address may be mistyped, or what was here has been taken out. Your records are safe."),
        405 => ("That address cannot do this", "Nothing was changed. Go back to the start and try from there."),
        408 | 504 => ("It took too long", "The page was not ready in time. Your records are safe. Wait a moment, then try again."),
        503 => ("Not just now", "The server is busy. Your records are safe. Wait a moment, then try again."),
        409 => ("It was stopped", "Nothing was stored."),
        410 => ("This is done already", "The household has been set up. Sign in instead."),
        413 => ("That is too large", "It is larger than this server takes. Nothing was stored."),
        421 => (
            "This is not the address of this server",
            "Keepwell does not answer to the name in your browser’s address line. Use the address that it printed when it was started, or tell it this one with --base-url.",
        ),
        422 => ("Keepwell could not take this", "Nothing was changed."),
        429 => ("Please wait a moment", "There were too many tries. Wait, then try again."),
        _ => ("The page could not be made", "Your records are safe. Try again, or look into the server’s log."),
    }
}
