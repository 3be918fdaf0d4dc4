//! Search. What is typed goes by POST and never stands in an address: browsers keep those, and proxies log them.

use crate::Result;
use crate::web::app::{ChartCx, blocking};
use crate::web::pages::search as page;
use axum::Form;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;

/// Most hits of one search.
const MOST: usize = 60;

#[derive(Deserialize)]
pub(crate) struct Kept {
    /// A token of this session, under which the words are kept.
    #[serde(default)]
    kept: String,
}

#[derive(Deserialize)]
pub(crate) struct Words {
    #[serde(default)]
    words: String,
}

/// The form, with what was found for the words kept under a token.
pub(crate) async fn show(cx: ChartCx, Query(kept): Query<Kept>) -> Result<Markup> {
    let words = cx.kept(&kept.kept).unwrap_or_default();
    blocking(move || {
        let hits = find(&cx, &words)?;
        Ok(page::page(&cx, &words, &hits))
    })
    .await
}

/// Keeps the words and shows what was found; the script that searches as one types gets only the hits.
pub(crate) async fn search(cx: ChartCx, headers: HeaderMap, Form(Words { words }): Form<Words>) -> Result<Response> {
    let words: String = words.trim().chars().take(200).collect();
    if headers.get("x-keepwell").is_some_and(|v| v == "live") {
        return blocking(move || Ok(page::hits(&cx, &words, &find(&cx, &words)?).into_response())).await;
    }
    Ok(Redirect::to(&format!("{}?kept={}", cx.to("search"), cx.keep(&words))).into_response())
}

fn find(cx: &ChartCx, words: &str) -> Result<Vec<crate::vault::Hit>> {
    if words.chars().filter(|c| c.is_alphanumeric()).count() < 2 { Ok(Vec::new()) } else { cx.chart.search(words, MOST) }
}
