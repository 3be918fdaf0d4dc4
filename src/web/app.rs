//! What every route has in hand: the household, the sessions, and the chart in the address.

use super::backups::Backups;
use super::door::Between;
use super::fhir::Tools;
use super::inbox::Inboxes;
use super::jobs::Jobs;
use super::joins::Joins;
use super::looks::{self, Asked};
use super::renewal::Renewals;
use super::restores::Restores;
use super::security::Site;
use super::session::{Session, Sessions, Visitor};
use super::setup::Setup;
use super::standing::Standing;
use super::throttle::Throttle;
use crate::config::Config;
use crate::household::{Household, SignedIn};
use crate::import::Limits;
use crate::share::Desk;
use crate::vault::{Act, Actor, By, Chart, Event, MemberInfo, PersonInfo, Place, Role};
use crate::{Error, Kind, Result};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A fresh proof counts for ten minutes (OWASP ASVS 5.0, 7.5.1).
const FRESH: Duration = Duration::from_secs(10 * 60);

/// A change of keys that found the chart in use is tried again after so many seconds.
const AGAIN: i64 = 60;

/// How the server is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address by which browsers reach the server, if it differs from where it listens.
    pub base_url: Option<String>,
    /// Networks of proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<String>,
    /// Whether the server itself speaks TLS, and whether browsers trust its certificate by themselves.
    pub tls: Option<bool>,
    /// What an upload may hold.
    pub limits: Limits,
    /// The program that reads PDFs apart from this process: this very binary.
    pub worker: PathBuf,
    /// How long a chart stays open when nobody does anything.
    pub idle: Duration,
    /// How long a proof of who one is counts for what asks for a fresh one.
    pub fresh: Duration,
    /// Where, when and how many backups are made.
    pub backups: BackupPlan,
}

/// Where, when and how many backups are made.
#[derive(Clone, Debug)]
pub struct BackupPlan {
    /// The folder; None for `backups` in the vault.
    pub dir: Option<PathBuf>,
    /// Hour and minute of the nightly one by the clock of this machine; None for never.
    pub at: Option<(i8, i8)>,
    /// How many are kept.
    pub keep: usize,
}

impl Default for BackupPlan {
    fn default() -> Self {
        Self { dir: None, at: Some((3, 0)), keep: 14 }
    }
}

impl Options {
    /// From the settings; `worker` is this very binary.
    pub fn new(config: &Config, worker: PathBuf) -> Self {
        Self {
            base_url: config.base_url.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            tls: None,
            limits: config.limits(),
            worker,
            idle: Duration::from_secs(u64::from(config.idle_minutes.max(1)) * 60),
            fresh: FRESH,
            backups: BackupPlan { dir: config.backup_dir.clone(), at: config.backup_time.0, keep: config.backup_keep as usize },
        }
    }
}

/// The server's state.
#[derive(Debug)]
pub struct App {
    /// Everyone here.
    pub household: Household,
    /// The path prefix of every address, "" or "/health".
    pub prefix: String,
    /// What an upload may hold.
    pub limits: Limits,
    /// The program that reads PDFs apart.
    pub worker: PathBuf,
    pub(crate) site: Site,
    pub(crate) sessions: Sessions,
    pub(crate) between: Between,
    pub(crate) throttle: Throttle,
    pub(crate) fresh: Duration,
    pub(crate) standing: Standing,
    pub(crate) joins: Joins,
    /// When a change of keys was last tried from a page, seconds since 1970.
    renewed: AtomicI64,
    pub(crate) jobs: Jobs,
    pub(crate) inboxes: Inboxes,
    pub(crate) setup: Setup,
    pub(crate) shares: Desk,
    pub(crate) renewals: Renewals,
    pub(crate) backups: Backups,
    pub(crate) restores: Restores,
    pub(crate) tools: Tools,
}

impl App {
    /// The state of a server for this household.
    ///
    /// # Errors
    /// Usage when the base URL or a proxy's network will not do; Internal when the register cannot be read.
    pub fn new(household: Household, options: Options) -> Result<Arc<Self>> {
        let site = Site::new(options.base_url.as_deref(), &options.trusted_proxies)?.with_tls(options.tls);
        let setup = Setup::new(household.is_new()?)?;
        let before = household.tries(super::pages::words::now() - super::throttle::FORGET)?;
        let throttle = Throttle::new(household.server_key("tries")?, &before);
        let backups = Backups::new(&options.backups, household.dir());
        Ok(Arc::new(Self {
            household,
            prefix: site.prefix.clone(),
            limits: options.limits,
            worker: options.worker,
            site,
            sessions: Sessions::new(options.idle),
            between: Between::default(),
            throttle,
            fresh: options.fresh,
            standing: Standing::default(),
            joins: Joins::default(),
            renewed: AtomicI64::default(),
            jobs: Jobs::default(),
            inboxes: Inboxes::default(),
            setup,
            shares: Desk::new()?,
            renewals: Renewals::default(),
            backups,
            restores: Restores::default(),
            tools: Tools::default(),
        }))
    }

