//! The one place of headers and refusals. Reading order is the way of a request, from the outside in:
//! log, dress (headers, error pages), catch panics, Host, cross-site, who is it ([`super::session::attach`]), the route.
//!
//! No health data stands in any address: records are numbers, what is typed into search or filters is kept in the session
//! and named by a token. The log names methods and route templates only, never a path or a query.

use super::app::App;
use super::error::{AsItIs, Words, voice};
use super::layout::plain_page;
use super::session::Visitor;
use crate::{Error, Kind, Result};
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use maud::html;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

/// What every page may load: our own stylesheet, script and pictures, and nothing from anywhere else. Nothing inline.
const PAGE: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; \
     form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// For an answer that a page of ours shows in a frame: a document somebody else wrote. It may load nothing but our stylesheet
/// and pictures, run nothing, go nowhere. A route that serves such a document sets this policy itself.
pub const FRAMED: &str =
    "sandbox; default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

/// The other headers of every answer.
const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    // Nothing to any other host, as with no-referrer. Under no-referrer browsers also say "Origin: null" to ourselves, and a
    // household on plain http (no Sec-Fetch-Site) could then not be told from a foreign page.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()",
    ),
    ("x-robots-tag", "noindex, nofollow"),
];

/// Forms are small; uploads have a limit of their own (`upload.rs`).
const FORM_BYTES: usize = 256 * 1024;
const TIMEOUT: Duration = Duration::from_secs(60);

/// The largest body and the longest wait of ordinary routes. Uploads are merged after this.
pub(crate) fn bounded(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router.layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT)).layer(DefaultBodyLimit::max(FORM_BYTES))
}

/// Puts everything around the routes that keeps them safe.
pub(crate) fn guard(router: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    router
        .layer(from_fn_with_state(Arc::clone(app), super::session::attach))
        .layer(from_fn_with_state(Arc::clone(app), same_site))
        .layer(from_fn_with_state(Arc::clone(app), own_name))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(app), dress))
        .layer(CompressionLayer::new().compress_when(is_text))
        .layer(axum::middleware::from_fn(log))
}

/// One line a request: method, route template, status, milliseconds.
async fn log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis());
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    tracing::info!(method, route, status, ms, "request");
    response
}

/// A method by its name in HTTP; any other is a word that somebody chose, and is not written down.
fn known(method: &Method) -> &'static str {
    const NAMES: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    NAMES.into_iter().find(|name| method.as_str() == *name).unwrap_or("other")
}

/// Pages, styles and scripts shrink on their way. Downloads stay as they are, byte for byte and with their length. What an
/// attacker would need to guess secrets by size (BREACH) is not here: nobody else can make a browser send us words.
fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    kind.starts_with("text/")
}

/// Sets the headers, and draws a page around a failure that has none.
async fn dress(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let look = super::session::look(request.headers());
    let mut response = next.run(request).await;
    let status = response.status();
    let drawn = response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    if (status.is_client_error() || status.is_server_error()) && !drawn && response.extensions().get::<AsItIs>().is_none() {
        let (heading, standard) = voice(status);
        let words = response.extensions().get::<Words>().map_or_else(|| standard.to_owned(), |w| w.0.to_string());
        let keep: Vec<_> = [header::RETRY_AFTER, header::ALLOW]
            .into_iter()
            .filter_map(|n| Some((n.clone(), response.headers().get(n)?.clone())))
            .collect();
        let page = html! {
            h1 { (heading) }
            @if words.starts_with(heading) { p { (standard) } } @else { p { (words) } }
            p.acts { a.btn.main href=(format!("{}/", app.prefix)) { "Go to the start" } a.btn.plain href=(format!("{}/help", app.prefix)) { "Help" } }
        };
        response = (status, plain_page(&app.prefix, look, heading, &page)).into_response();
        response.headers_mut().extend(keep);
    }
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(PAGE));
    // A back button after sign-out, a shared computer, a proxy: none of them keeps a page. Hashed assets say otherwise.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if app.site.strict {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    for (name, value) in HEADERS {
        headers.entry(*name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// What the panic said may hold what it choked on: it is not passed on.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a page panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Answers only to names that are this server's: a foreign name that resolves to this machine (DNS rebinding) gets nothing.
async fn own_name(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|v| v.to_str().ok())
        .or_else(|| request.uri().authority().map(axum::http::uri::Authority::as_str));
    match host {
        Some(host) if app.site.answers_to(host) => next.run(request).await,
        _ => StatusCode::MISDIRECTED_REQUEST.into_response(),
    }
}

