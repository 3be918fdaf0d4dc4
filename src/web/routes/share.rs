//! Sharing: the form, what goes out, and what was given.

mod preview;

use crate::export::{Choice, Profile, export};
use crate::record::{Class, PartialDate, Sensitive};
use crate::share::{self, Share, Terms};
use crate::vault::{Act, Chart, Choice as Entries, Entry};
use crate::web::app::{ChartCx, WriterCx, blocking};
use crate::web::download::made;
use crate::web::pages::share::{self as pages, Chosen, Form, Shown, Until};
use crate::web::pages::words;
use crate::{Error, Kind, Result};
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

/// So many entries of the activity log are looked through for a share, and so many shown.
const ENTRIES: usize = 1000;
const SHOWN: usize = 50;
/// Under names that begin so the chart keeps what was chosen for whom.
const REMEMBERED: &str = "choice/";

/// What to begin with.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct From {
    profile: String,
    r#as: String,
    with: String,
}

/// What was chosen for somebody.
#[derive(Serialize, Deserialize)]
struct Remembered {
    choice: Choice,
    form: String,
}

/// The form as a profile, or an earlier choice, has it.
pub(crate) async fn show(WriterCx(cx): WriterCx, Query(from): Query<From>, headers: HeaderMap) -> Result<Markup> {
    let base = cx.app.site.base(&headers);
    blocking(move || {
        let chosen = if !from.r#as.is_empty() {
            as_before(&cx.chart, &from.r#as)?
        } else if !from.with.is_empty() {
            Chosen::one(cx.chart.record_by_key(&from.with)?.key)
        } else {
            Chosen::of(Profile::from_name(&from.profile).unwrap_or(Profile::NewClinic))
        };
        shown(&cx, chosen, base, None)
    })
    .await
}

fn as_before(chart: &Chart, id: &str) -> Result<Chosen> {
    let note = chart.note(&format!("{REMEMBERED}{id}"))?.ok_or_else(Error::not_found)?;
    let kept: Remembered = serde_json::from_str(&note).map_err(Error::internal)?;
    let chosen = Chosen::of(kept.choice.profile.unwrap_or(Profile::NewClinic));
    Ok(Chosen { form: Form::named(&kept.form).unwrap_or(chosen.form), choice: kept.choice, ..chosen })
}

fn shown(cx: &ChartCx, chosen: Chosen, base: String, wrong: Option<String>) -> Result<Markup> {
    let mut earlier: Vec<(String, String)> = Vec::new();
    for (name, note) in cx.chart.notes(REMEMBERED)? {
        let kept: Option<Remembered> = serde_json::from_str(&note).ok();
        if let (Some(id), Some(to)) = (name.strip_prefix(REMEMBERED), kept.and_then(|k| k.choice.addressee)) {
            earlier.push((id.to_owned(), to));
        }
    }
    let shown = Shown {
        preview: preview::preview(&cx.chart, &chosen.choice, &chosen.find)?,
        shares: share::list(&cx.app.household, &cx.chart)?,
        reach: share::reach(&base),
        chosen,
        earlier,
        base,
        wrong,
    };
    Ok(pages::page(cx, &shown))
}

/// A press of a button: look again, or give it.
pub(crate) async fn act(WriterCx(cx): WriterCx, headers: HeaderMap, body: String) -> Result<Response> {
    let base = cx.app.site.base(&headers);
    blocking(move || {
        let fields: Vec<(String, String)> = serde_urlencoded::from_str(&body).map_err(|e| odd(&e))?;
        let (chosen, wrong) = read(&fields);
        if let Some(wrong) = wrong {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&cx, chosen, base, Some(wrong))?).into_response());
        }
        let said = |name: &str| fields.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
        let done = match said("act") {
            "make" | "save" => give(&cx, &chosen, &base, &fields, cx.kept(said("words"))),
            _ => {
                cx.chart.log(&cx.event(Act::LookedList).with("what", "share"))?;
                return Ok(shown(&cx, chosen, base, None)?.into_response());
            }
        };
        match done {
            // What was typed is kept, and what is wrong said above it.
            Err(e) if e.kind == Kind::Usage => {
                let words = e.words().to_owned();
                Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&cx, chosen, base, Some(words))?).into_response())
            }
            done => done,
        }
    })
    .await
}

fn odd(e: &serde_urlencoded::de::Error) -> Error {
    Error::new(Kind::Usage, "The form did not arrive whole. Go back and try again.").because(format!("{e}"))
}

