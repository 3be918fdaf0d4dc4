//! Who is signed in. A session holds the member's opened key, so it lives in memory only: a table of ours, found by the hash
//! of a random token that only the browser's cookie holds.

use super::app::{App, Theme};
use crate::household::{AppSetup, PasskeyAsked, PasskeySetup, SignedIn};
use crate::vault::Chart;
use crate::{Error, Result};
use axum::body::Body;
use axum::extract::{Form, FromRequest, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use std::collections::{HashMap, HashSet, VecDeque};
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
    pub(crate) who: Arc<SignedIn>,
    /// Names this session in the list of sessions; opens nothing.
    pub(crate) id: String,
    /// Where it began, for the list.
    pub(crate) seen: Seen,
    started: Instant,
    proofs: Mutex<Proofs>,
    step: Mutex<Step>,
    times: Mutex<Times>,
    /// The charts that this member has opened stay open until the session ends; then their keys go.
    charts: Mutex<HashMap<String, Arc<Chart>>>,
    /// By chart: when this member had last been here before this session.
    visits: Mutex<HashMap<String, Option<i64>>>,
    words: Mutex<VecDeque<(String, String)>>,
    /// Records whose pages were opened: their pictures and frames are parts of those looks.
    looked: Mutex<HashSet<(String, i64)>>,
    recovery: Mutex<Option<String>>,
}

/// From where and with what a session began.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) address: std::net::IpAddr,
    pub(crate) browser: String,
    /// Seconds since 1970.
    pub(crate) began: i64,
}

/// When this member has last shown that it is them.
#[derive(Clone, Copy, Debug)]
struct Proofs {
    any: Instant,
    second: Option<Instant>,
}

/// What is under way on the pages of sign-in, one of each at a time.
#[derive(Debug, Default)]
struct Step {
    app: Option<Arc<AppSetup>>,
    passkey: Option<PasskeySetup>,
    asked: Option<PasskeyAsked>,
    typed: Option<Typed>,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    seen: Instant,
    idle: Duration,
}

