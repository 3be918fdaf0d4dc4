//! Who may see a chart, and whose chart it is: looked at by all of its members, changed by its owners.

use crate::household::{Access, Correction, Grant, SignedIn};
use crate::share::{self, Share, State};
use crate::vault::{Act, MemberInfo, PersonInfo, Role};
use crate::web::app::{App, ChartCx, OwnerCx, blocking};
use crate::web::pages::{people as page, role};
use crate::{Error, Kind, Result};
use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

type Params = Path<HashMap<String, String>>;
type Pairs = Form<Vec<(String, String)>>;

/// A question was answered on its page, and not by a stray request.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Sure {
    #[serde(default)]
    sure: String,
}

impl Sure {
    pub(crate) fn is_yes(&self) -> bool {
        self.sure == "yes"
    }
}

/// An owner's request after it has let go of the chart: its keys or its person may change.
struct Freed {
    app: Arc<App>,
    who: Arc<SignedIn>,
    person: String,
    back: String,
}

fn freed(cx: ChartCx) -> Freed {
    let (who, back) = (cx.who(), cx.to("people"));
    let ChartCx { app, person, .. } = cx;
    Freed { app, who, person: person.id, back }
}

fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// Everyone with a role.
pub(crate) async fn list(cx: ChartCx) -> Result<Markup> {
    blocking(move || {
        let (household, who, id) = (&cx.app.household, cx.who(), &cx.person.id);
        let access = household.access(&who, id)?;
        let invites = if cx.role == Role::Owner { Some(household.invites(&who, id)?) } else { None };
        Ok(page::list(&cx, &access, invites.as_deref(), household.is_due(id)?))
    })
    .await
}

/// The members who may not open the chart.
fn others(cx: &ChartCx) -> Result<Vec<MemberInfo>> {
    let access = cx.app.household.access(&cx.who(), &cx.person.id)?;
    let has = |m: &MemberInfo| access.iter().any(|a| a.member.id == m.id && !a.grant.is_over());
    Ok(cx.app.household.members()?.into_iter().filter(|m| !has(m)).collect())
}

/// The form to let somebody in.
pub(crate) async fn add_form(OwnerCx(cx): OwnerCx) -> Result<Markup> {
    blocking(move || Ok(page::add(&cx, &others(&cx)?, &Grant::of(Role::Viewer), "", "", None))).await
}

/// Gives a member the role, or makes a link.
pub(crate) async fn add(OwnerCx(cx): OwnerCx, headers: axum::http::HeaderMap, Form(pairs): Pairs) -> Result<Response> {
    let origin = cx.app.address(&headers);
    blocking(move || {
        let field = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.trim().to_owned()).unwrap_or_default();
        let (member, label) = (field("to"), field("label"));
        let again = |chosen: &Grant, wrong: &str| {
            let page = page::add(&cx, &others(&cx)?, chosen, &member, &label, Some(wrong));
            Ok((StatusCode::BAD_REQUEST, page).into_response())
        };
        let grant = match role::read(&pairs) {
            Ok(grant) => grant,
            Err(e) => return again(&Grant::of(Role::Viewer), e.words()),
        };
        let (household, who) = (&cx.app.household, cx.who());
        let done = if member.is_empty() {
            household.record(&cx.person.id, &grant.noted(cx.event(Act::InviteMade)).with("to", &label))?;
            household.invite(&who, &cx.person.id, &label, &grant).map(|(invite, token)| {
                let address = format!("{origin}/join/{}", token.as_str());
                page::link(&cx, &invite, &address).into_response()
            })
        } else {
            let name = others(&cx)?.into_iter().find(|m| m.id == member).ok_or_else(Error::not_found)?.name;
            household.record(&cx.person.id, &grant.noted(cx.event(Act::RoleGranted)).with("to", &name))?;
            household.give(&who, &cx.person.id, &member, &grant).map(|()| to(&cx.to("people")))
        };
        match done {
            Err(e) if e.kind == Kind::Usage => again(&grant, e.words()),
            done => done,
        }
    })
    .await
}

fn one(cx: &ChartCx, path: &HashMap<String, String>) -> Result<Access> {
    let wanted = path.get("member").map(String::as_str).unwrap_or_default();
    let access = cx.app.household.access(&cx.who(), &cx.person.id)?;
    access.into_iter().find(|a| a.member.id == wanted).ok_or_else(Error::not_found)
}

/// The form of another role.
pub(crate) async fn change_form(OwnerCx(cx): OwnerCx, Path(path): Params) -> Result<Markup> {
    blocking(move || {
        let who = one(&cx, &path)?;
        Ok(page::change(&cx, &who, &who.grant, None))
    })
    .await
}

/// Gives the other role.
pub(crate) async fn change(OwnerCx(cx): OwnerCx, Path(path): Params, Form(pairs): Pairs) -> Result<Response> {
    blocking(move || {
        let member = one(&cx, &path)?;
        let again =
            |chosen: &Grant, wrong: &str| Ok((StatusCode::BAD_REQUEST, page::change(&cx, &member, chosen, Some(wrong))).into_response());
        let grant = match role::read(&pairs) {
            Ok(grant) => grant,
            Err(e) => return again(&member.grant, e.words()),
        };
        cx.app.household.record(&cx.person.id, &grant.noted(cx.event(Act::RoleChanged)).with("to", &member.member.name))?;
        match cx.app.household.give(&cx.who(), &cx.person.id, &member.member.id, &grant) {
            Ok(()) => Ok(to(&cx.to("people"))),
            Err(e) if matches!(e.kind, Kind::Usage | Kind::Refused) => again(&grant, e.words()),
            Err(e) => Err(e),
        }
    })
    .await
}