/// Refuses what another site makes a browser send (cross-site request forgery): by Sec-Fetch-Site where the browser says it,
/// else by Origin. A client that says neither is no browser and carries nobody's cookie unasked.
async fn same_site(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_link(request.uri().path()) || super::fhir::is_fhir(request.uri().path()) || app.site.comes_from_here(request.headers()) {
        return next.run(request).await;
    }
    let words = "Another page tried to do this in your name. Nothing was changed. If it was you, go to the start and try from there.";
    Error::new(Kind::Denied, words).into_response()
}

/// The manifest of a health link, which any viewer may ask for (SMART Health Links). It looks at no cookie.
fn is_link(path: &str) -> bool {
    path.strip_prefix("/shl/").is_some_and(|rest| !rest.contains('/'))
}

/// Where the server is on the network, as browsers see it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// "" or "/health".
    pub(crate) prefix: String,
    /// Whether browsers reach it by https.
    pub(crate) secure: bool,
    /// Whether the server itself speaks TLS with a certificate that browsers trust by themselves: they may then insist on it. With
    /// one of our own making that would lock people out the day it is made anew.
    strict: bool,
    /// `https://home.example`, and `home.example` of it.
    origin: Option<(String, String)>,
    proxies: Vec<(IpAddr, u8)>,
}

impl Site {
    pub(crate) fn new(base_url: Option<&str>, proxies: &[String]) -> Result<Self> {
        let bad = |what: &str| Error::new(Kind::Usage, format!("{what} Example: https://home.example/health"));
        let mut site = Self { prefix: String::new(), secure: false, strict: false, origin: None, proxies: Vec::new() };
        if let Some(url) = base_url.map(str::trim).filter(|u| !u.is_empty()) {
            let lower = url.to_ascii_lowercase();
            let scheme = ["https://", "http://"].into_iter().find(|s| lower.starts_with(s));
            let scheme = scheme.ok_or_else(|| bad("The base URL must begin with https:// or http://."))?;
            let rest = &url[scheme.len()..];
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
            if authority.is_empty() || authority.contains(['@', '?', '#']) || !path.chars().all(plain) || path.contains("//") {
                return Err(bad("The base URL must be a scheme, a host and, if you like, a path of letters and digits."));
            }
            let default_port = if scheme == "https://" { ":443" } else { ":80" };
            let authority = authority.to_ascii_lowercase();
            let authority = authority.strip_suffix(default_port).unwrap_or(&authority).to_owned();
            site.prefix = path.trim_end_matches('/').to_owned();
            site.secure = scheme == "https://";
            site.origin = Some((format!("{scheme}{authority}"), authority));
        }
        for network in proxies.iter().map(|p| p.trim()).filter(|p| !p.is_empty()) {
            site.proxies.push(
                cidr(network)
                    .ok_or_else(|| Error::new(Kind::Usage, format!("{network} is not a network of proxies. Example: 10.0.0.0/8")))?,
            );
        }
        Ok(site)
    }

    /// The same where the server itself speaks TLS; true: with a certificate that browsers trust.
    pub(crate) fn with_tls(mut self, tls: Option<bool>) -> Self {
        self.secure |= tls.is_some();
        self.strict = tls == Some(true);
        self
    }

