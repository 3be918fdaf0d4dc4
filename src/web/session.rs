//! Who is signed in. A session holds the member's opened key, so it lives in memory only: a table of ours, found by the hash
//! of a random token that only the browser's cookie holds.

use super::app::{App, Theme};
use crate::household::SignedIn;
use crate::vault::Chart;
use crate::{Error, Result};
use axum::body::Body;
use axum::extract::{Form, FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest that one sign-in lasts.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// So much typed text is kept over an idle lock, and no more.
const KEPT_BYTES: usize = 64 * 1024;
/// So many searches and filters are remembered in a session.
const KEPT_WORDS: usize = 40;

type TokenHash = [u8; 32];

/// A random 256-bit token, for cookies, addresses and codes.
///
/// # Errors
/// Internal when the system has no randomness to give.
pub(crate) fn token() -> Result<String> {
    let mut bytes = [0_u8; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A member's time here.
#[derive(Debug)]
pub(crate) struct Session {
    /// Who, with their opened key.
    pub(crate) who: SignedIn,
    started: Instant,
    times: Mutex<Times>,
    /// By chart: when this member had last been here before this session. The chart itself stays open until the session
    /// ends: opening it for each page would cost more than most pages, and forget what it remembers of its lists.
    visits: Mutex<HashMap<String, (Option<i64>, Arc<Chart>)>>,
    words: Mutex<VecDeque<(String, String)>>,
    recovery: Mutex<Option<String>>,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    seen: Instant,
    idle: Duration,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        let times = *lock(&self.times);
        now.duration_since(times.seen) >= times.idle || now.duration_since(self.started) >= LONGEST
    }

    /// How long it stays open when nobody does anything.
    pub(crate) fn idle(&self) -> Duration {
        lock(&self.times).idle
    }

    pub(crate) fn set_idle(&self, idle: Duration) {
        lock(&self.times).idle = idle;
    }

    pub(crate) fn keep(&self, typed: &str) -> String {
        let mut words = lock(&self.words);
        if let Some((token, _)) = words.iter().find(|(_, t)| t == typed) {
            return token.clone();
        }
        let Ok(token) = token() else { return String::new() };
        let token = token[..16].to_owned();
        if words.len() >= KEPT_WORDS {
            words.pop_front();
        }
        words.push_back((token.clone(), typed.chars().take(1000).collect()));
        token
    }

    pub(crate) fn kept(&self, token: &str) -> Option<String> {
        lock(&self.words).iter().find(|(t, _)| t == token).map(|(_, typed)| typed.clone())
    }

    /// The recovery key, from the first day until it was confirmed or declined.
    pub(crate) fn recovery(&self) -> Option<String> {
        lock(&self.recovery).clone()
    }

    pub(crate) fn set_recovery(&self, key: Option<String>) {
        *lock(&self.recovery) = key;
    }

    /// When this member was last on this chart before this session; notes that they are here now.
    pub(crate) fn visit(&self, chart: &Arc<Chart>, id: &str) -> Option<i64> {
        let mut visits = lock(&self.visits);
        if let Some((before, _)) = visits.get(id) {
            return *before;
        }
        let note = format!("last-visit/{}", self.who.member.id);
        let before = chart.note(&note).ok().flatten().and_then(|text| text.parse().ok());
        visits.insert(id.to_owned(), (before, Arc::clone(chart)));
        // An import may be writing just now: the page does not wait for it.
        let chart = Arc::clone(chart);
        let now = super::pages::words::now().to_string();
        std::thread::spawn(move || {
            if chart.set_note(&note, &now).is_err() {
                tracing::warn!("the time of this visit could not be noted");
            }
        });
        before
    }
}

/// What somebody had typed when the chart locked.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) path: String,
    pub(crate) fields: Vec<(String, String)>,
}

/// A session that ended by itself: enough to say so, and to give back what was typed.
#[derive(Debug)]
struct Ended {
    member: String,
    at: Instant,
    typed: Option<Typed>,
}

/// All sessions.
#[derive(Debug)]
pub(crate) struct Sessions {
    idle: Duration,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    open: HashMap<TokenHash, Arc<Session>>,
    ended: HashMap<TokenHash, Ended>,
}

fn hash(token: &str) -> TokenHash {
    *blake3::hash(token.as_bytes()).as_bytes()
}

impl Sessions {
    pub(crate) fn new(idle: Duration) -> Self {
        Self { idle, table: Mutex::default() }
    }

    /// A new session; gives the token for the cookie.
    pub(crate) fn start(&self, who: SignedIn, idle: Option<Duration>, recovery: Option<String>) -> Result<String> {
        let token = token()?;
        let now = Instant::now();
        let session = Session {
            who,
            started: now,
            times: Mutex::new(Times { seen: now, idle: idle.unwrap_or(self.idle) }),
            visits: Mutex::default(),
            words: Mutex::default(),
            recovery: Mutex::new(recovery),
        };
        lock(&self.table).open.insert(hash(&token), Arc::new(session));
        Ok(token)
    }

    /// The session of a token; Err when it has ended by itself, with how long the quiet was allowed to last.
    fn find(&self, token: &str, touch: bool) -> Result<Option<Arc<Session>>, ()> {
        let (key, now) = (hash(token), Instant::now());
        let mut table = lock(&self.table);
        table.sweep(now);
        if table.ended.contains_key(&key) {
            return Err(());
        }
        let session = table.open.get(&key).cloned();
        if let Some(session) = session.as_ref().filter(|_| touch) {
            lock(&session.times).seen = now;
        }
        Ok(session)
    }

    /// Ends those that have been quiet for too long: their keys go.
    pub(crate) fn sweep(&self) {
        lock(&self.table).sweep(Instant::now());
    }

    /// Signs out.
    pub(crate) fn end(&self, token: &str) {
        let key = hash(token);
        let mut table = lock(&self.table);
        table.open.remove(&key);
        table.ended.remove(&key);
    }

    /// Ends all: the server stops.
    pub(crate) fn end_all(&self) {
        *lock(&self.table) = Table::default();
    }

    fn keep_typed(&self, token: &str, typed: Typed) {
        if let Some(ended) = lock(&self.table).ended.get_mut(&hash(token)) {
            ended.typed = Some(typed);
        }
    }

    /// The idle time of a session that chose none.
    pub(crate) fn idle(&self) -> Duration {
        self.idle
    }

    /// Whether something typed is kept for whoever signs in again.
    pub(crate) fn has_typed(&self, token: &str) -> bool {
        lock(&self.table).ended.get(&hash(token)).is_some_and(|ended| ended.typed.is_some())
    }

    /// What the same member had typed when the chart locked; it is given back once.
    pub(crate) fn give_back(&self, token: &str, member: &str) -> Option<Typed> {
        let ended = lock(&self.table).ended.remove(&hash(token))?;
        ended.typed.filter(|_| ended.member == member)
    }
}

impl Table {
    fn sweep(&mut self, now: Instant) {
        let over: Vec<TokenHash> = self.open.iter().filter(|(_, s)| s.is_over(now)).map(|(k, _)| *k).collect();
        for key in over {
            if let Some(session) = self.open.remove(&key) {
                self.ended.insert(key, Ended { member: session.who.member.id.clone(), at: now, typed: None });
            }
        }
        self.ended.retain(|_, ended| now.duration_since(ended.at) < LONGEST);
    }
}

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

/// Names of the cookies for appearance and idle time: they hold nothing else.
pub(crate) const THEME_COOKIE: &str = "keepwell-look";
pub(crate) const IDLE_COOKIE: &str = "keepwell-idle";

/// Idle times on offer, in minutes.
pub(crate) const IDLE_CHOICES: [u64; 4] = [5, 15, 30, 60];

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    all.filter_map(|pair| pair.trim().split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v.to_owned())
}

