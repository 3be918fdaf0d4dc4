//! Every address on one screen.

use super::app::App;
use super::{assets, routes, security};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::{get, post};
use std::sync::Arc;
use tower::Layer;
use tower::util::MapRequestLayer;

/// Who may use an address. Everyone else is sent to sign in, or told that there is no such chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anyone who reaches the server.
    Anyone,
    /// Who holds the one-time code of the first run.
    FirstRun,
    /// Any member who is signed in.
    Member,
    /// A member with any role on the chart.
    Reader,
    /// A member who may change the chart.
    Writer,
    /// A member who owns the chart.
    Owner,
    /// A program with a token of a chart, which no cookie stands in for.
    Token,
}

/// Every address that this file serves: method, path, who. The access test walks it, and fails when the router and this table
/// differ. The pages of records have theirs in `routes::chart::ROUTES`.
pub const ROUTES: &[(&str, &str, Who)] = &[
    ("GET", "/", Who::Anyone),
    ("GET", "/healthz", Who::Anyone),
    ("GET", "/readyz", Who::Anyone),
    ("GET", "/assets/{name}", Who::Anyone),
    ("GET", "/welcome", Who::FirstRun),
    ("POST", "/welcome", Who::FirstRun),
    ("GET", "/welcome/restore", Who::FirstRun),
    ("POST", "/welcome/restore", Who::FirstRun),
    ("GET", "/welcome/recovery-key", Who::Member),
    ("POST", "/welcome/recovery-key", Who::Member),
    ("GET", "/sign-in", Who::Anyone),
    ("POST", "/sign-in", Who::Anyone),
    ("POST", "/sign-out", Who::Anyone),
    ("GET", "/sign-in/second", Who::Anyone),
    ("POST", "/sign-in/second", Who::Anyone),
    ("GET", "/recover", Who::Anyone),
    ("POST", "/recover", Who::Anyone),
    ("GET", "/confirm", Who::Member),
    ("POST", "/confirm", Who::Member),
    ("GET", "/help", Who::Anyone),
    ("GET", "/help/{topic}", Who::Anyone),
    ("GET", "/view", Who::Anyone),
    ("GET", "/shl/{link}", Who::Anyone),
    ("POST", "/shl/{link}", Who::Anyone),
    ("GET", "/shl/{link}/{file}", Who::Anyone),
    ("POST", "/shl/{link}/reply", Who::Anyone),
    ("GET", "/fhir", Who::Token),
    ("GET", "/fhir/metadata", Who::Anyone),
    ("GET", "/fhir/{*rest}", Who::Token),
    ("POST", "/fhir/{kind}/_search", Who::Token), // served by the line before
    ("GET", "/settings", Who::Member),
    ("POST", "/settings", Who::Member),
    ("GET", "/settings/backups", Who::Member),
    ("POST", "/settings/backups", Who::Member),
    ("GET", "/settings/backups/{name}", Who::Member),
    ("GET", "/settings/keys", Who::Member),
    ("GET", "/settings/keys/app", Who::Member),
    ("POST", "/settings/keys/app", Who::Member),
    ("GET", "/settings/keys/passkey", Who::Member),
    ("POST", "/settings/keys/passkey", Who::Member),
    ("GET", "/settings/keys/codes", Who::Member),
    ("POST", "/settings/keys/codes", Who::Member),
    ("POST", "/settings/keys/remove", Who::Member),
    ("GET", "/settings/passphrase", Who::Member),
    ("POST", "/settings/passphrase", Who::Member),
    ("GET", "/settings/recovery-key", Who::Member),
    ("POST", "/settings/recovery-key", Who::Member),
    ("GET", "/settings/sessions", Who::Member),
    ("POST", "/settings/sessions", Who::Member),
    ("GET", "/settings/unlock", Who::Member),
    ("GET", "/join/{token}", Who::Anyone),
    ("POST", "/join", Who::Anyone),
    ("GET", "/join/recovery-key", Who::Anyone),
    ("POST", "/join/recovery-key", Who::Anyone),
    ("POST", "/join/accept", Who::Member),
    ("GET", "/household", Who::Member),
    ("GET", "/household/people/new", Who::Member),
    ("POST", "/household/people/new", Who::Member),
    ("GET", "/household/members/{member}/remove", Who::Member),
    ("POST", "/household/members/{member}/remove", Who::Member),
    ("GET", "/household/keeper", Who::Member),
    ("POST", "/household/keeper", Who::Member),
    ("GET", "/household/charts/{closed}/remove", Who::Member),
    ("POST", "/household/charts/{closed}/remove", Who::Member),
    ("GET", "/charts/{chart}/people", Who::Reader),
    ("GET", "/charts/{chart}/people/add", Who::Owner),
    ("POST", "/charts/{chart}/people/add", Who::Owner),
    ("GET", "/charts/{chart}/people/{member}", Who::Owner),
    ("POST", "/charts/{chart}/people/{member}", Who::Owner),
    ("GET", "/charts/{chart}/people/{member}/remove", Who::Owner),
    ("POST", "/charts/{chart}/people/{member}/remove", Who::Owner),
    ("GET", "/charts/{chart}/contact", Who::Owner),
    ("POST", "/charts/{chart}/contact", Who::Owner),
    ("POST", "/charts/{chart}/contact/stop", Who::Owner),
    ("GET", "/contact", Who::Member),
    ("POST", "/contact", Who::Member),
    ("POST", "/notices", Who::Member),
    ("GET", "/charts/{chart}/invites/{invite}/withdraw", Who::Owner),
    ("POST", "/charts/{chart}/invites/{invite}/withdraw", Who::Owner),
    ("GET", "/charts/{chart}/tools", Who::Owner),
    ("POST", "/charts/{chart}/tools", Who::Owner),
    ("GET", "/charts/{chart}/tools/{tool}/withdraw", Who::Owner),
    ("POST", "/charts/{chart}/tools/{tool}/withdraw", Who::Owner),
    ("GET", "/charts/{chart}/person", Who::Owner),
    ("POST", "/charts/{chart}/person", Who::Owner),
    ("GET", "/charts/{chart}/person/remove", Who::Owner),
    ("POST", "/charts/{chart}/person/remove", Who::Owner),
    ("GET", "/charts", Who::Member),
    ("GET", "/charts/{chart}", Who::Reader),
    ("GET", "/charts/{chart}/print.css", Who::Reader),
    ("GET", "/charts/{chart}/search", Who::Reader),
    ("POST", "/charts/{chart}/search", Who::Reader),
    ("GET", "/charts/{chart}/add", Who::Writer),
    ("POST", "/charts/{chart}/add", Who::Writer),
    ("GET", "/charts/{chart}/add/{job}", Who::Writer),
    ("POST", "/charts/{chart}/add/{job}", Who::Writer),
    ("GET", "/charts/{chart}/add/{job}/progress", Who::Writer),
    ("POST", "/charts/{chart}/inbox", Who::Writer),
    ("GET", "/charts/{chart}/export", Who::Reader),
    ("POST", "/charts/{chart}/export", Who::Reader),
    ("GET", "/charts/{chart}/share", Who::Writer),
    ("POST", "/charts/{chart}/share", Who::Writer),
    ("GET", "/charts/{chart}/share/{share}", Who::Writer),
    ("POST", "/charts/{chart}/share/{share}", Who::Writer),
    ("GET", "/charts/{chart}/share/{share}/file", Who::Writer),
    ("GET", "/charts/{chart}/photo", Who::Reader),
    ("POST", "/charts/{chart}/photo", Who::Writer),
    ("GET", "/charts/{chart}/card", Who::Writer),
    ("POST", "/charts/{chart}/card", Who::Writer),
    ("POST", "/charts/{chart}/card/code", Who::Writer),
    ("GET", "/charts/{chart}/card/wallet", Who::Writer),
    ("GET", "/charts/{chart}/card/lock-screen", Who::Writer),
    ("GET", "/charts/{chart}/sources", Who::Reader),
    ("GET", "/charts/{chart}/activity", Who::Reader),
    ("GET", "/charts/{chart}/activity/table", Who::Reader),
    ("GET", "/charts/{chart}/sources/{source}", Who::Reader),
    ("GET", "/charts/{chart}/sources/{source}/original", Who::Reader),
    ("GET", "/charts/{chart}/sources/{source}/remove", Who::Writer),
    ("POST", "/charts/{chart}/sources/{source}/remove", Who::Writer),
    ("POST", "/charts/{chart}/sources/{source}/restore", Who::Writer),
    ("POST", "/charts/{chart}/sources/{source}/again", Who::Writer),
];

