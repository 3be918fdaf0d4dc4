//! Trusted contacts: named and refused by an owner of the chart; and what a contact can do. Notices are put away here too.

use crate::vault::{Clock, ContactInfo, MemberInfo};
use crate::web::app::{App, MemberCx, OwnerCx, blocking};
use crate::web::looks::place;
use crate::web::pages::contact as page;
use crate::web::session::local;
use crate::{Error, Kind, Result};
use axum::Form;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use std::sync::Arc;

/// Contacts, and the members who may be named.
fn gather(cx: &crate::web::app::ChartCx) -> Result<(Vec<ContactInfo>, Vec<MemberInfo>)> {
    let (household, who, id) = (&cx.app.household, cx.who(), &cx.person.id);
    let contacts = household.contacts(&who, id)?;
    let access = household.access(&who, id)?;
    let mut free = household.members()?;
    free.retain(|m| !access.iter().any(|a| a.member.id == m.id) && !contacts.iter().any(|c| c.member.id == m.id));
    Ok((contacts, free))
}

/// The owner's page.
pub(crate) async fn show(OwnerCx(cx): OwnerCx) -> Result<Markup> {
    blocking(move || {
        let (contacts, free) = gather(&cx)?;
        Ok(page::owner(&cx, &contacts, &free, None))
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Named {
    #[serde(default)]
    member: String,
    #[serde(default)]
    days: String,
    /// `name` or `wait`.
    #[serde(default)]
    act: String,
}

/// Names a contact, or changes a wait.
pub(crate) async fn name(OwnerCx(cx): OwnerCx, Form(form): Form<Named>) -> Result<Response> {
    blocking(move || {
        let (household, who, id) = (&cx.app.household, cx.who(), &cx.person.id);
        let days = form.days.trim().parse().unwrap_or(0);
        let done = match form.act.as_str() {
            "wait" => household.set_wait(&who, id, &form.member, days, &cx.from),
            _ => household.name_contact(&who, id, &form.member, days, &cx.from),
        };
        match done {
            Err(e) if e.kind == Kind::Usage => {
                let (contacts, free) = gather(&cx)?;
                Ok((StatusCode::BAD_REQUEST, page::owner(&cx, &contacts, &free, Some(e.words()))).into_response())
            }
            done => done.map(|()| Redirect::to(&cx.to("contact")).into_response()),
        }
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Stopped {
    #[serde(default)]
    member: String,
    /// `refuse` or `withdraw`.
    #[serde(default)]
    act: String,
}

/// Refuses a wish, or takes the trust back. Asks for no fresh proof: a brake must work at once.
pub(crate) async fn stop(OwnerCx(cx): OwnerCx, Form(form): Form<Stopped>) -> Result<Response> {
    blocking(move || {
        let (household, who, id) = (&cx.app.household, cx.who(), &cx.person.id);
        match form.act.as_str() {
            "refuse" => household.refuse_contact(&who, id, &form.member, &cx.from)?,
            "withdraw" => household.withdraw_contact(&who, id, &form.member, &cx.from)?,
            _ => return Err(Error::new(Kind::Usage, "That button does not exist. Nothing was changed.")),
        }
        Ok(Redirect::to(&cx.to("contact")).into_response())
    })
    .await
}

/// The contact's page: whose trusted contact one is.
pub(crate) async fn own(State(app): State<Arc<App>>, who: MemberCx) -> Result<Markup> {
    blocking(move || {
        app.household.count_waits(Clock::now())?;
        let all = app.household.contact_of(&who.session.who)?;
        Ok(page::contact(&app.prefix, who.visitor.theme, &all))
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    chart: String,
    /// `ask`, `back` or `open`.
    #[serde(default)]
    act: String,
}

/// Asks for access, takes the wish back, or takes the access when the wait is over.
pub(crate) async fn wish(
    State(app): State<Arc<App>>,
    who: MemberCx,
    headers: HeaderMap,
    extensions: Extensions,
    Form(wish): Form<Wish>,
) -> Result<Response> {
    let from = place(&app, &headers, &extensions);
    blocking(move || {
        let (household, who) = (&app.household, &who.session.who);
        let to = match wish.act.as_str() {
            "ask" => household.ask_access(who, &wish.chart, Clock::now(), &from).map(|()| format!("{}/contact", app.prefix)),
            "back" => household.take_back(who, &wish.chart, &from).map(|()| format!("{}/contact", app.prefix)),
            "open" => {
                household.take_access(who, &wish.chart, Clock::now(), &from).map(|()| format!("{}/charts/{}", app.prefix, wish.chart))
            }
            _ => Err(Error::new(Kind::Usage, "That button does not exist. Nothing was changed.")),
        };
        Ok(Redirect::to(&to?).into_response())
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Read {
    #[serde(default)]
    id: String,
    #[serde(default)]
    next: String,
}

/// Puts a notice away.
pub(crate) async fn dismiss(State(app): State<Arc<App>>, who: MemberCx, Form(read): Form<Read>) -> Result<Response> {
    blocking(move || {
        app.household.dismiss(&who.session.who, &read.id)?;
        Ok(Redirect::to(&format!("{}{}", app.prefix, local(&read.next).unwrap_or("/"))).into_response())
    })
    .await
}