/// Asks whether to take somebody off.
pub(crate) async fn ask_take(OwnerCx(cx): OwnerCx, Path(path): Params) -> Result<Markup> {
    blocking(move || {
        let who = one(&cx, &path)?;
        Ok(page::ask_take(&cx, &who, &links(&cx, &who.member.name)?))
    })
    .await
}

/// The links that a member made and that are open.
fn links(cx: &ChartCx, name: &str) -> Result<Vec<Share>> {
    let all = share::list(&cx.app.household, &cx.chart)?;
    Ok(all.into_iter().filter(|share| share.state == State::Open && share.by == name).collect())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Taking {
    sure: String,
    links: String,
}

/// Takes somebody off: the chart gets new keys. The links that they made are stopped first where that was ticked.
pub(crate) async fn take(OwnerCx(cx): OwnerCx, Path(path): Params, Form(taking): Form<Taking>) -> Result<Response> {
    blocking(move || {
        let member = one(&cx, &path)?.member;
        if taking.sure != "yes" {
            return Ok(to(&cx.to(&format!("people/{}/remove", member.id))));
        }
        let own = member.id == cx.member.id;
        if taking.links == "stop" {
            for link in links(&cx, &member.name)? {
                share::stop(&cx.app.household, &cx.chart, &link.id, &cx.event(Act::ShareRevoked))?;
            }
        }
        cx.app.household.record(&cx.person.id, &cx.event(Act::RoleRemoved).with("to", &member.name))?;
        let here = freed(cx);
        here.app.household.take(&here.who, &here.person, &member.id, &|person| here.app.let_go(person))?;
        Ok(to(&if own { format!("{}/", here.app.prefix) } else { here.back }))
    })
    .await
}

fn invite(cx: &ChartCx, path: &HashMap<String, String>) -> Result<crate::household::InviteInfo> {
    let wanted = path.get("invite").map(String::as_str).unwrap_or_default();
    let invites = cx.app.household.invites(&cx.who(), &cx.person.id)?;
    invites.into_iter().find(|i| i.id == wanted).ok_or_else(Error::not_found)
}

/// Asks whether to withdraw an invite.
pub(crate) async fn ask_withdraw(OwnerCx(cx): OwnerCx, Path(path): Params) -> Result<Markup> {
    blocking(move || Ok(page::ask_withdraw(&cx, &invite(&cx, &path)?))).await
}

/// Withdraws it.
pub(crate) async fn withdraw(OwnerCx(cx): OwnerCx, Path(path): Params) -> Result<Response> {
    blocking(move || {
        let invite = invite(&cx, &path)?;
        cx.app.household.record(&cx.person.id, &cx.event(Act::InviteWithdrawn).with("to", &invite.label))?;
        cx.app.household.withdraw(&cx.who(), &cx.person.id, &invite.id)?;
        Ok(to(&cx.to("people")))
    })
    .await
}

/// The form of name, birth date, sex and colour.
pub(crate) async fn person_form(OwnerCx(cx): OwnerCx) -> Markup {
    page::edit(&cx, &cx.person, None)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PersonForm {
    person: String,
    birth_date: String,
    sex: String,
    colour: String,
}

/// Keeps them.
pub(crate) async fn edit_person(OwnerCx(cx): OwnerCx, Form(form): Form<PersonForm>) -> Result<Response> {
    blocking(move || {
        let given = PersonInfo {
            id: cx.person.id.clone(),
            name: form.person.clone(),
            birth_date: form.birth_date.trim().to_owned(),
            sex: form.sex.clone(),
            colour: form.colour.clone(),
        };
        let to_be = Correction { name: &given.name, birth_date: &given.birth_date, sex: &given.sex, colour: &given.colour };
        // Looked at while the page of a mistake can still be drawn; the change itself needs the chart let go.
        if let Err(e) = to_be.check() {
            return Ok((StatusCode::BAD_REQUEST, page::edit(&cx, &given, Some(e.words()))).into_response());
        }
        cx.app.household.record(&cx.person.id, &cx.event(Act::Changed).with("what", "person"))?;
        let here = freed(cx);
        here.app.household.edit_person(&here.who, &here.person, &to_be, &|person| here.app.let_go(person))?;
        Ok(to(&here.back))
    })
    .await
}

/// Asks whether to remove the person.
pub(crate) async fn ask_remove(OwnerCx(cx): OwnerCx) -> Result<Markup> {
    blocking(move || {
        let access = cx.app.household.access(&cx.who(), &cx.person.id)?;
        let others = access.into_iter().filter(|a| a.member.id != cx.member.id).map(|a| a.member.name).collect();
        let goes = page::Goes { records: cx.chart.counts()?.values().sum(), files: cx.chart.sources()?.len() as u64, others };
        Ok(page::ask_remove(&cx, &goes))
    })
    .await
}

/// Removes them.
pub(crate) async fn remove(OwnerCx(cx): OwnerCx, Form(sure): Form<Sure>) -> Result<Response> {
    blocking(move || {
        if !sure.is_yes() {
            return Ok(to(&cx.to("person/remove")));
        }
        let here = freed(cx);
        here.app.household.remove_person(&here.who, &here.person, &|person| here.app.let_go(person))?;
        Ok(to(&format!("{}/household", here.app.prefix)))
    })
    .await
}
