//! Sign-in and keys: second factors, recovery codes. A change ends all other sessions (OWASP ASVS 5.0, 7.4.3).

use crate::household::SignedIn;
use crate::web::app::{App, MemberCx, blocking};
use crate::web::pages::keys as page;
use crate::web::session::Session;
use crate::{Error, Kind, Result};
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use std::sync::Arc;

/// The list of what opens the door.
pub(crate) async fn list(State(app): State<Arc<App>>, who: MemberCx) -> Result<Markup> {
    let (server, session) = (Arc::clone(&app), Arc::clone(&who.session));
    let (factors, codes) = blocking(move || {
        let member = &session.who.member.id;
        Ok((server.household.factors(member)?, server.household.recovery_codes(member)?))
    })
    .await?;
    let sessions = app.sessions.of(&who.session.who.member.id).len();
    Ok(page::list(&app.prefix, who.visitor.theme, &factors, codes, sessions))
}

/// Whoever else is signed in as this member, or half signed in, begins again.
pub(crate) fn end_others(app: &App, own: &Session) {
    app.sessions.end_those(&own.who.member.id, |other| other.id != own.id);
    app.between.end_of(&own.who.member.id);
}

/// The set-up of an authenticator app: the code to scan.
pub(crate) async fn app_form(State(app): State<Arc<App>>, who: MemberCx) -> Result<Markup> {
    app_page(&app, &who, None)
}

fn app_page(app: &App, who: &MemberCx, wrong: Option<&str>) -> Result<Markup> {
    let setup = who.session.app_setup()?;
    Ok(page::app(&app.prefix, who.visitor.theme, &setup.uri(&who.session.who.member.name), &setup.secret(), wrong))
}

#[derive(Default, Deserialize)]
pub(crate) struct New {
    #[serde(default)]
    code: String,
    #[serde(default)]
    credential: String,
    #[serde(default)]
    label: String,
}

/// Turns an app on, once a code has shown that it has the secret.
pub(crate) async fn add_app(State(app): State<Arc<App>>, who: MemberCx, Form(new): Form<New>) -> Result<Response> {
    let (server, session, setup, from) = (Arc::clone(&app), Arc::clone(&who.session), who.session.app_setup()?, who.from.clone());
    let added = blocking(move || server.household.add_app(&session.who, &setup, &new.code, &new.label, &from)).await;
    match added {
        Ok(()) => {
            who.session.app_is_set_up();
            turned_on(&app, &who).await
        }
        Err(e) if e.kind == Kind::Usage => Ok((StatusCode::BAD_REQUEST, app_page(&app, &who, Some(e.words()))?).into_response()),
        Err(e) => Err(e),
    }
}

/// The set-up of a passkey.
pub(crate) async fn passkey_form(State(app): State<Arc<App>>, headers: HeaderMap, who: MemberCx) -> Result<Markup> {
    passkey_page(&app, &who, &headers, None).await
}

async fn passkey_page(app: &Arc<App>, who: &MemberCx, headers: &HeaderMap, wrong: Option<&str>) -> Result<Markup> {
    let (server, session, site) = (Arc::clone(app), Arc::clone(&who.session), app.site.passkeys(headers));
    let begun = blocking(move || site.map(|site| server.household.begin_passkey(&session.who, &site)).transpose()).await?;
    let options = begun.map(|(options, setup)| {
        who.session.set_passkey(setup);
        options
    });
    Ok(page::passkey(&app.prefix, who.visitor.theme, options.as_deref(), wrong))
}

/// Turns on the passkey that the browser has made.
pub(crate) async fn add_passkey(State(app): State<Arc<App>>, headers: HeaderMap, who: MemberCx, Form(new): Form<New>) -> Result<Response> {
    let (server, session, site, begun) = (Arc::clone(&app), Arc::clone(&who.session), app.site.passkeys(&headers), who.session.passkey());
    let from = who.from.clone();
    let added = blocking(move || {
        let (Some(site), Some(begun)) = (site, begun) else {
            return Err(Error::new(Kind::Usage, "The page had been open for too long. Nothing was turned on. Try again."));
        };
        server.household.add_passkey(&session.who, &site, &begun, &new.credential, &new.label, &from)
    });
    match added.await {
        Ok(()) => turned_on(&app, &who).await,
        Err(e) if e.kind == Kind::Usage => {
            Ok((StatusCode::BAD_REQUEST, passkey_page(&app, &who, &headers, Some(e.words())).await?).into_response())
        }
        Err(e) => Err(e),
    }
}

/// A first factor comes with recovery codes.
async fn turned_on(app: &Arc<App>, who: &MemberCx) -> Result<Response> {
    who.session.proved(true);
    end_others(app, &who.session);
    let (server, session) = (Arc::clone(app), Arc::clone(&who.session));
    let (left, _) = blocking(move || server.household.recovery_codes(&session.who.member.id)).await?;
    if left > 0 { Ok(back(app)) } else { new_codes(app, who, true).await }
}

fn back(app: &App) -> Response {
    Redirect::to(&format!("{}/settings/keys", app.prefix)).into_response()
}

#[derive(Default, Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    id: String,
}

/// Turns a factor off.
pub(crate) async fn remove(State(app): State<Arc<App>>, who: MemberCx, Form(which): Form<Which>) -> Result<Response> {
    let (server, session, from) = (Arc::clone(&app), Arc::clone(&who.session), who.from.clone());
    blocking(move || server.household.remove_factor(&session.who, &which.id, &from)).await?;
    end_others(&app, &who.session);
    Ok(back(&app))
}

/// What recovery codes are for, and how many are left.
pub(crate) async fn codes(State(app): State<Arc<App>>, who: MemberCx) -> Result<Markup> {
    let (server, session) = (Arc::clone(&app), Arc::clone(&who.session));
    let (left, made) = blocking(move || server.household.recovery_codes(&session.who.member.id)).await?;
    Ok(page::codes(&app.prefix, who.visitor.theme, left, made))
}

#[derive(Default, Deserialize)]
pub(crate) struct Sure {
    #[serde(default)]
    sure: String,
}

/// Makes new ones and shows them, once.
pub(crate) async fn make_codes(State(app): State<Arc<App>>, who: MemberCx, Form(sure): Form<Sure>) -> Result<Response> {
    if sure.sure.is_empty() {
        return Ok(Redirect::to(&format!("{}/settings/keys/codes", app.prefix)).into_response());
    }
    end_others(&app, &who.session);
    new_codes(&app, &who, false).await
}

async fn new_codes(app: &Arc<App>, who: &MemberCx, first: bool) -> Result<Response> {
    let (server, session, from) = (Arc::clone(app), Arc::clone(&who.session), who.from.clone());
    let who_for: Arc<SignedIn> = Arc::clone(&session.who);
    let made = blocking(move || server.household.new_recovery_codes(&who_for, &from)).await?;
    Ok(page::made(&app.prefix, who.visitor.theme, &session.who.member.name, &made, first).into_response())
}