    /// Whether the server has ended so that the vault is opened anew: a backup was restored.
    pub fn begins_anew(&self) -> bool {
        self.restores.anew.load(Ordering::SeqCst)
    }

    /// Everyone who holds a chart open lets go of it: its keys or its person change, or it goes.
    pub(crate) fn let_go(&self, person: &str) {
        for session in self.sessions.live() {
            session.let_go(person);
        }
        self.standing.let_go(person);
        self.tools.let_go(person);
    }

    /// What browsers reach this server by, for a link: the base URL, or the name by which this request called it.
    pub(crate) fn address(&self, headers: &HeaderMap) -> String {
        format!("{}{}", self.site.address(headers), self.prefix)
    }

    /// An owner has a chart open: what is left of a change of keys goes on, on threads of its own.
    fn keys_follow(self: &Arc<Self>, who: &Arc<SignedIn>, chart: &Arc<Chart>) -> Result<()> {
        self.household.reseal_later(chart);
        let person = chart.person().id.clone();
        let now = super::pages::words::now();
        if self.household.is_due(&person)? && now - self.renewed.swap(now, Ordering::Relaxed) > AGAIN {
            let (app, who) = (Arc::clone(self), Arc::clone(who));
            std::thread::Builder::new().name("renew".into()).spawn(move || {
                if let Err(e) = app.household.renew(&who, &person, &|person| app.let_go(person)) {
                    tracing::warn!(kind = ?e.kind, "the keys of a chart could not be made anew; the next opening tries again");
                }
            })?;
        }
        Ok(())
    }

    /// Unlock at boot: holds a member's charts open for the server's own work. Gives their name.
    ///
    /// # Errors
    /// Denied or Usage when the secret opens nobody's key ([`Household::unlock`]).
    pub fn unlock(&self, name: Option<&str>, secret: &str) -> Result<String> {
        let who = self.household.unlock(name, secret)?;
        self.household
            .record_for(&who.member.id, &Event::new(Actor::system(), Act::Unlocked).from(Place::server()).with("for", &who.member.name))?;
        let charts = self.household.charts(&who)?;
        let charts = charts.iter().map(|(person, _)| self.household.open(&who, &person.id)).collect::<Result<_>>()?;
        let name = who.member.name.clone();
        self.standing.begin(who, charts);
        Ok(name)
    }

    /// Where the first member begins, with the code that is good for this once: for the terminal. None after set-up.
    pub fn welcome_path(&self) -> Option<String> {
        self.setup.code().map(|code| format!("{}/welcome?code={code}", self.prefix))
    }
}

/// Light, dark, or as the device wishes. Kept in a cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device wishes.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// By its name in forms and the cookie.
    pub fn named(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    pub(crate) fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    pub(crate) fn scheme(self) -> &'static str {
        self.attribute().unwrap_or("light dark")
    }
}

/// A request for a page of one chart by a member who may see it. An extractor: `{chart}` in the path, the session cookie.
/// Anyone else gets the sign-in page (nobody signed in) or 404 (not their chart).
#[derive(Clone, Debug)]
pub struct ChartCx {
    /// The server.
    pub app: Arc<App>,
    /// The open chart.
    pub chart: Arc<Chart>,
    /// Whose chart.
    pub person: PersonInfo,
    /// Who is signed in.
    pub member: MemberInfo,
    /// As what.
    pub role: Role,
    /// All charts of this member, for the switcher.
    pub people: Vec<(PersonInfo, Role)>,
    /// When this member was last here before this session, seconds since 1970.
    pub last_visit: Option<i64>,
    /// The query string of the request, without "?".
    pub query: String,
    /// Light or dark.
    pub theme: Theme,
    /// From where the request comes, as the activity log says it.
    pub from: Place,
    session: Arc<Session>,
}

impl ChartCx {
    /// The address of a page of this chart: `to("results")` is `/health/charts/<id>/results`; `to("")` is its home.
    pub fn to(&self, path: &str) -> String {
        format!("{}/charts/{}{}{path}", self.app.prefix, self.person.id, if path.is_empty() { "" } else { "/" })
    }