/// The form, and what is wrong with it.
fn read(fields: &[(String, String)]) -> (Chosen, Option<String>) {
    let said = |name: &str| fields.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.trim());
    let all = |name: &'static str| fields.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str());
    let given = |name: &str| Some(said(name).to_owned()).filter(|v| !v.is_empty());
    let mut chosen = Chosen::of(Profile::from_name(said("profile")).unwrap_or(Profile::NewClinic));
    let kinds: Vec<Class> = all("kind").filter_map(Class::from_slug).collect();
    // Nothing ticked means nothing, and an empty list would mean everything.
    let none = kinds.is_empty();
    chosen.choice.selection.include = kinds;
    chosen.choice.selection.exclude = if none { Class::ALL.to_vec() } else { Vec::new() };
    chosen.choice.documents = said("documents") == "yes";
    chosen.choice.addressee = given("to").map(|t| t.chars().take(100).collect());
    chosen.choice.note = given("note").map(|n| n.chars().take(2000).collect());
    let single = |name: &'static str| all(name).filter(|k| k.len() == 32).map(str::to_owned).collect();
    (chosen.choice.with, chosen.choice.without) = (single("with"), single("without"));
    // Put in and then left out is left out.
    chosen.choice.with.retain(|key| !chosen.choice.without.contains(key));
    chosen.find = said("find").chars().take(200).collect();
    chosen.choice.sensitive = all("sensitive").filter_map(Sensitive::from_slug).collect();
    chosen.until = Until::ALL.iter().find(|u| u.1 == said("until")).map_or(Until::Week, |u| u.0);
    chosen.ask = said("ask") == "yes";
    said("passcode").clone_into(&mut chosen.passcode);
    chosen.reply = said("reply") == "yes";
    chosen.long_term = said("long") == "yes";
    chosen.form = Form::named(said("form")).unwrap_or(Form::Link);
    said("host").clone_into(&mut chosen.host);
    let date = |name: &str| given(name).filter(|text| PartialDate::parse(text).is_some());
    (chosen.choice.selection.from, chosen.choice.selection.to) = (date("from"), date("until-date"));
    let wrong = ["from", "until-date"].into_iter().filter_map(given).find(|text| PartialDate::parse(text).is_none());
    (chosen, wrong.map(|text| format!("“{text}” is not a date. Nothing was given. Write it like 2024-05-17.")))
}

fn give(cx: &ChartCx, chosen: &Chosen, base: &str, fields: &[(String, String)], words: Option<String>) -> Result<Response> {
    if chosen.choice.addressee.is_none() {
        return Err(Error::new(Kind::Usage, "Write whom it is for. Nothing was given."));
    }
    match chosen.form {
        Form::Page => match words {
            None => {
                let words = share::passphrase()?;
                let token = cx.keep(&words);
                remember(&cx.chart, chosen)?;
                Ok(pages::words_first(cx, &words, &token, fields).into_response())
            }
            Some(words) => page(cx, chosen, &words),
        },
        Form::File(format) => {
            remember(&cx.chart, chosen)?;
            let (chart, choice) = (Arc::clone(&cx.chart), chosen.choice.clone());
            let headers = [
                (header::CONTENT_TYPE, format.media_type().to_owned()),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", format.file_name())),
            ];
            let (began, ended) = (cx.event(Act::Exported), cx.event(Act::ExportEnded));
            let to = choice.addressee.clone().unwrap_or_default();
            cx.chart.log(&began.with("format", format.name()).with("to", to.as_str()))?;
            let log = Arc::clone(&cx.chart);
            let make = move |out: &mut dyn std::io::Write| {
                let summary = export(&chart, format, &choice, out)?;
                log.log(&ended.with("format", format.name()).with("to", to).with("count", summary.records.to_string())).map(drop)
            };
            Ok((headers, made(make)).into_response())
        }
        Form::Link | Form::Hosted => link(cx, chosen, base),
    }
}

fn page(cx: &ChartCx, chosen: &Chosen, words: &str) -> Result<Response> {
    let to = chosen.choice.addressee.clone().unwrap_or_default();
    cx.chart.log(&cx.event(Act::Exported).with("format", "html").with("to", to))?;
    let html = share::page_of(&cx.chart, &chosen.choice, words)?;
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CONTENT_DISPOSITION, "attachment; filename=\"health-summary.html\"")];
    Ok((headers, html).into_response())
}

