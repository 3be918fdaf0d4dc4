//! Another passphrase: with the old one, or after it was lost with the recovery key and a recovery code together.

use super::keys::end_others;
use crate::web::app::{App, MemberCx, blocking};
use crate::web::door::{failed, succeeded, try_again, try_name};
use crate::web::looks::{place, wrong};
use crate::web::pages::passphrase as page;
use crate::web::pages::words;
use crate::web::queue::derive;
use crate::web::routes::sign_in::later;
use crate::web::security::visitor;
use crate::web::session::session_cookie;
use crate::{Error, Kind, Result};
use axum::Form;
use axum::extract::{FromRequest, Request, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// The form. Where a second factor is on, it is shown first.
pub(crate) async fn show(State(app): State<Arc<App>>, who: MemberCx) -> Result<Response> {
    if let Some(first) = second_first(&app, &who, "/settings/passphrase").await? {
        return Ok(first);
    }
    Ok(page::change(&app.prefix, who.visitor.theme, None).into_response())
}

async fn second_first(app: &Arc<App>, who: &MemberCx, next: &str) -> Result<Option<Response>> {
    let (server, session) = (Arc::clone(app), Arc::clone(&who.session));
    let has = blocking(move || Ok(!server.household.factors(&session.who.member.id)?.is_empty())).await?;
    if !has || who.session.is_fresh_by_second(app.fresh) {
        return Ok(None);
    }
    Ok(Some(Redirect::to(&format!("{}/confirm?second=1&next={next}", app.prefix)).into_response()))
}

#[derive(Default, Deserialize)]
pub(crate) struct Change {
    #[serde(default)]
    old: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

/// Puts the new one in place of the old one.
pub(crate) async fn change(State(app): State<Arc<App>>, who: MemberCx, Form(form): Form<Change>) -> Result<Response> {
    if let Some(first) = second_first(&app, &who, "/settings/passphrase").await? {
        return Ok(first);
    }
    let say = |status: StatusCode, wrong: &str| (status, page::change(&app.prefix, who.visitor.theme, Some(wrong))).into_response();
    if form.old.is_empty() || form.new.is_empty() {
        return Ok(say(StatusCode::BAD_REQUEST, "Enter the old passphrase, and the new one twice."));
    }
    if form.new != form.again {
        return Ok(say(StatusCode::BAD_REQUEST, "The two new passphrases differ. Nothing was changed."));
    }
    let (server, session, new) = (Arc::clone(&app), Arc::clone(&who.session), form.new.clone());
    if let Err(e) = blocking(move || server.household.check_passphrase(&session.who, &new)).await {
        return if e.kind == Kind::Usage { Ok(say(StatusCode::BAD_REQUEST, e.words())) } else { Err(e) };
    }
    let counted = match try_again(&app, &who.session.id, false).await? {
        Ok(counted) => counted,
        Err(wait) => {
            let words = format!("Too many tries. Wait {}, then try again. Nothing was changed.", words::wait(wait.as_secs()));
            return Ok(later(say(StatusCode::TOO_MANY_REQUESTS, &words), wait));
        }
    };
    let (server, session, from) = (Arc::clone(&app), Arc::clone(&who.session), who.from.clone());
    let changed = derive(move || {
        server.household.prove(&session.who, &form.old)?;
        server.household.change_passphrase(&session.who, &form.new, &from)
    });
    match changed.await {
        Ok(strength) => {
            succeeded(&app, &counted).await?;
            who.session.proved(false);
            end_others(&app, &who.session);
            Ok(page::changed(&app.prefix, who.visitor.theme, strength, true).into_response())
        }
        Err(e) if e.kind == Kind::Denied => {
            wrong(&app, &who.session.who.member.name, "passphrase", who.from.clone());
            Ok(say(StatusCode::FORBIDDEN, "The old passphrase is another. Nothing was changed. Check the keyboard and try again."))
        }
        Err(e) => {
            failed(&app, &counted, &e);
            Err(e)
        }
    }
}

/// The form for a new recovery key. Where a second factor is on, it is shown first.
pub(crate) async fn renewal_form(State(app): State<Arc<App>>, who: MemberCx) -> Result<Response> {
    if let Some(first) = second_first(&app, &who, "/settings/recovery-key").await? {
        return Ok(first);
    }
    Ok(page::renewal(&app.prefix, who.visitor.theme, None).into_response())
}

#[derive(Default, Deserialize)]
pub(crate) struct Renewal {
    #[serde(default)]
    passphrase: String,
}

/// Makes a new recovery key. Every session of the member ends with the old key; this browser gets a new one, which shows it.
pub(crate) async fn renew(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    extensions: Extensions,
    who: MemberCx,
    Form(form): Form<Renewal>,
) -> Result<Response> {
    if let Some(first) = second_first(&app, &who, "/settings/recovery-key").await? {
        return Ok(first);
    }
    let say = |status: StatusCode, wrong: &str| (status, page::renewal(&app.prefix, who.visitor.theme, Some(wrong))).into_response();
    if form.passphrase.is_empty() {
        return Ok(say(StatusCode::BAD_REQUEST, "Enter your passphrase."));
    }
    let counted = match try_again(&app, &who.session.id, false).await? {
        Ok(counted) => counted,
        Err(wait) => {
            let words = format!("Too many tries. Wait {}, then try again. Nothing was changed.", words::wait(wait.as_secs()));
            return Ok(later(say(StatusCode::TOO_MANY_REQUESTS, &words), wait));
        }
    };
    let (server, session, from) = (Arc::clone(&app), Arc::clone(&who.session), who.from.clone());
    match derive(move || server.household.new_recovery_key(&session.who, &form.passphrase, &from)).await {
        Ok((renewed, key)) => {
            succeeded(&app, &counted).await?;
            let member = who.session.who.member.id.clone();
            app.sessions.end_those(&member, |_| true);
            app.between.end_of(&member);
            let second = who.session.is_fresh_by_second(app.fresh);
            let seen = super::sign_in::seen(&app, &headers, &extensions);
            let token = app.sessions.start_with(Arc::new(renewed), seen, second, who.visitor.idle, Some(key.to_string()))?;
            let cookie = [(header::SET_COOKIE, session_cookie(&app, &token))];
            Ok((cookie, Redirect::to(&format!("{}/welcome/recovery-key", app.prefix))).into_response())
        }
        Err(e) if e.kind == Kind::Denied => {
            wrong(&app, &who.session.who.member.name, "passphrase", who.from.clone());
            Ok(say(StatusCode::FORBIDDEN, "That is another passphrase. Nothing was changed, and the old key still counts."))
        }
        Err(e) => {
            failed(&app, &counted, &e);
            Err(e)
        }
    }
}

/// The form for who has lost the passphrase.
pub(crate) async fn recover_form(State(app): State<Arc<App>>, request: Request) -> Response {
    page::recover(&app.prefix, visitor(request.extensions()).theme, "", None).into_response()
}

#[derive(Default, Deserialize)]
pub(crate) struct Recover {
    #[serde(default)]
    name: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    recovery: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

/// A new passphrase for the recovery key and a recovery code. The second factors stay: signing in asks for one as ever.
pub(crate) async fn recover(State(app): State<Arc<App>>, request: Request) -> Result<Response> {
    let theme = visitor(request.extensions()).theme;
    let headers = request.headers().clone();
    let address = app.site.client(&headers, request.extensions());
    let from = place(&app, &headers, request.extensions());
    let Form(form) = match Form::<Recover>::from_request(request, &()).await {
        Ok(form) => form,
        Err(refused) => return Ok(refused.into_response()),
    };
    let name = form.name.trim().to_owned();
    let say = |status: StatusCode, wrong: &str| (status, page::recover(&app.prefix, theme, &name, Some(wrong))).into_response();
    if [&form.name, &form.key, &form.recovery, &form.new].iter().any(|field| field.trim().is_empty()) {
        return Ok(say(StatusCode::BAD_REQUEST, "Fill in every field."));
    }
    if form.new != form.again {
        return Ok(say(
            StatusCode::BAD_REQUEST,
            "The two new passphrases differ. Nothing was changed, and the recovery code is still good.",
        ));
    }
    let counted = match try_name(&app, &name, &headers, address).await? {
        Ok(counted) => counted,
        Err(wait) => {
            let words = format!("Too many tries. Wait {}, then try again. Nothing was changed.", words::wait(wait.as_secs()));
            return Ok(later(say(StatusCode::TOO_MANY_REQUESTS, &words), wait));
        }
    };
    let (server, wanted, here) = (Arc::clone(&app), name.clone(), from.clone());
    let done = derive(move || {
        let household = &server.household;
        let who = household.with_recovery_key(&wanted, &form.key)?;
        // Looked at first: a passphrase that will not do must not cost a code.
        household.check_passphrase(&who, &form.new)?;
        if !household.take_recovery_code(&who.member.id, &form.recovery)? {
            return Err(Error::new(Kind::Denied, "no such recovery code"));
        }
        Ok((household.change_passphrase(&who, &form.new, &here)?, who.member.id))
    });
    match done.await {
        Ok((strength, member)) => {
            succeeded(&app, &counted).await?;
            app.sessions.end_those(&member, |_| true);
            app.between.end_of(&member);
            Ok(page::changed(&app.prefix, theme, strength, false).into_response())
        }
        Err(e) if e.kind == Kind::Usage => {
            // The key was right: choosing a better passphrase is no guess.
            app.throttle.take_back(&counted);
            Ok(say(StatusCode::BAD_REQUEST, e.words()))
        }
        // The same words whichever of the three is wrong.
        Err(e) if e.kind == Kind::Denied => {
            wrong(&app, &name, "recovery key or code", from);
            Ok(say(
                StatusCode::FORBIDDEN,
                "Name, recovery key and recovery code do not belong together, or the code was used before. Nothing was changed.",
            ))
        }
        Err(e) => {
            failed(&app, &counted, &e);
            Err(e)
        }
    }
}