/// What asks again whether it is still the member: a passphrase or second factor within the last ten minutes (step-up, OWASP
/// ASVS 5.0, 7.5.1). For members and roles, keys and factors, shares, exports of everything, backups. A route that belongs here
/// needs a row and nothing else: `session::attach` sends whoever is not fresh to `/confirm`, which goes back there, and a form
/// (up to 64 KiB, not multipart) is kept meanwhile.
pub const ASKS_AGAIN: &[(&str, &str)] = &[
    ("GET", "/settings/backups/{name}"),
    ("GET", "/settings/keys/app"),
    ("POST", "/settings/keys/app"),
    ("GET", "/settings/keys/passkey"),
    ("POST", "/settings/keys/passkey"),
    ("GET", "/settings/keys/codes"),
    ("POST", "/settings/keys/codes"),
    ("POST", "/settings/keys/remove"),
    ("POST", "/charts/{chart}/export"),
    ("POST", "/household/members/{member}/remove"),
    ("POST", "/household/keeper"),
    ("POST", "/household/charts/{closed}/remove"),
    ("POST", "/charts/{chart}/people/add"),
    ("POST", "/charts/{chart}/people/{member}"),
    ("POST", "/charts/{chart}/people/{member}/remove"),
    ("POST", "/charts/{chart}/tools"),
    ("POST", "/charts/{chart}/person/remove"),
    ("POST", "/charts/{chart}/share"),
    ("POST", "/charts/{chart}/contact"),
    ("POST", "/charts/{chart}/card/code"),
];

