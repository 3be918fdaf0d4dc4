//! A fresh proof that it is still the member: before members, keys, shares and exports of everything (OWASP ASVS 5.0, 7.5.1).
//! `router::ASKS_AGAIN` lists what asks for it; `session::attach` sends there, and what was typed comes back from here.

use super::second::{Proof, asks};
use super::sign_in::later;
use crate::web::app::{App, MemberCx, blocking};
use crate::web::door::{failed, succeeded, try_again};
use crate::web::looks::{place, wrong};
use crate::web::pages::second::Trouble;
use crate::web::pages::{confirm as page, sign_in, words};
use crate::web::queue::derive;
use crate::web::session::local;
use crate::{Kind, Result};
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    next: String,
    /// Any value: only the second factor will do.
    #[serde(default)]
    second: String,
}

/// The page.
pub(crate) async fn show(State(app): State<Arc<App>>, Query(back): Query<Back>, headers: HeaderMap, who: MemberCx) -> Result<Response> {
    draw(&app, &who, &headers, &back, None, StatusCode::OK).await
}

/// Checks a passphrase, a code, a passkey or a recovery code, and goes back.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    Query(mut back): Query<Back>,
    headers: HeaderMap,
    extensions: axum::http::Extensions,
    who: MemberCx,
    Form(proof): Form<Proof>,
) -> Result<Response> {
    back.next.clone_from(&proof.next);
    let by_passphrase = !proof.passphrase.is_empty();
    if !by_passphrase && proof.code.trim().is_empty() && proof.recovery.trim().is_empty() && proof.credential.is_empty() {
        return draw(&app, &who, &headers, &back, Some(Trouble::Missing), StatusCode::BAD_REQUEST).await;
    }
    let counted = match try_again(&app, &who.session.id, !by_passphrase).await? {
        Ok(counted) => counted,
        Err(wait) => {
            let trouble = Some(Trouble::Wait(words::wait(wait.as_secs())));
            return Ok(later(draw(&app, &who, &headers, &back, trouble, StatusCode::TOO_MANY_REQUESTS).await?, wait));
        }
    };
    let (server, session, site) = (Arc::clone(&app), Arc::clone(&who.session), app.site.passkeys(&headers));
    let right = if by_passphrase {
        derive(move || match server.household.prove(&session.who, &proof.passphrase) {
            Err(e) if e.kind == Kind::Denied => Ok(false),
            done => done.map(|()| true),
        })
        .await
    } else {
        blocking(move || {
            let household = &server.household;
            if !proof.credential.is_empty() {
                let (Some(site), Some(asked)) = (site, session.asked()) else { return Ok(false) };
                return household.check_passkey(&session.who, &site, &asked, &proof.credential);
            }
            if !proof.recovery.trim().is_empty() {
                return household.take_recovery_code(&session.who.member.id, &proof.recovery);
            }
            household.check_app(&session.who, &proof.code)
        })
        .await
    };
    let right = right.inspect_err(|e| failed(&app, &counted, e))?;
    if !right {
        let (what, extensions) = (if by_passphrase { "passphrase" } else { "code" }, &extensions);
        wrong(&app, &who.session.who.member.name, what, place(&app, &headers, extensions));
        return draw(&app, &who, &headers, &back, Some(Trouble::Wrong(counted.left)), StatusCode::FORBIDDEN).await;
    }
    succeeded(&app, &counted).await?;
    who.session.proved(!by_passphrase);
    Ok(match who.session.typed() {
        Some(typed) => sign_in::typed_again(&app.prefix, who.visitor.theme, &typed).into_response(),
        None => Redirect::to(&format!("{}{}", app.prefix, local(&back.next).unwrap_or("/settings/keys"))).into_response(),
    })
}

async fn draw(
    app: &Arc<App>,
    who: &MemberCx,
    headers: &HeaderMap,
    back: &Back,
    trouble: Option<Trouble>,
    status: StatusCode,
) -> Result<Response> {
    let (server, session, site) = (Arc::clone(app), Arc::clone(&who.session), app.site.passkeys(headers));
    let (asked, passkey) = blocking(move || {
        let factors = server.household.factors(&session.who.member.id)?;
        let passkey = site.map(|site| server.household.ask_passkey(&session.who, &site)).transpose()?.flatten();
        Ok((asks(&factors), passkey))
    })
    .await?;
    let options = passkey.map(|(options, state)| {
        who.session.ask(state);
        options
    });
    let only_second = !back.second.is_empty() && (asked.app || asked.passkey);
    let page = page::page(&app.prefix, who.visitor.theme, &asked, options.as_deref(), &back.next, only_second, trouble.as_ref());
    Ok((status, page).into_response())
}
