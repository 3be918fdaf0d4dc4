//! The household: members, people, and who keeps it.

use super::people::Sure;
use crate::household::SignedIn;
use crate::vault::{Act, Event, MemberInfo, Role};
use crate::web::app::{App, MemberCx, blocking};
use crate::web::pages::household as page;
use crate::{Error, Kind, Result};
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use std::sync::Arc;

fn back(app: &App) -> Response {
    Redirect::to(&format!("{}/household", app.prefix)).into_response()
}

fn row(app: &App, who: &SignedIn, member: MemberInfo) -> Result<page::Row> {
    let charts = app.household.charts(who)?;
    let name = |id: &str| charts.iter().find(|(p, _)| p.id == id).map(|(p, _)| p.name.clone());
    let roles = app.household.roles_of(who, &member.id)?;
    let roles = roles.into_iter().filter_map(|(id, role)| Some((name(&id)?, role))).collect();
    Ok(page::Row { keeper: app.household.is_keeper(&member)?, roles, member })
}

/// The page.
pub(crate) async fn show(State(app): State<Arc<App>>, cx: MemberCx) -> Result<Markup> {
    blocking(move || {
        let (household, who) = (&app.household, &cx.session.who);
        let members = household.members()?.into_iter().map(|m| row(&app, who, m)).collect::<Result<_>>()?;
        let mut people = Vec::new();
        for (person, role) in household.charts(who)? {
            let invites = if role == Role::Owner { household.invites(who, &person.id)?.len() } else { 0 };
            people.push((person, role, invites));
        }
        let closed = if household.is_keeper(&who.member)? { household.closed_charts(who)? } else { Vec::new() };
        let told = page::Told { me: who.member.clone(), members, people, closed };
        Ok(page::page(&app.prefix, cx.visitor.theme, &told))
    })
    .await
}

/// The form of a new person.
pub(crate) async fn person_form(State(app): State<Arc<App>>, cx: MemberCx) -> Markup {
    page::new_person(&app.prefix, cx.visitor.theme, &page::NewPerson::default(), None)
}

/// Adds a person.
pub(crate) async fn add_person(State(app): State<Arc<App>>, cx: MemberCx, Form(given): Form<page::NewPerson>) -> Result<Response> {
    blocking(move || match app.household.add_person(&cx.session.who, &given.person, given.birth_date.trim(), &given.sex) {
        Ok(person) => Ok(Redirect::to(&format!("{}/charts/{}", app.prefix, person.id)).into_response()),
        Err(e) if e.kind == Kind::Usage => {
            let page = page::new_person(&app.prefix, cx.visitor.theme, &given, Some(e.words()));
            Ok((StatusCode::BAD_REQUEST, page).into_response())
        }
        Err(e) => Err(e),
    })
    .await
}

/// Only the keeper's pages go on.
fn keeps(app: &App, cx: &MemberCx) -> Result<()> {
    if app.household.is_keeper(&cx.session.who.member)? {
        return Ok(());
    }
    Err(Error::new(Kind::Denied, "Only the member who keeps this household may do this. Nothing was changed."))
}

fn other(app: &App, cx: &MemberCx, id: &str) -> Result<MemberInfo> {
    let own = &cx.session.who.member.id;
    app.household.members()?.into_iter().find(|m| m.id == id && m.id != *own).ok_or_else(Error::not_found)
}

/// Asks whether to remove a member.
pub(crate) async fn ask_remove(State(app): State<Arc<App>>, cx: MemberCx, Path(id): Path<String>) -> Result<Markup> {
    blocking(move || {
        keeps(&app, &cx)?;
        let row = row(&app, &cx.session.who, other(&app, &cx, &id)?)?;
        Ok(page::ask_remove_member(&app.prefix, cx.visitor.theme, &row))
    })
    .await
}

/// Removes a member, and ends their sessions.
pub(crate) async fn remove(State(app): State<Arc<App>>, cx: MemberCx, Path(id): Path<String>, Form(sure): Form<Sure>) -> Result<Response> {
    blocking(move || {
        keeps(&app, &cx)?;
        let member = other(&app, &cx, &id)?;
        if !sure.is_yes() {
            return Ok(Redirect::to(&format!("{}/household/members/{id}/remove", app.prefix)).into_response());
        }
        let event = Event::new(cx.session.who.actor(), Act::RoleRemoved).from(cx.from.clone()).with("to", &member.name);
        app.household.record_for(&member.id, &event)?;
        app.household.remove_member(&cx.session.who, &member.id, &|person| {
            app.sessions.end_those(&member.id, |_| true);
            app.let_go(person);
        })?;
        app.between.end_of(&member.id);
        app.sessions.end_those(&member.id, |_| true);
        Ok(back(&app))
    })
    .await
}

/// The form to pass the keeping on.
pub(crate) async fn keeper_form(State(app): State<Arc<App>>, cx: MemberCx) -> Result<Markup> {
    blocking(move || {
        keeps(&app, &cx)?;
        let others: Vec<_> = app.household.members()?.into_iter().filter(|m| m.id != cx.session.who.member.id).collect();
        Ok(page::keeper(&app.prefix, cx.visitor.theme, &others))
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    member: String,
}

/// Passes it on.
pub(crate) async fn pass_on(State(app): State<Arc<App>>, cx: MemberCx, Form(chosen): Form<Chosen>) -> Result<Response> {
    blocking(move || {
        keeps(&app, &cx)?;
        let member = other(&app, &cx, &chosen.member)?;
        app.household.pass_on(&cx.session.who, &member.id)?;
        Ok(back(&app))
    })
    .await
}

/// Asks whether to remove a chart that the keeper may not open.
pub(crate) async fn ask_remove_chart(State(app): State<Arc<App>>, cx: MemberCx, Path(id): Path<String>) -> Result<Markup> {
    blocking(move || {
        let closed = app.household.closed_charts(&cx.session.who)?;
        let chart = closed.iter().find(|c| c.id == id).ok_or_else(Error::not_found)?;
        Ok(page::ask_remove_chart(&app.prefix, cx.visitor.theme, chart))
    })
    .await
}

/// Removes it.
pub(crate) async fn remove_chart(
    State(app): State<Arc<App>>,
    cx: MemberCx,
    Path(id): Path<String>,
    Form(sure): Form<Sure>,
) -> Result<Response> {
    blocking(move || {
        let closed = app.household.closed_charts(&cx.session.who)?;
        let chart = closed.iter().find(|c| c.id == id).ok_or_else(Error::not_found)?;
        if sure.is_yes() {
            app.household.remove_person(&cx.session.who, &chart.id, &|person| app.let_go(person))?;
        }
        Ok(back(&app))
    })
    .await
}