    /// Without a base URL: as the server itself speaks.
    fn scheme(&self) -> &'static str {
        if self.secure { "https://" } else { "http://" }
    }

    /// The base URL's host; loopback and other plain addresses, which no foreign name can pretend to be; names that nobody can
    /// register in public (one word, .local, .lan, .home, .internal, .home.arpa, .localhost).
    fn answers_to(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        if self.origin.as_ref().is_some_and(|(_, own)| *own == host) {
            return true;
        }
        if host.parse::<SocketAddr>().is_ok() || host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok() {
            return true;
        }
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, port)| if port.parse::<u16>().is_ok() { name } else { "" });
        let local = [".local", ".lan", ".home", ".internal", ".home.arpa", ".localhost"];
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
        plain && (!name.contains('.') || local.iter().any(|end| name.ends_with(end)))
    }

    /// The address of this server as the asker knows it: the base URL, or else the name it was called by.
    pub(crate) fn base(&self, headers: &HeaderMap) -> String {
        let called = || headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("127.0.0.1");
        let origin = self.origin.as_ref().map_or_else(|| format!("{}{}", self.scheme(), called()), |(own, _)| own.clone());
        format!("{origin}{}", self.prefix)
    }

    fn comes_from_here(&self, headers: &HeaderMap) -> bool {
        let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
        if let Some(from) = text(HeaderName::from_static("sec-fetch-site")) {
            return matches!(from, "same-origin" | "none");
        }
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str().map(str::to_ascii_lowercase) else { return false };
        if self.origin.as_ref().is_some_and(|(own, _)| *own == origin) {
            return true;
        }
        // Without a base URL: the name by which it was called.
        let (scheme, port) = (self.scheme(), if self.secure { ":443" } else { ":80" });
        let host = text(header::HOST).unwrap_or_default().to_ascii_lowercase();
        origin.strip_prefix(scheme).is_some_and(|from| !host.is_empty() && from == host.strip_suffix(port).unwrap_or(&host))
    }

    /// The base URL's scheme and host; without one the server speaks plain http under the name that it was called by.
    pub(crate) fn address(&self, headers: &HeaderMap) -> String {
        let host = || headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("localhost");
        self.origin.as_ref().map_or_else(|| format!("{}{}", self.scheme(), host()), |(origin, _)| origin.clone())
    }

    /// What passkeys are bound to: the base URL's host, or "localhost" where this machine is called by that name. None where
    /// browsers make no passkeys: over plain http from elsewhere, or at a bare address.
    pub(crate) fn passkeys(&self, headers: &HeaderMap) -> Option<crate::household::Site> {
        let (origin, authority) = match &self.origin {
            Some(own) => own.clone(),
            None => {
                let host = headers.get(header::HOST)?.to_str().ok()?.to_ascii_lowercase();
                (format!("{}{host}", self.scheme()), host)
            }
        };
        let host = authority.split_once(':').map_or(authority.as_str(), |(name, _)| name).to_owned();
        let named = host.chars().any(|c| c.is_ascii_alphabetic()) && !host.starts_with('[');
        let trusted = origin.starts_with("https://") || host == "localhost";
        (named && trusted).then_some(crate::household::Site { host, origin })
    }

    /// The address a request comes from; behind a trusted proxy, the one that it vouches for.
    pub(crate) fn client(&self, headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
        let peer =
            extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), |c| c.0.ip()).to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let said: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).collect();
        // From the right: the last one that is not a proxy of ours.
        let hops = said.iter().rev().map_while(|hop| hop.trim().parse::<IpAddr>().ok());
        let mut client = peer;
        for hop in hops {
            client = hop.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|(network, bits)| within(address, *network, *bits))
    }
}

fn cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |b| b.parse().ok()).filter(|b| *b <= most)?;
    Some((address, bits))
}

fn within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => (u32::from(a) ^ u32::from(n)).leading_zeros() >= u32::from(bits),
        (IpAddr::V6(a), IpAddr::V6(n)) => (u128::from(a) ^ u128::from(n)).leading_zeros() >= u32::from(bits),
        _ => false,
    }
}

