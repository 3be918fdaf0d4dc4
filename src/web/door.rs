//! Between the passphrase and the session: who has given the right passphrase and still owes the second factor, and which
//! browsers have been here before.

use super::app::App;
use super::session::{cookie, cookie_with, hash, token};
use super::throttle::{Try, Who};
use crate::household::{PasskeyAsked, SignedIn};
use crate::vault::{KNOWN_BROWSER, Place};
use crate::web::app::blocking;
use crate::{Error, Kind, Result};
use axum::http::{HeaderMap, HeaderValue};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So long the second page waits for its answer.
const WAITS: Duration = Duration::from_secs(5 * 60);
/// So many may stand between the doors: each holds an opened key.
const MOST: usize = 64;
const MOST_OF_ONE: usize = 4;
/// So many members are known in one browser.
const KNOWN_MEMBERS: usize = 4;

/// Somebody with the right passphrase and no second factor yet. They reach no page but the second one.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) who: Arc<SignedIn>,
    pub(crate) next: String,
    since: Instant,
    asked: Mutex<Option<PasskeyAsked>>,
}

impl Pending {
    /// Keeps the challenge that the page has just shown; an earlier one is no longer good.
    pub(crate) fn ask(&self, asked: PasskeyAsked) {
        *lock(&self.asked) = Some(asked);
    }

    /// The challenge, once.
    pub(crate) fn asked(&self) -> Option<PasskeyAsked> {
        lock(&self.asked).take()
    }
}

