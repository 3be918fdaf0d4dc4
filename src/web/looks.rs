//! What the activity log says of each address of a chart: the one table, and the one place that writes it down.
//!
//! The entry is durable before the route is given the chart ([`super::app::ChartCx`]): what cannot be written is not shown and
//! not done. An address that is missing here is logged under its own template, so that nothing is forgotten; a test fails then.

use super::app::App;
use super::session::Session;
use crate::Result;
use crate::vault::{Act, Chart, Event, Place};
use axum::extract::{MatchedPath, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use std::sync::Arc;

/// What is written for an address.
#[derive(Clone, Copy, Debug)]
pub enum Logged {
    /// This, before anything is shown or done. The words name the page or the thing.
    As(Act, &'static str),
    /// A part of the page of a record (a picture, a frame): a look at the record, unless this session has had that page.
    Part,
    /// A part as well, or this where somebody saves it.
    PartOr(Act),
    /// A search, where words were given.
    Search,
    /// The route, or what it calls, writes an entry of its own: it knows more than the address tells.
    Itself,
    /// Nothing: it shows no records and changes none.
    Nothing,
}

use Act::{Changed, Downloaded, LookedDocument, LookedHome, LookedList, LookedRecord, LookedSettings, LookedSources, Removed, Restored};
use Logged::{As, Itself, Nothing, Part, PartOr, Search};

/// Every address of a chart that is neither a list nor its filter: method, path below the chart, what is written.
pub const LOGGED: &[(&str, &str, Logged)] = &[
    ("GET", "", As(LookedHome, "")),
    ("GET", "/print.css", Nothing),
    ("GET", "/search", Search),
    ("POST", "/search", Search),
    ("GET", "/add", Nothing),
    ("POST", "/add", Itself),
    ("GET", "/add/{job}", Nothing),
    ("POST", "/add/{job}", Itself),
    ("GET", "/add/{job}/progress", Nothing),
    ("POST", "/inbox", As(Changed, "inbox")),
    ("GET", "/export", As(LookedList, "export")),
    ("POST", "/export", Itself),
    ("GET", "/share", As(LookedList, "share")),
    ("POST", "/share", Itself),
    ("GET", "/share/{share}", As(LookedList, "share")),
    ("POST", "/share/{share}", Itself),
    ("GET", "/share/{share}/file", As(Downloaded, "share")),
    ("GET", "/photo", Nothing),
    ("POST", "/photo", Itself),
    ("GET", "/card", As(LookedList, "card")),
    ("POST", "/card", Itself),
    ("POST", "/card/code", Itself),
    ("GET", "/card/wallet", Itself),
    ("GET", "/card/lock-screen", Itself),
    ("GET", "/sources", As(LookedSources, "")),
    ("GET", "/sources/{source}", As(LookedSources, "")),
    ("GET", "/sources/{source}/original", As(Downloaded, "original")),
    ("GET", "/sources/{source}/remove", As(LookedSources, "")),
    ("POST", "/sources/{source}/remove", As(Removed, "")),
    ("POST", "/sources/{source}/restore", As(Restored, "")),
    ("POST", "/sources/{source}/again", Itself),
    ("GET", "/people", As(LookedSettings, "people")),
    ("GET", "/people/add", As(LookedSettings, "people")),
    ("POST", "/people/add", Itself),
    ("GET", "/people/{member}", As(LookedSettings, "people")),
    ("POST", "/people/{member}", Itself),
    ("GET", "/people/{member}/remove", As(LookedSettings, "people")),
    ("POST", "/people/{member}/remove", Itself),
    ("GET", "/contact", As(LookedSettings, "contact")),
    ("POST", "/contact", Itself),
    ("POST", "/contact/stop", Itself),
    ("GET", "/invites/{invite}/withdraw", As(LookedSettings, "people")),
    ("POST", "/invites/{invite}/withdraw", Itself),
    ("GET", "/tools", As(LookedSettings, "tools")),
    ("POST", "/tools", Itself),
    ("GET", "/tools/{tool}/withdraw", As(LookedSettings, "tools")),
    ("POST", "/tools/{tool}/withdraw", Itself),
    ("GET", "/person", As(LookedSettings, "person")),
    ("POST", "/person", Itself),
    ("GET", "/person/remove", As(LookedSettings, "person")),
    ("POST", "/person/remove", Itself),
    ("GET", "/activity", As(Act::LookedActivity, "")),
    ("GET", "/activity/table", As(Downloaded, "activity")),
    ("GET", "/results/{rid}", As(LookedRecord, "")),
    ("GET", "/documents/{rid}", As(LookedDocument, "")),
    ("POST", "/documents/{rid}/beside", As(Changed, "document")),
    ("GET", "/visits/{rid}", As(LookedRecord, "")),
    ("GET", "/bills/{rid}", As(LookedRecord, "")),
    ("GET", "/messages/{rid}", As(LookedRecord, "")),
    ("GET", "/records/{rid}", As(LookedRecord, "")),
    ("GET", "/records/{rid}/raw", As(LookedRecord, "")),
    ("GET", "/records/{rid}/fhir", As(Downloaded, "record")),
    ("GET", "/records/{rid}/content", PartOr(Downloaded)),
    ("GET", "/records/{rid}/picture", Part),
    ("GET", "/records/{rid}/sheet", Part),
];

/// The list pages: GET is a look, POST only keeps the words of the filter and leads to it.
pub const LISTS: &[&str] = &[
    "kinds",
    "about",
    "results",
    "vital-signs",
    "medicines",
    "documents",
    "timeline",
    "conditions",
    "allergies",
    "immunizations",
    "procedures",
    "visits",
    "imaging",
    "devices",
    "plans",
    "goals",
    "family-history",
    "social-history",
    "assessments",
    "care-team",
    "places",
    "insurance",
    "bills",
    "messages",
    "appointments",
    "provenance",
    "other",
    "left-aside",
];

/// What is written for an address, by method and route template; None where the table does not say.
pub fn logged(method: &str, template: &str) -> Option<Logged> {
    let below = template.strip_prefix("/charts/{chart}")?;
    if let Some((.., logged)) = LOGGED.iter().find(|(m, path, _)| *m == method && *path == below) {
        return Some(*logged);
    }
    let list = LISTS.iter().find(|list| below.strip_prefix('/') == Some(**list))?;
    Some(if method == "POST" { Nothing } else { As(LookedList, list) })
}

/// Writes down what a request is about to do with a chart.
pub(super) fn write(chart: &Chart, session: &Session, request: &Asked) -> Result<()> {
    match request.event(session) {
        Some(event) => chart.log(&event).map(|_| session.looked(&chart.person().id, &event.records)),
        None => Ok(()),
    }
}

/// What there is to know of a request for the log.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    method: &'static str,
    template: String,
    rid: Option<i64>,
    source: Option<String>,
    chart: String,
    saves: bool,
    searches: bool,
    pub(crate) from: Place,
}

impl Asked {
    pub(super) fn of(parts: &Parts, params: Option<&RawPathParams>, app: &App) -> Self {
        let param = |name: &str| params.and_then(|p| p.iter().find(|(n, _)| *n == name)).map(|(_, value)| value.to_owned());
        let query = parts.uri.query().unwrap_or("");
        let asks = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
        let live = parts.headers.get("x-keepwell").is_some_and(|v| v == "live");
        Self {
            method: if matches!(parts.method, Method::GET | Method::HEAD) { "GET" } else { "POST" },
            template: parts.extensions.get::<MatchedPath>().map_or_else(String::new, |path| path.as_str().to_owned()),
            rid: param("rid").and_then(|rid| rid.parse().ok()),
            source: param("source"),
            chart: param("chart").unwrap_or_default(),
            saves: asks("save"),
            searches: if parts.method == Method::POST { live } else { asks("kept") },
            from: place(app, &parts.headers, &parts.extensions),
        }
    }

    fn event(&self, session: &Session) -> Option<Event> {
        let logged = logged(self.method, &self.template);
        let (act, what) = match logged {
            Some(As(act, what)) => (act, what),
            Some(Nothing | Itself) => return None,
            Some(PartOr(act)) if self.saves => (act, "part"),
            Some(Part | PartOr(_)) => {
                if self.rid.is_some_and(|rid| session.has_looked(&self.chart, rid)) {
                    return None;
                }
                (LookedDocument, "")
            }
            Some(Search) => {
                if !self.searches {
                    return None;
                }
                (Act::Searched, "")
            }
            None if self.method == "GET" => (LookedList, self.template.as_str()),
            None => (Changed, self.template.as_str()),
        };
        Some(self.written(session, act, what))
    }

    /// This request as an entry of the log.
    fn written(&self, session: &Session, act: Act, what: &str) -> Event {
        let event = Event::new(session.who.actor(), act).from(self.from.clone()).with("what", what);
        let event = match &self.source {
            Some(source) => event.with("source", source.chars().take(40).collect::<String>()),
            None => event,
        };
        match self.rid {
            Some(rid) => event.about(rid),
            None => event,
        }
    }

    /// Somebody asked for what is not theirs. Noted aside, so that the time of the answer does not tell whether the chart
    /// exists: nothing is shown, so nothing waits for the entry.
    pub(super) fn deny(&self, app: &Arc<App>, session: &Arc<Session>) {
        let (app, asked, who) = (Arc::clone(app), self.clone(), session.who.actor());
        aside(move || {
            let page = asked.template.strip_prefix("/charts/{chart}").unwrap_or_default().trim_start_matches('/').to_owned();
            app.household.record_denied(&who, &asked.chart, &page, &asked.from)
        });
    }
}

/// From where a request comes.
pub(crate) fn place(app: &App, headers: &HeaderMap, extensions: &axum::http::Extensions) -> Place {
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let device = if agent.is_empty() { String::new() } else { super::pages::words::browser(agent) };
    Place { address: app.site.client(headers, extensions).to_string(), device }
}

/// Somebody gave a wrong passphrase or code under a name.
pub(crate) fn wrong(app: &Arc<App>, name: &str, what: &'static str, from: Place) {
    let (app, name) = (Arc::clone(app), name.to_owned());
    aside(move || app.household.record_wrong(&name, what, &from));
}

/// Writes an entry on a thread of its own: for refusals, which do not wait for it.
pub(crate) fn aside(work: impl FnOnce() -> Result<()> + Send + 'static) {
    let done = std::thread::Builder::new().name("activity".into()).spawn(move || {
        if let Err(e) = work() {
            tracing::error!(kind = ?e.kind, "a refusal could not be written into an activity log");
        }
    });
    if done.is_err() {
        tracing::error!("a refusal could not be written into an activity log");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::ROUTES;

    #[test]
    fn every_address_of_a_chart_says_what_the_log_says_of_it() {
        let all: Vec<_> =
            ROUTES.iter().chain(crate::web::routes::chart::ROUTES).filter(|(_, path, _)| path.starts_with("/charts/{chart}")).collect();
        let missing: Vec<_> =
            all.iter().filter(|(method, path, _)| logged(method, path).is_none()).map(|(m, p, _)| format!("{m} {p}")).collect();
        assert!(missing.is_empty(), "these are not in web/looks.rs: {missing:?}");
        let has = |method: &str, below: &str| all.iter().any(|(m, p, _)| *m == method && p.strip_prefix("/charts/{chart}") == Some(below));
        let stale: Vec<_> = LOGGED.iter().filter(|(method, below, _)| !has(method, below)).map(|(m, p, _)| format!("{m} {p}")).collect();
        assert!(stale.is_empty(), "these are no addresses any more: {stale:?}");
        assert!(LISTS.iter().all(|list| has("GET", &format!("/{list}"))), "a list that is no address");
    }
}
