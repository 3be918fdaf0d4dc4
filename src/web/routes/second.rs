//! The second factor at sign-in. Who stands here has given the right passphrase, and reaches nothing else until this is done.

use crate::Result;
use crate::household::{FactorInfo, FactorKind};
use crate::web::app::{App, blocking};
use crate::web::door::{Pending, failed, pending_cookie, pending_token, succeeded, try_second};
use crate::web::looks::{place, wrong};
use crate::web::pages::second::{self as page, Asks, Trouble};
use crate::web::pages::words;
use crate::web::routes::sign_in::{later, welcome};
use crate::web::security::visitor;
use crate::web::session::Visitor;
use axum::Form;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// The page.
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Result<Response> {
    let Some((_, pending)) = between(&app, request.headers()) else { return Ok(to_start(&app)) };
    draw(&app, &visitor(request.extensions()), request.headers(), &pending, None, StatusCode::OK).await
}

/// What a second page or a fresh proof is answered with; one of them is filled in.
#[derive(Default, Deserialize)]
pub(crate) struct Proof {
    #[serde(default)]
    pub(crate) passphrase: String,
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) recovery: String,
    #[serde(default)]
    pub(crate) credential: String,
    #[serde(default)]
    pub(crate) next: String,
}

/// Tries a code, a passkey or a recovery code.
pub(crate) async fn check(State(app): State<Arc<App>>, request: Request) -> Result<Response> {
    let visitor = visitor(request.extensions());
    let (headers, extensions) = (request.headers().clone(), request.extensions().clone());
    let Some((token, pending)) = between(&app, &headers) else { return Ok(to_start(&app)) };
    let Form(proof) = match Form::<Proof>::from_request(request, &()).await {
        Ok(form) => form,
        Err(refused) => return Ok(refused.into_response()),
    };
    if proof.code.trim().is_empty() && proof.recovery.trim().is_empty() && proof.credential.is_empty() {
        return draw(&app, &visitor, &headers, &pending, Some(Trouble::Missing), StatusCode::BAD_REQUEST).await;
    }
    let counted = match try_second(&app, &pending.who.member.id, &headers, app.site.client(&headers, &extensions)).await? {
        Ok(counted) => counted,
        Err(wait) => {
            let trouble = Some(Trouble::Wait(words::wait(wait.as_secs())));
            return Ok(later(draw(&app, &visitor, &headers, &pending, trouble, StatusCode::TOO_MANY_REQUESTS).await?, wait));
        }
    };
    let (server, asker) = (Arc::clone(&app), Arc::clone(&pending));
    let site = app.site.passkeys(&headers);
    let right = blocking(move || {
        let who = &asker.who;
        if !proof.credential.is_empty() {
            let (Some(site), Some(asked)) = (site, asker.asked()) else { return Ok(false) };
            return server.household.check_passkey(who, &site, &asked, &proof.credential);
        }
        if !proof.recovery.trim().is_empty() {
            return server.household.take_recovery_code(&who.member.id, &proof.recovery);
        }
        server.household.check_app(who, &proof.code)
    });
    let right = right.await.inspect_err(|e| failed(&app, &counted, e))?;
    if !right {
        wrong(&app, &pending.who.member.name, "code", place(&app, &headers, &extensions));
        return draw(&app, &visitor, &headers, &pending, Some(Trouble::Wrong(counted.left)), StatusCode::FORBIDDEN).await;
    }
    succeeded(&app, &counted).await?;
    match app.between.take(&token) {
        Some(_) => welcome(&app, Arc::clone(&pending.who), &visitor, &headers, &extensions, &pending.next, true).await,
        // The five minutes were over just now, or a factor has changed: from the start.
        None => Ok(to_start(&app)),
    }
}

fn between(app: &App, headers: &HeaderMap) -> Option<(String, Arc<Pending>)> {
    let token = pending_token(app, headers)?;
    let pending = app.between.find(&token)?;
    Some((token, pending))
}

fn to_start(app: &App) -> Response {
    let gone = [(header::SET_COOKIE, pending_cookie(app, ""))];
    (gone, Redirect::to(&format!("{}/sign-in", app.prefix))).into_response()
}

async fn draw(
    app: &Arc<App>,
    visitor: &Visitor,
    headers: &HeaderMap,
    pending: &Arc<Pending>,
    trouble: Option<Trouble>,
    status: StatusCode,
) -> Result<Response> {
    let (server, asker, site) = (Arc::clone(app), Arc::clone(pending), app.site.passkeys(headers));
    let (asks, passkey) = blocking(move || {
        let factors = server.household.factors(&asker.who.member.id)?;
        let passkey = site.map(|site| server.household.ask_passkey(&asker.who, &site)).transpose()?.flatten();
        Ok((asks(&factors), passkey))
    })
    .await?;
    let options = passkey.map(|(options, asked)| {
        pending.ask(asked);
        options
    });
    let page = page::page(&app.prefix, visitor.theme, &pending.who.member.name, &asks, options.as_deref(), trouble.as_ref());
    Ok((status, page).into_response())
}

/// What a page has to ask for.
pub(crate) fn asks(factors: &[FactorInfo]) -> Asks {
    let has = |kind| factors.iter().any(|f| f.kind == kind);
    Asks { app: has(FactorKind::App), passkey: has(FactorKind::Passkey) }
}
