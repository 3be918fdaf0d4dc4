//! Saving a copy: the whole chart or a part of it, in an open format.

use crate::export::{Choice, Format, Selection, export};
use crate::record::{Class, PartialDate};
use crate::vault::{Act, Event};
use crate::web::app::{ChartCx, blocking};
use crate::web::download::made;
use crate::web::pages::export as page;
use crate::{Error, Kind, Result};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use std::sync::Arc;

/// The page.
pub(crate) async fn show(cx: ChartCx) -> Result<Markup> {
    blocking(move || Ok(page::page(&cx, &cx.chart.counts()?, &page::Chosen::default()))).await
}

/// The file, made while it is sent. Choices come in the body, so that no address tells what was taken.
pub(crate) async fn save(cx: ChartCx, body: String) -> Result<Response> {
    let chosen = read(&body)?;
    let counts = {
        let cx = cx.clone();
        blocking(move || cx.chart.counts()).await?
    };
    let wrong = |text: &str| !text.is_empty() && PartialDate::parse(text).is_none();
    if wrong(&chosen.from) || wrong(&chosen.to) {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page::page(&cx, &counts, &chosen)).into_response());
    }
    let date = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    let selection = Selection { from: date(&chosen.from), to: date(&chosen.to), include: chosen.include, exclude: Vec::new() };
    let format = chosen.format;
    let (began, ended) = (exported(&cx, Act::Exported, format, &selection), cx.event(Act::ExportEnded).with("format", format.name()));
    let (chart, choice) = (Arc::clone(&cx.chart), Choice::from(selection));
    let chart = blocking(move || chart.log(&began).map(|_| chart)).await?;
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", format.file_name())),
    ];
    Ok((
        headers,
        made(move |out| {
            let summary = export(&chart, format, &choice, out)?;
            chart.log(&ended.with("count", summary.records.to_string())).map(drop)
        }),
    )
        .into_response())
}

fn exported(cx: &ChartCx, act: Act, format: Format, selection: &Selection) -> Event {
    let date = |date: &Option<String>| date.clone().unwrap_or_default();
    let kinds: Vec<&str> = selection.include.iter().map(|class| class.slug()).collect();
    let event = cx.event(act).with("format", format.name()).with("from-date", date(&selection.from)).with("to-date", date(&selection.to));
    event.with("kinds", kinds.join(" "))
}

fn read(body: &str) -> Result<page::Chosen> {
    let odd = |e| Error::new(Kind::Usage, "The form did not arrive whole. Go back and try again.").because(format!("{e}"));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(body).map_err(odd)?;
    let mut chosen = page::Chosen::default();
    for (name, value) in pairs {
        match name.as_str() {
            "format" => chosen.format = Format::from_name(&value)?,
            "from" => value.trim().clone_into(&mut chosen.from),
            "to" => value.trim().clone_into(&mut chosen.to),
            "kind" => chosen.include.extend(Class::from_slug(&value)),
            _ => {}
        }
    }
    Ok(chosen)
}