/// The session's cookie: the one place that makes it. An empty token removes it.
pub(crate) fn session_cookie(app: &App, token: &str) -> HeaderValue {
    let age = if token.is_empty() { "; Max-Age=0" } else { "" };
    let (name, path, secure) = cookie_shape(app);
    let text = format!("{name}={token}; HttpOnly; SameSite=Lax; Path={path}{secure}{age}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A cookie of appearance, kept for a year.
pub(crate) fn choice_cookie(app: &App, name: &str, value: &str) -> HeaderValue {
    let (_, path, secure) = cookie_shape(app);
    let text = format!("{name}={value}; HttpOnly; SameSite=Lax; Path={path}{secure}; Max-Age=31536000");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// `__Host-` binds the cookie to this very host over TLS, and asks for the path "/".
fn cookie_shape(app: &App) -> (&'static str, &str, &'static str) {
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

/// Finds the visitor of each request, and keeps what was typed into a form that arrives after the chart has locked.
pub(crate) async fn attach(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
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
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

fn is_form(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|v| v.starts_with("application/x-www-form-urlencoded"))
}

async fn keep_typed(app: &App, visitor: &Visitor, path: String, request: Request) {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, KEPT_BYTES).await else { return };
    let request = Request::from_parts(parts, Body::from(bytes));
    if let (Ok(Form(fields)), Some(token)) = (Form::<Vec<(String, String)>>::from_request(request, &()).await, &visitor.token) {
        app.sessions.keep_typed(token, Typed { path, fields });
    }
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

    #[test]
    fn tokens_are_long_and_differ() {
        let (a, b) = (token().expect("random"), token().expect("random"));
        assert_ne!(a, b);
        assert_eq!(a.len(), 43);
    }
}
