//! The frame around every page: head, band, nav, bar, foot.

use super::app::ChartCx;
use maud::{DOCTYPE, Markup, html};

/// What a page of a chart brings; the frame adds the rest.
#[derive(Debug, Default)]
pub struct Page<'a> {
    /// In the window's title and on paper.
    pub title: &'a str,
    /// The entry of the nav that is current: a slug such as `results`, `medicines`; "" for home.
    pub nav: &'a str,
    /// The way up: (words, path below the chart).
    pub crumbs: &'a [(&'a str, &'a str)],
}

/// Lays a page of a chart out.
pub fn chart_page(cx: &ChartCx, page: &Page<'_>, body: &Markup) -> Markup {
    let _ = (cx, page);
    html! { (DOCTYPE) html lang="en" { body { main { (body) } } } }
}

/// An icon of the sprite, hidden from screen readers: `icon("results")`.
pub fn icon(name: &str) -> Markup {
    let _ = name;
    html! {}
}

/// A state: shape and word. `kind` is `heed`, `harm`, `fine`, `well` or `quiet`; `shape` one of the sprite's `s-` names.
pub fn pill(kind: &str, shape: &str, words: &str) -> Markup {
    let _ = shape;
    html! { span class=(format!("pill {kind}")) { (words) } }
}