fn link(cx: &ChartCx, chosen: &Chosen, base: &str) -> Result<Response> {
    let hosted = chosen.form == Form::Hosted;
    let passcode = match (chosen.ask && !hosted, chosen.passcode.is_empty()) {
        (false, _) => None,
        (true, true) => Some(Zeroizing::new(format!("{:06}", rand::rng().random_range(0..1_000_000)))),
        (true, false) => Some(Zeroizing::new(chosen.passcode.clone())),
    };
    let terms = Terms {
        label: String::new(),
        passcode: passcode.clone(),
        expires: chosen.until.moment(words::now()),
        long_term: chosen.long_term && !hosted,
        direct: hosted,
        host: hosted.then(|| chosen.host.clone()),
        reply: chosen.reply && !hosted,
        base: base.to_owned(),
        event: cx.event(Act::ShareMade),
    };
    let made = share::create(&cx.app.household, &cx.chart, &chosen.choice, &terms)?;
    remember(&cx.chart, chosen)?;
    let code = passcode.map(|p| format!("?code={}", cx.keep(&p))).unwrap_or_default();
    Ok(Redirect::to(&cx.to(&format!("share/{}{code}", made.share.id))).into_response())
}

/// Keeps what was chosen, by whom it is for.
fn remember(chart: &Chart, chosen: &Chosen) -> Result<()> {
    let folded = |c: &Choice| c.addressee.as_deref().map(str::to_lowercase);
    let known = chart
        .notes(REMEMBERED)?
        .into_iter()
        .find(|(_, note)| serde_json::from_str::<Remembered>(note).is_ok_and(|kept| folded(&kept.choice) == folded(&chosen.choice)));
    let name = match known {
        Some((name, _)) => name,
        None => format!("{REMEMBERED}{}", &crate::web::session::token()?[..16]),
    };
    let kept = Remembered { choice: chosen.choice.clone(), form: chosen.form.name().to_owned() };
    chart.set_note(&name, &serde_json::to_string(&kept).map_err(Error::internal)?)
}

/// What is shown once, after a link was made.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Once {
    code: String,
}

/// One share.
pub(crate) async fn one(WriterCx(cx): WriterCx, Path((_, id)): Path<(String, String)>, Query(once): Query<Once>) -> Result<Markup> {
    blocking(move || {
        let share = find(&cx, &id)?;
        let code = cx.kept(&once.code);
        let acts = vec![Act::ShareOpened, Act::ShareRefused];
        let all = cx.chart.activity(&Entries { acts, limit: ENTRIES, ..Entries::default() })?;
        let own: Vec<Entry> = all.into_iter().filter(|e| e.event.details.get("share") == Some(&id)).take(SHOWN).collect();
        Ok(pages::one(&cx, &share, code.as_deref(), &own))
    })
    .await
}

/// The file of a link that the household puts on a web host itself.
pub(crate) async fn file(WriterCx(cx): WriterCx, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    blocking(move || {
        let (name, jwe) = share::hosted(&cx.app.household, &cx.chart, &id)?;
        let place = format!("attachment; filename=\"{name}\"");
        Ok(([(header::CONTENT_TYPE, "application/jose".to_owned()), (header::CONTENT_DISPOSITION, place)], jwe).into_response())
    })
    .await
}

/// A press of a button on one share.
#[derive(Deserialize)]
pub(crate) struct Press {
    act: String,
}

/// Stops a share, or brings it up to date.
pub(crate) async fn decide(
    WriterCx(cx): WriterCx,
    Path((_, id)): Path<(String, String)>,
    axum::Form(press): axum::Form<Press>,
) -> Result<Response> {
    blocking(move || {
        match press.act.as_str() {
            "stop" => drop(share::stop(&cx.app.household, &cx.chart, &id, &cx.event(Act::ShareRevoked))?),
            "renew" => {
                let share = find(&cx, &id)?;
                cx.chart.log(&cx.event(Act::Changed).with("what", "share").with("share", id.as_str()).with("to", share.to))?;
                share::renew(&cx.app.household, &cx.chart)?;
            }
            _ => return Err(Error::new(Kind::Usage, "That button does not exist. Nothing was changed.")),
        }
        Ok(Redirect::to(&cx.to(&format!("share/{id}"))).into_response())
    })
    .await
}

fn find(cx: &ChartCx, id: &str) -> Result<Share> {
    share::list(&cx.app.household, &cx.chart)?.into_iter().find(|s| s.id == id).ok_or_else(Error::not_found)
}
