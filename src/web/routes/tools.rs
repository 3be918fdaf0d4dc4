//! Programs that may read a chart: their tokens.

use super::people::Sure;
use crate::household::TokenInfo;
use crate::vault::Act;
use crate::web::app::{ChartCx, OwnerCx, blocking};
use crate::web::pages::tools::{self as page, Wish};
use crate::{Error, Kind, Result};
use axum::extract::{Form, Path};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use std::collections::HashMap;

type Params = Path<HashMap<String, String>>;

fn tokens(cx: &ChartCx) -> Result<Vec<TokenInfo>> {
    cx.app.household.tokens(&cx.who(), &cx.person.id)
}

fn address(cx: &ChartCx, headers: &HeaderMap) -> String {
    format!("{}/fhir", cx.app.site.base(headers))
}

/// The list, and the form.
pub(crate) async fn list(OwnerCx(cx): OwnerCx, headers: HeaderMap) -> Result<Markup> {
    blocking(move || Ok(page::list(&cx, &tokens(&cx)?, &address(&cx, &headers), &Wish::default(), None))).await
}

/// Makes a token and shows it, once.
pub(crate) async fn make(OwnerCx(cx): OwnerCx, headers: HeaderMap, Form(pairs): Form<Vec<(String, String)>>) -> Result<Response> {
    blocking(move || {
        let address = address(&cx, &headers);
        let again = |wish: &Wish, wrong: &str| {
            let page = page::list(&cx, &tokens(&cx)?, &address, wish, Some(wrong));
            Ok((StatusCode::BAD_REQUEST, page).into_response())
        };
        let wish = match Wish::read(&pairs) {
            Ok(wish) => wish,
            Err(e) => return again(&Wish::default(), e.words()),
        };
        let event = cx.event(Act::TokenMade).with("to", &wish.name).with("until", &wish.until);
        cx.app.household.record(&cx.person.id, &event)?;
        match cx.app.household.make_token(&cx.who(), &cx.person.id, &wish.name, &wish.scope, &wish.until) {
            Ok((token, secret)) => Ok(page::made(&cx, &token, &secret, &address).into_response()),
            Err(e) if e.kind == Kind::Usage => again(&wish, e.words()),
            Err(e) => Err(e),
        }
    })
    .await
}

fn one(cx: &ChartCx, path: &HashMap<String, String>) -> Result<TokenInfo> {
    let wanted = path.get("tool").map(String::as_str).unwrap_or_default();
    tokens(cx)?.into_iter().find(|t| t.id == wanted).ok_or_else(Error::not_found)
}

/// Asks whether to withdraw one.
pub(crate) async fn ask_withdraw(OwnerCx(cx): OwnerCx, Path(path): Params) -> Result<Markup> {
    blocking(move || Ok(page::ask_withdraw(&cx, &one(&cx, &path)?))).await
}

/// Withdraws it.
pub(crate) async fn withdraw(OwnerCx(cx): OwnerCx, Path(path): Params, Form(sure): Form<Sure>) -> Result<Response> {
    blocking(move || {
        let token = one(&cx, &path)?;
        if !sure.is_yes() {
            return Ok(Redirect::to(&cx.to(&format!("tools/{}/withdraw", token.id))).into_response());
        }
        cx.app.household.record(&cx.person.id, &cx.event(Act::TokenRevoked).with("to", &token.name))?;
        cx.app.household.drop_token(&cx.who(), &cx.person.id, &token.id)?;
        Ok(Redirect::to(&cx.to("tools")).into_response())
    })
    .await
}
