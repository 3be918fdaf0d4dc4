//! The emergency card: what is on it, the code on it, and the two forms it is saved in.

use crate::chart::photo;
use crate::import::worker::Worker;
use crate::record::{Sensitive, SensitiveSet};
use crate::share::card::{self, Card, Field, LONGEST};
use crate::vault::{Act, Scope};
use crate::web::app::{ChartCx, WriterCx, blocking};
use crate::web::pages::card as page;
use crate::{Error, Kind, Result};
use axum::Form;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;

/// Across a phone's screen, in pixels: three to a point of the drawing.
const LOCK_WIDTH: u32 = 1170;

/// The card as it is today, and the form.
pub(crate) async fn show(WriterCx(cx): WriterCx, headers: HeaderMap) -> Result<Markup> {
    let base = cx.app.site.base(&headers);
    blocking(move || {
        let card = Card::of(&cx.chart)?;
        let (face, code) = (card.face(&cx.app.household, &cx.chart)?, card.code(&cx.app.household, &cx.chart)?);
        Ok(page::page(&cx, &card, &face, code.as_ref(), crate::share::reach(&base), &held(&cx)?, photo::is_there(&cx.chart)))
    })
    .await
}

/// Sensitive kinds of which the chart holds anything.
fn held(cx: &ChartCx) -> Result<Vec<Sensitive>> {
    let total: u64 = cx.chart.counts()?.values().sum();
    let mut out = Vec::new();
    for kind in Sensitive::ALL {
        let rest = Scope { classes: None, sensitive: SensitiveSet::ALL.without(kind.into()) };
        if cx.chart.view(&rest).counts()?.values().sum::<u64>() < total {
            out.push(kind);
        }
    }
    Ok(out)
}

/// Keeps what was chosen and typed.
pub(crate) async fn save(WriterCx(cx): WriterCx, Form(fields): Form<Vec<(String, String)>>) -> Result<Response> {
    blocking(move || {
        let before = Card::of(&cx.chart)?;
        let ticked = |name: &str, value: &str| fields.iter().any(|(n, v)| n == name && v == value);
        let mut next = Card { fields: Field::ALL.into_iter().filter(|f| ticked("field", f.slug())).collect(), ..before };
        // Without a photo nothing was asked about it: the next one is on the card.
        if !photo::is_there(&cx.chart) {
            next.fields.insert(Field::Photo);
        }
        for field in Field::ALL.into_iter().filter(|f| f.is_typed()) {
            let typed = fields.iter().find(|(n, _)| n == field.slug()).map_or("", |(_, v)| v.trim());
            if typed.chars().count() > LONGEST {
                let words = format!(
                    "“{}” is too long for a card: {LONGEST} letters at most. Nothing was changed. Go back and make it shorter.",
                    field.words()
                );
                return Err(Error::new(Kind::Usage, words));
            }
            next.said.insert(field, typed.replace("\r\n", "\n"));
        }
        let kinds = Sensitive::ALL.into_iter().filter(|k| ticked("sensitive", k.slug()));
        next.scope = Scope { classes: None, sensitive: kinds.collect() };
        next.keep(&cx.chart, &cx.event(Act::Changed))?;
        Ok(Redirect::to(&cx.to("card")).into_response())
    })
    .await
}

/// A press of a button on its code.
#[derive(Deserialize)]
pub(crate) struct Press {
    act: String,
}

/// Makes a code, or stops it.
pub(crate) async fn code(WriterCx(cx): WriterCx, headers: HeaderMap, Form(press): Form<Press>) -> Result<Response> {
    let base = cx.app.site.base(&headers);
    blocking(move || {
        let mut card = Card::of(&cx.chart)?;
        match press.act.as_str() {
            "make" => drop(card.make_code(&cx.app.household, &cx.chart, &base, &cx.event(Act::ShareMade))?),
            "stop" => card.stop_code(&cx.app.household, &cx.chart, &cx.event(Act::ShareRevoked))?,
            _ => return Err(Error::new(Kind::Usage, "That button does not exist. Nothing was changed.")),
        }
        Ok(Redirect::to(&cx.to("card")).into_response())
    })
    .await
}

/// The card to print and cut out.
pub(crate) async fn wallet(WriterCx(cx): WriterCx) -> Result<Response> {
    blocking(move || {
        let face = given(&cx, "wallet card")?;
        let pdf = card::wallet(&face, page::colour(&cx.person.colour))?;
        Ok(([(header::CONTENT_TYPE, "application/pdf"), (header::CONTENT_DISPOSITION, "attachment; filename=\"emergency-card.pdf\"")], pdf)
            .into_response())
    })
    .await
}

/// The picture for a phone's lock screen.
pub(crate) async fn lock_screen(WriterCx(cx): WriterCx) -> Result<Response> {
    blocking(move || {
        let face = given(&cx, "lock screen")?;
        let pdf = card::lock_screen(&face, page::colour(&cx.person.colour))?;
        // Where the picture cannot be drawn, the drawing it is made of still shows all of it.
        let (kind, name, bytes) = match Worker::new(&cx.app.worker).pdf_page(&pdf, 1, LOCK_WIDTH) {
            Ok(png) => ("image/png", "attachment; filename=\"lock-screen.png\"", png),
            Err(_) => ("application/pdf", "attachment; filename=\"lock-screen.pdf\"", pdf),
        };
        Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], bytes).into_response())
    })
    .await
}

fn given(cx: &ChartCx, what: &'static str) -> Result<card::Face> {
    let face = Card::of(&cx.chart)?.face(&cx.app.household, &cx.chart)?;
    cx.chart.log(&cx.event(Act::Exported).with("format", what))?;
    Ok(face)
}