/// Idle for too long, or too old in any case.
fn is_over(started: Instant, times: Times, now: Instant) -> bool {
    now.duration_since(times.seen) >= times.idle || now.duration_since(started) >= LONGEST
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        is_over(self.started, *lock(&self.times), now)
    }

    /// Whether the member has shown within so long that it is still them, by passphrase or second factor.
    pub(crate) fn is_fresh(&self, within: Duration) -> bool {
        lock(&self.proofs).any.elapsed() < within
    }

    /// The same by the second factor alone.
    pub(crate) fn is_fresh_by_second(&self, within: Duration) -> bool {
        lock(&self.proofs).second.is_some_and(|at| at.elapsed() < within)
    }

    /// The member has just shown that it is them.
    pub(crate) fn proved(&self, by_second: bool) {
        let mut proofs = lock(&self.proofs);
        proofs.any = Instant::now();
        if by_second {
            proofs.second = Some(proofs.any);
        }
    }

    /// The authenticator app that is being set up: the same secret until it is done, so that a page may be looked at twice.
    pub(crate) fn app_setup(&self) -> Result<Arc<AppSetup>> {
        let mut step = lock(&self.step);
        if let Some(setup) = &step.app {
            return Ok(Arc::clone(setup));
        }
        let setup = Arc::new(AppSetup::new()?);
        step.app = Some(Arc::clone(&setup));
        Ok(setup)
    }

    pub(crate) fn app_is_set_up(&self) {
        lock(&self.step).app = None;
    }

    /// The passkey that is being made, and the one that is being asked for: each challenge is good once.
    pub(crate) fn set_passkey(&self, setup: PasskeySetup) {
        lock(&self.step).passkey = Some(setup);
    }

    pub(crate) fn passkey(&self) -> Option<PasskeySetup> {
        lock(&self.step).passkey.take()
    }

    pub(crate) fn ask(&self, asked: PasskeyAsked) {
        lock(&self.step).asked = Some(asked);
    }

    pub(crate) fn asked(&self) -> Option<PasskeyAsked> {
        lock(&self.step).asked.take()
    }

    /// What was typed into a form that asked for a fresh proof first.
    fn hold_typed(&self, typed: Typed) {
        lock(&self.step).typed = Some(typed);
    }

    pub(crate) fn typed(&self) -> Option<Typed> {
        lock(&self.step).typed.take()
    }

    pub(crate) fn last_seen(&self) -> Duration {
        lock(&self.times).seen.elapsed()
    }

    /// How long it stays open when nobody does anything.
    pub(crate) fn idle(&self) -> Duration {
        lock(&self.times).idle
    }

    pub(crate) fn set_idle(&self, idle: Duration) {
        lock(&self.times).idle = idle;
    }

    /// Opening a chart takes keys, a look through its originals and a new cache: once a session, not once a page.
    pub(crate) fn hold(&self, chart: &Arc<Chart>) {
        let mut charts = lock(&self.charts);
        if !charts.get(&chart.person().id).is_some_and(|held| Arc::ptr_eq(held, chart)) {
            charts.insert(chart.person().id.clone(), Arc::clone(chart));
        }
    }

    /// Closes a chart that this session holds open.
    pub(crate) fn let_go(&self, person: &str) {
        let gone = lock(&self.charts).remove(person);
        // Closing may touch the disk: others do not wait for it.
        drop(gone);
    }

    /// The charts that are open in this session.
    pub(crate) fn held(&self) -> Vec<Arc<Chart>> {
        lock(&self.charts).values().cloned().collect()
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

    /// Notes that the pages of these records were opened.
    pub(crate) fn looked(&self, chart: &str, records: &[i64]) {
        lock(&self.looked).extend(records.iter().map(|rid| (chart.to_owned(), *rid)));
    }

    pub(crate) fn has_looked(&self, chart: &str, rid: i64) -> bool {
        lock(&self.looked).contains(&(chart.to_owned(), rid))
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
        if let Some(before) = visits.get(id) {
            return *before;
        }
        let note = format!("last-visit/{}", self.who.member.id);
        let before = chart.note(&note).ok().flatten().and_then(|text| text.parse().ok());
        visits.insert(id.to_owned(), before);
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

pub(crate) fn hash(token: &str) -> TokenHash {
    *blake3::hash(token.as_bytes()).as_bytes()
}

impl Sessions {
    pub(crate) fn new(idle: Duration) -> Self {
        Self { idle, table: Mutex::default() }
    }

    /// A new session; gives the token for the cookie. `second`: the second factor was shown too.
    pub(crate) fn start(&self, who: Arc<SignedIn>, seen: Seen, second: bool, idle: Option<Duration>) -> Result<String> {
        self.start_with(who, seen, second, idle, None)
    }

    /// The first session of a member, with the recovery key to be shown.
    pub(crate) fn start_with(
        &self,
        who: Arc<SignedIn>,
        seen: Seen,
        second: bool,
        idle: Option<Duration>,
        recovery: Option<String>,
    ) -> Result<String> {
        let (token, mut id) = (token()?, token()?);
        id.truncate(22);
        let now = Instant::now();
        let session = Session {
            who,
            id,
            seen,
            started: now,
            proofs: Mutex::new(Proofs { any: now, second: second.then_some(now) }),
            step: Mutex::default(),
            times: Mutex::new(Times { seen: now, idle: idle.unwrap_or(self.idle) }),
            charts: Mutex::default(),
            visits: Mutex::default(),
            words: Mutex::default(),
            looked: Mutex::default(),
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

    /// All that are open.
    pub(crate) fn live(&self) -> Vec<Arc<Session>> {
        let mut table = lock(&self.table);
        table.sweep(Instant::now());
        table.open.values().cloned().collect()
    }

    /// The open sessions of a member, the latest begun first.
    pub(crate) fn of(&self, member: &str) -> Vec<Arc<Session>> {
        let mut own: Vec<_> = self.live().into_iter().filter(|s| s.who.member.id == member).collect();
        own.sort_by_key(|s| std::cmp::Reverse(s.started));
        own
    }

    /// Ends those sessions of a member that `which` picks.
    pub(crate) fn end_those(&self, member: &str, which: impl Fn(&Session) -> bool) {
        let mut table = lock(&self.table);
        let gone: Vec<_> = table.open.extract_if(|_, s| s.who.member.id == member && which(s)).collect();
        drop(table);
        // Closing their charts may touch the disk: others do not wait for it.
        drop(gone);
    }

    /// Whether anyone is signed in.
    pub(crate) fn anyone(&self) -> bool {
        !lock(&self.table).open.is_empty()
    }

    /// Signs out.
    pub(crate) fn end(&self, token: &str) {
        let key = hash(token);
        let mut table = lock(&self.table);
        let gone = table.open.remove(&key);
        table.ended.remove(&key);
        drop(table);
        // Closing its charts may touch the disk: others do not wait for it.
        drop(gone);
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
    // Programs come with a token: no cookie counts there, and none is kept alive by them.
    if super::fhir::is_fhir(request.uri().path()) {
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
        if super::router::asks_again(request.method(), route) {
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
pub(crate) fn to_confirm(app: &App, path: Option<&str>) -> Response {
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
    fn sessions_end_in_any_case() {
        let (began, idle) = (Instant::now(), Duration::from_secs(900));
        let after = |seconds: u64| began + Duration::from_secs(seconds);
        let busy_until = |seconds: u64| Times { seen: after(seconds), idle };
        assert!(!is_over(began, busy_until(0), after(899)) && is_over(began, busy_until(0), after(900)), "idle");
        let longest = LONGEST.as_secs();
        assert!(!is_over(began, busy_until(longest - 2), after(longest - 1)));
        assert!(is_over(began, busy_until(longest - 2), after(longest)), "whoever goes on without a pause signs in again too");
    }

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