/// Whether a route asks for a fresh proof.
pub(crate) fn asks_again(method: &Method, route: &str) -> bool {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    ASKS_AGAIN.contains(&(method, route))
}

/// The whole server: what stands here, then the pages of records.
pub fn router(app: Arc<App>) -> Router {
    let prefix = app.prefix.clone();
    let inner = security::guard(addresses(), &app).with_state(app);
    // A proxy may pass the prefix on or take it away: both reach the same page.
    let strip = MapRequestLayer::new(move |request| without_prefix(request, &prefix));
    Router::new().fallback_service(strip.layer(inner))
}

/// The addresses, without what stands around them.
pub fn addresses() -> Router<Arc<App>> {
    use routes::{
        activity, add, backups, card, charts, confirm, contact, export, first_run, health, help, home, inbox, keys, passphrase, restore,
        search,
    };
    use routes::{household, join, people, second, sessions, settings, share, sign_in, sources, tools, unlock, view};
    let pages = Router::new()
        .route("/", get(home::start))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/assets/{name}", get(assets::serve))
        .route("/welcome", get(first_run::show).post(first_run::begin))
        .route("/welcome/recovery-key", get(first_run::recovery_key).post(first_run::recovery_done))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/sign-in/second", get(second::show).post(second::check))
        .route("/recover", get(passphrase::recover_form).post(passphrase::recover))
        .route("/confirm", get(confirm::show).post(confirm::check))
        .route("/help", get(help::index))
        .route("/help/{topic}", get(help::topic))
        .route("/view", get(view::show))
        .route("/settings", get(settings::show).post(settings::save))
        .route("/settings/backups", get(backups::show).post(backups::make))
        .route("/settings/backups/{name}", get(backups::download))
        .route("/settings/keys", get(keys::list))
        .route("/settings/keys/app", get(keys::app_form).post(keys::add_app))
        .route("/settings/keys/passkey", get(keys::passkey_form).post(keys::add_passkey))
        .route("/settings/keys/codes", get(keys::codes).post(keys::make_codes))
        .route("/settings/keys/remove", post(keys::remove))
        .route("/settings/passphrase", get(passphrase::show).post(passphrase::change))
        .route("/settings/recovery-key", get(passphrase::renewal_form).post(passphrase::renew))
        .route("/settings/sessions", get(sessions::list).post(sessions::end))
        .route("/settings/unlock", get(unlock::show))
        .route("/join/{token}", get(join::show))
        .route("/join", post(join::join))
        .route("/join/recovery-key", get(join::recovery_key).post(join::recovery_done))
        .route("/join/accept", post(join::accept))
        .route("/household", get(household::show))
        .route("/household/people/new", get(household::person_form).post(household::add_person))
        .route("/household/members/{member}/remove", get(household::ask_remove).post(household::remove))
        .route("/household/keeper", get(household::keeper_form).post(household::pass_on))
        .route("/household/charts/{closed}/remove", get(household::ask_remove_chart).post(household::remove_chart))
        .route("/charts/{chart}/people", get(people::list))
        .route("/charts/{chart}/people/add", get(people::add_form).post(people::add))
        .route("/charts/{chart}/people/{member}", get(people::change_form).post(people::change))
        .route("/charts/{chart}/people/{member}/remove", get(people::ask_take).post(people::take))
        .route("/charts/{chart}/contact", get(contact::show).post(contact::name))
        .route("/charts/{chart}/contact/stop", post(contact::stop))
        .route("/contact", get(contact::own).post(contact::wish))
        .route("/notices", post(contact::dismiss))
        .route("/charts/{chart}/invites/{invite}/withdraw", get(people::ask_withdraw).post(people::withdraw))
        .route("/charts/{chart}/tools", get(tools::list).post(tools::make))
        .route("/charts/{chart}/tools/{tool}/withdraw", get(tools::ask_withdraw).post(tools::withdraw))
        .route("/charts/{chart}/person", get(people::person_form).post(people::edit_person))
        .route("/charts/{chart}/person/remove", get(people::ask_remove).post(people::remove))
        .route("/charts", get(charts::list))
        .route("/charts/{chart}", get(home::home))
        .route("/charts/{chart}/print.css", get(charts::print_sheet))
        .route("/charts/{chart}/search", get(search::show).post(search::search))
        .route("/charts/{chart}/add/{job}", get(add::job).post(add::decide))
        .route("/charts/{chart}/add/{job}/progress", get(add::progress))
        .route("/charts/{chart}/inbox", post(inbox::decide))
        .route("/charts/{chart}/export", get(export::show).post(export::save))
        .route("/charts/{chart}/share", get(share::show).post(share::act))
        .route("/charts/{chart}/share/{share}", get(share::one).post(share::decide))
        .route("/charts/{chart}/share/{share}/file", get(share::file))
        .route("/charts/{chart}/card", get(card::show).post(card::save))
        .route("/charts/{chart}/card/code", post(card::code))
        .route("/charts/{chart}/card/wallet", get(card::wallet))
        .route("/charts/{chart}/card/lock-screen", get(card::lock_screen))
        .route("/charts/{chart}/sources", get(sources::list))
        .route("/charts/{chart}/activity", get(activity::show))
        .route("/charts/{chart}/activity/table", get(activity::table))
        .route("/charts/{chart}/sources/{source}", get(sources::report))
        .route("/charts/{chart}/sources/{source}/original", get(sources::original))
        .route("/charts/{chart}/sources/{source}/remove", get(sources::ask_remove).post(sources::remove))
        .route("/charts/{chart}/sources/{source}/restore", post(sources::restore))
        .route("/charts/{chart}/sources/{source}/again", post(sources::again))
        .merge(routes::chart::router());
    // An upload may be large and slow: it has limits of its own.
    let uploads = Router::new()
        .route("/charts/{chart}/add", get(add::show).post(add::upload))
        .route("/welcome/restore", get(restore::show).post(restore::take))
        .layer(DefaultBodyLimit::disable());
    security::bounded(pages.merge(links()).merge(super::fhir::router())).merge(uploads).merge(photos()).merge(replies())
}