/// All who stand between the doors, by the hash of their token.
#[derive(Debug, Default)]
pub(crate) struct Between(Mutex<HashMap<[u8; 32], Arc<Pending>>>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Between {
    /// Lets somebody in between the doors; gives the token for their cookie.
    pub(crate) fn start(&self, who: SignedIn, next: &str) -> Result<String> {
        let (token, now) = (token()?, Instant::now());
        let pending = Pending { who: Arc::new(who), next: next.to_owned(), since: now, asked: Mutex::default() };
        let mut table = lock(&self.0);
        sweep(&mut table, now);
        let own = |p: &Arc<Pending>| p.who.member.id == pending.who.member.id;
        while table.values().filter(|p| own(p)).count() >= MOST_OF_ONE {
            drop_oldest(&mut table, &own);
        }
        while table.len() >= MOST {
            drop_oldest(&mut table, &|_| true);
        }
        table.insert(hash(&token), Arc::new(pending));
        Ok(token)
    }

    pub(crate) fn find(&self, token: &str) -> Option<Arc<Pending>> {
        let mut table = lock(&self.0);
        sweep(&mut table, Instant::now());
        table.get(&hash(token)).cloned()
    }

    /// Through the second door: once.
    pub(crate) fn take(&self, token: &str) -> Option<Arc<Pending>> {
        lock(&self.0).remove(&hash(token))
    }

    /// A factor or passphrase has changed: whoever stands here with the old one begins again.
    pub(crate) fn end_of(&self, member: &str) {
        lock(&self.0).retain(|_, p| p.who.member.id != member);
    }

    pub(crate) fn sweep(&self) {
        sweep(&mut lock(&self.0), Instant::now());
    }

    pub(crate) fn end_all(&self) {
        lock(&self.0).clear();
    }
}

fn sweep(table: &mut HashMap<[u8; 32], Arc<Pending>>, now: Instant) {
    table.retain(|_, p| now.duration_since(p.since) < WAITS);
}

fn drop_oldest(table: &mut HashMap<[u8; 32], Arc<Pending>>, which: &dyn Fn(&Arc<Pending>) -> bool) {
    let oldest = table.iter().filter(|(_, p)| which(p)).min_by_key(|(_, p)| p.since).map(|(key, _)| *key);
    if let Some(key) = oldest {
        table.remove(&key);
    }
}

/// The cookie between the doors. An empty token removes it.
pub(crate) fn pending_cookie(app: &App, token: &str) -> HeaderValue {
    cookie_with(app, "-second", token, Some(if token.is_empty() { 0 } else { WAITS.as_secs().cast_signed() }))
}

pub(crate) fn pending_token(app: &App, headers: &HeaderMap) -> Option<String> {
    cookie(headers, &super::session::cookie_name(app, "-second")).filter(|token| token.len() == 43)
}

/// The mark of a browser that a member has signed in with before: `<member>.<random>`, a few of them joined by "~". The server
/// keeps its hash, so that it can be forgotten. It opens nothing. It only gives this browser tries of its own, whatever others
/// have used up in the member's name.
fn mark_of(marks: &str, member: &str) -> Option<String> {
    marks.split('~').find(|mark| mark.split('.').next() == Some(member)).map(str::to_owned)
}

fn marks(app: &App, headers: &HeaderMap) -> String {
    cookie(headers, &super::session::cookie_name(app, "-known")).unwrap_or_default()
}

/// The id of the browser that a request comes from, if this member has signed in with it before. For a thread that may wait.
fn known(app: &App, marks: &str, member: &str) -> Result<Option<String>> {
    mark_of(marks, member).map_or(Ok(None), |mark| app.household.browser(member, &mark))
}

/// The id of this browser in the list of a member's known ones.
pub(crate) async fn browser(app: &Arc<App>, headers: &HeaderMap, member: &str) -> Result<Option<String>> {
    let (server, marks, member) = (Arc::clone(app), marks(app, headers), member.to_owned());
    blocking(move || known(&server, &marks, &member)).await
}

/// A member signs in: their browser is a known one from now on. Gives whether that is news to them, and the mark for its cookie.
/// The very first one is none: there is nothing that it could be told from. For a thread that may wait.
pub(crate) fn know(app: &App, headers: &HeaderMap, who: &SignedIn, from: &Place) -> Result<(bool, String)> {
    let (marks, member) = (marks(app, headers), who.member.id.as_str());
    let was = known(app, &marks, member)?.is_some();
    let news = !was && !app.household.browsers(who)?.is_empty();
    let mark = match mark_of(&marks, member).filter(|_| was) {
        Some(mark) => mark,
        None => format!("{member}.{}", &token()?[..22]),
    };
    app.household.saw_browser(member, &mark, from)?;
    Ok((news, mark))
}

/// The cookie that holds the mark, beside those of other members who use this browser.
pub(crate) fn known_cookie(app: &App, headers: &HeaderMap, mark: &str) -> HeaderValue {
    let before = marks(app, headers);
    let member = mark.split('.').next();
    let plain = |mark: &&str| mark.len() < 80 && mark.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let others = before.split('~').filter(|mark| !mark.is_empty() && mark.split('.').next() != member).filter(plain);
    let all: Vec<&str> = std::iter::once(mark).chain(others).take(KNOWN_MEMBERS).collect();
    cookie_with(app, "-known", &all.join("~"), Some(KNOWN_BROWSER))
}

/// Counts a try at the passphrase of a name before it is looked at. Err: how long to wait.
pub(crate) async fn try_name(app: &Arc<App>, name: &str, headers: &HeaderMap, address: IpAddr) -> Result<Result<Try, Duration>> {
    let (server, wanted, marks) = (Arc::clone(app), name.to_owned(), marks(app, headers));
    let browser = blocking(move || match server.household.member_named(&wanted)? {
        Some(member) => known(&server, &marks, &member.id),
        None => Ok(None),
    })
    .await?;
    let who = browser.map_or_else(|| vec![Who::Account(name.to_owned()), Who::Address(address)], |id| vec![Who::Browser(id)]);
    count(app, &who).await
}

/// The same for the second factor of a member who has given the right passphrase.
pub(crate) async fn try_second(app: &Arc<App>, member: &str, headers: &HeaderMap, address: IpAddr) -> Result<Result<Try, Duration>> {
    let browser = browser(app, headers, member).await?;
    // Counted apart from the passphrase: who knows that must not begin the count of codes anew with it.
    let own = browser
        .map_or_else(|| vec![Who::Member(member.to_owned()), Who::Address(address)], |id| vec![Who::Member(format!("{member} in {id}"))]);
    count(app, &own).await
}

/// The same for who is signed in and proves it again. The session has allowances of its own, one for the passphrase and one for
/// the second factor.
pub(crate) async fn try_again(app: &Arc<App>, session: &str, second: bool) -> Result<Result<Try, Duration>> {
    let who = if second { Who::Member(session.to_owned()) } else { Who::Browser(session.to_owned()) };
    count(app, &[who]).await
}

async fn count(app: &Arc<App>, who: &[Who]) -> Result<Result<Try, Duration>> {
    let counted = match app.throttle.begin(who) {
        Ok(counted) => counted,
        Err(wait) => return Ok(Err(wait)),
    };
    let (server, rows) = (Arc::clone(app), counted.rows.clone());
    blocking(move || server.household.keep_tries(&rows, super::pages::words::now() - super::throttle::FORGET)).await?;
    Ok(Ok(counted))
}

/// It was right: the counts begin anew.
pub(crate) async fn succeeded(app: &Arc<App>, good: &Try) -> Result<()> {
    app.throttle.succeeded(good);
    let (server, names) = (Arc::clone(app), good.names());
    blocking(move || server.household.forget_tries(&names)).await
}

/// A failure after a try was counted: one that the server was too busy to look at does not count.
pub(crate) fn failed(app: &App, counted: &Try, e: &Error) {
    if e.kind == Kind::Busy {
        app.throttle.take_back(counted);
    }
}