/// The visitor that [`super::session::attach`] found.
pub(crate) fn visitor(extensions: &Extensions) -> Visitor {
    extensions.get::<Visitor>().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(base: Option<&str>) -> Site {
        Site::new(base, &["10.0.0.0/8".into(), "fd00::/8".into()]).expect("a site")
    }

    fn headers(list: &[(&str, &str)]) -> HeaderMap {
        let name = |n: &str| n.parse::<HeaderName>().expect("a name");
        list.iter().map(|(n, v)| (name(n), v.parse().expect("a value"))).collect()
    }

    #[test]
    fn base_urls() {
        let site = site(Some("https://Home.example:443/health/"));
        assert_eq!((site.prefix.as_str(), site.secure), ("/health", true));
        assert!(site.answers_to("home.example") && !site.answers_to("evil.example"));
        for bad in ["home.example", "ftp://home.example", "https://", "https://a@b/", "https://h/a?b", "https://h/<x>"] {
            assert!(Site::new(Some(bad), &[]).is_err(), "{bad}");
        }
        assert!(Site::new(None, &["10.0.0.0/33".into()]).is_err());
    }

    #[test]
    fn names_that_nobody_else_can_hold() {
        let site = site(None);
        for good in ["localhost:8787", "127.0.0.1:8787", "[::1]:8787", "192.168.1.5", "raspberrypi:8787", "nas.local", "pi.home.arpa:80"] {
            assert!(site.answers_to(good), "{good}");
        }
        for bad in ["evil.example", "localhost.evil.example", "evil.example:8787", "", ":80", "a b", "127.0.0.1.evil.example"] {
            assert!(!site.answers_to(bad), "{bad}");
        }
    }

    #[test]
    fn only_our_own_pages_may_change_things() {
        let plain = site(None);
        let tls = site(Some("https://home.example/health"));
        assert!(plain.comes_from_here(&headers(&[("host", "nas.local:8787"), ("origin", "http://nas.local:8787")])));
        assert!(!plain.comes_from_here(&headers(&[("host", "nas.local:8787"), ("origin", "http://nas.local:9000")])));
        assert!(!plain.comes_from_here(&headers(&[("host", "nas.local"), ("origin", "null")])));
        assert!(tls.comes_from_here(&headers(&[("host", "127.0.0.1:8787"), ("origin", "https://home.example")])));
        assert!(!tls.comes_from_here(&headers(&[("host", "home.example"), ("origin", "http://evil.example")])));
        for (said, fine) in [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)] {
            assert_eq!(plain.comes_from_here(&headers(&[("host", "localhost"), ("sec-fetch-site", said)])), fine, "{said}");
        }
        assert!(plain.comes_from_here(&headers(&[("host", "localhost")])));
    }

    #[test]
    fn passkeys_want_https_or_this_machine() {
        let at = |base: Option<&str>, host: &str| site(base).passkeys(&headers(&[("host", host)])).map(|s| (s.host, s.origin));
        let is = |host: &str, origin: &str| Some((host.to_owned(), origin.to_owned()));
        assert_eq!(at(Some("https://home.example:8443/health"), "127.0.0.1:8787"), is("home.example", "https://home.example:8443"));
        assert_eq!(at(None, "localhost:8787"), is("localhost", "http://localhost:8787"));
        for (base, host) in [
            (None, "nas.local:8787"),
            (None, "127.0.0.1:8787"),
            (None, "[::1]:8787"),
            (Some("http://home.example"), "x"),
            (Some("https://192.168.1.5"), "x"),
        ] {
            assert_eq!(at(base, host), None, "{base:?} {host}");
        }
    }

    #[test]
    fn forwarded_addresses_are_believed_from_proxies_only() {
        let site = site(None);
        let client = |peer: &str, said: &str| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
            site.client(&headers(&[("x-forwarded-for", said)]), &extensions).to_string()
        };
        assert_eq!(client("203.0.113.7", "198.51.100.1"), "203.0.113.7");
        assert_eq!(client("10.1.2.3", "6.6.6.6, 198.51.100.1, 10.9.9.9"), "198.51.100.1");
        assert_eq!(client("10.1.2.3", "nonsense"), "10.1.2.3");
    }
}