/// The photograph of a person: larger than forms, far smaller than uploads.
fn photos() -> Router<Arc<App>> {
    let most = crate::chart::photo::MOST_BYTES + (1 << 16);
    Router::new().route("/charts/{chart}/photo", get(routes::photo::show).post(routes::photo::put)).layer(DefaultBodyLimit::max(most))
}

/// Health links, open to every viewer of every host.
fn links() -> Router<Arc<App>> {
    use routes::shl;
    Router::new()
        .route("/shl/{link}", get(shl::direct).post(shl::manifest))
        .route("/shl/{link}/{file}", get(shl::file))
        .layer(axum::middleware::from_fn(shl::open_to_all))
}

/// Replies by links: from our own viewer, with files, so larger than forms.
fn replies() -> Router<Arc<App>> {
    let most = crate::share::REPLY_BYTES + (1 << 20);
    Router::new().route("/shl/{link}/reply", post(routes::shl::reply)).layer(DefaultBodyLimit::max(most))
}

fn without_prefix<B>(mut request: axum::http::Request<B>, prefix: &str) -> axum::http::Request<B> {
    let rest = request.uri().path_and_query().map(axum::http::uri::PathAndQuery::as_str).and_then(|p| p.strip_prefix(prefix));
    let rest = rest.filter(|r| !prefix.is_empty() && (r.is_empty() || r.starts_with(['/', '?'])));
    let path = rest.map(|r| if r.starts_with('/') { r.to_owned() } else { format!("/{r}") });
    if let Some(path) = path.and_then(|p| p.parse().ok()) {
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(path);
        if let Ok(uri) = axum::http::Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}