    /// Whether the chart is the member's own, so that the page says "you".
    pub fn own(&self) -> bool {
        self.member.name.split_whitespace().next() == self.person.name.split_whitespace().next()
    }

    /// Who is signed in, with their opened key.
    pub(crate) fn who(&self) -> Arc<SignedIn> {
        Arc::clone(&self.session.who)
    }

    /// Keeps what somebody typed to search or filter, in memory and for this session only, and gives a token that may stand
    /// in an address: words about health never do.
    pub fn keep(&self, typed: &str) -> String {
        self.session.keep(typed)
    }

    /// What was kept under a token.
    pub fn kept(&self, token: &str) -> Option<String> {
        self.session.kept(token)
    }
}

/// Runs work that reads the vault where it may block.
///
/// # Errors
/// Whatever the work returns; Internal when it panicked.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(Error::internal("a page panicked")),
    }
}

impl ChartCx {
    /// The chart in the address for a member with at least this role. What they are about to do is in the chart's activity
    /// log, durable, before this returns.
    async fn open(parts: &mut Parts, app: &Arc<App>, least: Role) -> Result<Self, Response> {
        let MemberCx { visitor, session, .. } = MemberCx::from_request_parts(parts, app).await?;
        let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| Error::not_found().into_response())?;
        let wanted = params.iter().find(|(name, _)| *name == "chart").map(|(_, id)| id.to_owned()).unwrap_or_default();
        let asked = Asked::of(parts, Some(&params), app);
        let query = parts.uri.query().unwrap_or("").to_owned();
        let (app, theme) = (Arc::clone(app), visitor.theme);
        let open = move || {
            let people = app.household.charts(&session.who)?;
            // Not there and not yours are one answer.
            let Some((person, role)) = people.iter().find(|(p, _)| p.id == wanted).cloned() else {
                asked.deny(&app, &session);
                return Err(Error::not_found());
            };
            if role < least {
                asked.deny(&app, &session);
                let words = match least {
                    Role::Owner => "Only an owner of this chart may do this. Nothing was changed.",
                    _ => "You may read this chart, and not change it. Nothing was changed. Its owner can give you the right to.",
                };
                return Err(Error::new(Kind::Denied, words));
            }
            let chart = app.household.open(&session.who, &person.id)?;
            session.hold(&chart);
            if role == Role::Owner {
                app.keys_follow(&session.who, &chart)?;
            }
            looks::write(&chart, &session, &asked)?;
            let member = session.who.member.clone();
            let last_visit = session.visit(&chart, &person.id);
            Ok(Self { app, chart, person, member, role, people, last_visit, query, theme, from: asked.from, session })
        };
        blocking(open).await.map_err(IntoResponse::into_response)
    }

    /// This member as who brings records in.
    pub(crate) fn by(&self) -> By {
        By::new(self.session.who.actor(), self.from.clone())
    }

    /// Something this member is about to do, for the activity log.
    pub fn event(&self, act: Act) -> Event {
        Event::new(self.session.who.actor(), act).from(self.from.clone())
    }
}

impl FromRequestParts<Arc<App>> for ChartCx {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        Self::open(parts, app, Role::Viewer).await
    }
}

/// The same for a page that changes the chart: a viewer is refused.
#[derive(Clone, Debug)]
pub struct WriterCx(pub ChartCx);

impl FromRequestParts<Arc<App>> for WriterCx {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        ChartCx::open(parts, app, Role::Carer).await.map(Self)
    }
}

/// The same for a page that only an owner of the chart may use.
#[derive(Clone, Debug)]
pub struct OwnerCx(pub ChartCx);

impl FromRequestParts<Arc<App>> for OwnerCx {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        ChartCx::open(parts, app, Role::Owner).await.map(Self)
    }
}

/// A request by a member, outside any chart. Nobody signed in: the sign-in page.
#[derive(Clone, Debug)]
pub(crate) struct MemberCx {
    pub(crate) visitor: Visitor,
    pub(crate) session: Arc<Session>,
    /// From where the request comes, as the activity log says it.
    pub(crate) from: Place,
}

impl FromRequestParts<Arc<App>> for MemberCx {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let visitor = parts.extensions.get::<Visitor>().cloned().unwrap_or_default();
        match visitor.session.clone() {
            Some(session) => Ok(Self { visitor, session, from: looks::place(app, &parts.headers, &parts.extensions) }),
            None => {
                let back = if parts.method == Method::GET { parts.uri.path_and_query().map(ToString::to_string) } else { None };
                Err(super::session::to_sign_in(app, back.as_deref()))
            }
        }
    }
}
