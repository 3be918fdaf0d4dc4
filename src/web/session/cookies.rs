//! The cookies of sign-in and of appearance.

use crate::web::app::{App, Theme};
use axum::http::{HeaderMap, HeaderValue, header};

/// Names of the cookies for appearance and idle time: they hold nothing else.
pub(crate) const THEME_COOKIE: &str = "keepwell-look";
pub(crate) const IDLE_COOKIE: &str = "keepwell-idle";

/// Idle times on offer, in minutes.
pub(crate) const IDLE_CHOICES: [u64; 4] = [5, 15, 30, 60];

pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    all.filter_map(|pair| pair.trim().split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v.to_owned())
}

/// The session's cookie: the one place that makes it. An empty token removes it.
pub(crate) fn session_cookie(app: &App, token: &str) -> HeaderValue {
    cookie_with(app, "", token, token.is_empty().then_some(0))
}

/// A cookie of sign-in, named after the session's: `age` in seconds, or until the browser is closed.
pub(crate) fn cookie_with(app: &App, suffix: &str, value: &str, age: Option<i64>) -> HeaderValue {
    let age = age.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
    let (name, path, secure) = cookie_shape(app);
    let text = format!("{name}{suffix}={value}; HttpOnly; SameSite=Lax; Path={path}{secure}{age}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

pub(crate) fn cookie_name(app: &App, suffix: &str) -> String {
    format!("{}{suffix}", cookie_shape(app).0)
}

/// A cookie of appearance, kept for a year.
pub(crate) fn choice_cookie(app: &App, name: &str, value: &str) -> HeaderValue {
    let (_, path, secure) = cookie_shape(app);
    let text = format!("{name}={value}; HttpOnly; SameSite=Lax; Path={path}{secure}; Max-Age=31536000");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// `__Host-` binds the cookie to this very host over TLS, and asks for the path "/".
pub(super) fn cookie_shape(app: &App) -> (&'static str, &str, &'static str) {
    if app.site.secure {
        ("__Host-keepwell", "/", "; Secure")
    } else {
        ("keepwell", if app.prefix.is_empty() { "/" } else { &app.prefix }, "")
    }
}

/// The appearance that a browser asks for.
pub(crate) fn look(headers: &HeaderMap) -> Theme {
    cookie(headers, THEME_COOKIE).map_or(Theme::System, |name| Theme::named(&name))
}
